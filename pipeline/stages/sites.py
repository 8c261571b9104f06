"""sites: leads that are one place and one event become one row, with their growth over the periods."""

import json
from collections import defaultdict
from itertools import groupby
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.declare import shape_table
from pipeline.geometry import AREA_DECIMALS, area_m2, part_within, union_all
from pipeline.intake.words.codes import UNKNOWN_ACTIVITY, UNKNOWN_CHANGE
from pipeline.tables import SITES

Lead = dict[str, Any]


def build_sites(leads: gpd.GeoDataFrame, members: pd.DataFrame, boundary: Any = None) -> gpd.GeoDataFrame:
    """Table sites from leads and their site_no (stage merge), in the CRS of `leads`.

    `boundary` is the district or None.
    The site_id comes from the lead received first, or from the one that corrects it: it keeps its id when later leads
    join and when its record is corrected.
    """
    leads = leads if "root_lead_id" in leads else leads.assign(root_lead_id=leads["lead_id"])
    ordered = members.merge(pd.DataFrame(leads), on="lead_id", validate="one_to_one").sort_values(
        "site_no", kind="stable"
    )
    ordered = ordered.astype(object).where(ordered.notna(), None)
    groups = groupby(ordered.to_dict("records"), key=lambda lead: lead["site_no"])
    crs = leads.crs
    rows = [_site(list(group), crs) for _, group in groups]
    frame = pd.DataFrame(rows, columns=SITES.names)
    shapes = frame["geometry"].to_numpy(dtype=object)
    inside = shapes if boundary is None else part_within(shapes, boundary)
    frame = frame.assign(area_m2=area_m2(shapes, crs), in_place_m2=area_m2(inside, crs))
    return gpd.GeoDataFrame(shape_table(frame, SITES), geometry="geometry", crs=crs)


def _site(leads: list[Lead], crs: Any) -> dict[str, object]:
    """One site from its leads, given in joining order."""
    first = min(leads, key=lambda lead: (lead["received"], lead["root_lead_id"]))
    periods = sorted(lead["period"] for lead in leads if lead["period"])
    doubts = [lead["doubt"] for lead in leads if lead.get("doubt")]
    reasons = doubts + [lead["review_reason"] for lead in leads if lead["review_reason"]]
    return {
        "site_id": "S" + first["root_lead_id"][1:],
        "lead_ids": [lead["lead_id"] for lead in leads],
        "first_period": periods[0] if periods else None,
        "last_period": periods[-1] if periods else None,
        "n_sources": len({lead["source_id"] for lead in leads}),
        "activity_l1": next((lead["activity_l1"] for lead in leads if lead["activity_l1"]), None),
        "activity_l2": _most_specific([lead["activity_l2"] for lead in leads]),
        "change_type": _latest_change(leads),
        "prev_date": min((lead["prev_date"] for lead in leads if lead["prev_date"]), default=None),
        "curr_date": max((lead["curr_date"] for lead in leads if lead["curr_date"]), default=None),
        "growth": json.dumps(_growth(leads, crs)),
        "position_accuracy_m": min(lead["position_accuracy_m"] for lead in leads),
        "doubt": doubts[0] if doubts else None,
        "corrected_leads": list(dict.fromkeys(old for lead in leads for old in lead.get("corrects", []))),
        "needs_review": bool(reasons),
        "review_reason": reasons[0] if reasons else None,
        "geometry": _footprint(leads),
    }


def _most_specific(codes: list[str]) -> str:
    """The most frequent of the longest codes (A11 says more than A1, which says more than unknown)."""
    known = [code for code in codes if code != UNKNOWN_ACTIVITY] or codes
    longest = [code for code in known if len(code) == max(map(len, known))]
    return max(sorted(set(longest)), key=longest.count)


def _latest_change(leads: list[Lead]) -> str:
    known = [lead for lead in leads if lead["change_type"] != UNKNOWN_CHANGE]
    return str(max(known, key=lambda lead: lead["curr_date"] or "")["change_type"]) if known else UNKNOWN_CHANGE


def _footprint(leads: list[Lead]) -> Any:
    """The union of the outlines; of points alone, the one placed best."""
    outlines = [lead["geometry"] for lead in leads if lead["area_m2"] > 0]
    if outlines:
        return union_all(outlines)
    return min(leads, key=lambda lead: (lead["position_accuracy_m"], lead["lead_id"]))["geometry"]


def _growth(leads: list[Lead], crs: Any) -> dict[str, float]:
    """Period → m² that no earlier period covered; the values add up to the area of the dated outlines."""
    dated: dict[str, list[Any]] = defaultdict(list)
    for lead in leads:
        if lead["area_m2"] > 0 and lead["period"]:
            dated[lead["period"]].append(lead["geometry"])
    ground: list[Any] = [shapely.Polygon()]
    for period in sorted(dated):
        ground.append(union_all([ground[-1], *dated[period]]))
    totals_m2 = area_m2(np.array(ground, dtype=object), crs)
    return dict(zip(sorted(dated), np.diff(totals_m2).round(AREA_DECIMALS).tolist(), strict=True))
