"""A site against a known case: how the two meet, and what that makes of the site – same, grown, rebound, adjacent, review.

The rules and why each is as it is: docs/merging.md. Relations alone are decided here; numbers come from the ledger.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from pipeline.geometry import Floats, Shapes, fill_holes, in_threads
from pipeline.intake.words.codes import NO_PROBLEM
from pipeline.intake.words.dates import date_span
from pipeline.merging.closed import NEW_ACTIVITY, OnClosed, Seen, is_after
from pipeline.merging.contact import EDGE_SHARE, Mask, are_twins, common_ground, fronts, is_more_than_edge
from pipeline.rules import Rules

BELONGS = ("same", "grown", "rebound")  # relations by which a site is of a case
NOTHING_SEEN = OnClosed()

Verdict = tuple[str | None, str]  # relation (None: too far apart to be named) and the sentence match.<why>


class Contacts(NamedTuple):
    """Paired sites and cases, measured; areas 0 and fronts NaN where one of the two is a point."""

    gap_m: Floats
    overlap_m2: Floats
    containment: Floats
    outside_m2: Floats
    front_m: Floats
    front_share: Floats
    is_ground: Mask  # common ground that is more than an edge
    is_front: Mask


@dataclass(frozen=True)
class Meeting:
    """One site (its row and its leads) and one case (its row), their contact, and the rivals: other sites the case may be.

    `is_known`: little enough of the site lies outside the known ground, and nothing there is new to the case.
    `rival_gap_m`: how near the nearest rival is to the case; `is_only`: no rival shares enough ground with it. `on_closed`: what
    was seen on the footprint of a closed case.
    """

    site: Any
    leads: list[Seen]
    case: Any
    gap_m: float
    overlap_m2: float
    containment: float
    is_ground: bool
    is_front: bool
    is_known: bool
    rival_gap_m: float
    is_only: bool
    on_closed: OnClosed = NOTHING_SEEN

    @property
    def agrees(self) -> bool:
        """Both activities are known and one: an unknown activity equals nothing."""
        return bool(pd.notna(self.site.activity_l1) and self.site.activity_l1 == self.case.activity_l1)

    @property
    def differs(self) -> bool:
        return activities_differ(self.site, self.case)


def activities_differ(site: Any, case: Any) -> bool:
    """Whether both activities are known and not one."""
    return bool(pd.notna(site.activity_l1) and pd.notna(case.activity_l1) and site.activity_l1 != case.activity_l1)


def name_of_case(case: Any) -> str:
    """How a sentence calls a case: its number, and the sender's own."""
    return f"{case.problem_id} ({case.orig_no})" if pd.notna(case.orig_no) else str(case.problem_id)


def with_fronts_of_parts(contacts: Contacts, parts: Contacts, owner: npt.NDArray[np.int64]) -> Contacts:
    """`contacts` with the fronts that parts of a site have: `owner` is the row of contacts that each part belongs to.

    A site that keeps growing has an ever longer perimeter; what it began with borders a case as it always did.
    """
    front_m, share, is_front = contacts.front_m.copy(), contacts.front_share.copy(), contacts.is_front.copy()
    for k in np.flatnonzero(parts.is_front):
        row = owner[k]
        if not is_front[row] or parts.front_m[k] > front_m[row]:
            front_m[row], share[row], is_front[row] = parts.front_m[k], parts.front_share[k], True
    return contacts._replace(front_m=front_m, front_share=share, is_front=is_front)


def measure(sites: Shapes, cases: Shapes, accuracy_m: Floats, rules: Rules) -> Contacts:
    """How paired sites and cases meet, in a CRS in metres; `accuracy_m` is the combined sigma of each two."""
    gap_m = in_threads(shapely.distance, sites, cases)
    common, _, containment = common_ground(sites, cases, gap_m == 0)
    overlap_m2 = np.nan_to_num(shapely.area(common))
    both = (shapely.area(sites) > 0) & (shapely.area(cases) > 0)
    is_ground = both & (overlap_m2 > 0)
    at = np.flatnonzero(is_ground)
    own, known = fill_holes(sites), fill_holes(cases)
    holed = at[(own[at] != sites[at]) | (known[at] != cases[at])]
    common[holed] = in_threads(shapely.intersection, own[holed], known[holed])
    smaller_m2 = np.minimum(shapely.area(own[at]), shapely.area(known[at]))
    is_ground[at] = is_more_than_edge(common[at], smaller_m2, rules.merge)
    reach_m = np.clip(accuracy_m, rules.merge.drawn_front_gap_m, rules.match.front_gap_m)
    left = np.flatnonzero(both & ~is_ground & (overlap_m2 > 0))
    is_ground[left] = are_twins(sites[left], cases[left], rules.merge)
    exact_m = np.where(containment < EDGE_SHARE, rules.merge.exact_front_gap_m, -1.0)
    front_m, share, is_front = _fronts(own, known, np.where(both, gap_m, np.inf), exact_m, reach_m, rules)
    outside_m2 = shapely.area(sites) - overlap_m2
    return Contacts(gap_m, overlap_m2, containment, outside_m2, front_m, share, is_ground, is_front)


