"""Pieces, workers and the order of rows change nothing in the overlaps: by every way, and with a worker killed in mid-run."""

import io
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, redirect_stderr
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import jobs
from pipeline.cli import _progress, leadscreen
from pipeline.cycle import open_cycle
from pipeline.engine import pieces, spread
from pipeline.engine.pieces import (
    Ground,
    cut_pieces,
    in_order_of_space,
    overlap_in_pieces,
    read_part,
    take_part,
    write_parts,
)
from pipeline.engine.spread import HowToRun, check, run
from pipeline.errors import InputError
from pipeline.jobs import make_tables
from pipeline.stages.overlap import overlap
from tests.stages.test_overlap import RULES, layer_of, leads_of

HOME = Path(__file__).parents[1]
N_LEADS = 90
ONE, THREADS = HowToRun(workers=1), HowToRun()


def boxes_of(random: np.random.Generator, n: int, largest_m: int) -> list[shapely.Geometry]:
    corners = random.integers(0, 1000, (n, 2))
    sizes = random.integers(1, largest_m, (n, 2))
    return [shapely.box(x, y, x + w, y + h) for (x, y), (w, h) in zip(corners, sizes, strict=True)]


def made() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, dict]:
    """Leads (some points, of many dates and accuracies), layers with versions, near rules and a permit; coverage."""
    random = np.random.default_rng(4)
    shapes = boxes_of(random, N_LEADS, 80)
    shapes[::9] = [shape.centroid for shape in shapes[::9]]
    leads = leads_of(*shapes).assign(
        prev_date=random.choice(np.array(["2017", "2020-06", "2021-05", None], dtype=object), N_LEADS),
        position_accuracy_m=random.choice([0.0, 2.0, 60.0], N_LEADS),
    )
    layers = [
        layer_of(*boxes_of(random, 40, 200), layer_id="old", series="dltb", date="2018-12-31"),
        layer_of(*boxes_of(random, 1, 9), layer_id="new", series="dltb", date="2020-12-31"),  # in hardly any piece
        layer_of(*boxes_of(random, 30, 150), layer_id="reserve", layer_class="protected_area", within_m=50.0),
        layer_of(*boxes_of(random, 20, 60), layer_id="marsh", date="2019"),
        layer_of(*boxes_of(random, 10, 90), layer_id="permit", layer_class="permit", counts=False),
    ]
    coverage = {"wetland": shapely.box(0, 0, 500, 1100), "protected_area": None}
    return leads, pd.concat(layers, ignore_index=True), coverage


LEADS, LAYERS, COVERAGE = made()


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    return overlap(LEADS, LAYERS, RULES, COVERAGE)


def in_pieces(how: HowToRun, size: int, leads: gpd.GeoDataFrame = LEADS, stage=overlap, tick=spread.no_tick):
    return overlap_in_pieces(stage, leads, LAYERS, RULES, COVERAGE, how=how, tick=tick, size=size)


@settings(max_examples=6, deadline=None)
@given(st.integers(6, N_LEADS), st.permutations(range(N_LEADS)), st.sampled_from([ONE, THREADS]))
def test_pieces_order_and_threads_change_nothing(whole, size, order, how):
    pd.testing.assert_frame_equal(in_pieces(how, size, LEADS.iloc[list(order)]), whole, check_exact=True)


def test_pieces_change_nothing_where_areas_come_from_the_compiled_kernel(monkeypatch):
    monkeypatch.setattr(pieces, "pays_kernel", lambda subjects, layers: True)
    compiled = overlap(LEADS, LAYERS, RULES, COVERAGE, by_kernel=True)
    pd.testing.assert_frame_equal(in_pieces(THREADS, 20), compiled, check_exact=True)


