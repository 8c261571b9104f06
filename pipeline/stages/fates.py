"""fates: what persons said of pairs, cases and ground – what goes together, what a case is, what stays on the list."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd

from pipeline.declare import shape_table
from pipeline.geometry import union_all
from pipeline.intake.decision_rows import Decision
from pipeline.intake.words.codes import NO_PROBLEM
from pipeline.intake.words.dates import parse_date
from pipeline.merging.said import fates_by_site, in_force, rows_by_tail, site_by_lead, site_by_tail
from pipeline.tables import CASES, JUDGED, LEDGER
from pipeline.text import say

Pairs = dict[tuple[str, str], str]


class Fate(NamedTuple):
    """What a person said shall become of a site: decision, E-reason or empty, and the whole in words."""

    decision: str
    value: str
    words: str


def lead_pairs(decisions: pd.DataFrame, leads: pd.DataFrame) -> Pairs:
    """(lead_id, lead_id) → same or apart, of leads or of sites by their first leads."""
    told = in_force(decisions, "same", "apart")
    row_of, ids = rows_by_tail(leads) if told else {}, leads["lead_id"].tolist()
    found: Pairs = {}
    for said in told:
        one, other = (row_of.get(part[1:]) for part in said.subject.split())
        if one is not None and other is not None and one != other:
            found[ids[one], ids[other]] = said.decision
    return found


def case_pairs(decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame, cases: pd.DataFrame) -> Pairs:
    """(site_id, problem_id) → same or apart; a word that parts two leads parts a site from the case that holds the other one.

    `own`: the ledger's case holds a lead of the site, so that the site is not asked whether it is itself.
    """
    stands_in, known = site_by_lead(sites), set(cases["problem_id"])
    told = in_force(decisions, "same", "apart")
    site_of = site_by_tail(sites, leads) if told else {}
    held: dict[str, list[str]] = {}
    found: Pairs = {}
    for problem_id, source_id, lead_ids in zip(cases["problem_id"], cases["source_id"], cases["lead_ids"], strict=True):
        for lead_id in lead_ids if source_id == LEDGER else ():
            held.setdefault(lead_id[1:], []).append(problem_id)
            if lead_id in stands_in:  # the lead itself: one that corrects it is asked about
                found[stands_in[lead_id], problem_id] = "own"
    for said in told:
        parts = said.subject.split()
        for one, other in (parts, parts[::-1]):
            if one[0] not in "SCL" or one[1:] not in site_of:
                continue
            if other in known:
                found[site_of[one[1:]], other] = said.decision
            elif said.decision == "apart":
                for problem_id in held.get(other[1:], []):
                    found.setdefault((site_of[one[1:]], problem_id), "apart")
    return found


def judged_cases(
    decisions: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    leads: gpd.GeoDataFrame,
    language: str,
    cycles: Mapping[str, date] | None = None,
) -> tuple[pd.DataFrame, dict[str, Fate]]:
    """(cases, fates): the ground that persons judged, as cases that later leads are matched with, and what was said of each.

    Ground is that of the leads that the run of the decision's cycle had (`cycles`: name → as of), or that had been received
    by the day of the decision where it names no cycle: so nothing is asked twice, and what came later shows.
    `fates` has the problem_id of such a case, or the site_id of a site to keep. A word of a lead holds for its site and one of
    a record for the sites of its leads; of several that count on one site the latest is named.
    """
    said_of = fates_by_site(decisions, sites, leads)
    spoken_of = sites[sites["site_id"].isin(list(said_of))]
    by_id = {site.site_id: site for site in spoken_of.itertuples()}
    own = {lead.lead_id: lead for lead in leads[leads["lead_id"].isin(spoken_of["lead_ids"].explode())].itertuples()}
    rows: list[dict[str, Any]] = []
    fates: dict[str, Fate] = {}
    for site_id, said in said_of.items():
        site, words = by_id[site_id], _words(said, language)
        fate = Fate(said.decision, said.value if isinstance(said.value, str) else "", words)
        if said.decision == "keep" or fate.value == "E9" or isinstance(site.doubt, str):
            fates[site.site_id] = fate  # where it lies is not known: no ground to remember
            continue
        seen = [own[lead_id] for lead_id in site.lead_ids]
        looked_until = _looked_until(said, cycles or {})
        seen = [lead for lead in seen if lead.received <= looked_until] or seen[:1]
        rows.append(_judged_ground(site, seen, said.date, words))
        fates[str(rows[-1]["problem_id"])] = fate
    return pd.DataFrame(rows, columns=CASES.names), fates


def _judged_ground(site: Any, seen: list[Any], day: str, words: str) -> dict[str, Any]:
    """The case of a site that a person judged: the ground of the leads that were `seen`."""
    outlines = [lead.geometry for lead in seen if lead.area_m2 > 0]
    return {
        "problem_id": "N" + site.site_id[1:],
        "source_id": JUDGED,
        "lead_ids": [lead.lead_id for lead in seen],
        "state": NO_PROBLEM,
        "closed_date": day,
        "is_closed": False,
        "activity_l1": site.activity_l1,
        "judged": words,
        "known_since": day,
        "position_accuracy_m": site.position_accuracy_m,
        "case_geometry": "outline" if outlines else "point",
        "geometry": union_all(outlines) if outlines else seen[0].geometry,
    }


def _looked_until(said: Decision, cycles: Mapping[str, date]) -> str:
    """The day up to which what had been received was looked at: as of the run of the decision, else the day of the decision.

    A spreadsheet takes the name of a cycle, 2023-09, for a date and writes it anew.
    """
    rewritten = parse_date(said.cycle)
    own = [
        day
        for name, day in cycles.items()
        if name == said.cycle or (rewritten and parse_date(name) == rewritten[: len(name)])
    ]
    return str(own[0]) if own else said.date


def own_ground(judged: pd.DataFrame) -> Pairs:
    """(site_id, problem_id) → same: the ground that a person judged belongs to the site it was judged as."""
    return {("S" + problem_id[1:], problem_id): "same" for problem_id in judged["problem_id"]}


def overrule(cases: gpd.GeoDataFrame, decisions: pd.DataFrame, language: str) -> gpd.GeoDataFrame:
    """`cases` with those that a person said are no problem (not_a_problem of a case) judged so."""
    told = {said.subject: said for said in in_force(decisions, "not_a_problem")}
    ids = cases["problem_id"].tolist()
    judged = [
        _words(told[one], language) if one in told else old for one, old in zip(ids, cases["judged"], strict=True)
    ]
    is_told = cases["problem_id"].isin(list(told)).to_numpy()
    days = [told[one].date if one in told else old for one, old in zip(ids, cases["closed_date"], strict=True)]
    told_cases = cases.assign(
        judged=judged, closed_date=days, state=cases["state"].where(~is_told, NO_PROBLEM),
        is_closed=cases["is_closed"].where(~is_told, False),
    )  # fmt: skip
    return gpd.GeoDataFrame(shape_table(told_cases, CASES), geometry="geometry", crs=cases.crs)


def _words(said: Any, language: str) -> str:
    """A decision on ground in words: when, with which result. Role and reason stay in the house: this goes to the field."""
    result = say(language, f"match.result_{said.decision}")
    codes = [say(language, f"labels.{said.value}")] if isinstance(said.value, str) and said.value else []
    between = "，" if language == "zh" else ", "
    return say(language, "match.judged_by", day=said.date, result=between.join([result, *codes]))
