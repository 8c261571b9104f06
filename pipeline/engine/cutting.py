"""Features of many vertices cut into pieces of few, by shapely: every piece a valid polygon, together the same ground."""

import numpy as np
import shapely

from pipeline.engine.rings import Index
from pipeline.geometry import Shapes, polygons_of

MOST_VERTICES = 256  # GEOS needs least time per pair between 128 and 512


def cut_shapes(features: Shapes, subjects: Shapes, reach_m: float) -> tuple[Shapes, Index]:
    """(pieces, owner): the features, those of more than MOST_VERTICES in pieces, as far as they can matter to a subject.

    Only pieces whose box comes within `reach_m` of a subject's box are kept of a cut feature. Halves are cut along the
    longer side of the box, again and again.
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
        boxes = shapely.bounds(shapes)
        near = np.unique(tree.query(shapely.box(*boxes.T))[0])
        shapes, own, boxes = shapes[near], own[near], boxes[near]
        is_small = shapely.get_num_coordinates(shapes) <= MOST_VERTICES
        done, done_owner = [*done, shapes[is_small]], [*done_owner, own[is_small]]
        shapes, own = _halved(shapes[~is_small], own[~is_small])
    return np.concatenate(done), np.concatenate(done_owner)


def _halved(shapes: Shapes, owner: Index) -> tuple[Shapes, Index]:
    """Each shape as what lies in either half of its box."""
    left, bottom, right, top = shapely.bounds(shapes).T
    is_wide = right - left >= top - bottom
    middle_x, middle_y = np.where(is_wide, (left + right) / 2, right), np.where(is_wide, top, (bottom + top) / 2)
    first = shapely.box(left, bottom, middle_x, middle_y)
    second = shapely.box(np.where(is_wide, middle_x, left), np.where(is_wide, bottom, middle_y), right, top)
    halves = np.concatenate([shapely.intersection(shapes, first), shapely.intersection(shapes, second)])
    own = np.concatenate([owner, owner])
    order = np.argsort(own, kind="stable")
    halves, own = halves[order], own[order]
    for k in np.flatnonzero(~np.isin(shapely.get_type_id(halves), (3, 6))):
        halves[k] = polygons_of(halves[k])
    keep = ~(shapely.is_missing(halves) | shapely.is_empty(halves))
    return halves[keep], own[keep]
