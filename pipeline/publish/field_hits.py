"""What a field page says a problem lies on: what the layers say that may leave the office, and nothing of secret ones."""

from collections import defaultdict
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from pipeline.config import Place
from pipeline.intake.words.codes import label, zone_rank
from pipeline.publish.rows import CLASSES, Tables, named_outside

HITS = ("inside", "crossing", "within")
COLUMNS = ["subject_id", "level", "layer_class", "layer_id", "feature_key", "overlap_m2", "name", "zone"]
Row = dict[str, Any]


class Hits(NamedTuple):
    """Of one problem."""

    on_m2: dict[
        str, float
    ]  # class → area on it; where a secret layer of the class has a part, the largest named layer's
    protected: list[str]  # names of protected areas, then the strictest zone
    permits: list[str]  # names, or keys where there is no name


def hits_of(place: Place, tables: Tables, language: str) -> dict[str, Hits]:
    """site_id → what may be said of each problem."""
    overlaps = tables["overlaps"]
    is_hit = overlaps["subject"].eq("site") & overlaps["position"].isin(HITS) & overlaps["level"].ne("class")
    order = ["subject_id", "overlap_m2", "feature_key"]
    rows = overlaps.loc[is_hit, COLUMNS].sort_values(order, ascending=[True, False, True], kind="stable")
    named = {layer.id for layer in named_outside(place.layers)}
    areas = tables["problems"][["site_id", *(f"{name}_m2" for name in CLASSES)]].to_dict("records")
    problems = {problem["site_id"]: problem for problem in areas}
    hits = {site_id: _hits(problem, [], named, language) for site_id, problem in problems.items()}
    # site by site: a million rows as dicts at once would take a gigabyte
    for site_id, own in groupby(zip(*(rows[name] for name in COLUMNS), strict=True), key=itemgetter(0)):
        if site_id in problems:
            records = [dict(zip(COLUMNS, row, strict=True)) for row in own]
            hits[site_id] = _hits(problems[site_id], records, named, language)
    return hits


def _hits(problem: Row, rows: list[Row], named: set[str], language: str) -> Hits:
    """`rows` are those of one site, the largest overlap first."""
    with_secret = {row["layer_class"] for row in rows if row["layer_id"] not in named}
    on_m2 = {name: problem[f"{name}_m2"] for name in CLASSES if name not in with_secret}
    of_class: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["layer_id"] in named and row["level"] == "feature":
            of_class[row["layer_class"]].append(row)
        elif row["layer_id"] in named and row["layer_class"] in with_secret.intersection(CLASSES):
            on_m2.setdefault(row["layer_class"], row["overlap_m2"])
    areas = of_class["protected_area"]
    zone = min((_words(row["zone"]) or "Z9" for row in areas), key=lambda code: (zone_rank(code), code), default=None)
    names = [name for row in areas if (name := _words(row["name"]))]
    return Hits(
        {name: on_m2[name] for name in CLASSES if on_m2.get(name, 0) > 0},
        [*dict.fromkeys(names), *([label("pa_zones", zone, language)] if zone else [])],
        list(dict.fromkeys(_words(row["name"]) or row["feature_key"] for row in of_class["permit"])),
    )


def _words(cell: Any) -> str:
    """A cell's text; "" where it is empty."""
    return cell if isinstance(cell, str) else ""
