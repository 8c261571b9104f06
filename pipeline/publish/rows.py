"""The rows people see: the tables of a run in words, units and an order for lists, sheets and layers.

`delivery/*.toml` picks a row set by `rows` and a column by `field`; this is the only place that derives them.
"""

import json
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.config import Place
from pipeline.intake.words.codes import class_label, label, read_codes
from pipeline.text import say

Tables = dict[str, pd.DataFrame]
CLASSES = ("wetland", "forest", "grassland", "protected_area", "redline")


def delivered_rows(
    place: Place, cycle: str, as_of: date, tables: Tables, run: dict[str, Any], language: str
) -> dict[str, pd.DataFrame]:
    """Every row set by name; `geometry` columns are in the working CRS of `tables`."""
    problems = problem_rows(place, tables, language)
    leads = lead_rows(tables, language)
    gone = set_aside_rows(place, tables, language)
    is_point = problems.geometry.geom_type == "Point"
    return {
        "problems": pd.DataFrame(problems).drop(columns="geometry"),
        "problem_polygons": problems[~is_point].reset_index(drop=True),
        "problem_points": problems.set_geometry(problems.geometry.representative_point()),
        "change_leads": leads[leads["kind"].isin(["change", "pushed"]) & (leads.geom_type != "Point")],
        "point_leads": leads[leads["kind"].isin(["points", "pushed"]) & (leads.geom_type == "Point")],
        "overlaps": overlap_rows(place, tables, language),
        "known_cases": case_rows(place, tables, language),
        "set_aside": gone,
        "excluded": _counted(gone[~gone["reason"].isin(["E1", "E9"])]),
        "unlocated": _counted(gone[gone["reason"] == "E9"]),
        "outside": _counted(gone[gone["reason"] == "E1"]),
        "merged": merged_rows(tables, language),
        "undecided": undecided_rows(tables, language),
        "statistics": statistics_rows(problems, language),
        "accounting": accounting_rows(place, tables, language),
        "notes": note_rows(place, cycle, as_of, run, language),
        "meta": meta_rows(place, cycle, as_of, run, language),
    }


def is_numbered(problems: pd.DataFrame) -> bool:
    """Whether everything that may be accepted has its official number; until then a page is a draft."""
    has_number = problems["problem_id"].notna()
    return bool(has_number.any() and (has_number | problems["needs_review"].astype(bool)).all())


def marks_of(place: Place, is_accepted: bool, language: str) -> list[str]:
    """What every page must say of itself: invented, draft, internal, a clue and no verdict."""
    keys = (["invented"] if place.is_invented else []) + ([] if is_accepted else ["draft"]) + ["internal", "clue"]
    return [say(language, f"labels.{key}") for key in keys]


def join_words(words: Any, language: str) -> str:
    """A list in one cell."""
    return ("、" if language == "zh" else ", ").join(str(word) for word in words)


def to_dms(degrees: float) -> str:
    """120°27′00.00″, counted in hundredths so that 60.00″ never shows."""
    hundredths = round(abs(degrees) * 360_000)
    minutes, rest = divmod(hundredths, 6_000)
    whole, minute = divmod(minutes, 60)
    return f"{'-' if degrees < 0 and hundredths else ''}{whole}°{minute:02d}′{rest / 100:05.2f}″"


def problem_rows(place: Place, tables: Tables, language: str) -> gpd.GeoDataFrame:
    """One row per suspected problem, in the order of the list."""
    problems = tables["problems"]
    leads = tables["leads"].set_index("lead_id")
    cells = []
    for problem in problems.to_dict("records"):
        codes = list(dict.fromkeys(leads.loc[problem["lead_ids"], "source_code"]))
        numbered = isinstance(problem["problem_id"], str)
        cells.append(
            {
                "seq": problem["rank"],
                "number": problem["problem_id"] if numbered else problem["candidate_id"],
                "province": place.province,
                "city": place.city,
                "county": place.county,
                "lon_dms": to_dms(problem["lon"]),
                "lat_dms": to_dms(problem["lat"]),
                "sources": join_words([label("lead_sources", code, language) for code in codes], language),
                "lead_nos": join_words(problem["lead_ids"], language),
                "orig_nos": join_words(problem["orig_nos"], language),
                "periods": join_words(problem["periods"], language),
                "all_towns": join_words(problem["towns"], language),
                "activity_l1_name": label("activity_types", problem["activity_l1"], language),
                "activity_l2_name": label("activity_types", problem["activity_l2"], language),
                "change_name": label("change_types", problem["change_type"], language),
                "zone_name": label("pa_zones", problem["zone"], language),
                "grade_name": forest_grade_name(problem["forest_grade"], language),
                "relation_name": say(language, f"labels.relation_{problem['relation']}"),
                "priority_name": say(language, f"labels.priority_{problem['priority']}"),
                "vintage_flag": say(language, "labels.yes" if problem["vintage_ok"] is False else "labels.no"),
                "is_legacy": say(
                    language, "labels.yes" if isinstance(problem["known_problem_id"], str) else "labels.no"
                ),
                "is_rebound": say(language, "labels.yes" if problem["relation"] == "rebound" else "labels.no"),
                "review": problem["review_reason"] if problem["needs_review"] else "",
                "reason_text": reason_text(problem["reasons"], language),
                "note": describe_problem(problem, language),
                "state_name": label("states", "B1", language),
                "mark": "" if numbered else say(language, "labels.draft"),
                "remark": "",
            }
        )
    frame = problems.drop(columns=["orig_nos", "periods"]).reset_index(drop=True)
    words = pd.DataFrame(cells, index=frame.index, columns=None if cells else _PROBLEM_WORDS)
    return gpd.GeoDataFrame(frame.join(words), geometry="geometry", crs=problems.crs)


