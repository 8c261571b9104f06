"""A record's own words under our names, and freed of personal data before anything is stored."""

import re
from collections import Counter
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from pipeline.config import MAPPED_FIELDS, Layer, Origin, Source
from pipeline.errors import InputError
from pipeline.intake.formats.columns import make_unique, tidy_title
from pipeline.intake.privacy.scrub import describe_hits, petitioner_columns, scrub, scrub_cell
from pipeline.intake.reading import Reading, Record
from pipeline.intake.words.areas import unit_in_title
from pipeline.intake.words.codes import tidy_word
from pipeline.intake.words.suggest import suggest
from pipeline.text import say

MOST_REMEMBERED = 20_000  # cells of a column repeat
_SAYS_MORE = re.compile(  # what a cell of a mere number or code does not have
    r"[\u3400-\u9fff@＠:：]|[qｑ]{2}|[wvｗｖ][xｘ]|we?chat|weixin|tel|phone|mobile|mail", re.IGNORECASE
)
MEASURED = (  # cells of numbers and dates: a long number there is no telephone
    "lon", "lat", "x_north", "y_east", "position", "period", "prev_date", "curr_date", "closed_date", "due_date",
    "area", "area_m2", "area_ha", "area_mu",
)  # fmt: skip


def mapped_words(source: Source, words: dict[str, str]) -> dict[str, str | None]:
    """Every field of MAPPED_FIELDS: the cell of the declared column, the declared value, or None."""
    mapped: dict[str, str | None] = {**dict.fromkeys(MAPPED_FIELDS), **source.values}
    found = ((name, tidy_word(words.get(title))) for name, title in source.columns.items())
    return mapped | {name: word for name, word in found if word}


def under_declared_titles(readings: list[Reading], source: Source, language: str) -> list[Reading]:
    """The readings with their columns called as the source file calls them: full-width signs, blanks and a unit that the
    reader added to a title make no difference.

    Raises InputError for a declared column that no reading has.
    """
    declared = {tidy_title(scrub(title).text): title for title in (*source.columns.values(), *source.drop)}
    renamed = [_renamed(reading, declared) for reading in readings]
    found = {title for reading in renamed for title in reading.columns}
    missing = [title for title in source.columns.values() if title not in found]
    if missing and (found or any(reading.records for reading in renamed)):
        near = {title: suggest(title, sorted(found)) for title in missing}
        columns = "；".join(
            f"“{title}”" + (f"（{'、'.join(words)}？）" if words else "") for title, words in near.items()
        )
        raise InputError(say(language, "intake.no_source_column", path=source.path, file=source.file, columns=columns))
    return renamed


def _renamed(reading: Reading, declared: dict[str, str]) -> Reading:
    names = {
        title: declared.get(tidy_title(title)) or declared.get(_without_unit(tidy_title(title)), title)
        for title in reading.columns
    }
    if all(title == name for title, name in names.items()):
        return reading
    records = [
        replace(record, words={names.get(title, title): word for title, word in record.words.items()})
        for record in reading.records
    ]
    return replace(reading, columns=tuple(names[title] for title in reading.columns), records=records)


def _without_unit(title: str) -> str:
    return title.rsplit("(", 1)[0] if unit_in_title(title) else title


def refuse_petitioners(reading: Reading, source: Source, language: str) -> None:
    """Raise InputError where the file has columns of persons that its source file does not drop (D01, D17)."""
    found = [title for title in petitioner_columns(reading.columns) if title not in source.drop]
    if found:
        names = ", ".join(f'"{title}"' for title in found)
        raise InputError(say(language, "intake.petitioner_columns", path=source.path, file=source.file, columns=names))


def clean_labels(reading: Reading, language: str) -> Reading:
    """The reading with personal data in its labels – file, sheets, layers, column titles, notes – replaced by marks."""
    hits: Counter[str] = Counter()

    @cache
    def clean(label: str) -> str:
        text, found = scrub(label)
        hits.update(found)
        return text

    titles = make_unique([clean(title) for title in reading.columns])
    names = {title: name for title, name in zip(reading.columns, titles, strict=True) if title != name}
    notes = [clean(note) for note in reading.notes]
    records = [
        replace(
            record,
            sheet=record.sheet and clean(record.sheet),
            words={names.get(title, title): word for title, word in record.words.items()},
        )
        if names or (record.sheet and clean(record.sheet) != record.sheet)
        else record
        for record in reading.records
    ]
    labels: dict[str, Any] = {
        name: label and clean(label)
        for name, label in (("file", reading.file), ("sheet", reading.sheet), ("shifted", reading.shifted))
    }
    if hits:
        notes.append(say(language, "privacy.labels", kinds=describe_hits(hits, language)))
    return replace(reading, **labels, columns=tuple(titles), notes=tuple(notes), records=records)


def clean_records(reading: Reading, origin: Origin) -> tuple[list[Record], dict[str, int]]:
    """The records with dropped columns gone and personal data replaced by marks; and per column how many cells had some.

    Of petitions, reports and media only the mapped columns are kept at all. Of a layer only the mapped columns, which
    alone leave the door, are cleaned. Faults and notes are cleaned of every record.
    """
    mapped: dict[str, str] = origin.columns if isinstance(origin, Source | Layer) else {}
    source = origin if isinstance(origin, Source) else None
    kept = set(mapped.values()) if source and source.kind == "reports" else None
    cleaned = None if source else set(mapped.values())
    dropped, measured = set(source.drop) if source else set(), _measured(origin, mapped)
    clean_cell, clean_note = lru_cache(MOST_REMEMBERED)(scrub_cell), lru_cache(MOST_REMEMBERED)(scrub)
    counts: Counter[str] = Counter()
    records = []
    for record in reading.records:
        words = {}
        for title, word in record.words.items():
            if title in dropped or (kept is not None and title not in kept):
                continue
            if (cleaned is None or title in cleaned) and (title not in measured or _SAYS_MORE.search(word)):
                word, hits = clean_cell(title, word)
                counts[title] += bool(hits)
            words[title] = word
        fault = record.fault and clean_note(record.fault).text
        notes = tuple(clean_note(note).text for note in record.notes)
        records.append(replace(record, words=words, fault=fault, notes=notes))
    return records, {title: n for title, n in sorted(counts.items()) if n}


def _measured(origin: Origin, mapped: dict[str, str]) -> set[str]:
    """The columns of numbers, dates and codes. A sender's number may look like a telephone's; a petition's is scrubbed."""
    fields = {*MEASURED, "feature_key", "code"}
    if isinstance(origin, Source) and origin.kind != "reports":
        fields.add("orig_no")
    return {title for field, title in mapped.items() if field in fields}
