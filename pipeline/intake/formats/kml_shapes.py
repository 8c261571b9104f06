"""The shape of a KML placemark: its geometries put together, what was done to them said, else why there is none."""

import re
from collections.abc import Iterator
from typing import Any

import shapely

from pipeline.intake.formats.kml_tree import local_name, plain_text
from pipeline.intake.formats.shapes import Shaped, usable
from pipeline.text import say

GAP_SHARE = 0.01  # a line whose ends are nearer than this part of its length was meant to close
RING_POINTS = 4
LONGEST = 9_000_000  # characters of one coordinate list; libxml2 gives up at 10 million bytes
MULTI = ("MultiGeometry", "MultiTrack", "MultiPolygon")


class _BadShapeError(ValueError):
    """Why a geometry cannot be read: a key of words/kml.toml. Never leaves this module."""


def placemark_shape(placemark: Any, language: str) -> Shaped:
    """The shape of a placemark element as (lon, lat) in degrees, EPSG:4326; lines that close are areas. Never raises."""
    done: list[str] = []  # keys of words/kml.toml, for what was done to the shape
    try:
        parts = list(_parts(placemark, done))
    except _BadShapeError as bad:
        return Shaped(None, f"E10 {say(language, f'kml.{bad}')}", ())
    areas = [part for part in parts if part.geom_type == "Polygon"]
    if areas:
        box = shapely.box(*shapely.total_bounds(areas))
        kept = [part for part in parts if part.geom_type != "Point" or not box.covers(part)]
        done += ["label_dropped"] * (len(kept) < len(parts))  # a point inside its own area only carries the label
        parts = kept
    shape = None if not parts else parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts)
    return usable(shape, language, tuple(say(language, f"kml.{key}") for key in dict.fromkeys(done)))


def _parts(parent: Any, done: list[str]) -> Iterator[Any]:
    for element in parent:
        kind = local_name(element)
        if kind in MULTI:
            yield from _parts(element, done)
        elif kind == "Point":
            yield shapely.Point(_positions(_coordinates(element), done)[0])
        elif kind == "Polygon":
            yield from _polygons(element, done)
        elif kind == "LinearRing":
            yield shapely.Polygon(_ring(element, done))
        elif kind in ("LineString", "Track"):
            yield _line(_positions(_coordinates(element), done), done)


def _polygons(element: Any, done: list[str]) -> Iterator[Any]:
    """The outline with its holes, in whatever order they are written; a second outline is an area of its own."""
    rings = [ring for ring in element.iter() if local_name(ring) == "LinearRing"]
    is_hole = [local_name(ring.getparent()) == "innerBoundaryIs" for ring in rings]
    outlines = [_ring(ring, done) for ring, hole in zip(rings, is_hole, strict=True) if not hole]
    holes = [_ring(ring, done) for ring, hole in zip(rings, is_hole, strict=True) if hole]
    if not outlines:
        raise _BadShapeError("no_outline" if holes else "empty")
    yield shapely.Polygon(outlines[0], holes)
    yield from map(shapely.Polygon, outlines[1:])


def _coordinates(element: Any) -> str:
    """The coordinates of a geometry; a track's "lon lat height" elements are put in the same form."""
    if local_name(element) == "Track":
        return " ".join(",".join(plain_text(child).split()) for child in element if local_name(child) == "coord")
    return " ".join("".join(child.itertext()) for child in element if local_name(child) == "coordinates")


def _ring(element: Any, done: list[str]) -> list[tuple[float, float]]:
    positions = _positions(_coordinates(element), done)
    if len(set(positions)) < RING_POINTS - 1:
        raise _BadShapeError("few_points")
    if positions[0] != positions[-1]:
        done.append("ring_closed")
    return positions


def _line(positions: list[tuple[float, float]], done: list[str]) -> Any:
    """A polygon where the line closes, or nearly does; else the line."""
    if len(positions) < 2:
        raise _BadShapeError("few_points")
    line = shapely.LineString(positions)
    gap = shapely.Point(positions[0]).distance(shapely.Point(positions[-1]))
    if len(positions) < RING_POINTS or len(set(positions)) < RING_POINTS - 1 or gap >= GAP_SHARE * line.length:
        return line
    done.append("gap_closed" if gap else "line_closed")
    return shapely.Polygon(positions)


def _positions(text: str, done: list[str]) -> list[tuple[float, float]]:
    """(lon, lat) in degrees of each position; heights fall away. Raises _BadShapeError."""
    if len(text) > LONGEST:  # the parser cuts longer texts off, and the rest would pass as a shape
        raise _BadShapeError("too_long")
    tokens = [token.rstrip(",").split(",") for token in re.sub(r"\s*[,，]\s*", ",", text).split()]
    if not tokens:
        raise _BadShapeError("empty")
    try:
        numbers = [tuple(float(cell) for cell in token) for token in tokens]
    except ValueError as error:
        raise _BadShapeError("no_number") from error
    lengths = {len(position) for position in numbers}
    if lengths == {1} or (len(tokens) == 1 and not lengths <= {2, 3}):
        numbers = _regrouped([number for position in numbers for number in position])
        done.append("regrouped")
    elif not lengths <= {2, 3}:
        raise _BadShapeError("ambiguous")
    if not all(_in_degrees(position) for position in numbers):
        raise _BadShapeError("not_degrees")
    if any(position[2] for position in numbers if len(position) == 3):
        done.append("heights_dropped")
    return [(position[0], position[1]) for position in numbers]


def _regrouped(flat: list[float]) -> list[tuple[float, ...]]:
    """Numbers run together, taken by twos or by threes where only one of them gives degrees throughout."""
    groups = [[tuple(flat[i : i + n]) for i in range(0, len(flat), n)] for n in (2, 3) if len(flat) % n == 0]
    fitting = [positions for positions in groups if all(_in_degrees(position) for position in positions)]
    if len(fitting) != 1:
        raise _BadShapeError("ambiguous" if fitting else "not_degrees")
    return fitting[0]


def _in_degrees(position: tuple[float, ...]) -> bool:
    return abs(position[0]) <= 180 and abs(position[1]) <= 90  # false for NaN
