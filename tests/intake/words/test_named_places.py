"""Places in words: what is named is found, with its circle; what is not named is not; doubt is several candidates."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from pipeline.intake.words.gazetteer import Gazetteer, NamedPlace, read_gazetteer
from pipeline.intake.words.named_places import find_places

INVENTED = Path(__file__).parents[3] / "data" / "shuangta_demo" / "gazetteer_invented.csv"
RADII_M = {"village": 1500, "group": 800, "poi": 300, "town": 4000}
GEOD = Geod(ellps="GRS80")


def place(name: str, kind: str = "village", town: str = "桃花吐镇", *aliases: str) -> NamedPlace:
    return NamedPlace((name, *aliases), kind, town, 120.5, 41.5)


GAZETTEER = Gazetteer(
    (
        place("清溪村", "village", "桃花吐镇", "老清溪"), place("东山村", town="双塔街道"), place("东山村", town="孙家湾镇"),
        place("东山岗子村", town="孙家湾镇"), place("柳林村", town="他拉皋镇"), place("柳岭村", town="他拉皋镇"), place("李家沟村"),
        place("上沟村"), place("柳树沟子村"), place("清溪村三组", "group"), place("黑石砬子采石场", "poi"), place("长安村"),
        place("桃花吐镇", "town"), place("双塔街道", "town", "双塔街道"),
    )
)  # fmt: skip


def names(text: str, **options) -> list[tuple[str, str]]:
    return [(found.name, found.town) for found in find_places(text, GAZETTEER, RADII_M, **options)]


def best(text: str):
    return find_places(text, GAZETTEER, RADII_M)[0]


@pytest.mark.parametrize(
    "text",
    ["清溪村", "清溪村委会附近", "反映清溪村村民委员会旁", "清溪社区", "清溪", "老清溪屯", "目前清溪村有人采石", "清 溪 村", "清溪采石严重",
     "青溪村", "桃花吐镇青溪采石", "清溪行政村", "清溪村组"],
)  # fmt: skip
def test_one_village_in_many_forms(text):
    assert names(text) == [("清溪村", "桃花吐镇")]


@pytest.mark.parametrize(
    "text",
    ["", "无", "照片清晰，情况属实", "前途光明", "双塔区", "东山镇", "东山路", "下沟村", "王家沟村", "柳沟村", "东山矿业公司", "桃花吐村",
     "一二三", "村", "cun"],
)  # fmt: skip
def test_nothing_is_found_where_nothing_is_named(text):
    assert names(text) == []


def test_the_longer_name_wins_and_a_short_one_is_not_found_inside_an_unknown_longer_one():
    assert names("东山岗子村") == [("东山岗子村", "孙家湾镇")]
    assert names("东山冈子村") == [("东山岗子村", "孙家湾镇")]
    assert names("东山大坡村") == []
    assert {found.score for found in find_places("小东山村", GAZETTEER, RADII_M)} == {0.63}  # doubtful, and said
    assert "更长地名" in best("小东山村").why


def test_one_name_in_two_townships_is_two_candidates_until_the_township_is_known():
    assert names("东山村") == [("东山村", "双塔街道"), ("东山村", "孙家湾镇")]
    assert names("双塔街道东山村") == [("东山村", "双塔街道")]
    assert names("东山村", town="孙家湾镇") == [("东山村", "孙家湾镇")]
    assert best("双塔街道东山村").score == 1.0
    assert names("他拉皋镇东山村") == [("东山村", "双塔街道"), ("东山村", "孙家湾镇")]
    assert best("他拉皋镇东山村").score == 0.6


def test_two_names_that_sound_alike_are_two_candidates():
    assert names("柳凌村") == [("柳岭村", "他拉皋镇"), ("柳林村", "他拉皋镇")]  # ling is ling; lin is near
    assert names("柳林村") == [("柳林村", "他拉皋镇")]  # named exactly: no doubt
    assert names("常安村") == [("长安村", "桃花吐镇")]  # 长 alone is zhang, here chang


def test_better_met_is_better_scored():
    scores = [best(text).score for text in ("李家沟村", "李家沟采石", "离家沟村", "柳树沟村")]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) == 4
    assert "只差一字" in best("柳树沟村").why


def test_the_finer_place_is_the_answer():
    assert [found.kind for found in find_places("清溪村3组", GAZETTEER, RADII_M)] == ["group"]
    assert [found.kind for found in find_places("桃花吐镇", GAZETTEER, RADII_M)] == ["town"]
    assert [found.kind for found in find_places("桃花吐镇清溪村", GAZETTEER, RADII_M)] == ["village"]
    assert names("清溪村黑石砬子采石厂")[0][0] == "清溪村" and names("清溪村黑石砬子采石厂")[1][0] == "黑石砬子采石场"
    assert find_places("桃花吐镇", GAZETTEER, {"village": 1500}) == []  # a kind without a radius is not sought


def test_a_shift_belongs_to_the_name_before_it():
    east, still = sorted(find_places("柳林村与清溪村东500米", GAZETTEER, RADII_M), key=lambda found: found.name)[::-1][
        ::-1
    ]
    assert {east.name: east.radius_m, still.name: still.radius_m} == {"柳林村": 1500, "清溪村": 300}


def test_reasons_in_english_and_never_the_text_itself():
    (found,) = find_places("桃花吐镇青溪村东500米", GAZETTEER, RADII_M, language="en")
    assert (
        found.why == "a place in the text sounds like “清溪村”; the township (桃花吐镇) agrees; moved 500 m east of it"
    )
    assert "青溪" not in found.why


def test_no_more_than_the_limit():
    assert len(find_places("东山村", GAZETTEER, RADII_M, limit=1)) == 1


def test_every_invented_place_is_found_by_its_own_name_in_its_own_township():
    gazetteer = read_gazetteer(INVENTED)
    for own in gazetteer.places:
        found = find_places(f"位于{own.town}{own.names[0]}。" if own.kind != "town" else own.town, gazetteer, RADII_M)
        assert (found[0].name, found[0].town, found[0].score) == (own.names[0], own.town, 1.0)


WORDS = st.lists(
    st.sampled_from([*"清青溪东山岗子村柳林凌三组镇以北西约半里几百米千0129.公里-、 ", "桃花吐镇", "双塔街道"]),
    max_size=25,
)


@given(st.text(max_size=40) | WORDS.map("".join), st.none() | st.text(max_size=6))
def test_any_text_gives_candidates_in_order(text, town):
    found = find_places(text, GAZETTEER, RADII_M, town=town)
    assert len(found) <= 5
    assert [f.score for f in found] == sorted((f.score for f in found), reverse=True)
    for candidate in found:
        assert 0 < candidate.score <= 1 and 100 <= candidate.radius_m <= 1.3 * 20_000 and candidate.why
        assert GEOD.inv(120.5, 41.5, candidate.lon, candidate.lat)[2] <= 20_001
