"""Places in words: what is named is found, with its circle; what is not named is not; doubt is several candidates."""

import contextlib
import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from pipeline.errors import InputError
from pipeline.intake.words.gazetteer import Gazetteer, NamedPlace, find_places, read_gazetteer

DATA = Path(__file__).parents[3] / "data"
INVENTED = DATA / "shuangta_demo" / "gazetteer_invented.csv"
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


@pytest.mark.parametrize(
    ("words", "azimuth_deg", "distance_m"),
    [("东500米", 90, 500), ("村东约500米处", 90, 500), ("东侧一公里", 90, 1000), ("以北2里", 0, 1000), ("西南方向 300 m", 225, 300),
     ("北一里半", 0, 750), ("往南三四百米", 180, 350), ("东北300-500米", 45, 400), ("西两千三百米", 270, 2300), ("西一百五米", 270, 150),
     ("正南１．５公里", 180, 1500), ("东侧半里", 90, 250), ("北1,500米", 0, 1500), ("西北5KM", 315, 5000)],
)  # fmt: skip
def test_directions_and_distances_move_the_circle(words, azimuth_deg, distance_m):
    found = best("清溪村" + words)
    azimuth, _, distance = GEOD.inv(120.5, 41.5, found.lon, found.lat)
    assert distance == pytest.approx(distance_m, abs=1)
    assert (azimuth - azimuth_deg + 180) % 360 - 180 == pytest.approx(0, abs=0.1)
    assert found.radius_m == max(300, 0.3 * distance_m)  # 300 m is a fifth of a village's circle


def test_direction_without_a_distance():
    found = best("清溪村东侧采石")
    assert GEOD.inv(120.5, 41.5, found.lon, found.lat)[2] == pytest.approx(750, abs=1)
    assert found.radius_m == pytest.approx(1050)
    assert best("清溪村北几百米").radius_m == pytest.approx(1050)


@pytest.mark.parametrize(
    ("words", "radius_m"),
    [("附近", 1500), ("村口", 750), ("内", 750), ("西瓜地", 1500), ("300米河道", 1500), ("东99999公里", 1500), ("2公里处", 2600),
     ("东岗子组", 1500), ("与北京路", 1500)],
)  # fmt: skip
def test_words_that_do_not_move_it(words, radius_m):
    found = best("清溪村" + words)
    assert (found.lon, found.lat, found.radius_m) == (120.5, 41.5, radius_m)


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


def test_reading_leaves_bad_rows_out_and_tells(tmp_path):
    path = tmp_path / "g.csv"
    rows = "name,kind,town,lon,lat,aliases\n甲村,village,某镇,120.5,41.5,甲|乙村\n,village,某镇,120.5,41.5,\n丙村,hill,某镇,某,95,\n"
    path.write_bytes(rows.encode("gb18030"))
    gazetteer = read_gazetteer(path)
    assert gazetteer.places == (NamedPlace(("甲村", "甲", "乙村"), "village", "某镇", 120.5, 41.5),)
    assert gazetteer.faults == ("g.csv 第 3 行未使用，请核对列：name", "g.csv 第 4 行未使用，请核对列：kind, lon, lat")
    path.write_text("name,kind\n甲村,village\n", encoding="utf-8")
    with pytest.raises(InputError, match="lon"):
        read_gazetteer(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_gazetteer_or_an_input_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"name,kind,town,lon,lat,aliases\n" + data)
    with contextlib.suppress(InputError):
        assert all(-90 <= place.lat <= 90 for place in read_gazetteer(path).places)


def test_the_invented_gazetteer_lies_in_its_townships_and_is_made_anew_byte_for_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(DATA)])
    from shuangta_maker.ground import Ground
    from shuangta_maker.villages import write_gazetteer

    write_gazetteer(tmp_path / "g.csv", Ground(DATA / "shuangta_demo" / "real"))
    assert (tmp_path / "g.csv").read_bytes() == INVENTED.read_bytes()
    gazetteer = read_gazetteer(INVENTED)
    areas = gpd.read_file(DATA / "shuangta_demo" / "layers" / "townships_invented.gpkg").set_index("XZQMC").geometry
    assert gazetteer.faults == () and len(gazetteer.places) > 55
    assert all(areas[p.town].contains(shapely.Point(p.lon, p.lat)) for p in gazetteer.places)


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
