"""Geometry that is invalid, empty, null, infinite, folded, curved, drawn as lines, or drawn a hundred thousand times."""

# ruff: noqa: E501  (a case is one line)

import json
import math
from typing import Any

import shapely

from tests.bad_input.case import (
    ANYWHERE,
    Case,
    Write,
    collection,
    feature,
    frame,
    geojson,
    outline,
    renamed,
    rings_json,
    shape_json,
    spoilt,
    spot,
    square,
    text_file,
    vector,
    with_bad,
)

GOOD, ALL = ("1", "3"), ("1", "2", "3")
CX, CY = spot(2)


def ring(*corners: tuple[float, float]) -> list[list[float]]:
    """Corners in metres from record 2's place."""
    return [[CX + x, CY + y] for x, y in corners]


def bent(*rings: list[list[float]]) -> dict:
    return rings_json(*rings)


BOX = ring((-25, -25), (25, -25), (25, 25), (-25, 25), (-25, -25))
HOLE = ring((-5, -5), (-5, 5), (5, 5), (5, -5), (-5, -5))
FAR_HOLE = ring((60, 60), (60, 70), (70, 70), (70, 60), (60, 60))
NAN, HUGE = float("nan"), 1e308


def circle(n: int) -> dict:
    """A circle of 30 m radius with `n` corners."""
    turns = [2 * math.pi * k / n for k in range(n)]
    corners = ring(*((30 * math.cos(turn), 30 * math.sin(turn)) for turn in turns))
    return bent([*corners, corners[0]])


def layers(other: Any = None) -> Write:
    """A GeoPackage of a layer `first` with square 1 and a layer `second` with square 2 or another shape."""
    second = frame([2], [square(2) if other is None else other])
    return spoilt(
        vector("areas.gpkg", frame([1], [square(1)]), layer="first"),
        lambda path: second.to_file(path, layer="second", mode="a"),
    )


