"""The tables of a card on the review page: the leads, cases and records in question, and the numbers that were weighed."""

import html
from collections.abc import Iterable
from typing import Any

import pandas as pd

from pipeline.intake.words.codes import label
from pipeline.publish.review_evidence import (
    Evidence,
    Row,
    Shown,
    decisions_of,
    leads_of,
    mark_of,
    source_name,
    where_read,
)
from pipeline.tables import JUDGED, LEDGER
from pipeline.text import say

NOTHING = "–"
PAIR_FIGURES = ("iou", "containment", "front_m", "front_share", "gap_m", "days")
CASE_FIGURES = ("overlap_m2", "outside_m2", "front_m", "front_share", "gap_m")
FORMS = {"iou": "{:.2f}", "containment": "{:.1%}", "front_share": "{:.1%}", "gap_m": "{:,.1f}"}
OWN_CASES = {LEDGER: "list.ledger", JUDGED: "review.judged"}  # cases that no source brought
ROW_FIELDS = ("mark", "id", "source", "seen", "activity", "area_m2", "accuracy_m")
LEAST_ROWS, MOST_ROWS = 3, 8  # leads of a card; as many as are asked about, and the others of their sites stand folded


def rows_table(question: Row, shown: Shown, evidence: Evidence) -> str:
    """HTML: the leads, cases and records in question; the leads of a large site stand folded after the first."""
    marks, language = shown.marks, evidence.language
    leads = [
        (mark_of(marks.get(lead["lead_id"], "")), _lead_words(lead, evidence)) for lead in leads_of(question, evidence)
    ]
    met = [evidence.cases[own] for own in question["problem_ids"] if own in evidence.cases]
    others = [(mark_of(marks.get(case["problem_id"], "")), _case_words(case, evidence)) for case in met]
    subjects = dict.fromkeys(row["subject"] for row in decisions_of(question))
    others += [("", _record_words(evidence.records[own], evidence)) for own in subjects if own in evidence.records]
    n = min(max(len(question["lead_ids"]), LEAST_ROWS), MOST_ROWS)
    tables = _table(ROW_FIELDS, [*leads[:n], *others], language)
    if leads[n:]:
        words = html.escape(say(language, "review.more_leads", n=len(leads[n:])))
        tables += f"<details><summary>{words}</summary>{_table(ROW_FIELDS, leads[n:], language)}</details>"
    return tables


def _lead_words(lead: Row, evidence: Evidence) -> list[str]:
    dates = [str(lead[name]) for name in ("prev_date", "curr_date") if lead[name]]
    is_said = "-".join(dates) == lead["period"]  # years alone
    seen = "\n".join(filter(None, (lead["period"], "" if is_said else "\n→ ".join(dates))))
    name = _with_number(lead["lead_id"], lead)
    return [name, source_name(lead, evidence), seen, *_measures(lead, lead["activity_l2"], evidence)]


def _case_words(case: Row, evidence: Evidence) -> list[str]:
    language = evidence.language
    name = " · ".join(filter(None, (_with_number(case["problem_id"], case), case["name"])))
    own = OWN_CASES.get(case["source_id"])
    title = say(language, own) if own else source_name(case, evidence)
    since = case["closed_date"] if case["is_closed"] else case["known_since"]
    state = " ".join(filter(None, (label("states", case["state"], language), since)))
    return [name, say(language, "review.case_of", title=title), state, *_measures(case, case["activity_l1"], evidence)]


def _record_words(record: Row, evidence: Evidence) -> list[str]:
    """Where a record is found in its file, and its activity; nothing of it in the words of persons."""
    name, activity = (
        _with_number(record["report_id"], record),
        label("activity_types", record["activity_l2"], evidence.language),
    )
    return [name, source_name(record, evidence), where_read(record, evidence.language), activity, "", ""]


def _with_number(name: str, row: Row) -> str:
    return f"{name} ({row['orig_no']})" if row["orig_no"] else name


def _measures(row: Row, activity: Any, evidence: Evidence) -> list[str]:
    """Activity, area, accuracy."""
    area = f"{row['area_m2']:,.0f}" if row["area_m2"] else say(evidence.language, "review.point")
    return [label("activity_types", activity, evidence.language), area, f"±{row['position_accuracy_m']:g}"]


def figures_table(question: Row, shown: Shown, evidence: Evidence) -> str:
    """HTML: the numbers that were weighed for each pair of sites, or of a site and a case; "" where there are none."""
    pairs, meets = {}, {}
    for one, other in (ids for row in decisions_of(question) if len(ids := row["subject"].split()) == 2):
        key = " – ".join(mark_of(shown.marks.get(name, "")) or html.escape(name) for name in (one, other))
        if pair := evidence.pairs.get(frozenset((one, other))):
            pairs[key] = pair
        if met := evidence.meets.get((one, other)):
            meets[key] = met
    tables = ""
    for names, rows in ((PAIR_FIGURES, pairs), (CASE_FIGURES, meets)):
        words = [(key, [_figure(row[name], name) for name in names]) for key, row in rows.items()]
        tables += _table(("pair", *names), words, evidence.language) if words else ""
    return tables


def _figure(value: Any, name: str) -> str:
    return "" if pd.isna(value) else FORMS.get(name, "{:,.0f}").format(value)


def _table(names: Iterable[str], rows: list[tuple[str, list[str]]], language: str) -> str:
    """HTML; the first cell of a row is safe already, the others are words."""
    heads = "".join(f"<th>{html.escape(say(language, f'review.head_{name}'))}</th>" for name in names)
    lines = "".join(
        f"<tr><td>{first}</td>" + "".join(f"<td>{html.escape(cell) or NOTHING}</td>" for cell in words) + "</tr>"
        for first, words in rows
    )
    return f'<div class="scroll"><table><tr>{heads}</tr>{lines}</table></div>'
