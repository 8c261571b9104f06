"""Areas, CRS, repair and ids."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.geometry import (
    area_m2,
    distinct,
    equal_area_crs,
    fill_holes,
    make_id,
    near_pairs,
    part_within,
    repair,
    shape_contents,
    to_crs,
)

HOME = equal_area_crs(pyproj.CRS(4490), (120.4, 41.6))


def one(shape):
    return np.array([shape], dtype=object)


def test_area_is_that_of_the_ellipsoid_whatever_the_crs():
    cell = shapely.box(120.45, 41.57, 120.46, 41.58)
    exact = pyproj.Geod(ellps="GRS80").geometry_area_perimeter(shapely.segmentize(cell, 1e-4))[0]
    for name in (4490, 4326):
        assert area_m2(to_crs(one(cell), pyproj.CRS(name), HOME), HOME)[0] == pytest.approx(exact, rel=1e-6)
    gauss = pyproj.CRS(4549)
    assert area_m2(to_crs(one(cell), pyproj.CRS(4490), gauss), gauss)[0] == pytest.approx(exact, rel=1e-6)


def test_the_survey_point_of_the_domain_notes():
    point = to_crs(one(shapely.Point(120.45, 41.57)), pyproj.CRS(4490), pyproj.CRS(4528))[0]
    assert (point.x, point.y) == (pytest.approx(40537532.8348, abs=1e-3), pytest.approx(4603974.9618, abs=1e-3))


@pytest.mark.parametrize("name", [4610, 4214, 2364])
def test_a_datum_without_parameters_is_refused(name):
    with pytest.raises(InputError, match="known accuracy"):
        to_crs(one(shapely.Point(120.45, 41.57)), pyproj.CRS(name), HOME)


def test_a_bow_tie_is_mended_and_said():
    bow = shapely.Polygon([(0, 0), (40, 40), (40, 0), (0, 40)])
    shapes, notes = repair(one(bow))
    assert shapes[0].area == 800
    assert notes == ["make_valid(structure): Self-intersection"]


def test_nothing_is_left_of_a_line_drawn_as_a_polygon():
    shapes, _ = repair(one(shapely.Polygon([(0, 0), (10, 0), (0, 0)])))
    assert shapes[0] is None


def test_holes_are_filled():
    ring = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
    filled = fill_holes(np.array([ring, shapely.Point(0, 0), None], dtype=object))
    assert filled[0].area == 81
    assert filled[1].equals(shapely.Point(0, 0))
    assert filled[2] is None


def test_content_does_not_depend_on_ring_order_or_start():
    a = shapely.Polygon([(0, 0), (9, 0), (9, 9)])
    b = shapely.Polygon([(9, 9), (9, 0), (0, 0)])
    other = shapely.Polygon([(0, 0), (9, 0), (9, 8)])
    first, second, third, none = shape_contents(np.array([a, b, other, None], dtype=object), False)
    assert first == second != third
    assert none == ""


def test_of_a_shape_that_crosses_the_border_only_the_part_within_is_left():
    district = shapely.box(0, 0, 100, 100)
    shapes = np.array([shapely.box(10, 10, 20, 20), shapely.box(90, 0, 110, 10), shapely.box(200, 0, 210, 10), None])
    within = part_within(shapes, district)
    assert within[0] is shapes[0]
    assert within[1].area == 100
    assert within[2].is_empty
    assert within[3] is None
    assert not shapely.is_prepared(district)  # threads that meet in a prepared shape crash


@given(st.lists(st.text(), max_size=4))
def test_ids_are_twelve_plain_signs(parts):
    made = make_id("L", *parts)
    assert len(made) == 12
    assert made[0] == "L"
    assert not set(made[1:]) & set("01IO")


STUBBORN = (  # what GEOS 3.13 makes of it at once still crosses itself
    "01030000000100000015000000C7A9A58218CFCE40E453F7335784D3C0C79C5EAC73CFCE405DF4CCB7717FD3C0C38CB204A3CBCE40F0BF61"
    "43307AD3C00B46A6C41ECBCE406D36B9902175D3C0FADA62D3C3D4CE4087287EE85573D3C009F4747E37D9CE40B50867803672D3C0A654B1"
    "63C2D7CE40E091FF31A073D3C00AFBC99D53D4CE402A2A71C99E76D3C017A110F439D4CE40BE3BDEE37E7AD3C067192519ABD6CE4053D70D"
    "78DF7ED3C0C44C00F41BDBCE40E1E749D44082D3C0EFA7712147E5CE40A26531C4A882D3C075DCFD2E50EDCE40E989B0CD2481D3C073EF2E"
    "AD2CE9CE401EDAE86D9981D3C0ADB22F113DF2CE408C81CF029A80D3C0EFE41D8BF9EECE40104653FBF580D3C0CCBE9E0495F1CE40EC4073"
    "77EF80D3C0334EED0CA9EECE40008DE8D16B82D3C01D2E8F91ACE1CE4083D337768E83D3C06601329B5ED9CE4081B082695186D3C0C7A9A5"
    "8218CFCE40E453F7335784D3C0"
)


def test_what_is_repaired_is_valid_also_where_one_repair_is_not_enough():
    shape = shapely.from_wkb(STUBBORN)
    mended, notes = repair(np.array([shape], dtype=object))
    assert mended[0].is_valid
    assert "make_valid(structure)" in notes[0]
    assert mended[0].area == pytest.approx(shapely.make_valid(shape).area, rel=1e-3)


def test_pairs_lie_within_the_reach_of_the_one_that_asks(monkeypatch):
    own = np.array([shapely.Point(0, 0), shapely.box(100, 0, 110, 10), shapely.Point(500, 0)])
    known = np.array([shapely.Point(0, 5), shapely.box(115, 0, 120, 10), None])
    expected = [[0, 0], [1, 1]]
    for threads_from in (1, 2_000):
        monkeypatch.setattr("pipeline.geometry.THREADS_FROM", threads_from)
        assert sorted(near_pairs(own, known, np.array([5.0, 5.0, 50.0])).tolist()) == expected
        assert near_pairs(own, known, np.array([4.0, 4.0, 50.0])).tolist() == []
    assert near_pairs(own[:0], known, np.zeros(0)).shape == (0, 2)


def test_long_outlines_and_plain_ones_find_each_other():
    """The circles have far more vertices than are compared edge by edge."""
    circles = [shapely.Point(x, 0).buffer(10, quad_segs=200) for x in (0, 100)]
    shapes = np.array([*circles, shapely.box(15, -5, 25, 5), shapely.Point(120, 0), shapely.box(40, 0, 50, 10)])
    found = near_pairs(shapes, shapes, np.array([6.0, 11.0, 4.0, 4.0, 20.0]))
    assert sorted(found.tolist()) == [[0, 0], [0, 2], [1, 1], [1, 3], [2, 2], [3, 3], [4, 2], [4, 4]]


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 2), max_size=60))
def test_distinct_pairs_are_sorted_and_each_stands_once(pairs):
    found = distinct(np.array(pairs, dtype=np.int64).reshape(-1, 2))
    assert [tuple(pair) for pair in found.tolist()] == sorted(set(pairs))
