"""What an analyst should look at before believing the list."""

import pandas as pd

from pipeline.config import Layer
from pipeline.cycle import Cycle
from pipeline.intake.records import new_numbers
from pipeline.intake.words.codes import UNKNOWN_ACTIVITY, class_label
from pipeline.publish.evidence import SHOWN_NUMBERS
from pipeline.publish.imagery_files import imagery_warnings
from pipeline.text import say


def warnings_of(cycle: Cycle) -> list[str]:
    """What an analyst should look at before believing the list."""
    place, overlaps = cycle.place, cycle.tables["overlaps"]
    hit = set(overlaps.loc[overlaps["level"] == "layer", "layer_id"])
    filled = set(cycle.ground.layers["layer_id"])
    never = [layer for layer in place.layers if layer.id in filled and layer.id not in hit]
    idle = [say(place.language, "run.warn_layer_never_hit", layer=layer.title) for layer in never]
    return input_warnings(cycle, cycle.tables["leads"]) + idle + _decision_warnings(cycle)


def _decision_warnings(cycle: Cycle) -> list[str]:
    """Decisions of persons that did nothing, and why; what roles disagree about is asked as a question."""
    decisions, language = cycle.tables["decisions"], cycle.place.language
    lost = decisions[decisions["effect"].isin(["unreadable", "gone", "no_effect"])]
    lines = [
        say(language, "run.warn_decision", row=row.row, detail=row.detail)
        for row in lost.head(SHOWN_NUMBERS).itertuples()
    ]
    more = len(lost) - len(lines)
    return lines + ([say(language, "run.warn_decisions_more", n=more)] if more else [])


def input_warnings(cycle: Cycle, leads: pd.DataFrame) -> list[str]:
    """What is odd about the inputs themselves: missing, later, empty, unreadable, unknown words, classes not covered."""
    place, ground, language = cycle.place, cycle.ground, cycle.place.language
    filled = set(ground.layers["layer_id"])
    lines = [*ground.unusable, *imagery_warnings(place)]
    for origin in (*place.sources, *place.layers):
        if not origin.path.exists():
            lines.append(say(language, "run.warn_missing_input", title=origin.title, path=origin.path.name))
        elif (
            isinstance(origin, Layer) and origin.id not in filled and not origin.cells
        ):  # of rasters ground has said it
            lines.append(say(language, "run.warn_layer_empty", layer=origin.title))
    titles = {origin.id: origin.title for origin in (*place.sources, *place.layers)}
    for row in cycle.tables["inputs"].dropna(subset="crs_note").itertuples():
        lines.append(say(language, "run.warn_crs", title=titles[row.input_id], file=row.file, note=row.crs_note))
    rasters = {source.id for source in place.sources if source.kind == "change_raster"}
    for row in cycle.tables["inputs"].itertuples():
        if row.input_id in rasters:  # what its cells say is in its notes; an empty raster is never meant
            nothing = [say(language, "run.warn_no_record", title=titles[row.input_id])] if not row.n_records else []
            lines += nothing + [f"{titles[row.input_id]}: {note}" for note in row.notes]
    lines += [say(language, "run.warn_shifted", title=titles[name], note=note) for name, note in cycle.shifted.items()]
    hidden = {source.id: f"…（{source.title}）" for source in place.sources if source.kind == "reports"}
    for name, numbers in new_numbers(cycle.tables["reports"], {source.id: source for source in place.sources}).items():
        shown = "" if name in hidden else ", ".join(numbers[:SHOWN_NUMBERS])
        lines.append(say(language, "run.warn_new_numbers", title=titles[name], n=len(numbers), numbers=shown))
    for layer_class in sorted(set(place.screens_for) - set(ground.coverage)):
        words = class_label(layer_class, language)
        lines.append(say(language, "run.warn_not_covered", layer_class=words))
    unknown = leads[(leads["activity_l2"] == UNKNOWN_ACTIVITY) & (leads["activity_words"] != UNKNOWN_ACTIVITY)]
    if len(unknown):
        said = zip(unknown["source_id"], unknown["activity_words"], strict=True)
        counts = pd.Series([hidden.get(id_, word) for id_, word in said]).value_counts().sort_index()  # D19
        words = "、".join(f"{word} × {count}" for word, count in counts.items())
        lines.append(say(language, "run.warn_unknown_words", words=words))
    for origin in cycle.later:
        lines.append(say(language, "run.warn_later", title=origin.title, received=origin.received.isoformat()))
    return lines
