"""explain: what each stage did to one lead, report, site, candidate, problem or known case, what is asked and what persons said."""

import json
import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from pipeline.intake.words.codes import class_label, label
from pipeline.merging.said import site_by_lead
from pipeline.text import say

Tables = dict[str, pd.DataFrame]
BY_FIRST_LEAD = ("S", "C", "N")  # ids of sites, candidates and judged ground end as that of their first lead
BY_LEAD = ("L", "S", "C")  # ids in decisions that end as that of a lead
TOLD_ID = re.compile(r"(?<![\w-])[RK][\w-]+", re.ASCII)  # a record or case in a sentence, whole: K1 is not K12


def explain(tables: Tables, wanted: str, language: str) -> list[str]:
    """Lines for the id or the sender's own number `wanted`; no lines where nothing bears it."""
    for question in tables["questions"].loc[tables["questions"]["question_id"] == wanted].itertuples():
        return _whole_question(question, language)
    leads, reports, cases = find_leads(tables, wanted), tables["reports"], tables["cases"]
    own = (reports["report_id"] == wanted) | (reports["orig_no"] == wanted)
    own |= "K" + reports["report_id"].str[1:] == wanted  # a case of which no place is known is called by its record
    lines = [line for report in reports[own].itertuples() for line in _report_lines(tables, report, language)]
    for case in cases[cases["problem_id"] == wanted].itertuples():
        lines += _case_lines(tables, case, language)
    for lead in leads.itertuples():
        lines += _lead_lines(tables, lead, language)
    found = tables["outcomes"].loc[tables["outcomes"]["lead_id"].isin(leads["lead_id"]), "site_id"].dropna()
    sites = [str(site_id) for site_id in found.drop_duplicates()]
    for site_id in sites:
        lines += _site_lines(tables, site_id, language)
    named = {wanted, *reports.loc[own, "report_id"], *("K" + one[1:] for one in reports.loc[own, "report_id"])}
    lines += _question_lines(tables, {*named, *leads["lead_id"], *sites}, language)
    return lines + _decision_lines(tables, named, _tails(tables, leads, sites), language)


def find_leads(tables: Tables, wanted: str) -> pd.DataFrame:
    """The leads that `wanted` stands for: a lead, report, site, candidate or problem id, or an original number."""
    leads, outcomes, problems = tables["leads"], tables["outcomes"], tables["problems"]
    candidates = problems.loc[problems["problem_id"] == wanted, "candidate_id"]
    is_asked = (
        (outcomes["site_id"] == wanted)
        | (outcomes["candidate_id"] == wanted)
        | (outcomes["known_problem_id"] == wanted)
        | outcomes["candidate_id"].isin(candidates)
    )
    ids = set(outcomes.loc[is_asked.fillna(False), "lead_id"])
    is_own = (leads["lead_id"] == wanted) | (leads["report_id"] == wanted) | (leads["orig_no"] == wanted)
    if wanted[:1] in BY_FIRST_LEAD:  # also where that site was taken in by another, left out or judged since
        is_own |= (leads["lead_id"].str[1:] == wanted[1:]) | (leads["root_lead_id"].str[1:] == wanted[1:])
    return leads[is_own | leads["lead_id"].isin(ids)]


def _report_lines(tables: Tables, report: Any, language: str) -> list[str]:
    gone = tables["set_aside"]
    gone = gone[(gone["report_id"] == report.report_id) & (gone["stage"] != "rank")]
    lines = [say(language, "explain.report", **_row(report))]
    if isinstance(report.crs_source, str):
        lines.append(say(language, "explain.placed", **_row(report)))
    if isinstance(report.notes, str):
        lines.append(say(language, "explain.notes", notes=report.notes))
    found = tables["candidates"]
    for row in found[found["report_id"] == report.report_id].itertuples():
        lines.append(say(language, "explain.candidate", **_row(row)))
    return lines + [
        say(language, "explain.set_aside", words=say(language, f"labels.{row.reason}"), **_row(row))
        for row in gone.itertuples()
    ]


def _case_lines(tables: Tables, case: Any, language: str) -> list[str]:
    """A known case and every site that was held against it."""
    activity = label("activity_types", case.activity_l1, language) if isinstance(case.activity_l1, str) else "–"
    state = label("states", case.state, language)
    matches = tables["matches"]
    return [
        say(language, "explain.case", **_row(case) | {"activity": activity, "state": state}),
        *(
            say(
                language,
                "explain.case_match",
                site_id=row.site_id,
                relation=say(language, f"labels.relation_{row.relation}"),
                reason=row.reason,
            )
            for row in matches[matches["problem_id"] == case.problem_id].itertuples()
        ),
    ]


