"""The compiled road from shapes to square metres: read, gate, cut, pair, unite. Everything flat, everything without topology."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.engine.kernel import areas, boxes, cut, union, wkb
from pipeline.engine.rings import Floats, Index, Rings, chosen, counted, ranges, together

LEAST_M2 = 1e-6  # below it the kernel's own noise begins
COVERED_SHARE = 1 - 1e-12  # a shape covered by one feature to this share is covered


class Grid(NamedTuple):
    """The boxes of the leads and a grid over them, as the kernel takes them."""

    box: Floats
    cells: Any


class Hits(NamedTuple):
    """Pairs of a lead and a piece that share ground: lead row, piece row, m²."""

    i: Index
    piece: Index
    area_m2: Floats

    def rows(self, wanted: Any) -> "Hits":
        """The pairs `wanted`: a slice, a mask or row numbers."""
        return Hits(self.i[wanted], self.piece[wanted], self.area_m2[wanted])


def load_kernel() -> None:
    """Load (or, once on a machine, compile) what is needed first; it takes a moment in which other threads can read."""
    areas.signed_areas(np.zeros((0, 2)), np.zeros(1, dtype=np.int64))


def make_grid(leads: Rings) -> Grid:
    """A grid over the boxes of `leads` (at least one)."""
    return Grid(leads.box, boxes.box_grid(leads.box))


def is_near(grid: Grid, wanted: Floats) -> npt.NDArray[np.bool_]:
    """Which of the `wanted` boxes meet the box of a lead."""
    near: npt.NDArray[np.bool_] = boxes.meets_any(grid.box, grid.cells, wanted)
    return near


def boxes_of(column: pa.Array) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """(left, bottom, right, top) of all rings of each row of a WKB column, and which rows are no plain polygons (NaN)."""
    box, is_odd = wkb.boxes(*buffers(column), len(column))
    return box, is_odd


def parse_wkb(column: pa.Array, rows: Index, first_owner: int = 0) -> tuple[Rings, npt.NDArray[np.bool_]]:
    """The shapes of `rows` of an Arrow binary column, owner = first_owner + row; and which rows are no plain polygons."""
    *arrays, is_odd = wkb.parse(*buffers(column), rows, first_owner)
    return Rings(*arrays), is_odd


def buffers(column: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    """Bytes and offsets of an Arrow binary column."""
    _, offsets, data = column.buffers()
    kind = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    at = np.frombuffer(offsets, dtype=kind)[column.offset :]
    return np.zeros(0, dtype=np.uint8) if data is None else np.frombuffer(data, dtype=np.uint8), at


def is_faulty(rings: Rings, wanted: Index) -> npt.NDArray[np.bool_]:
    """Which of the `wanted` shapes count some ground other than once: they must be repaired before they are measured."""
    bad: npt.NDArray[np.bool_] = areas.gate(rings.xy, rings.ring_at, rings.part, rings.shape_at, rings.box, wanted)
    return bad


def cut_large(rings: Rings, grid: Grid | None) -> Rings:
    """The same ground in pieces of few vertices; with a grid only the pieces that meet the box of a lead."""
    large = np.flatnonzero(rings.n_vertices > cut.MOST_VERTICES)
    if not len(large):
        return rings
    nowhere = np.zeros((1, 4))
    box, cells = (grid.box, grid.cells) if grid else (nowhere, boxes.box_grid(nowhere))
    xy, ring_at, part, shape_at, shape = cut.cut(
        rings.xy, rings.ring_at, rings.part, rings.shape_at, large, box, cells, grid is not None
    )
    first = ring_at[shape_at]
    if len(shape):
        lower, upper = np.minimum.reduceat(xy, first[:-1]), np.maximum.reduceat(xy, first[:-1])
        pieces = Rings(xy, ring_at, part, shape_at, rings.owner[shape], np.hstack([lower, upper]))
    else:
        pieces = chosen(rings, shape)
    small = chosen(rings, np.flatnonzero(rings.n_vertices <= cut.MOST_VERTICES))
    return together([small, pieces])


def areas_m2(rings: Rings) -> Floats:
    """m² of each shape that passed the gate."""
    by_ring = areas.signed_areas(rings.xy, rings.ring_at)
    by_shape: Floats = np.add.reduceat(by_ring, rings.shape_at[:-1]) if len(rings) else np.zeros(0)
    return by_shape


def hits(leads: Rings, grid: Grid, pieces: Rings, wanted: Index) -> Hits:
    """Every lead and wanted piece that share ground, by piece."""
    i, at = boxes.meeting_pairs(grid.box, grid.cells, pieces.box[wanted])
    piece = wanted[at]
    area_m2 = pair_areas_m2(leads, pieces, i, piece)
    return Hits(i, piece, area_m2).rows(area_m2 > 0)


def all_hits(parts: list[Hits]) -> Hits:
    """The pairs of all parts, in order."""
    none = np.zeros(0, dtype=np.int64)
    return Hits(
        np.concatenate([none, *(part.i for part in parts)]),
        np.concatenate([none, *(part.piece for part in parts)]),
        np.concatenate([np.zeros(0), *(part.area_m2 for part in parts)]),
    )


def pair_areas_m2(leads: Rings, pieces: Rings, i: Index, piece: Index) -> Floats:
    """m² that lead i[k] and piece piece[k] share; 0 below LEAST_M2."""
    area_m2: Floats = areas.pair_areas(
        leads.xy, leads.ring_at, leads.shape_at, leads.box,
        pieces.xy, pieces.ring_at, pieces.shape_at, pieces.box, i, piece,
    )  # fmt: skip
    area_m2[area_m2 <= LEAST_M2] = 0.0
    return area_m2


def unions_m2(leads: Rings, own_m2: Floats, pieces: Rings, found: Hits, group: Index) -> tuple[Index, Floats]:
    """(lead row, m² of the union of its pieces within it) per group of hits; groups are 0 … n-1, each of one lead.

    A sum where the features of a group cannot overlap, the lead's own area where one of them covers it, else the sum less
    what is covered more than once.
    """
    order = np.lexsort((found.piece, group))
    group, i, piece, area_m2 = group[order], found.i[order], found.piece[order], found.area_m2[order]
    at = counted(np.bincount(group).astype(np.int64))
    lead = i[at[:-1]]
    total_m2 = np.add.reduceat(area_m2, at[:-1]) if len(group) else np.zeros(0)
    largest_m2 = _largest_feature(group, pieces.owner[piece], area_m2, len(lead))
    is_covered = largest_m2 >= own_m2[lead] * COVERED_SHARE
    several = np.flatnonzero((np.diff(at) > 1) & ~is_covered)
    members = ranges(at[several], at[several + 1])
    excess_m2 = union.excess_areas(
        leads.xy, leads.ring_at, leads.shape_at, leads.box,
        pieces.xy, pieces.ring_at, pieces.shape_at, pieces.box, pieces.owner,
        lead[several], piece[members], counted(np.diff(at)[several]),
    )  # fmt: skip
    total_m2[several] -= excess_m2
    return lead, np.where(is_covered, own_m2[lead], np.minimum(total_m2, own_m2[lead]))


def _largest_feature(group: Index, feature: Index, area_m2: Floats, n: int) -> Floats:
    """The largest m² that one feature covers, per group; `group` ascends."""
    order = np.lexsort((feature, group))
    starts = np.flatnonzero(np.diff(group[order], prepend=-1) | np.diff(feature[order], prepend=-1))
    largest: Floats = np.zeros(n)
    if len(starts):
        np.maximum.at(largest, group[order][starts], np.add.reduceat(area_m2[order], starts))
    return largest
