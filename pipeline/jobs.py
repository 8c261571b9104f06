"""The jobs: what happens to a cycle, in order. Each reads tables, calls stages, and writes tables.

load → normalise → doubt → locate → overlap → merge → sites → overlap → match → facts → rank → outcomes → publish
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from pipeline.config import Layer, Origin, Place
from pipeline.declare import Table, shape_table
from pipeline.errors import ConfigError, InputError
from pipeline.geometry import to_crs
from pipeline.intake.ground import Ground, read_ground
from pipeline.intake.records import new_numbers
from pipeline.intake.words.codes import UNKNOWN_ACTIVITY, class_label
from pipeline.ledger.store import accept as accept_problems
from pipeline.ledger.store import read_accepted, read_cases
from pipeline.manifest import make_manifest
from pipeline.place_folder import read_place
from pipeline.publish.field import field_pages
from pipeline.publish.front import front_page
from pipeline.publish.province import file_name, write_geopackage
from pipeline.publish.rows import delivered_rows, is_numbered, marks_of
from pipeline.publish.workbook import write_workbook
from pipeline.stages.account import account
from pipeline.stages.belong import belong
from pipeline.stages.doubt import doubt
from pipeline.stages.facts import gather_facts
from pipeline.stages.load import load, set_aside_unread
from pipeline.stages.locate import locate
from pipeline.stages.match import build_cases, match
from pipeline.stages.merge import merge
from pipeline.stages.normalise import normalise
from pipeline.stages.outcomes import outcomes, set_aside_leads
from pipeline.stages.overlap import overlap
from pipeline.stages.rank import judge_sites, rank
from pipeline.stages.sites import build_sites
from pipeline.store import building, keep_accepted, write_json, write_table, write_text
from pipeline.tables import CASES, INPUTS, OVERLAPS, SET_ASIDE, TABLES
from pipeline.text import say

SHOWN_NUMBERS = 6  # more in one warning hide the others
INFORMATION = ("C4", "C5", "C6")  # recoveries and no change: evidence, no suspicion
Step = Callable[[str], AbstractContextManager[Any]]


def no_progress(stage: str) -> AbstractContextManager[Any]:
    """A step that shows nothing."""
    return nullcontext()


@dataclass
class Cycle:
    """One cycle of one place, as far as it has been made: its tables, its ground and what each stage did."""

    place: Place
    name: str
    as_of: date
    ground: Ground
    later: list[Origin] = field(default_factory=list)  # received after the as-of date, so not used
    shifted: dict[str, str] = field(default_factory=dict)  # sources whose points fit only un-shifted, and why
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    accounting: pd.DataFrame = field(default_factory=pd.DataFrame)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Finished:
    """A published run: where it lies, what run.json says, which files of a person were kept."""

    cycle: Cycle
    folder: Path
    run: dict[str, Any]
    kept: list[str]


def open_cycle(
    folder: Path, name: str, language: str | None = None, step: Step = no_progress, unread: dict[str, str] | None = None
) -> Cycle:
    """Read the place and its ground as they stood at the cycle's as-of date. Raises ConfigError or InputError.

    Where `unread` is given, a layer that cannot be read is passed over and the sentence noted there under its id.
    """
    place = read_place(folder, language)
    if name not in place.cycles:
        known = ", ".join(place.cycles)
        raise ConfigError(say(place.language, "run.no_cycle", file=place.folder / "place.toml", name=name, known=known))
    as_of = place.cycles[name]
    later = [origin for origin in (*place.sources, *place.layers) if origin.received > as_of]
    place = place.received_by(as_of)
    if not place.sources:
        raise ConfigError(say(place.language, "run.no_sources", folder=place.folder / "sources", as_of=as_of))
    started = time.perf_counter()
    with step("ground"):
        ground = read_ground(place, unread)
    return Cycle(place, name, as_of, ground, later, seconds={"ground": time.perf_counter() - started})


def make_tables(cycle: Cycle, step: Step = no_progress) -> Cycle:
    """Run every stage from load to outcomes; the cycle then holds every table and its accounting adds up to zero."""
    place, ground, rules, tables = cycle.place, cycle.ground, cycle.place.rules, cycle.tables
    run = _Stages(cycle, step)
    tables["reports"], inputs = run("load", load, place, ground.around)
    tables["inputs"] = _together([inputs, ground.inputs], INPUTS)
    leads, unplaced = run("normalise", normalise, tables["reports"], place, ground)
    leads, cycle.shifted = doubt(leads, ground, rules.locate, place.language)
    tables["leads"] = leads
    tables["candidates"] = run("locate", locate, tables["reports"], leads, place, ground)
    inside = leads[~leads["lead_id"].isin(unplaced.loc[unplaced["reason"] == "E1", "lead_id"])]
    on_leads = run("overlap", overlap, leads, ground.layers, rules.overlap, ground.coverage)
    is_case, is_info = inside["case_geometry"].notna(), inside["change_type"].isin(INFORMATION)
    tables["merges"], members = run("merge", merge, inside[~is_case & ~is_info], rules.merge, place.language)
    tables["sites"] = run("sites", build_sites, inside[~is_case & ~is_info], members, ground.boundary)
    on_sites = run("overlap sites", overlap, tables["sites"], ground.layers, rules.overlap, ground.coverage, "site")
    tables["overlaps"] = _together([on_leads, on_sites], OVERLAPS)
    tables["cases"] = build_cases(inside, ledger_cases(cycle))
    matches = run("match", match, tables["sites"], tables["cases"], ground.layers, rules, place.language)
    tables["matches"] = belong(matches, tables["sites"], tables["cases"], place.language)
    facts = run("facts", gather_facts, tables["sites"], on_sites, tables["matches"], leads, place, ground)
    judged = judge_sites(facts, place)
    accepted = read_accepted(place.ledger, cycle.name)
    tables["problems"] = run("rank", rank, judged, place, cycle.as_of, accepted, ground.crs)
    outside = unplaced[unplaced["reason"] == "E1"]
    tables["outcomes"] = outcomes(leads, judged, tables["cases"], outside, place.language)
    gone = [set_aside_unread(tables["reports"]), unplaced, set_aside_leads(judged, leads, tables["reports"])]
    tables["set_aside"] = _together(gone, SET_ASIDE)
    cycle.accounting = account(place, tables["reports"], leads, tables["set_aside"], tables["outcomes"])
    return cycle


def screen(folder: Path, name: str, outputs: Path, language: str | None = None, step: Step = no_progress) -> Finished:
    """The main job: make every table of the cycle and publish it whole under outputs/<place>/<cycle>/."""
    cycle = make_tables(open_cycle(folder, name, language, step), step)
    return publish_run(cycle, outputs, step)


def accept(
    folder: Path,
    name: str,
    outputs: Path,
    language: str | None = None,
    only: Sequence[str] = (),
    town: str | None = None,
    is_dry_run: bool = False,
    step: Step = no_progress,
) -> tuple[pd.DataFrame, pd.DataFrame, Finished | None]:
    """What is listed and not in review enters the ledger once; then the run is published again with the numbers.

    Returns (candidate_id, problem_id, is_new of what was accepted; the problems left behind; the new run or None).
    """
    cycle = make_tables(open_cycle(folder, name, language, step), step)
    place, problems = cycle.place, cycle.tables["problems"]
    chosen = choose_problems(problems, only, town, place.language)
    ready = chosen[~chosen["needs_review"].astype(bool)]
    left = chosen[chosen["needs_review"].astype(bool)]
    if is_dry_run:
        dry = ready[["candidate_id", "problem_id"]].assign(is_new=ready["problem_id"].isna())
        return dry, left, None
    run_id = make_manifest(place, name, cycle.ground.crs)["run_id"]
    given = accept_problems(
        place.ledger, ledger_rows(ready, cycle), name, cycle.as_of, run_id, place.problem_number, place.code
    )
    numbered = make_tables(open_cycle(folder, name, language, step), step)
    return given, left, publish_run(numbered, outputs, step, keep_as_accepted=bool(given["is_new"].any()))


def choose_problems(problems: pd.DataFrame, only: Sequence[str], town: str | None, language: str) -> pd.DataFrame:
    """The problems named by candidate or official number and lying in `town`; all where neither is given."""
    known = set(problems["candidate_id"]) | set(problems["problem_id"].dropna())
    unknown = sorted(set(only) - known)
    if unknown:
        raise InputError(say(language, "run.unknown_ids", ids=", ".join(unknown)))
    towns = sorted({name for names in problems["towns"] for name in names})
    if town is not None and town not in towns:
        raise InputError(say(language, "run.unknown_town", town=town, known=", ".join(towns) or "–"))
    if only:
        problems = problems[problems["candidate_id"].isin(only) | problems["problem_id"].isin(only)]
    return problems if town is None else problems[problems["town"] == town]


def ledger_rows(problems: pd.DataFrame, cycle: Cycle) -> pd.DataFrame:
    """Problems as the ledger takes them: with the shape as WKB in the place's geographic CRS."""
    shapes = to_crs(problems["geometry"].to_numpy(dtype=object), cycle.ground.crs, cycle.ground.geographic)
    sites = cycle.tables["sites"].set_index("site_id")["position_accuracy_m"]
    return pd.DataFrame(problems).assign(
        geometry_wkb=shapely.to_wkb(shapes),
        geometry_crs=cycle.place.geographic_crs,
        case_geometry=["outline" if area_m2 > 0 else "point" for area_m2 in problems["area_m2"]],
        position_accuracy_m=problems["site_id"].map(sites),
    )


