"""overlap: what each lead or site lies on – per class, per layer and per feature, each measured against the union."""

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from pipeline.declare import empty_frame, shape_table
from pipeline.engine.overlay import Near, near_pairs, pays_kernel, reach_of, union_areas
from pipeline.engine.uncertain import uncertain_areas
from pipeline.errors import InputError
from pipeline.geometry import AREA_DECIMALS, equal_area_shapes
from pipeline.intake.words.dates import date_span
from pipeline.rules import OverlapRules
from pipeline.tables import OVERLAPS
from pipeline.text import say_both

LEVELS = {
    "feature": ["layer_class", "layer_id", "feature_key", "name", "grade", "zone"],
    "layer": ["layer_class", "layer_id"],
    "class": ["layer_class"],
}
WHOLE_SHARE = 1 - 1e-9
SHOWN_ROWS = 6  # more in one message hide the others


def overlap(
    subjects: gpd.GeoDataFrame,
    layers: gpd.GeoDataFrame,
    rules: OverlapRules,
    coverage: dict[str, Any] | None = None,
    subject: str = "lead",
    versions: pd.DataFrame | None = None,
    by_kernel: bool | None = None,
) -> pd.DataFrame:
    """Table overlaps of `subjects` (leads or sites: <subject>_id, prev_date, curr_date, position_accuracy_m, geometry).

    `layers` has one row per feature (intake/ground.py lists the columns) in the same CRS, metres. Of a series only the
    version right for the subject is used: the newest dated on or before its earlier date, else the oldest (R07).
    `coverage`: class → covered area, None for everywhere; each covered class has a row, also where the overlap is 0.
    `versions` (layer_id, series, layer_date) has every layer that was read, also those without a feature here: a newer
    version that is empty says that nothing is there. Without it the layers are those that have features. `by_kernel` says
    for all pieces of one work alike whether areas come from the compiled kernel; else the number of pairs does, and shapes
    that are not valid raise InputError: geometry.repair mends them and says how.
    """
    subjects = subjects.reset_index(drop=True)
    if subjects.empty:
        return empty_frame(OVERLAPS)
    if by_kernel is None:
        _refuse_invalid(subjects, "subjects")
        _refuse_invalid(layers, "layers")
    own, features = equal_area_shapes(subjects.geometry.to_numpy(), layers.geometry.to_numpy(), subjects.crs)
    chosen_road = pays_kernel(subjects, layers) if by_kernel is None else by_kernel
    near = near_pairs(own, features, reach_of(subjects, layers, rules.adjacent_m), chosen_road)
    pairs = _pairs(near, subjects, layers, layers if versions is None else versions, rules.adjacent_m)
    frames: list[pd.DataFrame] = []
    for level in LEVELS:
        frames.append(_measured(pairs, near, own, rules, level, frames[-1] if level == "class" else None))
    frames.append(_covered_rows(subjects, frames[-1], coverage or {}))
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return empty_frame(OVERLAPS)
    rows = pd.concat(filled, ignore_index=True)
    rows = rows.assign(subject=subject, subject_id=subjects[f"{subject}_id"].reindex(rows["i"]).to_numpy())
    return shape_table(rows, OVERLAPS)


def _refuse_invalid(frame: gpd.GeoDataFrame, name: str) -> None:
    """The door repairs and records; here nothing may be measured wrong in silence."""
    wrong = np.flatnonzero(~shapely.is_valid(frame.geometry.to_numpy()))
    if len(wrong):
        rows = ", ".join(str(frame.index[k]) for k in wrong[:SHOWN_ROWS])
        reason = shapely.is_valid_reason(frame.geometry.iloc[wrong[0]])
        raise InputError(say_both("run.invalid_shapes", name=name, n=len(wrong), rows=rows, reason=reason))


