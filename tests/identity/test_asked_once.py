"""Every question is asked once: what was answered does not come again, and asking ends."""

import json

import pytest

from pipeline import screen
from tests.conftest import demo_place
from tests.identity.places import SEED, answer, crowd, crowd_place, first, last


def pairs_at_odds(tables):
    """Pairs of leads on which answers were given that cannot all hold."""
    rows = tables["merges"].query("rule == 'disagree'")
    return set(map(frozenset, zip(rows["lead_a"], rows["lead_b"], strict=True)))


@pytest.mark.parametrize("choose", [first, last])
def test_what_was_answered_is_not_asked_again(crowd_before, tmp_path, choose):
    """No question comes twice, a pair only where answers cannot all hold, and it ends."""
    folder, tables = crowd_place(tmp_path / "p", *crowd(SEED)), crowd_before
    asked: set[str] = set()
    subjects: set[frozenset[str]] = set()
    rounds = 0
    while not tables["questions"].empty:
        assert asked.isdisjoint(tables["questions"]["question_id"])
        asked |= set(tables["questions"]["question_id"])
        chosen = [choose(json.loads(answers))["decisions"] for answers in tables["questions"]["answers"]]
        pairs = [{frozenset(one["subject"].split()) for one in decisions} for decisions in chosen]
        assert all(own.isdisjoint(subjects) or own & pairs_at_odds(tables) for own in pairs)
        subjects.update(*pairs)
        answer(folder, tables, choose)
        tables = screen(folder, "2023")
        rounds += 1
    assert rounds > 1 or choose is last  # who joins everything contradicts himself somewhere in this crowd
    assert not tables["problems"]["needs_review"].any()
    assert set(tables["decisions"]["effect"]) <= {"applied", "superseded"}


@pytest.mark.parametrize("choose", [first, last])
def test_the_demo_asks_nothing_twice(demo_tables, tmp_path, choose):
    folder, before = demo_place(tmp_path), demo_tables
    assert len(before["questions"]) > 10
    rows = answer(folder, before, choose)
    after = screen(folder, "2023-09")
    assert set(after["decisions"]["effect"]) == {"applied"}
    assert set(before["questions"]["question_id"]).isdisjoint(after["questions"]["question_id"])
    new = after["leads"][~after["leads"]["report_id"].isin(before["leads"]["report_id"])]
    assert set(new["report_id"]) <= {subject for subject, word, _ in rows if word == "located_at"}
    for asked in after["questions"]["lead_ids"]:  # only leads that an answer placed bring new questions
        assert set(new["lead_id"]) & set(asked)
    assert choose is first or after["questions"].empty


def test_a_lead_that_cannot_be_located_is_not_asked_about_again(neighbours):
    geojson = neighbours / "one.geojson"
    geojson.write_text(geojson.read_text(encoding="utf-8").replace("EPSG::4549", "EPSG::2385"), encoding="utf-8")
    doubted = screen(neighbours, "2023")
    assert set(doubted["questions"]["about"]) == {"position"}
    answer(neighbours, doubted, last)
    after = screen(neighbours, "2023")
    assert set(after["set_aside"]["reason"]) == {"E9"}
    assert after["questions"].empty
