"""Land-class codes, which mean something only together with their scheme: never guessed from the code alone.

Schemes: sandiao (三调), gbt21010, yongdi2020, yongdi2023 (用地用海), lincao (林草湿). There is a table of sandiao, and
through its same-name crosswalk a partial one of both yongdi; codes of the other two are kept and mean nothing here.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple, TypedDict

from pipeline.intake.words.codes import read_codes, tidy_word
from pipeline.text import say

SCHEMES = ("sandiao", "gbt21010", "yongdi2020", "yongdi2023", "lincao")
PLAN_CLASSES = ("plan_wetland", "plan_forest", "plan_grass")
YONGDI_NAMES = {"0504": "其他沼泽地"}  # called otherwise than its 三调 class
_SUB_CLASS = {  # 可调整 (K) and other letters of 三调, six figures of 用地用海
    "sandiao": re.compile(r"(\d{4})[A-Z]", re.A),
    "yongdi2020": re.compile(r"(\d{4})\d{2}", re.A),
    "yongdi2023": re.compile(r"(\d{4})\d{2}", re.A),
}


class LandClass(TypedDict):
    """What a code means: the class's name, and whether the plan counts it as wetland, forest, grassland.

    `code` is the class in the scheme's table: 1107 for 1107A, which has no row of its own.
    """

    code: str
    name: str
    plan_wetland: bool
    plan_forest: bool
    plan_grass: bool


class SchemeFit(NamedTuple):
    """A scheme and the share (0–1) of the named codes that are called so in it."""

    scheme: str
    share: float


def tidy_code(code: str, name: str | None, scheme: str, language: str = "zh") -> tuple[str, str | None]:
    """The code in one shape – half-width, upper case, no `.0` – and what a person should know of it.

    A leading zero that a spreadsheet dropped (`303`) is given back only where the class of that code in `scheme` bears
    `name`. A name that is another class's is noted, never acted on.
    """
    tidy = "".join(tidy_word(code).upper().split()).removesuffix(".0")
    called = _plain_name(name)
    own, padded = meaning(tidy, scheme), meaning(f"0{tidy}", scheme)
    if own and (not called or _is_called(own, called)):
        doubtful = padded is not None and not called  # 201 is 城市 or, its zero lost, 果园
        return tidy, say(language, "areas.code_zero_open", found=tidy) if doubtful else None
    if padded and called and _is_called(padded, called):
        return f"0{tidy}", say(language, "areas.code_zero", found=tidy, code=f"0{tidy}", name=called)
    if own and (own["code"] == tidy or any(_is_called(other, called) for other in _classes(scheme).values())):
        title = say(language, f"areas.scheme_{scheme}")
        values = {"code": tidy, "scheme": title, "expected": own["name"], "name": called}
        return tidy, say(language, "areas.code_other_name", **values)
    return tidy, say(language, "areas.code_zero_open", found=tidy) if padded else None


def meaning(code: str, scheme: str | None) -> LandClass | None:
    """What a tidy code means in `scheme`; None without a scheme (0303 is 红树林地 or 灌木林地) or where no table has it.

    A sub-class without a row of its own (1107A, 100101) means what its four-figure class does.
    """
    if scheme not in _SUB_CLASS:
        return None
    table, sub_class = _classes(scheme), _SUB_CLASS[scheme].fullmatch(code)
    return table.get(code) or (table.get(sub_class[1]) if sub_class else None)


def scheme_that_fits(pairs: Iterable[tuple[str, str]]) -> list[SchemeFit]:
    """The schemes whose names fit pairs of (code, name), best first: evidence for a person, who decides.

    Pairs without a name count for nothing. The yongdi tables are partial, so their shares are lower bounds.
    """
    named = [(tidy_word(code).upper(), called) for code, name in pairs if (called := _plain_name(name))]
    fits = []
    for scheme in SCHEMES:
        readings = [(called, [meaning(code, scheme), meaning(f"0{code}", scheme)]) for code, called in named]
        hits = sum(any(found and _is_called(found, called) for found in classes) for called, classes in readings)
        if hits:
            fits.append(SchemeFit(scheme, hits / len(named)))
    return sorted(fits, key=lambda fit: -fit.share)


@cache
def _classes(scheme: str) -> dict[str, LandClass]:
    """Code → class in a scheme that has a table; where 三调 splits a class (1704 坑塘水面), its first row stands for it."""
    column, names = ("code", {}) if scheme == "sandiao" else ("yongdi_code", YONGDI_NAMES)
    classes: dict[str, LandClass] = {}
    for row in read_codes("sandiao_classes").to_dict("records"):
        code = str(row[column])
        if scheme == "yongdi2020" and code == "2303":
            code = "2302"  # 田坎 in the trial list
        wetland, forest, grass = (row[plan_class] == "1" for plan_class in PLAN_CLASSES)
        found: LandClass = {
            "code": code,
            "name": names.get(code, str(row["name_zh"])),
            "plan_wetland": wetland,
            "plan_forest": forest,
            "plan_grass": grass,
        }
        if code:
            classes.setdefault(code, found)
    return classes


def _plain_name(name: str | None) -> str:
    return "".join(tidy_word(name).split()).removeprefix("可调整").replace("其它", "其他")


def _is_called(found: LandClass, called: str) -> bool:
    return found["name"].removeprefix("可调整") == called
