"""conflicts: ground that layers of two ecosystem classes both claim – listed for a person, never decided here."""

from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from pipeline.declare import empty_frame, shape_table
from pipeline.engine.overlay import shared_areas
from pipeline.geometry import AREA_DECIMALS, Shapes, area_m2, is_equal_area, polygons_of, to_crs
from pipeline.tables import CONFLICTS

LAWFUL = ("protected_area", "redline", "permit", "admin")  # they lie over ecosystems by right
MOST_FEATURES = 50_000  # two county surveys; beyond it only the ground under sites is worth the wait
LON_LAT_DECIMALS = 6  # about 0.1 m: enough to find the place
WHOLE_SHARE = 1 - 1e-9  # what differs by less is rounding
SIDES = {"layer": "layer_id", "class": "layer_class", "layer_date": "layer_date"}


def conflicts(layers: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, geographic: pyproj.CRS) -> pd.DataFrame:
    """Table conflicts of `layers` (one row per feature, intake/ground.py lists the columns), CRS in metres.

    Every two layers of different classes that count are compared in the newest version received, protected areas and
    redline left out; two layers that agree have a row too. `sites` (site_id, geometry; same CRS) are those of this
    cycle; `geographic` is the CRS of lon and lat.
    """
    if layers.empty:
        return empty_frame(CONFLICTS)
    claims = _newest(layers[layers["counts"] & ~layers["layer_class"].isin(LAWFUL)])
    versions = claims.drop_duplicates("layer_id").sort_values(["layer_class", "layer_id"])
    is_partial = len(claims) > MOST_FEATURES
    if is_partial:
        claims = claims.iloc[np.unique(claims.sindex.query(sites.geometry.to_numpy(), predicate="intersects")[1])]
    features = {layer_id: claims[claims["layer_id"] == layer_id] for layer_id in versions["layer_id"]}
    sums, pairs = [], []
    for (_, a), (_, b) in combinations(versions.iterrows(), 2):
        if a["layer_class"] != b["layer_class"]:
            summed, listed = _compare(features[a["layer_id"]], features[b["layer_id"]], sites, geographic)
            sums.append({**_words(a, "a"), **_words(b, "b"), **summed, "is_partial": is_partial})
            pairs.append(listed)
    return _ranked(pd.DataFrame(sums), pairs)


