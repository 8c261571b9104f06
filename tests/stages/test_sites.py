"""Sites: their growth period by period, whom they took in, whom a person parted them from, and who their neighbours are."""

import json

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.stages.merge import merge
from pipeline.stages.sites import build_sites
from tests.stages.test_merge import RULES, SQUARE, house, leads_of

OLD, MIDDLE, NEW = "2019-2020", "2020-2021", "2021-2022"


def made(*rows, said=None, received=None):
    leads = leads_of(*rows)
    if received:
        leads["received"] = received
    merges, members = merge(leads, RULES, "en", said)
    return merges, *build_sites(leads, members, merges=merges)


def test_growth_has_its_ground_and_its_area():
    _, sites, growth = made((SQUARE, OLD, "A1"), (shapely.box(0, 0, 100, 60), MIDDLE, "A1"))
    assert growth["period"].tolist() == [OLD, MIDDLE]
    assert growth["new_m2"].tolist() == [3600, 2400]
    assert growth["total_m2"].tolist() == [3600, 6000]
    assert growth.geometry.iloc[1].equals(shapely.box(60, 0, 100, 60))
    assert growth["lead_ids"].tolist() == [["L0"], ["L1"]]
    assert json.loads(sites["growth"].iloc[0]) == {OLD: 3600, MIDDLE: 2400}


def test_a_period_that_adds_nothing_has_a_row_without_ground():
    _, _, growth = made((SQUARE, OLD, "A1"), (SQUARE, MIDDLE, "A1"))
    assert growth["new_m2"].tolist() == [3600, 0]
    assert growth.geometry.isna().tolist() == [False, True]


def test_points_have_no_growth():
    _, sites, growth = made((shapely.Point(0, 0), None, "A1", "points", "points"))
    assert len(sites) == 1
    assert growth.empty


def test_a_site_that_takes_in_another_keeps_the_first_id_and_names_the_other():
    left, right = (SQUARE, OLD, "A1"), (shapely.box(68, 0, 128, 60), OLD, "A1", "other")
    over_both = shapely.box(0, 0, 128, 60), NEW, "A1"
    _, apart, _ = made(left, right)
    assert apart["site_id"].tolist() == ["S0", "S1"]
    _, sites, _ = made(left, right, over_both)
    assert sites["site_id"].tolist() == ["S0"]
    assert sites["absorbed_ids"].tolist() == [["S1"]]


def test_what_made_one_place_of_two_is_told():
    left, right = (SQUARE, OLD, "A1"), (shapely.box(68, 0, 128, 60), OLD, "A1", "other")
    over_both, far = (shapely.box(0, 0, 128, 60), NEW, "A1"), (shapely.box(500, 0, 560, 60), OLD, "A1", "third")
    for rows, said, joined_by in (
        ((left, right), None, [None, None]),
        ((left, right, over_both), None, ["lead"]),
        ((left, right), {("L0", "L1"): "same"}, ["person"]),
        ((left, right, over_both, far), {("L0", "L3"): "same"}, ["both"]),
    ):
        _, sites, _ = made(*rows, said=said)
        assert [one if isinstance(one, str) else None for one in sites["joined_by"]] == joined_by


def test_neighbours_know_each_other():
    _, sites, _ = made((SQUARE, OLD, "A1"), (shapely.box(60, 0, 120, 60), MIDDLE, "A5"))
    assert sites["neighbour_ids"].tolist() == [["S1"], ["S0"]]
    assert sites["absorbed_ids"].tolist() == [[], []]


def test_a_person_parts_what_the_rules_would_join():
    rows = (SQUARE, OLD, "A1"), (shapely.box(60, 0, 100, 60), MIDDLE, "A1")
    merges, sites, _ = made(*rows, said={("L1", "L0"): "apart"})
    assert sites["site_id"].tolist() == ["S0", "S1"]
    assert sites["split_from"].fillna("").tolist() == ["", "S0"]
    assert (merges["rule"].iloc[0], merges["decision"].iloc[0]) == ("person", "apart")
    assert "a person said" in merges["reason"].iloc[0]


def test_a_person_joins_what_the_rules_would_never():
    far = shapely.box(5000, 0, 5060, 60), MIDDLE, "A6"
    merges, sites, _ = made((SQUARE, OLD, "A1"), far, said={("L0", "L1"): "same"})
    assert sites["lead_ids"].tolist() == [["L0", "L1"]]
    assert merges["gap_m"].tolist() == [4940]


def test_what_is_parted_stays_so_by_way_of_a_third():
    left, right = (SQUARE, OLD, "A1", "a"), (shapely.box(65, 0, 125, 60), OLD, "A1", "b")
    over_both = shapely.box(0, 0, 125, 60), NEW, "A1"
    _, sites, _ = made(left, right, over_both)
    assert len(sites) == 1
    merges, sites, _ = made(left, right, over_both, said={("L0", "L1"): "apart"})
    assert sorted(sites["lead_ids"]) == [["L0"], ["L1"], ["L2"]]
    asked = merges[merges["decision"] == "review"]
    assert set(asked["lead_b"]) == {"L2"}


def test_words_that_cannot_all_hold_are_asked_about():
    rows = (SQUARE, OLD, "A1", "a"), (SQUARE, MIDDLE, "A1", "b"), (SQUARE, NEW, "A1", "c")
    said = {("L0", "L1"): "same", ("L1", "L2"): "same", ("L0", "L2"): "apart"}
    merges, sites, _ = made(*rows, said=said)
    assert len(sites) == 2
    assert "disagree" in set(merges["rule"])


def test_an_answer_for_two_sites_answers_all_their_pairs():
    one = [(house(0, 0), OLD, "A1", "a"), (house(1, 0), OLD, "A1", "b")]
    two = [(house(72, 0), MIDDLE, "A1", "c"), (house(73, 0), MIDDLE, "A1", "d")]
    merges, _, _ = made(*one, *two)
    assert (merges["decision"] == "review").sum() > 0
    first = merges[merges["decision"] == "review"].iloc[0]
    merges, sites, _ = made(*one, *two, said={(first["lead_a"], first["lead_b"]): "apart"})
    assert (merges["decision"] == "review").sum() == 0
    assert not sites["needs_review"].any()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*(st.integers(0, n) for n in (4, 4, 2))), min_size=3, max_size=9, unique=True), st.data())
def test_more_or_fewer_leads_leave_the_other_ids(cells, data):
    """The id of a site is that of its first lead: with more leads it may be absorbed, and then is named; it never changes."""
    rows = [
        (shapely.box(60 * i, 60 * j, 60 * i + 60, 60 * j + 60), f"{2019 + p}-{2020 + p}", "A1") for i, j, p in cells
    ]
    received = [f"{row[1][5:]}-03-01" for row in rows]
    leads = leads_of(*rows).assign(received=received)
    last = max(received)
    before = leads[leads["received"] < last].reset_index(drop=True)
    if before.empty:
        return
    ids = [set(_sites(some)["site_id"]) for some in (before, leads)]
    after = _sites(leads)
    known = set(after["site_id"]) | {one for own in after["absorbed_ids"] for one in own}
    assert ids[0] <= known


def _sites(leads):
    merges, members = merge(leads, RULES)
    return build_sites(leads, members, merges=merges)[0]
