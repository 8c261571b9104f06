"""The compiled kernel, second part: how much of a polygon several polygons cover twice or more, by a sweep without topology."""

import numpy as np

from pipeline.engine.kernel.areas import ROW, TILE_M, edges_in_box
from pipeline.engine.kernel.compiled import fast

NEARLY_M = 1e-9  # edges closer than this are in either order
MOST_EDGES = 512  # a sweep takes time as their square or cube: larger boxes are quartered
LEAST_BOX_M = 0.1  # where very many edges meet in a point, quartering would not end


@fast
def excess_areas(xy_a, ring_a, shape_a, box_a, xy_b, ring_b, shape_b, box_b, owner_b, i, member, member_at):
    """Per group g: m² of shape i[g] of a, times (how often the members cover it, less once), where that is more than once.

    Members member[member_at[g] : member_at[g + 1]] are shapes of b; those with one owner are disjoint. The union of the
    members inside the shape is the sum of their shared areas less this.
    """
    excess = np.zeros(len(i))
    for g in range(len(i)):
        s = i[g]
        own = member[member_at[g] : member_at[g + 1]]
        n_vertices = ring_a[shape_a[s + 1]] - ring_a[shape_a[s]]
        for q in own:
            n_vertices += ring_b[shape_b[q + 1]] - ring_b[shape_b[q]]
        edges = np.empty((3 * n_vertices + len(own) + 1, ROW))
        todo = [_where_several(box_a[s], box_b, owner_b, own)]
        while len(todo) > 0:
            x0, y0, x1, y1 = todo.pop()
            if x1 <= x0 or y1 <= y0:
                continue
            n_a = edges_in_box(xy_a, ring_a, shape_a[s], shape_a[s + 1], x0, y0, x1, y1, edges, 0)
            if n_a == 0:
                continue
            n, covering = n_a, 0.0
            for q in own:
                if box_b[q, 0] < x1 and box_b[q, 2] > x0 and box_b[q, 3] > y0:
                    before = n
                    n = edges_in_box(xy_b, ring_b, shape_b[q], shape_b[q + 1], x0, y0, x1, y1, edges, n)
                    if n > before and _is_whole_top(edges[n - 1], x1 - x0, y1 - y0):  # those of all members are one row
                        covering += edges[n - 1, 4]
                        n -= 1
            if covering != 0.0:
                edges[n, 0], edges[n, 1], edges[n, 5] = 0.0, x1 - x0, 0.0
                edges[n, 2], edges[n, 3], edges[n, 4] = y1 - y0, y1 - y0, covering
                n += 1
            size_m = max(x1 - x0, y1 - y0)
            if size_m > TILE_M or (n > MOST_EDGES and size_m > LEAST_BOX_M):
                x, y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
                todo.append((x0, y0, x, y))
                todo.append((x, y0, x1, y))
                todo.append((x0, y, x, y1))
                todo.append((x, y, x1, y1))
            else:
                excess[g] += _swept(edges, n_a, n)
    return excess


@fast
def _is_whole_top(edge, width, height):
    return edge[0] == 0.0 and edge[1] == width and edge[2] == height and edge[3] == height


@fast
def _where_several(box, box_b, owner_b, own):
    """The box round everything inside `box` that the boxes of two members with different owners share."""
    x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
    for p in range(len(own)):
        left, bottom = max(box[0], box_b[own[p], 0]), max(box[1], box_b[own[p], 1])
        right, top = min(box[2], box_b[own[p], 2]), min(box[3], box_b[own[p], 3])
        for q in range(p + 1, len(own)):
            if owner_b[own[p]] == owner_b[own[q]]:
                continue
            l, b = max(left, box_b[own[q], 0]), max(bottom, box_b[own[q], 1])  # noqa: E741
            r, t = min(right, box_b[own[q], 2]), min(top, box_b[own[q], 3])
            if r > l and t > b:
                x0, y0, x1, y1 = min(x0, l), min(y0, b), max(x1, r), max(y1, t)
    return x0, y0, x1, y1


