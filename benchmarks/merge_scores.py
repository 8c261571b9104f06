"""How far sites and matches agree with the truth of benchmarks/events: pairs, questions, points, texts, ledger.

Leads that cover two events are neutral in the pair counts; two events in one site are wrong pairs whatever joined them.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

LINKS = ("same", "grown", "rebound")  # relations that say: this is that case
STRENGTH = {"rebound": 4, "grown": 3, "same": 2, "adjacent": 1}


Scores = dict[str, float]


class Goal(NamedTuple):
    """A figure of the goals: of all seeds the worst counts. `most` says that less is better."""

    name: str
    key: str
    must: float
    aim: float
    most: bool = False


GOALS = (
    Goal("polygons: wrong automatic pairs", "wrong", 0, 0, most=True),
    Goal("polygons: pair recall, automatic", "recall", 0.92, 0.96),
    Goal("polygons: pair recall with review", "recall_with_review", 0.99, 0.998),
    Goal("polygons: B³ F1 with reviews answered", "b3", 0.995, 0.999),
    Goal("polygons: questions per lead", "questions", 0.05, 0.03, most=True),
    Goal("points: automatic precision", "precision", 0.98, 0.99),
    Goal("points: reviewed", "reviewed", 0.30, 0.20, most=True),
    Goal("texts: automatic, joined or linked", "texts_automatic", 0, 0, most=True),
    Goal("texts: cards beside their own", "cards_too_many", 0, 0, most=True),
    Goal("ledger: wrong links to outlines and boxes", "ledger_wrong", 0, 0, most=True),
    Goal("ledger: automatic recall, outlines", "recall_outline", 0.98, 0.99),
    Goal("ledger: automatic recall, boxes", "recall_box", 0.90, 0.93),
    Goal("ledger: automatic recall, points", "recall_point", 0.75, 0.80),
    Goal("ledger: relations right", "relations_right", 0.97, 0.99),
    Goal("100,000 leads, 20,000 cases: seconds", "seconds", 20, 12, most=True),
)


class Pairs(NamedTuple):
    """Pairs of leads: put together, of these rightly, and all that belong together."""

    together: int
    right: int
    true: int

    @property
    def wrong(self) -> int:
        return self.together - self.right

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else np.nan


def components(n: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Per item 0 … n-1 the least item that it is linked with, directly or over others (union-find)."""
    root = list(range(n))

    def find(item: int) -> int:
        while root[item] != item:
            root[item] = root[root[item]]
            item = root[item]
        return item

    for a, b in links:
        one, other = sorted((find(a), find(b)))
        root[other] = one
    return [find(item) for item in range(n)]


