"""What is seen in a file – its shapes, CRS, encoding, header – as draft lines with their evidence."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely

from pipeline.config import Limits
from pipeline.draft.setting import Setting
from pipeline.draft.toml import Line, Open
from pipeline.errors import InputError
from pipeline.geometry import Floats
from pipeline.intake.coordinates.around import candidate_crs, crs_that_fit, fits, read_crs
from pipeline.intake.coordinates.declared import read_declared, without_parameters
from pipeline.intake.coordinates.positions import Position, read_positions
from pipeline.intake.files import KML, SHEETS, TEXTS, read_path
from pipeline.intake.formats.columns import HEAD_ROWS, MOST_HEADER_ROWS
from pipeline.intake.reading import HowToRead, Reading
from pipeline.text import say

SAMPLE_ROWS = 500  # so many rows show what a column holds
SURE_SHARE = 0.9
DEGREE_SIGNS = ("°", "度", "′", "'")


class Look(NamedTuple):
    """The reading with the most records at `path`, the names of the others, and how many shapes of each kind it has.

    `strangers` are those of the others that have other columns.
    """

    path: Path
    reading: Reading
    others: tuple[str, ...]
    strangers: tuple[str, ...]
    polygons: int
    points: int

    @property
    def is_table(self) -> bool:
        """Whether it is a workbook or text table, whose positions stand in its cells."""
        is_sheet = self.reading.file.lower().endswith((*SHEETS, *TEXTS))
        return is_sheet and not self.polygons + self.points

    @property
    def is_corners(self) -> bool:
        """Whether it is a text of corner points."""
        return self.reading.format in {say(language, "corners.format") for language in ("zh", "en")}

    @property
    def is_drawn(self) -> bool:
        """Whether anybody may have drawn it – KML, corner points – so that its form tells nothing of its origin."""
        return self.is_corners or f".{self.reading.format.lower()}" in KML

    @property
    def cells(self) -> dict[str, list[str]]:
        """The filled cells of the first rows, by column."""
        rows = [record.words for record in self.reading.records if record.words][:SAMPLE_ROWS]
        return {title: [row[title] for row in rows if row.get(title)] for title in self.reading.columns}


def look(path: Path, setting: Setting, layer: str | None) -> Look:
    """What is at `path`. Raises InputError where nothing can be read."""
    how = HowToRead(setting.language, layer=layer, sheet=layer)
    readings = [reading for reading in read_path(path, how, setting.limits) if reading.format]
    main = max(readings, key=lambda reading: len(reading.records))
    if not main.columns and not main.records:
        raise InputError(say(setting.language, "draft.empty", path=path))
    kinds = Counter(record.shape.geom_type.removeprefix("Multi") for record in main.records if record.shape is not None)
    others = tuple(reading.file for reading in readings if reading is not main)
    strangers = tuple(reading.file for reading in readings if {*reading.columns} != {*main.columns})
    return Look(path, main, others, strangers, kinds["Polygon"] + kinds["GeometryCollection"], kinds["Point"])


def remarks(seen: Look, language: str) -> list[str]:
    """Sentences on the file as a whole: what it is, what else lies there, how many records are faulty, the reader's notes."""
    reading = seen.reading
    values = {"format": reading.format, "n": len(reading.records), "polygons": seen.polygons, "points": seen.points}
    said = [say(language, "draft.seen", file=reading.file, **values)]
    if seen.others:
        said.append(say(language, "draft.others", n=len(seen.others), names=", ".join(seen.others[:5])))
    if seen.strangers:
        said.append(say(language, "draft.strangers", n=len(seen.strangers), names=", ".join(seen.strangers[:5])))
    faults = Counter(record.fault.split(" ")[0] for record in reading.records if record.fault)
    if faults:
        said.append(say(language, "draft.faults", found=", ".join(f"{code} {n}" for code, n in sorted(faults.items()))))
    return said + [note for note in reading.notes if note]


def file_lines(seen: Look, language: str, limits: Limits) -> list[Line]:
    """Layer or sheet, header rows and encoding, where the file leaves a choice."""
    reading, lines = seen.reading, []
    if reading.sheet is not None:
        key = "sheet" if seen.is_table else "layer"
        lines.append(Line(key, reading.sheet, say(language, f"draft.{key}_chosen")))
    lines += _header_lines(seen, language, limits)
    is_last = reading.encoding_why == "GB18030"  # taken where nothing else fits
    why = say(language, "draft.encoding_last" if is_last else "draft.encoding", why=reading.encoding_why)
    if reading.encoding_why == "none fits":
        lines.append(Line("encoding", Open(), why))
    elif reading.encoding and not reading.encoding.startswith(("utf-8", "utf_8")):
        lines.append(Line("encoding", reading.encoding, why))
    return lines


def received_line(path: Path, language: str) -> Line:
    """The day a file came is not in it: open, with the day it was last changed as a hint."""
    changed = datetime.fromtimestamp(path.stat().st_mtime).date()
    return Line("received", Open("?"), say(language, "draft.received", changed=changed.isoformat()))


