"""effects: what each row of decisions.csv did in a run, told by what came of it; where it did nothing, why and what to do."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import shapely

from pipeline.declare import shape_table
from pipeline.intake.decision_rows import AS_RECEIVED, POINTED_OUT, TOPICS
from pipeline.intake.decisions import IN_FORCE
from pipeline.merging.against import BELONGS
from pipeline.merging.spoken import Run, look_up
from pipeline.tables import DECISIONS
from pipeline.text import say

APPLIED, NO_EFFECT, GONE = "applied", "no_effect", "gone"
Effect = tuple[str, str | None]  # and the detail in words


def with_effects(
    decisions: pd.DataFrame, tables: Mapping[str, pd.DataFrame], towns: list[str], max_extent_m: float, language: str
) -> pd.DataFrame:
    """`decisions` with the effect of every row that was in force, and a detail where there is something to know.

    applied, no_effect (it changed nothing) or gone (no such subject). `tables`: reports, leads, sites, cases, matches,
    problems and outcomes of the run. What is called the same over more than `max_extent_m` is applied, for a person may be
    right, and is told.
    """
    if not (decisions["effect"] == IN_FORCE).any():
        return shape_table(decisions, DECISIONS)
    run = look_up(decisions, tables, towns, max_extent_m, language)
    effects, details = decisions["effect"].tolist(), decisions["detail"].tolist()
    for k, said in enumerate(decisions.itertuples()):
        if effects[k] == IN_FORCE:
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


def _effect(said: Any, run: Run) -> Effect:
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


def _of_pair(said: Any, parts: list[str], run: Run) -> Effect:
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


def _of_site_and_case(said: Any, name: str, case_id: str, run: Run) -> Effect:
    site_id = run.site_of[run.lead_of[name].lead_id]
    match, case = run.matches.get((site_id, case_id)), run.cases.get(case_id)
    if said.decision == "same" and match is not None and match.relation == "adjacent":
        return NO_EFFECT, run.say("belongs_elsewhere", reason=match.reason)
    for other in (case_id, *run.held.get(case_id[1:], [])) if said.decision == "apart" else ():
        match, told = run.matches.get((site_id, other)), run.counting.get(("pair", site_id, other))
        if match is not None and match.relation in BELONGS:
            why = match.reason if told is None or told.decision == "apart" else run.say("by_row", row=told.row)
            return NO_EFFECT, run.say("belongs", site=site_id, case=other, why=why)
    has_place = case is not None and case.geometry is not None
    return APPLIED, _far(said, run.sites[site_id], case, run) if has_place else None


def _far(said: Any, one: Any, other: Any, run: Run) -> str | None:
    """What is called the same and lies so far apart that an id may be mistyped."""
    gap_m = float(shapely.distance(one.geometry, other.geometry))
    is_far = said.decision == "same" and gap_m > run.max_extent_m
    return run.say("far", gap=gap_m / 1000, most=run.max_extent_m / 1000) if is_far else None


def _of_fate(said: Any, run: Run) -> Effect:
    """leave_out, keep and not_a_problem: of a case itself, else of the sites that the subject stands in."""
    if said.subject in run.cases:
        return APPLIED, None
    leads = run.of_record.get(said.subject) or [run.lead_of[one] for one in [said.subject] if one in run.lead_of]
    if not leads:
        is_unplaced = str(run.reports[said.subject].fault).startswith("E9")  # nobody is asked where it lies any more
        return (APPLIED, None) if is_unplaced else (NO_EFFECT, _why_no_lead(said.subject, run))
    spoken = run.spoken[said.row, said.subject]
    if not spoken:
        return NO_EFFECT, _why_no_site(leads[0], said.subject, "fate", run)
    site_ids = [site_id for site_id, holds in spoken.items() if holds]
    outcome = run.outcomes[leads[0].lead_id]
    is_own = any(lead_id[1:] in run.held for lead_id in run.sites[site_ids[0]].lead_ids)  # kept, and accepted since
    if said.decision == "keep" and outcome.outcome == "known" and not is_own:
        return NO_EFFECT, run.say("keep_known", site=site_ids[0], case=outcome.known_problem_id)
    return APPLIED, run.sentences(_how_far(said, leads, site_ids, len(spoken), run)) or None


def _how_far(said: Any, leads: list[Any], site_ids: list[str], n_spoken: int, run: Run) -> Iterator[str]:
    """For what a fate holds: for which of its sites, for all leads there, and that a site is listed for what came since."""
    if len(site_ids) < n_spoken:
        yield run.say("some_sites", n=len(site_ids), all=n_spoken, sites=run.named(site_ids))
    sizes = {site_id: len(run.sites[site_id].lead_ids) for site_id in site_ids}
    whole = [run.say("whole_site", site=one, n=n) for one, n in sizes.items() if n > 1 and one != said.subject]
    if whole:
        yield run.named(whole)
    own = {run.site_of.get(lead.lead_id): run.outcomes[lead.lead_id].outcome for lead in leads}
    listed = [site_id for site_id in site_ids if own.get(site_id) == "listed"]
    if listed and said.decision != "keep":
        yield run.say("listed_since", sites=run.named(listed), date=said.date)


def _of_record(said: Any, run: Run) -> Effect:
    """located_at of a record: one without a place is given one."""
    report, leads = run.reports[said.subject], run.of_record.get(said.subject, [])
    if said.value == AS_RECEIVED and isinstance(report.fault, str):
        return NO_EFFECT, run.say("nothing_received", record=said.subject)
    if not leads:
        return NO_EFFECT, _why_no_lead(said.subject, run)
    if report.crs_confidence == POINTED_OUT:
        return APPLIED, None
    return NO_EFFECT, run.say("has_place", record=said.subject, leads=run.named(lead.lead_id for lead in leads))


def _of_lead_or_site(said: Any, run: Run) -> Effect:
    """activity, town and located_at: of a lead – one that is a known case too –, or of the site that an id stands for."""
    lead, site_id = run.lead_of[said.subject], run.site(said.subject)
    is_lead = said.subject[0] == "L"
    is_case = run.outcomes[lead.lead_id].outcome == "known"
    if said.decision == "located_at":  # of what is no suspicion only the answer to a doubt counts
        is_answer = said.value == AS_RECEIVED or isinstance(run.reports[lead.report_id].readings, str)
        outcome = run.outcomes[lead.lead_id]
        if outcome.outcome == "information" and not is_answer:
            return NO_EFFECT, _why_no_site(lead, said.subject, "site", run)
        is_off = outcome.outcome == "set_aside"
        return APPLIED, run.say("now_off", lead=lead.lead_id, reason=outcome.reason) if is_off else None
    if site_id is None and not (is_lead and is_case):
        return NO_EFFECT, _why_no_site(lead, said.subject, "site", run)
    told = run.counting.get((said.decision, site_id or ""))
    if is_lead and told is not None:
        return APPLIED, run.say("of_lead_alone", lead=said.subject, site=site_id, row=told.row)
    is_town_of_lead = said.decision == "town" and is_lead and site_id is not None
    return APPLIED, run.say("town_of_lead", lead=said.subject, site=site_id) if is_town_of_lead else None


def _why_no_site(lead: Any, name: str, topic: str, run: Run) -> str:
    """Why a lead stands in no site, and what to decide instead: `topic` is pair, fate or site."""
    outcome = run.outcomes[lead.lead_id]
    if outcome.outcome == "known":
        return run.say(f"is_case_{topic}", name=name, case=outcome.known_problem_id, lead=lead.lead_id)
    return run.say("no_site", name=name, reason=outcome.reason)


def _why_no_lead(record: str, run: Run) -> str:
    fault = run.reports[record].fault
    if isinstance(fault, str):
        return run.say("unread", record=record, fault=fault)
    return run.say("not_standing", record=record)
