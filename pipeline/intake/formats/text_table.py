"""Delimited text files: encoding, delimiter and quotes found, then read as a table."""

import csv
import io
from collections import Counter
from pathlib import Path

from pipeline.errors import InputError
from pipeline.intake.formats.encoding import choose_text_codec, codec_name
from pipeline.intake.formats.signature import HEAD_BYTES, looks_like
from pipeline.intake.formats.table import Table, clean_text, table_reading
from pipeline.intake.reading import HowToRead, Reading
from pipeline.text import say

DELIMITERS = ",\t;；|"
SAMPLE_ROWS = 50  # so many rows show how a file is delimited
MOST_CELL_LINES = 30  # a longer cell is a quote that was never closed
FOREIGN = ("sqlite", "pdf", "archive", "picture", "shapefile", "flatgeobuf", "parquet", "html", "xml")


def read_text_table(path: Path, how: HowToRead) -> Reading:
    """The records of a delimited text file: words, no shapes. Raises InputError for an empty file or one not of text."""
    data = path.read_bytes()
    looks = looks_like(data[:HEAD_BYTES])
    if looks in ("zip", "old_office"):
        raise InputError(say(how.language, "sheets.not_text", path=path))
    if looks in FOREIGN:
        values = {"format": path.suffix.lstrip(".").upper(), "found": say(how.language, f"vector.like_{looks}")}
        raise InputError(say(how.language, "vector.found_file", path=path, **values))
    text, codec, why, notes = _decode(data, how)
    if not text.strip():
        raise InputError(say(how.language, "sheets.empty_file", path=path))
    delimiter = _find_delimiter(text)
    rows, lines, is_repaired = _split(text, delimiter)
    if is_repaired:
        notes.append(say(how.language, "sheets.note_open_quote"))
    suffix = path.suffix.lstrip(".").upper() or "TXT"
    return table_reading(
        Table(path.name, None, suffix, rows, lines, encoding=codec, encoding_why=why, notes=tuple(notes)), how
    )


def _decode(data: bytes, how: HowToRead) -> tuple[str, str, str, list[str]]:
    """(text, codec, how it was decided, notes): the declared encoding where it fits, else what the bytes say."""
    notes = []
    codec, why = choose_text_codec(data)
    declared = codec_name(how.encoding) if how.encoding else None
    try:
        if declared:
            text, codec, why = data.decode(declared), declared, say(how.language, "sheets.declared")
        else:
            text = data.decode(codec)
    except UnicodeDecodeError:
        text = data.decode(codec, errors="replace")
        if spoilt := text.count("\ufffd"):
            notes.append(say(how.language, "sheets.note_spoilt", n=spoilt))
    if how.encoding and codec != declared:
        notes.append(say(how.language, "sheets.note_encoding", declared=how.encoding, used=codec))
    if "\x00" in text:
        notes.append(say(how.language, "sheets.note_nul", n=text.count("\x00")))
    return text.replace("\x00", "").removeprefix("\ufeff"), codec, why, notes


def _find_delimiter(text: str) -> str:
    """The sign that cuts most of the first rows into the same number of cells, of these the one that cuts finest."""
    head = "\n".join(text[:200_000].splitlines()[:SAMPLE_ROWS])

    def evenness(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in _split(head, delimiter)[0] if len(row) > 1)
        width, rows = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return rows, width

    return max(DELIMITERS, key=evenness)


def _split(text: str, delimiter: str) -> tuple[list[list[str]], list[int], bool]:
    """(rows, the line each begins on, whether its quotes do not pair up, so that it was cut line by line instead)."""
    csv.field_size_limit(2**31 - 1)  # an outline as text is longer than the default allows; the most Windows takes
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, lines, spans = [], [], []
    line = 0
    try:
        for row in reader:
            rows.append(_tidy_row(row))
            lines.append(line + 1)
            spans.append(reader.line_num - line)
            line = reader.line_num
    except csv.Error:
        return *_split_by_line(text, delimiter), True
    usual = Counter(len(row) for row, span in zip(rows, spans, strict=True) if row and span == 1).most_common(1)
    width = usual[0][0] if usual else 0
    if any(span > MOST_CELL_LINES or (span > 1 and len(row) != width) for row, span in zip(rows, spans, strict=True)):
        return *_split_by_line(text, delimiter), True
    return rows, lines, False


def _split_by_line(text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """(rows, lines) where no quote reaches beyond its line; the quotes of a line that has an odd one are plain signs."""
    rows = []
    for line in io.StringIO(text, newline=None):
        is_open = line.count('"') % 2 == 1
        rows.append(_tidy_row(line.split(delimiter) if is_open else next(csv.reader([line], delimiter=delimiter), [])))
    return rows, list(range(1, len(rows) + 1))


def _tidy_row(row: list[str]) -> list[str]:
    cells = [clean_text(cell) for cell in row]
    return cells if any(cells) else []
