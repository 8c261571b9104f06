"""match: how each site stands to the known cases – same, grown, rebound, adjacent, or for a person to decide."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.declare import shape_table
from pipeline.engine.contact import front, survives_shrinking
from pipeline.geometry import fill_holes, polygons_of, union_all
from pipeline.intake.words.codes import to_state
from pipeline.intake.words.dates import date_span
from pipeline.rules import Rules
from pipeline.tables import CASES, MATCHES
from pipeline.text import say

OPEN_STATE = "B9"
CLOSED_STATES = ("B11", "B12", "B13", "B14", "B15")
NEW_ACTIVITY = ("C1", "C2", "C9")


def build_cases(leads: gpd.GeoDataFrame, ledger: pd.DataFrame) -> gpd.GeoDataFrame:
    """Table cases: one per lead of a known source (or point with an old state), and the `ledger`'s own (same columns)."""
    known = leads[leads["case_geometry"].notna()]
    states = [to_state(word) or OPEN_STATE for word in known["legacy_state"]]
    cases = known.assign(
        problem_id=["K" + lead_id[1:] for lead_id in known["root_lead_id"]],
        lead_ids=[[lead_id, *old] for lead_id, old in zip(known["lead_id"], known["corrects"], strict=True)],
        state=states,
        is_closed=[state in CLOSED_STATES for state in states],
        known_since=known["curr_date"].fillna(known["received"]),
    )
    both = [frame[CASES.names] for frame in (cases, ledger) if len(frame)]
    frame = shape_table(pd.concat(both, ignore_index=True) if both else pd.DataFrame(columns=CASES.names), CASES)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=leads.crs)


@dataclass(frozen=True)
class Contact:
    """One site against one case, measured."""

    gap_m: float
    overlap_m2: float
    containment: float
    outside_m2: float
    front_m: float
    front_share: float
    is_true_overlap: bool
    is_front: bool


def match(
    sites: gpd.GeoDataFrame, cases: gpd.GeoDataFrame, layers: gpd.GeoDataFrame, rules: Rules, language: str = "zh"
) -> gpd.GeoDataFrame:
    """Table matches: every site with every case near it. All frames share one CRS in metres.

    `layers` (features that count) tells whether a site reaches a layer or zone that the case did not touch.
    """
    located = cases[cases.geometry.notna()].reset_index(drop=True)
    sites = sites.reset_index(drop=True)
    reach_m = max(rules.match.adjacent_m, rules.merge.points_review_m)
    found = shapely.STRtree(located.geometry.to_numpy()).query(
        sites.geometry.to_numpy(), predicate="dwithin", distance=reach_m
    )
    near: dict[int, list[int]] = defaultdict(list)
    for i, j in sorted(zip(*found.tolist(), strict=True)):
        near[i].append(j)
    rivals = _nearest_sites(sites, near, located)
    counted = layers[layers["counts"].astype(bool)]
    rows = []
    for i, case_rows in near.items():
        known = union_all([shape for j in case_rows if (shape := polygons_of(located.geometry[j])) is not None])
        new_ground = polygons_of(shapely.difference(sites.geometry[i], known)) if sites["area_m2"][i] else None
        for j in case_rows:
            judged = _judge(sites.loc[i], located.loc[j], rivals[j], known, counted, rules, language)
            if judged is not None:
                rows.append({**judged, "geometry": new_ground})
    frame = shape_table(pd.DataFrame(rows, columns=MATCHES.names), MATCHES)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=sites.crs)


def _nearest_sites(
    sites: gpd.GeoDataFrame, near: dict[int, list[int]], cases: gpd.GeoDataFrame
) -> dict[int, list[tuple[float, str]]]:
    """case row → (distance m, site_id) of the sites near it, nearest first: points and boxes must be unambiguous."""
    rivals: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for i, case_rows in near.items():
        for j in case_rows:
            gap_m = float(shapely.distance(sites.geometry[i], cases.geometry[j]))
            rivals[j].append((gap_m, str(sites["site_id"][i])))
    return {j: sorted(found) for j, found in rivals.items()}


