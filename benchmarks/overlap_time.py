"""Ours and the rivals side by side: whole processes in turn, files in, table out; all tables must agree.

    python benchmarks/overlap_time.py [--sizes S Mn] [--rivals geopandas sedona] [--rounds 3] [--pairs]

Workloads are made where they are not there yet (--folder). Wall and CPU seconds and peak memory of the process are
medians; of ratios, the median of the rounds'. What a database server spends is not in the CPU of its client. On X,
with spoilt shapes, ask geopandas_repaired. M and L run alone: their rivals take hours. Rivals, and how to install
them, are in rivals.py.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely

from benchmarks.rivals import NOT_INSTALLED, RIVALS
from benchmarks.workload import LAYERS, SIZES, make_workload

HOME = Path(__file__).parent
OURS = HOME / "ours.py"
ALONE = ("M", "L")
NEW_SHARE = 0.05
COUNTS_FROM_M2 = 1.0  # agreement is asked above this: a tool that nodes shapes rounds by some 1e-8 m²
AGREES_WITHIN = 1e-9


class Cost(NamedTuple):
    """One whole process; CPU and memory are nan where the system does not tell (Windows)."""

    wall_s: float
    cpu_s: float
    peak_mb: float


class Work(NamedTuple):
    """The files of one size, and a folder for what is made of them."""

    leads: Path
    layers: tuple[Path, ...]
    scratch: Path


def measure(command: Iterable[object]) -> Cost:
    """Run a whole process; CalledProcessError where it fails."""
    words = [sys.executable, *map(str, command)]
    # as on a user's machine: else every process, rivals' too, would translate its libraries anew
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(words, env=environment)
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        unit_mb = 2**20 if sys.platform == "darwin" else 2**10
        cost = Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit_mb)
    else:
        process.wait()
        cost = Cost(time.perf_counter() - started, math.nan, math.nan)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, words)
    return cost


def run(program: Path, work: Work, out: str, *flags: object, leads: Path | None = None) -> Cost:
    """Ours (flags after the files) or a rival (flags name it, before the files); the table goes to scratch / out."""
    files = (leads or work.leads, work.scratch / out, *work.layers)
    return measure((program, *files, *flags) if program == OURS else (program, *flags, *files))


def difference(ours: Path, theirs: Path) -> tuple[float, int]:
    """Largest relative difference of rows above 1 m², and how many of these only one table has."""
    key = ["lead", "layer"]
    both = (
        pd.read_parquet(ours).merge(pd.read_parquet(theirs), on=key, how="outer", suffixes=("", "_theirs")).fillna(0.0)
    )
    larger = both[["overlap_m2", "overlap_m2_theirs"]].max(axis=1)
    counted = both[larger > COUNTS_FROM_M2]
    is_missing = (counted[["overlap_m2", "overlap_m2_theirs"]] == 0).any(axis=1)
    apart = ((counted["overlap_m2"] - counted["overlap_m2_theirs"]).abs() / larger[counted.index])[~is_missing]
    return float(apart.max()) if len(apart) else 0.0, int(is_missing.sum())


def print_agreement(name: str, ours: Path, theirs: Path) -> bool:
    """Say whether two tables are the same; a sum is another table, and only shown."""
    relative, missing = difference(ours, theirs)
    agrees = relative <= AGREES_WITHIN and missing == 0
    verdict = "agrees" if agrees else "a sum, not the union" if name == "sedona_sum" else "DIFFERS"
    print(f"  {name:28} {verdict}: largest relative difference {relative:.1e}, {missing} rows only one has")
    return agrees or name == "sedona_sum"


def middle(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))


def print_cost(name: str, costs: list[Cost], against: list[Cost] | None = None) -> None:
    """Medians, and how often ours goes into it (or it into ours cold)."""
    cost = middle(costs)
    wall, cpu, peak = ("–" if math.isnan(value) else f"{value:.{d}f}" for value, d in zip(cost, (2, 2, 0), strict=True))
    line = f"  {name:28} {wall:>9} {cpu:>9} {peak:>8}"
    if against is not None:
        pairs = zip(costs, against, strict=True)
        ratios = [(a.wall_s / b.wall_s, a.cpu_s / b.cpu_s) for a, b in pairs]
        wall_ratio, cpu_ratio = (statistics.median(column) for column in zip(*ratios, strict=True))
        line += f" {wall_ratio:9.2f} {cpu_ratio:9.2f}"
    print(line, flush=True)


def some_new(leads: Path, path: Path, seed: int) -> Path:
    """The leads with a seeded 5 % replaced by copies some metres away."""
    frame = gpd.read_parquet(leads)
    dice = np.random.default_rng(seed)
    chosen = np.flatnonzero(dice.random(len(frame)) < NEW_SHARE)
    shapes = frame.geometry.to_numpy().copy()
    shapes[chosen] = shapely.transform(shapes[chosen], lambda xy: xy + dice.uniform(3, 30, 2))
    frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs)).to_parquet(path, index=False, row_group_size=10_000)
    return path


def compile_s(work: Work) -> float:
    """Seconds numba takes once per machine: a first run with an empty cache, less a second."""
    return run(OURS, work, "first").wall_s - run(OURS, work, "first").wall_s


def against_rivals(work: Work, rivals: list[str], rounds: int) -> tuple[list[Cost], list[str]]:
    """Ours cold and each rival in turn; prints their costs, and gives ours and which rivals ran."""
    ours: list[Cost] = []
    theirs: dict[str, list[Cost]] = {rival: [] for rival in rivals}
    for _ in range(rounds):
        ours.append(run(OURS, work, "ours"))
        for rival in list(theirs):
            try:
                theirs[rival].append(run(HOME / "rivals.py", work, rival, rival))
            except subprocess.CalledProcessError as error:
                if error.returncode != NOT_INSTALLED:  # most stop at the first shape that is not valid
                    print(f"  {rival} is left out: it stopped with an error", flush=True)
                del theirs[rival]
    print_cost("ours, cold", ours)
    for rival, costs in theirs.items():
        print_cost(rival, costs, ours)
    return ours, list(theirs)


def with_memory(work: Work, cold: list[Cost], rounds: int) -> None:
    """Ours with prepared layers, then after an earlier run with 5 % of the leads new; and these leads without memory."""
    prepared, cache = ("--prepared", work.scratch / "layers"), ("--cache", work.scratch / "cache")
    run(OURS, work, "prepared", *prepared)
    print_cost("ours, layers prepared", [run(OURS, work, "prepared", *prepared) for _ in range(rounds)], cold)
    run(OURS, work, "remembered", *cache)
    costs = []
    for seed in range(rounds):  # other leads each time: those of the last round are known by now
        leads = some_new(work.leads, work.scratch / "some_new.parquet", seed)
        costs.append(run(OURS, work, "remembered", *cache, leads=leads))
    print_cost("ours, 5 % of leads new", costs, cold)
    run(OURS, work, "anew", leads=leads)


def print_floor(work: Work, with_pairs: bool) -> None:
    """CPU seconds that no tool can go below: bytes, decompression and, if asked, GEOS on the pairs that cross."""
    started = time.process_time()
    n_bytes = sum(len(path.read_bytes()) for path in (work.leads, *work.layers))
    print(f"  floor: {n_bytes / 1e6:.0f} MB read in {time.process_time() - started:.2f} CPU s", end="")
    started = time.process_time()
    for path in (work.leads, *work.layers):
        for _ in pq.ParquetFile(path).iter_batches(4096, columns=["geometry"], use_threads=False):
            pass
    print(f", decompressed in {time.process_time() - started:.2f}", end="")
    if with_pairs:
        print(
            f", crossing pairs cut by GEOS in {sum(crossing_s(work.leads, layer) for layer in work.layers):.2f}", end=""
        )
    print(flush=True)


def crossing_s(leads: Path, layer: Path) -> float:
    """CPU seconds of shapely.intersection on the pairs of which neither holds the other."""
    a, b = (gpd.read_parquet(path, columns=["geometry"]).geometry.to_numpy() for path in (leads, layer))
    i, j = shapely.STRtree(b).query(a, predicate="overlaps")
    started = time.process_time()
    shapely.intersection(a[i], b[j])
    return time.process_time() - started


def time_size(name: str, folder: Path, asked: Any) -> bool:
    """Everything about one size; whether all tables agree."""
    if not (folder / "leads.parquet").exists():  # the file that is written last
        make_workload(SIZES[name], folder)
    layers = tuple(folder / f"{layer}.parquet" for layer in LAYERS)
    n_leads, *n_features = (pq.read_metadata(path).num_rows for path in (folder / "leads.parquet", *layers))
    rivals = [] if name in ALONE else asked.rivals
    with tempfile.TemporaryDirectory() as scratch:
        work = Work(folder / "leads.parquet", layers, Path(scratch))
        os.environ["NUMBA_CACHE_DIR"] = str(work.scratch / "numba")
        print(f"\n{name}: {n_leads} leads, {sum(n_features)} features; compiled once in {compile_s(work):.1f} s")
        print(f"  {'':28} {'wall s':>9} {'CPU s':>9} {'peak MB':>8} {'× wall':>9} {'× CPU':>9}   (× ours cold)")
        if "postgis" in rivals and "LEADSCREEN_PG" in os.environ:
            measure((HOME / "rivals.py", "prepare_postgis", work.leads, "-", *layers))
        cold, rivals = against_rivals(work, rivals, asked.rounds)
        with_memory(work, cold, asked.rounds)
        tables = [*(("ours", rival) for rival in rivals), ("ours", "prepared"), ("anew", "remembered")]
        agreed = [print_agreement(name, work.scratch / ours, work.scratch / name) for ours, name in tables]
    print_floor(Work(folder / "leads.parquet", layers, folder), asked.pairs)
    return all(agreed)


def main() -> int:
    """Exit code 1 where tables differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="*", default=["S", "Mn"], choices=SIZES)
    parser.add_argument("--rivals", nargs="*", default=["geopandas"], choices=RIVALS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "leadscreen_bench")
    parser.add_argument("--pairs", action="store_true", help="also time GEOS alone on the pairs that cross")
    asked = parser.parse_args()
    agreed = [time_size(size, asked.folder / size, asked) for size in asked.sizes]
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
