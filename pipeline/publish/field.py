"""The field-check maps: an index and one page per township, each complete in one file, for teams without a network."""

import html
import json
from datetime import date
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from pipeline.config import Layer, Place
from pipeline.geometry import Shapes, to_crs
from pipeline.intake.words.codes import class_label
from pipeline.publish.field_hits import Hits, hits_of
from pipeline.publish.field_pairs import pair_for_page, size_words
from pipeline.publish.imagery import Chip, chips_of
from pipeline.publish.offline import map_page, static_page
from pipeline.publish.on_demand import OnDemand
from pipeline.publish.rows import credits_of, is_numbered, join_words, marks_of, named_outside, problem_rows
from pipeline.text import say

COLOURS = {
    "wetland": "#1f78b4", "forest": "#2e7d32", "grassland": "#8aa632", "protected_area": "#8e44ad", "redline": "#d0021b",
    "permit": "#777777",
}  # fmt: skip
DASHED = ("redline", "permit")
FEATURE_WORDS = ["name", "grade", "zone"]  # what a drawn feature says of itself
SURROUNDINGS_M = 1000  # how far round its problems a page draws the layers
MOST_DRAWN = 5000  # outlines of a layer on one page: a phone draws these without stutter
NARROWER_M = (1000.0, 100.0, 0.0)
SIMPLIFY_M = 1.0  # for drawing only
DISPLAY_CRS = "EPSG:4326"
DECIMALS = 6


def field_pages(
    place: Place, cycle: str, as_of: date, tables: dict[str, pd.DataFrame], layers: gpd.GeoDataFrame
) -> OnDemand[str]:
    """File name → HTML of the whole pack, each page made when it is asked for. `layers` as in intake/ground.py; secret
    layers are neither drawn nor named, nor is anything that they alone know."""
    problems = problem_rows(place, tables, place.language)
    towns = _towns(problems, place)
    hits = hits_of(place, tables, place.language)
    shown = [layer for layer in named_outside(place.layers) if layer.layer_class != "admin"]
    columns = [*FEATURE_WORDS, "geometry"]
    features = [(layer, layers.loc[layers["layer_id"] == layer.id, columns]) for layer in shown]  # once for all pages
    chips = chips_of(place, problems, layers.crs) if place.imagery else {}
    pages = {
        file: partial(_town_page, place, cycle, as_of, name, problems.loc[rows], hits, features, layers.crs, chips)
        for file, (name, rows) in towns.items()
    }
    return OnDemand({"index.html": partial(_index_page, place, cycle, as_of, problems, towns, chips), **pages})


def _towns(problems: gpd.GeoDataFrame, place: Place) -> dict[str, tuple[str, Any]]:
    """File name → (township, its rows); one page where a place has no townships."""
    if place.townships is None:
        return {"map.html": (place.county, problems.index)}
    codes = problems["town_code"].where(problems["town_code"].notna(), "none")
    names = problems["town"].where(problems["town"].notna(), say(place.language, "labels.no_town"))
    return {
        f"town_{code}.html": (str(names[rows[0]]), rows)
        for code, rows in sorted(problems.groupby(codes).groups.items())
    }


def _town_page(
    place: Place, cycle: str, as_of: date, town: str, problems: gpd.GeoDataFrame, hits: dict[str, Hits],
    layers: list[tuple[Layer, gpd.GeoDataFrame]], crs: pyproj.CRS, chips: dict[str, list[Chip]],
) -> str:  # fmt: skip
    language = place.language
    own_chips = {key: chips[key] for key in problems["candidate_id"] if key in chips}
    labels = [say(language, f"field.{name}") for name in FIELDS]
    shapes = _for_display(problems.geometry.to_numpy(), crs)
    drawn, credits = _drawn_layers(layers, problems, crs, language)
    data = {
        "labels": labels,
        "words": {key: say(language, f"field.word_{key}") for key in ("reasons", "notFound", "enlarge")}
        | {f"priority{k}": _priority_words(k, language) for k in (1, 2, 3)},
        "centre": _centre(place, problems),
        "layers": drawn,
        "problems": [
            _problem(problem, hits[problem["site_id"]], shape, own_chips.get(problem["candidate_id"]), language)
            for problem, shape in zip(problems.to_dict("records"), shapes, strict=True)
        ],
    }
    title = say(language, "field.title", place=place.name, town=town)
    credits += [chip.attribution for pair in own_chips.values() for chip in pair if chip.attribution]
    return map_page(title, language, _frame(place, cycle, as_of, title, problems, credits, own_chips), data)


