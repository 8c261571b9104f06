"""Spread: one function over many pieces of work – by plain calls, threads, own processes or the workers of a Dask scheduler.

The answer never depends on the way. Dask is known here only, and imported only when a cluster is asked for.
"""

import logging
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.cache import code_hash
from pipeline.errors import InputError
from pipeline.text import say

if TYPE_CHECKING:
    from distributed import Client

Piece = TypeVar("Piece")
Result = TypeVar("Result")
Tick = Callable[[int, int], None]

SAME_VERSIONS = ("leadscreen", "geopandas", "numba", "numpy", "pandas", "pyproj", "shapely")  # they make the last digit
WAIT_S = 10  # a scheduler on a busy network answers within a second
DEATHS = 3  # a piece whose workers died this often and once more is what kills them; a night's lost machines are fewer
LEFT_AFTER_S = 24 * 3600  # no run takes a day: an older work folder is one that a killed run left


@dataclass(frozen=True)
class HowToRun:
    """Where pieces are worked on. Raises InputError for what cannot be.

    `workers`: None – threads of this process; 1 – plain calls, one after the other; more – so many processes of this
    machine. `scheduler`: address of a running Dask scheduler, whose workers are used instead. `folder`: where the
    pieces are written for other processes (None: the system's temporary folder); a scheduler's workers must see it.
    """

    workers: int | None = None
    scheduler: str | None = None
    folder: Path | None = None
    language: str = "zh"

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(say(self.language, "scale.too_few_workers", n=self.workers))
        if self.workers is not None and self.scheduler is not None:
            raise InputError(say(self.language, "scale.workers_and_scheduler"))

    @property
    def is_in_this_process(self) -> bool:
        """Whether the pieces see this process's memory, so that nothing need be written for them."""
        return self.scheduler is None and self.workers in (None, 1)


HERE = HowToRun()


def no_tick(done: int, total: int) -> None:
    """A tick that tells nobody."""


def run(
    work: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    how: HowToRun = HERE,
    tick: Tick = no_tick,
    folder: Path | None = None,
) -> list[Result]:
    """`work(piece)` of every piece, in the order of `pieces`; `tick(done, total)` is called as they end.

    For other processes `work` is a top-level function (or a partial of one) and a piece is small: it says where to
    read, in `folder`. A worker that dies is no error, its pieces go to others. An error in a piece is raised as itself;
    raises InputError for a cluster that cannot be used or falls away.
    """
    tick(0, len(pieces))
    if not how.is_in_this_process:
        return _on_cluster(work, pieces, how, tick, folder)
    if how.workers is None:
        return _in_threads(work, pieces, tick)
    results = []
    for done, piece in enumerate(pieces, start=1):
        results.append(work(piece))
        tick(done, len(pieces))
    return results


def check(how: HowToRun) -> None:
    """Raise InputError at once for a scheduler that could not be used later, when the layers are read."""
    if how.scheduler is not None:
        with work_folder(how) as folder, _client(how, 1) as client:
            _refuse_unfit_workers(client, how, folder)


@contextmanager
def work_folder(how: HowToRun) -> Iterator[Path]:
    """A new folder for files that other processes read; it goes at the end, also after an error.

    Raises InputError where it cannot be made.
    """
    parent = (how.folder or Path(tempfile.gettempdir())).resolve()
    folder = parent / f".work-{uuid.uuid4().hex[:12]}"
    try:
        if how.folder is None:
            folder.mkdir(mode=0o700)  # among everyone's files nobody else reads it
        else:
            parent.mkdir(parents=True, exist_ok=True)
            _sweep(parent)
            folder.mkdir()
    except OSError as error:
        raise InputError(say(how.language, "scale.work_folder", folder=folder, error=error)) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove the work folders in `parent` that killed runs left."""
    for left in parent.glob(".work-*"):
        with suppress(OSError):  # another run may be removing it, too
            if time.time() - left.stat().st_mtime > LEFT_AFTER_S:
                shutil.rmtree(left)


def _in_threads(work: Callable[[Piece], Result], pieces: Sequence[Piece], tick: Tick) -> list[Result]:
    """As many pieces at once as there are cores, so memory holds no more of them; an error stops what has not begun."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(work, piece) for piece in pieces]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                tick(done, len(pieces))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _on_cluster(
    work: Callable[[Piece], Result], pieces: Sequence[Piece], how: HowToRun, tick: Tick, folder: Path | None
) -> list[Result]:
    from distributed import KilledWorker
    from distributed import as_completed as as_they_end
    from distributed.comm.core import CommClosedError

    results: dict[Any, Result] = {}
    try:
        with _client(how, len(pieces)) as client:
            _refuse_unfit_workers(client, how, folder)
            futures = client.map(work, pieces, pure=False)
            ended = as_they_end(futures, loop=client.loop, with_results=True)  # type: ignore[no-untyped-call]
            for done, (future, result) in enumerate(ended, start=1):
                if future.cancelled():
                    raise CancelledError
                results[future.key] = result
                future.release()  # the workers need not keep what is here
                tick(done, len(pieces))
            return [results[future.key] for future in futures]
    except KilledWorker as error:
        raise InputError(say(how.language, "scale.workers_died")) from error
    except (CancelledError, CommClosedError) as error:
        raise InputError(say(how.language, "scale.scheduler_lost", address=how.scheduler or "–")) from error


@contextmanager
def _client(how: HowToRun, n_pieces: int) -> Iterator["Client"]:
    """A client of the scheduler asked for, or of one started for this run; Dask's own messages are not shown."""
    from distributed import Client
    from distributed.utils import silence_logging_cmgr

    with silence_logging_cmgr(logging.CRITICAL), _address(how, n_pieces) as address:
        try:
            client = Client(address, timeout=WAIT_S, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise InputError(say(how.language, "scale.no_scheduler", address=address, s=WAIT_S)) from error
        with client:
            yield client


@contextmanager
def _address(how: HowToRun, n_pieces: int) -> Iterator[str]:
    """The scheduler asked for; else one with `workers` processes of this machine, on loopback, that ends with the run."""
    if how.scheduler is not None:
        yield how.scheduler
        return
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": DEATHS}),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=min(how.workers or 1, n_pieces),
            threads_per_worker=1,
            dashboard_address=None,
            scheduler_kwargs={
                "dashboard_address": "127.0.0.1:0"
            },  # its status page: any free port, for runs side by side
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster.scheduler_address


def _refuse_unfit_workers(client: "Client", how: HowToRun, folder: Path | None) -> None:
    """Raise InputError where no worker is there, one has other versions, or one does not see `folder`."""
    if how.scheduler is None:
        return
    try:
        client.wait_for_workers(1, timeout=WAIT_S)
    except TimeoutError as error:
        raise InputError(say(how.language, "scale.no_workers", address=how.scheduler, s=WAIT_S)) from error
    # versions are asked by the standard library alone: a worker without leadscreen answers, too
    asked = {name: partial(metadata.version, name) for name in SAME_VERSIONS} | {"leadscreen code": partial(code_hash)}
    for name, version_of in asked.items():
        ours = version_of()
        for worker, theirs in client.run(version_of, on_error="return").items():
            if theirs != ours:
                found = theirs if isinstance(theirs, str) else "–"
                raise InputError(
                    say(how.language, "scale.other_version", worker=worker, name=name, theirs=found, ours=ours)
                )
    if folder is not None:
        for worker, is_seen in client.run(Path.is_dir, folder, on_error="return").items():
            if is_seen is not True:
                raise InputError(say(how.language, "scale.folder_unseen", worker=worker, folder=folder))
