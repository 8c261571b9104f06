"""Questions: each asked once, with answers that are rows of decisions.csv, and no problem that waits left unnamed."""

import json
from itertools import product

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.asking.question import MOST_NAMED
from pipeline.declare import check_table, shape_table
from pipeline.stages.questions import ask
from pipeline.tables import CANDIDATES, DECISIONS, LEADS, MATCHES, MERGES, PROBLEMS, QUESTIONS, REPORTS, SITES

CRS = "EPSG:4549"
NAMES = "ABCDEFGH"


def one(prefix, name):
    """An id of the project's pattern that a reader can tell: L2222222222A."""
    return f"{prefix}{name:2>11}"


def frame(table, rows):
    shaped = shape_table(pd.DataFrame(rows, columns=table.names), table)
    return gpd.GeoDataFrame(shaped, geometry="geometry", crs=CRS) if "geometry" in table.names else shaped


def a_lead(name, x=0.0, **known):
    return {
        "lead_id": one("L", name), "report_id": one("R", name), "part_no": 1, "source_id": "yearly", "kind": "change",
        "source_code": "YG", "received": "2023-06-01", "period": "2021-2022", "activity_l1": "A1", "activity_l2": "A11",
        "lon": 120.45, "lat": 41.57, "area_m2": 10_000.0, "position_accuracy_m": 2.0,
        "geometry": shapely.box(x, 0, x + 100, 100), **known,
    }  # fmt: skip


def a_site(name, leads=None, **known):
    lead_ids = [one("L", own) for own in leads or name]
    return {
        "site_id": one("S", name),
        "lead_ids": lead_ids,
        "absorbed_ids": [],
        "geometry": shapely.box(0, 0, 1, 1),
        **known,
    }


def a_pair(a, b, decision="review", **numbers):
    reason = f"pair {a}{b}"
    return {"lead_a": one("L", a), "lead_b": one("L", b), "rule": "near", "gap_m": 10.0, "decision": decision,
            "reason": reason, "activity": "same", "iou": 0.0, "containment": 0.0, **numbers}  # fmt: skip


def a_match(site, case, relation="review", **numbers):
    return {"site_id": one("S", site), "problem_id": case, "case_geometry": "outline", "relation": relation,
            "overlap_m2": 0.0, "outside_m2": 0.0, "reason": f"match {site} {case}", **numbers}  # fmt: skip


def a_problem(site, leads=None, needs_review=True, reason="no wetland layer here", rank=1):
    return {"rank": rank, "site_id": one("S", site), "candidate_id": one("C", site), "needs_review": needs_review,
            "lead_ids": [one("L", own) for own in leads or site], "review_reason": reason}  # fmt: skip


def a_place(own, rank, lon, lead=True, **known):
    return {"report_id": one("R", own), "lead_id": one("L", own) if lead else None, "rank": rank, "lon": lon,
            "lat": 41.57, "radius_m": 300.0, "reading": "GCJ-02", **known}  # fmt: skip


def a_decision(row, subject, decision, role, value="", effect="contradicted", **known):
    return {"row": row, "subject": subject, "decision": decision, "value": value, "role": role, "effect": effect,
            "date": "2023-10-01", "reason": "", **known}  # fmt: skip


def asked(language="en", **rows):
    tables = {"leads": LEADS, "merges": MERGES, "sites": SITES, "matches": MATCHES, "candidates": CANDIDATES,
              "reports": REPORTS, "problems": PROBLEMS, "decisions": DECISIONS}  # fmt: skip
    questions = ask(*(frame(table, rows.get(name, [])) for name, table in tables.items()), language=language)
    check_table(questions, QUESTIONS)
    return questions


def rows_of(answer):
    return [tuple(one.values()) for one in answer["decisions"]]


def answers_of(question):
    return {answer["label"]: rows_of(answer) for answer in json.loads(question["answers"])}


def singles(*names):
    return {"leads": [a_lead(name) for name in names], "sites": [a_site(name) for name in names]}


def test_one_partner_is_the_same_or_apart():
    (question,) = asked(**singles("A", "B"), merges=[a_pair("A", "B")]).to_dict("records")
    pair = f"{one('L', 'A')} {one('L', 'B')}"
    assert (question["about"], question["site_ids"]) == ("sites", [one("S", "B"), one("S", "A")])
    assert question["lead_ids"] == [one("L", "B"), one("L", "A")]
    assert "pair AB" in question["text"]
    assert answers_of(question) == {"One place": [(pair, "same", "")], "Two places": [(pair, "apart", "")]}


