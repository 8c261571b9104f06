"""One layer of a vector file as columns and WKB – exact numbers by Arrow, curves made linear by GDAL – and as text."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pyogrio

from pipeline.intake.formats.encoding import codec_name, is_garbled
from pipeline.intake.formats.shapes import wkb_type
from pipeline.text import say

CURVES = range(8, 15)  # WKB types CircularString to Surface, which shapely does not know
FLATGEOBUF_STREAM = "OGR_FLATGEOBUF_STREAM_BASE_IMPL"
EXACT = 2**53  # whole numbers beyond it are not exact as floats


class Layer(NamedTuple):
    """A layer as its driver gives it.

    `columns` holds one value a feature, text as bytes; `wkb` is None for a layer without a geometry column; `curved`
    are the positions of the shapes that were curves; `left_out` are columns of neither text nor numbers.
    """

    columns: dict[str, list[Any]]
    wkb: list[bytes | None] | None
    curved: frozenset[int]
    crs: str | dict[str, Any] | None
    left_out: tuple[str, ...]


def read_layer(path: Path, layer: str | None) -> Layer:
    """A layer by GDAL. Raises pyogrio's errors (RuntimeError) where GDAL cannot open or read it."""
    try:
        with _without_fast_stream(path):
            meta, table = pyogrio.raw.read_arrow(path, layer=layer)
    except UnicodeDecodeError:  # field names that are not UTF-8, as MapInfo files of charset Neutral have
        return _read_undecoded(path, layer)
    if meta["geometry_type"] is None:
        return _layer(table, None, meta["crs"])
    name = meta["geometry_name"] or "wkb_geometry"
    shapes = table.column(name).to_pylist()
    curved = frozenset(i for i, raw in enumerate(shapes) if raw is not None and wkb_type(raw) in CURVES)
    if curved:
        _, _, linear, _ = pyogrio.raw.read(path, layer=layer, columns=[])
        shapes = [linear[i] if i in curved else raw for i, raw in enumerate(shapes)]
    return _layer(table.drop_columns([name]), shapes, meta["crs"], curved)


@contextmanager
def _without_fast_stream(path: Path) -> Iterator[None]:
    """FlatGeobuf's own Arrow stream gives a shape that is missing a length below zero, which ends the process."""
    before = pyogrio.get_gdal_config_option(FLATGEOBUF_STREAM)
    if path.suffix.lower() == ".fgb":
        pyogrio.set_gdal_config_options({FLATGEOBUF_STREAM: True})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({FLATGEOBUF_STREAM: before})


def _read_undecoded(path: Path, layer: str | None) -> Layer:
    """The same with every text kept as its bytes, which Latin-1 gives back unchanged."""
    meta, _, shapes, columns = pyogrio.raw.read(path, layer=layer, encoding="ISO-8859-1", datetime_as_string=True)
    values = {
        str(name).encode("latin-1").decode("gb18030", "replace"): [
            value.encode("latin-1") if isinstance(value, str) else None if value != value else value
            for value in column.tolist()
        ]
        for name, column in zip(meta["fields"], columns, strict=True)
    }
    return Layer(values, None if shapes is None else list(shapes), frozenset(), meta["crs"], ())


def read_parquet(path: Path) -> Layer:
    """A GeoParquet file by its own metadata; no `crs` there means longitude, latitude on WGS 84.

    Raises ValueError for a Parquet file that is not geographic or is damaged.
    """
    table = pa.parquet.read_table(path)
    geo = json.loads((table.schema.metadata or {}).get(b"geo", b"{}"))
    name = geo.get("primary_column")
    if name not in table.column_names:
        raise ValueError("no GeoParquet metadata")
    column = geo["columns"][name]
    if column.get("encoding") == "WKB":
        shapes = table.column(name).to_pylist()
    else:
        shapes = list(gpd.read_parquet(path, columns=[name])[name].to_wkb())
    return _layer(table.drop_columns([name]), shapes, column.get("crs", "OGC:CRS84"))


def _layer(
    table: Any,
    shapes: list[bytes | None] | None,
    crs: str | dict[str, Any] | None,
    curved: frozenset[int] = frozenset(),
) -> Layer:
    left_out = [
        field.name for field in table.schema if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)
    ]
    columns = {name: _values(table.column(name)) for name in table.column_names if name not in left_out}
    return Layer(columns, shapes, curved, crs, tuple(left_out))


def _values(column: Any) -> list[Any]:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return list(column.cast(pa.large_binary()).to_pylist())  # not every file that declares UTF-8 is
    if pa.types.is_float32(column.type):  # 41.6 was stored, not 41.599998474
        return [None if value is None else float(str(np.float32(value))) for value in column.to_pylist()]
    return list(column.to_pylist())


def column_texts(
    columns: dict[str, list[Any]], language: str, encoding: str | None, notes: list[str]
) -> dict[str, list[str]]:
    """Every cell as text: dates ISO, whole floats without .0, nothing for missing; what was lost is added to `notes`.

    Bytes that are not UTF-8 are read as `encoding`, or GB18030 where none is declared.
    """
    other = (codec_name(encoding) if encoding else None) or "gb18030"
    texts = {name: [_cell_text(value, other) for value in values] for name, values in columns.items()}
    n_other = sum(isinstance(value, bytes) and not _is_utf8(value) for values in columns.values() for value in values)
    if n_other:
        notes.append(say(language, "vector.note_not_utf8", n=n_other, codec=other))
    for name, values in columns.items():
        n_lost = sum(isinstance(value, float) and EXACT <= abs(value) < float("inf") for value in values)
        n_garbled = sum(n for text, n in Counter(texts[name]).items() if is_garbled(text))
        for key, n in (("vector.note_digits_lost", n_lost), ("vector.note_garbled", n_garbled)):
            if n:
                notes.append(say(language, key, column=name, n=n))
    return texts


def _cell_text(value: Any, other: str) -> str:
    if value is None or value != value:  # NaN and NaT differ from themselves
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8" if _is_utf8(value) else other, "replace").strip("\0 \t\r\n\u3000")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        return value.date().isoformat()
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value).strip()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
