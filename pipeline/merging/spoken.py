"""What came of that of which persons spoke: their leads, records, sites and cases in the tables of a finished run."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.declare import cells
from pipeline.intake.decision_rows import Decision
from pipeline.intake.decisions import IN_FORCE
from pipeline.merging.said import Thing, counting_on_sites, rows_by_tail, settle_on_sites, site_by_lead
from pipeline.tables import LEDGER
from pipeline.text import say

MOST_NAMED = 5  # ids in one sentence


@dataclass(frozen=True)
class Run:
    """What the effects of decisions are read from; of leads, records, cases and sites those spoken of."""

    lead_of: dict[str, Any]  # id of a lead, site or candidate → the lead it stands for
    of_record: dict[str, list[Any]]  # report_id → its leads
    reports: dict[str, Any]
    cases: dict[str, Any]
    held: dict[str, list[str]]  # tail of a lead → the cases of the ledger that hold it
    outcomes: dict[str, Any]  # lead_id → what became of it
    site_of: dict[str, str]  # lead_id → its site
    sites: dict[str, Any]
    matches: dict[tuple[str, str], Any]  # (site_id, problem_id) → how they stand
    spoken: dict[tuple[int, str], dict[str, bool]]  # (row, subject) of a fate → its sites, and whether it holds there
    counting: dict[Thing, Decision]  # the row in force on what stands in a site
    numbered: dict[str, str]  # official number given in this very cycle → the candidate that bears it
    towns: list[str]
    max_extent_m: float
    language: str

    def say(self, key: str, **values: object) -> str:
        return say(self.language, f"decided.{key}", **values)

    def named(self, words: Iterable[str]) -> str:
        every = list(words)
        return say(self.language, "decided.between").join(every[:MOST_NAMED]) + ("…" if len(every) > MOST_NAMED else "")

    def sentences(self, words: Iterable[str]) -> str:
        return say(self.language, "decisions.between").join(words)

    def site(self, name: str) -> str | None:
        """The site in which the lead of an id stands."""
        return self.site_of.get(self.lead_of[name].lead_id) if name in self.lead_of else None


def look_up(
    decisions: pd.DataFrame, tables: Mapping[str, pd.DataFrame], towns: list[str], max_extent_m: float, language: str
) -> Run:
    """The Run of `tables` (reports, leads, sites, cases, matches, problems and outcomes), for the rows of `decisions`."""
    leads, sites, cases, matches = (tables[name] for name in ("leads", "sites", "cases", "matches"))
    told = decisions.loc[decisions["effect"] == IN_FORCE, "subject"]
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
    return Run(
        lead_of,
        of_record,
        _by_id(tables["reports"], "report_id", [*names, *(lead.report_id for lead in lead_of.values())]),
        _by_id(cases, "problem_id", names),
        _held(cases[cases["source_id"] == LEDGER]),
        _by_id(tables["outcomes"], "lead_id", [lead.lead_id for lead in spoken_of]),
        site_of,
        _by_id(sites, "site_id", own_sites),
        {(str(row.site_id), str(row.problem_id)): row for row in met},
        _spoken(decisions, sites, leads),
        counting_on_sites(decisions, sites, leads),
        dict(zip(cells(tables["problems"], "problem_id"), tables["problems"]["candidate_id"], strict=True)),
        towns,
        max_extent_m,
        language,
    )


def _by_id(frame: pd.DataFrame, key: str, ids: list[str]) -> dict[str, Any]:
    return {str(getattr(row, key)): row for row in frame[frame[key].isin(ids)].itertuples()}


def _held(cases: pd.DataFrame) -> dict[str, list[str]]:
    held: dict[str, list[str]] = defaultdict(list)
    for problem_id, lead_ids in zip(cases["problem_id"], cases["lead_ids"], strict=True):
        for lead_id in lead_ids:
            held[lead_id[1:]].append(problem_id)
    return held


def _spoken(
    decisions: pd.DataFrame, sites: pd.DataFrame, leads: pd.DataFrame
) -> dict[tuple[int, str], dict[str, bool]]:
    names = list(zip(decisions["row"], decisions["subject"], strict=True))
    spoken: dict[tuple[int, str], dict[str, bool]] = defaultdict(dict)
    for (topic, site_id, *_), standings in settle_on_sites(decisions, sites, leads).items():
        for position, standing in standings.items() if topic == "fate" else ():
            spoken[names[position]][site_id] = standing.effect == IN_FORCE
    return spoken
