"""The two cells of a row to two coordinates, and such rows to a table of values."""

from collections.abc import Sequence

import numpy as np

from pipeline.intake.coordinates.degrees import Coordinate, parse_number, split_pair
from pipeline.intake.coordinates.ways import Table
from pipeline.text import say

Cells = tuple[str | None, str | None]
Row = tuple[Coordinate, Coordinate, tuple[str, ...]]  # x, y and what was done to the cells


def read_cells(pair: Cells, language: str, packed: bool) -> Row | str:
    """Both coordinates of a row, or why they cannot be read; the cell's content is never repeated."""
    first, second = ((cell or "").strip() for cell in pair)
    if not first and not second:
        return say(language, "positions.no_coordinates")
    both = split_pair(first or second) if not (first and second) or first == second else None
    if both is None and not (first and second):
        return say(language, "positions.no_y" if first else "positions.no_x")
    x, y = (parse_number(cell, packed) for cell in both or (first, second))
    if x is None or y is None:
        return say(language, "positions.unreadable_x" if x is None else "positions.unreadable_y")
    if x.side is not None and x.side == y.side:
        return say(language, "positions.unreadable_y" if x.side == "lon" else "positions.unreadable_x")
    if x.side == "lat" or y.side == "lon":
        return y, x, () if both else (say(language, "positions.note_sides"),)
    return x, y, ()


def table_of(rows: Sequence[Row]) -> Table:
    """Readable rows as arrays."""
    return Table(
        np.array([[x.value, y.value] for x, y, _ in rows]),
        np.array([[x.others[0], y.others[0]] if x.others and y.others else [np.nan, np.nan] for x, y, _ in rows]),
        np.array([max(x.resolution, y.resolution) for x, y, _ in rows]),
        np.array(["degrees" in (x.kind, y.kind) for x, y, _ in rows]),
        np.array([x.side is not None or y.side is not None for x, y, _ in rows]),
    )
