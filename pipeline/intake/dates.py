"""Dates and periods in the forms offices write them, as ISO text of the precision they have."""

import re
from datetime import date, datetime, timedelta

from pipeline.intake.codes import tidy_word

EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DAYS = range(20_000, 80_000)  # 1954–2119: a bare number in this range is a spreadsheet's day count
_SEPARATED = re.compile(r"(\d{4})\s*[.\-/年]\s*(\d{1,2})(?:\s*[.\-/月]\s*(\d{1,2}))?\s*[月日号]?(?:[T ].*)?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_YEAR = re.compile(r"(\d{4})\s*年?(?:度)?")
_PERIOD = re.compile(r"((?:19|20)\d{2})\D{0,3}((?:19|20)\d{2})\D{0,3}")


def parse_date(value: object) -> str | None:
    """ISO date `YYYY-MM-DD`, `YYYY-MM` or `YYYY`, as precise as the words are; None for what is no date."""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    word = tidy_word(value).removesuffix(".0")
    if word.isdigit() and int(word) in EXCEL_DAYS and len(word) == 5:
        return (EXCEL_EPOCH + timedelta(days=int(word))).isoformat()
    match = _YEAR.fullmatch(word) or _PACKED.fullmatch(word) or _SEPARATED.fullmatch(word)
    if match is None:
        return None
    parts = [int(part) for part in match.groups() if part]
    try:
        date(*([*parts, 1, 1])[:3])
    except ValueError:
        return None
    return "-".join([f"{parts[0]:04d}", *(f"{part:02d}" for part in parts[1:])])


def parse_period(value: object) -> str | None:
    """`earlier-later` from labels in either order (`2022-2021`, `2021—2022`, `20212022`, `2021至2022年`); else None."""
    match = _PERIOD.fullmatch(tidy_word(value))
    return "-".join(sorted(match.groups())) if match else None


def date_span(iso: str) -> tuple[date, date]:
    """The first and the last day that an ISO date of any precision may mean."""
    parts = [int(part) for part in iso.split("-")]
    if len(parts) == 3:
        return date(*parts), date(*parts)
    if len(parts) == 2:
        following = date(parts[0] + parts[1] // 12, parts[1] % 12 + 1, 1)
        return date(parts[0], parts[1], 1), following - timedelta(days=1)
    return date(parts[0], 1, 1), date(parts[0], 12, 31)


def precision(iso: str | None) -> str | None:
    """day, month or year."""
    return None if iso is None else ("year", "month", "day")[iso.count("-")]