def _lead_lines(tables: Tables, lead: Any, language: str) -> list[str]:
    lines = [
        say(
            language,
            "explain.lead",
            **_row(lead),
            activity=label("activity_types", lead.activity_l2, language),
            change=label("change_types", lead.change_type, language),
        )
    ]
    for note in (lead.notes, lead.doubt):
        if isinstance(note, str):
            lines.append(say(language, "explain.notes", notes=note))
    if len(lead.corrects):
        lines.append(say(language, "explain.corrects", corrects=", ".join(lead.corrects), root=lead.root_lead_id))
    if isinstance(lead.geometry_repair, str):
        lines.append(say(language, "explain.repair", note=lead.geometry_repair))
    lines += _overlap_lines(tables, str(lead.lead_id), language)
    merges = tables["merges"]
    for pair in merges[(merges["lead_a"] == lead.lead_id) | (merges["lead_b"] == lead.lead_id)].itertuples():
        other = pair.lead_b if pair.lead_a == lead.lead_id else pair.lead_a
        decision = say(language, f"labels.decision_{pair.decision}")
        lines.append(say(language, "explain.pair", other=other, decision=decision, reason=pair.reason))
    outcome = tables["outcomes"].set_index("lead_id").loc[lead.lead_id]
    words = say(language, f"labels.outcome_{outcome['outcome']}")
    return [*lines, say(language, "explain.outcome", outcome=words, reason=outcome["reason"])]


def _overlap_lines(tables: Tables, subject_id: str, language: str) -> list[str]:
    overlaps = tables["overlaps"]
    rows = overlaps[(overlaps["subject_id"] == subject_id) & (overlaps["level"] != "layer")]
    rows = rows[rows["position"] != "outside"]
    accuracy_m = _point_accuracy_m(tables, subject_id)
    return [
        _overlap_line(row, accuracy_m, language)
        for row in rows.sort_values(["layer_class", "level"], kind="stable").itertuples()
    ]


def _point_accuracy_m(tables: Tables, subject_id: str) -> float | None:
    """How far off a lead or site that is a point may lie, metres; None for an area."""
    for name, key in (("leads", "lead_id"), ("sites", "site_id")):
        own = tables[name][(tables[name][key] == subject_id) & (tables[name]["area_m2"] == 0)]
        if len(own):
            return float(own["position_accuracy_m"].iloc[0])
    return None


def _overlap_line(row: Any, accuracy_m: float | None, language: str) -> str:
    """How a lead or site lies on a layer; of a point (`accuracy_m` is given) no area and share, and how far off it may be."""
    where = class_label(row.layer_class, language) + _feature_words(row)
    if accuracy_m is not None and row.position == "inside":
        position = say(language, "list.point_inside", accuracy_m=accuracy_m)
        return say(language, "explain.overlap_point", where=where, position=position)
    position = say(language, f"labels.position_{row.position}")
    return say(
        language, "explain.overlap", where=where, position=position, area=row.overlap_m2, share=row.overlap_share
    )


def _feature_words(row: Any) -> str:
    words = [
        str(word) for word in (row.layer_id, row.feature_key, row.name, row.grade, row.zone) if isinstance(word, str)
    ]
    return f" ({' · '.join(words)})" if words else ""


def _site_lines(tables: Tables, site_id: str, language: str) -> list[str]:
    sites, matches, problems = tables["sites"], tables["matches"], tables["problems"]
    lines = []
    for site in sites[sites["site_id"] == site_id].itertuples():
        leads = ", ".join(site.lead_ids)
        lines.append(say(language, "explain.site", site_id=site_id, area=site.area_m2, leads=leads))
        lines += _history_lines(tables, site, language)
    lines += _overlap_lines(tables, site_id, language)
    for row in matches[matches["site_id"] == site_id].itertuples():
        relation = say(language, f"labels.relation_{row.relation}")
        lines.append(say(language, "explain.match", relation=relation, reason=row.reason))
    for problem in problems[problems["site_id"] == site_id].itertuples():
        number = problem.problem_id if isinstance(problem.problem_id, str) else problem.candidate_id
        priority = say(language, f"labels.priority_{problem.priority}")
        lines.append(say(language, "explain.problem", number=number, priority=priority, **_row(problem)))
        if len(problem.towns):  # as it ended: a person may have changed it
            lines.append(say(language, "explain.town", town=_listed(problem.towns, language)))
        for reason in json.loads(problem.reasons):
            lines.append(say(language, "explain.reason", **reason))
        if problem.needs_review:
            lines.append(say(language, "explain.review", why=problem.review_reason))
    return lines


