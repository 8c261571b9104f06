"""match: how each site stands to the known cases – same, grown, rebound, adjacent, or for a person to decide."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.declare import shape_table
from pipeline.geometry import Floats, Shapes, area_m2, in_threads, polygons_of
from pipeline.intake.words.names import alike
from pipeline.merging.against import Contacts, Meeting, Verdict, judge, judge_told_same, measure, with_fronts_of_parts
from pipeline.rules import Rules
from pipeline.tables import MATCHES
from pipeline.text import say

ZONES_WITHOUT_MINIMUM = ("Z1", "Z12", "N1")  # R02
BELONGS = ("same", "grown", "rebound")
NUMBERS = ("overlap_m2", "outside_m2", "front_m", "front_share", "gap_m")
SHOWN_FROM_M = 1.0  # a corner has no edge to speak of
Said = Mapping[tuple[str, str], str]


def match(
    sites: gpd.GeoDataFrame,
    cases: gpd.GeoDataFrame,
    layers: gpd.GeoDataFrame,
    rules: Rules,
    language: str = "zh",
    names: Mapping[str, list[str]] | None = None,
    said: Said | None = None,
    growth: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Table matches: every site with every case near it. All frames share one CRS in metres.

    `layers` (features that count) tells whether a site reaches a layer or zone that the case did not touch. `names`: site_id →
    what its place is called, for cases of which only a name is known. `said`: (site_id, problem_id) → same or apart, where a
    person decided; that goes before every rule. `growth` (table): a front of what a site began with is a front of the site.
    """
    sites, names, said = sites.reset_index(drop=True), names or {}, said or {}
    has_ground = cases.geometry.notna()
    located, unlocated = cases[has_ground].reset_index(drop=True), cases[~has_ground].reset_index(drop=True)
    i, j = _near(sites, located, rules, said)
    rows = _by_place(sites, located, i, j, layers, rules, language, said, growth)
    rows += _by_name(sites, unlocated, names, rules, language, said)
    frame = pd.DataFrame(rows, columns=MATCHES.names)
    frame["new_m2"] = area_m2(frame["geometry"].to_numpy(dtype=object), sites.crs)
    frame = _with_others(frame)
    return gpd.GeoDataFrame(shape_table(frame, MATCHES), geometry="geometry", crs=sites.crs)


