"""The benchmark of merging: its truth holds together, its scores are those of a case done by hand, a seed gives one plain."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from benchmarks.events.families import FAMILIES
from benchmarks.events.outlines import beside, blob, cells, of_cells
from benchmarks.events.plain import make_plain
from benchmarks.events.scene import make_scene
from benchmarks.merge_once import RULES, read_rules
from benchmarks.merge_quality import score
from benchmarks.merge_rivals import rule_95_30, within_100_m
from benchmarks.merge_scores import (
    answered,
    b_cubed,
    components,
    ledger_rows,
    ledger_scores,
    pairs_of,
    point_scores,
    polygon_scores,
    questions_of,
    text_scores,
)


@pytest.fixture(scope="module")
def plain():
    return make_plain(1, 600, 120)


def test_the_same_seed_gives_the_same_bytes(plain):
    again, other = make_plain(1, 600, 120), make_plain(2, 600, 120)
    for one, two in zip(plain[:4], again[:4], strict=True):
        assert one.equals(two)
    assert plain.leads.to_wkb().equals(again.leads.to_wkb())
    assert not plain.leads.to_wkb().equals(other.leads.to_wkb())


def test_shares_are_fixed_and_kept(plain):
    assert sum(family.share for family in FAMILIES) == pytest.approx(1)
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    counts = plain.truth["sort"].value_counts()
    assert len(plain.leads) == 600 and len(plain.cases) == 120 and counts["text"] == 18
    polygons = plain.truth[plain.truth["sort"] == "polygon"]["family"].value_counts()
    for family in FAMILIES:
        assert family.share * 516 - 0.5 <= polygons[family.name] <= family.share * 516 + 20, family.name


def test_leads_are_such_as_the_stages_take(plain):
    polygons = plain.leads[plain.leads["area_m2"] > 0]
    assert plain.leads.geometry.is_valid.all() and plain.cases.geometry.is_valid.all()
    assert polygons["area_m2"].min() > 100 and polygons["period"].nunique() == 3
    assert plain.leads.geometry.area.to_numpy() == pytest.approx(plain.leads["area_m2"])
    assert plain.leads["lead_id"].is_unique and set(plain.links["problem_id"]) == set(plain.cases["problem_id"])


def test_events_of_different_groups_do_not_meet(plain):
    polygons = plain.leads[plain.leads["area_m2"] > 0].merge(plain.truth[["lead_id", "family"]], on="lead_id")
    shapes = polygons.geometry.to_numpy()
    a, b = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=400)
    families = polygons["family"].to_numpy()
    assert (families[a] == families[b]).all()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_event_of_a_family_is_drawn(family):
    dice = np.random.default_rng(7)
    for _ in range(5):
        group = family.make(make_scene(dice, 10))
        assert {k for drawing in group.drawings for k in drawing.events} == set(range(len(group.events)))
        for drawing in group.drawings:
            grounds = [group.events[k].last for k in drawing.events]
            assert drawing.shape.area > 0 and drawing.shape.distance(shapely.union_all(grounds)) < 20


def test_neighbours_lie_as_far_apart_as_asked():
    dice = np.random.default_rng(3)
    for gap_m in (3.0, 15.0, 60.0):
        one = blob(dice, 5_000)
        assert one.area == pytest.approx(5_000)
        assert one.distance(beside(dice, one, blob(dice, 900), gap_m)) == pytest.approx(gap_m, abs=0.1)


def test_cells_give_their_outline_again():
    chosen = {(0, 0), (1, 0), (2, 1)}
    shape = of_cells(chosen, 10)
    assert shape.area == 300 and len(shapely.get_parts(shape)) == 2
    assert cells(shape, 10) == chosen


# By hand: sites 0 = {a, b} and 1 = {c} are event 7, 2 = {d, e} events 8 and 9, 3 = {f} covers two; p is a point, t a text.
LEADS = pd.DataFrame(
    {
        "lead_id": list("abcdefpt"), "sort": ["polygon"] * 6 + ["point", "text"], "family": "by hand",
        "site": [0, 0, 1, 2, 2, 3, 1, 4], "event": [7, 7, 7, 8, 9, -1, 7, 7],
        "events": [(7,), (7,), (7,), (8,), (9,), (7, 8), (7,), (7,)],
        "site_id": ["S0", "S0", "S1", "S2", "S2", "S3", "S1", "S4"],
    }
)  # fmt: skip
MERGES = pd.DataFrame(
    [("b", "c", "review"), ("a", "d", "review"), ("a", "f", "review"), ("d", "f", "review"), ("a", "t", "review")],
    columns=["lead_a", "lead_b", "decision"],
)


def test_pairs_by_hand():
    polygons = LEADS[LEADS["sort"] == "polygon"]
    assert pairs_of(polygons["site"], polygons["event"]) == (2, 1, 3)
    assert b_cubed(polygons["site"], polygons["event"]) == pytest.approx(2 * 0.8 * (11 / 15) / (0.8 + 11 / 15))


def test_questions_and_answers_by_hand():
    questions = questions_of(LEADS, MERGES)
    assert dict(zip(questions["lead_a"] + questions["lead_b"], questions["card"], strict=True)) == {
        "bc": 1, "ad": 2, "af": 3, "df": 3, "at": 4,
    }  # fmt: skip
    leads = LEADS.assign(answered=answered(LEADS, questions))
    assert leads["answered"].tolist() == [0, 0, 0, 2, 2, 3, 0, 0]
    scores = polygon_scores(leads, questions)
    assert (scores["wrong"], scores["recall"], scores["recall_with_review"]) == (1, pytest.approx(1 / 3), 1)
    assert scores["questions"] == pytest.approx(3 / 6) and scores["review_pairs"] == 4


def test_points_and_texts_by_hand():
    questions = questions_of(LEADS, MERGES)
    assert point_scores(LEADS, questions) == {"points": 1, "joined": 1, "precision": 1, "reviewed": 0}
    matches = pd.DataFrame({"site_id": ["S4"], "problem_id": ["K1"], "relation": ["same"]})
    assert text_scores(LEADS, questions, matches) == {"texts": 1, "joined": 0, "linked": 1, "cards_too_many": 0}
    earlier = questions_of(LEADS, pd.DataFrame([("t", "f", "review")], columns=MERGES.columns))
    assert earlier["card"].tolist() == [4]


def test_a_card_that_only_a_text_causes_is_one_too_many():
    leads = LEADS.assign(site=[1, 1, 2, 3, 3, 4, 2, 0])
    questions = questions_of(leads, pd.DataFrame([("t", "a", "review")], columns=MERGES.columns))
    assert text_scores(leads, questions, pd.DataFrame(columns=["site_id", "relation"]))["cards_too_many"] == 1


def test_ledger_by_hand():
    cases = pd.DataFrame({"problem_id": ["K1", "K2", "K3"], "case_geometry": "outline", "family": ""})
    links = pd.DataFrame(
        [("K1", 7, "grown"), ("K2", 8, "same"), ("K3", 7, "adjacent")], columns=["problem_id", "event", "relation"]
    )
    matches = pd.DataFrame(
        [("S0", "K1", "same"), ("S1", "K1", "grown"), ("S2", "K2", "review"), ("S1", "K3", "grown")],
        columns=["site_id", "problem_id", "relation"],
    )
    scores = ledger_scores(*ledger_rows(LEADS, matches, cases, links))
    assert (scores["links"], scores["automatic"], scores["wrong"]) == (2, 3, 1)
    assert (scores["recall"], scores["recall_with_review"], scores["relations_right"]) == (0.5, 1, 0.5)


def test_rivals_by_hand():
    frame = {"lead_id": list("abcd"), "period": ["2020-2021", "2021-2022", "2021-2022", "2022-2023"]}
    boxes = [
        shapely.box(0, 0, 10, 10),
        shapely.box(2, 0, 12, 10),
        shapely.box(8, 0, 18, 10),
        shapely.box(200, 0, 210, 10),
    ]
    leads = gpd.GeoDataFrame(frame, geometry=boxes)
    assert components(4, [(2, 3), (1, 2)]) == [0, 1, 1, 1]
    assert within_100_m(leads) == [0, 0, 0, 3]
    assert rule_95_30(leads) == [0, 0, 2, 3]  # 20 % of b is new, 80 % of c


def test_a_small_plain_is_scored(plain):
    result = score(plain, read_rules())
    assert RULES.exists() and result.figures["leads"] == (plain.truth["sort"] == "polygon").sum()
    assert result.figures["wrong"] <= 1 and result.figures["recall"] > 0.9
    assert result.figures["recall_with_review"] >= result.figures["recall"]
