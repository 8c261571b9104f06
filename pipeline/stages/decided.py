"""decided: what persons said goes before the rules – here it becomes positions, activities and townships, and has its effect."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.declare import shape_table
from pipeline.geometry import area_m2, to_crs
from pipeline.intake.decision_rows import AS_RECEIVED, POINTED_OUT
from pipeline.intake.ground import Ground, surface_points, towns_of
from pipeline.intake.words.codes import to_activity
from pipeline.merging.said import FATES, in_force, rows_by_tail, site_by_tail
from pipeline.tables import DECISIONS, LEADS, REPORTS, SITES
from pipeline.text import say

POINTED_AT_M = 30  # accuracy of a place pointed out without a radius: what a person hits on a map of 2 m images


def locate_reports(reports: pd.DataFrame, decisions: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """`reports` with the places that persons gave to records without one (located_at), as points."""
    told = in_force(decisions, "located_at")
    if not told:
        return reports
    rows = {report_id: row for row, report_id in enumerate(reports["report_id"])}
    columns = {name: reports[name].tolist() for name in
               ("shape_wkb", "crs_source", "crs_confidence", "position_accuracy_m", "fault")}  # fmt: skip
    for said in told:
        row = rows.get(said.subject)
        place = _place(said.value)
        if row is None or place is None or not str(columns["fault"][row] or "").startswith("E9"):
            continue
        lon, lat, accuracy_m = place
        found = (shapely.to_wkb(shapely.Point(lon, lat)), ground.geographic.to_string(), POINTED_OUT, accuracy_m, None)
        for name, value in zip(columns, found, strict=True):
            columns[name][row] = value
    return shape_table(reports.assign(**columns), REPORTS)


def correct_leads(leads: gpd.GeoDataFrame, decisions: pd.DataFrame, ground: Ground) -> gpd.GeoDataFrame:
    """`leads` with the activity, township and place that persons gave them; a place that was doubted is so no more."""
    told = in_force(decisions, "activity", "town", "located_at")
    if not told:
        return leads
    row_of = rows_by_tail(leads)
    cells = {name: leads[name].tolist() for name in
             ("activity_l1", "activity_l2", "town", "town_code", "towns", "position_accuracy_m", "doubt", "crs_confidence")}  # fmt: skip
    shapes = leads.geometry.to_numpy().copy()
    for said in told:
        row = row_of.get(said.subject[1:])
        if row is None or said.subject[0] in "SC":  # of a whole site: correct_sites and correct_towns
            continue
        if said.decision == "activity":
            cells["activity_l1"][row], cells["activity_l2"][row] = to_activity(said.value)
        elif said.decision == "town":
            _set_town(cells, row, said.value, ground)
        else:
            cells["doubt"][row] = None
            if (place := _place(said.value)) is not None:
                point = np.array([shapely.Point(place[:2])], dtype=object)
                shapes[row] = _moved_to(shapes[row], to_crs(point, ground.geographic, ground.crs)[0])
                cells["position_accuracy_m"][row] = place[2]
                cells["crs_confidence"][row] = POINTED_OUT
    moved = leads.assign(**cells).set_geometry(gpd.GeoSeries(shapes, index=leads.index, crs=leads.crs))
    has_moved = ~shapely.equals_identical(shapes, leads.geometry.to_numpy())
    if has_moved.any():
        own = shapes[has_moved]
        measured: dict[str, Any] = {"area_m2": area_m2(own, ground.crs), **surface_points(own, ground)}
        for name, values in (measured | towns_of(own, ground)).items():
            column = moved[name].astype(object).to_numpy(copy=True)
            column[has_moved] = pd.Series(values, dtype=object).to_numpy()
            moved[name] = column
    return gpd.GeoDataFrame(shape_table(moved, LEADS), geometry="geometry", crs=leads.crs)


def _moved_to(shape: Any, point: Any) -> Any:
    """The shape with its point on the surface at `point`: an outline stays one."""
    on = shapely.point_on_surface(shape)
    return shapely.transform(shape, lambda xy: xy + np.array([point.x - on.x, point.y - on.y]))


def still_outside(
    unplaced: pd.DataFrame, leads: gpd.GeoDataFrame, decisions: pd.DataFrame, ground: Ground
) -> pd.DataFrame:
    """`unplaced` (set_aside) without the E1 rows of leads that a person located inside the boundary."""
    told = {said.subject for said in in_force(decisions, "located_at")}
    located = leads[leads["lead_id"].isin(told)]
    if located.empty or ground.boundary is None:
        return unplaced
    inside = located.loc[shapely.intersects(ground.boundary, located.geometry.to_numpy()), "lead_id"]
    return unplaced[~(unplaced["reason"].eq("E1") & unplaced["lead_id"].isin(inside))].reset_index(drop=True)


def contest(decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame, language: str) -> pd.DataFrame:
    """`decisions` in which roles that want different fates for one site, by whatever ids, contradict each other."""
    told = in_force(decisions, *FATES)
    if not told:
        return decisions
    site_of = site_by_tail(sites, leads)
    wanted: dict[str, list[Any]] = {}
    for said in told:
        if (site_id := site_of.get(said.subject[1:])) is not None:
            wanted.setdefault(site_id, []).append(said)
    lost = {
        said.row
        for own in wanted.values()
        if len({said.role for said in own}) > 1 and len({(said.decision, said.value) for said in own}) > 1
        for said in own
    }
    is_lost = decisions["row"].isin(lost)
    detail = decisions["detail"].mask(is_lost, say(language, "decided.contested"))
    return decisions.assign(effect=decisions["effect"].mask(is_lost, "contradicted"), detail=detail)


def correct_sites(
    sites: gpd.GeoDataFrame, decisions: pd.DataFrame, leads: pd.DataFrame, language: str
) -> gpd.GeoDataFrame:
    """`sites` with the activity that persons gave to a site or candidate; those on which they disagree wait for review."""
    told, contested = in_force(decisions, "activity"), decisions[decisions["effect"] == "contradicted"]
    if not told and contested.empty:
        return sites
    site_of = site_by_tail(sites, leads)
    rows = {site_id: row for row, site_id in enumerate(sites["site_id"])}
    cells = {name: sites[name].tolist() for name in ("activity_l1", "activity_l2", "needs_review", "review_reason")}
    for row in (rows[site_of[one[1:]]] for one in contested["subject"].str.split().explode() if one[1:] in site_of):
        cells["needs_review"][row] = True
        cells["review_reason"][row] = say(language, "decided.contested")
    for said in told:
        site_id = site_of.get(said.subject[1:])
        if said.subject[0] in "SC" and site_id is not None:
            cells["activity_l1"][rows[site_id]], cells["activity_l2"][rows[site_id]] = to_activity(said.value)
    return gpd.GeoDataFrame(shape_table(sites.assign(**cells), SITES), geometry="geometry", crs=sites.crs)


def correct_towns(facts: pd.DataFrame, decisions: pd.DataFrame, leads: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """`facts` (one row per site) with the township that persons gave to a site or candidate."""
    told = in_force(decisions, "town")
    if not told:
        return facts
    site_of = site_by_tail(facts, leads)
    rows = {site_id: row for row, site_id in enumerate(facts["site_id"])}
    cells = {name: facts[name].tolist() for name in ("town", "town_code", "towns")}
    for said in told:
        site_id = site_of.get(said.subject[1:])
        if said.subject[0] in "SC" and site_id is not None:
            _set_town(cells, rows[site_id], said.value, ground)
    return facts.assign(**cells)


def with_effects(
    decisions: pd.DataFrame,
    reports: pd.DataFrame,
    leads: pd.DataFrame,
    cases: pd.DataFrame,
    ground: Ground,
    language: str,
) -> pd.DataFrame:
    """Table decisions: every row that holds was applied, or is gone because its subject, or the town it names, is not there."""
    known = {prefix + tail for tail in rows_by_tail(leads) for prefix in "LSC"}
    known |= {*reports["report_id"], *cases["problem_id"]}
    towns = set(ground.towns["town"])
    effects, details = decisions["effect"].tolist(), decisions["detail"].tolist()
    for k, said in enumerate(decisions.itertuples()):
        if effects[k]:
            continue
        missing = [part for part in said.subject.split() if part not in known]
        if said.decision == "town" and said.value not in towns:
            effects[k], details[k] = (
                "gone",
                say(language, "decided.no_town", town=said.value, known="、".join(sorted(towns))),
            )
        elif missing:
            effects[k], details[k] = "gone", say(language, "decided.gone", ids=", ".join(missing))
        else:
            effects[k] = "applied"
    return shape_table(decisions.assign(effect=effects, detail=details), DECISIONS)


def _place(value: Any) -> tuple[float, float, float] | None:
    """(lon, lat, accuracy m) of a located_at value; None where it stands as received."""
    if not isinstance(value, str) or value == AS_RECEIVED:
        return None
    lon, lat, *radius_m = (float(part) for part in value.split())
    return lon, lat, radius_m[0] if radius_m else POINTED_AT_M


def _set_town(cells: dict[str, list[Any]], row: int, town: str, ground: Ground) -> None:
    codes = dict(zip(ground.towns["town"], ground.towns["town_code"], strict=True))
    if town in codes:
        cells["town"][row], cells["town_code"][row] = town, codes[town]
        cells["towns"][row] = [town, *(other for other in cells["towns"][row] if other != town)]
