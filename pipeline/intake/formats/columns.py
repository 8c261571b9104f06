"""The head of a table: which rows are its header, what each column is called, and which known field a title means."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice, pairwise

from pipeline.intake.words.codes import read_codes

Range = tuple[tuple[int, int], tuple[int, int]]  # (top, left), (bottom, right) of merged cells, counted from 0

HEAD_ROWS = 20  # a header begins within so many filled rows of the top
MOST_HEADER_ROWS = 3
AREA_UNITS = {
    "平方公里": "平方公里", "km2": "平方公里", "万亩": "万亩", "万平方米": "万平方米", "公顷": "公顷", "hm2": "公顷", "ha": "公顷",
    "亩": "亩", "mu": "亩", "平方米": "平方米", "平米": "平方米", "m2": "平方米",
}  # fmt: skip
AREA_UNIT = re.compile(r"(?<![a-z])(万?平方米|平方公里|km2|万?亩|公顷|hm2|ha|平米|m2|mu)(?![a-z])")
UNIT_NOTE = re.compile(r"(?:计量)?单位[:：]?(.{1,12})")
NOT_AN_AREA = re.compile(r"占比|比例|单位|%|是否|来源")
CLOSING_BRACKET = re.compile(r"\(([^()]*)\)$")
HOW_WRITTEN = re.compile(r"\(?(°|度|度分秒|十进制度?|小数度?|e|n|米|m|cgcs2000|wgs-?84)\)?")
NUMBER_OR_DATE = re.compile(r"[-+]?[\d.][\d\s.,:/\-年月日时°度分秒′″'\"%eE+]*")
ASIAN_GAP = re.compile(r"(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")


def match_columns(titles: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Known field → (title, the alias it was known by), by pipeline/codes/column_aliases.csv.

    A title is compared whole, then by its last part ("位置/经度"), then without a bracket that says how it is written;
    case, width, blanks and the shape of brackets do not count. One title serves one field; of several titles for one
    field the longer alias wins, then the earlier title.
    """
    aliases = _aliases()
    found = []
    for position, title in enumerate(titles):
        known = next((aliases[form] for form in _forms(title) if form in aliases), None)
        if known is not None:
            found.append((-len(known[1]), position, known))
    matched: dict[str, tuple[str, str]] = {}
    for _, position, (field, alias) in sorted(found):
        matched.setdefault(field, (titles[position], alias))
    return {field: matched[field] for field in sorted(matched, key=lambda field: titles.index(matched[field][0]))}


def unmatched(titles: Sequence[str], matched: dict[str, tuple[str, str]]) -> list[str]:
    """The titles that serve no field, in their order."""
    used = {title for title, _ in matched.values()}
    return [title for title in titles if title not in used]


def find_header(
    rows: list[list[str]], merged: Sequence[Range] = (), title_rows: int | None = None, header_rows: int | None = None
) -> tuple[int, int]:
    """(rows above the header, rows of the header) of a table whose merged cells are filled; what is given binds.

    Evidence: titles known by their alias, columns told apart, cells that are words and not numbers, merged cells.
    """
    filled = islice((i for i, row in enumerate(rows) if any(row)), HEAD_ROWS)
    tops = filled if title_rows is None else [title_rows]
    heights = range(1, MOST_HEADER_ROWS + 1) if header_rows is None else [header_rows]
    best, answer = float("-inf"), (title_rows or 0, header_rows or 1)
    for top in tops:
        for height in heights:
            if top + height > len(rows) or (header_rows is None and not _is_whole(rows, merged, top, height)):
                continue
            score = _header_score(rows[top : top + height]) - 0.01 * top
            if score > best:
                best, answer = score, (top, height)
    return answer if title_rows is not None or header_rows is not None else _with_rows_above(rows, *answer)


def join_titles(header: list[list[str]], width: int) -> list[str]:
    """One title a column, "" where there is none: tidied, the parts of several header rows joined with "/"."""
    rows = [[tidy_title(cell) for cell in row] + [""] * (width - len(row)) for row in header]
    for upper, lower in pairwise(rows):
        for j in range(1, width):
            if not upper[j] and lower[j] and lower[j - 1]:  # a heading over several columns that was not merged
                upper[j] = upper[j - 1]
    titles = []
    for parts in zip(*rows, strict=True) if rows else [()] * width:
        kept = [part for part, before in zip(parts, ["", *parts], strict=False) if part and part != before]
        titles.append("/".join(kept))
    return titles


def make_unique(titles: Iterable[str]) -> list[str]:
    """Equal titles told apart by _2, _3 …; empty ones are left."""
    unique: list[str] = []
    taken: set[str] = set()
    for title in titles:
        name, n = title, 2
        while name and name in taken:
            name, n = f"{title}_{n}", n + 1
        taken.add(name)
        unique.append(name)
    return unique


