"""questions: what a person has to decide – which sites are one place, which case, where, on or off the list – and the
answers there are, each as the rows of decisions.csv that it stands for."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import pandas as pd

from pipeline.declare import shape_table
from pipeline.geometry import ALPHABET, make_id
from pipeline.intake.decision_rows import AS_RECEIVED, TOPICS, about
from pipeline.intake.words.codes import label
from pipeline.merging.pairs import PERSON
from pipeline.merging.said import site_by_lead
from pipeline.tables import QUESTIONS
from pipeline.text import say

Row = dict[str, Any]
Parted = dict[frozenset[str], list[str]]
MOST_NAMED = 5  # partners, cases or places with an answer of their own: who must read more than these chooses none well
SAME_PLACE_DEG = 1e-6  # 0.1 m: a candidate nearer than this to the position as received is that position
OWN_ID = re.compile(f"[LRS][{ALPHABET}]{{11}}")


class Decision(NamedTuple):
    """One row of decisions.csv, but for who says it, when and why."""

    subject: str
    decision: str
    value: str = ""


class Question(NamedTuple):
    """One row of table questions before it is written; `answers` is [(label, its decisions)]."""

    about: str
    text: str
    answers: list[tuple[str, list[Decision]]]
    site_ids: list[str]
    lead_ids: list[str] = []
    problem_ids: list[str] = []
    topic: str = ""


class _Known(NamedTuple):
    """What the ids of this run mean, and what persons already said."""

    site_of: dict[str, str]  # lead, or site as it was ever called by one of its leads → its site
    leads_of: dict[str, list[str]]
    received: set[str]  # leads and reports of this run
    contested: set[
        tuple[str, frozenset[str]]
    ]  # (topic, subjects) on which persons disagree: asked by `disagreed` alone
    language: str


def ask(
    leads: pd.DataFrame, merges: pd.DataFrame, sites: pd.DataFrame, matches: pd.DataFrame, candidates: pd.DataFrame,
    reports: pd.DataFrame, problems: pd.DataFrame, decisions: pd.DataFrame, language: str = "zh",
    idle: Collection[str] = (),
) -> pd.DataFrame:  # fmt: skip
    """Table questions from the tables of a run; `decisions` (of read_decisions) tells what persons disagree about and which
    records are decided. Every problem that needs a person is named by a question; an id hangs on what is asked alone. Of two
    `idle` sites (site_ids; whatever the answer, they are on no layer) nobody is asked whether they are one."""
    known = _know(leads, sites, reports, decisions, language)
    asked = [
        *_on_disagreements(decisions, known),
        *_on_sites(merges, known, idle),
        *_on_cases(matches, known),
        *_on_leads(leads, candidates, decisions, known),
        *_on_records(candidates, reports, decisions, known),
    ]
    named = {site_id for question in asked for site_id in question.site_ids}
    asked += _on_problems(problems[problems["needs_review"].astype(bool) & ~problems["site_id"].isin(named)], known)
    return shape_table(pd.DataFrame(map(_row, asked), columns=QUESTIONS.names), QUESTIONS)


def _know(
    leads: pd.DataFrame, sites: pd.DataFrame, reports: pd.DataFrame, decisions: pd.DataFrame, language: str
) -> _Known:
    leads_of = dict(zip(sites["site_id"], map(list, sites["lead_ids"]), strict=True))
    site_of = site_by_lead(sites)
    site_of |= {f"S{lead_id[1:]}": site_id for lead_id, site_id in site_of.items()}
    site_of |= {old: own for own, gone in zip(sites["site_id"], sites["absorbed_ids"], strict=True) for old in gone}
    site_of |= {site_id: site_id for site_id in leads_of}
    known = _Known(site_of, leads_of, {*leads["lead_id"], *reports["report_id"]}, set(), language)
    contested = decisions[decisions["effect"] == "contradicted"]
    for subject, decision in zip(contested["subject"], contested["decision"], strict=True):
        known.contested.add((TOPICS[decision], frozenset(known.site_of.get(one, one) for one in subject.split())))
    return known


def _row(question: Question) -> Row:
    subjects = sorted({one.subject for _, decisions in question.answers for one in decisions})
    distinct: dict[str, list[Decision]] = {}
    for words, decisions in question.answers:  # of answers that read alike the first, which is likelier, stays
        distinct.setdefault(words, decisions)
    answers = [
        {"label": words, "decisions": [one._asdict() for one in decisions]} for words, decisions in distinct.items()
    ]
    return {
        "question_id": make_id("Q", question.about, question.topic, *subjects),
        **{name: getattr(question, name) for name in ("about", "site_ids", "lead_ids", "problem_ids", "text")},
        "answers": json.dumps(answers, ensure_ascii=False),
    }


def _on_sites(merges: pd.DataFrame, known: _Known, idle: Collection[str]) -> Iterator[Question]:
    """One question per asking site – that of the later lead of the first undecided pair – against all its partners."""
    of_pair: dict[frozenset[str], list[Row]] = defaultdict(list)
    undecided = merges[merges["decision"] == "review"].sort_values(["lead_a", "lead_b"])
    for pair in undecided.to_dict("records"):
        one, other = known.site_of.get(pair["lead_a"]), known.site_of.get(pair["lead_b"])
        both = frozenset({str(one), str(other)})
        is_open = ("pair", both) not in known.contested and not both <= set(idle)
        if one and other and one != other and is_open:
            of_pair[both].append({**pair, "asking": other, "partner": one})
    partners: dict[str, list[Row]] = defaultdict(list)
    for pairs in of_pair.values():
        strongest = min(pairs, key=_strongest)
        partners[pairs[0]["asking"]].append({**strongest, "partner": pairs[0]["partner"]})
    parted = _parted(merges, known)
    for asking, pairs in partners.items():
        yield _which_site(asking, sorted(pairs, key=lambda pair: (pair["gap_m"], *_strongest(pair))), parted, known)


def _parted(merges: pd.DataFrame, known: _Known) -> Parted:
    """Two sites → the pairs of their leads that a person called two places."""
    found: Parted = defaultdict(list)
    told = merges[(merges["rule"] == PERSON) & (merges["decision"] == "apart")]
    for a, b in zip(told["lead_a"], told["lead_b"], strict=True):
        found[frozenset({known.site_of[a], known.site_of[b]})].append(f"{a} {b}")
    return found


def _strongest(pair: Row) -> tuple[Any, ...]:
    numbers = [-pair[name] if pd.notna(pair[name]) else 0.0 for name in ("iou", "containment", "front_m")]
    return *numbers, pair["gap_m"], pair["lead_a"], pair["lead_b"]


def _which_site(asking: str, pairs: list[Row], parted: Parted, known: _Known) -> Question:
    language = known.language
    subjects = {pair["partner"]: f"{pair['lead_a']} {pair['lead_b']}" for pair in pairs}
    named = pairs[:MOST_NAMED]
    if len(pairs) == 1:
        text = say(language, "questions.sites_one", site=asking, other=pairs[0]["partner"], reason=pairs[0]["reason"])
        labels = ["questions.same"]
    else:
        lines = [say(language, "questions.partner", other=pair["partner"], reason=pair["reason"]) for pair in named]
        key = "questions.sites_many" if pairs == named else "questions.sites_more"
        text = say(language, key, site=asking, n=len(pairs), shown=len(named), partners=_listed(lines, language))
        labels = ["questions.same_only"] * len(named)
    answers = [
        (
            say(language, key, other=pair["partner"]),
            _one_of(subjects, pair["partner"]) + _taken_back(parted, subjects, asking, pair["partner"]),
        )
        for key, pair in zip(labels, named, strict=True)
    ]
    if 1 < len(pairs) <= MOST_NAMED:
        every = [Decision(own, "same") for own in subjects.values()] + _taken_back(parted, subjects, asking, *subjects)
        answers.append((say(language, "questions.same_all"), every))
    none = "questions.apart" if len(pairs) == 1 else "questions.apart_all"
    answers.append((say(language, none), _one_of(subjects)))
    leads = dict.fromkeys(lead for pair in pairs for lead in (pair["lead_a"], pair["lead_b"]))
    asking_first = sorted(leads, key=lambda lead: known.site_of[lead] != asking)
    topic = "disagree" if any(pair["rule"] == "disagree" for pair in pairs) else ""  # not the question answered before
    return Question("sites", text, answers, [asking, *subjects], asking_first, topic=topic)


def _one_of(subjects: dict[str, str], chosen: str | None = None) -> list[Decision]:
    """Same with the chosen one, apart from every other."""
    return [Decision(subject, "same" if name == chosen else "apart") for name, subject in subjects.items()]


def _taken_back(parted: Parted, subjects: dict[str, str], *sites: str) -> list[Decision]:
    """Where `sites` are called one place: what was said before to part them, turned."""
    pairs = [
        pair
        for k, one in enumerate(sites)
        for other in sites[k + 1 :]
        for pair in parted.get(frozenset({one, other}), [])
    ]
    return [Decision(pair, "same") for pair in pairs if pair not in subjects.values()]


def _on_cases(matches: pd.DataFrame, known: _Known) -> Iterator[Question]:
    """One question per site that may belong to a known case, also where a corrected record parted from its case."""
    of_site: dict[str, list[Row]] = defaultdict(list)
    for row in pd.DataFrame(matches[matches["relation"] == "review"]).to_dict("records"):
        if ("pair", frozenset({row["site_id"], row["problem_id"]})) not in known.contested:
            of_site[row["site_id"]].append(row)
    for site_id, rows in of_site.items():
        rows = sorted(rows, key=_likeliest)
        subjects = {row["problem_id"]: f"{site_id} {row['problem_id']}" for row in rows}
        named, lines = list(subjects)[:MOST_NAMED], [row["reason"] for row in rows[:MOST_NAMED]]
        key = "questions.case_one" if len(rows) == 1 else "questions.case_many"
        reasons = _listed(lines, known.language)
        text = say(known.language, key, site=site_id, case=named[0], n=len(rows), reasons=reasons)
        answers = [(say(known.language, "questions.belongs", case=case), _one_of(subjects, case)) for case in named]
        answers.append((say(known.language, "questions.belongs_none"), _one_of(subjects)))
        yield Question("case", text, answers, [site_id], known.leads_of.get(site_id, []), list(subjects))


def _likeliest(row: Row) -> tuple[Any, ...]:
    gap_m = row["gap_m"] if pd.notna(row["gap_m"]) else float("inf")
    return -row["overlap_m2"], -row["front_m"] if pd.notna(row["front_m"]) else 0.0, gap_m, row["problem_id"]


def _on_leads(
    leads: pd.DataFrame, candidates: pd.DataFrame, decisions: pd.DataFrame, known: _Known
) -> Iterator[Question]:
    """One question per lead whose position is in doubt and that nobody left out."""
    is_out = decisions["effect"].isin(["", "applied"]) & decisions["decision"].isin(["leave_out", "not_a_problem"])
    left_out = {known.site_of.get(subject, subject) for subject in decisions.loc[is_out, "subject"]}
    places = _by(candidates[candidates["lead_id"].notna()], "lead_id")
    columns = ["lead_id", "orig_no", "lon", "lat", "doubt"]
    for lead in pd.DataFrame(leads.loc[leads["doubt"].notna(), columns]).to_dict("records"):
        lead_id = lead["lead_id"]
        if _is_contested(lead_id, known) or known.site_of.get(lead_id, lead_id) in left_out:
            continue
        others = [place for place in places.get(lead_id, []) if not _is_at(place, lead)]
        words = say(known.language, "questions.as_received", lon=lead["lon"], lat=lead["lat"])
        answers = [(words, [Decision(lead_id, "located_at", AS_RECEIVED)]), *_places(lead_id, others, known)]
        text = say(known.language, "questions.position", lead=lead_id, no=_number(lead, known), doubt=lead["doubt"])
        site = [known.site_of[lead_id]] if lead_id in known.site_of else []
        yield Question("position", text, answers, site, [lead_id])


def _is_at(place: Row, lead: Row) -> bool:
    """Whether a candidate is the position as received."""
    return all(abs(place[name] - lead[name]) <= SAME_PLACE_DEG for name in ("lon", "lat"))


def _on_records(
    candidates: pd.DataFrame, reports: pd.DataFrame, decisions: pd.DataFrame, known: _Known
) -> Iterator[Question]:
    """One question per record that became no lead but may mean a place; never its words, which are a person's."""
    decided = set(decisions.loc[decisions["effect"].isin(["", "applied"]), "subject"])
    places = _by(candidates[candidates["lead_id"].isna()], "report_id")
    rows = pd.DataFrame(reports.loc[reports["report_id"].isin(places), ["report_id", "orig_no"]])
    for report in rows.to_dict("records"):
        report_id = report["report_id"]
        if report_id not in decided and not _is_contested(report_id, known):
            text = say(known.language, "questions.record", record=report_id, no=_number(report, known))
            yield Question("position", text, _places(report_id, places[report_id], known), [])


