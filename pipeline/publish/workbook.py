"""The list as a workbook (疑似问题清单): one sheet per row set, ready to print, equal bytes for equal runs."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import xlsxwriter

from pipeline.config import DeliveredColumn, DeliveredLayer, Delivery
from pipeline.publish.province import delivered_cells
from pipeline.publish.questions_sheet import TO_FILL_COLOUR, offer_answers, with_columns_to_fill
from pipeline.text import say

HEADER_ROW = 2  # below the title and the marks
DEFAULT_WIDTH = 14
LINE_POINTS = 15.5  # a font that stands in for 宋体 has lines up to half as high again as its letters
CELL_POINTS = 1.0  # above and below the lines of a cell
MOST_POINTS = 409.0  # Excel's limit
SPARE_COLUMNS = 1  # that a font that stands in may be wider by
MOVED_COLUMNS = 5  # what a line may leave empty for a number or word that no longer fits
TITLE_COLUMNS = 9  # so that the title stands on the first printed page
A4, A3 = 9, 8
PAGE_WIDTH = 150  # characters that stay readable across one landscape A4


def write_workbook(
    path: Path, delivery: Delivery, rows: Mapping[str, pd.DataFrame], as_of: date, marks: list[str],
    notes: Mapping[str, str] = MappingProxyType({}),
) -> None:  # fmt: skip
    """Write every sheet of `delivery` from its row set; `marks` stand under each title and in the footer, a note of
    `notes` (by row set) behind the marks."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        workbook.set_properties({"title": delivery.title, "created": datetime(as_of.year, as_of.month, as_of.day)})
        formats = _formats(workbook)
        for layer in delivery.layers:
            sheet, own = workbook.add_worksheet(layer.name), rows[layer.rows]
            if layer.rows == "questions":
                layer = with_columns_to_fill(layer, delivery.language)
            _write_sheet(sheet, delivery, layer, own, formats, marks, notes.get(layer.rows, ""))
            if layer.rows == "questions":
                offer_answers(sheet, layer, own, HEADER_ROW, delivery.language, formats)


def _formats(workbook: Any) -> dict[str, Any]:
    font = {"font_name": "宋体", "font_size": 10}
    cell = {**font, "border": 1, "valign": "top", "text_wrap": True}
    formats = {
        "title": workbook.add_format({**font, "font_size": 15, "bold": True, "align": "center", "valign": "vcenter"}),
        "mark": workbook.add_format({**font, "font_color": "#9C1C1C", "align": "center"}),
        "header": workbook.add_format(
            {**cell, "bold": True, "bg_color": "#DCE8E0", "valign": "vcenter", "align": "center"}
        ),
        "text": workbook.add_format(cell),
        "integer": workbook.add_format({**cell, "num_format": "0"}),
        "to_fill": workbook.add_format({**cell, "bg_color": TO_FILL_COLOUR}),
        "to_fill_date": workbook.add_format({**cell, "bg_color": TO_FILL_COLOUR, "num_format": "yyyy-mm-dd"}),
    }
    return formats | {
        f"decimals{k}": workbook.add_format({**cell, "num_format": "0." + "0" * k if k else "0"}) for k in range(9)
    }


def _write_sheet(
    sheet: Any, delivery: Delivery, layer: DeliveredLayer, rows: pd.DataFrame, formats: dict[str, Any],
    marks: list[str], note: str,
) -> None:  # fmt: skip
    last = min(max(len(layer.columns) - 1, 1), TITLE_COLUMNS)
    width = sum(column.width or DEFAULT_WIDTH for column in layer.columns)
    sheet.merge_range(0, 0, 0, last, layer.title, formats["title"])
    sheet.merge_range(1, 0, 1, last, " · ".join(filter(None, [*marks, note])), formats["mark"])
    sheet.set_row(0, 28)
    lines: dict[int, int] = {1: 2 if note else 1, HEADER_ROW: 2}
    for j, column in enumerate(layer.columns):
        sheet.set_column(j, j, column.width or DEFAULT_WIDTH)
        sheet.write_string(HEADER_ROW, j, column.title, formats["header"])
        lines[HEADER_ROW] = max(lines[HEADER_ROW], _lines(column.title, column.width or DEFAULT_WIDTH))
        for i, value in enumerate(delivered_cells(rows, column), HEADER_ROW + 1):
            _write_cell(sheet, i, j, value, column, formats)
            lines[i] = max(lines.get(i, 1), _lines(value, column.width or DEFAULT_WIDTH))
    for i, n in lines.items():
        sheet.set_row(i, min(LINE_POINTS * n + CELL_POINTS, MOST_POINTS))
    if rows.empty:
        sheet.merge_range(
            HEADER_ROW + 1, 0, HEADER_ROW + 1, last, say(delivery.language, "list.empty_sheet"), formats["text"]
        )
    else:
        sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + len(rows), len(layer.columns) - 1)
    sheet.freeze_panes(HEADER_ROW + 1, min(2, len(layer.columns)))
    sheet.repeat_rows(0, HEADER_ROW)
    sheet.set_landscape()
    sheet.set_paper(A4 if width <= PAGE_WIDTH else A3)
    sheet.fit_to_pages(max(1, math.ceil(width / (PAGE_WIDTH * 1.5))), 0)
    sheet.repeat_columns(0, min(1, len(layer.columns) - 1))
    sheet.set_footer(f"&L{' · '.join(marks)}&R&P / &N")


def _lines(value: Any, width: int) -> int:
    """How many lines a cell needs: a Chinese sign takes two columns, and a number at a line's end moves down whole."""
    if not isinstance(value, str):
        return 1
    return sum(_lines_of_one(words, width) for words in value.split("\n"))


def _lines_of_one(words: str, width: int) -> int:
    if 2 * len(words) <= width - SPARE_COLUMNS:
        return 1
    columns = sum(2 if ord(sign) > 0x2E80 else 1 for sign in words)
    return 1 if columns <= width - SPARE_COLUMNS else math.ceil(columns / max(width - MOVED_COLUMNS, 1))


def _write_cell(sheet: Any, i: int, j: int, value: Any, column: DeliveredColumn, formats: dict[str, Any]) -> None:
    if value is None:
        sheet.write_blank(i, j, None, formats["text"])
    elif column.decimals is not None:
        sheet.write_number(i, j, value, formats[f"decimals{column.decimals}"])
    elif column.is_integer:
        sheet.write_number(i, j, value, formats["integer"])
    else:
        sheet.write_string(i, j, str(value), formats["text"])
