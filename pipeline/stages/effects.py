"""effects: what each row of decisions.csv did in a run, told by what came of it; where it did nothing, why and what to do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import shapely

from pipeline.declare import cells, shape_table
from pipeline.intake.decision_rows import AS_RECEIVED, POINTED_OUT, TOPICS
from pipeline.merging.said import fates_by_site, fates_on_sites, rows_by_tail, site_by_lead
from pipeline.tables import DECISIONS, LEDGER
from pipeline.text import say

APPLIED, NO_EFFECT, GONE, SUPERSEDED = "applied", "no_effect", "gone", "superseded"
MOST_NAMED = 5  # ids in one sentence
Effect = tuple[str, str | None]  # and the detail in words


def with_effects(
    decisions: pd.DataFrame, tables: Mapping[str, pd.DataFrame], towns: list[str], max_extent_m: float, language: str
) -> pd.DataFrame:
    """`decisions` with the effect of every row that was in force, and a detail where there is something to know.

    applied, no_effect (it changed nothing), gone (no such subject) or superseded (a later word on the same site). `tables`:
    reports, leads, sites, cases, matches, problems and outcomes of the run. What is called the same over more than `max_extent_m` is
    applied, for a person may be right, and is told.
    """
    if not (decisions["effect"] == "").any():
        return shape_table(decisions, DECISIONS)
    run = _see(decisions, tables, towns, max_extent_m, language)
    effects, details = decisions["effect"].tolist(), decisions["detail"].tolist()
    for k, said in enumerate(decisions.itertuples()):
        if effects[k] == "":
            effects[k], details[k] = _effect(said, run)
    return shape_table(decisions.assign(effect=effects, detail=details), DECISIONS)


def by_row(told: pd.DataFrame, language: str) -> pd.DataFrame:
    """Table decisions: one row per row of decisions.csv, with what it did for later versions of its record (for_corrections)."""
    is_repeat = told["row"].duplicated()
    own = told[~is_repeat].reset_index(drop=True)
    later = told[is_repeat & (told["effect"] == APPLIED)].groupby("row")["subject"].agg(", ".join).to_dict()
    details = [
        say(language, "decided.for_correction", subject=subject, later=later[row]) if row in later else detail
        for row, subject, detail in zip(own["row"], own["subject"], own["detail"], strict=True)
    ]
    effects = own["effect"].mask(own["row"].isin(list(later)), APPLIED)
    return shape_table(own.assign(effect=effects, detail=details), DECISIONS)


@dataclass(frozen=True)
class _Run:
    """What the effects are read from; of leads, records, cases and sites those spoken of."""

    lead_of: dict[str, Any]  # id of a lead, site or candidate → the lead it stands for
    of_record: dict[str, list[Any]]  # report_id → its leads
    reports: dict[str, Any]
    cases: dict[str, Any]
    held: set[str]  # tails of the leads that cases of the ledger hold
    outcomes: dict[str, Any]  # lead_id → what became of it
    site_of: dict[str, str]  # lead_id → its site
    sites: dict[str, Any]
    matches: dict[tuple[str, str], Any]  # (site_id, problem_id) → how they stand
    spoken: dict[tuple[int, str], list[str]]  # (row, subject) of a fate → the sites it speaks of
    fates: dict[str, Any]  # site_id → the row that counts
    numbered: dict[str, str]  # official number given in this very cycle → the candidate that bears it
    towns: list[str]
    max_extent_m: float
    language: str

    def say(self, key: str, **values: object) -> str:
        return say(self.language, f"decided.{key}", **values)

    def named(self, words: Iterable[str]) -> str:
        return say(self.language, "decided.between").join(list(words)[:MOST_NAMED])

    def site(self, name: str) -> str | None:
        """The site in which the lead of an id stands."""
        return self.site_of.get(self.lead_of[name].lead_id) if name in self.lead_of else None


def _see(
    decisions: pd.DataFrame, tables: Mapping[str, pd.DataFrame], towns: list[str], max_extent_m: float, language: str
) -> _Run:
    leads, sites, cases, matches = (tables[name] for name in ("leads", "sites", "cases", "matches"))
    told = decisions.loc[decisions["effect"] == "", "subject"]
    names = sorted({part for subject in told for part in subject.split()})
    row_of, site_of = rows_by_tail(leads), site_by_lead(sites)
    rows = {name: row_of[name[1:]] for name in names if name[0] in "LSC" and name[1:] in row_of}
    lead_of = dict(zip(rows, leads.iloc[list(rows.values())].itertuples(), strict=True))
    of_record: dict[str, list[Any]] = defaultdict(list)
    for lead in leads[leads["report_id"].isin(names)].itertuples():
        of_record[str(lead.report_id)].append(lead)
    spoken_of = [*lead_of.values(), *(lead for own in of_record.values() for lead in own)]
    own_sites = [site_of[lead.lead_id] for lead in spoken_of if lead.lead_id in site_of]
    met = matches[matches["site_id"].isin(own_sites)].itertuples()
    return _Run(
        lead_of,
        of_record,
        _by_id(tables["reports"], "report_id", [*names, *(lead.report_id for lead in lead_of.values())]),
        _by_id(cases, "problem_id", names),
        {lead_id[1:] for lead_ids in cases.loc[cases["source_id"] == LEDGER, "lead_ids"] for lead_id in lead_ids},
        _by_id(tables["outcomes"], "lead_id", [lead.lead_id for lead in spoken_of]),
        site_of,
        _by_id(sites, "site_id", own_sites),
        {(str(row.site_id), str(row.problem_id)): row for row in met},
        {(said.row, said.subject): site_ids for said, site_ids in fates_on_sites(decisions, sites, leads)},
        fates_by_site(decisions, sites, leads),
        dict(zip(cells(tables["problems"], "problem_id"), tables["problems"]["candidate_id"], strict=True)),
        towns,
        max_extent_m,
        language,
    )


def _by_id(frame: pd.DataFrame, key: str, ids: list[str]) -> dict[str, Any]:
    return {str(getattr(row, key)): row for row in frame[frame[key].isin(ids)].itertuples()}


def _effect(said: Any, run: _Run) -> Effect:
    parts, topic = said.subject.split(), TOPICS[said.decision]
    is_parted = said.decision == "apart" and any(
        run.site(part) for part in parts
    )  # the ledger remembers the other lead
    known = {*run.lead_of, *run.reports, *run.cases}
    missing = [part for part in parts if part not in known and not (is_parted and part[1:] in run.held)]
    for part in missing:
        if part in run.numbered:
            return NO_EFFECT, run.say("numbered", id=part, candidate=run.numbered[part])
    if missing:
        return GONE, run.say("gone", ids=", ".join(missing))
    if topic == "pair":
        return _of_pair(said, parts, run)
    if topic == "fate":
        return _of_fate(said, run)
    if said.decision == "town" and said.value not in run.towns:
        return NO_EFFECT, run.say("no_town", town=said.value, known=run.named(sorted(run.towns)) or "–")
    if said.subject in run.reports:
        return _of_record(said, run)
    return _of_lead_or_site(said, run)


def _of_pair(said: Any, parts: list[str], run: _Run) -> Effect:
    """same and apart: of two leads, of two sites by their first leads, of a site and a known case."""
    own = [part for part in parts if part in run.lead_of]
    for part in own:
        if run.site(part) is None:
            return NO_EFFECT, _why_no_site(run.lead_of[part], part, "pair", run)
    if len(own) == 1:
        return _of_site_and_case(said, own[0], next(part for part in parts if part != own[0]), run)
    one, other = (run.lead_of[part] for part in own)
    if one.lead_id == other.lead_id:
        return NO_EFFECT, run.say("one_lead", lead=one.lead_id)
    is_together = run.site(own[0]) == run.site(own[1])
    if is_together != (said.decision == "same"):
        return NO_EFFECT, run.say("held_together" if is_together else "held_apart")
    return APPLIED, _far(said, one, other, run)


def _of_site_and_case(said: Any, name: str, case_id: str, run: _Run) -> Effect:
    site_id = run.site_of[run.lead_of[name].lead_id]
    match, case = run.matches.get((site_id, case_id)), run.cases.get(case_id)
    if said.decision == "same" and match is not None and match.relation == "adjacent":
        return NO_EFFECT, run.say("belongs_elsewhere", reason=match.reason)
    has_place = case is not None and case.geometry is not None
    return APPLIED, _far(said, run.sites[site_id], case, run) if has_place else None


def _far(said: Any, one: Any, other: Any, run: _Run) -> str | None:
    """What is called the same and lies so far apart that an id may be mistyped."""
    gap_m = float(shapely.distance(one.geometry, other.geometry))
    is_far = said.decision == "same" and gap_m > run.max_extent_m
    return run.say("far", gap=gap_m / 1000, most=run.max_extent_m / 1000) if is_far else None


def _of_fate(said: Any, run: _Run) -> Effect:
    """leave_out, keep and not_a_problem: of a case itself, else of the sites that the subject stands in."""
    if said.subject in run.cases:
        return APPLIED, None
    leads = run.of_record.get(said.subject) or [run.lead_of[one] for one in [said.subject] if one in run.lead_of]
    if not leads:
        is_unplaced = str(run.reports[said.subject].fault).startswith("E9")  # nobody is asked where it lies any more
        return (APPLIED, None) if is_unplaced else (NO_EFFECT, _why_no_lead(said.subject, run))
    site_ids = run.spoken[said.row, said.subject]
    if not site_ids:
        return NO_EFFECT, _why_no_site(leads[0], said.subject, "fate", run)
    counts = [run.fates[site_id] for site_id in site_ids]
    if all((one.decision, one.value) != (said.decision, said.value) for one in counts):
        return SUPERSEDED, run.say("superseded", sites=run.named(site_ids), row=counts[0].row)
    outcome = run.outcomes[leads[0].lead_id]
    is_own = any(lead_id[1:] in run.held for lead_id in run.sites[site_ids[0]].lead_ids)  # kept, and accepted since
    if said.decision == "keep" and outcome.outcome == "known" and not is_own:
        return NO_EFFECT, run.say("keep_known", site=site_ids[0], case=outcome.known_problem_id)
    sizes = {site_id: len(run.sites[site_id].lead_ids) for site_id in site_ids}
    whole = [run.say("whole_site", site=one, n=n) for one, n in sizes.items() if n > 1 and one != said.subject]
    return APPLIED, run.named(whole) or None


def _of_record(said: Any, run: _Run) -> Effect:
    """located_at of a record: one without a place is given one."""
    report, leads = run.reports[said.subject], run.of_record.get(said.subject, [])
    if said.value == AS_RECEIVED and isinstance(report.fault, str):
        return NO_EFFECT, run.say("nothing_received", record=said.subject)
    if not leads:
        return NO_EFFECT, _why_no_lead(said.subject, run)
    if report.crs_confidence == POINTED_OUT:
        return APPLIED, None
    return NO_EFFECT, run.say("has_place", record=said.subject, leads=run.named(lead.lead_id for lead in leads))


def _of_lead_or_site(said: Any, run: _Run) -> Effect:
    """activity, town and located_at: of a lead – one that is a known case too –, or of the site that an id stands for."""
    lead, site_id = run.lead_of[said.subject], run.site(said.subject)
    is_lead = said.subject[0] == "L"
    is_case = run.outcomes[lead.lead_id].outcome == "known"
    if said.decision == "located_at":  # of what is no suspicion only the answer to a doubt counts
        is_answer = said.value == AS_RECEIVED or isinstance(run.reports[lead.report_id].readings, str)
        is_idle = run.outcomes[lead.lead_id].outcome == "information" and not is_answer
        return (NO_EFFECT, _why_no_site(lead, said.subject, "site", run)) if is_idle else (APPLIED, None)
    if site_id is None and not (is_lead and is_case):
        return NO_EFFECT, _why_no_site(lead, said.subject, "site", run)
    is_town_of_lead = said.decision == "town" and is_lead and site_id is not None
    return APPLIED, run.say("town_of_lead", lead=said.subject, site=site_id) if is_town_of_lead else None


def _why_no_site(lead: Any, name: str, topic: str, run: _Run) -> str:
    """Why a lead stands in no site, and what to decide instead: `topic` is pair, fate or site."""
    outcome = run.outcomes[lead.lead_id]
    if outcome.outcome == "known":
        return run.say(f"is_case_{topic}", name=name, case=outcome.known_problem_id, lead=lead.lead_id)
    return run.say("no_site", name=name, reason=outcome.reason)


def _why_no_lead(record: str, run: _Run) -> str:
    fault = run.reports[record].fault
    if isinstance(fault, str):
        return run.say("unread", record=record, fault=fault)
    return run.say("not_standing", record=record)
