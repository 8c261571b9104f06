"""What the questions of the review page are about: the rows they name, and their shapes with marks and a legend."""

import html
import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyproj
import shapely

from pipeline.config import Place
from pipeline.geometry import area_m2, to_crs
from pipeline.intake.fields import mapped_words, meant_words
from pipeline.intake.words.codes import label, to_activity
from pipeline.publish.review_map import STYLES, Drawn
from pipeline.publish.rows import Tables, join_words, numbers_of
from pipeline.text import say

Row = dict[str, Any]
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
CIRCLED = 0x245F  # the sign before ①
WHOLE = "\u2011"  # a hyphen at which no line is broken
SENDERS_OWN = ("orig_no", "name", "src_file", "src_row")  # what of a secret source's rows stays unsaid
PLACE_FIELDS = ("town", "village", "place_text")  # of a record's words only these: in running text persons may be named
LON_LAT = re.compile(r"-?[\d.]+ -?[\d.]+( [\d.]+)?")  # the value of located_at: degrees, and metres around


class Evidence(NamedTuple):
    """Everything that the questions are about, by id; shapes in the working CRS."""

    language: str
    titles: dict[str, str]  # source → what the page calls it, where it may be named
    leads: dict[str, Row]
    sites: dict[str, Row]
    cases: dict[str, Row]
    records: dict[str, Row]  # with `words`, what its fields of places say, and `activity_l2`
    places: dict[str, list[Row]]  # record → the places found in its words, the likeliest first; none of a secret source
    pairs: dict[frozenset[str], Row]
    meets: dict[tuple[str, str], Row]
    spots: dict[str, Any]  # value of located_at → its point
    numbers: dict[str, str]  # site → number of its listed problem


class Shown(NamedTuple):
    """What one question shows."""

    drawn: list[Drawn]
    legend: list[tuple[str, str]]  # class in review.css, words
    marks: dict[str, str]  # id, or value of located_at → the mark by which map, tables and answers call it


def gather(questions: list[Row], place: Place, tables: Tables, language: str) -> Evidence:
    """The rows that `questions` (answers parsed) name; of secret sources without title, numbers, names, words and files."""
    sites = _rows(tables["sites"], "site_id", (own for one in questions for own in one["site_ids"]))
    in_sites = (own for site in sites.values() for own in site["lead_ids"])
    leads = _rows(tables["leads"], "lead_id", [*in_sites, *(own for one in questions for own in one["lead_ids"])])
    cases = _rows(tables["cases"], "problem_id", (own for one in questions for own in one["problem_ids"]))
    crs = tables["leads"].crs
    outlines = np.array([case["geometry"] for case in cases.values()], dtype=object)
    for case, case_m2 in zip(cases.values(), area_m2(outlines, crs), strict=True):
        case["area_m2"] = case_m2
    undecided = tables["merges"][tables["merges"]["decision"] == "review"].to_dict("records")
    met = pd.DataFrame(tables["matches"][tables["matches"]["relation"] == "review"]).to_dict("records")
    records = {row["subject"] for one in questions for row in decisions_of(one)}
    records |= {leads[own]["report_id"] for one in questions if one["about"] == "position" for own in one["lead_ids"]}
    told = _with_words(_rows(tables["reports"], "report_id", records), place)
    titles = {source.id: source.title for source in place.sources if source.secrecy != "secret"}
    secret = {source.id for source in place.sources} - set(titles)
    for kind in (leads, cases, told):
        _veil(kind, secret)
    return Evidence(
        language=language,
        titles=titles,
        leads=leads,
        sites=sites,
        cases=cases,
        records=told,
        places=_places(tables["candidates"], {own for own, row in told.items() if row["source_id"] in titles}),
        pairs={frozenset((pair["lead_a"], pair["lead_b"])): pair for pair in undecided},
        meets={(row["site_id"], row["problem_id"]): row for row in met},
        spots=_spots(questions, place, crs),
        numbers=numbers_of(tables),
    )


def decisions_of(question: Row) -> list[Row]:
    """The rows of every answer, in the order of the answers."""
    return [row for answer in question["answers"] for row in answer["decisions"]]


def _rows(frame: pd.DataFrame, key: str, ids: Iterable[str]) -> dict[str, Row]:
    rows = pd.DataFrame(frame[frame[key].isin(set(ids))]).astype(object)
    return {row[key]: row for row in rows.where(rows.notna(), None).to_dict("records")}


def _with_words(records: dict[str, Row], place: Place) -> dict[str, Row]:
    """Records with `words` – what their fields of places say – and `activity_l2`, None for a word that no table knows.

    Nothing else that they say reaches the page: the person complained about is protected too (D04).
    """
    sources = {source.id: source for source in place.sources}
    for row in records.values():
        source = sources[row["source_id"]]
        said = {} if source.secrecy == "secret" else mapped_words(source, json.loads(row["attributes"]))
        row["words"] = {field: said[field] for field in PLACE_FIELDS if said.get(field)}
        level_1, level_2 = to_activity(meant_words(said, place)["activity"]) if said else (None, "")
        row["activity_l2"] = level_2 if level_1 else None
    return records


def _veil(rows: dict[str, Row], secret: set[str]) -> None:
    """Take what senders of secret sources call things by out of `rows`."""
    for row in rows.values():
        if row["source_id"] in secret:
            row.update(dict.fromkeys(row.keys() & set(SENDERS_OWN)))


def _places(candidates: pd.DataFrame, report_ids: set[str]) -> dict[str, list[Row]]:
    """The places that the words of these records may mean."""
    own = candidates[candidates["report_id"].isin(report_ids) & candidates["name"].notna()].sort_values("rank")
    places: dict[str, list[Row]] = {}
    for row in own.astype(object).where(own.notna(), None).to_dict("records"):
        places.setdefault(row["report_id"], []).append(row)
    return places


