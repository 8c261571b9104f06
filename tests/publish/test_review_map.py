"""The maps of the review page: everything in the frame, true to scale, holes and marks where they belong."""

import re

import pytest
import shapely

from pipeline.publish.imagery import chip_bounds
from pipeline.publish.review_map import SIZE, Drawn, contact_of, draw_image, draw_map, extent_of

FRAME = (0.0, 0.0, 1000.0, 1000.0)  # a unit a metre
SQUARE = shapely.box(100, 100, 300, 300)


def numbers(svg, pattern):
    return [tuple(map(float, found)) for found in re.findall(pattern, svg)]


def test_the_frame_holds_every_shape_and_circle_with_room_round_them():
    drawn = [Drawn(SQUARE, "g0"), Drawn(shapely.Point(1000, 200), "g1", radius_m=50)]
    assert extent_of(drawn).bounds == (100, 100, 1050, 300)
    left, bottom, right, top = chip_bounds(extent_of(drawn))
    assert right - left == top - bottom == 1.5 * 950
    assert (left, right) == (100 - 0.25 * 950, 1050 + 0.25 * 950)


def test_a_shape_is_drawn_where_it_lies_north_up_with_its_hole():
    ring = SQUARE.difference(shapely.box(150, 150, 250, 250))
    svg = draw_map("m", [Drawn(ring, "g0")], [], FRAME, "en")
    (path,) = re.findall(r'<path class="g0 asked" d="([^"]+)"', svg)
    assert path.count("M") == path.count("Z") == 2
    corners = numbers(path, r"(\d+) (\d+)")
    assert {x for x, _ in corners} == {100, 150, 250, 300}
    assert {y for _, y in corners} == {700, 750, 850, 900}  # y runs down


def test_a_point_has_a_dot_and_the_circle_of_its_accuracy():
    svg = draw_map("m", [Drawn(shapely.Point(500, 250), "spot", radius_m=120)], [], FRAME, "zh")
    assert 'class="spot around" cx="500" cy="750" r="120"' in svg
    assert 'class="spot asked dot" cx="500" cy="750"' in svg


def test_the_scale_bar_is_as_long_as_it_says():
    svg = draw_map("m", [Drawn(SQUARE, "g0")], [], (0, 0, 750, 750), "zh")
    right = float(re.search(r'class="scale" d="M30 944v24H(\d+)v-24"', svg)[1])
    assert ">200 米</text>" in svg
    assert right - 30 == pytest.approx(200 / 750 * SIZE, abs=1)


def test_what_lies_round_is_cut_near_the_frame_and_what_lies_off_is_left_out():
    near = [
        Drawn(shapely.box(-5000, 400, 5000, 600), "near", is_asked=False),
        Drawn(shapely.box(2000, 0, 3000, 10), "near"),
    ]
    svg = draw_map("m", [Drawn(SQUARE, "g0")], near, FRAME, "zh")
    (path,) = re.findall(r'<path class="near" d="([^"]+)"', svg)
    assert {x for x, _ in numbers(path, r"(-?\d+) (-?\d+)")} == {-50, 1050}


def test_all_shapes_of_a_mark_bear_it_once_on_the_widest_and_a_small_one_has_a_line_to_it():
    large = [Drawn(SQUARE, "g1", "1"), Drawn(shapely.box(300, 180, 320, 220), "g1", "1")]
    svg = draw_map("m", [*large, Drawn(shapely.box(600, 600, 602, 602), "g0", "2")], [], FRAME, "zh")
    assert numbers(svg, r'class="mark-ground" cx="(\d+)" cy="(\d+)"')[0] == pytest.approx(
        (200, 800), abs=2
    )  # y runs down
    assert re.findall(r'class="mark-text"[^>]*>(\d)<', svg) == ["1", "2"]
    assert numbers(svg, r'class="leader" d="M\d+ \d+L(\d+) (\d+)"') == [(601, 399)]


def test_a_detail_shows_where_two_meet_on_a_map_too_wide_for_it():
    one, other = shapely.box(0, 0, 4000, 100), shapely.box(2000, 104, 2030, 134)
    assert contact_of(one, other, (0, 0, 400, 400)) is None
    left, bottom, right, top = contact_of(one, other, (-1000, -1000, 5000, 5000))
    assert right - left == top - bottom == 150
    assert 2000 <= (left + right) / 2 <= 2030
    assert (bottom + top) / 2 == 102


def test_an_image_shows_the_outlines_of_its_map_again():
    assert '<use href="#map-Q1"/>' in draw_image("map-Q1", "data:image/webp;base64,AA", "2021")
    assert '<g id="map-Q1"' in draw_map("map-Q1", [Drawn(SQUARE, "g0")], [], FRAME, "zh")