_PROBLEM_WORDS = [
    "seq", "number", "province", "city", "county", "lon_dms", "lat_dms", "sources", "lead_nos", "orig_nos", "periods",
    "all_towns", "activity_l1_name", "activity_l2_name", "change_name", "zone_name", "grade_name", "relation_name",
    "priority_name", "vintage_flag", "is_legacy", "is_rebound", "review", "reason_text", "note", "state_name", "mark",
    "remark",
]  # fmt: skip


def forest_grade_name(grade: Any, language: str) -> str:
    """Ⅱ级保护林地 / grade 2; "" where there is none."""
    if not isinstance(grade, str):
        return ""
    names = read_codes("forest_grades")
    found = names.loc[(names["scheme"] == "BH_DJ") & (names["code"] == grade), "name_zh"].tolist()
    return str(found[0]) if found and language == "zh" else grade


def reason_text(reasons_json: str, language: str) -> str:
    """Every reason with its points; they add up to the score."""
    mark = "（+{}）" if language == "zh" else " (+{})"
    parts = [reason["text"] + mark.format(reason["points"]) for reason in json.loads(reasons_json)]
    return ("；" if language == "zh" else "; ").join(parts)


def describe_problem(problem: dict[str, Any], language: str) -> str:
    """One sentence that a person may edit."""
    parts = [
        say(language, "list.note_part", name=class_label(name, language), ha=problem[f"{name}_m2"] / 10_000)
        for name in CLASSES
        if problem[f"{name}_m2"] > 0
    ]
    activity = label("activity_types", problem["activity_l2"], language)
    town = problem["town"] if isinstance(problem["town"], str) else ""
    return say(
        language, "list.note", town=town, activity=activity, ha=problem["area_m2"] / 10_000, parts="".join(parts)
    )


def lead_rows(tables: Tables, language: str) -> gpd.GeoDataFrame:
    """Leads in words; petitions, reports and media leads never leave the house as points."""
    leads = tables["leads"]
    leads = leads[leads["kind"] != "reports"].reset_index(drop=True)
    outcomes = tables["outcomes"].set_index("lead_id")["outcome"]
    words = leads.assign(
        source_name=[label("lead_sources", code, language) for code in leads["source_code"]],
        activity_name=[label("activity_types", code, language) for code in leads["activity_l2"]],
        change_name=[label("change_types", code, language) for code in leads["change_type"]],
        outcome_name=[say(language, f"labels.outcome_{outcomes[lead_id]}") for lead_id in leads["lead_id"]],
        all_towns=[join_words(towns, language) for towns in leads["towns"]],
    )
    return gpd.GeoDataFrame(words, geometry="geometry", crs=tables["leads"].crs)


def overlap_rows(place: Place, tables: Tables, language: str) -> pd.DataFrame:
    """What each listed site lies on, per layer and feature; classes are on the list itself."""
    numbers = _numbers(tables)
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
        position_name=[say(language, f"labels.position_{position}") for position in rows["position"]],
        vintage=[say(language, "labels.no") if ok is False else "" for ok in rows["vintage_ok"]],
    )


def _numbers(tables: Tables) -> dict[str, str]:
    """site_id → the number a listed problem is called by."""
    problems = tables["problems"]
    numbers = problems["problem_id"].where(problems["problem_id"].notna(), problems["candidate_id"])
    return dict(zip(problems["site_id"], numbers, strict=True))


