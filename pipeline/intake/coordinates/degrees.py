"""Coordinates as offices write them – degrees in any form, or metres – to numbers that know how fine they were written."""

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Side = Literal["lon", "lat"]

_SIGNS = str.maketrans(
    {sign: plain for plain, signs in {
        "°": "º˚⁰", "'": "′’‘´`ʹ", '"': "″”“〃", ".": "。", "-": "−–—", "(": "[{【〔<", ")": "]}】〕>",
    }.items() for sign in signs} | {"\u200b": "", "\ufeff": ""}
)  # fmt: skip
_UNITS = str.maketrans({"度": "°", "分": "'", "秒": '"'})
_LABELS: dict[str, tuple[Side | None, int]] = {  # what a label says: which coordinate, and which half of the globe
    "东经": ("lon", 1), "西经": ("lon", -1), "北纬": ("lat", 1), "南纬": ("lat", -1), "经度": ("lon", 0), "纬度": ("lat", 0),
    "东坐标": ("lon", 0), "北坐标": ("lat", 0), "横坐标": (None, 0), "纵坐标": (None, 0), "X坐标": (None, 0), "Y坐标": (None, 0),
    "LONGITUDE": ("lon", 0), "LATITUDE": ("lat", 0), "LONG": ("lon", 0), "LON": ("lon", 0), "LNG": ("lon", 0), "LAT": ("lat", 0),
    "JD": ("lon", 0), "WD": ("lat", 0), "东": ("lon", 1), "西": ("lon", -1), "北": ("lat", 1), "南": ("lat", -1),
    "E": ("lon", 1), "W": ("lon", -1), "N": ("lat", 1), "S": ("lat", -1), "L": ("lon", 0), "B": ("lat", 0),
    "X": (None, 0), "Y": (None, 0),  # surveyors' X is the northing, others' is not: the value decides
}  # fmt: skip
_PREFIX = re.compile(rf"({'|'.join(_LABELS)})[\s:=]*")
_SUFFIX = re.compile(r"\s*(东经|西经|北纬|南纬|[东西北南EWNS])$")
_METRES = re.compile(r"\s*(?:M|米|公尺)$")

_DECIMAL = re.compile(r"([+-]?[0-9]+)(?:\.([0-9]*))?(?:E([+-][0-9]{1,3}))?")
_GROUPED = re.compile(r"([+-]?[0-9]{1,3}(?:,[0-9]{3})+|[+-]?[0-9]{1,3}(?: [0-9]{3})+)(\.[0-9]*)?")
_GROUPED_BY_DOTS = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{3})+),([0-9]+)")
_DECIMAL_COMMA = re.compile(r"([+-]?[0-9]{1,3}),([0-9]+)|([+-]?[0-9]{4,}),([0-9]{1,3})")
_PART = r"[0-9]{1,2}(?:\.[0-9]*)?"
_MARKED = re.compile(rf"([+-]?)([0-9]{{1,3}})°(?:({_PART})(?:'|$))?(?:({_PART})(?:[\"']|$))?")
_SEPARATED = re.compile(rf"([+-]?)([0-9]{{1,3}})([-.: ])([0-9]{{1,2}})\3({_PART})|([+-]?)([0-9]{{1,3}})[-: ]({_PART})")
_PACKED = re.compile(r"([+-]?)([0-9]{1,3})([0-9]{2})([0-9]{2}(?:\.[0-9]*)?)")
_PACKED_DECIMAL = re.compile(r"([+-]?)([0-9]{1,3})\.([0-9]{2})([0-9]{2})([0-9]*)")

_SPLITS = (  # the strongest sign of two coordinates first
    re.compile(r"\s*[;/|、\n\t]\s*"),
    re.compile(r"\s*,\s*"),
    re.compile(r"\s+"),
    re.compile(r"(?<=[0-9.°'\"度分秒米])(?=[A-Z\u4e00-\u9fff])|(?<=[A-Z\u4e00-\u9fff])(?=[0-9])"),
)
LONGEST = 120  # characters; a longer cell is prose
HALF_CIRCLE = 180.0


@dataclass(frozen=True)
class Coordinate:
    """One coordinate: `value` in degrees where it was written so ("degrees"), else as it stands ("number").

    `side` is what a label or hemisphere says (E 120.45 → "lon"). `resolution` is the unit of the last digit written, in
    the value's unit: 120.45 → 0.01, 120°27′ → 1/60. `others` are readings the same figures allow: 120.2700 → 120.45.
    """

    value: float
    kind: Literal["degrees", "number"]
    side: Side | None
    resolution: float
    others: tuple[float, ...] = ()


def parse_number(text: str | None, packed: bool = False) -> Coordinate | None:
    """A coordinate from a cell's text, in any form of degrees or metres; None where it is neither.

    Minutes or seconds of 60 and more, and degrees beyond 180 (latitude 90), are None. With `packed`, 1202700 and 120.2700
    are read as degrees, minutes and seconds run together.
    """
    labelled = _strip_labels(_tidy(text))
    if labelled is None:
        return None
    body, side, hemisphere = labelled
    found = _body(body, packed)
    if found is None or not math.isfinite(found.value):
        return None
    is_angle = found.kind == "degrees" or (side is not None and abs(found.value) <= HALF_CIRCLE)
    limit = HALF_CIRCLE / 2 if side == "lat" else HALF_CIRCLE
    if (is_angle and abs(found.value) > limit) or (hemisphere < 0 and not is_angle):
        return None
    turn = -1.0 if hemisphere < 0 and found.value > 0 else 1.0
    others = tuple(turn * other for other in found.others)
    kind: Literal["degrees", "number"] = "degrees" if is_angle else "number"
    return Coordinate(turn * found.value, kind, side, found.resolution, others)


