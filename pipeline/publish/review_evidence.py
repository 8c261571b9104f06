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
from pipeline.intake.words.codes import label
from pipeline.publish.review_map import STYLES, Drawn
from pipeline.publish.rows import Tables, numbers_of
from pipeline.text import say

Row = dict[str, Any]
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
WHOLE = "\u2011"  # a hyphen at which no line is broken
LON_LAT = re.compile(r"-?[\d.]+ -?[\d.]+( [\d.]+)?")  # the value of located_at: degrees, and metres around


class Evidence(NamedTuple):
    """Everything that the questions are about, by id; shapes in the working CRS."""

    language: str
    titles: dict[str, str]  # source → what the page calls it, where it may be named
    leads: dict[str, Row]
    sites: dict[str, Row]
    cases: dict[str, Row]
    records: dict[str, Row]  # with `words`: field → what the record says, scrubbed
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
    """The rows that `questions` (answers parsed) name; the titles of secret sources are left out."""
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
    return Evidence(
        language=language,
        titles={source.id: source.title for source in place.sources if source.secrecy != "secret"},
        leads=leads,
        sites=sites,
        cases=cases,
        records=_with_words(_rows(tables["reports"], "report_id", records), place),
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
    """Records with `words`: what their mapped columns say, as it was scrubbed at the door, in its own signs."""
    sources = {source.id: source for source in place.sources}
    for row in records.values():
        source, cells = sources[row["source_id"]], json.loads(row["attributes"])
        said = {field: cells[title] for field, title in source.columns.items() if cells.get(title)}
        row["words"] = {**source.values, **said}
    return records


def _spots(questions: list[Row], place: Place, crs: pyproj.CRS) -> dict[str, Any]:
    found = (row["value"] for one in questions for row in decisions_of(one) if row["decision"] == "located_at")
    values = [value for value in dict.fromkeys(found) if LON_LAT.fullmatch(value)]
    points = np.array([shapely.Point(*map(float, value.split()[:2])) for value in values], dtype=object)
    moved = to_crs(points, pyproj.CRS.from_user_input(place.geographic_crs), crs)
    return dict(zip(values, moved, strict=True))


def show(question: Row, evidence: Evidence) -> Shown:
    """Shapes, legend and marks of a question: leads by source and period, cases dashed, places it may lie at as rings."""
    sites = [evidence.sites[own] for own in question["site_ids"] if own in evidence.sites]
    leads = leads_of(question, evidence)
    marks = {site["site_id"]: str(k) for k, site in enumerate(sites, 1)}
    marks |= dict(zip(question["problem_ids"], LETTERS, strict=False))
    first_of = {site["lead_ids"][0]: marks[site["site_id"]] for site in sites}
    marks |= {lead_id: marks[site["site_id"]] for site in sites for lead_id in site["lead_ids"]}
    groups = sorted({_group(lead, evidence) for lead in leads})
    styles = {group: f"g{k % STYLES}" for k, group in enumerate(groups)}
    legend = [(style, _source_and_period(title, period)) for (period, title), style in styles.items()]
    drawn = [
        Drawn(lead["geometry"], styles[_group(lead, evidence)], first_of.get(lead["lead_id"], ""), _radius_m(lead),
              lead["lead_id"] in question["lead_ids"])
        for lead in leads
    ]  # fmt: skip
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
