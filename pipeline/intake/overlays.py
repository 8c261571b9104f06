"""Overlay layers and bare polygon files: read, selected by their codes, moved to the working CRS, repaired."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from pipeline.config import Codes, Layer, Limits, Origin
from pipeline.errors import InputError
from pipeline.geometry import Shapes, polygons_of, repair, to_crs
from pipeline.intake.coordinates.around import Around
from pipeline.intake.fields import clean_records
from pipeline.intake.files import read_origin
from pipeline.intake.inputs import input_row
from pipeline.intake.placing import place_shapes
from pipeline.intake.reading import Record
from pipeline.intake.words.codes import to_zone
from pipeline.intake.words.land_codes import tidy_code
from pipeline.rules import OverlapRules
from pipeline.text import say

LAYER_COLUMNS = [
    "layer_id",
    "layer_class",
    "feature_key",
    "name",
    "level",
    "grade",
    "zone",
    "code",
    "repair",
    "geometry",
]


NO_SHAPES: Shapes = np.zeros(0, dtype=object)


class LayerRead(NamedTuple):
    """The features of a layer (LAYER_COLUMNS and what decides), sentences on unusable ones, and rows of table inputs.

    Of a raster layer, both in the working CRS: `extents`, the outline of each raster, and `blind`, what of the asked areas
    no raster knows.
    """

    frame: gpd.GeoDataFrame
    unusable: list[str]
    inputs: list[dict[str, Any]]
    extents: Shapes = NO_SHAPES
    blind: Any = None


class Features(NamedTuple):
    """Records with a shape each in one CRS (None where unusable), what was repaired, and rows of table inputs."""

    records: list[Record]
    shapes: Shapes
    repairs: list[str | None]
    inputs: list[dict[str, Any]]


def read_layer(
    layer: Layer, rules: OverlapRules, limits: Limits, crs: pyproj.CRS, around: Around | None, language: str,
    areas: Shapes | None = None,
) -> LayerRead:  # fmt: skip
    """Every usable feature of `layer` in `crs`; of a raster the cells that the bounds of `areas` (in `crs`) touch.

    Raises InputError for a file or a column that is not there.
    """
    if layer.cells:
        from pipeline.intake.rasters.land_cover import read_cover  # rasterio is loaded by who has a raster

        records, shapes, doubts, inputs, *reach = read_cover(layer, areas, limits, crs, around, language)
        repairs: list[str | None] = [None] * len(records)
    else:
        reach = []
        records, shapes, repairs, inputs = read_features(layer, limits, crs, around, language)
        _require_columns(layer, records, language)
        doubts = _code_doubts(layer, records, language)
        inputs = [{**row, "notes": [*row["notes"], *doubts]} for row in inputs]
    chosen = [i for i, record in enumerate(records) if _is_selected(layer, record)]
    records, repairs = [records[i] for i in chosen], [repairs[i] for i in chosen]
    shapes = shapes[chosen]
    if layer.buffer_m:
        shapes = np.array([None if shape is None else shape.buffer(layer.buffer_m) for shape in shapes], dtype=object)
    usable = [polygons_of(shape) is not None for shape in shapes]
    unusable = [
        say(language, "intake.layer_feature_unusable", layer=layer.title, file=layer.path.name, row=record.row)
        for record, is_usable in zip(records, usable, strict=True)
        if not is_usable
    ]
    frame = gpd.GeoDataFrame(_columns(layer, records, repairs, rules), geometry=list(shapes), crs=crs)
    key = "rasters.layer" if layer.cells else "intake.layer_codes"
    said = [say(language, key, layer=layer.title, note=note) for note in doubts]
    return LayerRead(frame[np.array(usable, dtype=bool)].reset_index(drop=True), said + unusable, inputs, *reach)


def versions_of(layers: Sequence[Layer]) -> pd.DataFrame:
    """One row a layer, with or without features: layer_id, series, layer_date, layer_class, counts, is_near_leads.

    is_near_leads: its features are only what lies near the leads.
    """
    columns = ["layer_id", "series", "layer_date", "layer_class", "counts", "is_near_leads"]
    rows = [(one.id, one.series or one.id, _day(one), one.layer_class, one.counts, bool(one.cells)) for one in layers]
    return pd.DataFrame(rows, columns=columns).astype({"counts": bool, "is_near_leads": bool})


def _day(layer: Layer) -> str | None:
    return None if layer.data_date is None else layer.data_date.isoformat()


def read_areas(
    path: Path, declared: str, encoding: str | None, where: dict[str, Codes], limits: Limits, crs: pyproj.CRS, language: str
) -> tuple[list[Record], Shapes]:  # fmt: skip
    """Records and shapes (in `crs`) of a bare polygon file that place.toml or a layer's `covers` names."""
    origin = Origin(
        id=path.stem, file=path, path=path, title=path.stem, provider="", licence="", secrecy="public",
        received=date.min, crs=declared, encoding=encoding, position_accuracy_m=0,
    )  # fmt: skip
    records, shapes, *_ = read_features(origin, limits, crs, None, language)
    chosen = [
        i for i, r in enumerate(records) if all(r.words.get(column, "") in codes for column, codes in where.items())
    ]
    return [records[i] for i in chosen], shapes[chosen]


