"""Pieces: an overlap cut into space-compact pieces, each a run of subjects and the layer features that they can reach.

The rows are those of the whole, digit for digit, whatever the pieces and wherever they are worked on (engine/spread.py).
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.cache import Cache, make_key
from pipeline.declare import shape_table
from pipeline.engine.cutting import cut_shapes
from pipeline.engine.known_overlaps import ground_content, only_new
from pipeline.engine.overlay import pays_kernel, reach_of
from pipeline.engine.spread import HERE, HowToRun, Tick, no_tick, run, work_folder
from pipeline.errors import InputError
from pipeline.geometry import Floats, is_equal_area
from pipeline.rules import OverlapRules
from pipeline.tables import OVERLAPS
from pipeline.text import say

PIECE_SUBJECTS = 4096  # about a second of work: long beside the cost of handing it out, short beside the whole
ROW_GROUP = 1000  # features that are read together: few beside a piece, many beside the cost of finding them
VERSION_COLUMNS = ["layer_id", "series", "layer_date"]
MARGIN_M = 1.0  # so that a rounded sum leaves out nothing that is exactly at reach

Overlap = Callable[..., pd.DataFrame]


class Ground(NamedTuple):
    """What subjects are laid over: layer features, the versions of all layers, and the covered area of each class."""

    layers: gpd.GeoDataFrame
    versions: pd.DataFrame
    coverage: dict[str, Any]


class Piece(NamedTuple):
    """One piece: its number, its rows among the subjects in the order of space, and the box that they reach (metres)."""

    number: int
    start: int
    stop: int
    box: tuple[float, float, float, float]


def overlap_in_pieces(
    overlap: Overlap,
    subjects: gpd.GeoDataFrame,
    layers: gpd.GeoDataFrame,
    rules: OverlapRules,
    coverage: dict[str, Any] | None = None,
    subject: str = "lead",
    versions: pd.DataFrame | None = None,
    *,
    how: HowToRun = HERE,
    tick: Tick = no_tick,
    size: int = PIECE_SUBJECTS,
    cache: Cache | None = None,
) -> pd.DataFrame:
    """Table overlaps as `overlap(subjects, layers, rules, coverage, subject, versions)` gives it, worked on in pieces.

    `overlap` is stages/overlap.py's function; up to `size` subjects are one plain call. Subjects and layers share a CRS
    in metres. With a `cache`, subjects that an earlier run measured on the same ground are not measured again. Raises
    InputError where `how` cannot be had.
    """
    # without an equal-area CRS areas are measured in one made for all shapes, which a piece does not know
    if subjects.empty or layers.empty or not is_equal_area(subjects.crs):
        return overlap(subjects, layers, rules, coverage, subject, versions)
    by_kernel = pays_kernel(subjects, layers)
    versions = (layers if versions is None else versions)[VERSION_COLUMNS].drop_duplicates()
    ground = Ground(layers, versions, coverage or {})
    work = partial(_work, overlap=overlap, rules=rules, subject=subject, by_kernel=by_kernel)

    def measure(wanted: gpd.GeoDataFrame) -> pd.DataFrame:
        if len(wanted) <= size:
            return overlap(wanted, layers, rules, coverage, subject, versions=versions, by_kernel=by_kernel)
        return _in_pieces(work, in_order_of_space(wanted, subject), ground, rules.adjacent_m, how, tick, size)

    if cache is None:
        return measure(subjects)
    content = make_key(ground_content(layers, versions, ground.coverage, rules), str(by_kernel))
    return only_new(measure, subjects, subject, content, cache)


def _in_pieces(
    work: Callable[..., pd.DataFrame],
    ordered: gpd.GeoDataFrame,
    ground: Ground,
    adjacent_m: float,
    how: HowToRun,
    tick: Tick,
    size: int,
) -> pd.DataFrame:
    reach_m = reach_of(ordered, ground.layers, adjacent_m)
    pieces = cut_pieces(ordered, reach_m, size)
    ground = ground._replace(layers=cut_features(ground.layers, ordered, reach_m))
    if how.is_in_this_process:
        part_of = partial(take_part, ordered, ground, shapely.bounds(ground.layers.geometry.to_numpy()))
        rows = run(partial(work, part_of=part_of), pieces, how, tick)
    else:
        with work_folder(how) as folder:
            try:
                write_parts(ordered, ground, size, folder)
            except OSError as error:
                raise InputError(say(how.language, "scale.work_folder", folder=folder, error=error)) from error
            rows = run(partial(work, part_of=partial(read_part, folder)), pieces, how, tick, folder)
    return shape_table(pd.concat(rows, ignore_index=True), OVERLAPS)


def cut_features(layers: gpd.GeoDataFrame, subjects: gpd.GeoDataFrame, reach_m: float) -> gpd.GeoDataFrame:
    """`layers` with each feature of many vertices as several rows of one feature_key, once for all pieces of the work."""
    shapes, owner = cut_shapes(layers.geometry.to_numpy(), subjects.geometry.to_numpy(), reach_m)
    order = np.argsort(owner, kind="stable")
    return layers.iloc[owner[order]].set_geometry(shapes[order], crs=layers.crs).reset_index(drop=True)


def in_order_of_space(subjects: gpd.GeoDataFrame, subject: str) -> gpd.GeoDataFrame:
    """The columns of `subjects` that an overlap needs, along a Hilbert curve; equal places by id, so any order is one."""
    columns = [f"{subject}_id", "prev_date", "curr_date", "position_accuracy_m", "geometry"]
    order = np.lexsort((subjects[f"{subject}_id"].to_numpy(dtype=str), subjects.hilbert_distance()))
    return subjects[columns].iloc[order].reset_index(drop=True)


def cut_pieces(ordered: gpd.GeoDataFrame, reach_m: float, size: int) -> list[Piece]:
    """Pieces of `size` rows each (the last may be smaller) of subjects in the order of space."""
    boxes = shapely.bounds(ordered.geometry.to_numpy())
    pieces = []
    for number, start in enumerate(range(0, len(ordered), size)):
        own = boxes[start : start + size]
        left, bottom = own[:, :2].min(axis=0) - (reach_m + MARGIN_M)
        right, top = own[:, 2:].max(axis=0) + (reach_m + MARGIN_M)
        box = (float(left), float(bottom), float(right), float(top))
        pieces.append(Piece(number, start, start + len(own), box))
    return pieces


def take_part(
    ordered: gpd.GeoDataFrame, ground: Ground, boxes: Floats, piece: Piece
) -> tuple[gpd.GeoDataFrame, Ground]:
    """The subjects of `piece` and the ground they can reach, out of memory; `boxes` are the bounds of the layers."""
    left, bottom, right, top = piece.box
    meets = (boxes[:, 0] <= right) & (boxes[:, 2] >= left) & (boxes[:, 1] <= top) & (boxes[:, 3] >= bottom)
    layers = ground.layers.iloc[np.flatnonzero(meets)].reset_index(drop=True)
    return ordered.iloc[piece.start : piece.stop].reset_index(drop=True), ground._replace(layers=layers)


def write_parts(ordered: gpd.GeoDataFrame, ground: Ground, size: int, folder: Path) -> None:
    """Write to `folder` what read_part reads: GeoParquet of subjects, a row group a piece, and of layers along a curve."""
    pieces = ordered.assign(piece=np.arange(len(ordered)) // size)
    pieces.to_parquet(folder / "subjects.parquet", index=False, compression="lz4", row_group_size=size)
    layers = ground.layers.assign(row=np.arange(len(ground.layers)))  # unions are the same to the digit only in order
    layers = layers.iloc[np.argsort(layers.hilbert_distance().to_numpy(), kind="stable")]
    layers.to_parquet(
        folder / "layers.parquet", index=False, compression="lz4", row_group_size=ROW_GROUP, write_covering_bbox=True
    )
    ground.versions.to_parquet(folder / "versions.parquet", index=False)
    covered = {name: None if area is None else shapely.to_wkb(area, hex=True) for name, area in ground.coverage.items()}
    (folder / "coverage.json").write_text(json.dumps(covered), encoding="utf-8")


def read_part(folder: Path, piece: Piece) -> tuple[gpd.GeoDataFrame, Ground]:
    """The same as take_part, out of the files of write_parts: only row groups that meet the piece's box are read."""
    subjects = gpd.read_parquet(folder / "subjects.parquet", filters=[("piece", "==", piece.number)])
    layers = gpd.read_parquet(folder / "layers.parquet", bbox=piece.box).sort_values("row", ignore_index=True)
    covered = json.loads((folder / "coverage.json").read_text(encoding="utf-8"))
    coverage = {name: None if wkb is None else shapely.from_wkb(wkb) for name, wkb in covered.items()}
    ground = Ground(layers.drop(columns="row"), pd.read_parquet(folder / "versions.parquet"), coverage)
    return subjects.drop(columns="piece"), ground


def _work(
    piece: Piece,
    part_of: Callable[[Piece], tuple[gpd.GeoDataFrame, Ground]],
    overlap: Overlap,
    rules: OverlapRules,
    subject: str,
    by_kernel: bool,
) -> pd.DataFrame:
    subjects, ground = part_of(piece)
    return overlap(
        subjects, ground.layers, rules, ground.coverage, subject, versions=ground.versions, by_kernel=by_kernel
    )
