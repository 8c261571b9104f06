"""The prepared cache: a folder of entries, each named by what it was made from – whole or not there – the least used leave first.

A writer fills `<key>.<random>.part` and renames it whole, so readers need no lock; what leaves is renamed away first.
"""

import errno
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache as once
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from xxhash import xxh3_128

from pipeline.text import say

ENGINE_VERSION = 2  # raised when what an entry means changes
KEY_LENGTH = 32  # hex signs, 128 bits: never twice by chance, and short enough for Windows' paths
ENTRY, USED = "entry.json", "used"  # what the entry holds; an empty file whose time is that of the last use
PART, GONE = ".part", ".gone"  # being written; on its way out
ABANDONED_S = 86_400  # no writer takes a day: an older .part was left by a killed one
GRIDS = (".tif", ".gsb")  # datum shifts; one installed between two runs moves what is brought through it
MB = 1_000_000


@dataclass(frozen=True)
class Cache:
    """Where entries lie and how much they may take; `told` gathers, in `language`, what went wrong with them."""

    folder: Path
    limit_mb: int
    language: str = "zh"
    told: list[str] = field(default_factory=list, compare=False)


class About(NamedTuple):
    """What an entry is, for `leadscreen layers`: kind "layer" or a user's own, of which file, how many rows or features."""

    kind: str
    title: str
    made_from: str
    layer_class: str = ""
    n: int = 0


class Entry(NamedTuple):
    """One entry as it lies there: `about` is None and `is_whole` False where it is damaged; times are seconds since 1970."""

    key: str
    about: About | None
    size_mb: float
    made: float
    last_used: float

    @property
    def is_whole(self) -> bool:
        return self.about is not None


def make_key(*parts: str) -> str:
    """The name of what is made from `parts`; other parts, or the same in another order, give another name."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:KEY_LENGTH]


def find(cache: Cache, key: str) -> Path | None:
    """The folder of the entry if it is there and whole, marked as used; a damaged one is told, removed, and None.

    Every byte is checked: 1 GB takes 0.2 s, little beside what a wrong area would cost.
    Another process may trim the entry a moment later, so a reader takes an OSError as "not there".
    """
    folder = cache.folder / key
    for _ in range(2):  # twice: at the first look another process may be trimming it, and writing it anew
        if not folder.is_dir():
            return None
        if _read_about(folder) is not None:
            _mark_used(folder)
            return folder
    if _remove(folder):
        _tell(cache, "damaged", folder=folder)
    return None


@contextmanager
def writing(cache: Cache, key: str, about: About, is_update: bool = False) -> Iterator[Path]:
    """An empty folder to write the entry in; after a clean exit `find` gives it, after an error nothing is left.

    Where the key is there already, ours is dropped, or with `is_update` takes its place. Raises OSError where the disk
    refuses.
    """
    cache.folder.mkdir(parents=True, exist_ok=True)
    _sweep(cache)
    folder, part = cache.folder / key, cache.folder / f"{key}.{uuid.uuid4().hex[:8]}{PART}"
    part.mkdir()
    try:
        yield part
        (part / USED).touch()
        files = [path for path in sorted(part.rglob("*")) if path.is_file() and path.name != USED]
        described = {path.relative_to(part).as_posix(): [path.stat().st_size, checksum(path)] for path in files}
        entry = {"version": ENGINE_VERSION, "key": key, "about": about._asdict(), "files": described}
        (part / ENTRY).write_bytes(_sealed(entry))
        if is_update:
            _remove(folder)
        try:
            part.rename(folder)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def keep(cache: Cache, key: str, about: About, write: Callable[[Path], None], is_update: bool = False) -> None:
    """`writing` with `write(folder)`, then `trim`; a cache that cannot be written is told and stops nobody."""
    try:
        with writing(cache, key, about, is_update) as folder:
            write(folder)
        trim(cache, key)
    except (OSError, ValueError) as error:  # ValueError: what Arrow cannot write, such as half a character
        _tell(cache, "not_kept", folder=cache.folder, error=getattr(error, "strerror", None) or error)


def trim(cache: Cache, just_made: str = "") -> None:
    """Remove entries, the least recently used first, until the rest is below the limit.

    The last one always stays; where it alone is larger, that is told.
    An entry that another process has open stays where the system does not let it go (Windows).
    """
    sizes = {folder: _size_mb(folder) for folder in _folders(cache)}
    total_mb = sum(sizes.values())
    oldest_first = sorted(sizes, key=lambda folder: (folder.name == just_made, _time(folder / USED), folder.name))
    for folder in oldest_first[:-1]:
        if total_mb > cache.limit_mb and (_remove(folder) or not folder.is_dir()):
            total_mb -= sizes[folder]
    for folder in oldest_first[-1:]:
        if sizes[folder] > cache.limit_mb:
            _tell(cache, "too_large", mb=sizes[folder], limit=cache.limit_mb)


def entries(cache: Cache) -> list[Entry]:
    """Every entry, the most recently used first; each is checked whole, byte for byte."""
    found = [
        Entry(folder.name, _read_about(folder), _size_mb(folder), _time(folder / ENTRY), _time(folder / USED))
        for folder in _folders(cache)
    ]
    return sorted(found, key=lambda entry: (-entry.last_used, entry.key))


def clear(cache: Cache) -> list[str]:
    """Remove every entry; the keys of those that could not go because another program has them open."""
    left = [folder.name for folder in _folders(cache) if not _remove(folder) and folder.is_dir()]
    _sweep(cache)
    return left


def hash_file(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checksum(path: Path) -> str:
    """XXH3 of a file, 128 bits, hex: tells damage and change as fast as memory is read, but no forgery."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, xxh3_128).hexdigest()


