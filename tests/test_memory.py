import gc

import pytest

from pipeline.memory import SEARCH_AFTER, rarely_searched


def test_searches_are_rare_inside_and_as_before_after_it_even_where_it_fails():
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), rarely_searched():
        assert gc.get_threshold() == (SEARCH_AFTER, *before[1:])
        1 / 0  # noqa: B018
    assert gc.get_threshold() == before


def test_as_a_decorator_it_holds_for_each_call():
    @rarely_searched()
    def threshold() -> int:
        return gc.get_threshold()[0]

    assert [threshold(), threshold()] == [SEARCH_AFTER, SEARCH_AFTER]
    assert gc.get_threshold()[0] != SEARCH_AFTER


def test_runs_that_overlap_leave_it_as_it_was():
    before = gc.get_threshold()
    one, other = rarely_searched(), rarely_searched()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert gc.get_threshold()[0] == SEARCH_AFTER
    other.__exit__(None, None, None)
    assert gc.get_threshold() == before
