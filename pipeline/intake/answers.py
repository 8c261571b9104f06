"""The sheet of questions that a person filled in: each answer chosen from its list as the decisions it stands for.

Publish writes the sheet; what it needs to be read again stands in hidden columns of the same row, so that rows may be
sorted, filtered or copied to another file.
"""

import json
import re
from pathlib import Path

from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.geometry import ALPHABET
from pipeline.intake.decision_rows import Decision, check_row
from pipeline.intake.decisions import find_columns
from pipeline.intake.files import read_path
from pipeline.intake.reading import HowToRead, Record
from pipeline.intake.words.codes import tidy_word
from pipeline.text import say

TITLE_ROWS = 2  # the sheet's title and its marks stand above the header
ID_TITLE = "of"  # the hidden column with the question's id once more, by which a row sorted apart shows
TO_FILL = ("answer", "reason", "role", "date")  # the columns a person fills, by their sentence decisions.title_…
_QUESTION_ID = re.compile(rf"Q[{ALPHABET}]{{11}}")


def option_title(number: int) -> str:
    """The title of the hidden column with the label of an answer, from 1."""
    return f"option {number}"


def rows_title(number: int) -> str:
    """The title of the hidden column with the decisions of that answer, JSON."""
    return f"rows {number}"


def read_answers(path: Path, sheet: str, language: str, limits: Limits) -> list[Decision] | None:
    """The decisions of every answered question, or one with a fault per question that cannot be read; None: no such sheet.

    Raises InputError where the sheet lost the columns by which it is read.
    """
    how = HowToRead(language, sheet=sheet, title_rows=TITLE_ROWS, header_rows=1)
    try:
        readings = read_path(path, how, limits)
    except InputError:
        return None  # read as a plain table, it says what is wrong with the file
    decisions = []
    for reading in (reading for reading in readings if reading.format):
        columns = find_columns(reading.columns, TO_FILL)
        if set(columns) != set(TO_FILL) or option_title(1) not in reading.columns:
            raise InputError(say(language, "decisions.no_columns_to_fill", path=path, sheet=sheet, row=TITLE_ROWS + 1))
        for record in reading.records:
            decisions += _decisions_of(record, columns, language)
    return decisions


def _decisions_of(record: Record, columns: dict[str, str], language: str) -> list[Decision]:
    cells = {name: record.words.get(title, "") for name, title in columns.items()}
    answer, options = tidy_word(cells.pop("answer")), _options(record)
    if (not answer and not cells["reason"]) or (
        not options and record.fault
    ):  # left open; or a note over the whole row
        return []
    if answer not in options:
        key = "no_answer" if not answer else "no_question" if not options else "no_such_answer"
        fault = say(language, f"decisions.{key}", found=answer, known=" / ".join(options))
        return [check_row(record.row, cells, language)._replace(fault=fault)]
    rows = [check_row(record.row, {**row, **cells}, language) for row in _rows(options[answer])]
    if not rows or _is_sorted_apart(record):
        fault = say(language, "decisions.damaged_question")
        return [check_row(record.row, cells, language)._replace(fault=fault)]
    return [row for row in rows if row.fault][:1] or rows


def _options(record: Record) -> dict[str, str]:
    """Label → JSON of its decisions."""
    options, number = {}, 1
    while label := tidy_word(record.words.get(option_title(number))):
        options[label] = record.words.get(rows_title(number), "")
        number += 1
    return options


def _is_sorted_apart(record: Record) -> bool:
    """Whether the hidden columns belong to another question than the visible ones: “yes” would then answer the wrong one."""
    shown = {cell for title, cell in record.words.items() if title != ID_TITLE and _QUESTION_ID.fullmatch(cell)}
    return bool(shown) and record.words.get(ID_TITLE) not in shown


def _rows(text: str) -> list[dict[str, str]]:
    """The decisions of an answer; none where a person changed the hidden cell."""
    try:
        rows = json.loads(text)
    except ValueError:
        return []
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else []
