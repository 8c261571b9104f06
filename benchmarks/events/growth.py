"""Families of one event that changes: seen again, grown in lobes and rings, shrunk, moved along a face, split."""

from typing import Any

import numpy as np
import shapely

from benchmarks.events import outlines as o
from benchmarks.events.scene import (
    GRID_M,
    TILE_M,
    Drawing,
    Event,
    Group,
    Scene,
    draw,
    draw_side_by_side,
    one_event,
    outlines_of,
)

Grounds = tuple[Any, Any, Any]
Drawings = list[tuple[str, int, Any]]


def grow(dice: o.Dice, first: Any) -> Grounds:
    """The ground of three periods: each year a lobe of 20–60 % or a ring."""
    grounds = [first]
    for _ in range(2):
        is_lobe = dice.random() < 0.6
        last = grounds[-1]
        grounds.append(o.with_lobe(dice, last, dice.uniform(0.2, 0.6)) if is_lobe else o.with_ring(dice, last))
    return grounds[0], grounds[1], grounds[2]


def alone(scene: Scene) -> Group:
    """Seen once."""
    ground, period = o.pit(scene.dice), int(scene.dice.integers(3))
    source = "ground" if scene.dice.random() < 0.5 else "outlines"
    return one_event(scene, [(source, period, draw(scene, source, period, ground))], [ground] * 3)


def redigitised(scene: Scene) -> Group:
    ground = o.pit(scene.dice)
    periods = [(0, 1), (1, 2), (0, 1, 2)][scene.dice.integers(3)]
    return one_event(scene, outlines_of(scene, [ground] * 3, periods), [ground] * 3)


def duplicate(scene: Scene) -> Group:
    """Drawn by two offices in one period, and once more in the next."""
    ground = o.pit(scene.dice)
    drawings = outlines_of(scene, [ground] * 3, (0, 1))
    return one_event(scene, [*drawings, ("second", 1, draw(scene, "second", 1, ground))], [ground] * 3)


def gap_year(scene: Scene) -> Group:
    """Seen in the first and the last period only; half have grown meanwhile."""
    first = o.pit(scene.dice)
    grounds = grow(scene.dice, first) if scene.dice.random() < 0.5 else (first, first, first)
    return one_event(scene, outlines_of(scene, grounds, (0, 2)), grounds)


def grown_outline(scene: Scene) -> Group:
    grounds = grow(scene.dice, o.pit(scene.dice))
    return one_event(scene, outlines_of(scene, grounds), grounds)


def shrunk(scene: Scene) -> Group:
    """Each year part of it has recovered: what is left keeps 55–75 % of the area."""
    seen = [o.pit(scene.dice)]
    for _ in range(2):
        scale, centre = np.sqrt(scene.dice.uniform(0.55, 0.75)), np.array(seen[-1].centroid.coords[0])
        smaller = shapely.transform(seen[-1], lambda xy, k=scale, c=centre: c + k * (xy - c))
        seen.append(o.moved(smaller, o.direction(scene.dice) * 0.1 * np.sqrt(smaller.area)))
    return one_event(scene, outlines_of(scene, seen), [seen[0]] * 3)


def face(scene: Scene) -> list[Any]:
    """The open ground of three years, moving by 30–50 % of its length each year."""
    first = o.blob(scene.dice, max(o.pit_area_m2(scene.dice), 4_000))
    step_m = o.direction(scene.dice) * scene.dice.uniform(0.3, 0.5) * np.sqrt(first.area)
    return [o.moved(first, step_m * year) for year in range(3)]


def face_outline(scene: Scene) -> Group:
    open_ground = face(scene)
    return one_event(scene, outlines_of(scene, open_ground), added(open_ground))


def face_exact(scene: Scene) -> Group:
    """Only what is new each year, cut off by software: strips along the face."""
    grounds = added(face(scene))
    return one_event(scene, exact_rings(scene, grounds), grounds)


def added(shapes: list[Any]) -> list[Any]:
    """All ground up to each of the shapes."""
    return [shapely.union_all(shapes[: k + 1]) for k in range(len(shapes))]


def split(scene: Scene) -> Group:
    """One outline, then two parts with recovered ground between; the parts are drawn twice."""
    whole = o.blob(scene.dice, max(o.pit_area_m2(scene.dice), 6_000))
    across = o.strip(scene.dice, 4 * np.sqrt(whole.area), scene.dice.uniform(10, 30))
    parts = o.pieces(shapely.difference(whole, o.moved(across, whole.centroid.coords[0])))
    drawings = outlines_of(scene, [whole] * 3, (0,))
    for period in (1, 2):
        drawings += [("outlines", period, shape) for shape in draw_side_by_side(scene, "outlines", period, parts)]
    return one_event(scene, drawings, [whole] * 3)


