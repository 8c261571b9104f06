"""Workbooks as offices send them (xlsx, xlsm, xls, et, ods): one sheet as a table of text, then as records."""

import math
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO

import python_calamine
from lxml import etree

from pipeline.errors import InputError
from pipeline.intake.archives import DAMAGED, check_packed
from pipeline.intake.formats.columns import Range, column_letter, column_position, tidy_title
from pipeline.intake.formats.table import Table, clean_text, listed, table_reading
from pipeline.intake.formats.trial import try_out
from pipeline.intake.reading import HowToRead, Reading
from pipeline.text import say

MOST_GRID_CELLS = 20_000_000  # the reader keeps a cell for every place of the used area: about 1 GB
MOST_COLUMNS = 16_384  # of a sheet, by its format
SAMPLE_ROWS = 1_000  # so many rows show whether a sheet has a table
EXACT_BELOW = 10**15  # a spreadsheet keeps 15 digits of a number
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the stream that an encrypted xlsx is wrapped in
BROKEN = (
    *DAMAGED,
    python_calamine.CalamineError,
    etree.XMLSyntaxError,
    ValueError,
)


@dataclass
class Layout:
    """What a sheet's XML says beside its values; rows and columns count from 0, `end` is one beyond the last filled."""

    start: tuple[int, int] | None = None
    end: tuple[int, int] = (0, 0)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    errors: Counter[int] = field(default_factory=Counter)  # error cells by column
    uncalculated: int = 0  # formulas without a result


def read_workbook(path: Path, how: HowToRead) -> Reading:
    """The records of one sheet: words, no shapes. Raises InputError for a file that is no workbook, is damaged or
    locked, for a sheet that is missing and for a workbook without a table.
    """
    _check_kind(path, how)
    try:
        if zipfile.is_zipfile(path):
            check_packed(path, how.limits, how.language)
        members = _sheet_members(path)
        if not members:
            try_out(path, how.language)
        with path.open("rb") as stream:
            table = _choose_table(python_calamine.load_workbook(stream), path, members, how)
    except python_calamine.PasswordError as error:
        raise InputError(say(how.language, "sheets.is_locked", path=path)) from error
    except BROKEN as error:
        raise InputError(say(how.language, "sheets.is_damaged", path=path)) from error
    return table_reading(table, how)


def _check_kind(path: Path, how: HowToRead) -> None:
    """Raises InputError, with what the file looks like, unless its first bytes are a workbook's."""
    data = path.read_bytes()
    begin = data[:4_096]
    kind = None
    if not data:
        kind = "empty_file"
    elif data.startswith(OLE) and ENCRYPTED in data:
        kind = "is_locked"
    elif begin.decode("utf-8-sig", errors="replace").lstrip().startswith("<"):
        kind = "is_web_page"
    elif not data.startswith((ZIP, OLE)):
        kind = "is_unknown" if b"\x00" in begin else "is_text"
    if kind:
        raise InputError(say(how.language, f"sheets.{kind}", path=path))


def _choose_table(
    workbook: python_calamine.CalamineWorkbook, path: Path, members: dict[str, str], how: HowToRead
) -> Table:
    """The declared sheet, or the first visible one that has a table; the others that hold anything are noted."""
    names = workbook.sheet_names
    if how.sheet is not None:
        name = next((name for name in names if tidy_title(name) == tidy_title(how.sheet)), None)
        if name is None:
            values = {"path": path, "sheet": how.sheet, "names": listed(how.language, names)}
            raise InputError(say(how.language, "sheets.no_such_sheet", **values))
        layout = _layout(path, members, name, how)
        return _table(workbook.get_sheet_by_name(name), path, layout, [], how)
    found = []
    for meta in workbook.sheets_metadata:
        is_visible = meta.visible == python_calamine.SheetVisibleEnum.Visible
        if is_visible and meta.typ == python_calamine.SheetTypeEnum.WorkSheet:
            layout = _layout(path, members, meta.name, how)
            sheet = workbook.get_sheet_by_name(meta.name)
            if sheet.start is not None:
                found.append((sheet, layout))
    if not found:
        raise InputError(say(how.language, "sheets.no_table", path=path, names=listed(how.language, names)))
    sheet, layout = next((pair for pair in found if _has_table(pair[0])), found[0])
    others = [other.name for other, _ in found if other.name != sheet.name]
    return _table(sheet, path, layout, others, how)


def _has_table(sheet: python_calamine.CalamineSheet) -> bool:
    """Whether two rows or more have two cells or more, which a cover sheet or instructions seldom have."""
    wide = (row for row in islice(sheet.iter_rows(), SAMPLE_ROWS) if sum(cell != "" for cell in row) > 1)
    return len(list(islice(wide, 2))) == 2


