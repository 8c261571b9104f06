"""What a delivery says of itself: sums by township, where every record went, how to read it, what it was made from."""

from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.config import Origin, Place
from pipeline.intake.words.codes import class_label
from pipeline.publish.rows import CLASSES, Tables, credits_of, join_words, marks_of, named_outside
from pipeline.text import say


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
    lines += [
        (f"list.note_{key}", {}) for key in ("areas", "vintage", "covered", "permit", "conflicts", "score", "review")
    ]
    rows = [{"topic": say(language, "list.topic_reading"), "text": say(language, key, **v)} for key, v in lines]
    for layer in named_outside(place.layers):
        day = layer.data_date.isoformat() if layer.data_date else say(language, "run.undated")
        words = {"title": layer.title, "day": day, "licence": layer.licence, "provider": layer.provider}
        name = class_label(layer.layer_class, language)
        rows.append({"topic": name, "text": say(language, "list.note_layer", **words)})
    credits = credits_of([*place.sources, *place.layers])
    rows += [{"topic": say(language, "list.topic_attribution"), "text": words} for words in credits]
    for section, values in run["rules"].items():
        rows += [{"topic": f"rules.toml [{section}]", "text": f"{key} = {value}"} for key, value in values.items()]
    rows += [{"topic": say(language, "list.topic_versions"), "text": f"{k} {v}"} for k, v in run["versions"].items()]
    return pd.DataFrame(rows)


def meta_rows(place: Place, cycle: str, as_of: date, run: dict[str, Any], language: str) -> pd.DataFrame:
    """Key and value: what the delivery was made from. Files that may not be named are counted; run.json has them all."""
    pairs: list[tuple[str, object]] = [
        ("place", place.name), ("code", place.code), ("cycle", cycle), ("as_of", as_of.isoformat()),
        ("run_id", run["run_id"]), ("status", "accepted" if run["is_accepted"] else "draft"),
        ("marks", join_words(marks_of(place, run["is_accepted"], language), language)),
        ("working_crs", run["working_crs"]),
    ]  # fmt: skip
    unnamed = _unnamed_inputs(place)
    shown = [item for item in run["inputs"] if item["id"] not in unnamed]
    pairs += [(f"input {item['id']} {item['file']}", f"sha256 {item['sha256']}") for item in shown]
    pairs += [("inputs not named here", len(run["inputs"]) - len(shown))] if len(shown) < len(run["inputs"]) else []
    pairs += [(f"rule {s}.{k}", v) for s, values in run["rules"].items() for k, v in values.items()]
    pairs += [(f"version {name}", version) for name, version in run["versions"].items()]
    pairs += [(f"attribution {k}", words) for k, words in enumerate(credits_of([*place.sources, *place.layers]), 1)]
    pairs += [
        (f"layer {layer.id}", f"{layer.title}; {layer.data_date or ''}; {layer.licence}")
        for layer in named_outside(place.layers)
    ]
    return pd.DataFrame([{"key": key, "value": str(value)} for key, value in pairs])


def _unnamed_inputs(place: Place) -> set[str]:
    """Ids in run["inputs"] whose files stay unnamed; of a day with a secret image all, as its files share one id."""
    origins: list[Origin] = [*place.sources, *place.layers]
    named = {id(origin) for origin in named_outside(origins)}
    days = {day for day, images in place.imagery.items() for image in images if image.secrecy == "secret"}
    return {origin.id for origin in origins if id(origin) not in named} | {f"image {day}" for day in days}
