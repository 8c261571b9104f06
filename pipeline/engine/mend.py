"""Shapes made plain and valid by shapely, with a word on each: what the compiled road cannot take as it is."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.engine import measure
from pipeline.engine.rings import Index, Rings

UNREADABLE, EMPTY, NOT_FINITE, NO_AREA = "unreadable", "empty", "not finite", "no area"
RING_CLOSED = "ring closed"
GEOMETRY_COLLECTION = 7


class Sound(NamedTuple):
    """Valid polygons (None where a shape is set aside), and per row what was repaired or why it is set aside."""

    shapes: npt.NDArray[np.object_]
    repaired: dict[int, str]
    set_aside: dict[int, str]


def sound_shapes(column: pa.Array) -> Sound:
    """Every row of a WKB column as a valid 2D polygon or multipolygon, by make_valid (structure)."""
    import shapely

    from pipeline.geometry import polygons_of, repair

    wkb = column.to_numpy(zero_copy_only=False)
    strict = shapely.from_wkb(wkb, on_invalid="ignore")
    was_open = shapely.is_missing(strict)
    shapes = shapely.force_2d(np.where(was_open, shapely.from_wkb(wkb, on_invalid="fix"), strict))
    is_finite = np.array([bool(np.isfinite(shapely.get_coordinates(shape)).all()) for shape in shapes], dtype=bool)
    is_empty = shapely.is_empty(shapes) | np.array([cell is None for cell in wkb], dtype=bool)
    reasons = np.select([is_empty, shapely.is_missing(shapes), ~is_finite], [EMPTY, UNREADABLE, NOT_FINITE], default="")
    usable: npt.NDArray[np.object_] = np.array(shapes, dtype=object)
    usable[reasons != ""] = None
    whole, notes = repair(usable)
    for row in np.flatnonzero(shapely.get_type_id(whole) == GEOMETRY_COLLECTION):
        whole[row] = polygons_of(whole[row])
    has_area = np.array([shape is not None and shape.area > 0 for shape in whole], dtype=bool)
    whole[~has_area] = None
    reasons[(reasons == "") & ~has_area] = NO_AREA
    words = [note or (RING_CLOSED if is_open else "") for note, is_open in zip(notes, was_open, strict=True)]
    repaired = {row: word for row, word in enumerate(words) if word and has_area[row]}
    return Sound(whole, repaired, {row: str(why) for row, why in enumerate(reasons) if why})


def mended_rings(column: pa.Array, rows: Index, first_owner: int) -> tuple[Rings, dict[int, str], dict[int, str]]:
    """The shapes of `rows` as Rings with owner = first_owner + row; what was repaired and what is set aside, by owner."""
    import shapely

    sound = sound_shapes(column.take(pa.array(rows)))
    kept = np.flatnonzero(~shapely.is_missing(sound.shapes))
    plain = pa.array(shapely.to_wkb(sound.shapes[kept], byte_order=1), pa.large_binary())
    rings, is_odd = measure.parse_wkb(plain, np.arange(len(plain)))
    assert not is_odd.any()
    owner = first_owner + rows.astype(np.int64)
    repaired, set_aside = (
        {int(owner[k]): words for k, words in notes.items()} for notes in (sound.repaired, sound.set_aside)
    )
    made = Rings(rings.xy, rings.ring_at, rings.part, rings.shape_at, owner[kept], rings.box)
    return made, repaired, set_aside
