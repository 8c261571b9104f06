"""normalise: reports become leads – valid, in the working CRS, measured, coded, placed, with a lasting id."""

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from pipeline.config import Place, Source
from pipeline.declare import shape_table
from pipeline.geometry import Floats, Shapes, area_m2, make_id, part_within, repair, to_crs
from pipeline.intake.fields import mapped_words, meant_words, name_of
from pipeline.intake.ground import Ground, surface_points, towns_of
from pipeline.intake.parts import by_distance, by_kind
from pipeline.intake.records import family_order, without_corrected, without_repeated
from pipeline.intake.stated_areas import stated_areas
from pipeline.intake.words.codes import UNKNOWN_ACTIVITY, to_activity, to_change_type, to_source_code
from pipeline.intake.words.dates import date_span, parse_date, precision, read_dates
from pipeline.intake.words.towns import name_now
from pipeline.tables import LEADS, SET_ASIDE
from pipeline.text import say

IDENTITY = (
    "period",
    "prev_date",
    "curr_date",
    "orig_no",
    "activity",
    "change_type",
)  # words that make a lead what it is


def normalise(reports: pd.DataFrame, place: Place, ground: Ground) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """(leads, set_aside) from the readable rows of table reports.

    Set aside are E5 (equal content, or corrected by a later file), E9 (off the earth), E10 (nothing left after repair)
    and E1 (outside the district); E1 rows are leads too.
    """
    readable = reports[reports["fault"].isna()].reset_index(drop=True)
    sources = {source.id: source for source in place.sources}
    leads = _coded(readable, sources, place)
    leads, misplaced = _placed(_separated(leads), ground, place.language)
    leads = _numbered(leads, place.rules.locate.parts_apart_m)
    leads, corrected = without_corrected(leads, sources, place.language)
    leads, repeated = without_repeated(leads, sources, place.language)
    leads = _measured(_unanswered(leads, reports, sources, place.language), ground)
    leads = leads.assign(declared_area_m2=stated_areas(leads, readable, sources, place))
    leads = _in_towns(leads, ground)
    outside = _outside(leads, place, ground)
    set_aside = [_set_aside_rows(rows, reports) for rows in (corrected, repeated, misplaced, outside) if len(rows)]
    frame = pd.concat(set_aside) if set_aside else pd.DataFrame(columns=SET_ASIDE.names)
    frame = shape_table(frame, SET_ASIDE)
    return gpd.GeoDataFrame(shape_table(leads, LEADS), geometry="geometry", crs=ground.crs), frame


def _coded(reports: pd.DataFrame, sources: dict[str, Source], place: Place) -> pd.DataFrame:
    """Words to codes, dates to ISO, and the lead's id from what was received."""
    rows = []
    shapes = shapely.from_wkb(reports["shape_wkb"].to_numpy(dtype=object))
    for report, shape in zip(reports.itertuples(), shapes, strict=True):
        source = sources[str(report.source_id)]
        words = mapped_words(source, json.loads(str(report.attributes)))
        meant = meant_words(words, place)
        dates = read_dates(words["period"], words["prev_date"], words["curr_date"], place.language)
        activity_l1, activity_l2 = to_activity(meant["activity"])
        said = [words[name] or "" for name in IDENTITY]
        known = [date for date in (dates.prev_date, dates.curr_date) if date]
        rows.append(
            {
                "lead_id": make_id("L", source.kind, *said, str(report.shape_content)),
                "report_id": report.report_id,
                "part_no": 1,
                "source_id": source.id,
                "kind": source.kind,
                "source_code": to_source_code(meant["source_code"]) or source.source_code,
                "orig_no": report.orig_no,
                "received": report.received,
                "shows": source.shows,
                "period": dates.period,
                "prev_date": dates.prev_date,
                "curr_date": dates.curr_date,
                "date_precision": precision(max(known, key=_days, default=None)),
                "activity_l1": activity_l1,
                "activity_l2": activity_l2,
                "activity_words": words["activity"] or UNKNOWN_ACTIVITY,
                "change_type": to_change_type(meant["change_type"]),
                "position_accuracy_m": report.position_accuracy_m,
                "registration_error_m": source.registration_error_m,
                "crs_source": report.crs_source,
                "crs_confidence": report.crs_confidence,
                "doubt": _doubt(report, place.language),
                "readings": report.readings,
                "town_words": words["town"],
                "name": name_of(source, words),
                "notes": "; ".join(dates.notes) or None,
                "legacy_state": meant["state"],
                "closed_date": parse_date(words["closed_date"]),
                "case_geometry": _case_geometry(source, words, shape),
                "src_row": report.src_row,
                "geometry": shape,
            }
        )
    columns = [*LEADS.names, "readings", "src_row"]
    return pd.DataFrame(rows, columns=columns)


