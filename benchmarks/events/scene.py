"""What a family draws with: sources and periods, the layers' shifts over one place, and the events that truth knows."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely

from benchmarks.events.outlines import Dice, drawn, moved, pieces

PERIODS = ("2020-2021", "2021-2022", "2022-2023")
SEEN = ("2021-06", "2022-06", "2023-06")  # later image date of each period
NOISE_M = (2.0, 10.0)  # how far a corner is set from where it lies; a new value for every drawing
GRID_M, TILE_M = 10, 480  # classified Sentinel-2 images; detection tiles
ACTIVITIES = ("A1", "A2", "A3", "A4", "A6", "A7")  # not A5: roads are a family of their own


class Source(NamedTuple):
    """A source of polygons as its file declares it."""

    shows: str
    position_accuracy_m: float


SOURCES = {
    "outlines": Source("whole_outline", 5),
    "second": Source("whole_outline", 5),  # another office draws the same ground
    "ground": Source("new_ground", 5),
    "grid": Source("new_ground", 10),
    "tiles": Source("new_ground", 240),
}


class Drawing(NamedTuple):
    """One polygon lead: `events` are those it covers, two for a lead that truth leaves neutral."""

    source: str
    period: int
    shape: Any
    events: tuple[int, ...]
    activity: str


class Event(NamedTuple):
    """One event of truth: all ground disturbed by the end of each period (None before it began), without any noise."""

    activity: str
    grounds: tuple[Any, Any, Any]
    before: Any = None  # ground that only the ledger knows

    @property
    def last(self) -> Any:
        return self.grounds[2]


class Group(NamedTuple):
    """Events that lie together, and what was drawn of them; the numbers of `drawings` count `events`."""

    drawings: list[Drawing]
    events: list[Event]


class Scene(NamedTuple):
    """One place: its dice, the activity there, and how far each layer lies off (source, period → x, y)."""

    dice: Dice
    activity: str
    shifts_m: dict[tuple[str, int], Any]


def make_scene(dice: Dice, shift_m: float) -> Scene:
    """A place whose layers each lie up to half of `shift_m` off the truth, so two lie up to `shift_m` apart."""
    shifts_m = {}
    for source in ("outlines", "second", "ground"):  # images of one grid are laid over each other by the cell
        for period in range(3):
            angle, length_m = dice.uniform(0, 2 * np.pi), dice.uniform(0, shift_m / 2)
            shifts_m[source, period] = length_m * np.array([np.cos(angle), np.sin(angle)])
    return Scene(dice, str(dice.choice(ACTIVITIES, p=(0.5, 0.1, 0.1, 0.05, 0.1, 0.15))), shifts_m)


def draw(scene: Scene, source: str, period: int, shape: Any) -> Any:
    """The shape as drawn in a layer: with noise – less on what is narrow, nobody draws a 20 m pit 10 m off – and shift."""
    noise_m = min(scene.dice.uniform(*NOISE_M), 0.25 * 2 * shape.area / shape.length)  # of a disc: its radius
    return moved(drawn(scene.dice, shape, noise_m), scene.shifts_m[source, period])


def draw_side_by_side(scene: Scene, source: str, period: int, shapes: Sequence[Any]) -> list[Any]:
    """Shapes drawn in one layer: the interpreter sees what lies between two and does not draw them over each other."""
    done: list[Any] = []
    for shape in shapes:
        mine = draw(scene, source, period, shape)
        for other in done:
            if mine.distance(other) < 1:
                mine = max(pieces(shapely.difference(mine, other.buffer(2)), 0), key=shapely.area)
        done.append(mine)
    return done


def one_event(scene: Scene, drawings: Sequence[tuple[str, int, Any]], grounds: Sequence[Any]) -> Group:
    """A group of a single event from (source, period, shape as drawn) and its ground after each period."""
    made = [Drawing(source, period, shape, (0,), scene.activity) for source, period, shape in drawings]
    return Group(made, [Event(scene.activity, tuple(grounds))])


def outlines_of(scene: Scene, grounds: Sequence[Any], periods: Sequence[int] = (0, 1, 2)) -> list[tuple[str, int, Any]]:
    """The whole outline drawn anew in each of `periods`."""
    return [("outlines", period, draw(scene, "outlines", period, grounds[period])) for period in periods]