def _places(subject: str, places: list[Row], known: _Known) -> list[tuple[str, list[Decision]]]:
    """An answer for each place the subject may lie at, those outside the district last, and that it cannot be located."""
    answers = []
    for place in sorted(places, key=lambda own: (_is_outside(own), own["rank"]))[:MOST_NAMED]:
        name = place["reading"] if pd.isna(place["name"]) else place["name"]
        town = f"{place['town']} " if pd.notna(place["town"]) and place["town"] != name else ""
        numbers = {key: place[key] for key in ("lon", "lat", "radius_m")}
        value = "{lon:.8f} {lat:.8f}".format(**numbers) + (f" {place['radius_m']:g}" if place["radius_m"] else "")
        outside = say(known.language, "questions.outside") if _is_outside(place) else ""
        words = say(known.language, "questions.located_at", name=f"{town}{name}", outside=outside, **numbers)
        answers.append((words, [Decision(subject, "located_at", value)]))
    return [*answers, (say(known.language, "questions.not_located"), [Decision(subject, "leave_out", "E9")])]


def _is_outside(place: Row) -> bool:
    """Whether a candidate is known to lie outside the district."""
    return pd.notna(place["is_outside"]) and bool(place["is_outside"])


def _on_problems(problems: pd.DataFrame, known: _Known) -> Iterator[Question]:
    """Listed sites that wait for a person for another reason, such as ground that no layer covers: on or off the list?"""
    rows = pd.DataFrame(problems[["site_id", "lead_ids", "review_reason"]])
    for problem in rows.to_dict("records"):
        site_id = problem["site_id"]
        if ("fate", frozenset({site_id})) in known.contested:
            continue
        text = say(known.language, "questions.cover", site=site_id, reason=problem["review_reason"])
        answers = [(_fate("keep", "", known), [Decision(site_id, "keep")])]
        answers += [(_fate("leave_out", code, known), [Decision(site_id, "leave_out", code)]) for code in ("E4", "E2")]
        yield Question("cover", text, answers, [site_id], list(problem["lead_ids"]))


