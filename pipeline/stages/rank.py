"""rank: how urgent each listed site is, with reasons, and in which order it stands on the list."""

import json
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.config import Place
from pipeline.declare import shape_table
from pipeline.intake.words.codes import class_label, label, read_codes
from pipeline.rules import CONSTRUCTION, RankRules
from pipeline.tables import PROBLEMS
from pipeline.text import say

KEY8_IN_CORE_ONLY = ("A33", "A41")  # hydropower and tourism are key types only in core and buffer zones


@dataclass(frozen=True)
class Reason:
    """One reason on the list, in words, with its points; one that names a source or rests on a secret layer stays off the
    field pack."""

    code: str
    points: int
    text: str
    names_source: bool = False
    is_secret: bool = False


def rank(judged: pd.DataFrame, place: Place, as_of: date, accepted: pd.DataFrame, crs: Any) -> gpd.GeoDataFrame:
    """Table problems from the listed rows of judge_sites (stages/verdicts.py), most urgent first.

    `accepted` (candidate_id, problem_id, lead_ids) gives the official numbers this cycle already has; a site keeps that of the
    problem whose first lead it holds, and no number ever depends on the order of the list.
    """
    listed = judged[judged["outcome"] == "listed"].reset_index(drop=True)
    sites = list(listed.itertuples())
    reasons = [_reasons(site, place) for site in sites]
    numbers = _numbers(listed, accepted)
    check_due = _working_days_later(as_of, place.rules.deadline.check_working_days, place)
    problems = listed.assign(
        candidate_id="C" + listed["site_id"].str[1:],
        relation=listed["relation"].astype(object).where(listed["relation"].notna(), "new"),
        admin_code=place.code,
        pa_name=[_joined(names, place.language) for names in listed["pa_names"]],
        pa_level=[_joined(levels, place.language) for levels in listed["pa_levels"]],
        wetland_name=[_joined(names, place.language) for names in listed["wetland_names"]],
        permits=[_joined(names, place.language) for names in listed["permits"]],
        priority=[_priority(site, place.rules.rank) for site in sites],
        score=[sum(reason.points for reason in own) for own in reasons],
        reasons=[_reasons_json(own) for own in reasons],
        department=[_department(place, site.activity_l1) for site in sites],
        check_due=check_due,
    )
    problems["problem_id"] = [numbers.get(site_id, [None])[0] for site_id in problems["site_id"]]
    taken = {lead_id for lead_ids in accepted["lead_ids"] for lead_id in lead_ids}
    asked = [_question(site, taken, numbers.get(site.site_id, []), place.language) for site in sites]
    problems = problems.assign(needs_review=[bool(question) for question in asked], review_reason=asked)
    order = problems.assign(lower=-problems["score"], smaller=-problems["new_m2"])
    problems = problems.loc[order.sort_values(["priority", "lower", "smaller", "candidate_id"], kind="stable").index]
    problems = problems.assign(rank=range(1, len(problems) + 1))
    return gpd.GeoDataFrame(shape_table(problems, PROBLEMS), geometry="geometry", crs=crs)


def _priority(site: Any, rules: RankRules) -> int:
    in_area = bool(site.zone)
    is_key = _is_key8(site.activity_l2) and site.activity_l2 not in KEY8_IN_CORE_ONLY
    is_inspection = any(code in rules.inspection_sources for code in site.source_codes)
    if site.zone in rules.strict_zones or (is_key and in_area) or is_inspection or site.relation == "rebound":
        return 1
    is_listed_wetland = any(grade in rules.important_levels for grade in site.wetland_grades)
    is_high_forest = str(site.forest_grade) in rules.high_forest_grades
    is_large_wetland = site.wetland_m2 >= rules.large_wetland_m2
    if in_area or site.redline_m2 > 0 or is_listed_wetland or is_high_forest or is_large_wetland:
        return 2
    return 3


@cache
def _is_key8(activity_l2: str) -> bool:
    return bool(read_codes("activity_types").loc[activity_l2, "key8"] == "1")


def _reasons(site: Any, place: Place) -> list[Reason]:
    """Every reason of a site; of each group only the strongest has points."""
    rules, language = place.rules.rank, place.language
    groups = [
        _zone_reasons(site, rules, language),
        _ecosystem_reasons(site, rules, language),
        [_activity_reason(site, rules, language)],
        [_area_reason(site, rules, language)],
        [_source_reason(site, rules, language)],
        _history_reasons(site, rules, language),
        _remarks(site, language),
    ]
    found = []
    for group in groups:
        strongest = max(group, key=lambda reason: reason.points, default=None)
        found += [reason if reason is strongest else replace(reason, points=0) for reason in group]
    if site.n_independent > 1:
        text = say(language, "rank.several_sources", n=site.n_independent)
        found.append(Reason("several_sources", rules.several_sources_points, text, names_source=True))
    return found