def _fronts(
    sites: Shapes, cases: Shapes, gap_m: Floats, exact_m: Floats, reach_m: Floats, rules: Rules
) -> tuple[Floats, Floats, Mask]:
    """R09a between sites and cases, holes filled: the exact edge (within `exact_m`) first, then one drawn within `reach_m`."""
    front_m, share = np.full(len(sites), np.nan), np.full(len(sites), np.nan)
    is_front = np.zeros(len(sites), dtype=bool)
    for within_m, ends_m, least_share in (
        (exact_m, np.zeros(len(sites)), rules.merge.exact_front_share),
        (reach_m, 2 * reach_m, rules.match.front_share),
    ):
        at = np.flatnonzero(~is_front & (gap_m <= within_m))
        front_m[at], share[at] = fronts(sites[at], cases[at], gap_m=within_m[at], ends_m=ends_m[at])
        is_front[at] = (front_m[at] >= rules.merge.front_m) & (share[at] >= least_share)
    return front_m, share, is_front


def judge(meeting: Meeting, rules: Rules) -> Verdict:
    """What the site is to the case, by the kind of shape the case is known by."""
    site, case = meeting.site, meeting.case
    if site.is_text_only:
        return _against_text(meeting, rules)
    if case.case_geometry == "outline" and site.area_m2 > 0:
        return _against_outline(meeting, rules)
    if case.case_geometry == "box" and site.area_m2 > 0:
        return _against_box(meeting, rules)
    return _against_point(meeting, rules)


def judge_told_same(meeting: Meeting) -> Verdict:
    """What a site is to a case that a person said it belongs to: the rules still tell growth, change and rebound."""
    site, case = meeting.site, meeting.case
    is_known = meeting.is_known or not site.area_m2
    if case.state == NO_PROBLEM:
        return _against_judged(meeting, is_known)
    if case.is_closed and any(is_after(lead, case.closed_date) for lead in meeting.leads):
        return "rebound", "person_rebound"
    if case.case_geometry not in ("outline", "box") or is_known:
        return "same", "person_same"
    return "grown", "person_grown"


def _against_text(meeting: Meeting, rules: Rules) -> Verdict:
    """R12: words of persons alone are only ever asked about."""
    accuracy_m = max(meeting.site.position_accuracy_m, meeting.case.position_accuracy_m)
    is_near = meeting.gap_m <= max(rules.merge.text_review_m, accuracy_m)
    return ("review", "text") if is_near and not meeting.differs else (None, "")


def _against_outline(meeting: Meeting, rules: Rules) -> Verdict:
    case = meeting.case
    if meeting.gap_m > rules.match.adjacent_m:
        return None, ""
    if case.is_closed:
        return _against_closed(meeting, rules)
    if meeting.is_ground and meeting.containment >= rules.merge.true_overlap_share:
        if not meeting.agrees:
            return ("review", "other_activity") if meeting.differs else ("review", "unknown_activity")
        if case.state == NO_PROBLEM:
            return _against_judged(meeting, meeting.is_known)
        return ("same", "same") if meeting.is_known else ("grown", "grown_overlap")
    if meeting.is_front and case.state != NO_PROBLEM and not meeting.differs:
        is_later = _is_later(meeting, rules)
        if is_later and meeting.agrees:
            return "grown", "grown_front"
        if is_later or (is_later is None and meeting.agrees):
            return "review", "unknown_activity" if is_later else "unsure_later"
    if meeting.containment >= rules.merge.near_containment and not meeting.differs:
        return "review", "some_overlap"
    return "adjacent", _beside(case)


def _beside(case: Any) -> str:
    return "beside_closed" if case.is_closed else "beside_judged" if case.state == NO_PROBLEM else "beside"