def case_rows(place: Place, tables: Tables, language: str) -> pd.DataFrame:
    """The known cases of this run, with the sites that met them."""
    cases = pd.DataFrame(tables["cases"]).drop(columns="geometry")
    titles = {source.id: source.title for source in place.sources} | {"ledger": say(language, "list.ledger")}
    met = tables["matches"].groupby("problem_id")["site_id"].apply(list) if len(tables["matches"]) else {}
    numbers = _numbers(tables)
    listed = [[numbers[s] for s in met.get(case, []) if s in numbers] for case in cases["problem_id"]]
    return cases.assign(
        source_title=cases["source_id"].map(titles),
        state_name=[label("states", state, language) for state in cases["state"]],
        activity_name=[label("activity_types", code, language) for code in cases["activity_l1"]],
        met=[join_words(sorted(own), language) for own in listed],
    )


def set_aside_rows(place: Place, tables: Tables, language: str) -> pd.DataFrame:
    """What goes no further and why, so that every row can be found again in its file.

    `text` (scrubbed) and `places` (where its words may mean) are for the house alone: no delivery layer has them.
    """
    gone = tables["set_aside"]
    where = tables["leads"].set_index("lead_id")[["lon", "lat", "town", "area_m2", "kind"]]
    rows = gone.join(where, on="lead_id")
    is_report = rows["kind"] == "reports"  # where a petition points stays in the house
    rows.loc[is_report, ["lon", "lat"]] = None
    texts, places = petition_texts(place, tables["reports"]), candidate_places(tables["candidates"], language)
    return rows.assign(
        seq=range(1, len(rows) + 1),
        reason_name=[say(language, f"labels.{reason}") for reason in rows["reason"]],
        text=[texts.get(report_id, "") for report_id in rows["report_id"]],
        places=[places.get(report_id, "") for report_id in rows["report_id"]],
    )


def petition_texts(place: Place, reports: pd.DataFrame) -> dict[str, str]:
    """report_id → what a petition, report or media lead says, as it was scrubbed at the door."""
    titles = {
        s.id: [s.columns[n] for n in ("place_text", "text") if n in s.columns]
        for s in place.sources
        if s.kind == "reports"
    }
    own = reports[reports["source_id"].isin(titles)]
    words = zip(own["report_id"], own["source_id"], own["attributes"].map(json.loads), strict=True)
    return {
        report_id: " ".join(cells[title] for title in titles[source_id] if title in cells)
        for report_id, source_id, cells in words
    }


