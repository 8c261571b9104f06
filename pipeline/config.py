"""A place as frozen values: Place, Source, Layer, Delivery. place_folder.py reads them from files."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pyproj
from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from pipeline.rules import Frozen, Metres, Rules, SquareMetres

Secrecy = Literal["public", "internal", "secret"]
Kind = Literal["change", "change_raster", "points", "reports", "pushed", "inspection", "known"]
MAPPED_FIELDS = (  # what a source's [columns] and [values] may name; variety ends here
    "orig_no", "period", "prev_date", "curr_date", "activity", "change_type", "batch", "due_date",
    "lon", "lat", "x_north", "y_east", "position", "town", "village", "place_text", "text",
    "state", "closed_date", "source_code", "facility_name", "pa_name", "pa_level", "zone", "remark",
    "area", "area_m2", "area_ha", "area_mu",
)  # fmt: skip
SHIFTED_DATUMS = ("GCJ-02", "BD-09")  # map encryptions, not coordinate systems; undone at the door
CELL_COLUMNS = {"feature_key": "value", "name": "name"}  # what stands for a raster layer's columns
LAYER_FIELDS = ("feature_key", "name", "level", "grade", "zone", "code", "code_name")


def fault(key: str, **values: object) -> PydanticCustomError:
    """A fault of config that people read as the sentence config.<key>."""
    return PydanticCustomError(f"own_{key}", "{key}", {"key": key, **values})


def _known_crs(name: str) -> str:
    try:
        pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError as error:
        shown = "…" if set(name) & set("+[") else name  # parameters lawfully held are never repeated
        raise fault("not_a_crs", name=shown) from error
    return name


def _known_source_crs(name: str) -> str:
    if name in SHIFTED_DATUMS:
        return name
    if "+proj=pipeline" in name:
        try:
            pyproj.Transformer.from_pipeline(name)
        except pyproj.exceptions.ProjError as error:
            raise fault("not_a_crs", name="…") from error
        return name
    return _known_crs(name)


def _only(allowed: tuple[str, ...]) -> AfterValidator:
    def check(mapping: dict[str, str]) -> dict[str, str]:
        unknown = [name for name in mapping if name not in allowed]
        if unknown:
            raise fault("unknown_field", found=", ".join(unknown), known=", ".join(allowed))
        return mapping

    return AfterValidator(check)


def _with_columns(raw: dict[str, Any], columns: dict[str, str]) -> dict[str, Any]:
    """A raster's file with the columns that stand for its cell values; it may declare no others."""
    if raw.get("columns", columns) != columns:
        raise fault("cells_have_no_columns")
    return {**raw, "columns": columns}


def _texts(values: Any) -> Any:
    return [str(value) for value in values] if isinstance(values, list) else [str(values)]


def _fills(**sample: object) -> AfterValidator:
    """A template that these words fill, and that the last of them changes."""

    def check(template: str) -> str:
        try:
            made = template.format(**sample)
        except (KeyError, IndexError, ValueError) as error:
            raise fault("template", names=", ".join(f"{{{name}}}" for name in sample)) from error
        name = list(sample)[-1]
        if made == template.format(**{**sample, name: 2}):
            raise fault("template_must_use", name=f"{{{name}}}")
        return template

    return AfterValidator(check)


def _day(value: Any) -> Any:
    """A key of TOML as a day; pydantic alone would take "2020" for seconds since 1970."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError as error:
        raise PydanticCustomError("day", "YYYY-MM-DD") from error


ProblemNumber = Annotated[str, _fills(code="", year=2000, number=1)]
FileName = Annotated[str, _fills(province="", city="", county="", cycle="", date="1")]
CrsName = Annotated[str, AfterValidator(_known_crs)]
SourceCrs = Annotated[str, AfterValidator(_known_source_crs)]
SourceFields = Annotated[dict[str, str], _only(MAPPED_FIELDS)]
LayerFields = Annotated[dict[str, str], _only(LAYER_FIELDS)]
Codes = Annotated[list[str], BeforeValidator(_texts)]
Bands = Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=3, max_length=3)]
Day = Annotated[date, BeforeValidator(_day)]
AliasField = Literal["activity", "change_type", "state", "source_code"]


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
    crs: SourceCrs | None = None  # empty: what the file says, else what fits the place
    encoding: str | None = None  # empty: found out
    layer: str | None = None
    band: Annotated[int, Field(ge=1)] | None = None  # of a raster that has several
    position_accuracy_m: Metres


class Source(Origin):
    """One file, folder or zip of leads, as sources/<id>.toml declares it."""

    kind: Kind
    source_code: str
    shows: Literal["new_ground", "whole_outline"] | None = None
    registration_error_m: Metres | None = None  # of its images against others; empty: that of rules.toml
    replaces: str | None = None
    sheet: str | None = None
    title_rows: Annotated[int, Field(ge=0)] | None = None  # empty: found out, as header_rows
    header_rows: Annotated[int, Field(ge=1, le=5)] | None = None
    coordinates: Literal["degrees", "dms", "packed"] = "degrees"  # packed: 1202700 is 120°27′00″
    case_geometry: Literal["outline", "box", "point"] | None = None
    columns: SourceFields = {}
    values: SourceFields = {}
    drop: list[str] = []
    cells: dict[int, SourceFields] = {}  # of a change raster: cell value → what our fields are where it stands
    least_cells: Annotated[int, Field(ge=1)] = 4  # less than 2 × 2 cells is what a shift by one cell leaves at any edge
    min_area_m2: SquareMetres = 0

    @property
    def is_case(self) -> bool:
        return self.kind in ("known", "inspection")

    @model_validator(mode="before")
    @classmethod
    def _named_cells(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """What stands for a change raster's columns: the fields of its values, under our own names."""
        cells = raw.get("cells")
        if not isinstance(cells, dict):
            return raw
        return _with_columns(raw, {field: field for own in cells.values() if isinstance(own, dict) for field in own})

    @model_validator(mode="after")
    def _complete(self) -> "Source":
        both = sorted(set(self.columns) & set(self.values))
        if both:
            raise fault("in_both", names=", ".join(both))
        if bool(self.cells) != (self.kind == "change_raster"):
            raise fault("cells_and_kind")
        if self.kind in ("change", "change_raster") and self.shows is None:
            raise fault("needs_shows")
        if self.kind == "change" and not {"period", "prev_date"} & {*self.columns, *self.values}:
            raise fault("needs_period")
        undated = [value for value, own in self.cells.items() if not {"period", "prev_date"} & {*own, *self.values}]
        if undated:
            raise fault("cells_need_period", values=", ".join(map(str, undated)))
        return self


