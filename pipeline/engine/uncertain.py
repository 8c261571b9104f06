"""How much a subject overlaps if the boundary lies anywhere within the combined accuracy of subject and layer."""

import numpy as np
import shapely

from pipeline.engine.overlay import Index, Near
from pipeline.geometry import Floats, Shapes

QUADRANT_SEGMENTS = 4  # a buffer of a few metres needs no rounder corner
CHUNK_PIECES = 20_000  # bounds the memory of shapes that are made and thrown away


def uncertain_areas(
    subjects: Shapes, near: Near, pairs: Index, groups: Index, n_groups: int, tolerance_m: Floats
) -> tuple[Floats, Floats]:
    """(low, high) planar m² per group 0 … n_groups-1 of one subject each: the boundary moved in, and out, by the tolerance.

    `tolerance_m`: of each of `pairs`, metres. Groups are worked on in chunks.
    """
    group_of = np.full(len(near.i), -1)
    tolerance_of = np.zeros(len(near.i))
    group_of[pairs], tolerance_of[pairs] = groups, tolerance_m
    rows = np.flatnonzero(group_of[near.pair] >= 0)
    rows = rows[np.argsort(group_of[near.pair[rows]], kind="stable")]
    group = group_of[near.pair[rows]]
    low_m2, high_m2 = np.zeros(n_groups), np.zeros(n_groups)
    start = 0
    while start < len(rows):
        stop = start + CHUNK_PIECES
        stop = len(rows) if stop >= len(rows) else int(np.searchsorted(group, group[stop], side="left"))
        if stop <= start:
            stop = int(np.searchsorted(group, group[start], side="right"))
        part = rows[start:stop]
        found, dense = np.unique(group[start:stop], return_inverse=True)
        own = subjects[near.i[near.pair[part]][np.flatnonzero(np.diff(dense, prepend=-1))]]
        low_m2[found], high_m2[found] = _moved(own, near.pieces[part], dense, tolerance_of[near.pair[part]])
        start = stop
    return low_m2, high_m2


def _moved(subjects: Shapes, pieces: Shapes, group: Index, tolerance_m: Floats) -> tuple[Floats, Floats]:
    """(low, high) of groups 0 … n-1: subjects[g] on the union of its pieces, each moved by its tolerance."""
    largest_m = np.zeros(len(subjects))
    np.maximum.at(largest_m, group, tolerance_m)
    margin = 3 * largest_m + 1  # so that clipping never shows inside the subject
    left, bottom, right, top = shapely.bounds(subjects).T
    windows = shapely.box(left - margin, bottom - margin, right + margin, top + margin)
    local = shapely.intersection(pieces, windows[group])
    order = np.lexsort((tolerance_m, group))
    local, group, tolerance_m = local[order], group[order], tolerance_m[order]
    is_first = (np.diff(group, prepend=-1) != 0) | (np.diff(tolerance_m, prepend=-1.0) != 0)
    starts = np.flatnonzero(is_first)
    united = _united(local, np.cumsum(is_first) - 1)
    moved = []
    for sign in (-1.0, 1.0):
        shapes = shapely.buffer(united, sign * tolerance_m[starts], quad_segs=QUADRANT_SEGMENTS)
        moved.append(shapely.area(shapely.intersection(subjects, _united(shapes, group[starts]))))
    return moved[0], moved[1]


def _united(shapes: Shapes, group: Index) -> Shapes:
    """The union of each group 0 … n-1; `group` ascends."""
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    united = shapes[starts]
    several = np.flatnonzero(np.diff(np.append(starts, len(group))) > 1)
    if len(several):
        chosen = np.isin(group, several)
        _, dense = np.unique(group[chosen], return_inverse=True)
        together = shapely.geometrycollections(shapes[chosen], indices=dense)
        united[several] = shapely.union_all(together[:, None], axis=1)
    return united
