"""The sheet of questions as a form: columns to fill in, each row with the list of its own answers.

Lists and what answers mean stand in hidden columns of the same row: Excel limits a written list to 255 characters, and rows
may be sorted. `intake/answers.py` reads them back.
"""

import json
from datetime import date
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell

from pipeline.config import DeliveredColumn, DeliveredLayer
from pipeline.intake.answers import ID_TITLE, TO_FILL, option_title, rows_title
from pipeline.text import say

WIDTHS = {"answer": 26, "reason": 24, "role": 14, "date": 12}
MOST_CELL = 32_767  # characters; Excel's limit
FIRST_DAY = date(2000, 1, 1)  # an earlier date in the form is a slip
TO_FILL_COLOUR = "#FFF9E5"


def with_columns_to_fill(layer: DeliveredLayer, language: str) -> DeliveredLayer:
    """The sheet with the columns that a person fills behind the declared ones; their titles are what the reader looks for."""
    titles = {name: say(language, f"decisions.title_{name}") for name in TO_FILL}
    own = [DeliveredColumn(field=n, name=n, title=title, width=WIDTHS[n]) for n, title in titles.items()]
    return layer.model_copy(update={"columns": [*layer.columns, *own]})


def offer_answers(
    sheet: Any, layer: DeliveredLayer, rows: pd.DataFrame, header_row: int, language: str, formats: dict[str, Any]
) -> None:
    """Make a form of a written sheet whose last columns are TO_FILL: `rows.answers` becomes a list to choose from per row.

    Below `header_row` (from 0) stand the rows. An answer too long for a cell is left to the review page.
    """
    options = [_options(answers) for answers in rows["answers"]]
    most, first = max(map(len, options), default=1), len(layer.columns)
    last = first + 2 * most
    titles = [*map(option_title, range(1, most + 1)), *map(rows_title, range(1, most + 1)), ID_TITLE]
    sheet.write_row(header_row, first, titles)
    for i, (question_id, own) in enumerate(zip(rows["question_id"], options, strict=True), header_row + 1):
        for k, (label, decisions) in enumerate(own):
            sheet.write_string(i, first + k, label)
            sheet.write_string(i, first + most + k, decisions)
        sheet.write_string(i, last, question_id)
        for j, name in enumerate(TO_FILL, first - len(TO_FILL)):
            sheet.write_blank(i, j, None, formats["to_fill_date" if name == "date" else "to_fill"])
    sheet.set_column(first, last, None, None, {"hidden": True})
    if len(rows):
        sheet.autofilter(header_row, 0, header_row + len(rows), last)  # sorting moves what lies in it, and nothing else
        _limit_cells(sheet, header_row + 1, header_row + len(rows), first, most, language)


def _options(answers: str) -> list[tuple[str, str]]:
    """(label, its decisions as JSON) per answer."""
    pairs = [(one["label"], json.dumps(one["decisions"], ensure_ascii=False)) for one in json.loads(answers)]
    return [pair for pair in pairs if max(map(len, pair)) <= MOST_CELL]


def _limit_cells(sheet: Any, top: int, bottom: int, first: int, most: int, language: str) -> None:
    """Answers are chosen from the row's own list, of as many entries as it has; dates are dates; a role is told what it is."""
    start, end = (xl_rowcol_to_cell(top, column, col_abs=True) for column in (first, first + most - 1))
    answer, _, role, day = range(first - len(TO_FILL), first)
    sheet.data_validation(top, answer, bottom, answer, {
        "validate": "list", "source": f"=OFFSET({start},0,0,1,MAX(1,COUNTA({start}:{end})))",
        "error_title": say(language, "decisions.title_answer"), "error_message": say(language, "decisions.choose"),
    })  # fmt: skip
    sheet.data_validation(top, role, bottom, role, {
        "validate": "any", "input_title": say(language, "decisions.title_role"), "input_message": say(language, "decisions.office"),
    })  # fmt: skip
    sheet.data_validation(top, day, bottom, day, {
        "validate": "date", "criteria": ">=", "value": FIRST_DAY,
        "error_title": say(language, "decisions.title_date"), "error_message": say(language, "decisions.a_day"),
    })  # fmt: skip
