"""A land-cover raster as a layer's features: the cells of the chosen values round given areas, by their exact outlines."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from pipeline.config import Layer, Limits
from pipeline.errors import InputError
from pipeline.geometry import Shapes, repair, to_crs, union_all
from pipeline.intake.archives import opened
from pipeline.intake.coordinates.around import Around, image, read_crs
from pipeline.intake.coordinates.declared import read_declared, without_parameters
from pipeline.intake.files import RASTERS
from pipeline.intake.inputs import input_row
from pipeline.intake.placing import PlacedReading, place_shapes
from pipeline.intake.rasters.cells import (
    NO_DATA,
    Codes,
    Window,
    aligned,
    code_cells,
    outline_cells,
    with_every_corner,
)
from pipeline.intake.rasters.opening import Raster, nodata_doubts, open_raster, read_cells
from pipeline.intake.reading import Reading, Record
from pipeline.text import say

Boxes = npt.NDArray[np.int64]  # first row, first column, row after the last, column after the last
WINDOW_CELLS = 256  # a window's side; small features are faster to overlap, and their union is the same
EDGE_M = 0.1  # two rasters' common edge, moved from two CRSs, may part by a few centimetres
NO_LIMIT_MB = 10**12  # only cells round the areas are read: a file's size is no danger


class Cover(NamedTuple):
    """The features of a raster layer in the working CRS, what is odd about it in words, and rows of table inputs.

    `extents` has the outline of each raster; `blind` is what of the areas lies outside all or where they hold no data.
    """

    records: list[Record]
    shapes: Shapes
    doubts: list[str]
    inputs: list[dict[str, Any]]
    extents: Shapes
    blind: Any


def read_cover(
    layer: Layer, areas: Shapes | None, limits: Limits, crs: pyproj.CRS, around: Around | None, language: str
) -> Cover:
    """The cells of `layer.cells` that the bounds of `areas` (in `crs`) touch; without `areas` files are only opened.

    A record is an area of one value (words `value` and `name`) as far as it lies in one window and near the areas: an
    area of the land cover may be several records. Every raster at the layer's path is read. Raises InputError for one
    that cannot be used.
    """
    values, counts = sorted(layer.cells), Counter[int]()
    records: list[Record] = []
    shapes: list[Shapes] = []
    extents: list[Any] = []
    inputs, doubts = [], []
    wanted = np.zeros(0, dtype=object) if areas is None else areas
    blind = wanted
    no_limit = limits.model_copy(update={"max_file_mb": NO_LIMIT_MB})
    with opened(layer.path, no_limit, language) as files:
        rasters = [(name, path) for name, path in files if path.suffix.lower() in RASTERS]
        if not rasters:
            raise InputError(say(language, "rasters.none_there", path=layer.path, known=", ".join(RASTERS)))
        for name, path in rasters:
            with open_raster(path, layer, language) as raster:
                placed = place_raster(raster, layer, around)
                own = read_crs(placed.crs_used)
                doubts += nodata_doubts(raster, values)
                n_before = len(records)
                unknown: list[Shapes] = []
                near = to_crs(wanted, crs, own)
                for codes, outlines in _near(raster, values, _in_cells(near, raster), counts):
                    moved = _moved(outlines, raster, own, crs)
                    unknown.append(moved[codes == len(values) + 1])
                    codes, moved = codes[codes <= len(values)], moved[codes <= len(values)]
                    rows = range(len(records) + 1, len(records) + 1 + len(codes))
                    records += [_record(row, values[code - 1], layer) for row, code in zip(rows, codes, strict=True)]
                    shapes.append(moved)
                extents.append(to_crs(np.array([_outline(raster)]), own, crs)[0])
                blind = _unseen(blind, to_crs(_outline_near(raster, near), own, crs)[0], unknown)
            reading = Reading(name, None, raster.format, records[n_before:], ("value",), raster.crs)
            inputs.append(input_row(reading, layer, placed.crs_used, placed.note, language=language))
    if areas is not None:
        doubts += _found_doubts(values, counts, language)
    if len(blind):
        doubts.append(say(language, "rasters.note_no_data_under", n=len(blind), of=len(wanted)))
    doubts = list(dict.fromkeys(doubts))
    inputs = [{**row, "notes": [*row["notes"], *doubts]} for row in inputs]
    together = np.concatenate([np.zeros(0, dtype=object), *shapes])
    return Cover(records, together, doubts, inputs, np.array(extents, dtype=object), union_all(blind))


def _outline(raster: Raster) -> Any:
    return raster.to_map(np.array([shapely.box(0, 0, raster.width, raster.height)]))[0]


def _outline_near(raster: Raster, areas: Shapes) -> Shapes:
    """The raster's outline as far as areas (in its CRS) may meet it: that of the whole earth cannot be moved."""
    bounds = shapely.bounds(areas)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return np.array([shapely.Polygon()], dtype=object)
    margin = 2 * max(abs(raster.dx), abs(raster.dy))
    near = shapely.box(*bounds[:, :2].min(axis=0) - margin, *bounds[:, 2:].max(axis=0) + margin)
    return np.array([shapely.intersection(_outline(raster), near)], dtype=object)


def _moved(outlines: Shapes, raster: Raster, own: pyproj.CRS, crs: pyproj.CRS) -> Shapes:
    """Outlines in cells as polygons in `crs` that leave no gap between neighbours."""
    cornered = outlines if own == crs else with_every_corner(outlines)
    return repair(to_crs(raster.to_map(cornered), own, crs))[0]


