"""outcomes: one row per lead and what became of it; leads of sites that are not listed are set aside one by one."""

import pandas as pd

from pipeline.declare import shape_table
from pipeline.intake.words.codes import label
from pipeline.tables import OUTCOMES, SET_ASIDE
from pipeline.text import say


def outcomes(
    leads: pd.DataFrame, judged: pd.DataFrame, cases: pd.DataFrame, outside: pd.DataFrame, language: str
) -> pd.DataFrame:
    """Table outcomes for every lead, from the judged sites, the cases and the E1 rows of set_aside (`outside`)."""
    sites = judged.explode("lead_ids").rename(columns={"lead_ids": "lead_id"})
    rows = sites[["lead_id", "outcome", "site_id", "known_problem_id", "outcome_reason"]].assign(
        candidate_id=("C" + sites["site_id"].str[1:]).where(sites["outcome"] == "listed")
    )
    known = cases.explode("lead_ids").rename(columns={"lead_ids": "lead_id", "problem_id": "known_problem_id"})
    known = known[["lead_id", "known_problem_id"]].assign(outcome="known", outcome_reason=say(language, "rank.known"))
    known = known[known["lead_id"].isin(leads["lead_id"]) & ~known["lead_id"].isin(rows["lead_id"])]
    gone = outside[["lead_id", "detail"]].rename(columns={"detail": "outcome_reason"}).assign(outcome="set_aside")
    found = pd.concat([frame for frame in (rows, known, gone) if len(frame)] or [rows], ignore_index=True)
    rest = leads[~leads["lead_id"].isin(found["lead_id"])]
    words = [
        say(language, "rank.information", change=label("change_types", code, language)) for code in rest["change_type"]
    ]
    info = rest[["lead_id"]].assign(outcome="information", outcome_reason=words)
    table = pd.concat([frame for frame in (found, info) if len(frame)] or [found], ignore_index=True)
    table = table.drop_duplicates("lead_id").merge(leads[["lead_id", "source_id"]], on="lead_id")
    return shape_table(table.rename(columns={"outcome_reason": "reason"}), OUTCOMES)


def set_aside_leads(judged: pd.DataFrame, leads: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """Table set_aside: one row per lead of a site that is E3 or E4."""
    gone = judged[judged["outcome"] == "set_aside"].explode("lead_ids")
    rows = pd.DataFrame(
        {"lead_id": gone["lead_ids"], "reason": gone["set_aside_reason"], "detail": gone["outcome_reason"]}
    )
    rows = rows.merge(leads[["lead_id", "report_id"]], on="lead_id")
    where = reports[["report_id", "source_id", "src_file", "src_sheet", "src_row", "orig_no"]]
    return shape_table(rows.merge(where, on="report_id").assign(stage="rank"), SET_ASIDE)
