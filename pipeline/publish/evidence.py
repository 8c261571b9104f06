"""What stands behind the list, as people see it: overlaps, known cases, what was set aside, merged, left to decide or in conflict."""

import json
from typing import Any

import pandas as pd

from pipeline.config import Place
from pipeline.intake.answers import TO_FILL
from pipeline.intake.words.codes import class_label, label
from pipeline.publish.rows import Tables, join_words, numbers_of
from pipeline.tables import JUDGED, LEDGER
from pipeline.text import say

SHOWN_NUMBERS = 6  # more in one cell or sentence hide the others


def overlap_rows(place: Place, tables: Tables, language: str) -> pd.DataFrame:
    """What each listed site lies on, per layer and feature; classes are on the list itself."""
    numbers = numbers_of(tables)
    overlaps = tables["overlaps"]
    rows = overlaps[
        (overlaps["subject"] == "site") & overlaps["subject_id"].isin(numbers) & (overlaps["level"] != "class")
    ]
    titles = {layer.id: layer.title for layer in place.layers if layer.secrecy != "secret"}
    rows = rows[rows["layer_id"].isin(titles)].reset_index(drop=True)
    return rows.assign(
        number=rows["subject_id"].map(numbers),
        layer_title=rows["layer_id"].map(titles),
        class_name=[class_label(name, language) for name in rows["layer_class"]],
        zone_name=[label("pa_zones", zone, language) for zone in rows["zone"]],
        level_name=[say(language, f"list.level_{level}") for level in rows["level"]],
        position_name=_position_names(rows, tables["sites"], language),
        vintage=[say(language, "labels.no") if ok is False else "" for ok in rows["vintage_ok"]],
    )


def _position_names(overlaps: pd.DataFrame, sites: pd.DataFrame, language: str) -> list[str]:
    """How each site lies on its layer; a point is said to lie there itself, and how far off it may be."""
    points = sites[sites["area_m2"] == 0]
    accuracy_m = dict(zip(points["site_id"], points["position_accuracy_m"], strict=True))
    return [
        say(language, "list.point_inside", accuracy_m=accuracy_m[name])
        if position == "inside" and name in accuracy_m
        else say(language, f"labels.position_{position}")
        for name, position in zip(overlaps["subject_id"], overlaps["position"], strict=True)
    ]


def case_rows(place: Place, tables: Tables, language: str) -> pd.DataFrame:
    """The known cases of this run, with the sites that met them."""
    cases = pd.DataFrame(tables["cases"]).drop(columns="geometry")
    titles = {source.id: source.title for source in place.sources} | {
        name: say(language, f"list.{name}") for name in (LEDGER, JUDGED)
    }
    met = tables["matches"].groupby("problem_id")["site_id"].apply(list) if len(tables["matches"]) else {}
    numbers = numbers_of(tables)
    listed = [[numbers[s] for s in met.get(case, []) if s in numbers] for case in cases["problem_id"]]
    return cases.assign(
        source_title=cases["source_id"].map(titles),
        state_name=[label("states", state, language) for state in cases["state"]],
        activity_name=[label("activity_types", code, language) for code in cases["activity_l1"]],
        met=[join_words(sorted(own), language) for own in listed],
    )


def set_aside_rows(tables: Tables, language: str) -> pd.DataFrame:
    """What goes no further and why, so that every row can be found again in its file.

    What a petition says, and where its words may point, stays in the house: it may name whom it complains about (D04).
    """
    gone = tables["set_aside"]
    where = tables["leads"].set_index("lead_id")[["lon", "lat", "town", "area_m2", "kind"]]
    rows = gone.join(where, on="lead_id")
    is_report = rows["kind"] == "reports"  # where a petition points stays in the house
    rows.loc[is_report, ["lon", "lat"]] = None
    return rows.assign(
        seq=range(1, len(rows) + 1),
        reason_name=[say(language, f"labels.{reason}") for reason in rows["reason"]],
    )


def merged_rows(tables: Tables, language: str) -> pd.DataFrame:
    """Pairs of leads that are one place, and by which rule."""
    pairs = tables["merges"]
    return _pair_rows(pairs[pairs["decision"] == "same"], tables, language)


