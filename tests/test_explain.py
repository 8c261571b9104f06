"""explain: what persons decided is shown for records and known cases as it is for leads and sites."""

from pipeline import screen
from pipeline.explain import explain
from tests.conftest import box, write_source
from tests.stages.test_decided import by_number, decide, site_of
from tests.stages.test_effects import write_named


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


def test_the_correction_of_a_record_shows_what_was_said_of_it_before(place):
    write_named(place, "names", "旧1", "青溪采石场")
    record = by_number(screen(place, "2023"), "reports")["report_id"]["旧1"]
    write_named(place, "fixed", "旧1", "青溪采石一场", replaces='"names"', received="2023-02-01")
    decide(place, (record, "leave_out", "E9"))
    after = screen(place, "2023")
    later = after["reports"].query("source_id == 'fixed'")["report_id"].item()
    assert len(told(after, later)) == 1