def _judge(
    site: Any,
    case: Any,
    rivals: list[tuple[float, str]],
    known: Any,
    layers: gpd.GeoDataFrame,
    rules: Rules,
    language: str,
) -> dict[str, object] | None:
    contact = _measure(site, case, rules)
    agrees = pd.notna(site["activity_l1"]) and site["activity_l1"] == case["activity_l1"]
    differs = pd.notna(site["activity_l1"]) and pd.notna(case["activity_l1"]) and not agrees
    if case["case_geometry"] == "outline" and site["area_m2"] > 0:
        relation, why = _against_outline(site, case, contact, agrees, differs, known, layers, rules)
    elif case["case_geometry"] == "box" and site["area_m2"] > 0:
        relation, why = _against_box(case, contact, agrees, differs, rivals, rules)
    else:
        relation, why = _against_point(site, case, contact, agrees, differs, rivals, rules)
    if relation is None:
        return None
    return {
        "site_id": site["site_id"],
        "problem_id": case["problem_id"],
        "case_geometry": case["case_geometry"],
        "relation": relation,
        "overlap_m2": contact.overlap_m2,
        "outside_m2": contact.outside_m2,
        "front_m": contact.front_m,
        "front_share": contact.front_share,
        "gap_m": contact.gap_m,
        "reason": say(
            language, f"match.{why}", case=_case_name(case), state=case["state"], closed=case["closed_date"],
            overlap=contact.overlap_m2, outside=contact.outside_m2, front=np.nan_to_num(contact.front_m),
            share=np.nan_to_num(contact.front_share), gap=contact.gap_m,
        ),
    }  # fmt: skip


def _case_name(case: Any) -> str:
    return f"{case['problem_id']} ({case['orig_no']})" if pd.notna(case["orig_no"]) else str(case["problem_id"])


def _measure(site: Any, case: Any, rules: Rules) -> Contact:
    a, b = site["geometry"], case["geometry"]
    gap_m = float(shapely.distance(a, b))
    if not (a.area and b.area):
        return Contact(gap_m, 0.0, 0.0, float(a.area), np.nan, np.nan, False, False)
    overlap_m2 = float(shapely.intersection(a, b).area)
    containment = overlap_m2 / min(a.area, b.area)
    filled_a, filled_b = fill_holes(a), fill_holes(b)
    is_true = containment >= rules.merge.true_overlap_share and survives_shrinking(
        filled_a, filled_b, rules.merge.registration_error_m / 2, rules.merge.true_overlap_left_share
    )
    front_m, share, is_front = np.nan, np.nan, False
    for within_m, ends_m, needed in (
        (rules.merge.exact_front_gap_m, 0.0, rules.merge.exact_front_share),
        (rules.merge.drawn_front_gap_m, 2 * rules.merge.drawn_front_gap_m, rules.merge.drawn_front_share),
    ):
        if gap_m <= within_m and not is_front:
            front_m, share = front(filled_a, filled_b, within_m, ends_m)
            is_front = front_m >= rules.merge.front_m and share >= needed
    outside_m2 = float(a.area) - overlap_m2
    return Contact(gap_m, overlap_m2, containment, outside_m2, front_m, share, is_true, is_front)


Verdict = tuple[str | None, str]


def _against_outline(
    site: Any,
    case: Any,
    contact: Contact,
    agrees: bool,
    differs: bool,
    known: Any,
    layers: gpd.GeoDataFrame,
    rules: Rules,
) -> Verdict:
    if contact.gap_m > rules.match.adjacent_m:
        return None, ""
    if case["is_closed"] and _is_rebound_ground(case, contact, rules):
        return _against_closed(site, case, differs)
    if contact.is_true_overlap:
        if not agrees:
            return ("review", "other_activity") if differs else ("review", "unknown_activity")
        if case["is_closed"]:
            return "adjacent", "beside_closed"
        return ("same", "same") if _is_known(site, case, known, layers, rules) else ("grown", "grown_overlap")
    if contact.is_front and not case["is_closed"] and not differs:
        is_later = _is_later(site, case)
        if is_later and agrees:
            return "grown", "grown_front"
        if is_later or (is_later is None and agrees):
            return "review", "unknown_activity" if is_later else "unsure_later"
    if contact.containment >= rules.merge.near_containment and not differs:
        return "review", "some_overlap"
    return "adjacent", "beside_closed" if case["is_closed"] else "beside"


def _is_rebound_ground(case: Any, contact: Contact, rules: Rules) -> bool:
    share = contact.overlap_m2 / case["geometry"].area
    return contact.overlap_m2 >= rules.match.rebound_m2 or share >= rules.match.rebound_share


