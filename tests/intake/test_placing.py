"""Shapes and table rows placed: as declared, as the file says, as the values show – and never by guess."""

import numpy as np
import pyproj
import pytest
import shapely

from pipeline.config import Source
from pipeline.geometry import to_crs
from pipeline.intake.coordinates.around import make_around
from pipeline.intake.placing import place_reading, place_shapes
from pipeline.intake.reading import Reading, Record

GEOGRAPHIC = pyproj.CRS("EPSG:4490")
HERE = shapely.box(120.40, 41.50, 120.50, 41.60)
AROUND = make_around(HERE, GEOGRAPHIC, 2000)
SQUARE = shapely.box(120.45, 41.55, 120.46, 41.56)


def as_crs(shape, name: str):
    return to_crs(np.array([shape], dtype=object), GEOGRAPHIC, pyproj.CRS(name))[0]


def reading(*shapes, crs: str | None = None, shifted: str | None = None) -> Reading:
    return Reading(
        "a.shp", None, "Shapefile", [Record(k + 1, None, {}, s) for k, s in enumerate(shapes)], crs=crs, shifted=shifted
    )


def source(**keys) -> Source:
    return Source(
        id="s", file="s.toml", path="a.csv", title="s", provider="", licence="", secrecy="public", received="2023-01-01",
        position_accuracy_m=5, kind="points", source_code="LD", **keys,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["EPSG:4490", "EPSG:4549", "EPSG:4528", "EPSG:3857"])
def test_a_file_without_crs_is_placed_where_only_one_fits(name):
    placed = place_shapes(reading(as_crs(SQUARE, name)), None, AROUND, "en")
    assert placed.crs_used == name
    assert placed.records[0].confidence == "detected"
    assert name in placed.note and "confirm" in placed.note


def test_what_the_file_says_is_used_and_what_is_declared_comes_first():
    shape = as_crs(SQUARE, "EPSG:4549")
    assert place_shapes(reading(shape, crs="EPSG:4549"), None, AROUND, "en").records[0].confidence == "file"
    placed = place_shapes(reading(shape, crs="EPSG:4548"), "EPSG:4549", AROUND, "en")
    assert (placed.crs_used, placed.records[0].confidence) == ("EPSG:4549", "declared")
    assert "EPSG:4549" in placed.note


def test_a_wrong_prj_is_told_with_the_crs_that_would_fit_and_nothing_is_moved():
    placed = place_shapes(reading(as_crs(SQUARE, "EPSG:4528"), crs="EPSG:4549"), None, AROUND, "en")
    assert placed.records[0].record.shape is None
    assert placed.records[0].record.fault.startswith("E9 under")
    assert "EPSG:4528" in placed.records[0].record.fault


def test_a_file_of_another_place_stays_as_declared():
    far = shapely.box(110, 30, 110.1, 30.1)
    placed = place_shapes(reading(far, crs="EPSG:4490"), None, AROUND, "en")
    assert placed.records[0].record.fault is None
    assert placed.crs_used == "EPSG:4490"


def test_swapped_axes_are_seen_row_by_row():
    swapped = shapely.transform(SQUARE, lambda xy: xy[:, ::-1])
    placed = place_shapes(reading(SQUARE, swapped, crs="EPSG:4490"), None, AROUND, "en")
    assert shapely.equals(placed.records[1].record.shape, SQUARE)
    assert [len(one.record.notes) for one in placed.records] == [0, 1]


@pytest.mark.parametrize("name", ["EPSG:4610", "EPSG:2385", "EPSG:4214", "EPSG:2437"])
def test_old_datums_are_refused_with_whom_to_ask(name):
    placed = place_shapes(reading(SQUARE, crs=name), None, AROUND, "en")
    assert placed.records[0].record.shape is None
    assert "survey-results office" in placed.records[0].record.fault