@fast
def _swept(edges, n_a, n):
    """∫ max(W - 1, 0) over the ground of rows 0 … n_a-1, W the count of rows n_a … n-1: slab by slab from left to right."""
    ends = np.empty(2 * n)
    for e in range(n):
        ends[2 * e], ends[2 * e + 1] = edges[e, 0], edges[e, 1]
    ends.sort()
    by_left = np.argsort(edges[:n, 0])
    active, n_active, next_edge, total = np.empty(n, dtype=np.int64), 0, 0, 0.0
    for k in range(len(ends) - 1):
        left, right = ends[k], ends[k + 1]
        if right <= left:
            continue
        kept = 0
        for p in range(n_active):
            if edges[active[p], 1] > left:
                active[kept] = active[p]
                kept += 1
        n_active = kept
        while next_edge < n and edges[by_left[next_edge], 0] <= left:
            active[n_active] = by_left[next_edge]
            n_active += 1
            next_edge += 1
        if _has_both(edges, active[:n_active], n_a):
            total += _slab(edges, active[:n_active], n_a, left, right)
    return total


@fast
def _has_both(edges, active, n_a):
    """Whether a slab has ground of the shape and two members at least: else nothing can be covered twice."""
    n_shape, n_members = 0, 0.0
    for e in active:
        if e < n_a:
            n_shape += 1
        else:
            n_members += abs(edges[e, 4])
    return n_members > 1.5 and n_shape > 0


@fast
def _slab(edges, active, n_a, left, right):
    """One slab; where edges cross in it, it is cut at the crossings."""
    total, is_plain = _pass(edges, active, n_a, left, right)
    if is_plain:
        return total
    cuts = [left, right]
    _sort(edges, active, left)
    for p in range(1, len(active)):  # sorting on from left to right swaps just the pairs that cross
        e = active[p]
        y = _y(edges[e], right)
        q = p - 1
        while q >= 0 and _y(edges[active[q]], right) < y:
            d_left = _y(edges[active[q]], left) - _y(edges[e], left)
            d_right = _y(edges[active[q]], right) - y
            if d_left > 0.0:
                cuts.append(left + (right - left) * d_left / (d_left - d_right))
            active[q + 1] = active[q]
            q -= 1
        active[q + 1] = e
    cuts.sort()
    total = 0.0
    for k in range(len(cuts) - 1):
        if cuts[k + 1] > cuts[k]:
            total += _pass(edges, active, n_a, cuts[k], cuts[k + 1])[0]
    return total


@fast
def _pass(edges, active, n_a, left, right):
    """From the top edge down: (m² covered too often, whether no two edges cross between left and right)."""
    n = len(active)
    _sort(edges, active, 0.5 * (left + right))
    total, is_plain = 0.0, True
    count_a, count_b = 0.0, 0.0
    y_left, y_right = _y(edges[active[0]], left), _y(edges[active[0]], right)
    for p in range(n):
        e = active[p]
        if e < n_a:
            count_a += edges[e, 4]
        else:
            count_b += edges[e, 4]
        next_left, next_right = 0.0, 0.0
        if p + 1 < n:
            next_left, next_right = _y(edges[active[p + 1]], left), _y(edges[active[p + 1]], right)
            if next_left > y_left + NEARLY_M or next_right > y_right + NEARLY_M:
                is_plain = False
        if count_a > 0.5 and count_b > 1.5:
            total += count_a * (count_b - 1.0) * 0.5 * (y_left + y_right - next_left - next_right) * (right - left)
        y_left, y_right = next_left, next_right
    return total, is_plain


@fast
def _sort(edges, active, x):
    """Sort by height at x, highest first, by insertion: the order hardly changes from slab to slab."""
    for p in range(1, len(active)):
        e = active[p]
        y = _y(edges[e], x)
        q = p - 1
        while q >= 0 and _y(edges[active[q]], x) < y:
            active[q + 1] = active[q]
            q -= 1
        active[q + 1] = e


@fast
def _y(edge, x):
    return edge[2] + edge[5] * (x - edge[0])
