"""The ground a place stands on: its working CRS, boundary, townships and overlay layers, ready to measure on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from pipeline.config import Layer, Origin, Place
from pipeline.geometry import Floats, Shapes, equal_area_crs, polygons_of, repair, to_crs, union_all
from pipeline.intake.codes import to_zone
from pipeline.intake.files import Record, read_features, read_layer_features
from pipeline.rules import OverlapRules
from pipeline.text import say

LON_LAT_DECIMALS = 8  # about 1 mm
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


@dataclass(frozen=True)
class Ground:
    """Everything spatial of a place, in its working CRS.

    `layers` has one row per usable layer feature (LAYER_COLUMNS); `coverage` gives per class the covered area, None for
    everywhere; a class without a key is covered nowhere. `unusable` names layer features that could not be repaired.
    """

    crs: pyproj.CRS
    geographic: pyproj.CRS
    boundary: Any
    towns: gpd.GeoDataFrame
    layers: gpd.GeoDataFrame
    coverage: dict[str, Any]
    unusable: tuple[str, ...]


def read_ground(place: Place) -> Ground:
    """Read boundary, townships and every layer of `place`. Raises InputError for a file that cannot be read."""
    geographic = pyproj.CRS.from_user_input(place.geographic_crs)
    boundary = None if place.boundary is None else _read_boundary(place, geographic)
    crs = _working_crs(place, geographic, boundary)
    if boundary is not None:
        boundary = to_crs(np.array([boundary], dtype=object), geographic, crs)[0]
    frames, unusable = [], []
    for layer in place.layers:
        if layer.required or layer.path.exists():
            frame, faults = _layer_frame(layer, place.rules.overlap, place.language, crs)
            frames.append(frame)
            unusable += faults
    layers = pd.concat(frames, ignore_index=True) if frames else gpd.GeoDataFrame(columns=LAYER_COLUMNS, crs=crs)
    return Ground(
        crs, geographic, boundary, _read_towns(place, crs), layers, _coverage(place, crs, boundary), tuple(unusable)
    )


def towns_of(shapes: Shapes, ground: Ground) -> dict[str, list[Any]]:
    """town_code, town and towns of each shape (working CRS): the township with the largest share first."""
    found: list[list[tuple[float, int]]] = [[] for _ in shapes]
    for i, j in zip(*ground.towns.sindex.query(shapes, predicate="intersects").tolist(), strict=True):
        share_m2 = float(shapely.area(shapely.intersection(shapes[i], ground.towns.geometry.iloc[j])))
        found[i].append((-share_m2, j))
    order = [[j for _, j in sorted(touched)] for touched in found]
    names, codes = ground.towns["town"].tolist(), ground.towns["town_code"].tolist()
    return {
        "towns": [[names[j] for j in touched] for touched in order],
        "town": [names[touched[0]] if touched else None for touched in order],
        "town_code": [codes[touched[0]] if touched else None for touched in order],
    }


def surface_points(shapes: Shapes, ground: Ground) -> dict[str, Floats]:
    """lon and lat, degrees in the place's geographic CRS, of a point on each shape (working CRS)."""
    points = to_crs(shapely.point_on_surface(shapes), ground.crs, ground.geographic)
    lon_lat = shapely.get_coordinates(points).round(LON_LAT_DECIMALS)
    return {"lon": lon_lat[:, 0], "lat": lon_lat[:, 1]}


def _origin(path: Path, crs: str, encoding: str = "utf-8") -> Origin:
    """A bare polygon file named in place.toml, as an origin that the reader understands."""
    return Origin(
        id=path.stem, file=path, path=path, title=path.stem, provider="", licence="", secrecy="public",
        received=date.min, crs=crs, encoding=encoding, position_accuracy_m=0,
    )  # fmt: skip


def _shapes(
    records: Sequence[Record], source: str, target: pyproj.CRS
) -> tuple[np.ndarray[Any, Any], list[str | None]]:
    """Shapes repaired as received, moved, and repaired where moving broke them; with the notes of the first repair."""
    raw, notes = repair(np.array([record.shape for record in records], dtype=object))
    return repair(to_crs(raw, pyproj.CRS.from_user_input(source), target))[0], notes


