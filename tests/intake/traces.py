"""Everything that can be read in a folder's bytes, so that a planted datum is found however it is written down."""

import base64
import html
import io
import re
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq

from tests.intake.plants import bare

_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_BASE64 = re.compile(rb"base64,([A-Za-z0-9+/=]{16,})")


def traces(needles: Iterable[str], texts: Iterable[str]) -> set[str]:
    """The `needles` (bare, see plants.bare) that stand in any of `texts`."""
    whole = "\n".join(bare(text) for text in texts)
    return {needle for needle in needles if needle in whole}


def readable(folder: Path) -> set[str]:
    """Every name and content below `folder` as text: inside zips, Parquet columns, SQLite tables and data URIs too."""
    paths = sorted(folder.rglob("*"))
    found = {text for path in paths for text in decoded(path.name.encode())}
    for content in {path.read_bytes() for path in paths if path.is_file()}:
        found |= {text for blob in _blobs(content) for text in decoded(blob)}
    return found


def decoded(blob: bytes) -> set[str]:
    """A blob as UTF-8, GB18030 and UTF-16 at both offsets, with HTML, JSON and percent escapes undone."""
    plain = unquote(blob.decode("utf-8", "replace"))
    texts = {_ESCAPED.sub(lambda match: chr(int(match[1], 16)), html.unescape(plain))}
    if blob.isascii():
        return texts
    others = (("gb18030", 0), ("utf-16-le", 0), ("utf-16-le", 1), ("utf-16-be", 0), ("utf-16-be", 1))
    return texts | {blob[start:].decode(codec, "ignore") for codec, start in others}


def _blobs(content: bytes) -> Iterator[bytes]:
    """The bytes themselves, and the bytes and cells that are packed in them."""
    yield content
    for match in _BASE64.finditer(content):
        yield base64.b64decode(match[1] + b"==")
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield "\n".join(archive.namelist()).encode()
            for name in archive.namelist():
                yield from _blobs(archive.read(name))
    elif content.startswith(b"PAR1"):
        table = pq.read_table(io.BytesIO(content))
        yield str(table.schema.metadata).encode()
        for column in table.columns:
            yield b"\n".join(_as_bytes(cell) for cell in column.to_pylist())
    elif content.startswith(b"SQLite format 3"):
        yield from _sqlite_cells(content)


def _sqlite_cells(content: bytes) -> Iterator[bytes]:
    with sqlite3.connect(":memory:") as connection:
        connection.deserialize(content)
        connection.text_factory = bytes
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
        ):
            rows = connection.execute(f'SELECT * FROM "{name.decode()}"')
            yield b"\n".join(_as_bytes(cell) for row in rows for cell in row)
    connection.close()


def _as_bytes(cell: object) -> bytes:
    return cell if isinstance(cell, bytes) else str(cell).encode()
