"""What every reader gives back, whatever the format: readings, each a file, layer or sheet with its records."""

from dataclasses import dataclass, field
from typing import Any

from pipeline.config import Limits


@dataclass(frozen=True)
class HowToRead:
    """What a source or layer file says of how to read it, None leaves it to be found out; and the place's limits."""

    language: str
    layer: str | None = None  # layer of a file that holds several
    sheet: str | None = None
    title_rows: int | None = None  # rows above the header
    header_rows: int | None = None
    encoding: str | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Record:
    """One record as received: `fault` is "E9 why", "E10 why" or "E11 why" where it cannot be used.

    `row` counts as a person counts in the file: the spreadsheet's row, the text file's line, a layer's features from 1.
    `words` holds the filled cells, all as text, by column title; `shape` is 2D in the reading's CRS, None where the
    position stands in the words. `notes` says in words what was done to the record. `lines` are its lines as received,
    for layers that give a line a width; leads are areas and points.
    """

    row: int
    sheet: str | None
    words: dict[str, str]
    shape: Any = None
    fault: str | None = None
    notes: tuple[str, ...] = ()
    lines: Any = None


@dataclass(frozen=True)
class Reading:
    """One file, layer or sheet as read.

    `crs` is what the file itself says (EPSG code or WKT), None where it says nothing. `shifted` is the evidence, in
    words, that its degrees may be GCJ-02 or BD-09. `notes` says in words what was done to the file as a whole.
    """

    file: str  # file name; inside a folder or zip its path there
    sheet: str | None
    format: str  # as users call it: Shapefile, GeoPackage, KML, xlsx, CSV …
    records: list[Record]
    columns: tuple[str, ...] = ()
    crs: str | None = None
    encoding: str | None = None
    encoding_why: str = ""
    shifted: str | None = None
    notes: tuple[str, ...] = ()