def _zone_reasons(site: Any, rules: RankRules, language: str) -> list[Reason]:
    reasons = []
    if site.zone:
        zone = label("pa_zones", site.zone, language)
        names = _joined(site.pa_names, language) or class_label("protected_area", language)
        text = say(language, "rank.zone", names=names, zone=zone, amount=_amount(site, "protected_area", language))
        points = rules.zone_points.get(site.zone, 0)
        reasons.append(Reason("zone", points, text, is_secret=_is_secret(site, "protected_area")))
    if site.redline_m2 > 0 or "redline" in site.voting:
        text = say(language, "rank.redline", amount=_amount(site, "redline", language))
        reasons.append(Reason("redline", rules.redline_points, text, is_secret=_is_secret(site, "redline")))
    return reasons


def _ecosystem_reasons(site: Any, rules: RankRules, language: str) -> list[Reason]:
    reasons = []
    if "wetland" in site.voting:
        names = _joined(site.wetland_names, language) or ""
        names = f" {names}" if names and language == "en" else names
        text = say(language, "rank.wetland", names=names, amount=_amount(site, "wetland", language))
        reasons.append(Reason("wetland", rules.wetland_points, text, is_secret=_is_secret(site, "wetland")))
    if "forest" in site.voting:
        grade = str(site.forest_grade) if pd.notna(site.forest_grade) else ""
        words = _forest_grades(language).get(grade, grade) or say(language, "rank.no_grade")
        text = say(language, "rank.forest", grade=words, amount=_amount(site, "forest", language))
        points = rules.forest_grade_points.get(grade, 0)
        reasons.append(Reason("forest", points, text, is_secret=_is_secret(site, "forest")))
    if "grassland" in site.voting:
        text = say(language, "rank.grassland", amount=_amount(site, "grassland", language))
        reasons.append(Reason("grassland", rules.grassland_points, text, is_secret=_is_secret(site, "grassland")))
    for name, area_m2 in site.other_hits:
        text = say(language, "rank.other_class", name=class_label(name, language), area=area_m2)
        reasons.append(Reason("other_class", rules.grassland_points, text, is_secret=_is_secret(site, name)))
    return reasons


def _is_secret(site: Any, *classes: str) -> bool:
    """Whether words on these classes would say what a secret layer holds."""
    return not set(classes).isdisjoint(site.secret_classes)


@cache
def _forest_grades(language: str) -> dict[str, str]:
    """Code of a forest protection grade → how a sentence calls it."""
    grades = read_codes("forest_grades").query("scheme == 'BH_DJ'")
    names = dict(zip(grades["code"], grades["name_zh"], strict=True))
    return names if language == "zh" else {code: f"grade {code}" for code in names}


def _amount(site: Any, name: str, language: str) -> str:
    """How much of the site lies on a class, in words; a point has no area."""
    if site.is_point:
        return say(language, "rank.amount_point", accuracy=site.position_accuracy_m)
    area_m2 = getattr(site, f"{name}_m2")
    area_m2 = float(area_m2) if pd.notna(area_m2) else 0.0
    return say(language, "rank.amount", area=area_m2, share=area_m2 / site.area_m2)


def _activity_reason(site: Any, rules: RankRules, language: str) -> Reason:
    words = label("activity_types", site.activity_l2, language)
    if site.activity_l2 in rules.low_impact_activities:
        return Reason("low_impact", rules.low_impact_points, say(language, "rank.low_impact", activity=words))
    if _is_key8(site.activity_l2):
        return Reason("key8", rules.activity_key8_points, say(language, "rank.key8", activity=words))
    if site.activity_l1 in CONSTRUCTION:
        return Reason("activity", rules.activity_points, say(language, "rank.activity", activity=words))
    return Reason("activity", rules.activity_other_points, say(language, "rank.other_activity", activity=words))


def _area_reason(site: Any, rules: RankRules, language: str) -> Reason:
    if site.is_point:
        return Reason("area", 0, say(language, "rank.point"))
    reached = [points for from_m2, points in rules.area_points if site.new_m2 >= from_m2]
    return Reason("area", max(reached, default=0), say(language, "rank.area", new=site.new_m2, area=site.area_m2))


