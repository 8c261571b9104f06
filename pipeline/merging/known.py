"""Known ground: what of a site lies outside it, and whether that is so little, and so like it, that the site is the case."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from pipeline.declare import cells
from pipeline.geometry import Floats, Shapes, in_threads, polygons_of
from pipeline.intake.words.codes import NO_PROBLEM
from pipeline.merging.near import Pairs
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
    classes, zones = (cells(layers, name) for name in ("layer_class", "zone"))
    is_enough = shared_m2 >= rules.overlap.sliver_m2
    for row, feature in zip(rows[is_enough].tolist(), features[is_enough].tolist(), strict=True):
        touched[row].add((classes[feature], zones[feature]))
    return touched


def grounds(
    sites: gpd.GeoDataFrame, cases: gpd.GeoDataFrame, pairs: Pairs, layers: gpd.GeoDataFrame, rules: Rules
) -> tuple[list[bool], list[float], dict[int, Any]]:
    """(per pair whether the site is known ground, and the m² beyond it; per site row its ground outside every known case).

    Known to a pair is the ground of its case, and of open outlines of the site's activity near it. What lies outside every case
    is cut by outlines alone: a box is no ground, and what a person called another place is none of the site's.
    """
    own = sites.geometry.to_numpy()[pairs.i]
    polygons = np.array([polygons_of(shape) for shape in cases.geometry], dtype=object)
    shapes = polygons[pairs.j]
    activity = [
        frame["activity_l1"].to_numpy(dtype=object)[rows] for frame, rows in ((sites, pairs.i), (cases, pairs.j))
    ]
    is_outline = (cases["case_geometry"] == "outline").to_numpy()[pairs.j]
    is_apart = np.array([answer == "apart" for answer in pairs.said], dtype=bool)
    is_open = ~cases["is_closed"].to_numpy(dtype=bool)[pairs.j] & (cases["state"] != NO_PROBLEM).to_numpy()[pairs.j]
    agreeing = united(shapes, pairs.i, is_outline & is_open & ~is_apart & (activity[0] == activity[1]))
    everything = united(shapes, pairs.i, is_outline & ~is_apart)
    at = np.flatnonzero(
        (pairs.contacts.is_ground | np.array([answer in ("same", "own") for answer in pairs.said], dtype=bool))
        & ~shapely.is_missing(shapes)
    )
    known = np.array([_with(shapes[k], agreeing.get(int(pairs.i[k]))) for k in at], dtype=object)
    is_known, beyond_m2 = np.zeros(len(own), dtype=bool), pairs.contacts.outside_m2.copy()
    is_more = known != shapes[at]
    beyond_m2[at[is_more]] = beyond(own[at[is_more]], known[is_more], np.zeros(int(is_more.sum())))
    tolerance_m = rules.match.tolerance_sigmas * pairs.accuracy_m[at]
    counted = layers[layers["counts"].astype(bool)]
    is_known[at] = are_known(own[at], activity[0][at], shapes[at], known, tolerance_m, counted, rules)
    return (
        is_known.tolist(),
        beyond_m2.tolist(),
        _new_grounds(sites.geometry.to_numpy(), everything, set(pairs.i.tolist())),
    )


def _with(shape: Any, more: Any) -> Any:
    return shape if more is None or more is shape else shapely.union(shape, more)


def _new_grounds(sites: Shapes, everything: dict[int, Any], rows: set[int]) -> dict[int, Any]:
    """Site row → what of the site lies outside `everything`; None where nothing does, or for a point."""
    with_ground = [row for row in sorted(rows) if row in everything]
    known = np.array([everything[row] for row in with_ground], dtype=object)
    cut = in_threads(shapely.difference, sites[with_ground], known)
    left = {row: sites[row] for row in rows} | dict(zip(with_ground, cut, strict=True))
    return {row: polygons_of(shape) if sites[row].area else None for row, shape in left.items()}
