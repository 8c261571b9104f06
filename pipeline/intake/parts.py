"""A record that is drawn as several places: collections and far-apart parts become parts of their own."""

from typing import Any

import numpy as np
import shapely


def by_kind(shape: Any) -> list[Any]:
    """The polygonal part of a shape and each of its points; a plain polygon, multipolygon or point is itself."""
    if shape is None or shape.geom_type in ("Polygon", "MultiPolygon", "Point"):
        return [shape]
    parts = shapely.get_parts(shape)
    polygons = [inner for part in parts for inner in shapely.get_parts(part) if inner.geom_type == "Polygon"]
    points = {inner.wkb: inner for part in parts for inner in shapely.get_parts(part) if inner.geom_type == "Point"}
    whole = [polygons[0]] if len(polygons) == 1 else [shapely.MultiPolygon(polygons)] if polygons else []
    return [*whole, *points.values()]  # a point drawn twice is one place


def by_distance(shape: Any, apart_m: float) -> list[Any]:
    """Groups of the polygons of a multipolygon (CRS in metres) that lie farther apart than `apart_m`, largest first."""
    if shape.geom_type != "MultiPolygon":
        return [shape]
    polygons = shapely.get_parts(shape)
    group = np.arange(len(polygons))
    for i, j in shapely.STRtree(polygons).query(polygons, predicate="dwithin", distance=apart_m).T:
        if group[i] != group[j]:
            group[group == group[j]] = group[i]
    if len(set(group)) == 1:
        return [shape]
    parts = [polygons[group == g] for g in dict.fromkeys(group)]
    groups = [own[0] if len(own) == 1 else shapely.MultiPolygon(own) for own in parts]
    return sorted(groups, key=lambda part: (-part.area, part.bounds))
