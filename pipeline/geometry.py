"""Shapes: from one CRS to another without guessing, ellipsoidal areas, repair with a record, ids from content."""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertAzimuthalEqualAreaConversion

from pipeline.errors import InputError
from pipeline.text import say_both

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]

EQUAL_AREA_METHODS = (
    "lambert azimuthal equal area",
    "albers equal area",
    "lambert cylindrical equal area",
    "mollweide",
)
EQUAL_AT_A_METRE = {4326, 4490}  # WGS 84 and CGCS2000 differ by less than any lead is placed
DENSIFY_M = 1000.0  # straight edges longer than this bend measurably in another projection
DEGREE_M = 111_000.0
MOVED_AT_ONCE = 10_000  # shapes; every step makes a copy, and of a whole layer that would be gigabytes
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0 O 1 I
AREA_DECIMALS = 4
MOST_REPAIRS = 5
PLAIN_VERTICES = 200  # up to here two shapes are compared edge by edge faster than one of them is indexed
THREADS_FROM = 2_000  # shapes; fewer are done before threads start
CHUNKS_PER_CORE = 4  # shapes are not equally large: small parts even it out


def equal_area_crs(geographic: pyproj.CRS, centre: tuple[float, float]) -> pyproj.CRS:
    """Lambert azimuthal equal-area on the datum of `geographic`, centred at `centre` (lon, lat in degrees)."""
    conversion = LambertAzimuthalEqualAreaConversion(
        latitude_natural_origin=centre[1], longitude_natural_origin=centre[0]
    )
    name = f"{geographic.name} / equal area {centre[0]:g} {centre[1]:g}"
    return ProjectedCRS(conversion=conversion, name=name, geodetic_crs=geographic)


def is_equal_area(crs: pyproj.CRS) -> bool:
    """Whether planar area in `crs` is ellipsoidal area."""
    operation = crs.coordinate_operation
    return operation is not None and operation.method_name.lower().startswith(EQUAL_AREA_METHODS)


@cache
def _steps(source: pyproj.CRS, target: pyproj.CRS) -> tuple[pyproj.Transformer, ...]:
    """Transformers from `source` to `target`; two where the datums count as equal and lon/lat pass unchanged."""
    a, b = source.geodetic_crs, target.geodetic_crs
    if a is None or b is None:
        raise InputError(say_both("intake.no_datum", source=source.name, target=target.name))
    pairs = [(source, target)]
    if a.to_epsg() != b.to_epsg() and {a.to_epsg(), b.to_epsg()} <= EQUAL_AT_A_METRE:
        pairs = [(source, a), (b, target)]
    try:
        return tuple(pyproj.Transformer.from_crs(*pair, always_xy=True, allow_ballpark=False) for pair in pairs)
    except pyproj.exceptions.ProjError as error:
        raise InputError(say_both("intake.ballpark", source=source.name, target=target.name)) from error


def to_crs(shapes: Shapes, source: pyproj.CRS, target: pyproj.CRS) -> Shapes:
    """`shapes` (2D, from `source`) in `target`; long edges are densified first, unreachable coordinates become inf.

    Raises InputError where only a transformation of unknown accuracy exists.
    """
    if source == target:
        return np.asarray(shapely.force_2d(shapes), dtype=object)
    edge = DENSIFY_M / (DEGREE_M if source.is_geographic else 1.0)
    moved = np.empty(shapes.shape, dtype=object)
    for start in range(0, len(shapes), MOVED_AT_ONCE):
        some = shapely.segmentize(shapely.force_2d(shapes[start : start + MOVED_AT_ONCE]), edge)
        for transformer in _steps(source, target):
            some = shapely.transform(some, transformer.transform, interleaved=False)
        moved[start : start + MOVED_AT_ONCE] = some
    return moved


