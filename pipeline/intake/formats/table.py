"""The rows of any table, from a text file or a workbook, as records with their reasons and notes."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.errors import InputError
from pipeline.intake.coordinates.degrees import split_pair
from pipeline.intake.formats import columns as heads
from pipeline.intake.reading import HowToRead, Reading, Record
from pipeline.text import say

UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u200b\ufeff]")
SHOWN_ROWS = 10  # so many row numbers are named in a note
EMPTY_WORDS = {"/", "\\", "-", "--", "—", "——", "–", "―", "无", "空", "n/a", "na", "null", "none", "nan", "<null>"}
NONE_IS_AN_ANSWER = re.compile(r"有无|是否|手续")  # columns where 无 says something
ERROR_CELL = re.compile(r"#(REF!|N/A|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!)")
FORCED_TEXT = re.compile(r"=\"([^\"]*)\"|'([\d=+\-@].*)")  # how a number is kept as text: ="0301" and '0301
POWER_OF_TEN = re.compile(r"[-+]?\d(\.\d+)?[eE]\+?\d{1,2}")
TOTAL = re.compile(r"(本页|全县|全区|全市)?(合计|小计|总计|总和|共计|累计)[:：]?|total|subtotal|grandtotal|sum")
ENDS_AS_TOTAL = re.compile(r".{1,12}(合计|小计|总计)")
BELOW = re.compile(
    r"((备|附)?注|(填报|填表)?说明)([:：\d]|$)|(联系)?电话([:：]|$)|(盖章|签字|日期)[:：]"
    r"|(填报|填表|制表|编制|报送|审核|复核|审批|核查|分管|主要|单位)?"
    r"(单位|部门|日期|时间|人|人员|领导|负责人|联系人|填报人|填表人|审核人)([:：]|[(（](签字|签名|盖章|公章)|$)"
)
STAMP = re.compile(r"[(（](盖章|公章|章)[)）]$")
GROUP = re.compile(
    r"[(（]?[一二三四五六七八九十]{1,3}[)）、.．:：]|第[一二三四五六七八九十\d]+(类|批|部分)|[^\d\x00-\x7f]+(类|乡|镇|街道|批次)$"
)
NUMBER_OR_NAME = ("orig_no", "facility_name")
PAIRS = (("lon", "lat"), ("x_north", "y_east"))
SERIAL = ("序号", "no", "no.", "行号", "xh")


@dataclass(frozen=True)
class Table:
    """A table as cells of text, merged cells filled; `lost` and `errors` count by column what its numbers suffered."""

    file: str
    sheet: str | None
    format: str
    rows: list[list[str]]
    lines: Sequence[int]  # where each row stands, as a person counts
    merged: Sequence[heads.Range] = ()
    lost: Counter[int] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    encoding: str | None = None
    encoding_why: str = ""
    notes: tuple[str, ...] = ()


def table_reading(table: Table, how: HowToRead) -> Reading:
    """The records of a table: header found or as declared, cells tidied; what is no record has an E11 fault."""
    if how.title_rows and how.title_rows >= len(table.rows) > 0:
        values = {"file": table.file, "title_rows": how.title_rows, "n": len(table.rows)}
        raise InputError(say(how.language, "sheets.header_beyond", **values))
    top, height = heads.find_header(table.rows, table.merged, how.title_rows, how.header_rows)
    body = [i for i in range(top + height, len(table.rows)) if any(table.rows[i])]
    titles, notes = _titles(table, top, height, body, how)
    cells, cell_notes = _tidy_cells(table, body, titles, how.language)
    kinds = _row_kinds(table, body, cells, titles, table.rows[top : top + height])
    group_title = say(how.language, "sheets.group")
    records, group = [], ""
    for i, row, kind in zip(body, cells, kinds, strict=True):
        words = {title: cell for title, cell in zip(titles, row, strict=True) if cell}
        if kind == "group_row":
            group = next(iter(words.values()))
            words = {group_title: group}
        elif kind == "below_table":  # names and telephone numbers stand there
            words = {}
        elif group:
            words.setdefault(group_title, group)
        fault = f"E11 {say(how.language, f'sheets.{kind}')}" if kind else None
        records.append(Record(table.lines[i], table.sheet, words, None, fault))
    names = dict.fromkeys([title for title in titles if title] + [group_title] * bool(group))
    return Reading(
        file=table.file, sheet=table.sheet, format=table.format, records=records, columns=tuple(names),
        encoding=table.encoding, encoding_why=table.encoding_why, notes=(*table.notes, *notes, *cell_notes),
    )  # fmt: skip


def _titles(table: Table, top: int, height: int, body: list[int], how: HowToRead) -> tuple[list[str], list[str]]:
    """A title for every column that holds anything, and the notes on header, unit, untitled and equal columns."""
    header, language = table.rows[top : top + height], how.language
    width = max((len(table.rows[i]) for i in (*range(top, top + len(header)), *body)), default=0)
    titles, notes = heads.join_titles(header, width), []
    if header and (how.title_rows is None or how.header_rows is None):
        first, last = table.lines[top], table.lines[top + len(header) - 1]
        notes.append(say(language, "sheets.note_header", rows=first if first == last else f"{first}–{last}"))
    if unit := heads.find_area_unit(table.rows[:top]):
        with_unit = [heads.put_area_unit(title, unit) for title in titles]
        changed = listed(language, [title for title, old in zip(with_unit, titles, strict=True) if title != old])
        notes += [say(language, "sheets.note_unit", unit=unit, columns=changed)] if changed else []
        titles = with_unit
    untitled = [j for j, title in enumerate(titles) if not title]
    bare = [j for j in untitled if any(any(table.rows[i][j : j + 1]) for i in body)]
    for j in bare:
        titles[j] = say(language, "sheets.column", letter=heads.column_letter(j))
    unique = heads.make_unique(titles)
    renamed = listed(language, [name for name, title in zip(unique, titles, strict=True) if name != title])
    notes += (
        [say(language, "sheets.note_untitled", columns=listed(language, [titles[j] for j in bare]))] if bare else []
    )
    notes += [say(language, "sheets.note_same_titles", columns=renamed)] if renamed else []
    if table.encoding is not None:
        notes += _uneven_rows(table, body, max(map(len, header), default=0), language)
    return unique, notes


def _uneven_rows(table: Table, body: list[int], width: int, language: str) -> list[str]:
    """The notes on rows of a text file that have more or fewer cells than its header."""
    longer = [table.lines[i] for i in body if any(table.rows[i][width:])]
    shorter = [table.lines[i] for i in body if len(table.rows[i]) < width]
    notes = []
    for key, rows in (("sheets.note_longer", longer), ("sheets.note_shorter", shorter)):
        if rows:
            shown = ", ".join(map(str, rows[:SHOWN_ROWS])) + ("…" if len(rows) > SHOWN_ROWS else "")
            notes.append(say(language, key, n=len(rows), rows=shown))
    return notes


def _tidy_cells(table: Table, body: list[int], titles: list[str], language: str) -> tuple[list[list[str]], list[str]]:
    """The body's cells, each row as wide as the titles: signs for "nothing" and errors are empty; and the notes."""
    empty, lost, errors = Counter[int](), Counter(table.lost), Counter(table.errors)
    cells = []
    for i in body:
        row = table.rows[i] + [""] * (len(titles) - len(table.rows[i]))
        for j, cell in enumerate(row):
            if not cell:
                continue
            if forced := FORCED_TEXT.fullmatch(cell):
                row[j] = forced[1] or forced[2] or ""
            elif cell.casefold() in EMPTY_WORDS and not (cell == "无" and NONE_IS_AN_ANSWER.search(titles[j])):
                row[j] = ""
                empty[j] += 1
            elif ERROR_CELL.fullmatch(cell):
                row[j] = ""
                errors[j] += 1
            elif POWER_OF_TEN.fullmatch(cell):
                row[j] = format(Decimal(cell), "f")
                lost[j] += 1
        cells.append(row)
    counts = (("sheets.note_empty", empty), ("sheets.note_lost_digits", lost), ("sheets.note_errors", errors))
    return cells, [
        say(
            language,
            key,
            columns=listed(language, [f"{_name(titles, j, language)} ({n})" for j, n in sorted(count.items())]),
        )
        for key, count in counts
        if count
    ]


