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
from pipeline.intake.words.dates import date_span
from pipeline.merging.contact import EDGE_SHARE, common_ground, fronts, shifted_iou, survives_shrinking
from pipeline.rules import Rules

NEW_ACTIVITY = ("C1", "C2", "C9")
NO_PROBLEM = "B6"  # determined not to be a problem

Verdict = tuple[str | None, str]  # relation (None: too far apart to be named) and the sentence match.<why>


class Contacts(NamedTuple):
    """Paired sites and cases, measured; areas 0 and fronts NaN where one of the two is a point."""

    gap_m: Floats
    overlap_m2: Floats
    containment: Floats
    outside_m2: Floats
    front_m: Floats
    front_share: Floats
    is_ground: npt.NDArray[np.bool_]  # common ground that is more than an edge
    is_front: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Meeting:
    """One site and one case (rows of their tables), their contact, and the rivals: other sites that the case may be.

    `rival_gaps_m`: distances of the rivals from the case; `is_only`: no rival shares enough ground with it.
    """

    site: Any
    case: Any
    gap_m: float
    overlap_m2: float
    containment: float
    is_ground: bool
    is_front: bool
    is_known: bool  # little enough of the site lies outside the known ground, and nothing there is new to the case
    rival_gaps_m: list[float]
    is_only: bool

    @property
    def agrees(self) -> bool:
        """Both activities are known and one: an unknown activity equals nothing."""
        return bool(pd.notna(self.site.activity_l1) and self.site.activity_l1 == self.case.activity_l1)

    @property
    def differs(self) -> bool:
        return bool(pd.notna(self.site.activity_l1) and pd.notna(self.case.activity_l1)) and not self.agrees


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
    own, known = fill_holes(sites[at]), fill_holes(cases[at])
    shared = common[at]
    has_holes = (own != sites[at]) | (known != cases[at])
    shared[has_holes] = in_threads(shapely.intersection, own[has_holes], known[has_holes])
    is_ground[at] = survives_shrinking(
        shared,
        np.minimum(shapely.area(own), shapely.area(known)),
        rules.merge.registration_error_m / 2,
        rules.merge.true_overlap_left_share,
    )
    reach_m = np.clip(accuracy_m, rules.merge.drawn_front_gap_m, rules.match.front_gap_m)
    is_ground |= _are_twins(sites, cases, both & ~is_ground & (overlap_m2 > 0), rules)
    exact_m = np.where(containment < EDGE_SHARE, rules.merge.exact_front_gap_m, -1.0)
    front_m, share, is_front = _fronts(sites, cases, np.where(both, gap_m, np.inf), exact_m, reach_m, rules)
    outside_m2 = shapely.area(sites) - overlap_m2
    return Contacts(gap_m, overlap_m2, containment, outside_m2, front_m, share, is_ground, is_front)


def _are_twins(sites: Shapes, cases: Shapes, maybe: npt.NDArray[np.bool_], rules: Rules) -> npt.NDArray[np.bool_]:
    """R08 for what is narrower than images are out of place, such as roads: one outline once shifted."""
    areas_m2 = shapely.area(sites), shapely.area(cases)
    are_twins = maybe & (np.minimum(*areas_m2) >= rules.merge.same_shifted_iou * np.maximum(*areas_m2))
    for k in np.flatnonzero(are_twins):
        iou = shifted_iou(sites[k], cases[k], rules.merge.registration_error_m)
        are_twins[k] = iou >= rules.merge.same_shifted_iou
    return np.asarray(are_twins)