def _newest(layers: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Only the newest version of each series; an undated one is the oldest."""
    versions = layers.drop_duplicates("layer_id")
    versions = versions.assign(day=versions["layer_date"].fillna("")).sort_values(["day", "layer_id"])
    return layers[layers["layer_id"].isin(versions.drop_duplicates("series", keep="last")["layer_id"])]


def _words(row: Any, side: str) -> dict[str, Any]:
    return {f"{name}_{side}": row[column] for name, column in SIDES.items()}


def _compare(
    a: gpd.GeoDataFrame, b: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, geographic: pyproj.CRS
) -> tuple[dict[str, Any], pd.DataFrame]:
    """What two layers share: all of it in one row, and a row per pair of features that is no sliver (R04)."""
    pairs = _shared(a, b)
    is_sliver = (pairs["overlap_m2"] < pairs.pop("sliver_m2")) & (pairs["share_of_smaller"] < pairs.pop("sliver_share"))
    slivers, pairs = pairs[is_sliver], pairs[~is_sliver].reset_index(drop=True)
    i, j = pairs.pop("i").to_numpy(), pairs.pop("j").to_numpy()
    pieces = _ground(a.geometry.to_numpy()[i], b.geometry.to_numpy()[j], pairs.pop("whole").to_numpy())
    site_ids = _sites_on(pieces, sites)
    summed = {
        "overlap_m2": area_m2(np.array([shapely.disjoint_subset_union_all(pieces)], dtype=object), a.crs)[0],
        "n_pairs": len(pairs),
        "n_slivers": len(slivers),
        "sliver_m2": slivers["overlap_m2"].sum(),
        "site_ids": sorted({site_id for own in site_ids for site_id in own}),
    }
    points = to_crs(shapely.point_on_surface(pieces), a.crs, geographic)
    return summed, pairs.assign(
        site_ids=pd.Series(site_ids, index=pairs.index, dtype=object),
        is_within_accuracy=shapely.is_empty(shapely.buffer(pieces, -pairs.pop("accuracy_m").to_numpy() / 2)),
        lon=shapely.get_x(points).round(LON_LAT_DECIMALS),
        lat=shapely.get_y(points).round(LON_LAT_DECIMALS),
    )


def _shared(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> pd.DataFrame:
    """Every pair of features that shares ground: rows i of `a` and j of `b`, words, areas, which lies whole in the other."""
    shapes_a, shapes_b = a.geometry.to_numpy(), b.geometry.to_numpy()
    i, j, shared_m2 = shared_areas(shapes_a, shapes_b)
    if not is_equal_area(a.crs):
        shared_m2 = area_m2(shapely.intersection(shapes_a[i], shapes_b[j]), a.crs)
    shared_m2 = shared_m2.round(AREA_DECIMALS)
    is_ground = shared_m2 > 0  # less is the rounding of a common border
    i, j, shared_m2 = i[is_ground], j[is_ground], shared_m2[is_ground]
    of_a, of_b = a.iloc[i].reset_index(drop=True), b.iloc[j].reset_index(drop=True)
    a_m2, b_m2 = _own_m2(shapes_a, i, a.crs), _own_m2(shapes_b, j, b.crs)
    share = np.minimum(shared_m2 / np.minimum(a_m2, b_m2), 1.0)
    return pd.DataFrame(
        {
            "i": i, "j": j, **_words(of_a, "a"), **_words(of_b, "b"),
            "feature_a": of_a["feature_key"], "feature_b": of_b["feature_key"],
            "name_a": of_a["name"], "name_b": of_b["name"],
            "overlap_m2": shared_m2,
            "share_of_smaller": share,
            "whole": np.where(share < WHOLE_SHARE, "", np.where(a_m2 <= b_m2, "a", "b")),
            "sliver_m2": np.minimum(of_a["sliver_m2"], of_b["sliver_m2"]),
            "sliver_share": np.minimum(of_a["sliver_share"], of_b["sliver_share"]),
            "accuracy_m": np.hypot(of_a["position_accuracy_m"], of_b["position_accuracy_m"]),
        }
    )  # fmt: skip


def _ground(a: Shapes, b: Shapes, whole: npt.NDArray[np.object_]) -> Shapes:
    """The polygons that a[k] and b[k] share; `whole` names the side that lies inside the other, which needs no cutting."""
    pieces = np.where(whole == "a", a, b)
    cut = whole == ""
    pieces[cut] = shapely.intersection(a[cut], b[cut])
    for k in np.flatnonzero(~np.isin(shapely.get_type_id(pieces), (3, 6))):
        pieces[k] = polygons_of(pieces[k])  # edges that only touch fall away
    return pieces


def _own_m2(shapes: Shapes, rows: npt.NDArray[np.intp], crs: pyproj.CRS) -> Any:
    """Area of shapes[rows], each shape measured once."""
    own, place = np.unique(rows, return_inverse=True)
    return area_m2(shapes[own], crs)[place]


def _sites_on(pieces: Shapes, sites: gpd.GeoDataFrame) -> list[list[str]]:
    """Per piece the site_ids that lie on it; a common border is not enough."""
    shapes, ids = sites.geometry.to_numpy(), sites["site_id"].to_numpy()
    found: list[list[str]] = [[] for _ in pieces]
    i, j = shapely.STRtree(pieces).query(shapes, predicate="intersects")
    is_on = ~shapely.touches(shapes[i], pieces[j])
    for site, piece in zip(i[is_on], j[is_on], strict=True):
        found[piece].append(str(ids[site]))
    return [sorted(own) for own in found]


def _ranked(sums: pd.DataFrame, pairs: list[pd.DataFrame]) -> pd.DataFrame:
    """The sums, then the pairs: first those with sites, then the largest."""
    if sums.empty:
        return empty_frame(CONFLICTS)
    listed = [frame for frame in pairs if len(frame)]
    rows = pd.concat([sums.assign(level="layers"), *(frame.assign(level="features") for frame in listed)])
    rows = rows.reindex(columns=CONFLICTS.names)
    rows["n_sites"] = rows["site_ids"].map(len)
    order = ["level", "n_sites", "overlap_m2", "layer_a", "layer_b", "feature_a", "feature_b"]
    rows = rows.sort_values(order, ascending=[False] * 3 + [True] * 4, kind="stable", ignore_index=True)
    return shape_table(rows.assign(rank=range(1, len(rows) + 1)), CONFLICTS)