def _row_kinds(
    table: Table, body: list[int], cells: list[list[str]], titles: list[str], header: list[list[str]]
) -> list[str | None]:
    """What each row is that is no record, as a key of words/sheets.toml; None for a record."""
    heads_of = [{heads.tidy_title(row[j]) for row in header if j < len(row)} - {""} for j in range(len(titles))]
    spanned = {a for (a, left), (b, right) in table.merged if a == b and (right - left + 1) * 2 >= len(titles)}
    serial = {j for j, title in enumerate(titles) if title.casefold() in SERIAL}
    known = {field: titles.index(title) for field, (title, _) in heads.match_columns(titles).items()}
    kinds = [
        "total_row" if _is_total(row, known) else _row_kind(row, heads_of, serial, i in spanned)
        for i, row in zip(body, cells, strict=True)
    ]
    full = [len({cell for cell in row if cell}) for row in cells]
    last = max((n for n, kind in enumerate(kinds) if kind is None and full[n] > 1), default=len(kinds))
    for n in range(last + 1, len(kinds)):
        is_number_like = re.search(r"[\dA-Za-z]", cells[n][0]) is not None
        if kinds[n] == "group_row" or (kinds[n] is None and len(titles) > 2 and not is_number_like):
            kinds[n] = "below_table"
    return kinds


