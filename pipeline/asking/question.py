"""What a question is: its words and the answers there are, each as the rows of decisions.csv that it stands for."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from pipeline.geometry import make_id

Row = dict[str, Any]
MOST_NAMED = 5  # partners, cases or places with an answer of their own: who must read more than these chooses none well


class DecisionRow(NamedTuple):
    """One row of decisions.csv, but for who says it, when and why."""

    subject: str
    decision: str
    value: str = ""


class Answer(NamedTuple):
    """What a person may say, and the rows that say it."""

    label: str
    decisions: list[DecisionRow]


class Question(NamedTuple):
    """One row of table questions before it is written; `topic` keeps apart what is asked of the same ids for another reason."""

    about: str
    text: str
    answers: list[Answer]
    site_ids: list[str]
    lead_ids: list[str] = []
    problem_ids: list[str] = []
    topic: str = ""


def as_row(question: Question) -> Row:
    """The question as a row of table questions; its id hangs on what is asked and of whom, not on words."""
    subjects = sorted({one.subject for answer in question.answers for one in answer.decisions})
    distinct: dict[str, Answer] = {}
    for answer in question.answers:  # of answers that read alike the first, which is likelier, stays
        distinct.setdefault(answer.label, answer)
    answers = [
        {"label": label, "decisions": [one._asdict() for one in answer.decisions]} for label, answer in distinct.items()
    ]
    return {
        "question_id": make_id("Q", question.about, question.topic, *subjects),
        **{name: getattr(question, name) for name in ("about", "site_ids", "lead_ids", "problem_ids", "text")},
        "answers": json.dumps(answers, ensure_ascii=False),
    }


def one_of(subjects: dict[str, str], chosen: str | None = None) -> list[DecisionRow]:
    """Same with the chosen one, apart from every other; `subjects` is the name of each → its subject in decisions.csv."""
    return [DecisionRow(subject, "same" if name == chosen else "apart") for name, subject in subjects.items()]


def listed(lines: Iterable[str], language: str) -> str:
    """Clauses as one sentence."""
    return ("；" if language == "zh" else "; ").join(lines)