def test_candidates_outside_the_district_come_last_and_say_so():
    places = [a_place("R", rank, 120.0 + rank / 10, lead=False, name=name, is_outside=is_outside)
              for rank, (name, is_outside) in enumerate([("far", True), ("near", False), ("next", None)], 1)]  # fmt: skip
    (question,) = asked(reports=[{"report_id": one("R", "R")}], candidates=places).to_dict("records")
    first, second, third, cannot = answers_of(question)
    assert [label.split(" ")[0] for label in (first, second, third)] == ["near", "next", "far"]
    assert ["outside the district" in label for label in (first, second, third, cannot)] == [False, False, True, False]


def test_several_partners_are_one_question_the_nearest_first():
    pairs = [a_pair("A", "C", gap_m=9.0), a_pair("B", "C", gap_m=4.0)]
    (question,) = asked(**singles("A", "B", "C"), merges=pairs).to_dict("records")
    assert question["site_ids"] == [one("S", name) for name in "CBA"]
    ac, bc = (f"{one('L', name)} {one('L', 'C')}" for name in "AB")
    assert list(answers_of(question).values()) == [
        [(bc, "same", ""), (ac, "apart", "")],
        [(bc, "apart", ""), (ac, "same", "")],
        [(bc, "same", ""), (ac, "same", "")],
        [(bc, "apart", ""), (ac, "apart", "")],
    ]


def test_a_bridge_is_told_from_the_site_that_touches_the_others():
    """B touches A and C; where only one of them is asked about it is still B that touches two, whichever of the two asks."""
    both = [a_pair("A", "B", rule="bridge"), a_pair("C", "B", rule="bridge")]
    (question,) = asked(**singles("A", "B", "C"), merges=both).to_dict("records")
    a, b, c = (one("S", name) for name in "ABC")
    assert question["site_ids"] == [b, a, c]
    assert question["text"].endswith(f"Leads of site {b} touch sites {a}, {c}, which stand apart (R13).")
    (question,) = asked(**singles("A", "B"), merges=both[:1]).to_dict("records")
    assert question["text"].endswith(f"A lead of site {b} touches site {a} and another place, which stand apart (R13).")
    first = {"lead_ids": [one("L", "B"), one("L", "2")]}
    rows = {"leads": [a_lead(name) for name in "AB2"], "sites": [a_site("A"), {**a_site("B"), **first}]}
    turned = [a_pair("2", "A", gap_m=5.0), a_pair("A", "B", rule="bridge", iou=0.5)]  # A asks; B is the bridge
    (question,) = asked(**rows, merges=turned).to_dict("records")
    assert question["site_ids"] == [a, b]
    assert f"A lead of site {b} touches site {a} and another place" in question["text"]


def test_answers_stand_in_one_order_whoever_spoke_first():
    pair, site = f"{one('L', 'A')} {one('L', 'B')}", one("S", "C")
    for roles in (("甲", "乙"), ("乙", "甲")):
        rows = (
            [("apart", "same"), ("leave_out", "keep")]
            if roles[0] == "甲"
            else [("same", "apart"), ("keep", "leave_out")]
        )
        decisions = [
            a_decision(2 * k + j, subject, decision, roles[j], "E2" if decision == "leave_out" else "")
            for k, (subject, both) in enumerate(zip((pair, site), rows, strict=True)) for j, decision in enumerate(both)
        ]  # fmt: skip
        questions = asked(**singles("A", "B", "C"), decisions=decisions)
        labels = {label for text in questions["answers"] for label in [tuple(a["label"] for a in json.loads(text))]}
        assert {tuple(one.split(":")[0] for one in own) for own in labels} == {
            ("One place", "Two places"), ("It stays on the list", "Leave it out"),
        }  # fmt: skip


def test_of_the_pairs_of_two_sites_the_strongest_stands_for_them():
    sites = [a_site("A", "AB"), a_site("C", "CD")]
    leads = [a_lead(name) for name in "ABCD"]
    pairs = [a_pair("A", "C", gap_m=1.0), a_pair("A", "D", iou=0.2), a_pair("D", "B", iou=0.3, gap_m=2.0)]
    (question,) = asked(leads=leads, sites=sites, merges=pairs).to_dict("records")
    assert question["site_ids"] == [one("S", "C"), one("S", "A")]  # the first pair in table order is A C
    assert {subject for rows in answers_of(question).values() for subject, *_ in rows} == {
        f"{one('L', 'D')} {one('L', 'B')}"
    }


def test_of_many_partners_only_the_nearest_have_an_answer_of_their_own():
    pairs = [a_pair(name, "H", gap_m=float(k)) for k, name in enumerate("ABCDEFG")]
    (question,) = asked(**singles(*NAMES), merges=pairs).to_dict("records")
    answers = answers_of(question)
    assert len(answers) == MOST_NAMED + 1  # and none of them
    assert [len(rows) for rows in answers.values()] == [7] * 6
    assert one("S", "E") in list(answers)[4]
    assert one("S", "F") not in question["text"]