def _near(sites: gpd.GeoDataFrame, cases: gpd.GeoDataFrame, rules: Rules, said: Said) -> tuple[Any, Any]:
    """Rows of sites and cases that lie near enough to be judged, or that a person spoke of; by site, then case."""
    reach_m = max(rules.match.adjacent_m, rules.merge.points_review_m)
    i, j = shapely.STRtree(cases.geometry.to_numpy()).query(
        sites.geometry.to_numpy(), predicate="dwithin", distance=reach_m
    )
    site_row = {site_id: row for row, site_id in enumerate(sites["site_id"])}
    case_row = {problem_id: row for row, problem_id in enumerate(cases["problem_id"])}
    told = [(site_row[one], case_row[other]) for one, other in said if one in site_row and other in case_row]
    pairs = np.array(sorted({*zip(i.tolist(), j.tolist(), strict=True), *told}), dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _by_place(
    sites: gpd.GeoDataFrame,
    cases: gpd.GeoDataFrame,
    i: Any,
    j: Any,
    layers: gpd.GeoDataFrame,
    rules: Rules,
    language: str,
    said: Said,
    growth: gpd.GeoDataFrame | None,
) -> list[dict[str, Any]]:
    """Rows of sites with cases whose place is known."""
    if not len(i):
        return []
    own, known = sites.geometry.to_numpy(), cases.geometry.to_numpy()
    accuracy_m = np.hypot(
        *(frame["position_accuracy_m"].to_numpy(dtype=float)[rows] for frame, rows in ((sites, i), (cases, j)))
    )
    contacts = measure(own[i], known[j], accuracy_m, rules)
    if growth is not None:
        contacts = _with_growth(contacts, sites, growth, known, i, j, accuracy_m, rules)
    grounds = _grounds(known, i, j)
    new_grounds = _new_grounds(own, grounds, sorted(set(i.tolist())))
    site_rows, case_rows = list(sites.itertuples()), list(cases.itertuples())
    is_known = _are_known(sites, cases, i, j, contacts, accuracy_m, grounds, layers, rules, said)
    near_case: dict[int, list[int]] = defaultdict(list)
    for k, (site_row, case_row) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
        if _may_be(site_rows[site_row], case_rows[case_row]):
            near_case[case_row].append(k)
    rows = []
    for k in range(len(i)):
        site, case = site_rows[i[k]], case_rows[j[k]]
        rivals = [other for other in near_case[int(j[k])] if other != k]
        is_only = all(contacts.containment[other] < rules.merge.near_containment for other in rivals)
        meeting = Meeting(
            site, case, contacts.gap_m[k], contacts.overlap_m2[k], contacts.containment[k], contacts.is_ground[k],
            contacts.is_front[k], is_known[k], [contacts.gap_m[other] for other in rivals], is_only,
        )  # fmt: skip
        relation, why = _verdict(meeting, said.get((site.site_id, case.problem_id)), rules)
        if why == "beside" and contacts.front_m[k] >= SHOWN_FROM_M:
            why = "beside_edge"
        if relation is not None:
            numbers = {name: float(getattr(contacts, name)[k]) for name in NUMBERS}
            row = _row(site, case, relation, why, language, new_grounds[int(i[k])], **numbers)
            rows.append({**row, "is_by_front": why == "grown_front"})
    return _without_fronts_of_neighbours(rows, sites, language)


def _without_fronts_of_neighbours(
    rows: list[dict[str, Any]], sites: gpd.GeoDataFrame, language: str
) -> list[dict[str, Any]]:
    """A front on a case is no growth of it where a neighbour that stays apart lies on that case: two places are two."""
    near = {site.site_id: set(site.neighbour_ids) for site in sites.itertuples()}
    on_case: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["relation"] in BELONGS and not row["is_by_front"]:
            on_case[row["problem_id"]].add(row["site_id"])
    for row in rows:
        own = on_case[row["problem_id"]] & near[row["site_id"]]
        if row["is_by_front"] and own:
            row["relation"] = "adjacent"
            row["reason"] = say(language, "match.beside_neighbour", case=row["problem_id"], site=min(own))
    return rows


def _with_growth(
    contacts: Contacts,
    sites: gpd.GeoDataFrame,
    growth: gpd.GeoDataFrame,
    cases: Shapes,
    i: Any,
    j: Any,
    accuracy_m: Floats,
    rules: Rules,
) -> Contacts:
    """`contacts` with the fronts of what each site began with, where the site as a whole has none."""
    grown = growth[growth.geometry.notna() & growth["site_id"].duplicated(keep=False)].drop_duplicates("site_id")
    row_of = {site_id: row for row, site_id in enumerate(grown["site_id"])}
    first = np.array([row_of.get(site_id, -1) for site_id in sites["site_id"].to_numpy()[i]], dtype=np.int64)
    owner = np.flatnonzero((first >= 0) & ~contacts.is_front)
    parts = measure(grown.geometry.to_numpy()[first[owner]], cases[j[owner]], accuracy_m[owner], rules)
    return with_fronts_of_parts(contacts, parts, owner)


def _may_be(site: Any, case: Any) -> bool:
    """Whether a site can be what a case speaks of: not where both activities are known and differ."""
    return bool(pd.isna(site.activity_l1) or pd.isna(case.activity_l1) or site.activity_l1 == case.activity_l1)


def _verdict(meeting: Meeting, answer: str | None, rules: Rules) -> Verdict:
    if answer == "same":
        return judge_told_same(meeting)
    return ("adjacent", "person_apart") if answer == "apart" else judge(meeting, rules)


def _row(site: Any, case: Any, relation: str, why: str, language: str, ground: Any, **numbers: float) -> dict[str, Any]:
    words = {"overlap": 0.0, "outside": 0.0, "front": 0.0, "front_share": 0.0, "gap": 0.0}
    words |= {name.removesuffix("_m2").removesuffix("_m"): value for name, value in numbers.items() if value == value}
    return {
        "site_id": site.site_id,
        "problem_id": case.problem_id,
        "case_geometry": case.case_geometry,
        "relation": relation,
        **numbers,
        "since": case.known_since,
        "reason": say(
            language, f"match.{why}", case=_case_name(case), state=case.state, closed=case.closed_date, judged=case.judged,
            share=words.pop("front_share"), **words,
        ),
        "geometry": ground,
    }  # fmt: skip


def _case_name(case: Any) -> str:
    return f"{case.problem_id} ({case.orig_no})" if pd.notna(case.orig_no) else str(case.problem_id)


def _grounds(cases: Shapes, i: Any, j: Any) -> dict[int, Any]:
    """Site row → the ground of every case near it, as one shape."""
    near: dict[int, list[Any]] = defaultdict(list)
    for site, case in zip(i.tolist(), j.tolist(), strict=True):
        shape = polygons_of(cases[case])
        near[site] += [] if shape is None else [shape]
    return {
        site: shapes[0] if len(shapes) == 1 else shapely.union_all(shapes) for site, shapes in near.items() if shapes
    }


def _new_grounds(sites: Shapes, grounds: dict[int, Any], rows: list[int]) -> dict[int, Any]:
    """Site row → what of the site lies outside every known case; None where nothing does, or for a point."""
    with_ground = [row for row in rows if row in grounds]
    known = np.array([grounds[row] for row in with_ground], dtype=object)
    cut = in_threads(shapely.difference, sites[with_ground], known)
    left = {row: sites[row] for row in rows} | dict(zip(with_ground, cut, strict=True))
    return {row: polygons_of(shape) if sites[row].area else None for row, shape in left.items()}


def _are_known(
    sites: gpd.GeoDataFrame,
    cases: gpd.GeoDataFrame,
    i: Any,
    j: Any,
    contacts: Contacts,
    accuracy_m: Floats,
    grounds: dict[int, Any],
    layers: gpd.GeoDataFrame,
    rules: Rules,
    said: Said,
) -> list[bool]:
    """Per pair: little enough lies outside the known ground and its tolerance, and no layer or zone is new to the case."""
    ids = list(zip(sites["site_id"].to_numpy()[i], cases["problem_id"].to_numpy()[j], strict=True))
    is_asked = contacts.is_ground | np.array([said.get(pair) == "same" for pair in ids], dtype=bool)
    at = np.flatnonzero(is_asked & np.isin(i, list(grounds)))
    known = np.zeros(len(i), dtype=bool)
    tolerance_m = rules.match.tolerance_sigmas * accuracy_m[at]
    own = sites.geometry.to_numpy()[i[at]]
    known_ground = np.array([grounds[row] for row in i[at]], dtype=object)
    outside_m2 = in_threads(_outside_m2, own, known_ground, tolerance_m)
    is_little = outside_m2 <= rules.match.same_outside_share * shapely.area(own)
    touched = _touched(layers, own, rules)
    case_shapes = cases.geometry.to_numpy()[j[at]]
    activities = sites["activity_l1"].to_numpy()[i[at]]
    for k in np.flatnonzero(is_little):
        if outside_m2[k] < _smallest_m2(touched[k], activities[k], rules):
            around_case = np.array([shapely.buffer(case_shapes[k], tolerance_m[k])], dtype=object)
            known[at[k]] = not touched[k] or touched[k] <= _touched(layers, around_case, rules)[0]
    return known.tolist()


def _outside_m2(shapes: Shapes, known: Shapes, tolerance_m: Floats) -> Floats:
    """m² of each shape outside the known ground widened by the tolerance."""
    around = shapely.buffer(known, tolerance_m, quad_segs=4)
    outside_m2: Floats = shapely.area(shapely.difference(shapes, around))
    return outside_m2


def _smallest_m2(touched: set[tuple[str, str | None]], activity_l1: Any, rules: Rules) -> float:
    """R01 and R02; where these set no minimum, R04."""
    if any(name == "wetland" or zone in ZONES_WITHOUT_MINIMUM for name, zone in touched):
        return rules.overlap.sliver_m2
    return rules.areas.min_other_m2 if activity_l1 == "A7" else rules.areas.min_construction_m2


def _touched(layers: gpd.GeoDataFrame, shapes: Shapes, rules: Rules) -> list[set[tuple[str, str | None]]]:
    """Per shape (class, zone) of the features that count and share more than a sliver with it."""
    touched: list[set[tuple[str, str | None]]] = [set() for _ in shapes]
    counted = layers[layers["counts"].astype(bool)]
    if counted.empty:
        return touched
    i, j = counted.sindex.query(shapes, predicate="intersects")
    shared_m2 = shapely.area(in_threads(shapely.intersection, shapes[i], counted.geometry.to_numpy()[j]))
    classes, zones = counted["layer_class"].tolist(), counted["zone"].where(counted["zone"].notna(), None).tolist()
    for shape, feature in zip(
        i[shared_m2 >= rules.overlap.sliver_m2], j[shared_m2 >= rules.overlap.sliver_m2], strict=True
    ):
        touched[shape].add((classes[feature], zones[feature]))
    return touched


def _by_name(
    sites: gpd.GeoDataFrame,
    cases: gpd.GeoDataFrame,
    names: Mapping[str, list[str]],
    rules: Rules,
    language: str,
    said: Said,
) -> list[dict[str, Any]]:
    """Rows of cases of which no place is known: asked about where a site bears a like name, or as a person said."""
    if cases.empty:
        return []
    site_rows = {site.site_id: site for site in sites.itertuples()}
    case_rows = {case.problem_id: case for case in cases.itertuples()}
    named_sites = [(site_id, name) for site_id, own in names.items() if site_id in site_rows for name in own]
    named_cases = [(case.problem_id, case.name) for case in case_rows.values() if pd.notna(case.name)]
    like = alike([name for _, name in named_sites], [name for _, name in named_cases], rules.match.same_name_share)
    pairs = {(named_sites[a][0], named_cases[b][0]) for a, b in like}
    pairs |= {pair for pair in said if pair[0] in site_rows and pair[1] in case_rows}
    rows = []
    for site_id, problem_id in sorted(pairs):
        site, case, answer = site_rows[site_id], case_rows[problem_id], said.get((site_id, problem_id))
        differs = pd.notna(site.activity_l1) and pd.notna(case.activity_l1) and site.activity_l1 != case.activity_l1
        if answer is None and differs:
            continue
        relation = {"same": "same", "apart": "adjacent"}.get(answer or "", "review")
        numbers = {"overlap_m2": 0.0, "outside_m2": float(site.area_m2), "gap_m": np.nan}
        ground = polygons_of(site.geometry) if site.area_m2 else None
        why = f"person_{answer}" if answer else "name"
        rows.append(_row(site, case, relation, why, language, ground, **numbers))
    return rows


def _with_others(matches: pd.DataFrame) -> pd.DataFrame:
    """Each row with the other cases its site meets, the longest front first."""
    order = matches.assign(shorter=-matches["front_m"].fillna(0), smaller=-matches["overlap_m2"]).sort_values(
        ["site_id", "shorter", "smaller", "gap_m", "problem_id"], kind="stable"
    )
    met = order.groupby("site_id", sort=False)["problem_id"].agg(list).to_dict()
    others = [
        [other for other in met[site_id] if other != problem_id]
        for site_id, problem_id in zip(matches["site_id"], matches["problem_id"], strict=True)
    ]
    return matches.assign(other_problem_ids=others)
