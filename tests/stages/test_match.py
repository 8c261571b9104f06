"""Matching: each relation on a site and a case drawn for it, in numbers that can be checked in the head."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from pipeline.declare import shape_table
from pipeline.geometry import equal_area_crs
from pipeline.place_folder import read_place
from pipeline.stages.match import match
from pipeline.tables import CASES, SITES
from tests.stages.test_merge import HOME

RULES = read_place(HOME / "configs" / "shuangta").rules
CRS = equal_area_crs(pyproj.CRS(4490), (120.4, 41.6))
GROUND = shapely.box(0, 0, 100, 100)
NO_LAYERS = gpd.GeoDataFrame({"counts": [], "layer_class": [], "zone": []}, geometry=[], crs=CRS)


def sites_of(*shapes, **own):
    facts = {"activity_l1": "A1", "activity_l2": "A13", "change_type": "C1", "prev_date": "2021", "curr_date": "2022-06-01",
             "position_accuracy_m": 5.0, "is_text_only": False, "neighbour_ids": []}  # fmt: skip
    rows = [
        {**facts, **own, "site_id": f"S{k}", "area_m2": shape.area, "geometry": shape} for k, shape in enumerate(shapes)
    ]
    return gpd.GeoDataFrame(shape_table(pd.DataFrame(rows), SITES), geometry="geometry", crs=CRS)


def case(shape=GROUND, **own):
    kind = "none" if shape is None else "outline" if shape.area else "point"
    facts = {
        "state": "B9",
        "is_closed": False,
        "activity_l1": "A1",
        "known_since": "2020-06-30",
        "position_accuracy_m": 5.0,
    }
    return {
        "problem_id": "K1",
        "source_id": "old",
        "lead_ids": [],
        **facts,
        "case_geometry": kind,
        "geometry": shape,
        **own,
    }


def matched(sites, *cases, layers=NO_LAYERS, names=None, said=None):
    frame = gpd.GeoDataFrame(shape_table(pd.DataFrame(list(cases)), CASES), geometry="geometry", crs=CRS)
    return match(sites, frame, layers, RULES, "en", names, said)


def relation(shape, one, **own):
    found = matched(sites_of(shape, **own), one)
    return found["relation"].tolist()


@pytest.mark.parametrize(
    ("shape", "one", "own", "expected"),
    [
        (GROUND, case(), {}, ["same"]),
        (shapely.box(0, 0, 100, 107), case(), {}, ["same"]),  # 7 m beyond, as far as the two accuracies reach
        (shapely.box(0, 0, 100, 140), case(), {}, ["grown"]),
        (shapely.box(100, 0, 160, 100), case(), {}, ["grown"]),  # a front of 100 m
        (shapely.box(100, 0, 160, 100), case(), {"curr_date": "2020-01-01"}, ["adjacent"]),  # seen before the case
        (shapely.box(100, 0, 160, 100), case(), {"activity_l1": "A5"}, ["adjacent"]),
        (shapely.box(110, 0, 160, 100), case(), {}, ["adjacent"]),  # a gap is no front
        (shapely.box(100, 100, 160, 160), case(), {}, ["adjacent"]),  # nor is a corner
        (shapely.box(130, 0, 160, 100), case(), {}, []),
        (GROUND, case(), {"activity_l1": "A5"}, ["review"]),
        (GROUND, case(), {"activity_l1": None}, ["review"]),
        (GROUND, case(is_closed=True, state="B14", closed_date="2021-05-01"), {}, ["rebound"]),
        (GROUND, case(is_closed=True, state="B14", closed_date="2023-05-01"), {}, ["same"]),
        (GROUND, case(is_closed=True, state="B14"), {}, ["review"]),
        (shapely.box(100, 0, 160, 100), case(is_closed=True, state="B14", closed_date="2021-05-01"), {}, ["adjacent"]),
        (GROUND, case(case_geometry="box"), {}, ["same"]),
        (shapely.box(70, 0, 170, 100), case(case_geometry="box"), {}, ["review"]),
        (GROUND, case(shapely.Point(110, 50)), {}, ["same"]),
        (GROUND, case(shapely.Point(145, 50)), {}, ["review"]),
        (shapely.Point(0, 0), case(shapely.Point(45, 0)), {}, ["same"]),
        (shapely.Point(50, 50), case(), {"is_text_only": True}, ["review"]),
    ],
)
def test_relations(shape, one, own, expected):
    assert relation(shape, one, **own) == expected


def test_growth_has_its_own_ground_area_and_date():
    found = matched(sites_of(shapely.box(0, 0, 100, 140)), case()).iloc[0]
    assert found["new_m2"] == 4000
    assert found["geometry"].equals(shapely.box(0, 100, 100, 140))
    assert (found["overlap_m2"], found["outside_m2"], found["since"]) == (10_000, 4000, "2020-06-30")


def test_a_layer_the_case_did_not_touch_makes_it_growth():
    wetland = gpd.GeoDataFrame(
        {"counts": [True], "layer_class": ["wetland"], "zone": [None]},
        geometry=[shapely.box(100, 0, 106, 100)],
        crs=CRS,
    )
    wide = shapely.box(0, 0, 106, 100)
    assert matched(sites_of(wide), case(shapely.box(0, 0, 90, 100)), layers=wetland)["relation"].tolist() == ["grown"]


def test_several_cases_are_named_the_longest_front_first():
    site = sites_of(shapely.box(100, 0, 160, 100))
    short = case(shapely.box(160, 0, 200, 30), problem_id="K2")
    found = matched(site, case(), short, case(shapely.box(100, 100, 160, 150), problem_id="K3")).set_index("problem_id")
    assert found.loc["K1", "other_problem_ids"] == ["K3", "K2"]
    assert found.loc["K2", "other_problem_ids"] == ["K1", "K3"]


def test_ground_judged_to_be_no_problem_is_not_asked_about_again():
    judged = case(state="B6", closed_date="2022-12-01", judged="checked on 2022-12-01, result: not a problem")
    found = matched(sites_of(GROUND), judged).iloc[0]
    assert found["relation"] == "same"
    assert "checked on 2022-12-01" in found["reason"]
    assert matched(sites_of(shapely.box(0, 0, 100, 140)), judged)["relation"].tolist() == ["grown"]
    later = sites_of(GROUND, prev_date="2023", curr_date="2024")
    assert matched(later, judged)["relation"].tolist() == ["review"]  # it changed again
    assert matched(sites_of(shapely.box(100, 0, 160, 100)), judged)["relation"].tolist() == ["adjacent"]


def test_a_case_without_a_place_is_asked_about_by_name():
    named = case(None, name="北山采石场")
    sites = sites_of(GROUND)
    found = matched(sites, named, names={"S0": ["北山采石场"]}).iloc[0]
    assert (found["relation"], found["case_geometry"], found["new_m2"]) == ("review", "none", 10_000)
    assert np.isnan(found["gap_m"])
    assert matched(sites, named, names={"S0": ["南山养殖小区"]}).empty
    assert matched(sites, case(None, name="北山采石场", activity_l1="A6"), names={"S0": ["北山采石场"]}).empty
    assert matched(sites, named).empty


def test_what_a_person_said_goes_before_the_rules():
    far = sites_of(shapely.box(9000, 0, 9100, 100))
    assert matched(far, case(), said={("S0", "K1"): "same"})["relation"].tolist() == ["grown"]
    assert matched(sites_of(GROUND), case(), said={("S0", "K1"): "apart"})["relation"].tolist() == ["adjacent"]
    closed = case(is_closed=True, state="B14", closed_date="2021-05-01")
    assert matched(far, closed, said={("S0", "K1"): "same"})["relation"].tolist() == ["rebound"]
    unnamed = case(None)
    assert matched(far, unnamed, said={("S0", "K1"): "same"})["relation"].tolist() == ["same"]


def test_no_cases_and_no_sites():
    assert matched(sites_of(GROUND), case(None)).empty
    empty = sites_of(GROUND).iloc[:0]
    assert matched(empty, case()).empty


def test_a_front_on_a_case_is_no_growth_where_a_neighbour_is_that_case():
    """Site S0 is the case seen again; S1 borders it, and merging found the two to be two places."""
    sites = sites_of(GROUND, shapely.box(100, 0, 160, 100))
    assert matched(sites, case())["relation"].tolist() == ["same", "grown"]
    sites["neighbour_ids"] = [["S1"], ["S0"]]
    found = matched(sites, case())
    assert found["relation"].tolist() == ["same", "adjacent"]
    assert "S0" in found["reason"][1]


def leads_of_site(*rows):
    """Leads of (shape, curr_date) as match takes them, all new activity of one site S0."""
    facts = [
        {"lead_id": f"L{k}", "geometry": shape, "prev_date": None, "curr_date": day, "change_type": "C1"}
        for k, (shape, day) in enumerate(rows)
    ]
    return pd.DataFrame(facts)


def matched_by_leads(one, *rows, said=None):
    leads = leads_of_site(*rows)
    days = [day for _, day in rows]
    sites = sites_of(shapely.union_all([shape for shape, _ in rows]), curr_date=max(days), prev_date=None)
    sites["lead_ids"] = [leads["lead_id"].tolist()]
    frame = gpd.GeoDataFrame(shape_table(pd.DataFrame([one]), CASES), geometry="geometry", crs=CRS)
    return match(sites, frame, NO_LAYERS, RULES, "en", None, said, None, leads)


CLOSED = {"is_closed": True, "state": "B14", "closed_date": "2021-05-01"}


def test_a_large_site_does_not_hide_behind_a_small_closed_case():
    large = shapely.box(0, 0, 1000, 1000)
    seen_before = matched(sites_of(large, curr_date="2020-06-01"), case(**CLOSED))
    assert seen_before["relation"].tolist() == ["grown"]
    assert seen_before["new_m2"].tolist() == [990_000]


def test_only_what_was_seen_after_the_closing_is_a_rebound():
    before, ring = (GROUND, "2020-06-30"), (shapely.box(100, 0, 160, 100), "2023-06-30")
    assert matched_by_leads(case(**CLOSED), before, ring)["relation"].tolist() == ["grown"]
    again = (shapely.box(50, 0, 160, 100), "2023-06-30")
    assert matched_by_leads(case(**CLOSED), before, again)["relation"].tolist() == ["rebound"]


def test_ground_of_other_cases_makes_nothing_known():
    site = sites_of(shapely.box(0, 0, 300, 300))
    box = case(shapely.box(-2000, -2000, 2000, 2000), problem_id="K2", case_geometry="box", activity_l1="A6")
    other = case(shapely.box(0, 0, 400, 400), problem_id="K3", activity_l1="A6")
    for neighbour in (box, other):
        found = matched(site, case(), neighbour).set_index("problem_id")
        assert found.loc["K1", "relation"] == "grown"
        assert "80000 m²" in found.loc["K1", "reason"]


def test_judged_ground_is_asked_about_when_a_new_lead_shows_it_later():
    judged = case(state="B6", closed_date="2022-12-01", judged="checked", lead_ids=["L0"])
    first, later = (GROUND, "2022-12-31"), (GROUND, "2023-12-31")
    said = {("S0", "K1"): "same"}
    assert matched_by_leads(judged, first, said=said)["relation"].tolist() == ["same"]
    assert matched_by_leads(judged, first, later, said=said)["relation"].tolist() == ["review"]


def test_growth_is_later_only_where_it_borders():
    known = case(known_since="2020-06-30")
    border, far_side = (shapely.box(100, 0, 200, 100), "2018-06-30"), (shapely.box(200, 0, 300, 100), "2023-06-30")
    assert matched_by_leads(known, border, far_side)["relation"].tolist() == ["adjacent"]
