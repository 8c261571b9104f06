"""Features of many vertices cut into pieces of few, by shapely: every piece a valid polygon, together the same ground."""

import numpy as np
import numpy.typing as npt
import shapely

from pipeline.engine.rings import Index
from pipeline.geometry import Shapes

MOST_VERTICES = 256  # GEOS needs least time per pair between 128 and 512
NO_GAIN = 0.9  # a tile with more of its shape's vertices than this is not worth another cut
TILES = 4  # along a side: every cut nodes each vertex once, so few deep cuts cost more than many shallow ones
POLYGON, COLLECTIONS = 3, (6, 7)


def cut_shapes(features: Shapes, subjects: Shapes, reach_m: float) -> tuple[Shapes, Index]:
    """(pieces, owner): the features, those of more than MOST_VERTICES in pieces, as far as they can matter to a subject.

    Only pieces whose box comes within `reach_m` of a subject's box are kept of a cut feature. A piece depends on its
    feature alone, so that what is measured of a subject never hangs on other subjects.
    """
    owner = np.arange(len(features))
    is_large = shapely.get_num_coordinates(features) > MOST_VERTICES
    if not is_large.any():
        return features, owner
    left, bottom, right, top = shapely.bounds(subjects).T
    tree = shapely.STRtree(shapely.box(left - reach_m, bottom - reach_m, right + reach_m, top + reach_m))
    done, done_owner = [features[~is_large]], [owner[~is_large]]
    shapes, own = features[is_large], owner[is_large]
    while len(shapes):
        shapes, own = _near(shapes, own, tree)
        is_small = shapely.get_num_coordinates(shapes) <= MOST_VERTICES
        done, done_owner = [*done, shapes[is_small]], [*done_owner, own[is_small]]
        shapes, own, is_final = _tiled(shapes[~is_small], own[~is_small], tree)
        done, done_owner = [*done, shapes[is_final]], [*done_owner, own[is_final]]
        shapes, own = shapes[~is_final], own[~is_final]
    return np.concatenate(done), np.concatenate(done_owner)


def only_areas(shapes: Shapes) -> Shapes:
    """What covers ground of shapes that an intersection gave: polygons or multipolygons, None where there is none."""
    made = shapes.copy()
    mixed = np.flatnonzero(~np.isin(shapely.get_type_id(shapes), (-1, POLYGON)))
    made[mixed] = None
    rows, parts = mixed, shapes[mixed]
    while np.isin(shapely.get_type_id(parts), COLLECTIONS).any():
        parts, of = shapely.get_parts(parts, return_index=True)
        rows = rows[of]
    is_area = shapely.get_type_id(parts) == POLYGON
    rows, parts = rows[is_area], parts[is_area]
    if len(rows):
        found, dense = np.unique(rows, return_inverse=True)
        made[found] = shapely.multipolygons(parts, indices=dense)
    made[shapely.is_empty(made)] = None
    return made


def _near(shapes: Shapes, owner: Index, tree: shapely.STRtree) -> tuple[Shapes, Index]:
    near = np.unique(tree.query(shapely.box(*shapely.bounds(shapes).T))[0])
    return shapes[near], owner[near]


def _tiled(shapes: Shapes, owner: Index, tree: shapely.STRtree) -> tuple[Shapes, Index, npt.NDArray[np.bool_]]:
    """What lies of each shape in each tile of its box that a subject can reach, shape by shape, and what stays as it is.

    Where very many edges meet in a point no cut gains anything.
    """
    left, bottom, right, top = shapely.bounds(shapes).T
    steps = np.linspace(0, 1, TILES + 1)
    x, y = left[:, None] + (right - left)[:, None] * steps, bottom[:, None] + (top - bottom)[:, None] * steps
    which = np.repeat(np.arange(len(shapes)), TILES * TILES)
    column, row = (
        np.tile(np.arange(TILES), len(shapes) * TILES),
        np.tile(np.repeat(np.arange(TILES), TILES), len(shapes)),
    )
    tiles = shapely.box(x[which, column], y[which, row], x[which, column + 1], y[which, row + 1])
    near = np.unique(tree.query(tiles)[0])
    pieces = only_areas(shapely.intersection(shapes[which[near]], tiles[near]))
    has_area = ~shapely.is_missing(pieces)
    pieces, of = pieces[has_area], which[near][has_area]
    is_final = shapely.get_num_coordinates(pieces) > NO_GAIN * shapely.get_num_coordinates(shapes)[of]
    return pieces, owner[of], is_final
