"""What lies round a question on its small map, drawn quietly: other sites, known cases, and where townships meet."""

from typing import Any, NamedTuple

import geopandas as gpd
import shapely

from pipeline.publish.imagery_pixels import Bounds
from pipeline.publish.review_evidence import Row
from pipeline.publish.review_map import Drawn
from pipeline.publish.rows import Tables

MOST_AROUND = 40  # other sites and cases on one map


class Around(NamedTuple):
    """All sites, located cases and townships, each kind with a tree to find those on one map."""

    ids: list[str]
    near: list[Drawn]
    near_tree: Any
    towns: list[Drawn]
    borders: Any  # a tree of the outlines of `towns`


def gather_around(tables: Tables, towns: gpd.GeoDataFrame) -> Around:
    """Everything that may lie round a question; `towns` (town, geometry) and the tables are in one CRS, metres."""
    ids, near = [], []
    for name, key, style in (("sites", "site_id", "near"), ("cases", "problem_id", "near case")):
        rows = tables[name][tables[name]["geometry"].notna()]
        ids += rows[key].tolist()
        near += [Drawn(shape, style, is_asked=False) for shape in rows["geometry"]]
    outlines = [
        Drawn(shape, "town", name, is_asked=False)
        for name, shape in zip(towns["town"], towns.geometry, strict=True)
        if shape is not None
    ]
    trees = (shapely.STRtree([one.shape for one in near]), shapely.STRtree([one.shape.boundary for one in outlines]))
    return Around(ids, near, trees[0], outlines, trees[1])


def others_on(frame: Bounds, question: Row, around: Around) -> list[Drawn]:
    """The sites and cases in `frame` that the question is not about."""
    own = {*question["site_ids"], *question["problem_ids"]}
    rows = sorted(around.near_tree.query(shapely.box(*frame)).tolist())
    return [around.near[k] for k in rows if around.ids[k] not in own][:MOST_AROUND]


def towns_on(frame: Bounds, around: Around) -> list[Drawn]:
    """The townships whose outline is seen in `frame`, each with its name as mark."""
    rows = around.borders.query(shapely.box(*frame), predicate="intersects").tolist()
    return [around.towns[k] for k in sorted(rows)]