def _table(
    sheet: python_calamine.CalamineSheet, path: Path, layout: Layout, others: Sequence[str], how: HowToRead
) -> Table:
    """A sheet as cells of text with its merged cells filled and its hidden rows counted."""
    left = sheet.start[1] if sheet.start else 0
    blank = [""] * sheet.width
    rows: list[list[str]] = []
    lost = Counter[int]()
    for cells in sheet.iter_rows() if sheet.start else ():
        if cells == blank:  # a used range may reach down to the last row of the sheet
            rows.append([])
            continue
        rows.append([""] * left + [cell_text(cell) for cell in cells])
        lost.update(
            left + j for j, cell in enumerate(cells) if isinstance(cell, int | float) and abs(cell) >= EXACT_BELOW
        )
    merged = sheet.merged_cell_ranges or []
    hidden = sum(any(rows[i]) for i in layout.hidden_rows if i < len(rows))
    width = max(map(len, rows), default=0)
    columns = [column_letter(j) for j in sorted(layout.hidden_columns) if any(any(row[j : j + 1]) for row in rows)]
    facts: list[tuple[bool, str, dict[str, object]]] = [
        (bool(others), "note_other_sheets", {"sheet": sheet.name, "names": listed(how.language, others)}),
        (bool(merged), "note_merged", {"n": _fill_merged(rows, merged, width)}),
        (bool(hidden), "note_hidden_rows", {"sheet": sheet.name, "n": hidden}),
        (bool(columns), "note_hidden_columns", {"sheet": sheet.name, "columns": listed(how.language, columns)}),
        (bool(layout.uncalculated), "note_uncalculated", {"n": layout.uncalculated}),
    ]
    notes = tuple(say(how.language, f"sheets.{key}", **values) for is_so, key, values in facts if is_so)
    kind = path.suffix.lstrip(".").lower()
    lines = range(1, len(rows) + 1)
    return Table(path.name, sheet.name, kind, rows, lines, merged, lost, layout.errors, notes=notes)


def _fill_merged(rows: list[list[str]], merged: Sequence[Range], width: int) -> int:
    """Fills the cells of every merged range, in place, with the text of its first; rows that are empty stay empty."""
    for (top, left), (bottom, right) in merged:
        text = rows[top][left] if top < len(rows) and left < len(rows[top]) else ""
        for row in rows[top : bottom + 1] if text else ():
            if row:
                end = min(right + 1, len(row))
                row[left:end] = [text] * max(0, end - left)
    return len(merged)


def cell_text(cell: object) -> str:
    """A cell's value as text: numbers without exponent and with 15 digits, dates as ISO, 是/否; "" for an empty cell."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return format(Decimal(f"{cell + 0.0:.15g}"), "f") if math.isfinite(cell) else ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return clean_text(str(cell))


def _sheet_members(path: Path) -> dict[str, str]:
    """Sheet name → its XML in an xlsx; empty for any other workbook."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= set(archive.namelist()):
            return {}
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        book, links = (
            etree.fromstring(archive.read(name), parser) for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
        )
        targets = {link.get("Id"): link.get("Target", "") for link in links.iter("{*}Relationship")}
        members = {}
        for sheet in book.iter("{*}sheet"):
            link = next((value for key, value in sheet.attrib.items() if str(key).endswith("}id")), None)
            target = targets.get(link, "").removeprefix("/")
            members[sheet.get("name", "")] = target if target.startswith("xl/") else f"xl/{target}"
        return {name: member for name, member in members.items() if member in archive.namelist()}


def _layout(path: Path, members: dict[str, str], name: str, how: HowToRead) -> Layout:
    """The layout of a sheet; empty but for an xlsx. Raises InputError for a used area that memory cannot hold."""
    if name not in members:
        return Layout()
    with zipfile.ZipFile(path) as archive, archive.open(members[name]) as stream:
        layout = _scan(stream)
    rows = layout.end[0] - (layout.start or (0, 0))[0]
    columns = layout.end[1] - (layout.start or (0, 0))[1]
    if rows * columns > MOST_GRID_CELLS:
        cell = f"{column_letter(layout.end[1] - 1)}{layout.end[0]}"
        values = {"path": path, "sheet": name, "rows": rows, "columns": columns, "cell": cell}
        raise InputError(say(how.language, "sheets.is_too_wide", **values))
    return layout


def _scan(stream: IO[bytes]) -> Layout:
    """Reads what a sheet's XML says beside its values, in one pass and without keeping it."""
    layout = Layout()
    row = column = -1
    tags = ("{*}row", "{*}c", "{*}col")
    for event, element in etree.iterparse(stream, ("start", "end"), tag=tags, resolve_entities=False, no_network=True):
        kind = etree.QName(element).localname
        if event == "start" and kind == "row":
            row, column = int(element.get("r", row + 2)) - 1, -1
            if element.get("hidden") in ("1", "true"):
                layout.hidden_rows.add(row)
        elif event == "end" and kind == "c":
            column = column_position(element.get("r")) if element.get("r") else column + 1
            _note_cell(layout, element, row, column)
        elif event == "end" and kind == "col" and element.get("hidden") in ("1", "true"):
            last = min(int(element.get("max", 0)), MOST_COLUMNS)
            layout.hidden_columns.update(range(int(element.get("min", 1)) - 1, last))
        if event == "end":
            element.clear()
            while kind == "row" and element.getprevious() is not None:
                del element.getparent()[0]
    return layout


def _note_cell(layout: Layout, cell: etree._Element, row: int, column: int) -> None:
    value, formula, inline = (cell.find(f"{{*}}{tag}") for tag in ("v", "f", "is"))
    if (value is None or not value.text) and inline is None:
        layout.uncalculated += formula is not None and cell.get("t") != "str"
        return
    if cell.get("t") == "e":
        layout.errors[column] += 1
    first = layout.start or (row, column)
    layout.start = min(first[0], row), min(first[1], column)
    layout.end = max(layout.end[0], row + 1), max(layout.end[1], column + 1)
