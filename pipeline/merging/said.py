"""Which decisions of persons hold, and whom they speak of.

Ids of leads, sites and candidates share their tail, which comes from the first lead: so a word said of a site or a candidate
holds for the site in which that lead is found, whatever joined it since.
"""

from typing import Any

import pandas as pd

FATES = ("leave_out", "not_a_problem", "keep")  # decisions on what shall become of a site


def in_force(decisions: pd.DataFrame, *names: str) -> list[Any]:
    """The rows that hold, of the decisions `names`."""
    return list(decisions[(decisions["effect"] == "") & decisions["decision"].isin(names)].itertuples())


def rows_by_tail(leads: pd.DataFrame) -> dict[str, int]:
    """Tail of an id → row of the lead that bears it, now or by an earlier version of its record."""
    rows: dict[str, int] = {}
    for row, (lead_id, root, old) in enumerate(
        zip(leads["lead_id"], leads["root_lead_id"], leads["corrects"], strict=True)
    ):
        for one in (*old, root):
            rows.setdefault(one[1:], row)
        rows[lead_id[1:]] = row
    return rows


def site_by_lead(sites: pd.DataFrame) -> dict[str, str]:
    """lead_id → the site it stands in."""
    return {
        lead_id: site_id for site_id, ids in zip(sites["site_id"], sites["lead_ids"], strict=True) for lead_id in ids
    }


def site_by_tail(sites: pd.DataFrame, leads: pd.DataFrame) -> dict[str, str]:
    """Tail of the id of a lead, or of the site it began → the site it stands in now."""
    site_of, ids = site_by_lead(sites), leads["lead_id"].tolist()
    return {tail: site_of[ids[row]] for tail, row in rows_by_tail(leads).items() if ids[row] in site_of}
