"""Overlap from file to table: leads and layers as GeoParquet, streamed or prepared, exact unions, little memory."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.cache import Cache, find
from pipeline.engine.rings import Floats
from pipeline.errors import InputError
from pipeline.text import say_both

KERNEL_FROM = 20_000  # leads × layers: below, shapely is done before the kernel would be compiled (about 20 s, once)
LEAST_M2 = 1e-6  # below it is rounding
EQUAL_AREA_METHODS = (
    "lambert azimuthal equal area",
    "albers equal area",
    "lambert cylindrical equal area",
    "mollweide",
)


class Notes(NamedTuple):
    """Of one file, by row: what was repaired, and why a shape could not be used."""

    repaired: dict[int, str]
    set_aside: dict[int, str]


@dataclass(frozen=True)
class FileOverlaps:
    """What overlap_files found.

    `rows`: lead (row in the leads file, from 0), layer, overlap_m2 of the union of the layer's features, by layer and
    lead; only what is above 1e-6 m². `leads` and `layers`: what was done to shapes. By the compiled kernel only what would
    change an area is repaired; by shapely whatever is not valid.
    """

    rows: pa.Table
    leads: Notes
    layers: dict[str, Notes]


def overlap_files(
    leads: Path,
    layers: Mapping[str, Path],
    cache: Cache | None = None,
    remembers: bool = True,
    threads: int | None = None,
    by_kernel: bool | None = None,
) -> FileOverlaps:
    """m² of each lead (polygons of `leads`) on the union of each layer.

    All files are GeoParquet with a column `geometry` in one equal-area CRS in metres; else InputError. Every shape that is
    measured is valid, or repaired by make_valid (structure) and named. Without a `cache` the layers are streamed, and
    defects of features that lie near no lead are not seen; with one they are prepared once, and with `remembers` only
    leads not measured before are measured. `by_kernel`: whether by the compiled kernel; by default where there is enough
    to measure. Threads change no digit, cache and kernel none above 1e-8 m².
    """
    require_one_equal_area_crs([leads, *layers.values()])
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

    memory = remembered.Memory(cache, leads, pool) if cache is not None and remembers else None
    measure.load_kernel()
    contents = dict(zip(layers, hashed, strict=True))
    kept = (
        {name: pool.submit(find, cache, contents[name]) for name in layers} if cache else {}
    )  # hashed beside the rest
    n_leads = _n_rows(leads)
    known = {name: np.full(n_leads, np.nan) if memory is None else memory.recall(contents[name]) for name in layers}
    is_new = np.zeros(n_leads, dtype=bool)
    for areas_m2 in known.values():
        is_new |= np.isnan(areas_m2)
    own = layer_files.read_whole(leads, pool, is_new)
    repaired = own.repaired if memory is None else memory.all_repaired(own.repaired)
    notes: dict[str, Notes] = {}
    grid = measure.make_grid(own.pieces) if len(own.pieces) else None
    own_m2 = measure.areas_m2(own.pieces)
    for name, path in layers.items():
        whole = prepared.NOTHING
        if cache is not None:
            read = partial(layer_files.read_pieces, pool=pool)
            whole = prepared.prepared_layer(path, contents[name], cache, kept[name].result(), read)
        notes[name] = Notes(whole.repaired, whole.set_aside)
        if grid is None:
            continue
        if cache is None:
            layer = layer_hits.streamed_hits(path, own.pieces, grid, pool)
            notes[name] = Notes(layer.repaired, layer.set_aside)
        else:
            layer = layer_hits.prepared_hits(whole, own.pieces, grid, pool)
        rows, shared_m2 = layer_hits.layer_unions(layer, own.pieces, own_m2, pool)
        known[name][own.pieces.owner] = 0.0
        known[name][rows] = shared_m2
        if memory is not None:
            memory.remember(contents[name], name, known[name])
    return FileOverlaps(_table(known), Notes(repaired, own.set_aside), notes)


def _by_shapely(leads: Path, layers: Mapping[str, Path]) -> FileOverlaps:
    """The same with shapely alone, for what is done before a compiler would have started."""
    import shapely

    from pipeline.engine.mend import sound_shapes
    from pipeline.engine.overlay import near_pairs, union_areas

    own = sound_shapes(pq.read_table(leads, columns=["geometry"])["geometry"].combine_chunks())
    own_m2 = np.nan_to_num(shapely.area(own.shapes))
    known, notes = {}, {}
    for name, path in layers.items():
        read = sound_shapes(pq.read_table(path, columns=["geometry"])["geometry"].combine_chunks())
        near = near_pairs(own.shapes, read.shapes[~shapely.is_missing(read.shapes)], 0.0)
        known[name] = union_areas(near, np.arange(len(near.i)), near.i, len(own_m2), own_m2)
        notes[name] = Notes(read.repaired, read.set_aside)
    return FileOverlaps(_table(known), Notes(own.repaired, own.set_aside), notes)


def require_one_equal_area_crs(paths: Sequence[Path]) -> None:
    """Raise InputError unless every file says that its geometry is in the same equal-area CRS in metres."""
    found = {path: _crs(path) for path in paths}
    for path, crs in found.items():
        method = str((crs or {}).get("conversion", {}).get("method", {}).get("name", "")).lower()
        units = {axis.get("unit") for axis in (crs or {}).get("coordinate_system", {}).get("axis", [])}
        if not method.startswith(EQUAL_AREA_METHODS) or units != {"metre"}:
            raise InputError(say_both("scale.not_equal_area", path=path, crs=(crs or {}).get("name", "–")))
        if crs != found[paths[0]]:
            first = found[paths[0]] or {}
            raise InputError(
                say_both("scale.other_crs", path=path, crs=(crs or {}).get("name"), first=first.get("name"))
            )


def _crs(path: Path) -> dict[str, Any] | None:
    """PROJJSON of the geometry column, as GeoParquet says it; None where it says nothing."""
    words = (pq.read_metadata(path).metadata or {}).get(b"geo", b"{}")
    columns = json.loads(words).get("columns", {})
    crs: dict[str, Any] | None = columns.get("geometry", {}).get("crs")
    return crs


def _n_rows(path: Path) -> int:
    return int(pq.read_metadata(path).num_rows)


def _table(known: Mapping[str, Floats]) -> pa.Table:
    """One row per layer and lead that share more than rounding."""
    rows = {name: np.flatnonzero(areas_m2 > LEAST_M2) for name, areas_m2 in known.items()}
    lead = np.concatenate([np.zeros(0, dtype=np.int64), *rows.values()])
    area_m2 = np.concatenate([np.zeros(0), *(known[name][own] for name, own in rows.items())])
    layer = [_repeated(name, len(own)) for name, own in rows.items()] or [_repeated("", 0)]
    # from buffers: whatever else makes an Arrow array imports pandas, a fifth of the time where little is new
    columns = [pa.Array.from_buffers(pa.int64(), len(lead), [None, pa.py_buffer(lead)])]
    columns.append(pa.concat_arrays(layer))
    columns.append(pa.Array.from_buffers(pa.float64(), len(lead), [None, pa.py_buffer(area_m2)]))
    return pa.Table.from_arrays(columns, ["lead", "layer", "overlap_m2"])


def _repeated(word: str, n: int) -> pa.Array:
    data = word.encode()
    ends = np.arange(n + 1, dtype=np.int64) * len(data)
    return pa.LargeStringArray.from_buffers(n, pa.py_buffer(ends), pa.py_buffer(data * n))
