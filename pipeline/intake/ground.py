"""The ground a place stands on: its working CRS, boundary, townships and overlay layers, ready to measure on."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from pipeline.cache import Cache
from pipeline.config import Place
from pipeline.declare import shape_table
from pipeline.errors import InputError
from pipeline.geometry import Floats, Shapes, equal_area_crs, to_crs, union_all
from pipeline.intake.coordinates.around import Around, make_around
from pipeline.intake.overlays import LAYER_COLUMNS, LayerRead, read_areas, read_layer, versions_of
from pipeline.intake.prepared import layer_key, read_prepared
from pipeline.intake.words.gazetteer import Gazetteer, read_gazetteer
from pipeline.intake.words.towns import TownNames, read_towns_through_time
from pipeline.tables import INPUTS

LON_LAT_DECIMALS = 8  # about 1 mm
ANYWHERE = shapely.box(-1e8, -1e8, 1e8, 1e8)  # metres, wider than any projection of the earth


@dataclass(frozen=True)
class Ground:
    """Everything spatial of a place, in its working CRS.

    `layers` has one row per usable layer feature (LAYER_COLUMNS and what decides), `versions` one per layer that was read
    or opened, also where it has no feature (overlays.versions_of); `coverage` gives per class the covered area, None for
    everywhere; a class without a key is covered nowhere. `unusable` says which layer features, villages and
    town names could not be used; `around` is where coordinates of this place may lie; `inputs` describes the layer files as read.
    """

    crs: pyproj.CRS
    geographic: pyproj.CRS
    boundary: Any
    towns: gpd.GeoDataFrame
    layers: gpd.GeoDataFrame
    versions: pd.DataFrame
    coverage: dict[str, Any]
    unusable: tuple[str, ...]
    around: Around | None
    inputs: pd.DataFrame
    gazetteer: Gazetteer | None = None
    town_names: TownNames | None = None


def read_ground(place: Place, unread: dict[str, str] | None = None, cache: Cache | None = None) -> Ground:
    """Read boundary, townships and every layer of `place`; layers that lie prepared in `cache` come from there.

    Raises InputError for a file that cannot be read; where `unread` is given, such a layer is passed over and the
    sentence noted there under its id.
    """
    geographic, boundary, crs, towns, around = _read_frame(place)
    by_id = _read_layers(place, crs, around, unread, cache)
    read = list(by_id.values())
    layers = _together(read, crs)
    if around is None:
        around = _around(_where_layers_lie(read, layers), crs, geographic, place)
    versions = versions_of([layer for layer in place.layers if layer.id in by_id])
    inputs = pd.DataFrame([row for one in read for row in one.inputs], columns=INPUTS.names)
    gazetteer = None if place.gazetteer is None else read_gazetteer(place.gazetteer, place.language)
    through_time = None if place.townships is None else place.townships.through_time
    town_names = None if through_time is None else read_towns_through_time(through_time, place.language)
    faults = [line for one in read for line in one.unusable]
    faults += [line for facts in (gazetteer, town_names) if facts is not None for line in facts.faults]
    return Ground(
        crs, geographic, boundary, towns, layers, versions, _coverage(place, crs, boundary, {}), tuple(faults), around,
        shape_table(inputs, INPUTS), gazetteer, town_names,
    )  # fmt: skip


def layer_keys(place: Place) -> dict[str, str | None]:
    """Under which key of the prepared cache each vector layer's features lie, by its id; None where it has no file."""
    _, _, crs, _, around = _read_frame(place)
    rules, limits, language = place.rules.overlap, place.limits, place.language
    vectors = [layer for layer in place.layers if not layer.cells]
    return {layer.id: layer_key(layer, rules, limits, crs, around, language) for layer in vectors}


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


def _read_frame(place: Place) -> tuple[pyproj.CRS, Any, pyproj.CRS, gpd.GeoDataFrame, Around | None]:
    """All of the ground but its layers: geographic CRS, boundary, working CRS, townships, and what lies around."""
    geographic = pyproj.CRS.from_user_input(place.geographic_crs)
    boundary = None if place.boundary is None else _read_boundary(place, geographic)
    crs = _working_crs(place, geographic, boundary)
    if boundary is not None:
        boundary = to_crs(np.array([boundary], dtype=object), geographic, crs)[0]
    towns = _read_towns(place, crs)
    known = [boundary] if boundary is not None else list(towns.geometry)
    return geographic, boundary, crs, towns, _around(known, crs, geographic, place)


def _read_layers(
    place: Place, crs: pyproj.CRS, around: Around | None, unread: dict[str, str] | None, cache: Cache | None
) -> dict[str, LayerRead]:
    """What was read of each layer, by its id."""
    read = {}
    for layer in place.layers:
        if not layer.required and not layer.path.exists():
            continue
        try:
            given = (layer, place.rules.overlap, place.limits, crs, around, place.language)
            # a raster is only opened
            read[layer.id] = read_layer(*given) if layer.cells else read_prepared(*given, cache)
        except InputError as error:
            if unread is None:
                raise
            unread[layer.id] = str(error)
    return read


