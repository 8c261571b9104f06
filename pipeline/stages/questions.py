"""questions: what a person has to decide – which sites are one place, which case, where, on or off the list – and the
answers there are, each as the rows of decisions.csv that it stands for."""

from collections.abc import Collection

import pandas as pd

from pipeline.asking.disagreements import on_disagreements
from pipeline.asking.fates import on_problems
from pipeline.asking.known import know
from pipeline.asking.pairs import on_cases, on_sites
from pipeline.asking.positions import on_leads, on_records
from pipeline.asking.question import as_row
from pipeline.declare import shape_table
from pipeline.tables import QUESTIONS


def ask(
    leads: pd.DataFrame, merges: pd.DataFrame, sites: pd.DataFrame, matches: pd.DataFrame, candidates: pd.DataFrame,
    reports: pd.DataFrame, problems: pd.DataFrame, decisions: pd.DataFrame, language: str = "zh",
    idle: Collection[str] = (), secret: Collection[str] = (),
) -> pd.DataFrame:  # fmt: skip
    """Table questions from the tables of a run; `decisions` (of read_decisions) tells what persons disagree about and which
    records are decided. Every problem that needs a person is named by a question; an id hangs on what is asked alone. Of two
    `idle` sites (site_ids; whatever the answer, they are on no layer) nobody is asked whether they are one. Of `secret` sources
    (source_ids) no number is said: a sheet of questions leaves the house."""
    known = know(leads, sites, reports, decisions, secret, language)
    asked = [
        *on_disagreements(decisions, known),
        *on_sites(merges, known, idle),
        *on_cases(matches, known),
        *on_leads(leads, candidates, decisions, known),
        *on_records(candidates, reports, decisions, known),
    ]
    named = {site_id for question in asked for site_id in question.site_ids}
    asked += on_problems(problems[problems["needs_review"].astype(bool) & ~problems["site_id"].isin(named)], known)
    return shape_table(pd.DataFrame(map(as_row, asked), columns=QUESTIONS.names), QUESTIONS)
