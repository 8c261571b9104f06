"""Townships through time: the present name of a township written by an old name, a short name or a code."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import InputError
from pipeline.intake.formats.encoding import choose_text_codec
from pipeline.intake.words.codes import tidy_word
from pipeline.intake.words.dates import date_span, parse_date
from pipeline.intake.words.suggest import suggest
from pipeline.text import say

COLUMNS = ("code", "name", "valid_from", "valid_to", "name_now")
_SUFFIX = re.compile(r"(?<=..)(?:街道办事处|街道办|办事处|街道|街|镇人民政府|镇政府|镇|乡人民政府|乡政府|乡)$")
_ABOVE = re.compile(r"^.*[省市县区](?=..)")  # 辽宁省朝阳市双塔区…, written before the township
_CODE = re.compile(r"(\d{9})(?:\d{3})?(?:\.0)?")  # three more digits are a village's; ".0" is a spreadsheet's


class TownName(NamedTuple):
    """One name of one code for a time; ISO dates, None where open; `name_now` None where the successor is unknown."""

    code: str
    name: str
    valid_from: str | None
    valid_to: str | None
    name_now: str | None


@dataclass(frozen=True)
class TownNames:
    """Every name the townships have had; `faults` says which rows of the file were left out and why."""

    rows: tuple[TownName, ...]
    language: str
    faults: tuple[str, ...] = ()


def read_towns_through_time(path: Path, language: str = "zh") -> TownNames:
    """The table code, name, valid_from, valid_to, name_now; dates are ISO or empty, an unknown successor is empty.

    Raises InputError for a file that cannot be read or lacks a column.
    """
    rows, faults = [], []
    for number, cells in read_facts(path, COLUMNS, language):
        since, until = parse_date(cells["valid_from"]), parse_date(cells["valid_to"])
        wrong = [
            *(column for column in ("code", "name") if not cells[column]),
            *(column for column in ("valid_from", "valid_to") if cells[column] and not parse_date(cells[column])),
        ]
        if wrong:
            faults.append(say(language, "gazetteer.bad_row", file=path.name, row=number, columns=", ".join(wrong)))
        else:
            rows.append(TownName(cells["code"], cells["name"], since, until, cells["name_now"] or None))
    return TownNames(tuple(rows), language, tuple(faults))


def name_now(word: str, names: TownNames, on: str | None = None) -> tuple[str | None, str | None]:
    """(present name or None, what a person should know or None) of a township's name, short name or code.

    `on` is the ISO date, of any precision, that the word was written for: it decides between the meanings of a code. A
    name that is not known is never corrected; the note suggests. Notes never repeat `word`.
    """
    tidy = "".join(tidy_word(word).split())
    if not tidy:
        return None, None
    code = _CODE.fullmatch(tidy)
    if code is not None:
        return _settle(_at(on, [row for row in names.rows if row.code == code[1]]), names, renamed="town_code_reused")
    for form in (tidy, _ABOVE.sub("", tidy)):
        full = [row for row in names.rows if form.startswith(row.name)]  # a village may follow in the same cell
        if full:
            return _settle(full, names)
        short = [row for row in names.rows if bare_town(row.name) == bare_town(form)]
        if short:
            return _settle(short, names, form)
    return None, _unknown(bare_town(_ABOVE.sub("", tidy)), names)


def bare_town(name: str) -> str:
    """A township's name without 街道, 镇, 乡; at least two characters stay."""
    return _SUFFIX.sub("", "".join(tidy_word(name).split()))


def _settle(
    rows: Sequence[TownName], names: TownNames, form: str | None = None, renamed: str = "town_renamed"
) -> tuple[str | None, str | None]:
    """The one present name of `rows`; `form` is what was written where it is not the full name."""
    language, now = names.language, {row.name_now for row in rows}
    old = list(dict.fromkeys(row.name for row in rows))
    if not rows:
        return None, say(language, "gazetteer.unknown_code")
    if len(now) > 1:
        return None, say(language, "gazetteer.town_ambiguous", names=_list(old, language))
    (only,) = now
    if only is None:
        return None, say(language, "gazetteer.town_retired", name=_list(old, language), date=rows[0].valid_to or "?")
    gone = [name for name in old if name != only]
    if gone:
        return only, say(language, f"gazetteer.{renamed}", old=_list(gone, language), now=only)
    if form is not None and form != bare_town(only):
        return only, say(language, "gazetteer.town_suffix", now=only)
    return only, None


def _at(on: str | None, rows: list[TownName]) -> list[TownName]:
    """Those of `rows` that held at some day of `on`; all of them where no date decides."""
    iso = parse_date(on)
    if iso is None:
        return rows
    first, last = date_span(iso)
    held = [
        row
        for row in rows
        if (row.valid_from is None or date_span(row.valid_from)[0] <= last)
        and (row.valid_to is None or date_span(row.valid_to)[1] >= first)
    ]
    return held or rows


def _unknown(form: str, names: TownNames) -> str:
    near = suggest(form, list(dict.fromkeys(bare_town(row.name) for row in names.rows)))
    full = list(dict.fromkeys(row.name for bare in near for row in names.rows if bare_town(row.name) == bare))
    if full:
        return say(names.language, "gazetteer.town_suggested", names=_list(full, names.language))
    return say(names.language, "gazetteer.town_unknown")


def _list(words: Iterable[str], language: str) -> str:
    return say(language, "gazetteer.list_comma").join(words)


def read_facts(path: Path, columns: Sequence[str], language: str) -> list[tuple[int, dict[str, str]]]:
    """(line, tidy cells by column, "" where empty) of a small comma-separated table; empty rows are passed over.

    Raises InputError for a file that cannot be read or lacks one of `columns`.
    """
    try:
        data = path.read_bytes()
        codec, _ = choose_text_codec(data)
        reader = csv.reader(io.StringIO(data.decode(codec, errors="replace"), newline=""))
        rows = [(reader.line_num, [tidy_word(cell) for cell in row]) for row in reader]
    except (OSError, csv.Error) as error:
        raise InputError(say(language, "gazetteer.unreadable", path=path, error=error)) from error
    titles = [title.casefold() for title in rows[0][1]] if rows else []
    missing = [column for column in columns if column not in titles]
    if missing:
        raise InputError(say(language, "gazetteer.no_columns", path=path, columns=", ".join(missing)))
    return [
        (line, {**dict.fromkeys(columns, ""), **dict(zip(titles, cells, strict=False))})
        for line, cells in rows[1:]
        if any(cells)
    ]


def towns_named(text: str, towns: Iterable[str]) -> set[str]:
    """Which of `towns` a text names, each as bare_town; 桃花吐 names the township, 桃花吐村 a village."""
    named = set()
    for town in towns:
        bare = bare_town(town)
        if town in text or (len(bare) > 2 and re.search(rf"{re.escape(bare)}(?![村屯组]|社区)", text)):
            named.add(bare)  # of two characters (光明, 前进, 双塔) only the full name says township
    return named
