"""The offsets of the web maps: as the domain page measured them, and undone to a millimetre all over China."""

import numpy as np
import pyproj
import pytest

from pipeline.intake.coordinates.shifted import CHINA, from_bd09, from_gcj02, is_in_china, to_bd09, to_gcj02

GEOD = pyproj.Geod(ellps="GRS80")


@pytest.mark.parametrize(
    ("lon", "lat", "gcj_m", "bd_m"),
    [(120.3875, 41.5228, 546, 1376), (120.45, 41.57, 538, 1377), (120.55, 41.65, 496, 1315)],
)
def test_offsets_in_the_home_district(lon, lat, gcj_m, bd_m):
    for shift, distance_m, azimuths in ((to_gcj02, gcj_m, (61.5, 63)), (to_bd09, bd_m, (47, 50))):
        moved = shift(np.array([[lon, lat]]))[0]
        azimuth, _, found_m = GEOD.inv(lon, lat, *moved)
        assert found_m == pytest.approx(distance_m, abs=0.6)
        assert azimuths[0] < azimuth < azimuths[1]


@pytest.mark.parametrize(("there", "back"), [(to_gcj02, from_gcj02), (to_bd09, from_bd09)])
def test_the_way_back_is_good_to_a_millimetre(there, back):
    west, south, east, north = CHINA
    random = np.random.default_rng(7)
    points = np.column_stack([random.uniform(west, east, 20_000), random.uniform(south, north, 20_000)])
    points = np.vstack([points, [(west, south), (west, north), (east, south), (east, north)]])
    moved = there(points)
    returned = back(moved)
    _, _, shift_m = GEOD.inv(*points.T, *moved.T)
    _, _, error_m = GEOD.inv(*points.T, *returned.T)
    assert shift_m.min() > 5
    assert error_m.max() < 0.001


@pytest.mark.parametrize("shift", [to_gcj02, from_gcj02, to_bd09, from_bd09])
def test_nothing_moves_outside_china(shift):
    points = np.array([[-77.03, -12.05], [0.0, 0.0], [8.4, 50.0], [151.2, -33.9]])
    assert not is_in_china(points).any()
    assert (shift(points) == points).all()


def test_no_point_at_all():
    assert from_gcj02(np.empty((0, 2))).shape == (0, 2)
    assert np.isnan(from_bd09(np.array([[np.nan, np.nan]]))).all()
