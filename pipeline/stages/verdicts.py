"""verdicts: what becomes of each site – listed, known, or set aside as on no layer (E4) or too small (E3); persons go first."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.config import Place
from pipeline.intake.words.codes import class_label
from pipeline.rules import CONSTRUCTION, CORE_ZONES, Rules
from pipeline.text import say


def judge_sites(facts: pd.DataFrame, place: Place, fates: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """`facts` with `outcome` (listed, known, set_aside), `set_aside_reason` (E-code), `outcome_reason` in words, `is_kept`.

    `fates` (stages/fates.py): what persons said of a site, by site_id or by the problem_id of the ground they judged.
    """
    fates = fates or {}
    verdicts = [_verdict(site, place, fates) for site in facts.itertuples()]
    names = ["outcome", "set_aside_reason", "outcome_reason"]
    judged = facts.join(pd.DataFrame(verdicts, columns=names, index=facts.index))
    return judged.assign(is_kept=judged["site_id"].isin(list(fates)))


def _verdict(site: Any, place: Place, fates: Mapping[str, Any]) -> tuple[str, str | None, str]:
    """Known first; then E4, for growth too; then E3, never for growth, rebound and points.

    Before all that: what a person said; and a site whose position is in doubt is listed, whatever it seems to lie on. Keeping
    a site lifts what was said of the ground it is, never that it is a known case.
    """
    fate = _fate(site, fates)
    if fate is not None and fate.decision == "leave_out":
        return "set_aside", fate.value, fate.words
    if fate is not None and fate.decision == "not_a_problem":
        return "known", None, fate.words
    if isinstance(site.doubt, str):
        return "listed", None, say(place.language, "rank.listed")
    if site.relation == "same" and str(site.known_problem_id) not in fates:
        return "known", None, site.relation_reason
    if fate is not None:
        return "listed", None, fate.words
    if not site.voting and not site.uncovered:
        return "set_aside", "E4", _why_e4(site, place)
    smallest_m2 = _smallest_m2(site, place.rules)
    if not site.is_point and site.relation not in ("grown", "rebound") and site.area_m2 < smallest_m2:
        return "set_aside", "E3", say(place.language, "rank.e3", area=site.area_m2, smallest=smallest_m2)
    return "listed", None, say(place.language, "rank.listed")


def _fate(site: Any, fates: Mapping[str, Any]) -> Any:
    """What a person said of the site itself, else of the ground that it is (and not where it only grew from it)."""
    if site.site_id in fates or site.relation != "same":
        return fates.get(site.site_id)
    own_ground = "N" + site.site_id[1:]
    is_own = own_ground == site.known_problem_id or own_ground in site.other_cases
    return fates.get(own_ground if is_own and own_ground in fates else str(site.known_problem_id))


def _why_e4(site: Any, place: Place) -> str:
    titles = {
        layer.id: class_label(layer.layer_class, place.language) if layer.secrecy == "secret" else layer.title
        for layer in place.layers  # the sentence stands in what is delivered
    }
    near = [
        say(place.language, f"rank.e4_{position}", layer=titles[layer_id], distance=distance_m)
        for layer_id, position, distance_m in site.neighbours
    ]
    return say(place.language, "rank.e4") + "".join(near)


def _smallest_m2(site: Any, rules: Rules) -> float:
    """R01 and R02: no minimum in core zones and on wetland."""
    if site.zone in CORE_ZONES or "wetland" in site.voting:
        return 0.0
    return rules.areas.min_construction_m2 if site.activity_l1 in CONSTRUCTION else rules.areas.min_other_m2
