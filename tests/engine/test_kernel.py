"""The compiled kernel against sums done in the head and against shapely, on clean and on spoilt shapes."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline
from pipeline.engine import measure
from pipeline.engine.kernel import boxes
from pipeline.engine.mend import mended_rings, sound_shapes
from pipeline.engine.rings import chosen, together


def column(shapes):
    return pa.array(shapely.to_wkb(np.array(shapes, dtype=object), byte_order=1), pa.binary())


def rings_of(*shapes):
    rings, is_odd = measure.parse_wkb(column(shapes), np.arange(len(shapes)))
    assert not is_odd.any()
    return rings


def star(dice, n, centre, radius_m, least_share=0.2):
    angles = np.sort(dice.uniform(0, 2 * np.pi, n))
    reach = dice.uniform(least_share, 1.0, n) * radius_m
    return shapely.Polygon(np.c_[centre[0] + reach * np.cos(angles), centre[1] + reach * np.sin(angles)])


def stairs(dice, n, left, bottom, cell_m=10.0):
    """A union of grid cells: edges that coincide with those of every other such shape."""
    cells = dice.integers(0, 8, (n, 2))
    return shapely.union_all(
        [
            shapely.box(left + cell_m * x, bottom + cell_m * y, left + cell_m * (x + 1), bottom + cell_m * (y + 1))
            for x, y in cells
        ]
    )


def pair_m2(a, b):
    rings_a, rings_b = rings_of(a), rings_of(b)
    return float(measure.pair_areas_m2(rings_a, rings_b, np.array([0]), np.array([0]))[0])


def union_m2(lead, features):
    leads, pieces = rings_of(lead), rings_of(*features)
    grid = measure.make_grid(leads)
    found = measure.hits(leads, grid, pieces, np.arange(len(pieces)))
    rows, areas_m2 = measure.unions_m2(leads, measure.areas_m2(leads), pieces, found, np.zeros_like(found.i))
    return float(areas_m2[0]) if len(rows) else 0.0


def test_a_half_a_hole_and_a_corner():
    square = shapely.box(0, 0, 10, 10)
    ring = square.difference(shapely.box(3, 3, 7, 7))
    assert pair_m2(square, shapely.box(5, -50, 50, 50)) == 50
    assert pair_m2(square, ring) == 84
    assert pair_m2(shapely.box(4, 4, 6, 6), ring) == 0
    assert pair_m2(square, shapely.box(10, 10, 20, 20)) == 0
    assert pair_m2(square, shapely.Polygon([(0, 0), (10, 0), (10, 10)])) == 50


def test_far_from_the_origin_no_digit_is_lost():
    x, y = 40_537_000.0, 4_603_000.0
    assert pair_m2(shapely.box(x, y, x + 10, y + 10), shapely.box(x + 5, y, x + 50, y + 50)) == 50


def test_two_features_over_each_other_count_once():
    lead = shapely.box(0, 0, 10, 10)
    assert union_m2(lead, [shapely.box(-5, -5, 8, 15), shapely.box(2, -5, 15, 15)]) == 100
    assert union_m2(lead, [shapely.box(0, 0, 4, 10), shapely.box(2, 0, 6, 10), shapely.box(2, 0, 6, 10)]) == 60
    assert union_m2(lead, [shapely.box(0, 0, 5, 10), shapely.box(5, 0, 10, 10)]) == 100


def test_a_thousand_features_over_each_other_are_united_in_a_moment():
    dice = np.random.default_rng(3)
    features = [star(dice, 20, dice.uniform(-20, 20, 2), 80.0, 0.9) for _ in range(1000)]
    lead = shapely.box(-60, -60, 60, 60)
    union_m2(lead, features[:3])  # whatever is compiled is compiled now
    started = time.process_time()
    assert union_m2(lead, features) == pytest.approx(lead.intersection(shapely.union_all(features)).area, rel=1e-9)
    assert time.process_time() - started < 5  # a single sweep over all of them takes half a minute


def test_long_strips_far_from_the_origin_share_little_exactly():
    x, y, length_m = 4e7, 4.6e6, 1e6
    strip = shapely.Polygon([(x, y), (x + length_m, y + length_m), (x + length_m, y + length_m + 2), (x, y + 2)])
    window = shapely.box(x + 500_000, y + 500_000, x + 500_003, y + 500_007)
    assert pair_m2(strip, window) == pytest.approx(strip.intersection(window).area, rel=1e-8)
    other = shapely.Polygon([(x, y + 1), (x + length_m, y + length_m - 1), (x + length_m, y + length_m - 3)])
    assert pair_m2(strip, other) == pytest.approx(strip.intersection(other).area, rel=1e-9)


def test_leads_on_each_other_need_little_memory():
    box = np.tile([[0.0, 0.0, 1e6, 1e6]], (20_000, 1))
    box[:10_000] = np.array([5e5, 5e5, 5e5 + 10, 5e5 + 10])
    *_, at, held = boxes.box_grid(box)
    assert len(held) + len(at) < 1_000_000


def test_diagonals_that_cross_inside_the_lead():
    lead = shapely.box(0, 0, 10, 10)
    lower, left = shapely.Polygon([(0, 0), (10, 0), (10, 10)]), shapely.Polygon([(0, 0), (10, 0), (0, 10)])
    assert union_m2(lead, [lower, left]) == pytest.approx(75, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 7), st.booleans())
def test_areas_and_unions_are_shapelys(seed, n, is_stairs):
    dice = np.random.default_rng(seed)
    if is_stairs:
        shapes = [stairs(dice, 20, *dice.integers(-4, 4, 2) * 10.0) for _ in range(n)]
    else:
        shapes = [star(dice, int(dice.integers(3, 60)), dice.uniform(-60, 60, 2), 80.0) for _ in range(n)]
    shapes = [shape for shape in shapes if shape.is_valid]
    for a in shapes:
        for b in shapes:
            assert pair_m2(a, b) == pytest.approx(a.intersection(b).area, rel=1e-9, abs=1e-6)
    if len(shapes) > 1:
        lead, *features = shapes
        expected = lead.intersection(shapely.union_all(features)).area
        assert union_m2(lead, features) == pytest.approx(expected, rel=1e-9, abs=1e-6)
        assert union_m2(lead, features) <= lead.area


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_cut_giant_has_the_same_ground(seed):
    dice = np.random.default_rng(seed)
    giant = star(dice, 3000, (0.0, 0.0), 1000.0, least_share=0.95)
    with_hole = giant.difference(shapely.Point(0, 0).buffer(100)) if giant.is_valid else giant
    leads = [star(dice, 20, dice.uniform(-900, 900, 2), 60.0) for _ in range(20)]
    leads = rings_of(*[lead for lead in leads if lead.is_valid])
    whole, grid = rings_of(with_hole), measure.make_grid(leads)
    pieces, near = measure.cut_large(whole, None), measure.cut_large(whole, grid)
    assert len(pieces) > 10
    assert pieces.n_vertices.max() <= 384  # a piece that no cut makes smaller stays
    assert len(near) < len(pieces)
    assert measure.areas_m2(pieces).sum() == pytest.approx(measure.areas_m2(whole)[0], rel=1e-12)
    for cut in (pieces, near):
        found, uncut = (measure.hits(leads, grid, shape, np.arange(len(shape))) for shape in (cut, whole))
        by_lead = np.bincount(found.i, weights=found.area_m2, minlength=len(leads))
        expected = np.bincount(uncut.i, weights=uncut.area_m2, minlength=len(leads))
        np.testing.assert_allclose(by_lead, expected, rtol=1e-9, atol=1e-6)
    assert not measure.is_faulty(pieces, np.arange(len(pieces))).any()


BOW_TIE = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
HOLE_OUTSIDE = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(20, 20), (24, 20), (24, 24), (20, 24)]])
HOLE_IN_ANOTHER_PART = shapely.MultiPolygon(
    [
        shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(21, 1), (24, 1), (24, 4), (21, 4)]]),
        shapely.box(20, 0, 30, 10),
    ]
)
OVERLAPPING_PARTS = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(5, 5, 15, 15)])
SPIKE = shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 10), (5, 20), (5, 10), (0, 10)])
TOUCHING = shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(0, 5), (2, 4), (2, 6)]])


WOUND_TWICE = shapely.Polygon(
    [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0), (4, 0), (4, 4), (0, 4)], [[(0, 0), (4, 0), (4, 4), (0, 4)]]
)
WITH_FAR_PART = shapely.MultiPolygon(
    [shapely.box(0, 0, 1, 1), shapely.box(0.95, 0, 2, 1), shapely.box(1e5, 1e5, 1e5 + 1, 1e5 + 1)]
)


def test_the_gate_finds_what_would_be_measured_wrong():
    wrong = rings_of(BOW_TIE, HOLE_OUTSIDE, HOLE_IN_ANOTHER_PART, OVERLAPPING_PARTS, WOUND_TWICE, WITH_FAR_PART)
    assert measure.is_faulty(wrong, np.arange(6)).all()
    right = rings_of(SPIKE, TOUCHING, shapely.box(0, 0, 1, 1), HOLE_IN_ANOTHER_PART.geoms[1])
    assert not measure.is_faulty(right, np.arange(4)).any()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=9, unique=True))
def test_what_passes_the_gate_is_measured_right_whatever_its_shape(corners):
    shape = shapely.Polygon(corners)
    if shape.area == 0 or shapely.make_valid(shape, method="structure").area == 0:
        return
    rings = rings_of(shape)
    window = shapely.box(2.5, 1.5, 9.25, 8.75)
    if measure.is_faulty(rings, np.array([0]))[0]:
        assert not shape.is_valid
        rings, repaired, gone = mended_rings(column([shape]), np.array([0]), 0)
        assert list(repaired) == [0]
        assert gone == {}
    areas_m2 = measure.pair_areas_m2(rings, rings_of(window), np.array([0]), np.array([0]))
    expected = shapely.make_valid(shape, method="structure", keep_collapsed=False).intersection(window).area
    assert areas_m2[0] == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_rings_come_whichever_way_they_run():
    square = shapely.box(0, 0, 10, 10)
    backwards = shapely.Polygon(list(square.exterior.coords)[::-1], [[(1, 1), (3, 1), (3, 3), (1, 3)]])
    assert measure.areas_m2(rings_of(square, backwards)).tolist() == [100, 96]


def odd_rows():
    big_endian = shapely.to_wkb(shapely.box(0, 0, 1, 1), byte_order=0)
    with_height = shapely.to_wkb(shapely.Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5)]), output_dimension=3)
    both = shapely.to_wkb(shapely.GeometryCollection([shapely.box(0, 0, 2, 2), shapely.Point(9, 9)]))
    nan = shapely.to_wkb(shapely.Polygon([(0, 0), (1, 0), (np.nan, 1)]))
    infinite = shapely.to_wkb(shapely.Polygon([(0, 0), (1, 0), (np.inf, 1)]))
    point, empty = shapely.to_wkb(shapely.Point(1, 1)), shapely.to_wkb(shapely.Polygon())
    plain = bytearray(shapely.to_wkb(shapely.box(0, 0, 3, 1), byte_order=1))
    plain[-16:] = np.array([2.0, -1.0]).tobytes()  # the ring no longer ends where it began
    return [big_endian, with_height, both, bytes(plain), nan, infinite, point, empty, b"\x01\x03", b"", None]


@pytest.mark.filterwarnings("ignore:invalid value encountered")  # numpy, of the NaN that is meant
def test_what_is_not_plain_is_made_plain_or_named():
    rows = pa.array(odd_rows(), pa.binary())
    rings, is_odd = measure.parse_wkb(rows, np.arange(len(rows) - 1))
    assert is_odd.all()
    assert len(rings) == 0
    sound = sound_shapes(rows)
    assert [shape is not None for shape in sound.shapes] == [True] * 4 + [False] * 7
    assert sound.repaired == {3: "ring closed"}
    reasons = ["not finite", "not finite", "no area", "empty", "unreadable", "unreadable", "empty"]
    assert sound.set_aside == dict(zip(range(4, 11), reasons, strict=True))
    made, repaired, gone = mended_rings(rows, np.arange(4), 100)
    assert made.owner.tolist() == [100, 101, 102, 103]
    assert measure.areas_m2(made).round(9).tolist()[:3] == [1, 0.5, 4]
    assert (list(repaired), gone) == ([103], {})


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 60), st.integers(0, 255))
def test_no_bytes_are_read_beyond_their_end(noise, at, value):
    spoilt = bytearray(shapely.to_wkb(shapely.box(0, 0, 3, 1), byte_order=1))
    spoilt[at % len(spoilt)] = value
    for cell in (noise, bytes(spoilt), bytes(spoilt[:at])):
        rings, is_odd = measure.parse_wkb(pa.array([cell], pa.binary()), np.arange(1))
        assert len(rings) == (not is_odd[0])
        assert np.isfinite(rings.xy).all()


def test_shapes_are_chosen_and_put_together_whole():
    rings = rings_of(shapely.box(0, 0, 1, 1), HOLE_IN_ANOTHER_PART, shapely.box(0, 0, 3, 3))
    again = together([chosen(rings, np.array([2, 0])), chosen(rings, np.array([1]))])
    assert again.owner.tolist() == [2, 0, 1]
    assert measure.areas_m2(again).tolist() == [9, 1, 191]
    assert again.box[2].tolist() == [0, 0, 30, 10]


MEASURE = """
import numpy as np
from pipeline.engine.kernel import union
square = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10], [0, 0]])
at, shape, box = np.array([0, 5]), np.array([0, 1]), np.array([[0.0, 0, 10, 10]])
both = np.vstack([square, square]), np.array([0, 5, 10]), np.array([0, 1, 2]), np.vstack([box, box]), np.arange(2)
print(union.excess_areas(square, at, shape, box, *both, np.zeros(1, np.int64), np.arange(2), np.array([0, 2]))[0])
"""


def test_a_change_in_one_file_of_the_kernel_is_compiled_into_all(tmp_path):
    home = Path(pipeline.__file__).parent
    for name in ("engine/kernel", "engine"):
        (tmp_path / "pipeline" / name).mkdir(parents=True, exist_ok=True)
    for name in ("__init__.py", "engine/__init__.py"):
        (tmp_path / "pipeline" / name).write_text("", encoding="utf-8")
    for file in (home / "engine" / "kernel").glob("*.py"):
        shutil.copy(file, tmp_path / "pipeline" / "engine" / "kernel")

    def measured():
        run = subprocess.run([sys.executable, "-c", MEASURE], cwd=tmp_path, capture_output=True, text=True, check=True)
        return float(run.stdout)

    assert measured() == 100
    areas = tmp_path / "pipeline" / "engine" / "kernel" / "areas.py"
    words = areas.read_text(encoding="utf-8")
    changed = words.replace("width, height = x1 - x0, y1 - y0", "width, height = 0.5 * (x1 - x0), y1 - y0", 1)
    assert changed != words
    areas.write_text(changed, encoding="utf-8")
    assert measured() == 50
