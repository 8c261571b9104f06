"""Text in other encodings than it says, cut in the middle of a character, spoilt before it came, or with unseen signs."""

# ruff: noqa: E501  (a case is one line)

import codecs
import json
from pathlib import Path

import shapely

from tests.bad_input.broken import beside, without
from tests.bad_input.case import (
    ANYWHERE,
    POINT_COLUMNS,
    Case,
    Write,
    bytes_file,
    collection,
    csv_text,
    feature,
    frame,
    kml,
    noise,
    placemark,
    point_rows,
    shape_json,
    spoilt,
    square,
    text_file,
    vector,
)
from tests.intake.formats.test_dbf import make_dbf

ALL = ("1", "2", "3")
TEXT = csv_text(point_rows())
NAMED = {"orig_no": "编号"}


def table(name: str, data: bytes, leads: tuple[str, ...] = ALL, ending: str = "csv", **outcome) -> Case:
    return Case(name, bytes_file(f"points.{ending}", data), leads, columns=POINT_COLUMNS, **outcome)


def shapefile(
    texts: list[bytes], cpg: bytes | None = None, title: bytes = "编号".encode("gbk"), width: int = 20
) -> Write:
    """Three squares whose .dbf holds these raw numbers in a column of this raw title."""

    def write(folder: Path) -> Path:
        path = vector("areas.shp")(folder)
        path.with_suffix(".dbf").write_bytes(make_dbf([(title, b"C", width)], [[text] for text in texts]))
        without(".cpg")(path)
        if cpg is not None:
            beside(".cpg", cpg)(path)
        return path

    return write


def numbers(codec: str) -> list[bytes]:
    return [f"图斑{k}号".encode(codec) for k in (1, 2, 3)]


