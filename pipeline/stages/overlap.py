"""overlap: what each lead or site lies on – per class, per layer and per feature, each measured against the union."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.declare import empty_frame, shape_table
from pipeline.engine.overlay import near_pairs, uncertain_areas, union_areas
from pipeline.geometry import area_m2
from pipeline.intake.words.dates import date_span
from pipeline.rules import OverlapRules
from pipeline.tables import OVERLAPS

LEVELS = {
    "feature": ["layer_class", "layer_id", "feature_key", "name", "grade", "zone"],
    "layer": ["layer_class", "layer_id"],
    "class": ["layer_class"],
}
WHOLE_SHARE = 1 - 1e-9


def overlap(
    subjects: gpd.GeoDataFrame,
    layers: gpd.GeoDataFrame,
    rules: OverlapRules,
    coverage: dict[str, Any] | None = None,
    subject: str = "lead",
) -> pd.DataFrame:
    """Table overlaps of `subjects` (leads or sites: <subject>_id, prev_date, curr_date, position_accuracy_m, geometry).

    `layers` has one row per feature (intake/ground.py lists the columns) in the same CRS, metres. Of a series only the
    version right for the subject is used: the newest dated on or before its earlier date, else the oldest (R07).
    `coverage`: class → covered area, None for everywhere; each covered class has a row, also where the overlap is 0.
    """
    subjects = subjects.reset_index(drop=True)
    if subjects.empty:
        return empty_frame(OVERLAPS)
    pairs = _pairs(subjects, layers, rules)
    frames = [_measured(pairs, subjects, layers, rules, level) for level in LEVELS]
    frames.append(_covered_rows(subjects, frames[-1], coverage or {}))
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return empty_frame(OVERLAPS)
    rows = pd.concat(filled, ignore_index=True)
    rows = rows.assign(subject=subject, subject_id=subjects[f"{subject}_id"].reindex(rows["i"]).to_numpy())
    return shape_table(rows, OVERLAPS)


def _pairs(subjects: gpd.GeoDataFrame, layers: gpd.GeoDataFrame, rules: OverlapRules) -> pd.DataFrame:
    """Near pairs with what decides on them: distance, piece, tolerance, and the layer's own columns."""
    accuracy_m = subjects["position_accuracy_m"].to_numpy(dtype=float)
    own_m = layers[["within_m", "position_accuracy_m"]].max().max() if len(layers) else 0.0
    reach_m = max(rules.adjacent_m, float(own_m), float(np.hypot(accuracy_m, own_m).max()))
    found = near_pairs(subjects.geometry.to_numpy(), layers.geometry.to_numpy(), reach_m)
    pairs = layers.drop(columns=["geometry"]).iloc[found.j].reset_index(drop=True)
    pairs = pairs.assign(i=found.i, j=found.j, distance_m=found.distance_m, piece=found.pieces)
    pairs["tolerance_m"] = np.hypot(accuracy_m[found.i], pairs["position_accuracy_m"].to_numpy(dtype=float))
    version, vintage_ok = _versions(subjects, layers)
    keys = list(zip(pairs["i"], pairs["series"], strict=True))
    pairs = pairs.assign(vintage_ok=[vintage_ok.get(key) for key in keys])
    is_used = [version[key] == layer for key, layer in zip(keys, pairs["layer_id"], strict=True)]
    return pairs[np.array(is_used, dtype=bool)]


def _versions(
    subjects: gpd.GeoDataFrame, layers: gpd.GeoDataFrame
) -> tuple[dict[tuple[int, str], str], dict[tuple[int, str], bool | None]]:
    """(i, series) → the layer version to use (R07), and whether it is old enough; None where a date is missing."""
    version: dict[tuple[int, str], str] = {}
    is_old_enough: dict[tuple[int, str], bool | None] = {}
    dated = subjects["prev_date"].fillna(subjects["curr_date"])
    days = [date_span(day)[0].isoformat() if isinstance(day, str) else None for day in dated]
    for series, members in layers.drop_duplicates("layer_id").groupby("series", sort=True):
        dates = members.assign(day=members["layer_date"].fillna("")).sort_values(["day", "layer_id"])
        known = [(str(day), str(layer)) for day, layer in zip(dates["day"], dates["layer_id"], strict=True)]
        for i, day in enumerate(days):
            fitting = [layer for layer_day, layer in known if day is not None and layer_day <= day]
            chosen = known[-1][1] if day is None else fitting[-1] if fitting else known[0][1]
            version[i, str(series)] = chosen
            has_dates = day is not None and (known[0][0] != "" or len(known) > 1)
            is_old_enough[i, str(series)] = bool(fitting) if has_dates else None
    return version, is_old_enough


