"""normalise: reports become leads – valid, in the working CRS, measured, coded, placed, with a lasting id."""

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from pipeline.config import Place, Source
from pipeline.geometry import area_m2, make_id, repair, shape_content, to_crs
from pipeline.intake.codes import UNKNOWN_ACTIVITY, to_activity, to_change_type
from pipeline.intake.dates import parse_date, parse_period, precision
from pipeline.intake.fields import mapped_words
from pipeline.intake.ground import Ground, surface_points, towns_of
from pipeline.tables import LEADS, SET_ASIDE, shape_table
from pipeline.text import say


def normalise(reports: pd.DataFrame, place: Place, ground: Ground) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """(leads, set_aside) from the readable rows of table reports.

    Set aside are E5 (equal content, or corrected by a later file), E9 (off the earth), E10 (nothing left after repair)
    and E1 (outside the district); E1 rows are leads too.
    """
    readable = reports[reports["fault"].isna()].reset_index(drop=True)
    sources = {source.id: source for source in place.sources}
    leads = _coded(readable, sources)
    leads, corrected = _without_corrected(leads, sources, place.language)
    leads, repeated = _without_repeated(leads, sources, place.language)
    leads, misplaced = _placed(leads, ground, place.language)
    leads = leads.assign(**towns_of(leads["geometry"].to_numpy(dtype=object), ground))
    outside = _outside(leads, place, ground)
    set_aside = [_set_aside_rows(rows, reports) for rows in (corrected, repeated, misplaced, outside) if len(rows)]
    frame = pd.concat(set_aside) if set_aside else pd.DataFrame(columns=SET_ASIDE.names)
    frame = shape_table(frame, SET_ASIDE)
    return gpd.GeoDataFrame(shape_table(leads, LEADS), geometry="geometry", crs=ground.crs), frame


def _coded(reports: pd.DataFrame, sources: dict[str, Source]) -> pd.DataFrame:
    """Words to codes, dates to ISO, and the lead's id from what was received."""
    rows = []
    for report in reports.itertuples():
        source = sources[str(report.source_id)]
        words = mapped_words(source, json.loads(str(report.attributes)))
        period, prev_date, curr_date = _dates(words)
        activity_l1, activity_l2 = to_activity(words["activity"])
        is_geographic = source.crs is None or pyproj.CRS.from_user_input(source.crs).is_geographic
        shape = shapely.from_wkb(report.shape_wkb)
        said = [
            words[name] or "" for name in ("period", "prev_date", "curr_date", "orig_no", "activity", "change_type")
        ]
        rows.append(
            {
                "lead_id": make_id("L", source.kind, *said, source.crs or "", shape_content(shape, is_geographic)),
                "report_id": report.report_id,
                "part_no": 1,
                "source_id": source.id,
                "kind": source.kind,
                "source_code": words["source_code"] or source.source_code,
                "orig_no": report.orig_no,
                "received": report.received,
                "shows": source.shows,
                "period": period,
                "prev_date": prev_date,
                "curr_date": curr_date,
                "date_precision": precision(min((d for d in (prev_date, curr_date) if d), key=len, default=None)),
                "activity_l1": activity_l1,
                "activity_l2": activity_l2,
                "activity_words": words["activity"] or UNKNOWN_ACTIVITY,
                "change_type": to_change_type(words["change_type"]),
                "position_accuracy_m": source.position_accuracy_m,
                "crs_source": report.crs_source or "",
                "crs_confidence": "declared",
                "legacy_state": words["state"],
                "closed_date": parse_date(words["closed_date"]),
                "case_geometry": _case_geometry(source, words, shape),
                "src_row": report.src_row,
                "geometry": shape,
            }
        )
    columns = [*LEADS.names, "src_row"]
    return pd.DataFrame(rows, columns=columns)


def _dates(words: dict[str, str | None]) -> tuple[str | None, str | None, str | None]:
    """(period, earlier date, later date): each completes the other where it is missing."""
    period = parse_period(words["period"])
    prev_date, curr_date = parse_date(words["prev_date"]), parse_date(words["curr_date"])
    if period is not None:
        prev_date, curr_date = prev_date or period[:4], curr_date or period[5:]
    elif prev_date is not None and curr_date is not None and prev_date[:4] != curr_date[:4]:
        period = f"{prev_date[:4]}-{curr_date[:4]}"
    return period, prev_date, curr_date