def _against_closed(site: Any, case: Any, differs: bool) -> Verdict:
    """R14: new ground on a closed footprint, seen after the closing, is a suspected rebound."""
    if site["change_type"] not in NEW_ACTIVITY:
        return "adjacent", "beside_closed"
    if pd.isna(case["closed_date"]) or pd.isna(site["curr_date"]):
        return "review", "closed_undated"
    closed_first, closed_last = date_span(case["closed_date"])
    seen_first, seen_last = date_span(site["curr_date"])
    if seen_first > closed_last:
        return ("review", "other_activity") if differs else ("rebound", "rebound")
    return ("same", "before_closing") if seen_last <= closed_first else ("review", "closed_undated")


def _is_later(site: Any, case: Any) -> bool | None:
    """Whether the site was seen after the case was: growth needs time. None where the dates are too coarse to say."""
    if pd.isna(site["curr_date"]) or pd.isna(case["known_since"]):
        return False
    seen, known = date_span(site["curr_date"]), date_span(case["known_since"])
    if seen[0] > known[1]:
        return True
    return None if seen[1] > known[0] and seen != known else False


def _is_known(site: Any, case: Any, known: Any, layers: gpd.GeoDataFrame, rules: Rules) -> bool:
    """Little enough lies outside the known ground and its tolerance, and no layer or zone is new to the case."""
    tolerance_m = float(np.hypot(site["position_accuracy_m"], case["position_accuracy_m"]))
    outside = shapely.difference(site["geometry"], shapely.buffer(known, tolerance_m, quad_segs=4))
    near = layers.iloc[np.sort(layers.sindex.query(site["geometry"], predicate="intersects"))]
    touched = _touched(near, site["geometry"], rules)
    is_strict = any(name == "wetland" or zone in ("Z1", "Z12", "N1") for name, zone in touched)
    smallest_m2 = (
        rules.overlap.sliver_m2
        if is_strict
        else rules.areas.min_other_m2
        if site["activity_l1"] == "A7"
        else rules.areas.min_construction_m2
    )
    is_little = outside.area <= rules.match.same_outside_share * site["geometry"].area and outside.area < smallest_m2
    return bool(is_little) and touched <= _touched(near, shapely.buffer(case["geometry"], tolerance_m), rules)


def _touched(layers: gpd.GeoDataFrame, shape: Any, rules: Rules) -> set[tuple[str, str | None]]:
    """(class, zone) of the features that share more than a sliver with `shape`."""
    shared_m2 = shapely.area(shapely.intersection(layers.geometry.to_numpy(), shape))
    counts = shared_m2 >= rules.overlap.sliver_m2
    zones = layers["zone"].where(layers["zone"].notna(), None)
    return set(zip(layers["layer_class"][counts], zones[counts], strict=True))


def _against_box(
    case: Any, contact: Contact, agrees: bool, differs: bool, rivals: list[tuple[float, str]], rules: Rules
) -> Verdict:
    """A box says little: automatic only with half of the smaller in common, one activity and one site."""
    if contact.gap_m > rules.match.adjacent_m:
        return None, ""
    on_it = [gap for gap, _ in rivals if gap == 0]
    if contact.containment >= rules.match.box_share and agrees and len(on_it) == 1 and not case["is_closed"]:
        return "same", "same_box"
    if contact.overlap_m2 > 0 and not differs:
        return "review", "box"
    return "adjacent", "beside_closed" if case["is_closed"] else "beside"


def _against_point(
    site: Any, case: Any, contact: Contact, agrees: bool, differs: bool, rivals: list[tuple[float, str]], rules: Rules
) -> Verdict:
    """R10, R11 and R14 where the case, the site or both are points."""
    both_points = site["area_m2"] == 0 and case["case_geometry"] == "point"
    accuracy_m = max(site["position_accuracy_m"] if site["area_m2"] == 0 else 0.0, case["position_accuracy_m"])
    same_m = rules.merge.points_same_m if both_points else rules.merge.point_same_m
    review_m = max(rules.merge.point_review_m, accuracy_m) + rules.merge.point_review_extra_m
    review_m = rules.merge.points_review_m if both_points else review_m
    if differs:
        return ("adjacent", "beside") if contact.gap_m <= rules.match.adjacent_m else (None, "")
    if contact.gap_m > review_m:
        return None, ""
    if case["is_closed"]:
        if contact.gap_m > rules.match.rebound_point_m:
            return ("adjacent", "beside_closed") if contact.gap_m <= rules.match.adjacent_m else (None, "")
        return _against_closed(site, case, differs)
    others = [gap for gap, site_id in rivals if site_id != site["site_id"]]
    is_clear = all(gap >= contact.gap_m + rules.merge.point_margin_m for gap in others)
    if agrees and contact.gap_m <= same_m and is_clear:
        return "same", "same_point"
    return "review", "point"
