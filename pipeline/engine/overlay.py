"""Exact overlap of subjects with layer features, in memory: near pairs, their areas, and unions that count no ground twice.

Two roads to the same areas: shapely, and the compiled kernel (engine/measure.py) where the pairs are many. Features of many
vertices are cut into pieces first; the ground of a feature is that of its pieces.
"""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import shapely

from pipeline.engine.cutting import cut_shapes, only_areas
from pipeline.engine.rings import Rings
from pipeline.geometry import Floats, Shapes

Index = npt.NDArray[np.intp]
COUNTED_SUBJECTS = 1000  # at a time: all pairs together could fill the memory
KERNEL_PAIRS = 300_000  # below, shapely needs less time (about 40 µs a pair) than compiling takes (about 20 s, once)


@dataclass(frozen=True)
class Near:
    """Pairs of subject i and feature j at most some reach apart, ordered by (i, j), and the pieces they are made of.

    Per pair: `area_m2` they share (planar) and `distance_m` (0 where they meet). Per near piece of a feature, ordered by
    pair: which `pair` it belongs to, the `piece` itself and what it shares with the subject – `part_m2` and, on the shapely
    road, the shape of the `part`; on the compiled road `rings` has subjects and pieces, and the row of each.
    """

    i: Index
    j: Index
    area_m2: Floats
    distance_m: Floats
    pair: Index
    pieces: Shapes
    part_m2: Floats
    parts: Shapes | None
    rings: tuple[Rings, Rings, Index, Index] | None


def reach_of(subjects: gpd.GeoDataFrame, layers: gpd.GeoDataFrame, adjacent_m: float) -> float:
    """How far from a subject a feature can matter, metres: adjacency, a layer's own distance, or the accuracy of both."""
    own_m = float(layers[["within_m", "position_accuracy_m"]].max().max()) if len(layers) else 0.0
    tolerance_m = float(np.hypot(subjects["position_accuracy_m"].to_numpy(dtype=float), own_m).max(initial=0.0))
    return max(adjacent_m, own_m, tolerance_m)


def pays_kernel(subjects: gpd.GeoDataFrame, layers: gpd.GeoDataFrame) -> bool:
    """Whether so many boxes of subjects and features meet that the compiled kernel is worth its start."""
    tree = shapely.STRtree(shapely.box(*shapely.bounds(layers.geometry.to_numpy()).T))
    own = shapely.box(*shapely.bounds(subjects.geometry.to_numpy()).T)
    n_pairs = 0
    for start in range(0, len(own), COUNTED_SUBJECTS):
        n_pairs += len(tree.query(own[start : start + COUNTED_SUBJECTS])[0])
        if n_pairs >= KERNEL_PAIRS:
            return True
    return False


def near_pairs(subjects: Shapes, features: Shapes, reach_m: float, by_kernel: bool = False) -> Near:
    """All pairs at most `reach_m` apart; subjects (polygons or points) and features (polygons) share a CRS in metres."""
    pieces, owner = cut_shapes(features, subjects, reach_m)
    i, p = shapely.STRtree(pieces).query(subjects, predicate="dwithin", distance=reach_m)
    order = np.lexsort((p, owner[p], i))
    i, p = i[order], p[order]
    is_area = shapely.get_dimensions(subjects) == 2
    rings = _in_rings(subjects, pieces, i, p, is_area) if by_kernel else None
    if rings is None:
        part_m2, parts = _parts(subjects, pieces, i, p, is_area)
    else:
        part_m2, parts = _kernel_parts(rings), None
    distance_m = np.zeros(len(i))
    apart = part_m2 == 0
    distance_m[apart] = shapely.distance(subjects[i[apart]], pieces[p[apart]])
    j = owner[p]
    is_first = (np.diff(i, prepend=-1) != 0) | (np.diff(j, prepend=-1) != 0)
    first = np.flatnonzero(is_first)
    if not len(first):
        return Near(i, j, part_m2, distance_m, i, pieces[p], part_m2, parts, rings)
    return Near(
        i[first], j[first], np.add.reduceat(part_m2, first), np.minimum.reduceat(distance_m, first),
        np.cumsum(is_first) - 1, pieces[p], part_m2, parts, rings,
    )  # fmt: skip


def shared_areas(a: Shapes, b: Shapes, by_kernel: bool = False) -> tuple[Index, Index, Floats]:
    """(i, j, m²) of every pair of polygons of `a` and `b` that share ground, ordered by (i, j); planar areas."""
    pieces_a, owner_a = cut_shapes(a, b, 0.0)
    pieces_b, owner_b = cut_shapes(b, a, 0.0)
    near = near_pairs(pieces_a, pieces_b, 0.0, by_kernel)
    shares = np.flatnonzero(near.area_m2 > 0)
    i, j, area_m2 = owner_a[near.i[shares]], owner_b[near.j[shares]], near.area_m2[shares]
    order = np.lexsort((j, i))
    i, j, area_m2 = i[order], j[order], area_m2[order]
    first = np.flatnonzero((np.diff(i, prepend=-1) != 0) | (np.diff(j, prepend=-1) != 0))
    return i[first], j[first], np.add.reduceat(area_m2, first) if len(first) else area_m2


