"""What persons decided, from decisions.csv to the list: every kind, what it does, and when it does nothing."""

import csv
import json
from datetime import date
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from pipeline import screen
from pipeline.declare import shape_table
from pipeline.explain import explain
from pipeline.jobs import accept
from pipeline.jobs import screen as screen_job
from pipeline.stages.decided import for_corrections, still_outside
from pipeline.tables import DECISIONS
from tests.conftest import box, lead, write_layer, write_source


def decide(place, *rows):
    """Rows of (subject, decision, value[, date, role, cycle])."""
    with (place / "decisions.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(["subject", "decision", "value", "reason", "role", "date", "cycle"])
        for row in rows:
            subject, decision, value, date, role, cycle = (*row, *("2023-07-01", "分局", "")[len(row) - 3 :])
            out.writerow([subject, decision, value, "看过影像", role, date, cycle])


def slanted(x):
    """A pit 100 m wide and high at x metres from the test origin; on no grid."""
    shape = box(x, 100, 100, 100)
    for corner in shape["coordinates"][0][1:3]:
        corner[1] -= 4
    return shape


def by_number(tables, name="leads"):
    return tables[name].set_index("orig_no")


def site_of(tables, number):
    lead_id = by_number(tables)["lead_id"][number]
    return next(row for row in tables["sites"].itertuples() if lead_id in row.lead_ids)


def effects(tables):
    return tables["decisions"]["effect"].tolist()


@pytest.fixture
def pits(place):
    """Two pits 12 m apart on one wetland, of two years: the rules ask whether they are one place."""
    write_layer(place, "marsh", [box(0, 0, 2000, 2000)])
    write_source(place, "leads", [(slanted(100), lead("a", None)[1])])
    write_source(place, "later", [(slanted(212), lead("b", None)[1])])
    text = (place / "sources" / "later.toml").read_text(encoding="utf-8")
    (place / "sources" / "later.toml").write_text(text.replace("2021-2022", "2022-2023"), encoding="utf-8")
    return place


def test_an_answer_is_never_asked_again(pits):
    before = screen(pits, "2023")
    assert before["questions"]["about"].tolist() == ["sites"]
    answers = {
        len(a["decisions"]) and a["decisions"][0]["decision"]: a for a in json.loads(before["questions"]["answers"][0])
    }
    said = answers["same"]["decisions"][0]
    decide(pits, (said["subject"], "same", ""))
    after = screen(pits, "2023")
    assert after["questions"].empty
    assert len(after["sites"]) == 1
    assert effects(after) == ["applied"]
    decide(pits, (said["subject"], "apart", ""))
    apart = screen(pits, "2023")
    assert apart["questions"].empty
    assert len(apart["sites"]) == 2
    assert not apart["problems"]["needs_review"].any()


def test_sites_may_be_named_instead_of_leads(pits):
    sites = screen(pits, "2023")["sites"]["site_id"].tolist()
    decide(pits, (" ".join(reversed(sites)), "same", ""))
    after = screen(pits, "2023")
    assert len(after["sites"]) == 1
    lines = "\n".join(explain(after, sites[0], "zh"))
    assert "【人工】同一处" in lines
    assert "已采用" in lines


def test_a_site_that_is_left_out_stays_out_until_it_grows(pits):
    site_id = site_of(screen(pits, "2023"), "a").site_id
    decide(pits, (site_id, "leave_out", "E2"))
    after = screen(pits, "2023")
    gone = by_number(after, "set_aside").loc["a"]
    assert (gone["reason"], gone["stage"]) == ("E2", "rank")
    assert "2023-07-01 人工判定" in gone["detail"]
    assert "看过影像" not in gone["detail"]  # reasons and roles stay in the house
    rows = [(slanted(150), lead("c", None)[1])]
    write_source(pits, "grown", rows, received="2023-11-01")
    grown = screen(pits, "2023")
    problem = next(row for row in grown["problems"].itertuples() if "c" in row.orig_nos)
    assert problem.relation == "grown"
    assert any("伪变化" in reason["text"] for reason in json.loads(problem.reasons))


@pytest.mark.parametrize(
    ("cycle", "outcome"), [("2023", "listed"), ("2023年", "listed"), ("", "set_aside"), ("2022", "set_aside")]
)
def test_what_the_run_did_not_have_was_not_looked_at(pits, cycle, outcome):
    """Received after the run and before the day of the decision: only the cycle, which a spreadsheet may rewrite, tells that
    nobody saw it."""
    site_id = site_of(screen(pits, "2023"), "a").site_id
    write_source(pits, "grown", [(slanted(150), lead("c", None)[1])], received="2024-02-01")
    decide(pits, (site_id, "leave_out", "E2", "2024-03-01", "分局", cycle))
    after = screen(pits, "2024")
    lead_id = by_number(after)["lead_id"]["c"]
    assert after["outcomes"].set_index("lead_id").loc[lead_id, "outcome"] == outcome


def test_ground_that_is_no_problem_is_known(pits):
    site_id = site_of(screen(pits, "2023"), "a").site_id
    decide(pits, ("C" + site_id[1:], "not_a_problem", "E6"))
    after = screen(pits, "2023")
    outcome = after["outcomes"].set_index("lead_id").loc[by_number(after)["lead_id"]["a"]]
    assert outcome["outcome"] == "known"
    assert "不属于问题" in outcome["reason"]
    assert "合法已批" in outcome["reason"]


def test_keep_lists_what_would_be_set_aside(place):
    before = screen(place, "2023")
    gone = before["outcomes"].set_index("outcome").loc["set_aside"]
    assert gone["reason"]
    decide(place, (gone["lead_id"], "keep", ""))
    after = screen(place, "2023")
    assert set(after["outcomes"]["outcome"]) == {"listed"}
    assert "保留" in "".join(after["problems"]["reasons"])


def test_an_activity_and_a_place_from_a_person(place):
    leads = by_number(screen(place, "2023"))
    in_id, half_id = leads["lead_id"]["in"], leads["lead_id"]["half"]
    here = f"{leads['lon']['in']:.7f} {leads['lat']['in']:.7f} 15"
    decide(place, (in_id, "activity", "A61"), (half_id, "located_at", here))
    after = by_number(screen(place, "2023"))
    assert (after["activity_l1"]["in"], after["activity_l2"]["in"]) == ("A6", "A61")
    assert after["position_accuracy_m"]["half"] == 15
    assert after["area_m2"]["half"] == pytest.approx(
        leads["area_m2"]["half"], rel=1e-6
    )  # an outline is moved, not lost
    assert after["lon"]["half"] == pytest.approx(leads["lon"]["in"], abs=1e-6)
    assert (after["lead_id"] == leads["lead_id"]).all()  # what was received did not change


def test_what_is_gone_is_listed_and_does_nothing(place):
    decide(place, ("S23456789ABC S23456789ABD", "same", ""), ("S23456789ABC", "leave_out", "E2"))
    after = screen(place, "2023")
    assert effects(after) == ["gone", "gone"]
    assert "S23456789ABC" in after["decisions"]["detail"][0]
    (place / "decisions.csv").unlink()
    plain = screen(place, "2023")
    assert plain["problems"].equals(after["problems"])


def test_two_who_disagree_are_asked_and_neither_holds(pits):
    before = screen(pits, "2023")
    pair = " ".join(before["leads"]["lead_id"])
    decide(pits, (pair, "same", "", "2023-07-01", "分局"), (pair, "apart", "", "2023-08-01", "督改办"))
    after = screen(pits, "2023")
    assert effects(after) == ["contradicted", "contradicted"]
    assert "disagreed" in set(after["questions"]["about"])
    decide(
        pits, (pair, "same", "", "2023-07-01", "分局"), (pair, "apart", "", "2023-08-01", "督改办"),
        (pair, "same", "", "2023-09-01", "会商"),
    )  # fmt: skip
    joint = screen(pits, "2023")
    assert effects(joint) == ["superseded", "superseded", "applied"]
    assert len(joint["sites"]) == 1


def test_a_site_belongs_to_the_case_a_person_names(place):
    write_source(
        place,
        "old",
        [(box(900, 900, 50, 50), {"no": "k", "activity": "采石场", "change": "新增", "state": "整改中", "closed": ""})],
        kind='"known"',
    )
    before = screen(place, "2023")
    case_id = before["cases"]["problem_id"][0]
    site_id = site_of(before, "in").site_id
    decide(place, (f"{site_id} {case_id}", "same", ""))
    after = screen(place, "2023")
    match = after["matches"].set_index("site_id").loc[site_id]
    assert (match["problem_id"], match["relation"]) == (case_id, "grown")
    assert "人工判定" in match["reason"]


def test_growth_of_judged_ground_gets_a_number_of_its_own(pits, tmp_path):
    site_id = site_of(screen(pits, "2023"), "a").site_id
    decide(pits, (site_id, "not_a_problem", "E6"))
    write_source(pits, "grown", [(slanted(150), lead("c", None)[1])], received="2023-11-01")
    given, _, _ = accept(pits, "2023", tmp_path / "out")
    assert given["problem_id"].str.startswith("T").all()
    assert given["problem_id"].is_unique


def test_what_did_nothing_stands_on_the_first_page(place, tmp_path):
    decide(place, ("S23456789ABC", "leave_out", "E2"), ("S23456789ABC", "explode", ""))
    run = screen_job(place, "2023", tmp_path / "out")
    said = [line for line in run.run["warnings"] if "decisions.csv" in line]
    assert ["2" in line or "3" in line for line in said] == [True, True]
    page = (run.folder / "index.html").read_text(encoding="utf-8")
    assert all(line in page for line in said)


def test_explain_finds_what_a_decision_took_away(pits):
    before = screen(pits, "2023")
    one, other = before["sites"]["site_id"]
    decide(pits, (f"{one} {other}", "same", ""))
    after = screen(pits, "2023")
    gone = ({one, other} - set(after["sites"]["site_id"])).pop()
    assert any("【地块】" in line for line in explain(after, gone, "zh"))
    assert explain(after, "C" + gone[1:], "zh")


def test_what_was_kept_and_accepted_gets_no_second_number(place, tmp_path):
    before = screen(place, "2023")
    gone = before["outcomes"].set_index("outcome").loc["set_aside"]
    decide(place, (gone["lead_id"], "keep", ""))
    given, _, _ = accept(place, "2023", tmp_path / "out")
    assert len(given) == 3
    assert set(screen(place, "2024")["outcomes"]["outcome"]) == {"known"}
    more, _, _ = accept(place, "2024", tmp_path / "out")
    assert more.empty


def test_an_accepted_place_is_not_asked_whether_it_is_itself(place, tmp_path):
    write_source(place, "leads", [(box(100, 100, 100, 100), lead("u", None, activity="不明")[1])])
    accept(place, "2023", tmp_path / "out")
    after = screen(place, "2024")
    assert after["matches"]["relation"].tolist() == ["same"]
    assert after["questions"].empty
    assert set(after["outcomes"]["outcome"]) == {"known"}


def test_a_lead_located_inside_is_no_longer_outside():
    leads = gpd.GeoDataFrame({"lead_id": ["L1", "L2"]}, geometry=[shapely.Point(1, 1), shapely.Point(9, 9)])
    unplaced = pd.DataFrame({"lead_id": ["L1", "L2"], "reason": ["E1", "E1"]})
    said = pd.DataFrame({"subject": ["L1", "L2"], "decision": "located_at", "effect": ""})
    ground = SimpleNamespace(boundary=shapely.box(0, 0, 5, 5))
    assert still_outside(unplaced, leads, said, ground)["lead_id"].tolist() == ["L2"]


@pytest.mark.parametrize(
    ("fault", "decision", "value", "subjects"),
    [
        ("E9 no place", "leave_out", "E9", ["R1", "R2"]),
        ("E9 no place", "located_at", "120 41", ["R1", "R2"]),
        (None, "leave_out", "E2", ["R1", "R2"]),
        (None, "leave_out", "E9", ["R1"]),  # it says where it lies now
        (None, "located_at", "120 41", ["R1"]),
        ("E11 unreadable", "leave_out", "E2", ["R1"]),
    ],
)
def test_which_words_on_a_record_hold_for_its_correction(fault, decision, value, subjects):
    old, new = (
        SimpleNamespace(id=name, replaces=replaced, received=date(2023, month, 1))
        for name, replaced, month in (("old", None, 1), ("new", "old", 2))
    )
    reports = pd.DataFrame(
        {"report_id": ["R1", "R2"], "source_id": ["old", "new"], "orig_no": "7", "fault": ["E9 no place", fault]}
    )
    row = {"row": 2, "subject": "R1", "decision": decision, "value": value, "effect": ""}
    held = for_corrections(shape_table(pd.DataFrame([row]), DECISIONS), reports, [old, new])
    assert held["subject"].tolist() == subjects
    assert set(held["row"]) == {2}
