"""The facts of one source: what came in, what was done to it, what was set aside and why."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from pyproj.exceptions import CRSError

from pipeline.check.facts import Areas, Count, Dates, Example, Gone, SourceFacts, Worst
from pipeline.check.numbers import replacement, sender_numbers
from pipeline.check.sentences import count_lines, is_said, without_cells
from pipeline.check.vocabulary import unknown_words, unmapped_columns
from pipeline.config import Place, Source
from pipeline.cycle import Cycle
from pipeline.geometry import Shapes
from pipeline.intake.coordinates.around import Around, is_same, read_crs
from pipeline.intake.formats.encoding import is_garbled
from pipeline.intake.stated_areas import StatedAreas, judge_source
from pipeline.intake.words.areas import M2
from pipeline.intake.words.dates import is_surely_before

EXAMPLES = 500  # records kept of each reason
WORST = 5  # stated areas shown
PRECISIONS = ("day", "month", "quarter", "half", "year")


def source_facts(cycle: Cycle, source: Source, anchor: str, unread: str | None) -> SourceFacts:
    """What the tables of `cycle` (inputs, reports, leads, set_aside, candidates) say of one source."""
    tables, language = cycle.tables, cycle.place.language
    if unread is not None or not source.path.exists():
        return SourceFacts(source, anchor, unread, is_missing=unread is None)
    inputs, reports, leads, gone = (
        tables[name][tables[name][key] == source.id]
        for name, key in (("inputs", "input_id"), ("reports", "source_id"), ("leads", "source_id"), ("set_aside", "source_id"))
    )  # fmt: skip
    inputs = inputs[inputs["is_source"].astype(bool)]
    titles = [title for columns in inputs["columns"] for title in columns]
    is_outside = leads["lead_id"].isin(gone.loc[gone["reason"] == "E1", "lead_id"])
    accuracy_m = leads["position_accuracy_m"]
    files = tuple(inputs.to_dict("records"))
    inside, elsewhere = _repeated(gone, tables["leads"], source, cycle.place)
    return SourceFacts(
        source, anchor, None, is_missing=False,
        inputs=files,
        crs_conflict=crs_conflict(files, cycle.ground.around),
        n_rows=len(reports),
        n_leads=int((~is_outside).sum()),
        gone=_gone(gone, reports, source),
        repairs=count_lines(_column(leads, "geometry_repair", reports)),
        notes=count_lines(_notes(reports, leads, source)),
        unknown=unknown_words(reports, source, cycle.place.aliases),
        unmapped=unmapped_columns(titles, source, has_shapes=bool(reports["shape_wkb"].notna().any())),
        numbers=sender_numbers(reports, gone, source),
        replacement=replacement(tables["reports"], source, cycle.place),
        areas=_areas(leads, reports, source, cycle.place),
        dates=_dates(leads, source, language),
        accuracy_m=(float(accuracy_m.min()), float(accuracy_m.max())) if len(leads) else None,
        confidence=_counts(leads["crs_confidence"]),
        repeated_inside=inside,
        repeated_elsewhere=elsewhere,
        personal=_personal(inputs),
        garbled=_garbled(reports),
        n_with_places=_n_candidates(tables["candidates"], source, of_words=True),
        n_with_readings=_n_candidates(tables["candidates"], source, of_words=False),
        shifted=cycle.shifted.get(source.id),
        shapes=_shapes(leads[~is_outside]),
        outside=_shapes(leads[is_outside]),
    )  # fmt: skip


def crs_conflict(inputs: tuple[dict[str, Any], ...], around: Around | None) -> str:
    """ "other" where a file states another CRS than is declared, "same" where the two differ by metres only, else ""."""
    found = ""
    for row in inputs:
        declared, stated = row["crs_declared"], row["crs_file"]
        if not all(isinstance(cell, str) for cell in (declared, stated, row["crs_note"], row["crs_used"])):
            continue
        try:
            ours, theirs = read_crs(declared), read_crs(stated)
        except CRSError:  # parameters, GCJ-02, BD-09: no system to compare
            continue
        is_harmless = around is not None and is_same(ours, theirs, around)
        found = "other" if found == "other" or not is_harmless else "same"
    return found


def text(cell: Any) -> str:
    """A cell of a table as text; "" where it is empty."""
    return "" if cell is None or pd.isna(cell) else str(cell)


def _gone(gone: pd.DataFrame, reports: pd.DataFrame, source: Source) -> tuple[Gone, ...]:
    is_petition = source.kind == "reports"
    cells = dict(zip(reports["report_id"], reports["attributes"], strict=True)) if is_petition else {}
    found = []
    for reason, rows in gone.groupby("reason", sort=False):
        examples = []
        for row in rows.sort_values(["src_file", "src_row"], kind="stable").head(EXAMPLES).to_dict("records"):
            sentence, number = str(row["detail"]), text(row["orig_no"])
            if is_petition:
                sentence, number = without_cells(sentence, json.loads(cells[row["report_id"]]).values()), ""
            examples.append(Example(row["src_file"], text(row["src_sheet"]), text(row["src_row"]), number, sentence))
        found.append(Gone(str(reason), len(rows), tuple(examples)))
    return tuple(sorted(found, key=lambda one: int(one.reason[1:])))


def _repeated(gone: pd.DataFrame, leads: pd.DataFrame, source: Source, place: Place) -> tuple[int, tuple[Count, ...]]:
    """How many records repeat one of the same source, and how many one of each other source (by its title)."""
    kept_in = dict(zip(leads["lead_id"], leads["source_id"], strict=True))
    titles = {one.id: one.title for one in place.sources}
    repeated = Counter(kept_in.get(lead_id, "") for lead_id in gone.loc[gone["reason"] == "E5", "lead_id"])
    inside = repeated.pop(source.id, 0)
    elsewhere = [Count(titles.get(source_id, "–"), n) for source_id, n in sorted(repeated.items())]
    return inside, tuple(elsewhere)


def _column(frame: pd.DataFrame, name: str, reports: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """(cell, row in the file) of every filled cell of a column."""
    rows = dict(zip(reports["report_id"], reports["src_row"], strict=True))
    for report_id, cell in zip(frame["report_id"], frame[name], strict=True):
        if isinstance(cell, str):
            yield cell, text(rows[report_id])


def _notes(reports: pd.DataFrame, leads: pd.DataFrame, source: Source) -> Iterator[tuple[str, str]]:
    """(sentence, row) of everything noted on records at the door and on their dates and words."""
    cells = dict(zip(reports["report_id"], reports["attributes"], strict=True))
    rows = dict(zip(reports["report_id"], reports["src_row"], strict=True))
    for frame in (reports, leads[leads["part_no"] == 1]):
        for report_id, said in zip(frame["report_id"], frame["notes"], strict=True):
            for line in said.split("; ") if isinstance(said, str) else ():
                if source.kind == "reports":
                    line = without_cells(line, json.loads(cells[report_id]).values())
                yield line, text(rows[report_id])


def _counts(cells: pd.Series) -> tuple[Count, ...]:
    return tuple(Count(str(word), int(n)) for word, n in sorted(Counter(cells.dropna()).items()))


def _areas(leads: pd.DataFrame, reports: pd.DataFrame, source: Source, place: Place) -> Areas | None:
    judged = judge_source(leads, reports, source, place)
    if judged is None or judged.judgement.verdict == "nothing":
        return None
    return Areas(judged.judgement, _worst(judged, leads, reports, source))


def _worst(judged: StatedAreas, leads: pd.DataFrame, reports: pd.DataFrame, source: Source) -> tuple[Worst, ...]:
    """The records that differ, those farthest off (by ratio) first."""
    judgement = judged.judgement
    factor_m2 = M2[judgement.unit or "m2"] * (np.cos(np.radians(judged.lat)) ** 2 if judgement.is_mercator else 1.0)
    computed_m2 = leads.groupby("report_id")["area_m2"].sum()
    known = reports.set_index("report_id")
    found = []
    for k in judgement.differ:
        report_id, stated = judged.report_ids[k], judged.stated[k]
        number = "" if source.kind == "reports" else text(known.at[report_id, "orig_no"])
        row = text(known.at[report_id, "src_row"])
        found.append(Worst(row, number, float((stated or 0.0) * factor_m2), float(computed_m2[report_id])))
    found.sort(key=lambda one: -abs(np.log(one.stated_m2 / one.computed_m2)))
    return tuple(found[:WORST])


def _dates(leads: pd.DataFrame, source: Source, language: str) -> Dates | None:
    """None where a source without leads has no dates either."""
    own = leads[leads["part_no"] == 1]
    if own.empty:
        return None
    known = sorted({*own["prev_date"].dropna(), *own["curr_date"].dropna()})
    contradicts = [
        any(is_said(line, language, key) for line in said.split("; ") for key in ("dates.swapped", "dates.contradiction"))
        for said in own["notes"].dropna()
    ]  # fmt: skip
    received = source.received.isoformat()
    precisions = Counter(own["date_precision"].dropna())
    return Dates(
        known[0] if known else "",
        known[-1] if known else "",
        _counts(own["period"]),
        tuple(Count(name, precisions[name]) for name in PRECISIONS if precisions[name]),
        int((own["curr_date"].isna() & own["prev_date"].isna()).sum()),
        sum(contradicts),
        sum(is_surely_before(received, curr) is True for curr in own["curr_date"].dropna()),
    )


def _personal(inputs: pd.DataFrame) -> tuple[Count, ...]:
    """Column → number of cells in which personal data were replaced."""
    total: Counter[str] = Counter()
    for cell in inputs["personal"]:
        total.update(json.loads(cell))
    return tuple(Count(title, n) for title, n in sorted(total.items()))


def _garbled(reports: pd.DataFrame) -> tuple[Count, ...]:
    """Column → number of cells that were spoilt before they were sent."""
    total: Counter[str] = Counter()
    for cell in reports["attributes"]:
        total.update(title for title, word in json.loads(cell).items() if is_garbled(word))
    return tuple(Count(title, n) for title, n in sorted(total.items()))


def _n_candidates(candidates: pd.DataFrame, source: Source, of_words: bool) -> int:
    own = candidates[(candidates["source_id"] == source.id) & ((candidates["reading"] == "words") == of_words)]
    return int(own["report_id"].nunique())


def _shapes(leads: pd.DataFrame) -> Shapes:
    return np.array(list(leads["geometry"]), dtype=object)
