"""A small still map as inline SVG: the place's outline and townships once, then dots and outlines over it, and a scale."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import shapely

from pipeline.check.facts import Facts
from pipeline.geometry import Shapes

WIDTH, HEIGHT = 440.0, 360.0  # pixels at most
MARGIN_SHARE = 0.06  # of the larger side, around the outline
BASE = "base"  # id of the outline, drawn once a page and used by every map
DOT = 4.0  # pixels: what is smaller is a dot
SIMPLE = 0.5  # pixels a drawn line may be off


class Frame(NamedTuple):
    """What a map shows: its left and top edge in the working CRS, pixels a metre, and its size in pixels."""

    left: float
    top: float
    scale: float
    width: float
    height: float


def frame_of(facts: Facts) -> Frame | None:
    """The frame of all maps of a page: the outline of the place, else everything read; None where there is nothing."""
    known = [facts.boundary] if facts.boundary is not None else list(facts.towns)
    if not known:
        known = [shape for one in facts.inputs for shape in one.shapes]
    if not known:
        return None
    left, bottom, right, top = shapely.total_bounds(np.array(known, dtype=object)).tolist()
    margin_m = MARGIN_SHARE * max(right - left, top - bottom) or 100.0
    left, bottom, right, top = left - margin_m, bottom - margin_m, right + margin_m, top + margin_m
    scale = min(WIDTH / (right - left), HEIGHT / (top - bottom))
    return Frame(left, top, scale, round((right - left) * scale, 1), round((top - bottom) * scale, 1))


def base_map(facts: Facts, frame: Frame) -> str:
    """An invisible SVG of outline and townships for all maps of the page; a place without an outline is where its layers are."""
    towns = "".join(_areas(facts.towns, frame))
    has_outline = facts.boundary is not None
    known = [facts.boundary] if has_outline else [shape for layer in facts.layers for shape in layer.shapes]
    outline, colour = "".join(_areas(known, frame)), "#1f5c4d" if has_outline else "#b9c9c2"
    return (
        f'<svg width="0" height="0" aria-hidden="true"><defs><g id="{BASE}" fill="none">'
        f'<path d="{outline}" fill="#ffffff" stroke="{colour}" stroke-width="1.4"/>'
        f'<path d="{towns}" stroke="#b9c9c2" stroke-width="0.7"/></g></defs></svg>'
    )


def draw(shapes: Shapes, outside: Shapes, frame: Frame, title: str) -> str:
    """One map: `shapes` in green, `outside` (set aside as outside the district) in red, with a scale in km."""
    size = f"{frame.width:g} {frame.height:g}"
    marks = _marks(shapes, frame, "#1f5c4d") + _marks(outside, frame, "#c0392b")
    return (
        f'<svg viewBox="0 0 {size}" width="{frame.width:g}" height="{frame.height:g}" role="img">'
        f'<title>{title}</title><rect width="100%" height="100%" fill="#eef2ef"/>'
        f'<use href="#{BASE}"/>{marks}{_scale_bar(frame)}</svg>'
    )


def n_beyond(shapes: Shapes, frame: Frame) -> int:
    """How many shapes lie wholly beyond the map."""
    right, bottom = frame.left + frame.width / frame.scale, frame.top - frame.height / frame.scale
    return int((~shapely.intersects(shapes, shapely.box(frame.left, bottom, right, frame.top))).sum())


def nice_length_m(longest_m: float) -> float:
    """The longest of 1, 2, 5 times a power of ten metres that is no longer than `longest_m`."""
    power = 10.0 ** np.floor(np.log10(longest_m))
    return float(max(step * power for step in (0.5, 1, 2, 5) if step * power <= longest_m))


def _marks(shapes: Shapes, frame: Frame, colour: str) -> str:
    """Small shapes as dots, large ones as outlines; equal marks are drawn once, so that a map stays small."""
    boxes = shapely.bounds(shapes).reshape(-1, 4)
    is_small = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]) * frame.scale < DOT
    dots = dict.fromkeys(
        f"M{x:g} {y:g}h0"
        for x, y in (
            ((left + right) / 2 * frame.scale - frame.left * frame.scale, (frame.top - (low + high) / 2) * frame.scale)
            for left, low, right, high in boxes[is_small]
        )
        for x, y in ((round(x * 2) / 2, round(y * 2) / 2),)
        if 0 <= x <= frame.width and 0 <= y <= frame.height
    )
    areas = dict.fromkeys(_areas(shapes[~is_small], frame))
    drawn = ""
    if areas:
        drawn += (
            f'<path d="{"".join(areas)}" fill="{colour}" fill-opacity="0.25" stroke="{colour}" stroke-width="0.8"/>'
        )
    if dots:
        drawn += f'<path d="{"".join(dots)}" stroke="{colour}" stroke-width="{DOT:g}" stroke-linecap="round"/>'
    return drawn


def _areas(shapes: Any, frame: Frame) -> Iterator[str]:
    """Every ring that lies on the map as a path, simplified to what can be seen."""
    on_map = shapely.box(0, 0, frame.width, frame.height)
    for shape in shapes:
        shown = shapely.transform(shape, lambda xy: (xy - (frame.left, frame.top)) * (frame.scale, -frame.scale))
        if not shapely.intersects(shapely.box(*shown.bounds), on_map):
            continue
        simple = shapely.simplify(shown, SIMPLE)
        for part in shapely.get_parts(simple):
            for ring in shapely.get_rings(part):
                points = " ".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)[:-1])
                yield f"M{points}Z"


def _scale_bar(frame: Frame) -> str:
    length_m = nice_length_m(frame.width / 4 / frame.scale)
    x, y, end = 12, frame.height - 12, 12 + length_m * frame.scale
    return (
        f'<path d="M{x} {y - 4:.1f}V{y:.1f}H{end:.1f}V{y - 4:.1f}" fill="none" stroke="#1d2b2a" stroke-width="1.2"/>'
        f'<text x="{x + 4}" y="{y - 5:.1f}" font-size="11" fill="#1d2b2a">{length_m / 1000:g} km</text>'
    )