def pairs_of(site: pd.Series, event: pd.Series) -> Pairs:
    """The pairs that sites imply against those of the events; negative events are neutral."""
    known = event >= 0
    site, event = site[known], event[known]
    sizes = (site.value_counts(), pd.Series(list(zip(site, event, strict=True))).value_counts(), event.value_counts())
    together, right, true = (int((counts * (counts - 1) // 2).sum()) for counts in sizes)
    return Pairs(together, right, true)


def b_cubed(site: pd.Series, event: pd.Series) -> float:
    """B³ F1: per lead the share of its site that is its event and of its event that is its site, averaged."""
    known = pd.DataFrame({"site": site, "event": event})[event >= 0]
    both = known.groupby(["site", "event"])["event"].transform("size")
    precision = (both / known.groupby("site")["event"].transform("size")).mean()
    recall = (both / known.groupby("event")["event"].transform("size")).mean()
    return float(2 * precision * recall / (precision + recall))


def questions_of(leads: pd.DataFrame, merges: pd.DataFrame) -> pd.DataFrame:
    """Pairs under review between two sites, with the card they stand on: the later site of the two, in joining order.

    `leads`: lead_id, site, sort, event, family. A pair with a text lead stands on the text lead's card.
    """
    facts = leads.set_index("lead_id")[["site", "sort", "event", "family"]]
    asked = merges[merges["decision"] == "review"][["lead_a", "lead_b"]]
    asked = asked.join(facts.add_suffix("_a"), on="lead_a").join(facts.add_suffix("_b"), on="lead_b")
    asked = asked[asked["site_a"] != asked["site_b"]]
    later = asked[["site_a", "site_b"]].max(axis=1)
    on_a = (asked["sort_a"] == "text") & (asked["sort_b"] != "text")
    on_b = (asked["sort_b"] == "text") & (asked["sort_a"] != "text")
    return asked.assign(later=later, card=later.mask(on_a, asked["site_a"]).mask(on_b, asked["site_b"]))


def answered(leads: pd.DataFrame, questions: pd.DataFrame) -> pd.Series:
    """Per lead its site once a person has answered every question rightly: two sites of one event are joined.

    A person looks at the outlines, so a site's event is that of its first polygon; a wrong point in it misleads nobody.
    """
    known = leads[leads["event"] >= 0].sort_values("sort", key=lambda sort: sort != "polygon", kind="stable")
    event_of = known.drop_duplicates("site").set_index("site")["event"]
    one, other = (questions[name].map(event_of) for name in ("site_a", "site_b"))
    yes = questions[one == other]
    links = zip(yes["site_a"].astype(int), yes["site_b"].astype(int), strict=True)
    root = components(int(leads["site"].max()) + 1, links)
    return leads["site"].map(dict(enumerate(root)))


def polygon_scores(leads: pd.DataFrame, questions: pd.DataFrame) -> Scores:
    """Figures of the polygons among `leads` (site, answered, event); questions between polygons only."""
    leads = leads[leads["sort"] == "polygon"]
    questions = questions[(questions["sort_a"] == "polygon") & (questions["sort_b"] == "polygon")]
    found, resolved = pairs_of(leads["site"], leads["event"]), pairs_of(leads["answered"], leads["event"])
    return {
        "leads": len(leads),
        "wrong": found.wrong,
        "recall": found.recall,
        "recall_with_review": resolved.recall,
        "b3": b_cubed(leads["answered"], leads["event"]) if (leads["event"] >= 0).any() else np.nan,
        "questions": questions["card"].nunique() / max(len(leads), 1),
        "review_pairs": len(questions),
    }


def point_scores(leads: pd.DataFrame, questions: pd.DataFrame) -> Scores:
    """Of the points: how many joined a site, how many of these rightly, how many are asked about."""
    points = leads[leads["sort"] == "point"]
    others = leads[(leads["sort"] != "text") & (leads["event"] >= 0)].groupby("site")["event"]
    size, n_events = points["site"].map(leads.groupby("site").size()), points["site"].map(others.nunique())
    joined = size > 1
    asked = questions[(questions["sort_a"] != "text") & (questions["sort_b"] != "text")]
    ids = set(asked.loc[asked["sort_a"] == "point", "lead_a"]) | set(asked.loc[asked["sort_b"] == "point", "lead_b"])
    return {
        "points": len(points),
        "joined": float(joined.mean()),
        "precision": float((n_events[joined] == 1).mean()),
        "reviewed": float(points["lead_id"].isin(ids).mean()),
    }


def text_scores(leads: pd.DataFrame, questions: pd.DataFrame, matches: pd.DataFrame) -> Scores:
    """Of the text leads: how many joined a site or were linked with a case without a person, and cards beside their own.

    A text lead asks on one card; a card of another site that only text leads cause is one too many.
    """
    texts = leads[leads["sort"] == "text"]
    is_alone = texts["site"].map(leads.groupby("site").size()) == 1
    is_linked = texts["site_id"].isin(set(matches.loc[matches["relation"].isin(LINKS), "site_id"]))
    is_text = (questions["sort_a"] == "text") | (questions["sort_b"] == "text")
    others = set(questions.loc[is_text & (questions["later"] != questions["card"]), "later"])
    return {
        "texts": len(texts),
        "joined": int((~is_alone).sum()),
        "linked": int((is_alone & is_linked).sum()),
        "cards_too_many": len(others - set(questions.loc[~is_text, "card"])),
    }


def ledger_rows(
    leads: pd.DataFrame, matches: pd.DataFrame, cases: pd.DataFrame, links: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(per true link what was said, per automatic link whether it is wrong), of sites that hold a polygon.

    Of several sites of an event the strongest relation counts, as on the list: rebound, grown, same, adjacent.
    """
    polygons = set(leads.loc[leads["sort"] == "polygon", "site_id"])
    own = (
        leads.groupby("site_id")["event"].transform("min") >= 0
    )  # no relation is known of a lead that covers two events
    per_site = leads.assign(is_own=own)[["site_id", "is_own", "events"]].explode("events").drop_duplicates()
    per_site = per_site.rename(columns={"events": "event"})
    said = matches[["site_id", "problem_id", "relation"]].merge(cases[["problem_id", "case_geometry"]], on="problem_id")
    meant = said.merge(per_site, on="site_id").merge(
        links.rename(columns={"relation": "truth"}), on=["problem_id", "event"]
    )
    meant = meant[meant["site_id"].isin(polygons)].assign(strength=meant["relation"].map(STRENGTH).fillna(0))
    best = meant[meant["is_own"]].groupby(["problem_id", "event"])["strength"].max()
    asked = meant[meant["relation"] == "review"].groupby(["problem_id", "event"]).size()
    true = links.merge(cases[["problem_id", "case_geometry", "family"]], on="problem_id").set_index(
        ["problem_id", "event"]
    )
    true = true.assign(strength=best.reindex(true.index).fillna(0), asked=asked.reindex(true.index).notna())
    right = set(zip(*meant.loc[meant["truth"].isin(LINKS), ["site_id", "problem_id"]].to_numpy().T, strict=True))
    automatic = said[said["relation"].isin(LINKS)]
    pairs = zip(automatic["site_id"], automatic["problem_id"], strict=True)
    automatic = automatic.assign(
        is_wrong=[pair not in right for pair in pairs], has_polygon=automatic["site_id"].isin(polygons)
    )
    return true.reset_index(), automatic


def ledger_scores(true: pd.DataFrame, automatic: pd.DataFrame) -> Scores:
    """Figures of the ledger from `ledger_rows`, all of them or of one case geometry."""
    linked = true[true["relation"].isin(LINKS)]
    is_found = linked["strength"] >= STRENGTH["same"]
    told = true[true["strength"] > 0]
    is_right = told["strength"] == told["relation"].map(STRENGTH)
    own = automatic[automatic["has_polygon"]]
    return {
        "links": len(linked),
        "automatic": len(own),
        "wrong": int(own["is_wrong"].sum()),
        "wrong_by_points": int(automatic.loc[~automatic["has_polygon"], "is_wrong"].sum()),
        "recall": float(is_found.mean()),
        "recall_with_review": float((is_found | linked["asked"]).mean()),
        "relations_right": float(is_right.mean()),
    }


def print_goals(figures: list[Scores]) -> bool:
    """The goals' table, of each figure the worst seed; whether every must is reached."""
    print(f"\n{'worst of the seeds':44}{'figure':>9}{'must':>8}{'aim':>8}")
    reached = True
    for goal in GOALS:
        values = [own[goal.key] for own in figures if goal.key in own]
        if not values:  # not timed
            continue
        worst = max(values) if goal.most else min(values)
        is_ok, is_aim = (worst <= g if goal.most else worst >= g for g in (goal.must, goal.aim))
        reached &= is_ok
        print(
            f"{goal.name:44}{worst:9.4g}{goal.must:8g}{goal.aim:8g}   {'ok, the aim too' if is_aim else 'ok' if is_ok else 'SHORT'}"
        )
    return reached
