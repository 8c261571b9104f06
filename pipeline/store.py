"""The only reader and writer of tables; a run is built beside the standing one and put in place whole.

    .2023-09.building → (one rename: complete) .2023-09.ready → 2023-09, while 2023-09 → .2023-09.old → gone

Whatever moment a run is killed at, `recover` finds either the old run or the complete new one and puts it in place.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj

from pipeline.cache import hash_file
from pipeline.declare import Table, check_table, shape_table
from pipeline.errors import InputError
from pipeline.text import say

MANIFEST = "files.json"
NOT_LISTED = (MANIFEST, "timings.json")  # seconds differ from run to run
CARRIED = ("accepted", "kept")  # folders of a run that no later run touches


@dataclass
class Built:
    """A run being built: write into `folder`; `kept` names the files of a person that were carried over."""

    folder: Path
    kept: list[Path] = field(default_factory=list)


def write_table(frame: pd.DataFrame, table: Table, path: Path, crs: pyproj.CRS) -> None:
    """Check `frame` against its declaration and write it as (Geo)Parquet; equal frames give equal bytes."""
    shaped = shape_table(pd.DataFrame(frame), table)
    check_table(shaped, table)
    path.parent.mkdir(parents=True, exist_ok=True)
    if "geometry" in table.names:
        gpd.GeoDataFrame(shaped, geometry="geometry", crs=crs).to_parquet(path, compression="zstd")
    else:
        shaped.to_parquet(path, compression="zstd")


def read_table(path: Path, table: Table) -> pd.DataFrame:
    """Read what write_table wrote, checked again; lists come back as lists."""
    frame = gpd.read_parquet(path) if "geometry" in table.names else pd.read_parquet(path)
    for column in table.columns:
        if column.kind == "list":
            frame[column.name] = [list(cell) for cell in frame[column.name]]
    check_table(pd.DataFrame(frame), table)
    return frame


def write_text(path: Path, text: str) -> None:
    """UTF-8 with \\n line ends on every platform."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Sorted keys, readable Chinese."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


@contextmanager
def building(folder: Path, language: str = "zh") -> Iterator[Built]:
    """An empty folder to build the run `folder` in; on a clean exit it becomes `folder`, on an error nothing changes.

    Raises InputError where another process works on the same place, the disk refuses, or a file of the standing run
    is open elsewhere (then the complete new run stays beside it for the next command to put in place).
    """
    recover(folder.parent, language)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _lock(folder.parent, language):
            built = Built(_beside(folder, "building"))
            shutil.rmtree(built.folder, ignore_errors=True)
            built.folder.mkdir()
            try:
                yield built
                write_json(built.folder / MANIFEST, _hashes(built.folder))
                _carry_over(folder, built)
                built.folder.rename(_beside(folder, "ready"))
            except BaseException:
                shutil.rmtree(built.folder, ignore_errors=True)
                raise
            _swap_in(folder, language)
    except OSError as error:
        raise InputError(say(language, "store.disk", folder=folder, error=error)) from error


def recover(parent: Path, language: str = "zh") -> list[str]:
    """Put right what a killed run left in the place's output folder; sentences of what was done."""
    if not parent.is_dir() or (not any(parent.glob(".*.building")) and not any(parent.glob(".*.ready")) \
            and not any(parent.glob(".*.old"))):  # fmt: skip
        return []
    done = []
    with _lock(parent, language):
        for ready in sorted(parent.glob(".*.ready")):
            _swap_in(parent / ready.name[1 : -len(".ready")], language)
            done.append(say(language, "store.finished", name=ready.name))
        for old in sorted(parent.glob(".*.old")):
            standing = parent / old.name[1 : -len(".old")]
            if standing.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(standing)
                done.append(say(language, "store.restored", name=standing.name))
        for half in sorted(parent.glob(".*.building")):
            shutil.rmtree(half, ignore_errors=True)
            done.append(say(language, "store.removed_half", name=half.name))
    return done


def keep_accepted(folder: Path) -> None:
    """Keep the run in `folder` as accepted: a copy that no later run touches."""
    accepted = folder / "accepted"
    shutil.rmtree(accepted, ignore_errors=True)
    shutil.copytree(folder, accepted, ignore=shutil.ignore_patterns("accepted", "kept", MANIFEST))


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")


def _swap_in(folder: Path, language: str) -> None:
    ready, old = _beside(folder, "ready"), _beside(folder, "old")
    try:
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
            folder.rename(old)
        ready.rename(folder)
    except PermissionError as error:
        if not folder.exists():
            old.rename(folder)
        raise InputError(say(language, "store.open_elsewhere", folder=folder, ready=ready.name)) from error
    shutil.rmtree(old, ignore_errors=True)


def _hashes(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hash_file(path)
        for path in files
        if path.relative_to(folder).parts[0] not in (*CARRIED, *NOT_LISTED)
    }


def _carry_over(standing: Path, built: Built) -> None:
    """Take accepted/, kept/ and every file that a person changed or added from the standing run into the new one."""
    if not standing.is_dir():
        return
    for name in CARRIED:
        if (standing / name).is_dir() and not (built.folder / name).exists():
            shutil.copytree(standing / name, built.folder / name)
    manifest = standing / MANIFEST
    written = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    for name, digest in _hashes(standing).items():
        if written.get(name) != digest:
            target = built.folder / "kept" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(standing / name, target)
            built.kept.append(target)


@contextmanager
def _lock(parent: Path, language: str) -> Iterator[None]:
    """One writer a place: an exclusive SQLite transaction, which every system ends with its process."""
    connection = sqlite3.connect(parent / ".lock.sqlite", timeout=0, isolation_level=None)
    try:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise InputError(say(language, "store.locked", folder=parent, pid=os.getpid())) from error
        yield
    finally:
        connection.close()
