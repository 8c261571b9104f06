"""A place folder as frozen values: Place, Source, Layer, Delivery, Rules – read, checked, every fault named at once."""

import difflib
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import pyproj
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from pipeline.errors import ConfigError
from pipeline.rules import Frozen, Metres, Rules
from pipeline.text import say

Secrecy = Literal["public", "internal", "secret"]
Kind = Literal["change", "points", "reports", "pushed", "inspection", "known"]
MAPPED_FIELDS = (  # what a source's [columns] and [values] may name; variety ends here
    "orig_no", "period", "prev_date", "curr_date", "activity", "change_type", "lon", "lat", "batch", "due_date",
    "state", "closed_date", "source_code", "facility_name", "declared_area", "pa_name",
)  # fmt: skip
LAYER_FIELDS = ("feature_key", "name", "level", "grade", "zone", "code")


def _known_crs(name: str) -> str:
    try:
        pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError as error:
        raise ValueError(f"not a CRS name: {name}") from error
    return name


def _only(allowed: tuple[str, ...]) -> AfterValidator:
    def check(mapping: dict[str, str]) -> dict[str, str]:
        unknown = [name for name in mapping if name not in allowed]
        if unknown:
            raise ValueError(f"unknown field {', '.join(unknown)}; known: {', '.join(allowed)}")
        return mapping

    return AfterValidator(check)


def _texts(values: Any) -> Any:
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


def _fills(**sample: object) -> AfterValidator:
    """A template that these words fill, and that the last of them changes."""

    def check(template: str) -> str:
        try:
            made = template.format(**sample)
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"a template with {', '.join(f'{{{name}}}' for name in sample)}") from error
        name = list(sample)[-1]
        if made == template.format(**{**sample, name: 2}):
            raise ValueError(f"the template must use {{{name}}}")
        return template

    return AfterValidator(check)


ProblemNumber = Annotated[str, _fills(code="", year=2000, number=1)]
FileName = Annotated[str, _fills(province="", city="", county="", cycle="", date="1")]
CrsName = Annotated[str, AfterValidator(_known_crs)]
SourceFields = Annotated[dict[str, str], _only(MAPPED_FIELDS)]
LayerFields = Annotated[dict[str, str], _only(LAYER_FIELDS)]
Codes = Annotated[list[str], BeforeValidator(_texts)]


class Origin(Frozen):
    """What every file from outside says of itself."""

    id: str
    file: Path  # the config file that declares it
    path: Path
    title: str
    provider: str
    licence: str
    attribution: str = ""
    secrecy: Secrecy
    received: date
    required: bool = True
    crs: CrsName | None = None
    encoding: str = "utf-8"
    layer: str | None = None
    position_accuracy_m: Metres


class Source(Origin):
    """One file of leads, as sources/<id>.toml declares it."""

    kind: Kind
    source_code: str
    shows: Literal["new_ground", "whole_outline"] | None = None
    replaces: str | None = None
    sheet: str | None = None
    title_rows: Annotated[int, Field(ge=0)] = 0
    header_rows: Annotated[int, Field(ge=1, le=5)] = 1
    coordinates: Literal["degrees", "dms"] = "degrees"
    case_geometry: Literal["outline", "box", "point"] | None = None
    columns: SourceFields = {}
    values: SourceFields = {}
    drop: list[str] = []

    @property
    def is_case(self) -> bool:
        return self.kind in ("known", "inspection")

    @model_validator(mode="after")
    def _complete(self) -> "Source":
        both = sorted(set(self.columns) & set(self.values))
        if both:
            raise ValueError(f"{', '.join(both)} stands in both [columns] and [values]")
        text = sorted({"facility_name", "pa_name"} & set(self.columns)) if self.kind == "reports" else []
        if text:
            raise ValueError(f"{', '.join(text)}: no free text of petitions is read before it can be scrubbed")
        if self.kind == "change" and self.shows is None:
            raise ValueError('a change source must say shows = "new_ground" or "whole_outline"')
        if self.kind == "change" and not {"period", "prev_date"} & {*self.columns, *self.values}:
            raise ValueError("a change source needs a period or prev_date in [columns] or [values]")
        return self


class Thresholds(Frozen):
    """A layer's own sliver rule, where it differs from R04."""

    sliver_m2: Annotated[float, Field(ge=0)]
    sliver_share: Annotated[float, Field(ge=0, le=1)]


