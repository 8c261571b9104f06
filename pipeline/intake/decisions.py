"""decisions.csv of a place: read whoever's spreadsheet wrote it, and of rows that speak of one thing which is in force."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pipeline.config import Limits
from pipeline.declare import shape_table
from pipeline.errors import InputError
from pipeline.intake.decision_rows import FIELDS, LANGUAGES, Decision, check_row, say_decision
from pipeline.intake.files import read_path
from pipeline.intake.formats.columns import tidy_title
from pipeline.intake.privacy.scrub import without_marks
from pipeline.intake.reading import HowToRead, Reading
from pipeline.tables import DECISIONS
from pipeline.text import say

MOST_NAMED = 5  # others in one sentence
DECISIONS_FILE = "decisions.csv"
NEEDED = ("subject", "decision", "role", "date")  # columns without which no row can be read
JOINT = ("会商", "joint")  # who settles what roles disagree about
UNREADABLE, SUPERSEDED, CONTRADICTED, IN_FORCE = "unreadable", "superseded", "contradicted", ""


def read_decisions(folder: Path, language: str) -> pd.DataFrame:
    """Table DECISIONS of the place folder; no rows where it has no decisions.csv.

    `effect` is unreadable, superseded, contradicted or "" (in force). Raises InputError for a file that is no table of
    decisions.
    """
    path = folder / DECISIONS_FILE
    rows = read_rows(path, language) if path.is_file() and path.stat().st_size else []
    effects = judge(rows, language)
    cells = [
        {name: word or None for name, word in row._asdict().items()}
        | {"row": row.row, "subject": row.subject, "decision": row.decision, "effect": effect, "detail": detail or None}
        for row, (effect, detail) in zip(rows, effects, strict=True)
    ]
    return shape_table(pd.DataFrame(cells, columns=DECISIONS.names), DECISIONS)


def read_rows(path: Path, language: str, limits: Limits | None = None) -> list[Decision]:
    """Every row of a table of decisions – CSV or workbook, titles in the first row, Chinese or English – good or not.

    Raises InputError for a file that cannot be read or lacks the columns of decisions.
    """
    how = HowToRead(language, title_rows=0, header_rows=1)
    readings = [reading for reading in read_path(path, how, limits or Limits()) if reading.format]
    return [row for reading in readings for row in _rows_of(reading, path, language)]


def _rows_of(reading: Reading, path: Path, language: str) -> list[Decision]:
    columns = find_columns(reading.columns, FIELDS)
    missing = [say(language, f"decisions.title_{name}") for name in NEEDED if name not in columns]
    if missing:
        between = say(language, "privacy.between")
        values = {
            "missing": between.join(missing),
            "titles": ",".join(say("zh", f"decisions.title_{n}") for n in FIELDS),
        }
        raise InputError(say(language, "decisions.no_decisions", path=path, **values, fields=",".join(FIELDS)))
    rows = []
    for record in reading.records:
        cells = {name: record.words.get(title, "") for name, title in columns.items()}
        row = check_row(record.row, cells, language)
        rows.append(row._replace(fault=record.fault.removeprefix("E11 ")) if row.fault and record.fault else row)
    return rows


def find_columns(titles: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """name → the title of its column: the first that is called as the sentence decisions.title_<name>, in either language."""
    by_title = {tidy_title(title).casefold(): title for title in reversed(titles)}
    called = {name: [say(language, f"decisions.title_{name}") for language in LANGUAGES] for name in names}
    found = {name: [by_title[word] for word in words if word in by_title] for name, words in called.items()}
    return {name: own[0] for name, own in found.items() if own}


class Standing(NamedTuple):
    """How a row stands among all that speak of one thing: its effect, and the rows that supersede or contradict it."""

    effect: str
    others: list[Decision]


def judge(rows: Sequence[Decision], language: str) -> list[tuple[str, str]]:
    """(effect, detail in words) per row, of those that name one thing alike; by other ids: merging/said.py."""
    effects = [(UNREADABLE, row.fault) if row.fault else (IN_FORCE, "") for row in rows]
    groups: dict[tuple[str, frozenset[str]], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        if not row.fault:
            groups[row.about].append(position)
    for positions in groups.values():
        for position, standing in zip(positions, settle([rows[p] for p in positions]), strict=True):
            effects[position] = standing.effect, say_standing(standing, language)
    return effects


def settle(rows: Sequence[Decision]) -> list[Standing]:
    """How each of `rows` stands, which all speak of one thing, in the order of the file.

    Of one role the latest date counts, on one date the later row. Where roles then disagree, a joint decision counts; if
    there is none, all of them are contradicted and none is in force.
    """
    latest = {_who(row): row for row in sorted(rows, key=lambda row: row.date)}  # stable: on one date the later row
    joint = latest.get(JOINT[0])
    counting = list(latest.values()) if joint is None else [joint]
    is_disagreed = len({(row.decision, row.value) for row in counting}) > 1
    standings = []
    for row in rows:
        if row not in counting:
            standings.append(Standing(SUPERSEDED, [latest[_who(row)] if joint is None else joint]))
        elif is_disagreed:
            standings.append(Standing(CONTRADICTED, [one for one in rows if one in counting and one != row]))
        else:
            standings.append(Standing(IN_FORCE, []))
    return standings


def say_standing(standing: Standing, language: str) -> str:
    """In words; "" for a row in force."""
    if standing.effect == SUPERSEDED:
        return say(language, "decisions.superseded", row=standing.others[0].row)
    if standing.effect == CONTRADICTED:
        others = [say_whose(one, language) for one in standing.others[:MOST_NAMED]]
        return say(language, "decisions.contradicted", others=say(language, "decisions.between").join(others))
    return ""


def say_whose(decision: Decision, language: str) -> str:
    """Who decided what and when, with the row; not why: reasons may speak of persons, and this stands on first pages."""
    values = {"row": decision.row, "role": decision.role, "date": decision.date}
    return say(language, "decisions.whose", said=say_decision(decision, language), **values)


def _who(decision: Decision) -> str:
    """Whom a role means; where a name was replaced by its mark nobody knows, so such a row never supersedes another."""
    role = decision.role.casefold()
    if without_marks(role) != role:
        return f"{role} {decision.row}"
    return JOINT[0] if role in JOINT else role
