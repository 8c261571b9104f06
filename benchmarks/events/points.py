"""Point leads with real errors, also at places that nobody else saw, and text leads of which only a village is known."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely

from benchmarks.events.outlines import Dice, direction

ERROR_M = (10.0, 60.0)  # what 绿盾 points and field fixes are really off, whatever their list states
STATED_M = (10, 30, 50)
UNSEEN_SHARE, UNSEEN_OFF_M = 0.08, (40.0, 200.0)  # points of places that no polygon shows, and how far from one
NO_ACTIVITY_SHARE = 0.03
TEXT_RADIUS_M = (300, 800, 1_500)  # R12: a landmark, a hamlet, a village
TEXT_UNSEEN_SHARE, TEXT_NO_ACTIVITY_SHARE = 0.15, 0.2


class Target(NamedTuple):
    """An event on the plain that points, texts and cases may mean."""

    event: int
    family: str
    ground: Any
    activity: str


class Spot(NamedTuple):
    """A lead without an outline; `event` is None where it means a place that nobody else saw."""

    place: Any
    event: int | None
    family: str
    activity: str | None
    accuracy_m: float


def inside(dice: Dice, shape: Any) -> Any:
    """A random (x, y) in a shape."""
    left, bottom, right, top = shape.bounds
    for _ in range(100):
        xy = dice.uniform((left, bottom), (right, top))
        if shapely.contains_xy(shape, *xy):
            return xy
    return np.array(shape.representative_point().coords[0])


def off(dice: Dice, shape: Any, distance_m: float) -> Any:
    """A random (x, y) at `distance_m` from a shape."""
    ring = shapely.get_parts(shape.buffer(distance_m))[0].exterior
    return np.array(ring.interpolate(dice.uniform(), normalized=True).coords[0])


def with_error(dice: Dice, xy: Any) -> Any:
    """(x, y) as it is reported: 10–60 m off."""
    return xy + direction(dice) * dice.uniform(*ERROR_M)


def make_points(dice: Dice, targets: Sequence[Target], count: int) -> list[Spot]:
    """Points: most somewhere in an event, some at places 40–200 m from one that nobody else saw; all 10–60 m off."""
    spots = []
    for k in dice.integers(len(targets), size=count):
        target, is_unseen = targets[k], dice.random() < UNSEEN_SHARE
        xy = off(dice, target.ground, dice.uniform(*UNSEEN_OFF_M)) if is_unseen else inside(dice, target.ground)
        spots.append(
            Spot(
                shapely.Point(with_error(dice, xy)),
                None if is_unseen else target.event,
                "point, unseen" if is_unseen else "point",
                None if dice.random() < NO_ACTIVITY_SHARE else target.activity,
                float(dice.choice(STATED_M)),
            )
        )
    return spots


def make_texts(dice: Dice, targets: Sequence[Target], count: int) -> list[Spot]:
    """Petitions and reports: the place lies somewhere within the radius of the name they give."""
    spots = []
    for k in dice.integers(len(targets), size=count):
        target, radius_m = targets[k], float(dice.choice(TEXT_RADIUS_M))
        xy = inside(dice, target.ground) + direction(dice) * radius_m * np.sqrt(dice.random())
        is_unseen, is_silent = dice.random(2) < (TEXT_UNSEEN_SHARE, TEXT_NO_ACTIVITY_SHARE)
        event, activity = (None if is_unseen else target.event), (None if is_silent else target.activity)
        spots.append(Spot(shapely.Point(xy), event, "text", activity, radius_m))
    return spots
