"""Workbooks and text tables as offices send them: title rows, several header rows, merged cells, total rows."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import python_calamine

from pipeline.intake.codes import tidy_word

TOTAL_WORDS = ("合计", "小计", "总计", "总和", "total", "sum")
Row = tuple[int, dict[str, str]]  # row number as the spreadsheet counts, and column title → cell text


def read_sheet(path: Path, sheet: str | None, title_rows: int, header_rows: int) -> tuple[str, list[Row]]:
    """The sheet's name and its non-empty rows; merged cells are filled, titles of several rows joined with "/"."""
    workbook = python_calamine.load_workbook(str(path))
    name = sheet or workbook.sheet_names[0]
    cells = workbook.get_sheet_by_name(name)
    rows = [list(row) for row in cells.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in cells.merged_cell_ranges or []:
        for i in range(top, min(bottom + 1, len(rows))):
            for j in range(left, min(right + 1, len(rows[i]))):
                rows[i][j] = rows[top][left]
    return name, list(_records([[_cell_text(cell) for cell in row] for row in rows], title_rows, header_rows))


def read_text_table(path: Path, encoding: str, title_rows: int, header_rows: int) -> list[Row]:
    """The non-empty rows of a comma- or tab-separated file."""
    with path.open(encoding=encoding, newline="") as stream:
        head = stream.readline()
        stream.seek(0)
        rows = list(csv.reader(stream, delimiter="\t" if "\t" in head else ","))
    return list(
        _records([[cell.strip().removeprefix("\ufeff") for cell in row] for row in rows], title_rows, header_rows)
    )


def is_total_row(cells: dict[str, str]) -> bool:
    """Whether a row sums other rows up instead of being one."""
    return any("".join(word.split()).casefold() in TOTAL_WORDS for word in cells.values())


def _cell_text(cell: object) -> str:
    if isinstance(cell, datetime | date):
        return cell.strftime("%Y-%m-%d")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _records(rows: list[list[str]], title_rows: int, header_rows: int) -> Iterator[Row]:
    head = rows[title_rows : title_rows + header_rows]
    width = max((len(row) for row in rows), default=0)
    titles = [_join_titles([row[j] if j < len(row) else "" for row in head]) for j in range(width)]
    for number, row in enumerate(rows[title_rows + header_rows :], title_rows + header_rows + 1):
        if any(row):
            yield number, {title: cell for title, cell in zip(titles, row, strict=False) if title}


def _join_titles(parts: list[str]) -> str:
    tidy = [tidy_word(part) for part in parts]
    return "/".join(part for part, before in zip(tidy, ["", *tidy], strict=False) if part and part != before)
