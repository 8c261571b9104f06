"""The data-quality page: what to do first, every source and layer at a glance, then each in its own section."""

import html
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from pipeline.check.facts import Facts, LayerFacts, SourceFacts
from pipeline.check.map import base_map, frame_of
from pipeline.check.origins import crs_used, formats
from pipeline.check.sections import Section, Table, known_section, layer_section, source_section, table_of
from pipeline.check.tasks import MUST, Task
from pipeline.intake.words.codes import class_label
from pipeline.publish.offline import asset, static_page
from pipeline.publish.rows import join_words, marks_of
from pipeline.text import say

SHORT = 10  # a date or a name this long stays on one line
NUMBER = re.compile(r"\d+\.\d+")


class Link(NamedTuple):
    """A cell that leads to a section of the page."""

    words: str
    anchor: str


def check_page(facts: Facts, tasks: list[Task]) -> tuple[str, str]:
    """(index.html, check.md) with the same content, but for the maps; equal facts give equal bytes."""
    place, language = facts.place, facts.place.language
    frame = frame_of(facts)
    title = say(language, "check.title", place=place.name, cycle=facts.cycle)
    lead = say(language, "check.lead", as_of=facts.as_of.isoformat())
    marks = marks_of(place, False, language)
    overviews = [table for table in (_todo_table(tasks, language), *_overviews(facts, tasks)) if table.rows]
    sections = [source_section(one, facts, frame) for one in facts.sources]
    sections += [layer_section(one, facts, frame) for one in facts.layers]
    known = known_section(facts)
    sections += [known] if known else []
    base = "" if frame is None else base_map(facts, frame)
    content = (title, language, lead, marks, _cards(facts, tasks), overviews, sections)
    return _as_html(*content, base), _as_markdown(*content)


def _cards(facts: Facts, tasks: list[Task]) -> list[tuple[str, int]]:
    counts = {
        "sources": len(facts.sources),
        "layers": len(facts.layers),
        "rows": sum(one.n_rows for one in facts.sources),
        "leads": sum(one.n_leads for one in facts.sources),
        "gone": sum(gone.n for one in facts.sources for gone in one.gone),
        "must": sum(task.severity == MUST for task in tasks),
    }
    return [(say(facts.place.language, f"check.card_{name}"), n) for name, n in counts.items()]


def _todo_table(tasks: list[Task], language: str) -> Table:
    rows = [
        [Severity(say(language, f"check.severity_{task.severity}"), task.severity),
         Link(task.where, task.anchor) if task.anchor else task.where, task.found, task.action]
        for task in tasks
    ]  # fmt: skip
    heads = table_of("todo", ("severity", "where", "found", "action"), [], language)
    return Table(heads.title, heads.heads, rows or [[say(language, "check.nothing"), "", "", ""]])


class Severity(NamedTuple):
    """A cell that says how heavy a task is."""

    words: str
    severity: int


def _overviews(facts: Facts, tasks: list[Task]) -> list[Table]:
    language = facts.place.language
    due = {one.anchor: sum(task.anchor == one.anchor for task in tasks) for one in facts.inputs}
    sources: list[list[Any]] = [
        [Link(one.origin.title, one.anchor), one.origin.received.isoformat(), *_read(one, language),
         one.n_rows, one.n_leads, sum(gone.n for gone in one.gone), due[one.anchor]]
        for one in facts.sources
    ]  # fmt: skip
    layers: list[list[Any]] = [
        [Link(one.origin.title, one.anchor), class_label(one.origin.layer_class, language),
         one.origin.data_date.isoformat() if one.origin.data_date else say(language, "run.undated"),
         *_read(one, language), one.n_features, f"{one.area_ha:.1f}", due[one.anchor]]
        for one in facts.layers
    ]  # fmt: skip
    columns = ("title", "received", "format", "crs", "rows", "leads", "gone", "todo")
    of_layers = ("title", "class", "date", "format", "crs", "features", "ha", "todo")
    heads, heads_of_layers = (
        table_of(name, names, [], language) for name, names in (("sources", columns), ("layers", of_layers))
    )
    return [Table(heads.title, heads.heads, sources), Table(heads_of_layers.title, heads_of_layers.heads, layers)]


def _read(one: SourceFacts | LayerFacts, language: str) -> tuple[str, str]:
    """Format and CRS of what was read, or a dash for each."""
    return (formats(one, language), crs_used(one, language)) if one.inputs else ("–", "–")


