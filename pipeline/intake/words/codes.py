"""Words to codes and back, by the tables in pipeline/codes; an unknown word becomes the code for unknown, never an error."""

import unicodedata
from functools import cache, lru_cache
from importlib import resources

import pandas as pd

from pipeline.text import say

NAMED_CLASSES = ("wetland", "forest", "grassland", "protected_area", "redline", "permit", "admin")
UNKNOWN_ACTIVITY = "A99"
UNKNOWN_CHANGE = "C9"
OPEN_STATE = "B9"  # of a case whose state nobody says
NO_PROBLEM = "B6"  # determined not to be a problem
CLOSED_STATES = ("B11", "B12", "B13", "B14", "B15")  # accepted or struck off
MOST_LABELS = 4096  # more than all tables have


@cache
def read_codes(name: str) -> pd.DataFrame:
    """The code table pipeline/codes/<name>.csv, all text, empty cells as ""; indexed by `code` where it has one."""
    file = resources.files("pipeline.codes") / f"{name}.csv"
    with file.open(encoding="utf-8") as stream:
        table = pd.read_csv(stream, dtype=str, keep_default_na=False)
    return table.set_index("code", drop=False) if "code" in table and table["code"].is_unique else table


def tidy_word(word: object) -> str:
    """A cell's word in one shape: full-width to half-width, outer blanks off; "" for an empty cell."""
    if word is None or word is pd.NA or word != word:  # NaN differs from itself
        return ""
    return unicodedata.normalize("NFKC", str(word)).strip()


@cache
def _words(name: str, alias_column: str) -> dict[str, str]:
    """word → code: the code itself, its names, its aliases; the finer code wins a word two codes claim by alias."""
    table = read_codes(name)
    words: dict[str, str] = {}
    for column in (alias_column, "name_en", "name_zh", "code"):  # later columns are the more binding ones
        for code, cell in zip(table["code"], table[column], strict=True):
            for word in cell.split("|") if column == alias_column else [cell]:
                if word:
                    words[tidy_word(word).casefold()] = code
    return words


def to_activity(word: object) -> tuple[str | None, str]:
    """(level-1 code or None when unknown, level-2 code; the level-1 code stands in when no finer is known)."""
    code = _words("activity_types", "legacy_aliases").get(tidy_word(word).casefold(), UNKNOWN_ACTIVITY)
    return None if code == UNKNOWN_ACTIVITY else _level_1(code), code


@cache
def _level_1(code: str) -> str:
    return str(read_codes("activity_types").loc[code, "parent"]) or code


def to_change_type(word: object) -> str:
    """C1–C6, or C9 for a missing or unknown word."""
    return _words("change_types", "aliases").get(tidy_word(word).casefold(), UNKNOWN_CHANGE)


def to_zone(word: object) -> str | None:
    """A zone code of pa_zones; None for an empty cell, Z9 (no zoning) for a word the table does not know."""
    tidy = tidy_word(word)
    return _words("pa_zones", "aliases").get(tidy.casefold(), "Z9") if tidy else None


def zone_rank(code: str | None) -> int:
    """1 is the strictest; 9 is outside."""
    return int(str(read_codes("pa_zones").loc[code, "rank"])) if code else 9


def to_source_code(word: object) -> str | None:
    """A code of lead_sources; None for an empty cell and for a word the table does not know."""
    return _words("lead_sources", "aliases").get(tidy_word(word).casefold())


def to_state(word: object) -> str | None:
    """State code of an old ledger's word; None when the word is empty or unknown."""
    states = read_codes("legacy_state_map").set_index("word")["state"]
    tidy = tidy_word(word)
    if tidy in read_codes("states").index:
        return tidy
    found = states.get(tidy)
    return None if found is None else str(found)


def class_label(layer_class: str, language: str) -> str:
    """The name of a layer class; a class of the place's own making is called as the place calls it."""
    return say(language, f"labels.class_{layer_class}") if layer_class in NAMED_CLASSES else layer_class


@lru_cache(MOST_LABELS)  # a list asks a million times for some dozens
def label(name: str, code: object, language: str) -> str:
    """The name of `code` in the code table `name`, in `language`; "" for an empty code."""
    table = read_codes(name)
    if code is None or code is pd.NA or code != code or code == "":
        return ""
    return str(table.loc[str(code), f"name_{language}"]) if str(code) in table.index else str(code)
