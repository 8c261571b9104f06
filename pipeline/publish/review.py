"""review.html: what a person has to decide, one card a question, and the answers as a file; complete without a network."""

import html
import json
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from pipeline.config import Place
from pipeline.intake.decision_rows import FIELDS
from pipeline.intake.decisions import JOINT
from pipeline.publish.field_pairs import pair_for_page, size_words
from pipeline.publish.imagery import Chip, chip_bounds, chips_of
from pipeline.publish.imagery_pixels import Bounds
from pipeline.publish.offline import asset, lock, safe_json
from pipeline.publish.review_around import Around, gather_around, others_on, towns_on
from pipeline.publish.review_evidence import (
    Evidence,
    Row,
    Shown,
    decisions_of,
    gather,
    leads_of,
    mark_of,
    show,
    with_marks,
)
from pipeline.publish.review_map import contact_of, draw_image, draw_map, extent_of
from pipeline.publish.review_said import said_words, says_anything
from pipeline.publish.review_tables import figures_table, rows_table
from pipeline.publish.rows import Tables, credits_of, is_numbered, join_words, marks_of
from pipeline.text import say

KINDS = ("disagreed", "sites", "case", "position", "cover")
MOST_PICTURED = 100  # questions with images: two of 27 KB each, and 1,000 questions still make less than 15 MB
WIDEST_PICTURED_M = 5000.0  # a pit is lost in a wider image
WORDS = (
    "needs_role", "needs_date", "needs_joint", "needs_own", "written", "no_answers", "nothing_new", "not_kept", "counts", "stamped",
)  # fmt: skip
FILLED = ("answered", "new", "open", "rows", "left", "role", "date")  # the blanks that review.js fills
IN_BAR = ("role", "role_hint", "date", "kind", "search", "open_only", "download", "again", "again_why", "no_script")


class Card(NamedTuple):
    """One question with what it shows; `frame` is None where nothing of it has a place."""

    question: Row
    shown: Shown
    frame: Bounds | None
    rank: float  # of the most urgent problem it is about; infinite where none is listed


def review_page(place: Place, cycle: str, as_of: date, tables: Tables, towns: gpd.GeoDataFrame) -> str:
    """The whole page as HTML, the most urgent problems first; equal tables give equal bytes. `towns` (town, geometry)
    lie in the working CRS of `tables`.

    For the office alone: where the place of a petition is asked it shows what the petition says of it, and never its
    text, in which persons and firms may be named (rule D04). It names no secret source or layer, repeats no words and
    numbers of one, and shows no secret image.
    """
    language, problems = place.language, tables["problems"]
    rows = pd.DataFrame(tables["questions"]).to_dict("records")
    questions = [{**row, "answers": json.loads(row["answers"])} for row in rows]
    evidence = gather(questions, place, tables, language)
    cards = _cards(questions, problems, evidence)
    chips = _chips(place, cards, evidence, tables["leads"].crs) if place.imagery else {}
    around = gather_around(tables, towns)
    shown = "".join(_card(k, card, around, chips, evidence) for k, card in enumerate(cards, 1))
    title = say(language, "review.title", place=place.name)
    lead = html.escape(say(language, "review.lead", cycle=cycle, as_of=as_of.isoformat(), n=len(cards)))
    marks = marks_of(place, is_numbered(problems), language)
    marks += [say(language, "review.holds_places")] if any(says_anything(one, evidence) for one in questions) else []
    how = say(language, "review.how" if cards else "review.nothing")
    body = (
        f'<header><h1>{html.escape(title)}</h1><p class="quiet">{lead}</p>'
        f'<p class="marks">{"".join(f"<span>{html.escape(mark)}</span>" for mark in marks)}</p>'
        f'<p class="first">{html.escape(how)}</p></header>'
        f"{_bar(cards, language) if cards else ''}<main>{shown}</main>{_foot(place, cards, chips)}"
    )
    blanks = {name: f"{{{name}}}" for name in FILLED}
    words = {name: say(language, f"review.{name}", **blanks) for name in WORDS}
    own = {"cycle": cycle, "key": f"{place.code}/{cycle}", "file": f"decisions_{place.code}_{cycle}.csv"}
    return _frame(title, language, body, {**own, "columns": FIELDS, "joint": JOINT, "words": words})