def _pairs(
    near: Near, subjects: gpd.GeoDataFrame, layers: gpd.GeoDataFrame, versions: pd.DataFrame, adjacent_m: float
) -> pd.DataFrame:
    """The pairs within the subject's own reach, of the version that is right for it; `pair` is the row in `near`."""
    accuracy_m = subjects["position_accuracy_m"].to_numpy(dtype=float)
    pairs = layers.drop(columns=["geometry"]).iloc[near.j].reset_index(drop=True)
    pairs = pairs.assign(i=near.i, pair=np.arange(len(near.i)), distance_m=near.distance_m)
    pairs["accuracy_m"] = accuracy_m[near.i]
    pairs["tolerance_m"] = np.hypot(accuracy_m[near.i], pairs["position_accuracy_m"].to_numpy(dtype=float))
    reach_m = np.maximum(pairs[["within_m", "tolerance_m"]].max(axis=1), adjacent_m)
    is_used = np.zeros(len(pairs), dtype=bool)
    vintage_ok = np.full(len(pairs), np.nan)
    days = _earlier_days(subjects)
    for series, members in versions.drop_duplicates("layer_id").groupby("series", sort=True):
        version, is_old_enough = _version_of(days, members)
        rows = np.flatnonzero(pairs["series"].to_numpy() == series)
        is_used[rows] = version[near.i[rows]] == pairs["layer_id"].to_numpy(dtype=object)[rows]
        vintage_ok[rows] = is_old_enough[near.i[rows]]
    return pairs.assign(vintage_ok=vintage_ok)[is_used & (pairs["distance_m"] <= reach_m)]


