"""One thing to do before the list of problems can be believed, and how heavy it is."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pipeline.text import say

MUST, SHOULD, CONFIRM = 1, 2, 3


class Task(NamedTuple):
    """One thing to do: `severity` is MUST, SHOULD or CONFIRM, `where` a source or layer (section `anchor`)."""

    severity: int
    where: str
    anchor: str
    found: str
    action: str


def make_task(
    severity: int, where: str, anchor: str, language: str, key: str, found: Mapping[str, object], action: Mapping[str, object]
) -> Task:  # fmt: skip
    """The sentences check.found_<key> and check.do_<key>, filled."""
    found_words, action_words = say(language, f"check.found_{key}", **found), say(language, f"check.do_{key}", **action)
    return Task(severity, where, anchor, found_words, action_words)


def listed(words: Iterable[str], language: str, most: int) -> str:
    """At most `most` of the words in one line, with "…" where there are more."""
    named = list(words)
    return ("、" if language == "zh" else ", ").join([*named[:most], *(["…"] if len(named) > most else [])])