def _cards(questions: list[Row], problems: pd.DataFrame, evidence: Evidence) -> list[Card]:
    ranks = dict(zip(problems["site_id"], problems["rank"].astype(float), strict=True))
    cards = []
    for question in questions:
        shown = show(question, evidence)
        frame = chip_bounds(extent_of(shown.drawn)) if shown.drawn else None
        rank = min((ranks.get(name, np.inf) for name in question["site_ids"]), default=np.inf)
        cards.append(Card(question, shown, frame, rank))
    return sorted(cards, key=lambda one: (one.rank, KINDS.index(one.question["about"]), one.question["question_id"]))


def _chips(place: Place, cards: Sequence[Card], evidence: Evidence, crs: pyproj.CRS) -> dict[str, list[Chip]]:
    """question_id → images before and after of the ground that its map shows."""
    rows = []
    for card in [one for one in cards if one.frame and one.frame[2] - one.frame[0] <= WIDEST_PICTURED_M][
        :MOST_PICTURED
    ]:
        leads = leads_of(card.question, evidence)
        before, after = ([lead[name] for lead in leads if lead[name]] for name in ("prev_date", "curr_date"))
        dates = {"prev_date": min(before, default=None), "curr_date": max(after, default=None)}
        extent = extent_of(card.shown.drawn)
        rows.append({"candidate_id": card.question["question_id"], **dates, "geometry": extent})
    return chips_of(place, gpd.GeoDataFrame(rows, geometry="geometry", crs=crs), crs) if rows else {}


def _card(number: int, card: Card, around: Around, chips: dict[str, list[Chip]], evidence: Evidence) -> str:
    question, language = card.question, evidence.language
    kind = html.escape(say(language, f"review.kind_{question['about']}"))
    numbers = [evidence.numbers[name] for name in question["site_ids"] if name in evidence.numbers]
    listed = say(language, "review.listed", numbers=join_words(numbers, language)) if numbers else ""
    found = html.escape(" ".join([*_names(question, evidence), *numbers]).lower())
    return (
        f'<article id="{question["question_id"]}" data-about="{question["about"]}" data-find="{found}">'
        f'<h2><span class="number">{number}</span>{kind}<span class="quiet">{html.escape(listed)}</span></h2>'
        f'<p class="text">{with_marks(question["text"], card.shown.marks)}</p>{said_words(question, evidence)}'
        f'<div class="both"><div class="look">{_look(card, around, chips.get(question["question_id"], []), evidence)}</div>'
        f'<div class="know"><div>{rows_table(question, card.shown, evidence)}{figures_table(question, card.shown, evidence)}'
        f"</div>{_answers(question, card.shown, language)}</div></div></article>\n"
    )


def _names(question: Row, evidence: Evidence) -> list[str]:
    """Every id and sender's number by which a person may look for a question."""
    subjects = [name for row in decisions_of(question) for name in row["subject"].split()]
    records = [evidence.records[name] for name in subjects if name in evidence.records]
    numbers = [row["orig_no"] for row in (*leads_of(question, evidence), *records) if row["orig_no"]]
    ids = [question["question_id"], *question["site_ids"], *question["lead_ids"], *question["problem_ids"], *subjects]
    return list(dict.fromkeys([*ids, *numbers]))


def _look(card: Card, around: Around, chips: list[Chip], evidence: Evidence) -> str:
    """Map, detail and images of one frame, and the legend under them."""
    language = evidence.language
    if card.frame is None:
        return f'<p class="quiet">{html.escape(say(language, "review.no_map"))}</p>'
    key, drawn = f"map-{card.question['question_id']}", card.shown.drawn
    towns, others = towns_on(card.frame, around), others_on(card.frame, card.question, around)
    detail = _detail(card.question, card.frame, evidence)
    figures = [(draw_map(key, drawn, [*towns, *others], card.frame, language, detail), "")]
    if detail is not None:
        figures.append((draw_map(f"{key}-detail", drawn, others, detail, language), say(language, "review.detail")))
    for image in pair_for_page(extent_of(drawn), chips, language)["images"]:
        words = " · ".join(filter(None, (image["caption"], image["title"], image["note"])))
        figures.append((draw_image(key, image["src"], image["caption"]), words))
    zoom = html.escape(say(language, "field.word_enlarge"))
    shown = "".join(
        f'<figure><button type="button" class="view" title="{zoom}">{svg}</button>'
        f"<figcaption>{html.escape(words)}</figcaption></figure>"
        for svg, words in figures
    )
    quiet = {"near": others, "town": towns}
    legend = [*card.shown.legend, *((name, say(language, f"review.{name}_drawn")) for name in quiet if quiet[name])]
    items = "".join(f'<li><i class="{style}"></i>{html.escape(words)}</li>' for style, words in legend)
    return f'<div class="maps">{shown}</div><ul class="legend">{items}</ul>'


