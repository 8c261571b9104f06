"""What is to be done about an overlay layer: pure sentences of its facts."""

from collections.abc import Iterator

from pipeline.check.facts import LayerFacts
from pipeline.check.sentences import is_said
from pipeline.check.tasks import MUST, SHOULD, Task, listed, make_task
from pipeline.text import say

SHOWN_CODES = 3  # doubtful codes told in one line; the section has more


def layer_tasks(layer: LayerFacts, language: str) -> Iterator[Task]:
    """The things to do about one layer that was read."""
    if layer.unread is not None or layer.is_missing:
        return
    title, file = layer.origin.title, {"file": layer.origin.file.name}
    if layer.origin.cells:  # whether any lies near is told by the notes
        yield from _cells(layer, language)
    elif not layer.n_features:
        values = {"unusable": layer.n_unusable, "left_out": layer.n_left_out}
        yield make_task(MUST, title, layer.anchor, language, "no_features", values, file)
        return
    if layer.origin.covers == "place" and layer.n_features and layer.n_around == 0:
        yield make_task(MUST, title, layer.anchor, language, "elsewhere", {"n": layer.n_features}, file)
    if layer.n_unusable:
        yield make_task(SHOULD, title, layer.anchor, language, "unusable", {"n": layer.n_unusable}, {})
    if "code" in layer.origin.columns and layer.origin.code_scheme is None:
        yield _scheme(layer, language)
    yield from _codes(layer, language)
    if layer.origin.counts and layer.origin.data_date is None:
        yield make_task(SHOULD, title, layer.anchor, language, "undated", {}, file)


def _cells(layer: LayerFacts, language: str) -> Iterator[Task]:
    """What the reader doubts of a raster: values that do not occur or mean no data, ground without data."""
    for note in dict.fromkeys(note for row in layer.inputs for note in row["notes"]):
        action = say(language, "check.do_layer_cells", file=layer.origin.file.name)
        yield Task(SHOULD, layer.origin.title, layer.anchor, note, action)


def _codes(layer: LayerFacts, language: str) -> Iterator[Task]:
    """Zeros that a spreadsheet took from the codes, and codes whose names are another class's."""
    title, file = layer.origin.title, {"file": layer.origin.file.name}
    notes = [note for row in layer.inputs for note in row["notes"]]
    for note in notes:
        if is_said(note, language, "intake.where_zeros", "wanted", "found"):
            yield Task(SHOULD, title, layer.anchor, note, say(language, "check.do_where_zeros", **file))
    doubts = [note for note in notes if is_said(note, language, "intake.code_note", "note", "n")]
    if doubts:
        found = listed(doubts, language, SHOWN_CODES)
        yield Task(SHOULD, title, layer.anchor, found, say(language, "check.do_code_note", **file))


def _scheme(layer: LayerFacts, language: str) -> Task:
    """Codes without a scheme mean nothing; where the names beside them fit one it is offered."""
    title, file = layer.origin.title, {"file": layer.origin.file.name}
    if not layer.schemes:
        return make_task(SHOULD, title, layer.anchor, language, "scheme", {}, file)
    best = layer.schemes[0].words
    named = {"scheme": say(language, f"areas.scheme_{best}")}
    return make_task(SHOULD, title, layer.anchor, language, "scheme_fits", named, {**file, "scheme": best})
