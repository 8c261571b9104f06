"""Lead and layer files (GeoParquet) as flat shapes, row group by row group, each held to the gate and repaired."""

from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engine import measure
from pipeline.engine.mend import mended_rings
from pipeline.engine.prepared import Whole, joined
from pipeline.engine.rings import Index, Rings, chosen, together

BATCH_ROWS = 4096  # larger batches only make buffers grow, and page faults with them
BUFFER_BYTES = 1 << 20


class RowGroup(NamedTuple):
    """One row group of a file, and the number of its first row."""

    path: Path
    number: int
    first_row: int


class Batch(NamedTuple):
    """Some rows of a file: WKB, and the number of the first row."""

    wkb: pa.Array
    first_row: int


def row_groups(path: Path) -> list[RowGroup]:
    """Every row group of a file."""
    facts = pq.read_metadata(path)
    rows = [facts.row_group(number).num_rows for number in range(facts.num_row_groups)]
    return [RowGroup(path, number, sum(rows[:number])) for number in range(len(rows))]


def batches(group: RowGroup) -> Iterator[Batch]:
    """The rows of a row group, a few thousand at a time."""
    first_row = group.first_row
    with pq.ParquetFile(group.path, buffer_size=BUFFER_BYTES, pre_buffer=False) as file:
        for batch in file.iter_batches(BATCH_ROWS, row_groups=[group.number], columns=["geometry"], use_threads=False):
            yield Batch(batch.column("geometry"), first_row)
            first_row += len(batch)


def whole_shapes(batch: Batch, wanted: Index) -> Whole:
    """The valid shapes of some rows of the batch, by row; owner = row in the file."""
    rings, is_odd = measure.parse_wkb(batch.wkb, wanted, batch.first_row)
    is_faulty = measure.is_faulty(rings, np.arange(len(rings)))
    broken = np.concatenate([wanted[is_odd], rings.owner[is_faulty] - batch.first_row])
    return _with_mended(chosen(rings, np.flatnonzero(~is_faulty)) if is_faulty.any() else rings, batch, broken)


def near_pieces(batch: Batch, grid: measure.Grid) -> Whole:
    """Of the batch what lies near leads, in pieces; only features with such a piece are held to the gate."""
    box, is_odd = measure.boxes_of(batch.wkb)
    wanted = np.flatnonzero(measure.is_near(grid, box) | is_odd)
    rings, is_odd = measure.parse_wkb(batch.wkb, wanted, batch.first_row)
    pieces = measure.cut_large(rings, grid)
    touched = np.flatnonzero(measure.is_near(grid, pieces.box))
    faulty = np.unique(pieces.owner[touched[measure.is_faulty(pieces, touched)]])
    broken = np.concatenate([wanted[is_odd], faulty - batch.first_row])
    if not len(broken):
        return Whole(pieces, {}, {})
    whole = _with_mended(chosen(pieces, np.flatnonzero(~np.isin(pieces.owner, faulty))), batch, broken)
    return whole._replace(pieces=measure.cut_large(whole.pieces, grid))


def read_whole(path: Path, pool: Executor, is_wanted: npt.NDArray[np.bool_]) -> Whole:
    """Every usable shape of the wanted rows of a file, by row."""

    def read(group: RowGroup) -> Whole:
        parts = []
        for batch in batches(group):
            rows = np.flatnonzero(is_wanted[batch.first_row : batch.first_row + len(batch.wkb)])
            parts.append(whole_shapes(batch, rows))
        return joined(parts)

    return joined(list(pool.map(read, row_groups(path))))


def read_pieces(path: Path, pool: Executor) -> Whole:
    """Every usable feature of a file in pieces."""

    def cut(batch: Batch) -> Whole:
        whole = whole_shapes(batch, np.arange(len(batch.wkb)))
        return whole._replace(pieces=measure.cut_large(whole.pieces, None))

    return joined(list(pool.map(lambda group: joined([cut(batch) for batch in batches(group)]), row_groups(path))))


def _with_mended(whole: Rings, batch: Batch, broken: Index) -> Whole:
    if not len(broken):
        return Whole(whole, {}, {})
    mended, repaired, set_aside = mended_rings(batch.wkb, np.sort(broken), batch.first_row)
    both = together([whole, mended])
    return Whole(chosen(both, np.argsort(both.owner, kind="stable")), repaired, set_aside)
