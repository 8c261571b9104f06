"""Areas that a window's edge cut are whole again: a piece waits until all windows that it touches have been read."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from pipeline.geometry import Floats, Shapes
from pipeline.intake.rasters.cells import Codes, Window

Ids = npt.NDArray[np.int64]
X, Y = 0, 1


def stitch(pieces: Iterable[tuple[Window, Codes, Shapes]], width: int) -> Iterator[tuple[Codes, list[Shapes]]]:
    """The areas of a raster of `width` columns as (code, the pieces of each), from its windows in the order of all_windows.

    `pieces` gives per window the code and outline of each area in it, as outline_cells does. Areas come as soon as they
    are whole: what waits is never more than one row of windows and what hangs down into it.
    """
    waiting = _Waiting()
    above = np.zeros(width, dtype=np.int64)  # per column the piece that the row above ends with, 0 for none
    left = np.zeros(0, dtype=np.int64)
    for window, codes, outlines in pieces:
        if window.col == 0:
            yield waiting.release(set(above.tolist()))
            left = np.zeros(window.height, dtype=np.int64)
        at_edge = _touches_edge(outlines, window)
        yield codes[~at_edge], [np.array([one], dtype=object) for one in outlines[~at_edge]]
        ids = waiting.add(codes[at_edge], outlines[at_edge])
        edges = _Edges(outlines[at_edge], ids)
        bottom, right = window.row + window.height, window.col + window.width
        waiting.join(left, edges.along(X, window.col, window.row, window.height))
        waiting.join(above[window.col : right], edges.along(Y, window.row, window.col, window.width))
        left = edges.along(X, right, window.row, window.height)
        above[window.col : right] = edges.along(Y, bottom, window.col, window.width)
    yield waiting.release(set())


def _touches_edge(outlines: Shapes, window: Window) -> Any:
    left, top, right, bottom = shapely.bounds(outlines).reshape(-1, 4).T
    inside = (left > window.col) & (right < window.col + window.width)
    return ~(inside & (top > window.row) & (bottom < window.row + window.height))


class _Edges:
    """The edges of outlines in cells, each with the id of its outline."""

    def __init__(self, outlines: Shapes, ids: Ids) -> None:
        xy, owner = shapely.get_coordinates(outlines, return_index=True)
        # from one ring to the next is no edge, but no hole reaches the window's edge, where alone edges are asked for
        is_edge = owner[:-1] == owner[1:]
        self.start: Floats = xy[:-1][is_edge]
        self.end: Floats = xy[1:][is_edge]
        self.ids = ids[owner[:-1][is_edge]]

    def along(self, axis: int, at: int, first: int, length: int) -> Ids:
        """Which outline has its edge on each of `length` cells, from cell `first`, of the line x or y (axis) = `at`."""
        on_line = (self.start[:, axis] == at) & (self.end[:, axis] == at)
        ends = np.stack([self.start[on_line, 1 - axis], self.end[on_line, 1 - axis]]).astype(np.int64) - first
        found = np.zeros(length, dtype=np.int64)
        for a, b, one in zip(ends.min(axis=0).tolist(), ends.max(axis=0).tolist(), self.ids[on_line], strict=True):
            found[a:b] = one
        return found


class _Waiting:
    """Pieces at the edges of windows, and which of them are one area (a forest of ids, the root being the area)."""

    def __init__(self) -> None:
        self._new_id = count(1)
        self._pieces: dict[int, tuple[int, Any]] = {}
        self._parent: dict[int, int] = {}

    def add(self, codes: Codes, outlines: Shapes) -> Ids:
        """Take the pieces in and give each an id."""
        ids = [next(self._new_id) for _ in codes]
        self._pieces |= zip(ids, zip(codes.tolist(), outlines, strict=True), strict=True)
        self._parent |= zip(ids, ids, strict=True)
        return np.array(ids, dtype=np.int64)

    def join(self, one_side: Ids, other_side: Ids) -> None:
        """Pieces of one code that face each other across an edge are one area."""
        is_both = (one_side > 0) & (other_side > 0)
        for a, b in set(zip(one_side[is_both].tolist(), other_side[is_both].tolist(), strict=True)):
            if self._pieces[a][0] == self._pieces[b][0]:
                self._parent[self._root(a)] = self._root(b)

    def release(self, still_open: set[int]) -> tuple[Codes, list[Shapes]]:
        """The areas none of whose pieces is in `still_open`; they are whole and wait no longer."""
        kept = {self._root(one) for one in still_open if one}
        areas: dict[int, list[int]] = {}
        for one in self._pieces:
            if (root := self._root(one)) not in kept:
                areas.setdefault(root, []).append(one)
        found = [np.array([self._pieces[one][1] for one in members], dtype=object) for members in areas.values()]
        codes = np.array([self._pieces[root][0] for root in areas], dtype=np.int16)
        for one in (one for members in areas.values() for one in members):
            del self._pieces[one], self._parent[one]
        return codes, found

    def _root(self, one: int) -> int:
        while self._parent[one] != one:
            self._parent[one] = self._parent[self._parent[one]]
            one = self._parent[one]
        return one
