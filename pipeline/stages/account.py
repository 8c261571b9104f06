"""account: where every record of every source went, to zero; a run that does not add up is a bug and fails."""

import pandas as pd

from pipeline.config import Place
from pipeline.errors import TableError

OUTCOME_NAMES = ("listed", "known", "information", "set_aside")


def account(
    place: Place, reports: pd.DataFrame, leads: pd.DataFrame, set_aside: pd.DataFrame, outcomes: pd.DataFrame
) -> pd.DataFrame:
    """One row per source: source_id, title, received, reports, unread (set aside before becoming a lead), leads,
    listed, known, information, set_aside (leads), difference – which is 0. Raises TableError where it is not.
    """
    rows = []
    for source in place.sources:
        own_reports = set(reports.loc[reports["source_id"] == source.id, "report_id"])
        own_leads = leads[leads["source_id"] == source.id]
        gone = set_aside[set_aside["source_id"] == source.id]
        with_leads, without_leads = set(own_leads["report_id"]), set(gone["report_id"]) - set(own_leads["report_id"])
        own_outcomes = outcomes[outcomes["source_id"] == source.id]
        counts = {name: int((own_outcomes["outcome"] == name).sum()) for name in OUTCOME_NAMES}
        lost_reports = len(own_reports ^ (with_leads | without_leads))
        lost_leads = len(set(own_leads["lead_id"]) ^ set(own_outcomes["lead_id"])) + abs(
            len(own_leads) - sum(counts.values())
        )
        unexplained = counts["set_aside"] - int(gone["report_id"].isin(with_leads).sum())
        rows.append(
            {
                "source_id": source.id,
                "title": source.title,
                "received": source.received.isoformat(),
                "reports": len(own_reports),
                "unread": len(without_leads),
                "leads": len(own_leads),
                **counts,
                "difference": lost_reports + lost_leads + abs(unexplained),
            }
        )
    table = pd.DataFrame(
        rows, columns=["source_id", "title", "received", "reports", "unread", "leads", *OUTCOME_NAMES, "difference"]
    )
    wrong = table[table["difference"] != 0]
    if len(wrong):
        named = ", ".join(f"{row.source_id} ({row.difference})" for row in wrong.itertuples())
        raise TableError(f"records do not add up in: {named}")
    return table
