"""Sentences as they were said, counted and recognised: by which words of words/*.toml, and freed of cell content."""

import re
from collections.abc import Iterable

from pipeline.check.facts import Count
from pipeline.text import say

FIRST_ROWS = 3  # so many rows are named of each sentence
HIDDEN = "…"
SHORTEST_CELL = 2  # characters; a single sign tells nobody anything


def is_said(line: str, language: str, key: str, *blanks: str) -> bool:
    """Whether `line` is the sentence `key` ("room.name") with anything in its `blanks` (those without a format)."""
    parts = say(language, key, **dict.fromkeys(blanks, "\0")).split("\0")
    return re.fullmatch(".*".join(map(re.escape, parts)), line, re.DOTALL) is not None


def without_cells(line: str, words: Iterable[str]) -> str:
    """A sentence about a petition with everything that stands in the record's cells (`words`) taken out."""
    for word in sorted({word.strip() for word in words}, key=lambda word: (-len(word), word)):
        if len(word) >= SHORTEST_CELL:
            line = line.replace(word, HIDDEN)
    return line


def count_lines(said: Iterable[tuple[str, str]]) -> tuple[Count, ...]:
    """Pairs of (sentence, row) counted by sentence, the most frequent first, each with the first rows it was said of."""
    rows: dict[str, list[str]] = {}
    for line, row in said:
        rows.setdefault(line, []).append(row)
    counts = [Count(line, len(own), tuple(row for row in own[:FIRST_ROWS] if row)) for line, own in rows.items()]
    return tuple(sorted(counts, key=lambda count: (-count.n, count.words)))
