"""How two shapes meet: common ground, common front, best shift, and whether they lie on a coarse grid.

The measures behind docs/merging.md. All shapes share one CRS in metres.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from pipeline.geometry import Floats, Shapes, in_threads
from pipeline.rules import MergeRules

Mask = npt.NDArray[np.bool_]

AXIS_TOLERANCE = np.sin(np.radians(1.0))  # meridian convergence inside a district turns a grid by less
MIN_GRID_EDGE_M = 1.0
POLYGON = shapely.GeometryType.POLYGON
EDGE_SHARE = 0.003  # what software cut shares nothing but rounding; more is drawn by hand


def common_ground(a: Shapes, b: Shapes, meets: Any) -> tuple[Shapes, Floats, Floats]:
    """(intersection, its area over that of the union, over the smaller) of paired shapes; 0 for points.

    Only pairs that `meets` marks are cut; the others share nothing (None).
    """
    area_a, area_b = in_threads(shapely.area, a), in_threads(shapely.area, b)
    common = np.full(len(a), None, dtype=object)
    at = np.flatnonzero(np.asarray(meets) & (area_a > 0) & (area_b > 0))
    common[at] = in_threads(shapely.intersection, a[at], b[at])
    common_m2 = np.nan_to_num(shapely.area(common))
    union, smaller = area_a + area_b - common_m2, np.minimum(area_a, area_b)
    with np.errstate(invalid="ignore", divide="ignore"):
        return common, np.nan_to_num(common_m2 / union), np.nan_to_num(common_m2 / smaller)


def survives_shrinking(common: Shapes, smaller_m2: Floats, shrink_m: Any, left_share: float) -> Mask:
    """Whether the common ground of each pair, shrunk by `shrink_m`, still is `left_share` of the smaller shape.

    A ring without holes loses at most its perimeter times the shrinking (Sz.-Nagy 1959): where that decides, nothing is shrunk.
    """
    shrink_m, enough_m2 = _each(shrink_m, common), left_share * smaller_m2
    is_ring = (shapely.get_type_id(common) == POLYGON) & (shapely.get_num_interior_rings(common) == 0)
    core_m2 = np.where(is_ring, shapely.area(common) - shrink_m * shapely.length(common), 0.0)
    left = np.flatnonzero((core_m2 <= 0) | (core_m2 < enough_m2))
    core_m2[left] = in_threads(
        lambda shapes, by_m: shapely.area(shapely.buffer(shapes, -by_m)), common[left], shrink_m[left]
    )
    return np.asarray((core_m2 > 0) & (core_m2 >= enough_m2))


def shifted_iou(a: Shapes, b: Shapes, max_shift_m: Any) -> Floats:
    """Intersection over union of paired outlines once b is moved towards a's centre by at most `max_shift_m`."""
    way_m = shapely.get_coordinates(shapely.centroid(a)) - shapely.get_coordinates(shapely.centroid(b))
    length_m = np.hypot(way_m[:, 0], way_m[:, 1])
    way_m *= np.minimum(1.0, max_shift_m / np.where(length_m > 0, length_m, np.inf))[:, None]
    xy, owner = shapely.get_coordinates(b, return_index=True)
    moved = shapely.set_coordinates(b.copy(), xy + way_m[owner])
    common_m2 = shapely.area(in_threads(shapely.intersection, a, moved))
    iou: Floats = common_m2 / (shapely.area(a) + shapely.area(b) - common_m2)
    return iou


def is_more_than_edge(common: Shapes, smaller_m2: Floats, rules: MergeRules) -> Mask:
    """R08: ground in common that images out of place do not explain."""
    return survives_shrinking(common, smaller_m2, rules.registration_error_m / 2, rules.true_overlap_left_share)


def are_twins(a: Shapes, b: Shapes, rules: MergeRules) -> Mask:
    """R08 for what is narrower than images are out of place, such as roads: one outline once shifted."""
    area_a, area_b = shapely.area(a), shapely.area(b)
    are_one = np.minimum(area_a, area_b) >= rules.same_shifted_iou * np.maximum(area_a, area_b)
    at = np.flatnonzero(are_one)
    are_one[at] = shifted_iou(a[at], b[at], rules.registration_error_m) >= rules.same_shifted_iou
    return np.asarray(are_one)


def fronts(a: Shapes, b: Shapes, gap_m: Any, ends_m: Any = 0.0) -> tuple[Floats, Floats]:
    """(length m, share) of the boundary of the shape with the shorter perimeter within `gap_m` of the other, per pair.

    A drawn front reaches round its two corners: `ends_m` takes that off again.
    """
    is_first = shapely.length(a) <= shapely.length(b)
    edge, other = np.where(is_first, a, b), np.where(is_first, b, a)
    near_m = in_threads(_length_near, edge, other, _each(gap_m, edge))
    length = np.maximum(0.0, near_m - ends_m)
    return length, length / shapely.length(edge)


def _length_near(edge: Shapes, other: Shapes, gap_m: Floats) -> Floats:
    """How much of the boundary of `edge` lies within gap_m of `other`."""
    around = shapely.buffer(other, gap_m, quad_segs=4)
    near_m: Floats = shapely.length(shapely.intersection(shapely.boundary(edge), around))
    return near_m


def _each(value: Any, shapes: Shapes) -> Floats:
    """One number for all, as one for each."""
    return np.broadcast_to(np.asarray(value, dtype=float), shapes.shape)


def is_coarse_grid(shapes: Shapes, min_cell_m: float) -> Mask:
    """Whether every outer edge of a shape runs along an axis and none is shorter than `min_cell_m`: a raster's staircase."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    xy, ring = shapely.get_coordinates(shapely.get_exterior_ring(parts), return_index=True)
    steps = np.abs(np.diff(xy, axis=0))
    length_m = np.hypot(steps[:, 0], steps[:, 1])
    is_edge = (np.diff(ring) == 0) & (length_m > MIN_GRID_EDGE_M)
    is_off = is_edge & ((steps.min(axis=1) > AXIS_TOLERANCE * length_m) | (length_m < min_cell_m))
    is_coarse = np.ones(len(shapes), dtype=bool)
    is_coarse[owner[ring[1:][is_off]]] = False
    return is_coarse