WRONG = [
    Case("null geometry", with_bad(None), GOOD, ("E10 没有图形",)),
    Case("empty polygon", with_bad({"type": "Polygon", "coordinates": []}), GOOD, ("E10 图形为空",)),
    Case("empty multipolygon", with_bad({"type": "MultiPolygon", "coordinates": []}), GOOD, ("E10 图形为空",)),
    Case("empty point", with_bad({"type": "Point", "coordinates": []}), GOOD, ("E10 图形为空",)),
    Case("empty collection", with_bad({"type": "GeometryCollection", "geometries": []}), GOOD, ("E10 图形为空",)),
    Case("ring of no corners", with_bad(bent([])), GOOD, ("E10",)),
    Case("ring of one corner", with_bad(bent(BOX[:1])), GOOD, ("E10",)),
    Case("ring of two corners", with_bad(bent(BOX[:2])), GOOD, ("E10",)),
    Case("ring of one corner four times", with_bad(bent([BOX[0]] * 4)), GOOD, ("E10 修复后没有面积",)),
    Case("zero area", with_bad(bent(ring((0, 0), (50, 0), (100, 0), (0, 0)))), GOOD, ("E10 修复后没有面积",)),
    Case("there and back", with_bad(bent(ring((0, 0), (50, 50), (0, 0), (50, 50), (0, 0)))), GOOD, ("E10 修复后没有面积",)),
    Case("unknown type", with_bad({"type": "Blob", "coordinates": BOX}), GOOD, ("E10 图形数据损坏",)),
    Case("no coordinates", with_bad({"type": "Polygon"}), GOOD, ("E10 图形数据损坏",)),
    Case("coordinates are words", with_bad(bent([["a", "b"]] * 4)), GOOD, ("E10 图形数据损坏",)),
    Case("coordinates are null", with_bad({"type": "Polygon", "coordinates": None}), GOOD, ("E10",)),
    Case("one number a corner", with_bad(bent([[CX]] * 4)), GOOD, ("E10 图形数据损坏",)),
    Case("nested too deep", with_bad({"type": "Polygon", "coordinates": [[BOX]]}), GOOD, ("E10 图形数据损坏",)),
    Case("geometry is a word", with_bad("POLYGON ((0 0, 1 0, 1 1, 0 0))"), GOOD, ("E10 图形数据损坏",)),
    Case("geometry is a list", with_bad([1, 2]), GOOD, ("E10 图形数据损坏",)),
    Case("geometry is a number", with_bad(7), GOOD, ("E10 图形数据损坏",)),
    Case("not a number", with_bad(bent([*BOX[:2], [NAN, CY], *BOX[3:]])), GOOD, ("E10 图形数据损坏",)),
    Case("infinite", with_bad(bent([*BOX[:2], [math.inf, CY], *BOX[3:]])), GOOD, ("E10 图形数据损坏",)),
    Case("1e308", with_bad(bent([[x * 0 + HUGE, y] if x > CX else [x, y] for x, y in BOX])), GOOD, ("E9 坐标值过大",)),
    Case("all corners 1e308", with_bad(bent([[HUGE, HUGE], [-HUGE, HUGE], [-HUGE, -HUGE], [HUGE, HUGE]])), GOOD, ("E9",)),
    Case("1e400, more than a number holds", with_bad(bent([[1e308 * 10, CY], *BOX[1:4], [1e308 * 10, CY]])), GOOD, ("E10 图形数据损坏",)),
    Case("off the earth", with_bad(bent([[x + 1e9, y] for x, y in BOX])), GOOD, ("E9 坐标值过大",)),
    Case("on another continent", with_bad(bent([[x, y - 3e6] for x, y in BOX])), GOOD, ("E1 中心在辖区外",)),
    Case("at zero, zero", with_bad(bent([[0, 0], [50, 0], [50, 50], [0, 0]])), GOOD, ("E1 中心在辖区外",)),
    Case("point at zero, zero", with_bad({"type": "Point", "coordinates": [0, 0]}), GOOD, ("E1 中心在辖区外",)),
    Case("open line", with_bad({"type": "LineString", "coordinates": BOX[:3]}), GOOD, ("E10 图形类型为 LineString",)),
    Case("lines", with_bad({"type": "MultiLineString", "coordinates": [BOX[:2], BOX[2:4]]}), GOOD, ("E10 图形类型为 MultiLineString",)),
    Case("line of one point", with_bad({"type": "LineString", "coordinates": BOX[:1]}), GOOD, ("E10",)),
    Case("collection of lines", with_bad({"type": "GeometryCollection", "geometries": [{"type": "LineString", "coordinates": BOX[:3]}]}), GOOD, ("E10 图形类型为 GeometryCollection",)),
    Case("all records broken", geojson([feature(k, None) for k in (1, 2, 3)]), (), ("E10 没有图形",) * 3),
]  # fmt: skip
MENDED = [
    Case("bow-tie", with_bad(bent(ring((-25, -25), (25, 25), (25, -25), (-25, 25), (-25, -25)))), ALL, notes=("make_valid(structure): Self-intersection",)),
    Case("unclosed ring", with_bad(bent(BOX[:4])), ALL, notes=("多边形未闭合，已闭合",)),
    Case("unclosed hole", with_bad(bent(BOX, HOLE[:4])), ALL, notes=("多边形未闭合，已闭合",)),
    Case("duplicate ring", with_bad(bent(BOX, BOX)), GOOD, ("E10",)),
    Case("same polygon twice", with_bad({"type": "MultiPolygon", "coordinates": [[BOX], [BOX]]}), ALL, notes=("make_valid",)),
    Case("duplicate corners", with_bad(bent([corner for corner in BOX for _ in range(3)])), ALL),
    Case("spike", with_bad(bent([*BOX[:2], [CX + 900, CY], BOX[1], *BOX[2:]])), ALL, notes=("make_valid",)),
    Case("hole outside", with_bad(bent(BOX, FAR_HOLE)), ALL, notes=("Hole lies outside shell",), off_m=100),
    Case("hole larger than its shell", with_bad(bent(HOLE, BOX)), GOOD, ("E10",)),
    Case("hole across the edge", with_bad(bent(BOX, [[x + 25, y] for x, y in HOLE])), ALL, notes=("make_valid",)),
    Case("nested shells", with_bad({"type": "MultiPolygon", "coordinates": [[BOX], [HOLE]]}), ALL, notes=("Nested shells",)),
    Case("holes that overlap", with_bad(bent(BOX, HOLE, [[x + 3, y] for x, y in HOLE])), ALL, notes=("make_valid",)),
    Case("ring that touches itself", with_bad(bent(ring((-25, -25), (25, -25), (0, 0), (25, 25), (-25, 25), (0, 0), (-25, -25)))), ALL, notes=("make_valid",)),
    Case("wrong winding", with_bad(bent(BOX[::-1])), ALL),
    Case("heights", with_bad(bent([[*corner, 250.5] for corner in BOX])), ALL, notes=("已去掉高程",)),
    Case("four numbers a corner", with_bad(bent([[*corner, 250.5, 7] for corner in BOX])), ALL, notes=("已去掉高程",)),
    Case("heights on some corners", with_bad(bent([BOX[0], [*BOX[1], 3.0], *BOX[2:]])), ALL),
    Case("closed line", with_bad({"type": "LineString", "coordinates": BOX}), ALL, notes=("1 条首尾相接的线按面处理",)),
    Case("area, point and line", with_bad({"type": "GeometryCollection", "geometries": [bent(BOX), {"type": "Point", "coordinates": [CX, CY]}, {"type": "LineString", "coordinates": BOX[:3]}]}), ("1", "2", "2", "3"), notes=("1 条不闭合的线未使用",)),
    Case("collection in a collection", with_bad({"type": "GeometryCollection", "geometries": [{"type": "GeometryCollection", "geometries": [bent(BOX)]}]}), ALL),
    Case("sliver of a millimetre", with_bad(bent(ring((-25, 0), (25, 0), (25, 0.001), (-25, 0.001), (-25, 0)))), ALL),
    Case("parts 2 km apart", with_bad({"type": "MultiPolygon", "coordinates": [[BOX], [[[x, y + 2000] for x, y in BOX]]]}), ("1", "2", "2", "3"), off_m=2100),
    Case("300,000 corners", with_bad(circle(300_000)), ALL),
    Case("whole numbers as text", with_bad(bent([[str(x), str(y)] for x, y in BOX])), GOOD, ("E10 图形数据损坏",)),
]  # fmt: skip
SHAPES = [square(1), None, square(3)]
DRIVERS = [
    Case("shapefile null shape", vector("areas.shp", frame(shapes=SHAPES)), GOOD, ("E10 没有图形",)),
    Case("geopackage null shape", vector("areas.gpkg", frame(shapes=SHAPES)), GOOD, ("E10 没有图形",)),
    Case("geopackage empty shape", vector("areas.gpkg", frame(shapes=[square(1), shapely.Polygon(), square(3)])), GOOD, ("E10",)),
    Case("parquet empty shape", vector("areas.parquet", frame(shapes=[square(1), shapely.Polygon(), square(3)])), GOOD, ("E10 图形为空",)),
    Case("flatgeobuf null shape", vector("areas.fgb", frame(shapes=SHAPES), SPATIAL_INDEX="NO"), GOOD, ("E10",)),
    Case("geopackage lines", vector("areas.gpkg", frame(shapes=[outline(k) for k in (1, 2, 3)])), ALL, notes=("首尾相接",)),
    Case("shapefile of open lines", vector("areas.shp", frame(shapes=[shapely.LineString([spot(k), spot(k + 1)]) for k in (1, 2, 3)])), (), ("E10 图形类型为 LineString",) * 3),
    Case("shapefile whose parts differ in case", renamed(vector("areas.shp"), "AREAS.SHP"), ALL),
    Case("shapefile with heights", vector("areas.shp", frame(shapes=[shapely.force_3d(square(k), 9.0) for k in (1, 2, 3)])), ALL, notes=("已去掉高程",)),
    Case("shapefile of points", vector("areas.shp", frame(shapes=[shapely.Point(spot(k)) for k in (1, 2, 3)])), ALL),
    Case("shapefile of multipoints", vector("areas.shp", frame(shapes=[shapely.MultiPoint([spot(k), spot(k)]) for k in (1, 2, 3)])), ALL),
]  # fmt: skip
LAYERS = [
    Case("two layers of areas", layers(), refused=("有多个图层", "first", "second")),
    Case("two layers, one declared", layers(), ("2",), keys={"layer": "second"}),
    Case("two layers, another declared", layers(), refused=("没有图层“third”", "first"), keys={"layer": "third"}),
    Case("areas beside points", layers(shapely.Point(spot(2))), ("1",), notes=("读取了“first”",)),
    Case("no layers that are filled", vector("areas.gpkg", frame().iloc[:0], layer="first")),
]
JSON = [
    Case("one feature is no object", geojson([feature(1, shape_json(square(1))), 7, feature(3, shape_json(square(3)))]), GOOD, ("E11 要素内容损坏",)),
    Case("one feature without type", geojson([feature(1, shape_json(square(1))), {"geometry": None}, feature(3, shape_json(square(3)))]), GOOD, ("E11 要素内容损坏",)),
    Case("properties are null", geojson([feature(1, shape_json(square(1))), {**feature(2, shape_json(square(2))), "properties": None}]), ("1", ""), off_m=ANYWHERE),
    Case("properties are a list", geojson([feature(1, shape_json(square(1))), {**feature(2, shape_json(square(2))), "properties": [1]}]), ("1", ""), off_m=ANYWHERE),
    Case("bad syntax in the second feature", text_file("areas.geojson", json.dumps(collection([feature(k, shape_json(square(k))) for k in (1, 2, 3)])).replace('"no": "2"', '"no": 2x')), GOOD, ("E11 要素内容损坏",), notes=("已逐个要素读取",)),
    Case("trailing comma", text_file("areas.geojson", json.dumps(collection([feature(k, shape_json(square(k))) for k in (1, 2, 3)]))[:-2] + ",]}"), (*GOOD, "2"), notes=("已逐个要素读取",)),
    Case("comments", text_file("areas.geojson", "// 图斑\n" + json.dumps(collection([feature(1, shape_json(square(1)))]))), refused="纯文本"),
    Case("no features", geojson([])),
    Case("deeply nested", text_file("areas.geojson", "[" * 100_000), refused="JSON"),
    Case("json sequence with a broken line", text_file("areas.geojsonl", "\n".join(["{}" if k == 2 else json.dumps(feature(k, shape_json(square(k, crs="EPSG:4326")))) for k in (1, 2, 3)])), GOOD, ("E11",)),
]  # fmt: skip
CASES = [*WRONG, *MENDED, *DRIVERS, *LAYERS, *JSON]
