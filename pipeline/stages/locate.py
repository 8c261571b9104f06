"""locate: where a record may lie that does not say so for certain – places in its words, other readings of its numbers."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from pipeline.config import Place, Source
from pipeline.declare import shape_table
from pipeline.geometry import to_crs
from pipeline.intake.fields import mapped_words
from pipeline.intake.ground import Ground
from pipeline.intake.words.named_places import find_places
from pipeline.tables import CANDIDATES
from pipeline.text import say

Row = dict[str, Any]
PLACE_FIELDS = ("place_text", "village", "text")  # where a place may be named, the most precise first


def locate(reports: pd.DataFrame, leads: pd.DataFrame, place: Place, ground: Ground) -> pd.DataFrame:
    """Table candidates: for every record without a position the places its words name, for every doubtful one its readings.

    Nothing becomes a lead here: a person says which candidate is right.
    """
    lead_ids = leads[leads["part_no"] == 1].set_index("report_id")["lead_id"]
    sources = {source.id: source for source in place.sources}
    rows: list[Row] = []
    is_open = reports["readings"].notna() | reports["fault"].str.startswith("E9", na=False)
    for report in reports[is_open].to_dict("records"):
        source = sources[report["source_id"]]
        found = _readings(report, source.position_accuracy_m, ground, place.language)
        if not found and isinstance(report["fault"], str) and report["fault"].startswith("E9"):
            found = _named_places(report, source, place, ground)
        own = {"report_id": report["report_id"], "lead_id": lead_ids.get(report["report_id"]), "source_id": source.id}
        rows += [{**own, "rank": k, **candidate} for k, candidate in enumerate(found, 1)]
    candidates = pd.DataFrame(rows, columns=CANDIDATES.names)
    return shape_table(candidates.assign(is_outside=_are_outside(candidates, ground)), CANDIDATES)


def _are_outside(candidates: pd.DataFrame, ground: Ground) -> Any:
    """Whether each candidate itself, without the circle round it, lies outside the boundary; None where there is none."""
    if ground.boundary is None:
        return None
    points = np.array(
        [shapely.Point(lon, lat) for lon, lat in zip(candidates["lon"], candidates["lat"], strict=True)], object
    )
    return ~shapely.intersects(ground.boundary, to_crs(points, ground.geographic, ground.crs))


def _readings(report: Row, accuracy_m: float, ground: Ground, language: str) -> list[Row]:
    """The position taken and the other readings of the same numbers."""
    if not isinstance(report["readings"], str) or report["shape_wkb"] is None:
        return []
    x, y = shapely.get_coordinates(shapely.point_on_surface(shapely.from_wkb(report["shape_wkb"])))[0]
    readings = [(say(language, "intake.as_written"), x, y, report["crs_source"]), *json.loads(report["readings"])]
    rows = []
    for label, a, b, crs in readings:
        point = to_crs(
            np.array([shapely.Point(a, b)], dtype=object), pyproj.CRS.from_user_input(crs), ground.geographic
        )
        lon, lat = shapely.get_coordinates(point)[0].round(8).tolist()
        reason = say(language, "intake.candidate_reading", label=label)
        rows.append({"reading": label, "lon": lon, "lat": lat, "radius_m": accuracy_m, "reason": reason})
    return rows


def _named_places(report: Row, source: Source, place: Place, ground: Ground) -> list[Row]:
    if ground.gazetteer is None:
        return []
    words = mapped_words(source, json.loads(report["attributes"]))
    rules = place.rules.locate
    radii_m = {
        "village": rules.village_radius_m, "group": rules.group_radius_m, "poi": rules.poi_radius_m, "town": rules.town_radius_m,
    }  # fmt: skip
    for field in PLACE_FIELDS:
        text = words[field]
        if text and (
            found := find_places(text, ground.gazetteer, radii_m, town=words["town"], language=place.language)
        ):
            return [
                {"reading": "words", "name": one.name, "town": one.town or None, "lon": one.lon, "lat": one.lat,
                 "radius_m": one.radius_m, "score": one.score, "reason": one.why}
                for one in found
            ]  # fmt: skip
    return []
