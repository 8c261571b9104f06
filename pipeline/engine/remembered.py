"""Areas once measured are kept per lead and layer content, so that a later run measures only what is new."""

import json
from concurrent.futures import Executor
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_128_digest

from pipeline.cache import ENGINE_VERSION, About, Cache, code_hash, find, keep, make_key
from pipeline.engine import measure
from pipeline.engine.layer_files import RowGroup, batches, row_groups
from pipeline.engine.rings import Floats

MOST_ROWS = 4_000_000  # about 100 MB a layer; of more, those of this run stay

REPAIRED = "repaired.json"

Names = npt.NDArray[np.uint64]


class Memory:
    """What is remembered in a cache of the leads of one file."""

    def __init__(self, cache: Cache, leads: Path, pool: Executor) -> None:
        self._cache = cache
        self._names = _lead_names(leads, pool)

    def recall(self, content: str) -> Floats:
        """m² of each lead on the layer `content`, NaN where it is not known."""
        areas_m2 = np.full(len(self._names), np.nan)
        kept = _kept(self._cache, _key(content))
        if kept is None or not len(kept[0]):
            return areas_m2
        known, known_m2 = kept
        at = np.minimum(np.searchsorted(known[:, 0], self._names[:, 0]), len(known) - 1)
        is_known = (known[at] == self._names).all(axis=1)
        areas_m2[is_known] = known_m2[at[is_known]]
        return areas_m2

    def remember(self, content: str, title: str, areas_m2: Floats) -> None:
        """Keep the m² (0 where they share nothing, NaN is not kept) of the leads on a layer, beside those of others."""
        measured = ~np.isnan(areas_m2)
        names, areas_m2 = self._names[measured], areas_m2[measured]
        kept = _kept(self._cache, _key(content))
        if kept is not None and len(kept[0]) + len(names) <= MOST_ROWS:
            names, areas_m2 = np.concatenate([names, kept[0]]), np.concatenate([areas_m2, kept[1]])
        _, first = np.unique(names[:, 0], return_index=True)  # two leads with one half of a name: one is measured again

        def write(folder: Path) -> None:
            np.save(folder / "names.npy", names[first])
            np.save(folder / "areas_m2.npy", areas_m2[first])

        keep(self._cache, _key(content), About("rows", title, title, n=len(first)), write, is_update=True)

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


def _lead_names(leads: Path, pool: Executor) -> Names:
    """128 bits per row of a leads file: equal for equal shapes, byte for byte."""

    def read(group: RowGroup) -> bytes:
        names = []
        for batch in batches(group):
            data, at = measure.buffers(batch.wkb)
            cells, ends = memoryview(data), at[: len(batch.wkb) + 1].tolist()  # type: ignore[arg-type]  # from 3.12 a Buffer
            names += [xxh3_128_digest(cells[start:end]) for start, end in pairwise(ends)]
        return b"".join(names)

    return np.frombuffer(b"".join(pool.map(read, row_groups(leads))), dtype=np.uint64).reshape(-1, 2)


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
