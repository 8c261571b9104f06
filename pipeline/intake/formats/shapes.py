"""Shapes as received to shapes that can be leads: rings closed, lines that close as areas, heights dropped – all noted."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyproj
import shapely
from pyproj.exceptions import CRSError

from pipeline.text import say

KEPT = ("Polygon", "MultiPolygon", "Point", "MultiPoint")
NESTED = ("MultiPolygon", "MultiPoint", "MultiLineString", "GeometryCollection")
KEPT_TYPES = (0, 3, 4, 6)  # the same in shapely's numbers: Point, Polygon, MultiPoint, MultiPolygon
SURFACES = {15: "PolyhedralSurface", 16: "TIN", 17: "Triangle"}  # WKB types that shapely does not know
FARTHEST = 1e9  # no CRS on earth has greater coordinates, with any zone number; sums of greater ones overflow
RING_POINTS = 4  # a line that closes and has fewer points encloses nothing
WRITTEN_CRS = (
    ":",
    "[",
    "{",
    "+proj",
)  # a bare word (CGCS2000) would be looked up by likeness, and one of many be taken
CRS_CONFIDENCE = 90  # per cent; pyproj's 90 is the same parameters under another name, 70 another datum


class Shaped(NamedTuple):
    """A usable shape (2D) or why there is none ("E10 …", "E9 …"), what was done to it, and its lines as received."""

    shape: Any
    fault: str | None
    notes: tuple[str, ...]
    lines: Any = None


def read_wkb(raw: bytes | None, language: str) -> Shaped:
    """A shape from the WKB a driver gave; unclosed rings are closed and noted."""
    if raw is None:
        return usable(None, language)
    with np.errstate(invalid="ignore"):  # coordinates that are no numbers are told below
        shape = shapely.from_wkb(raw, on_invalid="ignore")
    if shape is not None:
        return usable(shape, language)
    if (surface := SURFACES.get(wkb_type(raw))) is not None:
        return Shaped(None, f"E10 {say(language, 'vector.wrong_shape', found=surface)}", ())
    with np.errstate(invalid="ignore"):
        shape = shapely.from_wkb(raw, on_invalid="fix")
    if shape is None:
        return Shaped(None, f"E10 {say(language, 'vector.broken_shape')}", ())
    return usable(shape, language, (say(language, "vector.note_ring_closed"),))


def wkb_type(raw: bytes) -> int:
    """The OGC type number in a WKB's head (1 Point, 3 Polygon, 10 CurvePolygon …), whatever its Z and M; 0 for no WKB."""
    return int.from_bytes(raw[1:5], "little" if raw[:1] == b"\1" else "big") % 0x10000000 % 1000


def read_all_wkb(raws: Sequence[bytes | None], language: str) -> list[Shaped]:
    """`read_wkb` of every element, in order; the shapes that need nothing done are read in one go."""
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkb(np.array([*raws, None], dtype=object)[:-1], on_invalid="ignore")
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    is_plain = np.isin(shapely.get_type_id(shapes), KEPT_TYPES) & ~shapely.is_empty(shapes)
    is_plain &= ~(shapely.has_z(shapes) | shapely.has_m(shapes))
    is_plain[owners[~(np.abs(coordinates) <= FARTHEST).all(axis=1)]] = False  # nor is what is no number
    return [
        Shaped(shape, None, ()) if plain else read_wkb(raw, language)
        for shape, plain, raw in zip(shapes, is_plain, raws, strict=True)
    ]


def usable(shape: Any, language: str, notes: tuple[str, ...] = ()) -> Shaped:
    """The polygons and points of a shape; a collection that holds both stays a collection, to become several leads."""
    if shape is None:
        return Shaped(None, f"E10 {say(language, 'vector.no_shape')}", notes)
    if shape.is_empty:
        return Shaped(None, f"E10 {say(language, 'vector.empty_shape')}", notes)
    farthest = np.abs(shapely.get_coordinates(shape)).max()
    if not np.isfinite(farthest):
        return Shaped(None, f"E10 {say(language, 'vector.infinite_shape')}", notes)
    if farthest > FARTHEST:
        return Shaped(None, f"E9 {say(language, 'vector.huge_shape')}", notes)
    if shape.has_z or shape.has_m:
        shape, notes = shapely.force_2d(shape), (*notes, say(language, "vector.note_z_dropped"))
    return Shaped(shape, None, notes) if shape.geom_type in KEPT else _areas_and_points(shape, language, notes)