def publish_run(cycle: Cycle, outputs: Path, step: Step = no_progress, keep_as_accepted: bool = False) -> Finished:
    """Write the whole run beside the standing one and swap it in; a run with official numbers is no longer a draft."""
    place, tables = cycle.place, cycle.tables
    is_accepted = is_numbered(tables["problems"])
    run = {
        **make_manifest(place, cycle.name, cycle.ground.crs),
        "is_accepted": is_accepted,
        "stages": cycle.rows,
        "warnings": warnings_of(cycle),
        "outputs": {"field": "field/index.html"},
    }
    with building(outputs / place.key / cycle.name) as built:
        published = _Stages(cycle, step)
        published("tables", _write_tables, built.folder / "tables", cycle)
        published("province", _write_deliveries, built.folder / "province", cycle, run)
        published("field", _write_field, built.folder / "field", cycle)
        html, markdown = front_page(place, cycle.name, cycle.as_of, run, tables)
        write_text(built.folder / "index.html", html)
        write_text(built.folder / "summary.md", markdown)
        write_json(built.folder / "run.json", run)
        write_json(built.folder / "timings.json", {name: round(s, 3) for name, s in cycle.seconds.items()})
        if keep_as_accepted:
            keep_accepted(built.folder)
    return Finished(cycle, outputs / place.key / cycle.name, run, [path.name for path in built.kept])


