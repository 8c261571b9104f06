"""Where a header lies, what its columns are called, and which known field a title means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import MAPPED_FIELDS
from pipeline.intake.formats.columns import (
    _plain,
    column_letter,
    column_position,
    find_area_unit,
    find_header,
    join_titles,
    make_unique,
    match_columns,
    put_area_unit,
    tidy_title,
    unmatched,
)
from pipeline.intake.words.codes import read_codes


@pytest.mark.parametrize(
    ("title", "field", "alias"),
    [("图斑编号", "orig_no", "图斑编号"), ("jcbh", "orig_no", "JCBH"), ("位置/经度", "lon", "经度"), ("中心经度（°）", "lon", "中心经度"),
     ("东经/度分秒", "lon", "东经"), ("纬 度", "lat", "纬度"),
     ("面积（公顷）", "area_ha", "面积(公顷)"), ("面积【单位：ha】", "area_ha", "面积(公顷)"),
     ("监测面积/亩", "area_mu", "监测面积(亩)"), ("面积(㎡)", "area_m2", "面积(平方米)"), ("面积", "area", "面积"),
     ("活动/设施类型", "activity", "活动/设施类型"), ("*县（市、区）", "county_name", "县(市、区)")],
)  # fmt: skip
def test_titles_known_by_an_alias(title, field, alias):
    assert match_columns([title]) == {field: (title, alias)}


@pytest.mark.parametrize("title", ["图斑面积(km2)", "面积占比", "", "???", "压盖湿地(公顷)"])
def test_titles_that_mean_nothing_known(title):
    assert match_columns([title]) == {}


def test_one_title_serves_one_field_and_the_longer_alias_wins():
    titles = ["编号", "图斑编号", "经度", "中心经度", "怪列"]
    matched = match_columns(titles)
    assert matched == {"orig_no": ("图斑编号", "图斑编号"), "lon": ("中心经度", "中心经度")}
    assert unmatched(titles, matched) == ["编号", "经度", "怪列"]


def test_no_alias_means_two_fields():
    table = read_codes("column_aliases")
    words = [_plain(alias) for cell in table["aliases"] for alias in cell.split("|")]
    assert sorted(word for word in set(words) if words.count(word) > 1) == []


def test_every_field_of_a_source_has_aliases():
    assert set(MAPPED_FIELDS) - set(read_codes("column_aliases")["canonical"]) == set()


TITLE = ["双塔区图斑表", "", "", ""]
BODY = [["T1", "120.45", "41.57", "采石"], ["T2", "120.46", "41.58", "采砂"]]


@pytest.mark.parametrize(
    ("head", "merged", "answer"),
    [
        ([["编号", "经度", "纬度", "类型"]], [], (0, 1)),
        ([TITLE, ["编号", "经度", "纬度", "类型"]], [], (1, 1)),
        ([["表名"] * 4, ["单位：公顷", "", "", ""], [], ["编号", "经度", "纬度", "类型"]], [((0, 0), (0, 3))], (3, 1)),
        ([TITLE, ["编号", "位置", "位置", "类型"], ["编号", "经度", "纬度", "类型"]],
         [((1, 0), (2, 0)), ((1, 1), (1, 2)), ((1, 3), (2, 3))], (1, 2)),
        ([["编号", "位置", "", "类型"], ["", "经度", "纬度", ""]], [], (0, 2)),  # as a text table keeps it
        ([["编号", "位置", "位置", "类型"], [], []], [((0, j), (2, j)) for j in range(4)], (0, 3)),
        ([["甲号", "乙", "丙", "丁"]], [], (0, 1)),  # no title is known: words over numbers
    ],
)  # fmt: skip
def test_the_header_is_found(head, merged, answer):
    assert find_header(head + BODY, merged) == answer


def test_what_is_declared_binds():
    rows = [TITLE, ["编号", "经度", "纬度", "类型"], *BODY]
    assert find_header(rows, (), 0, 2) == (0, 2)
    assert find_header(rows, (), 2, None)[0] == 2
    assert find_header(rows, (), None, 1) == (1, 1)
    assert find_header([], (), None, None) == (0, 1)
    assert find_header(rows, (), 9, 2) == (9, 2)


def test_titles_of_several_rows():
    assert join_titles([["编 号", "位置", ""], ["编号", "经度", "纬\n度"]], 4) == ["编号", "位置/经度", "位置/纬度", ""]
    assert make_unique(["面积", "", "面积", "", "面积_2", "面积"]) == ["面积", "", "面积_2", "", "面积_2_2", "面积_3"]
    assert (tidy_title("图斑\n编号（ 号 ）"), tidy_title(" Spot  no ")) == ("图斑编号(号)", "Spot no")


@pytest.mark.parametrize(
    ("note", "unit"),
    [
        ("单位:公顷", "公顷"),
        ("（单位：亩）", "亩"),
        ("计量单位：个、hm²", "公顷"),
        ("填报单位：某某局", None),
        ("单位：亩、公顷", None),
    ],
)
def test_the_unit_above_the_table(note, unit):
    assert find_area_unit([["表名", ""], ["", note]]) == unit


@pytest.mark.parametrize(
    ("title", "with_unit"),
    [
        ("面积", "面积(公顷)"),
        ("面积/其中湿地面积", "面积/其中湿地面积(公顷)"),
        ("面积（亩）", "面积（亩）"),
        ("面积占比", "面积占比"),
        ("编号", "编号"),
    ],
)
def test_the_unit_goes_to_area_columns_without_one(title, with_unit):
    assert put_area_unit(title, "公顷") == with_unit


def test_names_of_columns():
    assert [column_letter(n) for n in (0, 25, 26, 16_383)] == ["A", "Z", "AA", "XFD"]


@given(st.integers(0, 20_000), st.integers(1, 2_000_000))
def test_column_names_there_and_back(position, row):
    assert column_position(f"{column_letter(position)}{row}") == position


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_titles_are_matched_once(titles):
    matched = match_columns(titles)
    assert len({title for title, _ in matched.values()}) == len(matched)
    assert all(title in titles for title, _ in matched.values())
    unique = [title for title in make_unique(titles) if title]
    assert len(unique) == len(set(unique))


@given(st.lists(st.lists(st.text(max_size=6), max_size=5), max_size=8))
def test_any_rows_have_a_header_within_them(rows):
    top, height = find_header(rows)
    assert 0 <= top <= max(len(rows) - 1, 0)
    assert 1 <= height <= 3
