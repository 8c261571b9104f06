"""A site that takes in another, or is parted: ids, numbers of the ledger, and who is told."""

from pipeline import screen
from tests.conftest import accept
from tests.identity.places import answer, first, last, lead_of, rows_of, site_of, write_decisions


def test_a_lead_of_the_next_cycle_joins_two_accepted_sites(accepted, given):
    numbers = dict(zip("S" + given["candidate_id"].str[1:], given["problem_id"], strict=True))
    older, younger = sorted(numbers)  # received on one day: the smaller id
    more, _, tables = accept(accepted, "2024")
    site = site_of(tables, "c")
    assert (site.site_id, site.absorbed_ids, len(tables["sites"])) == (older, [younger], 1)
    assert set(rows_of(tables, "matches", "c")["problem_id"]) == set(numbers.values())  # both are named
    assert set(tables["outcomes"]["outcome"]) == {"known"}
    assert more.empty  # c is no third case


def test_same_never_takes_a_lead_out_of_its_own_site(place, place_before):
    """b2 stands in one site with b; said to be the same as a, all three are one, not b2 with a and b alone."""
    before = place_before
    assert site_of(before, "b").lead_ids == [lead_of(before, "b"), lead_of(before, "b2")]
    taken_in = {site_of(before, "a").site_id, site_of(before, "b").site_id}
    answer(place, before, first)
    after = screen(place, "2023")
    site = site_of(after, "a")
    assert len(after["sites"]) == 1
    assert {site.site_id, *site.absorbed_ids} == taken_in
    assert after["questions"].empty


def test_two_accepted_problems_that_become_one_keep_both_numbers_and_a_person_is_told(
    accepted, given, neighbours_before
):
    tails = [lead_of(neighbours_before, number)[1:] for number in "ab"]
    write_decisions(accepted, [(f"S{tails[0]} C{tails[1]}", "same")])
    together = screen(accepted, "2023")
    assert len(together["problems"]) == 1
    problem = together["problems"].iloc[0]
    assert problem["needs_review"]
    assert all(number in problem["review_reason"] for number in given["problem_id"])
    assert problem["problem_id"] in set(given["problem_id"])
    answer(accepted, together, first)
    settled, left, _ = accept(accepted, "2023")
    assert left.empty
    assert not settled["is_new"].any()
    assert set(screen(accepted, "2024")["cases"]["problem_id"]) == set(given["problem_id"])


def test_a_site_that_a_person_joined_says_so_and_one_that_a_lead_joined_says_that(neighbours, neighbours_before):
    older, younger = sorted(neighbours_before["sites"]["site_id"])
    assert (
        f"由后来的线索把原先的几处连成一处，原编号：{younger}"
        in screen(neighbours, "2024")["problems"]["reasons"].item()
    )
    write_decisions(neighbours, [(f"{older} {younger}", "same")])
    (reasons,) = screen(neighbours, "2023")["problems"]["reasons"]
    assert f"人工判定为同一处，原编号：{younger}" in reasons
    assert "后来的线索" not in reasons


def test_an_accepted_problem_that_joins_an_older_one_takes_its_number_along(neighbours, neighbours_before):
    older, younger = sorted(neighbours_before["problems"]["candidate_id"])
    given, _, _ = accept(neighbours, "2023", only=[younger])
    write_decisions(neighbours, [(f"{older} {younger}", "same")])
    again, _, tables = accept(neighbours, "2023")
    assert again.to_numpy().tolist() == [[older, given["problem_id"][0], False]]
    assert tables["problems"]["problem_id"].tolist() == given["problem_id"].tolist()


def test_a_split_after_acceptance_says_from_what_and_numbers_stay(place, place_before):
    answer(place, place_before, last)
    given, left, _ = accept(place, "2023")
    assert left.empty
    assert len(given) == 2
    whole = site_of(place_before, "b").site_id
    write_decisions(place, [(f"{lead_of(place_before, n)} {lead_of(place_before, 'b2')}", "apart") for n in "ab"])
    more, _, after = accept(place, "2023")
    parted = [site for site in after["sites"].itertuples() if isinstance(site.split_from, str)]
    assert [(site.split_from == whole, site.site_id != whole) for site in parted] == [(True, True)]
    had = given.set_index("candidate_id")["problem_id"].to_dict()
    kept = after["problems"].dropna(subset="problem_id").set_index("candidate_id")["problem_id"]
    assert kept.to_dict() == had
    assert had.items() < more.set_index("candidate_id")["problem_id"].to_dict().items()
    assert more["problem_id"].is_unique
    later = screen(place, "2024")
    assert set(later["outcomes"]["outcome"]) == {"known"}
    for match in later["matches"].itertuples():
        assert match.relation == "same" or "为同一处" not in match.reason


def test_a_lead_parted_from_a_lead_is_parted_from_the_case_that_holds_it(accepted, neighbours_before):
    a, b = (lead_of(neighbours_before, number) for number in "ab")
    c = lead_of(screen(accepted, "2024"), "c")
    write_decisions(accepted, [(f"{c} {a}", "apart"), (f"{c} {b}", "apart")])
    after = screen(accepted, "2024")
    assert site_of(after, "c").lead_ids == [c]
    assert rows_of(after, "matches", "c")["relation"].tolist() == ["adjacent"] * 2
    assert rows_of(after, "outcomes", "c")["outcome"].tolist() == ["listed"]
