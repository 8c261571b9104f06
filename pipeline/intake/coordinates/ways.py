"""The ways in which a table of coordinates can be read: as stated, swapped, ddd.mmss, signs added, in another CRS."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.geometry import DEGREE_M, Floats
from pipeline.intake.coordinates.around import SAME_M, Around, candidate_crs, fits, is_same, offset_m, read_crs
from pipeline.intake.coordinates.declared import WGS84, System, named_system
from pipeline.intake.coordinates.shifted import is_in_china
from pipeline.text import say

Bools = npt.NDArray[np.bool_]
Kind = Literal["as_is", "swapped", "packed", "signs"]
Relation = Literal["own", "prefix", "unit", "other"]

TWIN_M = 5000.0  # systems this close put a point at the border in or out by chance: no row proves one against the other
ZONE_PREFIX_M = 1_000_000.0  # a zone prefix adds whole millions to the easting
PACKED_UNIT = 1e4 / 3600  # the last digit of ddd.mmss is a ten-thousandth as written and a second as meant


class Table(NamedTuple):
    """The readable rows, n of them: values as written (n, 2), their ddd.mmss reading (NaN where there is none), the unit
    of the last digit, and what the text itself fixes.
    """

    xy: Floats
    packed: Floats
    resolution: Floats
    is_degrees: Bools  # marks say degrees: no projected CRS
    is_sided: Bools  # a label says which is which: neither swapped nor without its sign


class Way(NamedTuple):
    """One way to read a table: where it puts each row, and per row whether the text allows it and the place is met.

    `relation` is how its system stands to the declared one: "own" (also where there is none, or no place to test it),
    "prefix" the same projection with or without zone prefix, "unit" degrees for metres or the reverse, "other".
    """

    label: str
    relation: Relation
    notes: tuple[str, ...]
    system: System
    xy: Floats
    allowed: Bools
    inside: Bools
    accuracy_m: Floats
    is_shifted: Bools  # where a GCJ-02 or BD-09 shift was undone


def ways_to_read(table: Table, declared: System | None, around: Around | None, language: str) -> list[Way]:
    """Every way to read the table, the declared (or the place's own) system as it stands first.

    Without a declared system each CRS that data of the place may be in competes; with one, only those whose numbers
    differ from it clearly. Inside is the place, or without one the globe.
    """
    own = declared or named_system(read_crs(WGS84) if around is None else around.geographic)
    systems = [own]
    if own.move is None or own.datum is not None:  # who gives parameters knows the system
        names = [WGS84] if around is None else candidate_crs(around)
        systems += [
            other for other in map(named_system, map(read_crs, names)) if _is_other(own, other, declared, around)
        ]
    ways = []
    for system in systems:
        notes = () if system is declared else (_system_note(declared, system, around, language),)
        kinds: tuple[Kind, ...] = ("as_is", "swapped", "packed", "signs") if system.is_angle() else ("as_is", "swapped")
        relation = _relation(declared, system, around)
        ways += [_way(kind, notes, system, table, around, language)._replace(relation=relation) for kind in kinds]
    return ways


def _way(kind: Kind, notes: tuple[str, ...], system: System, table: Table, around: Around | None, language: str) -> Way:
    written = _written(kind, table, around)
    is_metres = system.unit_m is not None and not system.is_angle()
    allowed: Bools = np.isfinite(written).all(axis=1) & ~(table.is_degrees & is_metres)
    xy = written if system.move is None else system.move(written)
    inside: Bools = allowed & (_on_globe(xy) if around is None else fits(xy, read_crs(system.crs), around))
    if kind == "swapped" and around is None:
        inside = inside & ~_on_globe(table.xy)  # with no place to meet, the columns' titles stand wherever they can
    if kind != "as_is":
        notes = (*notes, say(language, f"positions.note_{kind}"))
    if system.move is not None and system.datum is None:
        notes = (*notes, say(language, "positions.note_parameters"))
    looks_like_degrees = (np.abs(table.xy) <= 180).all(axis=1)
    unit_m = np.where(looks_like_degrees, DEGREE_M, 1.0) if system.unit_m is None else system.unit_m
    accuracy_m = 0.5 * unit_m * table.resolution * (PACKED_UNIT if kind == "packed" else 1.0)
    shifted = is_in_china(xy) if system.datum else np.zeros(len(xy), dtype=bool)
    label = say(language, f"positions.label_{kind}", crs=system.name)
    return Way(label, "own", notes, system, xy, allowed, inside, accuracy_m, shifted)


def _written(kind: Kind, table: Table, around: Around | None) -> Floats:
    """The values as this kind of reading takes them; NaN where it says nothing new or the text's labels forbid it."""
    if kind == "as_is":
        return table.xy
    if kind == "packed":
        return table.packed
    if kind == "swapped":
        taken = table.xy[:, ::-1]
    else:
        west, south = (False, False) if around is None else (around.area.bounds[2] < 0, around.area.bounds[3] < 0)
        taken = np.where([west, south], -np.abs(table.xy), table.xy)
    is_new = (taken != table.xy).any(axis=1) & ~table.is_sided
    return np.where(is_new[:, None], taken, np.nan)


def _on_globe(lon_lat: Floats) -> Bools:
    on_globe: Bools = (np.abs(lon_lat[:, 0]) <= 180) & (np.abs(lon_lat[:, 1]) <= 90)
    return on_globe


def _is_other(own: System, other: System, declared: System | None, around: Around | None) -> bool:
    """Whether a row can show that it is in `other` and not in `own`."""
    if other.crs == own.crs or around is None:
        return other.crs != own.crs
    if own.datum is not None:
        return not other.is_angle()
    return not is_same(read_crs(own.crs), read_crs(other.crs), around, SAME_M if declared is None else TWIN_M)


def _system_note(declared: System | None, found: System, around: Around | None, language: str) -> str:
    if declared is None:
        return say(language, "positions.note_untested" if around is None else "positions.note_found", found=found.name)
    key = "positions.note_crs"
    if around is not None and (zones := _zone_prefix(declared, found, around)):
        key = "positions.note_prefix_present" if zones > 0 else "positions.note_prefix_missing"
    return say(language, key, declared=declared.name, found=found.name)


def _relation(declared: System | None, found: System, around: Around | None) -> Relation:
    if declared is None or found is declared or around is None:
        return "own"
    if declared.is_angle() != found.is_angle():
        return "unit"
    return "prefix" if _zone_prefix(declared, found, around) else "other"


def _zone_prefix(declared: System, found: System, around: Around) -> int:
    """The zone number that `found` adds to the eastings of `declared` (negative: takes away), 0 if they differ otherwise."""
    if declared.move is not None:
        return 0
    offset = offset_m(read_crs(declared.crs), read_crs(found.crs), around)
    if offset is None:
        return 0
    zones = round(offset[0] / ZONE_PREFIX_M)
    return zones if np.hypot(offset[0] - zones * ZONE_PREFIX_M, offset[1]) < SAME_M else 0
