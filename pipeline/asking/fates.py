"""Questions on fates: whether a site that nothing else asks about stays on the list."""

from collections.abc import Iterator

import pandas as pd

from pipeline.asking.known import Known
from pipeline.asking.question import Answer, DecisionRow, Question
from pipeline.text import say

CHOICES = (("keep", ""), ("leave_out", "E4"), ("leave_out", "E2"))  # nothing is there to protect, or nothing changed


def on_problems(problems: pd.DataFrame, known: Known) -> Iterator[Question]:
    """Listed sites that wait for a person for another reason, such as ground that no layer covers: on or off the list?"""
    rows = pd.DataFrame(problems[["site_id", "lead_ids", "review_reason"]])
    for problem in rows.to_dict("records"):
        site_id = problem["site_id"]
        if known.is_contested("fate", site_id):
            continue
        text = say(known.language, "questions.cover", site=site_id, reason=problem["review_reason"])
        answers = [
            Answer(say_fate(decision, code, known.language), [DecisionRow(site_id, decision, code)])
            for decision, code in CHOICES
        ]
        yield Question("cover", text, answers, [site_id], list(problem["lead_ids"]))


def say_fate(decision: str, code: str, language: str) -> str:
    """What stays on the list, leaves it or is no problem, in words; `code` is the E-reason or empty."""
    name = say(language, f"labels.{code}") if code else ""
    why = say(language, "questions.e_reason", code=code, why=name) if code else ""
    return say(language, f"questions.{decision}", why=why)
