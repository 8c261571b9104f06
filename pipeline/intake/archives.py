"""Folders and zips as the files in them: unpacked under limits, never outside the folder made for them."""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.text import say

M = 1_000_000
ENCRYPTED = 0x1  # flag of a zip entry
UTF8_NAMES = 0x800  # flag of a zip entry whose name is declared UTF-8
SIDECARS = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".qmd", ".xml", ".lock", ".md", ".gpkg-wal")


@contextmanager
def opened(path: Path, limits: Limits, language: str) -> Iterator[list[tuple[str, Path]]]:
    """(name, file) of every data file at `path`: the file itself, or those in a folder or zip, by name.

    A .gdb folder, and a folder of one inside a zip, is one file. Raises InputError for an archive beyond the limits.
    """
    if path.is_file() and path.suffix.lower() == ".zip":
        with tempfile.TemporaryDirectory(prefix="leadscreen-", ignore_cleanup_errors=True) as folder:
            _unpack(path, Path(folder), limits, language)
            yield list(_files(Path(folder)))
    elif path.is_dir() and path.suffix.lower() != ".gdb":
        yield list(_files(path))
    else:
        if path.is_file() and path.stat().st_size > limits.max_file_mb * M:
            raise InputError(say(language, "intake.too_large", path=path, limit=limits.max_file_mb))
        yield [(path.name, path)]


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        is_hidden = any(part.startswith((".", "~$", "__MACOSX")) for part in inner.parts)
        in_geodatabase = any(part.lower().endswith(".gdb") for part in inner.parts[:-1])
        is_file = path.is_file() or path.suffix.lower() == ".gdb"
        if is_file and not is_hidden and not in_geodatabase and path.suffix.lower() not in SIDECARS:
            yield inner.as_posix(), path


def _unpack(path: Path, folder: Path, limits: Limits, language: str) -> None:
    """Every limit is judged on what is really written, not on what the archive says of itself."""
    with _sound(path, language) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if len(entries) > limits.max_members:
            raise InputError(
                say(language, "intake.too_many_members", path=path, n=len(entries), limit=limits.max_members)
            )
        left = limits.max_unpacked_mb * M
        taken: set[str] = set()
        for entry in entries:
            name = _entry_name(entry)
            if name.casefold() in taken:  # Windows would let the second take the first one's place
                raise InputError(say(language, "intake.same_name", path=path, name=name))
            taken.add(name.casefold())
            target = folder.joinpath(*PurePosixPath(name.replace("\\", "/")).parts)
            if not target.resolve().is_relative_to(folder.resolve()):
                raise InputError(say(language, "intake.path_escape", path=path, name=name))
            target.parent.mkdir(parents=True, exist_ok=True)
            most = min(left, max(M, entry.compress_size * limits.max_ratio))
            with archive.open(entry) as packed, target.open("wb") as stream:
                left -= _copy(packed, stream, most, path, limits, language)


@contextmanager
def _sound(path: Path, language: str) -> Iterator[zipfile.ZipFile]:
    """The archive. Raises InputError where it is none, is damaged, or is locked by a password."""
    try:
        with zipfile.ZipFile(path) as archive:
            if any(entry.flag_bits & ENCRYPTED for entry in archive.infolist()):
                raise InputError(say(language, "intake.locked_zip", path=path))
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(say(language, "intake.broken_zip", path=path)) from error


def _copy(packed: IO[bytes], stream: IO[bytes], most: int, path: Path, limits: Limits, language: str) -> int:
    written = 0
    while chunk := packed.read(M):
        written += len(chunk)
        if written > most:
            values = {"limit": limits.max_unpacked_mb, "ratio": limits.max_ratio}
            raise InputError(say(language, "intake.zip_bomb", path=path, **values))
        stream.write(chunk)
    return written


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """Names written by a Chinese Windows are GBK, which zipfile takes for cp437."""
    if entry.flag_bits & UTF8_NAMES or entry.filename.isascii():
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename
