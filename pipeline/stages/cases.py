"""cases: every known case as this run sees it – of old ledgers and inspections, of the place's own ledger, of persons' words."""

import json
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.config import Place
from pipeline.declare import shape_table
from pipeline.intake.decision_rows import POINTED_OUT
from pipeline.intake.fields import mapped_words, meant_words, name_of
from pipeline.intake.words.codes import CLOSED_STATES, NO_PROBLEM, OPEN_STATE, to_activity, to_state
from pipeline.intake.words.dates import parse_date
from pipeline.tables import CASES
from pipeline.text import say

NOWHERE = "none"


def build_cases(
    leads: gpd.GeoDataFrame, reports: pd.DataFrame, place: Place, others: Sequence[pd.DataFrame] = ()
) -> gpd.GeoDataFrame:
    """Table cases, in the CRS of `leads`: one per lead of a known source (or point with an old state), one per record of
    such a source of which no place is known, and `others` (same columns): those of the ledger and of persons' decisions.
    """
    frames = [_located(leads, place.language), _unlocated(reports, place), *others]
    both = [frame[[name for name in CASES.names if name in frame]] for frame in frames if len(frame)]
    frame = pd.concat(both, ignore_index=True) if both else pd.DataFrame(columns=CASES.names)
    return gpd.GeoDataFrame(shape_table(frame, CASES), geometry="geometry", crs=leads.crs)


def _located(leads: gpd.GeoDataFrame, language: str) -> pd.DataFrame:
    known = pd.DataFrame(leads[leads["case_geometry"].notna()])
    states = [to_state(word) or OPEN_STATE for word in known["legacy_state"]]
    is_pointed_out = known["crs_confidence"] == POINTED_OUT  # it was known by name alone, and keeps the id it had then
    cases = known.assign(
        problem_id=["K" + own[1:] for own in known["root_lead_id"].where(~is_pointed_out, known["report_id"])],
        lead_ids=[[lead_id, *old] for lead_id, old in zip(known["lead_id"], known["corrects"], strict=True)],
        state=states,
        is_closed=[state in CLOSED_STATES for state in states],
        known_since=known["curr_date"].fillna(known["received"]),
    )
    return cases.assign(judged=[_judged(case, language) for case in cases.itertuples()])


def _unlocated(reports: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Records that name a case and not where it is: they match by name alone."""
    sources = {source.id: source for source in place.sources}
    rows: list[dict[str, Any]] = []
    for report in reports[reports["fault"].str.startswith("E9", na=False)].itertuples():
        source = sources[str(report.source_id)]
        words = mapped_words(source, json.loads(str(report.attributes)))
        name = name_of(source, words)
        if name is None or not (source.is_case or (source.kind == "points" and words["state"])):
            continue
        meant = meant_words(words, place)
        state = to_state(meant["state"]) or OPEN_STATE
        rows.append(
            {
                "problem_id": "K" + str(report.report_id)[1:],
                "source_id": source.id,
                "orig_no": report.orig_no,
                "lead_ids": [],
                "state": state,
                "closed_date": parse_date(words["closed_date"]),
                "is_closed": state in CLOSED_STATES,
                "activity_l1": to_activity(meant["activity"])[0],
                "name": name,
                "town": words["town"],
                "known_since": report.received,
                "position_accuracy_m": report.position_accuracy_m,
                "case_geometry": NOWHERE,
                "geometry": None,
            }
        )
    cases = pd.DataFrame(rows, columns=CASES.names)
    return cases.assign(judged=[_judged(case, place.language) for case in cases.itertuples()])


def _judged(case: Any, language: str) -> str | None:
    """What stands in the old ledger about ground that was found to be no problem."""
    if case.state != NO_PROBLEM:
        return None
    day = case.closed_date if isinstance(case.closed_date, str) else case.known_since
    return say(language, "match.judged_before", day=day)
