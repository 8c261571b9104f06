"""The list of things to do before the list of problems can be believed, worst first: a pure function of the facts."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pipeline.check.facts import Facts, LayerFacts, SourceFacts
from pipeline.check.sentences import is_said
from pipeline.intake.words.codes import class_label
from pipeline.text import say

MUST, SHOULD, CONFIRM = 1, 2, 3
SHOWN_WORDS = 6  # unknown words named in one line; the section has them all
GUESSED = ("GB18030", "none fits")  # UTF-8 that reads without a fault is proof, these are not
LOST = ("E9", "E10", "E11")


class Task(NamedTuple):
    """One thing to do: `severity` is MUST, SHOULD or CONFIRM, `where` a source or layer (section `anchor`)."""

    severity: int
    where: str
    anchor: str
    found: str
    action: str


def todo(facts: Facts) -> list[Task]:
    """Everything a person must do, should look at, or need only confirm, in that order."""
    language = facts.place.language
    tasks: list[Task] = []
    for one in facts.inputs:
        tasks += _unread(one, language)
    for one in facts.inputs:
        tasks += _crs(one, language)
    for source in facts.sources:
        tasks += _positions(source, language)
    for layer in facts.layers:
        tasks += _layer(layer, language)
    tasks += [
        _task(MUST, class_label(name, language), "", language, "not_covered", {}, {}) for name in facts.not_covered
    ]
    for source in facts.sources:
        tasks += _records(source, language)
    for one in facts.inputs:
        tasks += _found_out(one, language)
    for origin in facts.later:
        values = {"received": origin.received.isoformat(), "as_of": facts.as_of.isoformat()}
        tasks.append(_task(CONFIRM, origin.title, "", language, "later", values, {}))
    return sorted(tasks, key=lambda task: task.severity)  # stable: the order above within each severity


def _task(
    severity: int, where: str, anchor: str, language: str, key: str, found: Mapping[str, object], action: Mapping[str, object]
) -> Task:  # fmt: skip
    """The sentences check.found_<key> and check.do_<key>, filled."""
    found_words, action_words = say(language, f"check.found_{key}", **found), say(language, f"check.do_{key}", **action)
    return Task(severity, where, anchor, found_words, action_words)


def _unread(one: SourceFacts | LayerFacts, language: str) -> Iterator[Task]:
    title, file = one.origin.title, one.origin.file.name
    if one.unread is not None:
        is_personal = is_said(one.unread, language, "intake.petitioner_columns", "path", "columns", "file")
        key = "petitioner" if is_personal else "unread"
        yield Task(MUST, title, one.anchor, one.unread, say(language, f"check.do_{key}", file=file))
    elif one.is_missing:
        yield _task(CONFIRM, title, one.anchor, language, "missing", {"path": one.origin.path.name}, {"file": file})


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


def _positions(source: SourceFacts, language: str) -> Iterator[Task]:
    file = {"file": source.origin.file.name}
    if source.shifted is not None:
        action = say(language, "check.do_shifted", **file)
        yield Task(MUST, source.origin.title, source.anchor, source.shifted, action)
    elif source.n_with_readings:
        yield _task(
            SHOULD, source.origin.title, source.anchor, language, "readings", {"n": source.n_with_readings}, file
        )
    if source.inputs and not source.n_rows:
        yield _task(MUST, source.origin.title, source.anchor, language, "no_rows", {}, file)


def _layer(layer: LayerFacts, language: str) -> Iterator[Task]:
    if layer.unread is not None or layer.is_missing:
        return
    title, file = layer.origin.title, {"file": layer.origin.file.name}
    if not layer.n_features:
        values = {"unusable": layer.n_unusable, "left_out": layer.n_left_out}
        yield _task(MUST, title, layer.anchor, language, "no_features", values, file)
    elif layer.n_unusable:
        yield _task(SHOULD, title, layer.anchor, language, "unusable", {"n": layer.n_unusable}, {})
    if "code" in layer.origin.columns and layer.origin.code_scheme is None and layer.n_features:
        if layer.schemes:
            best = layer.schemes[0].words
            named = {"scheme": say(language, f"areas.scheme_{best}")}
            yield _task(SHOULD, title, layer.anchor, language, "scheme_fits", named, {**file, "scheme": best})
        else:
            yield _task(SHOULD, title, layer.anchor, language, "scheme", {}, file)
    if layer.origin.counts and layer.origin.data_date is None and layer.n_features:
        yield _task(SHOULD, title, layer.anchor, language, "undated", {}, file)


def _records(source: SourceFacts, language: str) -> Iterator[Task]:
    title, anchor, file = source.origin.title, source.anchor, {"file": source.origin.file.name}
    for gone in source.gone:
        if gone.reason in LOST:
            lost: dict[str, object] = {
                "n": gone.n,
                "reason": gone.reason,
                "words": say(language, f"labels.{gone.reason}"),
            }
            yield _task(SHOULD, title, anchor, language, "lost", lost, {"n": source.n_rows})
    if source.unknown:
        named = [f"{one.word} × {one.n}" if one.word else str(one.n) for one in source.unknown]
        more = ["…"] if len(named) > SHOWN_WORDS else []
        values: dict[str, object] = {"n": len(named), "words": _join([*named[:SHOWN_WORDS], *more], language)}
        yield _task(
            SHOULD,
            title,
            anchor,
            language,
            "unknown_rows" if source.origin.kind == "reports" else "unknown",
            values,
            {},
        )
    if source.areas is not None and source.areas.judgement.verdict in ("unit", "differs"):
        verdict = source.areas.judgement.verdict
        action = say(language, f"check.do_area_{verdict}", **file)
        yield Task(SHOULD, title, anchor, source.areas.judgement.sentence, action)
    if source.garbled:
        named = [f"{one.words} × {one.n}" for one in source.garbled]
        yield _task(SHOULD, title, anchor, language, "garbled", {"columns": _join(named, language)}, {})
    if source.dates is not None and source.dates.n_after_received:
        yield _task(SHOULD, title, anchor, language, "after_received", {"n": source.dates.n_after_received}, {})


def _found_out(one: SourceFacts | LayerFacts, language: str) -> Iterator[Task]:
    """What nobody declared: encodings and headers found out, columns that look like a field."""
    title, file = one.origin.title, {"file": one.origin.file.name}
    why = {row["encoding"] for row in one.inputs if str(row["encoding_why"]).startswith(GUESSED)}
    if one.origin.encoding is None and why:
        yield _task(CONFIRM, title, one.anchor, language, "encoding", {"encoding": _join(sorted(why), language)}, file)
    for row in one.inputs:
        for note in row["notes"]:
            if is_said(note, language, "sheets.note_header", "rows"):
                yield Task(CONFIRM, title, one.anchor, note, say(language, "check.do_header", **file))
            if isinstance(one, LayerFacts) and is_said(note, language, "vector.note_garbled", "column", "n"):
                yield Task(SHOULD, title, one.anchor, note, say(language, "check.do_garbled"))
    if isinstance(one, SourceFacts):
        likely = [f'{column.field} = "{column.title}"' for column in one.unmapped if column.field]
        if likely:
            yield _task(CONFIRM, title, one.anchor, language, "unmapped", {"columns": _join(likely, language)}, file)


def _join(words: list[str] | tuple[str, ...], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(words)
