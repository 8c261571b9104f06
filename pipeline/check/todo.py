"""The list of things to do before the list of problems can be believed, worst first: a pure function of the facts."""

from collections.abc import Iterator
from typing import Any

from pipeline.check.facts import Facts, LayerFacts, SourceFacts
from pipeline.check.sentences import is_said
from pipeline.check.tasks import CONFIRM, MUST, SHOULD, Task, listed, make_task
from pipeline.check.todo_layers import layer_tasks
from pipeline.check.todo_sources import position_tasks, record_tasks
from pipeline.intake.words.codes import class_label
from pipeline.text import say

GUESSED = ("GB18030", "none fits")  # UTF-8 that reads without a fault is proof, these are not
SHOWN_COLUMNS = 30
CUT = {  # sentence on a file whose end is missing, or of which only a part could be read → its blanks
    "kml.cut": ("line", "n"),
    "kml.mended": ("line", "n"),
    "vector.note_json_mended": (),
    "vector.note_features_lost": ("layer", "n", "read"),
    "vector.note_counts_differ": ("shapes", "rows"),
}


def todo(facts: Facts) -> list[Task]:
    """Everything a person must do, should look at, or need only confirm, in that order."""
    language = facts.place.language
    tasks: list[Task] = []
    for one in facts.inputs:
        tasks += _unread(one, language)
    for one in facts.inputs:
        tasks += _crs(one, language)
    for one in facts.inputs:
        tasks += _cut(one, language)
    for source in facts.sources:
        tasks += position_tasks(source, language)
    for layer in facts.layers:
        tasks += layer_tasks(layer, language)
    tasks += [
        make_task(MUST, class_label(name, language), "", language, "not_covered", {}, {}) for name in facts.not_covered
    ]
    for source in facts.sources:
        tasks += record_tasks(source, language)
    for one in facts.inputs:
        tasks += _found_out(one, language)
    tasks += _place(facts, language)
    for origin in facts.later:
        values = {"received": origin.received.isoformat(), "as_of": facts.as_of.isoformat()}
        tasks.append(make_task(CONFIRM, origin.title, "", language, "later", values, {}))
    return sorted(tasks, key=lambda task: task.severity)  # stable: the order above within each severity


def _unread(one: SourceFacts | LayerFacts, language: str) -> Iterator[Task]:
    title, file = one.origin.title, one.origin.file.name
    if one.unread is not None:
        is_personal = is_said(one.unread, language, "intake.petitioner_columns", "path", "columns", "file")
        key = "petitioner" if is_personal else "unread"
        yield Task(MUST, title, one.anchor, one.unread, say(language, f"check.do_{key}", file=file))
    elif one.is_missing:
        yield make_task(CONFIRM, title, one.anchor, language, "missing", {"path": one.origin.path.name}, {"file": file})


def _crs(one: SourceFacts | LayerFacts, language: str) -> Iterator[Task]:
    """A CRS that cannot be used, is contradicted, or was found out from the values."""
    title, file = one.origin.title, {"file": one.origin.file.name}
    notes = {row["crs_note"]: row for row in one.inputs if isinstance(row["crs_note"], str)}
    for note, row in notes.items():
        if not isinstance(row["crs_used"], str):
            yield Task(MUST, title, one.anchor, note, say(language, "check.do_crs_unusable", **file))
        elif one.crs_conflict:
            severity = MUST if one.crs_conflict == "other" else CONFIRM
            yield Task(severity, title, one.anchor, note, say(language, f"check.do_crs_{one.crs_conflict}", **file))
        else:
            yield Task(CONFIRM, title, one.anchor, note, say(language, "check.do_crs_detected", **file))


def _cut(one: SourceFacts | LayerFacts, language: str) -> Iterator[Task]:
    """Files that say their end is missing, or of whose features only some could be read."""
    for row, note in _notes(one):
        if any(is_said(note, language, key, *blanks) for key, blanks in CUT.items()):
            found = {"file": row["file"], "note": note}
            yield make_task(MUST, one.origin.title, one.anchor, language, "cut", found, {})


def _found_out(one: SourceFacts | LayerFacts, language: str) -> Iterator[Task]:
    """What nobody declared: encodings and headers found out, columns that look like a field."""
    title, file = one.origin.title, {"file": one.origin.file.name}
    why = {row["encoding"] for row in one.inputs if str(row["encoding_why"]).startswith(GUESSED)}
    if one.origin.encoding is None and why:
        encodings = {"encoding": listed(sorted(why), language, SHOWN_COLUMNS)}
        yield make_task(CONFIRM, title, one.anchor, language, "encoding", encodings, file)
    for _, note in _notes(one):
        if is_said(note, language, "sheets.note_header", "rows"):
            yield Task(CONFIRM, title, one.anchor, note, say(language, "check.do_header", **file))
        if isinstance(one, LayerFacts) and is_said(note, language, "vector.note_garbled", "column", "n"):
            yield Task(SHOULD, title, one.anchor, note, say(language, "check.do_garbled"))
    if isinstance(one, SourceFacts):
        likely = [f'{column.field} = "{column.title}"' for column in one.unmapped if column.field]
        if likely:
            columns = {"columns": listed(likely, language, SHOWN_COLUMNS)}
            yield make_task(CONFIRM, title, one.anchor, language, "unmapped", columns, file)


def _place(facts: Facts, language: str) -> Iterator[Task]:
    """What place.toml does not name and the records need."""
    if facts.place.townships is None:
        yield make_task(CONFIRM, facts.place.name, "", language, "no_townships", {}, {})
    told = [source.origin.title for source in facts.sources if source.origin.kind == "reports"]
    if told and facts.place.gazetteer is None:
        titles = {"titles": listed(told, language, SHOWN_COLUMNS)}
        yield make_task(SHOULD, facts.place.name, "", language, "no_gazetteer", titles, {})


def _notes(one: SourceFacts | LayerFacts) -> list[tuple[dict[str, Any], str]]:
    """(row of inputs, sentence on the file) of everything noted on the files of a source or layer."""
    return [(row, note) for row in one.inputs for note in row["notes"]]
