"""Any file, folder or zip of a source or layer as readings: each format goes to its own reader."""

import csv
import json
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from lxml import etree
from shapely.errors import ShapelyError

from pipeline.config import Limits, Origin, Source
from pipeline.errors import InputError
from pipeline.intake.archives import opened
from pipeline.intake.fields import clean_labels
from pipeline.intake.formats.corner_lines import is_corners
from pipeline.intake.formats.corners import read_corners
from pipeline.intake.formats.encoding import choose_text_codec, codec_name
from pipeline.intake.formats.kml import read_kml
from pipeline.intake.formats.shapefile import read_shapefile
from pipeline.intake.formats.sheets import read_workbook
from pipeline.intake.formats.text_table import read_text_table
from pipeline.intake.formats.vector import FORMATS, read_vector
from pipeline.intake.privacy.scrub import scrub
from pipeline.intake.reading import HowToRead, Reading
from pipeline.text import say

KML = (".kml", ".kmz", ".ovkml", ".ovkmz", ".ovobj", ".ovobjx")
SHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".et")
TEXTS = (".csv", ".txt", ".tsv")
VECTORS = tuple(FORMATS)
RASTERS = (".tif", ".tiff", ".vrt", ".jp2", ".img")
UNREADABLE = (  # what the libraries raise for content that their readers did not foresee
    OSError, RuntimeError, ValueError, LookupError, EOFError,
    struct.error, csv.Error, zlib.error, zipfile.BadZipFile, ShapelyError, etree.LxmlError, pa.ArrowException,
)  # fmt: skip


def how_to_read(origin: Origin, language: str) -> HowToRead:
    """What a source or layer file declares of how to read it."""
    how = HowToRead(language, layer=origin.layer, encoding=origin.encoding)
    if isinstance(origin, Source):
        how = replace(how, sheet=origin.sheet, title_rows=origin.title_rows, header_rows=origin.header_rows)
    return how


def read_origin(origin: Origin, limits: Limits, language: str) -> list[Reading]:
    """Every file, layer or sheet of a source or layer. Raises InputError for one that cannot be read at all."""
    change = origin if isinstance(origin, Source) and origin.kind == "change_raster" else None
    return read_path(origin.path, how_to_read(origin, language), limits, change)


def read_path(path: Path, how: HowToRead, limits: Limits, change: Source | None = None) -> list[Reading]:
    """Every data file at `path` – a file, a folder or a zip – as one reading; what is no data file is said in notes.

    Of a `change` raster only rasters are data files, elsewhere none is. Raises InputError for a file that is beyond the
    `limits` or cannot be read at all, whatever its reader says of it.
    """
    how = replace(how, limits=limits)
    try:
        with opened(path, limits, how.language) as files:
            readings = [
                clean_labels(replace(_read_file(file, how, change), file=name), how.language) for name, file in files
            ]
    except InputError as error:
        raise InputError(scrub(str(error)).text) from error  # it may list sheets, layers or members
    except UNREADABLE as error:
        raise InputError(
            say(how.language, "intake.unreadable_file", path=path, error=scrub(str(error)).text)
        ) from error
    if not any(reading.format for reading in readings):
        if change is not None:
            raise InputError(say(how.language, "rasters.none_there", path=path, known=", ".join(RASTERS)))
        if path.suffix.lower() in RASTERS:
            raise InputError(say(how.language, "rasters.is_raster", file=path))
        raise InputError(say(how.language, "intake.no_data_files", path=path, known=", ".join(known_suffixes())))
    return readings


def known_suffixes() -> list[str]:
    """The endings of the files that can be read."""
    return sorted({".shp", ".zip", *KML, *SHEETS, *TEXTS, *VECTORS} - {".ovobj", ".ovobjx"})


def words_json(words: dict[str, str]) -> str:
    """The words of a record in one text, the same for the same words."""
    return json.dumps(words, ensure_ascii=False, sort_keys=True)


def _read_file(path: Path, how: HowToRead, change: Source | None) -> Reading:
    suffix = path.suffix.lower()
    if change is not None and suffix in RASTERS:
        from pipeline.intake.rasters.change import read_change  # rasterio is loaded by who has a raster

        return read_change(path, change, how.limits, how.language)
    if change is not None or suffix in RASTERS:
        key = "not_a_raster" if change is not None else "is_raster"
        return Reading(path.name, None, "", [], notes=(say(how.language, f"rasters.{key}", file=path.name),))
    if suffix == ".shp":
        return read_shapefile(path, how)
    if suffix in KML:
        return read_kml(path, how)
    if suffix in SHEETS:
        return read_workbook(path, how)
    if suffix in TEXTS:
        return _read_text(path, how)
    if suffix in VECTORS:
        return read_vector(path, how)
    return Reading(path.name, None, "", [], notes=(say(how.language, "intake.not_a_data_file", file=path.name),))


def _read_text(path: Path, how: HowToRead) -> Reading:
    """A text file is a list of corner points or a table."""
    data = path.read_bytes()
    declared = codec_name(how.encoding) if how.encoding else None
    codec, why = (declared, "declared") if declared else choose_text_codec(data)
    text = data.decode(codec, errors="replace")
    if is_corners(text):
        return replace(read_corners(text, path.name, how), encoding=codec, encoding_why=why)
    return read_text_table(path, how)