def drawn_rings(scene: Scene, grounds: Grounds) -> Drawings:
    """What is new in each period, drawn by hand on its own."""
    drawings = [("ground", 0, draw(scene, "ground", 0, grounds[0]))]
    for period in (1, 2):
        new = o.pieces(shapely.difference(grounds[period], grounds[period - 1]))
        drawings += [("ground", period, shape) for shape in draw_side_by_side(scene, "ground", period, new)]
    return drawings


def exact_rings(scene: Scene, grounds: Any) -> Drawings:
    """The whole drawn each year, and software takes off what was known: edges are shared exactly."""
    known, drawings = shapely.Polygon(), []
    for period, ground in enumerate(grounds):
        new = shapely.difference(draw(scene, "ground", period, ground), known)
        drawings += [("ground", period, piece) for piece in _bordering(new, known)]
        known = shapely.union_all([known, new])
    return drawings


def grid_rings(scene: Scene, grounds: Any) -> Drawings:
    """The same from images classified by the cell; cells on the edge fall to either side."""
    known: set[tuple[int, int]] = set()
    drawings = []
    for period, ground in enumerate(grounds):
        new = o.cells(o.drawn(scene.dice, ground, 3.0), GRID_M) - known
        known_shape = o.of_cells(known, GRID_M)
        drawings += [("grid", period, piece) for piece in _bordering(o.of_cells(new, GRID_M), known_shape)]
        known |= new
    return drawings


def _bordering(new: Any, known: Any) -> list[Any]:
    """The pieces of new ground that border what is known; a first shape is one piece."""
    parts = o.pieces(new)
    return parts[:1] if known.is_empty else [part for part in parts if part.distance(known) < 0.5]


def rings_drawn(scene: Scene) -> Group:
    grounds = grow(scene.dice, o.pit(scene.dice))
    return one_event(scene, drawn_rings(scene, grounds), grounds)


def rings_exact(scene: Scene) -> Group:
    grounds = grow(scene.dice, o.pit(scene.dice))
    return one_event(scene, exact_rings(scene, grounds), grounds)


def rings_grid(scene: Scene) -> Group:
    grounds = grow(scene.dice, o.pit(scene.dice))
    return one_event(scene, grid_rings(scene, grounds), grounds)


def spread_cells(dice: o.Dice, cells: set[tuple[int, int]], count: int) -> set[tuple[int, int]]:
    """`cells` and `count` more, each sharing an edge with one that was there before."""
    spread = set(cells)
    while len(spread) < len(cells) + count:
        i, j = sorted(spread)[dice.integers(len(spread))]
        di, dj = ((0, 1), (1, 0), (0, -1), (-1, 0))[dice.integers(4)]
        spread.add((i + di, j + dj))
    return spread


def tiles(scene: Scene) -> Group:
    """Detection tiles: up to four more each year, each patch bordering the mine along at least one tile's side."""
    known = spread_cells(scene.dice, {(0, 0)}, int(scene.dice.integers(1, 8)))
    drawings, grounds = [("tiles", 0, o.of_cells(known, TILE_M))], [o.of_cells(known, TILE_M)]
    for period in (1, 2):
        grown = spread_cells(scene.dice, known, int(scene.dice.integers(1, 5)))
        drawings += [("tiles", period, piece) for piece in o.pieces(o.of_cells(grown - known, TILE_M))]
        grounds.append(o.of_cells(grown, TILE_M))
        known = grown
    return one_event(scene, drawings, grounds)


def crescents(scene: Scene) -> Group:
    """Two lobes on opposite sides of ground that only the ledger knows: two sites, which a case may join."""
    core = o.blob(scene.dice, max(o.pit_area_m2(scene.dice), 8_000))
    towards = o.direction(scene.dice)
    reach_m = np.sqrt(core.area)
    drawings, events = [], []
    for number, side in enumerate((towards, -towards)):
        edge = shapely.intersection(core.exterior, shapely.LineString([(0, 0), 3 * reach_m * side]))
        lobe = o.moved(o.blob(scene.dice, 0.25 * core.area), shapely.get_coordinates(edge)[-1])
        lobe = o.pieces(shapely.difference(lobe, core))[0]
        drawings.append(Drawing("ground", 0, draw(scene, "ground", 0, lobe), (number,), scene.activity))
        events.append(Event(scene.activity, (lobe, lobe, lobe), core))
    return Group(drawings, events)
