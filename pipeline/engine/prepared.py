"""A layer file prepared once: every feature gated, repaired and cut, in the order of space, as flat arrays in the cache."""

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.cache import ENGINE_VERSION, About, Cache, checksum, code_hash, keep, make_key
from pipeline.engine.rings import Floats, Index, Rings, chosen, no_rings, together

ARRAYS = ("xy", "ring_at", "part", "shape_at", "owner", "box")
NOTES = "notes.json"
TASK_PIECES = 16_384  # pieces worked on together: enough to be worth a task, few enough for little memory


class Whole(NamedTuple):
    """Every usable feature of a file as pieces, and per row what was repaired or why it is set aside."""

    pieces: Rings
    repaired: dict[int, str]
    set_aside: dict[int, str]


NOTHING = Whole(no_rings(), {}, {})


def layer_content(path: Path) -> str:
    """The name of what is in a layer file, as this engine understands it."""
    libraries = [version(name) for name in ("numpy", "numba", "shapely")]  # GEOS, which repairs, comes with shapely
    return make_key("flat", str(ENGINE_VERSION), code_hash(), *libraries, checksum(path))


def prepared_layer(path: Path, content: str, cache: Cache, folder: Path | None, read: Callable[[Path], Whole]) -> Whole:
    """The pieces of a layer file, memory-mapped from `folder` if the cache has them there; else read and kept."""
    if folder is not None:
        try:
            return _load(folder)
        except OSError:  # trimmed by another run a moment ago
            pass
    whole = read(path)
    whole = whole._replace(pieces=chosen(whole.pieces, _order_of_space(whole.pieces.box)))
    about = About("pieces", path.stem, path.name, n=len(whole.pieces))
    if layer_content(path) == content:  # else the file changed while it was read
        keep(cache, content, about, lambda folder: _save(whole, folder))
    return whole


def near_runs(pieces: Rings, is_near: Callable[[Floats], npt.NDArray[np.bool_]]) -> list[Index]:
    """The rows of the pieces whose boxes are near, in runs of TASK_PIECES that lie together."""
    near = np.flatnonzero(is_near(pieces.box))
    return [near[start : start + TASK_PIECES] for start in range(0, len(near), TASK_PIECES)]


def _order_of_space(box: Floats) -> Index:
    """Along a Z-curve of the boxes' centres (Morton 1966), so that what lies together is read together."""
    centre = (box[:, :2] + box[:, 2:]) / 2
    if not len(centre):
        return np.zeros(0, dtype=np.int64)
    span = np.maximum(centre.max(axis=0) - centre.min(axis=0), 1e-9)
    cells = ((centre - centre.min(axis=0)) / span * (2**20 - 1)).astype(np.uint64)
    code = np.zeros(len(cells), dtype=np.uint64)
    for bit in range(20):
        for axis in (0, 1):
            code |= (cells[:, axis] >> np.uint64(bit) & np.uint64(1)) << np.uint64(2 * bit + axis)
    return np.argsort(code, kind="stable")


def _save(whole: Whole, folder: Path) -> None:
    for name in ARRAYS:
        np.save(folder / f"{name}.npy", getattr(whole.pieces, name))
    notes = {"repaired": whole.repaired, "set_aside": whole.set_aside}
    (folder / NOTES).write_text(json.dumps(notes), encoding="utf-8")


def _load(folder: Path) -> Whole:
    # copy on write: nothing is written, but for read-only arrays the kernel would be compiled a second time
    arrays = [np.asarray(np.load(folder / f"{name}.npy", mmap_mode="c")) for name in ARRAYS]
    notes = json.loads((folder / NOTES).read_text(encoding="utf-8"))
    repaired, set_aside = (
        {int(row): words for row, words in notes[name].items()} for name in ("repaired", "set_aside")
    )
    return Whole(Rings(*arrays), repaired, set_aside)


def joined(parts: list[Whole]) -> Whole:
    """Several runs of one file as one."""
    return Whole(
        together([part.pieces for part in parts]),
        {row: note for part in parts for row, note in part.repaired.items()},
        {row: why for part in parts for row, why in part.set_aside.items()},
    )
