"""A classified change raster as records: each connected area of one value is one, its words are those of its value."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely

from pipeline.config import Limits, Source
from pipeline.errors import InputError
from pipeline.geometry import Floats, Shapes, area_m2
from pipeline.intake.coordinates.around import read_crs
from pipeline.intake.coordinates.declared import read_declared
from pipeline.intake.rasters.cells import Codes, Window, aligned, all_windows, code_cells, outline_cells, straightened
from pipeline.intake.rasters.opening import Raster, nodata_doubts, open_raster, read_cells
from pipeline.intake.rasters.stitching import stitch
from pipeline.intake.reading import Reading, Record
from pipeline.text import say

WINDOW_CELLS = 1024  # a window's side: some MB, whatever the raster's size
MOST_VALUES = 12  # other values named in one note, the most frequent
MOST_COUNTED = 65_536  # as many as 16 bits hold; what has more is no classified raster, and is not counted on
M = 1_000_000


class Area(NamedTuple):
    """A connected area: its value, its outline in cells, and the holes and the cells in them that were filled."""

    value: int
    outline: Any
    n_holes: int
    n_filled: int


@dataclass
class Account:
    """What of a raster became no area: the values nobody named, and the areas and cells the sieve took."""

    cells: Counter[int] = field(default_factory=Counter)  # of each wanted value
    others: Counter[float] = field(default_factory=Counter)
    n_small: int = 0
    n_small_cells: int = 0


def read_change(path: Path, source: Source, limits: Limits, language: str) -> Reading:
    """The areas of a raster's cells that `source.cells` names, as polygon records in the raster's CRS.

    Row numbers count the areas by the upper, then left, of their first cells. Areas of fewer than `least_cells` cells fall
    away, holes of fewer are filled, both by shared sides (4-connected), and so do areas below `min_area_m2`
    (ellipsoidal); the notes count them. Raises InputError for a raster that cannot be used as it is, or is larger
    unpacked than the limits allow.
    """
    with open_raster(path, source, language) as raster:
        if raster.n_bytes > limits.max_unpacked_mb * M:
            values = {"rows": raster.height, "columns": raster.width, "limit": limits.max_unpacked_mb}
            raise InputError(say(language, "rasters.too_large", path=path, **values))
        areas, account = find_areas(raster, sorted(source.cells), source.least_cells)
    shapes = raster.to_map(np.array([area.outline for area in areas], dtype=object))
    notes = _notes(account, source, raster)
    is_large = np.ones(len(areas), dtype=bool)
    if source.min_area_m2 and len(areas):
        is_large = _areas_m2(shapes, source, raster) >= source.min_area_m2
        if not is_large.all():
            n = int((~is_large).sum())
            notes.append(say(language, "rasters.note_below_area", n=n, least_m2=source.min_area_m2))
    kept = [(areas[i], shapes[i]) for i in np.flatnonzero(is_large)]
    records = [_record(row, area, shape, source, language) for row, (area, shape) in enumerate(kept, 1)]
    return Reading(path.name, None, raster.format, records, tuple(source.columns), raster.crs, notes=tuple(notes))


def find_areas(
    raster: Raster, values: list[int], least_cells: int, window: tuple[int, int] | None = None
) -> tuple[list[Area], Account]:
    """The areas of `values` in order of their first cells, and what became none; the windows' size changes nothing."""
    account, found = Account(), []
    for codes, outlines, n_cells in _whole(stitch(_pieces(raster, values, account, window), raster.width)):
        is_large = n_cells >= least_cells
        account.n_small += int((~is_large).sum())
        account.n_small_cells += int(n_cells[~is_large].sum())
        for code, outline in zip(codes[is_large], straightened(outlines[is_large]), strict=True):
            found.append(Area(values[code - 1], *_filled(outline, least_cells)))
    order = _by_first_cell(np.array([area.outline for area in found], dtype=object))
    return [found[i] for i in order], account


def _pieces(
    raster: Raster, values: list[int], account: Account, size: tuple[int, int] | None
) -> Iterator[tuple[Window, Codes, Shapes]]:
    rows, cols = size or _window_size(raster)
    for window in all_windows(raster.height, raster.width, rows, cols):
        cells, is_known = read_cells(raster, window)
        codes = code_cells(cells, is_known, values)
        counts = np.bincount(codes[codes > 0], minlength=len(values) + 1)
        account.cells.update({value: int(n) for value, n in zip(values, counts[1:], strict=True) if n})
        if len(account.others) <= MOST_COUNTED:
            others, n_others = np.unique(cells[codes == 0], return_counts=True)
            account.others.update(dict(zip(others.tolist(), n_others.tolist(), strict=True)))
        yield window, *outline_cells(codes, window.row, window.col)


