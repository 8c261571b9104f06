"""The compiled kernel, fifth part: plain WKB polygons into flat arrays. What is not plain is named, and left to shapely."""

import numpy as np

from pipeline.engine.kernel.compiled import fast

POLYGON, MULTIPOLYGON = 3, 6
PLAIN, ODD = 0, 1


@fast
def _u32(data, at):
    return (
        np.int64(data[at]) | np.int64(data[at + 1]) << 8 | np.int64(data[at + 2]) << 16 | np.int64(data[at + 3]) << 24
    )


@fast
def measure(data, first, last):
    """(is it plain, rings, vertices) of the WKB in data[first:last]: a little-endian polygon or multipolygon without Z.

    Every step is held against the end of the bytes, so that damaged bytes are odd and never read beyond.
    """
    if last - first < 9 or data[first] != 1:
        return False, 0, 0
    kind, count, at = _u32(data, first + 1), _u32(data, first + 5), first + 9
    if kind == POLYGON:
        is_plain, n_rings, n_xy, at = _rings_of(data, at, last, count)
        return is_plain and at == last and n_rings > 0, n_rings, n_xy
    if kind != MULTIPOLYGON:
        return False, 0, 0
    n_rings, n_xy = 0, 0
    for _ in range(count):
        if at + 9 > last or data[at] != 1 or _u32(data, at + 1) != POLYGON:
            return False, 0, 0
        is_plain, rings, vertices, at = _rings_of(data, at + 9, last, _u32(data, at + 5))
        if not is_plain:
            return False, 0, 0
        n_rings, n_xy = n_rings + rings, n_xy + vertices
    return at == last and n_rings > 0, n_rings, n_xy


@fast
def _rings_of(data, at, last, count):
    n_xy = 0
    for _ in range(count):
        if at + 4 > last:
            return False, 0, 0, at
        n = _u32(data, at)
        at += 4 + 16 * n
        if n < 4 or at > last:
            return False, 0, 0, at
        n_xy += n
    return True, count, n_xy, at


@fast
def parse(data, offsets, rows, first_owner):
    """The shapes of `rows`: (xy, ring_at, part, shape_at, owner, box, is_odd per row).

    `data`, `offsets`: the buffers of an Arrow binary column. Odd rows – other types, byte orders, dimensions, rings that are
    not closed, coordinates that are not finite – give no shape. Shells are turned counter-clockwise, holes clockwise.
    """
    is_odd = np.zeros(len(rows), dtype=np.bool_)
    n_rings, n_xy, n_shapes = 0, 0, 0
    for k in range(len(rows)):
        is_plain, rings, vertices = measure(data, offsets[rows[k]], offsets[rows[k] + 1])
        is_odd[k] = not is_plain
        if is_plain:
            n_rings, n_xy, n_shapes = n_rings + rings, n_xy + vertices, n_shapes + 1
    xy = np.empty((n_xy, 2))
    words = xy.reshape(-1).view(np.uint8)
    ring_at, part = np.zeros(n_rings + 1, dtype=np.int64), np.empty(n_rings, dtype=np.int64)
    shape_at, owner = np.zeros(n_shapes + 1, dtype=np.int64), np.empty(n_shapes, dtype=np.int64)
    box = np.empty((n_shapes, 4))
    ring, vertex, shape = 0, 0, 0
    for k in range(len(rows)):
        if is_odd[k]:
            continue
        before = ring, vertex
        ring, vertex = _copy(data, offsets[rows[k]], words, ring_at, part, ring, vertex)
        if _settle(xy, ring_at, part, before[0], ring, box[shape]):
            shape += 1
            owner[shape - 1], shape_at[shape] = first_owner + rows[k], ring
        else:
            is_odd[k] = True
            ring, vertex = before
    return (
        xy[:vertex], ring_at[: ring + 1], part[:ring], shape_at[: shape + 1], owner[:shape], box[:shape], is_odd,
    )  # fmt: skip


@fast
def boxes(data, offsets, n):
    """(box of all rings, is it odd) of each of n rows: a box column, or GEOS, would leave out a hole outside its shell."""
    box, is_odd = np.full((n, 4), np.nan), np.zeros(n, dtype=np.bool_)
    for k in range(n):
        is_plain, _, _ = measure(data, offsets[k], offsets[k + 1])
        if not is_plain:
            is_odd[k] = True
            continue
        box[k, 0], box[k, 1], box[k, 2], box[k, 3] = np.inf, np.inf, -np.inf, -np.inf
        at = offsets[k]
        n_parts, is_multi = _u32(data, at + 5), _u32(data, at + 1) == MULTIPOLYGON
        at += 9 if is_multi else 0
        for _ in range(n_parts if is_multi else 1):
            count = _u32(data, at + 5)
            at += 9
            for _ in range(count):
                n_xy = _u32(data, at)
                at += 4
                ring = data[at : at + 16 * n_xy].view(np.float64)
                for v in range(n_xy):
                    x, y = ring[2 * v], ring[2 * v + 1]
                    box[k, 0], box[k, 1] = min(box[k, 0], x), min(box[k, 1], y)
                    box[k, 2], box[k, 3] = max(box[k, 2], x), max(box[k, 3], y)
                at += 16 * n_xy
    return box, is_odd


@fast
def _copy(data, at, words, ring_at, part, ring, vertex):
    """Copy the coordinates of one plain shape; parts are numbered from 0."""
    n_parts, is_multi = _u32(data, at + 5), _u32(data, at + 1) == MULTIPOLYGON
    if is_multi:
        at += 9
    else:
        n_parts = 1
    for p in range(n_parts):
        count = _u32(data, at + 5)
        at += 9
        for _ in range(count):
            n = _u32(data, at)
            at += 4
            words[16 * vertex : 16 * (vertex + n)] = data[at : at + 16 * n]
            at, vertex = at + 16 * n, vertex + n
            part[ring] = p
            ring += 1
            ring_at[ring] = vertex
    return ring, vertex


@fast
def _settle(xy, ring_at, part, first, last, box):
    """Turn the rings of one shape the right way and note its box; false where a ring is open or not finite."""
    box[0], box[1], box[2], box[3] = np.inf, np.inf, -np.inf, -np.inf
    for r in range(first, last):
        a, b = ring_at[r], ring_at[r + 1]
        if not (xy[a, 0] == xy[b - 1, 0] and xy[a, 1] == xy[b - 1, 1]):
            return False
        twice, x0, y0 = 0.0, xy[a, 0], xy[a, 1]
        for k in range(a, b):
            x, y = xy[k, 0], xy[k, 1]
            if not (np.isfinite(x) and np.isfinite(y)):
                return False
            box[0], box[1], box[2], box[3] = min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)
            if k > a:
                twice += (xy[k - 1, 0] - x0) * (y - y0) - (x - x0) * (xy[k - 1, 1] - y0)
        is_shell = r == first or part[r] != part[r - 1]
        if is_shell != (twice > 0.0):
            for k in range((b - a) // 2):
                xa, ya = xy[a + k, 0], xy[a + k, 1]
                xy[a + k, 0], xy[a + k, 1] = xy[b - 1 - k, 0], xy[b - 1 - k, 1]
                xy[b - 1 - k, 0], xy[b - 1 - k, 1] = xa, ya
    return True