def question_rows(tables: Tables, cycle: str, language: str) -> pd.DataFrame:
    """What a person has to decide and may leave the house, an id a line, where none is broken; `answers` says what can be
    answered, on the run of which `cycle`, the columns to fill are empty."""
    questions = tables["questions"]
    rows = questions[~_stay_in_house(questions)].reset_index(drop=True)
    numbers = numbers_of(tables)
    return rows.assign(
        seq=range(1, len(rows) + 1),
        about_name=[say(language, f"decisions.asked_{about}") for about in rows["about"]],
        numbers=["\n".join(numbers.get(site, site) for site in own) for own in rows["site_ids"]],
        leads=["\n".join(own) for own in rows["lead_ids"]],
        cases=["\n".join(own) for own in rows["problem_ids"]],
        answers=[_of_cycle(answers, cycle) for answers in rows["answers"]],
        **dict.fromkeys(TO_FILL, ""),
    )


def _of_cycle(answers: str, cycle: str) -> str:
    """Answers (JSON) whose decisions name the cycle on whose run they are made."""
    told = json.loads(answers)
    return json.dumps(
        [{**one, "decisions": [{**row, "cycle": cycle} for row in one["decisions"]]} for one in told],
        ensure_ascii=False,
    )


def left_off_note(tables: Tables, language: str) -> str:
    """How many questions are not on the sheet, and where they are answered; "" where all are on it."""
    n = int(_stay_in_house(tables["questions"]).sum())
    return say(language, "list.questions_left_off", n=n) if n else ""


def _stay_in_house(questions: pd.DataFrame) -> pd.Series:
    """Who said what, and where a petition may point: the workbook goes to the province."""
    of_record = questions["about"].eq("position") & (questions["lead_ids"].map(len) == 0)
    return questions["about"].eq("disagreed") | of_record


def conflict_rows(place: Place, tables: Tables, language: str) -> pd.DataFrame:
    """Ground that two layers both claim: their sums, then feature by feature. Layers that agree and secret ones are left out."""
    layers = {layer.id: layer for layer in place.layers if layer.secrecy != "secret"}
    rows = tables["conflicts"]
    agree = (rows["n_pairs"] + rows["n_slivers"] == 0) & ~rows["is_partial"].astype(bool)
    is_shown = rows["layer_a"].isin(layers) & rows["layer_b"].isin(layers) & ~agree.fillna(False)
    rows = rows[is_shown].reset_index(drop=True)
    numbers = numbers_of(tables)
    words: dict[str, Any] = {"seq": range(1, len(rows) + 1)}
    for side in ("a", "b"):
        words[f"title_{side}"] = [layers[name].title for name in rows[f"layer_{side}"]]
        words[f"class_name_{side}"] = [class_label(name, language) for name in rows[f"class_{side}"]]
    return rows.assign(
        **words,
        level_name=[say(language, f"conflicts.level_{level}") for level in rows["level"]],
        numbers=[_some([numbers[s] for s in own if s in numbers], language) for own in rows["site_ids"]],
        note=[conflict_note(row, place, language) for row in rows.itertuples()],
    )


def _some(numbers: list[str], language: str) -> str:
    """The first few numbers and how many there are."""
    shown = join_words(numbers[:SHOWN_NUMBERS], language)
    if len(numbers) <= SHOWN_NUMBERS:
        return shown
    return say(language, "conflicts.more_numbers", numbers=shown, n=len(numbers))


def conflict_note(row: Any, place: Place, language: str) -> str:
    """What the figures of a row of table conflicts leave out, in words."""
    notes = []
    if row.level == "features" and row.is_within_accuracy:
        notes.append(say(language, "conflicts.within_accuracy"))
    if row.level == "layers" and row.n_slivers:
        notes.append(say(language, "conflicts.slivers", n=row.n_slivers, area=row.sliver_m2))
    if row.is_partial:
        is_raster = any(layer.cells for layer in place.layers if layer.id in (row.layer_a, row.layer_b))
        notes.append(say(language, "conflicts.near_leads" if is_raster else "conflicts.partial"))
    return ("" if language == "zh" else " ").join(notes)


def _pair_rows(pairs: pd.DataFrame, tables: Tables, language: str) -> pd.DataFrame:
    leads = tables["leads"].set_index("lead_id")
    sites = tables["outcomes"].set_index("lead_id")["site_id"]
    numbers = numbers_of(tables)
    pairs = pairs.reset_index(drop=True)
    words: dict[str, Any] = {"seq": range(1, len(pairs) + 1)}
    for side in ("a", "b"):
        ids = pairs[f"lead_{side}"]
        words[f"orig_no_{side}"] = ids.map(leads["orig_no"])
        words[f"source_{side}"] = [label("lead_sources", leads.at[i, "source_code"], language) for i in ids]
        words[f"period_{side}"] = ids.map(leads["period"])
        words[f"site_{side}"] = ids.map(sites)
        words[f"number_{side}"] = ids.map(sites).map(numbers)
    return pairs.assign(**words)
