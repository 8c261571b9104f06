"""Small pictures of each problem before and after its change, and its outline to lay over them."""

from collections.abc import Callable
from datetime import date
from functools import cache, partial
from typing import Any, NamedTuple

import geopandas as gpd
import pyproj
import shapely

from pipeline.config import Place
from pipeline.publish.imagery_files import Tile, keep_open, read_tiles
from pipeline.publish.imagery_pairs import choose_pair, months_off
from pipeline.publish.imagery_pixels import Bounds, Pixels, data_uri, read_chip, stretch_alike

LEAST_SIDE_M = 300.0  # the lie of the land round a small problem: a road, a stream, the next field
ROOM = 1.5  # side of a chip, in extents of its problem
DATES = ("prev_date", "curr_date")


class Chip(NamedTuple):
    """One small square picture of a problem, north up."""

    role: str  # before or after
    taken: date
    months_off: int  # later (+) or earlier (−) than the lead's own date; 0 where it fits
    title: str
    attribution: str
    data_uri: str
    bounds: Bounds  # in the working CRS, metres


def chips_of(
    place: Place, problems: gpd.GeoDataFrame, crs: pyproj.CRS, with_secret: bool = False
) -> dict[str, list[Chip]]:
    """candidate_id → its chips, before first: two, one, or none where no image covers the problem; empty without images.

    `problems` (candidate_id, prev_date, curr_date, geometry) lie in the working CRS `crs`, in metres. Secret images are
    used only where asked for. Files that cannot be used are passed over; `imagery_warnings` names them.
    """
    tiles = {}
    for day, images in place.imagery.items():
        allowed = [image for image in images if with_secret or image.secrecy != "secret"]
        if found := read_tiles(place, day, allowed, crs)[0]:
            tiles[day] = found
    if not tiles:
        return {}
    with keep_open() as open_image:
        cut = partial(read_chip, crs=crs, open_image=open_image)
        return {problem["candidate_id"]: _chips(problem, tiles, cut) for problem in problems.to_dict("records")}


def chip_bounds(shape: Any) -> Bounds:
    """The square round a shape (metres) that its chips show."""
    left, bottom, right, top = shape.bounds
    half = max(LEAST_SIDE_M, ROOM * max(right - left, top - bottom)) / 2
    x, y = (left + right) / 2, (bottom + top) / 2
    return x - half, y - half, x + half, y + half


def outline_path(shape: Any, bounds: Bounds, size: int = 1000) -> str:
    """`shape` as the `d` of an SVG path over `bounds` (one CRS), `size` units wide and high, y down; a ring for a point."""
    left, bottom, right, _ = bounds
    unit = size / (right - left)
    area = shape if shape.area else shape.buffer(size / 60 / unit, quad_segs=4)
    drawn = shapely.transform(area, lambda xy: (xy - (left, bottom)) * (unit, -unit) + (0, size))
    polygons = shapely.get_parts(shapely.simplify(drawn, size / 500))  # finer than a chip's pixel
    rings = [ring for polygon in polygons for ring in (polygon.exterior, *polygon.interiors)]
    return "".join(f"M{'L'.join(f'{x:.0f} {y:.0f}' for x, y in ring.coords[:-1])}Z" for ring in rings)


def _chips(
    problem: dict[str, Any], tiles: dict[date, list[Tile]], cut: Callable[[list[Tile], Bounds], Pixels | None]
) -> list[Chip]:
    bounds = chip_bounds(problem["geometry"])
    prev_date, curr_date = (iso if isinstance(iso := problem[name], str) else None for name in DATES)

    @cache
    def pixels(day: date) -> Pixels | None:
        return cut(tiles[day], bounds)

    days = choose_pair(prev_date, curr_date, tiles, lambda day: pixels(day) is not None)
    chosen = [
        (role, wanted, day, chip)
        for role, wanted, day in zip(("before", "after"), (prev_date, curr_date), days, strict=True)
        if day is not None and (chip := pixels(day)) is not None
    ]
    pictures = stretch_alike([chip for *_, chip in chosen], [tiles[day][0].dtype for _, _, day, _ in chosen])
    return [
        Chip(role, day, months_off(day, wanted), *_words(tiles[day]), data_uri(picture), bounds)
        for (role, wanted, day, _), picture in zip(chosen, pictures, strict=True)
    ]


def _words(tiles: list[Tile]) -> tuple[str, str]:
    """Title and attribution of one day's files."""
    titles = dict.fromkeys(tile.image.title for tile in tiles if tile.image.title)
    credits = dict.fromkeys(tile.image.attribution for tile in tiles if tile.image.attribution)
    return next(iter(titles), ""), " · ".join(credits)
