"""Dates and periods in the forms offices write them: a value or nothing, never an exception."""

from datetime import date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.words.dates import (
    date_span,
    is_surely_before,
    parse_date,
    parse_period,
    parse_period_dates,
    period_in_name,
    precision,
    read_dates,
)
from pipeline.text import say

DAYS = st.dates(date(1950, 1, 1), date(2100, 12, 31)).map(date.isoformat)
ISO = st.one_of(
    DAYS,
    DAYS.map(lambda iso: iso[:7]),
    DAYS.map(lambda iso: iso[:4]),
    st.builds("{}-Q{}".format, st.integers(1950, 2100), st.integers(1, 4)),
    st.builds("{}-H{}".format, st.integers(1950, 2100), st.integers(1, 2)),
)
CELL = st.one_of(st.none(), st.text(max_size=30), ISO, st.text("0123456789年月日.-—/至Q上下半季度 T:", max_size=20))


@pytest.mark.parametrize(
    ("word", "iso"),
    [("2021.05", "2021-05"), ("2021.5.3", "2021-05-03"), ("202105", "2021-05"), ("20210503", "2021-05-03"),
     ("2021/5/3", "2021-05-03"),
     ("2021年5月", "2021-05"), ("2021年5月份", "2021-05"), ("2021年 5 月 3 日", "2021-05-03"), ("２０２１年", "2021"),
     ("2021年度", "2021"),
     ("2021年底", "2021"), ("2021-02-29", None), ("2021.13", None), ("无", None), ("", None), (None, None),
     (float("nan"), None)],
)  # fmt: skip
def test_numbers_with_and_without_signs_between(word, iso):
    assert parse_date(word) == iso


@pytest.mark.parametrize("dekad", ["上旬", "中旬", "下旬", "初", "底"])
def test_ten_days_are_known_to_the_month(dekad):
    assert parse_date(f"2021年5月{dekad}") == "2021-05"


@pytest.mark.parametrize(
    ("word", "iso"),
    [("44319", "2021-05-03"), ("44319.0", "2021-05-03"), ("44319.75", "2021-05-03"), (44319, "2021-05-03"),
     (44319.0, "2021-05-03"),
     ("19999", None), ("80000", None), (datetime(2021, 5, 3, 10, 20), "2021-05-03"), (date(2021, 5, 3),
     "2021-05-03"), (pd.NaT, None)],
)  # fmt: skip
def test_a_spreadsheets_own_dates(word, iso):
    assert parse_date(word) == iso


@pytest.mark.parametrize(
    "word",
    ["2021-05-03 10:20:30", "2021-05-03T00:00:00.000Z", "2021/5/3 0:00", "2021年5月3日10时30分", "2021-05-03 上午 8:00",
     "20210503102030", "3 May 2021", "3rd May 2021", "May 3, 2021", "2021-May-03", "03-MAY-2021"],
)  # fmt: skip
def test_the_third_of_may(word):
    assert parse_date(word) == "2021-05-03"


@pytest.mark.parametrize(
    ("word", "iso"), [("May 2021", "2021-05"), ("Sept. 2021", "2021-09"), ("Ma 2021", None), ("Mat 2021", None)]
)
def test_english_months(word, iso):
    assert parse_date(word) == iso


@pytest.mark.parametrize(
    ("word", "iso"),
    [("21年5月", "2021-05"), ("21.05", "2021-05"), ("21.05.03", "2021-05-03"), ("98年", "1998"), ("12.05", None),
     ("21.13", None), ("21", None)],
)  # fmt: skip
def test_two_digit_years_only_where_they_can_be_nothing_else(word, iso):
    assert parse_date(word) == iso


def test_a_month_that_a_spreadsheet_may_have_cut_is_not_guessed():
    assert (parse_date("2021.1"), parse_date("2021.01"), parse_date("2021.10")) == ("2021", "2021-01", "2021-10")


@pytest.mark.parametrize(
    ("word", "iso", "kind", "first", "last"),
    [("2021年第二季度", "2021-Q2", "quarter", "2021-04-01", "2021-06-30"),
     ("2021年二季度", "2021-Q2", "quarter", "2021-04-01", "2021-06-30"),
     ("2021Q4", "2021-Q4", "quarter", "2021-10-01", "2021-12-31"),
     ("2021-Q1", "2021-Q1", "quarter", "2021-01-01", "2021-03-31"),
     ("2021年上半年", "2021-H1", "half", "2021-01-01", "2021-06-30"),
     ("21年下半年", "2021-H2", "half", "2021-07-01", "2021-12-31"),
     ("2020.02", "2020-02", "month", "2020-02-01", "2020-02-29"), ("2021", "2021", "year", "2021-01-01", "2021-12-31"),
     ("2021-12-31", "2021-12-31", "day", "2021-12-31", "2021-12-31")],
)  # fmt: skip
def test_a_date_is_the_days_it_may_mean(word, iso, kind, first, last):
    assert parse_date(word) == iso
    assert precision(iso) == kind
    assert date_span(iso) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("word", ["2021年春季", "夏季", "1949", "2101年", "17990501", "T1", "2021-05-03 2021-06-03"])
def test_seasons_other_centuries_and_two_dates_are_no_date(word):
    assert parse_date(word) is None


@pytest.mark.parametrize("word", ["2022-2021", "2021—2022", "20212022", "2021至2022年", "2021-2022", "2021/2022", "21-22", "2021~2022年度",
                                  "T1:2021 T2:2022", "T2:2022-05，T1:2021-06", "2021年5月-2022年6月", "2021.05—2022.06", "2021-22年度",
                                  "202105-202206", "前时相：2021 后时相：2022", "2021年、2022年", "２０２１－２０２２"])  # fmt: skip
