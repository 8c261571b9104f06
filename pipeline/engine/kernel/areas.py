"""The compiled kernel: areas shared by polygons, without topology. Imported only where the number of pairs pays for it.

The ground of a polygon is the sum of the trapezoids under its edges, those of edges that run left counted plus and those
that run right minus (shells counter-clockwise, holes clockwise). Hence for polygons A and B over a common baseline

    area(A ∩ B) = Σ over edges a, b of  sign(a) · sign(b) · ∫ max(0, min(y_a(x), y_b(x))) dx

on the abscissae both edges span: no intersection point has to be found, and coincident edges do no harm. The formula wants
each polygon to count every point 0 or 1 times; gate() measures that. It is evaluated in boxes of at most TILE_M, relative
to their corners: noise is some 1e-16 of a box's area, so near 1e-8 m².
"""

import numpy as np

from pipeline.engine.kernel.compiled import fast

TILE_M = 8192.0
ROW = 6  # left, right, y left, y right, sign, slope


@fast
def edges_in_box(xy, ring_at, r0, r1, x0, y0, x1, y1, out, n):
    """Write the edges of rings r0 … r1-1 that bound ground inside the box as rows (left, right, y left, y right, sign, slope).

    Relative to (x0, y0). What lies above the box is pressed onto its top, what lies below or beside it is dropped; edges
    that cover the whole top are one row whose sign is their sum. `out` must have room for 3 rows an edge and one more.
    Returns the number of rows after `n`.
    """
    width, height = x1 - x0, y1 - y0
    whole_top = 0.0
    for r in range(r0, r1):
        top = (0.0, 0.0, 0.0)  # a run of pressed edges: left, right, sign
        xb, yb = xy[ring_at[r], 0] - x0, xy[ring_at[r], 1] - y0
        for k in range(ring_at[r] + 1, ring_at[r + 1]):
            xa, ya = xb, yb
            xb, yb = xy[k, 0] - x0, xy[k, 1] - y0
            if xa == xb or (ya <= 0.0 and yb <= 0.0):
                continue
            if xa < xb:
                left, right, y_left, y_right, sign = xa, xb, ya, yb, -1.0
            else:
                left, right, y_left, y_right, sign = xb, xa, yb, ya, 1.0
            if right <= 0.0 or left >= width:
                continue
            slope = (y_right - y_left) / (right - left)
            if left < 0.0:
                y_left -= slope * left
                left = 0.0
            if right > width:
                y_right -= slope * (right - width)
                right = width
            if y_left <= 0.0 and y_right <= 0.0:
                continue
            if y_left >= height and y_right >= height:
                n, whole_top, top = _on_top(out, n, whole_top, top, left, right, sign, width, height)
                continue
            if y_left < 0.0:
                left = min(right, left - y_left / slope)
                y_left = 0.0
            elif y_right < 0.0:
                right = max(left, right - y_right / slope)
                y_right = 0.0
            if y_left > height:
                middle = min(right, left + (height - y_left) / slope)
                n, whole_top, top = _on_top(out, n, whole_top, top, left, middle, sign, width, height)
                left, y_left = middle, height
            elif y_right > height:
                middle = max(left, left + (height - y_left) / slope)
                n, whole_top, top = _on_top(out, n, whole_top, top, middle, right, sign, width, height)
                right, y_right = middle, height
            n = _row(out, n, left, right, y_left, y_right, sign)
        n, whole_top, top = _on_top(out, n, whole_top, top, 0.0, 0.0, 0.0, width, height)
    if whole_top != 0.0:
        n = _row(out, n, 0.0, width, height, height, whole_top)
    return n


@fast
def _on_top(out, n, whole_top, top, left, right, sign, width, height):
    """Join a pressed edge to the run before it, or end that run and begin another."""
    if sign == top[2] and (left == top[1] or right == top[0]):
        return n, whole_top, (min(left, top[0]), max(right, top[1]), sign)
    if top[2] != 0.0:
        if top[0] <= 0.0 and top[1] >= width:
            whole_top += top[2]
        else:
            n = _row(out, n, top[0], top[1], height, height, top[2])
    return n, whole_top, (left, right, sign)


