"""Every vector format but shapefile and KML, from GeoPackage to CAD, as one reading: layer found, cells as text."""

import json
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import pyogrio
from pyproj.exceptions import CRSError

from pipeline.errors import InputError
from pipeline.intake.formats.gdal_layers import Layer, column_texts, read_layer, read_parquet
from pipeline.intake.formats.geojson import read_geojson
from pipeline.intake.formats.opening import dxf_encoding, untouched
from pipeline.intake.formats.shapes import Shaped, crs_name, is_local, read_all_wkb
from pipeline.intake.formats.signature import looks_like, read_head
from pipeline.intake.reading import HowToRead, Reading, Record
from pipeline.text import say

TAIL_BYTES = 512  # of a drawing, whose last word is EOF
GPX_LAYERS = ("waypoints", "routes", "tracks")  # the other two repeat their points


class Format(NamedTuple):
    """`name` as users call it; `looks` is what `looks_like` must say of it, None where the driver is asked instead."""

    name: str
    looks: tuple[str, ...] | None
    has_layers: bool = False


GEOJSON = Format("GeoJSON", ("json",))
GEOJSON_SEQUENCE = Format("GeoJSONSeq", None)
OTHER_JSON = Format("JSON", None)
GEOPARQUET = Format("GeoParquet", ("parquet",))
DXF = Format("DXF", ("text", "cad"))
MIF = Format("MapInfo MIF", ("text",))
GPX = Format("GPX", ("xml",), has_layers=True)
FORMATS = {
    ".gpkg": Format("GeoPackage", ("sqlite",), has_layers=True),
    ".gdb": Format("File Geodatabase", None, has_layers=True),
    ".geojson": GEOJSON,
    ".json": GEOJSON,
    ".geojsonl": GEOJSON_SEQUENCE,
    ".geojsons": GEOJSON_SEQUENCE,
    ".ndjson": GEOJSON_SEQUENCE,
    ".fgb": Format("FlatGeobuf", ("flatgeobuf",)),
    ".parquet": GEOPARQUET,
    ".geoparquet": GEOPARQUET,
    ".gpx": GPX,
    ".dxf": DXF,
    ".tab": Format("MapInfo TAB", ("text",)),
    ".mif": MIF,
}


def read_vector(path: Path, how: HowToRead) -> Reading:
    """The features of a vector file, or of the one layer meant; shapes 2D and linear in the file's own CRS.

    `crs` is "EPSG:n" or WKT as the file states it, else None. A feature that cannot be used is a record with a fault.
    Raises InputError for a file that is something else than its suffix says, cannot be opened, or has several layers
    none of which stands out.
    """
    format_ = FORMATS.get(path.suffix.lower())
    if format_ is None:
        raise InputError(say(how.language, "vector.no_format", path=path))
    try:
        looks = looks_like(read_head(path)) if path.is_file() else None
        if looks == "empty" or (looks and format_.looks and looks not in format_.looks):
            found = say(how.language, f"vector.like_{looks}")
            raise InputError(say(how.language, "vector.found_file", path=path, format=format_.name, found=found))
        if format_ is DXF and b"EOF" not in path.read_bytes()[-TAIL_BYTES:]:  # GDAL would say nothing of it
            raise InputError(say(how.language, "vector.no_end", path=path))
        encoding = dxf_encoding(path, how.encoding) if format_ is DXF else nullcontext()
        with untouched(path) as file, encoding, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what GDAL warns of is seen in the records, one by one
            if format_ in (GEOJSON, GEOJSON_SEQUENCE):
                return _read_json(file, format_, how)
            return _read_layers(path, file, format_, how)
    except (RuntimeError, OSError, ValueError) as error:
        reason = str(error).split("; It might help")[0].replace("\n", " ").rstrip(".")
        raise InputError(
            say(how.language, "vector.unreadable", path=path, format=format_.name, error=reason)
        ) from error


def _read_json(path: Path, format_: Format, how: HowToRead) -> Reading:
    found = read_geojson(path.read_bytes(), how.language, how.encoding)
    if found is None:  # another JSON that GDAL may know: Esri's, TopoJSON
        try:
            return _read_layers(path, path, OTHER_JSON, how)
        except pyogrio.errors.DataSourceError as error:
            raise InputError(_no_geojson(path, format_, how.language)) from error
    names = list(dict.fromkeys(name for properties in found.properties for name in properties))
    notes = list(found.notes)
    columns = {name: [properties.get(name) for properties in found.properties] for name in names}
    texts = column_texts(columns, how.language, how.encoding, notes)
    records = _records(texts, found.shapes, None)
    values = {"encoding": found.encoding, "encoding_why": found.encoding_why, "notes": tuple(notes)}
    return Reading(path.name, None, format_.name, records, tuple(names), found.crs, **values)  # type: ignore[arg-type]


def _no_geojson(path: Path, format_: Format, language: str) -> str:
    """Why a file holds no feature: it is cut before the first one, or is something else."""
    looks = looks_like(read_head(path))
    try:
        json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        if looks == "json":
            return say(language, "vector.cut_json", path=path)
    return say(
        language, "vector.found_file", path=path, format=format_.name, found=say(language, f"vector.like_{looks}")
    )