def _days(iso: str) -> int:
    """How many days an ISO date of any precision may mean."""
    first, last = date_span(iso)
    return (last - first).days


def _doubt(report: Any, language: str) -> str | None:
    """Why a person must say where the record lies; None where its position is sure."""
    if report.crs_confidence != "doubtful":
        return None
    if not isinstance(report.readings, str):
        return say(language, "intake.doubtful_crs")
    labels = "、".join(label for label, *_ in json.loads(report.readings))
    return say(language, "intake.doubtful_position", labels=labels)


def _case_geometry(source: Source, words: dict[str, str | None], shape: Any) -> str | None:
    if not (source.is_case or (source.kind == "points" and words["state"])):
        return None
    return source.case_geometry or ("outline" if shapely.get_dimensions(shape) == 2 else "point")


def _separated(leads: pd.DataFrame) -> pd.DataFrame:
    """One row per kind of shape: polygons together, every point alone."""
    return leads.assign(geometry=[by_kind(shape) for shape in leads["geometry"]]).explode("geometry", ignore_index=True)


def _numbered(leads: pd.DataFrame, apart_m: float) -> pd.DataFrame:
    """One row per place: parts farther than `apart_m` from each other are leads of their own; cases stay whole.

    The first part keeps the id of the record, so that a record drawn as one shape has one id whatever the rule.
    """
    is_case = leads["case_geometry"].notna()
    groups = [
        [shape] if whole else by_distance(shape, apart_m)
        for shape, whole in zip(leads["geometry"], is_case, strict=True)
    ]
    leads = leads.assign(geometry=groups).explode("geometry", ignore_index=True)
    leads["part_no"] = leads.groupby("report_id").cumcount() + 1
    ids = [
        lead_id if part == 1 else make_id("L", lead_id, str(part))
        for lead_id, part in zip(leads["lead_id"], leads["part_no"], strict=True)
    ]
    return leads.assign(lead_id=ids)


