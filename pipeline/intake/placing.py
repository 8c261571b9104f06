"""The records of a reading placed: in which CRS, in which axis order, and what speaks for it. Nothing is moved by guess."""

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import shapely

from pipeline.config import SHIFTED_DATUMS, Source
from pipeline.geometry import DEGREE_M
from pipeline.intake.coordinates.around import Around, candidate_crs, crs_that_fit, fits, is_same, read_crs
from pipeline.intake.coordinates.declared import System, is_old_datum, read_declared, without_parameters
from pipeline.intake.coordinates.degrees import split_pair
from pipeline.intake.coordinates.evidence import Readings, map_evidence, shifted_readings
from pipeline.intake.coordinates.positions import HALF, Position, read_table
from pipeline.intake.reading import Reading, Record
from pipeline.text import say


@dataclass(frozen=True)
class Placed:
    """A record with its shape in `crs` ("" where it has none), how sure that is, and other readings as (label, x, y, crs)."""

    record: Record
    crs: str
    confidence: str  # declared, file, detected or doubtful
    accuracy_m: float
    readings: Readings = ()


@dataclass(frozen=True)
class PlacedReading:
    """The placed records of a reading; `crs_used` is "" where rows differ; `note` is the evidence in words."""

    records: list[Placed]
    crs_used: str
    note: str | None


def place_reading(reading: Reading, source: Source, around: Around | None, language: str) -> PlacedReading:
    """Every record of `reading` placed as `source` declares, as the file says, or as its values show.

    `around` is where the place lies; without it only what is declared or said by the file can be used. Parameters of a
    datum shift count in what `source` declares, not in what the file says.
    """
    reading = replace(reading, crs=without_parameters(reading.crs))
    if any(record.shape is not None for record in reading.records):
        return _place_shapes(reading, source.crs, source.position_accuracy_m, around, language)
    return _place_table(reading, source, around, language)


def place_shapes(reading: Reading, declared: str | None, around: Around | None, language: str) -> PlacedReading:
    """The same for the features of a layer."""
    reading = replace(reading, crs=without_parameters(reading.crs))
    return _place_shapes(reading, declared, 0.0, around, language)


class _Choice(NamedTuple):
    """The system the shapes of a file are in; `fault` says why none can be used."""

    system: System | None
    confidence: str
    note: str | None = None
    fault: str | None = None


def _place_shapes(
    reading: Reading, declared: str | None, accuracy_m: float, around: Around | None, language: str
) -> PlacedReading:
    rows = [i for i, record in enumerate(reading.records) if record.shape is not None]
    boxes = shapely.bounds(np.array([reading.records[i].shape for i in rows], dtype=object)).reshape(-1, 4)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    choice = _choose(centres, declared, reading, around, language)
    swapped = {rows[k] for k in np.flatnonzero(_is_swapped(centres, choice.system, around))}
    placed = [
        Placed(record, "", choice.confidence, accuracy_m)
        if record.shape is None
        else _placed_shape(record, choice, i in swapped, accuracy_m, language)
        for i, record in enumerate(reading.records)
    ]
    if reading.shifted and declared is None:
        placed = _with_shifted(placed, _in_degrees(placed, range(len(placed))))
    return PlacedReading(placed, choice.system.crs if choice.system else "", choice.note)


def _placed_shape(record: Record, choice: _Choice, is_swapped: bool, accuracy_m: float, language: str) -> Placed:
    system = choice.system
    if system is None:
        fault = record.fault or f"E9 {choice.fault}"
        return Placed(replace(record, shape=None, fault=fault), "", choice.confidence, accuracy_m)
    shape, notes = record.shape, list(record.notes)
    if is_swapped:
        shape = shapely.transform(shape, lambda xy: xy[:, ::-1])
        notes.append(say(language, "intake.note_axes_swapped"))
    if system.move is not None:
        shape = shapely.transform(shape, system.move)
        notes.append(say(language, "intake.note_moved", system=system.name))
    return Placed(replace(record, shape=shape, notes=tuple(notes)), system.crs, choice.confidence, accuracy_m)


def _choose(centres: Any, declared: str | None, reading: Reading, around: Around | None, language: str) -> _Choice:
    """What is declared or said by the file, if it fits at least one shape; else what a person should declare."""
    base = declared or reading.crs
    if base is not None:
        system = read_declared(base, around, language)
        if isinstance(system, str):
            return _Choice(None, "declared", system, system)
        contradiction = _contradiction(system, reading.crs, around, language) if declared else None
        is_old = contradiction is not None and is_old_datum(read_crs(str(reading.crs)))
        kept = _Choice(system, "doubtful" if is_old else "declared" if declared else "file", contradiction)
        if around is None or not len(centres) or _fits_any(centres, system, around):
            return kept
        found = crs_that_fit(centres, around, candidate_crs(around))
        others = [fit.crs for fit in found if not fit.swapped and fit.crs != system.crs]
        if not others:
            return kept
        fault = say(language, "intake.wrong_crs", crs=system.name, fits=", ".join(others))
        return _Choice(None, kept.confidence, fault, fault)
    found = crs_that_fit(centres, around, candidate_crs(around)) if around is not None and len(centres) else []
    if len(found) != 1:
        key = "intake.crs_ambiguous" if found else "intake.crs_unknown"
        fault = say(language, key, fits=", ".join(fit.crs for fit in found))
        return _Choice(None, "doubtful", fault, fault)
    if found[0].share < HALF:
        fault = say(language, "positions.few_fit", fits=f'"{found[0].crs}"', share=found[0].share)
        return _Choice(None, "doubtful", fault, fault)
    note = say(language, "intake.crs_detected", crs=found[0].crs, share=found[0].share)
    return _Choice(System(found[0].crs, found[0].crs, None), "detected", note)


