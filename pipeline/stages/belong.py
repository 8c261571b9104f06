"""belong: a site whose lead a case already holds belongs to that case – now, or by an earlier version of its record."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.declare import shape_table
from pipeline.geometry import polygons_of
from pipeline.merging.against import name_of_case
from pipeline.tables import JUDGED, LEDGER, MATCHES
from pipeline.text import say

Row = dict[str, Any]


def belong(
    matches: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    cases: gpd.GeoDataFrame,
    language: str = "zh",
    said: Collection[tuple[str, str]] = (),
) -> gpd.GeoDataFrame:
    """Table matches, settled: a site that is the same as a case holding one of its leads has no other growth or sameness.

    A site with a corrected record of a case that is no longer the same is asked about, once per case: it never gets a
    number of its own – unless a person spoke of the two: `said` has (site_id, problem_id).
    """
    holds: dict[str, list[int]] = defaultdict(list)
    for k, lead_ids in enumerate(cases["lead_ids"]):
        for lead_id in lead_ids:
            holds[lead_id].append(k)
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in matches.to_dict("records"):
        rows[row["site_id"]].append(row)
    is_own = cases["source_id"].isin([LEDGER, JUDGED]).tolist()
    keys = zip(sites["site_id"], sites["lead_ids"], sites["corrected_leads"], strict=True)
    for i, (site_id, lead_ids, corrected_leads) in enumerate(keys):
        corrected = _held(holds, corrected_leads)
        own = [k for k in _held(holds, lead_ids) if is_own[k]]
        ids = set(cases["problem_id"].iloc[[*corrected, *own]]) if corrected or own else set()
        if any(row["relation"] == "same" and row["problem_id"] in ids for row in rows.get(site_id, [])):
            rows[site_id] = [_stepped_back(row, ids, language) for row in rows[site_id]]
        elif asked := [k for k in corrected if (site_id, cases["problem_id"].iloc[k]) not in said]:
            rows[site_id] = [_asked(sites.iloc[i], cases.iloc[k], language) for k in asked]
    frame = pd.DataFrame([row for own_rows in rows.values() for row in own_rows], columns=MATCHES.names)
    return gpd.GeoDataFrame(shape_table(frame, MATCHES), geometry="geometry", crs=sites.crs)


def _held(holds: dict[str, list[int]], lead_ids: list[str]) -> list[int]:
    return sorted({k for lead_id in lead_ids for k in holds.get(lead_id, [])})


def _stepped_back(row: Row, ids: set[str], language: str) -> Row:
    if row["problem_id"] in ids or row["relation"] not in ("grown", "same", "review"):
        return row
    reason = say(language, "match.belongs_elsewhere", case=row["problem_id"], cases="、".join(sorted(ids)))
    return {**row, "relation": "adjacent", "reason": reason}


def _asked(site: Any, case: Any, language: str) -> Row:
    is_located = case["geometry"] is not None and case["case_geometry"] != "none"
    return {
        "site_id": site["site_id"],
        "problem_id": case["problem_id"],
        "case_geometry": case["case_geometry"],
        "relation": "review",
        "overlap_m2": float(shapely.intersection(site["geometry"], case["geometry"]).area) if is_located else 0.0,
        "outside_m2": float(site["area_m2"]),
        "gap_m": float(shapely.distance(site["geometry"], case["geometry"])) if is_located else None,
        "new_m2": float(site["area_m2"]),
        "since": case["known_since"],
        "other_problem_ids": [],
        "reason": say(language, "match.corrected", case=name_of_case(case)),
        "geometry": polygons_of(site["geometry"]) if site["area_m2"] else None,
    }
