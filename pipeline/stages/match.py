"""match: how each site stands to the known cases – same, grown, rebound, adjacent, or for a person to decide."""

import heapq
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.declare import cells, shape_table
from pipeline.geometry import area_m2, polygons_of
from pipeline.intake.words.names import alike
from pipeline.merging.against import (
    BELONGS,
    NOTHING_SEEN,
    Meeting,
    Verdict,
    activities_differ,
    judge,
    judge_told_same,
    name_of_case,
)
from pipeline.merging.closed import OnClosed, Seen, seen_on_closed
from pipeline.merging.known import grounds
from pipeline.merging.near import Pairs, Said, pair_up
from pipeline.rules import Rules
from pipeline.tables import MATCHES
from pipeline.text import say

NUMBERS = ("overlap_m2", "outside_m2", "front_m", "front_share", "gap_m")
SITE_CELLS = ("site_id", "activity_l1", "area_m2", "position_accuracy_m", "is_text_only")
SHOWN_FROM_M = 1.0  # a corner has no edge to speak of


def match(
    sites: gpd.GeoDataFrame,
    cases: gpd.GeoDataFrame,
    layers: gpd.GeoDataFrame,
    rules: Rules,
    language: str = "zh",
    names: Mapping[str, list[str]] | None = None,
    said: Said | None = None,
    growth: gpd.GeoDataFrame | None = None,
    leads: pd.DataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Table matches: every site with every case near it. All frames share one CRS in metres.

    `layers` (features that count) tells whether a site reaches a layer or zone that the case did not touch. `names`: site_id →
    what its place is called, for cases of which only a name is known. `said`: (site_id, problem_id) → same or apart, where a
    person decided, or own, where the case holds a lead of the site; that goes before every rule. `growth` (table): a front of
    what a site began with is a front of the site. `leads` (table): what of a site was seen before and after a case was closed
    or judged; without them a site has one date.
    """
    sites, names, said = sites.reset_index(drop=True), names or {}, said or {}
    has_ground = cases.geometry.notna()
    located, unlocated = cases[has_ground].reset_index(drop=True), cases[~has_ground].reset_index(drop=True)
    pairs = pair_up(sites, located, rules, said, growth)
    rows = _by_place(sites, located, pairs, layers, leads, rules, language)
    rows += _by_name(sites, unlocated, names, rules, language, said)
    frame = pd.DataFrame(rows, columns=MATCHES.names)
    frame["new_m2"] = area_m2(frame["geometry"].to_numpy(dtype=object), sites.crs)
    frame = _with_others(frame)
    return gpd.GeoDataFrame(shape_table(frame, MATCHES), geometry="geometry", crs=sites.crs)


def _by_place(
    sites: gpd.GeoDataFrame,
    cases: gpd.GeoDataFrame,
    pairs: Pairs,
    layers: gpd.GeoDataFrame,
    leads: pd.DataFrame | None,
    rules: Rules,
    language: str,
) -> list[dict[str, Any]]:
    """Rows of sites with cases whose place is known."""
    if not len(pairs.i):
        return []
    contacts, seen = pairs.contacts, _seen(sites.iloc[np.unique(pairs.i)], leads)
    site_rows, case_rows = _rows(sites[list(SITE_CELLS)], pairs.i), _rows(cases, pairs.j)
    is_known, beyond_m2, new_grounds = grounds(sites, cases, pairs, layers, rules)
    rivals = _rivals(site_rows, case_rows, pairs)
    on_closed = _on_closed(site_rows, case_rows, seen, pairs, rules)
    rows = []
    for k, (i, j) in enumerate(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True)):
        meeting = Meeting(
            site_rows[i], seen[site_rows[i].site_id], case_rows[j], contacts.gap_m[k], contacts.overlap_m2[k],
            contacts.containment[k], contacts.is_ground[k], contacts.is_front[k], is_known[k],
            rivals[k].gap_m, rivals[k].containment < rules.merge.near_containment, on_closed.get(k, NOTHING_SEEN),
        )  # fmt: skip
        relation, why = _verdict(meeting, pairs.said[k], rules)
        if why == "beside" and contacts.front_m[k] >= SHOWN_FROM_M and not (meeting.is_front or meeting.differs):
            why = "beside_edge"
        if relation is not None:
            numbers = {name: float(getattr(contacts, name)[k]) for name in NUMBERS}
            row = _row(meeting.site, meeting.case, relation, why, language, new_grounds[i], beyond_m2[k], **numbers)
            rows.append({**row, "is_by_front": why == "grown_front"})
    return _without_fronts_of_neighbours(rows, sites, language)


class _Rival(NamedTuple):
    """Of the other sites that a case may be: how near the nearest is, and how much the one with most shares with the case."""

    gap_m: float
    containment: float


def _rivals(sites: Mapping[int, Any], cases: Mapping[int, Any], pairs: Pairs) -> list[_Rival]:
    """Per pair its rivals: of each case only the two nearest sites and the two that share most with it can be one."""
    near_case: dict[int, list[int]] = defaultdict(list)
    for k, (i, j) in enumerate(zip(pairs.i.tolist(), pairs.j.tolist(), strict=True)):
        if not activities_differ(sites[i], cases[j]):
            near_case[j].append(k)
    gap_m, containment = pairs.contacts.gap_m.tolist(), pairs.contacts.containment.tolist()
    nearest = {j: heapq.nsmallest(2, own, key=gap_m.__getitem__) for j, own in near_case.items()}
    largest = {j: heapq.nlargest(2, own, key=containment.__getitem__) for j, own in near_case.items()}
    return [
        _Rival(
            min((gap_m[other] for other in nearest.get(j, ()) if other != k), default=np.inf),
            max((containment[other] for other in largest.get(j, ()) if other != k), default=-np.inf),
        )
        for k, j in enumerate(pairs.j.tolist())
    ]


def _on_closed(
    sites: Mapping[int, Any], cases: Mapping[int, Any], seen: Mapping[str, list[Seen]], pairs: Pairs, rules: Rules
) -> dict[int, OnClosed]:
    """Number of the pair → what was seen on the footprint, of pairs with a closed case that lie near enough."""
    reach_m = max(rules.match.adjacent_m, rules.match.rebound_point_m)
    near = np.flatnonzero(pairs.contacts.gap_m <= reach_m).tolist()
    at = [k for k in near if cases[int(pairs.j[k])].is_closed]
    closed = [cases[int(pairs.j[k])] for k in at]
    footprints = np.empty(len(at), dtype=object)
    footprints[:] = [case.geometry for case in closed]
    leads = [seen[sites[int(pairs.i[k])].site_id] for k in at]
    return dict(zip(at, seen_on_closed(leads, [case.closed_date for case in closed], footprints, rules), strict=True))


def _rows(frame: pd.DataFrame, rows: npt.NDArray[np.int64]) -> dict[int, Any]:
    """Row number → the row, of the rows that are named."""
    used = np.unique(rows)
    return dict(zip(used.tolist(), frame.iloc[used].itertuples(), strict=True))


def _seen(sites: gpd.GeoDataFrame, leads: pd.DataFrame | None) -> dict[str, list[Seen]]:
    """site_id → its leads; without leads the site as one."""
    names = ["site_id" if leads is None else "lead_id", "geometry", "prev_date", "curr_date", "change_type"]
    rows = sites if leads is None else leads
    own = [Seen(*row) for row in zip(*(cells(rows, name) for name in names), strict=True)]
    if leads is None:
        return {site_id: [one] for site_id, one in zip(sites["site_id"], own, strict=True)}
    by_id = {one.lead_id: one for one in own}
    return {
        site_id: [by_id[lead_id] for lead_id in lead_ids]
        for site_id, lead_ids in zip(cells(sites, "site_id"), sites["lead_ids"], strict=True)
    }


def _without_fronts_of_neighbours(
    rows: list[dict[str, Any]], sites: gpd.GeoDataFrame, language: str
) -> list[dict[str, Any]]:
    """A front on a case is no growth of it where a neighbour that stays apart lies on that case: two places are two."""
    by_front = [row for row in rows if row["is_by_front"]]
    near = dict(zip(cells(sites, "site_id"), sites["neighbour_ids"], strict=True))
    on_case: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["relation"] in BELONGS and not row["is_by_front"]:
            on_case[row["problem_id"]].add(row["site_id"])
    for row in by_front:
        own = on_case[row["problem_id"]].intersection(near[row["site_id"]])
        if own:
            row["relation"] = "adjacent"
            row["reason"] = say(language, "match.beside_neighbour", case=row["problem_id"], site=min(own))
    return rows


def _verdict(meeting: Meeting, answer: str | None, rules: Rules) -> Verdict:
    if answer in ("same", "own"):
        relation, why = judge_told_same(meeting)
        return relation, why.replace("person_", "own_") if answer == "own" else why
    return ("adjacent", "person_apart") if answer == "apart" else judge(meeting, rules)


def _row(
    site: Any, case: Any, relation: str, why: str, language: str, ground: Any, beyond_m2: float, **numbers: float
) -> dict[str, Any]:
    words = {"overlap": 0.0, "outside": 0.0, "front": 0.0, "front_share": 0.0, "gap": 0.0}
    words |= {name.removesuffix("_m2").removesuffix("_m"): value for name, value in numbers.items() if value == value}
    words["outside"] = beyond_m2
    return {
        "site_id": site.site_id,
        "problem_id": case.problem_id,
        "case_geometry": case.case_geometry,
        "relation": relation,
        **numbers,
        "since": case.known_since,
        "reason": say(
            language, f"match.{why}", case=name_of_case(case), state=case.state, closed=case.closed_date, judged=case.judged,
            share=words.pop("front_share"), **words,
        ),
        "geometry": ground,
    }  # fmt: skip


def _by_name(
    sites: gpd.GeoDataFrame,
    cases: gpd.GeoDataFrame,
    names: Mapping[str, list[str]],
    rules: Rules,
    language: str,
    said: Said,
) -> list[dict[str, Any]]:
    """Rows of cases of which no place is known: asked about where a site bears a like name, or as a person said."""
    if cases.empty:
        return []
    site_rows = {site.site_id: site for site in sites.itertuples()}
    case_rows = {case.problem_id: case for case in cases.itertuples()}
    named_sites = [(site_id, name) for site_id, own in names.items() if site_id in site_rows for name in own]
    named_cases = [(case.problem_id, case.name) for case in case_rows.values() if pd.notna(case.name)]
    like = alike([name for _, name in named_sites], [name for _, name in named_cases], rules.match.same_name_share)
    pairs = {(named_sites[a][0], named_cases[b][0]) for a, b in like}
    pairs |= {pair for pair in said if pair[0] in site_rows and pair[1] in case_rows}
    rows = []
    for site_id, problem_id in sorted(pairs):
        site, case, answer = site_rows[site_id], case_rows[problem_id], said.get((site_id, problem_id))
        if answer is None and activities_differ(site, case):
            continue
        relation = {"same": "same", "own": "same", "apart": "adjacent"}.get(answer or "", "review")
        numbers = {"overlap_m2": 0.0, "outside_m2": float(site.area_m2), "gap_m": np.nan}
        ground = polygons_of(site.geometry) if site.area_m2 else None
        why = {"own": "own_same", None: "name"}.get(answer, f"person_{answer}")
        rows.append(_row(site, case, relation, why, language, ground, float(site.area_m2), **numbers))
    return rows


def _with_others(matches: pd.DataFrame) -> pd.DataFrame:
    """Each row with the other cases its site meets, the longest front first."""
    order = matches.assign(shorter=-matches["front_m"].fillna(0), smaller=-matches["overlap_m2"]).sort_values(
        ["site_id", "shorter", "smaller", "gap_m", "problem_id"], kind="stable"
    )
    met: dict[str, list[str]] = defaultdict(list)
    for site_id, problem_id in zip(cells(order, "site_id"), cells(order, "problem_id"), strict=True):
        met[site_id].append(problem_id)
    others = [
        [other for other in met[site_id] if other != problem_id]
        for site_id, problem_id in zip(cells(matches, "site_id"), cells(matches, "problem_id"), strict=True)
    ]
    return matches.assign(other_problem_ids=others)
