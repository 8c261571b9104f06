"""What a person said holds, by whatever id the place was called and whatever became of it since."""

import json
import time

import pytest

from pipeline import screen
from tests.conftest import accept, lead
from tests.identity.places import (
    answer,
    bare_place,
    first,
    last,
    lead_of,
    rows_of,
    site_of,
    slanted,
    write_decisions,
    write_year,
)


def row_place(folder):
    """Four pits far apart."""
    bare_place(folder)
    write_year(folder, "one", [lead(number, slanted(500.0 * k)) for k, number in enumerate("abcd")])
    return folder


@pytest.fixture
def row(tmp_path):
    return row_place(tmp_path / "place")


@pytest.fixture(scope="module")
def row_before(tmp_path_factory):
    """Tables of cycle 2023 of `row` as it comes."""
    return screen(row_place(tmp_path_factory.mktemp("row") / "place"), "2023")


def test_left_out_is_left_out_by_whatever_id(row, row_before):
    """a is called by its lead, b by its candidate in small letters, c by its record; d nobody speaks of."""
    record = row_before["reports"].set_index("orig_no")["report_id"]["c"]
    subjects = lead_of(row_before, "a"), "c" + lead_of(row_before, "b")[1:].lower(), record
    write_decisions(row, [(subject, "leave_out", "E2") for subject in subjects])
    after = screen(row, "2023")
    assert after["decisions"]["effect"].tolist() == ["applied"] * 3
    outcomes = [rows_of(after, "outcomes", number)["outcome"].tolist() for number in "abcd"]
    assert outcomes == [["set_aside"]] * 3 + [["listed"]]


def test_a_word_on_each_lead_of_one_site_is_one_judgement(place, place_before):
    write_decisions(place, [(lead_of(place_before, number), "leave_out", "E2") for number in ("b", "b2")])
    assert rows_of(screen(place, "2023"), "outcomes", "b")["outcome"].tolist() == ["set_aside"] * 2


def test_two_who_call_one_place_by_two_ids_disagree_all_the_same(row, row_before):
    """Whether a and b are one place, said of leads and of sites; whether c is listed, said of its candidate and its lead."""
    a, b, c, d = (lead_of(row_before, number)[1:] for number in "abcd")
    rows = [
        (f"L{a} L{b}", "same", "", "", "甲科"),
        (f"S{a} S{b}", "apart", "", "", "乙科"),
        (f"C{c}", "leave_out", "E2", "", "甲科"),
        (f"L{c}", "keep", "", "", "乙科"),
    ]
    write_decisions(row, rows)
    given, left, after = accept(row, "2023")
    assert after["decisions"]["effect"].tolist() == ["contradicted"] * 4
    assert after["questions"]["about"].tolist() == ["disagreed"] * 2
    assert given["candidate_id"].tolist() == [f"C{d}"]  # nothing is accepted over their heads
    assert set(left["candidate_id"]) == {f"C{tail}" for tail in (a, b, c)}
    joint = [json.loads(answers)[1]["decisions"][0] for answers in after["questions"]["answers"]]
    write_decisions(row, [*rows, *((one["subject"], one["decision"], one["value"], "", "会商") for one in joint)])
    settled = screen(row, "2023")
    assert settled["decisions"]["effect"].tolist() == ["superseded"] * 4 + ["applied"] * 2
    assert settled["questions"].empty
    assert not settled["problems"]["needs_review"].any()


def test_an_absorbed_site_is_still_understood(neighbours, neighbours_before):
    younger = max(neighbours_before["sites"]["site_id"])
    write_decisions(neighbours, [(younger, "leave_out", "E2", "", "分局", "2024-07-01")])
    later = screen(neighbours, "2024")  # both stand in one site now, which bears the other's id
    assert later["decisions"]["effect"].tolist() == ["applied"]
    assert rows_of(later, "outcomes", "c")["outcome"].tolist() == ["set_aside"] * 3


def test_a_corrected_record_is_still_understood(neighbours, neighbours_before):
    was = lead_of(neighbours_before, "a")
    fixed = [lead("a", slanted(100, width=96))]
    write_year(neighbours, "fixed", fixed, received="2023-09-01", replaces='"one"')
    write_decisions(neighbours, [(f"S{was[1:]}", "leave_out", "E2", "", "分局", "2023-10-01")])
    corrected = screen(neighbours, "2023")
    assert lead_of(corrected, "a") != was
    assert corrected["decisions"]["effect"].tolist() == ["applied"]
    assert rows_of(corrected, "outcomes", "a")["outcome"].tolist() == ["set_aside"]


@pytest.mark.parametrize(("received", "cycle"), [("2023-11-01", "2023"), ("2024-06-01", "2024")])
def test_a_record_corrected_after_acceptance_is_asked_about_once(accepted, given, received, cycle):
    """Pits a and b lie elsewhere after all: a is said to be the same case, b to be another place."""
    (accepted / "sources" / "later.toml").unlink()
    moved = [lead("a", slanted(900, 900)), lead("b", slanted(1800, 900))]
    write_year(accepted, "fixed", moved, received=received, replaces='"one"')
    asked = screen(accepted, cycle)
    assert len(asked["questions"]) == 2
    site_ids = {number: site_of(asked, number).site_id for number in "ab"}
    ways = [first if site_ids["a"] in about else last for about in asked["questions"]["site_ids"]]
    answer(accepted, asked, *ways)
    more, _, settled = accept(accepted, cycle)
    assert settled["questions"].empty
    assert not settled["problems"]["needs_review"].any()
    if cycle == "2024":  # the same case: under its number; another place: a number of its own
        had, has = (rows.set_index("candidate_id")["problem_id"] for rows in (given, more))
        a, b = (f"C{site_ids[number][1:]}" for number in "ab")
        assert has[a] == had[a]
        assert has[b] not in set(had)


def test_an_official_number_is_a_subject(accepted):
    (accepted / "sources" / "later.toml").unlink()
    write_year(accepted, "far", [lead("f", slanted(900, 900))], "2023-2024", received="2024-06-01")
    before = screen(accepted, "2024")
    number = before["cases"].set_index("orig_no")["problem_id"]
    far = site_of(before, "f").site_id
    write_decisions(accepted, [(f"{number['a']} {far}", "same"), (number["b"], "not_a_problem", "E6")])
    after = screen(accepted, "2024")
    assert after["decisions"]["effect"].tolist() == ["applied", "applied"]
    match = rows_of(after, "matches", "f").iloc[0]
    assert (match["problem_id"], match["relation"]) == (number["a"], "grown")
    assert "合法已批" in rows_of(after, "outcomes", "b")["reason"].iloc[0]


def test_thousands_of_decisions_are_quick(neighbours, neighbours_before):
    pair = f"{lead_of(neighbours_before, 'a')} {lead_of(neighbours_before, 'b')}"
    rows = [(pair, ("same", "apart")[k % 2], "", "", "分局", f"20{k % 20:02d}-01-01") for k in range(4000)]
    write_decisions(neighbours, rows)
    started = time.perf_counter()
    effects = screen(neighbours, "2023")["decisions"]["effect"].value_counts()
    assert effects.to_dict() == {"superseded": 3999, "applied": 1}
    assert time.perf_counter() - started < 10
