"""The facts in words: a section for every source and layer, of labelled lines, a map and tables."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.check.facts import Count, Example, Facts, LayerFacts, SourceFacts
from pipeline.check.map import Frame, draw, n_beyond
from pipeline.check.origins import bounds_lines, clauses, input_lines, origin_lines, sheet_of
from pipeline.check.repeats import repeated_words, replaced_words
from pipeline.check.vocabulary import FIELDS, known_words
from pipeline.geometry import Shapes
from pipeline.intake.words.codes import class_label
from pipeline.publish.rows import join_words
from pipeline.text import say

SHOWN = 12  # kinds of notes, words or codes in a table; how many more there are is said
VISIBLE = 3  # records shown of each reason; the others unfold


class Table(NamedTuple):
    """A table under a heading; numbers stand right. The rows of `more` unfold under the sentence `more_words`."""

    title: str
    heads: list[str]
    rows: list[list[Any]]
    more: Sequence[list[Any]] = ()
    more_words: str = ""


@dataclass(frozen=True)
class Section:
    """One source or layer: `lines` are (label, value); `svg` is safe HTML, empty where there is nothing to draw."""

    anchor: str
    title: str
    lines: list[tuple[str, str]]
    svg: str
    legend: list[tuple[str, str]]  # (colour name of check.css, words)
    tables: list[Table]


def source_section(one: SourceFacts, facts: Facts, frame: Frame | None) -> Section:
    """One source in words."""
    language, title = facts.place.language, one.origin.title
    heading = say(language, "check.source", title=title)
    lines = [*origin_lines(one, facts)]
    if one.unread is not None or one.is_missing:
        return Section(one.anchor, heading, lines, "", [], [])
    lines += [*input_lines(one, language), *bounds_lines(one.shapes, facts), *_source_lines(one, language)]
    svg, legend = _map(one.shapes, one.outside, "leads", title, frame, language)
    tables = [
        *_file_tables(one, language), _gone_table(one, language),
        _counts_table("repairs", one.repairs, language), _counts_table("notes", one.notes, language),
        _unknown_table(one, language), _areas_table(one, language),
    ]  # fmt: skip
    return Section(one.anchor, heading, lines, svg, legend, [table for table in tables if table.rows])


def layer_section(one: LayerFacts, facts: Facts, frame: Frame | None) -> Section:
    """One layer in words."""
    language, layer = facts.place.language, one.origin
    heading = say(language, "check.layer", title=layer.title)
    lines = [*origin_lines(one, facts)]
    if one.unread is not None or one.is_missing:
        return Section(one.anchor, heading, lines, "", [], [])
    lines += [*input_lines(one, language), *bounds_lines(one.shapes, facts), *_layer_lines(one, language)]
    svg, legend = _map(one.shapes, one.shapes[:0], "features", layer.title, frame, language)
    rows = [[code.code, code.name, code.meaning, code.n] for code in one.codes]
    tables = [
        *_file_tables(one, language), _counts_table("repairs", one.repairs, language),
        table_of("codes", ("code", "name", "meaning", "n"), rows, language),
    ]  # fmt: skip
    return Section(one.anchor, heading, lines, svg, legend, [table for table in tables if table.rows])


def known_section(facts: Facts) -> Section | None:
    """The words that the code tables know, for the fields in which a source has others; None where none has."""
    language = facts.place.language
    fields = [field for field in FIELDS if any(word.field == field for one in facts.sources for word in one.unknown)]
    if not fields:
        return None
    rows = [[field, *row] for field in fields for row in known_words(field, language)]
    heads = table_of("known_words", ("field", "code", "known_name", "spellings"), [], language)
    table = heads._replace(more=rows, more_words=say(language, "check.known_all", n=len(rows)))
    return Section("known", say(language, "check.known"), [], "", [], [table])


def table_of(name: str, columns: tuple[str, ...], rows: list[list[Any]], language: str) -> Table:
    """A table with the sentences check.<name> and check.col_<column>, cut to SHOWN rows with a word on the rest."""
    shown = rows[:SHOWN]
    if len(rows) > SHOWN:
        more = say(language, "check.more", n=len(rows) - SHOWN)
        shown = [*shown, [more, *([""] * (len(columns) - 1))]]
    return Table(say(language, f"check.{name}"), [say(language, f"check.col_{column}") for column in columns], shown)


def _source_lines(one: SourceFacts, language: str) -> list[tuple[str, str]]:
    n_gone = sum(gone.n for gone in one.gone)
    confidence = [say(language, f"check.confidence_{count.words}", n=count.n) for count in one.confidence]
    personal = [f"{count.words} {count.n}" for count in one.personal]
    values = {
        "accuracy": _accuracy(one, language),
        "confidence": join_words(confidence, language),
        "rows": say(language, "check.rows_words", rows=one.n_rows, leads=one.n_leads, gone=n_gone),
        **_date_values(one, language),
        "repeated": repeated_words(one, language) or say(language, "check.repeated_none"),
        "replaces": replaced_words(one, language),
        "personal": join_words(personal, language) or say(language, "check.personal_none"),
        "places": say(language, "check.places_words", n=one.n_with_places, readings=one.n_with_readings)
        if one.n_with_places or one.n_with_readings else "",
        "unmapped": _unmapped(one, language),
    }  # fmt: skip
    return [(say(language, f"check.{name}"), value) for name, value in values.items() if value]


def _accuracy(one: SourceFacts, language: str) -> str:
    declared = one.origin.position_accuracy_m
    if one.accuracy_m is None or one.accuracy_m == (declared, declared):
        return say(language, "check.accuracy_one", declared=declared)
    best, worst = one.accuracy_m
    return say(language, "check.accuracy_words", declared=declared, best=best, worst=worst)


def _date_values(one: SourceFacts, language: str) -> dict[str, str]:
    dates = one.dates
    if dates is None:
        return {}
    precisions = [say(language, f"check.precision_{count.words}", n=count.n) for count in dates.precisions]
    said = [say(language, "check.dates_none")]
    if dates.first:
        words = join_words(precisions, language)
        said = [say(language, "check.dates_words", first=dates.first, last=dates.last, precisions=words)]
        odd = {"undated": dates.n_undated, "contradicting": dates.n_contradicting, "after": dates.n_after_received}
        said += [say(language, f"check.dates_{name}", n=n) for name, n in odd.items() if n]
    periods = join_words([f"{count.words} × {count.n}" for count in dates.periods[:SHOWN]], language)
    return {"dates": clauses(said, language), "periods": periods}


def _layer_lines(one: LayerFacts, language: str) -> list[tuple[str, str]]:
    layer = one.origin
    fits = [
        say(language, "check.scheme_share", scheme=say(language, f"areas.scheme_{count.words}"), share=count.n)
        for count in one.schemes
    ]
    missing = say(language, "check.scheme_missing") if "code" in layer.columns else ""
    where = {**layer.where, **{f"≠ {column}": codes for column, codes in layer.where_not.items()}}
    chosen = "".join(f" · {column}: {', '.join(codes)}" for column, codes in where.items())
    values = {
        "class": class_label(layer.layer_class, language),
        "data_date": layer.data_date.isoformat() if layer.data_date else say(language, "run.undated"),
        "covers": {"place": say(language, "check.covers_place"), None: say(language, "check.covers_none")}.get(
            layer.covers, Path(layer.covers or "").name
        ),
        "features": say(language, "check.features_words", n=one.n_features, ha=one.area_ha),
        "unusable": say(language, "check.n_features", n=one.n_unusable) if one.n_unusable else "",
        "left_out": say(language, "check.n_features", n=one.n_left_out) + chosen if where else "",
        "accuracy": say(language, "check.accuracy_one", declared=layer.position_accuracy_m),
        "scheme": layer.code_scheme or clauses([missing, *fits], language) if missing else "",
    }
    return [(say(language, f"check.{name}"), value) for name, value in values.items() if value]


def _map(
    shapes: Shapes, outside: Shapes, what: str, title: str, frame: Frame | None, language: str
) -> tuple[str, list[tuple[str, str]]]:
    if frame is None or not len(shapes) + len(outside):
        return "", []
    legend = [("in", say(language, f"check.map_{what}", n=len(shapes)))]
    if len(outside):
        legend.append(("out", say(language, "check.map_outside", n=len(outside))))
    beyond = n_beyond(shapes, frame) + n_beyond(outside, frame)
    if beyond:
        legend.append(("", say(language, "check.map_beyond", n=beyond)))
    return draw(shapes, outside, frame, html.escape(say(language, "check.map_title", title=title))), legend


def _file_tables(one: SourceFacts | LayerFacts, language: str) -> list[Table]:
    files = [[row["file"], sheet_of(row), row["format"], int(row["n_records"])] for row in one.inputs]
    notes = [[row["file"], sheet_of(row), note] for row in one.inputs for note in row["notes"]]
    return [
        table_of("files", ("file", "sheet", "format", "rows"), files if len(files) > 1 else [], language),
        table_of("file_notes", ("file", "sheet", "sentence"), notes, language),
    ]


def _gone_table(one: SourceFacts, language: str) -> Table:
    """The first records of each reason; the others unfold, and what was not even kept is counted."""
    rows, more, n_left = [], [], 0
    for gone in one.gone:
        label = say(language, f"labels.{gone.reason}")
        words = say(language, "check.gone_n", reason=gone.reason, words=label, n=gone.n)
        for k, example in enumerate(gone.examples[:VISIBLE]):
            rows.append([words if k == 0 else "", *_cells(example)])
        more += [[f"{gone.reason} {label}", *_cells(example)] for example in gone.examples[VISIBLE:]]
        n_left += gone.n - len(gone.examples)
    said = [say(language, "check.unfold", n=len(more))] if more else []
    said += [say(language, "check.not_listed", n=n_left)] if n_left else []
    heads = table_of("gone", ("reason", "file", "sheet", "row", "number", "sentence"), [], language)
    return heads._replace(rows=rows, more=more, more_words=clauses(said, language))


def _cells(example: Example) -> list[str]:
    return [example.file, example.sheet, example.row, example.number, example.sentence]


def _counts_table(name: str, counts: tuple[Count, ...], language: str) -> Table:
    rows = [[count.words, count.n, join_words(count.rows, language)] for count in counts]
    return table_of(name, ("sentence", "n", "row"), rows, language)


def _unknown_table(one: SourceFacts, language: str) -> Table:
    rows = []
    for word in one.unknown:
        where = join_words(word.rows, language)
        shown = word.word or say(language, "check.hidden_word", rows=where)
        rows.append([word.field, shown, word.n, where, join_words(word.near, language)])
    return table_of("unknown", ("field", "word", "n", "row", "near"), rows, language)


def _unmapped(one: SourceFacts, language: str) -> str:
    """Those that look like a field first."""
    columns = sorted(one.unmapped, key=lambda column: not column.field)
    named = [
        say(language, "check.may_be", column=column.title, field=column.field) if column.field else column.title
        for column in columns
    ]
    return join_words(named, language)


def _areas_table(one: SourceFacts, language: str) -> Table:
    if one.areas is None:
        return Table("", [], [])
    rows: list[list[Any]] = [["", "", one.areas.judgement.sentence, "", "", ""]]
    rows += [
        [worst.row, worst.number, "", f"{worst.stated_m2:.1f}", f"{worst.computed_m2:.1f}", f"{worst.stated_m2 / worst.computed_m2:.3f}"]
        for worst in one.areas.worst
    ]  # fmt: skip
    return table_of("areas", ("row", "number", "sentence", "stated", "computed", "ratio"), rows, language)
