"""Areas that a source states, in m², and how they stand to the areas of its outlines (R24)."""

import json
from math import cos, radians
from typing import NamedTuple

import pandas as pd

from pipeline.config import Place, Source
from pipeline.intake.fields import mapped_words
from pipeline.intake.words.areas import M2, GroupJudgement, judge_areas, parse_area, unit_in_title

UNITS = {"area_m2": "m2", "area_ha": "ha", "area_mu": "mu", "area": None}


class StatedAreas(NamedTuple):
    """The area column of one source: its reports, the numbers as written, and what they turned out to be."""

    report_ids: list[str]
    stated: list[float | None]  # in the column's unit
    judgement: GroupJudgement
    lat: float  # degrees, of the source's leads


def judge_source(leads: pd.DataFrame, reports: pd.DataFrame, source: Source, place: Place) -> StatedAreas | None:
    """The area column of `source` against its outlines (parts of one record added up); None where it has none."""
    field = next((name for name in UNITS if name in source.columns), None)
    own = leads[(leads["source_id"] == source.id) & (leads["area_m2"] > 0)]
    if field is None or own.empty:
        return None
    title = source.columns[field]
    unit = UNITS[field] or unit_in_title(title)
    computed_m2 = own.groupby("report_id", sort=True)["area_m2"].sum()
    words = dict(zip(reports["report_id"], reports["attributes"], strict=True))
    stated = [_number(mapped_words(source, json.loads(words[i]))[field], unit) for i in computed_m2.index]
    rules, lat = place.rules.locate, float(own["lat"].mean())
    judgement = judge_areas(
        stated, computed_m2.tolist(), unit, lat, title, place.language,
        rules.area_tolerance_share, rules.area_tolerance_m2,
    )  # fmt: skip
    return StatedAreas(list(computed_m2.index), stated, judgement, lat)


def stated_areas(
    leads: pd.DataFrame, reports: pd.DataFrame, sources: dict[str, Source], place: Place
) -> list[float | None]:
    """Per lead the m² its record states, in the unit the column is really in; None where it states none."""
    found: dict[str, float] = {}
    for source in sources.values():
        judged = judge_source(leads, reports, source, place)
        if judged is None or judged.judgement.unit is None:
            continue
        on_mercator = cos(radians(judged.lat)) ** 2 if judged.judgement.is_mercator else 1.0
        factor_m2 = M2[judged.judgement.unit] * on_mercator
        pairs = zip(judged.report_ids, judged.stated, strict=True)
        found |= {report_id: stated * factor_m2 for report_id, stated in pairs if stated is not None}
    return [
        found.get(report_id) if part == 1 else None
        for report_id, part in zip(leads["report_id"], leads["part_no"], strict=True)
    ]


def _number(text: str | None, unit: str | None) -> float | None:
    """The number in the column's unit, also where a cell names a unit of its own."""
    as_m2, as_ha = parse_area(text, "m2"), parse_area(text, "ha")
    names_unit = as_m2 is not None and as_m2 == as_ha
    return as_m2 / M2[unit or "m2"] if names_unit and as_m2 is not None else as_m2
