"""Problems and leads as people see them, and the words that every page shares.

`delivery/*.toml` picks a row set by `rows` (row_sets.py) and a column by `field`; a field of a problem is derived here.
"""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd

from pipeline.config import Origin, Place, Source
from pipeline.intake.words.codes import class_label, label, read_codes
from pipeline.text import say

AnyOrigin = TypeVar("AnyOrigin", bound=Origin)
Tables = dict[str, pd.DataFrame]
CLASSES = ("wetland", "forest", "grassland", "protected_area", "redline")


def is_numbered(problems: pd.DataFrame) -> bool:
    """Whether everything that may be accepted has its official number; until then a page is a draft."""
    has_number = problems["problem_id"].notna()
    return bool(has_number.any() and (has_number | problems["needs_review"].astype(bool)).all())


def marks_of(place: Place, is_accepted: bool, language: str) -> list[str]:
    """What every page must say of itself: invented, draft, internal, a clue and no verdict."""
    keys = (["invented"] if place.is_invented else []) + ([] if is_accepted else ["draft"]) + ["internal", "clue"]
    return [say(language, f"labels.{key}") for key in keys]


def named_outside(origins: Iterable[AnyOrigin]) -> list[AnyOrigin]:
    """The sources and layers that a page which leaves the office may name: no secret one, and no petition or report."""
    return [
        origin
        for origin in origins
        if origin.secrecy != "secret" and not (isinstance(origin, Source) and origin.kind == "reports")
    ]


def credits_of(origins: Iterable[Origin]) -> list[str]:
    """The attributions that must be shown, each once."""
    return list(dict.fromkeys(origin.attribution for origin in named_outside(origins) if origin.attribution))


def join_words(words: Any, language: str) -> str:
    """A list in one cell."""
    return ("、" if language == "zh" else ", ").join(str(word) for word in words)


def to_dms(degrees: float) -> str:
    """120°27′00.00″, counted in hundredths so that 60.00″ never shows."""
    hundredths = round(abs(degrees) * 360_000)
    minutes, rest = divmod(hundredths, 6_000)
    whole, minute = divmod(minutes, 60)
    return f"{'-' if degrees < 0 and hundredths else ''}{whole}°{minute:02d}′{rest / 100:05.2f}″"


def numbers_of(tables: Tables) -> dict[str, str]:
    """site_id → the number a listed problem is called by."""
    problems = tables["problems"]
    numbers = problems["problem_id"].where(problems["problem_id"].notna(), problems["candidate_id"])
    return dict(zip(problems["site_id"], numbers, strict=True))


def problem_rows(place: Place, tables: Tables, language: str) -> gpd.GeoDataFrame:
    """One row per suspected problem, in the order of the list."""
    problems = tables["problems"]
    source_codes = dict(zip(tables["leads"]["lead_id"], tables["leads"]["source_code"], strict=True))
    cells = []
    for problem in problems.to_dict("records"):
        codes = dict.fromkeys(source_codes[lead_id] for lead_id in problem["lead_ids"])
        numbered = isinstance(problem["problem_id"], str)
        cells.append(
            {
                "seq": problem["rank"],
                "number": problem["problem_id"] if numbered else problem["candidate_id"],
                "province": place.province,
                "city": place.city,
                "county": place.county,
                "lon_dms": to_dms(problem["lon"]),
                "lat_dms": to_dms(problem["lat"]),
                "sources": join_words([label("lead_sources", code, language) for code in codes], language),
                "lead_nos": join_words(problem["lead_ids"], language),
                "orig_nos": join_words(problem["orig_nos"], language),
                "periods": join_words(problem["periods"], language),
                "all_towns": join_words(problem["towns"], language),
                "activity_l1_name": label("activity_types", problem["activity_l1"], language),
                "activity_l2_name": label("activity_types", problem["activity_l2"], language),
                "change_name": label("change_types", problem["change_type"], language),
                "zone_name": label("pa_zones", problem["zone"], language),
                "grade_name": forest_grade_name(problem["forest_grade"], language),
                "relation_name": say(language, f"labels.relation_{problem['relation']}"),
                "priority_name": say(language, f"labels.priority_{problem['priority']}"),
                "vintage_flag": say(language, "labels.yes" if problem["vintage_ok"] is False else "labels.no"),
                "is_legacy": say(
                    language, "labels.yes" if isinstance(problem["known_problem_id"], str) else "labels.no"
                ),
                "is_rebound": say(language, "labels.yes" if problem["relation"] == "rebound" else "labels.no"),
                "review": problem["review_reason"] if problem["needs_review"] else "",
                "reason_text": reason_text(problem["reasons"], language),
                "note": describe_problem(problem, language),
                "state_name": label("states", "B1", language),
                "mark": "" if numbered else say(language, "labels.draft"),
                "remark": "",
            }
        )
    frame = problems.drop(columns=["orig_nos", "periods"]).reset_index(drop=True)
    words = pd.DataFrame(cells, index=frame.index, columns=None if cells else _PROBLEM_WORDS)
    return gpd.GeoDataFrame(frame.join(words), geometry="geometry", crs=problems.crs)


