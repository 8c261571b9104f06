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


def found(*layers, sites=None, versions=None):
    """The rows of both levels."""
    sites = sites_of() if sites is None else sites
    rows = conflicts(pd.concat(layers, ignore_index=True), sites, GEOGRAPHIC, versions)
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


def test_too_many_features_are_compared_only_round_sites(monkeypatch):
    monkeypatch.setattr(stage, "MOST_FEATURES", 3)
    woods, marsh = layer_of("woods", "forest", WHOLE, FAR), layer_of("marsh", "wetland", WHOLE, FAR)
    sums, pairs = found(woods, marsh, sites=sites_of(shapely.Point(5, 5)))
    assert pairs["feature_a"].tolist() == ["woods-0"]
    assert pairs["site_ids"].tolist() == [["S0"]]
    assert [*sums["is_partial"], *pairs["is_partial"]] == [True, True]
    assert found(woods, marsh)[1].empty


def test_round_sites_ground_counts_once_and_the_share_is_of_the_whole_feature(monkeypatch):
    monkeypatch.setattr(stage, "MOST_FEATURES", 1)
    wide = shapely.box(-5000, -5000, 5000, 5000)
    woods, marsh = layer_of("woods", "forest", wide, accuracy_m=3.0), layer_of("marsh", "wetland", wide, accuracy_m=4.0)
    sums, pairs = found(woods, marsh, sites=sites_of(shapely.box(0, 0, 60, 100), shapely.box(40, 0, 100, 100)))
    (row,) = pairs.to_dict("records")
    assert 30_000 < row["overlap_m2"] < 40_000  # 100 m × 100 m and a border 50 m wide with cut corners
    assert row["share_of_smaller"] == pytest.approx(row["overlap_m2"] / 100e6)
    assert not row["is_within_accuracy"]
    assert (row["site_ids"], sums["overlap_m2"].tolist()) == (["S0", "S1"], [row["overlap_m2"]])


def test_where_sites_lie_everywhere_too_many_features_are_compared_as_few_are(monkeypatch):
    rows = [shapely.box(x, 0, x + 37, 500) for x in range(0, 500, 50)]
    columns = [shapely.box(0, y, 500, y + 19) for y in range(0, 500, 60)]
    layers = layer_of("woods", "forest", *rows), layer_of("marsh", "wetland", *columns)
    sites = sites_of(shapely.box(0, 0, 500, 500))
    few = pd.concat(found(*layers, sites=sites))
    monkeypatch.setattr(stage, "MOST_FEATURES", 1)
    many = pd.concat(found(*layers, sites=sites))
    pd.testing.assert_frame_equal(many.drop(columns="is_partial"), few.drop(columns="is_partial"))
    assert many["is_partial"].all()


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


def raster_of(layer_id, layer_class, *pieces, **keys):
    """A raster layer: every piece is of the one value 90."""
    return layer_of(layer_id, layer_class, *pieces, **keys).assign(feature_key="90")


def versions(*rows):
    columns = ["layer_id", "layer_class", "layer_date", "is_near_leads"]
    frame = pd.DataFrame(rows, columns=columns).assign(counts=True)
    return frame.assign(series=frame["layer_id"].str.split("_").str[0])


def test_the_pieces_of_a_raster_value_are_one_feature_compared_near_the_leads_only():
    marsh = raster_of("marsh", "wetland", *(shapely.box(x, 0, x + 10, 4) for x in range(0, 100, 10)))  # 40 m² each
    read = versions(("woods", "forest", None, False), ("marsh", "wetland", None, True))
    site = shapely.box(5, 1, 15, 3)  # on two pieces
    sums, pairs = found(layer_of("woods", "forest", WHOLE), marsh, sites=sites_of(site), versions=read)
    (row,) = pairs.to_dict("records")
    assert (row["feature_a"], row["feature_b"], row["overlap_m2"], row["share_of_smaller"]) == ("woods-0", "90", 400, 1)
    assert (row["site_ids"], row["is_partial"]) == (["S0"], True)
    assert sums[["n_pairs", "n_slivers", "overlap_m2", "is_partial"]].values.tolist() == [[1, 0, 400, True]]


def test_slivers_and_accuracy_are_judged_on_the_whole_pair():
    strips = [shapely.box(x, 0, x + 10, 4) for x in range(0, 100, 10)]  # together 100 m long, 4 m wide
    blocks = [shapely.box(0, y, 100, y + 4) for y in range(0, 20, 4)]  # together 100 m × 20 m
    woods = layer_of("woods", "forest", shapely.box(-500, 0, 500, 1000), accuracy_m=6.0)
    for pieces, is_within in ((strips, True), (blocks, False)):
        sums, pairs = found(woods, raster_of("marsh", "wetland", *pieces))
        assert sums["n_slivers"].tolist() == [0]
        assert pairs["is_within_accuracy"].tolist() == [is_within]


def test_pieces_that_lie_on_each_other_count_once():
    marsh = raster_of("marsh", "wetland", shapely.box(0, 0, 60, 100), shapely.box(40, 0, 100, 100))
    sums, pairs = found(layer_of("woods", "forest", WHOLE), marsh)
    assert pairs["overlap_m2"].tolist() == sums["overlap_m2"].tolist() == [10_000]


def test_pieces_do_not_make_a_layer_too_large(monkeypatch):
    monkeypatch.setattr(stage, "MOST_FEATURES", 3)
    marsh = raster_of("marsh", "wetland", *(shapely.box(x, 0, x + 10, 10) for x in range(0, 100, 10)))
    sums, _ = found(layer_of("woods", "forest", WHOLE), marsh)
    assert sums[["overlap_m2", "is_partial"]].values.tolist() == [[1000, False]]


@pytest.mark.parametrize(("empty_date", "shared_m2"), [("2021-12-31", 0), ("2017-12-31", 10_000)])
def test_a_newer_version_without_features_ends_the_conflict(empty_date, shared_m2):
    read = versions(
        ("woods", "forest", None, False),
        ("marsh_1", "wetland", "2019-12-31", False),
        ("marsh_2", "wetland", empty_date, False),
    )
    marsh = layer_of("marsh_1", "wetland", WHOLE, date="2019-12-31", series="marsh")
    sums, pairs = found(layer_of("woods", "forest", WHOLE), marsh, versions=read)
    assert sums["overlap_m2"].tolist() == [shared_m2]
    assert sums["layer_b"].tolist() == ["marsh_1" if shared_m2 else "marsh_2"]
    assert len(pairs) == (shared_m2 > 0)
