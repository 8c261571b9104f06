"""Cells of equal value as outlines: exact, in whole cells, window by window."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from rasterio.features import shapes as gdal_shapes

from pipeline.geometry import Shapes

Codes = npt.NDArray[np.int16]
NO_DATA = -1


class Window(NamedTuple):
    """A rectangle of cells by its upper left cell."""

    row: int
    col: int
    height: int
    width: int


def all_windows(height: int, width: int, rows: int, cols: int) -> Iterator[Window]:
    """Windows of at most `rows` × `cols` cells over a raster, row by row of windows from the upper left."""
    for row in range(0, height, rows):
        for col in range(0, width, cols):
            yield Window(row, col, min(rows, height - row), min(cols, width - col))


def aligned(block: int, length: int, wanted: int) -> int:
    """The multiple of `block` next to `wanted` cells, so that no block is unpacked twice; `wanted` where blocks are larger."""
    return min(length, wanted if block > 2 * wanted else max(1, round(wanted / block)) * block)


def code_cells(values: Any, is_known: Any, wanted: Sequence[int]) -> Codes:
    """Each cell as the place of its value in `wanted`, from 1; 0 for any other value, NO_DATA for none."""
    codes: Codes = np.where(is_known, 0, NO_DATA).astype(np.int16)
    for code, value in enumerate(wanted, 1):
        codes[is_known & (values == value)] = code
    return codes


def outline_cells(codes: Codes, row: int, col: int) -> tuple[Codes, Shapes]:
    """(code, outline) of every area of one code from 1 up; cells that only share a corner are two areas.

    Outlines are valid polygons in cells of the raster (x = column, y = row), of which codes[0, 0] is cell (row, col).
    """
    is_wanted = codes > 0
    if not is_wanted.any():
        return np.zeros(0, dtype=np.int16), np.zeros(0, dtype=object)
    found = list(gdal_shapes(codes, mask=is_wanted, connectivity=4))
    polygons = [shape["coordinates"] for shape, _ in found]
    rings = list(chain.from_iterable(polygons))
    xy = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), dtype=np.float64).reshape(-1, 2)
    ring_ends = np.cumsum([0, *map(len, rings)])
    polygon_ends = np.cumsum([0, *map(len, polygons)])
    outlines = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, xy + np.array([col, row]), (ring_ends, polygon_ends)
    )
    return np.array([code for _, code in found]).astype(np.int16), np.asarray(outlines, dtype=object)


def with_every_corner(outlines: Shapes) -> Shapes:
    """The same outlines (in cells) with a vertex at each corner of a cell.

    Moved to another CRS, straight edges bend: two neighbours still share their border only where they share its vertices.
    """
    return np.asarray(shapely.transform(shapely.segmentize(outlines, 1.0), np.rint), dtype=object)


def straightened(outlines: Shapes) -> Shapes:
    """The same outlines with a vertex at each turn and nowhere else, whatever they were put together from.

    A normalised ring starts at its leftmost lowest vertex, which is a turn, so no straight one is left at the start.
    """
    return np.asarray(shapely.normalize(shapely.simplify(shapely.normalize(outlines), 0)), dtype=object)
