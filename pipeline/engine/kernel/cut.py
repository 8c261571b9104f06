"""The compiled kernel, fourth part: shapes of many vertices halved until they are small, along the longer side of their box.

A half is every ring cut along a line (Sutherland and Hodgman 1974). It may run along the cut and back: that covers no ground
and is harmless to the kernel, but it is no valid polygon. Halves that no lead's box meets are dropped at once.
"""

import numpy as np

from pipeline.engine.kernel.boxes import meets
from pipeline.engine.kernel.compiled import fast

MOST_VERTICES = (
    192  # pairs of edges grow with the square, cuts with the number of pieces; least time between 128 and 256
)
NO_GAIN = 0.9  # a half with more of the vertices than this is not worth another cut


@fast
def cut(xy, ring_at, part, shape_at, chosen, lead_box, grid, is_bounded):
    """The chosen shapes as pieces of at most MOST_VERTICES: (xy, ring_at, part, shape_at, which shape).

    With `is_bounded`, only pieces that meet a box of the grid over `lead_box` are kept.
    """
    nothing = (np.empty((0, 2)), np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64))
    done = [nothing]
    owner = np.empty(0, dtype=np.int64)
    for c in range(len(chosen)):
        first, last = shape_at[chosen[c]], shape_at[chosen[c] + 1]
        n_before = len(done)
        todo = [(xy[ring_at[first] : ring_at[last]], ring_at[first : last + 1] - ring_at[first], part[first:last])]
        while len(todo) > 0:
            piece = todo.pop()
            x0, y0, x1, y1 = piece[0][:, 0].min(), piece[0][:, 1].min(), piece[0][:, 0].max(), piece[0][:, 1].max()
            if is_bounded and not meets(lead_box, grid, x0, y0, x1, y1):
                continue
            n = len(piece[0])
            low, high = piece, piece
            axis = 0 if x1 - x0 >= y1 - y0 else 1
            for tried in (axis, 1 - axis):
                if n > MOST_VERTICES and max(len(low[0]), len(high[0])) > NO_GAIN * n:
                    where = 0.5 * (x0 + x1) if tried == 0 else 0.5 * (y0 + y1)
                    x, y = (where, y1) if tried == 0 else (x1, where)
                    low, high = nothing, nothing
                    if not is_bounded or meets(lead_box, grid, x0, y0, x, y):
                        low = half(piece, tried, where, 1.0)
                    x, y = (where, y0) if tried == 0 else (x0, where)
                    if not is_bounded or meets(lead_box, grid, x, y, x1, y1):
                        high = half(piece, tried, where, -1.0)
            if max(len(low[0]), len(high[0])) > NO_GAIN * n:
                done.append(piece)
                continue
            for side in (low, high):
                if len(side[0]) > 0:
                    todo.append(side)
        owner = np.append(owner, np.full(len(done) - n_before, chosen[c]))
    return _flat(done[1:], owner)


@fast
def _flat(pieces, owner):
    n_xy, n_rings = 0, 0
    for piece in pieces:
        n_xy, n_rings = n_xy + len(piece[0]), n_rings + len(piece[2])
    xy, part = np.empty((n_xy, 2)), np.empty(n_rings, dtype=np.int64)
    ring_at, shape_at = np.zeros(n_rings + 1, dtype=np.int64), np.zeros(len(pieces) + 1, dtype=np.int64)
    n_xy, n_rings = 0, 0
    for k in range(len(pieces)):
        own_xy, own_at, own_part = pieces[k]
        xy[n_xy : n_xy + len(own_xy)] = own_xy
        part[n_rings : n_rings + len(own_part)] = own_part
        ring_at[n_rings + 1 : n_rings + len(own_at)] = own_at[1:] + n_xy
        n_xy, n_rings = n_xy + len(own_xy), n_rings + len(own_part)
        shape_at[k + 1] = n_rings
    return xy, ring_at, part, shape_at, owner


@fast
def half(piece, axis, where, side):
    """(xy, ring_at, part) of what of the piece lies on one side: below `where` on the axis for side 1, above it for side -1."""
    xy, ring_at, part = piece
    out = np.empty((2 * len(xy) + 2 * len(part), 2))
    out_at, out_part = np.empty(len(part) + 1, dtype=np.int64), np.empty(len(part), dtype=np.int64)
    n, n_ring = 0, 0
    out_at[0] = 0
    for r in range(len(part)):
        start = n
        for k in range(ring_at[r], ring_at[r + 1] - 1):
            is_in = side * (xy[k, axis] - where) <= 0.0
            next_in = side * (xy[k + 1, axis] - where) <= 0.0
            if is_in:
                out[n] = xy[k]
                n += 1
            if is_in != next_in and xy[k, axis] != where and xy[k + 1, axis] != where:
                out[n, axis] = where
                out[n, 1 - axis] = _crossing(xy[k], xy[k + 1], axis, where)
                n += 1
        if n - start < 3:
            n = start
            continue
        out[n] = out[start]
        n += 1
        out_part[n_ring] = part[r]
        n_ring += 1
        out_at[n_ring] = n
    return out[:n].copy(), out_at[: n_ring + 1].copy(), out_part[:n_ring].copy()


@fast
def _crossing(a, b, axis, where):
    """Where an edge crosses the cut: the same number whichever way it runs, so that neighbours stay neighbours."""
    if a[axis] > b[axis]:
        a, b = b, a
    return a[1 - axis] + (b[1 - axis] - a[1 - axis]) * (where - a[axis]) / (b[axis] - a[axis])
