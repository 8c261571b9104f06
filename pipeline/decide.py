"""decide: what persons decided – from the review page, the filled workbook or written by hand – goes into decisions.csv."""

import csv
import io
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.config import Place
from pipeline.errors import InputError
from pipeline.intake.answers import read_answers
from pipeline.intake.decision_rows import FIELDS, Decision
from pipeline.intake.decisions import CONTRADICTED, DECISIONS_FILE, find_columns, judge, read_rows, say_whose
from pipeline.intake.files import SHEETS
from pipeline.intake.formats.encoding import choose_text_codec
from pipeline.intake.formats.text_table import DELIMITERS
from pipeline.intake.privacy.scrub import scrub, without_marks
from pipeline.place_folder import read_place
from pipeline.text import say

FORMULA_SIGNS = ("=", "+", "-", "@")  # a cell that begins so is a formula to a spreadsheet; an apostrophe makes it text
LOCK_TRIES, LOCK_PAUSE_S = 100, 0.1  # ten seconds: another decide takes two
MOST_LISTED = 50  # more bad rows hide the rest of the message; mended, the file is given again


@dataclass(frozen=True)
class Decided:
    """What became of the rows of the given files; sentences are in the place's language.

    `taken` are the new rows as they stand in `path`, decisions.csv; `unreadable` has a sentence a bad row, `contradicted` one
    a subject on which roles disagree, old rows and new together.
    """

    path: Path
    taken: list[Decision]
    n_repeated: int
    unreadable: list[str]
    contradicted: list[str]
    is_dry_run: bool
    language: str


def decide(files: Sequence[Path], folder: Path, language: str | None = None, is_dry_run: bool = False) -> Decided:
    """Append the readable rows of `files` to decisions.csv of the place `folder`, each once; a bad row stops no other.

    Raises InputError, and nothing is written, for a file that holds no decisions, where no row at all can be read, and
    where decisions.csv cannot be read or written.
    """
    place = read_place(folder, language)
    path = (place.folder / DECISIONS_FILE).resolve()
    given = _read_all(files, place)
    unreadable = [
        say(place.language, "decide.unreadable", file=scrub(file.name).text, row=row.row, fault=row.fault)
        for file, row in given
        if row.fault
    ]
    good = [row for _, row in given if not row.fault]
    if unreadable and not good:
        raise InputError(
            "\n".join([say(place.language, "decide.nothing_readable"), *_some(unreadable, place.language)])
        )
    with nullcontext() if is_dry_run else _locked(path, place.language):
        standing = read_rows(path, place.language) if path.is_file() and path.stat().st_size else []
        known = {_content(row) for row in standing}
        first: dict[tuple[object, ...], Decision] = {}
        for row in good:
            first.setdefault(_content(row), row)
        new = [row for content, row in first.items() if content not in known]
        text = _with_rows(path, new, place.language)
        rows = _read_again(text, [*standing, *new], path, place.language)
        if new and not is_dry_run:
            _write_whole(path, text, place.language)
    contradicted = _contradictions(rows, place.language)
    return Decided(
        path, rows[len(standing) :], len(good) - len(new), unreadable, contradicted, is_dry_run, place.language
    )


def decided_lines(decided: Decided) -> list[str]:
    """How many rows were taken and repeated, which could not be read, who contradicts whom, and what to do next."""
    language, n = decided.language, len(decided.taken)
    key = "took_none" if not n else "would_take" if decided.is_dry_run else "took"
    lines = [say(language, f"decide.{key}", n=n, path=decided.path)]
    if decided.n_repeated:
        lines.append(say(language, "decide.repeated", n=decided.n_repeated))
    if marked := sum(without_marks(text) != text for row in decided.taken for text in (row.role, row.reason)):
        lines.append(say(language, "decide.marked", n=marked))
    if decided.unreadable:
        lines.append(say(language, "decide.unreadable_title", n=len(decided.unreadable)))
        lines += _some(decided.unreadable, language)
    if decided.contradicted:
        lines.append(say(language, "decide.contradicted_title", n=len(decided.contradicted)))
        lines += decided.contradicted
    if n and not decided.is_dry_run:
        lines.append(say(language, "decide.next"))
    return lines


