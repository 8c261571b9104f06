"""decide: what persons decided – from the review page, the filled workbook or written by hand – goes into decisions.csv."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.config import Place
from pipeline.errors import InputError
from pipeline.intake.answers import read_answers
from pipeline.intake.decision_file import locked, with_rows, write_whole
from pipeline.intake.decision_rows import Decision
from pipeline.intake.decisions import CONTRADICTED, DECISIONS_FILE, judge, read_rows, say_whose
from pipeline.intake.files import SHEETS
from pipeline.intake.privacy.scrub import scrub, without_marks
from pipeline.intake.words.suggest import suggest
from pipeline.last_run import LastRun, nearest, read_last_run, towns_of
from pipeline.place_folder import read_place
from pipeline.text import say

ZONES_DAYS = 1  # offices span time zones: where one already writes tomorrow's date, another still has today
MOST_NAMED = 10  # ids or townships in one sentence
MOST_LISTED = 50  # more bad rows hide the rest of the message; mended, the file is given again


@dataclass(frozen=True)
class Decided:
    """What became of the rows of the given files; sentences are in the place's language.

    `taken` are the new rows as they stand in `path`, decisions.csv; `unreadable` has a sentence a bad row, `contradicted` one
    a subject on which roles disagree, old rows and new together, `unknown` one on ids that may be mistyped.
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

    Where `outputs` holds a run of the place, a row that names no cycle is one of its last run, a known case may be called by its
    sender's number, and rows with ids that the run does not know are taken, and named.
    Raises InputError, and nothing is written, for a file that holds no decisions, where no row at all can be read or none names
    anything of the place, and where decisions.csv cannot be read or written.
    """
    place = read_place(folder, language)
    path = (place.folder / DECISIONS_FILE).resolve()
    run = read_last_run(place, outputs)
    given = _checked(_read_all(files, place), run, place)
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
        new = _new(good, standing, run)
        unknown = _unknown(new, run, place, is_dry_run)
        text = with_rows(path, new, place.language)
        rows = _read_again(text, [*standing, *new], path, place.language)
        if new and not is_dry_run:
            write_whole(path, text, place.language)
    taken, contradicted = rows[len(standing) :], _contradictions(rows, place.language)
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


def _checked(given: list[tuple[Path, Decision]], run: LastRun | None, place: Place) -> list[tuple[Path, Decision]]:
    """The rows with known cases by our numbers, and with a fault where the place has no such township."""
    towns = towns_of(place) if any(row.decision == "town" and not row.fault for _, row in given) else None
    rows = [(file, _of_a_cycle(_by_number(row, run), place)) for file, row in given]
    return [(file, _in_a_township(row, towns, place.language)) for file, row in rows]


def _of_a_cycle(row: Decision, place: Place) -> Decision:
    """A cycle that the place does not have is a fault of the row: nobody could tell what was looked at."""
    if row.fault or not row.cycle or row.cycle in place.cycles:
        return row
    known = say(place.language, "privacy.between").join(place.cycles)
    return row._replace(fault=say(place.language, "decide.unknown_cycle", cycle=row.cycle, known=known))


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


def _new(given: Sequence[Decision], standing: Sequence[Decision], run: LastRun | None) -> list[Decision]:
    """The rows of `given` that do not stand yet, each once. One that names no cycle was decided on the last run there is."""
    known, anywhere = ({_content(row)[:n] for row in standing} for n in (None, -1))
    new: dict[tuple[object, ...], Decision] = {}
    for row in given:
        if not row.cycle:
            if _content(row)[:-1] in anywhere:
                continue
            row = row._replace(cycle="" if run is None else run.cycle)
        if _content(row) not in known:
            new.setdefault(_content(row), row)
    return list(new.values())


def _content(row: Decision) -> tuple[object, ...]:
    """What makes two rows one: all but the reason, a pair in either order; the cycle last."""
    ids = frozenset(row.subject.split())
    return ids, row.decision, row.value, row.role.casefold(), row.date, row.cycle


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


def _by_number(row: Decision, run: LastRun | None) -> Decision:
    """A known case called by its sender's number, by ours."""
    if row.fault or run is None:
        return row
    ids = [one if one in run.ids else run.case_of_number.get(one, one) for one in row.subject.split()]
    return row._replace(subject=" ".join(ids))


def _in_a_township(row: Decision, towns: set[str] | None, language: str) -> Decision:
    """A township that the place does not have is a fault of the row, told with the one that may be meant."""
    if row.fault or row.decision != "town" or towns is None or row.value in towns:
        return row
    near = suggest(row.value, sorted(towns), limit=1)
    known = say(language, "privacy.between").join(near or sorted(towns)) or "–"
    key = "decide.near_town" if near else "decide.unknown_town"
    return row._replace(fault=say(language, key, town=row.value, known=known))


def _unknown(rows: Sequence[Decision], run: LastRun | None, place: Place, is_dry_run: bool) -> list[str]:
    """A sentence on the ids that the last run of the place does not know, each with the one that may be meant.

    Raises InputError where it knows none of them all: then the file is of another place.
    """
    if run is None:
        return []
    missing = [[one for one in row.subject.split() if one not in run.ids] for row in rows]
    if rows and all(own == row.subject.split() for own, row in zip(missing, rows, strict=True)):
        raise InputError(
            say(place.language, "decide.other_place", name=place.name, n=len(rows), names=_named(missing, run, place))
        )
    n = sum(map(bool, missing))
    key = "decide.unknown_ids_dry" if is_dry_run else "decide.unknown_ids"
    return [say(place.language, key, n=n, names=_named(missing, run, place))] if n else []


def _named(missing: list[list[str]], run: LastRun, place: Place) -> str:
    distinct = list(dict.fromkeys(one for own in missing for one in own))
    named = []
    for one in distinct[:MOST_NAMED]:
        near = nearest(one, run.ids)
        named.append(one if near is None else say(place.language, "decide.meant", id=one, near=near))
    return say(place.language, "privacy.between").join(named) + ("…" if len(distinct) > MOST_NAMED else "")
