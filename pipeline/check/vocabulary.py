"""Words that the code tables do not know, and columns that nothing is read from, each with what it may be."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from pipeline.check.facts import Unknown, Unmapped
from pipeline.config import MAPPED_FIELDS, Source
from pipeline.intake.fields import mapped_words
from pipeline.intake.formats.columns import match_columns
from pipeline.intake.words.codes import read_codes, tidy_word
from pipeline.intake.words.suggest import rough, sounds, suggest

TABLES = {  # field → the code table of its words, and the column of its other spellings
    "activity": ("activity_types", "legacy_aliases"),
    "change_type": ("change_types", "aliases"),
    "source_code": ("lead_sources", "aliases"),
    "zone": ("pa_zones", "aliases"),
}
FIELDS = ("activity", "change_type", "state", "source_code", "zone")
POSITION = ("lon", "lat", "x_north", "y_east", "position")
SUGGESTED = 3  # known words offered for an unknown one
FIRST_ROWS = 5  # so many rows are named of each word


def unknown_words(
    reports: pd.DataFrame, source: Source, aliases: Mapping[Any, Mapping[str, str]]
) -> tuple[Unknown, ...]:
    """The words of FIELDS in one source's reports that neither a code table nor the place's `aliases` has, most first.

    Of petitions only the rows are named.
    """
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    is_record = ~reports["fault"].fillna("").str.startswith("E11")  # totals and notes have no words of their own
    for report in reports[is_record].to_dict("records"):
        words = mapped_words(source, json.loads(report["attributes"]))
        for field in FIELDS:
            word = tidy_word(words[field])
            word = aliases.get(field, {}).get(word, word)
            if word and word.casefold() not in _known(field):
                shown = "" if source.kind == "reports" else word
                rows[field, shown].append("" if pd.isna(report["src_row"]) else str(report["src_row"]))
    found = [
        Unknown(field, word, len(own), tuple(own[:FIRST_ROWS]), _near(field, word))
        for (field, word), own in rows.items()
    ]
    return tuple(sorted(found, key=lambda one: (FIELDS.index(one.field), -one.n, one.word)))


def unmapped_columns(titles: Iterable[str], source: Source, has_shapes: bool) -> tuple[Unmapped, ...]:
    """The columns that `source` neither maps nor drops, with the field each may be by its title.

    Columns of coordinates beside the shapes of a source that `has_shapes` are not offered.
    """
    used = {*source.columns.values(), *source.drop}
    left = [title for title in dict.fromkeys(titles) if title and title not in used]
    taken = {*source.columns, *source.values, *(POSITION if has_shapes else ())}
    fields = {
        title: field
        for field, (title, _) in match_columns(left).items()
        if field in MAPPED_FIELDS and field not in taken
    }
    return tuple(Unmapped(title, fields.get(title, "")) for title in left)


def known_words(field: str, language: str) -> list[list[str]]:
    """[code, its name, other words for it] of every code of a field, as the code table has them."""
    name, spellings = TABLES.get(field, ("states", ""))
    table = read_codes(name)
    if field == "state":
        old = read_codes("legacy_state_map")
        words = ["|".join(old.loc[old["state"] == code, "word"]) for code in table["code"]]
    else:
        words = list(table[spellings])
    return [list(row) for row in zip(table["code"], table[f"name_{language}"], words, strict=True)]


def _near(field: str, word: str) -> tuple[str, ...]:
    """Known words near one that nobody knows; an activity that has no character of it must sound the same.

    砖厂 sounds nearly like 猪场 and is none.
    """
    known = list(_known(field).values())
    if not word or field != "activity":
        return tuple(suggest(word, known)) if word else ()
    near = suggest(word, known, len(known))
    alike = [choice for choice in near if {*choice} & {*word}]
    same = [choice for choice in near if choice not in alike and rough(sounds(choice)) == rough(sounds(word))]
    return tuple([*alike, *same][:SUGGESTED])


@cache
def _known(field: str) -> dict[str, str]:
    """Every known word of a field, case folded → as the table writes it."""
    if field == "state":
        cells = [*read_codes("legacy_state_map")["word"], *read_codes("states")["code"]]
    else:
        name, aliases = TABLES[field]
        table = read_codes(name)
        cells = [*table["name_zh"], *table["name_en"], *table["code"]]
        cells += [word for cell in table[aliases] for word in cell.split("|")]
    return {tidy_word(word).casefold(): word for word in cells if word}
