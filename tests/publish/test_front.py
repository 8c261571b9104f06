"""The first page of a run: what decisions did, those that want a hand first; every number in the page and the summary alike."""

import pandas as pd
import pytest

from pipeline import screen
from pipeline.declare import shape_table
from pipeline.jobs import screen as screen_job
from pipeline.publish.front import MOST_DECISIONS, front_page
from pipeline.tables import DECISIONS
from tests.stages.test_decided import site_of


@pytest.fixture
def finished(place, tmp_path):
    return screen_job(place, "2023", tmp_path / "out")


def a_row(number, effect, **known):
    return {"row": number, "subject": f"L{number}", "decision": "leave_out", "value": "E2", "role": "监测科",
            "reason": "理由不外传", "date": "2023-10-01", "effect": effect, **known}  # fmt: skip


def pages(finished, rows):
    cycle = finished.cycle
    tables = cycle.tables | {"decisions": shape_table(pd.DataFrame(rows, columns=DECISIONS.names), DECISIONS)}
    return front_page(cycle.place, cycle.name, cycle.as_of, finished.run, tables)


def test_what_wants_a_hand_stands_first_and_what_was_superseded_last(finished):
    rows = [a_row(1, "superseded", detail="已由第 3 行取代"), a_row(2, "gone", detail="没有 <L2>"), a_row(3, "applied"),
            a_row(4, "no_effect"), a_row(6, "contradicted"), a_row(7, "applied", detail="整体生效"),
            a_row(5, "unreadable", decision="explode <b>")]  # fmt: skip
    page, summary = pages(finished, rows)
    assert "| 已采用 | 2 |" in summary
    lines = [line for line in summary.splitlines() if "| leave" in line or "| 剔除 |" in line or "explode" in line]
    assert [line.split(" | ")[0] for line in lines] == ["| 5", "| 6", "| 2", "| 4", "| 7", "| 3", "| 1"]
    assert "没有 &lt;L2&gt;" in page
    assert "explode &lt;b&gt;" in page
    assert "理由不外传" not in page + summary


def test_many_decisions_are_cut_and_counted(finished):
    rows = [a_row(k, "applied") for k in range(1, MOST_DECISIONS + 9)]
    page, _ = pages(finished, rows)
    assert f"列出 {MOST_DECISIONS} 行，共 {MOST_DECISIONS + 8} 行" in page
    assert page.count("监测科") == MOST_DECISIONS


def test_old_rows_never_hide_those_that_want_a_hand(finished):
    old = [a_row(k, "superseded", detail="旧") for k in range(1, MOST_DECISIONS + 9)]
    page, _ = pages(finished, [*old, a_row(99, "contradicted", subject="L甲"), a_row(100, "no_effect", subject="L乙")])
    assert "L甲" in page
    assert "L乙" in page


def test_no_reason_of_a_person_stands_on_the_first_page(place, tmp_path):
    site = site_of(screen(place, "2023"), "in").site_id
    rows = [f"{site},leave_out,E2,邻居赵六作证,矿管科,2023-07-01", f"{site},keep,,张三仍在采,林草局,2023-07-02"]
    table = "\n".join(["subject,decision,value,reason,role,date", *rows])
    (place / "decisions.csv").write_text(table, encoding="utf-8")
    folder = screen_job(place, "2023", tmp_path / "out").folder
    for name in ("index.html", "summary.md"):
        page = (folder / name).read_text(encoding="utf-8")
        assert "意见不一致" in page and "林草局（2023-07-02）" in page
        assert not any(reason in page for reason in ("赵六", "作证", "张三", "仍在采"))


def test_without_decisions_nothing_is_said_of_them(finished):
    assert "decisions.csv" not in "".join(pages(finished, []))