class Layer(Origin):
    """One overlay layer, as layers/<id>.toml declares it."""

    layer_class: str = Field(alias="class")
    series: str | None = None
    data_date: date | None = None
    where: dict[str, Codes] = {}
    where_not: dict[str, Codes] = {}
    buffer_m: Metres = 0
    within_m: Metres = 0
    covers: str | None = None  # "place", or a polygon file
    columns: LayerFields = {}
    values: LayerFields = {}
    thresholds: Thresholds | None = None
    votes: bool = True

    @property
    def counts(self) -> bool:
        """Whether the layer decides anything: permits explain and admin areas locate, neither counts."""
        return self.votes and self.layer_class not in ("permit", "admin")


class DeliveredColumn(Frozen):
    """One column of a delivered layer or sheet: our field under their name and title."""

    field: str
    name: str
    title: str
    decimals: Annotated[int, Field(ge=0, le=8)] | None = None
    is_integer: bool = False
    factor: float = 1.0  # e.g. 0.0001 turns m² into hectares
    width: Annotated[int, Field(ge=1, le=120)] | None = None


RowSet = Literal[
    "problems", "problem_polygons", "problem_points", "change_leads", "point_leads", "overlaps", "known_cases", "set_aside",
    "excluded", "unlocated", "outside", "merged", "undecided", "statistics", "accounting", "notes", "meta",
]  # fmt: skip


class DeliveredLayer(Frozen):
    """One layer of a GeoPackage or one sheet of a workbook."""

    name: str
    title: str
    rows: RowSet  # see publish/rows.py
    geometry: Literal["polygon", "point", "none"] = "none"
    columns: list[DeliveredColumn]


class Delivery(Frozen):
    """What leaves the house, as delivery/<id>.toml declares it."""

    id: str
    file: Path
    kind: Literal["geopackage", "workbook"]
    file_name: FileName
    title: str
    language: Literal["zh", "en"]
    crs: CrsName
    layers: list[DeliveredLayer]


class Townships(Frozen):
    """The township areas of a place: a polygon file with a name and a code column."""

    path: Path
    crs: CrsName
    encoding: str = "utf-8"
    name: str
    code: str | None = None


class Boundary(Frozen):
    """The district's own area: a polygon file, and which of its features it is."""

    path: Path
    crs: CrsName
    where: dict[str, Codes] = {}


class Place(Frozen):
    """A place folder: one district with everything a cycle needs."""

    folder: Path
    name: str
    province: str = ""
    city: str = ""
    county: str
    code: str
    language: Literal["zh", "en"]
    is_invented: bool = False
    geographic_crs: CrsName
    crs: CrsName | None = None
    centre: tuple[float, float] | None = None
    boundary: Boundary | None = None
    townships: Townships | None = None
    screens_for: Annotated[list[str], Field(min_length=1)]
    departments: dict[str, str]
    ledger: Path
    problem_number: ProblemNumber
    holidays: list[date] = []
    cycles: Annotated[dict[str, date], Field(min_length=1)]
    sources: list[Source]
    layers: list[Layer]
    deliveries: list[Delivery]
    rules: Rules

    @property
    def key(self) -> str:
        """The folder's name: outputs/<key>/<cycle>/."""
        return self.folder.name

    def received_by(self, as_of: date) -> "Place":
        """The place with only the sources and layers received by `as_of`."""
        return self.model_copy(
            update={
                "sources": [source for source in self.sources if source.received <= as_of],
                "layers": [layer for layer in self.layers if layer.received <= as_of],
            }
        )


Model = TypeVar("Model", bound=Frozen)


