"""decided: what persons said goes before the rules – here it becomes positions, activities, pairs, cases and fates.

Ids of leads, sites and candidates share their tail, which comes from the first lead: so a word said of a site or a candidate
holds for the site in which that lead is found, whatever joined it since.
"""

from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.declare import shape_table
from pipeline.geometry import area_m2, to_crs, union_all
from pipeline.intake.ground import Ground, surface_points, towns_of
from pipeline.intake.words.codes import to_activity
from pipeline.merging.against import NO_PROBLEM
from pipeline.tables import CASES, DECISIONS, LEADS, REPORTS, SITES
from pipeline.text import say

AS_RECEIVED = "as_received"
PERSON = "person"  # crs_confidence of a place that someone pointed out
POINTED_AT_M = 30  # accuracy of a place pointed out without a radius: what a person hits on a map of 2 m images
LEDGER = "ledger"  # source_id of cases accepted here
JUDGED = "decisions"  # source_id of cases that stand for ground a person judged
Pairs = dict[tuple[str, str], str]


class Fate(NamedTuple):
    """What a person said shall become of a site: decision, E-reason or empty, and the whole in words."""

    decision: str
    value: str
    words: str


def in_force(decisions: pd.DataFrame, *names: str) -> list[Any]:
    """The rows that hold, of the decisions `names`."""
    return list(decisions[(decisions["effect"] == "") & decisions["decision"].isin(names)].itertuples())


