"""Which sites and known cases lie near enough to be judged, or were spoken of by a person, and how they meet."""

from collections.abc import Mapping
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from pipeline.declare import cells
from pipeline.geometry import Floats, Shapes, distinct, near_pairs
from pipeline.merging.against import Contacts, measure, with_fronts_of_parts
from pipeline.rules import Rules

Said = Mapping[tuple[str, str], str]  # (site_id, problem_id) → same, apart or own


class Pairs(NamedTuple):
    """Sites and cases that are near: their rows, the combined accuracy of each two, what persons said, how they meet."""

    i: npt.NDArray[np.int64]
    j: npt.NDArray[np.int64]
    accuracy_m: Floats
    said: list[str | None]
    contacts: Contacts


def pair_up(
    sites: gpd.GeoDataFrame, cases: gpd.GeoDataFrame, rules: Rules, said: Said, growth: gpd.GeoDataFrame | None
) -> Pairs:
    """The pairs by site, then case, of frames in one CRS in metres. `growth` (table): a front of what a site began with is a front
    of the site."""
    i, j = _near(sites, cases, rules, said).T
    own, known = sites.geometry.to_numpy(), cases.geometry.to_numpy()
    accuracy_m = np.hypot(
        *(frame["position_accuracy_m"].to_numpy(dtype=float)[rows] for frame, rows in ((sites, i), (cases, j)))
    )
    ids = zip(sites["site_id"].to_numpy()[i], cases["problem_id"].to_numpy()[j], strict=True)
    pairs = Pairs(i, j, accuracy_m, [said.get(pair) for pair in ids], measure(own[i], known[j], accuracy_m, rules))
    return pairs if growth is None else pairs._replace(contacts=_with_origins(pairs, sites, growth, known, rules))


def _near(sites: gpd.GeoDataFrame, cases: gpd.GeoDataFrame, rules: Rules, said: Said) -> npt.NDArray[np.int64]:
    """Rows (site, case) that lie near enough to be judged, or that a person spoke of; by site, then case."""
    own, known = sites.geometry.to_numpy(), cases.geometry.to_numpy()
    of_sites = near_pairs(own, known, _reach_m(sites, rules))
    of_cases = near_pairs(known, own, _reach_m(cases, rules))[:, ::-1]
    site_row = {site_id: row for row, site_id in enumerate(cells(sites, "site_id"))}
    case_row = {problem_id: row for row, problem_id in enumerate(cells(cases, "problem_id"))}
    told = [(site_row[one], case_row[other]) for one, other in said if one in site_row and other in case_row]
    rows = np.concatenate([of_sites, of_cases, np.array(told, dtype=np.int64).reshape(-1, 2)])
    return distinct(rows)


def _reach_m(frame: gpd.GeoDataFrame, rules: Rules) -> Floats:
    """How far each may be asked about: what has no outline as far as it is good to."""
    fixed_m = max(rules.match.adjacent_m, rules.merge.points_review_m, rules.merge.text_review_m)
    accuracy_m = frame["position_accuracy_m"].to_numpy(dtype=float) + rules.merge.point_review_extra_m
    is_point = shapely.get_dimensions(frame.geometry.to_numpy()) == 0
    reach_m: Floats = np.where(is_point, np.maximum(fixed_m, accuracy_m), fixed_m)
    return reach_m


def _with_origins(
    pairs: Pairs, sites: gpd.GeoDataFrame, growth: gpd.GeoDataFrame, cases: Shapes, rules: Rules
) -> Contacts:
    """The contacts with the fronts of what each site began with, where the site as a whole has none."""
    grown = growth[growth.geometry.notna() & growth["site_id"].duplicated(keep=False)].drop_duplicates("site_id")
    row_of = {site_id: row for row, site_id in enumerate(grown["site_id"])}
    first = np.array([row_of.get(site_id, -1) for site_id in sites["site_id"].to_numpy()[pairs.i]], dtype=np.int64)
    owner = np.flatnonzero((first >= 0) & ~pairs.contacts.is_front)
    begun, known = grown.geometry.to_numpy()[first[owner]], cases[pairs.j[owner]]
    return with_fronts_of_parts(pairs.contacts, measure(begun, known, pairs.accuracy_m[owner], rules), owner)