def candidate_places(candidates: pd.DataFrame, language: str) -> dict[str, str]:
    """report_id → the places its words may mean, the likeliest first, in one cell."""
    found: dict[str, list[str]] = {}
    for row in candidates[candidates["reading"] == "words"].itertuples():
        name = f"{row.town}{row.name}" if isinstance(row.town, str) and row.town != row.name else str(row.name)
        sentence = say(language, "list.candidate", name=name, radius=row.radius_m, lon=row.lon, lat=row.lat)
        found.setdefault(str(row.report_id), []).append(sentence)
    return {report_id: ("；" if language == "zh" else "; ").join(places) for report_id, places in found.items()}


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one sheet, numbered from 1."""
    return rows.reset_index(drop=True).assign(seq=range(1, len(rows) + 1))


def merged_rows(tables: Tables, language: str) -> pd.DataFrame:
    """Pairs of leads that are one place, and by which rule."""
    pairs = tables["merges"]
    return _pair_rows(pairs[pairs["decision"] == "same"], tables, language)


def undecided_rows(tables: Tables, language: str) -> pd.DataFrame:
    """Everything a person has to decide: pairs of leads, sites against cases, and what cannot be judged."""
    pairs = tables["merges"]
    asked = _pair_rows(pairs[pairs["decision"] == "review"], tables, language)
    problems = tables["problems"]
    waiting = problems[problems["needs_review"].astype(bool)]
    numbers = waiting["problem_id"].where(waiting["problem_id"].notna(), waiting["candidate_id"])
    own = pd.DataFrame({"number_a": numbers, "site_a": waiting["site_id"], "reason": waiting["review_reason"]})
    own = own.assign(question=say(language, "list.question_problem"))
    asked = asked.assign(question=say(language, "list.question_pair"))
    rows = pd.concat([own, asked], ignore_index=True).reindex(columns=[*asked.columns])
    return rows.assign(seq=range(1, len(rows) + 1), answer="")


def _pair_rows(pairs: pd.DataFrame, tables: Tables, language: str) -> pd.DataFrame:
    leads = tables["leads"].set_index("lead_id")
    sites = tables["outcomes"].set_index("lead_id")["site_id"]
    numbers = _numbers(tables)
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


def statistics_rows(problems: gpd.GeoDataFrame, language: str) -> pd.DataFrame:
    """Township × activity: number of problems and hectares per class; sums are of unrounded m²."""
    frame = pd.DataFrame(problems).assign(
        town_name=problems["town"].where(problems["town"].notna(), say(language, "labels.no_town"))
    )
    figures = ["area_m2", "new_m2", *(f"{name}_m2" for name in CLASSES)]
    keys = ["town_name", "activity_l1_name"]
    grouped = frame.groupby(keys, sort=True, dropna=False)
    rows = grouped[figures].sum(min_count=1).join(grouped.size().rename("n")).reset_index()
    total = {"town_name": say(language, "list.total"), "activity_l1_name": "", "n": len(frame)}
    total |= {name: frame[name].sum(min_count=1) for name in figures}
    return pd.concat([rows, pd.DataFrame([total])], ignore_index=True) if len(frame) else pd.DataFrame([total])


def accounting_rows(place: Place, tables: Tables, language: str) -> pd.DataFrame:
    """Per source: where every record went; set aside by reason."""
    reports, outcomes, gone = tables["reports"], tables["outcomes"], tables["set_aside"]
    rows = []
    for source in place.sources:
        own = gone[gone["source_id"] == source.id]
        went = outcomes.loc[outcomes["source_id"] == source.id, "outcome"].value_counts()
        by_reason = own["reason"].value_counts().sort_index()
        words = [f"{reason} {say(language, f'labels.{reason}')} {n}" for reason, n in by_reason.items()]
        rows.append(
            {
                "title": source.title,
                "file": source.path.name,
                "received": source.received.isoformat(),
                "reports": int((reports["source_id"] == source.id).sum()),
                **{name: int(went.get(name, 0)) for name in ("listed", "known", "information")},
                "set_aside": len(own),
                "by_reason": join_words(words, language),
            }
        )
    return pd.DataFrame(rows)


def note_rows(place: Place, cycle: str, as_of: date, run: dict[str, Any], language: str) -> pd.DataFrame:
    """How to read the list: what it is, the thresholds, the layers with date and licence, versions."""
    lines = [
        ("list.note_what", {}),
        ("list.note_cycle", {"cycle": cycle, "as_of": as_of.isoformat(), "run": run["run_id"]}),
    ]
    lines += [(f"list.note_{key}", {}) for key in ("areas", "vintage", "covered", "permit", "score", "review")]
    rows = [{"topic": say(language, "list.topic_reading"), "text": say(language, key, **v)} for key, v in lines]
    for layer in place.layers:
        day = layer.data_date.isoformat() if layer.data_date else say(language, "run.undated")
        words = {"title": layer.title, "day": day, "licence": layer.licence, "provider": layer.provider}
        name = class_label(layer.layer_class, language)
        rows.append({"topic": name, "text": say(language, "list.note_layer", **words)})
    credits = dict.fromkeys(origin.attribution for origin in (*place.sources, *place.layers) if origin.attribution)
    rows += [{"topic": say(language, "list.topic_attribution"), "text": words} for words in credits]
    for section, values in run["rules"].items():
        rows += [{"topic": f"rules.toml [{section}]", "text": f"{key} = {value}"} for key, value in values.items()]
    rows += [{"topic": say(language, "list.topic_versions"), "text": f"{k} {v}"} for k, v in run["versions"].items()]
    return pd.DataFrame(rows)


def meta_rows(place: Place, cycle: str, as_of: date, run: dict[str, Any], language: str) -> pd.DataFrame:
    """Key and value: what the delivery was made from."""
    pairs: list[tuple[str, object]] = [
        ("place", place.name), ("code", place.code), ("cycle", cycle), ("as_of", as_of.isoformat()),
        ("run_id", run["run_id"]), ("status", "accepted" if run["is_accepted"] else "draft"),
        ("marks", join_words(marks_of(place, run["is_accepted"], language), language)),
        ("working_crs", run["working_crs"]),
    ]  # fmt: skip
    pairs += [(f"input {item['id']} {item['file']}", f"sha256 {item['sha256']}") for item in run["inputs"]]
    pairs += [(f"rule {s}.{k}", v) for s, values in run["rules"].items() for k, v in values.items()]
    pairs += [(f"version {name}", version) for name, version in run["versions"].items()]
    credits = dict.fromkeys(origin.attribution for origin in (*place.sources, *place.layers) if origin.attribution)
    pairs += [(f"attribution {k}", words) for k, words in enumerate(credits, 1)]
    pairs += [
        (f"layer {layer.id}", f"{layer.title}; {layer.data_date or ''}; {layer.licence}")
        for layer in place.layers
        if layer.secrecy != "secret"
    ]
    return pd.DataFrame([{"key": key, "value": str(value)} for key, value in pairs])
