"""Files cut off, empty, of another kind than their ending says, without their sidecars, or not to be opened."""

# ruff: noqa: E501  (a case is one line)

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bad_input.case import (
    ANYWHERE,
    HEADER,
    POINT_COLUMNS,
    Case,
    Write,
    bytes_file,
    csv,
    cut,
    feature,
    frame,
    geojson,
    kml,
    noise,
    placemark,
    point_rows,
    shape_json,
    spoilt,
    spot,
    square,
    vector,
    xlsx,
)

KML_COLUMNS = {"orig_no": "名称"}
ALL = ("1", "2", "3")
CORNERS = "".join(
    f"地块{k}\nJ1,{y},{x}\nJ2,{y},{x + 50}\nJ3,{y + 50},{x + 50}\nJ4,{y + 50},{x}\n"
    for k in (1, 2, 3)
    for x, y in [spot(k)]
)
WHOLE: dict[str, tuple[Write, dict[str, str]]] = {
    "shp": (vector("areas.shp"), {"orig_no": "no"}),
    "gpkg": (vector("areas.gpkg", layer="areas"), {"orig_no": "no"}),
    "fgb": (vector("areas.fgb"), {"orig_no": "no"}),
    "parquet": (vector("areas.parquet"), {"orig_no": "no"}),
    "tab": (vector("areas.tab", driver="MapInfo File"), {"orig_no": "no"}),
    "mif": (vector("areas.mif", driver="MapInfo File"), {"orig_no": "no"}),
    "geojson": (geojson([feature(k, shape_json(square(k))) for k in (1, 2, 3)]), {"orig_no": "no"}),
    "kml": (kml(*map(placemark, (1, 2, 3))), KML_COLUMNS),
    "xlsx": (xlsx([HEADER, *point_rows()]), POINT_COLUMNS),
    "csv": (csv(point_rows()), POINT_COLUMNS),
    "dxf": (vector("areas.dxf", frame().drop(columns="no"), driver="DXF"), {}),
}


def without(*suffixes: str) -> Callable[[Path], object]:
    """Deletes the sidecars of these endings."""
    return lambda path: [path.with_suffix(suffix).unlink() for suffix in suffixes]


def beside(suffix: str, data: bytes) -> Callable[[Path], object]:
    """Writes a sidecar."""
    return lambda path: path.with_suffix(suffix).write_bytes(data)


def patched(suffix: str, at: int, data: bytes) -> Callable[[Path], object]:
    """Overwrites the bytes of a part from position `at` on."""

    def patch(path: Path) -> None:
        part = path.with_suffix(suffix)
        content = bytearray(part.read_bytes())
        content[at : at + len(data)] = data
        part.write_bytes(bytes(content))

    return patch


def cut_part(suffix: str, share: float) -> Callable[[Path], object]:
    return lambda path: cut(share)(path.with_suffix(suffix))


def as_folder(name: str) -> Write:
    """A folder where a file of this name should be."""

    def write(folder: Path) -> Path:
        (folder / name).mkdir()
        return folder / name

    return write


def locked(name: str) -> Write:
    """A file that nobody may read."""

    def write(folder: Path) -> Path:
        path = csv(point_rows(), name=name)(folder)
        path.chmod(0)
        return path

    return write


CUT = (0.1, 0.5, 0.9)  # what is left of a file
CUT_IS_REFUSED = {
    "shp": "不完整", "gpkg": "GeoPackage", "parquet": "GeoParquet", "tab": "MapInfo TAB", "xlsx": "损坏", "dxf": "没有结尾标记",
}  # fmt: skip
LOST = "应有 3 个要素，只读出"
CUT_KEEPS: dict[tuple[str, float], dict[str, Any]] = {  # where whole records are left, they come through
    ("fgb", 0.1): {"refused": "没有图层"},
    ("fgb", 0.5): {"refused": "没有图层"},
    ("fgb", 0.9): {"leads": ["3"], "notes": [LOST]},
    ("mif", 0.1): {"refused": "MapInfo MIF"},
    ("mif", 0.5): {"leads": ["1"], "notes": [LOST]},
    ("mif", 0.9): {"leads": ["1", "2"], "notes": [LOST]},
    ("geojson", 0.1): {"refused": "一个要素也读不出"},
    ("geojson", 0.5): {"leads": ["1"], "aside": ["E11 要素内容损坏"], "notes": ["已逐个要素读取"]},
    ("geojson", 0.9): {"leads": ["1", "2"], "aside": ["E11 要素内容损坏"], "notes": ["已逐个要素读取"]},
    ("kml", 0.1): {"notes": ["文件不完整", "没有地标"]},
    ("kml", 0.5): {"leads": ["1"], "aside": ["E11 文件在此处中断"], "notes": ["文件不完整"]},
    ("kml", 0.9): {"leads": ["1", "2"], "aside": ["E11 文件在此处中断"], "notes": ["文件不完整"]},
    ("csv", 0.1): {"refused": "没有 "},
    ("csv", 0.5): {"leads": ["1"], "aside": ["E9 没有坐标"], "notes": ["少于表头"]},
    ("csv", 0.9): {"leads": ["1", "2", "3"], "notes": ["少于表头"]},
}


