"""Areas once measured are kept per lead and layer content, so that a later run measures only what is new."""

import hashlib
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.cache import About, Cache, find, keep, make_key
from pipeline.engine.layer_files import RowGroup, batches, row_groups
from pipeline.engine.rings import Floats

MOST_ROWS = 4_000_000  # about 100 MB a layer; of more, those of this run stay

NAME_BYTES = 16

Names = npt.NDArray[np.uint64]


def lead_names(leads: Path, pool: Executor) -> Names:
    """128 bits per row of a leads file: equal for equal shapes, byte for byte."""

    def read(group: RowGroup) -> bytes:
        return b"".join(
            hashlib.blake2b(cell or b"", digest_size=NAME_BYTES).digest()
            for batch in batches(group)
            for cell in batch.wkb.to_numpy(zero_copy_only=False)
        )

    return np.frombuffer(b"".join(pool.map(read, row_groups(leads))), dtype=np.uint64).reshape(-1, 2)


def recall(cache: Cache | None, content: str, names: Names | None, n: int) -> Floats:
    """m² of each of n leads on the layer `content`, NaN where it is not known."""
    areas_m2 = np.full(n, np.nan)
    kept = None if cache is None else _kept(cache, content)
    if names is None or kept is None or not len(kept[0]):
        return areas_m2
    known, known_m2 = kept
    at = np.minimum(np.searchsorted(known[:, 0], names[:, 0]), len(known) - 1)
    is_known = (known[at] == names).all(axis=1)
    areas_m2[is_known] = known_m2[at[is_known]]
    return areas_m2


def remember(cache: Cache, content: str, title: str, names: Names, areas_m2: Floats) -> None:
    """Keep the m² (0 where they share nothing, NaN is not kept) of leads on a layer, beside what is kept of other leads."""
    measured = ~np.isnan(areas_m2)
    names, areas_m2 = names[measured], areas_m2[measured]
    kept = _kept(cache, content)
    if kept is not None and len(kept[0]) + len(names) <= MOST_ROWS:
        names, areas_m2 = np.concatenate([names, kept[0]]), np.concatenate([areas_m2, kept[1]])
    _, first = np.unique(names[:, 0], return_index=True)  # two leads with one half of a name: one is measured again

    def write(folder: Path) -> None:
        np.save(folder / "names.npy", names[first])
        np.save(folder / "areas_m2.npy", areas_m2[first])

    keep(cache, _key(content), About("rows", title, title, n=len(first)), write, is_update=True)


def _kept(cache: Cache, content: str) -> tuple[Names, Floats] | None:
    folder = find(cache, _key(content))
    if folder is None:
        return None
    try:
        return np.load(folder / "names.npy"), np.load(folder / "areas_m2.npy")
    except OSError:  # trimmed by another run a moment ago
        return None


def _key(content: str) -> str:
    return make_key("rows", content)
