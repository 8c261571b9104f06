"""Cells of coordinates, dates and areas: what they measure is kept as written, for a long number there is no telephone."""

from collections.abc import Callable

from pipeline.intake.coordinates.degrees import Coordinate, parse_number, split_pair
from pipeline.intake.words.areas import parse_area
from pipeline.intake.words.dates import parse_date, parse_period

BELOW = 100_000_000.0  # an easting in metres with its zone number has 8 digits, a telephone of an area code 10 or more
FROM = 100_000.0  # metres, of the coordinates of a pair that are written whole: 0421 0001234 is a pair of numbers too
MOST_DATE_DIGITS = 14  # of 2021-05-12 09:30:00; a telephone behind a time would make more
MOST_PERIOD_DIGITS = 16  # of two days


def is_measure(field: str, cell: str) -> bool:
    """Whether a cell of `field` (a key of MEASURED) is a coordinate, date or area, and nothing else stands in it."""
    return MEASURED[field](cell)


def _is_position(cell: str) -> bool:
    pair = split_pair(cell)
    if pair is None:
        number = parse_number(cell)
        return number is not None and abs(number.value) < BELOW
    return all(number is not None and _is_of_a_pair(number) for number in map(parse_number, pair))


def _is_of_a_pair(number: Coordinate) -> bool:
    is_whole = number.kind == "number" and number.resolution >= 1
    return abs(number.value) < BELOW and (abs(number.value) >= FROM or not is_whole)


def _is_date(cell: str) -> bool:
    return _digits(cell) <= MOST_DATE_DIGITS and parse_date(cell) is not None


def _is_period(cell: str) -> bool:
    return _is_date(cell) or (_digits(cell) <= MOST_PERIOD_DIGITS and parse_period(cell) is not None)


def _is_area(cell: str) -> bool:
    area_m2 = parse_area(cell, "m2")  # whatever the unit: only the size of the number counts
    return area_m2 is not None and area_m2 < BELOW


def _digits(cell: str) -> int:
    return sum(sign.isdigit() for sign in cell)


MEASURED: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(("lon", "lat", "x_north", "y_east", "position"), _is_position),
    **dict.fromkeys(("prev_date", "curr_date", "closed_date", "due_date"), _is_date),
    "period": _is_period,
    **dict.fromkeys(("area", "area_m2", "area_ha", "area_mu"), _is_area),
}
