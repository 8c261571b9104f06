"""What is known of a place's inputs once they are read: plain values that the to-do list and the page are made from."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pyproj

from pipeline.config import Layer, Origin, Place, Source
from pipeline.geometry import Shapes
from pipeline.intake.words.areas import GroupJudgement


def no_shapes() -> Shapes:
    """An array of no shapes."""
    return np.array([], dtype=object)


class Count(NamedTuple):
    """How often something was said or found; `rows` are the first rows of the file where."""

    words: str
    n: int
    rows: tuple[str, ...] = ()


class Example(NamedTuple):
    """One record that was set aside, as a person finds it in the file; `number` stays empty for petitions."""

    file: str
    sheet: str
    row: str
    number: str
    sentence: str


class Gone(NamedTuple):
    """The records set aside for one reason (E1, E5, E9 … E11)."""

    reason: str
    n: int
    examples: tuple[Example, ...]


class Unknown(NamedTuple):
    """A word that no code table knows (empty for petitions, of which only rows are named), and known words near it."""

    field: str
    word: str
    n: int
    rows: tuple[str, ...]
    near: tuple[str, ...]


class Numbers(NamedTuple):
    """The sender's numbers: whether a column gives them, rows without one, and numbers on several rows.

    Of petitions `repeated` names rows only.
    """

    is_mapped: bool
    n_rows: int
    empty: Count
    repeated: tuple[Count, ...]


class Replacement(NamedTuple):
    """How many rows replace one of the source called `title`, and the numbers (of petitions the rows) it does not have."""

    title: str
    n_replacing: int
    n_new: int
    new: tuple[str, ...]


class Unmapped(NamedTuple):
    """A column that no field is read from; `field` is what it may be by its title, else empty."""

    title: str
    field: str


class Worst(NamedTuple):
    """A record whose stated area fits its outline worst: `stated_m2` in the unit the column is really in."""

    row: str
    number: str
    stated_m2: float
    computed_m2: float


class Areas(NamedTuple):
    """The column of stated areas against the outlines."""

    judgement: GroupJudgement
    worst: tuple[Worst, ...]


class Dates(NamedTuple):
    """When the leads of a source are of: ISO texts, and how many have, contradict or post-date what."""

    first: str
    last: str
    periods: tuple[Count, ...]
    precisions: tuple[Count, ...]
    n_undated: int
    n_contradicting: int
    n_after_received: int


class Code(NamedTuple):
    """A land code of a layer: `meaning` is empty where its scheme is not declared or does not have it."""

    code: str
    name: str
    meaning: str
    n: int


@dataclass(frozen=True)
class SourceFacts:
    """One source: `unread` is the sentence of a file that could not be read; shapes are in the working CRS."""

    origin: Source
    anchor: str
    unread: str | None
    is_missing: bool
    inputs: tuple[dict[str, Any], ...] = ()
    crs_conflict: str = ""  # "same" where declared and stated CRS agree within metres, "other" where they do not
    n_rows: int = 0
    n_leads: int = 0  # that go on: without those outside the district
    gone: tuple[Gone, ...] = ()
    repairs: tuple[Count, ...] = ()
    notes: tuple[Count, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()
    numbers: Numbers | None = None
    replacement: Replacement | None = None
    areas: Areas | None = None
    dates: Dates | None = None
    accuracy_m: tuple[float, float] | None = None  # the best and the worst
    confidence: tuple[Count, ...] = ()
    repeated_inside: int = 0
    repeated_elsewhere: tuple[Count, ...] = ()
    personal: tuple[Count, ...] = ()
    garbled: tuple[Count, ...] = ()
    n_with_places: int = 0  # records without a position whose words name places
    n_with_readings: int = 0  # records whose coordinates can be read in several ways
    shifted: str | None = None
    shapes: Shapes = field(default_factory=no_shapes)
    outside: Shapes = field(default_factory=no_shapes)


@dataclass(frozen=True)
class LayerFacts:
    """One overlay layer; shapes are in the working CRS."""

    origin: Layer
    anchor: str
    unread: str | None
    is_missing: bool
    inputs: tuple[dict[str, Any], ...] = ()
    crs_conflict: str = ""
    n_features: int = 0
    n_around: int | None = None  # of them in the place; None where nothing says where that is
    area_ha: float = 0.0
    n_unusable: int = 0
    n_left_out: int = 0  # by where and where_not
    repairs: tuple[Count, ...] = ()
    codes: tuple[Code, ...] = ()
    schemes: tuple[Count, ...] = ()  # where none is declared: those whose names fit, with the percentage
    shapes: Shapes = field(default_factory=no_shapes)


@dataclass(frozen=True)
class Facts:
    """Everything about the inputs of one cycle; `not_covered` are the classes screened for that no layer covers."""

    place: Place
    cycle: str
    as_of: date
    crs: pyproj.CRS
    geographic: pyproj.CRS
    boundary: Any
    towns: Shapes
    sources: tuple[SourceFacts, ...]
    layers: tuple[LayerFacts, ...]
    later: tuple[Origin, ...]
    not_covered: tuple[str, ...]

    @property
    def inputs(self) -> list[SourceFacts | LayerFacts]:
        """Sources, then layers."""
        return [*self.sources, *self.layers]
