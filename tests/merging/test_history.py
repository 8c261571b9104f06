import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.merging.history import history_of
from tests.merging.test_contact import array


def history(*rows):
    site, period, shapes = zip(*rows, strict=True)
    return history_of(np.array(site, dtype=np.int64), list(period), array(*shapes))


def test_ground_and_what_is_new_step_by_step():
    found = history(
        (0, "2019-2020", shapely.box(0, 0, 10, 10)),
        (0, "2020-2021", shapely.box(0, 0, 20, 10)),
        (1, "2020-2021", shapely.box(0, 0, 5, 5)),
    )
    assert found.site.tolist() == [0, 0, 1]
    assert found.period == ["2019-2020", "2020-2021", "2020-2021"]
    assert shapely.area(found.ground).tolist() == [100, 200, 25]
    assert shapely.area(found.new).tolist() == [100, 100, 25]
    assert found.leads == [[0], [1], [2]]


def test_what_only_borders_on_earlier_ground_is_new_as_it_was_drawn():
    ring = shapely.box(10, 0, 30, 10)
    found = history((0, "2019-2020", shapely.box(0, 0, 10, 10)), (0, "2020-2021", ring))
    assert shapely.equals_identical(found.new[1], ring)
    assert found.ground[1].area == 300


def test_a_little_ground_of_a_giant_seen_again_is_not_new():
    giant = shapely.box(0, 0, 12_000, 12_000)
    found = history((0, "2019-2020", giant), (0, "2020-2021", shapely.box(5, 5, 5.3, 5.3)))
    assert found.new[1] is None


def test_two_outlines_of_one_period_are_one_step_and_undated_ones_none():
    found = history(
        (0, "2019-2020", shapely.box(0, 0, 10, 10)),
        (0, "2020-2021", shapely.box(5, 0, 15, 10)),
        (0, "2020-2021", shapely.box(12, 0, 22, 10)),
        (0, None, shapely.box(0, 0, 100, 10)),
    )
    assert found.leads == [[0], [1, 2]]
    assert shapely.area(found.new).tolist() == [100, 120]
    assert found.whole[0].area == 1_000


def test_ground_seen_again_is_not_new():
    found = history((0, "2019-2020", shapely.box(0, 0, 10, 10)), (0, "2020-2021", shapely.box(2, 2, 8, 8)))
    assert found.new[1] is None
    assert found.ground[1].area == 100


@given(
    st.lists(
        st.tuples(st.sampled_from(["2019-2020", "2020-2021", "2021-2022", None]), *[st.integers(0, 9)] * 2),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_what_was_new_adds_up_to_the_ground(rows):
    boxes = [(0, period, shapely.box(x, y, x + 4, y + 3)) for period, x, y in rows]
    found = history(*boxes)
    dated = [shape for _, period, shape in boxes if period]
    total_m2 = shapely.union_all(dated).area if dated else 0.0
    assert abs(np.nansum(shapely.area(found.new)) - total_m2) < 1e-6
    assert abs(found.whole[0].area - shapely.union_all([shape for _, _, shape in boxes]).area) < 1e-6
