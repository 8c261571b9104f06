"""The small maps of the review page: what one question is about in a square, north up, as inline SVG."""

import html
from collections.abc import Sequence
from typing import Any, NamedTuple

import shapely
from shapely.affinity import affine_transform

from pipeline.publish.field_pairs import SCALE_SHARE, SCALES_M
from pipeline.publish.imagery import outline_path
from pipeline.publish.imagery_pixels import Bounds
from pipeline.publish.review_marks import RADIUS, place_marks
from pipeline.text import say

SIZE = 1000  # units of a map, wide and high
STYLES = 7  # colours that the colour-blind tell apart (review.css g0 … g6)
BEYOND = 0.05  # of the side: shapes are cut this far outside, so that the cut is not seen
DETAIL_LEAST_M = 150.0  # less round a contact does not show where two outlines come from
DETAIL_ROOM = 3.0  # side of a detail, in extents of the contact
DETAIL_FROM = 4.0  # a map this many times wider than its detail hides how two shapes meet
NAME_APART = 90  # units between two names of townships


class Drawn(NamedTuple):
    """One shape (working CRS, metres) with its class in review.css and the mark, or name, by which words call it."""

    shape: Any
    style: str
    mark: str = ""
    radius_m: float = 0.0  # of the circle round a point within which the place lies
    is_asked: bool = True


def extent_of(drawn: Sequence[Drawn]) -> Any:
    """The rectangle round all of `drawn`, circles too; its chip_bounds are the frame of the map and of images alike."""
    left, bottom, right, top = shapely.bounds([one.shape for one in drawn]).T
    radius_m = [one.radius_m for one in drawn]
    return shapely.box(min(left - radius_m), min(bottom - radius_m), max(right + radius_m), max(top + radius_m))


def contact_of(a: Any, b: Any, frame: Bounds) -> Bounds | None:
    """The square round where two shapes meet, or come nearest; None where the map of `frame` shows it well enough."""
    shared = shapely.intersection(a, b)
    contact = shapely.shortest_line(a, b) if shared.is_empty else shared
    left, bottom, right, top = contact.bounds
    half = max(DETAIL_LEAST_M, DETAIL_ROOM * max(right - left, top - bottom)) / 2
    if frame[2] - frame[0] < DETAIL_FROM * 2 * half:
        return None
    x, y = (left + right) / 2, (bottom + top) / 2
    return x - half, y - half, x + half, y + half


def draw_map(
    key: str, drawn: Sequence[Drawn], near: Sequence[Drawn], frame: Bounds, language: str, detail: Bounds | None = None
) -> str:
    """SVG of `drawn` over `near`; what is drawn bears the id `key`, so that images can show it again. `detail` is framed.

    A mark of something near is its name, written where of it the frame shows.
    """
    shapes = "".join(_shape(one, frame) for one in near) + _names(near, frame)
    shapes += "".join(_shape(one, frame) for one in drawn)
    inset = "" if detail is None else f'<path class="inset" d="{outline_path(shapely.box(*detail), frame)}"/>'
    label = say(language, "review.map_label")
    return (
        f'<svg class="map" viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="{label}">'
        f'<g id="{key}" class="drawing">{shapes}{inset}{_marks(drawn, frame)}{_scale(frame, language)}</g>'
        f'<path class="north" d="M940 30l36 86l-36 -22l-36 22z"/></svg>'
    )


def draw_image(key: str, data_uri: str, label: str) -> str:
    """SVG of an image of the same frame, under the outlines of the map `key`; `data_uri` and `label` are safe."""
    return (
        f'<svg class="map photo" viewBox="0 0 {SIZE} {SIZE}" role="img" aria-label="{label}">'
        f'<image href="{data_uri}" width="{SIZE}" height="{SIZE}" preserveAspectRatio="none"/><use href="#{key}"/></svg>'
    )


