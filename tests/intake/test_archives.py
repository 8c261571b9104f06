"""Folders and zips as the files in them: names in GBK, nothing outside the folder, nothing beyond the limits."""

import io
import zipfile

import pytest

from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.intake.archives import opened


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
