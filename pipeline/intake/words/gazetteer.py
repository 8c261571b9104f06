"""Places named in words, found in a gazetteer: a list of candidates with a circle and a reason each, never one winner."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pypinyin import lazy_pinyin
from pyproj import Geod
from rapidfuzz.distance import OSA

from pipeline.intake.words.codes import tidy_word
from pipeline.intake.words.suggest import DISTINGUISHING, may_be_slip, one_less, rough, sounds
from pipeline.intake.words.towns import bare_town, read_facts, towns_named
from pipeline.text import say

COLUMNS = ("name", "kind", "town", "lon", "lat", "aliases")
KINDS = ("village", "group", "poi", "town")
# scores are set, not measured: they put candidates in an order, and nobody should read more into them
FIT = {"exact": 1.0, "alike": 0.85, "near": 0.7, "letter": 0.6}  # how well a name is met
NO_SUFFIX, SHORT_NAME, UNCLEAR_EDGE = 0.95, 0.8, 0.7  # factors for what leaves a doubt
TOWN = {"town_agrees": 1.0, "town_not_given": 0.9, "town_differs": 0.6}
EXACT_ONLY = ("poi", "town")  # kinds whose short names are everyday words
MAX_SHIFT_M = 20_000  # farther than across a district, nobody gives a place by a village
_DEGREES = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?", re.ASCII)
_DIGITS = dict(zip("123456789", "一二三四五六七八九", strict=True))
_GROUP_DIGIT = re.compile(r"(?<!\d)[1-9](?=(?:村民)?小?组)")
_SETTLEMENT = r"村民委员会|村委会|居民委员会|居委会|自然村|行政村|村民小组|村民组|社区|村|屯(?!村)|组"
_SUFFIX = re.compile(_SETTLEMENT)
_SUFFIX_AT_END = re.compile(rf"(?:{_SETTLEMENT})$")
_NO_NUMBER_BEFORE = r"(?<=..)(?<![一二三四五六七八九十\d])"  # 三组 is a name only with its 组
_LOSES_SUFFIX = re.compile(_NO_NUMBER_BEFORE + _SUFFIX_AT_END.pattern)
_LONGER = re.compile(r"[^\W和与及至到在的有是从离距附以]{1,3}(?:村|屯|社区|组|营子)|[镇乡区县市路街]")
_CLEAR_RIGHT = re.compile(
    r"$|[^一-鿿]|[以之东西南北附周旁边境口内里处的有被在与和及至到一某上下后前违非擅私乱占毁挖采建发存反]"
)
_CLEAR_LEFT = re.compile(r"[^一-鿿]|[省市县区镇乡村屯组处道社在于到至由从因对向与和及是为有的了据映报发往近距离]")


class NamedPlace(NamedTuple):
    """One place of a gazetteer, its name first and then its aliases; degrees as the file gives them (CGCS2000)."""

    names: tuple[str, ...]
    kind: str  # village, group, poi or town
    town: str
    lon: float
    lat: float


class PlaceCandidate(NamedTuple):
    """A place that a text may mean: the circle (degrees, metres), how likely (0–1) and why, in words."""

    name: str
    kind: str
    town: str
    lon: float
    lat: float
    radius_m: float
    score: float
    why: str


class _Index(NamedTuple):
    """What is looked up for each piece of a text; the lists hold (number of the place, its name without suffix)."""

    exact: dict[str, list[tuple[int, str]]]
    sound: dict[str, list[tuple[int, str]]]
    shorter: dict[str, list[tuple[int, str]]]  # names with one character left out
    longest: int
    towns: tuple[str, ...]
    town_forms: tuple[str, ...]  # with and without 街道, 镇, 乡


class _Match(NamedTuple):
    place: int
    start: int
    end: int  # after the suffix
    how: str  # a key of FIT
    fit: float
    is_unclear: bool = False


@dataclass(frozen=True)
class Gazetteer:
    """The places of a file; `faults` says which rows were left out and why."""

    places: tuple[NamedPlace, ...]
    faults: tuple[str, ...] = ()

    @cached_property
    def index(self) -> _Index:
        """Made when first asked for: turning names to pinyin takes longer than reading them."""
        exact, sound, shorter = defaultdict(list), defaultdict(list), defaultdict(list)
        for number, place in enumerate(self.places):
            for name in dict.fromkeys(_tidy(name) for name in place.names):
                core = _core(name, place.kind)
                for key in {name, core}:
                    exact[key].append((number, core))
                if place.kind == "town":
                    continue
                for key in {rough(sounds(core)), rough(lazy_pinyin(core))}:  # 长 alone and 长 in its word
                    sound[key].append((number, core))
                for key in one_less(core) if len(core) > 2 else ():
                    shorter[key].append((number, core))
        named = dict.fromkeys(_tidy(place.names[0] if place.kind == "town" else place.town) for place in self.places)
        towns = tuple(town for town in named if town)
        forms = (*towns, *map(bare_town, towns))
        return _Index(dict(exact), dict(sound), dict(shorter), max(map(len, exact), default=0), towns, forms)


def read_gazetteer(path: Path, language: str = "zh") -> Gazetteer:
    """A CSV of name, kind (village, group, poi, town), town, lon, lat (decimal degrees) and aliases (split by |).

    Rows that cannot be used are left out and told in `faults`. Raises InputError for a file that cannot be read or
    lacks a column.
    """
    places, faults = [], []
    for number, cells in read_facts(path, COLUMNS, language):
        lon, lat = (float(cells[side]) if _DEGREES.fullmatch(cells[side]) else None for side in ("lon", "lat"))
        names = tuple(name.strip() for name in (cells["name"], *cells["aliases"].split("|")) if name.strip())
        checks = {
            "name": len(_tidy(cells["name"])) > 1,
            "kind": cells["kind"] in KINDS,
            "lon": lon is not None and -180 <= lon <= 180,
            "lat": lat is not None and -90 <= lat <= 90,
        }
        wrong = [column for column, is_good in checks.items() if not is_good]
        if wrong or lon is None or lat is None:
            faults.append(say(language, "gazetteer.bad_row", file=path.name, row=number, columns=", ".join(wrong)))
        else:
            places.append(NamedPlace(names, cells["kind"], cells["town"], lon, lat))
    return Gazetteer(tuple(places), tuple(faults))


def find_places(
    text: str,
    gazetteer: Gazetteer,
    radii_m: Mapping[str, float],
    limit: int = 5,
    town: str | None = None,
    language: str = "zh",
) -> list[PlaceCandidate]:
    """The places `text` may mean, most likely first, at most `limit`; [] when it names none.

    Names are met exactly, by sound (青溪 for 清溪) or with one character wrong. `radii_m` is the circle of each kind;
    kinds it lacks are not sought. `town` is the township given beside the text. A direction or distance after a name
    moves the circle. A place's township, where the text names one, weighs more than how well its name is met.
    """
    words, index = _tidy(text), gazetteer.index
    towns = towns_named(words, index.towns) | ({bare_town(town)} if town else set())
    found = [*_exact(words, gazetteer), *_by_sound(words, gazetteer), *_by_letter(words, gazetteer)]
    found = [match for match in found if gazetteer.places[match.place].kind in radii_m]
    kept = _settle(found, gazetteer, towns)
    if any(gazetteer.places[match.place].kind != "town" for match in kept):  # then the township only narrows
        kept = [match for match in kept if gazetteer.places[match.place].kind != "town"]
    candidates: dict[int, PlaceCandidate] = {}
    for match in kept:
        place = gazetteer.places[match.place]
        until = min((other.start for other in kept if other.start >= match.end), default=len(words))
        candidate = _candidate(match, place, towns, radii_m[place.kind], words[match.end : until], language)
        if match.place not in candidates or candidate.score > candidates[match.place].score:
            candidates[match.place] = candidate
    return sorted(candidates.values(), key=lambda c: (-c.score, c.radius_m, c.name, c.town))[:limit]


def _tidy(text: str) -> str:
    """Half-width, without blanks, 3组 as 三组."""
    return _GROUP_DIGIT.sub(lambda digit: _DIGITS[digit[0]], "".join(tidy_word(text).split()))


def _core(name: str, kind: str) -> str:
    """The name without 村, 社区, 组 …; two characters stay, and a group that is only a number keeps its 组."""
    if kind == "town":
        bare = bare_town(name)
        return bare if len(bare) > 2 else name  # 光明, 前进 and 双塔 are everyday words
    return name if kind == "poi" else _LOSES_SUFFIX.sub("", name)


def _windows(words: str, shortest: int, longest: int) -> Iterator[tuple[int, int]]:
    for start in range(len(words)):
        for end in range(start + shortest, min(start + longest, len(words)) + 1):
            yield start, end


def _exact(words: str, gazetteer: Gazetteer) -> Iterator[_Match]:
    index = gazetteer.index
    for start, end in _windows(words, 2, index.longest):
        for number, core in index.exact.get(words[start:end], ()):
            kind, suffix = gazetteer.places[number].kind, _SUFFIX.match(words, start + len(core))
            is_whole = kind in EXACT_ONLY or bool(_SUFFIX_AT_END.search(words[start:end]))
            is_bare_short = not (is_whole or suffix) and len(core) == 2
            if (kind == "town" and suffix) or (not (is_whole or suffix) and _LONGER.match(words, end)):
                continue
            if is_bare_short and not _CLEAR_RIGHT.match(words, end):
                continue
            fit = 1.0 if is_whole else SHORT_NAME if is_bare_short else NO_SUFFIX
            is_unclear = not _is_clear_left(words, start, is_bare_short, index)
            tail = max(end, suffix.end() if suffix else end)
            yield _Match(number, start, tail, "exact", fit * (UNCLEAR_EDGE if is_unclear else 1), is_unclear)


def _is_clear_left(words: str, start: int, is_bare_short: bool, index: _Index) -> bool:
    """Whether a name begins here: 东山村 may be the end of 小东山村."""
    if start == 0 or words[:start].endswith((*index.town_forms, "目前", "日前", "以前", "之前")):
        return True
    before = words[start - 1]
    return bool(_CLEAR_LEFT.match(before)) if is_bare_short else before not in DISTINGUISHING


def _is_place(words: str, start: int, end: int, is_long: bool, index: _Index) -> bool:
    """Whether a place is named here: 村 or the like follows, a township precedes, or the name is long and ends here."""
    if _SUFFIX.match(words, end) or words[:start].endswith(index.town_forms):
        return True
    return is_long and not _LONGER.match(words, end)


def _by_sound(words: str, gazetteer: Gazetteer) -> Iterator[_Match]:
    index, syllables = gazetteer.index, sounds(words)
    for start, end in _windows(words, 2, index.longest):
        for number, core in index.sound.get(rough(syllables[start:end]), ()):
            piece = words[start:end]
            if piece == core or not may_be_slip(piece, core):
                continue
            is_same = sounds(piece) in (sounds(core), tuple(lazy_pinyin(core)))
            if _is_place(words, start, end, len(core) > 2, index):
                yield _inexact(words, number, start, end, "alike" if is_same else "near")


def _by_letter(words: str, gazetteer: Gazetteer) -> Iterator[_Match]:
    index = gazetteer.index
    for start, end in _windows(words, 3, index.longest + 1):
        piece = words[start:end]
        shorter = one_less(piece)
        near = {hit for key in (piece, *shorter) for hit in index.shorter.get(key, ())}
        near |= {hit for key in shorter if len(key) > 2 for hit in index.exact.get(key, ())}
        for number, core in sorted(near):
            is_long = min(len(piece), len(core)) > 3  # with three characters one wrong is a third of the name
            if (
                gazetteer.places[number].kind != "town"
                and _is_place(words, start, end, is_long, index)
                and OSA.distance(piece, core) == 1
                and may_be_slip(piece, core)
            ):
                yield _inexact(words, number, start, end, "letter")


def _inexact(words: str, number: int, start: int, end: int, how: str) -> _Match:
    suffix = _SUFFIX.match(words, end)
    return _Match(number, start, suffix.end() if suffix else end, how, FIT[how] * (1 if suffix else NO_SUFFIX))


def _settle(found: list[_Match], gazetteer: Gazetteer, towns: set[str]) -> list[_Match]:
    """Without the matches that a better one on the same characters explains."""
    kept: list[_Match] = []
    weight = {match.place: TOWN[_town_word(gazetteer.places[match.place], towns)] for match in found}
    for match in sorted(found, key=lambda m: (m.how != "exact", m.start - m.end, -weight[m.place], -m.fit)):
        if not any(_explains(better, match, weight[better.place] - weight[match.place]) for better in kept):
            kept.append(match)
    return kept


def _explains(better: _Match, match: _Match, better_town_by: float) -> bool:
    """Whether they overlap and the one is longer, or named exactly, and in no worse a township."""
    if min(better.end, match.end) <= max(better.start, match.start) or better_town_by < 0:
        return False  # the right township may make up for a worse name
    is_inside = better.start <= match.start and match.end <= better.end
    is_longer = is_inside and better.end - better.start > match.end - match.start
    return is_longer or (better.how == "exact" and (match.how != "exact" or better_town_by > 0))


def _town_word(place: NamedPlace, towns: set[str]) -> str:
    """A key of TOWN."""
    if not towns or not place.town:
        return "town_not_given"
    return "town_agrees" if bare_town(place.town) in towns else "town_differs"


def _candidate(
    match: _Match, place: NamedPlace, towns: set[str], radius_m: float, rest: str, language: str
) -> PlaceCandidate:
    """`rest` is the text after the name, up to the next name."""
    town = _town_word(place, towns)
    lon, lat, radius_m, moved = _move(place, radius_m, rest, language)
    why = [
        say(language, f"gazetteer.{match.how}", name=place.names[0]),
        *([say(language, "gazetteer.unclear_edge")] if match.is_unclear else []),
        *([say(language, f"gazetteer.{town}", town=place.town)] if place.town else []),
        *([moved] if moved else []),
    ]
    score = round(match.fit * TOWN[town], 3)
    reason = say(language, "gazetteer.clause_comma").join(why)
    return PlaceCandidate(place.names[0], place.kind, place.town, lon, lat, radius_m, score, reason)


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


def _move(place: NamedPlace, radius_m: float, rest: str, language: str) -> tuple[float, float, float, str | None]:
    """(lon, lat, radius in metres, what was done) after the direction and distance that `rest` begins with."""
    both, ring, side_only = _SIDE_AND_DISTANCE.match(rest), _DISTANCE_ALONE.match(rest), _SIDE_ALONE.match(rest)
    far = both or ring
    distance_m = None if far is None else _metres(far["number"], far["unit"], far["half"])
    if distance_m is not None and distance_m > MAX_SHIFT_M:
        return place.lon, place.lat, radius_m, say(language, "gazetteer.too_far", limit_km=MAX_SHIFT_M // 1000)
    if both and distance_m is not None:
        # by eye a distance is good to a third; and people count from the last houses as often as from the middle
        around_m = max(100.0, 0.3 * distance_m, radius_m / 5)
        return _shift(place, both["side"], distance_m, around_m, "moved", language)
    if ring and distance_m is not None:
        words = say(language, "gazetteer.ring", distance_m=round(distance_m))
        return place.lon, place.lat, max(radius_m, 1.3 * distance_m), words
    if side_only and not _LONGER.match(rest, side_only.end()):
        return _shift(place, side_only["side"], 0.5 * radius_m, 0.7 * radius_m, "moved_half", language)
    if _IN_PLACE.match(rest):  # the houses, not all the land of the village
        return place.lon, place.lat, 0.5 * radius_m, say(language, "gazetteer.in_place")
    return place.lon, place.lat, radius_m, None


def _shift(
    place: NamedPlace, side: str, distance_m: float, radius_m: float, key: str, language: str
) -> tuple[float, float, float, str]:
    azimuth_deg, word = SIDES[side]
    lon, lat, _ = GEOD.fwd(place.lon, place.lat, azimuth_deg, distance_m)
    named = say(language, f"gazetteer.{word}")
    return float(lon), float(lat), radius_m, say(language, f"gazetteer.{key}", side=named, distance_m=round(distance_m))


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
