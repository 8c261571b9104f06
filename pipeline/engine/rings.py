"""Rings: many polygons as flat arrays, the form in which the compiled kernel takes them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rings:
    """n shapes (polygons or multipolygons, or cut pieces of them), all in one CRS in metres.

    Shape k has the rings ring_at[shape_at[k]] … ; ring r has the vertices xy[ring_at[r] : ring_at[r + 1]], closed, shells
    counter-clockwise and holes clockwise, and belongs to part part[r] of its shape. `owner` says which lead or feature a
    shape is (a piece of), `box` is (left, bottom, right, top).
    """

    xy: Floats
    ring_at: Index
    part: Index
    shape_at: Index
    owner: Index
    box: Floats

    def __len__(self) -> int:
        return len(self.owner)

    @property
    def n_vertices(self) -> Index:
        """Vertices of each shape."""
        ends: Index = np.diff(self.ring_at[self.shape_at])
        return ends


def no_rings() -> Rings:
    """No shape at all."""
    none, start = np.zeros(0, dtype=np.int64), np.zeros(1, dtype=np.int64)
    return Rings(np.zeros((0, 2)), start, none, start, none, np.zeros((0, 4)))


def together(parts: list[Rings]) -> Rings:
    """The shapes of all parts, in order; owners as they are."""
    if len(parts) < 2:
        return parts[0] if parts else no_rings()
    n_xy = np.cumsum([0] + [len(part.xy) for part in parts])
    n_rings = np.cumsum([0] + [len(part.part) for part in parts])
    return Rings(
        np.concatenate([part.xy for part in parts]),
        np.concatenate([part.ring_at[(k > 0) :] + n_xy[k] for k, part in enumerate(parts)]),
        np.concatenate([part.part for part in parts]),
        np.concatenate([part.shape_at[(k > 0) :] + n_rings[k] for k, part in enumerate(parts)]),
        np.concatenate([part.owner for part in parts]),
        np.concatenate([part.box for part in parts]),
    )


def chosen(rings: Rings, keep: npt.NDArray[np.intp]) -> Rings:
    """The shapes `keep`, in that order."""
    first, last = rings.shape_at[keep], rings.shape_at[keep + 1]
    ring = ranges(first, last)
    vertex = ranges(rings.ring_at[ring], rings.ring_at[ring + 1])
    return Rings(
        rings.xy[vertex],
        counted(rings.ring_at[ring + 1] - rings.ring_at[ring]),
        rings.part[ring],
        counted(last - first),
        rings.owner[keep],
        rings.box[keep],
    )


def counted(sizes: Index) -> Index:
    """Offsets from sizes: 0, s0, s0 + s1, …"""
    offsets = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def ranges(first: Index, last: Index) -> Index:
    """first[0] … last[0]-1, first[1] … last[1]-1, … in one array."""
    sizes = last - first
    offsets = counted(sizes)
    return np.repeat(first - offsets[:-1], sizes) + np.arange(offsets[-1])
