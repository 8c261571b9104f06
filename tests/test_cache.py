"""The prepared cache: an entry is whole or not there, whatever is killed, spoilt, trimmed or written twice at once."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.cache import About, Cache, checksum, clear, entries, find, hash_file, keep, make_key, trim, writing

ABOUT = About("layer", "湿地", "wetland.gpkg", "wetland", 3)
KEYS = [make_key("layer", str(k)) for k in range(4)]
BUSY = """
import sys, time
from pathlib import Path
from pipeline.cache import About, Cache, find, keep, trim
cache, keys, seconds = Cache(Path(sys.argv[1]), int(sys.argv[2])), sys.argv[4:], float(sys.argv[3])
until, wrong, seen = time.monotonic() + seconds, 0, 0
while time.monotonic() < until:
    for key in keys:
        folder = find(cache, key)
        if folder is None:
            keep(cache, key, About("layer", key, "x"), lambda folder: [
                (folder / f"{k}.bin").write_bytes(key.encode() * 4_000) for k in range(4)])
            continue
        try:
            with (folder / "3.bin").open("rb") as stream:
                trim(cache)
                wrong += stream.read() != key.encode() * 4_000
                seen += 1
        except OSError:
            pass  # trimmed by another a moment ago
print(wrong, seen, *cache.told, sep="|")
"""
KILLED = """
import sys, time
from pathlib import Path
from pipeline.cache import About, Cache, writing
with writing(Cache(Path(sys.argv[1]), 10), sys.argv[2], About("layer", "x", "x")) as folder:
    for k in range(1000):
        (folder / f"{k}.bin").write_bytes(b"half")
        time.sleep(0.005)
