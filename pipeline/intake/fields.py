"""A record's own words under our names, and freed of personal data before anything is stored."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from pipeline.config import MAPPED_FIELDS, Layer, Origin, Place, Source
from pipeline.errors import InputError
from pipeline.intake.formats.columns import make_unique, tidy_title
from pipeline.intake.privacy.measured import MEASURED, is_measure
from pipeline.intake.privacy.personal_data import MARKS
from pipeline.intake.privacy.scrub import Scrubbed, describe_hits, petitioner_columns, scrub, scrub_cell, without_marks
from pipeline.intake.reading import Reading, Record
from pipeline.intake.words.areas import unit_in_title
from pipeline.intake.words.codes import tidy_word
from pipeline.intake.words.suggest import suggest
from pipeline.text import say

MOST_REMEMBERED = 20_000  # cells of a column repeat
NUMBERS = {*MEASURED, "orig_no", "feature_key", "code"}  # fields of numbers, dates and codes
_IS_NAME = re.compile(r"[\u4e00-\u9fff][\u4e00-\u9fff·]{1,9}")
_NAMES_A_PERSON = re.compile(r"姓名|人$|人/|name", re.IGNORECASE)
_SAYS_MORE = re.compile(  # what a cell of a mere number or code does not have
    r"[\u3400-\u9fff@＠:：]|[qｑ]{2}|[wvｗｖ][xｘ]|we?chat|weixin|tel|phone|mobile|mail", re.IGNORECASE
)


def mapped_words(source: Source, words: dict[str, str]) -> dict[str, str | None]:
    """Every field of MAPPED_FIELDS: the cell of the declared column, the declared value, or None.

    A sender's number that held personal data is none: its mark would make records of many numbers one.
    """
    mapped: dict[str, str | None] = {**dict.fromkeys(MAPPED_FIELDS), **source.values}
    found = ((name, tidy_word(words.get(title))) for name, title in source.columns.items())
    mapped |= {name: word for name, word in found if word}
    number = mapped["orig_no"]
    return mapped if number is None or without_marks(number) == number else mapped | {"orig_no": None}


def meant_words(words: dict[str, str | None], place: Place) -> dict[str, str | None]:
    """`words` of mapped_words; those that the place has its own code for, as that code."""
    return words | {
        field: own.get(word, word) for field, own in place.aliases.items() if (word := words[field]) is not None
    }


def name_of(source: Source, words: dict[str, str | None]) -> str | None:
    """What the place of a record is called: its facility or place name. Words of persons (reports) are no name."""
    return None if source.kind == "reports" else words["facility_name"] or words["place_text"]


def under_declared_titles(readings: list[Reading], source: Source, language: str) -> list[Reading]:
    """The readings with their columns called as the source file calls them: full-width signs, blanks and a unit that the
    reader added to a title make no difference. A reading without a column that another one has is noted.

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
    return [_with_missing_noted(reading, source, language) for reading in renamed]


def _with_missing_noted(reading: Reading, source: Source, language: str) -> Reading:
    missing = [f"“{title}”" for title in dict.fromkeys(source.columns.values()) if title not in reading.columns]
    if not missing or not reading.records:
        return reading
    note = say(language, "intake.note_column_elsewhere", columns=say(language, "privacy.between").join(missing))
    return replace(reading, notes=(*reading.notes, note))


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

    Of petitions, reports and media only the mapped columns are kept at all, and of their coordinates, dates and areas
    what can be read as such. Of a layer only the mapped columns, which alone leave the door, are cleaned. Faults and
    notes are cleaned of every record.
    """
    mapped: dict[str, str] = origin.columns if isinstance(origin, Source | Layer) else {}
    source = origin if isinstance(origin, Source) else None
    kept = set(mapped.values()) if source and source.kind == "reports" else None
    cleaned = None if source else set(mapped.values())
    dropped = set(source.drop) if source else set()
    clean_cell, clean_note = lru_cache(MOST_REMEMBERED)(_cleaner(origin, mapped)), lru_cache(MOST_REMEMBERED)(scrub)
    persons = [
        title for title in petitioner_columns(reading.columns) if title in dropped and _NAMES_A_PERSON.search(title)
    ]
    counts: Counter[str] = Counter()
    records = []
    for record in reading.records:
        words = {}
        names = [name for title in persons if _IS_NAME.fullmatch(name := record.words.get(title, ""))]
        for title, word in record.words.items():
            if title in dropped or (kept is not None and title not in kept):
                continue
            for name in names:  # who is named in a column that is dropped is also named in the text beside it
                counts[title] += name in word
                word = word.replace(name, MARKS["name"])
            if cleaned is None or title in cleaned:
                word, hits = clean_cell(title, word)
                counts[title] += bool(hits)
            words[title] = word
        fault = record.fault and clean_note(record.fault).text
        notes = tuple(clean_note(note).text for note in record.notes)
        records.append(replace(record, words=words, fault=fault, notes=notes))
    return records, {title: n for title, n in sorted(counts.items()) if n}


def _cleaner(origin: Origin, mapped: dict[str, str]) -> Callable[[str, str], Scrubbed]:
    """How a cell under a title is cleaned.

    Offices' columns of numbers, dates and codes are left alone unless a word stands in them: a sender's number may look
    like a telephone's. Of a petition nothing is left alone but what its column measures.
    """
    fields = {title: [field for field, own in mapped.items() if own == title] for title in mapped.values()}
    measured = {title for title, own in fields.items() if not NUMBERS.isdisjoint(own)}

    def clean_petition(title: str, word: str) -> Scrubbed:
        if any(field in MEASURED and is_measure(field, word) for field in fields[title]):
            return Scrubbed(word, {})
        text, hits = scrub_cell(title, word)
        text, more = scrub(text)  # a title such as 编号 excuses a number, and a petition's must not be excused
        return Scrubbed(text, {kind: hits.get(kind, 0) + more.get(kind, 0) for kind in {**hits, **more}})

    def clean_other(title: str, word: str) -> Scrubbed:
        return scrub_cell(title, word) if title not in measured or _SAYS_MORE.search(word) else Scrubbed(word, {})

    return clean_petition if isinstance(origin, Source) and origin.kind == "reports" else clean_other