def _history_lines(tables: Tables, site: Any, language: str) -> list[str]:
    """How a site grew, whom it took in or was parted from, and who stays apart beside it."""
    growth = tables["growth"]
    lines = [
        say(language, "explain.grown", period=row.period, new=row.new_m2, total=row.total_m2)
        for row in growth[growth["site_id"] == site.site_id].itertuples()
    ]
    if len(site.absorbed_ids):
        lines.append(say(language, "explain.absorbed", ids=", ".join(site.absorbed_ids)))
    if isinstance(site.split_from, str):
        lines.append(say(language, "explain.split", site=site.split_from))
    undecided = _undecided_beside(tables, site)
    for key, is_open in (("neighbours", False), ("asked_beside", True)):
        if own := [one for one in site.neighbour_ids if (one in undecided) == is_open]:
            lines.append(say(language, f"explain.{key}", ids=", ".join(own)))
    return lines


def _undecided_beside(tables: Tables, site: Any) -> set[str]:
    """The sites of which nobody has said yet whether they are one place with `site`."""
    site_of, waiting = site_by_lead(tables["sites"]), tables["merges"][tables["merges"]["decision"] == "review"]
    both = zip(waiting["lead_a"].map(site_of), waiting["lead_b"].map(site_of), strict=True)
    return {one for pair in both if site.site_id in pair for one in pair}


def _question_lines(tables: Tables, ids: set[str], language: str) -> list[str]:
    """What is asked about records, leads, sites or cases, each question once."""
    rows = (row for row in tables["questions"].itertuples() if not ids.isdisjoint(_asked_about(row)))
    return [say(language, "explain.question", question_id=row.question_id, text=row.text) for row in rows]


def _whole_question(question: Any, language: str) -> list[str]:
    """A question with whom it is about and its answers, each as rows of decisions.csv."""
    about = ", ".join(_asked_about(question))
    lines = [
        say(language, "explain.question", question_id=question.question_id, text=question.text),
        say(language, "explain.asked_about", ids=about),
    ]
    for answer in json.loads(question.answers):
        rows = (" ".join(filter(None, decision.values())) for decision in answer["decisions"])
        lines.append(say(language, "explain.answer", label=answer["label"], rows=_listed(rows, language)))
    return lines


def _asked_about(question: Any) -> list[str]:
    """The ids of sites, leads, cases and records that a question names."""
    answers = json.loads(question.answers)
    subjects = (one for answer in answers for row in answer["decisions"] for one in row["subject"].split())
    return list(dict.fromkeys([*question.site_ids, *question.lead_ids, *question.problem_ids, *subjects]))


def _listed(words: Iterable[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(words)


def _tails(tables: Tables, leads: pd.DataFrame, sites: list[str]) -> set[str]:
    """By what the ids of leads and of every lead of `sites` end, now or by the first version of their records."""
    own = {lead_id for site_id in sites for lead_id in _leads_of(tables, site_id)} | set(leads["lead_id"])
    rows = tables["leads"][tables["leads"]["lead_id"].isin(own)]
    return {one[1:] for one in (*rows["lead_id"], *rows["root_lead_id"], *sites)}


def _decision_lines(tables: Tables, named: set[str], tails: set[str], language: str) -> list[str]:
    """What persons decided about records and cases called `named`, and about leads and sites whose ids end in `tails`."""
    lines = []
    for row in tables["decisions"][tables["decisions"]["effect"] != "unreadable"].itertuples():
        parts, detail = row.subject.split(), row.detail if isinstance(row.detail, str) else ""
        is_told = not named.isdisjoint(TOLD_ID.findall(detail))  # said of the record that this one corrects
        if not (is_told or named.intersection(parts) or any(p[1:] in tails for p in parts if p[0] in BY_LEAD)):
            continue
        words = {
            "decision": say(language, f"labels.said_{row.decision}"),
            "effect": say(language, f"labels.effect_{row.effect}"),
            "detail": say(language, "explain.detail", detail=detail) if detail else "",
        }
        lines.append(say(language, "explain.decision", **_row(row) | words))
    return lines


def _leads_of(tables: Tables, site_id: str) -> list[str]:
    sites = tables["sites"]
    return [lead_id for ids in sites.loc[sites["site_id"] == site_id, "lead_ids"] for lead_id in ids]


NOT_SAID = (  # lists and shapes, which no sentence names
    "geometry", "towns", "corrects", "corrected_leads", "lead_ids", "source_ids", "orig_nos", "periods", "priority", "reasons",
)  # fmt: skip


def _row(row: Any) -> dict[str, Any]:
    cells = {name: value for name, value in row._asdict().items() if name not in NOT_SAID}
    return {name: "–" if value is None or value is pd.NA or value != value else value for name, value in cells.items()}
