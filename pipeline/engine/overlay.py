"""Exact overlap of subjects with layer features: pairs, their pieces, and unions that count no ground twice."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from pipeline.geometry import Floats, Shapes, area_m2, polygons_of

Index = npt.NDArray[np.intp]
QUADRANT_SEGMENTS = 4  # a buffer of a few metres needs no rounder corner


@dataclass(frozen=True)
class Pairs:
    """Near pairs of subject i and feature j: their distance (0 where they meet) and the piece they share (or None)."""

    i: Index
    j: Index
    distance_m: Floats
    pieces: Shapes


def near_pairs(subjects: Shapes, features: Shapes, reach_m: float) -> Pairs:
    """All pairs at most `reach_m` apart, ordered by (i, j); subjects and features share a CRS in metres."""
    found = shapely.STRtree(features).query(subjects, predicate="dwithin", distance=reach_m)
    order = np.lexsort((found[1], found[0]))
    i, j = found[0][order], found[1][order]
    distance_m = shapely.distance(subjects[i], features[j])
    pieces = np.full(len(i), None, dtype=object)
    meets = (distance_m == 0) & (shapely.get_dimensions(subjects[i]) == 2)
    pieces[meets] = shapely.intersection(subjects[i[meets]], features[j[meets]])
    mixed = np.flatnonzero(~np.isin(shapely.get_type_id(pieces), (-1, 3, 6)))
    for k in mixed:  # shared edges and points add no area
        pieces[k] = polygons_of(pieces[k])
    pieces[shapely.is_empty(pieces)] = None
    return Pairs(i, j, distance_m, pieces)


def union_areas(pieces: Shapes, groups: Index, n_groups: int, crs: pyproj.CRS) -> Floats:
    """m² of the union of `pieces` per group 0 … n_groups-1; a group of one piece needs no union."""
    present = np.flatnonzero([piece is not None for piece in pieces])
    unions = np.full(n_groups, None, dtype=object)
    order = present[np.argsort(groups[present], kind="stable")]
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    for run in np.split(order, starts[1:]) if len(order) else ():
        members = pieces[run]
        unions[groups[run[0]]] = members[0] if len(members) == 1 else shapely.union_all(members)
    return area_m2(unions, crs)


def uncertain_areas(
    subjects: Shapes, features: Shapes, groups: list[tuple[int, Index, Floats]], crs: pyproj.CRS
) -> tuple[Floats, Floats]:
    """Per group (subject i, its features, the tolerance of each in metres): overlap m² with the boundary moved in, out."""
    low = np.full(len(groups), None, dtype=object)
    high = np.full(len(groups), None, dtype=object)
    for k, (i, near, tolerance_m) in enumerate(groups):
        subject = subjects[i]
        left, bottom, right, top = subject.bounds
        margin = 3 * float(tolerance_m.max()) + 1  # so that clipping never shows inside the subject
        box = shapely.box(left - margin, bottom - margin, right + margin, top + margin)
        grown, shrunk = [], []
        for tolerance in np.unique(tolerance_m):
            local = shapely.union_all(shapely.intersection(features[near[tolerance_m == tolerance]], box))
            grown.append(shapely.buffer(local, tolerance, quad_segs=QUADRANT_SEGMENTS))
            shrunk.append(shapely.buffer(local, -tolerance, quad_segs=QUADRANT_SEGMENTS))
        low[k] = shapely.intersection(subject, shapely.union_all(shrunk))
        high[k] = shapely.intersection(subject, shapely.union_all(grown))
    return area_m2(low, crs), area_m2(high, crs)
