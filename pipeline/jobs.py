"""The jobs: what happens to a cycle, in order. Each reads tables, calls stages, and writes tables.

load → normalise → doubt → locate → overlap → merge → sites → conflicts → overlap → match → facts → rank → questions →
outcomes → publish; what persons decided goes before the rules at every step
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from pipeline.cycle import Cycle, Step, ledger_cases, no_progress, open_cycle
from pipeline.declare import Table, shape_table
from pipeline.engine.pieces import overlap_in_pieces
from pipeline.engine.spread import HERE, HowToRun, Tick
from pipeline.errors import InputError
from pipeline.geometry import to_crs
from pipeline.intake.decisions import read_decisions
from pipeline.intake.ground import raster_reach_m, with_raster_layers
from pipeline.ledger.store import accept as accept_problems
from pipeline.ledger.store import read_accepted
from pipeline.manifest import make_manifest
from pipeline.memory import rarely_searched
from pipeline.notices import warnings_of
from pipeline.publish.evidence import left_off_note
from pipeline.publish.field import field_pages
from pipeline.publish.front import front_page
from pipeline.publish.province import file_name, write_geopackage
from pipeline.publish.review import review_page
from pipeline.publish.row_sets import delivered_rows
from pipeline.publish.rows import is_numbered, marks_of
from pipeline.publish.workbook import write_workbook
from pipeline.stages import decided, effects, fates
from pipeline.stages.account import account
from pipeline.stages.belong import belong
from pipeline.stages.cases import build_cases
from pipeline.stages.conflicts import conflicts
from pipeline.stages.doubt import doubt
from pipeline.stages.facts import gather_facts
from pipeline.stages.load import load, set_aside_unread
from pipeline.stages.locate import locate
from pipeline.stages.match import match
from pipeline.stages.merge import merge
from pipeline.stages.normalise import normalise
from pipeline.stages.outcomes import outcomes, set_aside_leads
from pipeline.stages.overlap import overlap
from pipeline.stages.questions import ask
from pipeline.stages.rank import rank
from pipeline.stages.sites import build_sites, names_of
from pipeline.stages.verdicts import judge_sites
from pipeline.store import building, keep_accepted, write_json, write_table, write_text
from pipeline.tables import INPUTS, OVERLAPS, SET_ASIDE, TABLES
from pipeline.text import say

INFORMATION = ("C4", "C5", "C6")  # recoveries and no change: evidence, no suspicion


@dataclass(frozen=True)
class Finished:
    """A published run: where it lies, what run.json says, which files of a person were kept."""

    cycle: Cycle
    folder: Path
    run: dict[str, Any]
    kept: list[str]


@rarely_searched()
def make_tables(cycle: Cycle, step: Step = no_progress, how: HowToRun = HERE) -> Cycle:
    """Run every stage from load to outcomes; the cycle then holds every table and its accounting adds up to zero.

    `how` says where the pieces of large overlaps are worked on; the tables never depend on it.
    """
    run = _Stages(cycle, step, how)
    leads, unplaced, on_leads, decisions = _make_leads(cycle, run)
    inside = leads[~leads["lead_id"].isin(unplaced.loc[unplaced["reason"] == "E1", "lead_id"])]
    on_sites, decisions = _make_sites(cycle, run, decisions, inside)
    cycle.tables["overlaps"] = _together([on_leads, on_sites], OVERLAPS)
    fate_of = _make_matches(cycle, run, decisions, inside)
    _make_list(cycle, run, decisions, fate_of, unplaced, on_sites)
    return cycle


def _make_leads(cycle: Cycle, run: "_Stages") -> tuple[Any, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Sources become leads: (leads, those set aside on the way, overlaps of leads, decisions as they hold for records)."""
    place, ground, tables = cycle.place, cycle.ground, cycle.tables
    reports, inputs = run("load", load, place, ground.around)
    decisions = decided.for_corrections(read_decisions(place.folder, place.language), reports, place.sources)
    tables["reports"] = reports = decided.locate_reports(reports, decisions, ground)
    leads, unplaced = run("normalise", normalise, reports, place, ground)
    leads, cycle.shifted = doubt(leads, ground, place.rules.locate, place.language)
    tables["leads"] = leads = decided.correct_leads(leads, decisions, ground)
    unplaced = decided.still_outside(unplaced, leads, decisions, ground)
    reach_m = raster_reach_m(place, leads["position_accuracy_m"].max())
    cycle.ground = ground = with_raster_layers(ground, place, leads.geometry.to_numpy(), reach_m)
    tables["inputs"] = _together([inputs, ground.inputs], INPUTS)
    tables["candidates"] = run("locate", locate, reports, leads, place, ground)
    return leads, unplaced, run.overlap("overlap", leads, "lead"), decisions