def _against_judged(meeting: Meeting, is_known: bool) -> Verdict:
    """Ground once judged not to be a problem is not asked about again, unless it grew or something new was seen there since."""
    if not is_known:
        return "grown", "grown_judged"
    judged, looked_at = meeting.case.closed_date, set(meeting.case.lead_ids)
    is_new = pd.notna(judged) and any(
        lead.lead_id not in looked_at
        and lead.change_type in NEW_ACTIVITY
        and lead.curr_date is not None
        and date_span(lead.curr_date)[1] > date_span(judged)[1]
        for lead in meeting.leads
    )
    return ("review", "changed_since") if is_new else ("same", "same_judged")


def _against_closed(meeting: Meeting, rules: Rules) -> Verdict:
    """R14: new activity *on* a closed footprint, of leads seen after the closing, is a suspected rebound.

    What was seen before is the case itself where little lies beyond it, and else growth that nobody has looked at.
    """
    case, seen = meeting.case, meeting.on_closed
    if seen.after:
        return ("review", "other_activity") if meeting.differs else ("rebound", "rebound")
    if seen.perhaps:
        return "review", "closed_undated"
    if not seen.before:
        return "adjacent", "beside_closed"
    if not meeting.agrees:
        return "review", "other_activity" if meeting.differs else "unknown_activity"
    if meeting.site.area_m2 and case.case_geometry in ("outline", "box"):
        return ("same", "before_closing") if meeting.is_known else ("grown", "grown_overlap")
    return ("same", "before_closing") if _is_clear(meeting, rules) else ("review", "point")


def _is_later(meeting: Meeting, rules: Rules) -> bool | None:
    """Whether what borders the case was seen after the case was: growth needs time. None where dates are too coarse."""
    if pd.isna(meeting.case.known_since):
        return False
    known = date_span(meeting.case.known_since)
    near = [lead for lead in meeting.leads if lead.curr_date is not None
            and shapely.distance(lead.shape, meeting.case.geometry) <= rules.match.front_gap_m]  # fmt: skip
    spans = [date_span(lead.curr_date) for lead in near if lead.curr_date is not None]
    if any(seen[0] > known[1] for seen in spans):
        return True
    return None if any(seen[1] > known[0] and seen != known for seen in spans) else False


def _against_box(meeting: Meeting, rules: Rules) -> Verdict:
    """A box says little: automatic only with half of the smaller and a part of the box in common, one activity, one site."""
    case = meeting.case
    if meeting.gap_m > rules.match.adjacent_m:
        return None, ""
    cover = meeting.overlap_m2 / case.geometry.area
    is_it = meeting.containment >= rules.match.box_share and cover >= rules.match.box_cover_share
    if is_it and meeting.agrees and meeting.is_only:
        if case.is_closed:
            return _against_closed(meeting, rules)
        if case.state == NO_PROBLEM:
            return _against_judged(meeting, meeting.is_known)
        return ("same", "same_box") if meeting.is_known else ("grown", "grown_overlap")
    if meeting.overlap_m2 > 0 and not meeting.differs:
        return "review", "box"
    return "adjacent", _beside(case)


def _against_point(meeting: Meeting, rules: Rules) -> Verdict:
    """R10, R11 and R14 where the case, the site or both are points."""
    case, gap_m = meeting.case, meeting.gap_m
    if meeting.differs:
        return ("adjacent", _beside(case)) if gap_m <= rules.match.adjacent_m else (None, "")
    if gap_m > _review_m(meeting, rules):
        return None, ""
    if case.is_closed:
        if gap_m <= rules.match.rebound_point_m:
            return _against_closed(meeting, rules)
        return ("adjacent", "beside_closed") if gap_m <= rules.match.adjacent_m else (None, "")
    if meeting.agrees and _is_clear(meeting, rules):
        return _against_judged(meeting, is_known=True) if case.state == NO_PROBLEM else ("same", "same_point")
    return "review", "point"


def _are_points(meeting: Meeting) -> bool:
    return bool(meeting.site.area_m2 == 0 and meeting.case.case_geometry == "point")


def _review_m(meeting: Meeting, rules: Rules) -> float:
    """How far apart a point and a site are still asked about."""
    if _are_points(meeting):
        return rules.merge.points_review_m
    own_m = meeting.site.position_accuracy_m if meeting.site.area_m2 == 0 else 0.0
    accuracy_m = max(own_m, float(meeting.case.position_accuracy_m))
    return max(rules.merge.point_review_m, accuracy_m) + rules.merge.point_review_extra_m


def _is_clear(meeting: Meeting, rules: Rules) -> bool:
    """R10 and R11: near enough to be it, and no rival nearly as near."""
    same_m = rules.merge.points_same_m if _are_points(meeting) else rules.merge.point_same_m
    gap_m = meeting.gap_m
    return gap_m <= same_m and meeting.rival_gap_m >= gap_m + rules.merge.point_margin_m
