"""doubt: points of a source that meet known places only after GCJ-02 or BD-09 is undone are doubtful, one and all."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.geometry import Shapes, to_crs
from pipeline.intake.coordinates.evidence import shifted_readings
from pipeline.intake.ground import Ground
from pipeline.rules import LocateRules
from pipeline.text import say


def doubt(
    leads: gpd.GeoDataFrame, ground: Ground, rules: LocateRules, language: str
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """(leads, sentences): `leads` with `doubt` and a wider accuracy for groups that fit only un-shifted; the sentence per source.

    Nothing is moved: a person declares the source's crs, or decides point by point.
    """
    said: dict[str, str] = {}
    for source_id, group in leads[(leads["area_m2"] == 0) & leads["doubt"].isna()].groupby("source_id", sort=True):
        others = leads[leads["source_id"] != source_id].geometry.to_numpy()
        found = _fits_unshifted(group, others, ground, rules)
        if found is None:
            continue
        datum, met, offset_m = found
        said[str(source_id)] = say(
            language, "intake.shifted_group", datum=datum, met=met, n=len(group), offset=offset_m
        )
        accuracy_m = np.maximum(group["position_accuracy_m"], offset_m)
        leads = leads.assign(
            doubt=leads["doubt"].where(~leads.index.isin(group.index), said[str(source_id)]),
            position_accuracy_m=leads["position_accuracy_m"].where(~leads.index.isin(group.index), accuracy_m.reindex(leads.index)),
            crs_confidence=leads["crs_confidence"].where(~leads.index.isin(group.index), "doubtful"),
        )  # fmt: skip
    return leads, said


def _fits_unshifted(
    group: pd.DataFrame, others: Shapes, ground: Ground, rules: LocateRules
) -> tuple[str, int, float] | None:
    """(datum, points that meet something, mean offset m) of the datum that explains the group; None where none does."""
    if len(group) < rules.shifted_least_points or not len(others):
        return None
    tree = shapely.STRtree(others)
    written: Any = group["geometry"].to_numpy(dtype=object)
    if _met(tree, written, rules) > rules.shifted_most_share * len(group):
        return None
    readings = shifted_readings(group[["lon", "lat"]].to_numpy(dtype=float))
    best: tuple[str, int, float] | None = None
    for k, datum in enumerate(label for label, *_ in readings[0]):
        points = np.array([shapely.Point(row[k][1], row[k][2]) for row in readings], dtype=object)
        moved = to_crs(points, ground.geographic, ground.crs)
        met = _met(tree, moved, rules)
        least = max(rules.shifted_least_points, rules.shifted_least_share * len(group))
        if met >= least and (best is None or met > best[1]):
            best = datum, met, float(shapely.distance(written, moved).mean())
    return best


def _met(tree: Any, points: Shapes, rules: LocateRules) -> int:
    """How many points have something near."""
    return len(set(tree.query(points, predicate="dwithin", distance=rules.shifted_near_m)[0].tolist()))