"""


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "预 备", 1)


def write(cache: Cache, key: str, n_bytes: int = 1000, age_s: float = 0) -> None:
    """An entry of two files, last used `age_s` seconds ago."""
    with writing(cache, key, ABOUT) as folder:
        (folder / "a.npy").write_bytes(bytes(n_bytes))
        (folder / "parts").mkdir()
        (folder / "parts" / "b.json").write_text("[1, 2]", encoding="utf-8")
    used = time.time() - age_s
    os.utime(cache.folder / key / "used", (used, used))


def run(*arguments: object) -> subprocess.Popen[str]:
    words = [str(argument) for argument in arguments]
    home = Path(__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-c", *words], cwd=home, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )


def test_what_is_written_is_found_and_listed(cache):
    assert find(cache, KEYS[0]) is None
    write(cache, KEYS[0])
    folder = find(cache, KEYS[0])
    assert (folder / "a.npy").read_bytes() == bytes(1000)
    (entry,) = entries(cache)
    assert (entry.key, entry.about, entry.is_whole) == (KEYS[0], ABOUT, True)
    assert 0.001 < entry.size_mb < 0.002
    assert abs(entry.made - time.time()) < 60
    assert cache.told == []


def test_keys_tell_parts_apart():
    keys = {make_key(*parts) for parts in (["a", "b"], ["b", "a"], ["ab"], ["a", "b", ""], ['a", "b'], [])}
    assert len(keys) == 6
    assert make_key("a", "b") == make_key("a", "b")
    assert {len(key) for key in keys} == {32}


def test_equal_entries_are_equal_bytes(tmp_path):
    for name in ("one", "two"):
        write(Cache(tmp_path / name, 1), KEYS[0], age_s=len(name))
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 4
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)


@pytest.mark.parametrize("name", ["entry.json", "a.npy", "parts/b.json"])
def test_a_flipped_byte_anywhere_is_noticed(cache, name):
    write(cache, KEYS[0], n_bytes=8)
    whole = (cache.folder / KEYS[0] / name).read_bytes()
    for at in range(0, len(whole), 3):
        (cache.folder / KEYS[0] / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert [entry.is_whole for entry in entries(cache)] == [False], at
    assert find(cache, KEYS[0]) is None
    assert not (cache.folder / KEYS[0]).exists()
    assert len(cache.told) == 1
    assert "损坏" in cache.told[0]


@pytest.mark.parametrize("name", ["entry.json", "a.npy"])
@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_missing_or_short_file_is_noticed_and_made_anew(cache, name, spoil):
    write(cache, KEYS[0])
    spoil(cache.folder / KEYS[0] / name)
    assert find(cache, KEYS[0]) is None
    write(cache, KEYS[0])
    assert find(cache, KEYS[0]) is not None


def test_an_entry_under_another_name_is_not_taken(cache):
    write(cache, KEYS[0])
    shutil.copytree(cache.folder / KEYS[0], cache.folder / KEYS[1])
    assert find(cache, KEYS[1]) is None
    assert find(cache, KEYS[0]) is not None


def test_a_file_that_a_desktop_adds_does_no_harm(cache):
    write(cache, KEYS[0])
    (cache.folder / KEYS[0] / "Thumbs.db").write_bytes(b"x")
    assert find(cache, KEYS[0]) is not None


def test_an_error_while_writing_leaves_nothing(cache):
    with pytest.raises(ZeroDivisionError), writing(cache, KEYS[0], ABOUT) as folder:
        (folder / "a.npy").write_bytes(b"half")
        raise ZeroDivisionError
    assert list(cache.folder.iterdir()) == []


def test_the_second_of_two_writers_of_one_key_is_dropped_quietly(cache):
    with writing(cache, KEYS[0], ABOUT) as folder:
        write(cache, KEYS[0], n_bytes=5)
        (folder / "a.npy").write_bytes(bytes(7))
    assert (find(cache, KEYS[0]) / "a.npy").stat().st_size == 5
    assert [path.name for path in cache.folder.iterdir()] == [KEYS[0]]
    assert cache.told == []


def test_the_least_recently_used_leave_until_the_rest_fits(cache):
    for k, age_s in enumerate((30, 40, 20, 10)):
        write(cache, KEYS[k], n_bytes=400_000, age_s=age_s)
    find(cache, KEYS[1])  # the oldest is used again
    trim(cache)
    assert {entry.key for entry in entries(cache)} == {KEYS[1], KEYS[3]}
    assert cache.told == []


def test_the_entry_just_made_stays_though_it_is_too_large_and_that_is_said(cache):
    write(cache, KEYS[0], n_bytes=400_000)
    keep(cache, KEYS[1], ABOUT, lambda folder: (folder / "a.npy").write_bytes(bytes(2_000_000)))
    assert [entry.key for entry in entries(cache)] == [KEYS[1]]
    assert len(cache.told) == 1
    assert "prepared_mb" in cache.told[0]


def test_a_folder_that_cannot_be_written_is_told_once_and_stops_nobody(tmp_path):
    (tmp_path / "file").write_text("no folder")
    cache = Cache(tmp_path / "file" / "prepared", 1, "en")
    for key in KEYS:
        keep(cache, key, ABOUT, lambda folder: None)
        assert find(cache, key) is None
    assert len(cache.told) == 1
    assert "could be kept" in cache.told[0]


def test_a_disk_that_fills_is_told_and_nothing_half_written_stays(cache):
    def fill(folder: Path) -> None:
        (folder / "a.npy").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    keep(cache, KEYS[0], ABOUT, fill)
    assert list(cache.folder.iterdir()) == []
    assert "No space left" in cache.told[0]


def test_what_killed_writers_left_is_swept_after_a_day(cache):
    write(cache, KEYS[0])
    old, young, gone = (cache.folder / f"{KEYS[1]}.{name}" for name in ("1.part", "2.part", "3.gone"))
    for folder in (old, young, gone):
        folder.mkdir()
    os.utime(old, (time.time() - 90_000,) * 2)
    write(cache, KEYS[2])
    assert {path.name for path in cache.folder.iterdir()} == {KEYS[0], KEYS[2], young.name}


def test_clear_removes_every_entry(cache):
    write(cache, KEYS[0])
    write(cache, KEYS[1])
    assert clear(cache) == []
    assert entries(cache) == []


def test_a_writer_killed_in_the_middle_leaves_nothing_that_is_found(cache):
    writer = run(KILLED, cache.folder, KEYS[0])
    until = time.monotonic() + 20
    while len(list(cache.folder.glob("*.part/*.bin"))) < 10 and time.monotonic() < until:
        time.sleep(0.01)
    writer.kill()  # SIGKILL; on Windows TerminateProcess: neither lets it tidy up
    writer.communicate()
    assert len(list(cache.folder.glob("*.part/*.bin"))) >= 10
    assert find(cache, KEYS[0]) is None
    assert entries(cache) == []
    write(cache, KEYS[0])
    assert find(cache, KEYS[0]) is not None


def test_processes_that_write_read_and_trim_the_same_keys_never_see_half_an_entry(tmp_path):
    """Each entry is 0.5 MB and the limit 1 MB, so that the three keys always push each other out."""
    folder = tmp_path / "shared"
    workers = [run(BUSY, folder, 1, 2.0, *keys) for keys in (KEYS[:3], KEYS[:3], KEYS[2::-1])]
    for worker in workers:
        wrong, seen, *told = worker.communicate(timeout=60)[0].strip().split("|")
        assert worker.returncode == 0
        assert (wrong, told) == ("0", [])
        assert int(seen) > 10
    assert all(entry.is_whole for entry in entries(Cache(folder, 1)))
    assert not list(folder.glob("*.part"))


def test_hash_file_is_sha256(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert hash_file(tmp_path / "empty").startswith("e3b0c44298fc1c14")


def test_checksum_is_xxh3_128(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    assert checksum(tmp_path / "empty") == "99aa06d3014798d86001c324468d497f"
