"""check: read every input of a cycle, say what is in it and what to do about it, and write the page; nothing is screened."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline.check.facts import Facts
from pipeline.check.layers import layer_facts
from pipeline.check.origins import crs_used
from pipeline.check.page import check_page
from pipeline.check.sources import source_facts
from pipeline.check.tasks import MUST, Task
from pipeline.check.todo import todo
from pipeline.config import Origin
from pipeline.cycle import Cycle, Step, no_progress, open_cycle, prepared_cache
from pipeline.declare import shape_table
from pipeline.intake.ground import raster_reach_m, read_ground, with_raster_layers
from pipeline.place_folder import read_place
from pipeline.stages.doubt import doubt
from pipeline.stages.load import load, set_aside_unread
from pipeline.stages.locate import locate
from pipeline.stages.normalise import normalise
from pipeline.store import building, write_text
from pipeline.tables import SET_ASIDE
from pipeline.text import say

MOST_LINES = 30  # on the console
LEAST_TASKS = 5  # shown there, however many inputs there are


@dataclass(frozen=True)
class Checked:
    """A finished check: what was found, what is to be done, and the page that says so."""

    facts: Facts
    tasks: list[Task]
    page: Path
    told: list[str] = field(default_factory=list)  # of the prepared cache

    @property
    def must_act(self) -> bool:
        """Whether something has to be done before the inputs can be used."""
        return any(task.severity == MUST for task in self.tasks)


def check(folder: Path, name: str, outputs: Path, language: str | None = None, step: Step = no_progress) -> Checked:
    """Read the inputs of one cycle and write outputs/<place>/check/index.html and check.md, whole or not at all.

    A source or layer that cannot be read is told beside the others. Raises ConfigError for a place folder that cannot be
    used, InputError where the place's own boundary or townships cannot be read.
    """
    unread: dict[str, str] = {}
    cycle = read_inputs(_open(folder, name, outputs, language, step, unread), unread, step)
    facts = gather_facts(cycle, unread)
    tasks = todo(facts)
    html, markdown = check_page(facts, tasks)
    target = outputs / cycle.place.key / "check"
    with building(target, cycle.place.language) as built:
        write_text(built.folder / "index.html", html)
        write_text(built.folder / "check.md", markdown)
    return Checked(facts, tasks, target / "index.html", cycle.cache.told if cycle.cache else [])


def _open(
    folder: Path, name: str, outputs: Path, language: str | None, step: Step, unread: dict[str, str]
) -> Cycle:  # fmt: skip
    """The cycle as open_cycle gives it, also of a place without sources: its layers can be checked before any lead comes."""
    place = read_place(folder, language)
    as_of = place.cycles.get(name)
    if as_of is None or place.received_by(as_of).sources:
        return open_cycle(folder, name, language, step, unread, outputs)
    later: list[Origin] = [origin for origin in (*place.sources, *place.layers) if origin.received > as_of]
    place = place.received_by(as_of)
    with step("ground"):
        cache = prepared_cache(place, outputs)
        return Cycle(place, name, as_of, read_ground(place, unread, cache), later, cache=cache)


def read_inputs(cycle: Cycle, unread: dict[str, str], step: Step = no_progress) -> Cycle:
    """The tables inputs, reports, leads, set_aside and candidates of `cycle`, as far as its files can be read."""
    place, ground, tables = cycle.place, cycle.ground, cycle.tables
    with step("load"):
        tables["reports"], tables["inputs"] = load(place, ground.around, unread)
    with step("normalise"):
        leads, unplaced = normalise(tables["reports"], place, ground)
        tables["leads"], cycle.shifted = doubt(leads, ground, place.rules.locate, place.language)
        reach_m = raster_reach_m(place, leads["position_accuracy_m"].max())
        shapes = leads.geometry.to_numpy()
        cycle.ground = ground = with_raster_layers(ground, place, shapes, reach_m, unread)
    with step("locate"):
        tables["candidates"] = locate(tables["reports"], tables["leads"], place, ground)
    gone = [frame for frame in (set_aside_unread(tables["reports"]), unplaced) if len(frame)]
    tables["set_aside"] = shape_table(pd.concat(gone), SET_ASIDE) if gone else unplaced
    return cycle


def gather_facts(cycle: Cycle, unread: dict[str, str]) -> Facts:
    """The facts of every source and layer of `cycle`; `unread` holds the sentence of each that could not be read, by id."""
    place, ground = cycle.place, cycle.ground
    sources = tuple(source_facts(cycle, s, f"s{k}", unread.get(s.id)) for k, s in enumerate(place.sources, 1))
    layers = tuple(layer_facts(cycle, one, f"l{k}", unread.get(one.id)) for k, one in enumerate(place.layers, 1))
    covered = {
        one.origin.layer_class for one in layers if one.origin.covers and one.unread is None and not one.is_missing
    }
    not_covered = tuple(name for name in place.screens_for if name not in covered)
    return Facts(
        place, cycle.name, cycle.as_of, ground.crs, ground.geographic, ground.boundary,
        ground.towns.geometry.to_numpy(dtype=object), sources, layers, tuple(cycle.later), not_covered,
    )  # fmt: skip


def console_lines(checked: Checked) -> list[str]:
    """A line for each source and layer, the things to do, worst first, and where the page lies; about MOST_LINES."""
    facts, language = checked.facts, checked.facts.place.language
    lines = []
    for source in facts.sources:
        values: dict[str, object] = {"title": source.origin.title, "rows": source.n_rows, "leads": source.n_leads}
        values |= {"gone": sum(gone.n for gone in source.gone), "crs": crs_used(source, language)}
        lines.append(say(language, f"check.{_line(source.unread, source.is_missing, 'source')}", **values))
    for layer in facts.layers:
        values = {
            "title": layer.origin.title,
            "n": layer.n_features,
            "ha": layer.area_ha,
            "crs": crs_used(layer, language),
        }
        lines.append(say(language, f"check.{_line(layer.unread, layer.is_missing, 'layer')}", **values))
    most = max(LEAST_TASKS, MOST_LINES - len(lines) - 2)
    for task in checked.tasks[:most]:
        severity = say(language, f"check.severity_{task.severity}")
        lines.append(say(language, "check.line_todo", severity=severity, where=task.where, found=task.found))
    if not checked.tasks:
        lines.append(say(language, "check.nothing"))
    if len(checked.tasks) > most:
        lines.append(say(language, "check.line_more", n=len(checked.tasks) - most))
    return [*lines, say(language, "check.line_open", path=checked.page)]


def _line(unread: str | None, is_missing: bool, kind: str) -> str:
    return "line_unread" if unread is not None else "line_missing" if is_missing else f"line_{kind}"