def with_raster_layers(
    ground: Ground, place: Place, shapes: Shapes, reach_m: float, unread: dict[str, str] | None = None
) -> Ground:
    """`ground` with the cells of the place's raster layers within `reach_m` of the bounds of `shapes` (working CRS).

    read_ground has only opened these layers: what is read is bounded by the shapes. Where none of a layer's rasters knows
    the ground, it covers nothing. Raises InputError and uses `unread` as read_ground does.
    """
    rasters = [one for one in place.layers if one.cells and one.path.exists() and one.id not in (unread or {})]
    if not rasters or not len(shapes):
        return ground
    rules, read = place.rules.overlap, dict[str, LayerRead]()
    for layer in rasters:
        areas = _boxes(shapes, reach_m + layer.buffer_m)
        try:
            read[layer.id] = read_layer(layer, rules, place.limits, ground.crs, ground.around, place.language, areas)
        except InputError as error:
            if unread is None:
                raise
            unread[layer.id] = str(error)
    others = ground.layers[~ground.layers["layer_id"].isin(list(read))]
    filled = [frame for frame in (others, *(one.frame for one in read.values())) if len(frame)]
    kept = ground.inputs[ground.inputs["is_source"].astype(bool) | ~ground.inputs["input_id"].isin(list(read))]
    rows = pd.DataFrame([row for one in read.values() for row in one.inputs], columns=INPUTS.names)
    blind = {layer_id: one.blind for layer_id, one in read.items() if not shapely.is_empty(one.blind)}
    unreadable = ground.versions["layer_id"].isin(list(unread or {}))
    return replace(
        ground,
        versions=ground.versions[~unreadable].reset_index(drop=True),
        coverage=_coverage(place, ground.crs, ground.boundary, blind) if blind else ground.coverage,
        layers=pd.concat(filled, ignore_index=True) if filled else others,
        inputs=shape_table(pd.concat([kept, rows]) if len(kept) else rows, INPUTS),
        unusable=tuple(dict.fromkeys([*ground.unusable, *(line for one in read.values() for line in one.unusable)])),
    )


def raster_reach_m(place: Place, accuracy_m: float) -> float:
    """How far round leads of at worst `accuracy_m` (one sigma, metres) the cells of raster layers can matter.

    That is the farthest of: adjacent (R05), within_m, and three times the combined accuracy, by which the boundary is
    moved for overlap_low_m2 and overlap_high_m2.
    """
    rasters = [layer for layer in place.layers if layer.cells]
    within_m = max((layer.within_m for layer in rasters), default=0.0)
    own_m = max((layer.position_accuracy_m for layer in rasters), default=0.0)
    return max(place.rules.overlap.adjacent_m, within_m, 3 * float(np.hypot(accuracy_m, own_m)) + 1)


def _boxes(shapes: Shapes, reach_m: float) -> Shapes:
    """The bounds of each shape grown by `reach_m`; shapes without bounds have none."""
    bounds = shapely.bounds(shapes) + np.array([-reach_m, -reach_m, reach_m, reach_m])
    return np.asarray(shapely.box(*bounds[np.isfinite(bounds).all(axis=1)].T), dtype=object)


def _together(read: list[LayerRead], crs: pyproj.CRS) -> gpd.GeoDataFrame:
    if not read:
        return gpd.GeoDataFrame(columns=LAYER_COLUMNS, geometry="geometry", crs=crs)
    return pd.concat([one.frame for one in read], ignore_index=True)


def _where_layers_lie(read: list[LayerRead], layers: gpd.GeoDataFrame) -> list[Any]:
    """A place without an outline is where its layers are; rasters, which may cover a nation, say so only alone."""
    if len(layers):
        return [shapely.box(*layers.total_bounds)]
    extents = [extent for one in read for extent in one.extents]
    return [extent for extent in extents if np.isfinite(shapely.bounds(extent)).all()]


def _around(areas: list[Any], crs: pyproj.CRS, geographic: pyproj.CRS, place: Place) -> Around | None:
    """The place's area grown by its margin (R17); None where nothing says where it is."""
    shapes = [shape for shape in areas if shape is not None]
    if not shapes:
        return None
    area = to_crs(np.array([union_all(shapes)], dtype=object), crs, geographic)[0]
    return make_around(area, geographic, place.rules.locate.margin_m)


def _read_boundary(place: Place, geographic: pyproj.CRS) -> Any:
    area = place.boundary
    assert area is not None
    _, shapes = read_areas(area.path, area.crs, None, area.where, place.limits, geographic, place.language)
    return union_all([shape for shape in shapes if shape is not None])


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
    records, shapes = read_areas(area.path, area.crs, area.encoding, {}, place.limits, crs, place.language)
    names = [record.words.get(area.name, "") for record in records]
    codes = [record.words.get(area.code or area.name, "") for record in records]
    return gpd.GeoDataFrame({"town_code": codes, "town": names}, geometry=list(shapes), crs=crs)


def _coverage(place: Place, crs: pyproj.CRS, boundary: Any, blind: dict[str, Any]) -> dict[str, Any]:
    """Per class the area that its layers cover: what `covers` says, without where a layer is `blind` (by its id)."""
    covered: dict[str, list[Any]] = {}
    for layer in place.layers:
        if layer.covers is None or not (layer.required or layer.path.exists()):
            continue
        shapes = [boundary]
        if layer.covers != "place":
            crs_name = layer.crs or place.geographic_crs
            _, read = read_areas(Path(layer.covers), crs_name, layer.encoding, {}, place.limits, crs, place.language)
            shapes = list(read)
        if layer.id in blind:
            shapes = [shapely.difference(ANYWHERE if one is None else one, blind[layer.id]) for one in shapes]
        covered.setdefault(layer.layer_class, []).extend(shapes)
    return {name: None if None in areas else union_all(areas) for name, areas in covered.items()}
