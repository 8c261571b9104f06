import tomllib

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.merging.contact import are_twins, fronts, is_coarse_grid, shifted_iou, survives_shrinking
from pipeline.rules import MergeRules
from tests.conftest import HOME

SQUARE = shapely.box(0, 0, 100, 100)


def array(*shapes):
    found = np.empty(len(shapes), dtype=object)
    found[:] = shapes
    return found


def merge_rules() -> MergeRules:
    rules = tomllib.loads((HOME / "configs" / "tapajos" / "rules.toml").read_text(encoding="utf-8"))
    return MergeRules.model_validate(rules["merge"])


def test_a_shift_within_the_limit_makes_one_outline_of_two():
    beside = shapely.box(30, 40, 130, 140)  # 50 m away
    assert shifted_iou(array(SQUARE), array(beside), 50.0) == pytest.approx([1.0])
    # after 25 m of the way the two lie 15 m and 20 m apart: 85 × 80 in common
    assert shifted_iou(array(SQUARE), array(beside), 25.0) == pytest.approx([6_800 / (20_000 - 6_800)])


def test_each_pair_has_a_limit_of_its_own_and_what_lies_centred_stays():
    shapes = array(SQUARE, SQUARE)
    others = array(shapely.box(30, 40, 130, 140), shapely.box(25, 25, 75, 75))
    assert shifted_iou(shapes, others, np.array([50.0, 50.0])) == pytest.approx([1.0, 0.25])
    assert shapely.equals(others[0], shapely.box(30, 40, 130, 140))  # what was given is not moved


def test_a_staircase_is_coarse_only_with_every_edge_long_and_along_an_axis():
    stairs = shapely.Polygon([(0, 0), (60, 0), (60, 30), (30, 30), (30, 60), (0, 60)])
    slanted = shapely.Polygon([(0, 0), (60, 0), (60, 30), (0, 60)])
    two_parts = shapely.MultiPolygon([stairs, shapely.box(200, 0, 210, 60)])  # one of its edges is 10 m
    shapes = array(stairs, slanted, two_parts, stairs)
    assert is_coarse_grid(shapes, 30.0).tolist() == [True, False, False, True]
    assert is_coarse_grid(shapes, 31.0).tolist() == [False] * 4
    assert is_coarse_grid(shapes[:0], 30.0).tolist() == []


def test_an_edge_in_common_does_not_survive_shrinking_and_ground_does():
    common = array(shapely.box(0, 0, 100, 8), shapely.box(0, 0, 100, 50))
    # 5 m off on either side: nothing of the strip, 90 × 40 of the other
    survived = survives_shrinking(common, np.array([10_000.0, 10_000.0]), 5.0, 0.3)
    assert survived.tolist() == [False, True]
    assert survives_shrinking(common, np.array([10_000.0, 12_001.0]), 5.0, 0.3).tolist() == [False, False]


def test_a_front_is_measured_on_the_shorter_boundary():
    beside = shapely.box(100, 20, 140, 60)  # 40 m of its 160 m lie on the square
    length_m, share = fronts(array(SQUARE), array(beside), gap_m=0.001)
    assert length_m == pytest.approx([40], abs=0.01)
    assert share == pytest.approx([0.25], abs=0.001)


def test_a_road_drawn_twice_is_one_and_two_of_other_size_are_not():
    rules = merge_rules()
    road = shapely.box(0, 0, 400, 6)
    again = shapely.box(0, 7, 400, 13)  # nothing in common as they lie, 7 m out of place
    assert are_twins(array(road, road), array(again, shapely.box(0, 7, 1000, 13)), rules).tolist() == [True, False]


@given(st.lists(st.tuples(*[st.integers(0, 60)] * 2), min_size=3, max_size=9, unique=True), st.floats(0.5, 9))
def test_what_survives_without_being_shrunk_survives_shrinking(points, shrink_m):
    common = array(shapely.make_valid(shapely.Polygon(points)), shapely.Polygon(points).buffer(3))
    core_m2 = shapely.area(shapely.buffer(common, -shrink_m))
    for share in (0.02, 0.3):
        expected = (core_m2 > 0) & (core_m2 >= share * 1_000)
        assert survives_shrinking(common, np.array([1_000.0, 1_000.0]), shrink_m, share).tolist() == expected.tolist()
