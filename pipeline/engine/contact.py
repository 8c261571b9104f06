"""How two shapes meet: common ground, common front, best shift, and whether they lie on a coarse grid.

The measures behind docs/merging.md. All shapes share one CRS in metres.
"""

from typing import Any

import numpy as np
import shapely

from pipeline.geometry import Floats, Shapes

AXIS_TOLERANCE = np.sin(np.radians(1.0))  # meridian convergence inside a district turns a grid by less
MIN_GRID_EDGE_M = 1.0


def common_ground(a: Shapes, b: Shapes) -> tuple[Floats, Floats, Floats]:
    """(intersection m², intersection over union, intersection over the smaller) of paired shapes; 0 for points."""
    common = shapely.area(shapely.intersection(a, b))
    area_a, area_b = shapely.area(a), shapely.area(b)
    union, smaller = area_a + area_b - common, np.minimum(area_a, area_b)
    with np.errstate(invalid="ignore", divide="ignore"):
        return common, np.nan_to_num(common / union), np.nan_to_num(common / smaller)


def survives_shrinking(a: Any, b: Any, shrink_m: float, left_share: float) -> bool:
    """Whether the common ground of a and b, shrunk by `shrink_m`, still is `left_share` of the smaller."""
    core = shapely.buffer(shapely.intersection(a, b), -shrink_m)
    return bool(core.area >= left_share * min(a.area, b.area) and core.area > 0)


def shifted_iou(a: Any, b: Any, max_shift_m: float) -> float:
    """Intersection over union once b is moved towards a's centre by at most `max_shift_m`."""
    ca, cb = a.centroid, b.centroid
    dx, dy = ca.x - cb.x, ca.y - cb.y
    length = float(np.hypot(dx, dy))
    scale = min(1.0, max_shift_m / length) if length else 1.0
    moved = shapely.transform(b, lambda xy: xy + np.array([dx * scale, dy * scale]))
    common = float(shapely.intersection(a, moved).area)
    return common / float(a.area + b.area - common)


def front(a: Any, b: Any, gap_m: float, ends_m: float = 0.0) -> tuple[float, float]:
    """(length m, share) of the boundary of the shape with the shorter perimeter that lies within `gap_m` of the other.

    A drawn front reaches round its two corners: `ends_m` takes that off again.
    """
    edge, other = (a, b) if a.length <= b.length else (b, a)
    near = shapely.intersection(shapely.boundary(edge), shapely.buffer(other, gap_m, quad_segs=4))
    length = max(0.0, float(near.length) - ends_m)
    return length, length / float(edge.length)


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
