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

OWN_ID = re.compile(f"[LRS][{ALPHABET}]{{11}}")


def on_disagreements(decisions: pd.DataFrame, known: Known) -> Iterator[Question]:
    """One question per topic and subject on which roles disagree; subjects that are gone are told elsewhere."""
    of_topic: dict[tuple[str, frozenset[str]], list[Row]] = defaultdict(list)
    contested = decisions[decisions["effect"] == "contradicted"].sort_values("row").drop(columns="row")
    for row in contested.astype(object).where(contested.notna(), "").to_dict("records"):
        of_topic[about(row["subject"], row["decision"])].append(row)
    for (topic, _), rows in of_topic.items():
        if not any(_is_gone(name, known) for name in rows[0]["subject"].split()):
            yield _which_word(topic, rows, known)


def _is_gone(name: str, known: Known) -> bool:
    """Whether one of our ids means nothing in this run."""
    return bool(OWN_ID.fullmatch(name)) and name not in known.site_of and name not in known.received


def _which_word(topic: str, rows: list[Row], known: Known) -> Question:
    subject = rows[0]["subject"]
    ids = subject.split()
    given = listed((_given(row, known.language) for row in rows), known.language)
    text = say(known.language, "questions.disagreed", subject=subject, given=given)
    answers = [
        Answer(_said(row, known.language), [DecisionRow(subject, row["decision"], row["value"])]) for row in rows
    ]
    sites = list(dict.fromkeys(known.site_of[name] for name in ids if name in known.site_of))
    named = [name for name in ids if name in known.received and name.startswith("L")]
    leads = named or [lead for site_id in sites for lead in known.leads_of[site_id]]
    cases = sorted(name for name in ids if name not in known.site_of and name not in known.received)
    return Question("disagreed", text, answers, sites, leads, cases, topic)


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
