"""decide: what persons decided – from the review page, the filled workbook or written by hand – goes into decisions.csv."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyproj

from pipeline.config import Place
from pipeline.errors import InputError, LeadscreenError, TableError
from pipeline.intake.answers import read_answers
from pipeline.intake.decision_file import locked, with_rows, write_whole
from pipeline.intake.decision_rows import Decision
from pipeline.intake.decisions import CONTRADICTED, DECISIONS_FILE, judge, read_rows, say_whose
from pipeline.intake.files import SHEETS
from pipeline.intake.privacy.scrub import scrub, without_marks
from pipeline.merging.said import rows_by_tail
from pipeline.place_folder import read_place
from pipeline.tables import TABLES
from pipeline.text import say

ZONES_DAYS = 1  # offices span time zones: where one already writes tomorrow's date, another still has today
MOST_NAMED = 10  # ids or townships in one sentence
MOST_LISTED = 50  # more bad rows hide the rest of the message; mended, the file is given again


@dataclass(frozen=True)
class Decided:
    """What became of the rows of the given files; sentences are in the place's language.

    `taken` are the new rows as they stand in `path`, decisions.csv; `unreadable` has a sentence a bad row, `contradicted` one
    a subject on which roles disagree, old rows and new together, `unknown` one on ids and one on townships that may be mistyped.
    """

    path: Path
    taken: list[Decision]
    n_repeated: int
    unreadable: list[str]
    contradicted: list[str]
    unknown: list[str]
    is_dry_run: bool
    language: str


def decide(
    files: Sequence[Path],
    folder: Path,
    language: str | None = None,
    is_dry_run: bool = False,
    outputs: Path | None = None,
) -> Decided:
    """Append the readable rows of `files` to decisions.csv of the place `folder`, each once; a bad row stops no other.

    Where `outputs` holds a run of the place, rows with ids that its last one does not know are taken, and named.
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
    with nullcontext() if is_dry_run else locked(path, place.language):
        standing = read_rows(path, place.language) if path.is_file() and path.stat().st_size else []
        known = {_content(row) for row in standing}
        first: dict[tuple[object, ...], Decision] = {}
        for row in good:
            first.setdefault(_content(row), row)
        new = [row for content, row in first.items() if content not in known]
        text = with_rows(path, new, place.language)
        rows = _read_again(text, [*standing, *new], path, place.language)
        if new and not is_dry_run:
            write_whole(path, text, place.language)
    taken, contradicted = rows[len(standing) :], _contradictions(rows, place.language)
    unknown = _unknown(taken, place, outputs) if taken and outputs is not None else []
    n_repeated = len(good) - len(new)
    return Decided(path, taken, n_repeated, unreadable, contradicted, unknown, is_dry_run, place.language)


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
    lines += decided.unknown
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
            rows += [(file, _not_in_future(row, place.language)) for row in _read(file, place)]
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


def _not_in_future(row: Decision, language: str) -> Decision:
    """A date yet to come is mistyped, and would outdo every decision until then. A run never asks the clock, so this does."""
    latest = (date.today() + timedelta(days=ZONES_DAYS)).isoformat()
    if row.fault or row.date <= latest:
        return row
    return row._replace(fault=say(language, "decide.in_future", found=row.date, today=date.today().isoformat()))


def _content(row: Decision) -> tuple[object, ...]:
    """What makes two rows one: all but the reason, a pair in either order."""
    ids = frozenset(row.subject.split())
    return ids, row.decision, row.value, row.role.casefold(), row.date


def _read_again(text: str, expected: Sequence[Decision], path: Path, language: str) -> list[Decision]:
    """The rows of what is about to be written, which must be those expected: an open quote would swallow the new ones."""
    with TemporaryDirectory() as folder:
        trial = Path(folder) / DECISIONS_FILE
        trial.write_bytes(text.encode("utf-8-sig"))
        rows = read_rows(trial, language)
    if list(map(_content, rows)) != list(map(_content, expected)):
        raise InputError(say(language, "decide.open_quote", path=path))
    return rows


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


def _unknown(rows: Sequence[Decision], place: Place, outputs: Path) -> list[str]:
    """A sentence on the ids that the last run of the place does not know, and one on what is none of its townships.

    None where there is no run, or one that this version cannot read: it may be of an earlier one.
    """
    try:
        last_run = _last_run(place, outputs)
        known = _ids_of(last_run) if last_run is not None else None
        towns = _towns_of(place) if known is not None and any(row.decision == "town" for row in rows) else set()
    except (LeadscreenError, TableError, OSError, KeyError, ValueError):
        return []
    if known is None:
        return []
    missing = [[one for one in row.subject.split() if one not in known] for row in rows]
    strange = [row.value for row in rows if row.decision == "town" and row.value not in towns]
    found = {"unknown_ids": [own for own in missing if own], "unknown_towns": [[town] for town in strange]}
    return [
        say(place.language, f"decide.{key}", n=len(own), names=_named([one for names in own for one in names], place))
        for key, own in found.items()
        if own
    ]


def _named(names: list[str], place: Place) -> str:
    distinct = list(dict.fromkeys(names))
    more = "…" if len(distinct) > MOST_NAMED else ""
    return say(place.language, "privacy.between").join(distinct[:MOST_NAMED]) + more


def _last_run(place: Place, outputs: Path) -> Path | None:
    """The tables of the latest cycle that was run."""
    folders = [outputs / place.key / cycle / "tables" for cycle in reversed(list(place.cycles))]
    return next((folder for folder in folders if (folder / "outcomes.parquet").is_file()), None)


def _ids_of(folder: Path) -> set[str]:
    """Every id that a decision may name: of leads, now or earlier, and the sites they begin, of records and of cases."""
    from pipeline.store import read_table

    names = ("leads", "reports", "cases", "problems")
    leads, reports, cases, problems = (read_table(folder / f"{name}.parquet", TABLES[name]) for name in names)
    tails = {*rows_by_tail(leads), *(lead_id[1:] for lead_ids in cases["lead_ids"] for lead_id in lead_ids)}
    own = {f"{kind}{tail}" for tail in tails for kind in "LS"}
    return own | {*reports["report_id"], *cases["problem_id"], *problems["problem_id"].dropna()}


def _towns_of(place: Place) -> set[str]:
    """The names of its townships."""
    from pipeline.intake.overlays import read_areas

    area = place.townships
    if area is None:
        return set()
    crs = pyproj.CRS.from_user_input(place.geographic_crs)
    records, _ = read_areas(area.path, area.crs, area.encoding, {}, place.limits, crs, place.language)
    return {record.words.get(area.name, "") for record in records}