def union_areas(near: Near, pairs: Index, groups: Index, n_groups: int, own_m2: Floats) -> Floats:
    """m² (planar) of the union of what `pairs` share with their subject, per group 0 … n_groups-1 of one subject each.

    `own_m2`: area of every subject; no union is larger.
    """
    group_of = np.full(len(near.i), -1)
    group_of[pairs] = groups
    rows = np.flatnonzero((group_of[near.pair] >= 0) & (near.part_m2 > 0))
    group = group_of[near.pair[rows]]
    rows, group = (column[np.argsort(group, kind="stable")] for column in (rows, group))
    found, dense = np.unique(group, return_inverse=True)
    areas_m2 = np.zeros(n_groups)
    if not len(rows):
        return areas_m2
    if near.rings is not None:
        from pipeline.engine import measure

        subjects, pieces, subject_row, piece_row = near.rings
        hits = measure.Hits(subject_row[rows], piece_row[rows], near.part_m2[rows])
        areas_m2[found] = measure.unions_m2(subjects, own_m2[subjects.owner], pieces, hits, dense)[1]
        return areas_m2
    assert near.parts is not None
    areas_m2[found] = np.minimum(_united_m2(near.parts[rows], dense), own_m2[near.i[near.pair[rows]]][_starts(dense)])
    return areas_m2


def _united_m2(parts: Shapes, group: Index) -> Floats:
    """Area of the union of the parts of each group 0 … n-1; `group` ascends, and one part needs no union."""
    starts = _starts(group)
    sizes = np.diff(np.append(starts, len(group)))
    areas_m2: Floats = shapely.area(parts[starts])
    several = np.flatnonzero(sizes > 1)
    if len(several):
        chosen = np.isin(group, several)
        _, dense = np.unique(group[chosen], return_inverse=True)
        together = shapely.geometrycollections(parts[chosen], indices=dense)
        areas_m2[several] = shapely.area(shapely.union_all(together[:, None], axis=1))
    return areas_m2


def _starts(group: Index) -> Index:
    return np.flatnonzero(np.diff(group, prepend=-1))


def _parts(subjects: Shapes, pieces: Shapes, i: Index, p: Index, is_area: Any) -> tuple[Floats, Shapes]:
    """The shapely road: what each pair shares, as m² and as a polygon (None where they share no ground)."""
    parts = np.full(len(i), None, dtype=object)
    areal = np.flatnonzero(is_area[i])
    parts[areal] = only_areas(shapely.intersection(subjects[i[areal]], pieces[p[areal]]))
    part_m2 = np.nan_to_num(shapely.area(parts))
    parts[part_m2 == 0] = None
    return part_m2, parts


def _in_rings(subjects: Shapes, pieces: Shapes, i: Index, p: Index, is_area: Any) -> tuple[Rings, Rings, Index, Index]:
    """Subjects and pieces as flat arrays, and which rows of them each pair is."""
    flat_a, row_a = _rings(subjects, np.unique(i[is_area[i]]))
    flat_b, row_b = _rings(pieces, np.unique(p))
    return flat_a, flat_b, row_a[i], row_b[p]


def _rings(shapes: Shapes, wanted: Index) -> tuple[Rings, Index]:
    """The wanted shapes as flat arrays with their rows as owners, and the row there of each of all shapes (-1: none)."""
    from pipeline.engine import measure

    plain = only_areas(shapely.force_2d(shapes[wanted]))
    has_area = ~shapely.is_missing(plain)
    wkb = pa.array(shapely.to_wkb(plain[has_area], byte_order=1), pa.large_binary())
    rings, is_odd = measure.parse_wkb(wkb, np.arange(len(wkb)))
    if is_odd.any():  # not finite: the door sets such shapes aside
        raise ValueError(f"{int(is_odd.sum())} shapes cannot be measured")
    owner = wanted[has_area].astype(np.int64)
    row_of = np.full(len(shapes), -1, dtype=np.int64)
    row_of[owner] = np.arange(len(owner))
    return Rings(rings.xy, rings.ring_at, rings.part, rings.shape_at, owner, rings.box), row_of


def _kernel_parts(rings: tuple[Rings, Rings, Index, Index]) -> Floats:
    """The compiled road: m² of each pair; 0 below the kernel's own noise, and for what has no area."""
    from pipeline.engine import measure

    subjects, pieces, subject_row, piece_row = rings
    part_m2 = np.zeros(len(subject_row))
    pairs = np.flatnonzero((subject_row >= 0) & (piece_row >= 0))
    part_m2[pairs] = measure.pair_areas_m2(subjects, pieces, subject_row[pairs], piece_row[pairs])
    return part_m2
