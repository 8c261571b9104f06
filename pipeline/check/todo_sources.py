"""What is to be done about a source: pure sentences of its facts."""

from collections.abc import Iterator
from typing import get_args

from pipeline.check.facts import Count, SourceFacts
from pipeline.check.repeats import new_numbers, repeated_words
from pipeline.check.sentences import is_said
from pipeline.check.tasks import CONFIRM, MUST, SHOULD, Task, listed, make_task
from pipeline.config import AliasField
from pipeline.publish.rows import join_words
from pipeline.text import say

SHOWN = 6  # words or numbers named in one line; the section has more
LOST = ("E9", "E10", "E11")
MOST_OUTSIDE = 0.5  # of the located leads; a county's own list rarely tells of its neighbours


def position_tasks(source: SourceFacts, language: str) -> Iterator[Task]:
    """Records that lie elsewhere, whose coordinates may mean another place, or that are not there."""
    title, anchor, file = source.origin.title, source.anchor, {"file": source.origin.file.name}
    n_outside, n = len(source.outside), len(source.outside) + len(source.shapes)
    if n_outside > MOST_OUTSIDE * n:
        severity = MUST if n_outside == n else SHOULD
        yield make_task(severity, title, anchor, language, "outside", {"inside": n - n_outside, "n": n}, file)
    if source.shifted is not None:
        yield Task(MUST, title, anchor, source.shifted, say(language, "check.do_shifted", **file))
    elif source.n_with_readings:
        yield make_task(SHOULD, title, anchor, language, "readings", {"n": source.n_with_readings}, file)
    if source.inputs and not source.n_rows:
        yield make_task(MUST, title, anchor, language, "no_rows", {}, file)
    for note in source.notes:
        if is_said(note.words, language, "corners.count_differs", "stated", "n"):
            where = f"{source.origin.path.name}: {join_words(note.rows, language)}"
            yield make_task(MUST, title, anchor, language, "cut", {"file": where, "note": note.words}, {})
    for said in dict.fromkeys(note for row in source.inputs for note in row["notes"]):
        is_nodata = is_said(said, language, "rasters.note_is_nodata", "value")
        if is_nodata or is_said(said, language, "rasters.note_absent", "values"):
            yield Task(SHOULD, title, anchor, said, say(language, "check.do_source_cells", **file))


def record_tasks(source: SourceFacts, language: str) -> Iterator[Task]:
    """Records set aside, words nobody knows, numbers, areas and dates that do not fit."""
    title, anchor, file = source.origin.title, source.anchor, {"file": source.origin.file.name}
    for gone in source.gone:
        if gone.reason in LOST:
            words = say(language, f"labels.{gone.reason}")
            lost: dict[str, object] = {"n": gone.n, "reason": gone.reason, "words": words}
            yield make_task(SHOULD, title, anchor, language, "lost", lost, {"n": source.n_rows})
    yield from _unknown(source, language)
    yield from _numbers(source, language)
    if source.areas is not None and source.areas.judgement.verdict in ("unit", "differs"):
        verdict = source.areas.judgement.verdict
        yield Task(
            SHOULD, title, anchor, source.areas.judgement.sentence, say(language, f"check.do_area_{verdict}", **file)
        )
    if source.garbled:
        columns = {"columns": _counted(source.garbled, language)}
        yield make_task(SHOULD, title, anchor, language, "garbled", columns, {})
    if source.dates is not None and source.dates.n_after_received:
        yield make_task(SHOULD, title, anchor, language, "after_received", {"n": source.dates.n_after_received}, {})
    yield from _repeated(source, language)


def _unknown(source: SourceFacts, language: str) -> Iterator[Task]:
    if not source.unknown:
        return
    is_petition = source.origin.kind == "reports"
    named = [str(one.n) if is_petition else f"{one.word} × {one.n}" for one in source.unknown]
    values: dict[str, object] = {"n": len(named), "words": listed(named, language, SHOWN)}
    fields = dict.fromkeys(one.field for one in source.unknown if one.field in get_args(AliasField))
    tables = join_words([f"[aliases.{field}]" for field in fields], language)
    found = say(language, f"check.found_unknown{'_rows' if is_petition else ''}", **values)
    action = say(language, "check.do_unknown", tables=tables) if fields else say(language, "check.do_unknown_zone")
    rows = say(language, "check.do_unknown_rows") if is_petition else ""
    yield Task(SHOULD, source.origin.title, source.anchor, found, rows + action)


def _numbers(source: SourceFacts, language: str) -> Iterator[Task]:
    """The sender's numbers, by which corrections find their record and people ask for it."""
    title, anchor, file = source.origin.title, source.anchor, {"file": source.origin.file.name}
    numbers = source.numbers
    if numbers is None or source.origin.kind == "change_raster":  # whose areas nobody has numbered
        return
    if not numbers.is_mapped:
        yield make_task(SHOULD, title, anchor, language, "not_numbered", {"n": numbers.n_rows}, file)
    elif numbers.empty.n:
        rows = listed(numbers.empty.rows, language, SHOWN)
        values: dict[str, object] = {"n": numbers.empty.n, "of": numbers.n_rows, "rows": rows}
        yield make_task(SHOULD, title, anchor, language, "some_not_numbered", values, {})
    if numbers.repeated:
        named = [
            say(language, "check.number_rows", number=one.words, rows=join_words(one.rows, language)).strip()
            for one in numbers.repeated
        ]
        values = {"n": len(named), "examples": listed(named, language, SHOWN)}
        yield make_task(SHOULD, title, anchor, language, "number_repeated", values, {})
    if source.replacement is not None and source.replacement.new:
        replacement, numbers_words = source.replacement, new_numbers(source, language)
        values = {"title": replacement.title, "n": replacement.n_new, "numbers": numbers_words}
        yield make_task(SHOULD, title, anchor, language, "new_numbers", values, {})


def _repeated(source: SourceFacts, language: str) -> Iterator[Task]:
    n = sum(gone.n for gone in source.gone if gone.reason == "E5")
    if n:
        values: dict[str, object] = {"n": n, "words": repeated_words(source, language)}
        yield make_task(CONFIRM, source.origin.title, source.anchor, language, "repeated", values, {})


def _counted(counts: tuple[Count, ...], language: str) -> str:
    return join_words([f"{one.words} × {one.n}" for one in counts], language)