def locate_reports(reports: pd.DataFrame, decisions: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """`reports` with the places that persons gave to records without one (located_at), as points."""
    rows = {report_id: row for row, report_id in enumerate(reports["report_id"])}
    columns = {name: reports[name].tolist() for name in
               ("shape_wkb", "crs_source", "crs_confidence", "position_accuracy_m", "fault")}  # fmt: skip
    for said in in_force(decisions, "located_at"):
        row = rows.get(said.subject)
        place = _place(said.value)
        if row is None or place is None or not str(columns["fault"][row] or "").startswith("E9"):
            continue
        lon, lat, accuracy_m = place
        found = (shapely.to_wkb(shapely.Point(lon, lat)), ground.geographic.to_string(), PERSON, accuracy_m, None)
        for name, value in zip(columns, found, strict=True):
            columns[name][row] = value
    return shape_table(reports.assign(**columns), REPORTS)


def correct_leads(leads: gpd.GeoDataFrame, decisions: pd.DataFrame, ground: Ground) -> gpd.GeoDataFrame:
    """`leads` with the activity, township and place that persons gave them; a place that was doubted is so no more."""
    row_of = {tail: int(row) for tail, row in _rows_by_tail(leads).items()}
    cells = {name: leads[name].tolist() for name in
             ("activity_l1", "activity_l2", "town", "town_code", "towns", "position_accuracy_m", "doubt", "crs_confidence")}  # fmt: skip
    shapes = leads.geometry.to_numpy().copy()
    for said in in_force(decisions, "activity", "town", "located_at"):
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
                cells["crs_confidence"][row] = PERSON
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
    site_of, names = _site_by_tail(sites, leads), ("leave_out", "not_a_problem", "keep")
    wanted: dict[str, list[Any]] = {}
    for said in in_force(decisions, *names):
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
    site_of = _site_by_tail(sites, leads)
    rows = {site_id: row for row, site_id in enumerate(sites["site_id"])}
    cells = {name: sites[name].tolist() for name in ("activity_l1", "activity_l2", "needs_review", "review_reason")}
    contested = decisions[decisions["effect"] == "contradicted"]
    for row in (rows[site_of[one[1:]]] for one in contested["subject"].str.split().explode() if one[1:] in site_of):
        cells["needs_review"][row] = True
        cells["review_reason"][row] = say(language, "decided.contested")
    for said in in_force(decisions, "activity"):
        site_id = site_of.get(said.subject[1:])
        if said.subject[0] in "SC" and site_id is not None:
            cells["activity_l1"][rows[site_id]], cells["activity_l2"][rows[site_id]] = to_activity(said.value)
    return gpd.GeoDataFrame(shape_table(sites.assign(**cells), SITES), geometry="geometry", crs=sites.crs)


def correct_towns(facts: pd.DataFrame, decisions: pd.DataFrame, leads: pd.DataFrame, ground: Ground) -> pd.DataFrame:
    """`facts` (one row per site) with the township that persons gave to a site or candidate."""
    site_of = _site_by_tail(facts, leads)
    rows = {site_id: row for row, site_id in enumerate(facts["site_id"])}
    cells = {name: facts[name].tolist() for name in ("town", "town_code", "towns")}
    for said in in_force(decisions, "town"):
        site_id = site_of.get(said.subject[1:])
        if said.subject[0] in "SC" and site_id is not None:
            _set_town(cells, rows[site_id], said.value, ground)
    return facts.assign(**cells)


def lead_pairs(decisions: pd.DataFrame, leads: pd.DataFrame) -> Pairs:
    """(lead_id, lead_id) → same or apart, of leads or of sites by their first leads."""
    by_tail = leads["lead_id"].to_numpy()
    lead_of = {tail: str(by_tail[row]) for tail, row in _rows_by_tail(leads).items()}
    found: Pairs = {}
    for said in in_force(decisions, "same", "apart"):
        one, other = (lead_of.get(part[1:]) for part in said.subject.split())
        if one is not None and other is not None and one != other:
            found[one, other] = said.decision
    return found


def case_pairs(decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame, cases: pd.DataFrame) -> Pairs:
    """(site_id, problem_id) → same or apart; a word that parts two leads parts a site from the case that holds the other one.

    `own`: the ledger's case holds a lead of the site, so that the site is not asked whether it is itself.
    """
    site_of, known = _site_by_tail(sites, leads), set(cases["problem_id"])
    stands_in = {
        lead_id: site_id for site_id, ids in zip(sites["site_id"], sites["lead_ids"], strict=True) for lead_id in ids
    }
    held: dict[str, list[str]] = {}
    found: Pairs = {}
    for problem_id, source_id, lead_ids in zip(cases["problem_id"], cases["source_id"], cases["lead_ids"], strict=True):
        for lead_id in lead_ids if source_id == LEDGER else ():
            held.setdefault(lead_id[1:], []).append(problem_id)
            if lead_id in stands_in:  # the lead itself: one that corrects it is asked about
                found[stands_in[lead_id], problem_id] = "own"
    for said in in_force(decisions, "same", "apart"):
        parts = said.subject.split()
        for one, other in (parts, parts[::-1]):
            if one[0] not in "SCL" or one[1:] not in site_of:
                continue
            if other in known:
                found[site_of[one[1:]], other] = said.decision
            elif said.decision == "apart":
                for problem_id in held.get(other[1:], []):
                    found.setdefault((site_of[one[1:]], problem_id), "apart")
    return found


def judged_cases(
    decisions: pd.DataFrame, sites: gpd.GeoDataFrame, leads: gpd.GeoDataFrame, language: str
) -> tuple[gpd.GeoDataFrame, dict[str, Fate]]:
    """(cases, fates): the ground that persons judged, as cases that later leads are matched with, and what was said of each.

    Ground is that of the leads received by the day of the decision: so nothing is asked twice, and what came later shows.
    `fates` has the problem_id of such a case, or the site_id of a site to keep. A word of a lead holds for its site and one of
    a record for the sites of its leads; of several on one site the latest counts.
    """
    by_id = {site.site_id: site for site in sites.itertuples()}
    own = {lead.lead_id: lead for lead in leads.itertuples()}
    rows: list[dict[str, Any]] = []
    fates: dict[str, Fate] = {}
    for site_id, said in _fates_said(decisions, sites, leads).items():
        site, words = by_id[site_id], _words(said, language)
        fate = Fate(said.decision, said.value if isinstance(said.value, str) else "", words)
        if said.decision == "keep" or fate.value == "E9" or isinstance(site.doubt, str):
            fates[site.site_id] = fate  # where it lies is not known: no ground to remember
            continue
        seen = [own[lead_id] for lead_id in site.lead_ids]
        seen = [lead for lead in seen if lead.received <= said.date] or seen[:1]
        outlines = [lead.geometry for lead in seen if lead.area_m2 > 0]
        problem_id = "N" + site.site_id[1:]
        fates[problem_id] = fate
        rows.append(
            {
                "problem_id": problem_id,
                "source_id": JUDGED,
                "lead_ids": [lead.lead_id for lead in seen],
                "state": NO_PROBLEM,
                "closed_date": said.date,
                "is_closed": False,
                "activity_l1": site.activity_l1,
                "judged": words,
                "known_since": said.date,
                "position_accuracy_m": site.position_accuracy_m,
                "case_geometry": "outline" if outlines else "point",
                "geometry": union_all(outlines) if outlines else seen[0].geometry,
            }
        )
    return gpd.GeoDataFrame(
        pd.DataFrame(rows), geometry="geometry" if rows else None, crs=sites.crs if rows else None
    ), fates


def _fates_said(decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame) -> dict[str, Any]:
    """site_id → the latest row that says what shall become of it."""
    site_of = _site_by_tail(sites, leads)
    of_record = leads.groupby("report_id")["lead_id"].agg(list).to_dict()
    found: dict[str, Any] = {}
    for said in sorted(in_force(decisions, "leave_out", "not_a_problem", "keep"), key=lambda said: str(said.date)):
        tails = (one[1:] for one in of_record.get(said.subject, [said.subject]))
        found |= {site_of[tail]: said for tail in tails if tail in site_of}
    return found


def own_ground(judged: gpd.GeoDataFrame, sites: pd.DataFrame) -> Pairs:
    """(site_id, problem_id) → same: the ground that a person judged belongs to the site it was judged as."""
    known = set(sites["site_id"])
    ids = judged["problem_id"] if len(judged) else ()
    return {("S" + one[1:], one): "same" for one in ids if "S" + one[1:] in known}


def overrule(cases: gpd.GeoDataFrame, decisions: pd.DataFrame, language: str) -> gpd.GeoDataFrame:
    """`cases` with those that a person said are no problem (not_a_problem of a case) judged so."""
    told = {said.subject: said for said in in_force(decisions, "not_a_problem")}
    ids = cases["problem_id"].tolist()
    judged = [
        _words(told[one], language) if one in told else old for one, old in zip(ids, cases["judged"], strict=True)
    ]
    is_told = cases["problem_id"].isin(list(told)).to_numpy()
    days = [told[one].date if one in told else old for one, old in zip(ids, cases["closed_date"], strict=True)]
    told_cases = cases.assign(
        judged=judged, closed_date=days, state=cases["state"].where(~is_told, NO_PROBLEM),
        is_closed=cases["is_closed"].where(~is_told, False),
    )  # fmt: skip
    return gpd.GeoDataFrame(shape_table(told_cases, CASES), geometry="geometry", crs=cases.crs)


def with_effects(
    decisions: pd.DataFrame,
    reports: pd.DataFrame,
    leads: pd.DataFrame,
    cases: pd.DataFrame,
    ground: Ground,
    language: str,
) -> pd.DataFrame:
    """Table decisions: every row that holds was applied, or is gone because its subject, or the town it names, is not there."""
    known = {prefix + tail for tail in _rows_by_tail(leads) for prefix in "LSC"}
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


def _rows_by_tail(leads: pd.DataFrame) -> dict[str, int]:
    """Tail of an id → row of the lead that bears it, now or by an earlier version of its record."""
    rows: dict[str, int] = {}
    for row, (lead_id, root, old) in enumerate(
        zip(leads["lead_id"], leads["root_lead_id"], leads["corrects"], strict=True)
    ):
        for one in (*old, root):
            rows.setdefault(one[1:], row)
        rows[lead_id[1:]] = row
    return rows


def _site_by_tail(sites: pd.DataFrame, leads: pd.DataFrame) -> dict[str, str]:
    """Tail of the id of a lead, or of the site it began → the site it stands in now."""
    site_of = {
        lead_id: site_id for site_id, ids in zip(sites["site_id"], sites["lead_ids"], strict=True) for lead_id in ids
    }
    ids = leads["lead_id"].tolist()
    return {tail: site_of[ids[row]] for tail, row in _rows_by_tail(leads).items() if ids[row] in site_of}


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


def _words(said: Any, language: str) -> str:
    """A decision on ground in words: when, with which result. Role and reason stay in the house: this goes to the field."""
    result = say(language, f"match.result_{said.decision}")
    codes = [say(language, f"labels.{said.value}")] if isinstance(said.value, str) and said.value else []
    between = "，" if language == "zh" else ", "
    return say(language, "match.judged_by", day=said.date, result=between.join([result, *codes]))
