"""The first page of a run: what came in and where it went, what was found, what waits, and what to open first."""

import html
from datetime import date
from typing import Any

import pandas as pd

from pipeline.config import Place
from pipeline.intake.decision_rows import TOPICS
from pipeline.intake.words.codes import class_label
from pipeline.publish.accounts import accounting_rows
from pipeline.publish.evidence import conflict_note
from pipeline.publish.offline import static_page
from pipeline.publish.rows import join_words, marks_of
from pipeline.text import say

MOST_DECISIONS = 50  # more rows hide the page; table decisions has them all
EFFECTS = ("unreadable", "contradicted", "gone", "no_effect", "applied", "superseded")  # what wants a hand first
SHORT = 10  # a date or a name this long stays on one line

Block = tuple[str, list[str], list[list[Any]]]  # heading, column titles, rows


def front_page(
    place: Place, cycle: str, as_of: date, run: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> tuple[str, str]:
    """(index.html, summary.md) with the same content."""
    language, problems = place.language, tables["problems"]
    title = say(language, "front.title", place=place.name, cycle=cycle)
    marks = marks_of(place, run["is_accepted"], language)
    lead = say(language, "front.lead", as_of=as_of.isoformat(), run=run["run_id"], n=len(problems))
    cards = [(say(language, "front.all"), len(problems))]
    cards += [
        (
            say(language, "front.priority", name=say(language, f"labels.priority_{k}")),
            int((problems["priority"] == k).sum()),
        )
        for k in (1, 2, 3)
    ]
    cards.append((say(language, "front.waiting"), int(problems["needs_review"].sum())))
    n_asked = len(tables["questions"])
    cards.append((say(language, "front.asked"), n_asked))
    blocks = [
        _accounting(place, tables, language),
        _relations(problems, language),
        _towns(problems, language),
        _hits(place, tables, language),
        _conflicts(place, tables["conflicts"], language),
        _questions(problems, language),
        _effects(tables["decisions"], language),
        _decisions(tables["decisions"], language),
        _layers(place, language),
    ]
    blocks = [block for block in blocks if block[2]]
    links = [(say(language, f"front.open_{key}", n=n_asked), path) for key, path in sorted(run["outputs"].items())]
    return (
        _as_html(title, language, marks, lead, cards, links, run["warnings"], blocks),
        _as_markdown(title, language, marks, lead, cards, links, run["warnings"], blocks),
    )


def _accounting(place: Place, tables: dict[str, pd.DataFrame], language: str) -> Block:
    rows = accounting_rows(place, tables, language)
    names = ["title", "received", "reports", "listed", "known", "information", "set_aside", "by_reason"]
    heads = [say(language, f"front.col_{name}") for name in names]
    cells = rows[names].values.tolist() if len(rows) else []
    numbers = rows[names[2:7]].sum().tolist() if len(rows) else []
    total = [say(language, "list.total"), "", *(int(n) for n in numbers), say(language, "front.difference")]
    return say(language, "front.accounting"), heads, [*cells, total]


def _relations(problems: pd.DataFrame, language: str) -> Block:
    counts = problems["relation"].value_counts().sort_index()
    rows = [[say(language, f"labels.relation_{name}"), int(n)] for name, n in counts.items()]
    return say(language, "front.relations"), [say(language, "front.col_relation"), say(language, "front.col_n")], rows


def _towns(problems: pd.DataFrame, language: str) -> Block:
    counts = problems["town"].dropna().value_counts().sort_index()
    rows = [[str(name), int(n)] for name, n in counts.items()]
    return say(language, "front.towns"), [say(language, "front.col_town"), say(language, "front.col_n")], rows


def _hits(place: Place, tables: dict[str, pd.DataFrame], language: str) -> Block:
    """Listed sites and hectares per layer; a site on two layers counts in both, so rows are not to be added."""
    overlaps = tables["overlaps"]
    is_hit = (overlaps["level"] == "layer") & overlaps["position"].isin(["inside", "crossing", "within"])
    own = overlaps[is_hit & overlaps["subject_id"].isin(tables["problems"]["site_id"])]
    grouped = own.groupby("layer_id")["overlap_m2"].agg(["size", "sum"])
    rows = [
        [layer.title, class_label(layer.layer_class, language), int(grouped.at[layer.id, "size"]),
         f"{grouped.at[layer.id, 'sum'] / 10_000:.4f}"]
        for layer in place.layers
        if layer.id in grouped.index
    ]  # fmt: skip
    heads = [say(language, f"front.col_{name}") for name in ("layer", "class", "sites", "ha")]
    return say(language, "front.hits"), heads, rows


def _conflicts(place: Place, conflicts: pd.DataFrame, language: str) -> Block:
    """Layers that claim the same ground; the workbook lists it feature by feature."""
    titles = {layer.id: layer.title for layer in place.layers}
    own = conflicts[(conflicts["level"] == "layers") & (conflicts["n_pairs"] > 0)]
    rows = [[f"{titles[row.layer_a]} × {titles[row.layer_b]}", int(row.n_pairs), f"{row.overlap_m2 / 10_000:.4f}",
             int(row.n_sites), conflict_note(row, place, language)] for row in own.itertuples()]  # fmt: skip
    heads = [say(language, f"front.col_{name}") for name in ("layers", "places", "both_ha", "own_sites", "note")]
    return say(language, "front.conflicts"), heads, rows


def _questions(problems: pd.DataFrame, language: str) -> Block:
    waiting = problems[problems["needs_review"].astype(bool)]
    cells = zip(waiting["candidate_id"], waiting["town"], waiting["review_reason"], strict=True)
    rows = [[str(number), town if isinstance(town, str) else "", str(question)] for number, town, question in cells]
    heads = [say(language, f"front.col_{name}") for name in ("number", "town", "question")]
    return say(language, "front.questions"), heads, rows


def _effects(decisions: pd.DataFrame, language: str) -> Block:
    """How many rows of decisions.csv did what."""
    counts = decisions["effect"].value_counts()
    rows = [[_effect_name(name, language), int(counts[name])] for name in sorted(counts.index, key=EFFECTS.index)]
    heads = [say(language, f"front.col_{name}") for name in ("effect", "n")]
    return say(language, "front.effects"), heads, rows


def _decisions(decisions: pd.DataFrame, language: str) -> Block:
    """The rows of decisions.csv, those that want a person's hand first and what was superseded, which only grows, last.

    Reasons, which may speak of persons, stay in the tables.
    """
    ordered = sorted(decisions.to_dict("records"), key=_urgency)
    rows = [
        [one["row"], *map(_cell, (one["subject"], _decision_name(one["decision"], language), one["value"], one["role"],
         one["date"], _effect_name(one["effect"], language), one["detail"]))]
        for one in ordered[:MOST_DECISIONS]
    ]  # fmt: skip
    names = ("row", "subject", "decision", "value", "role", "date", "effect", "detail")
    heads = [say(language, f"front.decision_{name}") for name in names]
    return say(language, "front.decisions", shown=len(rows), n=len(ordered)), heads, rows


def _urgency(decision: dict[str, Any]) -> tuple[int, bool, int]:
    """By effect; of equal effects those first of which there is something to know."""
    return EFFECTS.index(decision["effect"]), not _cell(decision["detail"]), decision["row"]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _effect_name(effect: str, language: str) -> str:
    return say(language, f"labels.effect_{effect}")


def _decision_name(decision: str, language: str) -> str:
    """A decision in words; one that cannot be read as it was written."""
    return say(language, f"decisions.word_{decision}") if decision in TOPICS else decision


def _layers(place: Place, language: str) -> Block:
    rows = []
    for layer in place.layers:
        day = layer.data_date.isoformat() if layer.data_date else say(language, "run.undated")
        rows.append([layer.title, class_label(layer.layer_class, language), day, layer.licence, layer.attribution])
    for source in place.sources:
        rows.append([source.title, "", source.received.isoformat(), source.licence, source.attribution])
    heads = [say(language, f"front.col_{name}") for name in ("layer", "class", "date", "licence", "attribution")]
    return say(language, "front.layers"), heads, rows


def _as_html(
    title: str, language: str, marks: list[str], lead: str, cards: list[tuple[str, int]], links: list[tuple[str, str]],
    warnings: list[str], blocks: list[Block],
) -> str:  # fmt: skip
    safe = html.escape
    parts = [f"<h1>{safe(title)}</h1>", f'<p class="quiet">{safe(lead)}</p>']
    parts.append('<p class="marks">' + "".join(f"<span>{safe(mark)}</span>" for mark in marks) + "</p>")
    items = "".join(f'<li>{safe(words)}: <a href="{safe(path)}">{safe(path)}</a></li>' for words, path in links)
    parts.append(f'<div class="first"><b>{safe(say(language, "front.first"))}</b><ul>{items}</ul></div>')
    shown = "".join(f'<div class="card"><b>{n}</b>{safe(words)}</div>' for words, n in cards)
    parts.append(f'<div class="cards">{shown}</div>')
    if warnings:
        lines = "".join(f"<li>{safe(line)}</li>" for line in warnings)
        parts.append(f"<h2>{safe(say(language, 'front.warnings'))}</h2><ul>{lines}</ul>")
    for heading, heads, rows in blocks:
        head = "".join(f"<th>{safe(word)}</th>" for word in heads)
        body = "".join("<tr>" + "".join(_html_cell(cell) for cell in row) + "</tr>" for row in rows)
        parts.append(f'<h2>{safe(heading)}</h2><div class="scroll"><table><tr>{head}</tr>{body}</table></div>')
    return static_page(title, language, "\n".join(parts))


def _html_cell(cell: Any) -> str:
    kind = ' class="n"' if isinstance(cell, int) else ' class="short"' if len(str(cell)) <= SHORT else ""
    return f"<td{kind}>{html.escape(str(cell))}</td>"


def _as_markdown(
    title: str, language: str, marks: list[str], lead: str, cards: list[tuple[str, int]], links: list[tuple[str, str]],
    warnings: list[str], blocks: list[Block],
) -> str:  # fmt: skip
    lines = [f"# {title}", "", lead, "", " · ".join(f"**{mark}**" for mark in marks), ""]
    lines += [f"- {words}: [{path}](<{path}>)" for words, path in links] + [""]
    lines += [join_words([f"{words} {n}" for words, n in cards], language), ""]
    if warnings:
        lines += [f"## {say(language, 'front.warnings')}", "", *(f"- {line}" for line in warnings), ""]
    for heading, heads, rows in blocks:
        lines += [f"## {heading}", "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
        lines += [
            "| " + " | ".join(str(cell).replace("|", "¦").replace("\n", " ") for cell in row) + " |" for row in rows
        ] + [""]
    return "\n".join(lines)
