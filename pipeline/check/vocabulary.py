"""Words that the code tables do not know, and columns that nothing is read from, each with what it may be."""

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import pandas as pd

from pipeline.check.facts import Unknown, Unmapped
from pipeline.config import MAPPED_FIELDS, Source
from pipeline.intake.fields import mapped_words
from pipeline.intake.formats.columns import match_columns
from pipeline.intake.words.codes import read_codes, tidy_word
from pipeline.intake.words.suggest import suggest

TABLES = {  # field → the code table of its words, and the column of its other spellings
    "activity": ("activity_types", "legacy_aliases"),
    "change_type": ("change_types", "aliases"),
    "zone": ("pa_zones", "aliases"),
}
FIELDS = (*TABLES, "state")
POSITION = ("lon", "lat", "x_north", "y_east", "position")
FIRST_ROWS = 5  # so many rows are named of each word


def unknown_words(reports: pd.DataFrame, source: Source) -> tuple[Unknown, ...]:
    """The words of activity, change type, zone and state in one source's reports that no code table has, most first.

    Of petitions only the rows are named.
    """
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    is_record = ~reports["fault"].fillna("").str.startswith("E11")  # totals and notes have no words of their own
    for report in reports[is_record].to_dict("records"):
        words = mapped_words(source, json.loads(report["attributes"]))
        for field in FIELDS:
            word = tidy_word(words[field])
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


def _near(field: str, word: str) -> tuple[str, ...]:
    return tuple(suggest(word, list(_known(field).values()))) if word else ()


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