def shape_crs_lines(seen: Look, setting: Setting) -> list[Line]:
    """The CRS of a file with shapes: what it says, if its shapes lie in the place, else the one that brings them there.

    For a system that cannot be used, such as Xian 80, no other is offered: the numbers would fit and be metres off.
    """
    reading, around, language = seen.reading, setting.around, setting.language
    stated = without_parameters(reading.crs)
    if stated is not None and isinstance(refusal := read_declared(stated, around, language), str):
        return [Line("crs", Open(), refusal)]
    shapes = [record.shape for record in reading.records if record.shape is not None]
    if reading.shifted:
        return [Line("crs", Open(), say(language, "draft.crs_shifted", why=reading.shifted))]
    if stated is not None and (around is None or not shapes):
        return _stated(stated, say(language, "draft.crs_untested"))
    if around is None or not shapes:
        return [Line("crs", Open(), say(language, "draft.crs_unknown"))]
    boxes = shapely.bounds(np.array(shapes, dtype=object)).reshape(-1, 4)
    centres: Floats = (boxes[:, :2] + boxes[:, 2:]) / 2
    found = [fit for fit in crs_that_fit(centres, around, candidate_crs(around)) if not fit.swapped]
    names = ", ".join(fit.crs for fit in found)
    if stated is not None:
        inside = int(fits(centres, read_crs(stated), around).sum())
        if not inside:
            values = {"n": len(shapes), "crs": read_crs(stated).name, "fits": names or "–", "where": setting.where}
            return [Line("crs", Open(), say(language, "draft.crs_elsewhere", **values))]
        return _stated(stated, say(language, "draft.crs_stated", inside=inside, n=len(shapes), where=setting.where))
    if len(found) != 1:
        return [Line("crs", Open(), say(language, "draft.crs_ambiguous", fits=names or "–"))]
    inside = round(found[0].share * len(shapes))
    return [
        Line("crs", found[0].crs, say(language, "draft.crs_found", inside=inside, n=len(shapes), where=setting.where))
    ]


def table_crs_lines(seen: Look, columns: dict[str, str], setting: Setting) -> list[Line]:
    """CRS and way of writing of the positions in a table's cells; `columns` is our field → their title."""
    language = setting.language
    first, second = _position_titles(columns)
    rows = [record.words for record in seen.reading.records if record.fault is None][:SAMPLE_ROWS]
    pairs = [(row.get(first), row.get(second)) for row in rows]
    filled = [pair for pair in pairs if any(pair)]
    if not first or not filled:
        return []
    if setting.around is None:
        return [Line("crs", Open(), say(language, "draft.crs_unknown"))]
    plain, packed = (read_positions(filled, None, setting.around, language, is_packed) for is_packed in (False, True))
    is_packed = _readable(packed) > _readable(plain)
    names = Counter(one.crs for one in (packed if is_packed else plain) if one.crs)
    crs, n = names.most_common(1)[0] if names else ("", 0)
    if n < SURE_SHARE * sum(names.values()) or not n:
        lines = [Line("crs", Open(), say(language, "draft.crs_ambiguous", fits=", ".join(names) or "–"))]
    else:
        lines = [Line("crs", crs, say(language, "draft.crs_cells", inside=n, n=len(filled), where=setting.where))]
    signs = sum(any(sign in (pair[0] or "") for sign in DEGREE_SIGNS) for pair in filled)
    if is_packed:
        lines.append(Line("coordinates", "packed", say(language, "draft.packed")))
    elif 2 * signs > len(filled):
        lines.append(Line("coordinates", "dms", say(language, "draft.dms", n=signs, of=len(filled))))
    return lines


def _position_titles(columns: dict[str, str]) -> tuple[str, str]:
    if "position" in columns:
        return columns["position"], ""
    return next(
        ((columns[a], columns[b]) for a, b in (("lon", "lat"), ("y_east", "x_north")) if {a, b} <= {*columns}), ("", "")
    )


def _readable(positions: list[Position]) -> int:
    return sum(not one.fault and one.confidence != "doubtful" for one in positions)


def _stated(crs: str, why: str) -> list[Line]:
    """A CRS with a code is written down; of another the file's own words count, and its name is a remark."""
    if crs.startswith("EPSG:"):
        return [Line("crs", crs, why)]
    return [Line("", why=f"crs: {read_crs(crs).name} – {why}")]


def _header_lines(seen: Look, language: str, limits: Limits) -> list[Line]:
    """The header rows that the reader found, checked by reading the file again as they say."""
    reading = seen.reading
    if not seen.is_table or seen.path.is_dir() or seen.path.suffix.lower() == ".zip":
        return []
    for top in range(HEAD_ROWS):
        for height in range(1, MOST_HEADER_ROWS + 1):
            rows = f"{top + 1}" if height == 1 else f"{top + 1}–{top + height}"
            if say(language, "sheets.note_header", rows=rows) in reading.notes:
                how = HowToRead(language, None, reading.sheet, top, height, reading.encoding)
                again = read_path(seen.path, how, limits)[0]
                if again.columns != reading.columns:
                    return []
                why = say(language, "draft.header", rows=rows)
                return [Line("title_rows", top, why), Line("header_rows", height, why)]
    return []
