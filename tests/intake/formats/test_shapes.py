"""Shapes as drivers give them: what is usable, what was done to it, why the rest is not."""

import struct

import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj.exceptions import CRSError
from shapely import from_wkt
from shapely.geometry import box

from pipeline.intake.formats.shapes import crs_name, read_all_wkb, read_wkb, usable, wkb_type


def polygon_wkb(points):
    return struct.pack("<BIII", 1, 3, 1, len(points)) + b"".join(struct.pack("<2d", *point) for point in points)


def test_a_polygon_is_left_as_it_is():
    assert usable(box(0, 0, 1, 1), "en") == (box(0, 0, 1, 1), None, (), None)


@pytest.mark.parametrize(
    ("wkt", "fault"),
    [(None, "E10 no geometry"), ("POLYGON EMPTY", "E10 empty geometry"), ("POINT (NaN 1)", "E10 coordinates are not finite numbers"),
     ("LINESTRING (0 0, 1 1)", "E10 the geometry is a LineString, neither polygon nor point"),
     ("GEOMETRYCOLLECTION (LINESTRING (0 0, 1 1))", "E10 the geometry is a GeometryCollection, neither polygon nor point")],
)  # fmt: skip
def test_what_cannot_be_used(wkt, fault):
    shaped = usable(None if wkt is None else from_wkt(wkt), "en")
    assert (shaped.shape, shaped.fault) == (None, fault)


def test_heights_and_measures_are_dropped_and_noted():
    for wkt in ("POLYGON Z ((0 0 5, 1 0 5, 1 1 5, 0 0 5))", "POINT M (1 2 3)", "POINT ZM (1 2 3 4)"):
        shape, fault, notes, _ = usable(from_wkt(wkt), "en")
        assert fault is None
        assert not shape.has_z and not shape.has_m
        assert notes == ("heights (Z/M) were dropped",)


def test_a_line_that_closes_is_an_area_and_one_inside_it_a_hole():
    square = "(0 0, 10 0, 10 10, 0 10, 0 0)"
    assert usable(from_wkt(f"LINESTRING {square}"), "en").shape.area == 100
    holed = usable(from_wkt(f"MULTILINESTRING ({square}, (1 1, 2 1, 2 2, 1 2, 1 1), (20 20, 30 30))"), "en")
    assert holed.shape.area == 99
    assert holed.notes == ("2 closed line(s) taken as areas", "1 open line(s) not used")


def test_crossing_lines_are_each_an_area():
    shape = usable(from_wkt("MULTILINESTRING ((0 0, 2 0, 2 2, 0 2, 0 0), (1 1, 3 1, 3 3, 1 3, 1 1))"), "en").shape
    assert [part.area for part in shape.geoms] == [4, 4]


def test_a_collection_keeps_its_polygons_and_points():
    nested = from_wkt(
        "GEOMETRYCOLLECTION (POINT (9 9), GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)), POINT EMPTY))"
    )
    shape = usable(nested, "en").shape
    assert sorted(part.geom_type for part in shape.geoms) == ["Point", "Polygon"]


def test_an_unclosed_ring_is_closed_and_noted():
    shape, fault, notes, _ = read_wkb(polygon_wkb([(0, 0), (2, 0), (2, 2)]), "en")
    assert (shape.area, fault, notes) == (2, None, ("an unclosed ring was closed",))


def test_a_surface_shapely_does_not_know_is_named():
    tin = struct.pack("<BII", 1, 16, 0)
    assert read_wkb(tin, "en").fault == "E10 the geometry is a TIN, neither polygon nor point"
    assert (wkb_type(tin), wkb_type(shapely.to_wkb(from_wkt("POINT Z (1 2 3)"))), wkb_type(b"")) == (16, 1, 0)


def test_reading_many_is_reading_each():
    raws = [polygon_wkb([(0, 0), (2, 0), (2, 2), (0, 0)]), polygon_wkb([(0, 0), (2, 0), (2, 2)]), None, b"junk",
            shapely.to_wkb(from_wkt("POINT Z (1 2 3)")), shapely.to_wkb(from_wkt("POINT (NaN 1)")),
            shapely.to_wkb(from_wkt("POLYGON EMPTY"))]  # fmt: skip
    assert read_all_wkb(raws, "en") == [read_wkb(raw, "en") for raw in raws]
    assert [shaped.fault is None for shaped in read_all_wkb(raws, "zh")] == [
        True,
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert read_all_wkb([], "en") == []


@pytest.mark.parametrize(
    ("stated", "name"),
    [(pyproj.CRS(4549).to_wkt("WKT1_ESRI"), "EPSG:4549"), (pyproj.CRS(4528).to_wkt("WKT1_GDAL"), "EPSG:4528"),
     ("OGC:CRS84", "EPSG:4326"), ("EPSG:4979", "EPSG:4326"), ("EPSG:4490+5737", "EPSG:4490"), ("urn:ogc:def:crs:EPSG::2385", "EPSG:2385")],
)  # fmt: skip
def test_names_of_crs(stated, name):
    assert crs_name(stated) == name


def test_a_crs_of_other_parameters_is_not_taken_for_one_of_the_list():
    esri, gdal = (pyproj.CRS(4549).to_wkt(version) for version in ("WKT1_ESRI", "WKT1_GDAL"))
    for own in (esri.replace("120.0", "120.5"), gdal.replace('"central_meridian",120', '"central_meridian",120.5')):
        assert crs_name(own).startswith("PROJCRS")
        assert "120.5" in crs_name(own)


@pytest.mark.parametrize("stated", ["CGCS2000", "", "PROJCS[", "EPSG:1", "{}", "北京54"])
def test_what_is_no_crs(stated):
    with pytest.raises(CRSError):
        crs_name(stated)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_shape_or_a_reason(raw):
    for shaped in (read_wkb(raw, "zh"), *read_all_wkb([raw, None], "zh")):
        assert (shaped.shape is None) == (shaped.fault is not None)


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=6))
def test_any_ring_is_a_shape_or_a_reason(points):
    shaped = read_wkb(polygon_wkb(points), "en")
    assert (shaped.shape is None) == (shaped.fault is not None)
    if shaped.shape is not None:
        assert shaped.shape.geom_type == "Polygon"
