"""check: what load and normalise find in every input, source by source, without screening anything."""

import pandas as pd

from pipeline.geometry import area_m2
from pipeline.jobs import Cycle, input_warnings
from pipeline.stages.load import load, set_aside_unread
from pipeline.stages.normalise import normalise
from pipeline.text import say

M2_PER_HA = 10_000


def check_lines(cycle: Cycle) -> list[str]:
    """What an analyst should know of the inputs of `cycle`, one line each."""
    place, language = cycle.place, cycle.place.language
    reports = load(place)
    leads, unplaced = normalise(reports, place, cycle.ground)
    gone = pd.concat([set_aside_unread(reports), unplaced])
    lines = []
    for source in place.sources:
        own, own_leads = reports[reports["source_id"] == source.id], leads[leads["source_id"] == source.id]
        lines.append(
            say(
                language, "run.check_source", title=source.title, file=source.path.name, received=source.received,
                crs=source.crs or "–", reports=len(own), leads=len(own_leads),
            )
        )  # fmt: skip
        for reason, rows in gone[gone["source_id"] == source.id].groupby("reason", sort=True):
            first, words = rows.iloc[0], say(language, f"labels.{reason}")
            values = {
                "reason": reason,
                "words": words,
                "n": len(rows),
                "row": first["src_row"],
                "detail": first["detail"],
            }
            lines.append(say(language, "run.check_gone", **values))
        repairs = own_leads["geometry_repair"].dropna()
        if len(repairs):
            notes = "、".join(sorted(set(repairs)))
            lines.append(say(language, "run.check_repaired", n=len(repairs), notes=notes))
    for layer in place.layers:
        features = cycle.ground.layers[cycle.ground.layers["layer_id"] == layer.id]
        area_ha = float(area_m2(features.geometry.to_numpy(), cycle.ground.crs).sum()) / M2_PER_HA
        lines.append(
            say(
                language, "run.check_layer", title=layer.title, layer_class=layer.layer_class, n=len(features),
                layer_date=layer.data_date or say(language, "run.undated"), area=area_ha,
            )
        )  # fmt: skip
    return lines + _attention(cycle, leads)


def _attention(cycle: Cycle, leads: pd.DataFrame) -> list[str]:
    language = cycle.place.language
    lines = input_warnings(cycle, leads)
    return [say(language, "run.check_warnings"), *(f"! {line}" for line in lines)] if lines else [
        say(language, "run.check_fine")
    ]  # fmt: skip