NAMES = ("图斑1号", "图斑2号", "图斑3号")
TEXTS = [
    table("GBK", TEXT.encode("gbk")),
    table("GB18030 with a rare character", TEXT.replace("采石场", "𠮷石场").encode("gb18030")),
    table("UTF-8 with BOM", codecs.BOM_UTF8 + TEXT.encode()),
    table("BOM twice", codecs.BOM_UTF8 * 2 + TEXT.encode()),
    table("UTF-16 little-endian", TEXT.encode("utf-16")),
    table("UTF-16 big-endian with BOM", codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")),
    table("UTF-16 without BOM", TEXT.encode("utf-16-le")),
    table("UTF-16 with half a character", TEXT.encode("utf-16")[:-1], aside=("E11",), notes=("收到时已残缺",)),
    table("BOM of UTF-16 before UTF-8", codecs.BOM_UTF16_LE + TEXT.encode(), leads=(), refused="没有 "),
    table("GBK cut in the middle of a character", TEXT.encode("gbk").rstrip(b"\r\n")[:-1], notes=("收到时已残缺",)),
    table("UTF-8 cut in the middle of a character", TEXT.encode().rstrip(b"\r\n")[:-1], notes=("收到时已残缺",)),
    table("declared UTF-8, is GBK", TEXT.encode("gbk"), keys={"encoding": "utf-8"}, notes=("不是所声明的编码",)),
    table("declared GBK, is UTF-8", TEXT.encode(), keys={"encoding": "gbk"}),
    table("declared nonsense", TEXT.encode(), keys={"encoding": "klingon"}, notes=("不是所声明的编码",)),
    table("declared ANSI", TEXT.encode("gbk"), keys={"encoding": "ANSI"}, notes=("不是所声明的编码",)),
    table("one byte spoilt", TEXT.encode().replace("采".encode(), b"\xff\xe9\x87", 1), notes=("收到时已残缺",)),
    table("half GBK, half UTF-8", csv_text(point_rows(1, 2, 4, 5, 6, 7, 8)).encode() + csv_text([], [*map(str, point_rows(3)[0])]).encode("gbk"), ("1", "2", "3", "4", "5", "6", "7", "8"), notes=("收到时已残缺",)),
    table("NUL in every cell", TEXT.replace("采石场", "采\x00石场").encode(), notes=("空字符",)),
    table("NUL padding at the end", TEXT.encode() + bytes(4096), notes=("空字符",)),
    table("lines end in CR", TEXT.replace("\r\n", "\r").encode()),
    table("lines end in CR CR LF", TEXT.replace("\r\n", "\r\r\n").encode()),
    table("no line end", TEXT.rstrip().encode()),
    table("form feeds and vertical tabs", TEXT.replace("采石场", "采\x0b石\x0c场").encode()),
    table("Ctrl-Z at the end", TEXT.encode() + b"\x1a"),
    table("noise", noise(3000), leads=(), refused="没有 "),
    table("blanks only", b" \r\n\t\r\n", leads=(), refused="空文件"),
    table("BOM only", codecs.BOM_UTF8, leads=(), refused="空文件"),
    table("NUL only", bytes(100), leads=(), refused="空文件"),
    table("header only", csv_text([]).encode(), leads=()),
    table("mojibake", TEXT.replace("采石场", "é‡‡çŸ³åœº").encode()),
    table("lost characters", TEXT.replace("采石场", "锟斤拷").encode()),
    table("tab-separated GBK", csv_text(point_rows(), delimiter="\t").encode("gbk"), ending="txt"),
    table("semicolons", csv_text(point_rows(), delimiter=";").encode()),
    table("bars", csv_text(point_rows(), delimiter="|").encode(), ending="txt"),
    table("quote never closed", TEXT.replace("采石场", '"采石场', 1).encode(), notes=("引号不成对",)),
    table("quotes in the middle of a cell", TEXT.replace("采石场", '采"石"场').encode()),
    table("line break in a quoted cell", TEXT.replace("采石场", '"采石\n场"').encode()),
    table("more cells than the header", csv_text([[*row, "多", "余"] for row in point_rows()]).encode(), notes=("多于表头",)),
    table("fewer cells than the header", csv_text([row[:3] for row in point_rows()]).encode(), notes=("少于表头",)),
    table("a million commas", TEXT.encode() + b"," * 1_000_000),
]  # fmt: skip
DBF = [
    Case("GBK without cpg", shapefile(numbers("gbk")), NAMES, columns=NAMED, off_m=ANYWHERE),
    Case("GBK with a cpg of UTF-8", shapefile(numbers("gbk"), b"UTF-8"), NAMES, columns=NAMED, off_m=ANYWHERE),
    Case("UTF-8 with a cpg of GBK", shapefile(numbers("utf-8"), b"GBK", "编号".encode()), NAMES, columns=NAMED, off_m=ANYWHERE),
    Case("UTF-8 with a cpg of Latin-1", shapefile(numbers("utf-8"), b"ISO-8859-1", "编号".encode()), NAMES, columns=NAMED, off_m=ANYWHERE),
    Case("cpg of 936", shapefile(numbers("gbk"), b"936"), NAMES, columns=NAMED, off_m=ANYWHERE),
    Case("empty cpg", shapefile(numbers("gbk"), b""), NAMES, columns=NAMED, off_m=ANYWHERE),
    Case("half a character at the field's end", shapefile([text[:-1] for text in numbers("gbk")], None, width=6), ("图斑1", "图斑2", "图斑3"), columns=NAMED, off_m=ANYWHERE, notes=("字符中间被截断",)),
    Case("title cut in a character", shapefile(numbers("utf-8"), b"UTF-8", "图斑编号".encode()[:10]), NAMES, columns={"orig_no": "图斑编"}, off_m=ANYWHERE, notes=("字段名在字符中间被截断",)),
    Case("title unreadable", shapefile(numbers("gbk"), None, b"\xff\xfe"), refused="没有 ", columns=NAMED),
    Case("big5", shapefile([f"圖斑{k}號".encode("big5") for k in (1, 2, 3)], b"950", "編號".encode("big5")), ("圖斑1號", "圖斑2號", "圖斑3號"), columns={"orig_no": "編號"}, off_m=ANYWHERE),
    Case("declared encoding wins", shapefile(numbers("gbk"), b"UTF-8"), NAMES, columns=NAMED, keys={"encoding": "gbk"}, off_m=ANYWHERE),
]  # fmt: skip
FEATURES = json.dumps(
    collection([feature(k, shape_json(square(k)), 类型="采石场") for k in (1, 2, 3)]), ensure_ascii=False
)
OTHERS = [
    Case("GeoJSON in GBK", text_file("areas.geojson", FEATURES, "gbk"), ALL),
    Case("GeoJSON in UTF-16", text_file("areas.geojson", FEATURES, "utf-16"), ALL),
    Case("GeoJSON with BOM", text_file("areas.geojson", FEATURES, "utf-8-sig"), ALL),
    Case("GeoJSON with a lone surrogate", text_file("areas.geojson", FEATURES.replace("采石场", "\\ud83d")), ALL),
    Case("KML that says UTF-8 and is GBK", spoilt(kml(*map(placemark, (1, 2, 3)), head="<name>图斑</name>"), lambda path: path.write_bytes(path.read_bytes().decode().encode("gbk"))), ALL, columns={"orig_no": "名称"}),
    Case("KML in UTF-16 that says UTF-8", spoilt(kml(*map(placemark, (1, 2, 3))), lambda path: path.write_bytes(path.read_text("utf-8").encode("utf-16"))), ALL, columns={"orig_no": "名称"}),
    Case("KML with control characters", kml(*(placemark(k, extra="<description>\x01\x02</description>") for k in (1, 2, 3))), ALL, columns={"orig_no": "名称"}, notes=("不符合 XML 规范",)),
    Case("TAB in GBK", vector("areas.tab", frame(类型=["采石场"] * 3), driver="MapInfo File", encoding="GBK"), ALL),
    Case("geopackage of GBK bytes", vector("areas.gpkg", frame(shapes=[shapely.Point(square(k).centroid) for k in (1, 2, 3)])), ALL),
]  # fmt: skip
CASES = [*TEXTS, *DBF, *OTHERS]
