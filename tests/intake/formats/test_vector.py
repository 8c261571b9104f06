"""Vector files of every format: layers found, numbers exact, curves linear, text readable, the input left alone."""

import json
import sqlite3
import struct
import warnings

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from pipeline.errors import InputError
from pipeline.intake.formats.gdal_layers import column_texts
from pipeline.intake.formats.signature import looks_like
from pipeline.intake.formats.vector import read_vector
from pipeline.intake.reading import HowToRead

EN = HowToRead("en")
LONG_ID = 211302000000123457  # beyond 2**53


@pytest.fixture
def squares():
    ids = pd.array([LONG_ID, None], dtype="Int64")
    columns = {
        "编号": ids,
        "面积": [4.0, 0.5],
        "名称": ["采石场", None],
        "时间": pd.to_datetime(["2021-05-03", "2021-05-04"]),
    }
    return gpd.GeoDataFrame(columns, geometry=[box(0, 0, 2, 2), box(2, 0, 4, 2)], crs=4490)


def edit(path, statement, *values):
    """One statement on a GeoPackage, whose triggers would need functions only GDAL has."""
    with sqlite3.connect(path) as connection:
        for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f'drop trigger "{name}"')
        connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize(
    ("name", "format_", "sheet"),
    [
        ("a.gpkg", "GeoPackage", "spots"),
        ("a.GPKG", "GeoPackage", "spots"),
        ("a.gdb", "File Geodatabase", "spots"),
        ("a.fgb", "FlatGeobuf", None),
    ],
)
def test_formats_written_by_gdal(tmp_path, squares, name, format_, sheet):
    driver = {"GeoPackage": "GPKG", "File Geodatabase": "OpenFileGDB"}.get(format_, format_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the float that GDAL makes of a long number in a geodatabase
        pyogrio.write_dataframe(squares, tmp_path / name.lower(), layer=sheet, driver=driver)
    (tmp_path / name.lower()).rename(tmp_path / name)
    reading = read_vector(tmp_path / name, EN)
    assert (reading.file, reading.format, reading.sheet, reading.crs) == (name, format_, sheet, "EPSG:4490")
    assert reading.columns == ("编号", "面积", "名称", "时间")
    by_area = {record.words["面积"]: record for record in reading.records}
    assert sorted(record.row for record in reading.records) == [1, 2]
    assert {record.sheet for record in reading.records} == {sheet}
    assert [by_area[area].shape.bounds for area in ("4", "0.5")] == [(0, 0, 2, 2), (2, 0, 4, 2)]
    assert by_area["4"].words["名称"] == "采石场"
    assert by_area["4"].words["时间"] == "2021-05-03"
    assert set(by_area["0.5"].words) == {"面积", "时间"}
    if format_ == "File Geodatabase":  # has no whole numbers of that length, so they came as floats
        assert reading.notes == (
            "Column “编号”: 1 long number(s) are stored as floats and have lost their last digits; ask for them as text",
        )
    else:
        assert by_area["4"].words["编号"] == str(LONG_ID)
        assert reading.notes == ()


def test_geoparquet(tmp_path, squares):
    for encoding in ("WKB", "geoarrow"):
        squares.assign(photo=b"\xff\xd8").to_parquet(tmp_path / "a.parquet", geometry_encoding=encoding)
        reading = read_vector(tmp_path / "a.parquet", EN)
        assert reading.records[0].words == {"编号": str(LONG_ID), "面积": "4", "名称": "采石场", "时间": "2021-05-03"}
        assert [record.shape.area for record in reading.records] == [4, 4]
        assert (reading.crs, reading.notes) == (
            "EPSG:4490",
            ("Column “photo” holds neither text nor numbers and was not read",),
        )
    pa.parquet.write_table(pa.table({"a": [1]}), tmp_path / "plain.parquet")
    with pytest.raises(InputError, match="no GeoParquet metadata"):
        read_vector(tmp_path / "plain.parquet", EN)


@pytest.mark.parametrize("charset", [b"Neutral", b"WindowsSimpChinese"])
def test_mapinfo_with_names_in_gbk(tmp_path, charset):
    path = tmp_path / "a.tab"
    frame = gpd.GeoDataFrame({"NAME": ["采石场"]}, geometry=[box(0, 0, 2, 2)], crs=4326)
    pyogrio.write_dataframe(frame, path, driver="MapInfo File", encoding="cp936")
    path.write_bytes(path.read_bytes().replace(b"Neutral", charset).replace(b"NAME", "名称".encode("gbk")))
    reading = read_vector(path, EN)
    assert reading.columns == ("名称",)
    assert reading.records[0].words == {"名称": "采石场"}
    assert reading.records[0].shape.area == pytest.approx(4)


def test_geojson(tmp_path):
    features = [
        {"type": "Feature", "properties": {"no": n, "x": [1]}, "geometry": None} for n in (LONG_ID, 1.0, 2.5, True)
    ]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (tmp_path / "a.ndjson").write_text("\n".join(map(json.dumps, features)))
    for name, format_ in (("a.geojson", "GeoJSON"), ("a.ndjson", "GeoJSONSeq")):
        reading = read_vector(tmp_path / name, EN)
        assert (reading.format, reading.crs, reading.encoding, reading.columns) == (
            format_,
            "EPSG:4326",
            "utf-8",
            ("no", "x"),
        )
        assert [record.words["no"] for record in reading.records] == [str(LONG_ID), "1", "2.5", "true"]
        assert {record.words["x"] for record in reading.records} == {"[1]"}
        assert {record.fault for record in reading.records} == {"E10 no geometry"}


def test_the_json_of_esri_is_read_too(tmp_path):
    rings = [[[0, 0], [0, 2], [2, 2], [2, 0], [0, 0]]]
    document = {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 4490},
        "fields": [{"name": "A", "type": "esriFieldTypeString"}],
        "features": [{"attributes": {"A": "采石场"}, "geometry": {"rings": rings}}],
    }
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")
    reading = read_vector(tmp_path / "a.json", EN)
    assert (reading.records[0].words, reading.records[0].shape.area, reading.crs) == ({"A": "采石场"}, 4, "EPSG:4490")