def _earlier_days(subjects: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """First possible day of each subject's earlier date (else of its later one), ISO; empty where it has neither."""
    dated = subjects["prev_date"].fillna(subjects["curr_date"])
    first = {day: date_span(day)[0].isoformat() for day in set(dated.dropna())}
    return np.array([first.get(day, "") for day in dated], dtype=object)


def _version_of(days: npt.NDArray[np.object_], members: pd.DataFrame) -> tuple[Any, Any]:
    """Per subject the version of a series to use (R07), and whether it is old enough: 1, 0, or NaN where undated."""
    dates = members.assign(day=members["layer_date"].fillna("")).sort_values(["day", "layer_id"])
    known_days, known = dates["day"].to_numpy(dtype=str), dates["layer_id"].to_numpy(dtype=object)
    fitting = np.searchsorted(known_days, days.astype(str), side="right") - 1
    chosen = np.where(days == "", len(known) - 1, np.maximum(fitting, 0))
    has_dates = (days != "") & (known_days[0] != "" or len(known) > 1)
    return known[chosen], np.where(has_dates, (fitting >= 0).astype(float), np.nan)


def _measured(
    pairs: pd.DataFrame, near: Near, own: Any, rules: OverlapRules, level: str, of_layers: pd.DataFrame | None
) -> pd.DataFrame:
    """One row per subject and class, layer or feature that it touches or nears; `of_layers`: the rows of level layer."""
    if level == "class":  # permits and shown layers have a class row of their own class only
        votes = pairs.groupby("layer_class")["counts"].transform("any")
        pairs = pairs[pairs["counts"] | ~votes]
    if pairs.empty:
        return pd.DataFrame()
    columns = ["i", *LEVELS[level]]
    pairs = pairs.assign(group=pairs.groupby(columns, dropna=False, sort=True).ngroup())
    grouped = pairs.groupby("group", sort=True)
    rows = grouped.agg(
        {name: "first" for name in columns}
        | {"distance_m": "min", "within_m": "max", "sliver_m2": "min", "sliver_share": "min", "layer_date": "max"}
        | {"vintage_ok": "min", "accuracy_m": "first", "tolerance_m": "max"}
    )
    members = (pairs["pair"].to_numpy(), pairs["group"].to_numpy(), len(rows))
    own_m2 = shapely.area(own)
    subject_m2 = np.round(own_m2[rows["i"]], AREA_DECIMALS)
    rows["overlap_m2"] = np.minimum(np.round(union_areas(near, *members, own_m2), AREA_DECIMALS), subject_m2)
    is_point = subject_m2 == 0
    is_on = np.where(is_point, rows["distance_m"] <= rows["accuracy_m"], rows["overlap_m2"] > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rows["overlap_share"] = np.where(is_point, is_on, rows["overlap_m2"] / subject_m2)
    rows["position"] = _positions(rows, is_on, is_point, rules)
    rows["vintage_ok"] = rows["vintage_ok"].map({1.0: True, 0.0: False}).astype(object)
    rows = rows.assign(is_point=is_point, level=level)[rows["position"] != "outside"]
    if level == "layer":
        rows = _with_bounds(rows, pairs, near, own)
    if level == "class":
        assert of_layers is not None
        rows = _bounds_of_class(rows, pairs, near, own, of_layers)
    return rows.drop(columns="is_point").reset_index(drop=True)


def _bounds_of_class(
    rows: pd.DataFrame, pairs: pd.DataFrame, near: Near, own: Any, of_layers: pd.DataFrame
) -> pd.DataFrame:
    """The bounds of rows of level class: those of its layer where the subject nears one layer of the class alone."""
    first = pairs.groupby("group", sort=True)["layer_id"]
    alone = rows.assign(layer_id=first.first().reindex(rows.index))[first.nunique().reindex(rows.index) == 1]
    bounds = of_layers.set_index(["i", "layer_id"])[["overlap_low_m2", "overlap_high_m2"]]
    known = alone[["i", "layer_id"]].join(bounds, on=["i", "layer_id"])
    others = _with_bounds(rows.drop(index=alone.index), pairs, near, own)
    return pd.concat([rows.loc[alone.index].join(known[bounds.columns]), others]).sort_index()


def _with_bounds(rows: pd.DataFrame, pairs: pd.DataFrame, near: Near, own: Any) -> pd.DataFrame:
    """rows (index: group of pairs) with overlap_low_m2 and overlap_high_m2; a point has neither."""
    wanted = rows.index[~rows["is_point"].to_numpy(dtype=bool)]
    number = pd.Series(np.arange(len(wanted)), index=wanted)
    chosen = pairs[pairs["group"].isin(wanted)]
    low_m2, high_m2 = uncertain_areas(
        own, near, chosen["pair"].to_numpy(), number[chosen["group"]].to_numpy(), len(wanted),
        chosen["tolerance_m"].to_numpy(),
    )  # fmt: skip
    best_m2 = rows.loc[wanted, "overlap_m2"]
    low = pd.Series(np.round(low_m2, AREA_DECIMALS), index=wanted).clip(upper=best_m2)
    high = pd.Series(np.round(high_m2, AREA_DECIMALS), index=wanted).clip(lower=best_m2)
    return rows.assign(overlap_low_m2=low, overlap_high_m2=high)


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
            rows["distance_m"] <= rows["tolerance_m"],
            rows["distance_m"] <= rules.adjacent_m,
        ],
        ["sliver", "inside", "crossing", "within", "tolerance", "adjacent"],
        "outside",
    )


def _covered_rows(subjects: gpd.GeoDataFrame, found: pd.DataFrame, coverage: dict[str, Any]) -> pd.DataFrame:
    """Zero rows for covered classes the subject does not touch: covered and zero is not the same as not covered."""
    touched = set(zip(found["i"], found["layer_class"], strict=True)) if len(found) else set()
    shapes = subjects.geometry.to_numpy()
    rows = []
    for layer_class, area in sorted(coverage.items()):
        shapely.prepare(area)
        is_covered = np.ones(len(shapes), dtype=bool) if area is None else shapely.covers(area, shapes)
        rows += [
            {"i": int(i), "layer_class": layer_class, "level": "class", "position": "outside", "overlap_m2": 0.0,
             "overlap_low_m2": 0.0, "overlap_high_m2": 0.0, "overlap_share": 0.0}
            for i in np.flatnonzero(is_covered)
            if (int(i), layer_class) not in touched
        ]  # fmt: skip
    return pd.DataFrame(rows)