def _measured(
    pairs: pd.DataFrame, subjects: gpd.GeoDataFrame, layers: gpd.GeoDataFrame, rules: OverlapRules, level: str
) -> pd.DataFrame:
    """One row per subject and class, layer or feature that it touches or nears."""
    if level == "class":  # permits and shown layers have a class row of their own class only
        votes = pairs.groupby("layer_class")["counts"].transform("any")
        pairs = pairs[pairs["counts"] | ~votes]
    if pairs.empty:
        return pd.DataFrame()
    columns = ["i", *LEVELS[level]]
    pairs = pairs.assign(group=pairs.groupby(columns, dropna=False, sort=True).ngroup())
    grouped = pairs.groupby("group", sort=True)
    rows = grouped.agg(
        {name: "first" for name in ["i", *LEVELS[level]]}
        | {"distance_m": "min", "within_m": "max", "sliver_m2": "min", "sliver_share": "min", "layer_date": "max"}
    )
    shapes = subjects.geometry.to_numpy()
    pieces, groups = pairs["piece"].to_numpy(dtype=object), pairs["group"].to_numpy()
    own_m2 = area_m2(shapes, subjects.crs)[rows["i"]]
    rows["overlap_m2"] = np.minimum(union_areas(pieces, groups, len(rows), subjects.crs), own_m2)
    accuracy_m = subjects["position_accuracy_m"].to_numpy(dtype=float)[rows["i"]]
    is_point = own_m2 == 0
    is_on = np.where(is_point, rows["distance_m"] <= accuracy_m, rows["overlap_m2"] > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rows["overlap_share"] = np.where(is_point, is_on, rows["overlap_m2"] / own_m2)
    rows["position"] = _positions(rows, is_on, is_point, rules)
    rows["vintage_ok"] = grouped["vintage_ok"].agg(_all_known)
    if level != "feature":
        low, high = _uncertainty(pairs, rows, is_point, subjects, layers)
        rows["overlap_low_m2"], rows["overlap_high_m2"] = low, high
    return rows[rows["position"] != "outside"].assign(level=level).reset_index(drop=True)


def _positions(rows: pd.DataFrame, is_on: Any, is_point: Any, rules: OverlapRules) -> Any:
    is_sliver = (
        is_on & ~is_point & (rows["overlap_m2"] < rows["sliver_m2"]) & (rows["overlap_share"] < rows["sliver_share"])
    )
    return np.select(
        [
            is_sliver,
            is_on & (rows["overlap_share"] >= WHOLE_SHARE),
            is_on,
            (rows["within_m"] > 0) & (rows["distance_m"] <= rows["within_m"]),
            rows["distance_m"] <= rules.adjacent_m,
        ],
        ["sliver", "inside", "crossing", "within", "adjacent"],
        "outside",
    )


def _all_known(flags: pd.Series) -> bool | None:
    known = [flag for flag in flags if flag is not None]
    return all(known) if known else None


def _uncertainty(
    pairs: pd.DataFrame, rows: pd.DataFrame, is_point: Any, subjects: gpd.GeoDataFrame, layers: gpd.GeoDataFrame
) -> tuple[Any, Any]:
    """overlap_low_m2 and overlap_high_m2 of rows; a point has neither."""
    members = pairs.groupby("group", sort=True).indices
    areas = [k for k in range(len(rows)) if not is_point[k]]
    features, tolerance_m = pairs["j"].to_numpy(), pairs["tolerance_m"].to_numpy()
    first = rows["i"].to_numpy()
    groups = [(int(first[k]), features[members[k]], tolerance_m[members[k]]) for k in areas]
    low, high = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    low[areas], high[areas] = uncertain_areas(
        subjects.geometry.to_numpy(), layers.geometry.to_numpy(), groups, subjects.crs
    )
    best = rows["overlap_m2"].to_numpy()
    return np.fmin(low, best), np.fmax(high, best)


def _covered_rows(subjects: gpd.GeoDataFrame, found: pd.DataFrame, coverage: dict[str, Any]) -> pd.DataFrame:
    """Zero rows for covered classes the subject does not touch: covered and zero is not the same as not covered."""
    touched = set(zip(found["i"], found["layer_class"], strict=True)) if len(found) else set()
    shapes = subjects.geometry.to_numpy()
    rows = []
    for layer_class, area in sorted(coverage.items()):
        is_covered = np.ones(len(shapes), dtype=bool) if area is None else shapely.covers(area, shapes)
        rows += [
            {"i": int(i), "layer_class": layer_class, "level": "class", "position": "outside", "overlap_m2": 0.0,
             "overlap_low_m2": 0.0, "overlap_high_m2": 0.0, "overlap_share": 0.0}
            for i in np.flatnonzero(is_covered)
            if (int(i), layer_class) not in touched
        ]  # fmt: skip
    return pd.DataFrame(rows)