def _some(sentences: list[str], language: str) -> list[str]:
    left = len(sentences) - MOST_LISTED
    return sentences if left <= 0 else [*sentences[:MOST_LISTED], say(language, "decide.more", n=left)]


def _read_all(files: Sequence[Path], place: Place) -> list[tuple[Path, Decision]]:
    """Every row of every file; all files that hold no decisions are named in one InputError."""
    rows, faults = [], []
    for file in files:
        try:
            rows += [(file, row) for row in _read(file, place)]
        except InputError as error:
            faults.append(str(error))
    if faults:
        raise InputError("\n".join(faults))
    return rows


def _read(file: Path, place: Place) -> list[Decision]:
    """The rows of a workbook's sheet of questions if it has one, else of a table of decisions."""
    if not file.exists():
        raise InputError(say(place.language, "decide.no_file", path=file))
    if file.suffix.lower() in SHEETS:
        for sheet in [layer.name for one in place.deliveries for layer in one.layers if layer.rows == "questions"]:
            answers = read_answers(file, sheet, place.language, place.limits)
            if answers is not None:
                return answers
    return read_rows(file, place.language, place.limits)


def _content(row: Decision) -> tuple[object, ...]:
    """What makes two rows one: all but the reason, a pair in either order."""
    ids = frozenset(row.subject.split())
    return ids, row.decision, row.value, row.role.casefold(), row.date


def _with_rows(path: Path, rows: Sequence[Decision], language: str) -> str:
    """The text of decisions.csv with `rows` behind what stands there, which is left as it is written."""
    text = _standing_text(path, language) or ",".join(FIELDS) + "\r\n"
    head = text.splitlines()[0]
    delimiter = max(DELIMITERS, key=head.count)
    titles = next(csv.reader([head], delimiter=delimiter))
    columns = {title: name for name, title in find_columns(titles, FIELDS).items()}
    missing = [say(language, f"decisions.title_{name}") for name in FIELDS if name not in columns.values()]
    if missing:
        raise InputError(say(language, "decide.needs_columns", path=path, missing=", ".join(missing)))
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


def _read_again(text: str, expected: Sequence[Decision], path: Path, language: str) -> list[Decision]:
    """The rows of what is about to be written, which must be those expected: an open quote would swallow the new ones."""
    with TemporaryDirectory() as folder:
        trial = Path(folder) / DECISIONS_FILE
        trial.write_bytes(text.encode("utf-8-sig"))
        rows = read_rows(trial, language)
    if list(map(_content, rows)) != list(map(_content, expected)):
        raise InputError(say(language, "decide.open_quote", path=path))
    return rows


@contextmanager
def _locked(path: Path, language: str) -> Iterator[None]:
    """Nobody else takes decisions in meanwhile: their rows would be lost. A file beside it is the lock, on every system."""
    lock = path.with_name(f".{path.name}.lock")
    for _ in range(LOCK_TRIES):
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            time.sleep(LOCK_PAUSE_S)
        except OSError as error:
            raise InputError(say(language, "decide.disk", path=path, error=error)) from error
    else:
        raise InputError(say(language, "decide.locked", path=path, lock=lock))
    try:
        yield
    finally:
        with suppress(OSError):
            lock.unlink()


def _write_whole(path: Path, text: str, language: str) -> None:
    """In UTF-8 with the mark by which Excel knows it, written beside and put in place at once: whole or as it was."""
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


def _contradictions(rows: Sequence[Decision], language: str) -> list[str]:
    """A sentence per subject on which roles disagree, with what each of them said."""
    groups: dict[tuple[str, frozenset[str]], list[Decision]] = {}
    for row, (effect, _) in zip(rows, judge(rows, language), strict=True):
        if effect == CONTRADICTED:
            groups.setdefault(row.about, []).append(row)
    between = say(language, "decisions.between")
    return [
        say(
            language,
            "decide.contradicted",
            subject=own[0].subject,
            said=between.join(say_whose(row, language) for row in own),
        )
        for own in groups.values()
    ]