@once
def code_hash() -> str:
    """SHA-256 of every file of this package that can change a result, hex; line ends do not matter."""
    digest = hashlib.sha256()
    root = Path(str(resources.files("pipeline")))
    for file in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
        if file.suffix in (".py", ".toml", ".csv", ".js", ".css"):
            digest.update(file.relative_to(root).as_posix().encode())
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@once
def made_by() -> str:
    """What besides the data decides how a shape comes out: code, libraries, and the datum grids that PROJ finds here."""
    import pyogrio
    import pyproj
    import shapely
    from pyproj.datadir import get_data_dir, get_user_data_dir  # type: ignore[attr-defined]  # public, missing in its stubs

    homes = [Path(home) for home in (*get_data_dir().split(os.pathsep), get_user_data_dir())]
    grids = sorted(file.name for home in homes if home.is_dir() for file in home.iterdir() if file.suffix in GRIDS)
    versions = [shapely.geos_version_string, pyproj.proj_version_str, pyogrio.__gdal_version_string__]
    return json.dumps([ENGINE_VERSION, code_hash(), *versions, grids])


def _tell(cache: Cache, sentence: str, **values: object) -> None:
    said = say(cache.language, f"cache.{sentence}", **values)
    if said not in cache.told:  # a folder that cannot be written is so for every layer
        cache.told.append(said)


def _read_about(folder: Path) -> About | None:
    """What entry.json says, None unless it and every file it names are as they were written."""
    try:
        text = (folder / ENTRY).read_bytes()
        entry = json.loads(text)
        if _sealed({**entry, "sha256": None}) != text or entry["key"] != folder.name:
            return None
        files = {folder / name: (size, own) for name, (size, own) in entry["files"].items()}
        if any(path.stat().st_size != size for path, (size, _) in files.items()):
            return None
        is_whole = all(checksum(path) == own for path, (_, own) in files.items())
        return About(**entry["about"]) if is_whole else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _sealed(entry: dict[str, Any]) -> bytes:
    """entry.json with a hash of itself; it holds no time and no path, so equal entries are equal bytes."""
    own = hashlib.sha256(json.dumps({**entry, "sha256": None}, sort_keys=True).encode()).hexdigest()
    return json.dumps({**entry, "sha256": own}, indent=1, sort_keys=True).encode()


def _folders(cache: Cache) -> list[Path]:
    if not cache.folder.is_dir():
        return []
    return [path for path in sorted(cache.folder.iterdir()) if len(path.name) == KEY_LENGTH and path.is_dir()]


def _remove(folder: Path) -> bool:
    """Renamed away first, so that nobody finds half of it; False where a file is open (Windows) or another was faster."""
    gone = folder.with_name(f"{folder.name}.{uuid.uuid4().hex[:8]}{GONE}")
    try:
        folder.rename(gone)
    except OSError:
        return False
    shutil.rmtree(gone, ignore_errors=True)
    return True


def _sweep(cache: Cache) -> None:
    """Remove what killed writers and unfinished removals left."""
    now = time.time()
    for path in cache.folder.glob("*.*") if cache.folder.is_dir() else ():
        if path.suffix == GONE or (path.suffix == PART and now - _time(path) > ABANDONED_S):
            shutil.rmtree(path, ignore_errors=True)


def _mark_used(folder: Path) -> None:
    with suppress(OSError):  # a cache that can only be read serves as well
        (folder / USED).touch()


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size_mb(folder: Path) -> float:
    n_bytes = 0
    with suppress(OSError):  # another process may be removing it
        for path in folder.rglob("*"):
            n_bytes += path.stat().st_size if path.is_file() else 0
    return n_bytes / MB
