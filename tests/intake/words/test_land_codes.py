"""Land codes mean something with their scheme only, and get lost zeros back only where the name agrees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.words.codes import read_codes
from pipeline.intake.words.land_codes import SCHEMES, meaning, scheme_that_fits, tidy_code


@pytest.mark.parametrize(
    ("code", "name", "scheme", "tidy"),
    [("303", "红树林地", "sandiao", "0303"), ("303", "灌木林地", "yongdi2023", "0303"),
     ("303.0", "红树林地", "sandiao", "0303"),
     ("201", "果园", "sandiao", "0201"), ("201K", "可调整果园", "sandiao", "0201K"), ("9", "特殊用地", "sandiao", "09"),
     ("5h1", "商业服务业设施用地", "sandiao", "05H1")],
)  # fmt: skip
def test_a_lost_zero_comes_back_where_the_name_agrees(code, name, scheme, tidy):
    found, note = tidy_code(code, name, scheme, "zh")
    assert found == tidy and note is not None and tidy in note


@pytest.mark.parametrize(
    ("code", "name", "scheme", "tidy"),
    [("0303", "红树林地", "sandiao", "0303"), ("０３０３", None, "sandiao", "0303"),
     (" 1104k ", "可调整养殖坑塘", "sandiao", "1104K"),
     ("1107a", "干渠", "sandiao", "1107A"), ("201", "城市", "sandiao", "201"), ("0404", "其它草地", "sandiao", "0404"),
     ("0504", "其他沼泽地", "yongdi2020", "0504"), ("303", "红树林地", "gbt21010", "303"),
     ("0110", "x", "lincao", "0110"), ("", None, "sandiao", "")],
)  # fmt: skip
def test_a_code_that_is_well_is_only_tidied(code, name, scheme, tidy):
    assert tidy_code(code, name, scheme, "zh") == (tidy, None)


@pytest.mark.parametrize(("code", "name"), [("303", None), ("303", "灌木林地"), ("201", None), ("301", "林地")])
def test_a_zero_that_the_name_does_not_confirm_is_asked_for(code, name):
    found, note = tidy_code(code, name, "sandiao", "en")
    assert found == code and note is not None and "leading zero" in note


def test_a_name_of_another_class_is_said_and_changes_nothing():
    found, note = tidy_code("0303", "灌木林地", "sandiao", "zh")
    assert found == "0303"
    assert note == "地类编码 0303 在三调工作分类中是“红树林地”，表中写作“灌木林地”，请核对所用的地类体系"
    assert tidy_code("1107A", "水田", "sandiao", "en")[1] is not None


def test_a_code_means_nothing_without_its_scheme():
    assert meaning("0303", None) is None and meaning("0303", "gbt21010") is None and meaning("0303", "?") is None
    assert meaning("0303", "sandiao")["name"] == "红树林地"
    assert meaning("0303", "yongdi2023")["name"] == "灌木林地"


def test_what_the_plan_counts():
    pond, fishpond, swamp_forest = (meaning(code, "sandiao") for code in ("1104", "1104A", "0304"))
    assert pond == {"code": "1104", "name": "坑塘水面", "plan_wetland": True, "plan_forest": False, "plan_grass": False}
    assert not fishpond["plan_wetland"]
    assert swamp_forest["plan_wetland"] and swamp_forest["plan_forest"]
    assert meaning("0402", "sandiao")["plan_grass"] and meaning("1101", "sandiao")["plan_wetland"]


def test_a_sub_class_means_its_class():
    assert meaning("1107A", "sandiao")["code"] == "1107"
    assert meaning("100101", "yongdi2023")["name"] == "工业用地"
    assert meaning("110401", "sandiao") is None


def test_the_trial_list_of_2020_numbers_field_ridges_otherwise():
    assert meaning("2302", "yongdi2020")["name"] == meaning("2303", "yongdi2023")["name"] == "田坎"
    assert meaning("2303", "yongdi2020") is None and meaning("2302", "yongdi2023") is None


def test_names_are_evidence_of_the_scheme():
    assert scheme_that_fits([("0303", "灌木林地"), ("1101", "物流仓储用地"), ("2303", "田坎"), ("99", "")]) == [
        ("yongdi2023", 1.0), ("yongdi2020", pytest.approx(2 / 3))]  # fmt: skip
    assert scheme_that_fits([("301", "乔木林地"), ("1101", "河流水面")])[0] == ("sandiao", 1.0)
    assert scheme_that_fits([("0303", ""), ("0303", "？")]) == scheme_that_fits([]) == []


def test_every_class_of_the_table_is_itself():
    table = read_codes("sandiao_classes")
    assert table["code"].is_unique and len(table) == 67
    for code, name in zip(table["code"], table["name_zh"], strict=True):
        assert meaning(code, "sandiao")["name"] == name
        assert tidy_code(code, name, "sandiao", "zh") == (code, None)
        assert tidy_code(code.removeprefix("0"), name, "sandiao", "zh")[0] == code


@given(st.text(max_size=10), st.none() | st.text(max_size=10), st.sampled_from(SCHEMES))
def test_any_text_is_kept_as_a_code(code, name, scheme):
    tidy, note = tidy_code(code, name, scheme, "en")
    assert note is None or tidy in note
    assert all(0 < fit.share <= 1 for fit in scheme_that_fits([(code, name or "")]))


NAMES = st.sampled_from(["", "红树林地", "灌木林地", "果园", "城市", "特殊用地"])


@given(st.text("0123456789AKH", max_size=5), NAMES, st.sampled_from(SCHEMES))
def test_tidying_twice_is_tidying_once(code, name, scheme):
    tidy, _ = tidy_code(code, name, scheme, "en")
    assert tidy in (code, f"0{code}")
    assert tidy_code(tidy, name, scheme, "en")[0] == tidy
