"""memory: the search for cyclic garbage, held back where millions of small objects are made that live to the end of a run."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SEARCH_AFTER = 100_000  # new objects; at Python's 700 the searches take a seventh of merging's time and find nothing


@contextmanager
def rarely_searched() -> Iterator[None]:
    """Inside, garbage that refers to itself is looked for rarely; all other garbage goes at once, as ever. Also a decorator."""
    before = gc.get_threshold()
    gc.set_threshold(SEARCH_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