def test_parameters_a_user_gives_are_used_and_never_shown():
    text = "+proj=longlat +ellps=krass +towgs84=11.5,-22.5,33.5 +no_defs +type=crs"
    placed = place_shapes(reading(SQUARE), text, AROUND, "en")
    assert placed.crs_used == "EPSG:4326"
    assert 1e-6 < abs(placed.records[0].record.shape.bounds[0] - 120.45) < 1e-2
    assert "11.5" not in " ".join(placed.records[0].record.notes)


def test_a_declared_gcj02_source_is_brought_back():
    placed = place_shapes(reading(shapely.Point(120.45, 41.57)), "GCJ-02", AROUND, "en")
    point = placed.records[0].record.shape
    offset_m = pyproj.Geod(ellps="GRS80").inv(point.x, point.y, 120.45, 41.57)[2]
    assert offset_m == pytest.approx(538, abs=2)
    assert placed.crs_used == "EPSG:4326"


def test_a_file_that_may_be_gcj02_keeps_its_point_and_its_readings():
    point = shapely.Point(120.45, 41.57)
    placed = place_reading(reading(point, crs="EPSG:4326", shifted="ovkml"), source(), AROUND, "en").records[0]
    assert placed.record.shape == point
    assert placed.confidence == "doubtful"
    assert [label for label, *_ in placed.readings] == ["GCJ-02", "BD-09"]
    assert placed.accuracy_m > 1000
    sure = place_reading(
        reading(point, crs="EPSG:4326", shifted="ovkml"), source(crs="EPSG:4326"), AROUND, "en"
    ).records[0]
    assert (sure.confidence, sure.readings) == ("declared", ())


def test_table_rows_by_value_and_by_one_cell():
    rows = [{"位置": "东经120°27′ 北纬41°34′"}, {"位置": "41.57，120.45"}, {"位置": "看现场"}]
    table = Reading("a.csv", None, "CSV", [Record(k, None, words) for k, words in enumerate(rows, 2)], ("位置",))
    placed = place_reading(table, source(crs="EPSG:4490", columns={"position": "位置"}), AROUND, "en").records
    assert [round(p.record.shape.x, 2) for p in placed[:2]] == [120.45, 120.45]
    assert placed[0].accuracy_m > 500  # minutes only
    assert placed[2].record.fault.startswith("E9")


def test_northing_and_easting_titled_the_chinese_way():
    rows = [{"X坐标": "4603974.96", "Y坐标": "40537532.83"}, {"X坐标": "537532.83", "Y坐标": "4603974.96"}]
    table = Reading(
        "a.csv", None, "CSV", [Record(k, None, words) for k, words in enumerate(rows, 2)], ("X坐标", "Y坐标")
    )
    columns = {"x_north": "X坐标", "y_east": "Y坐标"}
    placed = place_reading(table, source(crs="EPSG:4549", columns=columns), AROUND, "en").records
    for one in placed:
        point = to_crs(np.array([one.record.shape], dtype=object), pyproj.CRS(one.crs), GEOGRAPHIC)[0]
        assert (round(point.x, 5), round(point.y, 5)) == (120.45, 41.57)
    assert [p.confidence for p in placed] == ["detected", "detected"]


def test_a_link_to_a_shifted_map_is_evidence_and_moves_nothing():
    rows = [{"经度": "120.45", "纬度": "41.57", "链接": "https://uri.amap.com/marker?position=120.45,41.57"}]
    table = Reading("a.csv", None, "CSV", [Record(2, None, rows[0])], ("经度", "纬度", "链接"))
    columns = {"lon": "经度", "lat": "纬度"}
    open_crs = place_reading(table, source(columns=columns), AROUND, "en")
    assert "amap.com" in open_crs.note
    assert open_crs.records[0].confidence == "doubtful"
    assert open_crs.records[0].record.shape == shapely.Point(120.45, 41.57)
    declared = place_reading(table, source(crs="EPSG:4490", columns=columns), AROUND, "en")
    assert declared.records[0].confidence == "declared" and "amap.com" in declared.note
    assert place_reading(table, source(crs="GCJ-02", columns=columns), AROUND, "en").note is None
