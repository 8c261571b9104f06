"""Files of any declared format as records: what each one says, its shape as received, and why it cannot be read."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyogrio
import shapely

from pipeline.config import Layer, Origin, Source
from pipeline.errors import InputError
from pipeline.intake.coordinates import parse_degrees
from pipeline.intake.sheets import is_total_row, read_sheet, read_text_table
from pipeline.text import say

SHEETS = (".xlsx", ".xls", ".xlsm", ".ods")
TEXT_TABLES = (".csv", ".txt")


@dataclass(frozen=True)
class Record:
    """One record as received: `fault` is "E9 why", "E10 why" or "E11 why" where it cannot be used."""

    row: int
    sheet: str | None
    words: dict[str, str]
    shape: Any = None
    fault: str | None = None


def read_source(source: Source, language: str) -> list[Record]:
    """Every record of a source, in file order; shapes in the source's CRS. Raises InputError for an unreadable file."""
    try:
        suffix = source.path.suffix.lower()
        if suffix in SHEETS:
            sheet, rows = read_sheet(source.path, source.sheet, source.title_rows, source.header_rows)
            return [_table_record(source, sheet, number, cells, language) for number, cells in rows]
        if suffix in TEXT_TABLES:
            rows = read_text_table(source.path, source.encoding, source.title_rows, source.header_rows)
            return [_table_record(source, None, number, cells, language) for number, cells in rows]
        return read_features(source, language)
    except (OSError, UnicodeDecodeError, LookupError, RuntimeError, ValueError) as error:
        raise InputError(say(language, "intake.unreadable_file", path=source.path, error=error)) from error


def read_features(origin: Origin, language: str) -> list[Record]:
    """Every feature of a vector file with its words (all as text) and its shape in the file's CRS."""
    meta, _, shapes_wkb, columns = pyogrio.raw.read(origin.path, layer=origin.layer, encoding=_gdal_encoding(origin))
    names = [str(name) for name in meta["fields"]]
    shapes = shapely.from_wkb(shapes_wkb, on_invalid="ignore") if shapes_wkb is not None else [None] * len(columns[0])
    records = []
    for i, shape in enumerate(shapes):
        words = {name: text for name, column in zip(names, columns, strict=True) if (text := _value_text(column[i]))}
        records.append(Record(i + 1, origin.layer, words, shape, _shape_fault(shape, language)))
    return records


def read_layer_features(layer: Layer, language: str) -> list[Record]:
    """The features of a layer that its `where` and `where_not` select. Raises InputError for an unreadable file."""
    try:
        records = read_features(layer, language)
    except (OSError, UnicodeDecodeError, LookupError, RuntimeError, ValueError) as error:
        raise InputError(say(language, "intake.unreadable_file", path=layer.path, error=error)) from error
    for column in (*layer.where, *layer.where_not, *layer.columns.values()):
        if records and not any(column in record.words for record in records):
            raise InputError(say(language, "intake.no_column", path=layer.path, file=layer.file, column=column))
    return [
        record
        for record in records
        if all(record.words.get(column, "") in codes for column, codes in layer.where.items())
        and not any(record.words.get(column, "") in codes for column, codes in layer.where_not.items())
    ]


def words_json(words: dict[str, str]) -> str:
    """The verbatim words of a record in one text, the same for the same words."""
    return json.dumps(words, ensure_ascii=False, sort_keys=True)


def _gdal_encoding(origin: Origin) -> str | None:
    """Only a shapefile's encoding is a matter of opinion; the other formats say theirs."""
    return origin.encoding if origin.path.suffix.lower() in (".shp", ".dbf", ".tab") else None


def _value_text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, np.datetime64):
        return str(value.astype("datetime64[D]"))
    if isinstance(value, float | np.floating) and float(value).is_integer() and abs(float(value)) < 1e15:
        return str(int(value))
    return str(value).strip()


def _shape_fault(shape: Any, language: str) -> str | None:
    if shape is None:
        return f"E10 {say(language, 'intake.no_shape')}"
    if shape.is_empty:
        return f"E10 {say(language, 'intake.empty_shape')}"
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        return f"E10 {say(language, 'intake.infinite_shape')}"
    if shape.geom_type not in ("Polygon", "MultiPolygon", "Point", "MultiPoint"):
        return f"E10 {say(language, 'intake.wrong_shape', found=shape.geom_type)}"
    return None


def _table_record(source: Source, sheet: str | None, number: int, cells: dict[str, str], language: str) -> Record:
    mapped = {name: title for name, title in source.columns.items() if cells.get(title)}
    words = {title: cells[title] for title in source.columns.values() if cells.get(title)}
    if source.kind != "reports":
        words = {title: text for title, text in cells.items() if text and title not in source.drop}
    if is_total_row(cells):
        return Record(number, sheet, {}, fault=f"E11 {say(language, 'intake.total_row')}")
    if not mapped:
        return Record(number, sheet, {}, fault=f"E11 {say(language, 'intake.no_mapped_cell')}")
    lon_title, lat_title = source.columns.get("lon", ""), source.columns.get("lat", "")
    if not cells.get(lon_title) or not cells.get(lat_title):
        return Record(number, sheet, words, fault=f"E9 {say(language, 'intake.no_coordinates')}")
    lon, lat = (parse_degrees(cells[title], source.coordinates) for title in (lon_title, lat_title))
    if lon is None or lat is None:
        column = lon_title if lon is None else lat_title
        return Record(number, sheet, words, fault=f"E9 {say(language, 'intake.no_degrees', column=column)}")
    return Record(number, sheet, words, shapely.Point(lon, lat))