def _truncated() -> list[Case]:
    """Every format cut at one, five and nine tenths; what can be refused is refused, what is text keeps its whole rows."""
    return [
        Case(f"{kind} cut at {share:.0%}", spoilt(write, cut(share)), columns=columns, **outcome)
        for kind, (write, columns) in WHOLE.items()
        for share in CUT
        for outcome in (CUT_KEEPS.get((kind, share)) or {"refused": CUT_IS_REFUSED[kind]},)
    ]


def _empty() -> list[Case]:
    endings = {
        "csv": "空文件", "txt": "空文件", "xlsx": "空文件", "xls": "空文件", "ods": "空文件", "et": "空文件", "kml": "不是 KML", "kmz": "不是 KML",
        "ovkml": "不是 KML", "geojson": "空文件", "json": "空文件", "gpkg": "空文件", "fgb": "空文件", "parquet": "空文件", "dxf": "空文件",
        "shp": "空文件", "tab": "空文件", "mif": "空文件", "gpx": "空文件", "zip": "不是 zip", "ovobj": "专用格式",
    }  # fmt: skip
    return [
        Case(f"empty {ending}", bytes_file(f"empty.{ending}", b""), refused=said) for ending, said in endings.items()
    ]


HTML = "<html><head><meta charset=gbk></head><body><table><tr><td>编号</td></tr></table></body></html>".encode("gbk")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
PDF = b"%PDF-1.4\n" + bytes(200)
RAR = b"Rar!\x1a\x07\x00" + bytes(200)
ZIP = b"PK\x05\x06" + bytes(18)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
NOISE = noise(4000)
WRONG_MAGIC = [
    ("html as xls", "report.xls", HTML, "网页"),
    ("html as xlsx", "report.xlsx", HTML, "网页"),
    ("html as geojson", "report.geojson", HTML, "网页"),
    ("html as shp", "report.shp", HTML, "网页"),
    ("html as gpkg", "report.gpkg", HTML, "网页"),
    ("html as csv", "report.csv", HTML, "网页"),
    ("csv as xlsx", "points.xlsx", "编号,经度\r\n1,120\r\n".encode(), "文本文件"),
    ("csv as xls", "points.xls", "编号,经度\r\n1,120\r\n".encode("gbk"), "文本文件"),
    ("zip as csv", "points.csv", ZIP + bytes(30), "压缩包"),
    ("xls as csv", "points.csv", OLE, "电子表格"),
    ("pdf as csv", "points.csv", PDF, "PDF"),
    ("png as csv", "points.csv", PNG, "图片"),
    ("zip as shp", "areas.shp", ZIP + bytes(30), "压缩包"),
    ("png as shp", "areas.shp", PNG, "图片"),
    ("pdf as shp", "areas.shp", PDF, "PDF"),
    ("zeros as shp", "areas.shp", bytes(500), "全零"),
    ("png as xlsx", "points.xlsx", PNG, "不是电子表格"),
    ("empty ole as xls", "points.xls", OLE, "损坏"),
    ("zip as xlsx", "points.xlsx", ZIP, "不是电子表格"),
    ("rar as zip", "areas.zip", RAR, "不是 zip"),
    ("text as zip", "areas.zip", b"not a zip", "不是 zip"),
    ("pdf as kml", "areas.kml", PDF, "不是 KML"),
    ("noise as kml", "areas.kml", NOISE, "不是 KML"),
    ("gpx as kml", "areas.kml", b"<gpx><wpt lat='41' lon='120'/></gpx>", "<gpx>"),
    ("zip without kml as kmz", "areas.kmz", ZIP, "没有 KML"),
    ("noise as kmz", "areas.kmz", b"PK\x03\x04" + NOISE, "无法打开"),
    ("gpkg as geojson", "areas.geojson", b"SQLite format 3\x00" + bytes(100), "SQLite"),
    ("json list as geojson", "areas.geojson", b"[1, 2, 3]", "JSON"),
    ("sqlite head as gpkg", "areas.gpkg", b"SQLite format 3\x00" + NOISE, "GeoPackage"),
    ("text as gpkg", "areas.gpkg", b"hello", "纯文本"),
    ("zeros as gpkg", "areas.gpkg", bytes(5000), "全零"),
    ("noise as fgb", "areas.fgb", NOISE, "FlatGeobuf"),
    ("noise as parquet", "areas.parquet", NOISE, "GeoParquet"),
    ("parquet head and noise", "areas.parquet", b"PAR1" + NOISE, "GeoParquet"),
    ("dwg as dxf", "areas.dxf", b"AC1032" + NOISE, "没有结尾标记"),
    ("noise as tab", "areas.tab", NOISE, "MapInfo"),
    ("noise as gpx", "areas.gpx", NOISE, "GPX"),
    ("noise as ods", "points.ods", NOISE, "不是电子表格"),
    ("ovobj", "areas.ovobj", b"OviO" + NOISE, "专用格式"),
    ("ovobj as kml", "areas.kml", b"OviO" + NOISE, "专用格式"),
    ("picture as source", "scan.jpg", b"\xff\xd8\xff" + NOISE, "没有能读取的数据文件"),
    ("word document", "scan.docx", ZIP, "没有能读取的数据文件"),
    ("dbf alone", "areas.dbf", NOISE, "没有能读取的数据文件"),
]  # fmt: skip
SHP = vector("areas.shp")
NO_PRJ = "缺少 .prj"
SIDECARS = [
    Case("no shx", spoilt(SHP, without(".shx")), ALL, notes=("缺少 .shx",)),
    Case("no prj", spoilt(SHP, without(".prj")), ALL, notes=(NO_PRJ, "没有坐标系说明，只有")),
    Case("no cpg", spoilt(SHP, without(".cpg")), ALL),
    Case("no dbf", spoilt(SHP, without(".dbf")), ("", "", ""), notes=("缺少 .dbf",), columns={}, off_m=ANYWHERE),
    Case("no dbf, columns declared", spoilt(SHP, without(".dbf")), refused="没有 "),
    Case("all sidecars missing", spoilt(SHP, without(".shx", ".dbf", ".prj", ".cpg")), ("", "", ""), notes=(NO_PRJ, "缺少 .dbf", "缺少 .shx"), columns={}, off_m=ANYWHERE),
    Case("noise as shx", spoilt(SHP, beside(".shx", NOISE)), ALL, notes=("缺少 .shx",)),
    Case("empty shx", spoilt(SHP, beside(".shx", b"")), ALL, notes=("缺少 .shx",)),
    Case("shx cut", spoilt(SHP, cut_part(".shx", 0.9)), ALL),
    Case("noise as dbf", spoilt(SHP, beside(".dbf", NOISE)), refused="dBASE"),
    Case("empty dbf", spoilt(SHP, beside(".dbf", b"")), refused="dBASE"),
    Case("dbf cut", spoilt(SHP, cut_part(".dbf", 0.9)), refused="不完整"),
    Case("dbf with one row fewer", spoilt(SHP, patched(".dbf", 4, b"\2")), ("1", "2", ""), notes=("图形有 3 个，属性有 2 条",), off_m=ANYWHERE),
    Case("dbf row deleted", spoilt(SHP, patched(".dbf", 65, b"*")), ("2", "3"), notes=("删除标记",)),
    Case("noise as prj", spoilt(SHP, beside(".prj", NOISE)), ALL, notes=("坐标系无法识别",)),
    Case("empty prj", spoilt(SHP, beside(".prj", b"")), ALL, notes=("坐标系无法识别",)),
    Case("prj of a local grid", spoilt(SHP, beside(".prj", b'LOCAL_CS["grid",UNIT["m",1]]')), ALL),
    Case("cpg of nonsense", spoilt(SHP, beside(".cpg", b"no such codec")), ALL),
    Case("upper-case endings", lambda folder: [path.rename(path.with_suffix(path.suffix.upper())) for path in SHP(folder).parent.iterdir()] and folder / "areas.SHP", ALL),
    Case("wrong shape type in a record", spoilt(SHP, patched(".shp", 108, b"\x63\0\0\0")), ("2", "3"), ("E10",)),
    Case("file length too large", spoilt(SHP, patched(".shp", 24, b"\0\1\0\0")), refused="不完整"),
    Case("tab without its data", spoilt(WHOLE["tab"][0], without(".dat", ".map", ".id")), refused="MapInfo"),
    Case("mif without its mid", spoilt(WHOLE["mif"][0], without(".mid")), ("", "", ""), notes=("缺少 .mid",), columns={}, off_m=ANYWHERE),
]  # fmt: skip
UNREADABLE = [
    Case("folder in place of a csv", as_folder("points.csv"), refused="没有能读取的数据文件"),
    Case("folder in place of a gpkg", as_folder("areas.gpkg"), refused="没有能读取的数据文件"),
    Case("empty gdb", as_folder("areas.gdb"), refused="File Geodatabase"),
    Case("empty folder", as_folder("leads"), refused="没有能读取的数据文件"),
]
if sys.platform != "win32" and os.geteuid() != 0:
    UNREADABLE.append(Case("no permission", locked("points.csv"), refused="无法读取"))
CASES = [
    *_truncated(),
    *_empty(),
    *(Case(name, bytes_file(file, data), refused=said) for name, file, data, said in WRONG_MAGIC),
    *SIDECARS,
    *UNREADABLE,
]