def _areas_and_points(shape: Any, language: str, notes: tuple[str, ...]) -> Shaped:
    parts = _flat_parts(shape)
    kept = [part for part in parts if part.geom_type in ("Polygon", "Point")]
    closed = [part for part in parts if _is_closed_line(part)]
    lines = [part for part in parts if part.geom_type in ("LineString", "LinearRing")]
    received = shapely.MultiLineString(lines) if lines else None
    open_lines = len(parts) - len(kept) - len(closed)
    if closed:
        kept += _areas_within(closed)
        notes = (*notes, say(language, "vector.note_line_closed", n=len(closed)))
    if not kept:
        return Shaped(None, f"E10 {say(language, 'vector.wrong_shape', found=shape.geom_type)}", notes, received)
    if open_lines:
        notes = (*notes, say(language, "vector.note_lines_left", n=open_lines))
    return Shaped(_gather(kept), None, notes, received)


def _flat_parts(shape: Any) -> list[Any]:
    parts = [shape]
    while any(part.geom_type in NESTED for part in parts):
        parts = list(shapely.get_parts(parts))
    return [part for part in parts if not part.is_empty]


def _is_closed_line(part: Any) -> bool:
    return part.geom_type in ("LineString", "LinearRing") and part.is_closed and len(part.coords) >= RING_POINTS


def _areas_within(lines: list[Any]) -> list[Any]:
    """A line within another is a hole; where lines cross, each is an area of its own, to be repaired as one."""
    together = shapely.MultiLineString(lines)
    if together.is_simple:
        return list(shapely.get_parts(shapely.build_area(together)))
    return [shapely.Polygon(line.coords) for line in lines]


def _gather(parts: list[Any]) -> Any:
    kinds = {part.geom_type for part in parts}
    if len(parts) == 1:
        return parts[0]
    if kinds == {"Polygon"}:
        return shapely.MultiPolygon(parts)
    return shapely.MultiPoint(parts) if kinds == {"Point"} else shapely.GeometryCollection(parts)


def crs_name(stated: str | dict[str, Any] | pyproj.CRS) -> str:
    """ "EPSG:n" of a 2D CRS as a file states it (WKT, PROJJSON, URN …), else its WKT. Raises CRSError for no CRS."""
    if isinstance(stated, str) and not any(sign in stated for sign in WRITTEN_CRS):
        raise CRSError(stated)
    crs = pyproj.CRS.from_user_input(stated)
    crs = crs.sub_crs_list[0] if crs.is_compound else crs
    if len(crs.axis_info) > 2:  # only then: a CRS made 2D is no longer recognised as the one it was
        crs = crs.to_2d()
    if crs.to_authority(min_confidence=100) == ("OGC", "CRS84"):
        return "EPSG:4326"  # axes are longitude, latitude in every shape here
    code = crs.to_epsg(min_confidence=CRS_CONFIDENCE) or _own_code(crs)
    return crs.to_wkt() if code is None else f"EPSG:{code}"


def is_local(name: str) -> bool:
    """Whether a CRS has no place on earth: a drawing's own, GeoPackage's "Undefined"."""
    return name.startswith(("ENGCRS", "LOCAL_CS")) or '"Undefined' in name[:40]


def _own_code(crs: pyproj.CRS) -> int | None:
    """The EPSG code a CRS bears, if its numbers are that code's too; old WKT loses the axis order and so the match."""
    own = crs.to_json_dict().get("id", {})
    if own.get("authority") != "EPSG":
        return None
    try:
        official = pyproj.CRS.from_epsg(own["code"])
    except CRSError:  # Esri's own codes are often called EPSG's
        return None
    return int(own["code"]) if _numbers(official) == _numbers(crs) else None


def _numbers(crs: pyproj.CRS) -> tuple[Any, ...]:
    base, operation = crs.geodetic_crs, crs.coordinate_operation
    datum = base and (base.name, base.ellipsoid and base.ellipsoid.semi_major_metre)
    return datum, operation and [(parameter.value, parameter.unit_name) for parameter in operation.params]