def test_periods_in_any_order(word):
    assert parse_period(word) == "2021-2022"


@pytest.mark.parametrize(
    "word",
    ["2021", "2021年度", "2021-05", "2020 2021 2022", "1949-2021", "10-12", "2021-2021", "44319-44500", "无", None],
)
def test_what_is_no_period(word):
    assert parse_period(word) is None


@pytest.mark.parametrize(
    ("word", "ends"),
    [("2020年5月-2021年6月", ("2020-05", "2021-06")), ("2021.06—2020", ("2020", "2021-06")),
     ("2020-05-03 - 2021-06-10", ("2020-05-03", "2021-06-10")),
     ("2019年第四季度-2020年第二季度", ("2019-Q4", "2020-Q2")), ("2021年3月至10月", ("2021-03", "2021-10")),
     ("2020年11月-3月", None)],
)  # fmt: skip
def test_the_ends_of_a_period_are_as_precise_as_written(word, ends):
    assert parse_period_dates(word) == ends


@pytest.mark.parametrize(
    ("name", "period"),
    [("bhtb_2020_2021.shp", "2020-2021"), ("2021-2022年度", "2021-2022"), ("20202021变化", "2020-2021"),
     ("2020年5月至2021年6月图斑", "2020-2021"),
     ("bhtb_2020_2021_20230315.zip", "2020-2021"), ("211302_202005_202106", "2020-2021"), ("变化图斑2020.shp", None),
     ("2019_2020_2021.shp", None),
     ("2023年文件 2021年图斑", None), ("总体规划2026-2035", None), ("1984_2021", None), ("20200230_20210503", None)],
)  # fmt: skip
def test_a_period_in_a_file_name(name, period):
    assert period_in_name(name) == period


def test_period_and_dates_complete_each_other():
    assert read_dates("2022-2021", "", None, "en") == ("2021-2022", "2021", "2022", ())
    assert read_dates("2020.05—2021.06", None, "2021-06-10", "en") == ("2020-2021", "2020-05", "2021-06-10", ())
    assert read_dates("/", "2020.05", "2021.06", "en") == ("2020-2021", "2020-05", "2021-06", ())
    assert read_dates(None, "2021.03", "2021.09", "en") == (None, "2021-03", "2021-09", ())


def test_dates_surely_in_the_wrong_order_are_swapped_and_it_is_said():
    assert read_dates(None, "2021", "2020-05", "zh") == ("2020-2021", "2020-05", "2021", (say("zh", "dates.swapped"),))
    assert read_dates(None, "2021-05", "2021", "zh") == (None, "2021-05", "2021", ())  # May need not be after 2021


def test_dates_win_over_a_period_they_contradict():
    note = say("zh", "dates.contradiction")
    assert read_dates("2020-2021", "2018.05", "2019.06", "zh") == ("2018-2019", "2018-05", "2019-06", (note,))
    assert read_dates("2020-2021", None, "2019.06", "zh") == (None, None, "2019-06", (note,))


def test_what_cannot_be_read_is_named_by_its_column_and_never_quoted():
    dates = read_dates("去年", "王某某来电", "2021.1", "zh")
    assert dates[:3] == (None, None, "2021")
    assert [note[:6] for note in dates.notes] == ["前时相无法识", "后时相的月份", "监测时段无法"]
    assert not any(word in note for note in dates.notes for word in ("去年", "王某某", "2021.1"))
    assert read_dates("2021年度", None, None, "en").notes == (say("en", "dates.one_time"),)


@pytest.mark.parametrize(
    ("a", "b", "is_before"),
    [("2020", "2021", True), ("2021-Q1", "2021-04", True), ("2021-06", "2021-H1", None), ("2021", "2021-05", None),
     ("2021-05", "2020-12-31", False),
     ("2021-05-03", "2021-05-03", False), ("2021-05", "2021-05-01", False), ("2021-05", "2021-05-31", None)],
)  # fmt: skip
def test_before_only_when_sure(a, b, is_before):
    assert is_surely_before(a, b) is is_before


@given(ISO, ISO)
def test_before_is_what_every_day_of_both_says(a, b):
    answers = {day_a < day_b for day_a in date_span(a) for day_b in date_span(b)}
    assert is_surely_before(a, b) is (answers.pop() if len(answers) == 1 else None)


@given(ISO)
def test_what_was_read_reads_as_itself(iso):
    assert parse_date(iso) == iso
    first, last = date_span(iso)
    assert first <= last and (precision(iso) == "day") == (first == last)


@given(ISO, ISO)
def test_both_ends_come_back_from_a_written_period(a, b):
    ends = parse_period_dates(f"{a} 至 {b}")
    assert ends is not None and sorted(ends) == sorted((a, b)) and date_span(ends[0]) <= date_span(ends[1])


@given(CELL, CELL, CELL)
def test_reading_twice_is_reading_once_and_never_raises(period, prev, curr):
    once = read_dates(period, prev, curr, "zh")
    assert read_dates(once.period, once.prev_date, once.curr_date, "zh") == (*once[:3], ())


@given(CELL, CELL)
def test_the_order_of_the_columns_does_not_matter_where_it_is_sure(one, other):
    there, back = read_dates(None, one, other, "en"), read_dates(None, other, one, "en")
    if there.prev_date and there.curr_date and is_surely_before(there.prev_date, there.curr_date):
        assert there[:3] == back[:3]


@given(CELL)
def test_no_text_ever_raises(text):
    assert parse_date(text) is None or date_span(parse_date(text))[0].year >= 1950
    assert parse_period(text) is None or parse_period(text) == parse_period(parse_period(text))
    assert period_in_name(text or "") is None or len(period_in_name(text)) == 9
