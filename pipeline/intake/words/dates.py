"""Dates and periods in the forms offices write them, as ISO text of the precision they have."""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from pipeline.intake.words.codes import tidy_word
from pipeline.text import say

EXCEL_EPOCH = date(1899, 12, 30)
EXCEL_DAYS = range(20_000, 80_000)  # from 1954 on: a bare number in this range is a spreadsheet's day count
YEARS = range(1950, 2101)
LONGEST = 60  # characters; a longer cell tells a story, not a date
LONGEST_PERIOD_YEARS = 10  # in a file name, years farther apart are those of a plan
EMPTY = ("", "/", "\\", "-", "--", "—", "——", "无", "空", "不详", "不明", "none", "null", "<null>", "nan", "n/a")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip

_SHORT = r"1[3-9]|[2-4]\d"  # two-digit years that cannot be taken for a month
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?", re.A)
_SHORT_DOTTED = re.compile(rf"(?:{_SHORT})\.\d{{1,2}}(?:\.\d{{1,2}})?", re.A)
_TENTH = re.compile(r"(\d{4})\.1", re.A)
_YEAR = re.compile(r"(\d{4})\s*(?:年\s*(?:度|[初中底末])?)?", re.A)
_PACKED = re.compile(r"(\d{4})(\d{2})(?:(\d{2})(?:\d{6})?)?", re.A)
_SEPARATED = re.compile(
    r"(\d{4})\s*[.\-/年]\s*(\d{1,2})(?:"
    r"\s*[.\-/月]\s*(\d{1,2})\s*[日号]?(?:[t\s]*(?:上午|下午)?\s*\d{1,2}[:时点][\d:.时分秒z+\-\sapm]*)?"
    r"|\s*月?份?\s*(?:[上中下]旬|[初中底末])?)",
    re.A,
)
_ENGLISH = (
    re.compile(r"(?P<y>\d{4})[\s.\-/,]*(?P<m>[a-z]{3,9})\.?(?:[\s.\-/]*(?P<d>\d{1,2}))?", re.A),
    re.compile(r"(?:(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s.\-/]*)?(?P<m>[a-z]{3,9})\.?[\s.,\-/]*(?P<y>\d{4})", re.A),
    re.compile(r"(?P<m>[a-z]{3,9})\.?\s*(?P<d>\d{1,2})(?:st|nd|rd|th)?[\s,]+(?P<y>\d{4})", re.A),
)
_PART = (
    re.compile(r"(?P<y>\d{4})\s*年?\s*第?\s*(?P<q>[一二三四1-4])\s*季度?", re.A),
    re.compile(r"(?P<y>\d{4})\s*[年\-/]?\s*(?:q(?P<q>[1-4])|(?P<h>[上下])半年|h(?P<n>[12]))", re.A),
    re.compile(r"(?:q(?P<q>[1-4])|h(?P<n>[12]))\s*[\-/]?\s*(?P<y>\d{4})", re.A),
)
_LABEL = re.compile(r"(?<![0-9a-z])t[12](?!\d)\s*[:=]?|[前后]期?时相\s*[:=]?", re.A)
_BETWEEN = re.compile(r"\s*(?:至|到|和|与|及|vs\.?|→|->|[—–―~_/\-、,;|]+|\s)\s*", re.A)
_MONTH_ONLY = re.compile(r"\d{1,2}月", re.A)
_TWO_YEARS = re.compile(r"((?:19|20)\d{2})\s*年?((?:19|20)\d{2})\s*年?度?", re.A)
_SHORT_YEARS = re.compile(rf"(?:20)?({_SHORT})\s*年?\s*[—–~/\-至到]+\s*({_SHORT})\s*年?度?", re.A)
_TWO_YEARS_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})((?:19|20)\d{2})(?!\d)", re.A)
_DATE_IN_NAME = re.compile(
    r"(?<!\d)(?:19|20)\d{2}(?:年(?:\d{1,2}月(?:\d{1,2}日)?)?|[.\-]?(?:0[1-9]|1[0-2])(?:[.\-]?[0-3]\d)?)?(?!\d)", re.A
)


class Dates(NamedTuple):
    """Period `earlier-later` in years, the two image dates as ISO text, and what was done to them."""

    period: str | None
    prev_date: str | None
    curr_date: str | None
    notes: tuple[str, ...]


