"""sites: leads that are one place and one event become one row, with their growth over the periods."""

import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.declare import cells, shape_table
from pipeline.geometry import AREA_DECIMALS, Shapes, area_m2, part_within
from pipeline.intake.words.codes import UNKNOWN_ACTIVITY, UNKNOWN_CHANGE
from pipeline.intake.words.dates import period_order
from pipeline.merging.history import History, history_of
from pipeline.merging.joining import NO_SITE
from pipeline.merging.pairs import PERSON
from pipeline.merging.said import site_by_lead
from pipeline.tables import GROWTH, SITES


class Lead(NamedTuple):
    """What a site is made of: a lead and what `members` says of it; None for an empty cell."""

    lead_id: str
    root_lead_id: str
    source_id: str
    kind: str
    received: str
    period: str | None
    prev_date: str | None
    curr_date: str | None
    activity_l1: str | None
    activity_l2: str
    change_type: str
    area_m2: float
    position_accuracy_m: float
    doubt: str | None
    corrects: list[str] | None
    geometry: Any
    site_no: int
    born_no: int | None
    parted_from: str | None
    review_reason: str | None


def build_sites(
    leads: gpd.GeoDataFrame, members: pd.DataFrame, boundary: Any = None, merges: pd.DataFrame | None = None
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Tables sites and growth from leads and their site_no (stage merge), in the CRS of `leads`.

    `boundary` is the district or None; `merges` tells the neighbours and what persons joined. The site_id comes from the
    lead received first, or from the one that it corrects: it stays when later leads join, when a record is corrected, and
    when a later lead or a person makes one of two sites – then absorbed_ids names the other.
    """
    groups = _groups(leads, members)
    with ThreadPoolExecutor(1) as beside:  # most of the history is made without Python's lock
        making = beside.submit(_history, groups)
        frame = pd.DataFrame([_site(group) for group in groups], columns=SITES.names)
        history, rows = making.result()
    totals_m2, new_m2 = (_areas_m2(shapes, leads.crs) for shapes in (history.ground, history.new))
    shapes = np.empty(len(groups), dtype=object)
    shapes[:] = [history.whole[k] if k in history.whole else _best(group) for k, group in enumerate(groups)]
    inside = shapes if boundary is None else part_within(shapes, boundary)
    frame = frame.assign(geometry=shapes, area_m2=area_m2(shapes, leads.crs), in_place_m2=area_m2(inside, leads.crs))
    grown: list[dict[str, float]] = [{} for _ in groups]
    for site, period, total_m2 in zip(history.site.tolist(), history.period, totals_m2, strict=True):
        grown[site][period] = round(total_m2 - sum(grown[site].values()), AREA_DECIMALS)
    frame["growth"] = [json.dumps(own) for own in grown]
    frame["joined_by"] = _joined_by(groups, frame, merges)
    frame["split_from"] = _split_from(groups, frame)
    frame["neighbour_ids"] = _neighbours(frame, merges)
    growth = pd.DataFrame(
        {
            "site_id": frame["site_id"].to_numpy()[history.site],
            "period": history.period,
            "lead_ids": [[rows[lead].lead_id for lead in own] for own in history.leads],
            "new_m2": new_m2,
            "total_m2": totals_m2,
            "geometry": history.new,
        }
    )
    sites, growth = shape_table(frame, SITES), shape_table(growth, GROWTH)
    return (
        gpd.GeoDataFrame(sites, geometry="geometry", crs=leads.crs),
        gpd.GeoDataFrame(growth, geometry="geometry", crs=leads.crs),
    )


def _history(groups: list[list[Lead]]) -> tuple[History, list[Lead]]:
    """The history of the sites by their number, and the outlines that its rows speak of."""
    outlines = [(k, lead) for k, leads in enumerate(groups) for lead in leads if lead.area_m2 > 0]
    shapes = np.empty(len(outlines), dtype=object)
    shapes[:] = [lead.geometry for _, lead in outlines]
    sites = np.array([k for k, _ in outlines], dtype=np.int64)
    return history_of(sites, [lead.period for _, lead in outlines], shapes), [lead for _, lead in outlines]


def _areas_m2(shapes: Shapes, crs: Any) -> list[float]:
    areas: list[float] = area_m2(shapes, crs).round(AREA_DECIMALS).tolist()
    return areas


def names_of(sites: pd.DataFrame, leads: pd.DataFrame) -> dict[str, list[str]]:
    """site_id → what the places of its leads are called."""
    names = leads.dropna(subset="name").set_index("lead_id")["name"].to_dict()
    found = {
        site_id: sorted({names[lead_id] for lead_id in lead_ids if lead_id in names})
        for site_id, lead_ids in zip(sites["site_id"], sites["lead_ids"], strict=True)
    }
    return {site_id: own for site_id, own in found.items() if own}


def _groups(leads: gpd.GeoDataFrame, members: pd.DataFrame) -> list[list[Lead]]:
    """The leads of each site in joining order."""
    leads = leads if "root_lead_id" in leads else leads.assign(root_lead_id=leads["lead_id"])
    own = pd.DataFrame(leads)[[name for name in Lead._fields if name in leads]]
    both = members.merge(own, on="lead_id", validate="one_to_one").sort_values("site_no", kind="stable")
    rows = map(Lead._make, zip(*(cells(both, name) for name in Lead._fields), strict=True))
    return [list(group) for _, group in groupby(rows, key=lambda lead: lead.site_no)]


def _first(leads: list[Lead]) -> Lead:
    return min(leads, key=lambda lead: (lead.received, lead.root_lead_id))


def _id_of(leads: list[Lead]) -> str:
    return "S" + str(_first(leads).root_lead_id)[1:]


def _site(leads: list[Lead]) -> dict[str, object]:
    """One site from its leads, given in joining order; what needs its shape comes later."""
    periods = sorted({lead.period for lead in leads if lead.period}, key=period_order)
    activity_l1 = next((lead.activity_l1 for lead in leads if lead.activity_l1), None)
    doubts = [lead.doubt for lead in leads if lead.doubt]
    reasons = doubts + [lead.review_reason for lead in leads if lead.review_reason]
    return {
        "site_id": _id_of(leads),
        "lead_ids": [lead.lead_id for lead in leads],
        "first_period": periods[0] if periods else None,
        "last_period": periods[-1] if periods else None,
        "n_sources": len({lead.source_id for lead in leads}),
        "is_text_only": all(lead.kind == "reports" for lead in leads),
        "activity_l1": activity_l1,
        "activity_l2": _most_specific([lead.activity_l2 for lead in leads if lead.activity_l1 == activity_l1]),
        "change_type": _latest_change(leads),
        "prev_date": min((lead.prev_date for lead in leads if lead.prev_date), default=None),
        "curr_date": max((lead.curr_date for lead in leads if lead.curr_date), default=None),
        "position_accuracy_m": min(lead.position_accuracy_m for lead in leads),
        "doubt": doubts[0] if doubts else None,
        "corrected_leads": list(
            dict.fromkeys(old for lead in leads if lead.corrects is not None for old in lead.corrects)
        ),
        "absorbed_ids": _absorbed(leads),
        "needs_review": bool(reasons),
        "review_reason": reasons[0] if reasons else None,
    }


def _most_specific(codes: list[str]) -> str:
    """The most frequent of the longest codes (A11 says more than A1, which says more than unknown)."""
    known = [code for code in codes if code != UNKNOWN_ACTIVITY] or codes
    longest = [code for code in known if len(code) == max(map(len, known))]
    return max(sorted(set(longest)), key=longest.count)


def _latest_change(leads: list[Lead]) -> str:
    known = [lead for lead in leads if lead.change_type != UNKNOWN_CHANGE]
    return str(max(known, key=lambda lead: lead.curr_date or "").change_type) if known else UNKNOWN_CHANGE


def _absorbed(leads: list[Lead]) -> list[str]:
    """The ids of the sites that stood apart until a lead or a person joined them, but for the one whose id stays."""
    by_birth: dict[Any, list[Lead]] = defaultdict(list)
    for lead in leads:
        by_birth[lead.born_no].append(lead)
    if len(by_birth) == 1:
        return []
    by_birth.pop(NO_SITE, None)
    return sorted({_id_of(own) for own in by_birth.values()} - {_id_of(leads)})


def _joined_by(groups: list[list[Lead]], sites: pd.DataFrame, merges: pd.DataFrame | None) -> list[str | None]:
    """Per site that took in others whether a later lead joined them, a person or both; None where it took in none."""
    if not sites["absorbed_ids"].map(len).any():
        return [None] * len(groups)
    born = {lead.lead_id: lead.born_no for leads in groups for lead in leads}
    told = set()
    if merges is not None:
        rows = merges[(merges["rule"] == PERSON) & (merges["decision"] == "same")]
        told = {a for a, b in zip(rows["lead_a"], rows["lead_b"], strict=True) if born[a] != born[b]}
    found = []
    for leads, absorbed in zip(groups, sites["absorbed_ids"], strict=True):
        by_lead = any(lead.born_no == NO_SITE for lead in leads)
        by_person = any(lead.lead_id in told for lead in leads)
        found.append(("both" if by_lead and by_person else "lead" if by_lead else "person") if absorbed else None)
    return found


def _split_from(groups: list[list[Lead]], sites: pd.DataFrame) -> list[str | None]:
    """Per site the site that a person parted it from, None for most."""
    if not any(lead.parted_from for leads in groups for lead in leads):
        return [None] * len(groups)
    site_of = site_by_lead(sites)
    found = [
        next((site_of[lead.parted_from] for lead in leads if lead.parted_from in site_of), None) for leads in groups
    ]
    return [None if other == site_id else other for other, site_id in zip(found, sites["site_id"], strict=True)]


def _neighbours(sites: pd.DataFrame, merges: pd.DataFrame | None) -> list[list[str]]:
    """Per site the others that one of its leads was judged against."""
    site_of = site_by_lead(sites)
    near: dict[str, set[str]] = defaultdict(set)
    pairs = () if merges is None else zip(cells(merges, "lead_a"), cells(merges, "lead_b"), strict=True)
    for lead_a, lead_b in pairs:
        a, b = site_of[lead_a], site_of[lead_b]
        if a != b:
            near[a].add(b)
            near[b].add(a)
    return [sorted(near[site_id]) for site_id in sites["site_id"]]


def _best(leads: list[Lead]) -> Any:
    """Of points the one placed best."""
    return min(leads, key=lambda lead: (lead.position_accuracy_m, lead.lead_id)).geometry