def _is_total(row: list[str], known: dict[str, int]) -> bool:
    """Whether the first filled cell, or a number's or name's, calls the row a total; in other columns it is a value.

    `known` is field → column. A row with both its coordinates is a record, whatever it is called.
    """
    first = next((_plain(cell) for cell in row if cell), "")
    words = [first, *(_plain(row[known[field]]) for field in NUMBER_OR_NAME if field in known)]
    if not (ENDS_AS_TOTAL.fullmatch(first) or any(TOTAL.fullmatch(word.casefold()) for word in words)):
        return False
    is_paired = any(all(field in known and row[known[field]] for field in pair) for pair in PAIRS)
    return not is_paired and ("position" not in known or split_pair(row[known["position"]]) is None)


def _plain(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split())


def _row_kind(row: list[str], heads_of: list[set[str]], serial: set[int], is_spanned: bool) -> str | None:
    filled = [(j, _plain(cell)) for j, cell in enumerate(row) if cell]
    words = {word for _, word in filled}
    if not filled:
        return "only_signs"
    first = filled[0][1]
    if len(filled) > 1 and all(heads.tidy_title(row[j]) in heads_of[j] for j, _ in filled):
        return "repeated_header"
    if len(filled) > 2 and [word for _, word in filled] == [str(n) for n in range(1, len(row) + 1)]:
        return "column_numbers"
    if all(j in serial and heads.is_number(word) for j, word in filled):
        return "only_serial"
    if BELOW.match(first) or (len(words) == 1 and STAMP.search(first)):
        return "below_table"
    if len(words) == 1 and len(row) > 2 and not heads.is_number(first):
        return "group_row" if is_spanned or (filled[0][0] == 0 and GROUP.match(first)) else None
    return None


def _name(titles: list[str], position: int, language: str) -> str:
    title = titles[position] if position < len(titles) else ""
    return title or say(language, "sheets.column", letter=heads.column_letter(position))


def clean_text(text: str) -> str:
    """A cell's text without outer blanks and without signs that cannot be seen."""
    return UNSEEN.sub("", text).strip()


def listed(language: str, names: Sequence[str]) -> str:
    """Names in a row, with the comma of the language."""
    return ("、" if language == "zh" else ", ").join(names)
