"""A run is put in place whole: whatever moment it is killed at, the old run or the new one stands there complete."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from pipeline import store
from pipeline.errors import InputError

KILLED = """
import sys, time
from pathlib import Path
from pipeline import store
with store.building(Path(sys.argv[1])) as built:
    for k in range(40):
        (built.folder / f"{k}.txt").write_text(sys.argv[2])
        time.sleep(0.004)
"""


def write_run(folder, text, n=3):
    with store.building(folder) as built:
        for k in range(n):
            (built.folder / f"{k}.txt").write_text(text)
    return built


def texts(folder):
    return {path.read_text() for path in folder.glob("*.txt")}


def test_a_new_run_replaces_the_old_whole(tmp_path):
    write_run(tmp_path / "c", "old", n=5)
    write_run(tmp_path / "c", "new")
    assert texts(tmp_path / "c") == {"new"}
    assert len(list((tmp_path / "c").glob("*.txt"))) == 3
    assert {path.name for path in tmp_path.iterdir()} == {"c", ".lock.sqlite"}


def test_an_error_leaves_the_old_run(tmp_path):
    write_run(tmp_path / "c", "old")
    with pytest.raises(ZeroDivisionError), store.building(tmp_path / "c") as built:
        (built.folder / "half.txt").write_text("new")
        raise ZeroDivisionError
    assert texts(tmp_path / "c") == {"old"}


@pytest.mark.parametrize("moment", ["building", "ready", "between", "old left"])
def test_each_moment_of_the_swap_is_put_right(tmp_path, moment):
    write_run(tmp_path / "c", "old")
    if moment == "building":
        shutil.copytree(tmp_path / "c", tmp_path / ".c.building")
    else:
        write_run(tmp_path / "d", "new")
        (tmp_path / "d").rename(tmp_path / ".c.ready")
    if moment == "between":
        (tmp_path / "c").rename(tmp_path / ".c.old")
    if moment == "old left":
        (tmp_path / "c").rename(tmp_path / ".c.old")
        (tmp_path / ".c.ready").rename(tmp_path / "c")
    store.recover(tmp_path)
    assert texts(tmp_path / "c") == ({"old"} if moment == "building" else {"new"})
    assert {path.name for path in tmp_path.iterdir()} == {"c", ".lock.sqlite"}


def test_an_old_run_alone_comes_back(tmp_path):
    write_run(tmp_path / "c", "old")
    (tmp_path / "c").rename(tmp_path / ".c.old")
    store.recover(tmp_path)
    assert texts(tmp_path / "c") == {"old"}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_killed_run_loses_nothing(tmp_path):
    write_run(tmp_path / "c", "old", n=40)
    for delay in (0.25, 0.32, 0.4, 0.5, 0.7):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "c"), "new"])
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        store.recover(tmp_path)
        assert len(list((tmp_path / "c").glob("*.txt"))) == 40
        assert len(texts(tmp_path / "c")) == 1


def test_files_of_a_person_and_the_accepted_run_are_kept(tmp_path):
    write_run(tmp_path / "c", "old")
    (tmp_path / "c" / "0.txt").write_text("changed by hand")
    (tmp_path / "c" / "note.txt").write_text("mine")
    (tmp_path / "c" / "accepted").mkdir()
    (tmp_path / "c" / "accepted" / "a.txt").write_text("as accepted")
    built = write_run(tmp_path / "c", "new")
    kept = tmp_path / "c" / "kept"
    assert sorted(path.name for path in built.kept) == ["0.txt", "note.txt"]
    assert (kept / "0.txt").read_text() == "changed by hand"
    assert (tmp_path / "c" / "accepted" / "a.txt").read_text() == "as accepted"
    write_run(tmp_path / "c", "newer")
    assert (kept / "note.txt").read_text() == "mine"


def test_a_second_process_is_refused(tmp_path):
    with store.building(tmp_path / "c"):
        command = [sys.executable, "-c", KILLED, str(tmp_path / "d"), "second"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "InputError" in done.stderr


def test_a_file_open_elsewhere_leaves_the_new_run_beside(tmp_path, monkeypatch):
    write_run(tmp_path / "c", "old")
    rename = type(tmp_path).rename

    def refuse(self, target):
        if self.name == "c":
            raise PermissionError(13, "open elsewhere")
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(type(tmp_path), "rename", refuse)
        with pytest.raises(InputError, match="ready"):
            write_run(tmp_path / "c", "new")
        assert texts(tmp_path / "c") == {"old"}
    store.recover(tmp_path)
    assert texts(tmp_path / "c") == {"new"}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_an_unwritable_folder_says_so(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError):
        write_run(tmp_path / "c", "new")
