"""What a layer file and leads share: pairs from the streamed or the prepared layer, and the union of each lead."""

from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.engine import measure
from pipeline.engine.layer_files import RowGroup, batches, near_pieces, row_groups
from pipeline.engine.prepared import Whole, near_runs
from pipeline.engine.rings import Floats, Index, Rings, chosen, together

KEPT_SHARE = 0.5  # copying costs more time than the rest costs memory
UNION_LEADS = 8192  # leads per slice of the union: enough slices for every thread, few enough to hand out


class LayerHits(NamedTuple):
    """Pairs of a lead and a piece that share ground, the pieces that were hit, and the features repaired or set aside."""

    found: measure.Hits
    pieces: Rings
    repaired: dict[int, str]
    set_aside: dict[int, str]


def streamed_hits(path: Path, leads: Rings, grid: measure.Grid, pool: Executor) -> LayerHits:
    """Every pair of a layer file, read a few thousand rows at a time."""
    return _joined(list(pool.map(partial(_streamed, leads=leads, grid=grid), row_groups(path))))


def prepared_hits(layer: Whole, leads: Rings, grid: measure.Grid, pool: Executor) -> LayerHits:
    """Every pair of a prepared layer."""
    runs = near_runs(layer.pieces, partial(measure.is_near, grid))
    made = list(pool.map(lambda run: measure.hits(leads, grid, layer.pieces, run), runs))
    return LayerHits(measure.all_hits(made), layer.pieces, layer.repaired, layer.set_aside)


def layer_unions(layer: LayerHits, leads: Rings, own_m2: Floats, pool: Executor) -> tuple[Index, Floats]:
    """(row in the leads file, m² of the union) of every lead that was hit."""
    found = layer.found.rows(np.argsort(layer.found.i, kind="stable"))
    cuts = np.searchsorted(found.i, np.arange(0, len(leads) + UNION_LEADS, UNION_LEADS))

    def united(k: int) -> tuple[Index, Floats]:
        part = found.rows(slice(cuts[k], cuts[k + 1]))
        _, group = np.unique(part.i, return_inverse=True)
        return measure.unions_m2(leads, own_m2, layer.pieces, part, group)

    made = list(pool.map(united, range(len(cuts) - 1)))
    rows: Index = leads.owner[np.concatenate([lead for lead, _ in made])]
    return rows, np.concatenate([area_m2 for _, area_m2 in made])


def _streamed(group: RowGroup, leads: Rings, grid: measure.Grid) -> LayerHits:
    """One row group, a batch at a time, so that only what was hit stays in memory."""
    made = []
    for batch in batches(group):
        near = near_pieces(batch, grid)
        made.append(_hit(near.pieces, leads, grid)._replace(repaired=near.repaired, set_aside=near.set_aside))
    return _joined(made)


def _hit(pieces: Rings, leads: Rings, grid: measure.Grid) -> LayerHits:
    """The pairs of some pieces; where hardly half of them were hit, only those are kept."""
    found = measure.hits(leads, grid, pieces, np.arange(len(pieces)))
    if len(found.piece) and len(np.unique(found.piece)) > KEPT_SHARE * len(pieces):
        return LayerHits(found, pieces, {}, {})
    hit, piece = np.unique(found.piece, return_inverse=True)
    return LayerHits(found._replace(piece=piece.astype(np.int64)), chosen(pieces, hit), {}, {})


def _joined(parts: list[LayerHits]) -> LayerHits:
    """Several parts as one, pieces renumbered."""
    start = np.cumsum([0] + [len(part.pieces) for part in parts])
    found = measure.all_hits([part.found._replace(piece=part.found.piece + start[k]) for k, part in enumerate(parts)])
    repaired = {row: note for part in parts for row, note in part.repaired.items()}
    set_aside = {row: why for part in parts for row, why in part.set_aside.items()}
    return LayerHits(found, together([part.pieces for part in parts]), repaired, set_aside)
