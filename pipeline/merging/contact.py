"""How two shapes meet: common ground, common front, best shift, and whether they lie on a coarse grid.

The measures behind docs/merging.md. All shapes share one CRS in metres.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from pipeline.geometry import Floats, Shapes, in_threads

AXIS_TOLERANCE = np.sin(np.radians(1.0))  # meridian convergence inside a district turns a grid by less
MIN_GRID_EDGE_M = 1.0
EDGE_SHARE = 0.003  # what software cut shares nothing but rounding; more is drawn by hand


def common_ground(a: Shapes, b: Shapes, meets: Any) -> tuple[Shapes, Floats, Floats]:
    """(intersection, its area over that of the union, over the smaller) of paired shapes; 0 for points.

    Only pairs that `meets` marks are cut; the others share nothing (None).
    """
    area_a, area_b = shapely.area(a), shapely.area(b)
    common = np.full(len(a), None, dtype=object)
    at = np.flatnonzero(np.asarray(meets) & (area_a > 0) & (area_b > 0))
    common[at] = in_threads(shapely.intersection, a[at], b[at])
    common_m2 = np.nan_to_num(shapely.area(common))
    union, smaller = area_a + area_b - common_m2, np.minimum(area_a, area_b)
    with np.errstate(invalid="ignore", divide="ignore"):
        return common, np.nan_to_num(common_m2 / union), np.nan_to_num(common_m2 / smaller)


def survives_shrinking(common: Shapes, smaller_m2: Floats, shrink_m: Any, left_share: float) -> npt.NDArray[np.bool_]:
    """Whether the common ground of each pair, shrunk by `shrink_m`, still is `left_share` of the smaller shape."""
    core_m2 = in_threads(
        lambda shapes, by_m: shapely.area(shapely.buffer(shapes, -by_m)), common, _each(shrink_m, common)
    )
    return np.asarray((core_m2 > 0) & (core_m2 >= left_share * smaller_m2))


def shifted_iou(a: Any, b: Any, max_shift_m: float) -> float:
    """Intersection over union once b is moved towards a's centre by at most `max_shift_m`."""
    ca, cb = a.centroid, b.centroid
    dx, dy = ca.x - cb.x, ca.y - cb.y
    length = float(np.hypot(dx, dy))
    scale = min(1.0, max_shift_m / length) if length else 1.0
    moved = shapely.transform(b, lambda xy: xy + np.array([dx * scale, dy * scale]))
    common = float(shapely.intersection(a, moved).area)
    return common / float(a.area + b.area - common)


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


def is_coarse_grid(shape: Any, min_cell_m: float) -> bool:
    """Whether every edge runs along an axis and none is shorter than `min_cell_m`: a raster's staircase."""
    for part in shapely.get_parts(shape):
        steps = np.diff(shapely.get_coordinates(part.exterior), axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        steps, lengths = steps[lengths > MIN_GRID_EDGE_M], lengths[lengths > MIN_GRID_EDGE_M]
        is_axial = np.abs(steps).min(axis=1) <= AXIS_TOLERANCE * lengths
        if not is_axial.all() or lengths.min(initial=np.inf) < min_cell_m:
            return False
    return True
