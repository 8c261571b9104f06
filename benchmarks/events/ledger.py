"""Known cases of the events – outlines, boxes, points, open and closed – and cases that no lead saw, with the truth.

Truth per case: the events it means and the relation each site of them has to it. A neighbour's relation is `adjacent`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import shapely

from benchmarks.events import outlines as o
from benchmarks.events.points import inside, with_error
from benchmarks.events.scene import SEEN, Event

GEOMETRIES = {"outline": 0.43, "box": 0.35, "point": 0.22}  # what old ledgers hold
ACCURACY_M = {"outline": 10.0, "box": 10.0, "point": 30.0}
UNSEEN_SHARE, UNSEEN_GAP_M = 0.1, (3.0, 60.0)  # cases that no lead saw, and how far beside an event they lie
CLOSED_SHARE = 0.12  # half of them before the events were seen, half after
SIMPLIFIED_M, SHIFTED_M = 8.0, 10.0
CLEAR_M, CLEAR_M2 = (
    15.0,
    800.0,
)  # growth counts as truth where this much lies this far outside: R02 and the errors, twice


class Case(NamedTuple):
    """One known case and its truth: (event, relation) pairs."""

    geometry: str
    shape: Any
    activity: str
    closed_date: str | None
    known_since: str
    family: str
    links: tuple[tuple[int, str], ...]


class Subject(NamedTuple):
    """What a case may be about: events (more than one where a case joins them), numbered over the whole plain."""

    family: str
    numbers: tuple[int, ...]
    events: tuple[Event, ...]


def make_cases(dice: o.Dice, subjects: Sequence[Subject], hosts: Sequence[Subject], count: int) -> list[Case]:
    """`count` cases: one for each of randomly chosen subjects, and a tenth beside `hosts`, where no lead saw anything."""
    n_unseen = round(UNSEEN_SHARE * count)
    if count - n_unseen > len(subjects):
        raise ValueError(f"{count} cases asked, but there are only {len(subjects)} events")
    chosen = dice.choice(len(subjects), count - n_unseen, replace=False)
    beside = dice.choice(len(hosts), n_unseen)
    return [seen_case(dice, subjects[k]) for k in chosen] + [unseen_case(dice, hosts[k]) for k in beside]


def seen_case(dice: o.Dice, subject: Subject) -> Case:
    """A case of ground as it was at first or at last, with the relation that follows."""
    event, geometry = subject.events[0], _geometry(dice)
    first_period = next(k for k, ground in enumerate(event.grounds) if ground is not None)
    first, last = event.before or event.grounds[first_period], event.last
    closing = dice.choice(["open", "before", "after"], p=(1 - CLOSED_SHARE, CLOSED_SHARE / 2, CLOSED_SHARE / 2))
    if event.before is not None:
        relation = "adjacent" if closing == "before" else "grown"
        closed_date, since, ground, geometry = (
            "2020-09-30" if closing == "before" else None,
            "2020-03-01",
            first,
            "outline",
        )
    elif closing != "open":
        relation, ground = ("rebound", first) if closing == "before" else ("same", last)
        closed_date = "2020-09-30" if closing == "before" else "2023-12-31"
        since = "2020-03-01" if closing == "before" else "2023-07-15"
    else:
        relation = "grown" if dice.random() < 0.5 and _is_clear_growth(first, last, geometry) else "same"
        ground, closed_date = (first if relation == "grown" else last), None
        since = f"{SEEN[first_period if relation == 'grown' else 2]}-15"
    shape = as_known(dice, ground, geometry)
    links = tuple((number, relation) for number in subject.numbers)
    return Case(geometry, shape, event.activity, closed_date, since, subject.family, links)


def unseen_case(dice: o.Dice, host: Subject) -> Case:
    """A case of a place that no lead shows, 3–60 m beside an event."""
    geometry = _geometry(dice)
    ground = o.beside(dice, host.events[0].last, o.pit(dice), dice.uniform(*UNSEEN_GAP_M))
    shape = as_known(dice, ground, geometry)
    closed_date = "2020-09-30" if dice.random() < CLOSED_SHARE else None
    links = tuple((number, "adjacent") for number in host.numbers)
    return Case(geometry, shape, host.events[0].activity, closed_date, "2020-03-01", "unseen", links)


def as_known(dice: o.Dice, ground: Any, geometry: str) -> Any:
    """Ground as an old ledger holds it: an outline simplified by 8 m and shifted by up to 10 m, its box, or a point."""
    if geometry == "point":
        return shapely.Point(with_error(dice, inside(dice, ground)))
    shape = o.moved(ground, o.direction(dice) * dice.uniform(0, SHIFTED_M))
    if geometry == "box":
        return shapely.box(*shape.bounds)
    return shapely.simplify(shape, SIMPLIFIED_M)


def _geometry(dice: o.Dice) -> str:
    return str(dice.choice(list(GEOMETRIES), p=list(GEOMETRIES.values())))


def _is_clear_growth(first: Any, last: Any, geometry: str) -> bool:
    """Whether what came later lies far enough outside what the case shows; of a point nothing lies outside."""
    if geometry == "point":
        return False
    known = shapely.box(*first.bounds) if geometry == "box" else first
    return bool(shapely.difference(last, known.buffer(CLEAR_M)).area >= CLEAR_M2)