def _detail(question: Row, frame: Bounds, evidence: Evidence) -> Bounds | None:
    """The ground where the first two that are asked about meet, if the map is too wide to show it."""
    names = decisions_of(question)[0]["subject"].split()
    rows = [kind[name] for name in names for kind in (evidence.leads, evidence.sites, evidence.cases) if name in kind]
    shapes = [row["geometry"] for row in rows if row["geometry"] is not None]
    return contact_of(shapes[0], shapes[1], frame) if len(shapes) == 2 else None


def _answers(question: Row, shown: Shown, language: str) -> str:
    """The answers as radio buttons, each with its rows; none is chosen until a person chooses."""
    name, items = question["question_id"], []
    for answer in question["answers"]:
        rows = [[row["subject"], row["decision"], row["value"]] for row in answer["decisions"]]
        mark = next((mark_of(shown.marks[row[2]]) for row in rows if row[2] in shown.marks), "")
        items.append((html.escape(json.dumps(rows, ensure_ascii=False, separators=(",", ":"))),
                      mark + with_marks(answer["label"], shown.marks)))  # fmt: skip
    items.append(("", f'<span class="quiet">{html.escape(say(language, "review.open"))}</span>'))
    choices = "".join(
        f'<label><input type="radio" name="{name}" value="{value}"{"" if value else " checked"}><span>{words}</span></label>'
        for value, words in items
    )
    answer, reason = (html.escape(say(language, f"review.{key}")) for key in ("answer", "reason"))
    return (
        f"<fieldset><legend>{answer}</legend>{choices}"
        f'<label class="reason"><span>{reason}</span><input type="text" autocomplete="off"></label>'
        '<p class="stamp quiet"></p></fieldset>'
    )


def _bar(cards: Sequence[Card], language: str) -> str:
    """Who answers and when, how far one is, what is shown, and the file."""
    words = {name: html.escape(say(language, f"review.{name}")) for name in IN_BAR}
    counts = Counter(card.question["about"] for card in cards)
    kinds = [("", say(language, "review.all_kinds"), len(cards))]
    kinds += [(kind, say(language, f"review.kind_{kind}"), counts[kind]) for kind in KINDS if counts[kind]]
    options = "".join(f'<option value="{kind}">{html.escape(name)} ({n})</option>' for kind, name, n in kinds)
    joint = JOINT[0 if language == "zh" else 1]
    return (
        f'<section class="bar"><label>{words["role"]}<input id="role" list="roles" required autocomplete="off" '
        f'placeholder="{words["role_hint"]}"></label><datalist id="roles"><option value="{joint}"></datalist>'
        f'<label>{words["date"]}<input id="date" type="date" required></label>'
        f'<label>{words["kind"]}<select id="kind">{options}</select></label>'
        f'<label>{words["search"]}<input id="search" type="search" autocomplete="off"></label>'
        f'<label class="box"><input id="open-only" type="checkbox">{words["open_only"]}</label>'
        f'<div class="out"><b id="counts" role="status"></b>'
        f'<button id="download" type="button">{words["download"]}</button>'
        f'<button id="again" type="button" title="{words["again_why"]}">{words["again"]}</button></div>'
        f'<p id="message" role="alert"></p><noscript>{words["no_script"]}</noscript></section>'
    )


def _foot(place: Place, cards: Sequence[Card], chips: dict[str, list[Chip]]) -> str:
    """Whom to credit for outlines and images, and what the images add to the page."""
    language, images = place.language, [chip for pair in chips.values() for chip in pair]
    credits = dict.fromkeys([*credits_of(place.sources), *(chip.attribution for chip in images if chip.attribution)])
    words = [size_words(images, language)]
    if place.imagery and len(cards) > len(chips):
        words.append(say(language, "review.not_pictured", n=len(cards) - len(chips)))
    return f"<footer>{html.escape(' · '.join(filter(None, [*words, *credits])))}</footer>"


def _frame(title: str, language: str, body: str, data: dict[str, Any]) -> str:
    """One file that lets only its own script and styles run."""
    return lock(
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{asset('page.css')}{asset('review.css')}</style>\n</head>\n"
        f'<body>\n{body}\n<script id="field-data" type="application/json">{safe_json(data)}</script>\n'
        f"<script>{asset('review.js')}</script>\n</body>\n</html>\n"
    )