@fast
def _row(out, n, left, right, y_left, y_right, sign):
    if right > left:
        out[n, 0], out[n, 1], out[n, 2], out[n, 3], out[n, 4] = left, right, y_left, y_right, sign
        out[n, 5] = (y_right - y_left) / (right - left)
        n += 1
    return n


@fast
def room_for(out, n_vertices):
    """`out`, or a larger one, with room for the edges of n_vertices."""
    return out if 3 * n_vertices + 2 <= len(out) else np.empty((6 * n_vertices + 2, ROW))


@fast
def lower(left_a, right_a, y_a, slope_a, left_b, right_b, y_b, slope_b):
    """∫ min(y_a, y_b) dx over the abscissae that both edges span; y is the height at an edge's own left end."""
    left, right = max(left_a, left_b), min(right_a, right_b)
    width = right - left
    if width <= 0.0:
        return 0.0
    a_left, b_left = y_a + slope_a * (left - left_a), y_b + slope_b * (left - left_b)
    a_right, b_right = a_left + slope_a * width, b_left + slope_b * width
    d_left, d_right = a_left - b_left, a_right - b_right
    if d_left <= 0.0 and d_right <= 0.0:
        return 0.5 * (a_left + a_right) * width
    if d_left >= 0.0 and d_right >= 0.0:
        return 0.5 * (b_left + b_right) * width
    share = d_left / (d_left - d_right)
    y_cross = a_left + share * (a_right - a_left)
    if d_left < 0.0:
        return 0.5 * width * (share * (a_left + y_cross) + (1.0 - share) * (y_cross + b_right))
    return 0.5 * width * (share * (b_left + y_cross) + (1.0 - share) * (y_cross + a_right))


@fast
def pair_areas(xy_a, ring_a, shape_a, box_a, xy_b, ring_b, shape_b, box_b, i, j):
    """m² shared by shape i[k] of a and shape j[k] of b, for every k."""
    areas = np.zeros(len(i))
    edges_a, edges_b = np.empty((512, ROW)), np.empty((512, ROW))
    for k in range(len(i)):
        p, q = i[k], j[k]
        x0, y0 = max(box_a[p, 0], box_b[q, 0]), max(box_a[p, 1], box_b[q, 1])
        x1, y1 = min(box_a[p, 2], box_b[q, 2]), min(box_a[p, 3], box_b[q, 3])
        if x1 <= x0 or y1 <= y0:
            continue
        edges_a = room_for(edges_a, ring_a[shape_a[p + 1]] - ring_a[shape_a[p]])
        edges_b = room_for(edges_b, ring_b[shape_b[q + 1]] - ring_b[shape_b[q]])
        columns, rows = int(np.ceil((x1 - x0) / TILE_M)), int(np.ceil((y1 - y0) / TILE_M))
        total = 0.0
        for tile in range(columns * rows):
            column, row = tile % columns, tile // columns
            left, right = x0 + column * TILE_M, min(x1, x0 + (column + 1) * TILE_M)
            bottom, top = y0 + row * TILE_M, min(y1, y0 + (row + 1) * TILE_M)
            n_a = edges_in_box(xy_a, ring_a, shape_a[p], shape_a[p + 1], left, bottom, right, top, edges_a, 0)
            if n_a == 0:
                continue
            n_b = edges_in_box(xy_b, ring_b, shape_b[q], shape_b[q + 1], left, bottom, right, top, edges_b, 0)
            total += _under_both(edges_a, n_a, edges_b, n_b)
        areas[k] = max(0.0, total)
    return areas


