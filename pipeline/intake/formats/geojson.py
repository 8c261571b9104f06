"""GeoJSON and GeoJSON text sequences, feature by feature: a broken one is set aside, the others come through."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import shapely
from pyproj.exceptions import CRSError

from pipeline.intake.formats.encoding import choose_text_codec, codec_name
from pipeline.intake.formats.shapes import Shaped, crs_name, usable
from pipeline.text import say

RFC_7946_CRS = "EPSG:4326"
BETWEEN_FEATURES = " ,\r\n\t\x1e\ufeff"  # \x1e starts each text of an RFC 8142 sequence
GEOMETRY_TYPES = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
)
LONE_SURROGATE = re.compile(  # half a character as JSON escapes it, which no text can hold
    r"\\u[dD][89abAB][\da-fA-F]{2}(?!\\u[dD][c-fC-F][\da-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][\da-fA-F]{2})\\u[dD][c-fC-F][\da-fA-F]{2}"
)
_FEATURE = re.compile(r'\{[^{}\[\]]*?"type"\s*:\s*"Feature"\s*[,}]')


class Features(NamedTuple):
    """Properties and shape of every feature in file order; one that cannot be read has a fault "E11 …" and no shape."""

    properties: list[dict[str, Any]]
    shapes: list[Shaped]
    crs: str | None
    encoding: str
    encoding_why: str
    notes: tuple[str, ...]


def read_geojson(data: bytes, language: str, encoding: str | None = None) -> Features | None:
    """The features in a file's bytes; None where there are none to be found. EPSG:4326 by RFC 7946 unless it says else.

    GDAL is not asked: it skips what is no feature and takes a CRS it does not know for EPSG:4326, both in silence.
    """
    codec, why = choose_text_codec(data)
    declared = codec_name(encoding) if encoding else None
    if declared is not None and why != "byte order mark":
        codec, why = declared, "declared"
    text = LONE_SURROGATE.sub(r"\\ufffd", data.decode(codec, "replace"))
    notes: list[str] = []
    try:
        document = json.loads(text)
        found = _members(document)
    except (json.JSONDecodeError, RecursionError):
        is_sequence = _FEATURE.match(text.lstrip(BETWEEN_FEATURES)) is not None
        document, found = {}, list(_salvage(text, is_sequence))
        if not any(isinstance(feature, dict) for feature in found):
            return None
        if not is_sequence or None in found:
            notes.append(say(language, "vector.note_json_mended"))
        document = _head(text)
    if found is None:
        return None
    features = [feature if _is_feature(feature) else None for feature in found]
    properties = [feature.get("properties") if feature else None for feature in features]
    return Features(
        [members if isinstance(members, dict) else {} for members in properties],
        _shapes(features, language),
        _stated_crs(document, language, notes),
        codec,
        why,
        tuple(notes),
    )


def _members(document: Any) -> list[Any] | None:
    """The features of a collection, a lone feature or a bare geometry; None for any other JSON."""
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return list(document["features"])
    if kind == "Feature":
        return [document]
    return [{"type": "Feature", "geometry": document}] if kind in GEOMETRY_TYPES else None


def _is_feature(feature: Any) -> bool:
    return isinstance(feature, dict) and feature.get("type") == "Feature"


def _salvage(text: str, is_sequence: bool) -> Iterator[Any]:
    """Every feature that can be read, and None for each stretch between them that cannot."""
    decoder, at, is_first = json.JSONDecoder(), 0, True
    for match in _FEATURE.finditer(text):
        if match.start() < at:  # inside the last feature
            continue
        try:
            feature, end = decoder.raw_decode(text, match.start())
        except (json.JSONDecodeError, RecursionError):
            continue
        between = text[at : match.start()].strip(BETWEEN_FEATURES)
        if between and (is_sequence or not is_first or _FEATURE.search(between)):
            yield None
        yield feature
        at, is_first = end, False
    rest = text[at:].strip(BETWEEN_FEATURES)
    if rest and (is_sequence or _FEATURE.search(rest)):
        yield None


def _head(text: str) -> dict[str, Any]:
    """The `crs` member of a collection whose JSON is broken further on."""
    match = re.search(r'"crs"\s*:\s*(?=\{)', text[:5000])
    try:
        return {"crs": json.JSONDecoder().raw_decode(text, match.end())[0]} if match else {}
    except json.JSONDecodeError:
        return {"crs": {}}


def _stated_crs(document: Any, language: str, notes: list[str]) -> str | None:
    """The `crs` member of GeoJSON of before 2016, by name or EPSG code; one that says nothing usable leaves it open."""
    if "crs" not in document:
        return RFC_7946_CRS
    member = document["crs"] if isinstance(document["crs"], dict) else {}
    properties = member.get("properties")
    stated = (properties.get("name") or properties.get("code")) if isinstance(properties, dict) else None
    try:
        return crs_name(f"EPSG:{stated}" if str(stated).isdigit() else str(stated))
    except CRSError:
        notes.append(say(language, "vector.note_broken_prj"))
        return None


def _shapes(features: list[dict[str, Any] | None], language: str) -> list[Shaped]:
    unreadable = Shaped(None, f"E11 {say(language, 'vector.broken_feature')}", ())
    texts = [None if feature is None else json.dumps(feature.get("geometry")) for feature in features]
    shapes = shapely.from_geojson([text if text != "null" else None for text in texts], on_invalid="ignore")
    return [
        unreadable if feature is None else _shaped(shape, feature.get("geometry"), language)
        for feature, shape in zip(features, shapes, strict=True)
    ]


def _shaped(shape: Any, geometry: Any, language: str) -> Shaped:
    if shape is not None or geometry is None:
        return usable(shape, language)
    geometry = _without_measures(geometry)
    measured = shapely.from_geojson(json.dumps(geometry), on_invalid="ignore")
    if measured is not None:
        return usable(measured, language)
    closed = shapely.from_geojson(json.dumps(_close_rings(geometry)), on_invalid="ignore")
    if closed is None:
        return Shaped(None, f"E10 {say(language, 'vector.broken_shape')}", ())
    return usable(closed, language, (say(language, "vector.note_ring_closed"),))


def _without_measures(value: Any) -> Any:
    """The same geometry with no more than three numbers a position: GeoJSON of old programs has a measure, too."""
    if isinstance(value, dict):
        return {key: _without_measures(part) for key, part in value.items()}
    if not isinstance(value, list):
        return value
    is_position = all(isinstance(part, int | float) for part in value)
    return value[:3] if is_position else [_without_measures(part) for part in value]


def _close_rings(geometry: Any) -> Any:
    """The same geometry with the first point of every polygon's ring repeated at its end where it was not."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    try:
        if kind == "GeometryCollection":
            return {**geometry, "geometries": [_close_rings(part) for part in geometry["geometries"]]}
        if kind == "Polygon":
            return {**geometry, "coordinates": _closed(geometry["coordinates"])}
        if kind == "MultiPolygon":
            return {**geometry, "coordinates": [_closed(polygon) for polygon in geometry["coordinates"]]}
    except (KeyError, TypeError, IndexError):
        pass
    return geometry


def _closed(rings: Any) -> list[Any]:
    return [ring if ring[0] == ring[-1] else [*ring, ring[0]] for ring in rings]