def test_decided_pairs_and_leads_without_a_site_are_not_asked_about():
    pairs = [a_pair("A", "B", "same"), a_pair("A", "C", "apart"), a_pair("A", "Z")]
    assert asked(**singles("A", "B", "C"), merges=pairs).empty


def test_a_site_may_belong_to_one_of_its_cases_or_to_none():
    matches = [
        a_match("A", "2019-1", gap_m=3.0),
        a_match("A", "2019-2", overlap_m2=50.0),
        a_match("A", "2019-3", "adjacent"),
    ]
    (question,) = asked(**singles("A"), matches=matches).to_dict("records")
    first, second = f"{one('S', 'A')} 2019-2", f"{one('S', 'A')} 2019-1"
    assert (question["about"], question["problem_ids"]) == ("case", ["2019-2", "2019-1"])
    assert list(answers_of(question).values()) == [
        [(first, "same", ""), (second, "apart", "")],
        [(first, "apart", ""), (second, "same", "")],
        [(first, "apart", ""), (second, "apart", "")],
    ]


def test_a_doubtful_lead_lies_at_a_reading_as_received_or_nowhere():
    places = [a_place("A", 1, 120.45, reading="as written"), a_place("A", 2, 120.456)]
    rows = {**singles("A"), "leads": [a_lead("A", doubt="shifted", orig_no="7")], "candidates": places}
    (question,) = asked(**rows).to_dict("records")
    lead = one("L", "A")
    assert (question["about"], question["site_ids"], question["lead_ids"]) == ("position", [one("S", "A")], [lead])
    assert "no. 7" in question["text"]
    assert list(answers_of(question).values()) == [
        [(lead, "located_at", "as_received")],
        [(lead, "located_at", "120.45600000 41.57000000 300")],
        [(lead, "leave_out", "E9")],
    ]


def test_a_record_without_a_lead_lies_at_one_of_the_places_its_words_may_mean():
    places = [
        a_place("A", k, 120.4 + k / 100, lead=False, reading="words", name="东沟村", town="甲镇") for k in range(1, 8)
    ]
    reports = [{"report_id": one("R", "A"), "attributes": '{"text": "secret words"}'}]
    (question,) = asked(candidates=places, reports=reports).to_dict("records")
    answers = answers_of(question)
    assert len(answers) == MOST_NAMED + 1
    assert list(answers.values())[-1] == [(one("R", "A"), "leave_out", "E9")]
    assert next(iter(answers)).startswith("甲镇 东沟村 (120.41")
    assert "secret words" not in question["text"]
    decided = [a_decision(1, one("R", "A"), "leave_out", "办公室", "E9", effect="")]
    assert asked(candidates=places, reports=reports, decisions=decided).empty


def test_a_problem_that_nothing_else_asks_about_stays_or_goes():
    (question,) = asked(**singles("A"), problems=[a_problem("A"), a_problem("B", needs_review=False)]).to_dict(
        "records"
    )
    site = one("S", "A")
    assert question["about"] == "cover"
    assert list(answers_of(question).values()) == [
        [(site, "keep", "")], [(site, "leave_out", "E4")], [(site, "leave_out", "E2")],
    ]  # fmt: skip
    rows = {**singles("A", "B"), "merges": [a_pair("A", "B")], "problems": [a_problem("A")]}
    assert asked(**rows)["about"].tolist() == ["sites"]


def test_who_disagrees_is_told_and_the_pair_is_not_asked_about_twice():
    pair = f"{one('L', 'A')} {one('L', 'B')}"
    decisions = [
        a_decision(1, pair, "same", "林草局", reason="一个采坑"),
        a_decision(2, f"{one('L', 'B')} {one('L', 'A')}", "apart", "资源局"),
    ]
    rows = {**singles("A", "B"), "merges": [a_pair("A", "B")], "decisions": decisions}
    (question,) = asked("zh", **rows).to_dict("records")
    assert question["about"] == "disagreed"
    assert question["site_ids"] == [one("S", "A"), one("S", "B")]
    assert answers_of(question) == {"是同一处": [(pair, "same", "")], "不是同一处": [(pair, "apart", "")]}
    for words in ("林草局", "资源局", "2023-10-01", "一个采坑", "会商"):
        assert words in question["text"]


def test_two_fates_of_a_site_are_one_question():
    decisions = [a_decision(1, one("S", "A"), "keep", "甲"), a_decision(2, one("S", "A"), "not_a_problem", "乙", "E6")]
    rows = {**singles("A"), "problems": [a_problem("A")], "decisions": decisions}
    (question,) = asked(**rows).to_dict("records")
    assert (question["about"], question["site_ids"]) == ("disagreed", [one("S", "A")])
    assert list(answers_of(question)) == ["It stays on the list", "Not a problem: lawfully permitted (E6)"]
    gone = [a_decision(1, one("S", "Z"), "keep", "甲"), a_decision(2, one("S", "Z"), "leave_out", "乙", "E2")]
    assert asked(**singles("A"), decisions=gone).empty


