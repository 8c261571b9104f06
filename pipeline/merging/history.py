"""The ground of sites, period by period: what each period covered, and what of it was new."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from pipeline.geometry import Shapes, in_threads, polygons_of
from pipeline.intake.words.dates import UNDATED, period_order

Rows = npt.NDArray[np.int64]
TOUCHING, TOUCHING_M2 = (
    1e-9,
    1e-4,
)  # of the area, and at most: no more than rounding makes, and less than areas are told to


class History(NamedTuple):
    """Steps, one per site and period, by site and period; and of every site with an outline all its ground.

    `leads` has the rows of the outlines of each step, in order; `ground` is all that is covered by then, `new` what no earlier
    period covered (None where nothing is).
    """

    site: Rows
    period: list[str]
    leads: list[list[int]]
    ground: Shapes
    new: Shapes
    whole: dict[int, object]


def history_of(site: Rows, period: list[str | None], shapes: Shapes) -> History:
    """The history of the sites of outlines: per outline its site, its period (None: undated) and its shape, in a CRS in metres.

    Outlines are united one after the other, all sites at once. Undated ones belong to no step and to the whole.
    """
    labels = [UNDATED if one is None else one for one in period]
    keys_of = list(zip(site.tolist(), map(period_order, labels), strict=True))
    order = np.array(
        sorted(range(len(site)), key=keys_of.__getitem__), dtype=np.int64
    )  # of equals the earlier row first
    grounds = _united(site[order], shapes[order])
    keys = [(int(site[row]), labels[row]) for row in order]
    ends = [k for k in range(len(keys)) if k + 1 == len(keys) or keys[k + 1] != keys[k]]
    whole = {keys[k][0]: grounds[k] for k in ends}  # of each site the last one stays
    starts = [k for k in range(len(keys)) if k == 0 or keys[k - 1] != keys[k]]
    steps = [(start, end) for start, end in zip(starts, ends, strict=True) if keys[end][1] != UNDATED]
    sites = np.array([keys[end][0] for _, end in steps], dtype=np.int64)
    ground = grounds[np.array([end for _, end in steps], dtype=np.int64)]
    leads = [order[start : end + 1].tolist() for start, end in steps]
    shown = ground.copy()
    single = [k for k, (start, end) in enumerate(steps) if start == end]
    shown[single] = shapes[[leads[k][0] for k in single]]
    return History(sites, [keys[end][1] for _, end in steps], leads, ground, _new(sites, ground, shown), whole)


def _united(site: Rows, shapes: Shapes) -> Shapes:
    """Per outline all that its site covers up to it; outlines of one site stand together."""
    grounds = shapes.copy()
    first = np.flatnonzero(np.diff(site, prepend=-1)) if len(site) else np.zeros(0, dtype=np.int64)
    depth = np.arange(len(site)) - np.repeat(first, np.diff(np.append(first, len(site))))
    for level in range(1, int(depth.max(initial=0)) + 1):
        at = np.flatnonzero(depth == level)
        grounds[at] = in_threads(shapely.union, grounds[at - 1], shapes[at])
    return grounds


def _new(site: Rows, ground: Shapes, shown: Shapes) -> Shapes:
    """What of its own outline, if it has but one, lay at each step outside the ground of the step before; else of all ground."""
    new, total_m2 = ground.copy(), shapely.area(ground)
    at = np.flatnonzero(np.diff(site) == 0) + 1
    new[at] = shown[at]
    common_m2 = total_m2[at - 1] + shapely.area(shown[at]) - total_m2[at]
    cut = at[common_m2 > np.minimum(TOUCHING * total_m2[at], TOUCHING_M2)]  # what only borders is new as it is
    new[cut] = in_threads(shapely.difference, shown[cut], ground[cut - 1])
    for k in cut:
        new[k] = polygons_of(new[k])
    return new
