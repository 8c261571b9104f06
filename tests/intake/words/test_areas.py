"""Stated areas against outlines: units read where they are named, and found by the factor where they are wrong."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.words.areas import M2, judge_area, judge_areas, parse_area, unit_in_title
from pipeline.text import say

LAT = 41.5  # 1/cos² is 1.783 here


@pytest.mark.parametrize(
    ("text", "unit", "area_m2"),
    [("1.2公顷", None, 12_000), ("18亩", None, 12_000), ("12,345.6", "m2", 12_345.6), ("1.2 ha", None, 12_000),
     ("１．２ＨＡ", None, 12_000),
     ("3600 m2", None, 3600), ("3600㎡", None, 3600), ("3600 m²", None, 3600), ("3600平方米", "ha", 3600),
     ("0.012平方公里", None, 12_000),
     ("0.012km2", None, 12_000), ("1.2", "ha", 12_000), ("约3亩", None, 2000), ("1.5万亩", None, 10_000_000),
     ("0.5公顷（7.5亩）", None, 5000),
     ("1.2E+04", "m2", 12_000), ("0", "ha", 0)],
)  # fmt: skip
def test_areas_to_square_metres(text, unit, area_m2):
    assert parse_area(text, unit) == pytest.approx(area_m2)


@pytest.mark.parametrize(
    "text",
    ["3亩多", "十亩", "1,2公顷", "-3亩", "3-5亩", "0.5公顷（8.5亩）", "公顷", "1.2.3", "无", "", None, float("nan")],
)
def test_what_is_no_one_area(text):
    assert parse_area(text, "ha") is None


def test_a_number_without_a_unit_is_not_an_area():
    assert parse_area("12,345.6", None) is None


@pytest.mark.parametrize(
    ("title", "unit"),
    [("面积(公顷)", "ha"), ("面积（亩）", "mu"), ("面积/平方米", "m2"), ("MJ_HA", "ha"), ("TBMJ_M2", "m2"),
     ("TBMJ", "m2"), ("tbmj", "m2"), ("图斑面积", "m2"),
     ("图斑面积(亩)", "mu"), ("MIAN_JI", "ha"), ("XBMJ", "ha"), ("JCMJ", "mu"), ("单位：公顷", "ha"),
     ("Area (km²)", "km2"), ("Mined area (ha)", "ha"),
     ("面积", None), ("面积(万亩)", None), ("面积(公顷/亩)", None), ("每公顷株数", None), ("share", None),
     ("Shanghai", None), ("", None), (None, None)],
)  # fmt: skip
def test_the_unit_in_a_title(title, unit):
    assert unit_in_title(title) == unit


@pytest.mark.parametrize(
    ("declared", "unit", "computed_m2", "verdict", "really", "is_mercator"),
    [(1.0, "ha", 10_000, "agrees", "ha", False), (1.0, "ha", 10_190, "agrees", "ha", False),
     (400, "m2", 449, "agrees", "m2", False),
     (400, "m2", 451, "differs", "m2", False), (1.0, "ha", 10_300, "differs", "ha", False),
     (15.0, "ha", 10_000, "unit", "mu", False),
     (1.0, "mu", 10_000, "unit", "ha", False), (10_000, "ha", 10_000, "unit", "m2", False),
     (3000, "mu", 3000, "unit", "m2", False),
     (1.0, "m2", 1_000_000, "unit", "km2", False), (17_828, "m2", 10_000, "unit", "m2", True),
     (1.7828, "ha", 10_000, "unit", "ha", True),
     (15.0, None, 10_000, "unit", "mu", False), (3.0, None, 10_000, "differs", None, False),
     (0.06, "m2", 40, "unit", "mu", False),
     (0, "ha", 10_000, "nothing", "ha", False), (1.0, "ha", 0, "nothing", "ha", False),
     (None, "ha", 1, "nothing", "ha", False),
     (math.nan, "ha", 1, "nothing", "ha", False)],
)  # fmt: skip
def test_one_area_against_its_outline(declared, unit, computed_m2, verdict, really, is_mercator):
    judgement = judge_area(declared, computed_m2, unit, LAT, "en")
    assert judgement[:3] == (verdict, really, is_mercator)
    assert (judgement.factor is not None) == (verdict == "unit")


def test_web_mercator_is_not_asked_without_a_latitude():
    assert judge_area(17_828, 10_000, "m2", None, "en").verdict == "differs"


def test_the_factor_is_said_in_words():
    assert judge_area(15.0, 10_000, "ha", LAT, "zh").factor == "单位应为亩，而不是公顷"
    assert judge_area(15.0, 10_000, "ha", LAT, "en").sentence == "the stated area is in mu, not hectares"
    assert (
        judge_area(2.0, 10_000, "ha", LAT, "zh").sentence == "申报面积与图形面积（10000.0 平方米）相差 100.0%，请核对"
    )


def test_one_factor_explains_a_column():
    judgement = judge_areas([15.0] * 9 + [7.0, None], [10_000.0] * 11, "ha", LAT, "面积", "zh")
    assert judgement[:3] == ("unit", "mu", False)
    assert (judgement.agree, judgement.differ) == (9, (9,))
    assert judgement.sentence == "“面积”列单位应为亩，而不是公顷：可比较的 10 行中有 9 行由此与图形面积相符"


def test_a_column_that_agrees_names_the_rows_that_do_not():
    judgement = judge_areas([1.0] * 19 + [15.0], [10_000.0] * 20, "ha", LAT, "面积", "en")
    assert (judgement.verdict, judgement.unit, judgement.agree, judgement.differ) == ("agrees", "ha", 19, (19,))


def test_a_column_of_two_units_is_not_explained_by_one():
    judgement = judge_areas([1.0] * 8 + [15.0] * 2, [10_000.0] * 10, "ha", LAT, "面积", "en")
    assert (judgement.verdict, judgement.unit, judgement.agree, judgement.differ) == ("differs", "ha", 8, (8, 9))
    assert judge_areas([1.0, 15.0], [10_000.0] * 2, None, LAT, "面积", "en")[:5] == ("differs", None, False, None, 0)


def test_a_column_of_points_has_nothing_to_compare():
    judgement = judge_areas([1.0, 2.0], [0.0, None], "ha", LAT, "面积", "zh")
    assert (judgement.verdict, judgement.differ, judgement.sentence) == ("nothing", (), say("zh", "areas.nothing"))


def test_the_place_sets_the_tolerance():
    declared, computed_m2 = [1.0] * 3, [10_400.0] * 3
    assert judge_areas(declared, computed_m2, "ha", LAT, "面积", "en").verdict == "differs"
    assert judge_areas(declared, computed_m2, "ha", LAT, "面积", "en", tolerance_share=0.05).verdict == "agrees"


@given(st.floats(200, 1e8), st.sampled_from(sorted(M2)), st.sampled_from([None, *sorted(M2)]), st.floats(20, 60))
def test_the_unit_an_area_was_written_in_is_found(computed_m2, written, stated, lat):
    judgement = judge_area(computed_m2 / M2[written], computed_m2, stated, lat, "en")
    assert (judgement.unit, judgement.is_mercator) == (written, False)
    assert judgement.verdict == ("agrees" if written == stated else "unit")


@given(
    st.lists(st.tuples(st.none() | st.floats(), st.none() | st.floats())),
    st.sampled_from([None, *sorted(M2)]),
    st.none() | st.floats(),
)
def test_agreeing_and_differing_rows_are_those_compared(pairs, unit, lat):
    judgement = judge_areas([one for one, _ in pairs], [other for _, other in pairs], unit, lat, "面积", "en")
    compared = [pair for pair in pairs if all(area is not None and math.isfinite(area) and area > 0 for area in pair)]
    assert judgement.agree + len(judgement.differ) == len(compared)


@given(
    st.text(max_size=30) | st.text("0123456789.,万亩公顷m2ha()约 e", max_size=15),
    st.sampled_from([None, *sorted(M2), "?"]),
)
def test_any_text_is_an_area_or_none(text, unit):
    area_m2 = parse_area(text, unit)
    assert area_m2 is None or (math.isfinite(area_m2) and area_m2 >= 0)
    assert unit_in_title(text) in (None, *M2)


@given(
    st.floats(0, 1e7, allow_nan=False),
    st.sampled_from([("平方米", "m2"), ("公顷", "ha"), ("亩", "mu"), ("平方公里", "km2")]),
)
def test_a_written_area_comes_back(number, unit):
    assert parse_area(f"{number:.4f}{unit[0]}", None) == pytest.approx(float(f"{number:.4f}") * M2[unit[1]])
