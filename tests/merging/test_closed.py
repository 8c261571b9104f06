import numpy as np
import pytest
import shapely

from pipeline.merging.closed import OnClosed, Seen, is_after, seen_on_closed
from tests.merging.test_contact import array
from tests.stages.test_match import RULES

PIT = shapely.box(0, 0, 100, 100)
OFF = shapely.box(500, 0, 600, 100)


def seen(shape, curr_date: str | None = "2022-05", change_type: str = "C1") -> Seen:
    return Seen("L1", shape, None, curr_date, change_type)


@pytest.mark.parametrize(
    ("seen_on", "closed", "expected"),
    [
        ("2022-05", "2022-04-30", True),
        ("2022-05", "2022-05-10", None),  # somewhere in May
        ("2022-05-10", "2022-05-10", False),  # the day itself is not after it
        ("2021", "2022-05-10", False),
        (None, "2022-05-10", None),
        ("2022", None, None),
    ],
)
def test_after_only_where_the_dates_say_so(seen_on, closed, expected):
    assert is_after(seen(PIT, seen_on), closed) is expected


@pytest.mark.parametrize(
    ("leads", "expected"),
    [
        ([seen(PIT)], OnClosed(after=True)),
        ([seen(PIT, "2020")], OnClosed(before=True)),
        ([seen(PIT, None)], OnClosed(perhaps=True)),
        ([seen(OFF), seen(PIT, "2020")], OnClosed(before=True)),
        ([seen(PIT, change_type="C3")], OnClosed()),  # a recovery is no new activity
        ([], OnClosed()),
        # 150 m² each are too little, 300 m² together are not
        ([seen(shapely.box(0, 0, 12, 12.5)), seen(shapely.box(0, 12.5, 12, 25))], OnClosed(after=True)),
    ],
)
def test_what_was_seen_on_a_footprint_and_when(leads, expected):
    assert seen_on_closed([leads], ["2021-06-01"], array(PIT), RULES) == [expected]


def test_a_point_is_on_a_footprint_that_it_lies_near():
    near, far = shapely.Point(100 + RULES.match.rebound_point_m - 1, 50), shapely.Point(2_000, 50)
    found = seen_on_closed([[seen(near)], [seen(far)]], ["2021", "2021"], array(PIT, PIT), RULES)
    assert found == [OnClosed(after=True), OnClosed()]


def test_each_pair_is_judged_alone():
    found = seen_on_closed([[seen(PIT)], [seen(PIT)], []], ["2021", "2023", "2021"], array(PIT, OFF, PIT), RULES)
    assert found == [OnClosed(after=True), OnClosed(), OnClosed()]
    assert seen_on_closed([], [], np.array([], dtype=object), RULES) == []
