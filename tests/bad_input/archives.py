"""Folders and zips: bombs, ways out of the folder, zips in zips, Chinese names of an old Windows, files of other kinds."""

# ruff: noqa: E501  (a case is one line)

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tests.bad_input.case import (
    ANYWHERE,
    POINT_COLUMNS,
    Case,
    Write,
    bytes_file,
    csv,
    csv_text,
    cut,
    feature,
    frame,
    geojson,
    kml,
    placemark,
    point_rows,
    shape_json,
    spoilt,
    square,
    vector,
    zipped,
)

ALL = ("1", "2", "3")
TABLE = csv_text(point_rows()).encode()


def archive(name: str, entries: Iterable[tuple[str | zipfile.ZipInfo, bytes]], **how: int) -> Write:
    """A zip of these entries, whatever their names."""

    def write(folder: Path) -> Path:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, **how) as packed:
            for entry, data in entries:
                packed.writestr(entry, data, zipfile.ZIP_DEFLATED)
        return folder / name

    return write


def gbk_name(name: str) -> Write:
    """A zip whose one name is GBK, as an old Windows writes it."""

    def write(folder: Path) -> Path:
        path = archive("points.zip", [("@" * len(name.encode("gbk")), TABLE)])(folder)
        path.write_bytes(path.read_bytes().replace(b"@" * len(name.encode("gbk")), name.encode("gbk")))
        return path

    return write


def folder_of(*writes: Write) -> Write:
    """A folder of all that these write."""

    def write(folder: Path) -> Path:
        (folder / "leads").mkdir()
        for one in writes:
            one(folder / "leads")
        return folder / "leads"

    return write


def link(target: str) -> zipfile.ZipInfo:
    """An entry that is a symbolic link."""
    info = zipfile.ZipInfo("points.csv")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    assert target
    return info


def encrypted(folder: Path) -> Path:
    """A zip whose entry says that it is encrypted."""
    path = archive("points.zip", [("points.csv", TABLE)])(folder)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(bytes(data))
    return path


def inner_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("points.csv", TABLE)
    return stream.getvalue()


POINTS = csv(point_rows())
AREAS = vector("areas.shp")
CASES = [
    Case("zip bomb by ratio", archive("points.zip", [("points.csv", TABLE + b" " * 50_000_000)]), refused="压缩比超过", columns=POINT_COLUMNS),
    Case("zip bomb by size", archive("points.zip", [("points.csv", TABLE * 20_000)]), refused="解压后超过", columns=POINT_COLUMNS, limits={"max_unpacked_mb": 1, "max_ratio": 10_000}),
    Case("too many files", archive("points.zip", [(f"{k}.txt", b"x") for k in range(50)]), refused="50 个文件", columns=POINT_COLUMNS, limits={"max_members": 20}),
    Case("path out of the folder", archive("points.zip", [("../../points.csv", TABLE)]), refused="指向压缩包之外", columns=POINT_COLUMNS),
    Case("backslashes out of the folder", archive("points.zip", [("..\\..\\points.csv", TABLE)]), refused="指向压缩包之外", columns=POINT_COLUMNS),
    Case("absolute path", archive("points.zip", [("/points.csv", TABLE)]), refused="指向压缩包之外", columns=POINT_COLUMNS),
    Case("drive letter", archive("points.zip", [("C:\\points.csv", TABLE)]), ALL, columns=POINT_COLUMNS),
    Case("symbolic link", archive("points.zip", [(link("/etc/hostname"), b"/etc/hostname")]), refused="没有 ", columns=POINT_COLUMNS),
    Case("zip in a zip", archive("points.zip", [("inner.zip", inner_zip())]), refused="没有能读取的数据文件", columns=POINT_COLUMNS),
    Case("zip in a zip beside data", archive("points.zip", [("inner.zip", inner_zip()), ("points.csv", TABLE)]), ALL, notes=("inner.zip 不是数据文件",), columns=POINT_COLUMNS),
    Case("name in GBK", gbk_name("点位.csv"), ALL, columns=POINT_COLUMNS),
    Case("name of control characters", archive("points.zip", [("a\x01b.csv", TABLE)]), ALL, columns=POINT_COLUMNS),
    Case("very long name", archive("points.zip", [("长" * 300 + ".csv", TABLE)]), refused="无法读取", columns=POINT_COLUMNS),
    Case("same name twice", spoilt(archive("points.zip", [("a.csv", TABLE), ("b.csv", TABLE)]), lambda path: path.write_bytes(path.read_bytes().replace(b"b.csv", b"a.csv"))), refused="同名", columns=POINT_COLUMNS),
    Case("encrypted", encrypted, refused="解压密码", columns=POINT_COLUMNS),
    Case("zip cut", spoilt(archive("points.zip", [("points.csv", TABLE)]), cut(0.7)), refused="已损坏", columns=POINT_COLUMNS),
    Case("bad checksum", spoilt(archive("points.zip", [("points.csv", TABLE)]), lambda path: path.write_bytes(path.read_bytes()[:45] + b"\0\0\0" + path.read_bytes()[48:])), refused="已损坏", columns=POINT_COLUMNS),
    Case("empty zip", archive("points.zip", []), refused="没有能读取的数据文件", columns=POINT_COLUMNS),
    Case("only pictures", archive("points.zip", [("a.jpg", b"\xff\xd8\xff"), ("b.docx", b"PK")]), refused="没有能读取的数据文件", columns=POINT_COLUMNS),
    Case("data among pictures and lists", zipped("points.zip", POINTS, bytes_file("现场.jpg", b"\xff\xd8\xff"), bytes_file("说明.docx", b"PK"), bytes_file("Thumbs.db", b"x"), bytes_file("~$points.xlsx", b"x"), bytes_file(".DS_Store", b"x")), ALL, notes=("现场.jpg 不是数据文件", "说明.docx"), columns=POINT_COLUMNS),
    Case("shapefile in a zip", zipped("areas.zip", AREAS), ALL),
    Case("shapefile in a folder of a zip", zipped("areas.zip", lambda folder: AREAS((folder / "双塔 区").mkdir() or folder / "双塔 区")), ALL),
    Case("one broken file in a zip", zipped("points.zip", POINTS, bytes_file("second.xlsx", b"not a workbook")), refused="second.xlsx", columns=POINT_COLUMNS),
    Case("files of two kinds", folder_of(geojson([feature(1, shape_json(square(1)))], name="a.geojson"), vector("b.gpkg", frame([2], [square(2)]))), ("1", "2")),
    Case("files whose columns differ", folder_of(geojson([feature(1, shape_json(square(1)))], name="a.geojson"), kml(placemark(2), name="b.kml")), ("1", ""), off_m=ANYWHERE),
    Case("a column that one file alone has", folder_of(POINTS, csv([row[:3] for row in point_rows(4)], ["编号", "经度", "纬度"], name="short.csv")), ("1", "2", "3", "4"), notes=("本文件没有“类型”列",), columns=POINT_COLUMNS),
    Case("same file twice", folder_of(POINTS, csv(point_rows(), name="copy.csv")), ALL, aside=("E5",) * 3, columns=POINT_COLUMNS),
    Case("folder of sidecars", folder_of(bytes_file("a.dbf", b"x"), bytes_file("a.prj", b"x")), refused="没有能读取的数据文件"),
    Case("file too large in a folder", folder_of(POINTS), refused="超过 0 MB", columns=POINT_COLUMNS, limits={"max_file_mb": 0}),
    Case("file too large", POINTS, refused="超过 0 MB", columns=POINT_COLUMNS, limits={"max_file_mb": 0}),
]  # fmt: skip
