"""Which decisions of persons hold, and of which site they speak, by whatever id.

Ids of leads, sites and candidates share their tail, which comes from the first lead: so a word said of a site or a candidate
holds for the site in which that lead is found, whatever joined it since.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.declare import cells
from pipeline.intake.decision_rows import FIELDS, TOPICS, Decision
from pipeline.intake.decisions import IN_FORCE, UNREADABLE, Standing, settle

Thing = tuple[str, ...]  # what is settled: the topic, the site_id and, of a pair, the number of the known case


def in_force(decisions: pd.DataFrame, *names: str) -> list[Any]:
    """The rows that hold, of the decisions `names`."""
    return list(decisions[(decisions["effect"] == IN_FORCE) & decisions["decision"].isin(names)].itertuples())


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


def settle_on_sites(
    decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame
) -> dict[Thing, dict[int, Standing]]:
    """Thing → position in `decisions` → how that row stands among all that speak of the thing, by whatever ids.

    Things are what shall become of a site, its activity, its township, and whether it belongs to a known case. A fate of a
    lead holds for its site, and one of a record for the sites of its leads. Two leads are settled by joining them.
    """
    rows = _readable(decisions)
    if not rows:
        return {}
    in_sites = leads["lead_id"].isin(list(site_by_lead(sites)))
    leads = leads[in_sites]  # so that every stage finds the same, whichever leads it holds
    site_of = site_by_tail(sites, leads)
    spoken_of = leads[leads["report_id"].isin([row.subject for row in rows.values()])]
    of_record = spoken_of.groupby("report_id")["lead_id"].agg(list).to_dict()
    groups: dict[Thing, list[int]] = defaultdict(list)
    for position in sorted(rows, key=lambda position: rows[position].row):  # what holds for a correction stands behind
        for thing in _things(rows[position], site_of, of_record):
            groups[thing].append(position)
    return {
        thing: dict(zip(positions, settle([rows[position] for position in positions]), strict=True))
        for thing, positions in groups.items()
    }


def _readable(decisions: pd.DataFrame) -> dict[int, Decision]:
    """Position in `decisions` → the row, of those that may speak of a site."""
    columns = ([word or "" for word in cells(decisions, name)] for name in FIELDS)
    rows = (
        Decision(row, **dict(zip(FIELDS, own, strict=True)))
        for row, *own in zip(decisions["row"], *columns, strict=True)
    )
    return {
        position: row
        for position, (row, effect) in enumerate(zip(rows, decisions["effect"], strict=True))
        if effect != UNREADABLE and TOPICS[row.decision] != "located_at"
    }


def _things(said: Decision, site_of: Mapping[str, str], of_record: Mapping[str, list[str]]) -> list[Thing]:
    """What a row speaks of that stands in this run."""
    topic, ids = TOPICS[said.decision], said.subject.split()
    if topic == "fate":
        tails = (one[1:] for one in of_record.get(said.subject, ids))
        return [(topic, site_id) for site_id in dict.fromkeys(site_of[tail] for tail in tails if tail in site_of)]
    site_id = site_of.get(ids[0][1:]) if ids[0].startswith("S") else None
    if site_id is None or (topic == "pair" and ids[1][1:] in site_of):
        return []
    return [(topic, site_id, *ids[1:])]


def counting_on_sites(decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame) -> dict[Thing, Decision]:
    """Thing → the row in force there (of stages/decided.py contest), of several that agree the latest; the earliest day first."""
    is_in_force = decisions["effect"].eq(IN_FORCE).tolist()
    rows = _readable(decisions)
    counting = [
        (rows[position], thing)
        for thing, standings in settle_on_sites(decisions, sites, leads).items()
        for position, standing in standings.items()
        if standing.effect == IN_FORCE and is_in_force[position]
    ]
    return {thing: said for said, thing in sorted(counting, key=lambda one: (one[0].date, one[0].row))}


def fates_by_site(decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame) -> dict[str, Decision]:
    """site_id → the row that says what shall become of it."""
    counting = counting_on_sites(decisions, sites, leads)
    return {site_id: said for (topic, site_id, *_), said in counting.items() if topic == "fate"}