@fast
def _under_both(edges_a, n_a, edges_b, n_b):
    total = 0.0
    for e in range(n_a):
        left, right, y, slope = edges_a[e, 0], edges_a[e, 1], edges_a[e, 2], edges_a[e, 5]
        under = 0.0
        for f in range(n_b):
            if left < edges_b[f, 1] and edges_b[f, 0] < right:
                under += edges_b[f, 4] * lower(
                    left, right, y, slope, edges_b[f, 0], edges_b[f, 1], edges_b[f, 2], edges_b[f, 5]
                )
        total += edges_a[e, 4] * under
    return total


@fast
def gate(xy, ring_at, part, shape_at, box, wanted):
    """For each wanted shape: whether it counts a point other than 0 or 1 times, so that its area would be wrong.

    The count W of a point is a whole number, so ∫(W² - W) ≥ 0, and it is 0 only where W is 0 or 1 almost everywhere. The
    same sum part by part finds a hole that lies in another part of its shape, ring by ring (holes by ∫(W² + W)) a ring
    that is wound twice. Spikes and rings that touch themselves change no area and pass.
    """
    bad = np.zeros(len(wanted), dtype=np.bool_)
    edges = np.empty((512, ROW))
    of_ring = np.empty(512, dtype=np.int64)
    for k in range(len(wanted)):
        s = wanted[k]
        x0, y0, x1, y1 = box[s, 0], box[s, 1], box[s, 2], box[s, 3]
        edges = room_for(edges, ring_at[shape_at[s + 1]] - ring_at[shape_at[s]])
        if len(of_ring) < len(edges):
            of_ring = np.empty(len(edges), dtype=np.int64)
        n = 0
        for r in range(shape_at[s], shape_at[s + 1]):
            before = n
            n = edges_in_box(xy, ring_at, r, r + 1, x0, y0, x1, y1, edges, n)
            of_ring[before:n] = r
        bad[k] = _counts_wrong(edges[:n], of_ring[:n], part, shape_at[s])
    return bad


@fast
def _counts_wrong(edges, of_ring, part, first_ring):
    order = np.argsort(edges[:, 0])
    whole, by_part, by_ring, size = 0.0, 0.0, 0.0, 0.0
    for p in range(len(order)):
        e = order[p]
        plain = 0.5 * (edges[e, 2] + edges[e, 3]) * (edges[e, 1] - edges[e, 0])
        square, once = edges[e, 4] * edges[e, 4] * plain, edges[e, 4] * plain
        r = of_ring[e]
        is_shell = r == first_ring or part[r] != part[r - 1]
        size += plain
        whole += square - once
        by_part += square - once
        by_ring += square - once if is_shell else square + once
        for q in range(p + 1, len(order)):
            f = order[q]
            if edges[f, 0] >= edges[e, 1]:
                break
            both = (
                2.0 * edges[e, 4] * edges[f, 4]
                * lower(
                    edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 5],
                    edges[f, 0], edges[f, 1], edges[f, 2], edges[f, 5],
                )
            )  # fmt: skip
            whole += both
            if part[r] == part[of_ring[f]]:
                by_part += both
                if r == of_ring[f]:
                    by_ring += both
    least = 1e-6 + 1e-11 * size  # the noise of the sums is some 1e-14 of the trapezoids
    return abs(whole) > least or abs(by_part) > least or abs(by_ring) > least


@fast
def signed_areas(xy, ring_at):
    """m² of every ring, plus where it runs counter-clockwise."""
    areas = np.zeros(len(ring_at) - 1)
    for r in range(len(areas)):
        x0, y0 = xy[ring_at[r], 0], xy[ring_at[r], 1]
        total = 0.0
        for k in range(ring_at[r] + 1, ring_at[r + 1]):
            total += (xy[k - 1, 0] - x0) * (xy[k, 1] - y0) - (xy[k, 0] - x0) * (xy[k - 1, 1] - y0)
        areas[r] = 0.5 * total
    return areas
