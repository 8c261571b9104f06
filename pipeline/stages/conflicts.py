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
from pipeline.engine.cutting import cut_shapes, only_areas
from pipeline.engine.overlay import shared_areas
from pipeline.engine.pieces import cut_features
from pipeline.geometry import AREA_DECIMALS, Shapes, area_m2, is_equal_area, polygons_of, to_crs
from pipeline.tables import CONFLICTS

LAWFUL = ("protected_area", "redline", "permit", "admin")  # they lie over ecosystems by right
MOST_FEATURES = 50_000  # two county surveys; beyond it only the ground round sites is worth the wait
NEAR_SITES_M = 50.0  # wider than two maps of the same border stand apart, so that an inexact border still shows as one
LON_LAT_DECIMALS = 6  # about 0.1 m: enough to find the place
WHOLE_SHARE = 1 - 1e-9  # what differs by less is rounding
SIDES = {"layer": "layer_id", "class": "layer_class", "layer_date": "layer_date"}


def conflicts(
    layers: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, geographic: pyproj.CRS, versions: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Table conflicts of `layers` (one row per feature or piece of one, intake/ground.py lists the columns), CRS in metres.

    Every two layers that count and are of different classes, neither protected area, redline nor permit, are compared in the
    newest version received; two that agree have a row too. Rows of one layer_id and feature_key are one feature. `sites`
    (site_id, geometry; same CRS) are those of this cycle; `geographic` is the CRS of lon and lat. `versions` has every
    layer that was read, also those without a feature (intake/overlays.py: versions_of); else those of `layers` are all.
    """
    if layers.empty:
        return empty_frame(CONFLICTS)
    newest = _newest(layers.drop_duplicates("layer_id").assign(is_near_leads=False) if versions is None else versions)
    claims = layers[layers["layer_id"].isin(newest["layer_id"])]
    claims = claims.assign(number=claims.groupby(["layer_id", "feature_key"], sort=False).ngroup())
    feature_m2 = _feature_m2(claims)
    is_too_many = len(feature_m2) > MOST_FEATURES
    if is_too_many:
        claims = _near_sites(claims, sites)
    features = {  # cut once: a giant against thousands takes hours otherwise
        layer_id: cut_features(claims[claims["layer_id"] == layer_id], claims[claims["layer_id"] != layer_id], 0.0)
        for layer_id in newest["layer_id"]
    }
    sums, pairs = [], []
    for (_, a), (_, b) in combinations(newest.iterrows(), 2):
        if a["layer_class"] != b["layer_class"]:
            summed, listed = _compare(features[a["layer_id"]], features[b["layer_id"]], feature_m2, sites, geographic)
            is_partial = is_too_many or bool(a["is_near_leads"] or b["is_near_leads"])
            sums.append({**_words(a, "a"), **_words(b, "b"), **summed, "is_partial": is_partial})
            pairs.append(listed.assign(is_partial=is_partial))
    return _ranked(pd.DataFrame(sums), pairs)


def _newest(versions: pd.DataFrame) -> pd.DataFrame:
    """The newest version of each series that can conflict, by class; an undated one is the oldest."""
    claims = versions[versions["counts"] & ~versions["layer_class"].isin(LAWFUL)]
    by_day = claims.assign(day=claims["layer_date"].fillna("")).sort_values(["day", "layer_id"])
    return by_day.drop_duplicates("series", keep="last").sort_values(["layer_class", "layer_id"])


def _near_sites(claims: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """`claims` cut to the ground within NEAR_SITES_M of a site; a feature may then have several rows, disjoint ones."""
    round_sites = shapely.buffer(sites.geometry.to_numpy(), NEAR_SITES_M, quad_segs=2)
    near = shapely.get_parts(shapely.disjoint_subset_union_all(round_sites))
    pieces, owner = cut_shapes(claims.geometry.to_numpy(), near, 0.0)
    i, j = shapely.STRtree(pieces).query(near, predicate="intersects")
    order = np.lexsort((i, j, owner[j]))
    i, j = i[order], j[order]
    ground = only_areas(shapely.intersection(near[i], pieces[j]))
    is_area = ~shapely.is_missing(ground)
    return claims.iloc[owner[j[is_area]]].set_geometry(ground[is_area], crs=claims.crs)


def _words(row: Any, side: str) -> dict[str, Any]:
    return {f"{name}_{side}": row[column] for name, column in SIDES.items()}


def _compare(
    a: gpd.GeoDataFrame,
    b: gpd.GeoDataFrame,
    feature_m2: dict[int, float],
    sites: gpd.GeoDataFrame,
    geographic: pyproj.CRS,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """What two layers share: all of it in one row, and a row per pair of features that is no sliver (R04)."""
    shared = _shared(a, b)
    pairs = _of_features(shared, a, b, feature_m2)
    is_sliver = (pairs["overlap_m2"] < pairs.pop("sliver_m2")) & (pairs["share_of_smaller"] < pairs.pop("sliver_share"))
    slivers, pairs = pairs[is_sliver], pairs[~is_sliver]
    shared = shared[shared["pair"].isin(pairs.index)].sort_values("pair", kind="stable")
    i, j = shared["i"].to_numpy(), shared["j"].to_numpy()
    pieces = _ground(a.geometry.to_numpy()[i], b.geometry.to_numpy()[j], shared["whole"].to_numpy())
    site_ids = _by_pair(_sites_on(pieces, sites), shared["pair"])
    grounds, is_cut = _united(pieces, shared["pair"])
    overlap_m2 = pairs["overlap_m2"].to_numpy(copy=True)
    overlap_m2[is_cut] = area_m2(grounds[is_cut], a.crs)  # pieces widened by buffer_m may lie on each other
    whole = shapely.disjoint_subset_union_all(shapely.get_parts(grounds))  # one shape of many parts takes far longer
    summed = {
        "overlap_m2": area_m2(np.array([whole], dtype=object), a.crs)[0],
        "n_pairs": len(pairs),
        "n_slivers": len(slivers),
        "sliver_m2": slivers["overlap_m2"].sum(),
        "site_ids": sorted({site_id for own in site_ids for site_id in own}),
    }
    points = to_crs(shapely.point_on_surface(grounds), a.crs, geographic)
    return summed, pairs.assign(
        overlap_m2=overlap_m2,
        site_ids=pd.Series(site_ids, index=pairs.index, dtype=object),
        is_within_accuracy=_is_narrow(grounds, pairs.pop("accuracy_m").to_numpy()),
        lon=shapely.get_x(points).round(LON_LAT_DECIMALS),
        lat=shapely.get_y(points).round(LON_LAT_DECIMALS),
    )


def _shared(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> pd.DataFrame:
    """Every two rows that share ground: i of `a`, j of `b`, `pair` of features, area, which lies whole in the other."""
    shapes_a, shapes_b = a.geometry.to_numpy(), b.geometry.to_numpy()
    i, j, shared_m2 = shared_areas(shapes_a, shapes_b)
    if not is_equal_area(a.crs):
        shared_m2 = area_m2(shapely.intersection(shapes_a[i], shapes_b[j]), a.crs)
    shared_m2 = shared_m2.round(AREA_DECIMALS)
    is_ground = shared_m2 > 0  # less is the rounding of a common border
    i, j, shared_m2 = i[is_ground], j[is_ground], shared_m2[is_ground]
    a_m2, b_m2 = _own_m2(shapes_a, i, a.crs), _own_m2(shapes_b, j, b.crs)
    is_whole = shared_m2 / np.minimum(a_m2, b_m2) >= WHOLE_SHARE
    rows = pd.DataFrame(
        {"a": a["number"].to_numpy()[i], "b": b["number"].to_numpy()[j], "i": i, "j": j, "overlap_m2": shared_m2}
    )
    rows["whole"] = np.where(~is_whole, "", np.where(a_m2 <= b_m2, "a", "b"))
    return rows.assign(pair=rows.groupby(["a", "b"]).ngroup())


def _of_features(
    shared: pd.DataFrame, a: gpd.GeoDataFrame, b: gpd.GeoDataFrame, feature_m2: dict[int, float]
) -> pd.DataFrame:
    """One row (index: pair) per pair of features: words, areas, and what decides about it."""
    pairs = shared.groupby("pair").agg({"i": "first", "j": "first", "a": "first", "b": "first", "overlap_m2": "sum"})
    of_a, of_b = a.iloc[pairs["i"]].set_index(pairs.index), b.iloc[pairs["j"]].set_index(pairs.index)
    smaller_m2 = np.minimum(pairs["a"].map(feature_m2), pairs["b"].map(feature_m2))
    return pd.DataFrame(
        {
            **_words(of_a, "a"), **_words(of_b, "b"),
            "feature_a": of_a["feature_key"], "feature_b": of_b["feature_key"],
            "name_a": of_a["name"], "name_b": of_b["name"],
            "overlap_m2": pairs["overlap_m2"].round(AREA_DECIMALS),
            "share_of_smaller": np.minimum(pairs["overlap_m2"] / smaller_m2, 1.0),
            "sliver_m2": np.minimum(of_a["sliver_m2"], of_b["sliver_m2"]),
            "sliver_share": np.minimum(of_a["sliver_share"], of_b["sliver_share"]),
            "accuracy_m": np.hypot(of_a["position_accuracy_m"], of_b["position_accuracy_m"]),
        }
    )  # fmt: skip


def _feature_m2(layer: gpd.GeoDataFrame) -> dict[int, float]:
    """Number of each feature → its area; those of a raster are in pieces."""
    own_m2 = area_m2(layer.geometry.to_numpy(), layer.crs)
    return {
        int(number): float(m2) for number, m2 in pd.Series(own_m2).groupby(layer["number"].to_numpy()).sum().items()
    }


def _united(pieces: Shapes, pair: pd.Series) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Per pair (ascending) its ground as one shape, and whether that is of several pieces."""
    _, first, n_pieces = np.unique(pair, return_index=True, return_counts=True)
    grounds = pieces[first]
    for k in np.flatnonzero(n_pieces > 1):
        grounds[k] = shapely.disjoint_subset_union_all(shapely.get_parts(pieces[first[k] : first[k] + n_pieces[k]]))
    return grounds, n_pieces > 1


def _is_narrow(grounds: Shapes, width_m: Any) -> npt.NDArray[np.bool_]:
    """Whether each ground is nowhere wider than its width; by its parts, as shrinking many at once takes far longer."""
    parts, owner = shapely.get_parts(grounds, return_index=True)
    is_wide = ~shapely.is_empty(shapely.buffer(parts, -width_m[owner] / 2))
    return np.asarray(np.bincount(owner, is_wide, len(grounds)) == 0)


def _by_pair(site_ids: list[list[str]], pair: pd.Series) -> list[list[str]]:
    found: dict[int, set[str]] = {}
    for own, one in zip(site_ids, pair, strict=True):
        found.setdefault(one, set()).update(own)
    return [sorted(found[one]) for one in sorted(found)]


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
    """Per piece the site_ids that lie on it, in no order; a common border is not enough."""
    shapes, ids = sites.geometry.to_numpy(), sites["site_id"].to_numpy()
    found: list[list[str]] = [[] for _ in pieces]
    i, j = shapely.STRtree(pieces).query(shapes, predicate="intersects")
    is_on = ~shapely.touches(shapes[i], pieces[j])
    for site, piece in zip(i[is_on], j[is_on], strict=True):
        found[piece].append(str(ids[site]))
    return found


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