def _on_disagreements(decisions: pd.DataFrame, known: _Known) -> Iterator[Question]:
    """One question per topic and subject on which roles disagree; subjects that are gone are told elsewhere."""
    of_topic: dict[tuple[str, frozenset[str]], list[Row]] = defaultdict(list)
    contested = decisions[decisions["effect"] == "contradicted"].sort_values("row").drop(columns="row")
    for row in contested.astype(object).where(contested.notna(), "").to_dict("records"):
        of_topic[about(row["subject"], row["decision"])].append(row)
    for (topic, _), rows in of_topic.items():
        ids = rows[0]["subject"].split()
        if any(OWN_ID.fullmatch(name) and not (name in known.site_of or name in known.received) for name in ids):
            continue
        subject = rows[0]["subject"]
        lines = [
            say(known.language, "questions.given", role=row["role"], date=row["date"], said=_said(row, known))
            + (say(known.language, "questions.given_why", reason=row["reason"]) if row["reason"] else "")
            for row in rows
        ]
        text = say(known.language, "questions.disagreed", subject=subject, given=_listed(lines, known.language))
        answers = [(_said(row, known), [Decision(subject, row["decision"], row["value"])]) for row in rows]
        sites = list(dict.fromkeys(known.site_of[name] for name in subject.split() if name in known.site_of))
        named = [name for name in subject.split() if name in known.received and name.startswith("L")]
        leads = named or [lead for site_id in sites for lead in known.leads_of[site_id]]
        cases = sorted(name for name in ids if name not in known.site_of and name not in known.received)
        yield Question("disagreed", text, answers, sites, leads, cases, topic)