def parse_date(value: object) -> str | None:
    """ISO date `YYYY-MM-DD`, `YYYY-MM` or `YYYY`, quarter `YYYY-Q2` or half `YYYY-H1`, as precise as the words are.

    None for what is no date between 1950 and 2100. `2021.1` gives the year alone: a spreadsheet's number 2021.10 looks
    the same. A two-digit year is read before 年, or before a dot when it cannot be a month (`21.05`, not `12.05`).
    """
    if isinstance(value, date) and value == value:  # pandas' NaT is a date that differs from itself
        return _checked_iso(value.year, value.month, value.day)
    word = tidy_word(value)
    serial = _SERIAL.fullmatch(word)
    if serial and int(serial[1]) in EXCEL_DAYS:
        return parse_date(EXCEL_EPOCH + timedelta(days=int(serial[1])))
    return _read_words(word)


def parse_period(value: object) -> str | None:
    """`earlier-later` in years from labels in either order (`2022-2021`, `20212022`, `2020.05—2021.06`, `21-22`).

    None where there are not two different years.
    """
    ends = parse_period_dates(value)
    return _years(*ends) if ends else None


def parse_period_dates(value: object) -> tuple[str, str] | None:
    """Both ends of a period in time order, each as precise as written (`2020.05—2021` → `2020-05`, `2021`)."""
    text = _LABEL.sub(" ", tidy_word(value).casefold()).strip()
    if len(text) > LONGEST:
        return None
    years = _TWO_YEARS.fullmatch(text)
    short = _SHORT_YEARS.fullmatch(text)
    readings = {years.groups()} if years else {(f"20{short[1]}", f"20{short[2]}")} if short else set(_splits(text))
    if len(readings) != 1:  # none, or words that may be cut in two ways
        return None
    one, other = readings.pop()
    if not all(int(end[:4]) in YEARS for end in (one, other)):
        return None
    return (one, other) if date_span(one) <= date_span(other) else (other, one)


UNDATED = "~"  # sorts behind every date and period


def period_order(period: str | None) -> tuple[str, str]:
    """What periods sort by: their end, then their beginning; what has none comes first."""
    first, _, last = (period or "").partition("-")
    return last or first, first


def period_in_name(text: str) -> str | None:
    """The one period a file or folder name states (`bhtb_2020_2021.shp`); None for one year, three, or a plan's term."""
    name = _TWO_YEARS_IN_NAME.sub(r"\1-\2", tidy_word(text))
    found = [(match, iso) for match in _DATE_IN_NAME.finditer(name) if (iso := _read_words(match[0]))]
    coarsest = min((len(iso) for _, iso in found), default=0)  # `_20230315` behind two years is the day of sending
    ends = [(match, iso) for match, iso in found if len(iso) == coarsest]
    if len(ends) != 2 or "规划" in name or not _BETWEEN.fullmatch(name[ends[0][0].end() : ends[1][0].start()]):
        return None
    one, other = ends[0][1], ends[1][1]
    return _years(one, other) if abs(int(one[:4]) - int(other[:4])) <= LONGEST_PERIOD_YEARS else None


@lru_cache(maxsize=10_000)  # a layer has few dates, each a thousand times
def read_dates(period: str | None, prev: str | None, curr: str | None, language: str) -> Dates:
    """A record's period and image dates, each completing the other; never raises.

    Dates surely in the wrong order are swapped, and win over a period they contradict. All of it, and a filled cell that
    cannot be read, is said in `notes`, which name the column and never its content.
    """
    ends, prev_date, curr_date = parse_period_dates(period), parse_date(prev), parse_date(curr)
    notes = [*_cell_notes("prev", prev, prev_date, language), *_cell_notes("curr", curr, curr_date, language)]
    if ends is None and not _is_empty(period):
        notes.append(say(language, "dates.one_time" if parse_date(period) else "dates.unreadable_period"))
    if prev_date and curr_date and is_surely_before(curr_date, prev_date):
        prev_date, curr_date = curr_date, prev_date
        notes.append(say(language, "dates.swapped"))
    if ends and (_are_apart(prev_date, ends[0]) or _are_apart(curr_date, ends[1])):
        ends = None
        notes.append(say(language, "dates.contradiction"))
    if ends:
        prev_date, curr_date = prev_date or ends[0], curr_date or ends[1]
    label = _years(prev_date, curr_date) if prev_date and curr_date else None
    return Dates(label, prev_date, curr_date, tuple(notes))