def test_gpx_points_routes_and_tracks(tmp_path):
    ring = [(41, 120), (42, 120), (42, 121), (41, 120)]
    points = "".join(f'<rtept lat="{lat}" lon="{lon}"/>' for lat, lon in ring)
    (tmp_path / "a.gpx").write_text(
        '<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="41" lon="120"><name>点</name></wpt>'
        f'<rte><name>r</name>{points}</rte><trk><trkseg><trkpt lat="1" lon="1"/><trkpt lat="2" lon="2"/></trkseg></trk></gpx>',
        encoding="utf-8",
    )
    reading = read_vector(tmp_path / "a.gpx", EN)
    assert reading.crs == "EPSG:4326"
    assert [(record.sheet, record.row, record.shape and record.shape.geom_type) for record in reading.records] == [
        ("waypoints", 1, "Point"),
        ("routes", 1, "Polygon"),
        ("tracks", 1, None),
    ]
    assert reading.records[0].words == {"name": "点"}
    assert len(read_vector(tmp_path / "a.gpx", HowToRead("en", layer="routes")).records) == 1


DXF = """0\nSECTION\n2\nHEADER\n9\n$ACADVER\n1\n{version}\n9\n$DWGCODEPAGE\n3\nANSI_936\n0\nENDSEC\n0\nSECTION\n2\nENTITIES
0\nLWPOLYLINE\n8\n图斑\n90\n3\n70\n1\n10\n0\n20\n0\n10\n10\n20\n0\n10\n10\n20\n10\n0\nLINE\n8\n0\n10\n0\n20\n0\n11\n5\n21\n5
0\nTEXT\n8\n0\n10\n3\n20\n3\n40\n1\n1\n采石场\n0\nPOINT\n8\n0\n10\n3\n20\n3\n0\nENDSEC\n0\nEOF\n"""


@pytest.mark.parametrize(("version", "codec"), [("AC1015", "gbk"), ("AC1021", "utf-8")])  # both with the same code page
def test_drawings(tmp_path, version, codec):
    path = tmp_path / "a.dxf"
    path.write_text(DXF.format(version=version), encoding=codec)
    reading = read_vector(path, EN)
    assert (reading.crs, reading.notes) == (None, ("The file states no CRS",))
    area, line, label, point = reading.records
    assert (area.words["Layer"], area.shape.area, area.notes) == ("图斑", 50, ("1 closed line(s) taken as areas",))
    assert line.fault == "E10 the geometry is a LineString, neither polygon nor point"
    assert (label.words["Text"], label.fault) == ("采石场", "E10 a text label of the drawing, not a place")
    assert point.shape == Point(3, 3)
    path.write_text(DXF.format(version=version)[:-60], encoding=codec)
    with pytest.raises(InputError, match="the drawing is cut"):
        read_vector(path, EN)


def test_which_layer(tmp_path, squares):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(squares, path, layer="面")
    pyogrio.write_dataframe(squares.set_geometry([Point(1, 1), Point(3, 1)], crs=4490), path, layer="点")
    pyogrio.write_dataframe(pd.DataFrame({"k": [1]}), path, layer="表")
    reading = read_vector(path, EN)
    assert (reading.sheet, reading.notes) == ("面", ("Of several layers “面” was read; the others: 点、表",))
    assert read_vector(path, HowToRead("en", layer="点")).records[1].shape == Point(3, 1)
    table = read_vector(path, HowToRead("en", layer="表"))
    assert [(record.words, record.shape, record.fault) for record in table.records] == [({"k": "1"}, None, None)]
    assert table.notes == ("The layer has no geometry column, only attributes", "The file states no CRS")
    with pytest.raises(InputError, match=r"has no layer “线”; it has: 面 \(2\)、点 \(2\)、表 \(1\)"):
        read_vector(path, HowToRead("en", layer="线"))
    pyogrio.write_dataframe(squares, path, layer="面2")
    with pytest.raises(InputError, match=r'several layers: 面 \(2\).*layer = "…"'):
        read_vector(path, EN)


