"""Townships by old names, short names and codes, as the district's own table tells them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.intake.words.towns import bare_town, name_now, read_towns_through_time, towns_named

TABLE = Path(__file__).parents[3] / "data" / "shuangta_demo" / "towns_through_time.csv"
NAMES = read_towns_through_time(TABLE)
HEAD = "code,name,valid_from,valid_to,name_now\n"


def write(path: Path, rows: str) -> Path:
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


def test_the_table_holds_thirteen_names_of_today_and_three_of_before():
    assert NAMES.faults == ()
    assert sum(row.name == row.name_now for row in NAMES.rows) == 13
    assert {row.name for row in NAMES.rows if row.valid_to} == {"南塔街道", "北塔街道", "燕都街道"}


@pytest.mark.parametrize(
    ("word", "now"),
    [("双塔街道", "双塔街道"), ("桃花吐", "桃花吐镇"), (" 他拉皋镇　", "他拉皋镇"), ("双塔区他拉皋镇", "他拉皋镇"),
     ("辽宁省朝阳市双塔区长宝营子乡", "长宝营子乡"), ("桃花吐镇青溪村", "桃花吐镇"), ("红旗街道办事处", "红旗街道"),
     ("211302100", "桃花吐镇"), ("211302100003", "桃花吐镇"), ("211302100.0", "桃花吐镇")],
)  # fmt: skip
def test_names_that_leave_no_doubt(word, now):
    assert name_now(word, NAMES) == (now, None)


@pytest.mark.parametrize("word", ["南塔街道", "南塔", "北塔街道办"])
def test_old_names_are_brought_up_to_date_and_said(word):
    now, note = name_now(word, NAMES)
    assert now == "双塔街道" and "旧名" in note


def test_another_suffix_is_said():
    assert name_now("桃花吐乡", NAMES) == ("桃花吐镇", "所写的“街道、镇、乡”与现名不一致，按桃花吐镇处理")


def test_a_code_means_what_it_meant_then():
    assert name_now("211302001", NAMES, "2021-05") == ("双塔街道", None)
    now, note = name_now("211302001", NAMES, "2019-06-30")
    assert now == "双塔街道" and "南塔街道" in note
    assert name_now("211302001", NAMES)[0] == "双塔街道"  # without a date both meanings lead there


def test_a_code_of_two_meanings_without_a_date_is_not_guessed(tmp_path):
    names = read_towns_through_time(
        write(tmp_path / "t.csv", "999901001,甲镇,,2019-10-31,丙镇\n999901001,乙镇,2020-06-30,,乙镇\n")
    )
    assert name_now("999901001", names, "2018")[0] == "丙镇"
    assert name_now("999901001", names, "2021") == ("乙镇", None)
    for on in (None, "2020-02"):  # no date, or one in the gap between the two lists
        now, note = name_now("999901001", names, on)
        assert now is None and "甲镇" in note and "乙镇" in note


@pytest.mark.parametrize("word", ["燕都街道", "燕都", "211302011"])
def test_a_successor_nobody_knows(word):
    now, note = name_now(word, NAMES, "2019")
    assert now is None and "燕都街道" in note and "2019-10-31" in note


def test_typos_are_not_corrected_but_asked_about():
    assert name_now("他拉高镇", NAMES) == (None, "乡镇名称不在名单中，是否为：他拉皋镇？未作更正")
    assert name_now("没有的镇", NAMES) == (None, "乡镇名称不在名单中，请核对")
    assert name_now("双塔区", NAMES)[0] is None  # the district, not the township
    assert name_now("211302999", NAMES)[0] is None
    assert name_now("", NAMES) == (None, None)


def test_bare_towns_and_towns_in_a_text():
    assert [bare_town(word) for word in ("双塔街道", "桃花吐镇", "街道", "乡镇")] == ["双塔", "桃花吐", "街道", "乡镇"]
    towns = ["光明街道", "桃花吐镇"]
    assert towns_named("桃花吐镇某处", towns) == {"桃花吐"}
    assert towns_named("桃花吐某处", towns) == {"桃花吐"}
    assert towns_named("桃花吐村", towns) == set()  # a village of that name
    assert towns_named("前途光明", towns) == set()


def test_bad_rows_are_left_out_and_told(tmp_path):
    names = read_towns_through_time(write(tmp_path / "t.csv", "1,甲镇,某年,,甲镇\n,乙镇,,,乙镇\n3,丙镇,,,丙镇\n"))
    assert [row.name for row in names.rows] == ["丙镇"]
    assert names.faults == ("t.csv 第 2 行未使用，请核对列：valid_from", "t.csv 第 3 行未使用，请核对列：code")


def test_a_file_that_is_no_such_table(tmp_path):
    with pytest.raises(InputError, match="valid_from"):
        (tmp_path / "t.csv").write_text("code,name\n1,甲镇\n", encoding="utf-8")
        read_towns_through_time(tmp_path / "t.csv")
    with pytest.raises(InputError):
        read_towns_through_time(tmp_path / "none.csv")


@given(st.text(max_size=30), st.none() | st.text(max_size=12))
def test_any_text_gives_a_present_name_or_a_note(word, on):
    now, note = name_now(word, NAMES, on)
    assert now is None or now in {row.name_now for row in NAMES.rows}
    assert now or note or not word.strip()
