"""Two rules of other systems on the same polygons, for the comparison: union-find within 100 m, and 95/30.

Each takes leads (lead_id, period, received, geometry in metres) and gives the group of each as a list of ints.
"""

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.merge_scores import components

NEAR_M = 100.0
KNOWN_SHARE = 0.30  # of a lead's ground that no earlier period covered
TOUCH_M = 1e-4  # a lead is shrunk by this, so that touching alone is no overlap


def within_100_m(leads: gpd.GeoDataFrame) -> list[int]:
    """All that lies within 100 m of each other, directly or over others, is one."""
    shapes = leads.geometry.to_numpy()
    pairs = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=NEAR_M)
    return components(len(shapes), zip(*pairs.tolist(), strict=True))


def rule_95_30(leads: gpd.GeoDataFrame) -> list[int]:
    """A lead of which earlier periods leave at most 30 % is known and joins what covers most of it; else it is new.

    Between 30 and 95 % the rule keeps the new part, above 95 % the whole: for who belongs to whom that is one thing.
    """
    shapes, periods = leads.geometry.to_numpy(), leads["period"].to_numpy()
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    is_earlier = periods[right] < periods[left]
    left, right = left[is_earlier], right[is_earlier]
    shrunk = shapely.buffer(shapes, -TOUCH_M)
    links = []
    for lead in np.unique(left):
        known = right[left == lead]
        common_m2 = shapely.area(shapely.intersection(shrunk[lead], shapes[known]))
        remains = shapely.difference(shrunk[lead], shapely.union_all(shapes[known])).area / shrunk[lead].area
        if remains <= KNOWN_SHARE:
            links.append((int(lead), int(known[common_m2.argmax()])))
    return components(len(shapes), links)


RIVALS = {"within 100 m": within_100_m, "95/30": rule_95_30}