def read_features(
    origin: Origin, limits: Limits, crs: pyproj.CRS, around: Around | None, language: str
) -> Features:  # fmt: skip
    """Every feature of a vector file: repaired as received, moved to `crs`, repaired where moving broke it."""
    records: list[Record] = []
    moved: list[Shapes] = []
    notes: list[str | None] = []
    inputs = []
    for reading in read_origin(origin, limits, language):
        placed = place_shapes(reading, origin.crs, around, language)
        own, personal = clean_records(replace(reading, records=[one.record for one in placed.records]), origin)
        if any(record.shape is not None for record in reading.records) and not placed.crs_used:
            raise InputError(
                say(language, "intake.layer_not_placed", path=origin.path, file=origin.file, why=placed.note)
            )
        raw, repairs = repair(np.array([_ground(record, origin) for record in own], dtype=object))
        if placed.crs_used:
            raw = repair(to_crs(raw, pyproj.CRS.from_user_input(placed.crs_used), crs))[0]
        moved.append(raw)
        records, notes = records + own, notes + repairs
        inputs.append(input_row(reading, origin, placed.crs_used, placed.note, personal, language))
    return Features(records, np.concatenate(moved), notes, inputs)


def _ground(record: Record, origin: Origin) -> Any:
    """The shape of a feature; of a line that the layer gives a width the line itself, also where it closes."""
    has_width = isinstance(origin, Layer) and origin.buffer_m > 0
    return record.lines if has_width and record.lines is not None else record.shape


def _require_columns(layer: Layer, records: list[Record], language: str) -> None:
    for column in (*layer.where, *layer.where_not, *layer.columns.values()):
        if records and not any(column in record.words for record in records):
            raise InputError(say(language, "intake.no_column", path=layer.path, file=layer.file, column=column))


def _is_selected(layer: Layer, record: Record) -> bool:
    return all(_code(layer, record, column) in codes for column, codes in layer.where.items()) and not any(
        _code(layer, record, column) in codes for column, codes in layer.where_not.items()
    )


def _code_doubts(layer: Layer, records: list[Record], language: str) -> list[str]:
    """What speaks against the codes of a layer: zeros that a spreadsheet lost, names that are another class's."""
    column = layer.columns.get("code", next(iter(layer.where), ""))
    counts = Counter(record.words[column] for record in records if record.words.get(column))
    wanted = [code for codes in (*layer.where.values(), *layer.where_not.values()) for code in codes]
    if layer.code_scheme is None:
        lost = [code for code in wanted if code not in counts and code.lstrip("0") in counts]
        found = ", ".join(f"{code.lstrip('0')} × {counts[code.lstrip('0')]}" for code in lost)
        return [say(language, "intake.where_zeros", wanted=", ".join(lost), found=found)] if lost else []
    pairs = Counter(
        (record.words.get(column, ""), _word(layer, record, "code_name") or _word(layer, record, "name"))
        for record in records
    )
    judged = ((tidy_code(code, name, layer.code_scheme, language), code, n) for (code, name), n in pairs.items())
    return sorted(
        say(language, "intake.code_note", note=note, n=n)
        for (tidy, note), code, n in judged
        if note is not None and tidy == code  # a zero given back by its name is no doubt
    )


def _code(layer: Layer, record: Record, column: str) -> str:
    """The cell; of the code column with the zeros that a spreadsheet lost, where the name beside it agrees."""
    word = record.words.get(column, "")
    if layer.code_scheme is None or column != layer.columns.get("code"):
        return word
    return tidy_code(word, _word(layer, record, "code_name") or _word(layer, record, "name"), layer.code_scheme)[0]


def _columns(
    layer: Layer, records: Sequence[Record], repairs: list[str | None], rules: OverlapRules
) -> dict[str, Any]:  # fmt: skip
    keys = pd.Series([_word(layer, record, "feature_key") or str(record.row) for record in records], dtype="str")
    rows = pd.Series([str(record.row) for record in records], dtype="str")
    return {
        "layer_id": layer.id,
        "layer_class": layer.layer_class,
        "series": layer.series or layer.id,
        "layer_date": _day(layer),
        "counts": layer.counts,
        "within_m": layer.within_m,
        "position_accuracy_m": layer.position_accuracy_m,
        "sliver_m2": layer.thresholds.sliver_m2 if layer.thresholds else rules.sliver_m2,
        "sliver_share": layer.thresholds.sliver_share if layer.thresholds else rules.sliver_share,
        # areas of one cell value are one feature, so that windows do not show
        "feature_key": keys if layer.cells else keys.where(~keys.duplicated(keep=False), keys + "#" + rows),
        "name": [_word(layer, record, "name") for record in records],
        "level": [_word(layer, record, "level") for record in records],
        "grade": [_word(layer, record, "grade") or _word(layer, record, "level") for record in records],
        "zone": [to_zone(_word(layer, record, "zone")) for record in records],
        "code": [_word(layer, record, "code") for record in records],
        "repair": repairs,
    }


def _word(layer: Layer, record: Record, name: str) -> str | None:
    return record.words.get(layer.columns.get(name, "")) or layer.values.get(name)
