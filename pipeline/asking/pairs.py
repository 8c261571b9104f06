"""Questions on pairs: which sites are one place, and to which known case a site belongs."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd

from pipeline.asking.known import Known
from pipeline.asking.question import MOST_NAMED, Answer, DecisionRow, Question, Row, listed, one_of
from pipeline.merging.pairs import PERSON
from pipeline.text import say

Parted = dict[frozenset[str], list[str]]


def on_sites(merges: pd.DataFrame, known: Known, idle: Collection[str]) -> Iterator[Question]:
    """One question per asking site – that of the later lead of the first undecided pair – against all its partners.

    `idle` are the site_ids of which two are never asked about: neither is on the list, whatever the answer.
    """
    partners: dict[str, list[Row]] = defaultdict(list)
    for pairs in _undecided(merges, known, idle).values():
        strongest = min(pairs, key=_strongest)
        partners[pairs[0]["asking"]].append({**strongest, "partner": pairs[0]["partner"]})
    parted = _parted(merges, known)
    for asking, pairs in partners.items():
        yield _which_site(asking, sorted(pairs, key=lambda pair: (pair["gap_m"], *_strongest(pair))), parted, known)


def _undecided(merges: pd.DataFrame, known: Known, idle: Collection[str]) -> dict[frozenset[str], list[Row]]:
    """Two sites → the pairs of their leads that wait for a person, with the site that asks and its partner."""
    found: dict[frozenset[str], list[Row]] = defaultdict(list)
    waiting = merges[merges["decision"] == "review"].sort_values(["lead_a", "lead_b"])
    for pair in waiting.to_dict("records"):
        one, other = known.site_of.get(pair["lead_a"]), known.site_of.get(pair["lead_b"])
        if not one or not other or one == other or (one in idle and other in idle):
            continue
        if not known.is_contested("pair", one, other):
            found[frozenset({one, other})].append({**pair, "asking": other, "partner": one})
    return found


def _parted(merges: pd.DataFrame, known: Known) -> Parted:
    """Two sites → the pairs of their leads that a person called two places."""
    found: Parted = defaultdict(list)
    told = merges[(merges["rule"] == PERSON) & (merges["decision"] == "apart")]
    for a, b in zip(told["lead_a"], told["lead_b"], strict=True):
        found[frozenset({known.site_of[a], known.site_of[b]})].append(f"{a} {b}")
    return found


def _strongest(pair: Row) -> tuple[Any, ...]:
    numbers = [-pair[name] if pd.notna(pair[name]) else 0.0 for name in ("iou", "containment", "front_m")]
    return *numbers, pair["gap_m"], pair["lead_a"], pair["lead_b"]


def _which_site(asking: str, pairs: list[Row], parted: Parted, known: Known) -> Question:
    text = _site_text(asking, pairs, known)
    answers = _site_answers(asking, pairs, parted, known.language)
    leads = dict.fromkeys(lead for pair in pairs for lead in (pair["lead_a"], pair["lead_b"]))
    asking_first = sorted(leads, key=lambda lead: known.site_of[lead] != asking)
    topic = "disagree" if any(pair["rule"] == "disagree" for pair in pairs) else ""  # not the question answered before
    return Question("sites", text, answers, [asking, *(pair["partner"] for pair in pairs)], asking_first, topic=topic)


def _site_text(asking: str, pairs: list[Row], known: Known) -> str:
    if len(pairs) == 1:
        reason = _reason(asking, pairs[0], known)
        return say(known.language, "questions.sites_one", site=asking, other=pairs[0]["partner"], reason=reason)
    named = pairs[:MOST_NAMED]
    key = "questions.sites_many" if len(pairs) == len(named) else "questions.sites_more"
    partners = _partners(asking, named, known)
    return say(known.language, key, site=asking, n=len(pairs), shown=len(named), partners=partners)


def _partners(asking: str, pairs: list[Row], known: Known) -> str:
    """Why each partner is asked about; partners that the asking site bridges are told together."""
    if all(_bridge(pair, known) == asking for pair in pairs):
        others = ("、" if known.language == "zh" else ", ").join(pair["partner"] for pair in pairs)
        return say(known.language, "questions.bridges", site=asking, others=others)
    reasons = [(pair["partner"], _reason(asking, pair, known)) for pair in pairs]
    lines = (say(known.language, "questions.partner", other=other, reason=reason) for other, reason in reasons)
    return listed(lines, known.language)


def _reason(asking: str, pair: Row, known: Known) -> str:
    """Why a pair is asked about; of a bridge which of the two sites touches the other."""
    if (bridge := _bridge(pair, known)) is None:
        return str(pair["reason"])
    other = pair["partner"] if bridge == asking else asking
    return say(known.language, "questions.bridge", bridge=bridge, other=other)


def _bridge(pair: Row, known: Known) -> str | None:
    """The site of the lead that touches two places which stand apart: the later of the pair; None for other pairs."""
    return known.site_of[pair["lead_b"]] if pair["rule"] == "bridge" else None


def _site_answers(asking: str, pairs: list[Row], parted: Parted, language: str) -> list[Answer]:
    """One place with each of the nearest partners, with all where all are named, and with none."""
    is_alone = len(pairs) == 1
    subjects = {pair["partner"]: f"{pair['lead_a']} {pair['lead_b']}" for pair in pairs}
    answers = []
    for partner in list(subjects)[:MOST_NAMED]:
        label = say(language, "questions.same" if is_alone else "questions.same_only", other=partner)
        rows = one_of(subjects, partner) + _taken_back(parted, subjects, asking, partner)
        answers.append(Answer(label, rows))
    if 1 < len(pairs) <= MOST_NAMED:
        same = [DecisionRow(subject, "same") for subject in subjects.values()]
        every = same + _taken_back(parted, subjects, asking, *subjects)
        answers.append(Answer(say(language, "questions.same_all"), every))
    none = say(language, "questions.apart" if is_alone else "questions.apart_all")
    return [*answers, Answer(none, one_of(subjects))]


def _taken_back(parted: Parted, subjects: dict[str, str], *sites: str) -> list[DecisionRow]:
    """Where `sites` are called one place: what was said before to part them, turned."""
    pairs = [
        pair
        for k, one in enumerate(sites)
        for other in sites[k + 1 :]
        for pair in parted.get(frozenset({one, other}), [])
    ]
    return [DecisionRow(pair, "same") for pair in pairs if pair not in subjects.values()]


def on_cases(matches: pd.DataFrame, known: Known) -> Iterator[Question]:
    """One question per site that may belong to a known case, also where a corrected record parted from its case."""
    of_site: dict[str, list[Row]] = defaultdict(list)
    for row in pd.DataFrame(matches[matches["relation"] == "review"]).to_dict("records"):
        if not known.is_contested("pair", row["site_id"], row["problem_id"]):
            of_site[row["site_id"]].append(row)
    for site_id, rows in of_site.items():
        yield _which_case(site_id, sorted(rows, key=_likeliest), known)


def _which_case(site_id: str, rows: list[Row], known: Known) -> Question:
    subjects = {row["problem_id"]: f"{site_id} {row['problem_id']}" for row in rows}
    named = list(subjects)[:MOST_NAMED]
    reasons = listed((row["reason"] for row in rows[:MOST_NAMED]), known.language)
    key = "questions.case_one" if len(rows) == 1 else "questions.case_many"
    text = say(known.language, key, site=site_id, case=named[0], n=len(rows), reasons=reasons)
    answers = [Answer(say(known.language, "questions.belongs", case=case), one_of(subjects, case)) for case in named]
    answers.append(Answer(say(known.language, "questions.belongs_none"), one_of(subjects)))
    return Question("case", text, answers, [site_id], known.leads_of.get(site_id, []), list(subjects))


def _likeliest(row: Row) -> tuple[Any, ...]:
    gap_m = row["gap_m"] if pd.notna(row["gap_m"]) else float("inf")
    return -row["overlap_m2"], -row["front_m"] if pd.notna(row["front_m"]) else 0.0, gap_m, row["problem_id"]