def _spots(questions: list[Row], place: Place, crs: pyproj.CRS) -> dict[str, Any]:
    found = (row["value"] for one in questions for row in decisions_of(one) if row["decision"] == "located_at")
    values = [value for value in dict.fromkeys(found) if LON_LAT.fullmatch(value)]
    points = np.array([shapely.Point(*map(float, value.split()[:2])) for value in values], dtype=object)
    moved = to_crs(points, pyproj.CRS.from_user_input(place.geographic_crs), crs)
    return dict(zip(values, moved, strict=True))


def show(question: Row, evidence: Evidence) -> Shown:
    """Shapes, legend and marks of a question: a colour a site, or of one site a colour a source and period; cases dashed,
    places it may lie at as rings."""
    sites = [evidence.sites[own] for own in question["site_ids"] if own in evidence.sites]
    leads = leads_of(question, evidence)
    marks = {site["site_id"]: str(k) for k, site in enumerate(sites, 1)}
    marks |= dict(zip(question["problem_ids"], LETTERS, strict=False))
    marks |= {lead_id: marks[site["site_id"]] for site in sites for lead_id in site["lead_ids"]}
    styles, legend = _colours(leads, marks, evidence)
    drawn = [
        Drawn(
            lead["geometry"],
            style,
            marks.get(lead["lead_id"], ""),
            _radius_m(lead),
            lead["lead_id"] in question["lead_ids"],
        )
        for lead, style in zip(leads, styles, strict=True)
    ]
    for case_id in question["problem_ids"]:
        if (case := evidence.cases.get(case_id)) and case["geometry"] is not None:
            drawn.append(Drawn(case["geometry"], "case", marks.get(case_id, ""), _radius_m(case)))
    if any(one.style == "case" for one in drawn):
        legend.append(("case", say(evidence.language, "review.case_drawn")))
    values = dict.fromkeys(row["value"] for row in decisions_of(question) if row["value"] in evidence.spots)
    marks |= dict(zip(values, LETTERS, strict=False))
    drawn += [
        Drawn(evidence.spots[value], "spot", marks.get(value, ""), float([*value.split(), "0"][2])) for value in values
    ]
    if values:
        legend.append(("spot", say(evidence.language, "review.spot_drawn")))
    if any(one.radius_m and one.style != "spot" for one in drawn):
        legend.append(("around", say(evidence.language, "review.around_drawn")))
    return Shown(drawn, legend, marks)


def _colours(leads: list[Row], marks: dict[str, str], evidence: Evidence) -> tuple[list[str], list[tuple[str, str]]]:
    """A class in review.css for each of `leads`, and the legend: what is one place or two must be told apart on the map."""
    own = [(marks.get(lead["lead_id"], ""), *_group(lead, evidence)) for lead in leads]
    is_by_site = len({mark for mark, *_ in own}) > 1
    kinds = [one[:1] if is_by_site else one[1:] for one in own]
    names: dict[tuple[str, ...], dict[str, None]] = {}
    for kind, (_, period, title) in sorted(zip(kinds, own, strict=True)):
        names.setdefault(kind, {})[_source_and_period(title, period)] = None
    styles = {kind: f"g{k % STYLES}" for k, kind in enumerate(names)}
    heads = [chr(CIRCLED + int(kind[0])) + " " if is_by_site and kind[0] else "" for kind in names]
    words = [head + join_words(list(own), evidence.language) for head, own in zip(heads, names.values(), strict=True)]
    return [styles[kind] for kind in kinds], list(zip(styles.values(), words, strict=True))


def leads_of(question: Row, evidence: Evidence) -> list[Row]:
    """The leads asked about, then the others of their sites."""
    of_sites = (own for name in question["site_ids"] for own in evidence.sites.get(name, {"lead_ids": []})["lead_ids"])
    ids = dict.fromkeys([*question["lead_ids"], *of_sites])
    return [evidence.leads[own] for own in ids if own in evidence.leads]


def _group(lead: Row, evidence: Evidence) -> tuple[str, str]:
    return lead["period"] or "", source_name(lead, evidence)


def _source_and_period(title: str, period: str) -> str:
    """The period is left out where the title says it, whatever stands between its years."""
    is_said = all(year in title for year in period.split("-"))
    return title if is_said else f"{title} {period.replace('-', WHOLE)}"


def source_name(row: Row, evidence: Evidence) -> str:
    """The source's title; of one that may not be named only what kind of source it is."""
    if row["source_id"] in evidence.titles:
        return evidence.titles[row["source_id"]]
    kind = label("lead_sources", row.get("source_code"), evidence.language)
    return kind or say(evidence.language, "review.unnamed_source")


def where_read(record: Row, language: str) -> str:
    """File and row of a record; "" of a secret source."""
    if record["src_row"] is None:
        return record["src_file"] or ""
    return say(language, "review.file_row", file=record["src_file"], row=record["src_row"])


def _radius_m(row: Row) -> float:
    return 0.0 if row["area_m2"] else float(row["position_accuracy_m"])


def with_marks(words: str, marks: dict[str, str]) -> str:
    """`words` as safe HTML, each id that the map marks with its mark before it."""
    safe = html.escape(words)
    known = {html.escape(name): mark for name, mark in marks.items()}
    if not known:
        return safe
    names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    return re.sub(rf"(?<![\w-])({names})(?![\w-])", lambda found: f"{mark_of(known[found[1]])}{found[1]}", safe)


def mark_of(mark: str) -> str:
    return f'<b class="mark">{mark}</b>' if mark else ""
