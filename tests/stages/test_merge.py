"""Merging: each rule on a pair drawn for it, and the laws of joining."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.geometry import equal_area_crs
from pipeline.place_folder import read_place
from pipeline.stages.merge import joining_order, merge
from pipeline.stages.sites import build_sites

HOME = Path(__file__).parents[2]
RULES = read_place(HOME / "configs" / "shuangta").rules.merge


def leads_of(*rows):
    """Rows of (shape, period, activity), each its own source unless given as a fourth value."""
    shapes, periods, activities = ([row[k] for row in rows] for k in range(3))
    n = len(rows)
    sources = [row[3] if len(row) > 3 else f"{row[1]}" for row in rows]
    frame = {
        "lead_id": [f"L{k}" for k in range(n)], "source_id": sources, 
        "kind": [row[4] if len(row) > 4 else "change" for row in rows],
        "period": periods, "shows": "new_ground", "received": "2023-01-01", "activity_l1": activities,
        "activity_l2": activities,
        "change_type": "C1", "prev_date": None, "curr_date": [p[5:] if p else None for p in periods],
        "area_m2": [shape.area for shape in shapes], "position_accuracy_m": 5.0,
    }  # fmt: skip
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=equal_area_crs(pyproj.CRS(4490), (120.4, 41.6)))


def decided(*rows):
    merges, _ = merge(leads_of(*rows), RULES)
    return [(row.rule, row.decision) for row in merges.itertuples()]


def sites_of(*rows):
    leads = leads_of(*rows)
    _, members = merge(leads, RULES)
    return sorted(sorted(ids) for ids in build_sites(leads, members)[0]["lead_ids"])


def house(x, y):
    """A drawn outline with straight sides and slanting ends, 60 m wide."""
    return shapely.Polygon([(x, y), (x + 30, y - 14), (x + 60, y), (x + 60, y + 40), (x + 30, y + 54), (x, y + 40)])


SQUARE = shapely.box(0, 0, 60, 60)


def test_the_same_ground_in_two_layers():
    assert decided((SQUARE, "2019-2020", "A1"), (shapely.box(3, 2, 63, 62), "2020-2021", "A1")) == [
        ("same_ground", "same")
    ]


def test_growth_along_an_exact_edge():
    assert decided((SQUARE, "2019-2020", "A1"), (shapely.box(60, 0, 100, 60), "2020-2021", "A1")) == [
        ("exact_front", "same")
    ]


def test_growth_along_a_drawn_edge():
    rows = (house(0, 0), "2019-2020", "A1"), (house(65, 0), "2020-2021", "A1")
    assert decided(*rows)[0][1] == "review"  # 24 m of a front is less than a quarter of the perimeter
    tall = shapely.Polygon([(0, 0), (20, -5), (40, 0), (40, 200), (20, 205), (0, 200)])
    moved = shapely.affinity.translate(tall, 45)
    assert decided((tall, "2019-2020", "A1"), (moved, "2020-2021", "A1")) == [("drawn_front", "same")]


def test_two_in_one_layer_stay_two():
    assert decided((SQUARE, "2019-2020", "A1"), (shapely.box(60, 0, 100, 60), "2019-2020", "A1")) == [
        ("one_layer", "apart")
    ]


def test_a_corner_on_a_coarse_grid_says_nothing():
    assert decided((SQUARE, "2019-2020", "A1"), (shapely.box(60, 60, 120, 120), "2020-2021", "A1")) == [
        ("coarse_corner", "apart")
    ]


def test_near_and_drawn_is_a_question():
    assert decided((house(0, 0), "2019-2020", "A1"), (house(72, 0), "2020-2021", "A1")) == [("near", "review")]


def test_another_activity_is_never_merged():
    assert decided((SQUARE, "2019-2020", "A1"), (SQUARE, "2020-2021", "A6")) == [("other_activity", "review")]
    assert decided((SQUARE, "2019-2020", "A1"), (shapely.box(60, 0, 100, 60), "2020-2021", "A5")) == [
        ("other_activity", "apart")
    ]


def test_unknown_equals_nothing_not_even_unknown():
    assert decided((SQUARE, "2019-2020", None), (SQUARE, "2020-2021", None)) == [("same_ground", "review")]


def test_a_question_tells_how_much_two_share_only_where_they_do():
    for x, said in (
        (72, "12.0 m apart: is it one place?"),
        (54, "0.0 m apart, sharing 7.7% of the smaller: is it one place?"),
    ):
        merges, _ = merge(leads_of((house(0, 0), "2019-2020", "A1"), (house(x, 0), "2020-2021", "A1")), RULES, "en")
        assert merges["reason"].item() == f"{said} (R09)"


def test_a_point_joins_the_one_site_near_it():
    near = shapely.Point(75, 30), None, "A1", "points", "points"
    assert sites_of((SQUARE, "2019-2020", "A1"), near) == [["L0", "L1"]]


def test_a_point_between_two_sites_joins_neither():
    other = shapely.box(90, 0, 150, 60), "2019-2020", "A1"
    point = shapely.Point(75, 30), None, "A1", "points", "points"
    merges, _ = merge(leads_of((SQUARE, "2019-2020", "A1"), other, point), RULES)
    assert set(merges[merges["lead_b"] == "L2"]["decision"]) == {"review"}
    assert len(sites_of((SQUARE, "2019-2020", "A1"), other, point)) == 3


def test_a_text_lead_is_only_asked_about():
    text = shapely.Point(30, 30), None, "A1", "petitions", "reports"
    assert decided((SQUARE, "2019-2020", "A1"), text) == [("text", "review")]


def test_a_bridge_between_two_sites_joins_neither():
    left, right = (shapely.box(0, 0, 60, 60), "2019-2020", "A1"), (shapely.box(120, 0, 180, 60), "2019-2020", "A1")
    bridge = shapely.box(60, 0, 120, 60), "2020-2021", "A1"
    assert sites_of(left, right, bridge) == [["L0"], ["L1"], ["L2"]]


def test_three_years_of_rings_are_one_site_with_its_growth():
    rows = [(shapely.box(60 * k, 0, 60 * k + 60, 60), f"{2019 + k}-{2020 + k}", "A1") for k in range(3)]
    leads = leads_of(*rows)
    _, members = merge(leads, RULES)
    sites, _ = build_sites(leads, members)
    assert len(sites) == 1
    assert list(json.loads(sites["growth"].iloc[0]).values()) == [3600, 3600, 3600]
    assert sites["area_m2"].iloc[0] == 10_800


def test_ten_near_neighbours_in_a_row_are_not_one_case():
    rows = [(house(150 * k, 0), f"20{10 + k}-20{11 + k}", "A1") for k in range(10)]
    assert len(sites_of(*rows)) == 10


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*(st.integers(0, n) for n in (4, 4, 2))), min_size=2, max_size=8, unique=True),
       st.randoms(use_true_random=False))  # fmt: skip
def test_order_of_rows_changes_nothing(cells, random):
    rows = [
        (shapely.box(60 * i, 60 * j, 60 * i + 60, 60 * j + 60), f"{2019 + p}-{2020 + p}", "A1") for i, j, p in cells
    ]
    leads = leads_of(*rows)
    shuffled = leads.sample(frac=1, random_state=random.randint(0, 999))
    first, second = merge(leads, RULES), merge(shuffled, RULES)
    assert first[0].equals(second[0])
    by_lead = [dict(zip(m["lead_id"], m["site_no"], strict=True)) for _, m in (first, second)]
    assert by_lead[0] == by_lead[1]


def test_a_road_out_of_place_says_how_much_it_shares_once_shifted():
    road, again = shapely.box(0, 0, 400, 8), shapely.box(0, 7, 400, 15)
    merges, _ = merge(leads_of((road, "2019-2020", "A6"), (again, "2020-2021", "A6")), RULES, "en")
    row = merges.iloc[0]
    assert (row.rule, row.decision) == ("same_ground", "same")
    assert row.iou == 400 / 6_000
    assert row.shifted_iou == 1.0
    assert "IoU 1.00 once shifted by what the images may be out of place, 0.07 as they lie" in row.reason


@pytest.mark.parametrize(
    ("dates", "rule"),
    [
        (["2020", "2021"], "true_overlap"),
        (["2020", "2020"], "one_layer"),
        (["2023-03-05", "2023-03-07"], "one_layer"),  # a mosaic
        (["2023", "2023-03-07"], "one_layer"),
        ([None, None], "one_layer"),
    ],
)
def test_leads_without_a_period_are_of_one_layer_where_they_are_of_one_year(dates, rule):
    leads = leads_of((SQUARE, None, "A1", "ours"), (shapely.box(40, 0, 100, 60), None, "A1", "ours"))
    assert merge(leads.assign(curr_date=dates), RULES)[0]["rule"].tolist() == [rule]


def test_leads_without_a_period_join_by_their_dates_and_without_dates_last():
    leads = leads_of((SQUARE, None, "A1"), (SQUARE, None, "A1"), (SQUARE, "2020-2021", "A1"), (SQUARE, None, "A1"))
    leads = leads.assign(curr_date=[None, "2022-03", "2021", "2020-05"])
    assert joining_order(leads)["lead_id"].tolist() == ["L3", "L2", "L1", "L0"]


def test_what_was_surely_seen_later_grows_also_without_a_period():
    leads = leads_of((SQUARE, None, "A1"), (shapely.box(60, 0, 100, 60), None, "A1", "other"))
    grown, unsure = (merge(leads.assign(curr_date=["2022-03", day]), RULES)[0] for day in ("2022-09", "2022"))
    assert grown["rule"].tolist() == ["exact_front"]
    assert unsure["decision"].tolist() != ["same"]


def test_threads_change_nothing(monkeypatch):
    rows = [
        (shapely.box(x, y, x + 30, y + 30), f"{2018 + y // 20 % 3}-2021", "A1")
        for x in range(0, 400, 29)
        for y in range(0, 200, 40)
    ]
    leads = leads_of(*rows)

    def made():
        merges, members = merge(leads, RULES)
        return merges, members, *build_sites(leads, members, merges=merges)

    alone = made()
    monkeypatch.setattr("pipeline.geometry.THREADS_FROM", 1)
    for one, other in zip(alone, made(), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_periods_of_uneven_length_join_by_their_end():
    leads = leads_of((SQUARE, "2018-2021", "A1"), (SQUARE, "2019-2020", "A1"), (SQUARE, "2020-2021", "A1"))
    assert joining_order(leads)["period"].tolist() == ["2019-2020", "2018-2021", "2020-2021"]
    site = build_sites(leads, merge(leads, RULES)[1])[0].iloc[0]
    assert (site.first_period, site.last_period) == ("2019-2020", "2020-2021")
    assert json.loads(site.growth) == {"2019-2020": 3600.0, "2018-2021": 0.0, "2020-2021": 0.0}
