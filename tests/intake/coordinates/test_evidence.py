"""What speaks for a shifted map: an address in a row, a title for the table, and no firm's name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.coordinates.evidence import map_evidence, shifted_readings
from pipeline.intake.coordinates.shifted import from_bd09, from_gcj02
from pipeline.intake.reading import Reading, Record


def table(*cells: str, titles: tuple[str, ...] = ("经度", "纬度", "说明"), shifted: str | None = None) -> Reading:
    records = [Record(k, None, {"经度": "120.45", "纬度": "41.57", "说明": cell}) for k, cell in enumerate(cells, 2)]
    return Reading("a.csv", None, "CSV", records, titles, shifted=shifted)


@pytest.mark.parametrize(
    "cell",
    ["https://uri.amap.com/marker?position=120.45,41.57", "见http://surl.amap.com/abc", "j.map.baidu.com/s/xyz", "HTTPS://MAP.QQ.COM/?a",
     "位置：https://ditu.amap.com:443/place/1"],
)  # fmt: skip
def test_an_address_of_a_shifted_map_speaks_for_its_row(cell):
    evidence = map_evidence(table("采石场", cell, "农田"), "en")
    assert evidence.rows == {1}
    assert evidence.note.startswith("rows with a link to ") and ": 1." in evidence.note


@pytest.mark.parametrize(
    "cell",
    [
        "紧邻高德置业公司",
        "百度地图上可见",
        "amap.com",
        "a@amap.com/x",
        "https://pan.baidu.com/s/1",
        "https://notamap.com/a",
    ],
)
def test_a_word_is_no_evidence(cell):
    assert map_evidence(table(cell), "zh") == (None, frozenset())


@pytest.mark.parametrize(
    "title", ["高德坐标", "百度经度", "gcj02_lng", "BD09纬度", "bd-09 x", "amap_lat", "火星坐标", "腾讯地图位置"]
)
def test_a_title_that_names_the_map_speaks_for_the_table(title):
    evidence = map_evidence(table("a", "b", titles=("编号", title)), "en")
    assert evidence.rows == {0, 1}
    assert title in evidence.note


@pytest.mark.parametrize("title", ["高德置业", "百度网盘", "说明", "经度", "基站数"])
def test_other_titles_are_no_evidence(title):
    assert map_evidence(table("a", titles=("编号", title)), "en").note is None


def test_what_the_reader_saw_speaks_for_all():
    assert map_evidence(table("a", "b", shifted="an ovkml"), "en") == ("an ovkml", {0, 1})


def test_readings_of_many_points_are_those_of_each():
    points = np.array([[120.45, 41.57], [120.5, 41.6], [-77.0, -12.0]])
    found = shifted_readings(points)
    assert [[label for label, *_ in readings] for readings in found] == [["GCJ-02", "BD-09"]] * 3
    for k, undo in enumerate((from_gcj02, from_bd09)):
        assert [readings[k][1:3] for readings in found] == [tuple(xy) for xy in undo(points).tolist()]
    assert shifted_readings(np.empty((0, 2))) == []


@given(st.text(), st.text())
def test_any_words_are_evidence_or_none(cell, title):
    evidence = map_evidence(table(cell, titles=(title,)), "zh")
    assert (evidence.note is None) == (not evidence.rows)