def _as_html(
    title: str, language: str, lead: str, marks: list[str], cards: list[tuple[str, int]], overviews: list[Table],
    sections: list[Section], base: str,
) -> str:  # fmt: skip
    safe = html.escape
    shown = "".join(f'<div class="card"><b>{n}</b>{safe(words)}</div>' for words, n in cards)
    parts = [
        f"<style>{asset('check.css')}</style>",
        base,
        f'<h1 id="top">{safe(title)}</h1><p class="quiet">{safe(lead)}</p>',
        '<p class="marks">' + "".join(f"<span>{safe(mark)}</span>" for mark in marks) + "</p>",
        f'<div class="cards">{shown}</div>',
    ]
    parts += [f"<h2>{safe(table.title)}</h2>{_html_table(table)}" for table in overviews]
    parts += [_html_section(section, language) for section in sections]
    return static_page(title, language, "\n".join(parts))


def _html_section(section: Section, language: str) -> str:
    safe = html.escape
    up = f'<a class="up" href="#top">{safe(say(language, "check.top"))}</a>'
    lines = "".join(f"<tr><th>{safe(label)}</th><td>{safe(value)}</td></tr>" for label, value in section.lines)
    legend = "".join(f'<span class="{colour}">{safe(words)}</span>' for colour, words in section.legend)
    drawing = f"<figure>{section.svg}<figcaption>{legend}</figcaption></figure>" if section.svg else ""
    tables = "".join(f"<h3>{safe(table.title)}</h3>{_html_table(table)}" for table in section.tables)
    return (
        f'<section id="{section.anchor}"><h2>{up}{safe(section.title)}</h2>'
        f'<div class="origin"><table>{lines}</table>{drawing}</div>{tables}</section>'
    )


def _html_table(table: Table) -> str:
    head = "".join(f"<th>{html.escape(word)}</th>" for word in table.heads)
    shown = f'<div class="scroll"><table><tr>{head}</tr>{_html_rows(table.rows)}</table></div>' if table.rows else ""
    if not table.more:
        return shown
    hidden = f'<div class="scroll"><table><tr>{head}</tr>{_html_rows(table.more)}</table></div>'
    return f"{shown}<details><summary>{html.escape(table.more_words)}</summary>{hidden}</details>"


def _html_rows(rows: Iterable[list[Any]]) -> str:
    return "".join("<tr>" + "".join(map(_html_cell, row)) + "</tr>" for row in rows)


def _html_cell(cell: Any) -> str:
    if isinstance(cell, Link):
        return f'<td><a href="#{cell.anchor}">{html.escape(cell.words)}</a></td>'
    if isinstance(cell, Severity):
        return f'<td class="short s{cell.severity}">{html.escape(cell.words)}</td>'
    is_number = isinstance(cell, int) or NUMBER.fullmatch(str(cell)) is not None
    kind = ' class="n"' if is_number else ' class="short"' if len(str(cell)) <= SHORT else ""
    return f"<td{kind}>{html.escape(str(cell))}</td>"


def _as_markdown(
    title: str, language: str, lead: str, marks: list[str], cards: list[tuple[str, int]], overviews: list[Table],
    sections: list[Section],
) -> str:  # fmt: skip
    lines = [f"# {title}", "", lead, "", " · ".join(f"**{mark}**" for mark in marks), ""]
    lines += [join_words([f"{words} {n}" for words, n in cards], language), ""]
    for table in overviews:
        lines += _markdown_table(table, "##")
    for section in sections:
        lines += [f"## {section.title}", ""]
        lines += [f"- {label}: {_plain(value)}" for label, value in section.lines]
        legend = join_words([words for _, words in section.legend], language)
        lines += [f"- {legend}", ""] if legend else [""]
        for table in section.tables:
            lines += _markdown_table(table, "###")
    return "\n".join(lines)


def _markdown_table(table: Table, level: str) -> list[str]:
    heads = ["| " + " | ".join(table.heads) + " |", "|" + "---|" * len(table.heads)]
    lines = [f"{level} {table.title}", ""]
    for words, rows in (("", table.rows), (table.more_words, table.more)):
        lines += [words, ""] if words else []
        lines += [*heads, *("| " + " | ".join(map(_plain, row)) + " |" for row in rows), ""] if rows else []
    return lines


def _plain(cell: Any) -> str:
    words = cell.words if isinstance(cell, Link | Severity) else str(cell)
    return words.replace("|", "¦").replace("\n", " ")
