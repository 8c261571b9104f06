"""facts: everything the ranking looks at, gathered per site from leads, overlaps and matches."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.config import Place
from pipeline.declare import cells
from pipeline.intake.ground import Ground, surface_points, towns_of
from pipeline.intake.words.codes import zone_rank
from pipeline.merging.against import BELONGS

HITS = ("inside", "crossing", "within")
BESIDE = ("tolerance", "adjacent", "sliver")
FIGURES = ("wetland", "forest", "grassland", "protected_area", "redline")
LEAD_COLUMNS = ["lead_id", "source_id", "source_code", "orig_no", "period"]
OVERLAP_COLUMNS = [
    "subject_id", "level", "layer_class", "layer_id", "feature_key", "position", "distance_m", "overlap_m2",
    "overlap_low_m2", "vintage_ok", "name", "grade", "zone",
]  # fmt: skip
Row = dict[str, Any]
NO_RELATION: Row = {
    "relation": None, "known_problem_id": None, "relation_reason": None, "new_m2": None, "other_cases": [], "other_sites": [],
}  # fmt: skip
STRENGTH = ("rebound", "grown", "same", "review", "adjacent")  # which relation speaks for a site with several


def gather_facts(
    sites: gpd.GeoDataFrame,
    overlaps: pd.DataFrame,
    matches: gpd.GeoDataFrame,
    leads: gpd.GeoDataFrame,
    place: Place,
    ground: Ground,
) -> pd.DataFrame:
    """One row per site: the site's own columns, its leads' words, its figures per class, its strongest relation.

    `<class>_m2` is NaN where no layer of the class covers the site; `voting` lists the classes it lies on that count;
    `uncovered` the classes of screens_for that no layer covers there; `secret_classes` those it lies on, in whole or in
    part, by a secret layer.
    """
    shapes = sites.geometry.to_numpy()
    facts = pd.DataFrame(sites).assign(**towns_of(shapes, ground), **surface_points(shapes, ground))
    lead_rows = {str(row["lead_id"]): row for row in _records(leads, LEAD_COLUMNS)}
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in _records(overlaps, OVERLAP_COLUMNS):
        lines[str(row["subject_id"])].append(row)
    related = _relations(matches)
    voting = {layer.layer_class for layer in place.layers if layer.counts}
    secret = {layer.id for layer in place.layers if layer.secrecy == "secret"}
    voice = {source.id: (source.provider, source.source_code) for source in place.sources}
    extra = [
        {
            **_words([lead_rows[lead_id] for lead_id in lead_ids], voice),
            **_figures(lines[site_id], voting, secret, place.screens_for),
            **related.get(site_id, NO_RELATION),
        }
        for site_id, lead_ids in zip(sites["site_id"], sites["lead_ids"], strict=True)
    ]
    columns = list({**_words([], voice), **_figures([], voting, secret, place.screens_for), **NO_RELATION})
    facts = facts.join(pd.DataFrame(extra, index=facts.index, columns=columns, dtype=object))
    new_m2 = facts["new_m2"].astype(float).fillna(facts["area_m2"])
    return facts.assign(new_m2=new_m2, is_point=facts["area_m2"] == 0)


def _records(frame: pd.DataFrame, columns: list[str]) -> list[Row]:
    """Rows as plain dicts of `columns`, with None for every empty cell."""
    rows = zip(*(cells(frame, name) for name in columns), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _words(leads: list[Row], voice: dict[str, tuple[str, str]]) -> Row:
    """`n_independent`: what one provider sends of one kind – every year, and corrections too – is one voice."""
    return {
        "source_ids": _unique(lead["source_id"] for lead in leads),
        "n_independent": len({voice[lead["source_id"]] for lead in leads}),
        "source_codes": _unique(lead["source_code"] for lead in leads),
        "orig_nos": _unique(lead["orig_no"] for lead in leads),
        "periods": sorted(_unique(lead["period"] for lead in leads)),
    }


def _unique(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if value is not None))


def _figures(lines: list[Row], voting: set[str], secret: set[str], screens_for: list[str]) -> Row:
    """Areas per class, names, zones and grades of what the site really lies on; slivers and neighbours do not count."""
    classes = {row["layer_class"]: row for row in lines if row["level"] == "class"}
    hits = {name: row for name, row in classes.items() if row["position"] in HITS}
    on_layers = [row for row in lines if row["level"] == "layer" and row["position"] in HITS]
    features = [row for row in lines if row["level"] == "feature" and row["position"] in HITS]
    features.sort(key=lambda row: (-row["overlap_m2"], row["feature_key"]))
    of_class: dict[str, list[Row]] = defaultdict(list)
    for row in features:
        of_class[row["layer_class"]].append(row)
    vintages = [row["vintage_ok"] for row in on_layers if row["vintage_ok"] is not None]
    zones = [row["zone"] or "Z9" for row in of_class["protected_area"]]
    grades = {name: _unique(row["grade"] for row in rows) for name, rows in of_class.items()}
    names = {name: _unique(row["name"] for row in rows) for name, rows in of_class.items()}
    return {
        **{f"{name}_m2": _area_m2(classes.get(name), hits.get(name)) for name in FIGURES},
        **{f"{name}_low_m2": hits[name]["overlap_low_m2"] if name in hits else None for name in FIGURES},
        "voting": sorted(voting & set(hits)),
        "other_hits": [(name, hits[name]["overlap_m2"]) for name in sorted(voting & set(hits) - set(FIGURES))],
        "secret_classes": sorted({row["layer_class"] for row in on_layers if row["layer_id"] in secret}),
        "uncovered": [name for name in screens_for if name not in classes],
        "neighbours": [
            (row["layer_id"], row["position"], row["distance_m"])
            for row in lines
            if row["level"] == "layer" and row["position"] in BESIDE and row["layer_class"] in voting
        ],
        "pa_names": names.get("protected_area", []),
        "pa_levels": grades.get("protected_area", []),
        "zone": min(zones, key=lambda code: (zone_rank(code), code), default=None),
        "forest_grade": min(grades.get("forest", []), default=None),
        "wetland_names": names.get("wetland", []),
        "wetland_grades": grades.get("wetland", []),
        "permits": _unique(row["name"] or row["feature_key"] for row in of_class["permit"]),
        "vintage_ok": all(vintages) if vintages else None,
    }


def _area_m2(on_class: Row | None, hit: Row | None) -> float:
    """NaN where the class is not covered, 0 where it is covered and not (really) touched."""
    if on_class is None:
        return float("nan")
    return float(hit["overlap_m2"]) if hit else 0.0


def _relations(matches: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """site_id → its strongest relation: the longest front, then the largest overlap, then the nearest case; and what else
    it belongs to, or belongs to its case."""
    if matches.empty:
        return {}
    strength = matches["relation"].map({name: k for k, name in enumerate(STRENGTH)})
    keys = matches.assign(strength=strength, shorter=-matches["front_m"].fillna(0), smaller=-matches["overlap_m2"])
    best = keys.sort_values(["site_id", "strength", "shorter", "smaller", "gap_m", "problem_id"], kind="stable")
    best = best.drop_duplicates("site_id")
    belongs = matches[matches["relation"].isin(BELONGS)]
    sites_of = belongs.groupby("problem_id")["site_id"].agg(list).to_dict()
    cases_of = belongs.groupby("site_id")["problem_id"].agg(set).to_dict()
    return {
        str(row.site_id): {
            "relation": row.relation,
            "known_problem_id": row.problem_id,
            "relation_reason": row.reason,
            "new_m2": float(row.new_m2) + (row.overlap_m2 if row.relation == "rebound" else 0.0),
            "other_cases": [one for one in row.other_problem_ids if one in cases_of.get(row.site_id, ())],
            "other_sites": [one for one in sites_of.get(row.problem_id, []) if one != row.site_id],
        }
        for row in best.itertuples()
    }
