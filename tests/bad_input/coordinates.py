"""Coordinates in the wrong system, the wrong order and every way of writing degrees."""

# ruff: noqa: E501  (a case is one line)

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely

from pipeline.intake.coordinates.shifted import to_bd09, to_gcj02
from tests.bad_input.case import (
    METRE_COLUMNS,
    POINT_COLUMNS,
    Case,
    csv,
    degrees,
    feature,
    frame,
    geojson,
    kml,
    place_in,
    placemark,
    point_rows,
    shape_json,
    spot,
    square,
    vector,
)
from tests.conftest import CRS

GOOD, ALL = ("1", "3"), ("1", "2", "3")
METRES = ["编号", "东坐标", "北坐标"]
ONE_CELL = {"orig_no": "编号", "position": "坐标"}


def metre_rows(crs: str, *numbers: int) -> list[list[object]]:
    return [[k, *(round(value, 2) for value in place_in(crs, k))] for k in numbers or (1, 2, 3)]


def metres(name: str, crs: str, declared: str | None = None, **outcome: Any) -> Case:
    """A table of metres in one system, declared (or not) as another."""
    keys = {"crs": declared} if declared else {}
    return Case(name, csv(metre_rows(crs), METRES), columns=METRE_COLUMNS, keys=keys, **outcome)


def written(name: str, write: Callable[[float], str], off_m: float = 40.0, **outcome: Any) -> Case:
    """Degrees in two columns, both written in one manner."""
    rows = [[k, *(f'"{write(value)}"' for value in degrees(k))] for k in (1, 2, 3)]
    return Case(
        name,
        csv(rows, ["编号", "经度", "纬度"]),
        **{"leads": ALL, "columns": {key: POINT_COLUMNS[key] for key in ("orig_no", "lon", "lat")}, "off_m": off_m}
        | outcome,
    )


def one_cell(name: str, write: Callable[[float, float], str], off_m: float = 40.0, **outcome: Any) -> Case:
    """Both coordinates in one cell."""
    rows = [[k, '"' + write(*degrees(k)).replace('"', '""') + '"'] for k in (1, 2, 3)]
    return Case(name, csv(rows, ["编号", "坐标"]), **{"leads": ALL, "columns": ONE_CELL, "off_m": off_m} | outcome)


def second(name: str, x: object, y: object, aside: str = "", leads: Sequence[str] = GOOD, **outcome: Any) -> Case:
    """Two whole rows with a bad one between."""
    one, three = point_rows(1), point_rows(3)
    rows = [*one, [2, f'"{x}"', f'"{y}"', "采石场"], *three]
    return Case(name, csv(rows), leads, (aside,) if aside else (), columns=POINT_COLUMNS, **outcome)


def areas(name: str, crs: str, stated: str | None, declared: str | None = None, **outcome: Any) -> Case:
    """GeoJSON squares in one system that say they are in another."""
    keys = {"crs": declared} if declared else {}
    return Case(
        name, geojson([feature(k, shape_json(square(k, crs=crs))) for k in (1, 2, 3)], stated), keys=keys, **outcome
    )


def dms(value: float, marks: Sequence[str] = ("°", "′", "″"), decimals: int = 2) -> str:
    degree, rest = divmod(round(value * 3600, decimals), 3600)
    minute, second_ = divmod(rest, 60)
    return f"{int(degree)}{marks[0]}{int(minute):02d}{marks[1]}{second_:05.2f}{marks[2]}"


def dm(value: float) -> str:
    return f"{int(value)}°{(value - int(value)) * 60:.4f}′"


def shifted(shift: Callable[[Any], Any]) -> list[list[object]]:
    return [[k, *(round(float(value), 6) for value in shift(np.array([degrees(k)]))[0]), "采石场"] for k in (1, 2, 3)]


FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")
SYSTEMS = [
    metres("zone 40 declared without prefix", "EPSG:4528", "EPSG:4549", leads=ALL, notes=("东坐标带有带号",)),
    metres("no prefix declared as zone 40", "EPSG:4549", "EPSG:4528", leads=ALL, notes=("东坐标没有带号",)),
    metres("zone 21, undeclared", "EPSG:4499", leads=ALL, notes=("按数值判定",)),
    metres("6-degree zone declared as 3-degree", "EPSG:4510", "EPSG:4549", aside=('E9 按声明的 EPSG:4549，3 条坐标中有 3 条不在本地，按 "EPSG:4510"',) * 3),
    metres("wrong central meridian, 117", "EPSG:4549", "EPSG:4548", aside=('E9 按声明的 EPSG:4548，3 条坐标中有 3 条不在本地，按 "EPSG:4549" ',) * 3),
    metres("wrong central meridian, 123", "EPSG:4549", "EPSG:4550", aside=('E9 按声明的 EPSG:4550，3 条坐标中有 3 条不在本地，按 "EPSG:4549" ',) * 3),
    metres("UTM declared as Gauss-Krüger", "EPSG:32651", "EPSG:4549", aside=('E9 按声明的 EPSG:4549，3 条坐标中有 3 条不在本地，按 "EPSG:4510" / "EPSG:32651"',) * 3),
    metres("Web Mercator, undeclared", "EPSG:3857", leads=ALL, notes=("EPSG:3857",)),
    metres("Xian 80 declared", "EPSG:2385", "EPSG:2385", aside=("E9 坐标无法定位",) * 3, notes=()),
    metres("Xian 80 zone 40 declared", "EPSG:2364", "EPSG:2364", aside=("E9 坐标无法定位",) * 3),
    metres("EPSG:2368, whose name misleads", "EPSG:4549", "EPSG:2368", aside=("E9 坐标无法定位",) * 3),
    metres("Beijing 54 declared", "EPSG:2437", "EPSG:2437", aside=("E9 坐标无法定位",) * 3),
    metres("Beijing 54 degrees declared", "EPSG:4214", "EPSG:4214", aside=("E9 坐标无法定位",) * 3),
    Case("metres swapped", csv([[k, y, x] for k, x, y in metre_rows("EPSG:4549")], METRES), ALL, columns=METRE_COLUMNS, keys={"crs": "EPSG:4549"}, notes=("已对调",)),
    Case("one row swapped", csv([[k, y, x] if k == 2 else [k, x, y] for k, x, y in metre_rows("EPSG:4549")], METRES), ALL, columns=METRE_COLUMNS, keys={"crs": "EPSG:4549"}, notes=("已对调",)),
    Case("X title over the easting", csv([[k, x, y] for k, x, y in metre_rows("EPSG:4549")], ["编号", "X", "Y"]), ALL, columns={"orig_no": "编号", "x_north": "X", "y_east": "Y"}, notes=("已对调",)),
    Case("degrees in columns of metres", csv([[k, *degrees(k)] for k in (1, 2, 3)], METRES), (), ('E9 按声明的 EPSG:4549，3 条坐标中有 3 条不在本地，按 "EPSG:4490" ',) * 3, columns=METRE_COLUMNS, keys={"crs": "EPSG:4549"}),
    Case("metres in columns of degrees", csv([[k, *spot(k), "采石场"] for k in (1, 2, 3)]), (), ('E9 按声明的 EPSG:4490，3 条坐标中有 3 条不在本地，按 "EPSG:4549" ',) * 3, columns=POINT_COLUMNS, keys={"crs": "EPSG:4490"}),
    Case("one row of another system", csv([*point_rows(1), [2, *spot(2), "采石场"], *point_rows(3)]), ALL, columns=POINT_COLUMNS),
    Case("degrees swapped", csv([[k, *degrees(k)[::-1], "采石场"] for k in (1, 2, 3)]), ALL, columns=POINT_COLUMNS, notes=("已对调",)),
    Case("minus sign too many", csv([[k, -degrees(k)[0], degrees(k)[1], "采石场"] for k in (1, 2, 3)]), (), ("E9 坐标无法定位",) * 3, columns=POINT_COLUMNS),
    Case("kilometres", csv([[k, x / 1000, y / 1000] for k, x, y in metre_rows("EPSG:4549")], METRES), (), ("E9 坐标无法定位",) * 3, columns=METRE_COLUMNS),
    Case("another province", csv([[k, 104.06 + k / 1000, 30.67, "采石场"] for k in (1, 2, 3)]), (), ("E9 坐标无法定位",) * 3, columns=POINT_COLUMNS),
    Case("another province, declared", csv([[k, 104.06 + k / 1000, 30.67, "采石场"] for k in (1, 2, 3)]), (), ("E1 中心在辖区外",) * 3, columns=POINT_COLUMNS, keys={"crs": "EPSG:4490"}),
    Case("declared crs contradicts the file", geojson([feature(k, shape_json(square(k))) for k in (1, 2, 3)], "EPSG:4528"), ALL, keys={"crs": "EPSG:4549"}, notes=("按声明读取",)),
]  # fmt: skip
FILES = [
    areas("file says zone 40, is without prefix", CRS, "EPSG:4528", aside=("E9 按 EPSG:4528 没有一条落在本区附近，按 EPSG:4549",) * 3),
    areas("file says 4549, has the prefix", "EPSG:4528", CRS, aside=("E9 按 EPSG:4549 没有一条落在本区附近，按 EPSG:4528",) * 3),
    areas("file says CGCS2000 degrees, is metres", CRS, "EPSG:4490", aside=("E9 按 EPSG:4490 没有一条落在本区附近",) * 3),
    areas("file says nothing and is metres", CRS, None, aside=("E9 按 EPSG:4326 没有一条落在本区附近",) * 3),
    areas("file says metres, is degrees", "EPSG:4490", CRS, aside=("E9 按 EPSG:4549 没有一条落在本区附近，按 EPSG:4490",) * 3),
    areas("file says Xian 80", CRS, "EPSG:2385", aside=("E9 坐标无法定位",) * 3),
    areas("file says Beijing 54", CRS, "EPSG:2437", aside=("E9 坐标无法定位",) * 3),
    areas("file says EPSG:2368", CRS, "EPSG:2368", aside=("E9 坐标无法定位",) * 3),
    areas("file says a code that is none", CRS, "EPSG:99999", leads=ALL, notes=("坐标系无法识别", "只有 EPSG:4549")),
    areas("file says a bare word", CRS, "CGCS2000", leads=ALL, notes=("坐标系无法识别",)),
    areas("declared wrong, nothing fits", "EPSG:4490", None, "EPSG:4549", aside=("E9 按 EPSG:4549 没有一条落在本区附近",) * 3),
    Case("latitude first", geojson([feature(k, shape_json(shapely.transform(square(k, crs="EPSG:4490"), lambda xy: xy[:, ::-1]))) for k in (1, 2, 3)], None), ALL, notes=("两个坐标轴写反，已对调",)),
    Case("X is north", geojson([feature(k, shape_json(shapely.transform(square(k), lambda xy: xy[:, ::-1]))) for k in (1, 2, 3)]), ALL, notes=("两个坐标轴写反，已对调",)),
    Case("shapefile of Xian 80", vector("areas.shp", frame().set_crs(2385, allow_override=True)), (), ("E9 坐标无法定位",) * 3),
    Case("shapefile of degrees with a prj of metres", vector("areas.shp", frame(shapes=[square(k, crs="EPSG:4490") for k in (1, 2, 3)])), (), ("E9 按 EPSG:4549",) * 3),
    Case("parquet without crs", vector("areas.parquet", frame().set_crs(None, allow_override=True)), ALL, notes=("没有坐标系说明",)),
    Case("geopackage of undefined crs", vector("areas.gpkg", frame().set_crs(None, allow_override=True)), ALL, notes=("没有坐标系说明",)),
]  # fmt: skip
WEB_MAPS = [
    Case("GCJ-02 declared", csv(shifted(to_gcj02)), ALL, columns=POINT_COLUMNS, keys={"crs": "GCJ-02"}, notes=("GCJ-02 偏移坐标已还原",)),
    Case("BD-09 declared", csv(shifted(to_bd09)), ALL, columns=POINT_COLUMNS, keys={"crs": "BD-09"}, notes=("BD-09 偏移坐标已还原",)),
    Case("GCJ-02 undeclared stays as written", csv(shifted(to_gcj02)), ALL, columns=POINT_COLUMNS, off_m=700),
    Case("ovkml undeclared is doubtful", kml(*map(placemark, (1, 2, 3)), name="areas.ovkml"), ALL, columns={"orig_no": "名称"}, notes=("位置须由人确认",)),
    Case("ovkml declared", kml(*map(placemark, (1, 2, 3)), name="areas.ovkml"), ALL, columns={"orig_no": "名称"}, keys={"crs": "EPSG:4326"}),
    Case("metres declared as GCJ-02", csv(metre_rows("EPSG:4549"), METRES), (), ('E9 按声明的 GCJ-02，3 条坐标中有 3 条不在本地，按 "EPSG:4549" ',) * 3, columns=METRE_COLUMNS, keys={"crs": "GCJ-02"}),
]  # fmt: skip
WRITTEN = [
    written("120°27′00″", dms),
    written("straight quotes", lambda value: dms(value, ("°", "'", '""'))),
    written("two primes for seconds", lambda value: dms(value, ("°", "'", "''"))),
    written("度分秒", lambda value: dms(value, ("度", "分", "秒"))),
    written("full width", lambda value: dms(value, ("度", "分", "秒")).translate(FULL_WIDTH)),
    written("degrees and minutes", dm),
    written("colons", lambda value: dms(value, (":", ":", ""))),
    written("blanks", lambda value: dms(value, (" ", " ", ""))),
    written("hyphens", lambda value: dms(value, ("-", "-", ""))),
    written("dots", lambda value: dms(value, (".", ".", ""))),
    written("degree sign on a decimal", lambda value: f"{value}°"),
    written("decimal comma", lambda value: f"{value:.6f}".replace(".", ",")),
    written("Chinese full stop", lambda value: f"{value:.6f}".replace(".", "。")),
    written("hemisphere before", lambda value: f"{'E' if value > 90 else 'N'}{value:.6f}"),
    written("hemisphere after", lambda value: f"{value:.6f}{'E' if value > 90 else 'N'}"),
    written("东经 北纬", lambda value: f"{'东经' if value > 90 else '北纬'}{dms(value)}"),
    written("东经 北纬 in the wrong columns", lambda value: f"{'北纬' if value < 90 else '东经'}{value:.6f}"),
    written("blanks inside", lambda value: f" {value:.6f} \u3000"),
    written("packed, declared", lambda value: dms(value, ("", "", "")).split(".")[0], keys={"coordinates": "packed"}, off_m=60),
    written("packed, undeclared", lambda value: dms(value, ("", "", "")).split(".")[0], leads=(), aside=("E9",) * 3),
    written("ddd.mmss", lambda value: dms(value, (".", "", "")).rsplit(".", 1)[0], leads=ALL, off_m=60, notes=("度.分秒",)),
    written("whole degrees", lambda value: f"{value:.0f}", leads=(), aside=("E9",) * 3),
    one_cell("one cell, comma", lambda lon, lat: f"{lon},{lat}"),
    one_cell("one cell, full-width comma", lambda lon, lat: f"{lon}，{lat}"),
    one_cell("one cell, blank", lambda lon, lat: f"{lon} {lat}"),
    one_cell("one cell, latitude first", lambda lon, lat: f"{lat},{lon}", notes=("已对调",)),
    one_cell("one cell, 东经 北纬", lambda lon, lat: f"东经{dms(lon)}，北纬{dms(lat)}"),
    one_cell("one cell, 北纬 东经", lambda lon, lat: f"北纬{dms(lat)}东经{dms(lon)}"),
    one_cell("one cell, WKT", lambda lon, lat: f"POINT ({lon} {lat})"),
    one_cell("one cell, brackets", lambda lon, lat: f"（{lon}；{lat}）"),
    one_cell("one cell, semicolon and letters", lambda lon, lat: f"E{lon};N{lat}"),
    one_cell("one cell, three numbers", lambda lon, lat: f"{lon},{lat},350", leads=(), aside=("E9 ",) * 3),
    one_cell("one cell, prose", lambda lon, lat: "村东头河滩", leads=(), aside=("E9 ",) * 3),
]  # fmt: skip
LON, LAT = degrees(2)
ROWS = [
    second("no coordinates", "", "", "E9 没有坐标"),
    second("no latitude", LON, "", "E9 纬度（或北坐标）一栏为空"),
    second("no longitude", "", LAT, "E9 经度（或东坐标）一栏为空"),
    second("words for a longitude", "不详", LAT, "E9 经度（或东坐标）一栏读不成坐标"),
    second("61 minutes", "120°61′00″", LAT, "E9 经度（或东坐标）一栏读不成坐标"),
    second("latitude of 91 degrees", LON, "北纬91.5", "E9 纬度（或北坐标）一栏读不成坐标"),
    second("zero, zero", 0, 0, "E9 坐标无法定位"),
    second("negative zero", "-0.0", "-0.0", "E9 坐标无法定位"),
    second("huge", "1e308", "1e308", "E9"),
    second("longer than a number", "9" * 400, LAT, "E9"),
    second("NaN", "NaN", "NaN", "E9 没有坐标"),
    second("infinity", "inf", "inf", "E9"),
    second("two latitudes", f"N{LAT}", f"N{LAT}", "E9"),
    second("south of a northern place", f"E{LON}", f"S{LAT}", "E9 坐标无法定位"),
    second("formula", "=1+1", LAT, "E9 经度（或东坐标）一栏读不成坐标"),
    second("error cell", "#REF!", LAT, "E9 经度（或东坐标）一栏为空", notes=("公式出错",)),
    second("both in the longitude", f"{LON},{LAT}", "", leads=ALL),
    second("both in each", f"{LON},{LAT}", f"{LON},{LAT}", leads=ALL),
    second("a range", "120.42-120.45", LAT, "E9"),
    second("digits of another script", "١٢٠.٤٤", LAT, "E9"),
    second("about", f"约{LON}", LAT, "E9 经度（或东坐标）一栏读不成坐标"),
]  # fmt: skip
CASES = [*SYSTEMS, *FILES, *WEB_MAPS, *WRITTEN, *ROWS]