def _case_geometry(source: Source, words: dict[str, str | None], shape: Any) -> str | None:
    if not (source.is_case or (source.kind == "points" and words["state"])):
        return None
    return source.case_geometry or ("outline" if shape.geom_type in ("Polygon", "MultiPolygon") else "point")


def _without_corrected(
    leads: pd.DataFrame, sources: dict[str, Source], language: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of a source that a later file replaces, where that file has the same number, are set aside (E5)."""
    corrected = []
    for source in sources.values():
        if source.replaces is None:
            continue
        newer = leads[leads["source_id"] == source.id].dropna(subset="orig_no").drop_duplicates("orig_no")
        kept = newer.set_index("orig_no")["lead_id"]
        older = leads[(leads["source_id"] == source.replaces) & leads["orig_no"].isin(kept.index)]
        detail = say(language, "intake.replaced", source=source.title)
        corrected.append(older.assign(lead_id=older["orig_no"].map(kept), reason="E5", detail=detail))
    rows = pd.concat(corrected) if corrected else leads.iloc[:0]
    return leads.drop(index=rows.index), rows


def _without_repeated(
    leads: pd.DataFrame, sources: dict[str, Source], language: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Equal content twice is one lead: the one received first stays."""
    leads = leads.sort_values(["received", "source_id", "report_id"], kind="stable")
    is_repeated = leads.duplicated("lead_id")
    first = leads[~is_repeated].set_index("lead_id")
    repeated = leads[is_repeated]
    details = [
        say(
            language,
            "intake.same_content",
            source=sources[first.at[i, "source_id"]].title,
            received=first.at[i, "received"],
        )
        for i in repeated["lead_id"]
    ]
    return leads[~is_repeated].reset_index(drop=True), repeated.assign(reason="E5", detail=details)


def _placed(leads: pd.DataFrame, ground: Ground, language: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shapes repaired as received, moved to the working CRS, repaired where that broke them, and measured.

    What falls off the earth or to nothing is set aside.
    """
    shapes, notes = repair(leads["geometry"].to_numpy(dtype=object))
    for crs_name in sorted(set(leads["crs_source"])):
        rows = np.flatnonzero(leads["crs_source"] == crs_name)
        source = pyproj.CRS.from_user_input(crs_name or ground.geographic)
        shapes[rows] = to_crs(shapes[rows], source, ground.crs)
    is_far = np.array([not np.isfinite(shapely.get_coordinates(shape)).all() for shape in shapes], dtype=bool)
    is_far &= shapely.is_geometry(shapes)
    shapes[is_far] = None
    shapes, later_notes = repair(shapes)
    notes = [note or later for note, later in zip(notes, later_notes, strict=True)]
    is_gone = np.array([shape is None for shape in shapes], dtype=bool)
    reasons = np.where(is_far, "E9", "E10")[is_gone]
    details = [
        say(language, "intake.not_on_earth")
        if is_far[i]
        else say(language, "intake.gone_by_repair", note=notes[i] or "–")
        for i in np.flatnonzero(is_gone)
    ]
    gone = leads[is_gone].assign(lead_id=None, reason=reasons, detail=details)
    leads = leads.assign(geometry=shapes, geometry_repair=notes)[~is_gone].reset_index(drop=True)
    inner = leads["geometry"].to_numpy(dtype=object)
    return leads.assign(area_m2=area_m2(inner, ground.crs), **surface_points(inner, ground)), gone


def _outside(leads: pd.DataFrame, place: Place, ground: Ground) -> pd.DataFrame:
    """R18: leads centred outside the boundary with less than the given share inside."""
    if ground.boundary is None or leads.empty:
        return leads.iloc[:0]
    shapes = leads["geometry"].to_numpy(dtype=object)
    is_point = shapely.get_dimensions(shapes) == 0
    inside_m2 = shapely.area(shapely.intersection(shapes, ground.boundary))
    is_inside = shapely.intersects(shapes, ground.boundary)
    share = np.where(is_point, is_inside, inside_m2 / np.where(is_point, 1, shapely.area(shapes)))
    centred = shapely.contains(ground.boundary, shapely.centroid(shapes))
    is_outside = ~centred & (share < place.rules.overlap.outside_district_share)
    details = [say(place.language, "intake.outside", share=part) for part in share[is_outside]]
    return leads[is_outside].assign(reason="E1", detail=details)


def _set_aside_rows(rows: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    where = reports.set_index("report_id")[["src_file", "src_sheet", "src_row"]]
    rows = rows.drop(columns=["src_row", "src_file", "src_sheet"], errors="ignore")
    return rows.assign(stage="normalise").join(where, on="report_id")