def _read_boundary(place: Place, geographic: pyproj.CRS) -> Any:
    area = place.boundary
    assert area is not None
    records = [
        record
        for record in read_features(_origin(area.path, area.crs), place.language)
        if all(record.words.get(column, "") in codes for column, codes in area.where.items())
    ]
    return union_all([shape for shape in _shapes(records, area.crs, geographic)[0] if shape is not None])


def _working_crs(place: Place, geographic: pyproj.CRS, boundary: Any) -> pyproj.CRS:
    if place.crs is not None:
        return pyproj.CRS.from_user_input(place.crs)
    if place.centre is not None:
        return equal_area_crs(geographic, place.centre)
    left, bottom, right, top = boundary.bounds
    return equal_area_crs(geographic, (round((left + right) / 2, 1), round((bottom + top) / 2, 1)))


def _read_towns(place: Place, crs: pyproj.CRS) -> gpd.GeoDataFrame:
    """Columns town_code, town, geometry; no rows where the place has no townships."""
    area = place.townships
    if area is None:
        return gpd.GeoDataFrame({"town_code": [], "town": []}, geometry=[], crs=crs)
    records = read_features(_origin(area.path, area.crs, area.encoding), place.language)
    shapes, _ = _shapes(records, area.crs, crs)
    names = [record.words.get(area.name, "") for record in records]
    codes = [record.words.get(area.code or area.name, "") for record in records]
    return gpd.GeoDataFrame({"town_code": codes, "town": names}, geometry=shapes, crs=crs)


def _layer_frame(
    layer: Layer, rules: OverlapRules, language: str, crs: pyproj.CRS
) -> tuple[gpd.GeoDataFrame, list[str]]:
    records = read_layer_features(layer, language)
    assert layer.crs is not None
    shapes, notes = _shapes(records, layer.crs, crs)
    if layer.buffer_m:
        shapes = shapely.buffer(shapes, layer.buffer_m)
    usable = [polygons_of(shape) is not None for shape in shapes]
    faults = [
        say(language, "intake.layer_feature_unusable", layer=layer.title, file=layer.path.name, row=record.row)
        for record, is_usable in zip(records, usable, strict=True)
        if not is_usable
    ]
    keys = pd.Series([_word(layer, record, "feature_key") or str(record.row) for record in records], dtype="str")
    rows = [str(record.row) for record in records]
    frame = gpd.GeoDataFrame(
        {
            "layer_id": layer.id,
            "layer_class": layer.layer_class,
            "series": layer.series or layer.id,
            "layer_date": None if layer.data_date is None else layer.data_date.isoformat(),
            "counts": layer.counts,
            "within_m": layer.within_m,
            "position_accuracy_m": layer.position_accuracy_m,
            "sliver_m2": layer.thresholds.sliver_m2 if layer.thresholds else rules.sliver_m2,
            "sliver_share": layer.thresholds.sliver_share if layer.thresholds else rules.sliver_share,
            "feature_key": keys.where(~keys.duplicated(keep=False), keys + "#" + pd.Series(rows, dtype="str")),
            "name": [_word(layer, record, "name") for record in records],
            "level": [_word(layer, record, "level") for record in records],
            "grade": [_word(layer, record, "grade") or _word(layer, record, "level") for record in records],
            "zone": [to_zone(_word(layer, record, "zone")) for record in records],
            "code": [_word(layer, record, "code") for record in records],
            "repair": notes,
        },
        geometry=shapes,
        crs=crs,
    )
    return frame[usable].reset_index(drop=True), faults


def _word(layer: Layer, record: Record, name: str) -> str | None:
    return record.words.get(layer.columns.get(name, "")) or layer.values.get(name)


def _coverage(place: Place, crs: pyproj.CRS, boundary: Any) -> dict[str, Any]:
    covered: dict[str, list[Any]] = {}
    for layer in place.layers:
        if layer.covers is None or not (layer.required or layer.path.exists()):
            continue
        if layer.covers == "place":
            covered.setdefault(layer.layer_class, []).append(boundary)
        else:
            assert layer.crs is not None
            records = read_features(_origin(Path(layer.covers), layer.crs, layer.encoding), place.language)
            covered.setdefault(layer.layer_class, []).extend(_shapes(records, layer.crs, crs)[0])
    return {name: None if None in areas else union_all(areas) for name, areas in covered.items()}
