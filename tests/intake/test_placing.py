"""Shapes and table rows placed: as declared, as the file says, as the values show – and never by guess."""

import time

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


LON_LAT = {"lon": "经度", "lat": "纬度"}
LINK = "https://uri.amap.com/marker?position=120.45,41.57"


def points(*rows: tuple[str, str, str], titles: tuple[str, ...] = ("经度", "纬度", "说明")) -> Reading:
    """A table of longitude, latitude and a third cell."""
    records = [Record(k, None, dict(zip(titles, row, strict=True))) for k, row in enumerate(rows, 2)]
    return Reading("a.csv", None, "CSV", records, titles)


def test_a_link_to_a_shifted_map_makes_its_row_doubtful_and_moves_nothing():
    table = points(("120.45", "41.57", LINK), ("120.45", "41.57", "紧邻高德置业公司"))
    placed = place_reading(table, source(columns=LON_LAT), AROUND, "en")
    assert "rows with a link to amap.com: 1." in placed.note
    linked, other = placed.records
    assert linked.record.shape == other.record.shape == shapely.Point(120.45, 41.57)
    assert (linked.confidence, [label for label, *_ in linked.readings]) == ("doubtful", ["GCJ-02", "BD-09"])
    assert (other.confidence, other.readings) == ("detected", ())
    assert linked.accuracy_m > 1000 > other.accuracy_m
    declared = place_reading(table, source(crs="EPSG:4490", columns=LON_LAT), AROUND, "en")
    assert declared.records[0].confidence == "declared" and "amap.com" in declared.note
    assert place_reading(table, source(crs="GCJ-02", columns=LON_LAT), AROUND, "en").note is None


def test_a_title_that_names_a_shifted_map_makes_the_table_doubtful():
    table = points(("120.45", "41.57", "a"), ("120.46", "41.57", "b"), titles=("高德经度", "高德纬度", "说明"))
    placed = place_reading(table, source(columns={"lon": "高德经度", "lat": "高德纬度"}), AROUND, "en")
    assert [one.confidence for one in placed.records] == ["doubtful"] * 2
    assert "高德经度, 高德纬度" in placed.note


def test_evidence_of_a_shifted_map_says_nothing_of_metres():
    placed = place_reading(points(("537532.83", "4603974.96", LINK)), source(columns=LON_LAT), AROUND, "en")
    assert (placed.records[0].confidence, placed.records[0].readings) == ("detected", ())
    assert "amap" not in placed.note


def test_readings_of_a_shifted_map_are_added_to_those_a_row_already_has():
    wide = make_around(shapely.box(120.2, 41.4, 120.9, 42.0), GEOGRAPHIC, 2000)
    row = ("120.4530", "41.5612")  # decimal degrees or 45′30″, 56′12″
    plain = place_reading(points((*row, "")), source(columns=LON_LAT), wide, "en").records[0]
    linked = place_reading(points((*row, LINK)), source(columns=LON_LAT), wide, "en").records[0]
    assert len(plain.readings) == 1
    assert linked.readings[:1] == plain.readings
    assert [label for label, *_ in linked.readings[1:]] == ["GCJ-02", "BD-09"]


def test_nine_thousand_doubtful_points_take_moments():
    many = Reading("a.ovkml", None, "KML", [Record(k, None, {}, shapely.Point(120.45, 41.57)) for k in range(9000)],
                   crs="EPSG:4326", shifted="ovkml")  # fmt: skip
    started = time.perf_counter()
    placed = place_reading(many, source(), AROUND, "en").records
    assert time.perf_counter() - started < 8  # point by point it was half a minute
    assert {len(one.readings) for one in placed} == {2}


def test_a_table_declared_in_another_zone_waits_and_the_front_page_says_why():
    table = points(*[("537532.83", "4603974.96", "")] * 3)
    placed = place_reading(table, source(crs="EPSG:4548", columns=LON_LAT), AROUND, "en")
    assert {one.record.fault for one in placed.records} == {f"E9 {placed.note}"}
    assert (placed.crs_used, [one.record.shape for one in placed.records]) == ("", [None] * 3)
    assert 'crs = "EPSG:4549"' in placed.note


def test_a_prefix_in_a_whole_table_is_read_and_told():
    table = points(*[("40537532.83", "4603974.96", "")] * 3)
    placed = place_reading(table, source(crs="EPSG:4549", columns=LON_LAT), AROUND, "en")
    assert placed.crs_used == "EPSG:4528"
    assert placed.note.startswith("3 of 3 rows") and "zone prefix" in placed.note


BOUND = (
    'PROJCS["a",GEOGCS["{0}",DATUM["{0}",SPHEROID["{1}],TOWGS84[0,0,0,0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",'
    '0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",'
    '120],PARAMETER["scale_factor",1],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]'
)


@pytest.mark.parametrize(
    ("datum", "spheroid"),
    [("Beijing_1954", 'Krassowsky 1940",6378245,298.3'), ("Xian_1980", 'IAG 1975",6378140,298.257'),
     ("D_Krasovsky_1940", 'Krasovsky_1940",6378245,298.3'), ("unknown", 'unnamed",6378245,298.3')],
)  # fmt: skip
def test_a_file_cannot_vouch_for_the_shift_of_an_old_datum(datum, spheroid):
    stated = BOUND.format(datum, spheroid)
    assert pyproj.CRS(stated).is_bound
    shape = as_crs(SQUARE, "EPSG:4549")
    for placed in (place_shapes(reading(shape, crs=stated), None, AROUND, "en"),
                   place_reading(reading(shape, crs=stated), source(), AROUND, "en")):  # fmt: skip
        assert placed.records[0].record.shape is None
        assert "survey-results office" in placed.records[0].record.fault


def test_a_shift_of_zero_on_wgs_84_is_the_crs_itself():
    stated = pyproj.CRS(32651).to_wkt("WKT1_GDAL")
    close = stated.index("]]", stated.index("SPHEROID[")) + 2
    shifted = f"{stated[:close]},TOWGS84[0,0,0,0,0,0,0]{stated[close:]}"
    assert pyproj.CRS(shifted).is_bound
    placed = place_shapes(reading(as_crs(SQUARE, "EPSG:32651"), crs=shifted), None, AROUND, "en")
    assert (placed.crs_used, placed.records[0].confidence) == ("EPSG:32651", "file")


def test_declared_parameters_beside_a_crs_in_the_file_are_used_without_a_word_of_them():
    text = "+proj=longlat +ellps=krass +towgs84=11.5,-22.5,33.5 +no_defs +type=crs"
    pipeline = "+proj=pipeline +step +proj=affine +xoff=0.0005"
    for declared in (text, pipeline):
        placed = place_shapes(reading(SQUARE, crs="EPSG:4214"), declared, AROUND, "en")
        assert (placed.crs_used, placed.note, placed.records[0].confidence) == ("EPSG:4326", None, "declared")


def test_a_crs_that_few_shapes_of_an_undeclared_file_fit_is_a_question():
    elsewhere = [shapely.Point(1000 + k, 2000) for k in range(3)]
    inside = [as_crs(shapely.Point(120.45, 41.55), "EPSG:4549")]
    placed = place_shapes(reading(*elsewhere, *inside), None, AROUND, "en")
    assert {one.record.fault for one in placed.records} == {f"E9 {placed.note}"}
    assert "25%" in placed.note and "EPSG:4549" in placed.note
    half = place_shapes(reading(*elsewhere[:1], *inside), None, AROUND, "en")
    assert (half.crs_used, half.records[1].confidence) == ("EPSG:4549", "detected")
