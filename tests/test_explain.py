"""explain: what persons decided and what they are asked is shown for records, known cases, leads, sites and questions."""

from pipeline import screen
from pipeline.explain import explain
from pipeline.tables import CANDIDATES, REPORTS, TABLES
from tests.conftest import box, write_source
from tests.identity.places import asked_place
from tests.stages.test_decided import by_number, decide, site_of
from tests.stages.test_effects import write_named
from tests.stages.test_questions import a_place, asked, frame, one


def told(tables, wanted):
    """The lines on decisions."""
    return [line for line in explain(tables, wanted, "zh") if line.startswith("【人工】")]


def test_a_record_and_the_case_known_by_it_alone_show_what_was_said_of_them(place):
    write_named(place, "names", "旧1", "青溪采石场")
    before = screen(place, "2023")
    record, site_id = by_number(before, "reports")["report_id"]["旧1"], site_of(before, "in").site_id
    case = "K" + record[1:]
    decide(place, (record, "leave_out", "E9"), (f"{site_id} {case}", "apart", ""))
    after = screen(place, "2023")
    for wanted in (record, case, "旧1"):
        assert [line.split("（")[0] for line in told(after, wanted)] == ["【人工】剔除 E9", "【人工】不是同一处 –"]
    lines = explain(after, case, "zh")
    assert any(line.startswith(f"【已知问题】{case}：来源 names，原编号 旧1，") for line in lines)
    assert any(f"地块 {site_id} 紧邻已知问题" in line for line in lines)
    assert len(told(after, site_id)) == 1


def test_a_known_case_shows_its_decisions_once(place):
    known = {"no": "k", "activity": "采石场", "change": "新增", "state": "整改中", "closed": ""}
    write_source(place, "old", [(box(900, 900, 50, 50), known)], kind='"known"')
    before = screen(place, "2023")
    case, site_id = before["cases"]["problem_id"][0], site_of(before, "in").site_id
    decide(place, (f"{site_id} {case}", "same", ""), (case, "not_a_problem", "E6"))
    after = screen(place, "2023")
    assert len(told(after, case)) == 2
    assert all(case in line and "已采用" in line for line in told(after, case))


def test_why_a_decision_did_nothing_stands_behind_it(place):
    leads = by_number(screen(place, "2023"))
    decide(place, (leads["report_id"]["in"], "located_at", "120.45 41.57"))
    (line,) = told(screen(place, "2023"), leads["report_id"]["in"])
    assert "未起作用" in line
    assert leads["lead_id"]["in"] in line


def test_nothing_bears_no_id(place):
    decide(place, (by_number(screen(place, "2023"))["lead_id"]["in"], "activity", "A61"))
    assert explain(screen(place, "2023"), "", "zh") == []


def test_an_id_in_a_sentence_is_met_whole(place):
    known = [
        (box(900, 900, 50, 50), {"no": "K1", "activity": "采石场", "change": "新增", "state": "整改中", "closed": ""})
    ]
    write_source(place, "old", known, kind='"known"')
    lead_id = by_number(screen(place, "2023"))["lead_id"]["in"]
    decide(place, (lead_id, "activity", "A61"))
    tables = screen(place, "2023")
    for detail, n in (("见已知问题K12。", 0), ("见已知问题K1。", 1), ("see XK1, K1-2", 0)):
        tables["decisions"] = tables["decisions"].assign(detail=detail)
        assert len(told(tables, "K1")) == n, detail


def test_the_correction_of_a_record_shows_what_was_said_of_it_before(place):
    write_named(place, "names", "旧1", "青溪采石场")
    record = by_number(screen(place, "2023"), "reports")["report_id"]["旧1"]
    write_named(place, "fixed", "旧1", "青溪采石一场", replaces='"names"', received="2023-02-01")
    decide(place, (record, "leave_out", "E9"))
    after = screen(place, "2023")
    later = after["reports"].query("source_id == 'fixed'")["report_id"].item()
    assert len(told(after, later)) == 1


def test_a_question_is_explained_by_its_id_with_whom_it_is_about_and_its_answers(tmp_path):
    place_before = screen(asked_place(tmp_path / "place"), "2023")
    (question,) = place_before["questions"].to_dict("records")
    a, b2 = (by_number(place_before)["lead_id"][number] for number in ("a", "b2"))
    lines = explain(place_before, question["question_id"], "zh")
    assert lines[0] == f"【待定】{question['question_id']}：{question['text']}"
    assert all(name in lines[1] for name in (*question["site_ids"], a, b2))
    assert lines[2:] == [f"    可选答案：是同一处（{a} {b2} same）", f"    可选答案：不是同一处（{a} {b2} apart）"]


def test_a_neighbour_that_is_asked_about_is_not_said_to_stay_apart(tmp_path):
    place = asked_place(tmp_path / "place")
    place_before = screen(place, "2023")
    site_id, other = (site_of(place_before, number).site_id for number in "ab")
    lines = explain(place_before, site_id, "zh")
    assert f"    相邻，是否同一处待判定：{other}" in lines
    assert not any("相邻而不合并" in line for line in lines)
    decide(place, (f"{site_id} {other}", "apart", ""))
    lines = explain(screen(place, "2023"), site_id, "zh")
    assert f"    相邻而不合并：{other}" in lines
    assert not any("待判定" in line for line in lines)


def test_a_record_without_a_place_shows_its_open_question():
    record = one("R", "R")
    reports = [{"report_id": record, "orig_no": "XF-7", "src_file": "a.xlsx", "src_row": 2}]
    places = [a_place("R", 1, 120.4, lead=False, name="东沟村", reason="文字")]
    tables = {name: frame(table, []) for name, table in TABLES.items()}
    tables |= {"reports": frame(REPORTS, reports), "candidates": frame(CANDIDATES, places)}
    tables["questions"] = asked("zh", reports=reports, candidates=places)
    for wanted in (record, "XF-7"):
        (line,) = [line for line in explain(tables, wanted, "zh") if line.startswith("【待定】")]
        assert record in line
