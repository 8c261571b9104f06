"""Joining: leads come one at a time, in order, to the sites that stand when their turn comes – so no chain forms unseen.

Why not connected components: docs/merging.md. What persons said goes before every rule.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.merging.pairs import GROUND_RULES, GROWTH_RULES, Pair, layers_of
from pipeline.rules import MergeRules

NO_SITE = -1
Candidates = Mapping[int, list[tuple[float, int]]]


@dataclass
class Joined:
    """Per lead (row) its site and the site it stood in before sites were joined – NO_SITE for the lead that joined them –; per
    pair what kept it from joining.

    `held_back` says bridge, cap, two_sites or disagree.
    """

    site_of: list[int]
    born_in: list[int]
    leads_of: list[list[int]] = field(default_factory=list)
    held_back: dict[Pair, str] = field(default_factory=dict)
    told_sites: set[int] = field(default_factory=set)  # sites that a person's word joined
    passed_over: set[Pair] = field(default_factory=set)  # fronts of leads that lie on ground of another site
    placed_points: set[int] = field(default_factory=set)  # points that joined the one site near them


def join_in_order(
    leads: gpd.GeoDataFrame, pairs: pd.DataFrame, rules: MergeRules, said: Mapping[Pair, str] | None = None
) -> Joined:
    """Each lead in row order joins the one site it belongs to; where that is not one site, it joins none.

    `pairs` as from judge_pairs; `said`: pairs (a before b) that a person called same or apart.
    """
    said = said or {}
    joined = Joined([NO_SITE] * len(leads), [NO_SITE] * len(leads))
    view = _View(leads, rules, [pair for pair, answer in said.items() if answer == "apart"])
    partners = _Partners(
        told=_earlier(pair for pair, answer in said.items() if answer == "same"),
        ground=_earlier(_same_pairs(pairs, GROUND_RULES, said)),
        growth=_earlier(_same_pairs(pairs, GROWTH_RULES, said)),
        near_points=_candidates_of_points(pairs),
    )
    for lead in range(len(leads)):
        if any(lead in found for found in (partners.told, partners.ground, partners.growth)):
            _join(joined, lead, view, partners)
        else:
            _stand_alone(joined, lead)
    return joined


class _Partners(NamedTuple):
    """Lead → the earlier leads that a person named with it, with which it has ground in common, which it grew from; of points the
    candidates."""

    told: dict[int, list[int]]
    ground: dict[int, list[int]]
    growth: dict[int, list[int]]
    near_points: Candidates


def _join(joined: Joined, lead: int, view: "_View", partners: _Partners) -> None:
    """`lead` joins what it belongs to, or stands alone; what kept it from joining is noted in `joined`."""
    named = sorted({joined.site_of[a] for a in partners.told.get(lead, [])})
    if view.are_parted(joined, lead, named):
        joined.held_back.update({(a, lead): "disagree" for a in partners.told[lead]})
        named = []
    wanted = _wanted(joined, lead, view, partners, named)
    sites = sorted({joined.site_of[a] for a in wanted})
    why = view.why_not(joined, lead, sites, partners.near_points.get(lead, []))
    if why:
        joined.held_back.update({(a, lead): why for a in wanted})
    if not named and (why or not sites):
        _stand_alone(joined, lead)
        return
    births = set() if why else {joined.born_in[a] for a in wanted}
    both = named if why else sorted({*named, *sites})
    if named and view.are_parted(joined, lead, both):
        both, births = named, set()
    if named:
        joined.told_sites.add(both[0])
    _put_together(joined, lead, both, births)
    if view.is_point[lead]:
        joined.placed_points.add(lead)


def _wanted(joined: Joined, lead: int, view: "_View", partners: _Partners, named: list[int]) -> list[int]:
    """The earlier leads that `lead` goes with by the rules; ground in common comes before fronts.

    A person's word (`named`: sites) adds to what the rules say of a lead: it takes no lead out of the site where it stands.
    """
    ground, growth = partners.ground.get(lead, []), partners.growth.get(lead, [])
    open_to = [a for a in ground if not view.are_parted(joined, lead, [*named, joined.site_of[a]])]
    if open_to:
        joined.passed_over.update((a, lead) for a in growth)
    return open_to or [a for a in growth if view.may_grow(joined, a, lead, named)]


def _stand_alone(joined: Joined, lead: int) -> None:
    joined.site_of[lead] = joined.born_in[lead] = len(joined.leads_of)
    joined.leads_of.append([lead])


def _earlier(pairs: Any) -> dict[int, list[int]]:
    """Lead → the earlier leads it goes with."""
    found: dict[int, list[int]] = {}
    for a, b in pairs:
        found.setdefault(b, []).append(a)
    return found


def _same_pairs(pairs: pd.DataFrame, rules: Collection[str], said: Mapping[Pair, str]) -> list[Pair]:
    wanted = pairs[(pairs["decision"] == "same") & pairs["rule"].isin(rules)]
    return [pair for pair in zip(wanted["a"].tolist(), wanted["b"].tolist(), strict=True) if pair not in said]


def _candidates_of_points(pairs: pd.DataFrame) -> Candidates:
    """Per point its candidates (gap, lead), nearest first, for the margin of R10."""
    found: dict[int, list[tuple[float, int]]] = {}
    near = pairs[pairs["rule"].isin(["point_on_site", "two_points"]) & (pairs["decision"] != "apart")]
    for a, b, gap_m in zip(near["a"].tolist(), near["b"].tolist(), near["gap_m"].tolist(), strict=True):
        found.setdefault(b, []).append((gap_m, a))
    return {point: sorted(own) for point, own in found.items()}


class _View:
    """What joining looks at: shapes, layers, the caps, and whom persons parted."""

    def __init__(self, leads: gpd.GeoDataFrame, rules: MergeRules, parted: list[Pair]) -> None:
        self.shapes = leads.geometry.to_numpy()
        self.is_point = leads["area_m2"].to_numpy() == 0
        self.layers = layers_of(leads)
        self.is_outline = (leads["shows"] == "whole_outline").to_numpy(dtype=bool, na_value=False)
        self.accuracy_m = leads["position_accuracy_m"].astype(float).tolist()
        self.bounds = shapely.bounds(self.shapes).tolist()
        self.rules = rules
        self.parted: dict[int, set[int]] = {}
        for a, b in parted:
            self.parted.setdefault(a, set()).add(b)
            self.parted.setdefault(b, set()).add(a)

    def are_parted(self, joined: Joined, lead: int, sites: list[int]) -> bool:
        """Whether joining `lead` and `sites` would bring together what a person called two."""
        if not self.parted:
            return False
        members = {lead, *(other for site in sites for other in joined.leads_of[site])}
        return any(not members.isdisjoint(self.parted.get(member, ())) for member in members)

    def may_grow(self, joined: Joined, a: int, lead: int, named: list[int]) -> bool:
        """No growth of a's site where that holds another lead of the whole-outline layer that `lead` was drawn in.

        `named`: the sites that a person named for `lead`.
        """
        site = joined.site_of[a]
        if self.are_parted(joined, lead, [*named, site]):
            return False
        return not self.is_outline[lead] or all(
            self.layers[other] != self.layers[lead] for other in joined.leads_of[site]
        )

    def why_not(self, joined: Joined, lead: int, sites: list[int], candidates: list[tuple[float, int]]) -> str | None:
        """Why `lead` may not join `sites`: two_sites, bridge or cap; None when it may."""
        if not sites:
            return None
        if self.is_point[lead]:
            nearest = min(gap for gap, a in candidates if joined.site_of[a] in sites)
            rivals = [gap for gap, a in candidates if joined.site_of[a] != sites[0]]
            is_clear = len(sites) == 1 and all(gap >= nearest + self.rules.point_margin_m for gap in rivals)
            return None if is_clear and self._is_near_all(joined, lead, sites[0]) else "two_sites"
        if len(sites) > 1 and (self.are_parted(joined, lead, sites) or not self._may_bridge(joined, sites)):
            return "bridge"
        members = [lead, *(other for site in sites for other in joined.leads_of[site])]
        is_told = not joined.told_sites.isdisjoint(sites)  # what a person joined may be as large as it is
        return None if is_told or self._within_caps(members) else "cap"

    def _is_near_all(self, joined: Joined, point: int, site: int) -> bool:
        """Of points alone a site is no larger than two of them may lie apart: else a row of points would be one place."""
        members = joined.leads_of[site]
        if not self.is_point[members].all():
            return True
        return bool((shapely.distance(self.shapes[members], self.shapes[point]) <= self.rules.points_same_m).all())

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
        """R13: no longer than a real place can be, given its largest lead, and not of too many leads."""
        own = [self.bounds[member] for member in members]
        west, south, east, north = zip(*own, strict=True)
        extent_m = max(max(east) - min(west), max(north) - min(south))
        allowed_m = max(
            self.rules.max_extent_m,
            self.rules.max_extent_ratio * max(max(e - w, n - s) for w, s, e, n in own),
            self.rules.max_extent_accuracies * max(self.accuracy_m[member] for member in members),
        )
        return len(members) <= self.rules.max_leads and extent_m <= allowed_m


def _put_together(joined: Joined, lead: int, sites: list[int], births: set[int]) -> None:
    """`lead` joins the first of `sites`; the others are taken in by it. `births`: where the rules alone put it; nowhere, where
    only a person's word brought it here."""
    home = sites[0]
    for site in sites[1:]:
        for other in joined.leads_of[site]:
            joined.site_of[other] = home
        joined.leads_of[home] += joined.leads_of[site]
        joined.leads_of[site] = []
    joined.site_of[lead] = home
    joined.leads_of[home].append(lead)
    if not births:
        births = {len(joined.leads_of)}
        joined.leads_of.append([])
    joined.born_in[lead] = births.pop() if len(births) == 1 else NO_SITE
