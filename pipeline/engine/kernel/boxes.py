"""The compiled kernel, third part: which boxes meet, by a grid over the boxes of the leads."""

import numpy as np

from pipeline.engine.kernel.compiled import fast

CELLS_PER_BOX = 4.0  # finer costs memory, coarser tests more boxes in vain
MOST_CELLS = 16_000_000.0
MOST_HELD = 16.0  # cells a box lies in, on average: bounds the memory of the grid


@fast
def box_grid(box):
    """(left, bottom, cell size m, columns, rows, offsets per cell, boxes per cell): a grid over boxes."""
    n = len(box)
    left, bottom = box[:, 0].min(), box[:, 1].min()
    width, height = max(box[:, 2].max() - left, 1.0), max(box[:, 3].max() - bottom, 1.0)
    cell = np.sqrt(width * height / min(MOST_CELLS, CELLS_PER_BOX * n + 1.0))
    cell = max(cell, width / 1e6, height / 1e6)
    while _n_held(box, left, bottom, cell) > MOST_HELD * n:  # large boxes on small cells
        cell *= 2.0
    columns, rows = int(width / cell) + 1, int(height / cell) + 1
    at = np.zeros(columns * rows + 1, dtype=np.int64)
    for k in range(n):
        for row in range(int((box[k, 1] - bottom) / cell), int((box[k, 3] - bottom) / cell) + 1):
            for column in range(int((box[k, 0] - left) / cell), int((box[k, 2] - left) / cell) + 1):
                at[row * columns + column + 1] += 1
    for c in range(columns * rows):
        at[c + 1] += at[c]
    held = np.empty(at[-1], dtype=np.int64)
    filled = at[:-1].copy()
    for k in range(n):
        for row in range(int((box[k, 1] - bottom) / cell), int((box[k, 3] - bottom) / cell) + 1):
            for column in range(int((box[k, 0] - left) / cell), int((box[k, 2] - left) / cell) + 1):
                c = row * columns + column
                held[filled[c]] = k
                filled[c] += 1
    return left, bottom, cell, columns, rows, at, held


@fast
def _n_held(box, left, bottom, cell):
    """How often a box lies in a cell."""
    total = 0.0
    for k in range(len(box)):
        columns = int((box[k, 2] - left) / cell) - int((box[k, 0] - left) / cell) + 1
        total += columns * (int((box[k, 3] - bottom) / cell) - int((box[k, 1] - bottom) / cell) + 1)
    return total


@fast
def _span(low, high, start, cell, n):
    """First and last cell that low … high touches; (0, -1) where it touches none."""
    if high < start or low > start + cell * n:
        return 0, -1
    return max(0, int((low - start) / cell)), min(n - 1, int((high - start) / cell))


@fast
def meets_any(box, grid, boxes):
    """For each of `boxes`, whether it meets a box of the grid over `box`."""
    found = np.zeros(len(boxes), dtype=np.bool_)
    for k in range(len(boxes)):
        found[k] = meets(box, grid, boxes[k, 0], boxes[k, 1], boxes[k, 2], boxes[k, 3])
    return found


@fast
def meets(box, grid, x0, y0, x1, y1):
    left, bottom, cell, columns, rows, at, held = grid
    c0, c1 = _span(x0, x1, left, cell, columns)
    r0, r1 = _span(y0, y1, bottom, cell, rows)
    for row in range(r0, r1 + 1):
        for h in range(at[row * columns + c0], at[row * columns + c1 + 1] if c1 >= c0 else 0):
            b = held[h]
            if box[b, 0] < x1 and box[b, 2] > x0 and box[b, 1] < y1 and box[b, 3] > y0:
                return True
    return False


@fast
def meeting_pairs(box, grid, boxes):
    """(i, j): every box i of the grid and j of `boxes` that share ground, by j; each pair once."""
    left, bottom, cell, columns, rows, at, held = grid
    i, j = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
    n = 0
    for k in range(len(boxes)):
        c0, c1 = _span(boxes[k, 0], boxes[k, 2], left, cell, columns)
        r0, r1 = _span(boxes[k, 1], boxes[k, 3], bottom, cell, rows)
        for row in range(r0, r1 + 1):
            for column in range(c0, c1 + 1):
                c = row * columns + column
                for h in range(at[c], at[c + 1]):
                    b = held[h]
                    x0, y0 = max(box[b, 0], boxes[k, 0]), max(box[b, 1], boxes[k, 1])
                    if x0 >= min(box[b, 2], boxes[k, 2]) or y0 >= min(box[b, 3], boxes[k, 3]):
                        continue
                    if int((x0 - left) / cell) != column or int((y0 - bottom) / cell) != row:
                        continue  # a pair belongs to the cell of the lower left corner it shares
                    if n == len(i):
                        i, j = np.concatenate((i, np.empty_like(i))), np.concatenate((j, np.empty_like(j)))
                    i[n], j[n] = b, k
                    n += 1
    return i[:n], j[:n]
