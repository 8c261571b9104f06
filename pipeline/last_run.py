"""What the last run of a place knows: the ids that a decision may name, the senders' numbers of known cases, the townships."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyproj
from rapidfuzz import process
from rapidfuzz.distance import OSA

from pipeline.config import Place
from pipeline.declare import cells
from pipeline.errors import LeadscreenError, TableError
from pipeline.merging.said import rows_by_tail
from pipeline.store import read_table
from pipeline.tables import TABLES

SLIPS = 2  # signs by which a mistyped id differs from what was meant
TABLES_READ = ("leads", "reports", "cases", "problems")


@dataclass(frozen=True)
class LastRun:
    """The cycle of the run, every id that a decision may name, and the sender's number of each known case that has one alone."""

    cycle: str
    ids: frozenset[str]
    case_of_number: dict[str, str]


def read_last_run(place: Place, outputs: Path | None) -> LastRun | None:
    """None where there is no run, or where the last one cannot be read: it is damaged or of another version."""
    folder = folder_of_last_run(place, outputs)
    if folder is None:
        return None
    try:
        tables = [read_table(folder / f"{name}.parquet", TABLES[name]) for name in TABLES_READ]
    except (TableError, OSError, KeyError, ValueError):  # a column or the geometry missing, no Parquet
        return None
    return LastRun(folder.parent.name, _ids(*tables), _numbers(tables[2]))


def folder_of_last_run(place: Place, outputs: Path | None) -> Path | None:
    """The tables of the latest cycle that was run."""
    if outputs is None:
        return None
    latest_first = sorted(place.cycles, key=place.cycles.__getitem__, reverse=True)  # by day, not by line of place.toml
    folders = [outputs / place.key / cycle / "tables" for cycle in latest_first]
    return next((folder for folder in folders if (folder / "outcomes.parquet").is_file()), None)


def _ids(leads: pd.DataFrame, reports: pd.DataFrame, cases: pd.DataFrame, problems: pd.DataFrame) -> frozenset[str]:
    """Of leads, now or earlier, and the sites they begin, of records and of cases."""
    tails = {*rows_by_tail(leads), *(lead_id[1:] for lead_ids in cases["lead_ids"] for lead_id in lead_ids)}
    own = {f"{kind}{tail}" for tail in tails for kind in "LS"}
    return frozenset(own | {*reports["report_id"], *cases["problem_id"], *problems["problem_id"].dropna()})


def _numbers(cases: pd.DataFrame) -> dict[str, str]:
    found: dict[str, str | None] = {}
    for number, problem_id in zip(cells(cases, "orig_no"), cells(cases, "problem_id"), strict=True):
        if number is not None:
            found[number] = None if number in found else problem_id
    return {number: problem_id for number, problem_id in found.items() if problem_id is not None}


def towns_of(place: Place) -> set[str] | None:
    """The names of its townships; None where their file cannot be read, which the next run tells."""
    from pipeline.intake.overlays import read_areas

    area = place.townships
    if area is None:
        return set()
    crs = pyproj.CRS.from_user_input(place.geographic_crs)
    try:
        records, _ = read_areas(area.path, area.crs, area.encoding, {}, place.limits, crs, place.language)
    except (LeadscreenError, OSError):
        return None
    return {record.words.get(area.name, "") for record in records}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The id that was meant by a mistyped one, if one of `known` is but a slip away; of words: intake/words/suggest.py."""
    found = process.extractOne(name, known, scorer=OSA.distance, score_cutoff=SLIPS)
    return None if found is None else str(found[0])