def _unseen(areas: Shapes, extent: Any, unknown: list[Shapes]) -> Shapes:
    """What of each area lies outside `extent` or on `unknown` ground, left out where that is nothing or narrower than EDGE_M."""
    seen = shapely.difference(extent, union_all(np.concatenate([np.zeros(0, dtype=object), *unknown])))
    shapely.prepare(seen)
    left = shapely.difference(areas[~shapely.covers(seen, areas)], seen)
    left = shapely.buffer(shapely.buffer(left, -EDGE_M / 2, join_style="mitre"), EDGE_M / 2, join_style="mitre")
    return np.asarray(left[~shapely.is_empty(left)], dtype=object)


def place_raster(raster: Raster, layer: Layer, around: Around | None) -> PlacedReading:
    """In which CRS the raster lies, judged as the features of a vector layer are, by a point of it in the place.

    Raises InputError where none can be used, where only parameters lead to one, and where its axes are swapped.
    """
    language = raster.language
    declared = read_declared(layer.crs or str(without_parameters(raster.crs)), around, language)
    if isinstance(declared, str):
        raise InputError(_not_placed(layer, declared, language))
    if declared.move is not None:
        raise InputError(say(language, "rasters.parameters", path=layer.path))
    outline = _outline(raster)
    area = None if around is None else image(around, read_crs(declared.crs))
    inside = None if area is None else shapely.intersection(outline, area)
    tested = outline if inside is None or inside.is_empty else shapely.point_on_surface(inside)
    reading = Reading(raster.path.name, None, raster.format, [Record(1, None, {}, tested)], crs=raster.crs)
    placed = place_shapes(reading, layer.crs, around, language)
    if not placed.crs_used:
        raise InputError(_not_placed(layer, placed.note, language))
    if placed.records[0].record.notes:  # a point can be turned round, cells cannot
        raise InputError(say(language, "rasters.swapped", path=layer.path))
    return placed


def _not_placed(layer: Layer, why: str | None, language: str) -> str:
    return say(language, "intake.layer_not_placed", path=layer.path, file=layer.file, why=why)


def _record(row: int, value: int, layer: Layer) -> Record:
    return Record(row, None, {"value": str(value), "name": layer.cells[value]})


def _in_cells(areas: Shapes, raster: Raster) -> Boxes:
    """The cells that the bounds of `areas` (in the raster's CRS) touch; areas beside the raster have none."""
    bounds = shapely.bounds(areas).reshape(-1, 2, 2)
    bounds = bounds[np.isfinite(bounds).all(axis=(1, 2))]
    cells = (bounds - (raster.left, raster.top)) / (raster.dx, raster.dy)
    size = (raster.width, raster.height)
    first = np.clip(np.floor(cells.min(axis=1)), 0, size)[:, ::-1]
    last = np.clip(np.ceil(cells.max(axis=1)), 0, size)[:, ::-1]
    boxes = np.hstack([first, last]).astype(np.int64)
    return np.unique(boxes[(last > first).all(axis=1)], axis=0)


def _near(
    raster: Raster, values: list[int], boxes: Boxes, counts: Counter[int]
) -> Iterator[tuple[Codes, Shapes]]:  # fmt: skip
    """(codes, outlines in cells) of the cells in `boxes`, window by window; `counts` counts them by value.

    Cells without data have the code after the last value's.
    """
    rows, cols = (
        aligned(block, n, WINDOW_CELLS) for block, n in zip(raster.block, (raster.height, raster.width), strict=True)
    )
    for window, inner in _windows_of(boxes, rows, cols):
        codes = code_cells(*read_cells(raster, window), values)
        is_near = np.zeros(codes.shape, dtype=bool)
        for top, left, bottom, right in (inner - (window.row, window.col) * 2).tolist():
            is_near[top:bottom, left:right] = True
        found, n_found = np.unique(codes[is_near], return_counts=True)
        counts.update(dict(zip(found.tolist(), n_found.tolist(), strict=True)))
        codes[codes == NO_DATA] = len(values) + 1
        yield outline_cells(np.where(is_near, codes, 0).astype(np.int16), window.row, window.col)


def _windows_of(boxes: Boxes, rows: int, cols: int) -> Iterator[tuple[Window, Boxes]]:
    """Of each window of `rows` × `cols` cells that boxes touch: the part that holds them, and the boxes cut to it."""
    size = np.array([rows, cols])
    first = boxes[:, :2] // size
    across = (boxes[:, 2:] - 1) // size - first + 1
    n = across.prod(axis=1)
    which = np.repeat(np.arange(len(boxes)), n)
    step = np.arange(len(which)) - np.repeat(np.cumsum(n) - n, n)
    tile = first[which] + np.stack([step // across[which, 1], step % across[which, 1]], axis=1)
    order = np.lexsort((tile[:, 1], tile[:, 0]))
    tile, which = tile[order], which[order]
    starts = np.flatnonzero((np.diff(tile, axis=0, prepend=-1) != 0).any(axis=1))
    for members in np.split(np.arange(len(which)), starts[1:]) if len(which) else ():
        corner = tile[members[0]] * size
        own = boxes[which[members]]
        inner = np.hstack([np.maximum(own[:, :2], corner), np.minimum(own[:, 2:], corner + size)])
        (top, left), (bottom, right) = inner[:, :2].min(axis=0).tolist(), inner[:, 2:].max(axis=0).tolist()
        yield Window(top, left, bottom - top, right - left), inner


def _found_doubts(values: list[int], counts: Counter[int], language: str) -> list[str]:
    """Values that no cell near the areas has, and cells of which nothing is known."""
    doubts = []
    if absent := [str(value) for code, value in enumerate(values, 1) if not counts[code]]:
        doubts.append(say(language, "rasters.note_not_near", values=", ".join(absent)))
    if counts[NO_DATA]:
        doubts.append(say(language, "rasters.note_no_data_near", n=counts[NO_DATA], of=counts.total()))
    return doubts
