"""Shapefiles with parts missing, broken or out of step: what is there comes through, and the input is left alone."""

import struct
import tempfile
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from pipeline.errors import InputError
from pipeline.intake.formats.shapefile import read_shapefile
from pipeline.intake.reading import HowToRead
from tests.intake.formats.test_dbf import make_dbf

EN = HowToRead("en")
NO_SHX = "The .shx index is missing or broken; it was rebuilt on a copy, the file itself is untouched"
RECORD_BYTES = 8 + 128  # of a square: record header, then type, box, counts and five points


def write(folder, name="spots"):
    """Four unit squares in a row, numbered 1–4."""
    path = Path(folder) / f"{name}.shp"
    squares = gpd.GeoDataFrame({"NO": ["1", "2", "3", "4"]}, geometry=[box(i, 0, i + 1, 1) for i in range(4)], crs=4549)
    squares.to_file(path, encoding="UTF-8")
    return path


@pytest.fixture
def spots(tmp_path):
    return write(tmp_path)


def patch(path, at, data):
    content = bytearray(path.read_bytes())
    content[at : at + len(data)] = data
    path.write_bytes(bytes(content))


def test_a_whole_shapefile(spots):
    reading = read_shapefile(spots, EN)
    assert (reading.file, reading.sheet, reading.format, reading.crs) == ("spots.shp", None, "Shapefile", "EPSG:4549")
    assert (reading.columns, reading.encoding, reading.notes) == (("NO",), "utf-8", ())
    assert [(record.row, record.words, record.shape.bounds, record.fault) for record in reading.records] == [
        (i + 1, {"NO": str(i + 1)}, (i, 0, i + 1, 1), None) for i in range(4)
    ]


def test_chinese_in_gbk_without_cpg(spots):
    spots.with_suffix(".cpg").unlink()
    rows = [[f"采石场{i}".encode("gbk")] for i in range(4)]
    spots.with_suffix(".dbf").write_bytes(make_dbf([("名称".encode("gbk"), b"C", 20)], rows))
    reading = read_shapefile(spots, EN)
    assert [record.words for record in reading.records] == [{"名称": f"采石场{i}"} for i in range(4)]
    assert (reading.encoding, reading.encoding_why) == ("gb18030", "GB18030")


@pytest.mark.parametrize("broken", [None, b"", b"junk" * 50])
def test_the_index_is_rebuilt_and_nothing_written_beside_the_input(spots, broken):
    index = spots.with_suffix(".shx")
    index.unlink() if broken is None else index.write_bytes(broken)
    before = {path.name: path.read_bytes() for path in spots.parent.iterdir()}
    reading = read_shapefile(spots, EN)
    assert [record.shape.area for record in reading.records] == [1, 1, 1, 1]
    assert reading.notes == (NO_SHX,)
    assert {path.name: path.read_bytes() for path in spots.parent.iterdir()} == before
    assert pyogrio.get_gdal_config_option("SHAPE_RESTORE_SHX") is None


def test_without_dbf_and_prj_there_are_shapes_without_words(spots):
    spots.with_suffix(".dbf").unlink()
    spots.with_suffix(".prj").unlink()
    reading = read_shapefile(spots, EN)
    assert [record.words for record in reading.records] == [{}, {}, {}, {}]
    assert all(record.shape.area == 1 for record in reading.records)
    assert reading.crs is None
    assert reading.notes == (
        "No .prj: the CRS is not stated",
        "The .dbf is missing: shapes without attributes. Ask the provider for it.",
    )


@pytest.mark.parametrize("prj", [b"", b"CGCS2000", b"PROJCS[", b"\xff\xfe\x00"])
def test_a_broken_prj_is_no_crs(spots, prj):
    spots.with_suffix(".prj").write_bytes(prj)
    reading = read_shapefile(spots, EN)
    assert reading.crs is None
    assert reading.notes == ("The CRS the file states cannot be understood and is taken as not stated",)


def test_upper_case_parts_belong_together(spots):
    for part in list(spots.parent.iterdir()):
        part.rename(part.with_suffix(part.suffix.upper()))
    reading = read_shapefile(spots.with_suffix(".SHP"), EN)
    assert reading.crs == "EPSG:4549"
    assert [record.words["NO"] for record in reading.records] == ["1", "2", "3", "4"]


def test_parts_whose_names_differ_in_case_belong_together(spots):
    upper = spots.rename(spots.with_name("SPOTS.SHP"))
    reading = read_shapefile(upper, EN)
    assert (reading.crs, [record.words["NO"] for record in reading.records]) == ("EPSG:4549", ["1", "2", "3", "4"])


