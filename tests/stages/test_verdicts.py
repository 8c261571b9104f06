"""What becomes of a site: what a person said of it, then of the ground it is, then the rules."""

from types import SimpleNamespace

import pandas as pd
import pytest

from pipeline import screen
from pipeline.stages.fates import Fate
from pipeline.stages.verdicts import judge_sites
from tests.conftest import box, write_source
from tests.stages.test_decided import by_number, decide, effects, site_of

OUT, KEPT, LAWFUL = Fate("leave_out", "E2", "out"), Fate("keep", "", "kept"), Fate("not_a_problem", "E6", "lawful")


def verdict(fates, **site):
    """(outcome, E-reason, reason) of site SA, which is the same as case T1."""
    row = {
        "site_id": "SA", "relation": "same", "known_problem_id": "T1", "other_cases": [], "doubt": None,
        "relation_reason": "known", "voting": ["wetland"], "uncovered": [], "is_point": True, "area_m2": 0.0,
        "zone": None, "activity_l1": "A1", **site,
    }  # fmt: skip
    place = SimpleNamespace(language="en", rules=SimpleNamespace())
    judged = judge_sites(pd.DataFrame([row]), place, fates)
    return tuple(judged[["outcome", "set_aside_reason", "outcome_reason"]].iloc[0])


@pytest.mark.parametrize(
    ("fates", "site", "expected"),
    [
        ({}, {}, ("known", None, "known")),
        ({"SA": OUT}, {}, ("set_aside", "E2", "out")),  # the site itself, though it is a known case
        ({"NA": OUT}, {"other_cases": ["NA"]}, ("set_aside", "E2", "out")),  # its own ground, though the case is nearer
        ({"NA": OUT}, {}, ("known", None, "known")),  # that ground is not what it is any more
        ({"NB": LAWFUL}, {"known_problem_id": "NB"}, ("known", None, "lawful")),  # ground judged as another site
        ({"NB": LAWFUL, "SA": KEPT}, {"known_problem_id": "NB"}, ("listed", None, "kept")),  # the site goes first
        ({"SA": KEPT}, {}, ("known", None, "known")),  # what is kept and accepted is no second problem
        ({"NA": OUT}, {"relation": "grown", "known_problem_id": "NA"}, ("listed", None)),  # growth shows
    ],
)
def test_what_a_person_said_of_the_site_itself_goes_first(fates, site, expected):
    assert verdict(fates, **site)[: len(expected)] == expected


def test_a_site_that_is_a_known_case_can_be_left_out_and_not_kept(place):
    known = {"no": "k", "activity": "采石场", "change": "新增", "state": "整改中", "closed": ""}
    write_source(place, "old", [(box(100, 100, 100, 100), known)], kind='"known"')
    before = screen(place, "2023")
    site_id, case, lead_id = (
        site_of(before, "in").site_id,
        before["cases"]["problem_id"][0],
        by_number(before)["lead_id"]["in"],
    )
    assert before["outcomes"].set_index("lead_id")["outcome"][lead_id] == "known"
    decide(place, (site_id, "leave_out", "E9"))
    after = screen(place, "2023")
    assert effects(after) == ["applied"]
    assert by_number(after, "set_aside")["reason"]["in"] == "E9"
    decide(place, (site_id, "keep", ""))
    kept = screen(place, "2023")
    assert effects(kept) == ["no_effect"]
    assert f"“{site_id} {case}”" in kept["decisions"]["detail"][0]  # to be called apart instead
    decide(place, (f"{site_id} {case}", "apart", ""))
    apart = screen(place, "2023")
    assert effects(apart) == ["applied"]
    assert apart["outcomes"].set_index("lead_id")["outcome"][lead_id] == "listed"