def _write_tables(folder: Path, cycle: Cycle) -> dict[str, pd.DataFrame]:
    for name, table in TABLES.items():
        write_table(cycle.tables[name], table, folder / f"{name}.parquet", cycle.ground.crs)
    return cycle.tables


def _write_deliveries(folder: Path, cycle: Cycle, run: dict[str, Any]) -> dict[str, str]:
    """The GeoPackage and the workbook, as delivery/*.toml asks; notes in run["outputs"] where they lie."""
    place = cycle.place
    for delivery in place.deliveries:
        rows = delivered_rows(place, cycle.name, cycle.as_of, cycle.tables, run, delivery.language)
        path = folder / file_name(delivery, place, cycle.name, cycle.as_of)
        path.parent.mkdir(parents=True, exist_ok=True)
        if delivery.kind == "geopackage":
            write_geopackage(path, delivery, rows, cycle.as_of, cycle.ground.crs)
        else:
            write_workbook(path, delivery, rows, cycle.as_of, marks_of(place, run["is_accepted"], delivery.language))
        run["outputs"]["list" if delivery.kind == "workbook" else "geopackage"] = f"province/{path.name}"
    written: dict[str, str] = run["outputs"]
    return written


def _write_field(folder: Path, cycle: Cycle) -> dict[str, str]:
    pages = field_pages(cycle.place, cycle.name, cycle.as_of, cycle.tables, cycle.ground.layers)
    for name, html in pages.items():
        write_text(folder / name, html)
    return pages


