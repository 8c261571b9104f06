"""The ledger: append-only events in SQLite; a case is what its events add up to.

Rollback journal, not WAL: the ledger is one small file that offices copy and back up, and WAL keeps the newest commits
in a second one. synchronous = FULL; every write is one BEGIN IMMEDIATE transaction.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from pipeline.errors import LedgerError
from pipeline.ledger.events import case_of
from pipeline.ledger.numbering import next_numbers
from pipeline.tables import CASES
from pipeline.text import say_both

CASE_COLUMNS = [*(name for name in CASES.names if name != "geometry"), "geometry_wkb", "geometry_crs"]
ACCEPTED_COLUMNS = ["candidate_id", "problem_id", "site_id", "lead_ids"]
JOINED = ("grown", "rebound")  # what happens to a known case belongs under its number
SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY,
    problem_id TEXT NOT NULL,
    event TEXT NOT NULL,
    at_date TEXT NOT NULL,
    cycle TEXT NOT NULL,
    role TEXT NOT NULL,
    note TEXT NOT NULL,
    payload TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS events_never_change BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER IF NOT EXISTS events_never_go BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
"""


def read_cases(path: Path, as_of: date, without_cycle: str) -> pd.DataFrame:
    """The cases as they stood on `as_of`, leaving out what `without_cycle` accepted; geometry_wkb lies in geometry_crs.

    A ledger that does not exist yet has no cases.
    """
    events = [
        event
        for event in _read_events(path)
        if event["at_date"] <= as_of.isoformat() and event["cycle"] != without_cycle
    ]
    by_problem: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        by_problem.setdefault(event["problem_id"], []).append(event)
    return pd.DataFrame([case_of(own) for own in by_problem.values()], columns=CASE_COLUMNS)


def read_accepted(path: Path, cycle: str) -> pd.DataFrame:
    """What `cycle` accepted: candidate_id, problem_id, site_id, lead_ids."""
    rows = [
        {"problem_id": event["problem_id"], **event["payload"]}
        for event in _read_events(path)
        if event["cycle"] == cycle
    ]
    return pd.DataFrame(rows, columns=ACCEPTED_COLUMNS).drop_duplicates("candidate_id", ignore_index=True)


def accept(
    path: Path, problems: pd.DataFrame, cycle: str, as_of: date, run_id: str, pattern: str, code: str
) -> pd.DataFrame:
    """Enter `problems` in one transaction; returns candidate_id, problem_id, is_new. Repeating it changes nothing.

    Growth and rebound of a case go under that case's number; sites of one case that is known only from an old list
    share the number that the first of them is given.
    """
    with _writing(path) as connection:
        events = _all_events(connection)
        taken = sorted({event["problem_id"] for event in events})
        had = {e["payload"]["candidate_id"]: e["problem_id"] for e in events if e["cycle"] == cycle}
        of_known = {
            e["payload"]["known_problem_id"]: e["problem_id"] for e in events if e["payload"]["known_problem_id"]
        }
        fresh = iter(next_numbers(taken, len(problems), pattern, code, as_of))
        rows = []
        for problem in problems.to_dict("records"):
            candidate_id = problem["candidate_id"]
            if isinstance(problem.get("problem_id"), str):  # its first lead was accepted under another site's id
                had.setdefault(candidate_id, problem["problem_id"])
            is_new = candidate_id not in had
            if is_new:
                joined = problem["known_problem_id"] if problem["relation"] in JOINED else None
                number = joined if joined in taken else of_known.get(joined)
                had[candidate_id] = number = number or next(fresh)
                if joined:
                    of_known[joined] = number
                _append(connection, number, problem, joined, cycle, as_of, run_id)
            rows.append({"candidate_id": candidate_id, "problem_id": had[candidate_id], "is_new": is_new})
    return pd.DataFrame(rows, columns=["candidate_id", "problem_id", "is_new"])


def _append(
    connection: sqlite3.Connection,
    number: str,
    problem: dict[str, Any],
    joined: str | None,
    cycle: str,
    as_of: date,
    run: str,
) -> None:
    payload = {
        "candidate_id": problem["candidate_id"],
        "site_id": problem["site_id"],
        "lead_ids": list(problem["lead_ids"]),
        "orig_nos": list(problem["orig_nos"]),
        "known_problem_id": joined,
        "activity_l1": problem["activity_l1"] if isinstance(problem["activity_l1"], str) else None,
        "known_since": problem["curr_date"] if isinstance(problem["curr_date"], str) else as_of.isoformat(),
        "position_accuracy_m": float(problem["position_accuracy_m"]),
        "case_geometry": problem["case_geometry"],
        "geometry": shapely.to_wkb(shapely.from_wkb(problem["geometry_wkb"]), hex=True),
        "geometry_crs": problem["geometry_crs"],
        "run_id": run,
    }
    event = problem["relation"] if problem["relation"] in JOINED else "listed"
    connection.execute(
        "INSERT INTO events (problem_id, event, at_date, cycle, role, note, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            event,
            as_of.isoformat(),
            cycle,
            "analyst",
            "",
            json.dumps(payload, ensure_ascii=False, sort_keys=True),
        ),
    )


def _read_events(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    # what a killed accept left half-written is rolled back on opening, for which SQLite must be allowed to write
    is_half_written = path.with_name(path.name + "-journal").exists()
    mode = "rw" if is_half_written else "ro"
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=10)
        try:
            return _all_events(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise LedgerError(say_both("ledger.unreadable", path=path, error=error)) from error


def _all_events(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    names = ("problem_id", "event", "at_date", "cycle", "payload")
    rows = connection.execute(f"SELECT {', '.join(names)} FROM events ORDER BY seq").fetchall()
    events = [dict(zip(names, row, strict=True)) for row in rows]
    return [{**event, "payload": json.loads(event["payload"])} for event in events]


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction: all of it is written, or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(say_both("ledger.unwritable", path=path, error=error)) from error
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(SCHEMA)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise LedgerError(say_both("ledger.unwritable", path=path, error=error)) from error
    finally:
        connection.close()  # an open transaction is rolled back
