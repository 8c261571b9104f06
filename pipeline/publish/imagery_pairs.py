"""Which two images show a problem's change, and how far they are from the lead's own dates."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from pipeline.intake.words.dates import date_span

MONTH_DAYS = 365.25 / 12
Span = tuple[date, date]


def choose_pair(
    prev_date: str | None,
    curr_date: str | None,
    images: Iterable[date],
    covers: Callable[[date], bool] = lambda _: True,
) -> tuple[date | None, date | None]:
    """The days of the images before and after a change between two ISO dates of any precision; None where there is none.

    Before: the newest image on or before `prev_date`, else the oldest after it. After: the oldest image on or after
    `curr_date`, else the newest before it. A date that means a month or a year is met by any image within it, before by
    the oldest of them and after by the newest. An image that does not cover the place is passed over; `covers` is asked
    only of days that come into question. Before is always older than after: an image that both ask for goes to the one
    whose date it fits. Without dates: the oldest and the newest.
    """
    days = sorted(set(images))
    curr = date_span(curr_date) if curr_date else (date.max, date.max)
    no_prev = curr[0] - timedelta(days=1) if curr_date else date.min
    prev = date_span(prev_date) if prev_date else (no_prev, no_prev)

    def find(wanted: Iterable[date]) -> date | None:
        return next((day for day in wanted if covers(day)), None)

    before = find([*_within(days, prev), *_older(days, prev)])
    left = [day for day in days if before is None or day > before]
    after = find([*reversed(_within(left, curr)), *_newer(left, curr)]) or find(_older(left, curr))
    before = before or find(day for day in _newer(days, prev) if after is None or day < after)
    return before, after


def months_off(taken: date, iso: str | None) -> int:
    """Months by which an image is later (+) or earlier (−) than a date of any precision; 0 within it or without a date."""
    if iso is None:
        return 0
    first, last = date_span(iso)
    days = (taken - last).days if taken > last else (taken - first).days if taken < first else 0
    return round(days / MONTH_DAYS) or (days > 0) - (days < 0)  # a few days off are said as a month


def _within(days: list[date], span: Span) -> list[date]:
    return [day for day in days if span[0] <= day <= span[1]]


def _older(days: list[date], span: Span) -> list[date]:
    return [day for day in reversed(days) if day < span[0]]


def _newer(days: list[date], span: Span) -> list[date]:
    return [day for day in days if day > span[1]]