def _said(row: Row, known: _Known) -> str:
    """A decision in words, with its value."""
    decision, value = row["decision"], row["value"]
    if TOPICS[decision] == "fate":
        return _fate(decision, value, known)
    name = label("activity_types", value, known.language) if decision == "activity" else value
    key = decision if TOPICS[decision] == "pair" else f"said_{AS_RECEIVED if value == AS_RECEIVED else decision}"
    return say(known.language, f"questions.{key}", value=value, name=name)


def _fate(decision: str, code: str, known: _Known) -> str:
    """What stays on the list, leaves it or is no problem, in words; `code` is the E-reason or empty."""
    name = say(known.language, f"labels.{code}") if code else ""
    why = say(known.language, "questions.e_reason", code=code, why=name) if code else ""
    return say(known.language, f"questions.{decision}", why=why)


def _number(row: Row, known: _Known) -> str:
    """The sender's own number, where there is one."""
    return say(known.language, "questions.number", no=row["orig_no"]) if isinstance(row["orig_no"], str) else ""


def _is_contested(name: str, known: _Known) -> bool:
    """Whether persons disagree on where a lead or record lies, or on whether it is left out."""
    ids = frozenset({known.site_of.get(name, name)})
    return ("located_at", ids) in known.contested or ("fate", ids) in known.contested


def _by(rows: pd.DataFrame, name: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows.to_dict("records"):
        found[row[name]].append(row)
    return found


def _listed(lines: list[str], language: str) -> str:
    return ("；" if language == "zh" else "; ").join(lines)
