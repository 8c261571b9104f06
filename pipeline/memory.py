"""memory: the search for cyclic garbage, held back where millions of small objects are made that live to the end of a run."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

SEARCH_AFTER = 100_000  # new objects; at Python's 700 the searches take a seventh of merging's time and find nothing

_lock = Lock()
_before: list[tuple[int, int, int]] = []  # one for each run that is inside; runs may overlap in threads


@contextmanager
def rarely_searched() -> Iterator[None]:
    """Inside, garbage that refers to itself is looked for rarely; all other garbage goes at once, as ever. Also a decorator."""
    with _lock:
        _before.append(_before[0] if _before else gc.get_threshold())
        gc.set_threshold(SEARCH_AFTER, *_before[0][1:])
    try:
        yield
    finally:
        with _lock:
            own = _before.pop()
            if not _before:
                gc.set_threshold(*own)