def test_two_processes_change_nothing_and_leave_nothing_behind(whole, tmp_path):
    ticks: list[tuple[int, int]] = []
    how = HowToRun(workers=2, folder=tmp_path / "outputs")
    rows = in_pieces(how, 20, tick=lambda done, total: ticks.append((done, total)))
    pd.testing.assert_frame_equal(rows, whole, check_exact=True)
    assert ticks == [(k, 5) for k in range(6)]
    assert list(how.folder.iterdir()) == []


def test_sites_run_in_pieces_as_leads_do(whole):
    sites = LEADS.rename(columns={"lead_id": "site_id"})
    rows = overlap_in_pieces(overlap, sites, LAYERS, RULES, COVERAGE, "site", how=ONE, size=30)
    pd.testing.assert_frame_equal(rows, whole.assign(subject="site").astype({"subject": "str"}), check_exact=True)


def test_what_one_lead_reaches_does_not_hang_on_the_accuracy_of_another():
    leads = leads_of(shapely.box(0, 0, 10, 10), shapely.box(9000, 0, 9010, 10), prev="2020")
    leads = leads.assign(position_accuracy_m=[0.0, 60.0])
    near = layer_of(shapely.box(15, 0, 20, 10), layer_id="near", date="2019")
    later = layer_of(shapely.box(50, 0, 60, 10), layer_id="later", date="2024")  # 40 m from the first: not its concern
    layers = pd.concat([near, later], ignore_index=True)
    both = overlap(leads, layers, RULES)
    alone = overlap(leads.iloc[:1], layers, RULES)
    cut = overlap_in_pieces(overlap, leads, layers, RULES, how=ONE, size=1)
    assert alone.loc[alone["level"] == "class", "layer_date"].tolist() == ["2019"]
    pd.testing.assert_frame_equal(both[both["subject_id"] == "L0"], alone, check_exact=True)
    pd.testing.assert_frame_equal(cut, both, check_exact=True)


def test_few_leads_are_one_plain_call_whatever_was_asked_for(whole):
    told = []

    def stage(*given, **named):
        told.append(len(given))
        return overlap(*given, **named)

    rows = in_pieces(HowToRun(scheduler="tcp://127.0.0.1:9"), N_LEADS, stage=stage)
    assert told == [5]
    pd.testing.assert_frame_equal(rows, whole)


def test_where_areas_need_a_crs_made_for_all_shapes_there_is_one_piece():
    leads, layers = LEADS.set_crs("EPSG:4549", allow_override=True), LAYERS.set_crs("EPSG:4549", allow_override=True)
    leads = leads.set_geometry(leads.translate(500_000, 4_600_000))
    layers = layers.set_geometry(layers.translate(500_000, 4_600_000))
    rows = overlap_in_pieces(overlap, leads, layers, RULES, COVERAGE, how=ONE, size=20)
    pd.testing.assert_frame_equal(rows, overlap(leads, layers, RULES, COVERAGE), check_exact=True)


def test_a_part_out_of_files_is_the_part_out_of_memory(tmp_path):
    ordered = in_order_of_space(LEADS, "lead")
    ground = Ground(LAYERS, LAYERS[["layer_id", "series", "layer_date"]].drop_duplicates(), COVERAGE)
    cut = cut_pieces(ordered, 70.0, 20)
    write_parts(ordered, ground, 20, tmp_path)
    assert [(piece.start, piece.stop) for piece in cut] == [(0, 20), (20, 40), (40, 60), (60, 80), (80, 90)]
    for piece in cut:
        leads, near = take_part(ordered, ground, shapely.bounds(LAYERS.geometry.to_numpy()), piece)
        leads_read, near_read = read_part(tmp_path, piece)
        pd.testing.assert_frame_equal(pd.DataFrame(leads_read), pd.DataFrame(leads))
        assert near_read.layers.geometry.tolist() == near.layers.geometry.tolist()
        words = [one.drop(columns="geometry").fillna("").astype(str) for one in (near_read.layers, near.layers)]
        pd.testing.assert_frame_equal(*words)
        assert 0 < len(near.layers) < len(LAYERS)
        assert near_read.versions["layer_id"].tolist() == ["old", "new", "reserve", "marsh", "permit"]
        assert near_read.coverage == COVERAGE