def _fits_any(centres: Any, system: System, around: Around) -> bool:
    moved = centres if system.move is None else system.move(centres)
    crs = read_crs(system.crs)
    return bool(fits(moved, crs, around).any() or fits(moved[:, ::-1], crs, around).any())


def _contradiction(declared: System, in_file: str | None, around: Around | None, language: str) -> str | None:
    """Where the file says one CRS and its source file another, both are named; who gives parameters knows the system."""
    if in_file is None or declared.move is not None:
        return None
    ours, theirs = read_crs(declared.crs), read_crs(in_file)
    is_one = ours.equals(theirs, ignore_axis_order=True) or (around is not None and is_same(ours, theirs, around))
    if is_one:
        return None
    return say(language, "intake.crs_contradiction", declared=declared.name, in_file=theirs.name)


def _is_swapped(centres: Any, system: System | None, around: Around | None) -> Any:
    """Rows that lie in the place only with their axes swapped."""
    if around is None or system is None or not len(centres):
        return np.zeros(len(centres), dtype=bool)
    crs = read_crs(system.crs)
    return ~fits(centres, crs, around) & fits(centres[:, ::-1], crs, around)


def _in_degrees(placed: Sequence[Placed], rows: Collection[int]) -> list[int]:
    """Those of `rows` that are placed in degrees: the maps' shifts are defined for nothing else."""
    return [i for i in sorted(rows) if placed[i].record.shape is not None and read_crs(placed[i].crs).is_geographic]


def _with_shifted(placed: Sequence[Placed], rows: Sequence[int]) -> list[Placed]:
    """`rows` (in degrees) may be GCJ-02 or BD-09: they keep their point and readings, and gain where they lie then.

    Their accuracy is the distance to the farthest of the new readings.
    """
    lon_lat = shapely.get_coordinates(shapely.point_on_surface([placed[i].record.shape for i in rows]))
    found = list(placed)
    for i, (lon, lat), readings in zip(rows, lon_lat.tolist(), shifted_readings(lon_lat), strict=True):
        one = placed[i]
        accuracy_m = max(one.accuracy_m, *(DEGREE_M * math.hypot(lon - x, lat - y) for _, x, y, _ in readings))
        readings = (*one.readings, *readings)
        found[i] = replace(one, confidence="doubtful", readings=readings, accuracy_m=accuracy_m)
    return found


def _place_table(reading: Reading, source: Source, around: Around | None, language: str) -> PlacedReading:
    """Rows whose position stands in their cells."""
    pairs = [_pair(record, source) for record in reading.records]
    usable = [i for i, record in enumerate(reading.records) if record.fault is None]
    declared = source.crs or reading.crs
    table = read_table([pairs[i] for i in usable], declared, around, language, source.coordinates == "packed")
    positions = dict(zip(usable, table.rows, strict=True))
    placed = [
        _placed_row(record, positions[i], source) if i in positions else Placed(record, "", "declared", source.position_accuracy_m)
        for i, record in enumerate(reading.records)
    ]  # fmt: skip
    names = {one.crs for one in placed if one.crs}
    evidence = map_evidence(reading, language)
    concerned = [] if source.crs in SHIFTED_DATUMS else _in_degrees(placed, evidence.rows)
    if concerned and source.crs is None:
        placed = _with_shifted(placed, concerned)
    notes = [table.note, evidence.note if concerned else None]
    note = "; ".join(note for note in notes if note) or None
    return PlacedReading(placed, names.pop() if len(names) == 1 else "", note)


def position_cells(record: Record, source: Source) -> list[str]:
    """The cells of a record that say where it is, as received, under our names."""
    names = ("position", "lon", "lat", "x_north", "y_east")
    return [record.words.get(source.columns.get(name, ""), "") for name in names]


def _pair(record: Record, source: Source) -> tuple[str | None, str | None]:
    """The cells of (lon or easting, lat or northing) – of two columns, or of one that holds both."""
    columns, words = source.columns, record.words
    if "position" in columns:
        return split_pair(words.get(columns["position"], "")) or (None, None)
    first, second = ("lon", "lat") if "lon" in columns else ("y_east", "x_north")
    return words.get(columns.get(first, "")), words.get(columns.get(second, ""))


def _placed_row(record: Record, position: Position, source: Source) -> Placed:
    notes = (*record.notes, *position.notes)
    if position.fault:
        return Placed(
            replace(record, fault=position.fault, notes=notes), "", position.confidence, source.position_accuracy_m
        )
    accuracy_m = max(source.position_accuracy_m, position.accuracy_m)
    shape = shapely.Point(position.x, position.y)
    return Placed(
        replace(record, shape=shape, notes=notes), position.crs, position.confidence, accuracy_m, position.others
    )


def readings_json(placed: Placed) -> str | None:
    """The other readings as the reports table keeps them."""
    return json.dumps(placed.readings, ensure_ascii=False) if placed.readings else None
