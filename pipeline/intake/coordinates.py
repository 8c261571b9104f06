"""Degrees as offices write them, to decimal degrees."""

import re

from pipeline.intake.codes import tidy_word

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_DMS = re.compile(
    r"(?:东经|西经|北纬|南纬|[EWNS])?\s*([+-]?\d{1,3})\s*[°度]\s*(?:(\d{1,2}(?:\.\d+)?)\s*[′'分]\s*)?"
    r"(?:(\d{1,2}(?:\.\d+)?)\s*(?:[″\"秒]|''|′′)?\s*)?([EWNS])?",
    re.IGNORECASE,
)


def parse_degrees(value: object, style: str = "degrees") -> float | None:
    """Decimal degrees (or metres) from a cell; style "dms" also reads 120°27′00″ and 东经120度27分0秒; None if neither."""
    word = tidy_word(value)
    if _NUMBER.fullmatch(word):
        return float(word)
    match = _DMS.fullmatch(word) if style == "dms" else None
    if match is None:
        return None
    degrees, minutes, seconds, side = match.groups()
    if float(minutes or 0) >= 60 or float(seconds or 0) >= 60:
        return None
    decimal = abs(int(degrees)) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
    is_negative = degrees.startswith("-") or (side or "").upper() in ("W", "S") or word[:2] in ("西经", "南纬")
    return -decimal if is_negative or word[:1].upper() in ("W", "S") else decimal