def warnings_of(cycle: Cycle) -> list[str]:
    """What an analyst should look at before believing the list."""
    place, overlaps = cycle.place, cycle.tables["overlaps"]
    hit = set(overlaps.loc[overlaps["level"] == "layer", "layer_id"])
    filled = set(cycle.ground.layers["layer_id"])
    never = [layer for layer in place.layers if layer.id in filled and layer.id not in hit]
    return input_warnings(cycle, cycle.tables["leads"]) + [
        say(place.language, "run.warn_layer_never_hit", layer=layer.title) for layer in never
    ]


def input_warnings(cycle: Cycle, leads: pd.DataFrame) -> list[str]:
    """What is odd about the inputs themselves: missing, later, empty, unreadable, unknown words, classes not covered."""
    place, ground, language = cycle.place, cycle.ground, cycle.place.language
    filled = set(ground.layers["layer_id"])
    lines = list(ground.unusable)
    for origin in (*place.sources, *place.layers):
        if not origin.path.exists():
            lines.append(say(language, "run.warn_missing_input", title=origin.title, path=origin.path.name))
        elif isinstance(origin, Layer) and origin.id not in filled:
            lines.append(say(language, "run.warn_layer_empty", layer=origin.title))
    titles = {origin.id: origin.title for origin in (*place.sources, *place.layers)}
    for row in cycle.tables["inputs"].dropna(subset="crs_note").itertuples():
        lines.append(say(language, "run.warn_crs", title=titles[row.input_id], file=row.file, note=row.crs_note))
    lines += [say(language, "run.warn_shifted", title=titles[name], note=note) for name, note in cycle.shifted.items()]
    hidden = {source.id: f"…（{source.title}）" for source in place.sources if source.kind == "reports"}
    for name, numbers in new_numbers(cycle.tables["reports"], {source.id: source for source in place.sources}).items():
        shown = "" if name in hidden else ", ".join(numbers[:SHOWN_NUMBERS])
        lines.append(say(language, "run.warn_new_numbers", title=titles[name], n=len(numbers), numbers=shown))
    for layer_class in sorted(set(place.screens_for) - set(ground.coverage)):
        words = class_label(layer_class, language)
        lines.append(say(language, "run.warn_not_covered", layer_class=words))
    unknown = leads[(leads["activity_l2"] == UNKNOWN_ACTIVITY) & (leads["activity_words"] != UNKNOWN_ACTIVITY)]
    if len(unknown):
        said = zip(unknown["source_id"], unknown["activity_words"], strict=True)
        counts = pd.Series([hidden.get(id_, word) for id_, word in said]).value_counts().sort_index()  # D19
        words = "、".join(f"{word} × {count}" for word, count in counts.items())
        lines.append(say(language, "run.warn_unknown_words", words=words))
    for origin in cycle.later:
        lines.append(say(language, "run.warn_later", title=origin.title, received=origin.received.isoformat()))
    return lines


def ledger_cases(cycle: Cycle) -> pd.DataFrame:
    """The ledger's cases as they stood for this cycle (columns of table cases), geometry in the working CRS."""
    known = read_cases(cycle.place.ledger, cycle.as_of, without_cycle=cycle.name)
    shapes = np.full(len(known), None, dtype=object)
    for crs_name in sorted(set(known["geometry_crs"].dropna())):
        rows = np.flatnonzero(known["geometry_crs"] == crs_name)
        stored = shapely.from_wkb(known["geometry_wkb"].to_numpy(dtype=object)[rows])
        shapes[rows] = to_crs(stored, pyproj.CRS.from_user_input(crs_name), cycle.ground.crs)
    return shape_table(known.assign(geometry=shapes), CASES)


def _together(frames: list[pd.DataFrame], table: Table) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return shape_table(pd.concat(filled, ignore_index=True), table) if filled else frames[0]


@dataclass
class _Stages:
    """Runs a stage under its progress step and notes its rows and seconds in the cycle."""

    cycle: Cycle
    step: Step

    def __call__(self, name: str, stage: Callable[..., Any], *given: Any) -> Any:
        started = time.perf_counter()
        with self.step(name):
            made = stage(*given)
        frames = made if isinstance(made, tuple) else (made,)
        rows_in = next((len(frame) for frame in given if isinstance(frame, pd.DataFrame)), 0)
        self.cycle.rows[name] = {"in": rows_in, "out": len(frames[0])}
        self.cycle.seconds[name] = time.perf_counter() - started
        return made
