"""Areas, CRS, repair and ids."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.geometry import area_m2, equal_area_crs, fill_holes, make_id, part_within, repair, shape_contents, to_crs

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
