"""Ground claimed twice, on squares whose areas are known in the head."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.declare import check_table
from pipeline.geometry import area_m2, equal_area_crs
from pipeline.stages import conflicts as stage
from pipeline.stages.conflicts import conflicts
from pipeline.tables import CONFLICTS

GEOGRAPHIC = pyproj.CRS(4490)
CRS = equal_area_crs(GEOGRAPHIC, (120.4, 41.6))
GAUSS_KRUGER = pyproj.CRS(4549)
X, Y = 537_000.0, 4_603_000.0  # a place in that zone
WHOLE, FAR = shapely.box(0, 0, 100, 100), shapely.box(5000, 5000, 5100, 5100)


def layer_of(
    layer_id, layer_class, *shapes, date=None, series=None, counts=True, accuracy_m=0.0, sliver=(50.0, 0.05), crs=CRS
):
    return gpd.GeoDataFrame(
        {
            "layer_id": layer_id, "layer_class": layer_class, "series": series or layer_id, "layer_date": date,
            "counts": counts, "position_accuracy_m": accuracy_m, "sliver_m2": sliver[0], "sliver_share": sliver[1],
            "feature_key": [f"{layer_id}-{k}" for k in range(len(shapes))], "name": None,
        },
        geometry=list(shapes), crs=crs,
    )  # fmt: skip


def sites_of(*shapes, crs=CRS):
    return gpd.GeoDataFrame({"site_id": [f"S{k}" for k in range(len(shapes))]}, geometry=list(shapes), crs=crs)


def found(*layers, sites=None):
    """The rows of both levels."""
    sites = sites_of() if sites is None else sites
    rows = conflicts(pd.concat(layers, ignore_index=True), sites, GEOGRAPHIC)
    check_table(rows, CONFLICTS)
    assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
    return rows[rows["level"] == "layers"], rows[rows["level"] == "features"]


def test_a_quarter_claimed_by_both():
    sums, pairs = found(
        layer_of("woods", "forest", WHOLE, date="2018-12-31"),
        layer_of("marsh", "wetland", shapely.box(50, 50, 250, 250)),
    )
    (row,) = pairs.to_dict("records")
    assert (row["layer_a"], row["feature_a"], row["layer_date_a"]) == ("woods", "woods-0", "2018-12-31")
    assert (row["class_b"], row["feature_b"]) == ("wetland", "marsh-0")
    assert (row["overlap_m2"], row["share_of_smaller"], row["n_sites"]) == (2500, 0.25, 0)
    assert (row["lon"], row["lat"]) == pytest.approx((120.4009, 41.6007), abs=1e-4)
    (total,) = sums.to_dict("records")
    assert (total["overlap_m2"], total["n_pairs"], total["n_slivers"], total["is_partial"]) == (2500, 1, 0, False)


def test_layers_that_agree_are_said_to_agree():
    sums, pairs = found(layer_of("woods", "forest", WHOLE), layer_of("marsh", "wetland", FAR))
    assert pairs.empty
    assert sums[["overlap_m2", "n_pairs", "n_slivers", "sliver_m2"]].to_numpy().tolist() == [[0, 0, 0, 0]]


@pytest.mark.parametrize("layer_class", ["protected_area", "redline", "forest"])
def test_lawful_overlap_and_one_class_are_no_conflict(layer_class):
    sums, pairs = found(layer_of("woods", "forest", WHOLE), layer_of("other", layer_class, WHOLE))
    assert sums.empty
    assert pairs.empty


def test_what_is_shown_only_claims_nothing():
    sums, _ = found(layer_of("woods", "forest", WHOLE), layer_of("old", "wetland", WHOLE, counts=False))
    assert sums.empty


def test_of_a_series_only_the_newest_claims():
    old = layer_of("y2018", "wetland", WHOLE, date="2018-12-31", series="survey")
    new = layer_of("y2020", "wetland", FAR, date="2020-12-31", series="survey")
    undated = layer_of("y0000", "wetland", WHOLE, series="survey")
    sums, pairs = found(layer_of("woods", "forest", WHOLE), new, old, undated)
    assert sums["layer_b"].tolist() == ["y2020"]
    assert pairs.empty


def test_slivers_are_counted_and_not_listed():
    marsh = layer_of("marsh", "wetland", shapely.box(99.6, 0, 200, 100), shapely.box(-100, 0, 0.3, 100))
    sums, pairs = found(layer_of("woods", "forest", WHOLE), marsh)
    assert pairs.empty
    assert sums["overlap_m2"].tolist() == [0]
    assert sums["n_slivers"].tolist() == [2]
    assert sums["sliver_m2"].tolist() == pytest.approx([70])


def test_a_small_overlap_that_is_much_of_a_small_feature_is_listed():
    _, pairs = found(layer_of("woods", "forest", WHOLE), layer_of("marsh", "wetland", shapely.box(96, 0, 106, 5)))
    assert pairs["overlap_m2"].tolist() == [20]
    assert pairs["share_of_smaller"].tolist() == [0.4]


def test_a_common_border_is_no_sliver():
    sums, _ = found(layer_of("woods", "forest", WHOLE), layer_of("marsh", "wetland", shapely.box(100, 0, 200, 100)))
    assert sums["n_slivers"].tolist() == [0]


def test_pairs_with_sites_come_first_then_the_largest():
    woods = layer_of("woods", "forest", shapely.box(0, 0, 400, 100))
    marsh = layer_of("marsh", "wetland", *(shapely.box(x, 0, x + w, 100) for x, w in ((0, 10), (100, 50), (200, 90))))
    on, beside, point = shapely.box(5, 5, 20, 20), shapely.box(50, 50, 100, 60), shapely.Point(6, 6)
    sums, pairs = found(woods, marsh, sites=sites_of(on, beside, point))
    assert pairs["overlap_m2"].tolist() == [1000, 9000, 5000]
    assert pairs["site_ids"].tolist() == [["S0", "S2"], [], []]
    assert pairs["n_sites"].tolist() == [2, 0, 0]
    assert sums["site_ids"].tolist() == [["S0", "S2"]]


def test_the_sum_counts_no_ground_twice():
    marsh = layer_of("marsh", "wetland", shapely.box(0, 0, 60, 100), shapely.box(40, 0, 100, 100))
    sums, pairs = found(layer_of("woods", "forest", WHOLE), marsh)
    assert pairs["overlap_m2"].tolist() == [6000, 6000]
    assert sums["overlap_m2"].tolist() == [10_000]


@pytest.mark.parametrize(("width_m", "expected"), [(4.0, True), (6.0, False)])
def test_a_strip_no_wider_than_the_accuracy_is_marked(width_m, expected):
    woods = layer_of("woods", "forest", WHOLE, accuracy_m=3.0)
    marsh = layer_of("marsh", "wetland", shapely.box(100 - width_m, 0, 300, 100), accuracy_m=4.0)  # together 5 m
    _, pairs = found(woods, marsh)
    assert pairs["is_within_accuracy"].tolist() == [expected]


def test_areas_are_ellipsoidal_in_any_crs():
    half = shapely.box(X + 50, Y, X + 300, Y + 100)
    woods = layer_of("woods", "forest", shapely.box(X, Y, X + 100, Y + 100), crs=GAUSS_KRUGER)
    sums, pairs = found(
        woods, layer_of("marsh", "wetland", half, crs=GAUSS_KRUGER), sites=sites_of(half, crs=GAUSS_KRUGER)
    )
    expected = area_m2(np.array([shapely.box(X + 50, Y, X + 100, Y + 100)]), GAUSS_KRUGER)[0]
    assert expected != 5000
    assert pairs["overlap_m2"].tolist() == pytest.approx([expected], rel=1e-9)
    assert sums["overlap_m2"].tolist() == pytest.approx([expected], rel=1e-9)
    assert pairs["n_sites"].tolist() == [1]


def test_too_many_features_are_compared_only_under_sites(monkeypatch):
    monkeypatch.setattr(stage, "MOST_FEATURES", 3)
    woods, marsh = layer_of("woods", "forest", WHOLE, FAR), layer_of("marsh", "wetland", WHOLE, FAR)
    sums, pairs = found(woods, marsh, sites=sites_of(shapely.Point(5, 5)))
    assert pairs["feature_a"].tolist() == ["woods-0"]
    assert sums["is_partial"].tolist() == [True]
    assert found(woods, marsh)[1].empty


def test_a_place_without_layers_has_no_conflict():
    empty = gpd.GeoDataFrame(columns=["layer_id", "geometry"], geometry="geometry", crs=CRS)
    assert conflicts(empty, sites_of(), GEOGRAPHIC).empty


boxes = st.builds(
    lambda x, y, w, h: shapely.box(x, y, x + w, y + h),
    st.integers(-40, 40), st.integers(-40, 40), st.integers(1, 40), st.integers(1, 40),
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=5), st.lists(boxes, min_size=1, max_size=5), st.randoms())
def test_every_shared_metre_is_listed_or_a_sliver_and_order_changes_nothing(forest, wetland, random):
    woods, marsh = layer_of("woods", "forest", *forest), layer_of("marsh", "wetland", *wetland)
    sites = sites_of(*forest[:2])
    sums, pairs = found(woods, marsh, sites=sites)
    shared = sum(a.intersection(b).area for a in forest for b in wetland)
    assert pairs["overlap_m2"].sum() + sums["sliver_m2"].sum() == pytest.approx(shared)
    assert pairs["share_of_smaller"].between(0, 1).all()
    order = random.sample(range(len(woods)), len(woods))
    again = found(marsh, woods.iloc[order], sites=sites)
    pd.testing.assert_frame_equal(pd.concat([sums, pairs]), pd.concat(again))