def _placed(leads: pd.DataFrame, ground: Ground, language: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shapes repaired as received, moved to the working CRS, repaired where that broke them.

    What falls off the earth or to nothing is set aside.
    """
    shapes, notes = repair(leads["geometry"].to_numpy(dtype=object))
    for crs_name in sorted(set(leads["crs_source"])):
        rows = np.flatnonzero(leads["crs_source"] == crs_name)
        shapes[rows] = to_crs(shapes[rows], pyproj.CRS.from_user_input(crs_name), ground.crs)
    xy, owners = shapely.get_coordinates(shapes, return_index=True)
    is_far = np.zeros(len(shapes), dtype=bool)
    is_far[owners[~np.isfinite(xy).all(axis=1)]] = True
    shapes[is_far] = None
    shapes, later_notes = repair(shapes)
    notes = [note or later for note, later in zip(notes, later_notes, strict=True)]
    is_gone = shapely.is_missing(shapes)
    reasons = np.where(is_far, "E9", "E10")[is_gone]
    details = [
        say(language, "intake.not_on_earth")
        if is_far[i]
        else say(language, "intake.gone_by_repair", note=notes[i] or "–")
        for i in np.flatnonzero(is_gone)
    ]
    gone = leads[is_gone].assign(lead_id=None, reason=reasons, detail=details)
    whole = leads.assign(geometry=shapes, geometry_repair=notes)[~is_gone].reset_index(drop=True)
    is_lamed = whole["report_id"].isin(gone["report_id"])  # a part of the record is gone, another still stands
    whole["notes"] = whole["notes"].where(~is_lamed, _joined(whole["notes"], say(language, "intake.part_gone")))
    return whole, gone[~gone["report_id"].isin(whole["report_id"])].drop_duplicates("report_id")


def _joined(notes: pd.Series, note: str) -> list[str]:
    return [f"{own}; {note}" if isinstance(own, str) else note for own in notes]


def _unanswered(leads: pd.DataFrame, reports: pd.DataFrame, sources: dict[str, Source], language: str) -> pd.DataFrame:
    """Leads whose correction came and cannot be used stand for now, and a person is asked."""
    order = family_order(sources)
    lost = reports[reports["fault"].notna() & reports["orig_no"].notna()]
    lost = {(order[source_id][0], number) for source_id, number in zip(lost["source_id"], lost["orig_no"], strict=True)
            if sources[source_id].replaces is not None}  # fmt: skip
    keys = [
        (order[source_id][0], number) for source_id, number in zip(leads["source_id"], leads["orig_no"], strict=True)
    ]
    is_open = pd.Series([key in lost for key in keys], index=leads.index, dtype=bool)
    sentence = say(language, "intake.correction_unusable")
    return leads.assign(doubt=leads["doubt"].where(~is_open | leads["doubt"].notna(), sentence))


def _measured(leads: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    shapes: Shapes = leads["geometry"].to_numpy(dtype=object)
    return leads.assign(area_m2=area_m2(shapes, ground.crs), **surface_points(shapes, ground))


def _in_towns(leads: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """Township by geometry; where that gives none, by the name received, which may be an old one."""
    leads = leads.assign(**towns_of(leads["geometry"].to_numpy(dtype=object), ground))
    if ground.town_names is None:
        return leads
    codes = dict(zip(ground.towns["town"], ground.towns["town_code"], strict=True))
    towns, town_codes, notes = (leads[name].tolist() for name in ("town", "town_code", "notes"))
    for i, (words, day) in enumerate(zip(leads["town_words"], leads["curr_date"], strict=True)):
        if not isinstance(words, str):
            continue
        named, note = name_now(words, ground.town_names, day)
        if not isinstance(towns[i], str):
            towns[i], town_codes[i] = named, codes.get(named)
        elif named is not None and named != towns[i]:
            note = say(ground.town_names.language, "intake.town_differs", named=named, found=towns[i])
        if note:
            notes[i] = "; ".join(word for word in (notes[i], note) if isinstance(word, str))
    return leads.assign(town=towns, town_code=town_codes, notes=notes)


def _outside(leads: pd.DataFrame, place: Place, ground: Ground) -> pd.DataFrame:
    """R18: leads centred outside the boundary with less than the given share inside.

    A lead whose coordinates may mean a place inside is not outside before a person has decided.
    """
    if ground.boundary is None or leads.empty:
        return leads.iloc[:0]
    shapes = leads["geometry"].to_numpy(dtype=object)
    is_point = shapely.get_dimensions(shapes) == 0
    inside = part_within(shapes, ground.boundary)
    areas_m2 = np.where(is_point, 1, shapely.area(shapes))
    share: Floats = np.where(is_point, ~shapely.is_empty(inside), shapely.area(inside) / areas_m2)
    may_be_inside = [isinstance(cell, str) and _any_inside(cell, ground) for cell in leads["readings"]]
    is_outside = (share < place.rules.overlap.outside_district_share) & ~np.array(may_be_inside)
    is_outside[is_outside] = ~shapely.contains(ground.boundary, shapely.centroid(shapes[is_outside]))
    details = [say(place.language, "intake.outside", share=part) for part in share[is_outside]]
    return leads[is_outside].assign(reason="E1", detail=details)


def _any_inside(readings_json: str, ground: Ground) -> bool:
    points = [
        to_crs(np.array([shapely.Point(x, y)], dtype=object), pyproj.CRS.from_user_input(crs), ground.crs)[0]
        for _, x, y, crs in json.loads(readings_json)
    ]
    return bool(shapely.intersects(np.array(points, dtype=object), ground.boundary).any())


def _set_aside_rows(rows: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    where = reports.set_index("report_id")[["src_file", "src_sheet", "src_row"]]
    rows = rows.drop(columns=["src_row", "src_file", "src_sheet"], errors="ignore")
    return rows.assign(stage="normalise").join(where, on="report_id")