def area_m2(shapes: Shapes, crs: pyproj.CRS) -> Floats:
    """Ellipsoidal areas, m², to 1e-4 m²; 0 for points and None."""
    if shapely.is_geometry(shapes).any() and not is_equal_area(crs):
        geographic = crs.geodetic_crs
        assert geographic is not None
        box = shapely.total_bounds(
            to_crs(shapely.points([shapely.total_bounds(shapes).reshape(2, 2)]), crs, geographic)
        )
        centre = (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
        shapes = to_crs(shapes, crs, equal_area_crs(geographic, centre))
    areas_m2: Floats = np.round(np.nan_to_num(shapely.area(shapes)), AREA_DECIMALS)
    return areas_m2


def equal_area_shapes(subjects: Shapes, features: Shapes, crs: pyproj.CRS) -> tuple[Shapes, Shapes]:
    """Both in an equal-area CRS, so that planar area is ellipsoidal: as they are, or moved to one centred on them."""
    if is_equal_area(crs):
        return subjects, features
    geographic = crs.geodetic_crs
    assert geographic is not None
    corners = shapely.total_bounds(np.concatenate([subjects, features])).reshape(2, 2)
    lon_lat = shapely.get_coordinates(to_crs(np.array([shapely.MultiPoint(corners)]), crs, geographic)).mean(axis=0)
    equal = equal_area_crs(geographic, (float(lon_lat[0]), float(lon_lat[1])))
    moved = [repair(to_crs(shapes, crs, equal))[0] for shapes in (subjects, features)]
    return moved[0], moved[1]


def repair(shapes: Shapes) -> tuple[Shapes, list[str | None]]:
    """Valid polygonal (or point) shapes, and per shape what was repaired; None in the shapes where nothing is left.

    The rule is GEOS make_valid, method "structure": holes cut, shells unite, spikes and lines fall away. Once in some ten
    thousand shapes what it makes is not valid itself: then it is applied again.
    """
    mended = shapes.copy()
    notes: list[str | None] = [None] * len(shapes)
    is_area = np.isin(shapely.get_type_id(shapes), (3, 6, 7))
    for i in np.flatnonzero(is_area & ~shapely.is_valid(shapes)):
        if not np.isfinite(shapely.get_coordinates(shapes[i])).all():
            mended[i] = None
            continue
        reason = shapely.is_valid_reason(shapes[i]).split("[")[0]
        mended[i] = _made_valid(shapes[i])
        notes[i] = f"make_valid(structure): {reason}"
    gone = shapely.is_empty(mended) | (is_area & (shapely.area(mended) == 0))
    mended[gone] = None
    return mended, notes


def _made_valid(shape: Any) -> Any:
    """The valid polygons of a shape; None where nothing is left, or nothing valid after MOST_REPAIRS."""
    for _ in range(MOST_REPAIRS):
        shape = polygons_of(shapely.make_valid(shape, method="structure", keep_collapsed=False))
        if shape is None or shape.is_valid:
            return shape
    return None


def polygons_of(shape: Any) -> Any:
    """The polygonal part of a shape, as Polygon or MultiPolygon; None if there is none."""
    if shape is None or shape.geom_type in ("Polygon", "MultiPolygon"):
        return None if shape is None or shape.is_empty else shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else None


def part_within(shapes: Shapes, area: Any) -> Shapes:
    """What of each shape lies in `area`; a shape that lies there whole is passed on as it is.

    An outline of a district has thousands of vertices: cutting every lead by it would cost more than the overlap.
    """
    shapely.prepare(area)
    within = shapes.copy()
    is_cut = ~shapely.covers(area, shapes)
    shapely.destroy_prepared(area)  # others share it, and threads that meet in a prepared shape crash
    within[is_cut] = shapely.intersection(shapes[is_cut], area)
    return within


def fill_holes(shapes: Shapes) -> Shapes:
    """Polygons and multipolygons without their holes; what has none, and points, stay as they are."""
    filled = shapes.copy()
    parts, owner = shapely.get_parts(shapes, return_index=True)
    n_holes = np.bincount(owner, shapely.get_num_interior_rings(parts), len(shapes))
    holed = np.flatnonzero(n_holes)
    starts, ends = np.searchsorted(owner, holed), np.searchsorted(owner, holed, side="right")
    for k, start, end in zip(holed, starts, ends, strict=True):
        whole = shapely.polygons(shapely.get_exterior_ring(parts[start:end]))
        filled[k] = whole[0] if len(whole) == 1 else shapely.union_all(whole)
    return filled


def make_id(prefix: str, *parts: str) -> str:
    """A 12-character id from content: a letter and 55 bits that no spreadsheet reads as number or date."""
    digest = int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:7], "big") >> 1
    return prefix + "".join(ALPHABET[digest >> shift & 31] for shift in range(50, -1, -5))