class _Faults:
    """Faults of all files, in the order found; raised once."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.lines: list[str] = []

    def add(self, file: Path, key: str, sentence: str, **values: object) -> None:
        self.lines.append(f"{file}: {key}: {say(self.language, sentence, **values)}")

    def read_toml(self, file: Path) -> dict[str, Any]:
        try:
            return tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            self.add(file, "–", "config.file_missing")
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            self.add(file, "–", "config.not_toml", error=error)
        return {}

    def build(self, model: type[Model], file: Path, values: dict[str, Any]) -> Model | None:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            for fault in error.errors():
                self._add_pydantic(model, file, dict(fault))
            return None

    def _add_pydantic(self, model: type[Frozen], file: Path, fault: dict[str, Any]) -> None:
        key = ".".join(str(part) for part in fault["loc"]) or "–"
        if fault["type"] == "missing":
            self.add(file, key, "config.missing_key")
        elif fault["type"] == "extra_forbidden":
            known = [field.alias or name for name, field in model.model_fields.items()]
            near = difflib.get_close_matches(str(fault["loc"][-1]), known, 1)
            self.add(file, key, "config.unknown_key", known=", ".join(near or known))
        else:
            self.add(
                file, key, "config.bad_value", found=fault["input"], wanted=fault["msg"].removeprefix("Value error, ")
            )


def read_place(folder: Path, language: str | None = None) -> Place:
    """Read and check the place folder; raise one ConfigError that names every fault of every file."""
    folder = folder.resolve()
    if not (folder / "place.toml").is_file():
        raise ConfigError(say(language or "zh", "config.no_place", folder=folder))
    faults = _Faults(language or "zh")
    raw = faults.read_toml(folder / "place.toml")
    faults.language = language or ("en" if raw.get("language") == "en" else "zh")
    parts = {
        "sources": _read_folder(faults, folder, "sources", Source),
        "layers": _read_folder(faults, folder, "layers", Layer),
        "deliveries": _read_folder(faults, folder, "delivery", Delivery),
        "rules": faults.build(Rules, folder / "rules.toml", faults.read_toml(folder / "rules.toml")),
    }
    for area in ("boundary", "townships"):
        _resolve(faults, folder, folder / "place.toml", raw.get(area), area)
    if isinstance(raw.get("ledger"), str):
        raw["ledger"] = folder / raw["ledger"]
    if faults.lines:  # the parts are already known to be faulty: judge place.toml alone, against empty parts
        _check_place_alone(faults, folder, raw)
        raise ConfigError("\n".join(faults.lines))
    place = faults.build(Place, folder / "place.toml", {"folder": folder, **raw, **parts})
    if place is not None:
        _check_together(faults, place)
    if faults.lines or place is None:
        raise ConfigError("\n".join(faults.lines))
    return place if language is None else place.model_copy(update={"language": language})


def _read_folder(faults: _Faults, folder: Path, name: str, model: type[Model]) -> list[Model]:
    built = []
    for file in sorted((folder / name).glob("*.toml")):
        raw = faults.read_toml(file)
        if not raw:
            continue
        if "path" in model.model_fields:
            _resolve(faults, folder, file, raw, "path" if raw.get("required", True) else None)
        part = faults.build(model, file, {"id": file.stem, "file": file, **raw})
        if part is not None:
            built.append(part)
    return built


def _resolve(faults: _Faults, folder: Path, file: Path, raw: Any, must_exist: str | None) -> None:
    """Make raw["path"] and a covers file absolute, and name a missing file."""
    if not isinstance(raw, dict):
        return
    for key in ("path", "covers"):
        if isinstance(raw.get(key), str) and raw[key] != "place":
            path = folder / raw[key]
            raw[key] = path if key == "path" else str(path)
            if must_exist and not path.exists():
                faults.add(
                    file, key if must_exist == "path" else f"{must_exist}.{key}", "config.input_missing", path=path
                )


def _check_place_alone(faults: _Faults, folder: Path, raw: dict[str, Any]) -> None:
    try:
        Place.model_validate({"folder": folder, **raw, "sources": [], "layers": [], "deliveries": [], "rules": None})
    except ValidationError as error:
        for fault in error.errors():
            if fault["loc"][:1] != ("rules",):
                faults._add_pydantic(Place, folder / "place.toml", dict(fault))


def _check_together(faults: _Faults, place: Place) -> None:
    """Faults that show only when the files are seen side by side."""
    home = place.folder / "place.toml"
    if place.boundary is None and place.crs is None and place.centre is None:
        faults.add(home, "centre", "config.no_centre")
    for layer in place.layers:
        if layer.covers is None and layer.layer_class in place.screens_for:
            faults.add(layer.file, "covers", "config.no_covers", layer_class=layer.layer_class)
        if layer.crs is None:
            faults.add(layer.file, "crs", "config.missing_key")
    for source in place.sources:
        if source.crs is None and source.kind != "reports":
            faults.add(source.file, "crs", "config.missing_key")
        if source.replaces and source.replaces not in {other.id for other in place.sources}:
            faults.add(source.file, "replaces", "config.replaces_unknown", source=source.replaces)
