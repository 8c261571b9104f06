"""Folders and zips as the files in them: names in GBK, nothing outside the folder, nothing beyond the limits."""

import io
import random
import zipfile

import pytest

from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.intake.archives import check_packed, opened


def names(path, limits=None):
    with opened(path, limits or Limits(), "en") as files:
        return [name for name, _ in files]


def pack(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_a_file_is_itself_and_one_too_large_is_refused(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"x" * 2_000_000)
    assert names(tmp_path / "a.csv") == ["a.csv"]
    with pytest.raises(InputError, match="larger than 1 MB"):
        names(tmp_path / "a.csv", Limits(max_file_mb=1))


def test_a_folder_gives_its_data_files_and_a_geodatabase_is_one(tmp_path):
    for name in ("b.shp", "b.dbf", "b.prj", ".hidden.csv", "~$open.xlsx", "sub/a.csv", "c.gdb/a0001.gdbtable"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path) == ["b.shp", "c.gdb", "sub/a.csv"]


def test_a_zip_of_a_chinese_windows_keeps_its_names(tmp_path):
    path = tmp_path / "z.zip"
    pack(path, {"XXXX/a.csv": "1"})
    raw = path.read_bytes().replace(b"XXXX", "变化".encode("gbk"))
    path.write_bytes(raw)
    assert names(path) == ["变化/a.csv"]


@pytest.mark.parametrize("name", ["../evil.csv", "a/../../evil.csv", "..\\evil.csv", "/evil.csv"])
def test_a_path_that_leaves_the_archive_is_refused_or_stays_inside(tmp_path, name):
    path = pack(tmp_path / "z.zip", {name: "1"})
    try:
        inside = names(path)
    except InputError as refusal:
        assert "outside" in str(refusal)
    else:
        assert inside == ["evil.csv"]
    assert not (tmp_path / "evil.csv").exists()


def test_a_bomb_is_stopped_by_what_it_unpacks_to(tmp_path):
    bomb = pack(tmp_path / "b.zip", {"a.csv": b"0" * 50_000_000})
    with pytest.raises(InputError, match="refused"):
        names(bomb, Limits(max_unpacked_mb=10))
    with pytest.raises(InputError, match="refused"):
        names(bomb, Limits(max_ratio=100))


def test_a_zip_of_many_files_is_refused(tmp_path):
    many = pack(tmp_path / "m.zip", {f"{k}.csv": "1" for k in range(12)})
    with pytest.raises(InputError, match="12"):
        names(many, Limits(max_members=10))


def test_a_zip_in_a_zip_is_named_and_not_opened(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.csv", "1")
    assert names(pack(tmp_path / "z.zip", {"inner.zip": inner.getvalue(), "b.csv": "1"})) == ["b.csv", "inner.zip"]


def test_a_file_too_large_is_refused_in_a_folder_and_in_a_zip_too(tmp_path):
    folder = tmp_path / "folder" / "sub"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"x" * 1_500_000)
    packed = pack(tmp_path / "z.zip", {"sub/a.csv": random.Random(1).randbytes(1_500_000)})
    for path in (tmp_path / "folder", packed):
        assert names(path, Limits(max_file_mb=2)) == ["sub/a.csv"]
        with pytest.raises(InputError, match=r"a\.csv is larger than 1 MB"):
            names(path, Limits(max_file_mb=1))


def book(path, strings, says=None):
    """A zip as a workbook's, whose directory `says` how many bytes its strings unpack to."""
    pack(path, {"xl/workbook.xml": "<workbook/>", "xl/sharedStrings.xml": b"x" * strings})
    if says is not None:
        raw = path.read_bytes()
        path.write_bytes(raw.replace(strings.to_bytes(4, "little"), says.to_bytes(4, "little")))
    return path


@pytest.mark.parametrize("says", [None, 1_000])
def test_a_packed_file_is_judged_by_what_it_unpacks_to_and_not_by_what_it_says(tmp_path, says):
    path = book(tmp_path / "a.xlsx", 5_000_000, says)
    check_packed(path, Limits(max_ratio=2_000), "en")
    for limits in (Limits(max_unpacked_mb=4, max_ratio=2_000), Limits(max_ratio=100)):
        with pytest.raises(InputError, match=r"a\.xlsx unpacks to more than"):
            check_packed(path, limits, "en")
    with pytest.raises(InputError, match="holds 2 files"):
        check_packed(path, Limits(max_members=1), "en")


def test_a_damaged_part_is_left_to_the_reader(tmp_path):
    path = pack(tmp_path / "a.kmz", {"photo.jpg": "y" * 400, "doc.kml": "<kml/>"})
    raw = path.read_bytes()
    path.write_bytes(raw[:40] + b"\0\0\0\0" + raw[44:])
    check_packed(path, Limits(), "en")
