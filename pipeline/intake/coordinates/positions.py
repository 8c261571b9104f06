"""Table rows to points: what is declared if it fits the place, else what the values themselves say, else a doubt or E9."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from pipeline.intake.coordinates.around import Around
from pipeline.intake.coordinates.declared import System, read_declared
from pipeline.intake.coordinates.rows import Cells, Row, read_cells, table_of
from pipeline.intake.coordinates.ways import Bools, Way, ways_to_read
from pipeline.text import say

Confidence = Literal["declared", "detected", "doubtful"]

GROUP_SHARE = 0.9  # so many rows settle how a row that can be read in two ways is read, and whether a table waits
HALF = 0.5  # of the readable rows: what more of them are is no exception
LEAST_SHARE = 0.9  # of the best: a system that nearly as many rows fit is an answer too


@dataclass(frozen=True)
class Position:
    """A row's point: `x` east and `y` north in `crs` (EPSG code or WKT); NaN and "" with `fault` ("E9 why").

    `accuracy_m` is half the unit of the last digit written. `others` are further possible readings, each
    (label in words, x, y, crs); they are there only where `confidence` is "doubtful". `otherwise` says in words how a row
    was read where not as declared.
    """

    x: float
    y: float
    crs: str
    confidence: Confidence
    accuracy_m: float
    notes: tuple[str, ...] = ()
    fault: str | None = None
    others: tuple[tuple[str, float, float, str], ...] = ()
    otherwise: str = ""


class Positions(NamedTuple):
    """One position for each row of a table; `note` says what most rows show where they were not read as declared."""

    rows: list[Position]
    note: str | None


def read_positions(
    pairs: Sequence[Cells], declared: str | None, around: Around | None, language: str, packed: bool = False
) -> list[Position]:
    """The rows of `read_table`."""
    return read_table(pairs, declared, around, language, packed).rows


def read_table(
    pairs: Sequence[Cells], declared: str | None, around: Around | None, language: str, packed: bool = False
) -> Positions:
    """One position for each pair of cells (longitude or easting, latitude or northing, as the columns' titles say).

    `declared` is a CRS text, a PROJ pipeline that ends in lon/lat degrees, "GCJ-02", "BD-09" or None; `around` the place,
    None where there is none to test against; `packed` says the column holds degrees, minutes and seconds run together.
    Within the declared projection (axes, zone prefix, signs, ddd.mmss) each row is read by its own values; so are degrees
    for metres, or the reverse, in fewer than half of the rows. A row that fits only another system is E9 with its name, and
    so is every row where nearly all do. Text that cannot be read, an unknown CRS, a datum without known transformation and
    an undeclared table of which less than half fits are E9 with the reason.
    """
    system = None if declared is None else read_declared(declared, around, language)
    if isinstance(system, str):
        return Positions([_lost(system)] * len(pairs), system if pairs else None)
    rows = [read_cells(pair, language, packed) for pair in pairs]
    readable = [row for row in rows if not isinstance(row, str)]
    found = _place(readable, system, around, language) if readable else Positions([], None)
    points = iter(found.rows)
    return Positions([_lost(row) if isinstance(row, str) else next(points) for row in rows], found.note)


def _place(rows: Sequence[Row], declared: System | None, around: Around | None, language: str) -> Positions:
    ways = ways_to_read(table_of(rows), declared, around, language)
    if around is None and declared is not None:  # nothing to test it against
        ways = [ways[0]._replace(inside=ways[0].allowed), *(way for way in ways if way.system is not declared)]
    usable, others = _usable(ways)
    is_elsewhere = _met(others, len(rows)) & ~_met(usable, len(rows))
    wait = _wait(usable, others, is_elsewhere, declared, around, language)
    if wait is not None:
        return Positions([replace(_lost(wait), notes=notes) for *_, notes in rows], wait)
    group = _group(usable, declared)
    found = [
        _elsewhere(others, i, declared, language)
        if declared is not None and is_elsewhere[i]
        else _choose(usable, i, group, declared, language)
        for i in range(len(rows))
    ]
    note = _note(found, language)
    return Positions([replace(one, notes=(*row[2], *one.notes)) for row, one in zip(rows, found, strict=True)], note)


def _usable(ways: Sequence[Way]) -> tuple[list[Way], list[Way]]:
    """The ways that a row's own values may choose, and those that take another system than is declared."""
    own, units, others = (
        [way for way in ways if way.relation in relations] for relations in (("own", "prefix"), ("unit",), ("other",))
    )
    n = len(ways[0].inside)
    is_exception = (_met(units, n) & ~_met(own, n)).mean() < HALF
    return ([*own, *units], others) if is_exception else (own, [*units, *others])


def _met(ways: Sequence[Way], n: int) -> Bools:
    """Which of `n` rows come into the place by any of `ways`."""
    met: Bools = np.any([np.zeros(n, dtype=bool), *(way.inside for way in ways)], axis=0)
    return met


def _wait(
    usable: Sequence[Way], others: Sequence[Way], is_elsewhere: Bools, declared: System | None, around: Around | None, language: str
) -> str | None:  # fmt: skip
    """Why a whole table must wait for a person's word on its CRS, None where it need not."""
    n, n_elsewhere = len(is_elsewhere), int(is_elsewhere.sum())
    if declared is not None:
        if n_elsewhere < GROUP_SHARE * n:
            return None
        values = {"declared": declared.name, "n": n_elsewhere, "total": n, "fits": _systems(others, is_elsewhere)}
        return say(language, "positions.table_elsewhere", **values)
    met = _met(usable, n)
    if around is None or not met.any() or met.mean() >= HALF:
        return None
    return say(language, "positions.few_fit", fits=_systems(usable, met), share=met.mean())


def _systems(ways: Sequence[Way], rows: Bools) -> str:
    """The systems that bring most of `rows` into the place, the best first, each in quotes as it is written in a file."""
    names = dict.fromkeys(way.system.name for way in ways)
    met = {name: _met([way for way in ways if way.system.name == name], len(rows)) for name in names}
    counts = {name: int((inside & rows).sum()) for name, inside in met.items()}
    best = sorted(names, key=lambda name: -counts[name])
    return " / ".join(f'"{name}"' for name in best if counts[name] >= LEAST_SHARE * counts[best[0]])


def _elsewhere(others: Sequence[Way], i: int, declared: System, language: str) -> Position:
    names = dict.fromkeys(way.system.name for way in others if way.inside[i])
    why = say(language, "positions.row_elsewhere", declared=declared.name, fits=" / ".join(names))
    return replace(_lost(why), otherwise=why)


def _note(found: Sequence[Position], language: str) -> str | None:
    """How most rows were read or why they were not, each manner with its count; None where most are as declared."""
    said = Counter(one.otherwise for one in found if one.otherwise)
    if said.total() < HALF * len(found):
        return None
    return "; ".join(
        say(language, "positions.rows_otherwise", n=n, total=len(found), how=how) for how, n in said.most_common()
    )


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
    way = ways[fitting[0]]
    if declared is not None and fitting == [0]:
        return _position(way, i, "declared", language)
    return replace(_position(way, i, "detected", language), otherwise="; ".join(way.notes))


def _nowhere(ways: Sequence[Way], i: int, group: int | None, declared: System | None, language: str) -> Position:
    """A row that no reading brings to the place: as declared, for the district test to judge; undeclared it is lost."""
    notes: tuple[str, ...] = ()
    if group is not None and (group > 0 or declared is None):
        notes = (say(language, "positions.note_group", found=ways[group].label),)
    possible = next((way for way in ways if way.allowed[i] and np.isfinite(way.xy[i]).all()), None)
    if declared is None or possible is None:
        why = say(language, "positions.unlocated")
        return replace(_lost(why), notes=notes, otherwise="" if declared else why)
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
