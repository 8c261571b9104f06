"""Where the marks of a map stand: in the widest part of what they mark, or beside it with a line to it, off all other shapes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import shapely

RADIUS = 36.0  # units of a map
FITS = 0.7 * RADIUS  # room of a part that is still seen round a mark upon it
APART = 84.0  # between two marks that can still be read
EDGE = 42.0  # a mark stays this far inside the map
RINGS = (85.0, 130.0, 180.0, 240.0)  # how far beside a shape a mark may stand, the nearest first
DIRECTIONS = 16  # of each ring, from the upper right round
ROUGH = 1.0  # shapes are thinned by this much before their widest part is looked for

Spot = tuple[float, float]


class Mark(NamedTuple):
    """A mark, the middle of its sign and the spot of its shape that it points to: the same where it stands on it."""

    sign: str
    at: Spot
    anchor: Spot


def place_marks(grounds: Mapping[str, Any], side: float) -> list[Mark]:
    """A mark for each of `grounds` (sign → shape, in units of a map `side` wide, y down), those with most room first."""
    rooms = {sign: _widest(_alone(sign, grounds)) for sign in grounds}
    placed: list[Mark] = []
    for sign in sorted(rooms, key=lambda sign: -rooms[sign][1]):
        anchor, room = rooms[sign]
        taken = [one.at for one in placed]
        at = anchor if room >= FITS and _is_free(anchor, taken, side) else _beside(sign, anchor, grounds, taken, side)
        placed.append(Mark(sign, at, anchor))
    return placed


def _alone(sign: str, grounds: Mapping[str, Any]) -> Any:
    """What of a ground no other one covers; all of it where nothing is left."""
    own = grounds[sign]
    left = shapely.difference(own, _others(sign, grounds))
    return own if left.is_empty else left


def _others(sign: str, grounds: Mapping[str, Any]) -> Any:
    return shapely.union_all([shape for other, shape in grounds.items() if other != sign])


def _widest(shape: Any) -> tuple[Spot, float]:
    """The middle of the largest circle in the biggest part of a shape, and its radius; 0 for a point."""
    parts = [part for part in shapely.get_parts(shape) if part.area]
    if not parts:
        point = shapely.point_on_surface(shape)
        return (point.x, point.y), 0.0
    part = max(parts, key=lambda part: part.area)
    circle = shapely.maximum_inscribed_circle(shapely.simplify(part, ROUGH), tolerance=ROUGH)
    return circle.coords[0], circle.length


def _beside(sign: str, anchor: Spot, grounds: Mapping[str, Any], taken: Sequence[Spot], side: float) -> Spot:
    """The spot round `anchor` where a mark covers least of any ground and its line least of others, of equals the nearest."""
    spots = [
        (anchor[0] + ring * math.cos(turn), anchor[1] + ring * math.sin(turn))
        for ring in RINGS
        for turn in (math.tau * (k / DIRECTIONS - 1 / 8) for k in range(DIRECTIONS))
    ]
    signs = shapely.buffer([shapely.Point(*spot) for spot in spots], RADIUS)
    lines = [shapely.LineString([anchor, spot]) for spot in spots]
    under_sign = shapely.area(shapely.intersection(signs, shapely.union_all(list(grounds.values()))))
    under_line = shapely.length(shapely.intersection(lines, _others(sign, grounds)))
    hidden = (under_sign + 2 * RADIUS * under_line).round().tolist()
    order = sorted(range(len(spots)), key=lambda k: (not _is_free(spots[k], taken, side), hidden[k], k))
    x, y = spots[order[0]]
    return min(max(x, EDGE), side - EDGE), min(max(y, EDGE), side - EDGE)


def _is_free(spot: Spot, taken: Sequence[Spot], side: float) -> bool:
    """Whether a mark can stand there: inside the map and clear of the other marks."""
    return all(EDGE <= one <= side - EDGE for one in spot) and all(math.dist(spot, other) >= APART for other in taken)
