"""Areas as offices state them, to m², and whether a stated area, or a whole column of them, fits the outlines."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

from pipeline.intake.words.codes import tidy_word
from pipeline.text import say

M2 = {"m2": 1.0, "ha": 10_000.0, "mu": 2000 / 3, "km2": 1_000_000.0}  # m² in each unit; 15 mu are 1 ha
WORDS = {
    "m2": r"平方米|平米|平方公尺|m\^?2|sq\.?\s*m|square\s+met(?:re|er)s?",
    "ha": r"公顷|公頃|hm\^?2|hectares?|ha",
    "mu": r"亩|畝|mu",
    "km2": r"平方公里|平方千米|km\^?2|sq\.?\s*km",
}
COLUMN_UNITS = {  # columns whose unit their data standard fixes; the title does not say it
    "m2": ("TBMJ", "KCMJ", "TBDLMJ", "图斑面积"),
    "ha": ("MIAN_JI", "XBMJ"),
    "mu": ("JCMJ",),
}
TOLERANCE_SHARE = 0.02  # rule R24: an area differs when it is off by more than both
TOLERANCE_M2 = 50.0
EXPLAINED_SHARE = 0.9  # of the rows that one factor must explain to be the column's

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:e[+-]?\d{1,2})?"
_UNITS = "|".join(f"(?P<{unit}>{words})" for unit, words in WORDS.items())
_AREA = re.compile(rf"约?\s*(?P<number>{_NUMBER})\s*(?P<ten_thousand>万)?\s*(?:{_UNITS})?", re.A)
_IN_BRACKETS = re.compile(r"([^()]+)\(([^()]+)\)", re.A)
_IN_TITLE = re.compile(rf"(?<![a-z])(?P<many>[十百千万每]?)(?:{_UNITS})(?![a-z0-9])", re.A)


class AreaJudgement(NamedTuple):
    """How a stated area stands to the outline's.

    `verdict` is "agrees", "unit" (a factor explains it), "differs" or "nothing" (nothing to compare). `unit` ("m2", "ha",
    "mu", "km2") is the unit the number is really in – the one stated, if any, where nothing explains it – and
    `is_mercator` whether it was measured on Web Mercator; `factor` says both in words where the verdict is "unit".
    `sentence` is for a person.
    """

    verdict: str
    unit: str | None
    is_mercator: bool
    factor: str | None
    sentence: str


class GroupJudgement(NamedTuple):
    """How a column of stated areas stands to the outlines: the fields of AreaJudgement, and of the rows compared
    `agree`, the number that fit the one reading named, and `differ`, the positions of those that do not.
    """

    verdict: str
    unit: str | None
    is_mercator: bool
    factor: str | None
    agree: int
    differ: tuple[int, ...]
    sentence: str


def parse_area(text: object, unit: str | None) -> float | None:
    """m² from `1.2公顷`, `18亩`, `12,345.6`, `0.012 km²`, `0.5公顷（7.5亩）`; `unit` counts where the text names none.

    None without a unit, for a negative number, and for what is no one area (`3亩多`, `1,2`, two areas that differ).
    """
    word = tidy_word(text).casefold()
    twice = _IN_BRACKETS.fullmatch(word)
    if twice:
        first, second = parse_area(twice[1], unit), parse_area(twice[2], None)
        both = first is not None and second is not None and math.isclose(first, second, rel_tol=TOLERANCE_SHARE)
        return first if both else None
    match = _AREA.fullmatch(word.strip())
    if match is None:
        return None
    named = next((name for name in M2 if match[name]), unit)
    if named not in M2:
        return None
    area_m2 = float(match["number"].replace(",", "")) * (10_000 if match["ten_thousand"] else 1) * M2[named]
    return area_m2 if math.isfinite(area_m2) else None


def unit_in_title(title: object) -> str | None:
    """The unit ("m2", "ha", "mu", "km2") that a column's title or a unit note names, or its data standard fixes.

    None where it names none, two, or one of other size or meaning (`万亩`, `每公顷`).
    """
    word = tidy_word(title)
    fixed = [unit for unit, titles in COLUMN_UNITS.items() if word.upper() in titles]
    found = list(_IN_TITLE.finditer(word.casefold()))
    named = {name for match in found for name in M2 if match[name]}
    if fixed or len(named) != 1 or any(match["many"] for match in found):
        return fixed[0] if fixed else None
    return named.pop()


def judge_area(
    declared: float | None,
    computed_m2: float | None,
    unit: str | None,
    lat: float | None,
    language: str,
    tolerance_share: float = TOLERANCE_SHARE,
    tolerance_m2: float = TOLERANCE_M2,
) -> AreaJudgement:
    """A stated area (in `unit`, None if not known) against the outline's ellipsoidal m²; `lat` in degrees.

    Rule R24: within 2 % or 50 m² it agrees; else the other units, then Web Mercator, whose areas are 1/cos² latitude
    times too large, are tried as the factor between.
    """
    if not _is_positive(declared) or not _is_positive(computed_m2):
        return AreaJudgement("nothing", unit, False, None, say(language, "areas.nothing"))
    for reading in _readings(unit, lat):
        if _fits(declared, reading, lat, computed_m2, tolerance_share, tolerance_m2):
            verdict, factor = _verdict(reading, unit, language)
            sentence = say(language, f"areas.{verdict}", factor=factor)
            return AreaJudgement(verdict, *reading, factor, sentence)
    share = abs(declared * M2[unit] / computed_m2 - 1) if unit in M2 else None
    key = "areas.differs_unknown" if share is None else "areas.differs"
    return AreaJudgement("differs", unit, False, None, say(language, key, share=share, computed=computed_m2))


def judge_areas(
    declared: Sequence[float | None],
    computed_m2: Sequence[float | None],
    unit: str | None,
    lat: float | None,
    column: str,
    language: str,
    tolerance_share: float = TOLERANCE_SHARE,
    tolerance_m2: float = TOLERANCE_M2,
) -> GroupJudgement:
    """A whole column against its outlines, row by row in the same order: the one reading that fits 90 % of the rows.

    Arguments as in `judge_area`; `column` is the title that the sentence names. Rows without both areas are left out.
    """
    rows = [
        (k, stated, area)
        for k, (stated, area) in enumerate(zip(declared, computed_m2, strict=True))
        if _is_positive(stated) and _is_positive(area)
    ]
    if not rows:
        return GroupJudgement("nothing", unit, False, None, 0, (), say(language, "areas.nothing"))
    tolerance = (tolerance_share, tolerance_m2)
    hits = {
        reading: {k for k, stated, area in rows if _fits(stated, reading, lat, area, *tolerance)}
        for reading in _readings(unit, lat)
    }
    best = max(hits, key=lambda reading: len(hits[reading]))  # the first of equals: the stated unit before all others
    verdict, factor, reading, agreeing = *_verdict(best, unit, language), best, hits[best]
    if len(agreeing) < EXPLAINED_SHARE * len(rows):
        verdict, factor, reading = "differs", None, (unit, False)
        agreeing = hits.get(reading, set())  # where nothing explains the column, its stated unit is the measure
    differ = tuple(k for k, _, _ in rows if k not in agreeing)
    values = {"column": column, "n": len(rows), "agree": len(agreeing), "differ": len(differ), "factor": factor}
    sentence = say(language, f"areas.column_{verdict}", **values)
    return GroupJudgement(verdict, *reading, factor, len(agreeing), differ, sentence)


def _readings(unit: str | None, lat: float | None) -> list[tuple[str | None, bool]]:
    """(unit, measured on Web Mercator) of every way to take a number, the stated one first."""
    units = sorted(M2, key=lambda name: name != unit)
    has_latitude = lat is not None and abs(lat) < 90
    return [(name, on_mercator) for on_mercator in (False, True)[: 1 + has_latitude] for name in units]


def _fits(
    declared: float,
    reading: tuple[str | None, bool],
    lat: float | None,
    computed_m2: float,
    tolerance_share: float,
    tolerance_m2: float,
) -> bool:
    name, is_mercator = reading
    stated_m2 = declared * M2[name or "m2"]
    if is_mercator and lat is not None:
        stated_m2 *= math.cos(math.radians(lat)) ** 2
    off = abs(stated_m2 - computed_m2)
    # never by half or more: 50 m² would let any number agree with a tiny outline
    return off <= max(tolerance_share * computed_m2, min(tolerance_m2, computed_m2 / 2))


def _verdict(reading: tuple[str | None, bool], unit: str | None, language: str) -> tuple[str, str | None]:
    """The verdict, and in words the factor that the reading means."""
    if reading == (unit, False):
        return "agrees", None
    kind = "mercator" if reading[1] else "inferred" if unit is None else "other_unit"
    names = {"unit": say(language, f"areas.{reading[0]}"), "stated": say(language, f"areas.{unit or reading[0]}")}
    return "unit", say(language, f"areas.{kind}", **names)


def _is_positive(area: float | None) -> TypeGuard[float]:
    return area is not None and math.isfinite(area) and area > 0