def find_area_unit(rows: list[list[str]]) -> str | None:
    """The one unit of area that a note above the table gives ("单位：公顷"); None where there is none or several."""
    cells = ("".join(unicodedata.normalize("NFKC", cell).casefold().split()) for row in rows for cell in row)
    notes = [note for cell in cells for note in UNIT_NOTE.findall(cell)]
    units = {AREA_UNITS[word] for note in notes for word in AREA_UNIT.findall(note)}
    return units.pop() if len(units) == 1 else None


def put_area_unit(title: str, unit: str) -> str:
    """An area column's title with the unit of the note above the table, where it has none: "面积" → "面积(公顷)"."""
    plain = _plain(title)
    is_bare_area = "面积" in plain and not AREA_UNIT.search(plain) and not NOT_AN_AREA.search(plain)
    return f"{title}({unit})" if is_bare_area else title


def tidy_title(cell: str) -> str:
    """A title as it is kept: full-width to half-width, line breaks and blanks out (one blank stays between letters)."""
    return " ".join(ASIAN_GAP.sub("", unicodedata.normalize("NFKC", cell)).split())


def is_number(cell: str) -> bool:
    """Whether a cell is a number, a date or degrees: what stands in a table's body rather than in its header."""
    return NUMBER_OR_DATE.fullmatch(unicodedata.normalize("NFKC", cell)) is not None


def column_letter(position: int) -> str:
    """A spreadsheet's name of the column at a position counted from 0: A, B … Z, AA …"""
    letters, left = "", position + 1
    while left:
        left, rest = divmod(left - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_position(cell: str) -> int:
    """The position, counted from 0, of the column in a spreadsheet's name of a cell ("AA7" → 26)."""
    position = 0
    for letter in cell.rstrip("0123456789"):
        position = position * 26 + ord(letter) - ord("A") + 1
    return position - 1


@cache
def _aliases() -> dict[str, tuple[str, str]]:
    table = read_codes("column_aliases")
    known: dict[str, tuple[str, str]] = {}
    for field, cell in zip(table["canonical"], table["aliases"], strict=True):
        for alias in cell.split("|"):
            known.setdefault(_plain(alias), (field, alias))
    return known


def _plain(title: str) -> str:
    """A title for comparing: no blanks, one case, one shape of brackets, one word for a unit of area."""
    text = "".join(unicodedata.normalize("NFKC", title).casefold().split()).strip("*★:;'\"")
    text = text.translate(str.maketrans("[]{}【】〔〕", "()()()()")).replace("(单位:", "(")
    inner = CLOSING_BRACKET.search(text)
    unit = AREA_UNITS.get(inner[1]) if inner else None
    return f"{text[: inner.start()]}({unit})" if inner and unit else text


def _forms(title: str) -> list[str]:
    """The shapes in which a title is looked up, the surest first."""
    whole = _plain(title)
    parts = whole.split("/")
    last_unit = AREA_UNITS.get(parts[-1].strip("()"))
    if len(parts) > 1 and last_unit:
        parts = [*parts[:-2], f"{parts[-2]}({last_unit})"]
    elif len(parts) > 1 and HOW_WRITTEN.fullmatch(parts[-1]):
        parts = parts[:-1]
    forms = [whole, "/".join(parts), parts[-1]]
    return forms + [CLOSING_BRACKET.sub("", form) for form in forms if not AREA_UNIT.search(form)]


def _header_score(header: list[list[str]]) -> float:
    width = max(map(len, header))
    titles = [title for title in join_titles(header, width) if title]
    numbers = sum(is_number(cell) for row in header for cell in row if cell)
    return len(match_columns(titles)) + len(set(titles)) - 2 * numbers - 0.5 * (len(header) - 1)


def _is_whole(rows: list[list[str]], merged: Sequence[Range], top: int, height: int) -> bool:
    """Whether rows may be a header together: no merged cell is cut at their edges, and lower rows divide upper ones."""
    bottom = top + height - 1
    if any((a < top <= b) or (a <= bottom < b) for (a, _), (b, _) in merged):
        return False
    for upper in range(top, bottom):
        above, below = rows[upper], rows[upper + 1]
        is_merged = any(a <= upper <= b and (a < b or left < right) for (a, left), (b, right) in merged)
        gaps = any(not cell and j and j < len(below) and below[j] for j, cell in enumerate(above[: len(below)]))
        holes = any(cell and not (j < len(below) and below[j]) for j, cell in enumerate(above))
        if not is_merged and not (gaps and holes):
            return False
    return True


def _with_rows_above(rows: list[list[str]], top: int, height: int) -> tuple[int, int]:
    """A row of headings over the header is part of it; a title, a note or a line with a colon is not."""
    while top > 0 and height < MOST_HEADER_ROWS:
        above = [cell for cell in rows[top - 1] if cell]
        if len(set(above)) < 2 or any(is_number(cell) or re.search("[:：]", cell) for cell in above):
            break
        top, height = top - 1, height + 1
    return top, height