def _source_reason(site: Any, rules: RankRules, language: str) -> Reason:
    best = min((_trust_rank(code) for code in site.source_codes), default="3")
    names = _joined([label("lead_sources", code, language) for code in site.source_codes], language)
    return Reason(
        "source", rules.trust_points.get(best, 0), say(language, "rank.source", names=names), names_source=True
    )


@cache
def _trust_rank(source_code: str) -> str:
    return str(read_codes("lead_sources")["trust_rank"].get(source_code, "3"))


def _history_reasons(site: Any, rules: RankRules, language: str) -> list[Reason]:
    if pd.isna(site.relation):
        return []
    points = {"rebound": rules.rebound_points, "grown": rules.grown_points}.get(site.relation, 0)
    return [Reason(site.relation, points, site.relation_reason)]


def _remarks(site: Any, language: str) -> list[Reason]:
    """What an officer should know and what earns no points."""
    remarks = []
    if site.permits:
        text = say(language, "rank.permit", names=_joined(site.permits, language))
        remarks.append(Reason("permit", 0, text, is_secret=_is_secret(site, "permit")))
    if site.vintage_ok is False:
        text = say(language, "rank.vintage")
        remarks.append(Reason("vintage", 0, text, is_secret=bool(site.secret_classes)))
    doubtful = [name for name in site.voting if getattr(site, f"{name}_low_m2", np.nan) == 0]
    if doubtful:
        names = _joined([class_label(name, language) for name in doubtful], language)
        text = say(language, "rank.uncertain", names=names)
        remarks.append(Reason("uncertain", 0, text, is_secret=_is_secret(site, *doubtful)))
    if site.uncovered:
        remarks.append(Reason("not_covered", 0, _not_covered(site, language)))
    if site.is_kept:
        remarks.append(Reason("kept", 0, site.outcome_reason))
    if site.other_cases:
        text = say(language, "rank.other_cases", cases=_joined(site.other_cases, language))
        remarks.append(Reason("other_cases", 0, text))
    if site.other_sites:
        text = say(language, "rank.other_sites", case=site.known_problem_id, n=len(site.other_sites))
        remarks.append(Reason("other_sites", 0, text))
    if site.absorbed_ids:
        text = say(language, f"rank.absorbed_{site.joined_by}", ids=_joined(list(site.absorbed_ids), language))
        remarks.append(Reason("absorbed", 0, text))
    return remarks


def _not_covered(site: Any, language: str) -> str:
    names = _joined([class_label(name, language) for name in site.uncovered], language)
    return say(language, "rank.not_covered", names=names)


def _numbers(listed: pd.DataFrame, accepted: pd.DataFrame) -> dict[str, list[str]]:
    """site_id → official numbers of this cycle whose first lead now stands in it: its own, then those of what it took in."""
    site_of = {
        lead_id[1:]: site.site_id for site in listed.itertuples() for lead_id in (*site.corrected_leads, *site.lead_ids)
    }
    found: dict[str, list[str]] = {}
    for row in accepted.sort_values("problem_id").itertuples():
        if (site_id := site_of.get(row.candidate_id[1:])) is not None:
            own = found.setdefault(site_id, [])
            own.insert(0 if row.candidate_id[1:] == site_id[1:] else len(own), row.problem_id)
    return {site_id: list(dict.fromkeys(own)) for site_id, own in found.items()}


def _question(site: Any, accepted_leads: set[str], numbers: list[str], language: str) -> str | None:
    """What a person has to decide before the problem can be accepted; None when nothing."""
    if len(numbers) > 1 and not site.is_kept:
        return say(language, "rank.accepted_as_several", ids=_joined(numbers, language))
    if accepted_leads & set(site.corrected_leads) and not site.is_kept:
        return say(language, "rank.corrected_after_accept")
    if site.relation == "review":
        return str(site.relation_reason)
    if site.needs_review:
        return str(site.review_reason)
    return _not_covered(site, language) if not site.voting and not site.is_kept else None


def _joined(words: list[str], language: str) -> str | None:
    return ("、" if language == "zh" else ", ").join(words) or None


def _reasons_json(reasons: list[Reason]) -> str:
    return json.dumps([reason.__dict__ for reason in reasons], ensure_ascii=False)


def _department(place: Place, activity_l1: Any) -> str:
    known = activity_l1 if isinstance(activity_l1, str) else ""
    return place.departments.get(known) or place.departments.get("", "")


def _working_days_later(day: date, days: int, place: Place) -> str:
    holidays = [holiday.isoformat() for holiday in place.holidays]
    return str(np.busday_offset(day.isoformat(), days, roll="forward", holidays=holidays))
