"""Families of several events that lie together: neighbours, roads, look-alikes, corners, and pits that grow into one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from benchmarks.events import outlines as o
from benchmarks.events.growth import drawn_rings, grid_rings, grow, spread_cells
from benchmarks.events.scene import (
    ACTIVITIES,
    GRID_M,
    TILE_M,
    Drawing,
    Event,
    Group,
    Scene,
    draw,
    draw_side_by_side,
)

SIGHTINGS = ((0, 1), (1, 2), (0, 2), (0, 1, 2))  # any two of these share a period


def seen_again(
    scene: Scene, shapes: Sequence[Any], activities: Sequence[str], periods: Sequence[Sequence[int]]
) -> Group:
    """Each shape an event of its own, drawn whole in its periods, side by side with the others of that layer."""
    drawings = []
    for period in range(3):
        there = [k for k in range(len(shapes)) if period in periods[k]]
        outlines = draw_side_by_side(scene, "outlines", period, [shapes[k] for k in there])
        drawings += [
            Drawing("outlines", period, shape, (k,), activities[k]) for k, shape in zip(there, outlines, strict=True)
        ]
    return Group(drawings, [Event(activity, (s, s, s)) for s, activity in zip(shapes, activities, strict=True)])


def sightings(dice: o.Dice, count: int) -> list[Sequence[int]]:
    return [SIGHTINGS[k] for k in dice.integers(len(SIGHTINGS), size=count)]


def other_activity(scene: Scene) -> str:
    return str(scene.dice.choice([code for code in ACTIVITIES if code != scene.activity]))


def in_a_row(dice: o.Dice, shapes: Sequence[Any], gaps_m: Sequence[float]) -> list[Any]:
    """The shapes one after the other along a line, each `gaps_m` from the one before."""
    towards, placed = o.direction(dice), [shapes[0]]
    for shape, gap_m in zip(shapes[1:], gaps_m, strict=True):
        step_m = 0.0
        while o.moved(shape, np.array(placed[-1].centroid.coords[0]) + towards * step_m).distance(placed[-1]) < gap_m:
            step_m += 1.0
        placed.append(o.moved(shape, np.array(placed[-1].centroid.coords[0]) + towards * step_m))
    return placed


def neighbours(scene: Scene) -> Group:
    """Two pits 5, 15 or 30 m apart, each seen again on its own."""
    dice = scene.dice
    first = o.pit(dice)
    shapes = [first, o.beside(dice, first, o.pit(dice), float(dice.choice([5, 15, 30])))]
    return seen_again(scene, shapes, [scene.activity] * 2, sightings(dice, 2))


def small_pits(scene: Scene) -> Group:
    """Three to five pits of 400–1,200 m² in a row, 15–40 m apart, drawn every year."""
    dice = scene.dice
    count = int(dice.integers(3, 6))
    shapes = [o.blob(dice, dice.uniform(400, 1_200)) for _ in range(count)]
    row = in_a_row(dice, shapes, dice.uniform(15, 40, count - 1).tolist())
    return seen_again(scene, row, [scene.activity] * count, [(0, 1, 2)] * count)


def chain(scene: Scene) -> Group:
    """Six to eight pits in a row, 5–25 m apart, each seen in two or three years."""
    dice = scene.dice
    count = int(dice.integers(6, 9))
    row = in_a_row(dice, [o.pit(dice) for _ in range(count)], dice.uniform(5, 25, count - 1).tolist())
    return seen_again(scene, row, [scene.activity] * count, sightings(dice, count))


def new_neighbour(scene: Scene) -> Group:
    """A pit, and in a later layer of new ground another 12–30 m away."""
    return _and_later(scene, o.pit(scene.dice), scene.dice.uniform(12, 30))


def small_neighbour(scene: Scene) -> Group:
    """A large pit, and later a small one of 400–1,000 m²: 12–30 m away."""
    return _and_later(scene, o.blob(scene.dice, scene.dice.uniform(400, 1_000)), scene.dice.uniform(12, 30))


def _and_later(scene: Scene, later: Any, gap_m: float) -> Group:
    first = o.pit(scene.dice)
    later = o.beside(scene.dice, first, later, gap_m)
    period = int(scene.dice.integers(1, 3))
    drawings = [
        Drawing("ground", 0, draw(scene, "ground", 0, first), (0,), scene.activity),
        Drawing("ground", period, draw(scene, "ground", period, later), (1,), scene.activity),
    ]
    return Group(drawings, [Event(scene.activity, (first,) * 3), _later_event(scene, later, period)])


def _later_event(scene: Scene, shape: Any, period: int) -> Event:
    return Event(scene.activity, tuple(shape if k >= period else None for k in range(3)))  # type: ignore[arg-type]


def growing_neighbours(scene: Scene) -> Group:
    """Two pits grow each year, by hand-drawn new ground; a strip of 15–30 m stays between them."""
    return _both_grow(scene, drawn_rings, scene.dice.uniform(15, 30))


def growing_on_grid(scene: Scene) -> Group:
    """The same on a 10 m grid: two or three cells stay between."""
    return _both_grow(scene, grid_rings, scene.dice.uniform(25, 40))


def _both_grow(scene: Scene, rings: Any, gap_m: float) -> Group:
    dice = scene.dice
    one, other = (grow(dice, o.pit(dice)) for _ in range(2))
    by_m = np.array(o.beside(dice, one[2], other[2], gap_m).centroid.coords[0]) - np.array(other[2].centroid.coords[0])
    grounds = [one, tuple(o.moved(shape, by_m) for shape in other)]
    drawings = [
        Drawing(source, period, shape, (number,), scene.activity)
        for number, shapes in enumerate(grounds)
        for source, period, shape in rings(scene, shapes)
    ]
    return Group(drawings, [Event(scene.activity, shapes) for shapes in grounds])


def _grown_together(scene: Scene) -> tuple[list[Any], Any]:
    """Two pits 20–40 m apart, and the one outline that they have in the last period.

    Noise would draw nearer ones as near as two crescents of one pit, and no outline could tell which they are.
    """
    dice = scene.dice
    first, gap_m = o.pit(dice), dice.uniform(20, 40)
    pair = [first, o.beside(dice, first, o.pit(dice), gap_m)]
    between = shapely.shortest_line(*pair).buffer(0.5 * gap_m + 0.3 * np.sqrt(min(p.area for p in pair)))
    return pair, o.filled(shapely.union_all([*(shape.buffer(5) for shape in pair), between]))


def together_outline(scene: Scene) -> Group:
    """Two pits drawn as two in two years, then in one outline, which is neither's."""
    pair, whole = _grown_together(scene)
    group = seen_again(scene, pair, [scene.activity] * 2, [(0, 1)] * 2)
    last = Drawing("outlines", 2, draw(scene, "outlines", 2, whole), (0, 1), scene.activity)
    return Group([*group.drawings, last], group.events)


