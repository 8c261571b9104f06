"""dBASE tables (.dbf) as text: fixed-width records read in one go, their encoding found out, cut characters trimmed."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.errors import InputError
from pipeline.intake.formats.encoding import choose_dbf_codec, codec_name, decode_cut, is_garbled
from pipeline.text import say

HEADER_BYTES = 32  # of the file's own header, and of each field's
HEADER_END = 0x0D
DELETED = b"*"
FULL_NAME_BYTES = 10
TEXT_TYPES = "CNFDL"
NO_NUMBERS = ("nan", "-nan", "inf", "-inf")


class Field(NamedTuple):
    """One column as the header declares it; `offset` and `width` in bytes of a record."""

    name: bytes
    type: str
    offset: int
    width: int


class Dbf(NamedTuple):
    """A table as text: one dict of filled cells a record, None for a record marked as deleted."""

    columns: tuple[str, ...]
    rows: list[dict[str, str] | None]
    encoding: str
    encoding_why: str
    notes: tuple[str, ...]


def read_dbf(path: Path, language: str, cpg: str | None = None, encoding: str | None = None) -> Dbf:
    """All records of a .dbf: dates as ISO, numbers as the text that stands there, blanks and **** left out as empty.

    `cpg` is the text of the .cpg beside it, `encoding` what a person declared. Raises InputError for a file that is
    cut or is no dBASE table.
    """
    data = path.read_bytes()
    notes: list[str] = []
    fields, table = _split(data, path, language)
    is_deleted = table["mark"] == DELETED
    kept = table[~is_deleted]
    cells = [kept[f"f{i}"].tolist() for i in range(len(fields))]
    declared = codec_name(encoding) if encoding else None
    if encoding and declared is None:
        notes.append(say(language, "vector.note_encoding_not_known", encoding=encoding))
    codec, why = (declared, "declared") if declared else choose_dbf_codec(*_raw_texts(fields, cells), cpg, data[29])
    columns = _column_names(fields, codec, language, notes)
    texts = [_texts(*column, codec, language, notes) for column in zip(columns, fields, cells, strict=True)]
    filled = iter(_filled(columns, texts, len(kept)))
    rows = [None if deleted else next(filled) for deleted in is_deleted.tolist()]
    if is_deleted.any():
        notes.append(say(language, "vector.note_deleted", n=int(is_deleted.sum())))
    return Dbf(columns, rows, codec, why, tuple(notes))


def _split(data: bytes, path: Path, language: str) -> tuple[list[Field], Any]:
    """The fields of the header, and the records as a numpy table of raw cells `f0`, `f1` … and the deletion `mark`."""
    fields, offset, at = [], 1, HEADER_BYTES
    while at + HEADER_BYTES <= len(data) and data[at] != HEADER_END:
        field = Field(data[at : at + 11].split(b"\0")[0], chr(data[at + 11]), offset, data[at + 16])
        fields.append(field)
        offset, at = offset + field.width, at + HEADER_BYTES
    count, first, length = (int.from_bytes(data[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    if not fields or at >= len(data) or data[at] != HEADER_END or first <= at or length < offset:
        error = say(language, "vector.broken_header")
        raise InputError(say(language, "vector.unreadable", path=path, format="dBASE (.dbf)", error=error))
    if len(data) < first + count * length:
        raise InputError(
            say(language, "vector.truncated", path=path, expected=first + count * length, actual=len(data))
        )
    fields = [field for field in fields if field.width]
    layout = np.dtype(
        {
            "names": ["mark", *(f"f{i}" for i in range(len(fields)))],
            "formats": ["S1", *(f"S{field.width}" for field in fields)],
            "offsets": [0, *(field.offset for field in fields)],
            "itemsize": length,
        }
    )
    return fields, np.frombuffer(data, dtype=layout, count=count, offset=first)


def _is_full(raw: bytes, width: int) -> bool:
    return len(raw) == width and not raw.endswith(b" ")


def _raw_texts(fields: list[Field], cells: list[list[bytes]]) -> tuple[set[bytes], set[bytes]]:
    """The distinct names and texts that are not ASCII: those with room to spare, and those that fill their field."""
    telling = [(field.name, len(field.name) >= FULL_NAME_BYTES) for field in fields if not field.name.isascii()]
    for field, column in zip(fields, cells, strict=True):
        if field.type in TEXT_TYPES:
            raws = [raw.split(b"\0")[0] for raw in set(column) if not raw.isascii()]
            telling += [(raw.strip(), _is_full(raw, field.width)) for raw in raws]
    return {raw for raw, is_full in telling if not is_full}, {raw for raw, is_full in telling if is_full}


def _decode(raw: bytes, codec: str, is_full: bool) -> tuple[str, bool]:
    """The text, and whether half a character was trimmed; bytes that are no text become the replacement character."""
    try:
        return decode_cut(raw, codec) if is_full else (raw.decode(codec), False)
    except UnicodeError:
        return raw.decode(codec, "replace"), False


def _column_names(fields: list[Field], codec: str, language: str, notes: list[str]) -> tuple[str, ...]:
    names: list[str] = []
    cut, renamed = [], []
    for number, field in enumerate(fields, 1):
        name, is_cut = _decode(field.name, codec, len(field.name) >= FULL_NAME_BYTES)
        name = given = name.strip() or f"FIELD_{number}"
        again = 1
        while name in names:
            again += 1
            name = f"{given}_{again}"
        if is_cut:
            cut.append(name)
        if again > 1 or not field.name.strip():
            renamed.append(name)
        names.append(name)
    for key, found in (("vector.note_names_cut", cut), ("vector.note_names_alike", renamed)):
        if found:
            notes.append(say(language, key, columns="、".join(found)))
    return tuple(names)


def _texts(name: str, field: Field, cells: list[bytes], codec: str, language: str, notes: list[str]) -> list[str]:
    """One column as text; each distinct cell is decoded once."""
    if field.type not in TEXT_TYPES:
        notes.append(say(language, "vector.note_binary", column=name))
        return [""] * len(cells)
    counts = Counter(cells)
    texts: dict[bytes, str] = {}
    n_cut = n_garbled = 0
    for raw, n in counts.items():
        if raw.isascii():  # most cells are, and nothing can be wrong with them
            texts[raw] = _tidy(raw.split(b"\0", 1)[0].decode("ascii"), field.type)
            continue
        text, is_cut = _decode(raw.split(b"\0", 1)[0], codec, _is_full(raw, field.width))
        texts[raw] = _tidy(text, field.type)
        n_cut += n * is_cut
        n_garbled += n * is_garbled(text)
    for key, n in (("vector.note_texts_cut", n_cut), ("vector.note_garbled", n_garbled)):
        if n:
            notes.append(say(language, key, column=name, n=n))
    return [texts[raw] for raw in cells]


def _tidy(text: str, type_: str) -> str:
    text = text.strip()
    if type_ == "C":
        return text
    if not text.strip("*") or text.casefold() in NO_NUMBERS:
        return ""
    if type_ == "D":
        is_date = len(text) == 8 and text.isascii() and text.isdigit()
        return "" if not text.strip("0") else f"{text[:4]}-{text[4:6]}-{text[6:]}" if is_date else text
    return "" if type_ == "L" and text == "?" else text


def _filled(columns: tuple[str, ...], texts: list[list[str]], count: int) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = [{} for _ in range(count)]
    for name, column in zip(columns, texts, strict=True):
        for row, text in zip(rows, column, strict=True):
            if text:
                row[name] = text
    return rows
