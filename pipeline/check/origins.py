"""Where an input comes from and as what it was read, in labelled lines: the upper half of every section."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyproj
import shapely

from pipeline.check.facts import Facts, LayerFacts, SourceFacts
from pipeline.config import SHIFTED_DATUMS
from pipeline.geometry import Shapes, to_crs
from pipeline.publish.rows import join_words
from pipeline.text import say

WHY = {  # how an encoding was decided, as the readers say it → words
    "declared": "declared", "来源声明": "declared", "strict UTF-8": "utf8", "GB18030": "gb18030", "none fits": "none",
    "byte order mark": "bom",
}  # fmt: skip


def origin_lines(one: SourceFacts | LayerFacts, facts: Facts) -> list[tuple[str, str]]:
    """What the source or layer file says of where the data come from."""
    origin, language = one.origin, facts.place.language
    values = {
        "path": relative(origin.path, facts.place.folder),
        "declared_in": f"{origin.file.parent.name}/{origin.file.name}",
        "provider": origin.provider,
        "received": origin.received.isoformat(),
        "licence": clauses((word for word in (origin.licence, origin.attribution) if word), language),
        "secrecy": say(language, f"check.secrecy_{origin.secrecy}"),
    }
    lines = [(say(language, f"check.{name}"), value) for name, value in values.items()]
    if one.unread is not None:
        lines.append((say(language, "check.col_found"), say(language, "check.unread", why=one.unread)))
    elif one.is_missing:
        lines.append((say(language, "check.col_found"), say(language, "check.missing")))
    return lines


def input_lines(one: SourceFacts | LayerFacts, language: str) -> list[tuple[str, str]]:
    """Format, encoding and CRS of the files as read, and how each was decided."""
    encodings = dict.fromkeys(_encoding(row, language) for row in one.inputs)
    systems = dict.fromkeys(
        say(
            language, "check.crs_words", declared=crs_name(row["crs_declared"]), stated=crs_name(row["crs_file"]),
            used=crs_name(row["crs_used"]) if isinstance(row["crs_used"], str) else say(language, "check.crs_by_row"),
        )
        for row in one.inputs
    )  # fmt: skip
    notes = dict.fromkeys(row["crs_note"] for row in one.inputs if isinstance(row["crs_note"], str))
    values = {
        "format": formats(one, language),
        "sheet": join_words(dict.fromkeys(sheet_of(row) for row in one.inputs if sheet_of(row)), language),
        "encoding": clauses(encodings, language),
        "crs": clauses(systems, language),
        "crs_note": clauses(notes, language),
    }
    return [(say(language, f"check.{name}"), value) for name, value in values.items() if value]


def bounds_lines(shapes: Shapes, facts: Facts) -> list[tuple[str, str]]:
    """Bounds in degrees of the place's geographic CRS; nothing where there are no shapes."""
    if not len(shapes):
        return []
    left, bottom, right, top = shapely.total_bounds(shapes).tolist()
    corners = shapely.points([(left, bottom), (left, top), (right, bottom), (right, top)])
    west, south, east, north = shapely.total_bounds(to_crs(corners, facts.crs, facts.geographic)).tolist()
    language = facts.place.language
    words = say(language, "check.bounds_words", west=west, east=east, south=south, north=north)
    return [(say(language, "check.bounds"), words)]


def crs_used(one: SourceFacts | LayerFacts, language: str) -> str:
    """The CRS the coordinates were taken in, of several files each once."""
    names = {row["crs_used"] for row in one.inputs}
    known = sorted(crs_name(name) for name in names if isinstance(name, str))
    return join_words(known, language) or say(language, "check.crs_by_row")


def formats(one: SourceFacts | LayerFacts, language: str) -> str:
    """The formats read, each once."""
    return join_words(dict.fromkeys(row["format"] for row in one.inputs), language)


def crs_name(text: Any) -> str:
    """A CRS as people call it: its code, a datum, or the name in its WKT."""
    if not isinstance(text, str):
        return "–"
    if text in SHIFTED_DATUMS or text.startswith("EPSG:"):
        return text
    try:
        return str(pyproj.CRS.from_user_input(text).name)
    except pyproj.exceptions.CRSError:
        return text


def relative(path: Path, folder: Path) -> str:
    """The path as seen from the place folder where they share a drive: the same page on every machine."""
    parents = [folder, *folder.parents]
    for up, parent in enumerate(parents[:-1]):
        if path.is_relative_to(parent):
            return "../" * up + path.relative_to(parent).as_posix()
    return path.as_posix()


def sheet_of(row: dict[str, Any]) -> str:
    """The sheet or layer of a row of table inputs, "" where the file has none."""
    return row["sheet"] if isinstance(row["sheet"], str) else ""


def _encoding(row: dict[str, Any], language: str) -> str:
    if not isinstance(row["encoding"], str):
        return say(language, "check.encoding_of_format")
    why = row["encoding_why"] if isinstance(row["encoding_why"], str) else ""
    first = why.split(",")[0]
    words = say(language, f"check.why_{WHY[first]}") + why[len(first) :] if first in WHY else why
    return say(language, "check.encoding_why", encoding=row["encoding"], why=words) if words else row["encoding"]


def clauses(words: Iterable[str], language: str) -> str:
    """Several statements in one line."""
    return ("；" if language == "zh" else "; ").join(words)
