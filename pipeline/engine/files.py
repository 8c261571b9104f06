"""Overlap from file to table: leads and layers as GeoParquet, streamed or prepared, exact unions, little memory."""

import os
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.cache import Cache
from pipeline.engine.rings import Floats

KERNEL_FROM = 20_000  # leads × layers: below, shapely is done before the kernel would be compiled (about 20 s, once)
LEAST_M2 = 1e-6  # below it is rounding


@dataclass(frozen=True)
class FileOverlaps:
    """What overlap_files found.

    `rows`: lead (row in the leads file, from 0), layer, overlap_m2 of the union of the layer's features, by layer and
    lead; only what is above 1e-6 m². `repaired` and `set_aside`: file stem → row → what was done, or why the shape could
    not be used.
    """

    rows: pa.Table
    repaired: dict[str, dict[int, str]] = field(default_factory=dict)
    set_aside: dict[str, dict[int, str]] = field(default_factory=dict)


def overlap_files(
    leads: Path,
    layers: Mapping[str, Path],
    cache: Cache | None = None,
    remembers: bool = True,
    threads: int | None = None,
    by_kernel: bool | None = None,
) -> FileOverlaps:
    """m² of each lead (polygons of `leads`) on the union of each layer.

    All files are GeoParquet with a column `geometry` in one equal-area CRS in metres. Every shape that is measured is
    valid, or repaired by make_valid (structure) and named. Without a `cache` the layers are streamed, and defects of
    features that lie near no lead are not seen; with one they are prepared once, and with `remembers` only leads not
    measured before are measured. `by_kernel`: whether by the compiled kernel; by default where there is enough to measure.
    Threads change no digit, cache and kernel none above 1e-8 m².
    """
    is_worth_it = _n_rows(leads) * len(layers) >= KERNEL_FROM
    if not (is_worth_it if by_kernel is None else by_kernel):
        return _by_shapely(leads, layers)
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        return _by_kernel(leads, layers, cache, remembers, pool)


def _by_kernel(
    leads: Path, layers: Mapping[str, Path], cache: Cache | None, remembers: bool, pool: Executor
) -> FileOverlaps:
    from pipeline.engine import prepared

    hashed = pool.map(prepared.layer_content if cache else str, layers.values())  # while the kernel is being loaded
    from pipeline.engine import layer_files, layer_hits, measure, remembered

    measure.load_kernel()
    contents = dict(zip(layers, hashed, strict=True))
    memory = cache if remembers else None
    names = None if memory is None else remembered.lead_names(leads, pool)
    known = {name: remembered.recall(memory, contents[name], names, _n_rows(leads)) for name in layers}
    is_new = np.zeros(_n_rows(leads), dtype=bool)
    for areas_m2 in known.values():
        is_new |= np.isnan(areas_m2)
    own = layer_files.read_whole(leads, pool, is_new)
    repaired, set_aside = {leads.stem: own.repaired}, {leads.stem: own.set_aside}
    if len(own.pieces):
        grid, own_m2 = measure.make_grid(own.pieces), measure.areas_m2(own.pieces)
        for name, path in layers.items():
            layer = layer_hits.layer_hits(path, own.pieces, grid, cache, contents[name], pool)
            repaired[name], set_aside[name] = layer.repaired, layer.set_aside
            rows, shared_m2 = layer_hits.layer_unions(layer, own.pieces, own_m2, pool)
            known[name][own.pieces.owner] = 0.0
            known[name][rows] = shared_m2
            if memory is not None and names is not None:
                remembered.remember(memory, contents[name], name, names, known[name])
    return FileOverlaps(_table(known), repaired, set_aside)


def _by_shapely(leads: Path, layers: Mapping[str, Path]) -> FileOverlaps:
    """The same with shapely alone, for what is done before a compiler would have started."""
    import shapely

    from pipeline.engine.mend import sound_shapes
    from pipeline.engine.overlay import near_pairs, union_areas

    read = {path: sound_shapes(pq.read_table(path, columns=["geometry"])["geometry"].combine_chunks())
            for path in (leads, *layers.values())}  # fmt: skip
    own = read[leads].shapes
    own_m2 = np.nan_to_num(shapely.area(own))
    known = {}
    for name, path in layers.items():
        usable = ~shapely.is_missing(read[path].shapes)
        near = near_pairs(own, read[path].shapes[usable], 0.0)
        known[name] = union_areas(near, np.arange(len(near.i)), near.i, len(own), own_m2)
    stems = {leads.stem: leads, **{name: path for name, path in layers.items()}}
    return FileOverlaps(
        _table(known),
        {stem: read[path].repaired for stem, path in stems.items()},
        {stem: read[path].set_aside for stem, path in stems.items()},
    )


def _n_rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


def _table(known: Mapping[str, Floats]) -> pa.Table:
    """One row per layer and lead that share more than rounding."""
    rows = {name: np.flatnonzero(areas_m2 > LEAST_M2) for name, areas_m2 in known.items()}
    layer = [pa.repeat(pa.scalar(name, pa.string()), len(own)) for name, own in rows.items()]
    none: Floats = np.zeros(0)
    return pa.table(
        {
            "lead": np.concatenate([none.astype(np.int64), *rows.values()]),
            "layer": pa.concat_arrays([pa.array([], pa.string()), *layer]),
            "overlap_m2": np.concatenate([none, *(known[name][own] for name, own in rows.items())]),
        }
    )
