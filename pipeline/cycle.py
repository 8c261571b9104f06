"""A cycle of a place: opened as it stood at its as-of date, then filled by the jobs."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import shapely

from pipeline.cache import Cache
from pipeline.config import Origin, Place
from pipeline.declare import shape_table
from pipeline.engine.spread import Tick, no_tick
from pipeline.errors import ConfigError
from pipeline.geometry import to_crs
from pipeline.intake.ground import Ground, read_ground
from pipeline.ledger.store import read_cases
from pipeline.place_folder import read_place
from pipeline.tables import CASES
from pipeline.text import say

Step = Callable[[str], AbstractContextManager[Tick]]  # a stage in pieces ticks as they end


def no_progress(stage: str) -> AbstractContextManager[Tick]:
    """A step that shows nothing."""
    return nullcontext(no_tick)


@dataclass
class Cycle:
    """One cycle of one place, as far as it has been made: its tables, its ground and what each stage did."""

    place: Place
    name: str
    as_of: date
    ground: Ground
    later: list[Origin] = field(default_factory=list)  # received after the as-of date, so not used
    shifted: dict[str, str] = field(default_factory=dict)  # sources whose points fit only un-shifted, and why
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    accounting: pd.DataFrame = field(default_factory=pd.DataFrame)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    cache: Cache | None = (
        None  # of prepared layers and known overlaps; what it tells is for the console, no part of the run
    )


def open_cycle(
    folder: Path,
    name: str,
    language: str | None = None,
    step: Step = no_progress,
    unread: dict[str, str] | None = None,
    outputs: Path | None = None,
) -> Cycle:
    """Read the place and its ground as they stood at the cycle's as-of date. Raises ConfigError or InputError.

    Where `unread` is given, a layer that cannot be read is passed over and the sentence noted there under its id.
    Layers are kept prepared under `outputs`; without it nothing is written.
    """
    place = read_place(folder, language)
    if name not in place.cycles:
        known = ", ".join(place.cycles)
        raise ConfigError(say(place.language, "run.no_cycle", file=place.folder / "place.toml", name=name, known=known))
    as_of = place.cycles[name]
    later = [origin for origin in (*place.sources, *place.layers) if origin.received > as_of]
    place = place.received_by(as_of)
    if not place.sources:
        raise ConfigError(say(place.language, "run.no_sources", folder=place.folder / "sources", as_of=as_of))
    started = time.perf_counter()
    with step("ground"):
        cache = None if outputs is None else prepared_cache(place, outputs)
        ground = read_ground(place, unread, cache)
    seconds = {"ground": time.perf_counter() - started}
    return Cycle(place, name, as_of, ground, later, seconds=seconds, cache=cache)


def prepared_cache(place: Place, outputs: Path) -> Cache:
    """Where prepared layers of `place` lie: beside its runs, so that secret layers stay in the office's own folder."""
    return Cache(outputs / place.key / ".prepared", place.limits.prepared_mb, place.language)


def ledger_cases(cycle: Cycle) -> pd.DataFrame:
    """The ledger's cases as they stood for this cycle (columns of table cases), geometry in the working CRS."""
    known = read_cases(cycle.place.ledger, cycle.as_of, without_cycle=cycle.name)
    shapes = np.full(len(known), None, dtype=object)
    for crs_name in sorted(set(known["geometry_crs"].dropna())):
        rows = np.flatnonzero(known["geometry_crs"] == crs_name)
        stored = shapely.from_wkb(known["geometry_wkb"].to_numpy(dtype=object)[rows])
        shapes[rows] = to_crs(stored, pyproj.CRS.from_user_input(crs_name), cycle.ground.crs)
    return shape_table(known.assign(geometry=shapes), CASES)