def test_a_part_of_another_shapefile_and_two_that_would_do_are_left(spots):
    upper = spots.with_name("SPOTS.SHP")
    upper.write_bytes(spots.read_bytes())
    if sum(part.suffix.lower() == ".shp" for part in spots.parent.iterdir()) < 2:
        pytest.skip("this disk knows no case")
    assert [record.words for record in read_shapefile(upper, EN).records] == [{}] * 4
    assert read_shapefile(spots, EN).records[0].words == {"NO": "1"}
    spots.rename(spots.with_name("Spots.dbf.bak"))
    spots.with_suffix(".dbf").rename(spots.with_name("Spots.dbf"))
    spots.with_name("sPots.dbf").write_bytes(spots.with_name("Spots.dbf").read_bytes())
    assert [record.words for record in read_shapefile(upper, EN).records] == [{}] * 4


def test_deleted_rows_take_their_shapes_with_them(spots):
    dbf = spots.with_suffix(".dbf")
    first, length = struct.unpack("<2H", dbf.read_bytes()[8:12])
    patch(dbf, first + length, b"*")
    reading = read_shapefile(spots, EN)
    assert [(record.row, record.words["NO"], record.shape.bounds[0]) for record in reading.records] == [
        (1, "1", 0),
        (3, "3", 2),
        (4, "4", 3),
    ]
    assert reading.notes == ("1 record(s) marked as deleted were skipped",)


@pytest.mark.parametrize("n", [3, 6])
def test_shapes_and_rows_that_differ_in_number(spots, n):
    spots.with_suffix(".dbf").write_bytes(make_dbf([(b"NO", b"C", 3)], [[str(i + 1).encode()] for i in range(n)]))
    reading = read_shapefile(spots, EN)
    assert len(reading.records) == max(4, n)
    assert [record.fault for record in reading.records[4:]] == ["E10 no geometry"] * (n - 4)
    assert [record.words for record in reading.records[:4]] == [{"NO": str(i)} for i in range(1, 4)] + [
        {"NO": "4"} if n > 3 else {}
    ]
    assert reading.notes == (
        f"4 shapes but {n} attribute rows: surplus shapes have no attributes, surplus rows no geometry",
    )


def test_one_broken_shape_does_not_lose_the_others(spots):
    second = 100 + RECORD_BYTES + 8
    patch(spots, second + 36, struct.pack("<i", 10**6))  # a million parts
    patch(
        spots, second + RECORD_BYTES + 48, struct.pack("<d", 2.5)
    )  # the third square's first corner: no longer closed
    records = read_shapefile(spots, EN).records
    assert [record.fault for record in records] == [None, "E10 no geometry", None, None]
    assert records[2].notes == ("an unclosed ring was closed",)
    assert records[1].words == {"NO": "2"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "looks like an empty file"), (b"PK\x03\x04" + bytes(200), "looks like a zip"), (b"<html></html>", "a web page"),
     (b"hello", "looks like plain text"), (bytes(500), "nothing but zeros")],
)  # fmt: skip
def test_what_is_no_shapefile_is_named(spots, data, sentence):
    spots.write_bytes(data)
    with pytest.raises(InputError, match=sentence):
        read_shapefile(spots, EN)


def test_a_cut_shapefile_is_refused(spots):
    spots.write_bytes(spots.read_bytes()[:300])
    with pytest.raises(InputError, match=r"is cut: it should have 644 bytes and has 300"):
        read_shapefile(spots, EN)


def test_measures_are_dropped_and_noted(tmp_path):
    points = [(0, 0), (0, 1), (1, 1), (0, 0)]
    body = struct.pack("<i4d3i", 25, 0, 0, 1, 1, 1, 4, 0) + b"".join(struct.pack("<2d", *point) for point in points)
    body += struct.pack("<6d", 0, 9, 1, 2, 3, 4)
    record = struct.pack(">2i", 1, len(body) // 2) + body
    head = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, (100 + len(record)) // 2) + struct.pack(
        "<2i8d", 1000, 25, *[0.0] * 8
    )
    (tmp_path / "m.shp").write_bytes(head + record)
    reading = read_shapefile(tmp_path / "m.shp", EN)
    assert reading.records[0].shape.area == 0.5
    assert "the geometries carry measures (M), which were dropped" in reading.notes


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    path = write(tmp_path_factory.mktemp("parts"))
    return {part.name: part.read_bytes() for part in path.parent.iterdir()}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 640), st.binary(min_size=1, max_size=60), st.sampled_from(["shp", "shx", "dbf", "prj", "cpg"]))
def test_any_damage_is_records_or_a_sentence(parts, at, junk, suffix):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spots.shp"
        for name, content in parts.items():
            path.with_name(name).write_bytes(content)
        patch(path.with_suffix(f".{suffix}"), min(at, len(parts[f"spots.{suffix}"])), junk)
        try:
            reading = read_shapefile(path, HowToRead("zh"))
        except InputError as error:
            assert "spots" in str(error)
        else:
            assert all((record.shape is None) == (record.fault is not None) for record in reading.records)
        assert {part.name for part in path.parent.iterdir()} == set(parts)