def _fronts(
    sites: Shapes, cases: Shapes, gap_m: Floats, exact_m: Floats, reach_m: Floats, rules: Rules
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """R09a between sites and cases: the exact edge (within `exact_m`) first, then one drawn within `reach_m`."""
    front_m, share = np.full(len(sites), np.nan), np.full(len(sites), np.nan)
    is_front = np.zeros(len(sites), dtype=bool)
    for within_m, ends_m, least_share in (
        (exact_m, np.zeros(len(sites)), rules.merge.exact_front_share),
        (reach_m, 2 * reach_m, rules.match.front_share),
    ):
        at = np.flatnonzero(~is_front & (gap_m <= within_m))
        own, known = fill_holes(sites[at]), fill_holes(cases[at])
        front_m[at], share[at] = fronts(own, known, gap_m=within_m[at], ends_m=ends_m[at])
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
    """What a site is to a case that a person said it belongs to: the rules still tell growth and rebound."""
    if meeting.case.state == NO_PROBLEM:
        return ("same", "same_judged") if meeting.is_known or not meeting.site.area_m2 else ("grown", "grown_judged")
    if meeting.case.is_closed and _is_after_closing(meeting.site, meeting.case):
        return "rebound", "person_rebound"
    if meeting.case.case_geometry not in ("outline", "box") or meeting.is_known:
        return "same", "person_same"
    return "grown", "person_grown"


def _against_text(meeting: Meeting, rules: Rules) -> Verdict:
    """R12: words of persons alone are only ever asked about."""
    accuracy_m = max(meeting.site.position_accuracy_m, meeting.case.position_accuracy_m)
    is_near = meeting.gap_m <= max(rules.merge.text_review_m, accuracy_m)
    return ("review", "text") if is_near and not meeting.differs else (None, "")


def _against_outline(meeting: Meeting, rules: Rules) -> Verdict:
    site, case = meeting.site, meeting.case
    if meeting.gap_m > rules.match.adjacent_m:
        return None, ""
    if case.is_closed and _is_rebound_ground(meeting, rules):
        return _against_closed(meeting)
    if meeting.is_ground and meeting.containment >= rules.merge.true_overlap_share:
        if not meeting.agrees:
            return ("review", "other_activity") if meeting.differs else ("review", "unknown_activity")
        if case.is_closed:
            return "adjacent", "beside_closed"
        if case.state == NO_PROBLEM:
            return _against_judged(meeting)
        return ("same", "same") if meeting.is_known else ("grown", "grown_overlap")
    if meeting.is_front and not case.is_closed and case.state != NO_PROBLEM and not meeting.differs:
        is_later = _is_later(site, case)
        if is_later and meeting.agrees:
            return "grown", "grown_front"
        if is_later or (is_later is None and meeting.agrees):
            return "review", "unknown_activity" if is_later else "unsure_later"
    if meeting.containment >= rules.merge.near_containment and not meeting.differs:
        return "review", "some_overlap"
    return "adjacent", _beside(case)


def _beside(case: Any) -> str:
    return "beside_closed" if case.is_closed else "beside_judged" if case.state == NO_PROBLEM else "beside"


def _against_judged(meeting: Meeting) -> Verdict:
    """Ground once judged not to be a problem is not asked about again, unless it changed since or grew."""
    if not meeting.is_known:
        return "grown", "grown_judged"
    begins, judged = meeting.site.prev_date, meeting.case.closed_date
    is_new = (
        meeting.site.change_type in NEW_ACTIVITY
        and pd.notna(begins)
        and pd.notna(judged)
        and date_span(begins)[0] >= date_span(judged)[1]
    )
    return ("review", "changed_since") if is_new else ("same", "same_judged")


def _is_rebound_ground(meeting: Meeting, rules: Rules) -> bool:
    """R14, and no mere edge: two outlines of neighbours overlap by as much as their images are out of place."""
    share = meeting.overlap_m2 / meeting.case.geometry.area
    is_enough = meeting.overlap_m2 >= rules.match.rebound_m2 or share >= rules.match.rebound_share
    return meeting.is_ground and is_enough


def _is_after_closing(site: Any, case: Any) -> bool | None:
    """Whether new activity was seen after the case was closed; None where the dates do not say."""
    if pd.isna(case.closed_date) or pd.isna(site.curr_date):
        return None
    seen, closed = date_span(site.curr_date), date_span(case.closed_date)
    return True if seen[0] > closed[1] else False if seen[1] <= closed[0] else None


def _against_closed(meeting: Meeting) -> Verdict:
    """R14: new ground on a closed footprint, seen after the closing, is a suspected rebound."""
    if meeting.site.change_type not in NEW_ACTIVITY:
        return "adjacent", "beside_closed"
    is_after = _is_after_closing(meeting.site, meeting.case)
    if is_after is None:
        return "review", "closed_undated"
    if meeting.differs:
        return "review", "other_activity"
    return ("rebound", "rebound") if is_after else ("same", "before_closing")


def _is_later(site: Any, case: Any) -> bool | None:
    """Whether the site was seen after the case was: growth needs time. None where the dates are too coarse to say."""
    if pd.isna(site.curr_date) or pd.isna(case.known_since):
        return False
    seen, known = date_span(site.curr_date), date_span(case.known_since)
    if seen[0] > known[1]:
        return True
    return None if seen[1] > known[0] and seen != known else False


def _against_box(meeting: Meeting, rules: Rules) -> Verdict:
    """A box says little: automatic only with half of the smaller and a part of the box in common, one activity, one site."""
    case = meeting.case
    if meeting.gap_m > rules.match.adjacent_m:
        return None, ""
    cover = meeting.overlap_m2 / case.geometry.area
    is_it = meeting.containment >= rules.match.box_share and cover >= rules.match.box_cover_share
    if is_it and meeting.agrees and meeting.is_only:
        if case.is_closed:
            return _against_closed(meeting)
        if case.state == NO_PROBLEM:
            return _against_judged(meeting)
        return ("same", "same_box") if meeting.is_known else ("grown", "grown_overlap")
    if meeting.overlap_m2 > 0 and not meeting.differs:
        return "review", "box"
    return "adjacent", _beside(case)


def _against_point(meeting: Meeting, rules: Rules) -> Verdict:
    """R10, R11 and R14 where the case, the site or both are points."""
    site, case, gap_m = meeting.site, meeting.case, meeting.gap_m
    both_points = site.area_m2 == 0 and case.case_geometry == "point"
    accuracy_m = max(site.position_accuracy_m if site.area_m2 == 0 else 0.0, case.position_accuracy_m)
    same_m = rules.merge.points_same_m if both_points else rules.merge.point_same_m
    review_m = max(rules.merge.point_review_m, accuracy_m) + rules.merge.point_review_extra_m
    review_m = rules.merge.points_review_m if both_points else review_m
    if meeting.differs:
        return ("adjacent", _beside(case)) if gap_m <= rules.match.adjacent_m else (None, "")
    if gap_m > review_m:
        return None, ""
    if case.is_closed:
        if gap_m > rules.match.rebound_point_m:
            return ("adjacent", "beside_closed") if gap_m <= rules.match.adjacent_m else (None, "")
        return _against_closed(meeting)
    is_clear = all(rival_m >= gap_m + rules.merge.point_margin_m for rival_m in meeting.rival_gaps_m)
    if meeting.agrees and gap_m <= same_m and is_clear:
        return "same", "same_judged" if case.state == NO_PROBLEM else "same_point"
    return "review", "point"
