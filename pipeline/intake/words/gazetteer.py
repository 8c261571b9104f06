"""A gazetteer: the named places of a county with their aliases, and the index by which names are looked up in a text."""

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pypinyin import lazy_pinyin

from pipeline.intake.words.codes import tidy_word
from pipeline.intake.words.suggest import one_less, rough, sounds
from pipeline.intake.words.towns import bare_town, read_facts
from pipeline.text import say

COLUMNS = ("name", "kind", "town", "lon", "lat", "aliases")
KINDS = ("village", "group", "poi", "town")
_DEGREES = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?", re.ASCII)
_DIGITS = dict(zip("123456789", "一二三四五六七八九", strict=True))
_GROUP_DIGIT = re.compile(r"(?<!\d)[1-9](?=(?:村民)?小?组)")
_SETTLEMENT = r"村民委员会|村委会|居民委员会|居委会|自然村|行政村|村民小组|村民组|社区|村|屯(?!村)|组"
SUFFIX = re.compile(_SETTLEMENT)
SUFFIX_AT_END = re.compile(rf"(?:{_SETTLEMENT})$")
_NO_NUMBER_BEFORE = r"(?<=..)(?<![一二三四五六七八九十\d])"  # 三组 is a name only with its 组
_LOSES_SUFFIX = re.compile(_NO_NUMBER_BEFORE + SUFFIX_AT_END.pattern)
LONGER_NAME = re.compile(r"[^\W和与及至到在的有是从离距附以]{1,3}(?:村|屯|社区|组|营子)|[镇乡区县市路街]")


class NamedPlace(NamedTuple):
    """One place of a gazetteer, its name first and then its aliases; degrees as the file gives them (CGCS2000)."""

    names: tuple[str, ...]
    kind: str  # village, group, poi or town
    town: str
    lon: float
    lat: float


class Index(NamedTuple):
    """What is looked up for each piece of a text; the lists hold (number of the place, its name without suffix)."""

    exact: dict[str, list[tuple[int, str]]]
    sound: dict[str, list[tuple[int, str]]]
    shorter: dict[str, list[tuple[int, str]]]  # names with one character left out
    longest: int
    towns: tuple[str, ...]
    town_forms: tuple[str, ...]  # with and without 街道, 镇, 乡


@dataclass(frozen=True)
class Gazetteer:
    """The places of a file; `faults` says which rows were left out and why."""

    places: tuple[NamedPlace, ...]
    faults: tuple[str, ...] = ()

    @cached_property
    def index(self) -> Index:
        """Made when first asked for: turning names to pinyin takes longer than reading them."""
        exact, sound, shorter = defaultdict(list), defaultdict(list), defaultdict(list)
        for number, place in enumerate(self.places):
            for name in dict.fromkeys(tidy_text(name) for name in place.names):
                core = name_core(name, place.kind)
                for key in {name, core}:
                    exact[key].append((number, core))
                if place.kind == "town":
                    continue
                for key in {rough(sounds(core)), rough(lazy_pinyin(core))}:  # 长 alone and 长 in its word
                    sound[key].append((number, core))
                for key in one_less(core) if len(core) > 2 else ():
                    shorter[key].append((number, core))
        named = dict.fromkeys(
            tidy_text(place.names[0] if place.kind == "town" else place.town) for place in self.places
        )
        towns = tuple(town for town in named if town)
        forms = (*towns, *map(bare_town, towns))
        return Index(dict(exact), dict(sound), dict(shorter), max(map(len, exact), default=0), towns, forms)


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
            "name": len(tidy_text(cells["name"])) > 1,
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


def tidy_text(text: str) -> str:
    """A text or name in the form names are looked up in: half-width, without blanks, 3组 as 三组."""
    return _GROUP_DIGIT.sub(lambda digit: _DIGITS[digit[0]], "".join(tidy_word(text).split()))


def name_core(name: str, kind: str) -> str:
    """The name without 村, 社区, 组 …; two characters stay, and a group that is only a number keeps its 组."""
    if kind == "town":
        bare = bare_town(name)
        return bare if len(bare) > 2 else name  # 光明, 前进 and 双塔 are everyday words
    return name if kind == "poi" else _LOSES_SUFFIX.sub("", name)