def _make_sites(
    cycle: Cycle, run: "_Stages", decisions: pd.DataFrame, inside: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leads become sites, and layers are held against each other: (overlaps of sites, decisions as they hold for sites)."""
    place, ground, tables = cycle.place, cycle.ground, cycle.tables
    leads = inside[inside["case_geometry"].isna() & ~inside["change_type"].isin(INFORMATION)]
    said = fates.lead_pairs(decisions, leads)
    tables["merges"], members = run("merge", merge, leads, place.rules.merge, place.language, said)
    sites, tables["growth"] = run("sites", build_sites, leads, members, ground.boundary, tables["merges"])
    decisions = decided.contest(decisions, sites, leads, place.language)
    tables["sites"] = sites = decided.correct_sites(sites, decisions, leads, place.language)
    tables["conflicts"] = run("conflicts", conflicts, ground.layers, sites, ground.geographic, ground.versions)
    return run.overlap("overlap sites", sites, "site"), decisions


def _make_matches(cycle: Cycle, run: "_Stages", decisions: pd.DataFrame, inside: Any) -> dict[str, Any]:
    """Sites meet the known cases; gives what persons said shall become of sites."""
    place, ground, tables = cycle.place, cycle.ground, cycle.tables
    sites, leads, language = tables["sites"], tables["leads"], place.language
    judged, fate_of = fates.judged_cases(decisions, sites, leads, language, place.cycles)
    cases = build_cases(inside, tables["reports"], place, [ledger_cases(cycle), judged])
    tables["cases"] = cases = fates.overrule(cases, decisions, language)
    said = fates.case_pairs(decisions, sites, leads, cases) | fates.own_ground(judged)
    names = names_of(sites, leads)
    matches = run(
        "match", match, sites, cases, ground.layers, place.rules, language, names, said, tables["growth"], leads
    )
    tables["matches"] = belong(matches, sites, cases, language, said)
    return fate_of


def _make_list(
    cycle: Cycle,
    run: "_Stages",
    decisions: pd.DataFrame,
    fate_of: dict[str, Any],
    unplaced: pd.DataFrame,
    on_sites: pd.DataFrame,
) -> None:
    """Sites become the list, what a person has to decide is asked, and every lead has its outcome."""
    place, ground, tables = cycle.place, cycle.ground, cycle.tables
    leads, reports, language = tables["leads"], tables["reports"], place.language
    facts = run("facts", gather_facts, tables["sites"], on_sites, tables["matches"], leads, place, ground)
    facts = decided.correct_towns(facts, decisions, leads, ground)
    judged = judge_sites(facts, place, fate_of)
    accepted = read_accepted(place.ledger, cycle.name)
    tables["problems"] = run("rank", rank, judged, place, cycle.as_of, accepted, ground.crs)
    outside = unplaced[unplaced["reason"] == "E1"]
    tables["outcomes"] = outcomes(leads, judged, tables["cases"], outside, language)
    told = effects.with_effects(
        decisions, tables, ground.towns["town"].tolist(), place.rules.merge.max_extent_m, language
    )
    tables["decisions"] = effects.by_row(told, language)
    asked = (tables[name] for name in ("merges", "sites", "matches", "candidates", "reports", "problems"))
    secret = {source.id for source in place.sources if source.secrecy == "secret"}
    idle = set(judged.loc[judged["set_aside_reason"] == "E4", "site_id"])
    tables["questions"] = run("questions", ask, leads, *asked, told, language, idle, secret)
    gone = [set_aside_unread(reports), unplaced, set_aside_leads(judged, leads, reports)]
    tables["set_aside"] = _together(gone, SET_ASIDE)
    cycle.accounting = account(place, reports, leads, tables["set_aside"], tables["outcomes"])


def screen(
    folder: Path,
    name: str,
    outputs: Path,
    language: str | None = None,
    step: Step = no_progress,
    how: HowToRun = HERE,
) -> Finished:
    """The main job: make every table of the cycle and publish it whole under outputs/<place>/<cycle>/."""
    cycle = make_tables(open_cycle(folder, name, language, step, outputs=outputs), step, how)
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
    how: HowToRun = HERE,
) -> tuple[pd.DataFrame, pd.DataFrame, Finished | None]:
    """What is listed and not in review enters the ledger once; then the run is published again with the numbers.

    Returns (candidate_id, problem_id, is_new of what was accepted; the problems left behind; the new run or None).
    """
    cycle = make_tables(open_cycle(folder, name, language, step, outputs=None if is_dry_run else outputs), step, how)
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
    numbered = make_tables(open_cycle(folder, name, language, step, outputs=outputs), step, how)
    if cycle.cache is not None and numbered.cache is not None:
        numbered.cache.told[:0] = cycle.cache.told
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
        "outputs": {"field": "field/index.html", "review": "review.html"},
    }
    with building(outputs / place.key / cycle.name) as built:
        published = _Stages(cycle, step)
        published("tables", _write_tables, built.folder / "tables", cycle)
        published("province", _write_deliveries, built.folder / "province", cycle, run)
        published("field", _write_field, built.folder / "field", cycle)
        published("review", _write_review, built.folder / "review.html", cycle)
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
            marks = marks_of(place, run["is_accepted"], delivery.language)
            notes = {"questions": left_off_note(cycle.tables, delivery.language)}
            write_workbook(path, delivery, rows, cycle.as_of, marks, notes)
        run["outputs"]["list" if delivery.kind == "workbook" else "geopackage"] = f"province/{path.name}"
    written: dict[str, str] = run["outputs"]
    return written


def _write_field(folder: Path, cycle: Cycle) -> Mapping[str, str]:
    pages = field_pages(cycle.place, cycle.name, cycle.as_of, cycle.tables, cycle.ground.layers)
    for name, html in pages.items():
        write_text(folder / name, html)
    return pages


def _write_review(path: Path, cycle: Cycle) -> pd.DataFrame:
    write_text(path, review_page(cycle.place, cycle.name, cycle.as_of, cycle.tables, cycle.ground.towns))
    return cycle.tables["questions"]


def _together(frames: list[pd.DataFrame], table: Table) -> pd.DataFrame:
    filled = [frame for frame in frames if len(frame)]
    return shape_table(pd.concat(filled, ignore_index=True), table) if filled else frames[0]


@dataclass
class _Stages:
    """Runs a stage under its progress step – an overlap in pieces, as `how` says – and notes its rows and seconds."""

    cycle: Cycle
    step: Step
    how: HowToRun = HERE

    def __call__(self, name: str, stage: Callable[..., Any], *given: Any) -> Any:
        return self._run(name, lambda tick: stage(*given), given)

    def overlap(self, name: str, subjects: Any, subject: str) -> pd.DataFrame:
        """Table overlaps of leads or sites on the ground."""
        ground = self.cycle.ground
        given = (subjects, ground.layers, self.cycle.place.rules.overlap, ground.coverage, subject, ground.versions)
        found: pd.DataFrame = self._run(
            name,
            lambda tick: overlap_in_pieces(overlap, *given, how=self.how, tick=tick, cache=self.cycle.cache),
            given,
        )
        return found

    def _run(self, name: str, stage: Callable[[Tick], Any], given: tuple[Any, ...]) -> Any:
        started = time.perf_counter()
        with self.step(name) as tick:
            made = stage(tick)
        frames = made if isinstance(made, tuple) else (made,)
        rows_in = next((len(frame) for frame in given if isinstance(frame, pd.DataFrame)), 0)
        self.cycle.rows[name] = {"in": rows_in, "out": len(frames[0])}
        self.cycle.seconds[name] = time.perf_counter() - started
        return made
