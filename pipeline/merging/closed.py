"""R14: what was seen of a site before and after a case was closed, and whether that lies on the footprint of the case."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import shapely

from pipeline.geometry import Shapes, in_threads
from pipeline.intake.words.dates import date_span
from pipeline.merging.contact import Mask, are_twins, is_more_than_edge
from pipeline.rules import Rules

NEW_ACTIVITY = ("C1", "C2", "C9")


class Seen(NamedTuple):
    """One lead of a site: where, when and what was seen."""

    lead_id: str
    shape: Any
    prev_date: str | None
    curr_date: str | None
    change_type: str


class OnClosed(NamedTuple):
    """Whether new activity on the footprint of a closed case was seen after the closing, perhaps after it, before it."""

    after: bool = False
    perhaps: bool = False
    before: bool = False


def is_after(lead: Seen, day: Any) -> bool | None:
    """Whether a lead was seen after a day; None where the dates do not say."""
    if lead.curr_date is None or pd.isna(day):
        return None
    seen, closed = date_span(lead.curr_date), date_span(day)
    return True if seen[0] > closed[1] else False if seen[1] <= closed[0] else None


def seen_on_closed(
    leads: Sequence[Sequence[Seen]], closed_dates: Sequence[Any], footprints: Shapes, rules: Rules
) -> list[OnClosed]:
    """Per site (its leads) and closed case what new activity was seen on the footprint, and when. CRS in metres."""
    groups = [
        (k, when, [lead.shape for lead in own if lead.change_type in NEW_ACTIVITY and is_after(lead, day) is answer])
        for k, (own, day) in enumerate(zip(leads, closed_dates, strict=True))
        for when, answer in (("after", True), ("perhaps", None), ("before", False))
    ]
    groups = [group for group in groups if group[2]]
    shapes = np.empty(len(groups), dtype=object)
    shapes[:] = [own[0] if len(own) == 1 else shapely.union_all(own) for _, _, own in groups]
    is_on = _are_on(shapes, footprints[[k for k, _, _ in groups]], rules)
    found: list[dict[str, bool]] = [{} for _ in leads]
    for (k, when, _), lies_on in zip(groups, is_on.tolist(), strict=True):
        found[k][when] = lies_on
    return [OnClosed(**one) for one in found]


def _are_on(seen: Shapes, known: Shapes, rules: Rules) -> Mask:
    """Whether what was seen lies on the footprint: enough of it and no mere edge; for points near enough."""
    seen_m2, known_m2 = shapely.area(seen), shapely.area(known)
    is_on = np.zeros(len(seen), dtype=bool)
    points = np.flatnonzero((seen_m2 == 0) | (known_m2 == 0))
    is_on[points] = shapely.distance(seen[points], known[points]) <= rules.match.rebound_point_m
    at = np.flatnonzero((seen_m2 > 0) & (known_m2 > 0))
    common = in_threads(shapely.intersection, seen[at], known[at])
    common_m2 = shapely.area(common)
    is_enough = (common_m2 >= rules.match.rebound_m2) | (common_m2 / known_m2[at] >= rules.match.rebound_share)
    at, common = at[is_enough], common[is_enough]
    is_on[at] = is_more_than_edge(common, np.minimum(seen_m2[at], known_m2[at]), rules.merge)
    left = at[~is_on[at]]
    is_on[left] = are_twins(seen[left], known[left], rules.merge)
    return is_on
