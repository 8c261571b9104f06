"""Which decisions of persons hold, and whom they speak of.

Ids of leads, sites and candidates share their tail, which comes from the first lead: so a word said of a site or a candidate
holds for the site in which that lead is found, whatever joined it since.
"""

from typing import Any

import pandas as pd

from pipeline.declare import cells

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
        lead_id: site_id
        for site_id, ids in zip(cells(sites, "site_id"), sites["lead_ids"], strict=True)
        for lead_id in ids
    }


def site_by_tail(sites: pd.DataFrame, leads: pd.DataFrame) -> dict[str, str]:
    """Tail of the id of a lead, or of the site it began → the site it stands in now."""
    site_of, ids = site_by_lead(sites), leads["lead_id"].tolist()
    return {tail: site_of[ids[row]] for tail, row in rows_by_tail(leads).items() if ids[row] in site_of}


def fates_on_sites(decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame) -> list[tuple[Any, list[str]]]:
    """Each row that says what shall become of something, with the sites it speaks of, the earliest day first.

    A word of a lead holds for its site, and one of a record for the sites of its leads.
    """
    told = in_force(decisions, *FATES)
    if not told:
        return []
    site_of = site_by_tail(sites, leads)
    of_record = leads.groupby("report_id")["lead_id"].agg(list).to_dict()
    found = []
    for said in sorted(told, key=lambda said: str(said.date)):
        tails = (one[1:] for one in of_record.get(said.subject, [said.subject]))
        found.append((said, list(dict.fromkeys(site_of[tail] for tail in tails if tail in site_of))))
    return found


def fates_by_site(decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame) -> dict[str, Any]:
    """site_id → the latest row that says what shall become of it."""
    return {site_id: said for said, own in fates_on_sites(decisions, sites, leads) for site_id in own}
