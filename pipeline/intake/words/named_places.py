"""Places named in words, found in a gazetteer: a list of candidates with a circle and a reason each, never one winner."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pypinyin import lazy_pinyin
from rapidfuzz.distance import OSA

from pipeline.intake.words.directions import move_circle
from pipeline.intake.words.gazetteer import LONGER_NAME, SUFFIX, SUFFIX_AT_END, Gazetteer, Index, NamedPlace, tidy_text
from pipeline.intake.words.suggest import DISTINGUISHING, may_be_slip, one_less, rough, sounds
from pipeline.intake.words.towns import bare_town, towns_named
from pipeline.text import say

# scores are set, not measured: they put candidates in an order, and nobody should read more into them
FIT = {"exact": 1.0, "alike": 0.85, "near": 0.7, "letter": 0.6}  # how well a name is met
NO_SUFFIX, SHORT_NAME, UNCLEAR_EDGE = 0.95, 0.8, 0.7  # factors for what leaves a doubt
TOWN = {"town_agrees": 1.0, "town_not_given": 0.9, "town_differs": 0.6}
EXACT_ONLY = ("poi", "town")  # kinds whose short names are everyday words
_CLEAR_RIGHT = re.compile(
    r"$|[^一-鿿]|[以之东西南北附周旁边境口内里处的有被在与和及至到一某上下后前违非擅私乱占毁挖采建发存反]"
)
_CLEAR_LEFT = re.compile(r"[^一-鿿]|[省市县区镇乡村屯组处道社在于到至由从因对向与和及是为有的了据映报发往近距离]")


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


class _Match(NamedTuple):
    place: int
    start: int
    end: int  # after the suffix
    how: str  # a key of FIT
    fit: float
    is_unclear: bool = False


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
    words, index = tidy_text(text), gazetteer.index
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


def _windows(words: str, shortest: int, longest: int) -> Iterator[tuple[int, int]]:
    for start in range(len(words)):
        for end in range(start + shortest, min(start + longest, len(words)) + 1):
            yield start, end


def _exact(words: str, gazetteer: Gazetteer) -> Iterator[_Match]:
    index = gazetteer.index
    for start, end in _windows(words, 2, index.longest):
        for number, core in index.exact.get(words[start:end], ()):
            kind, suffix = gazetteer.places[number].kind, SUFFIX.match(words, start + len(core))
            is_whole = kind in EXACT_ONLY or bool(SUFFIX_AT_END.search(words[start:end]))
            is_bare_short = not (is_whole or suffix) and len(core) == 2
            if (kind == "town" and suffix) or (not (is_whole or suffix) and LONGER_NAME.match(words, end)):
                continue
            if is_bare_short and not _CLEAR_RIGHT.match(words, end):
                continue
            fit = 1.0 if is_whole else SHORT_NAME if is_bare_short else NO_SUFFIX
            is_unclear = not _is_clear_left(words, start, is_bare_short, index)
            tail = max(end, suffix.end() if suffix else end)
            yield _Match(number, start, tail, "exact", fit * (UNCLEAR_EDGE if is_unclear else 1), is_unclear)


def _is_clear_left(words: str, start: int, is_bare_short: bool, index: Index) -> bool:
    """Whether a name begins here: 东山村 may be the end of 小东山村."""
    if start == 0 or words[:start].endswith((*index.town_forms, "目前", "日前", "以前", "之前")):
        return True
    before = words[start - 1]
    return bool(_CLEAR_LEFT.match(before)) if is_bare_short else before not in DISTINGUISHING


def _is_place(words: str, start: int, end: int, is_long: bool, index: Index) -> bool:
    """Whether a place is named here: 村 or the like follows, a township precedes, or the name is long and ends here."""
    if SUFFIX.match(words, end) or words[:start].endswith(index.town_forms):
        return True
    return is_long and not LONGER_NAME.match(words, end)


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
    suffix = SUFFIX.match(words, end)
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
    circle = move_circle(place, radius_m, rest, language)
    why = [
        say(language, f"gazetteer.{match.how}", name=place.names[0]),
        *([say(language, "gazetteer.unclear_edge")] if match.is_unclear else []),
        *([say(language, f"gazetteer.{town}", town=place.town)] if place.town else []),
        *([circle.moved] if circle.moved else []),
    ]
    score = round(match.fit * TOWN[town], 3)
    reason = say(language, "gazetteer.clause_comma").join(why)
    at = (circle.lon, circle.lat, circle.radius_m)
    return PlaceCandidate(place.names[0], place.kind, place.town, *at, score, reason)