_PROBLEM_WORDS = [
    "seq", "number", "province", "city", "county", "lon_dms", "lat_dms", "sources", "lead_nos", "orig_nos", "periods",
    "all_towns", "activity_l1_name", "activity_l2_name", "change_name", "zone_name", "grade_name", "relation_name",
    "priority_name", "vintage_flag", "is_legacy", "is_rebound", "review", "reason_text", "note", "state_name", "mark",
    "remark",
]  # fmt: skip


def forest_grade_name(grade: Any, language: str) -> str:
    """Ⅱ级保护林地 / grade 2; "" where there is none."""
    if not isinstance(grade, str):
        return ""
    names = read_codes("forest_grades")
    found = names.loc[(names["scheme"] == "BH_DJ") & (names["code"] == grade), "name_zh"].tolist()
    return str(found[0]) if found and language == "zh" else grade


def reason_text(reasons_json: str, language: str) -> str:
    """Every reason with its points; they add up to the score."""
    mark = "（+{}）" if language == "zh" else " (+{})"
    parts = [reason["text"] + mark.format(reason["points"]) for reason in json.loads(reasons_json)]
    return ("；" if language == "zh" else "; ").join(parts)


def describe_problem(problem: dict[str, Any], language: str) -> str:
    """One sentence that a person may edit."""
    parts = [
        say(language, "list.note_part", name=class_label(name, language), ha=problem[f"{name}_m2"] / 10_000)
        for name in CLASSES
        if problem[f"{name}_m2"] > 0
    ]
    activity = label("activity_types", problem["activity_l2"], language)
    town = problem["town"] if isinstance(problem["town"], str) else ""
    return say(
        language, "list.note", town=town, activity=activity, ha=problem["area_m2"] / 10_000, parts="".join(parts)
    )


def lead_rows(tables: Tables, language: str) -> gpd.GeoDataFrame:
    """Leads in words; petitions, reports and media leads never leave the house as points."""
    leads = tables["leads"]
    leads = leads[leads["kind"] != "reports"].reset_index(drop=True)
    outcomes = dict(zip(tables["outcomes"]["lead_id"], tables["outcomes"]["outcome"], strict=True))
    words = leads.assign(
        source_name=[label("lead_sources", code, language) for code in leads["source_code"]],
        activity_name=[label("activity_types", code, language) for code in leads["activity_l2"]],
        change_name=[label("change_types", code, language) for code in leads["change_type"]],
        outcome_name=[say(language, f"labels.outcome_{outcomes[lead_id]}") for lead_id in leads["lead_id"]],
        all_towns=[join_words(towns, language) for towns in leads["towns"]],
    )
    return gpd.GeoDataFrame(words, geometry="geometry", crs=tables["leads"].crs)