def _read_layers(path: Path, file: Path, format_: Format, how: HowToRead) -> Reading:
    notes: list[str] = []
    records: list[Record] = []
    names: dict[str, None] = {}
    crs = None
    if format_ is GEOPARQUET:
        layers: list[tuple[str | None, Layer]] = [(None, read_parquet(file))]
    else:
        layers = []
        for chosen, count in _choose_layers(path, file, format_, how, notes).items():
            layers.append((chosen, layer := read_layer(file, chosen)))
            read = count if layer.wkb is None else len(layer.wkb)
            count = _rows_beside(file, count, how.language, notes) if format_ is MIF else count
            if read != count:
                notes.append(say(how.language, "vector.note_features_lost", layer=chosen, n=count, read=read))
    for name, layer in layers:
        texts = column_texts(layer.columns, how.language, how.encoding, notes)
        notes += [say(how.language, "vector.note_binary", column=column) for column in layer.left_out]
        records += _records(texts, _shapes(layer, format_, texts, how, notes), name if format_.has_layers else None)
        names |= dict.fromkeys(layer.columns)
        crs = _crs(layer, how.language, notes)
    sheet = layers[0][0] if format_.has_layers and len(layers) == 1 else None
    return Reading(path.name, sheet, format_.name, records, tuple(names), crs, notes=tuple(dict.fromkeys(notes)))


def _choose_layers(path: Path, file: Path, format_: Format, how: HowToRead, notes: list[str]) -> dict[str, int]:
    """The layer declared, else the only one with polygons, else the only one with features, and how many it has.

    Of a GPX all that count.
    """
    kinds = {str(name): kind for name, kind in pyogrio.list_layers(file).tolist()}
    counts = {name: _count(file, name) for name in kinds}
    listed = "、".join(f"{name} ({n})" for name, n in counts.items())
    if how.layer is not None and format_.has_layers:
        if how.layer not in kinds:
            raise InputError(say(how.language, "vector.no_layer", path=path, layer=how.layer, layers=listed))
        return {how.layer: counts[how.layer]}
    filled = [name for name in kinds if counts[name]]
    if format_ is GPX:
        return {name: counts[name] for name in GPX_LAYERS if name in filled}
    spatial = [name for name in filled if kinds[name] is not None]
    polygons = [name for name in spatial if "Polygon" in kinds[name]]
    for candidates in (polygons, spatial, filled, list(kinds)):
        if len(candidates) == 1:
            if len(filled) > 1:
                others = "、".join(name for name in filled if name != candidates[0])
                notes.append(say(how.language, "vector.note_layer_chosen", layer=candidates[0], others=others))
            return {candidates[0]: counts[candidates[0]]}
        if candidates:
            break
    raise InputError(say(how.language, "vector.which_layer" if kinds else "vector.no_layers", path=path, layers=listed))


def _rows_beside(path: Path, count: int, language: str, notes: list[str]) -> int:
    """The rows of the .mid beside a .mif where they are more than its shapes, as of one that is cut."""
    beside = next(
        (part for part in path.parent.iterdir() if part.stem == path.stem and part.suffix.lower() == ".mid"), None
    )
    if beside is None:
        notes.append(say(language, "vector.note_no_mid"))
        return count
    return max(count, sum(bool(line.strip()) for line in beside.read_bytes().splitlines()))


def _count(path: Path, layer: str) -> int:
    info = pyogrio.read_info(path, layer=layer, force_feature_count=True, encoding="ISO-8859-1")
    return int(info["features"])


def _shapes(
    layer: Layer, format_: Format, texts: dict[str, list[str]], how: HowToRead, notes: list[str]
) -> list[Shaped]:
    if layer.wkb is None:  # the position may stand in the words
        notes.append(say(how.language, "vector.note_no_geometry_layer"))
        return [Shaped(None, None, ())] * len(next(iter(texts.values()), []))
    shapes = read_all_wkb(layer.wkb, how.language)
    for i in layer.curved:
        if shapes[i].fault is None:
            shapes[i] = shapes[i]._replace(notes=(say(how.language, "vector.note_curve"), *shapes[i].notes))
    if format_ is DXF:
        label = Shaped(None, f"E10 {say(how.language, 'vector.label')}", ())
        labels = texts.get("Text", [])
        shapes = [label if text and _is_point(shape) else shape for shape, text in zip(shapes, labels, strict=True)]
    return shapes


def _is_point(shaped: Shaped) -> bool:
    return shaped.shape is not None and shaped.shape.geom_type == "Point"


def _records(texts: dict[str, list[str]], shapes: list[Shaped], sheet: str | None) -> list[Record]:
    rows: list[dict[str, str]] = [{} for _ in shapes]
    for name, column in texts.items():
        for row, text in zip(rows, column, strict=True):
            if text:
                row[name] = text
    return [
        Record(number, sheet, words, *shaped)
        for number, (words, shaped) in enumerate(zip(rows, shapes, strict=True), 1)
    ]


def _crs(layer: Layer, language: str, notes: list[str]) -> str | None:
    """A CRS without a place on earth (a drawing's own, GeoPackage's "Undefined") is none."""
    try:
        name = None if layer.crs is None else crs_name(layer.crs)
    except CRSError:
        notes.append(say(language, "vector.note_broken_prj"))
        return None
    if name is None or is_local(name):
        notes.append(say(language, "vector.note_no_crs"))
        return None
    return name
