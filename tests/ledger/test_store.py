"""The ledger only grows, numbers are given once, and every reading is as of a day."""

import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date

import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import LedgerError
from pipeline.ledger.store import accept, read_accepted, read_cases

DAY = date(2023, 9, 30)


def problem(name, relation="new", known=None, x=0.0):
    return {
        "candidate_id": f"C{name}", "site_id": f"S{name}", "lead_ids": [f"L{name}"], "relation": relation,
        "known_problem_id": known, "activity_l1": "A1", "orig_nos": [name], "curr_date": "2022", "position_accuracy_m": 5.0,
        "case_geometry": "outline", "geometry_wkb": shapely.to_wkb(shapely.box(x, 0, x + 1, 1)), "geometry_crs": "EPSG:4490",
    }  # fmt: skip


def enter(path, *problems, cycle="2023", day=DAY):
    return accept(path, pd.DataFrame(list(problems)), cycle, day, "run", "ST{code}-{year}-{number:04d}", "211302")


def test_numbers_come_in_order_and_once(tmp_path):
    path = tmp_path / "ledger.sqlite"
    assert enter(path, problem("a"), problem("b"))["problem_id"].tolist() == [
        "ST211302-2023-0001",
        "ST211302-2023-0002",
    ]
    again = enter(path, problem("b"), problem("c"))
    assert again["problem_id"].tolist() == ["ST211302-2023-0002", "ST211302-2023-0003"]
    assert again["is_new"].tolist() == [False, True]
    assert read_accepted(path, "2023")["candidate_id"].tolist() == ["Ca", "Cb", "Cc"]


def test_repeating_changes_no_byte(tmp_path):
    path = tmp_path / "ledger.sqlite"
    enter(path, problem("a"))
    before = path.read_bytes()
    enter(path, problem("a"))
    assert path.read_bytes() == before


def test_growth_goes_under_the_number_of_its_case(tmp_path):
    path = tmp_path / "ledger.sqlite"
    first = enter(path, problem("a"))["problem_id"].iloc[0]
    grown = enter(path, problem("b", "grown", first, x=1), cycle="2024", day=date(2024, 9, 30))
    assert grown["problem_id"].tolist() == [first]
    case = read_cases(path, date(2025, 1, 1), "none").iloc[0]
    assert shapely.from_wkb(case["geometry_wkb"]).area == 2
    assert (case["lead_ids"], case["state"]) == (["La", "Lb"], "B1")


def test_sites_of_one_case_of_an_old_list_share_a_number(tmp_path):
    given_numbers = enter(tmp_path / "l.sqlite", problem("a", "grown", "K1"), problem("b", "grown", "K1"), problem("c"))
    assert given_numbers["problem_id"].str[-4:].tolist() == ["0001", "0001", "0002"]


def test_a_rebound_waits_for_its_check(tmp_path):
    path = tmp_path / "l.sqlite"
    first = enter(path, problem("a"))["problem_id"].iloc[0]
    enter(path, problem("b", "rebound", first), cycle="2024", day=date(2024, 9, 30))
    assert read_cases(path, date(2025, 1, 1), "none")["state"].tolist() == ["B16"]


def test_a_reading_is_as_of_a_day_and_without_its_own_cycle(tmp_path):
    path = tmp_path / "l.sqlite"
    enter(path, problem("a"))
    assert len(read_cases(path, DAY, "2024")) == 1
    assert len(read_cases(path, DAY, "2023")) == 0
    assert len(read_cases(path, date(2023, 9, 29), "2024")) == 0
    assert len(read_cases(tmp_path / "none.sqlite", DAY, "2024")) == 0


@pytest.mark.parametrize("statement", ["UPDATE events SET role = 'x'", "DELETE FROM events"])
def test_events_are_never_changed(tmp_path, statement):
    path = tmp_path / "l.sqlite"
    enter(path, problem("a"))
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)


def test_what_is_no_ledger_is_said(tmp_path):
    path = tmp_path / "l.sqlite"
    path.write_text("not a ledger, and long enough to be looked at as one" * 9)
    with pytest.raises(LedgerError, match=r"l\.sqlite"):
        read_cases(path, DAY, "2023")


KILLED = """
import sys
from pathlib import Path
from tests.ledger.test_store import enter, problem
for k in range(1000):
    enter(Path(sys.argv[1]), problem(f"{sys.argv[2]}{k}a"), problem(f"{sys.argv[2]}{k}b"))
    print(k, flush=True)
"""


def test_a_killed_accept_enters_all_of_a_list_or_nothing(tmp_path):
    path = tmp_path / "l.sqlite"
    for start, delay in (("x", 0.0), ("y", 0.05), ("z", 0.21)):
        command = [sys.executable, "-c", KILLED, str(path), start]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline()  # it is writing; how long starting took does not matter
            time.sleep(delay)
            process.kill()
        assert len(read_accepted(path, "2023")) % 2 == 0
    numbers = read_accepted(path, "2023")["problem_id"]
    assert len(numbers) >= 6
    assert numbers.is_unique


def test_a_half_written_accept_is_rolled_back_by_the_next_reading(tmp_path):
    path, crashed = tmp_path / "l.sqlite", tmp_path / "crashed" / "l.sqlite"
    enter(path, problem("a"))
    crashed.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")  # so that pages reach the file before the commit
        connection.execute("BEGIN IMMEDIATE")
        row = ("X", "listed", "2023-09-30", "2023", "analyst", "", "x" * 5_000)
        connection.executemany("INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", [row] * 200)
        for name in ("l.sqlite", "l.sqlite-journal"):  # the files as a killed process leaves them
            shutil.copy(path.with_name(name), crashed.with_name(name))
    assert crashed.stat().st_size > 500_000
    assert read_accepted(crashed, "2023")["candidate_id"].tolist() == ["Ca"]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["2023", "2024"])), min_size=1, max_size=8))
def test_any_order_of_accepts_only_grows_the_ledger(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("ledger") / "l.sqlite"
    seen: dict[tuple[str, str], str] = {}
    for name, cycle in steps:
        number = enter(path, problem(name), cycle=cycle)["problem_id"].iloc[0]
        assert seen.setdefault((name, cycle), number) == number
    assert len(set(seen.values())) == len(seen)
