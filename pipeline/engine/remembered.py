"""Areas once measured are kept per lead and layer content, so that a later run measures only what is new."""

import json
from collections.abc import Iterator
from concurrent.futures import Executor
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_128_digest

from pipeline.cache import ENGINE_VERSION, About, Cache, code_hash, find, keep, make_key
from pipeline.engine import measure
from pipeline.engine.layer_files import RowGroup, batches, row_groups
from pipeline.engine.rings import Floats, Index

MOST_ROWS = 4_000_000  # about 100 MB a layer; of more, those of this run stay

REPAIRED = "repaired.json"

Names = npt.NDArray[np.uint64]


class Memory:
    """What is remembered in a cache of the leads of one file."""

    def __init__(self, cache: Cache, leads: Path, pool: Executor) -> None:
        self._cache = cache
        self._reading = _lead_names(leads, pool)  # begins now, while others load
        self._kept: dict[str, tuple[Names, Floats]] = {}  # by content: read once, and added to

    @cached_property
    def _names(self) -> Names:
        return np.frombuffer(b"".join(self._reading), dtype=np.uint64).reshape(-1, 2)

    @cached_property
    def _order(self) -> Index:
        return np.argsort(self._names[:, 0], kind="stable")

    def recall(self, content: str) -> Floats:
        """m² of each lead on the layer `content`, NaN where it is not known."""
        areas_m2 = np.full(len(self._names), np.nan)
        kept = _kept(self._cache, _key(content))
        if kept is None or not len(kept[0]):
            return areas_m2
        self._kept[content] = kept
        at, is_known = self._places_in(kept[0])
        areas_m2[is_known] = kept[1][at[is_known]]
        return areas_m2

    def _places_in(self, known: Names) -> tuple[Index, npt.NDArray[np.bool_]]:
        """Where each lead would stand among `known` (sorted), and whether it stands there; in order a search is quick."""
        at = np.empty(len(self._names), dtype=np.int64)
        at[self._order] = np.searchsorted(known[:, 0], self._names[self._order, 0])
        return at, (known[np.minimum(at, len(known) - 1)] == self._names).all(axis=1)

    def remember(self, content: str, title: str, areas_m2: Floats) -> None:
        """Keep the m² (0 where they share nothing, NaN is not kept) of the leads on a layer, beside those of others."""
        is_new = ~np.isnan(areas_m2)
        names, kept_m2 = self._kept.get(content, (self._names[:0], areas_m2[:0]))
        if len(names):
            is_new &= ~self._places_in(names)[1]
            if not is_new.any():
                return
        if len(names) + is_new.sum() > MOST_ROWS:  # those of this run stay
            names, kept_m2, is_new = names[:0], kept_m2[:0], ~np.isnan(areas_m2)
        # two leads with one half of a name: one of them is measured again
        new, first = np.unique(self._names[is_new, 0], return_index=True)
        at = np.searchsorted(names[:, 0], new)
        is_free = np.ones(len(new), dtype=bool) if not len(names) else names[np.minimum(at, len(names) - 1), 0] != new
        rows = np.flatnonzero(is_new)[first[is_free]]
        names = np.insert(names, at[is_free], self._names[rows], axis=0)
        kept_m2 = np.insert(kept_m2, at[is_free], areas_m2[rows])

        def write(folder: Path) -> None:
            np.save(folder / "names.npy", names)
            np.save(folder / "areas_m2.npy", kept_m2)

        keep(self._cache, _key(content), About("rows", title, title, n=len(names)), write, is_update=True)

    def all_repaired(self, new: dict[int, str]) -> dict[int, str]:
        """Row → what was repaired of each lead of the file: `new` is kept, and joined by what earlier runs kept."""
        key = make_key("repaired leads", str(ENGINE_VERSION), code_hash())
        folder = find(self._cache, key)
        try:
            old = {} if folder is None else json.loads((folder / REPAIRED).read_text(encoding="utf-8"))
        except OSError:  # trimmed by another run a moment ago
            old = {}
        names = [name.tobytes().hex() for name in self._names] if old or new else []
        both = {**old, **{names[row]: words for row, words in new.items()}}
        if both != old:
            text = json.dumps(both)
            about = About("repaired leads", "leads", "", n=len(both))

            def write(folder: Path) -> None:
                (folder / REPAIRED).write_text(text, encoding="utf-8")

            keep(self._cache, key, about, write, is_update=True)
        return {row: both[name] for row, name in enumerate(names) if name in both}


def _lead_names(leads: Path, pool: Executor) -> Iterator[bytes]:
    """128 bits per row of a leads file, row group by row group: equal for equal shapes, byte for byte."""

    def read(group: RowGroup) -> bytes:
        names = []
        for batch in batches(group):
            data, at = measure.buffers(batch.wkb)
            cells, ends = memoryview(data), at[: len(batch.wkb) + 1].tolist()  # type: ignore[arg-type]  # from 3.12 a Buffer
            names += [xxh3_128_digest(cells[start:end]) for start, end in pairwise(ends)]
        return b"".join(names)

    return pool.map(read, row_groups(leads))


def _kept(cache: Cache, key: str) -> tuple[Names, Floats] | None:
    folder = find(cache, key)
    if folder is None:
        return None
    try:
        return np.load(folder / "names.npy"), np.load(folder / "areas_m2.npy")
    except OSError:  # trimmed by another run a moment ago
        return None


def _key(content: str) -> str:
    return make_key("rows", content)
