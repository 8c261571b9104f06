"""A record's own words under our names, by what its source file declares."""

from pipeline.config import MAPPED_FIELDS, Source
from pipeline.intake.codes import tidy_word


def mapped_words(source: Source, words: dict[str, str]) -> dict[str, str | None]:
    """Every field of MAPPED_FIELDS: the cell of the declared column, the declared value, or None."""
    mapped = {name: tidy_word(words.get(source.columns.get(name, ""))) or None for name in MAPPED_FIELDS}
    return {name: word or source.values.get(name) for name, word in mapped.items()}
