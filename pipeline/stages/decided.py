"""decided: what persons said goes before the rules – here it becomes positions, activities and townships."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.config import Source
from pipeline.declare import shape_table
from pipeline.geometry import area_m2, to_crs
from pipeline.intake.decision_rows import AS_RECEIVED, POINTED_OUT, about
from pipeline.intake.decisions import CONTRADICTED, IN_FORCE, SUPERSEDED, UNREADABLE, Standing, say_standing
from pipeline.intake.ground import Ground, surface_points, towns_of
from pipeline.intake.records import family_order
from pipeline.intake.words.codes import to_activity
from pipeline.merging.said import in_force, rows_by_tail, settle_on_sites, site_by_tail
from pipeline.tables import DECISIONS, LEADS, REPORTS, SITES
from pipeline.text import say

POINTED_AT_M = 30  # accuracy of a place pointed out without a radius: what a person hits on a map of 2 m images


def for_corrections(decisions: pd.DataFrame, reports: pd.DataFrame, sources: Sequence[Source]) -> pd.DataFrame:
    """`decisions` (of read_decisions) with each row in force once more for every later version of the record it speaks of.

    Leads remember whom they correct; a record without a place has none, nor has the case that is known by it. What was said
    of the later version itself goes before that; and one that brings its place answers where it lies.
    """
    told = decisions[decisions["effect"] == IN_FORCE]
    if told.empty:
        return decisions
    readable = decisions[decisions["effect"] != UNREADABLE]
    spoken = {about(*pair) for pair in zip(readable["subject"], readable["decision"], strict=True)}
    families = _families(reports, sources)
    rows = [
        {**said, "subject": subject}
        for said in told.to_dict("records")
        for subject in _of_later_versions(said, families)
        if about(subject, said["decision"]) not in spoken
    ]
    return shape_table(pd.concat([decisions, pd.DataFrame(rows)], ignore_index=True), DECISIONS) if rows else decisions


def _families(reports: pd.DataFrame, sources: Sequence[Source]) -> dict[str, list[tuple[Any, str, Any]]]:
    """report_id → every version of its record (place among the versions, report_id, fault), if there may be several."""
    by_id = {source.id: source for source in sources}
    order = family_order(by_id)
    related = [one.id for one in sources if one.replaces in by_id or any(one.id == other.replaces for other in sources)]
    versions: dict[tuple[str, str], list[tuple[Any, str, Any]]] = defaultdict(list)
    numbered = reports[reports["source_id"].isin(related) & reports["orig_no"].notna()]
    for source_id, number, *own in zip(
        *(numbered[name] for name in ("source_id", "orig_no", "report_id", "fault")), strict=True
    ):
        family, place = order[source_id]
        versions[family, number].append((place, *own))
    return {report_id: own for own in versions.values() for _, report_id, _ in own}


def _of_later_versions(said: dict[str, Any], families: dict[str, list[tuple[Any, str, Any]]]) -> Iterator[str]:
    """The subject of a decision again, with a record or the case known by it alone called by each later version."""
    parts = said["subject"].split()
    for k, part in enumerate(parts):
        own = families.get("R" + part[1:], []) if part[0] in "RK" else []
        since = next((place for place, report_id, _ in own if report_id[1:] == part[1:]), None)
        for place, report_id, fault in sorted(own, key=lambda version: version[:2]):
            is_unplaced = isinstance(fault, str) and fault.startswith("E9")
            holds = said["decision"] == "leave_out" and said["value"] != "E9" and not isinstance(fault, str)
            if place > since and (is_unplaced or holds):
                yield " ".join([*parts[:k], part[0] + report_id[1:], *parts[k + 1 :]])


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
    """`decisions` settled site by site: what was said of one site by several ids is settled as if it were one.

    A row on several sites that is contradicted on one of them is so; it is superseded where it is on all.
    """
    found: dict[int, list[Standing]] = defaultdict(list)
    for standings in settle_on_sites(decisions, sites, leads).values():
        for position, standing in standings.items():
            found[position].append(standing)
    if not found:
        return decisions
    effects, details = decisions["effect"].tolist(), decisions["detail"].tolist()
    for position, own in found.items():
        standing = min(own, key=lambda one: (CONTRADICTED, IN_FORCE, SUPERSEDED).index(one.effect))
        effects[position], details[position] = standing.effect, say_standing(standing, language) or None
    return shape_table(decisions.assign(effect=effects, detail=details), DECISIONS)


def correct_sites(
    sites: gpd.GeoDataFrame, decisions: pd.DataFrame, leads: pd.DataFrame, language: str
) -> gpd.GeoDataFrame:
    """`sites` with the activity that persons gave to a site or candidate; those on which they disagree wait for review."""
    told, contested = in_force(decisions, "activity"), decisions[decisions["effect"] == CONTRADICTED]
    if not told and contested.empty:
        return sites
    site_of = site_by_tail(sites, leads)
    rows = {site_id: row for row, site_id in enumerate(sites["site_id"])}
    cells = {name: sites[name].tolist() for name in ("activity_l1", "activity_l2", "needs_review", "review_reason")}
    disputed = {site_of[one[1:]] for one in contested["subject"].str.split().explode() if one[1:] in site_of}
    for thing, standings in settle_on_sites(decisions, sites, leads).items():
        if any(standing.effect == CONTRADICTED for standing in standings.values()):
            disputed.add(thing[1])  # by a record too
    for row in map(rows.__getitem__, disputed):
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