def split_pair(text: str | None) -> tuple[str, str] | None:
    """The two coordinates of one cell, in the order written; None where it holds one, three or none, or can be cut in two ways."""
    tidy = _tidy(text).removeprefix("POINT").strip()
    if not tidy or parse_number(tidy) is not None:
        return None
    for split in _SPLITS:
        cuts = [(tidy[: gap.start()], tidy[gap.end() :]) for gap in split.finditer(tidy)]
        read = [(pair, parse_number(pair[0]), parse_number(pair[1])) for pair in cuts]
        if any(one and other and one.side and one.side == other.side for _, one, other in read):
            return None  # two longitudes or two latitudes
        pairs = [pair for pair, one, other in read if one and other]
        even = [pair for pair in pairs if len(split.findall(pair[0])) == len(split.findall(pair[1]))]
        for found in (pairs, even):
            if len(found) == 1:
                return found[0]
    return None


def _tidy(text: str | None) -> str:
    """Half-width, upper case, one sign for each meaning, no brackets around or inside."""
    if text is None or len(text) > LONGEST:
        return ""
    plain = unicodedata.normalize("NFKC", text.translate(_SIGNS)).upper().translate(_SIGNS)
    plain = plain.replace("''", '"').replace("(", " ").replace(")", " ").strip(" ,;")
    return re.sub(r"[ \xa0]+", " ", plain).strip()


def _strip_labels(tidy: str) -> tuple[str, Side | None, int] | None:
    """(figures, side, hemisphere ±1 or 0) of a tidy cell; None where its labels contradict each other."""
    sides: set[Side] = set()
    hemispheres: set[int] = set()
    while label := _PREFIX.match(tidy) or _SUFFIX.search(tidy):
        side, hemisphere = _LABELS[label[1]]
        sides |= {side} if side else set()
        hemispheres |= {hemisphere} - {0}
        tidy = (tidy[: label.start()] + tidy[label.end() :]).strip()
    if len(sides) > 1 or len(hemispheres) > 1:
        return None
    return _METRES.sub("", tidy).translate(_UNITS), next(iter(sides), None), next(iter(hemispheres), 0)


def _body(body: str, packed: bool) -> Coordinate | None:
    if any(mark in body for mark in "°'\""):
        return _marked(body.replace(" ", "").replace(",", "."))
    if packed and (match := _PACKED.fullmatch(body)):
        return _sexagesimal(match[1], match[2], match[3], match[4])
    if match := _SEPARATED.fullmatch(body):
        parts = (match[1], match[2], match[4], match[5]) if match[2] else (match[6], match[7], match[8], None)
        return _sexagesimal(*parts)
    plain = _plain(body)
    unpacked = _unpacked(body) if plain is not None else None
    if plain is None or unpacked is None or unpacked.value == plain.value:
        return unpacked if packed and unpacked is not None else plain
    first, other = (unpacked, plain) if packed else (plain, unpacked)
    return Coordinate(first.value, first.kind, None, first.resolution, (other.value,))


def _marked(body: str) -> Coordinate | None:
    if body.endswith("°") and (match := _DECIMAL.fullmatch(body[:-1])):
        return Coordinate(float(match[0]), "degrees", None, 10.0 ** -len(match[2] or ""))
    match = _MARKED.fullmatch(body)
    return None if match is None else _sexagesimal(match[1], match[2], match[3], match[4])


def _sexagesimal(sign: str, degrees: str, minutes: str | None, seconds: str | None) -> Coordinate | None:
    if float(minutes or 0) >= 60 or float(seconds or 0) >= 60 or (seconds and "." in (minutes or "")):
        return None
    value = int(degrees) + float(minutes or 0) / 60 + float(seconds or 0) / 3600
    last = seconds or minutes or ""
    unit = 1 / 3600 if seconds else 1 / 60 if minutes else 1.0
    return Coordinate(-value if sign == "-" else value, "degrees", None, unit / 10 ** len(last.partition(".")[2]))


def _unpacked(body: str) -> Coordinate | None:
    """The ddd.mmss reading of a decimal, 120.2700 as 120°27′00″; None where the figures cannot be minutes and seconds."""
    match = _PACKED_DECIMAL.fullmatch(body)
    return None if match is None else _sexagesimal(match[1], match[2], match[3], f"{match[4]}.{match[5]}")


def _plain(body: str) -> Coordinate | None:
    """A number with any decimal or thousands separator; one comma before exactly three digits parts thousands."""
    if match := _GROUPED.fullmatch(body):
        body = re.sub("[, ]", "", match[1]) + (match[2] or "")
    elif match := _GROUPED_BY_DOTS.fullmatch(body):
        body = f"{match[1].replace('.', '')}.{match[2]}"
    elif match := _DECIMAL_COMMA.fullmatch(body):
        body = body.replace(",", ".")
    match = _DECIMAL.fullmatch(body)
    if match is None:
        return None
    exponent = int(match[3] or 0)
    return Coordinate(float(match[0]), "number", None, 10.0 ** (exponent - len(match[2] or "")))
