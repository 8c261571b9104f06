"""merge: which leads are one place and one event – pairs judged by rules with their evidence, then joined in time.

The rules and why each is as it is: docs/rules.md. Pair rules are never applied transitively: a lead joins the
sites that stand when its turn comes, one at a time, so that no chain can form behind anyone's back.
"""

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.declare import shape_table
from pipeline.engine.contact import common_ground, front, is_coarse_grid, shifted_iou, survives_shrinking
from pipeline.geometry import fill_holes
from pipeline.rules import MergeRules
from pipeline.tables import MERGES
from pipeline.text import say

GROWTH_RULES = ("drawn_front", "exact_front")
GROUND_RULES = ("same_ground", "true_overlap", "point_on_site", "two_points")


def joining_order(leads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leads in the order in which they join: polygons before points, by period, date received, size, id."""
    keys = leads.assign(is_point=leads["area_m2"] == 0, by_period=leads["period"].fillna(""), smaller=-leads["area_m2"])
    ordered = keys.sort_values(["is_point", "by_period", "received", "smaller", "lead_id"], kind="stable")
    return leads.loc[ordered.index].reset_index(drop=True)


def merge(leads: gpd.GeoDataFrame, rules: MergeRules, language: str = "zh") -> tuple[pd.DataFrame, pd.DataFrame]:
    """(merges, members) of leads that may merge: cases, recoveries and what was set aside must not be among them.

    `members` has one row per lead: lead_id, site_no (0, 1 …), review_reason (None where nothing is undecided).
    """
    leads = joining_order(leads)
    pairs = judge_pairs(leads, rules)
    joined = join_in_order(leads, pairs, rules)
    pairs = _settle(pairs, joined)
    said = pairs.fillna({"front_m": 0.0, "front_share": 0.0})
    pairs["reason"] = [_sentence(row, language) for row in said.itertuples()]
    members = pd.DataFrame({"lead_id": leads["lead_id"], "site_no": joined.site_of})
    members["review_reason"] = _review_reasons(len(leads), pairs)
    ids = leads["lead_id"].to_numpy()
    merges = pairs.assign(lead_a=ids[pairs["a"]], lead_b=ids[pairs["b"]])
    return shape_table(merges, MERGES), members


def judge_pairs(leads: gpd.GeoDataFrame, rules: MergeRules) -> pd.DataFrame:
    """Every near pair (a before b in row order) with its numbers, the rule that decides and the decision."""
    leads = leads if "doubt" in leads else leads.assign(doubt=None)
    shapes = np.array([fill_holes(s) if s.area else s for s in leads.geometry], dtype=object)
    is_point = leads["area_m2"].to_numpy() == 0
    accuracy_m = leads["position_accuracy_m"].to_numpy(dtype=float)
    reach_m = np.where(is_point, np.maximum(np.maximum(rules.point_review_m, accuracy_m) + rules.point_review_extra_m,
                                            rules.points_review_m), rules.near_m)  # fmt: skip
    reach_m = np.where(leads["doubt"].notna(), 0.0, reach_m)  # its position waits for a person: it asks about nobody
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=reach_m)
    pairs = pd.DataFrame({"a": np.minimum(left, right), "b": np.maximum(left, right)}).drop_duplicates()
    pairs = pairs[pairs["a"] < pairs["b"]].sort_values(["a", "b"]).reset_index(drop=True)
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    _, pairs["iou"], pairs["containment"] = common_ground(shapes[a], shapes[b])
    pairs["gap_m"] = shapely.distance(shapes[a], shapes[b])
    pairs["front_m"], pairs["front_share"] = np.nan, np.nan
    columns = ["source_id", "period", "shows", "activity_l1", "kind", "position_accuracy_m", "doubt"]
    facts = [_Facts(*row) for row in leads[columns].astype(object).where(leads[columns].notna(), None).to_numpy()]
    judged = [_judge(row, shapes, is_point, facts, rules) for row in pairs.itertuples()]
    pairs["rule"] = [rule for rule, *_ in judged]
    pairs["decision"] = [decision for _, decision, *_ in judged]
    pairs["front_m"] = [front_m for *_, front_m, _ in judged]
    pairs["front_share"] = [share for *_, share in judged]
    return _explain_neighbours(pairs, facts, rules)


@dataclass(frozen=True)
class _Facts:
    source_id: str
    period: str | None
    shows: str | None
    activity_l1: str | None
    kind: str
    position_accuracy_m: float
    doubt: str | None

    @property
    def drawn_in(self) -> tuple[str, str | None]:
        """The layer it was drawn in: one interpreter, one date."""
        return self.source_id, self.period


Judgement = tuple[str, str, float, float]  # rule, decision, front_m, front_share


def _judge(pair: Any, shapes: Any, is_point: Any, facts: list[_Facts], rules: MergeRules) -> Judgement:
    a, b = facts[pair.a], facts[pair.b]
    activity = _agreement(a.activity_l1, b.activity_l1)
    if a.doubt or b.doubt:  # asked about on its own; it must not put its neighbours in question
        return "doubtful", "apart", np.nan, np.nan
    if "reports" in (a.kind, b.kind):
        is_near = pair.gap_m <= max(rules.text_review_m, a.position_accuracy_m, b.position_accuracy_m)
        return ("text", "review" if is_near and activity != "other" else "apart", np.nan, np.nan)
    if is_point[pair.a] or is_point[pair.b]:
        return _judge_point(pair, is_point[pair.a] and is_point[pair.b], activity, a, b, rules)
    return _judge_polygons(pair, shapes[pair.a], shapes[pair.b], activity, a, b, rules)


def _agreement(one: str | None, other: str | None) -> str:
    """same, other or unknown: an unknown activity equals nothing, not even unknown."""
    if one is None or other is None:
        return "unknown"
    return "same" if one == other else "other"


def _judge_point(pair: Any, both: bool, activity: str, a: _Facts, b: _Facts, rules: MergeRules) -> Judgement:
    """R10 and R11; whether a second candidate stands too near is seen when the point joins."""
    rule = "two_points" if both else "point_on_site"
    same_m = rules.points_same_m if both else rules.point_same_m
    review_m = max(rules.point_review_m, a.position_accuracy_m, b.position_accuracy_m) + rules.point_review_extra_m
    review_m = rules.points_review_m if both else review_m
    if activity == "other" or pair.gap_m > review_m:
        return rule, "apart", np.nan, np.nan
    is_same = activity == "same" and pair.gap_m <= same_m
    return rule, "same" if is_same else "review", np.nan, np.nan


def _judge_polygons(
    pair: Any, shape_a: Any, shape_b: Any, activity: str, a: _Facts, b: _Facts, rules: MergeRules
) -> Judgement:
    """R08, R09a and R09 for two outlines."""
    is_same_ground = (
        pair.iou >= rules.same_iou
        or pair.containment >= rules.same_containment
        or (pair.containment > 0 and _is_shifted_twin(shape_a, shape_b, rules))
    )
    if activity == "other":
        is_doubtful = pair.iou >= rules.other_activity_iou or (is_same_ground and pair.iou >= rules.explained_iou)
        return "other_activity", "review" if is_doubtful else "apart", np.nan, np.nan
    if a.drawn_in == b.drawn_in and pair.containment < 0.5:
        return "one_layer", "apart", np.nan, np.nan
    certain = "same" if activity == "same" else "review"  # an unknown activity equals nothing
    if is_same_ground:
        return "same_ground", certain, np.nan, np.nan
    if pair.containment >= rules.true_overlap_share and survives_shrinking(
        shape_a, shape_b, rules.registration_error_m / 2, rules.true_overlap_left_share
    ):
        return "true_overlap", certain, np.nan, np.nan
    is_later = a.period is not None and b.period is not None and b.period > a.period
    front_m, share = np.nan, np.nan
    if is_later and pair.gap_m <= rules.drawn_front_gap_m:
        front_m, share = front(shape_a, shape_b, rules.exact_front_gap_m)
        if front_m >= rules.front_m and share >= rules.exact_front_share:
            return "exact_front", certain, front_m, share
        if not (_is_coarse(shape_a, a, rules) and _is_coarse(shape_b, b, rules)):
            front_m, share = front(shape_a, shape_b, rules.drawn_front_gap_m, ends_m=2 * rules.drawn_front_gap_m)
            if front_m >= rules.front_m and share >= rules.drawn_front_share:
                return "drawn_front", certain, front_m, share
    if _is_coarse(shape_a, a, rules) and _is_coarse(shape_b, b, rules):
        return "coarse_corner", "apart", front_m, share
    is_near = pair.containment >= rules.near_containment or pair.gap_m <= rules.near_m
    return "near", "review" if is_near else "apart", front_m, share


def _is_shifted_twin(a: Any, b: Any, rules: MergeRules) -> bool:
    if min(a.area, b.area) < rules.same_shifted_iou * max(a.area, b.area):
        return False
    return shifted_iou(a, b, rules.registration_error_m) >= rules.same_shifted_iou


def _is_coarse(shape: Any, facts: _Facts, rules: MergeRules) -> bool:
    return facts.position_accuracy_m > rules.coarse_grid_m or is_coarse_grid(shape, rules.coarse_grid_m)


def _explain_neighbours(pairs: pd.DataFrame, facts: list[_Facts], rules: MergeRules) -> pd.DataFrame:
    """R09: a neighbour of a lead that was itself seen again in the neighbour's layer is no growth of it."""
    seen_again = pairs[pairs["rule"].isin(["same_ground", "true_overlap"]) & (pairs["iou"] >= rules.explained_iou)]
    seen_in: dict[int, set[tuple[str, str | None]]] = {}
    for pair in seen_again.itertuples():
        seen_in.setdefault(int(pair.a), set()).add(facts[pair.b].drawn_in)
        seen_in.setdefault(int(pair.b), set()).add(facts[pair.a].drawn_in)
    is_growth = pairs["rule"].isin([*GROWTH_RULES, "near"]) & (pairs["decision"] != "apart")
    explained = [
        bool(grows) and (facts[b].drawn_in in seen_in.get(a, ()) or facts[a].drawn_in in seen_in.get(b, ()))
        for a, b, grows in zip(pairs["a"], pairs["b"], is_growth, strict=True)
    ]
    pairs.loc[explained, "rule"] = "explained"
    pairs.loc[explained, "decision"] = "apart"
    return pairs


@dataclass
class Joined:
    """The state of joining: per lead its site, and the pairs that a bridge or a cap kept from joining."""

    site_of: list[int]
    leads_of: list[list[int]] = field(default_factory=list)
    held_back: dict[tuple[int, int], str] = field(default_factory=dict)  # (a, b) → bridge, cap, two_sites


def join_in_order(leads: gpd.GeoDataFrame, pairs: pd.DataFrame, rules: MergeRules) -> Joined:
    """Each lead in row order joins the one site it belongs to; where that is not one site, it joins none."""
    joined = Joined(site_of=[-1] * len(leads))
    same = pairs[pairs["decision"] == "same"]
    partners: dict[int, list[tuple[int, str]]] = {}
    for pair in same.itertuples():
        partners.setdefault(int(pair.b), []).append((int(pair.a), str(pair.rule)))
    near_points = _candidates_of_points(pairs)
    view = _View(leads, pairs, rules)
    for lead in range(len(leads)):
        ground = [a for a, rule in partners.get(lead, []) if rule in GROUND_RULES]
        growth = [a for a, rule in partners.get(lead, []) if rule in GROWTH_RULES]
        chosen = ground or [a for a in growth if not view.drawn_apart(joined, a, lead)]
        sites = sorted({joined.site_of[a] for a in chosen})
        why = view.why_not(joined, lead, sites, near_points.get(lead, []))
        if sites and why is None:
            _put_together(joined, lead, sites)
        else:
            joined.site_of[lead] = len(joined.leads_of)
            joined.leads_of.append([lead])
            joined.held_back.update({(a, lead): why for a in chosen if why})
    return joined


def _candidates_of_points(pairs: pd.DataFrame) -> dict[int, list[tuple[float, int]]]:
    """Per point its candidates (gap, lead), nearest first, for the margin of R10."""
    found: dict[int, list[tuple[float, int]]] = {}
    is_candidate = pairs["rule"].isin(["point_on_site", "two_points"]) & (pairs["decision"] != "apart")
    for pair in pairs[is_candidate].itertuples():
        found.setdefault(int(pair.b), []).append((float(pair.gap_m), int(pair.a)))
    return {point: sorted(near) for point, near in found.items()}


class _View:
    """What joining looks at: shapes, layers and the caps."""

    def __init__(self, leads: gpd.GeoDataFrame, pairs: pd.DataFrame, rules: MergeRules) -> None:
        self.shapes = leads.geometry.to_numpy()
        self.is_point = leads["area_m2"].to_numpy() == 0
        self.layers = list(zip(leads["source_id"], leads["period"].fillna(""), strict=True))
        self.is_outline = (leads["shows"] == "whole_outline").to_numpy()
        self.accuracy_m = leads["position_accuracy_m"].to_numpy(dtype=float)
        self.extent_m = np.array([_extent_m(shape.bounds) for shape in self.shapes])
        self.rules = rules

    def drawn_apart(self, joined: Joined, a: int, lead: int) -> bool:
        """Whether a's site already holds another lead of the whole-outline layer that `lead` was drawn in."""
        if not self.is_outline[lead]:
            return False
        return any(self.layers[other] == self.layers[lead] for other in joined.leads_of[joined.site_of[a]])

    def why_not(self, joined: Joined, lead: int, sites: list[int], candidates: list[tuple[float, int]]) -> str | None:
        """Why `lead` may not join `sites`: two_sites, bridge or cap; None when it may."""
        if not sites:
            return None
        if self.is_point[lead]:
            nearest = min(gap for gap, a in candidates if joined.site_of[a] in sites)
            rivals = [gap for gap, a in candidates if joined.site_of[a] != sites[0]]
            is_clear = len(sites) == 1 and all(gap >= nearest + self.rules.point_margin_m for gap in rivals)
            return None if is_clear else "two_sites"
        if len(sites) > 1 and not self._may_bridge(joined, sites):
            return "bridge"
        members = [lead, *(other for site in sites for other in joined.leads_of[site])]
        return None if self._within_caps(members) else "cap"

    def _may_bridge(self, joined: Joined, sites: list[int]) -> bool:
        """Sites that lie within bridge_m and were never drawn as two in one whole-outline layer may become one."""
        for k, one in enumerate(sites):
            for other in sites[k + 1 :]:
                first, second = joined.leads_of[one], joined.leads_of[other]
                outlines = {self.layers[i] for i in first if self.is_outline[i]}
                if outlines & {self.layers[i] for i in second if self.is_outline[i]}:
                    return False
                near = shapely.STRtree(self.shapes[first]).query(
                    self.shapes[second], predicate="dwithin", distance=self.rules.bridge_m
                )
                if near.shape[1] == 0:
                    return False
        return True

    def _within_caps(self, members: list[int]) -> bool:
        bounds = shapely.total_bounds(self.shapes[members])
        allowed_m = max(
            self.rules.max_extent_m,
            self.rules.max_extent_ratio * float(self.extent_m[members].max()),
            self.rules.max_extent_accuracies * float(self.accuracy_m[members].max()),
        )
        return len(members) <= self.rules.max_leads and _extent_m(bounds) <= allowed_m


def _extent_m(bounds: Any) -> float:
    left, bottom, right, top = bounds
    return float(max(right - left, top - bottom))


def _put_together(joined: Joined, lead: int, sites: list[int]) -> None:
    """`lead` joins the first of `sites`; the others are taken in by it."""
    home = sites[0]
    for site in sites[1:]:
        for other in joined.leads_of[site]:
            joined.site_of[other] = home
        joined.leads_of[home] += joined.leads_of[site]
        joined.leads_of[site] = []
    joined.site_of[lead] = home
    joined.leads_of[home].append(lead)


def _settle(pairs: pd.DataFrame, joined: Joined) -> pd.DataFrame:
    """The pairs as they ended: a question between leads of one site is answered, a pair held back is a question."""
    rules, decisions = pairs["rule"].tolist(), pairs["decision"].tolist()
    for k, (a, b) in enumerate(zip(pairs["a"], pairs["b"], strict=True)):
        together = joined.site_of[a] == joined.site_of[b]
        if decisions[k] == "review" and together:
            rules[k], decisions[k] = f"{rules[k]} (by_others)", "same"
        elif decisions[k] == "same" and not together:
            held = joined.held_back.get((a, b))
            rules[k], decisions[k] = (held, "review") if held else ("explained", "apart")
    return pairs.assign(rule=rules, decision=decisions)


def _review_reasons(n_leads: int, pairs: pd.DataFrame) -> list[str | None]:
    reasons: list[str | None] = [None] * n_leads
    for pair in pairs[pairs["decision"] == "review"].itertuples():
        for lead in (int(pair.a), int(pair.b)):
            reasons[lead] = reasons[lead] or str(pair.reason)
    return reasons


def _sentence(pair: Any, language: str) -> str:
    rule, _, by_others = str(pair.rule).partition(" ")
    numbers = {"front": pair.front_m, "share": pair.front_share, "gap": pair.gap_m}
    sentence = say(language, f"merge.{rule}", iou=pair.iou, containment=pair.containment, **numbers)
    asked = say(language, "merge.asked") if pair.decision == "review" else ""
    return sentence + (say(language, "merge.by_others") if by_others else "") + asked
