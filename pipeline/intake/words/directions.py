"""A direction or distance after a place's name (东侧500米, 2公里处, 村口) as the circle that is meant."""

import re
from typing import NamedTuple

from pyproj import Geod

from pipeline.intake.words.gazetteer import LONGER_NAME, NamedPlace
from pipeline.text import say

MAX_SHIFT_M = 20_000  # farther than across a district, nobody gives a place by a village
SIDES = {
    "东北": (45, "northeast"), "东南": (135, "southeast"), "西南": (225, "southwest"), "西北": (315, "northwest"),
    "北": (0, "north"), "东": (90, "east"), "南": (180, "south"), "西": (270, "west"),
}  # fmt: skip
UNITS_M = {"公里": 1000, "千米": 1000, "km": 1000, "华里": 500, "里": 500, "米": 1, "m": 1}
NUMERALS = {**dict(zip("零一二三四五六七八九", range(10), strict=True)), "两": 2, "半": 0.5}
POWERS = {"十": 10, "百": 100, "千": 1000}
GEOD = Geod(ellps="GRS80")  # the ellipsoid of CGCS2000 but for a tenth of a millimetre
_COUNT = r"\d[\d,]{0,9}(?:\.\d{1,6})?(?:[-~—至到]\d{1,9}(?:\.\d{1,6})?)?|[零一二两三四五六七八九十百千半几数]{1,9}"
_DISTANCE = (
    rf"(?:大约|大概|约|近|直线|距离|[,、])*(?P<number>{_COUNT})(?:多|余|来)?"
    r"(?P<unit>公里|千米|华里|里|米|km|m(?![a-z\d]))(?P<half>半)?"
)
_SIDE = (
    r"[村屯]?(?:方向|[向往以之的正偏])*(?P<side>东北|东南|西北|西南|[东南西北](?!瓜|京|红柿|风))"  # 西瓜, 北京 are no directions
    r"(?:方向|[侧边面部方头端郊处的向])*"
)
_SIDE_AND_DISTANCE = re.compile(_SIDE + _DISTANCE, re.IGNORECASE)
_SIDE_ALONE = re.compile(_SIDE)
_DISTANCE_ALONE = re.compile(_DISTANCE + r"(?:处|外|远|开外|的地方)", re.IGNORECASE)  # else it is a length: 300米河道
_IN_PLACE = re.compile(r"[村屯]?[口内里]")


class Circle(NamedTuple):
    """Where a place may be: degrees (CGCS2000), metres, and in words how it was moved, None where it was not."""

    lon: float
    lat: float
    radius_m: float
    moved: str | None


def move_circle(place: NamedPlace, radius_m: float, rest: str, language: str) -> Circle:
    """The circle of a place after the direction and distance that `rest`, the text behind its name, begins with."""
    both, ring, side_only = _SIDE_AND_DISTANCE.match(rest), _DISTANCE_ALONE.match(rest), _SIDE_ALONE.match(rest)
    far = both or ring
    distance_m = None if far is None else _metres(far["number"], far["unit"], far["half"])
    if distance_m is not None and distance_m > MAX_SHIFT_M:
        words = say(language, "gazetteer.too_far", limit_km=MAX_SHIFT_M // 1000)
        return Circle(place.lon, place.lat, radius_m, words)
    if both and distance_m is not None:
        # by eye a distance is good to a third; and people count from the last houses as often as from the middle
        around_m = max(100.0, 0.3 * distance_m, radius_m / 5)
        return _shift(place, both["side"], distance_m, around_m, "moved", language)
    if ring and distance_m is not None:
        words = say(language, "gazetteer.ring", distance_m=round(distance_m))
        return Circle(place.lon, place.lat, max(radius_m, 1.3 * distance_m), words)
    if side_only and not LONGER_NAME.match(rest, side_only.end()):
        return _shift(place, side_only["side"], 0.5 * radius_m, 0.7 * radius_m, "moved_half", language)
    if _IN_PLACE.match(rest):  # the houses, not all the land of the village
        return Circle(place.lon, place.lat, 0.5 * radius_m, say(language, "gazetteer.in_place"))
    return Circle(place.lon, place.lat, radius_m, None)


def _shift(place: NamedPlace, side: str, distance_m: float, radius_m: float, key: str, language: str) -> Circle:
    azimuth_deg, word = SIDES[side]
    lon, lat, _ = GEOD.fwd(place.lon, place.lat, azimuth_deg, distance_m)
    side_word = say(language, f"gazetteer.{word}")
    words = say(language, f"gazetteer.{key}", side=side_word, distance_m=round(distance_m))
    return Circle(float(lon), float(lat), radius_m, words)


def _metres(number: str, unit: str, half: str | None) -> float | None:
    """Metres; the middle of a range; None for 几百米 and the like."""
    is_written = not number[0].isdigit()
    bounds = [] if is_written else [float(bound) for bound in re.split("[-~—至到]", number.replace(",", ""))]
    count = _numeral(number) if is_written else sum(bounds) / len(bounds)
    return None if count is None else (count + (0.5 if half else 0)) * UNITS_M[unit.lower()]


def _numeral(word: str) -> float | None:
    """一百五十 150, 三四百 350 (between the two), 两千三 2300, 半 0.5; None for what is no number."""
    total, power = 0.0, 10.0
    digits: list[float] = []
    for character in word:
        if character in POWERS:
            power = POWERS[character]
            total += (sum(digits) / len(digits) if digits else 1) * power
            digits = []
        elif character == "零":
            power = 10.0  # 一千零五 is 1005, 一千五 is 1500
        elif character in NUMERALS:
            digits.append(NUMERALS[character])
        else:
            return None
        if len(digits) > 2 or (len(digits) == 2 and digits[1] != digits[0] + 1):
            return None
    return total + (sum(digits) / len(digits) if digits else 0) * power / 10
