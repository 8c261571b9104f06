"""The first page of a run: what decisions did, those that did nothing first; every number in the page and the summary alike."""

import pandas as pd
import pytest

from pipeline.declare import shape_table
from pipeline.jobs import screen as screen_job
from pipeline.publish.front import MOST_DECISIONS, front_page
from pipeline.tables import DECISIONS


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


def test_what_did_nothing_stands_before_what_was_applied(finished):
    rows = [a_row(1, "applied"), a_row(2, "gone", detail="没有 <L2>"), a_row(3, "applied"), a_row(4, "no_effect")]
    page, summary = pages(finished, [*rows, a_row(5, "unreadable", decision="explode <b>")])
    assert "| 已采用 | 2 |" in summary
    lines = [line for line in summary.splitlines() if "| leave" in line or "| 剔除 |" in line or "explode" in line]
    assert [line.split(" | ")[0] for line in lines] == ["| 2", "| 4", "| 5", "| 1", "| 3"]
    assert "没有 &lt;L2&gt;" in page
    assert "explode &lt;b&gt;" in page
    assert "理由不外传" not in page + summary


def test_many_decisions_are_cut_and_counted(finished):
    rows = [a_row(k, "applied") for k in range(1, MOST_DECISIONS + 9)]
    page, _ = pages(finished, rows)
    assert f"列出 {MOST_DECISIONS} 行，共 {MOST_DECISIONS + 8} 行" in page
    assert page.count("监测科") == MOST_DECISIONS


def test_without_decisions_nothing_is_said_of_them(finished):
    assert "decisions.csv" not in "".join(pages(finished, []))
