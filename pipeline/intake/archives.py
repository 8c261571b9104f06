"""Folders and zips as the files in them, and files that are zips inside: never beyond the limits, nor outside a folder."""

import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.text import say

M = 1_000_000
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
ENDLESS = 2**62  # bytes
ENCRYPTED = 0x1  # flag of a zip entry
UTF8_NAMES = 0x800  # flag of a zip entry whose name is declared UTF-8
SIDECARS = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", ".qpj", ".qmd", ".xml", ".lock", ".md", ".gpkg-wal")


@contextmanager
def opened(path: Path, limits: Limits, language: str) -> Iterator[list[tuple[str, Path]]]:
    """(name, file) of every data file at `path`: the file itself, or those in a folder or zip, by name.

    A .gdb folder, and a folder of one inside a zip, is one file. Raises InputError for an archive or file beyond the
    limits.
    """
    if path.is_file() and path.suffix.lower() == ".zip":
        with tempfile.TemporaryDirectory(prefix="leadscreen-", ignore_cleanup_errors=True) as folder:
            _unpack(path, Path(folder), limits, language)
            yield _small_enough(_files(Path(folder)), path, limits, language)
    elif path.is_dir() and path.suffix.lower() != ".gdb":
        yield _small_enough(_files(path), path, limits, language)
    else:
        yield _small_enough([(path.name, path)], path.parent, limits, language)


def check_packed(path: Path, limits: Limits, language: str) -> None:
    """Raises InputError for a file that is a zip inside (xlsx, ods, kmz) and unpacks beyond the limits; writes nothing.

    What is damaged is left for the reader to judge; `zipfile.BadZipFile` where the file is no zip at all.
    """
    with zipfile.ZipFile(path) as archive:
        entries = _few_enough(archive, path, limits, language)
        left = limits.max_unpacked_mb * M
        if sum(entry.file_size for entry in entries) > left:
            raise InputError(_bomb(path, limits, language))
        for entry in entries:
            entry.file_size = ENDLESS  # else what it says of itself would end the count
            try:
                with archive.open(entry) as packed:
                    left -= _copy(packed, len, _most(entry, left, limits), path, limits, language)
            except (*DAMAGED, RuntimeError):  # RuntimeError: locked by a password
                continue


def _small_enough(
    files: Iterable[tuple[str, Path]], within: Path, limits: Limits, language: str
) -> list[tuple[str, Path]]:
    """The files. Raises InputError where one of them is larger than a file may be."""
    found = list(files)
    for name, file in found:
        if file.is_file() and file.stat().st_size > limits.max_file_mb * M:
            raise InputError(say(language, "intake.too_large", path=within / name, limit=limits.max_file_mb))
    return found


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
        left = limits.max_unpacked_mb * M
        taken: set[str] = set()
        for entry in _few_enough(archive, path, limits, language):
            name = _entry_name(entry)
            if name.casefold() in taken:  # Windows would let the second take the first one's place
                raise InputError(say(language, "intake.same_name", path=path, name=name))
            taken.add(name.casefold())
            target = folder.joinpath(*PurePosixPath(name.replace("\\", "/")).parts)
            if not target.resolve().is_relative_to(folder.resolve()):
                raise InputError(say(language, "intake.path_escape", path=path, name=name))
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as packed, target.open("wb") as stream:
                left -= _copy(packed, stream.write, _most(entry, left, limits), path, limits, language)


def _few_enough(archive: zipfile.ZipFile, path: Path, limits: Limits, language: str) -> list[zipfile.ZipInfo]:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > limits.max_members:
        raise InputError(say(language, "intake.too_many_members", path=path, n=len(entries), limit=limits.max_members))
    return entries


def _most(entry: zipfile.ZipInfo, left: int, limits: Limits) -> int:
    """Bytes an entry may unpack to: what is left of the limit, and never too many times its packed size."""
    return min(left, max(M, entry.compress_size * limits.max_ratio))


@contextmanager
def _sound(path: Path, language: str) -> Iterator[zipfile.ZipFile]:
    """The archive. Raises InputError where it is none, is damaged, or is locked by a password."""
    try:
        with zipfile.ZipFile(path) as archive:
            if any(entry.flag_bits & ENCRYPTED for entry in archive.infolist()):
                raise InputError(say(language, "intake.locked_zip", path=path))
            yield archive
    except DAMAGED as error:
        raise InputError(say(language, "intake.broken_zip", path=path)) from error


def _copy(
    packed: IO[bytes], write: Callable[[bytes], object], most: int, path: Path, limits: Limits, language: str
) -> int:
    written = 0
    while chunk := packed.read(M):
        written += len(chunk)
        if written > most:
            raise InputError(_bomb(path, limits, language))
        write(chunk)
    return written


def _bomb(path: Path, limits: Limits, language: str) -> str:
    return say(language, "intake.zip_bomb", path=path, limit=limits.max_unpacked_mb, ratio=limits.max_ratio)


def _entry_name(entry: zipfile.ZipInfo) -> str:
    """Names written by a Chinese Windows are GBK, which zipfile takes for cp437."""
    if entry.flag_bits & UTF8_NAMES or entry.filename.isascii():
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return entry.filename