def test_a_piece_reaches_what_is_exactly_as_far_as_asked():
    ordered = in_order_of_space(leads_of(shapely.box(0, 0, 10, 10), shapely.box(500, 0, 510, 10)), "lead")
    layers = layer_of(shapely.box(20, 0, 30, 10), shapely.box(22, 0, 30, 10))
    first = next(piece for piece in cut_pieces(ordered, 10.0, 1) if piece.box[0] < 0)
    ground = Ground(layers, layers, {})
    _, near = take_part(ordered, ground, shapely.bounds(layers.geometry.to_numpy()), first)
    assert near.layers["feature_key"].tolist() == ["F0"]


def test_a_whole_run_in_pieces_is_the_run_in_one(place, monkeypatch):
    plain = make_tables(open_cycle(place, "2023"))
    ticks: dict[str, list[tuple[int, int]]] = {}

    @contextmanager
    def step(name: str):
        yield lambda *tick: ticks.setdefault(name, []).append(tick)

    monkeypatch.setattr(jobs, "overlap_in_pieces", partial(overlap_in_pieces, size=1))
    cut = make_tables(open_cycle(place, "2023"), step, ONE)
    assert ticks == {"overlap": [(k, 3) for k in range(4)], "overlap sites": [(k, 3) for k in range(4)]}
    for name in ("overlaps", "sites", "problems", "outcomes"):
        pd.testing.assert_frame_equal(pd.DataFrame(cut.tables[name]), pd.DataFrame(plain.tables[name]))


@pytest.mark.parametrize("command", ["screen", "accept"])
@pytest.mark.parametrize(
    ("words", "said"),
    [(["--workers", "0"], "--workers 0"), (["--scheduler", "tcp://127.0.0.1:9"], "tcp://127.0.0.1:9")],
)
def test_the_command_line_refuses_before_anything_is_read_or_written(
    place, tmp_path, monkeypatch, command, words, said
):
    monkeypatch.setattr(spread, "WAIT_S", 1)
    given = [command, "--place", str(place), "--outputs", str(tmp_path / "out"), *words]
    with pytest.raises(InputError, match=said):
        leadscreen(given, standalone_mode=False)
    assert [path for path in tmp_path.glob("out/**/*") if path.is_file()] == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def last_line(terminal: Terminal) -> str:
    return terminal.getvalue().rstrip("\n").split("\r")[-1].strip()


def test_the_bar_of_a_stage_in_pieces_shows_how_many_are_done(place):
    with redirect_stderr(Terminal()) as terminal, _progress(place, "en")("overlap") as tick:
        tick(0, 4)
        tick(1, 4)
        assert "1/4" in last_line(terminal)
        assert last_line(terminal).count("#") == 7  # a quarter of thirty
        tick(4, 4)
    assert "#" * 30 + " 4/4" in last_line(terminal)


def test_the_bar_of_any_other_stage_is_done_or_not(place):
    with redirect_stderr(Terminal()) as terminal, _progress(place, "en")("merge"):
        assert "#" not in terminal.getvalue()
    assert "#" * 30 in last_line(terminal)


@pytest.mark.parametrize("done", [0, 3, 4])
def test_a_stage_that_fails_shows_no_full_bar_but_how_far_it_came(place, done):
    step = _progress(place, "en")
    with redirect_stderr(Terminal()) as terminal, pytest.raises(ZeroDivisionError), step("overlap") as tick:
        tick(done, 4)
        raise ZeroDivisionError
    assert last_line(terminal).startswith(f"overlap of leads: not finished, {done}/4")


# a scheduler and its workers, as an office's cluster has them


