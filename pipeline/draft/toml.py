"""A draft as TOML text: every value with its evidence on its line, what a person must decide as a comment with "?"."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.A)
NOT_IN_STRING = re.compile(r'["\\\x00-\x1f\x7f]')
NOT_IN_COMMENT = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
NOT_UNICODE = re.compile(r"[\ud800-\udfff]")  # bytes of a file name that are no text on this system


class Open(NamedTuple):
    """What a person must decide; `sign` stands where the value will: "?" in quotes for a word, bare for the rest."""

    sign: str = '"?"'


Value = str | int | float | date | list[str] | Open


class Line(NamedTuple):
    """`key = value  # why` in a table ("" is the top of the file); without a key a comment."""

    key: str
    value: Value = ""
    why: str = ""
    table: str = ""


def write_toml(header: Iterable[str], lines: Sequence[Line], spare: Sequence[Line] = ()) -> str:
    """The text of a file: header comments, the top lines, then every table in the order first met.

    The tables of `spare`, which a file may do without, follow as comments, each from its head to its last line.
    """
    parts = ["\n".join(_comment(text) for text in header)]
    for table in ("", *dict.fromkeys(line.table for line in lines if line.table)):
        own = [_line(line) for line in lines if line.table == table]
        if own:
            parts.append("\n".join([f"[{table}]", *own] if table else own))
    for table in dict.fromkeys(line.table for line in spare):
        parts.append("\n".join([f"# [{table}]", *(_line(line) for line in spare if line.table == table)]))
    return "\n\n".join(part for part in parts if part) + "\n"


def quote(text: str) -> str:
    """A TOML basic string that reads as `text`; a lone surrogate becomes U+FFFD, for TOML has no way to write it."""
    escaped = NOT_IN_STRING.sub(lambda sign: f"\\u{ord(sign[0]):04x}" if sign[0] not in '"\\' else f"\\{sign[0]}", text)
    return f'"{_unicode(escaped)}"'


def _line(line: Line) -> str:
    if not line.key:
        return _comment(line.why)
    key = line.key if BARE_KEY.fullmatch(line.key) else quote(line.key)
    text = f"{key} = {_value(line.value)}"
    if isinstance(line.value, Open):
        text = f"# {text}"
    return f"{text}  {_comment(line.why)}" if line.why else text


def _value(value: Value) -> str:
    if isinstance(value, Open):
        return value.sign
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return f"[{', '.join(quote(item) for item in value)}]"
    return value.isoformat() if isinstance(value, date) else str(value)


def _comment(text: str) -> str:
    return f"# {_unicode(NOT_IN_COMMENT.sub(' ', text))}"


def _unicode(text: str) -> str:
    return NOT_UNICODE.sub("\ufffd", text)
