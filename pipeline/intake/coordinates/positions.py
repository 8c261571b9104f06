"""Table rows to points: what is declared if it fits the place, else what the values themselves say, else a doubt or E9."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from pipeline.intake.coordinates.around import Around
from pipeline.intake.coordinates.degrees import Coordinate, parse_number, split_pair
from pipeline.intake.coordinates.ways import System, Table, Way, read_declared, ways_to_read
from pipeline.text import say

Cells = tuple[str | None, str | None]
Row = tuple[Coordinate, Coordinate, tuple[str, ...]]  # x, y and what was done to the cells
Confidence = Literal["declared", "detected", "doubtful"]

GROUP_SHARE = 0.9  # so many rows of a table settle how a row that can be read in two ways is read


@dataclass(frozen=True)
class Position:
    """A row's point: `x` east and `y` north in `crs` (EPSG code or WKT); NaN and "" with `fault` ("E9 why").

    `accuracy_m` is half the unit of the last digit written. `others` are further possible readings, each
    (label in words, x, y, crs); they are there only where `confidence` is "doubtful".
    """

    x: float
    y: float
    crs: str
    confidence: Confidence
    accuracy_m: float
    notes: tuple[str, ...] = ()
    fault: str | None = None
    others: tuple[tuple[str, float, float, str], ...] = ()


def read_positions(
    pairs: Sequence[Cells], declared: str | None, around: Around | None, language: str, packed: bool = False
) -> list[Position]:
    """One position for each pair of cells (longitude or easting, latitude or northing, as the columns' titles say).

    `declared` is a CRS text, a PROJ pipeline that ends in lon/lat degrees, "GCJ-02", "BD-09" or None; `around` the place,
    None where there is none to test against; `packed` says the column holds degrees, minutes and seconds run together.
    Text that cannot be read, an unknown CRS and a datum without known transformation are E9 with the reason.
    """
    system = None if declared is None else read_declared(declared, around, language)
    if isinstance(system, str):
        return [_lost(system)] * len(pairs)
    rows = [_read_cells(pair, language, packed) for pair in pairs]
    readable = [row for row in rows if not isinstance(row, str)]
    points = iter(_place(readable, system, around, language) if readable else ())
    return [_lost(row) if isinstance(row, str) else next(points) for row in rows]


def _read_cells(pair: Cells, language: str, packed: bool) -> Row | str:
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


def _table(rows: Sequence[Row]) -> Table:
    return Table(
        np.array([[x.value, y.value] for x, y, _ in rows]),
        np.array([[x.others[0], y.others[0]] if x.others and y.others else [np.nan, np.nan] for x, y, _ in rows]),
        np.array([max(x.resolution, y.resolution) for x, y, _ in rows]),
        np.array(["degrees" in (x.kind, y.kind) for x, y, _ in rows]),
        np.array([x.side is not None or y.side is not None for x, y, _ in rows]),
    )


def _place(rows: Sequence[Row], declared: System | None, around: Around | None, language: str) -> list[Position]:
    ways = ways_to_read(_table(rows), declared, around, language)
    if around is None and declared is not None:  # nothing to test it against
        others = [way for way in ways if way.system is not declared]
        ways = [ways[0]._replace(inside=ways[0].allowed), *others]
    group = _group(ways, declared)
    return [
        replace(position, notes=(*row[2], *position.notes))
        for i, row in enumerate(rows)
        for position in (_choose(ways, i, group, declared, language),)
    ]


def _group(ways: Sequence[Way], declared: System | None) -> int | None:
    """The one way that nearly all rows fit; the declared one where others do too, unless they differ by ddd.mmss only."""
    leading = [number for number, way in enumerate(ways) if way.inside.mean() >= GROUP_SHARE]
    if declared is not None and 0 in leading and not any(_is_packed(ways, number) for number in leading):
        return 0
    return leading[0] if len(leading) == 1 else None


def _is_packed(ways: Sequence[Way], number: int) -> bool:
    """Whether this is the second reading of the declared system's own decimals."""
    return number == 2 and ways[number].system is ways[0].system


def _choose(ways: Sequence[Way], i: int, group: int | None, declared: System | None, language: str) -> Position:
    fitting = [number for number, way in enumerate(ways) if way.inside[i]]
    if not fitting:
        return _nowhere(ways, i, group, declared, language)
    if group is not None and group in fitting:
        fitting = [group]
    elif declared is not None and fitting[0] == 0:
        fitting = [number for number in fitting if number == 0 or _is_packed(ways, number)]
    if len(fitting) > 1:
        return _doubtful([ways[number] for number in fitting], i, language)
    is_declared = declared is not None and fitting == [0]
    return _position(ways[fitting[0]], i, "declared" if is_declared else "detected", language)


def _nowhere(ways: Sequence[Way], i: int, group: int | None, declared: System | None, language: str) -> Position:
    """A row that no reading brings to the place: as declared, for the district test to judge; undeclared it is lost."""
    notes: tuple[str, ...] = ()
    if group is not None and (group > 0 or declared is None):
        notes = (say(language, "positions.note_group", found=ways[group].label),)
    possible = next((way for way in ways if way.allowed[i] and np.isfinite(way.xy[i]).all()), None)
    if declared is None or possible is None:
        return replace(_lost(say(language, "positions.unlocated")), notes=notes)
    position = _position(possible, i, "declared" if possible is ways[0] else "detected", language)
    return replace(position, notes=(*position.notes, say(language, "positions.note_outside"), *notes))


def _position(way: Way, i: int, confidence: Confidence, language: str) -> Position:
    notes = way.notes
    if way.system.datum is not None:
        key = "positions.note_unshifted" if way.is_shifted[i] else "positions.note_not_shifted"
        notes = (*notes, say(language, key, datum=way.system.datum))
    x, y = way.xy[i].tolist()
    return Position(x, y, way.system.crs, confidence, float(way.accuracy_m[i]), notes)


def _doubtful(ways: Sequence[Way], i: int, language: str) -> Position:
    first, *rest = ways
    note = say(
        language,
        "positions.note_doubtful",
        n=len(ways),
        kept=first.label,
        others=" / ".join(way.label for way in rest),
    )
    position = _position(first, i, "doubtful", language)
    others = tuple((way.label, *way.xy[i].tolist(), way.system.crs) for way in rest)
    return replace(position, notes=(*position.notes, note), others=others)


def _lost(why: str) -> Position:
    return Position(math.nan, math.nan, "", "doubtful", math.nan, (), f"E9 {why}")
