"""Known ground: what of a site lies outside it, and whether that is so little, and so like it, that the site is the case."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from pipeline.geometry import Floats, Shapes, in_threads
from pipeline.rules import CONSTRUCTION, CORE_ZONES, Rules

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Touched = set[tuple[str, str | None]]


def united(shapes: Shapes, owner: Rows, counts: Mask) -> dict[int, Any]:
    """owner → the ground of those of its shapes (None for points) that count, as one shape."""
    own: dict[int, list[Any]] = {}
    for k in np.flatnonzero(counts & ~shapely.is_missing(shapes)):
        own.setdefault(int(owner[k]), []).append(shapes[k])
    return {row: parts[0] if len(parts) == 1 else shapely.union_all(parts) for row, parts in own.items()}


def beyond(shapes: Shapes, known: Shapes, tolerance_m: Floats) -> Floats:
    """m² of each shape outside the known ground widened by the tolerance."""
    return in_threads(_beyond, shapes, known, tolerance_m)


def _beyond(shapes: Shapes, known: Shapes, tolerance_m: Floats) -> Floats:
    around = np.where(tolerance_m > 0, shapely.buffer(known, tolerance_m, quad_segs=4), known)
    beyond_m2: Floats = shapely.area(shapely.difference(shapes, around))
    return beyond_m2


def are_known(
    shapes: Shapes,
    activities: npt.NDArray[Any],
    cases: Shapes,
    known: Shapes,
    tolerance_m: Floats,
    layers: gpd.GeoDataFrame,
    rules: Rules,
) -> Mask:
    """Per paired site and case: little enough of the site lies outside the `known` ground and its tolerance, and it touches no
    layer or zone that the case does not touch. `activities`: level 1 of the site. All in one CRS in metres."""
    beyond_m2 = beyond(shapes, known, tolerance_m)
    at = np.flatnonzero(beyond_m2 <= rules.match.same_outside_share * shapely.area(shapes))
    touched = _touched(layers, shapes[at], rules)
    of_case = _touched(layers, shapely.buffer(cases[at], tolerance_m[at], quad_segs=4), rules)
    found = np.zeros(len(shapes), dtype=bool)
    for k, own, of in zip(at.tolist(), touched, of_case, strict=True):
        found[k] = beyond_m2[k] < _smallest_m2(own, activities[k], rules) and own <= of
    return found


def _smallest_m2(touched: Touched, activity_l1: Any, rules: Rules) -> float:
    """R01 and R02; where these set no minimum, R04."""
    if any(name == "wetland" or zone in CORE_ZONES for name, zone in touched):
        return rules.overlap.sliver_m2
    is_construction = not pd.isna(activity_l1) and activity_l1 in CONSTRUCTION
    return rules.areas.min_construction_m2 if is_construction else rules.areas.min_other_m2


def _touched(layers: gpd.GeoDataFrame, shapes: Shapes, rules: Rules) -> list[Touched]:
    """Per shape (class, zone) of the features that count and share more than a sliver with it."""
    touched: list[Touched] = [set() for _ in shapes]
    if layers.empty or not len(shapes):
        return touched
    rows, features = layers.sindex.query(shapes, predicate="intersects")
    shared_m2 = shapely.area(in_threads(shapely.intersection, shapes[rows], layers.geometry.to_numpy()[features]))
    classes, zones = layers["layer_class"].tolist(), layers["zone"].where(layers["zone"].notna(), None).tolist()
    is_enough = shared_m2 >= rules.overlap.sliver_m2
    for row, feature in zip(rows[is_enough].tolist(), features[is_enough].tolist(), strict=True):
        touched[row].add((classes[feature], zones[feature]))
    return touched
