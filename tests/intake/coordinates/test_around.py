"""Where a place's data must lie: the margin, what is in and out, and the coordinate systems that bring points there."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.coordinates.around import candidate_crs, crs_that_fit, fits, is_reachable, make_around, read_crs

CGCS2000, WGS84 = pyproj.CRS(4490), pyproj.CRS(4326)
HOME = make_around(shapely.box(120.2, 41.4, 120.7, 41.8), CGCS2000, 2000)
LIMA = make_around(shapely.box(-77.2, -12.2, -76.9, -11.9), WGS84, 2000)


def one(x, y):
    return np.array([[x, y]])


def test_the_margin_is_in_metres_on_the_ellipsoid():
    geod = pyproj.Geod(ellps="GRS80")
    _, _, north_m = geod.inv(120.45, 41.8, 120.45, HOME.area.bounds[3])
    _, _, east_m = geod.inv(120.7, 41.6, HOME.area.bounds[2], 41.6)
    assert north_m == pytest.approx(2000, abs=60)  # a parallel bends away from the straight edge of the box
    assert east_m == pytest.approx(2000, abs=20)
    assert HOME.margin_m == 2000


@pytest.mark.parametrize(
    ("x", "y", "crs", "inside"),
    [(120.45, 41.57, 4490, True), (120.45, 41.57, 4326, True), (41.57, 120.45, 4490, False), (120.715, 41.6, 4490, True),
     (120.75, 41.6, 4490, False), (537532.8348, 4603974.9618, 4549, True), (40537532.8348, 4603974.9618, 4528, True),
     (40537532.8348, 4603974.9618, 4549, False), (4603974.9618, 537532.8348, 4549, False), (np.nan, 41.57, 4490, False),
     (np.inf, np.inf, 4549, False), (537532.8, 4603974.9, 2385, False)],
)  # fmt: skip
def test_fits(x, y, crs, inside):
    assert fits(one(x, y), pyproj.CRS(crs), HOME).tolist() == [inside]


def test_a_web_mercator_point_once_around_the_world_is_not_here():
    x, y = pyproj.Transformer.from_crs(4326, 3857, always_xy=True).transform(120.45, 41.57)
    world_m = 2 * np.pi * 6378137
    assert fits(np.array([[x, y], [x + world_m, y]]), pyproj.CRS(3857), HOME).tolist() == [True, False]


def test_old_datums_are_out_of_reach():
    assert not is_reachable(pyproj.CRS(2385), HOME)
    assert is_reachable(pyproj.CRS(32651), HOME)


def test_candidates_in_china():
    found = candidate_crs(HOME)
    assert found[:5] == ["EPSG:4490", "EPSG:4549", "EPSG:4528", "EPSG:4510", "EPSG:4499"]
    assert {"EPSG:4548", "EPSG:4527", "EPSG:4529", "EPSG:32651", "EPSG:32650", "EPSG:3857"} <= set(found)
    assert "EPSG:4326" not in found  # the same answer as 4490
    assert "EPSG:4550" not in found  # the same numbers as 4510
    assert all(
        read_crs(name).geodetic_crs.name in ("China Geodetic Coordinate System 2000", "WGS 84") for name in found
    )


def test_candidates_elsewhere():
    found = candidate_crs(LIMA)
    assert found[:2] == ["EPSG:4326", "EPSG:32718"]
    assert {"EPSG:32717", "EPSG:32719", "EPSG:24892", "EPSG:3857"} <= set(found)
    assert len(found) <= 16


@pytest.mark.parametrize(
    ("lon_lat", "crs"),
    [((120.45, 41.57), 4549), ((120.45, 41.57), 4528), ((120.45, 41.57), 4499), ((120.45, 41.57), 4527)],
)
def test_the_system_of_a_table_is_found(lon_lat, crs):
    x, y = pyproj.Transformer.from_crs(4490, crs, always_xy=True).transform(*lon_lat)
    assert crs_that_fit(one(x, y), HOME, candidate_crs(HOME)) == [(f"EPSG:{crs}", 1.0, False)]
    assert crs_that_fit(one(y, x), HOME, candidate_crs(HOME)) == [(f"EPSG:{crs}", 1.0, True)]


def test_equal_datums_are_one_answer():
    assert crs_that_fit(one(120.45, 41.57), HOME, ["EPSG:4490", "EPSG:4326"]) == [("EPSG:4490", 1.0, False)]


def test_two_systems_two_kilometres_apart_are_both_named():
    xy = one(*pyproj.Transformer.from_crs(4490, 4510, always_xy=True).transform(120.45, 41.57))
    assert [fit.crs for fit in crs_that_fit(xy, HOME, candidate_crs(HOME))] == ["EPSG:4510", "EPSG:32651"]


def test_one_stray_point_in_ten_does_not_hide_the_system():
    xy = np.array([[537532.83, 4603974.96]] * 9 + [[0.0, 0.0]])
    assert crs_that_fit(xy, HOME, candidate_crs(HOME)) == [("EPSG:4549", 0.9, False)]
    assert crs_that_fit(one(1.0, 2.0), HOME, candidate_crs(HOME)) == []
    assert crs_that_fit(np.empty((0, 2)), HOME, candidate_crs(HOME)) == []


@settings(deadline=None)  # the first example builds the transformations
@given(
    st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=5),
    st.sampled_from([4490, 4549, 3857, 2385, 32718]),
)
def test_any_numbers_are_in_or_out(points, crs):
    assert len(fits(np.array(points), pyproj.CRS(crs), HOME)) == len(points)