def test_who_disagrees_by_several_ids_of_one_site_is_asked_once_about_the_site():
    rows = {"leads": [a_lead(name) for name in "ABC"], "sites": [a_site("A", "AB"), a_site("C")]}
    site, other = one("S", "A"), one("S", "C")
    said = [(one("L", "B"), "leave_out", "甲", "E2"), (site, "keep", "乙"), (one("R", "A"), "leave_out", "丙", "E4"),
            (f"{one('S', 'B')} D-7", "same", "甲"), (f"{site} D-7", "apart", "乙"),
            (one("S", "B"), "town", "甲", "甲镇"), (site, "town", "乙", "乙镇"),
            (other, "keep", "甲"), (other, "leave_out", "乙", "E2")]  # fmt: skip
    decisions = [a_decision(k, *row) for k, row in enumerate(said, 2)]
    questions = asked(**rows, problems=[a_problem("A"), a_problem("C")], decisions=decisions)
    assert set(questions["about"]) == {"disagreed"}
    found = {frozenset(row for (row,) in answers_of(question).values()) for question in questions.to_dict("records")}
    assert found == {
        frozenset({(site, "keep", ""), (site, "leave_out", "E2"), (site, "leave_out", "E4")}),
        frozenset({(f"{site} D-7", "same", ""), (f"{site} D-7", "apart", "")}),
        frozenset({(site, "town", "甲镇"), (site, "town", "乙镇")}),
        frozenset({(other, "keep", ""), (other, "leave_out", "E2")}),
    }
    assert sorted(map(list, questions["problem_ids"])) == [[], [], [], ["D-7"]]


def test_every_topic_can_be_disagreed_about():
    lead = one("L", "A")
    values = {"activity": ("A11", "A61"), "town": ("甲镇", "乙镇"), "located_at": ("as_received", "120.5 41.5")}
    decisions = [
        a_decision(2 * k + j, lead, name, "甲" if j else "乙", value)
        for k, (name, both) in enumerate(values.items()) for j, value in enumerate(both)
    ]  # fmt: skip
    for language in ("zh", "en"):
        questions = asked(language, **singles("A"), decisions=decisions)
        assert [len(answers_of(row)) for row in questions.to_dict("records")] == [2, 2, 2]
        assert questions["question_id"].is_unique


MADE = {
    "merges": [a_pair(a, b) for a, b in product("ABC", "DE")],
    "matches": [a_match("F", "2019-1"), a_match("F", "2019-2"), a_match("A", "2019-1")],
    "decisions": [a_decision(1, one("S", "G"), "keep", "甲"), a_decision(2, one("S", "G"), "leave_out", "乙", "E2")],
}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_waits_is_named_and_every_question_can_be_answered(data):
    some = {name: data.draw(st.lists(st.sampled_from(rows), unique_by=id)) for name, rows in MADE.items()}
    if len(some["decisions"]) == 1:
        some["decisions"] = []
    doubt = data.draw(st.sampled_from([None, "shifted"]))
    leads = [a_lead(name, doubt=doubt if name == "H" else None) for name in NAMES]
    problems = [a_problem(name, rank=k) for k, name in enumerate(data.draw(st.sets(st.sampled_from(NAMES))))]
    questions = asked(leads=leads, sites=[a_site(name) for name in NAMES], problems=problems, **some)
    named = {site_id for site_ids in questions["site_ids"] for site_id in site_ids}
    assert {row["site_id"] for row in problems} <= named
    for question in questions.to_dict("records"):
        answers = json.loads(question["answers"])
        assert len({answer["label"] for answer in answers}) == len(answers) >= 2
        assert len({json.dumps(answer["decisions"]) for answer in answers}) == len(answers)


def test_order_and_unrelated_leads_change_no_question():
    leads = [a_lead(name) for name in NAMES]
    sites = [a_site(name) for name in NAMES]
    first = asked(leads=leads, sites=sites, problems=[a_problem("H")], **MADE)
    turned = {name: rows[::-1] for name, rows in MADE.items()}
    more = {"leads": [a_lead("Z"), *leads[::-1]], "sites": [a_site("Z"), *sites[::-1]]}
    second = asked(problems=[a_problem("H")], **more, **turned)
    pd.testing.assert_frame_equal(first, second)
    assert first["about"].value_counts().to_dict() == {"sites": 2, "case": 2, "cover": 1, "disagreed": 1}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_to_ask_is_an_empty_table(language):
    assert asked(language).columns.tolist() == QUESTIONS.names