def test_curves_heights_and_broken_shapes_in_one_layer(tmp_path, squares):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(pd.concat([squares, squares]), path, layer="a", dataset_options={"VERSION": "1.3"})
    circle = struct.pack("<BII", 1, 10, 1) + struct.pack("<BII", 1, 8, 3) + struct.pack("<6d", 0, 0, 2, 0, 0, 0)
    measured = shapely.to_wkb(shapely.from_wkt("POLYGON M ((0 0 1, 2 0 1, 2 2 1, 0 0 1))"), flavor="iso")
    for fid, wkb in ((1, circle), (2, circle[:30]), (3, measured)):
        edit(path, "update a set geom = ? where fid = ?", b"GP\x00\x01" + struct.pack("<i", 4490) + wkb, fid)
    records = read_vector(path, EN).records
    assert records[0].shape.area == pytest.approx(3.1416, rel=0.002)
    assert records[0].notes == ("curves were replaced by short straight lines",)
    assert records[1].fault.startswith("E10")
    assert (records[2].shape.area, records[2].notes) == (2, ("heights (Z/M) were dropped",))
    assert (records[3].shape.area, records[3].notes) == (4, ())


def test_text_that_is_not_utf8_where_it_must_be(tmp_path, squares):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(squares, path, layer="a")
    edit(path, "update a set 名称 = cast(? as text) where fid = 2", "孙家湾镇".encode("gbk"))
    reading = read_vector(path, EN)
    assert [record.words["名称"] for record in reading.records] == ["采石场", "孙家湾镇"]
    assert reading.notes == ("1 text(s) are not UTF-8 and were read as gb18030",)


def test_a_write_ahead_log_is_read_and_left_alone(tmp_path, squares):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(squares, path, layer="a")
    edit(path, "select 1")
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode = wal")
    connection.execute("update a set 名称 = '新' where fid = 1")
    connection.commit()
    before = {name: (tmp_path / name).read_bytes() for name in ("a.gpkg", "a.gpkg-wal")}
    assert read_vector(path, EN).records[0].words["名称"] == "新"
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    connection.close()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [("a.gpkg", b"hello", "no GeoPackage file: it looks like plain text"), ("a.geojson", b"<html>404</html>", "a web page"),
     ("a.geojson", b'{"a": 1}', "no GeoJSON file: it looks like a JSON file"), ("a.fgb", b"", "an empty file"),
     ("a.dxf", b"AC1027" + bytes(100), "drawing is cut"), ("a.gpkg", b"SQLite format 3\0" + bytes(200), "read as GeoPackage"),
     ("a.gpx", b"<gpx><wpt", "cannot be read as GPX"), ("a.parquet", b"PAR1", "cannot be read as GeoParquet"),
     ("a.gdb", b"x", "cannot be read as File Geodatabase"), ("a.doc", b"x", "no vector format"),
     ("a.geojson", bytes(99), "nothing but zeros")],
)  # fmt: skip
def test_what_is_something_else(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read_vector(tmp_path / name, EN)


def test_what_files_look_like():
    heads = {b"PK\x03\x04x": "zip", b"\xd0\xcf\x11\xe0": "old_office", b"  <!DOCTYPE html>": "html", b"\xef\xbb\xbf<kml>": "xml",
             b"\xff\xd8\xff\xe0": "picture", b"\x01\x02": "unknown", "名称,面积".encode("gbk"): "text"}  # fmt: skip
    assert {head: looks_like(head) for head in heads} == heads


def test_values_as_text():
    notes = []
    values = [
        None,
        float("nan"),
        3.0,
        2.5,
        1e17,
        float("inf"),
        b" \xe9\x87\x87 ",
        pd.Timestamp("2021-05-03 10:30"),
        pd.NaT,
        False,
    ]
    texts = column_texts({"a": values}, "en", None, notes)
    assert texts["a"] == ["", "", "3", "2.5", "1e+17", "inf", "采", "2021-05-03T10:30:00", "", "false"]
    assert len(notes) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=60),
    st.sampled_from(["a.gpkg", "a.fgb", "a.gpx", "a.dxf", "a.tab", "a.parquet", "a.json"]),
    st.booleans(),
)
def test_any_bytes_are_a_reading_or_a_sentence(tmp_path, junk, name, has_magic):
    magic = {"a.gpkg": b"SQLite format 3\0", "a.fgb": b"fgb\x03fgb\x01", "a.gpx": b"<gpx>", "a.dxf": b"0\nEOF\n", "a.tab": b"!table\n",
             "a.parquet": b"PAR1", "a.json": b"{"}[name]  # fmt: skip
    (tmp_path / name).write_bytes(magic * has_magic + junk)
    try:
        reading = read_vector(tmp_path / name, HowToRead("zh"))
    except InputError as error:
        assert name in str(error)
    else:
        assert all(record.shape is None or record.fault is None for record in reading.records)
