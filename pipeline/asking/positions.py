"""Questions on positions: where a doubtful lead lies, and where a record that became no lead."""

from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from pipeline.asking.known import Known
from pipeline.asking.question import MOST_NAMED, Answer, DecisionRow, Question, Row
from pipeline.intake.decision_rows import AS_RECEIVED
from pipeline.text import say

SAME_PLACE_DEG = 1e-6  # 0.1 m: a candidate nearer than this to the position as received is that position


def on_leads(
    leads: pd.DataFrame, candidates: pd.DataFrame, decisions: pd.DataFrame, known: Known
) -> Iterator[Question]:
    """One question per lead whose position is in doubt and that nobody left out."""
    is_out = decisions["effect"].isin(["", "applied"]) & decisions["decision"].isin(["leave_out", "not_a_problem"])
    left_out = {known.site_of.get(subject, subject) for subject in decisions.loc[is_out, "subject"]}
    places = _by(candidates[candidates["lead_id"].notna()], "lead_id")
    columns = ["lead_id", "source_id", "orig_no", "lon", "lat", "doubt"]
    for lead in pd.DataFrame(leads.loc[leads["doubt"].notna(), columns]).to_dict("records"):
        lead_id = lead["lead_id"]
        if _is_disputed(lead_id, known) or known.site_of.get(lead_id, lead_id) in left_out:
            continue
        others = [place for place in places.get(lead_id, []) if not _is_at(place, lead)]
        label = say(known.language, "questions.as_received", lon=lead["lon"], lat=lead["lat"])
        here = Answer(label, [DecisionRow(lead_id, "located_at", AS_RECEIVED)])
        text = say(known.language, "questions.position", lead=lead_id, no=_number(lead, known), doubt=lead["doubt"])
        site = [known.site_of[lead_id]] if lead_id in known.site_of else []
        yield Question("position", text, [here, *_places(lead_id, others, known)], site, [lead_id])


def on_records(
    candidates: pd.DataFrame, reports: pd.DataFrame, decisions: pd.DataFrame, known: Known
) -> Iterator[Question]:
    """One question per record that became no lead but may mean a place; never its words, which are a person's."""
    decided = set(decisions.loc[decisions["effect"].isin(["", "applied"]), "subject"])
    places = _by(candidates[candidates["lead_id"].isna()], "report_id")
    rows = pd.DataFrame(reports.loc[reports["report_id"].isin(places), ["report_id", "source_id", "orig_no"]])
    for report in rows.to_dict("records"):
        report_id = report["report_id"]
        if report_id not in decided and not _is_disputed(report_id, known):
            text = say(known.language, "questions.record", record=report_id, no=_number(report, known))
            yield Question("position", text, _places(report_id, places[report_id], known), [])


def _places(subject: str, places: list[Row], known: Known) -> list[Answer]:
    """An answer for each place the subject may lie at, those outside the district last, and that it cannot be located."""
    likely = sorted(places, key=lambda place: (_is_outside(place), place["rank"]))[:MOST_NAMED]
    nowhere = Answer(say(known.language, "questions.not_located"), [DecisionRow(subject, "leave_out", "E9")])
    return [*(_at(subject, place, known) for place in likely), nowhere]


def _at(subject: str, place: Row, known: Known) -> Answer:
    """The subject lies at this place."""
    name = place["reading"] if pd.isna(place["name"]) else place["name"]
    town = f"{place['town']} " if pd.notna(place["town"]) and place["town"] != name else ""
    numbers = {key: place[key] for key in ("lon", "lat", "radius_m")}
    value = "{lon:.8f} {lat:.8f}".format(**numbers) + (f" {place['radius_m']:g}" if place["radius_m"] else "")
    outside = say(known.language, "questions.outside") if _is_outside(place) else ""
    label = say(known.language, "questions.located_at", name=f"{town}{name}", outside=outside, **numbers)
    return Answer(label, [DecisionRow(subject, "located_at", value)])


def _is_at(place: Row, lead: Row) -> bool:
    """Whether a candidate is the position as received."""
    return all(abs(place[name] - lead[name]) <= SAME_PLACE_DEG for name in ("lon", "lat"))


def _is_outside(place: Row) -> bool:
    """Whether a candidate is known to lie outside the district."""
    return pd.notna(place["is_outside"]) and bool(place["is_outside"])


def _is_disputed(subject: str, known: Known) -> bool:
    """Whether persons disagree on where a lead or record lies, or on whether it is left out."""
    return known.is_contested("located_at", subject) or known.is_contested("fate", subject)


def _number(row: Row, known: Known) -> str:
    """The sender's own number, where there is one; what a question says leaves the house, and a secret source's does not."""
    is_told = isinstance(row["orig_no"], str) and row["source_id"] not in known.secret
    return say(known.language, "questions.number", no=row["orig_no"]) if is_told else ""


def _by(rows: pd.DataFrame, name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows.to_dict("records"):
        found[row[name]].append(row)
    return found
