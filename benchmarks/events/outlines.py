"""Shapes of invented events: true ground as smooth blobs, lobes and strips; and how persons and grids draw it.

All coordinates are metres in a plane; every function takes the dice it needs, so the same dice give the same shapes.
"""

from typing import Any

import numpy as np
import shapely

Dice = np.random.Generator
LEAST_M2 = 400.0  # R02: smaller pieces of a classified image or a cut outline are sieved out before they are sent
SMALLEST_PIT_M2, LARGEST_PIT_M2 = 1_500.0, 150_000.0
CORNERS_EVERY_M = (12.0, 25.0)  # how far apart an interpreter sets corners


def pit_area_m2(dice: Dice) -> float:
    """Area of a pit: lognormal with median 6,600 m², as yearly change patches of a county are."""
    return float(np.clip(dice.lognormal(8.8, 1.0), SMALLEST_PIT_M2, LARGEST_PIT_M2))


def blob(dice: Dice, area_m2: float) -> Any:
    """A closed smooth outline around (0, 0) of exactly `area_m2`, up to twice as long as wide."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    waves = sum(
        dice.normal(0, 0.22 / k) * np.cos(k * angles + dice.uniform(0, 2 * np.pi)) for k in range(2, 6)
    )  # from the second: the first would only move it
    radii = np.clip(1 + waves, 0.5, 1.6)
    stretch = dice.uniform(1.0, 1.4)
    xy = np.stack([radii * np.cos(angles) * stretch, radii * np.sin(angles) / stretch], axis=1)
    shape = turned(shapely.Polygon(xy), dice.uniform(0, 2 * np.pi))
    return shapely.transform(shape, lambda xy: xy * np.sqrt(area_m2 / shape.area))


def pit(dice: Dice) -> Any:
    """A blob of a pit's usual area."""
    return blob(dice, pit_area_m2(dice))


def strip(dice: Dice, length_m: float, width_m: float) -> Any:
    """A road: a slightly bent line through (0, 0) as wide as said."""
    x = np.linspace(-length_m / 2, length_m / 2, 7)
    line = shapely.LineString(np.stack([x, dice.uniform(0.0, 0.15) * length_m * (2 * x / length_m) ** 2], axis=1))
    return turned(shapely.buffer(line, width_m / 2, cap_style="flat"), dice.uniform(0, 2 * np.pi))


def turned(shape: Any, angle: float) -> Any:
    """`shape` turned round (0, 0) by radians."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return shapely.transform(shape, lambda xy: xy @ turn)


def moved(shape: Any, by_m: Any) -> Any:
    """`shape` moved by (x, y)."""
    return shapely.transform(shape, lambda xy: xy + np.asarray(by_m))


def direction(dice: Dice) -> Any:
    """A unit vector."""
    angle = dice.uniform(0, 2 * np.pi)
    return np.array([np.cos(angle), np.sin(angle)])


def beside(dice: Dice, shape: Any, other: Any, gap_m: float) -> Any:
    """`other` moved to where it lies `gap_m` from `shape`, in a random direction."""
    towards = direction(dice)
    start = np.array(shape.centroid.coords[0]) - np.array(other.centroid.coords[0])
    far_m = sum(np.hypot(*np.ptp(np.array(s.bounds).reshape(2, 2), axis=0)) for s in (shape, other)) + gap_m
    near_m = 0.0
    for _ in range(20):  # the gap grows with the distance once the two are apart
        middle_m = (near_m + far_m) / 2
        if moved(other, start + towards * middle_m).distance(shape) < gap_m:
            near_m = middle_m
        else:
            far_m = middle_m
    return moved(other, start + towards * far_m)


def with_lobe(dice: Dice, shape: Any, ratio: float) -> Any:
    """`shape` with a lobe on its edge that adds about `ratio` of its area; it touches along at least a fifth of its own edge.

    The lobe's centre lies on the edge or up to 0.6 of its radius outside: farther out it would hang by a neck.
    """
    lobe = blob(dice, max(2 * ratio * shape.area, 4 * LEAST_M2))
    at_m = dice.uniform() * shape.exterior.length
    foot, ahead = (np.array(shape.exterior.interpolate(m).coords[0]) for m in (at_m, at_m + 1))
    along = (ahead - foot) / np.hypot(*(ahead - foot))
    outward = np.array([-along[1], along[0]]) * (-1 if shape.exterior.is_ccw else 1)
    return filled(shapely.union(shape, moved(lobe, foot + outward * dice.uniform(0, 0.6) * np.sqrt(lobe.area / np.pi))))


def with_ring(dice: Dice, shape: Any) -> Any:
    """`shape` grown by 15–40 m on all sides, one side more than the other."""
    wide_m = dice.uniform(15, 40)
    return filled(shapely.union(shape.buffer(15), moved(shape, direction(dice) * wide_m / 2).buffer(wide_m / 2)))


def filled(shape: Any) -> Any:
    """The largest part without its holes."""
    return shapely.Polygon(max(shapely.get_parts(shape), key=shapely.area).exterior)


def pieces(shape: Any, least_m2: float = LEAST_M2) -> list[Any]:
    """The polygons of a shape that are large enough to be sent, the largest first."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area >= least_m2]
    return sorted(parts, key=lambda part: (-part.area, part.bounds))


def drawn(dice: Dice, shape: Any, noise_m: float) -> Any:
    """A polygon as a person draws it again: corners of his own, each up to `noise_m` off."""
    rings = [_drawn_ring(dice, ring, noise_m) for ring in (shape.exterior, *shape.interiors)]
    valid = shapely.make_valid(shapely.Polygon(rings[0], rings[1:]), method="structure", keep_collapsed=False)
    return max(shapely.get_parts(valid), key=shapely.area)  # where his line crosses itself, loops fall away


def _drawn_ring(dice: Dice, ring: Any, noise_m: float) -> Any:
    n = max(8, round(ring.length / dice.uniform(*CORNERS_EVERY_M)))
    along = (np.arange(n) + dice.uniform()) / n
    xy = shapely.get_coordinates(shapely.line_interpolate_point(ring, along, normalized=True))
    angles, lengths = dice.uniform(0, 2 * np.pi, n), noise_m * np.sqrt(dice.random(n))
    return xy + np.stack([lengths * np.cos(angles), lengths * np.sin(angles)], axis=1)


def cells(shape: Any, cell_m: float) -> set[tuple[int, int]]:
    """The cells of a grid whose centres lie in `shape`."""
    left, bottom, right, top = np.array(shape.bounds) / cell_m
    i, j = np.meshgrid(np.arange(np.floor(left), np.ceil(right)), np.arange(np.floor(bottom), np.ceil(top)))
    shapely.prepare(shape)
    inside = shapely.contains_xy(shape, (i + 0.5) * cell_m, (j + 0.5) * cell_m)
    return set(zip(i[inside].astype(int).tolist(), j[inside].astype(int).tolist(), strict=True))


def of_cells(chosen: set[tuple[int, int]], cell_m: float) -> Any:
    """The outline of grid cells; cells that meet in a corner only are parts of their own."""
    if not chosen:
        return shapely.Polygon()
    i, j = np.array(sorted(chosen), dtype=float).T * cell_m
    return shapely.simplify(
        shapely.coverage_union_all(shapely.box(i, j, i + cell_m, j + cell_m)), 0
    )  # no needless corners