def _priority_words(priority: int, language: str) -> str:
    return say(language, "field.priority_switch", name=say(language, f"labels.priority_{priority}"))


FIELDS = (
    "relation", "activity", "change", "area", "on", "protected", "permit", "periods", "town", "department", "check_due", "position",
    "position_dms", "review",
)  # fmt: skip


def _problem(
    problem: dict[str, Any], hits: Hits, shape: Any, chips: list[Chip] | None, language: str
) -> dict[str, Any]:
    """What the page knows of a problem: words and images, no points, no score, nothing of sources and secret layers."""
    area = say(language, "field.area_value", ha=problem["area_m2"] / 10_000, mu=problem["area_m2"] * 3 / 2000)
    on_classes = [
        say(language, "field.on_value", name=class_label(name, language), ha=on_m2 / 10_000)
        for name, on_m2 in hits.on_m2.items()
    ]
    permits = join_words(hits.permits, language)
    values = {
        "relation": problem["relation_name"],
        "activity": problem["activity_l2_name"],
        "change": problem["change_name"],
        "area": area if problem["area_m2"] else say(language, "field.point_only"),
        "on": join_words(on_classes, language),
        "protected": join_words(hits.protected, language),
        "permit": say(language, "field.permit_value", names=permits) if permits else "",
        "periods": problem["periods"],
        "town": problem["all_towns"],
        "department": problem["department"],
        "check_due": problem["check_due"],
        "position": f"{problem['lon']:.6f}, {problem['lat']:.6f}",
        "position_dms": f"{problem['lon_dms']}, {problem['lat_dms']}",
        "review": say(language, "field.wait") if problem["needs_review"] else "",
    }
    reasons = [reason for reason in json.loads(problem["reasons"]) if reason["code"] != "permit"]  # has its own line
    return {
        "number": problem["number"],
        "candidate": problem["candidate_id"],
        "priority": int(problem["priority"]),
        "priorityName": say(language, "field.priority_chip", name=problem["priority_name"]),
        "summary": join_words([values["activity"], values["area"], *on_classes], language),
        "values": [values[name] for name in FIELDS],
        "reasons": [reason["text"] for reason in reasons if not (reason["names_source"] or reason["is_secret"])],
        "lon": problem["lon"],
        "lat": problem["lat"],
        "shape": _geojson(shape),
        "pair": None if chips is None else pair_for_page(problem["geometry"], chips, language),
    }


def _drawn_layers(
    layers: list[tuple[Layer, gpd.GeoDataFrame]], problems: gpd.GeoDataFrame, crs: pyproj.CRS, language: str
) -> tuple[list[dict[str, Any]], list[str]]:
    """The overlay layers round the problems, simplified for drawing, and whom to credit for them."""
    if problems.empty:
        return [], []
    left, bottom, right, top = problems.total_bounds
    box = shapely.box(left - SURROUNDINGS_M, bottom - SURROUNDINGS_M, right + SURROUNDINGS_M, top + SURROUNDINGS_M)
    drawn, credits = [], []
    for layer, features in layers:
        rows, is_narrowed = _drawn_rows(features, problems, box)
        own = features.iloc[rows]
        if own.empty:
            continue
        clipped = shapely.simplify(shapely.intersection(own.geometry.to_numpy(), box), SIMPLIFY_M)
        outlines = [
            {"type": "Feature", "properties": {"t": _feature_text(row)}, "geometry": _geojson(shape)}
            for row, shape in zip(own[FEATURE_WORDS].to_dict("records"), _for_display(clipped, crs), strict=True)
            if not shape.is_empty and shape.area
        ]
        dash = "6 4" if layer.layer_class in DASHED else None
        colour = COLOURS.get(layer.layer_class, "#55605e")
        title = say(language, "field.near_only", title=layer.title) if layer.cells else layer.title
        title = say(language, "field.crowded", title=title) if is_narrowed else title
        drawn.append({"title": title, "colour": colour, "dash": dash, "features": outlines})
        credits.append(layer.attribution or f"{layer.provider} ({layer.licence})")
    return drawn, list(dict.fromkeys(credits))


def _drawn_rows(features: gpd.GeoDataFrame, problems: gpd.GeoDataFrame, box: Any) -> tuple[Any, bool]:
    """Rows of the features in `box`; where these are too many, only of those nearer and nearer to a problem."""
    rows = features.sindex.query(box, predicate="intersects")
    is_narrowed = False
    left, bottom, right, top = shapely.bounds(problems.geometry.to_numpy()).T
    for reach_m in NARROWER_M:
        if len(rows) > MOST_DRAWN:
            near = shapely.box(left - reach_m, bottom - reach_m, right + reach_m, top + reach_m)
            rows = np.unique(features.sindex.query(near, predicate="intersects")[1])
            is_narrowed = True
    return np.sort(rows), is_narrowed