def together_ring(scene: Scene) -> Group:
    """Two pits, then the new ground that lies between them and touches both."""
    pair, whole = _grown_together(scene)
    drawings = [
        Drawing("ground", 0, shape, (number,), scene.activity)
        for number, shape in enumerate(draw_side_by_side(scene, "ground", 0, pair))
    ]
    for piece in o.pieces(shapely.difference(whole, shapely.union_all(pair))):
        touched = tuple(k for k in (0, 1) if piece.distance(pair[k]) < 1)
        drawings.append(Drawing("ground", 2, draw(scene, "ground", 2, piece), touched, scene.activity))
    return Group(drawings, [Event(scene.activity, (shape,) * 3) for shape in pair])


def road(scene: Scene) -> Group:
    """A road along or up to 10 m beside a pit, both drawn again."""
    dice = scene.dice
    ground = o.pit(dice)
    way = o.strip(dice, dice.uniform(100, 400), dice.uniform(8, 15))
    shapes = [ground, o.beside(dice, ground, way, dice.uniform(0.1, 10))]
    return seen_again(scene, shapes, [scene.activity, "A5"], sightings(dice, 2))


def look_alike(scene: Scene) -> Group:
    """Another activity on ground that overlaps the first by up to a tenth or borders it, both drawn again."""
    dice = scene.dice
    first = o.pit(dice)
    second = o.beside(dice, first, o.pit(dice), 0.1)
    towards = np.array(first.centroid.coords[0]) - np.array(second.centroid.coords[0])
    second = o.moved(second, towards * dice.uniform(0, 0.1))
    return seen_again(scene, [first, second], [scene.activity, other_activity(scene)], sightings(dice, 2))


def inside(scene: Scene) -> Group:
    """A smaller site of another activity inside the first – a workshop in a mine – seen in another layer."""
    dice = scene.dice
    first = o.blob(dice, max(o.pit_area_m2(dice), 5_000))
    second = o.blob(dice, first.area * dice.uniform(0.08, 0.25))
    return seen_again(scene, [first, second], [scene.activity, other_activity(scene)], [(0, 2), (1,)])


def label_conflict(scene: Scene) -> Group:
    """One piece of ground under two labels: half are a wrong label, half a new use. Nobody can tell from the outlines."""
    dice = scene.dice
    ground, activity = o.pit(dice), other_activity(scene)
    number = int(dice.integers(2))
    drawings = [
        Drawing("outlines", 0, draw(scene, "outlines", 0, ground), (0,), scene.activity),
        Drawing("outlines", 1, draw(scene, "outlines", 1, ground), (number,), activity),
    ]
    new_use = [Event(activity, (None, ground, ground))] if number else []
    return Group(drawings, [Event(scene.activity, (ground,) * 3), *new_use])


def fine_corner(scene: Scene) -> Group:
    """Two pits on a 10 m grid of different years whose cells meet in a corner; half of the later ones are small."""
    dice = scene.dice
    later = o.blob(dice, dice.uniform(500, 1_000)) if dice.random() < 0.5 else o.pit(dice)
    pair = [o.cells(shape, GRID_M) for shape in (o.pit(dice), later)]
    return _corner(scene, "grid", pair, GRID_M)


def coarse_corner(scene: Scene) -> Group:
    """Two mines of detection tiles of different years that meet in a corner."""
    dice = scene.dice
    pair = [spread_cells(dice, {(0, 0)}, int(dice.integers(1, 6))) for _ in range(2)]
    return _corner(scene, "tiles", pair, TILE_M)


def _corner(scene: Scene, source: str, pair: Sequence[set[tuple[int, int]]], cell_m: float) -> Group:
    """The second moved to where its lowest diagonal lies one cell beyond the highest of the first: no edge is shared."""
    top, bottom = max(pair[0], key=lambda c: (c[0] + c[1], c)), min(pair[1], key=lambda c: (c[0] + c[1], c))
    di, dj = top[0] + 1 - bottom[0], top[1] + 1 - bottom[1]
    grounds = [o.of_cells(pair[0], cell_m), o.of_cells({(i + di, j + dj) for i, j in pair[1]}, cell_m)]
    largest = [
        max(o.pieces(shape), key=lambda part: part.intersects(grounds[1 - k])) for k, shape in enumerate(grounds)
    ]
    period = int(scene.dice.integers(1, 3))
    drawings = [
        Drawing(source, 0, largest[0], (0,), scene.activity),
        Drawing(source, period, largest[1], (1,), scene.activity),
    ]
    return Group(drawings, [Event(scene.activity, (largest[0],) * 3), _later_event(scene, largest[1], period)])