def _window_size(raster: Raster) -> tuple[int, int]:
    """A window of whole blocks; of a file in strips a band of whole strips, as each is unpacked from end to end."""
    block_rows, block_cols = raster.block
    if block_cols >= raster.width:
        return aligned(block_rows, raster.height, max(1, WINDOW_CELLS**2 // raster.width)), raster.width
    return aligned(block_rows, raster.height, WINDOW_CELLS), aligned(block_cols, raster.width, WINDOW_CELLS)


def _whole(areas: Iterator[tuple[Codes, list[Shapes]]]) -> Iterator[tuple[Codes, Shapes, Floats]]:
    """(codes, outlines, cells of each): pieces of one area as one outline. In whole numbers the union is exact."""
    for codes, pieces in areas:
        outlines = np.empty(len(pieces), dtype=object)
        outlines[:] = [own[0] if len(own) == 1 else shapely.union_all(own) for own in pieces]
        yield codes, outlines, shapely.area(outlines)


def _filled(outline: Any, least_cells: int) -> tuple[Any, int, int]:
    """The outline without its holes of fewer than `least_cells` cells, how many these were and how many cells."""
    if not len(outline.interiors):
        return outline, 0, 0
    holes = np.array(list(outline.interiors), dtype=object)
    n_cells = shapely.area(shapely.polygons(holes))
    is_small = n_cells < least_cells
    if not is_small.any():
        return outline, 0, 0
    kept = shapely.Polygon(outline.exterior, list(holes[~is_small]))
    return kept, int(is_small.sum()), int(n_cells[is_small].sum())


def _by_first_cell(outlines: Shapes) -> list[int]:
    """Indices in the order of the upper, then left, corner of each outline's first cell, as a page is read."""
    xy, owner = shapely.get_coordinates(outlines, return_index=True)
    order = np.lexsort((xy[:, 0], xy[:, 1], owner))
    _, first = np.unique(owner[order], return_index=True)
    corners = xy[order[first]]
    return [int(i) for i in np.lexsort((corners[:, 0], corners[:, 1]))]


def _record(row: int, area: Area, shape: Any, source: Source, language: str) -> Record:
    words = {"value": str(area.value), **source.cells[area.value]}
    filled = say(language, "rasters.note_filled", n=area.n_holes, cells=area.n_filled)
    return Record(row, None, words, shape, notes=(filled,) if area.n_holes else ())


def _areas_m2(shapes: Shapes, source: Source, raster: Raster) -> Floats:
    """Ellipsoidal areas; without bound where the CRS cannot be used, as placing then says of every record."""
    system = read_declared(source.crs or str(raster.crs), None, raster.language)
    if isinstance(system, str):
        return np.full(len(shapes), np.inf)
    return area_m2(shapes if system.move is None else shapely.transform(shapes, system.move), read_crs(system.crs))


def _notes(account: Account, source: Source, raster: Raster) -> list[str]:
    """What of the raster became no record, in words."""
    language, notes = raster.language, []
    if account.n_small:
        values = {"n": account.n_small, "cells": account.n_small_cells, "least": source.least_cells}
        notes.append(say(language, "rasters.note_sieved", **values))
    absent = [value for value in sorted(source.cells) if value not in account.cells]
    notes += nodata_doubts(raster, list(source.cells))
    if missing := [str(value) for value in absent if value != raster.nodata]:
        notes.append(say(language, "rasters.note_absent", values=", ".join(missing)))
    if len(account.others) > MOST_COUNTED:
        notes.append(say(language, "rasters.note_no_classes", n=MOST_COUNTED))
    elif account.others:
        most = sorted(account.others.items(), key=lambda one: (-one[1], one[0]))[:MOST_VALUES]
        shown = [f"{value:g} × {n}" for value, n in sorted(most)]
        more = " …" if len(account.others) > MOST_VALUES else ""
        notes.append(say(language, "rasters.note_others", values=", ".join(shown) + more))
    return notes