class Thresholds(Frozen):
    """A layer's own sliver rule, where it differs from R04."""

    sliver_m2: Annotated[float, Field(ge=0)]
    sliver_share: Annotated[float, Field(ge=0, le=1)]


class Layer(Origin):
    """One overlay layer, as layers/<id>.toml declares it."""

    layer_class: str = Field(alias="class")
    code_scheme: Literal["sandiao", "gbt21010", "yongdi2020", "yongdi2023", "lincao"] | None = None
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
    cells: dict[int, str] = {}  # of a raster: the cell values that are the layer, and the name of each

    @model_validator(mode="before")
    @classmethod
    def _named_cells(cls, raw: dict[str, Any]) -> dict[str, Any]:
        """What stands for a raster's columns: the cell's value and its name; codes of columns it has none."""
        if not raw.get("cells"):
            return raw
        if raw.get("where") or raw.get("where_not") or raw.get("code_scheme"):
            raise fault("cells_have_no_columns")
        return _with_columns(raw, CELL_COLUMNS)

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
    "excluded", "unlocated", "outside", "merged", "questions", "conflicts", "statistics", "accounting", "notes", "meta",
]  # fmt: skip


class DeliveredLayer(Frozen):
    """One layer of a GeoPackage or one sheet of a workbook."""

    name: str
    title: str
    rows: RowSet  # see publish/row_sets.py
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
    encoding: str | None = None
    name: str
    code: str | None = None
    through_time: Path | None = None  # csv of names and codes that changed, see data/README.md


class Boundary(Frozen):
    """The district's own area: a polygon file, and which of its features it is."""

    path: Path
    crs: CrsName
    where: dict[str, Codes] = {}


class Limits(Frozen):
    """What a file may be at most before it is refused, and what prepared layers may take; see [limits] of place.toml."""

    max_file_mb: Annotated[int, Field(ge=1)] = 2_000  # a nation's yearly polygons are below 1 GB
    max_unpacked_mb: Annotated[int, Field(ge=1)] = 4_000  # what an office PC's disk can spare
    max_ratio: Annotated[int, Field(ge=2)] = 200  # shapefiles shrink 3–30 times; only a bomb shrinks more
    max_members: Annotated[int, Field(ge=1)] = 5_000  # a file geodatabase has a few hundred
    prepared_mb: Annotated[int, Field(ge=1)] = 4_000  # a county's layers take 100–500 MB; this holds several versions


class Image(Frozen):
    """One image file of a date, or one tile of it; only pictures are made of it, nothing is measured on it."""

    path: Path
    bands: Bands | None = None  # red, green, blue, from 1; empty: the first three, or the only one as grey
    nodata: float | None = None  # empty: what the file says; mosaics often have black edges and do not say so
    title: str = ""
    attribution: str = ""
    secrecy: Secrecy = "internal"


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
    aliases: dict[AliasField, dict[str, str]] = {}  # the place's own words: field → word → code of pipeline/codes
    gazetteer: Path | None = None  # csv of villages and landmarks, by which places in words are found
    limits: Limits = Limits()
    imagery: dict[Day, Annotated[list[Image], Field(min_length=1)]] = {}  # the day it was taken → its files
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
        """The place with only the sources and layers received, and the images taken, by `as_of`."""
        return self.model_copy(
            update={
                "imagery": {day: images for day, images in self.imagery.items() if day <= as_of},
                "sources": [source for source in self.sources if source.received <= as_of],
                "layers": [layer for layer in self.layers if layer.received <= as_of],
            }
        )