def is_surely_before(iso_a: str, iso_b: str) -> bool | None:
    """Whether a is before b: True or False where every day they may mean agrees, None where it is not sure."""
    (first_a, last_a), (first_b, last_b) = date_span(iso_a), date_span(iso_b)
    if last_a < first_b:
        return True
    return False if first_a >= last_b else None


@lru_cache(maxsize=10_000)
def date_span(iso: str) -> tuple[date, date]:
    """The first and the last day that an ISO date of any precision may mean."""
    year, rest = int(iso[:4]), iso[5:]
    if rest.count("-"):
        day = date.fromisoformat(iso)
        return day, day
    length = {"Q": 3, "H": 6}.get(rest[:1], 1 if rest else 12)  # months
    last = int(rest.lstrip("QH") or 1) * length
    return date(year, last - length + 1, 1), date(year, last, monthrange(year, last)[1])


def precision(iso: str | None) -> str | None:
    """day, month, quarter, half or year."""
    if iso is None:
        return None
    return {"Q": "quarter", "H": "half"}.get(iso[5:6]) or ("year", "month", "day")[iso.count("-")]


def _read_words(word: str) -> str | None:
    if len(word) > LONGEST:
        return None
    text = _full_year(word.casefold().removesuffix(".0"))
    tenth = _TENTH.fullmatch(text)
    if tenth:
        return _checked_iso(int(tenth[1]))
    numbers = _YEAR.fullmatch(text) or _PACKED.fullmatch(text) or _SEPARATED.fullmatch(text)
    if numbers:
        return _checked_iso(*(int(part) for part in numbers.groups() if part))
    return _english_date(text) or _part_of_year(text)


def _full_year(text: str) -> str:
    if re.match(r"\d{2}\s*年", text, re.A):
        return ("20" if text[:1] < "5" else "19") + text
    return f"20{text}" if _SHORT_DOTTED.fullmatch(text) else text


def _english_date(text: str) -> str | None:
    for match in (pattern.fullmatch(text) for pattern in _ENGLISH):
        months = [k for k, name in enumerate(MONTHS, 1) if match and name.startswith(match["m"])]
        if match and len(months) == 1:
            return _checked_iso(int(match["y"]), months[0], *([int(match["d"])] if match["d"] else []))
    return None


def _part_of_year(text: str) -> str | None:
    for match in (pattern.fullmatch(text) for pattern in _PART):
        if match and int(match["y"]) in YEARS:
            part = match.groupdict()
            if part["q"]:
                return f"{part['y']}-Q{'一二三四'.find(part['q']) + 1 or part['q']}"
            return f"{part['y']}-H{part['n'] or '上下'.index(part['h']) + 1}"
    return None


def _checked_iso(year: int, month: int | None = None, day: int | None = None) -> str | None:
    try:
        date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return None
    parts = [f"{year:04d}", *(f"{part:02d}" for part in (month, day) if part is not None)]
    return "-".join(parts) if year in YEARS else None


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """Every way to cut a text into two dates; a bare month on the right (`2021年3月至10月`) is of the year on the left."""
    for cut in _BETWEEN.finditer(text):
        left, right = _read_words(text[: cut.start()]), _read_words(text[cut.end() :])
        if left and right is None and _MONTH_ONLY.match(text[cut.end() :]):
            right = _read_words(f"{left[:4]}年{text[cut.end() :]}")
            right = right if right and date_span(right) > date_span(left) else None
        if left and right:
            yield left, right


def _years(one: str, other: str) -> str | None:
    earlier, later = sorted((one[:4], other[:4]))
    return f"{earlier}-{later}" if earlier != later else None


def _are_apart(iso: str | None, end: str) -> bool:
    return iso is not None and (is_surely_before(iso, end) or is_surely_before(end, iso)) is True


def _is_empty(cell: str | None) -> bool:
    return tidy_word(cell).casefold() in EMPTY


def _cell_notes(column: str, cell: str | None, iso: str | None, language: str) -> Iterator[str]:
    name = say(language, f"dates.{column}")
    if iso is None and not _is_empty(cell):
        yield say(language, "dates.unreadable", column=name)
    elif _TENTH.fullmatch(_full_year(tidy_word(cell))):
        yield say(language, "dates.tenth", column=name)