def _feature_text(row: dict[str, Any]) -> str:
    return " · ".join(str(row[name]) for name in FEATURE_WORDS if isinstance(row[name], str))


def _for_display(shapes: Shapes, crs: pyproj.CRS) -> Shapes:
    moved = to_crs(shapes, crs, pyproj.CRS.from_user_input(DISPLAY_CRS))
    rounded = shapely.transform(moved, lambda xy: np.round(xy, DECIMALS))
    return np.asarray(rounded, dtype=object)


def _geojson(shape: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shapely.to_geojson(shape))
    return found


def _centre(place: Place, problems: gpd.GeoDataFrame) -> list[float]:
    if len(problems):
        return [round(float(problems["lat"].mean()), DECIMALS), round(float(problems["lon"].mean()), DECIMALS)]
    return [place.centre[1], place.centre[0]] if place.centre else [0.0, 0.0]


def _frame(
    place: Place, cycle: str, as_of: date, title: str, problems: gpd.GeoDataFrame, credits: list[str],
    chips: dict[str, list[Chip]],
) -> str:  # fmt: skip
    """Header, side panel and foot round the map; every word escaped."""
    language = place.language
    marks = "".join(
        f'<span class="mark">{html.escape(mark)}</span>'
        for mark in marks_of(place, is_numbered(problems), language)[:-1]
    )
    all_credits = dict.fromkeys([*credits_of(place.sources), *credits])
    foot = " · ".join(html.escape(credit) for credit in all_credits)
    words = {
        key: html.escape(say(language, f"field.word_{key}"))
        for key in ("index", "search", "find", "fit", "layers", "list")
    }
    cycle_words = html.escape(say(language, "field.cycle", cycle=cycle, as_of=as_of.isoformat(), n=len(problems)))
    return (
        f'<header><h1>{html.escape(title)}</h1><span>{cycle_words}</span>{marks}<a href="index.html">{words["index"]}</a></header>'
        f'<aside><form id="search"><input id="number" aria-label="{words["search"]}" placeholder="{words["search"]}">'
        f'<button type="submit">{words["find"]}</button></form><p id="message" role="status"></p>'
        f'<button id="fit" type="button">{words["fit"]}</button><h2>{words["layers"]}</h2><div id="layers"></div>'
        f'<h2>{words["list"]}</h2>{_size_line(chips, language)}<div id="problems"></div></aside>'
        f"<footer>{html.escape(say(language, 'labels.clue'))} {foot}</footer>"
    )


def _size_line(chips: dict[str, list[Chip]], language: str) -> str:
    words = size_words([chip for pair in chips.values() for chip in pair], language)
    return f'<p class="quiet">{html.escape(words)}</p>' if words else ""


def _index_page(
    place: Place, cycle: str, as_of: date, problems: gpd.GeoDataFrame, towns: dict[str, tuple[str, Any]],
    chips: dict[str, list[Chip]],
) -> str:  # fmt: skip
    language = place.language
    title = say(language, "field.index_title", place=place.name)
    marks = "".join(f"<span>{html.escape(mark)}</span>" for mark in marks_of(place, is_numbered(problems), language))
    head = "".join(
        f"<th>{html.escape(say(language, f'field.head_{name}'))}</th>" for name in ("town", "n", "p1", "p2", "p3")
    )
    lines = []
    for file, (name, rows) in towns.items():
        counts = [int((problems.loc[rows, "priority"] == k).sum()) for k in (1, 2, 3)]
        cells = "".join(f'<td class="n">{n}</td>' for n in (len(rows), *counts))
        lines.append(f'<tr><td><a href="{html.escape(file)}">{html.escape(name)}</a></td>{cells}</tr>')
    words = html.escape(say(language, "field.cycle", cycle=cycle, as_of=as_of.isoformat(), n=len(problems)))
    body = (
        f'<h1>{html.escape(title)}</h1><p class="quiet">{words}</p><p class="marks">{marks}</p>'
        f"<p>{html.escape(say(language, 'field.index_how'))}</p><table><tr>{head}</tr>{''.join(lines)}</table>"
        f"{_size_line(chips, language)}"
    )
    return static_page(title, language, body)
