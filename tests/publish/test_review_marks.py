"""Marks of a map: on what they mark, clear of each other, and off what another mark stands for."""

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.publish.review_marks import APART, EDGE, RADIUS, place_marks

SIDE = 1000.0


def placed(**grounds):
    return {mark.sign: mark for mark in place_marks(grounds, SIDE)}


def test_a_mark_stands_in_the_biggest_part_of_its_shape():
    parts = shapely.union_all([shapely.box(100, 100, 180, 180), shapely.box(400, 400, 600, 600)])
    mark = placed(a=parts)["a"]
    assert mark.at == mark.anchor == pytest.approx((500, 500), abs=2)


def test_a_mark_keeps_off_the_part_that_another_covers():
    mark = placed(whole=shapely.box(100, 100, 900, 300), part=shapely.box(100, 100, 700, 300))["whole"]
    assert mark.at[0] == pytest.approx(800, abs=2)


def test_a_small_shape_is_marked_beside_it_off_every_shape_and_its_line_crosses_none():
    wall, small = shapely.box(520, 0, 1000, 1000), shapely.box(500, 500, 510, 510)
    mark = placed(wall=wall, small=small)["small"]
    assert mark.anchor == pytest.approx((505, 505), abs=2)
    assert not shapely.Point(*mark.at).buffer(RADIUS).intersects(wall)
    assert not shapely.LineString([mark.at, mark.anchor]).intersects(wall)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 95), st.integers(0, 95), st.integers(0, 40)), min_size=1, max_size=8))
def test_marks_can_be_read_wherever_shapes_lie(rows):
    """Up to eight shapes, points among them, at the edge and over one another: every mark is inside and clear of the rest."""
    grounds = {
        str(k): shapely.box(10 * x, 10 * y, 10 * (x + width), 10 * (y + width))
        if width
        else shapely.Point(10 * x, 10 * y)
        for k, (x, y, width) in enumerate(rows)
    }
    marks = place_marks(grounds, SIDE)
    assert sorted(mark.sign for mark in marks) == sorted(grounds)
    assert all(EDGE <= number <= SIDE - EDGE for mark in marks for number in mark.at)
    assert all(math.dist(a.at, b.at) >= APART - 1e-6 for k, a in enumerate(marks) for b in marks[:k])
    assert all(grounds[mark.sign].distance(shapely.Point(*mark.anchor)) <= 1 for mark in marks)
