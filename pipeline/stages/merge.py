"""merge: which leads are one place and one event – pairs judged by rules with their evidence, then joined in time."""

from collections.abc import Mapping

import geopandas as gpd
import pandas as pd

from pipeline.declare import cells, shape_table
from pipeline.intake.words.dates import UNDATED, period_order
from pipeline.merging.joining import Joined, join_in_order
from pipeline.merging.pairs import PERSON, POINT_RULES, Pair, judge_pairs
from pipeline.rules import MergeRules
from pipeline.tables import MERGES
from pipeline.text import say

SHIFTED = "same_ground"  # the rule that may have moved one of the two first
SHOWN_SHARE = 0.0005  # what lies below it would be told as 0.0 %
ASK = ("near", "text", "bridge", "cap", "two_sites", "disagree")  # rules whose sentence asks already


def joining_order(leads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leads in the order in which they join: polygons, points, words of persons; by period, date received, size, id.

    What has no period joins by the dates of its images, and without these last.
    """
    dates = zip(cells(leads, "period"), cells(leads, "curr_date"), cells(leads, "prev_date"), strict=True)
    times = [period_order(period) if period else (curr or UNDATED, prev or "") for period, curr, prev in dates]
    ends, beginnings = zip(*times, strict=True) if times else ((), ())
    keys = pd.DataFrame(leads[["received", "lead_id"]]).assign(
        is_text=leads["kind"] == "reports", is_point=leads["area_m2"] == 0, end=ends, beginning=beginnings,
        smaller=-leads["area_m2"],
    )  # fmt: skip
    order = ["is_text", "is_point", "end", "beginning", "received", "smaller", "lead_id"]
    return leads.loc[keys.sort_values(order, kind="stable").index].reset_index(drop=True)


def merge(
    leads: gpd.GeoDataFrame,
    rules: MergeRules,
    language: str = "zh",
    said: Mapping[tuple[str, str], str] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(merges, members) of leads that may merge: cases, recoveries and what was set aside must not be among them.

    `said`: pairs of lead_ids, in any order, that a person called same or apart; it goes before every rule, and ids that are
    not among the leads say nothing. `members` has one row per lead: lead_id, site_no (0, 1 …), born_no (the site it stood in
    before sites were joined, -1 for the lead that joined them), parted_from (lead_id that it would have joined but for a person),
    review_reason (None where nothing is undecided).
    """
    leads = joining_order(leads)
    row_of = {lead_id: row for row, lead_id in enumerate(cells(leads, "lead_id"))}
    told: dict[Pair, str] = {}
    for (one, other), answer in (said or {}).items():
        if one in row_of and other in row_of and one != other:
            first, second = sorted((row_of[one], row_of[other]))
            told[first, second] = answer
    pairs = judge_pairs(leads, rules, list(told))
    joined = join_in_order(leads, pairs, rules, told)
    parted = _parted(pairs, told)
    pairs = _settle(pairs, joined, told)
    pairs["reason"] = _sentences(pairs, language)
    ids = leads["lead_id"].to_numpy()
    members = pd.DataFrame({"lead_id": ids, "site_no": joined.site_of, "born_no": joined.born_in})
    members["parted_from"] = [ids[parted[row]] if row in parted else None for row in range(len(ids))]
    members["review_reason"] = _review_reasons(len(leads), pairs)
    merges = pairs.assign(lead_a=ids[pairs["a"]], lead_b=ids[pairs["b"]])
    return shape_table(merges, MERGES), members


def _parted(pairs: pd.DataFrame, told: Mapping[Pair, str]) -> dict[int, int]:
    """Later lead → the earlier one that the rules would have joined it to, had a person not called them two."""
    same = pairs[pairs["decision"] == "same"]
    found = [pair for pair in zip(same["a"].tolist(), same["b"].tolist(), strict=True) if told.get(pair) == "apart"]
    return {b: a for a, b in found}


def _settle(pairs: pd.DataFrame, joined: Joined, told: Mapping[Pair, str]) -> pd.DataFrame:
    """The pairs as they ended: a question between leads of one site is answered, a pair held back is a question."""
    rules, decisions = pairs["rule"].tolist(), pairs["decision"].tolist()
    site_of = joined.site_of
    parted = {frozenset((site_of[a], site_of[b])) for (a, b), answer in told.items() if answer == "apart"}
    for k, pair in enumerate(zip(pairs["a"].tolist(), pairs["b"].tolist(), strict=True)):
        a, b = pair
        together = site_of[a] == site_of[b]
        if pair in told:
            is_done = together == (told[pair] == "same")
            rules[k], decisions[k] = (PERSON, told[pair]) if is_done else ("disagree", "review")
        elif decisions[k] == "review" and rules[k] in POINT_RULES and not together and b in joined.placed_points:
            rules[k], decisions[k] = "nearer", "apart"
        elif decisions[k] == "review" and together:
            rules[k], decisions[k] = f"{rules[k]} (by_others)", "same"
        elif decisions[k] != "apart" and frozenset((site_of[a], site_of[b])) in parted:
            rules[k], decisions[k] = f"{PERSON} (by_others)", "apart"
        elif decisions[k] == "same" and not together:
            held = joined.held_back.get(pair)
            why_apart = "other_ground" if pair in joined.passed_over else "explained"
            rules[k], decisions[k] = (held, "review") if held else (why_apart, "apart")
    return pairs.assign(rule=rules, decision=decisions)


def _review_reasons(n_leads: int, pairs: pd.DataFrame) -> list[str | None]:
    reasons: list[str | None] = [None] * n_leads
    asked = pairs[pairs["decision"] == "review"]
    for a, b, reason in zip(asked["a"].tolist(), asked["b"].tolist(), asked["reason"].tolist(), strict=True):
        for lead in (a, b):
            reasons[lead] = reasons[lead] or str(reason)
    return reasons


def _sentences(pairs: pd.DataFrame, language: str) -> list[str]:
    """Per pair the rule that decided, in words and with its numbers."""
    names = ["front_m", "front_share", "gap_m", "iou", "containment", "shifted_iou"]
    columns = (pairs[name].fillna(0.0).tolist() for name in names)
    sentences = []
    for rule, decision, front, share, gap, iou, containment, shifted in zip(
        cells(pairs, "rule"), cells(pairs, "decision"), *columns, strict=True
    ):
        why, _, by_others = rule.partition(" ")
        key = f"{PERSON}_{decision}" if why == PERSON else f"{why}_shifted" if why == SHIFTED and shifted else why
        key = "near_apart" if key == "near" and containment < SHOWN_SHARE else key
        numbers = {
            "iou": iou,
            "containment": containment,
            "shifted": shifted,
            "front": front,
            "share": share,
            "gap": gap,
        }
        sentence = say(language, f"merge.{key}", **numbers)
        asked = say(language, "merge.asked") if decision == "review" and why not in ASK else ""
        sentences.append(sentence + (say(language, "merge.by_others") if by_others else "") + asked)
    return sentences
