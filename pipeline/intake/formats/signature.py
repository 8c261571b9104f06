"""What a file looks like by its first bytes, for the sentence that says why it cannot be read."""

from pathlib import Path

HEAD_BYTES = 512  # so many show what a file is
SIGNATURES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\xd0\xcf\x11\xe0", "old_office"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"%PDF", "pdf"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf\x27\x1c", "archive"),
    (b"\xff\xd8\xff", "picture"),
    (b"\x89PNG", "picture"),
    (b"II*\x00", "picture"),
    (b"MM\x00*", "picture"),
    (b"\x00\x00\x27\x0a", "shapefile"),
    (b"fgb\x03fgb", "flatgeobuf"),
    (b"PAR1", "parquet"),
    (b"AutoCAD Binary DXF", "cad"),
    (b"AC10", "cad"),
)
MARKUP = ((b"<!doctype html", "html"), (b"<html", "html"), (b"<", "xml"), (b"{", "json"), (b"[", "json"))
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
CONTROL_BYTES = bytes(range(9)) + bytes(range(14, 32))


def read_head(path: Path) -> bytes:
    """The first bytes of a file, as many as `looks_like` asks for."""
    with path.open("rb") as stream:
        return stream.read(HEAD_BYTES)


def looks_like(head: bytes) -> str:
    """One word for a file by its first bytes (a hundred or more): the ending of a `vector.like_…` sentence."""
    if not head:
        return "empty"
    if not head.strip(b"\0"):
        return "zeros"
    for start, word in SIGNATURES:
        if head.startswith(start):
            return word
    if head.startswith(UTF16_MARKS):
        head = head.decode("utf-16", "replace").encode("utf-8", "replace")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for start, word in MARKUP:
        if text.startswith(start):
            return word
    return "unknown" if any(byte in CONTROL_BYTES for byte in head) else "text"
