"""Questions on disagreements: what roles said of one thing, each in words, for a joint decision."""

import re
from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from pipeline.asking.fates import say_fate
from pipeline.asking.known import Known
from pipeline.asking.question import Answer, DecisionRow, Question, Row, listed
from pipeline.geometry import ALPHABET
from pipeline.intake.decision_rows import AS_RECEIVED, TOPICS, about
from pipeline.intake.words.codes import label
from pipeline.text import say

ANSWERS = ("same", "apart", "keep", "leave_out", "not_a_problem", "activity", "town", "located_at")  # as on all cards
OWN_ID = re.compile(f"[LRS][{ALPHABET}]{{11}}")


def on_disagreements(decisions: pd.DataFrame, known: Known) -> Iterator[Question]:
    """One question per topic and site – or what else it is about – on which roles disagree, whatever ids they name.

    Subjects that are gone are told elsewhere.
    """
    of_thing: dict[tuple[str, frozenset[str]], list[Row]] = defaultdict(list)
    contested = decisions[decisions["effect"] == "contradicted"].sort_values("row").drop(columns="row")
    for row in contested.astype(object).where(contested.notna(), "").to_dict("records"):
        for thing in _things(row, known):
            of_thing[thing].append(row)
    for (topic, ids), rows in of_thing.items():
        is_gone = any(_is_gone(name, known) for name in rows[0]["subject"].split())
        if not is_gone and len({(row["decision"], row["value"]) for row in rows}) > 1:
            yield _which_word(topic, _subject(ids, rows), rows, known)


def _things(row: Row, known: Known) -> list[tuple[str, frozenset[str]]]:
    """(topic, ids) that a row settles: of a site by its present id, as stages settle it; of two leads by what they are called."""
    topic, names = about(row["subject"], row["decision"])
    is_of_site = topic == "fate" or row["subject"].startswith("S")
    cases = [name for name in names if not known.sites_of(name)]
    sites = [site_id for name in names for site_id in known.sites_of(name)]
    if not is_of_site or not sites or len(cases) + 1 < len(names):
        return [(topic, names)]
    return [(topic, frozenset({site_id, *cases})) for site_id in sites]


def _subject(ids: frozenset[str], rows: list[Row]) -> str:
    """What a joint decision is to name: what persons named, or the site where they named it differently."""
    if len({about(row["subject"], row["decision"]) for row in rows}) == 1:
        return str(rows[0]["subject"])
    site_first = sorted(ids, key=lambda name: not (name.startswith("S") and OWN_ID.fullmatch(name)))
    return " ".join(site_first)


def _is_gone(name: str, known: Known) -> bool:
    """Whether one of our ids means nothing in this run."""
    return bool(OWN_ID.fullmatch(name)) and name not in known.site_of and name not in known.received


def _which_word(topic: str, subject: str, rows: list[Row], known: Known) -> Question:
    ids = subject.split()
    given = listed((_given(row, known.language) for row in rows), known.language)
    text = say(known.language, "questions.disagreed", subject=subject, given=given)
    answers = [
        Answer(_said(row, known.language), [DecisionRow(subject, row["decision"], row["value"])])
        for row in sorted(rows, key=_place_of_answer)
    ]
    sites = list(dict.fromkeys(site_id for name in ids for site_id in known.sites_of(name)))
    named = [name for name in ids if name in known.received and name.startswith("L")]
    leads = named or [lead for site_id in sites for lead in known.leads_of[site_id]]
    cases = sorted(name for name in ids if not known.sites_of(name) and name not in known.received)
    return Question("disagreed", text, answers, sites, leads, cases, topic)


def _place_of_answer(row: Row) -> tuple[int, bool, str]:
    """Where an answer stands on its card, whoever gave it first."""
    return ANSWERS.index(row["decision"]), row["value"] != AS_RECEIVED, row["value"]


def _given(row: Row, language: str) -> str:
    """Who said what when, and why where a reason was given."""
    words = say(language, "questions.given", role=row["role"], date=row["date"], said=_said(row, language))
    return words + (say(language, "questions.given_why", reason=row["reason"]) if row["reason"] else "")


def _said(row: Row, language: str) -> str:
    """A decision in words, with its value."""
    decision, value = row["decision"], row["value"]
    if TOPICS[decision] == "fate":
        return say_fate(decision, value, language)
    name = label("activity_types", value, language) if decision == "activity" else value
    key = decision if TOPICS[decision] == "pair" else f"said_{AS_RECEIVED if value == AS_RECEIVED else decision}"
    return say(language, f"questions.{key}", value=value, name=name)