def _shape(one: Drawn, frame: Bounds) -> str:
    shown = _cut(one.shape, frame)
    if shown.is_empty:
        return ""
    style = f"{one.style} asked" if one.is_asked else one.style
    if not one.shape.area:
        x, y = _at(one.shape, frame)
        around = f'<circle class="{one.style} around" cx="{x:.0f}" cy="{y:.0f}" r="{one.radius_m * _unit(frame):.0f}"/>'
        return f'{around}<circle class="{style} dot" cx="{x:.0f}" cy="{y:.0f}" r="11"/>'
    return f'<path class="{style}" d="{outline_path(shown, frame)}"/>'


def _cut(shape: Any, frame: Bounds) -> Any:
    """What of a shape lies in the frame or just beyond it."""
    beyond = BEYOND * (frame[2] - frame[0])
    if not shape.area:
        return shape
    return shapely.clip_by_rect(shape, frame[0] - beyond, frame[1] - beyond, frame[2] + beyond, frame[3] + beyond)


def _unit(frame: Bounds) -> float:
    """Units a metre."""
    return SIZE / (frame[2] - frame[0])


def _at(point: Any, frame: Bounds) -> tuple[float, float]:
    return (point.x - frame[0]) * _unit(frame), (frame[3] - point.y) * _unit(frame)


def _marks(drawn: Sequence[Drawn], frame: Bounds) -> str:
    """One mark for all shapes that bear it, on the widest part of them or beside it with a line to it."""
    signs = ""
    for mark, (x, y), (to_x, to_y) in place_marks(_grounds(drawn, frame), SIZE):
        line = f'<path class="leader" d="M{x:.0f} {y:.0f}L{to_x:.0f} {to_y:.0f}"/>' if (x, y) != (to_x, to_y) else ""
        signs += (
            f'{line}<circle class="mark-ground" cx="{x:.0f}" cy="{y:.0f}" r="{RADIUS:.0f}"/>'
            f'<text class="mark-text" x="{x:.0f}" y="{y + 16:.0f}">{mark}</text>'
        )
    return signs


def _grounds(drawn: Sequence[Drawn], frame: Bounds) -> dict[str, Any]:
    """Mark → all that bears it and is seen, in units of the map."""
    of_mark: dict[str, list[Any]] = {}
    for one in drawn:
        seen = shapely.intersection(one.shape, shapely.box(*frame)) if one.mark else shapely.Point()
        if not seen.is_empty:
            of_mark.setdefault(one.mark, []).append(seen)
    unit, west, north = _unit(frame), frame[0], frame[3]
    return {
        mark: affine_transform(shapely.union_all(shapes), [unit, 0, 0, -unit, -west * unit, north * unit])
        for mark, shapes in of_mark.items()
    }


def _names(near: Sequence[Drawn], frame: Bounds) -> str:
    """The names of what lies around, each inside of what is seen of it; one that would cover another is left out."""
    placed: list[tuple[float, float]] = []
    words = ""
    for one in near:
        seen = shapely.clip_by_rect(one.shape, *frame) if one.mark else shapely.Point()
        if seen.is_empty:
            continue
        x, y = _at(shapely.point_on_surface(seen), frame)
        x, y = min(max(x, NAME_APART), SIZE - NAME_APART), min(max(y, NAME_APART / 2), SIZE - NAME_APART)
        if all(abs(x - a) > 2 * NAME_APART or abs(y - b) > NAME_APART / 2 for a, b in placed):
            placed.append((x, y))
            words += f'<text class="name" x="{x:.0f}" y="{y:.0f}">{html.escape(one.mark)}</text>'
    return words


def _scale(frame: Bounds, language: str) -> str:
    """A scale bar in metres, lower left."""
    side_m = frame[2] - frame[0]
    scale_m = max(length_m for length_m in SCALES_M if length_m <= SCALE_SHARE * side_m)
    right = 30 + scale_m / side_m * SIZE
    words = say(language, "field.chip_scale", m=scale_m)
    return (
        f'<path class="scale-rim" d="M30 944v24H{right:.0f}v-24"/><path class="scale" d="M30 944v24H{right:.0f}v-24"/>'
        f'<text class="scale-text" x="42" y="952">{words}</text>'
    )
