"""Pairs of leads: which lie near enough to be judged, their numbers, the rule that decides, and what it says.

The rules and why each is as it is: docs/merging.md. A pair says nothing of third leads; joining.py brings them together.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from pipeline.declare import cells
from pipeline.geometry import Floats, Shapes, distinct, fill_holes, in_threads, near_pairs
from pipeline.intake.words.dates import date_span, period_order
from pipeline.merging.contact import (
    EDGE_SHARE,
    Mask,
    common_ground,
    fronts,
    is_coarse_grid,
    shifted_iou,
    survives_shrinking,
)
from pipeline.rules import MergeRules

PERSON = "person"  # the rule of a pair that someone decided
GROWTH_RULES = ("drawn_front", "exact_front")
SEEN_AGAIN = ("same_ground", "true_overlap")
POINT_RULES = ("point_on_site", "two_points")
GROUND_RULES = (*SEEN_AGAIN, *POINT_RULES)
SEPARATE_SHARE = 0.5  # two of one layer that share less were drawn as two

Pair = tuple[int, int]


class Subjects(NamedTuple):
    """What judging looks at, one entry per lead in joining order; shapes with their holes filled."""

    shapes: Shapes
    is_point: Mask
    is_text: Mask
    is_doubtful: Mask
    activity: npt.NDArray[np.object_]
    layer: npt.NDArray[np.object_]  # the layer it was drawn in: one interpreter, one date
    is_outline: Mask  # that layer shows whole outlines
    seen_from: Floats  # first and last day that the end of the period, or the date of the later image, may mean;
    seen_until: Floats  # NaN where unknown
    seen_day: Floats  # of the later image, NaN where unknown
    accuracy_m: Floats
    registration_m: Floats


def subjects_of(leads: gpd.GeoDataFrame, rules: MergeRules) -> Subjects:
    """The leads as judging wants them."""

    def column(name: str) -> npt.NDArray[np.object_]:
        return np.array(cells(leads, name), dtype=object)

    layer = np.empty(len(leads), dtype=object)
    layer[:] = layers_of(leads)
    ends = zip(cells(leads, "period"), cells(leads, "curr_date"), strict=True)
    seen = np.array([_days(period_order(period)[0] or day) for period, day in ends], dtype=float).reshape(-1, 2)
    registration_m = column("registration_error_m").astype(float)  # NaN for None
    return Subjects(
        shapes=fill_holes(leads.geometry.to_numpy()),
        is_point=leads["area_m2"].to_numpy() == 0,
        is_text=column("kind") == "reports",
        is_doubtful=column("doubt") != None,  # noqa: E711  # element by element
        activity=column("activity_l1"),
        layer=layer,
        is_outline=column("shows") == "whole_outline",
        seen_from=seen[:, 0],
        seen_until=seen[:, 1],
        seen_day=np.array([sum(_days(day)) / 2 for day in cells(leads, "curr_date")], dtype=float),
        accuracy_m=leads["position_accuracy_m"].to_numpy(dtype=float),
        registration_m=np.where(np.isnan(registration_m), rules.registration_error_m, registration_m),
    )


def layers_of(leads: pd.DataFrame) -> list[tuple[str, str | None]]:
    """Per lead the layer it was drawn in: its source, and its period – or the year of the later image, where it has none.

    The images of a mosaic are days apart; a source of one year and no period may be one layer, and is taken for one.
    """
    times = zip(cells(leads, "period"), cells(leads, "curr_date"), strict=True)
    return list(zip(cells(leads, "source_id"), (period or (day or "")[:4] for period, day in times), strict=True))


def _days(date: str | None) -> tuple[float, float]:
    """First and last day that a date of any precision may mean, as numbers; NaN where there is none."""
    if date is None:
        return np.nan, np.nan
    first, last = date_span(date)
    return first.toordinal(), last.toordinal()


def judge_pairs(leads: gpd.GeoDataFrame, rules: MergeRules, asked: Collection[Pair] = ()) -> pd.DataFrame:
    """Every near pair (a before b in row order), and those `asked`, with numbers, `rule` and `decision`.

    Columns: a b (rows), iou, containment, shifted_iou, gap_m, front_m, front_share, days, activity, accuracy_a_m, accuracy_b_m, rule,
    decision (same, review, apart). CRS in metres.
    """
    own = subjects_of(leads, rules)
    pairs = _near(own, rules, asked)
    a, b = pairs["a"].to_numpy(), pairs["b"].to_numpy()
    pairs["gap_m"] = in_threads(shapely.distance, own.shapes[a], own.shapes[b])
    common, pairs["iou"], pairs["containment"] = common_ground(own.shapes[a], own.shapes[b], pairs["gap_m"] == 0)
    pairs["days"] = pd.array(np.floor(own.seen_day[b] - own.seen_day[a]), dtype="Float64").astype("Int64")
    pairs["activity"] = _agreement(own.activity[a], own.activity[b])
    pairs["accuracy_a_m"], pairs["accuracy_b_m"] = own.accuracy_m[a], own.accuracy_m[b]
    pairs = pairs.assign(shifted_iou=np.nan, front_m=np.nan, front_share=np.nan, rule="near", decision="apart")
    is_doubtful = own.is_doubtful[a] | own.is_doubtful[b]  # asked about on its own; it puts no neighbour in question
    is_text = (own.is_text[a] | own.is_text[b]) & ~is_doubtful
    is_point = (own.is_point[a] | own.is_point[b]) & ~is_doubtful & ~is_text
    pairs.loc[is_doubtful, "rule"] = "doubtful"
    _judge_texts(pairs, is_text, own, rules)
    _judge_points(pairs, is_point, own, rules)
    _judge_outlines(pairs, ~(is_doubtful | is_text | is_point), common, own, rules)
    return _explain_neighbours(pairs, own, rules)


def _near(own: Subjects, rules: MergeRules, asked: Collection[Pair]) -> pd.DataFrame:
    """Pairs within the widest rule that may speak of them."""
    point_m = np.maximum(np.maximum(rules.point_review_m, own.accuracy_m) + rules.point_review_extra_m,
                         rules.points_review_m)  # fmt: skip
    reach_m = np.where(own.is_point, point_m, rules.near_m)
    reach_m = np.where(own.is_text, np.maximum(reach_m, rules.text_review_m), reach_m)
    reach_m = np.where(own.is_doubtful, 0.0, reach_m)
    more = np.array(sorted(asked), dtype=np.int64).reshape(-1, 2)
    pairs = np.sort(np.concatenate([near_pairs(own.shapes, own.shapes, reach_m), more]), axis=1)
    return pd.DataFrame(distinct(pairs[pairs[:, 0] < pairs[:, 1]]), columns=["a", "b"])


def _agreement(one: npt.NDArray[np.object_], other: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """same, other or unknown: an unknown activity equals nothing, not even unknown."""
    is_known = (one != None) & (other != None)  # noqa: E711
    return np.where(~is_known, "unknown", np.where(one == other, "same", "other")).astype(object)


def _decide(pairs: pd.DataFrame, rows: Mask, rule: str, decision: object) -> None:
    pairs.loc[rows, "rule"] = rule
    pairs.loc[rows, "decision"] = decision


def _judge_texts(pairs: pd.DataFrame, rows: Mask, own: Subjects, rules: MergeRules) -> None:
    """R12: words of persons are only ever asked about."""
    accuracy_m = np.maximum(own.accuracy_m[pairs["a"]], own.accuracy_m[pairs["b"]])
    is_near = (pairs["gap_m"] <= np.maximum(rules.text_review_m, accuracy_m)) & (pairs["activity"] != "other")
    _decide(pairs, rows, "text", np.where(is_near, "review", "apart")[rows])


def _judge_points(pairs: pd.DataFrame, rows: Mask, own: Subjects, rules: MergeRules) -> None:
    """R10 and R11; whether a second candidate stands too near is seen when the point joins."""
    both = own.is_point[pairs["a"]] & own.is_point[pairs["b"]]
    accuracy_m = np.maximum(own.accuracy_m[pairs["a"]], own.accuracy_m[pairs["b"]])
    review_m = np.maximum(rules.point_review_m, accuracy_m) + rules.point_review_extra_m
    review_m = np.where(both, rules.points_review_m, review_m)
    same_m = np.where(both, rules.points_same_m, rules.point_same_m)
    gap_m, activity = pairs["gap_m"].to_numpy(), pairs["activity"].to_numpy()
    is_same = (activity == "same") & (gap_m <= same_m)
    is_apart = (activity == "other") | (gap_m > review_m)
    decision = np.where(is_apart, "apart", np.where(is_same, "same", "review"))
    _decide(pairs, rows & both, "two_points", decision[rows & both])
    _decide(pairs, rows & ~both, "point_on_site", decision[rows & ~both])


def _judge_outlines(pairs: pd.DataFrame, rows: Mask, common: Shapes, own: Subjects, rules: MergeRules) -> None:
    """R08, R09a and R09 for two outlines; the first rule that speaks decides."""
    certain = np.where(pairs["activity"] == "same", "same", "review")  # an unknown activity equals nothing
    is_same_ground = rows & _is_same_ground(pairs, rows, own, rules)
    is_other = rows & (pairs["activity"] == "other").to_numpy()
    is_doubtful = (pairs["iou"] >= rules.other_activity_iou) | (is_same_ground & (pairs["iou"] >= rules.explained_iou))
    _decide(pairs, is_other, "other_activity", np.where(is_doubtful, "review", "apart")[is_other])
    left = rows & ~is_other
    is_drawn_apart = left & (own.layer[pairs["a"]] == own.layer[pairs["b"]]) & (pairs["containment"] < SEPARATE_SHARE)
    _decide(pairs, is_drawn_apart, "one_layer", "apart")
    left &= ~is_drawn_apart
    _decide(pairs, left & is_same_ground, "same_ground", certain[left & is_same_ground])
    left &= ~is_same_ground
    is_true = left & (pairs["containment"] >= rules.true_overlap_share).to_numpy()
    at = np.flatnonzero(is_true)
    is_true[at] = survives_shrinking(
        common[at], _smaller_m2(pairs, at, own), _registration_m(pairs, at, own) / 2, rules.true_overlap_left_share
    )
    _decide(pairs, is_true, "true_overlap", certain[is_true])
    left &= ~is_true
    left &= ~_judge_fronts(pairs, left, certain, own, rules)
    is_coarse = left & _is_coarse(pairs, left, own, rules)
    _decide(pairs, is_coarse, "coarse_corner", "apart")
    left &= ~is_coarse
    is_near = (pairs["containment"] >= rules.near_containment) | (pairs["gap_m"] <= rules.near_m)
    _decide(pairs, left, "near", np.where(is_near, "review", "apart")[left])


def _registration_m(pairs: pd.DataFrame, at: npt.NDArray[np.intp], own: Subjects) -> Floats:
    """How far the images of the two may be out of place against each other: the worse of the two sources."""
    worse_m: Floats = np.maximum(own.registration_m[pairs["a"].iloc[at]], own.registration_m[pairs["b"].iloc[at]])
    return worse_m


def _smaller_m2(pairs: pd.DataFrame, at: npt.NDArray[np.intp], own: Subjects) -> Floats:
    a, b = own.shapes[pairs["a"].iloc[at]], own.shapes[pairs["b"].iloc[at]]
    smaller_m2: Floats = np.minimum(shapely.area(a), shapely.area(b))
    return smaller_m2


def _is_same_ground(pairs: pd.DataFrame, rows: Mask, own: Subjects, rules: MergeRules) -> Mask:
    """R08: much in common as they lie, or once shifted by no more than the registration error."""
    iou, containment = pairs["iou"].to_numpy(), pairs["containment"].to_numpy()
    is_same: Mask = (iou >= rules.same_iou) | (containment >= rules.same_containment)
    maybe = np.flatnonzero(rows & ~is_same & (containment > 0))
    areas_m2 = [shapely.area(own.shapes[pairs[side].iloc[maybe]]) for side in "ab"]
    maybe = maybe[np.minimum(*areas_m2) >= rules.same_shifted_iou * np.maximum(*areas_m2)]
    shift_m = _registration_m(pairs, maybe, own)
    shapes_a, shapes_b = (own.shapes[pairs[side].iloc[maybe]] for side in "ab")
    pairs.loc[maybe, "shifted_iou"] = shifted_iou(shapes_a, shapes_b, shift_m)
    return np.asarray(is_same | (pairs["shifted_iou"] >= rules.same_shifted_iou))


def _judge_fronts(
    pairs: pd.DataFrame, left: Mask, certain: npt.NDArray[np.str_], own: Subjects, rules: MergeRules
) -> Mask:
    """R09a: which of the pairs `left` are growth along a front; those measured have it in front_m and front_share."""
    is_later = own.seen_from[pairs["b"]] > own.seen_until[pairs["a"]]
    is_growth = np.zeros(len(pairs), dtype=bool)
    for rule, gap_m, ends_m, least_share in (
        ("exact_front", rules.exact_front_gap_m, 0.0, rules.exact_front_share),
        ("drawn_front", rules.drawn_front_gap_m, 2 * rules.drawn_front_gap_m, rules.drawn_front_share),
    ):
        maybe = left & is_later & ~is_growth & (pairs["gap_m"].to_numpy() <= rules.drawn_front_gap_m)
        if rule == "exact_front":
            maybe &= (pairs["containment"] < EDGE_SHARE).to_numpy()
        else:
            maybe &= ~_is_coarse(pairs, maybe, own, rules)
        at = np.flatnonzero(maybe)
        front_m, share = fronts(
            own.shapes[pairs["a"].iloc[at]], own.shapes[pairs["b"].iloc[at]], gap_m=gap_m, ends_m=ends_m
        )
        pairs.loc[maybe, "front_m"], pairs.loc[maybe, "front_share"] = front_m, share
        found = at[(front_m >= rules.front_m) & (share >= least_share)]
        is_growth[found] = True
        pairs.loc[found, "rule"], pairs.loc[found, "decision"] = rule, certain[found]
    return is_growth


def _is_coarse(pairs: pd.DataFrame, rows: Mask, own: Subjects, rules: MergeRules) -> Mask:
    """Whether both of a pair lie on a grid so coarse that a corner says nothing (only for `rows`)."""
    both = pairs.loc[rows, ["a", "b"]].to_numpy()
    leads, at = np.unique(both, return_inverse=True)
    is_coarse = own.accuracy_m[leads] > rules.coarse_grid_m
    is_coarse[~is_coarse] = is_coarse_grid(own.shapes[leads[~is_coarse]], rules.coarse_grid_m)
    found = np.zeros(len(pairs), dtype=bool)
    found[rows] = is_coarse[at.reshape(both.shape)].all(axis=1)
    return found


def _explain_neighbours(pairs: pd.DataFrame, own: Subjects, rules: MergeRules) -> pd.DataFrame:
    """R09: a neighbour is no growth where one of the two was itself seen again in the other's layer, or where both were seen
    again as separate outlines of one layer."""
    seen_again = pairs[pairs["rule"].isin(SEEN_AGAIN) & (pairs["iou"] >= rules.explained_iou)]
    seen_in: dict[int, dict[object, set[int]]] = defaultdict(lambda: defaultdict(set))
    for a, b in zip(seen_again["a"].tolist(), seen_again["b"].tolist(), strict=True):
        seen_in[a][own.layer[b]].add(b)
        seen_in[b][own.layer[a]].add(a)
    is_growth = pairs["rule"].isin([*GROWTH_RULES, "near"]) & (pairs["decision"] != "apart")

    def are_two(a: int, b: int) -> bool:
        if own.layer[b] in seen_in[a] or own.layer[a] in seen_in[b]:
            return True
        return any(
            again.isdisjoint(seen_in[b][layer]) and all(own.is_outline[lead] for lead in again)
            for layer, again in seen_in[a].items()
            if layer in seen_in[b]
        )

    rows = zip(pairs["a"].tolist(), pairs["b"].tolist(), is_growth, strict=True)
    explained = [bool(grows) and are_two(a, b) for a, b, grows in rows]
    pairs.loc[explained, ["rule", "decision"]] = ["explained", "apart"]
    return pairs