def shape_contents(shapes: Shapes, is_geographic: bool) -> list[str]:
    """A text per shape, equal for equal shapes whatever their ring order or start, rounded to about 0.1 mm; "" for None."""
    decimals = 9 if is_geographic else 4
    rounded = shapely.transform(shapely.force_2d(shapes), lambda xy: np.round(xy, decimals) + 0.0)
    wkbs = shapely.to_wkb(shapely.normalize(rounded), byte_order=1)
    return ["" if wkb is None else hashlib.sha256(wkb).hexdigest() for wkb in wkbs]


def in_threads(operation: Callable[..., Any], *arrays: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """`operation` (a shapely function of paired arrays) on all cores: GEOS works without Python's lock. The order stays."""
    n_cores, n = os.cpu_count() or 1, len(arrays[0])
    if n < THREADS_FROM or n_cores == 1:
        return np.asarray(operation(*arrays))
    parts = np.array_split(np.arange(n), n_cores * CHUNKS_PER_CORE)
    with ThreadPoolExecutor(n_cores) as pool:
        return np.concatenate(list(pool.map(lambda part: operation(*(array[part] for array in arrays)), parts)))


def near_pairs(own: Shapes, known: Shapes, reach_m: Floats) -> npt.NDArray[np.int64]:
    """Rows (own, known), one pair a line, that lie within the reach of the own shape; unordered. All in one CRS in metres.

    Two plain shapes are measured where their boxes are near; a long outline is indexed first, which pays for it alone.
    """
    is_plain, is_plain_known = (shapely.get_num_coordinates(shapes) <= PLAIN_VERTICES for shapes in (own, known))
    sides = np.flatnonzero(is_plain_known), np.flatnonzero(~is_plain_known)
    trees = [shapely.STRtree(known[side]) for side in sides]
    bounds = shapely.bounds(own) + reach_m[:, None] * np.array([-1.0, -1.0, 1.0, 1.0])

    def query(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        plain, long = rows[is_plain[rows]], rows[~is_plain[rows]]
        i, j = trees[0].query(shapely.box(*bounds[plain].T))
        is_near = shapely.dwithin(own[plain[i]], known[sides[0][j]], reach_m[plain[i]])
        found = [np.column_stack([plain[i[is_near]], sides[0][j[is_near]]])]
        for asked, tree, side in ((plain, trees[1], sides[1]), (long, trees[0], sides[0]), (long, trees[1], sides[1])):
            i, j = tree.query(own[asked], predicate="dwithin", distance=reach_m[asked])
            found.append(np.column_stack([asked[i], side[j]]))
        return np.concatenate(found)

    return in_threads(query, np.arange(len(own)))


def distinct(pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Pairs of row numbers, each once, by the first and then the second."""
    width = int(pairs.max(initial=0)) + 1
    return np.column_stack(np.divmod(np.unique(pairs[:, 0] * width + pairs[:, 1]), width))


def union_all(shapes: Sequence[Any] | Shapes) -> Any:
    """Union of shapes as one shape; an empty polygon for none."""
    return shapely.union_all(np.asarray(shapes, dtype=object)) if len(shapes) else shapely.Polygon()
