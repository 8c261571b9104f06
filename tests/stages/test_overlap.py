"""Overlap on shapes whose areas are known in the head, and its laws on random ones."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.engine.pieces import overlap_in_pieces
from pipeline.geometry import equal_area_crs
from pipeline.rules import OverlapRules
from pipeline.stages.overlap import overlap

import pyproj  # isort: skip

CRS = equal_area_crs(pyproj.CRS(4490), (120.4, 41.6))
RULES = OverlapRules(sliver_m2=50, sliver_share=0.05, adjacent_m=10, outside_district_share=0.05)


def leads_of(*shapes, prev=None, accuracy_m=0.0):
    ids = [f"L{k}" for k in range(len(shapes))]
    frame = {"lead_id": ids, "prev_date": prev, "curr_date": None, "position_accuracy_m": accuracy_m}
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=CRS)


def layer_of(*shapes, layer_id="marsh", layer_class="wetland", date=None, series=None, counts=True, within_m=0.0):
    n = len(shapes)
    return gpd.GeoDataFrame(
        {
            "layer_id": layer_id, "layer_class": layer_class, "series": series or layer_id, "layer_date": date,
            "counts": counts, "within_m": within_m, "position_accuracy_m": 0.0, "sliver_m2": 50.0, "sliver_share": 0.05,
            "feature_key": [f"F{k}" for k in range(n)], "name": None, "level": None, "grade": None, "zone": None,
            "code": None, "repair": None,
        },
        geometry=list(shapes), crs=CRS,
    )  # fmt: skip


def class_row(rows, lead="L0"):
    found = rows[(rows["level"] == "class") & (rows["subject_id"] == lead)]
    assert len(found) == 1
    return found.iloc[0]


def test_half_on_a_wetland():
    row = class_row(overlap(leads_of(shapely.box(0, 0, 10, 10)), layer_of(shapely.box(5, 0, 50, 50)), RULES))
    assert (row["overlap_m2"], row["overlap_share"], row["position"]) == (50, 0.5, "crossing")


def test_two_reserves_over_one_lead_are_exactly_all_of_it():
    reserves = layer_of(shapely.box(-5, -5, 8, 15), shapely.box(2, -5, 15, 15), layer_class="protected_area")
    rows = overlap(leads_of(shapely.box(0, 0, 10, 10)), reserves, RULES)
    assert (class_row(rows)["overlap_m2"], class_row(rows)["overlap_share"]) == (100, 1)
    assert sorted(rows.loc[rows["level"] == "feature", "overlap_m2"]) == [80, 80]


def test_a_sliver_is_shown_and_named_and_does_not_count():
    row = class_row(overlap(leads_of(shapely.box(0, 0, 100, 100)), layer_of(shapely.box(99.6, 0, 200, 100)), RULES))
    assert row["position"] == "sliver"
    assert row["overlap_m2"] == pytest.approx(40)


def test_adjacent_within_ten_metres_and_outside_beyond():
    near, far = shapely.box(0, 0, 10, 10), shapely.box(0, 20, 10, 30)
    rows = overlap(leads_of(near, far), layer_of(shapely.box(15, 0, 50, 5)), RULES, {"wetland": None})
    assert class_row(rows, "L0")["position"] == "adjacent"
    assert class_row(rows, "L0")["distance_m"] == 5
    assert class_row(rows, "L1")["position"] == "outside"
    assert class_row(rows, "L1")["overlap_m2"] == 0


def test_off_the_layer_by_less_than_the_accuracy_of_both_is_said():
    lead = leads_of(shapely.box(0, 0, 10, 10), accuracy_m=20.0)
    for gap_m, position in ((25.0, "outside"), (15.0, "tolerance"), (5.0, "tolerance")):
        rows = overlap(lead, layer_of(shapely.box(10 + gap_m, 0, 90, 10)), RULES, {"wetland": None})
        assert class_row(rows)["position"] == position
    touching = class_row(overlap(lead, layer_of(shapely.box(25, 0, 90, 10)), RULES))
    assert (touching["overlap_low_m2"], touching["overlap_m2"]) == (0, 0)
    assert touching["overlap_high_m2"] == pytest.approx(50, rel=0.1)  # five metres of it, less the rounded corners


def test_a_class_that_is_not_covered_has_no_row():
    rows = overlap(leads_of(shapely.box(0, 0, 10, 10)), layer_of(shapely.box(100, 0, 150, 5)), RULES, {})
    assert rows.empty


def test_a_point_counts_within_its_accuracy():
    points = leads_of(shapely.Point(-5, 5), shapely.Point(-50, 5), accuracy_m=6.0)
    rows = overlap(points, layer_of(shapely.box(0, 0, 100, 100)), RULES, {"wetland": None})
    on, off = class_row(rows, "L0"), class_row(rows, "L1")
    assert (on["overlap_m2"], on["overlap_share"], on["position"]) == (0, 1, "inside")
    assert (off["overlap_share"], off["position"]) == (0, "outside")


def test_the_newest_version_on_or_before_the_earlier_date_is_used():
    layers = pd.concat(
        [
            layer_of(shapely.box(0, 0, 10, 10), layer_id="old", series="dltb", date="2018-12-31"),
            layer_of(shapely.box(0, 0, 5, 10), layer_id="new", series="dltb", date="2020-12-31"),
        ],
        ignore_index=True,
    )
    shape = shapely.box(0, 0, 10, 10)
    rows = overlap(leads_of(shape, shape, shape, prev=["2020-06", "2021-05", "2017"]), layers, RULES)
    assert [class_row(rows, f"L{k}")["overlap_m2"] for k in range(3)] == [100, 50, 100]
    assert [bool(class_row(rows, f"L{k}")["vintage_ok"]) for k in range(3)] == [True, True, False]


def test_low_and_high_move_the_boundary_by_the_accuracy():
    row = class_row(
        overlap(leads_of(shapely.box(0, 0, 100, 100), accuracy_m=10.0), layer_of(shapely.box(50, -99, 300, 300)), RULES)
    )
    assert row["overlap_m2"] == 5000
    assert row["overlap_low_m2"] == pytest.approx(4000, rel=1e-6)
    assert row["overlap_high_m2"] == pytest.approx(6000, rel=1e-6)


def test_a_permit_has_its_own_class_and_does_not_join_another():
    permit = layer_of(shapely.box(0, 0, 10, 10), layer_id="permit", layer_class="permit", counts=False)
    rows = overlap(leads_of(shapely.box(0, 0, 10, 10)), permit, RULES)
    assert rows.loc[rows["level"] == "class", "layer_class"].tolist() == ["permit"]


boxes = st.builds(
    lambda x, y, w, h: shapely.box(x, y, x + w, y + h),
    st.integers(-40, 40), st.integers(-40, 40), st.integers(1, 40), st.integers(1, 40),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=6), boxes)
def test_the_class_overlap_is_the_area_of_the_union(features, lead):
    rows = overlap(leads_of(lead), layer_of(*features), RULES, {"wetland": None})
    expected = shapely.union_all(features).intersection(lead).area
    row = class_row(rows)
    assert row["overlap_m2"] == pytest.approx(expected, rel=1e-9, abs=1e-4)
    assert row["overlap_m2"] <= lead.area + 1e-4
    assert row["overlap_low_m2"] <= row["overlap_m2"] <= row["overlap_high_m2"]


@settings(max_examples=30, deadline=None)
@given(st.lists(boxes, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_order_changes_nothing(leads, random):
    layer = layer_of(shapely.box(-20, -20, 20, 20), shapely.box(0, 0, 60, 60))
    frame = leads_of(*leads)
    order = list(range(len(leads)))
    random.shuffle(order)
    first, second = overlap(frame, layer, RULES), overlap(frame.iloc[order], layer, RULES)
    pd.testing.assert_frame_equal(first, second)
    assert np.isfinite(first["overlap_m2"]).all()


@pytest.mark.parametrize(
    ("empty", "day", "on_m2"),
    [
        ("2020-12-31", "2021-05", 0),
        ("2020-12-31", "2019-05", 100),
        ("2018-12-31", "2021-05", 100),
        ("2018-12-31", "2019-05", 0),
    ],
)
def test_a_version_without_features_here_is_still_the_right_one(empty, day, on_m2):
    filled = "2018-12-31" if empty == "2020-12-31" else "2020-12-31"
    lead = leads_of(shapely.box(0, 0, 10, 10), prev=day)
    layers = layer_of(shapely.box(0, 0, 10, 10), layer_id="filled", series="cover", date=filled)
    versions = pd.DataFrame(
        {"layer_id": ["filled", "empty"], "series": "cover", "layer_date": [filled, empty], "counts": True}
    )
    row = class_row(overlap(lead, layers, RULES, {"wetland": None}, versions=versions))
    assert (row["overlap_m2"], row["position"]) == (on_m2, "inside" if on_m2 else "outside")
    cut = overlap_in_pieces(overlap, lead, layers, RULES, {"wetland": None}, versions=versions)
    assert class_row(cut)["overlap_m2"] == on_m2


ODD = {
    "empty": shapely.Polygon(),
    "with heights": shapely.force_3d(shapely.box(100, 0, 110, 10)),
    "in a collection": shapely.GeometryCollection([shapely.box(100, 0, 110, 10)]),
    "with a point": shapely.GeometryCollection([shapely.box(100, 0, 110, 10), shapely.Point(0, 900)]),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("by_kernel", [True, False])
def test_an_odd_shape_changes_nothing_for_the_others(odd, by_kernel):
    leads = leads_of(shapely.box(0, 0, 10, 10), ODD[odd], shapely.box(200, 0, 220, 10))
    layer = layer_of(shapely.box(-5, 5, 150, 50), shapely.box(195, 0, 205, 50))
    rows = overlap(leads, layer, RULES, by_kernel=by_kernel)
    assert (class_row(rows, "L0")["overlap_m2"], class_row(rows, "L2")["overlap_m2"]) == (50, 50)
    if odd != "empty":
        assert class_row(rows, "L1")["overlap_m2"] == 50
    turned = overlap(layer_leads(layer), layer_of(*leads.geometry), RULES, by_kernel=by_kernel)
    assert class_row(turned, "L0")["overlap_m2"] == (50 if odd == "empty" else 100)
    assert class_row(turned, "L1")["overlap_m2"] == 50


def layer_leads(layer):
    return leads_of(*layer.geometry)


def test_a_fan_of_triangles_is_not_cut_without_end():
    angles = np.linspace(0, 2 * np.pi, 801)
    rim = 500 * np.column_stack([np.cos(angles), np.sin(angles)])
    fan = shapely.MultiPolygon([shapely.Polygon([(0, 0), rim[k], rim[k + 1]]) for k in range(0, 800, 2)])
    assert fan.is_valid
    lead = shapely.box(-10, -10, 10, 10)
    row = class_row(overlap(leads_of(lead), layer_of(fan), RULES))
    assert row["overlap_m2"] == pytest.approx(fan.intersection(lead).area, rel=1e-9, abs=1e-4)
