"""One function over many pieces: the same answers in the same order by every way, and errors as themselves."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeline.engine import spread
from pipeline.engine.spread import HowToRun, check, run, work_folder
from pipeline.errors import InputError

ONE, THREADS, PROCESSES = HowToRun(workers=1), HowToRun(), HowToRun(workers=2)


def square(piece: int) -> int:
    return piece * piece


def fail_at_three(piece: int) -> int:
    if piece == 3:
        raise InputError("piece 3 has no layer")
    return piece


@pytest.mark.parametrize("how", [ONE, THREADS, PROCESSES])
def test_results_lie_in_the_order_of_the_pieces_and_every_end_is_told(how):
    ticks: list[tuple[int, int]] = []
    assert run(square, range(5), how, lambda *tick: ticks.append(tick)) == [0, 1, 4, 9, 16]
    assert ticks == [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("how", [ONE, THREADS, PROCESSES])
def test_an_error_in_a_piece_is_raised_as_itself(how):
    with pytest.raises(InputError, match=r"^piece 3 has no layer$"):
        run(fail_at_three, range(5), how)


def test_one_worker_is_plain_calls_in_this_thread():
    assert run(lambda piece: threading.current_thread().name, range(3), ONE) == [threading.current_thread().name] * 3


def test_threads_hold_no_more_pieces_than_there_are_cores(monkeypatch):
    monkeypatch.setattr(spread.os, "cpu_count", lambda: 2)
    now, most, lock = 0, 0, threading.Lock()

    def work(piece: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1

    run(work, range(12), THREADS)
    assert most == 2


def test_an_error_stops_the_pieces_that_have_not_begun(monkeypatch):
    monkeypatch.setattr(spread.os, "cpu_count", lambda: 1)
    begun: list[int] = []

    def work(piece: int) -> None:
        begun.append(piece)
        time.sleep(0.01)
        raise InputError("no")

    with pytest.raises(InputError):
        run(work, range(100), THREADS)
    assert len(begun) < 10


def test_dask_is_not_imported_without_a_cluster():
    code = (
        "import sys; from pipeline.engine.spread import HowToRun, run; run(abs, [1, 2]);"
        "run(abs, [1, 2], HowToRun(workers=1)); assert not {'dask', 'distributed'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


@pytest.mark.parametrize("n", [0, -1])
def test_fewer_than_one_worker_is_refused(n):
    with pytest.raises(InputError, match=f"--workers {n}：至少要有 1 个"):
        HowToRun(workers=n)


def test_workers_beside_a_scheduler_are_refused():
    with pytest.raises(InputError, match="exclude each other"):
        HowToRun(workers=2, scheduler="tcp://127.0.0.1:8786", language="en")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "nowhere"])
def test_a_scheduler_that_is_not_there_is_named(address, monkeypatch):
    monkeypatch.setattr(spread, "WAIT_S", 1)
    with pytest.raises(InputError, match=f"scheduler at {address} did not answer"):
        check(HowToRun(scheduler=address, language="en"))


def test_the_work_folder_goes_at_the_end_also_after_an_error(tmp_path):
    how = HowToRun(workers=2, folder=tmp_path / "outputs")
    with pytest.raises(ZeroDivisionError), work_folder(how) as folder:
        (folder / "layers.parquet").write_bytes(b"half")
        raise ZeroDivisionError
    assert list(how.folder.iterdir()) == []


def test_only_old_work_folders_of_killed_runs_are_swept(tmp_path, monkeypatch):
    (tmp_path / ".work-left").mkdir()
    how = HowToRun(workers=2, folder=tmp_path)
    with work_folder(how) as folder:
        assert (tmp_path / ".work-left").exists()  # it may be another run's
        assert folder.parent == tmp_path
    monkeypatch.setattr(spread, "LEFT_AFTER_S", -1)
    with work_folder(how):
        assert not (tmp_path / ".work-left").exists()


def test_a_work_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="工作文件夹"), work_folder(HowToRun(folder=tmp_path / "file")):
        pass
