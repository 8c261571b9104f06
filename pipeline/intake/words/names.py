"""Names of facilities and places that are written differently and mean the same."""

import re
from collections.abc import Sequence

import numpy as np
from rapidfuzz import fuzz, process

from pipeline.intake.words.codes import tidy_word

AT_ONCE = 1000  # names against all others: a table of all against all would fill the memory
SHORTEST = 3  # characters; a shorter name is no name of one place
_NO_NAME = re.compile(r"[\s()（）【】\[\]、，,.。·\-—_/]+")
_KIND = re.compile(r"(有限责任公司|股份有限公司|有限公司|公司|项目|工程|问题)$")


def alike(names: Sequence[str], others: Sequence[str], least_share: float) -> list[tuple[int, int]]:
    """(row of `names`, row of `others`) of every two that are alike to `least_share` (0–1, Indel similarity), in order.

    Blanks, brackets and what a firm or project is called by law make no difference; names below three characters say nothing.
    """
    one, two = [_bare(name) for name in names], [_bare(name) for name in others]
    if not one or not two:
        return []
    found: list[tuple[int, int]] = []
    is_name = [np.array([len(name) >= SHORTEST for name in own]) for own in (one, two)]
    for start in range(0, len(one), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        score = process.cdist(one[rows], two, scorer=fuzz.ratio, score_cutoff=100 * least_share, dtype=np.float32)
        row, column = np.nonzero((score > 0) & is_name[0][rows, None] & is_name[1][None, :])
        found += zip((row + start).tolist(), column.tolist(), strict=True)
    return found


def _bare(name: str) -> str:
    bare = _NO_NAME.sub("", (tidy_word(name) or "").casefold())
    return _KIND.sub("", bare) or bare