def start(*words: str, path: str = "") -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*([path] if path else []), str(HOME)])}
    return subprocess.Popen(
        [sys.executable, "-m", *words], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@contextmanager
def worker(address: str, folder: Path, path: str = ""):
    process = start(
        "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1",
        "--no-dashboard", "--local-directory", str(folder), path=path,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """(address, worker processes): a scheduler on a free port of loopback with two workers."""
    folder = tmp_path_factory.mktemp("cluster")
    note = folder / "scheduler.json"
    scheduler = start(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
        "--scheduler-file", str(note),
    )  # fmt: skip
    try:
        wait_until(lambda: note.exists() and note.read_text(encoding="utf-8").endswith("}"))
        address = json.loads(note.read_text(encoding="utf-8"))["address"]
        with worker(address, folder / "a") as a, worker(address, folder / "b") as b:
            wait_until(lambda: n_workers(address) == 2)
            yield address, [a, b]
    finally:
        scheduler.kill()
        scheduler.wait()


def n_workers(address: str) -> int:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return len(client.scheduler_info(n_workers=-1)["workers"])


def wait_until(is_so, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def overlap_that_waits(folder: Path, *given, **more) -> pd.DataFrame:
    """The stage; but the first piece of all says in whose process it runs and waits there to be killed."""
    try:
        with (folder / "begun").open("x", encoding="utf-8") as stream:
            stream.write(f"{os.getpid()}\n")
    except FileExistsError:
        return overlap(*given, **more)
    time.sleep(120)
    raise AssertionError("nobody killed this worker")


def test_the_workers_of_a_scheduler_change_nothing(whole, cluster, tmp_path):
    how = HowToRun(scheduler=cluster[0], folder=tmp_path)
    check(how)
    pd.testing.assert_frame_equal(in_pieces(how, 20), whole, check_exact=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_workers_do_not_see_is_named(cluster, tmp_path):
    with pytest.raises(InputError, match=r"does not see the folder .*elsewhere"):
        run(abs, range(3), HowToRun(scheduler=cluster[0], language="en"), folder=tmp_path / "elsewhere")


def test_a_worker_with_another_version_is_refused(cluster, tmp_path):
    other = tmp_path / "leadscreen-0.0.1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: leadscreen\nVersion: 0.0.1\n", encoding="utf-8")
    with worker(cluster[0], tmp_path / "c", path=str(tmp_path)):
        wait_until(lambda: n_workers(cluster[0]) == 3)
        with pytest.raises(InputError, match=r"leadscreen 0\.0\.1, here it is"):
            check(HowToRun(scheduler=cluster[0], folder=tmp_path, language="en"))
    wait_until(lambda: n_workers(cluster[0]) == 2)


def test_a_scheduler_without_workers_is_refused(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(spread, "WAIT_S", 1)
    with (
        LocalCluster(
            n_workers=0, scheduler_kwargs={"dashboard_address": "127.0.0.1:0"}, dashboard_address=None
        ) as empty,
        pytest.raises(InputError, match="had no worker within 1 s"),
    ):
        check(HowToRun(scheduler=empty.scheduler_address, language="en"))


def test_a_worker_killed_in_mid_run_changes_no_byte(whole, cluster, tmp_path):
    """The last test of the cluster: afterwards it has one worker."""
    begun, rows = tmp_path / "begun", []
    how = HowToRun(scheduler=cluster[0], folder=tmp_path / "outputs")
    stage = partial(overlap_that_waits, tmp_path)
    running = threading.Thread(target=lambda: rows.append(in_pieces(how, 20, stage=stage)))
    running.start()
    wait_until(lambda: begun.exists() and begun.read_text(encoding="utf-8").endswith("\n"))
    victim = next(process for process in cluster[1] if process.pid == int(begun.read_text(encoding="utf-8")))
    victim.kill()
    running.join(timeout=60)
    assert victim.wait() != 0
    whole.to_parquet(tmp_path / "whole.parquet")
    rows[0].to_parquet(tmp_path / "killed.parquet")
    assert (tmp_path / "killed.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
