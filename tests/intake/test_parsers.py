"""Words, dates, periods and degrees in the forms offices write them: a value or nothing, never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.codes import to_activity, to_change_type, to_state, to_zone
from pipeline.intake.coordinates import parse_degrees
from pipeline.intake.dates import date_span, parse_date, parse_period


@pytest.mark.parametrize(
    ("word", "iso"),
    [("2021.05", "2021-05"), ("202105", "2021-05"), ("2021年5月", "2021-05"), ("2021/5/3", "2021-05-03"), ("20210503", "2021-05-03"),
     ("44319", "2021-05-03"), ("２０２１年", "2021"), ("2021.13", None), ("无", None), ("", None), (None, None)],
)  # fmt: skip
def test_dates(word, iso):
    assert parse_date(word) == iso


@pytest.mark.parametrize("word", ["2022-2021", "2021—2022", "20212022", "2021至2022年", "2021-2022"])
def test_periods_in_any_order(word):
    assert parse_period(word) == "2021-2022"


def test_a_month_is_the_days_it_means():
    assert [day.isoformat() for day in date_span("2020-02")] == ["2020-02-01", "2020-02-29"]


@pytest.mark.parametrize(
    ("word", "degrees"),
    [("120°27′00″", 120.45), ("东经120度27分00秒", 120.45), ("120°27'0.00\"E", 120.45), ("１２０．４５", 120.45), ("北纬41°30′", 41.5),
     ("120°75′", None), ("不详", None), ("", None)],
)  # fmt: skip
def test_degrees(word, degrees):
    assert parse_degrees(word, "dms") == (None if degrees is None else pytest.approx(degrees))


def test_words_to_codes():
    assert to_activity("采石") == ("A1", "A11")
    assert to_activity("矿产资源开发") == ("A1", "A1")
    assert to_activity("没见过") == (None, "A99")
    assert (to_change_type("扩建"), to_change_type(None)) == ("C2", "C9")
    assert (to_zone("核心区"), to_zone(""), to_zone("别的区")) == ("Z1", None, "Z9")
    assert (to_state("已销号"), to_state("在办")) == ("B14", None)


@given(st.text(max_size=30))
def test_no_text_ever_raises(text):
    for read in (parse_date, parse_period, to_activity, to_change_type, to_zone, to_state):
        read(text)
    parse_degrees(text, "dms")
