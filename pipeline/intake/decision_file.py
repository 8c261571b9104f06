"""decisions.csv of a place, added to: rows go behind what a person wrote there, one writer at a time, whole or not at all."""

import csv
import io
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.errors import InputError
from pipeline.intake.decision_rows import FIELDS, OPTIONAL, Decision
from pipeline.intake.decisions import find_columns
from pipeline.intake.formats.encoding import choose_text_codec
from pipeline.intake.formats.text_table import DELIMITERS
from pipeline.text import say

FORMULA_SIGNS = ("=", "+", "-", "@")  # a cell that begins so is a formula to a spreadsheet; an apostrophe makes it text
LOCK_TRIES, LOCK_PAUSE_S = 100, 0.1  # ten seconds: another decide takes two


def with_rows(path: Path, rows: Sequence[Decision], language: str) -> str:
    """The text of decisions.csv with `rows` behind what stands there, which is left as it is written; a column of OPTIONAL
    that it lacks and a row fills is added at the end of the titles.

    Raises InputError where that lacks another column of FIELDS or cannot be read without loss.
    """
    text = _standing_text(path, language) or ",".join(FIELDS) + "\r\n"
    head, _, rest = text.partition("\n")
    delimiter = max(DELIMITERS, key=head.count)
    titles = next(csv.reader([head], delimiter=delimiter))
    columns = {title: name for name, title in find_columns(titles, FIELDS).items()}
    missing = [name for name in FIELDS if name not in columns.values()]
    if needed := [say(language, f"decisions.title_{name}") for name in missing if name not in OPTIONAL]:
        raise InputError(say(language, "decide.needs_columns", path=path, missing=", ".join(needed)))
    if wanted := [name for name in missing if any(getattr(row, name) for row in rows)]:
        added = {say(language, f"decisions.title_{name}"): name for name in wanted}
        titles, columns = [*titles, *added], columns | added
        text = delimiter.join([head.rstrip("\r"), *added]) + "\r\n" + rest
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator="\r\n")
    for row in rows:
        cells = row._asdict()
        writer.writerow([_as_text(cells[columns[title]]) if title in columns else "" for title in titles])
    return text + ("" if text.endswith("\n") else "\r\n") + written.getvalue()


def _standing_text(path: Path, language: str) -> str:
    if not path.is_file():
        return ""
    data = path.read_bytes()
    try:
        return data.decode(choose_text_codec(data)[0]).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InputError(say(language, "decide.spoilt", path=path)) from error


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell


@contextmanager
def locked(path: Path, language: str) -> Iterator[None]:
    """Nobody else takes decisions in meanwhile: their rows would be lost. A file beside it is the lock, on every system.

    Raises InputError where another holds it for ten seconds, or the disk refuses.
    """
    lock = path.with_name(f".{path.name}.lock")
    for k in range(1, LOCK_TRIES + 1):
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError as error:
            if k == LOCK_TRIES:
                raise InputError(say(language, "decide.locked", path=path, lock=lock)) from error
        except PermissionError as error:  # Windows says so of a lock that is just being deleted, too
            if k == LOCK_TRIES:
                raise InputError(say(language, "decide.disk", path=path, error=error)) from error
        except OSError as error:
            raise InputError(say(language, "decide.disk", path=path, error=error)) from error
        time.sleep(LOCK_PAUSE_S)
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()


def write_whole(path: Path, text: str, language: str) -> None:
    """In UTF-8 with the mark by which Excel knows it, written beside and put in place at once: whole or as it was.

    Raises InputError where the disk refuses or a spreadsheet has the file open.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as stream:
            stream.write(text.encode("utf-8-sig"))
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        key = "open_elsewhere" if isinstance(error, PermissionError) else "disk"
        raise InputError(say(language, f"decide.{key}", path=path, error=error)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
