"""KML, KMZ and their 奥维 kin (.ovkml, .ovkmz): every placemark a record, with the words of its folders and tables."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import shapely
from lxml import etree, html  # type: ignore[import-untyped]

from pipeline.errors import InputError
from pipeline.intake.formats.encoding import choose_text_codec, codec_name
from pipeline.intake.formats.shapes import Shaped, usable
from pipeline.intake.reading import HowToRead, Reading, Record
from pipeline.text import say

M = 1_000_000
MAX_UNPACKED_MB = 500
MAX_RATIO = 200  # KML text shrinks 5–30 times; only a bomb shrinks more
CLOSED_FORMATS = (".ovobj", ".ovobjx")
OVITAL_FORMATS = (".ovkml", ".ovkmz")
GAP_SHARE = 0.01  # a line whose ends are nearer than this part of its length was meant to close
RING_POINTS = 4
LONGEST = 9_000_000  # characters of one coordinate list; libxml2 gives up at 10 million bytes
SIMPLE_WORDS = {"name": "名称", "address": "地址", "phoneNumber": "电话"}
TIME_WORDS = {"begin": "开始时间", "when": "开始时间", "end": "结束时间"}
MULTI = ("MultiGeometry", "MultiTrack", "MultiPolygon")
NOT_READ = ("NetworkLink", "GroundOverlay", "PhotoOverlay")

_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.\-]+)")
_TEXT_ELEMENT = re.compile(r"<(name|description|value|SimpleData)\b([^<>]*)>((?>[^<]*(?:<(?!/?\1\b)[^<]*)*))</\1>")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_PLACEMARK = re.compile(r"<(/?)(?:\w+:)?Placemark\b")
_HTML_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_OVITAL_TAG = re.compile(r"[Oo]v(?:[A-Z:_]|kml|ital|obj)|ov$")  # not KML's own overlayXY
_OVITAL_NAME = re.compile("奥维|ovkml|ovital", re.IGNORECASE)


class _BadShapeError(ValueError):
    """Why a geometry cannot be read: a key of words/kml.toml. Never leaves this module."""


def read_kml(path: Path, how: HowToRead) -> Reading:
    """Every placemark of a .kml, .kmz, .ovkml or .ovkmz file, shapes as (lon, lat) in degrees, EPSG:4326.

    `shifted` is set where the file comes from 奥维, whose exports are GCJ-02 since 9.3.0. Raises InputError for a closed
    format (.ovobj), a zip beyond 500 MB or 200 times its size, and for what is no KML at all.
    """
    raw, notes = _content(path, how.language)
    text, encoding, encoding_why = _decoded(raw, how)
    root, broken_line = _tree(text)
    placemarks = [] if root is None else list(_placemarks(root))
    if root is None or not (placemarks or _local(root) == "kml"):
        found = path.suffix if root is None else f"<{_local(root)}>"
        raise InputError(say(how.language, "kml.not_kml", path=path, found=found))
    records = [_record(*placemark, row, how.language) for row, placemark in enumerate(placemarks, 1)]
    if broken_line is not None:
        is_cut = not re.search(rf"</(?:\w+:)?{re.escape(_local(root))}\s*>\s*$", text)
        notes.append(say(how.language, "kml.cut" if is_cut else "kml.mended", line=broken_line, n=len(records)))
        if is_cut and _ends_in_placemark(text) and records:
            records[-1] = replace(records[-1], shape=None, fault=f"E11 {say(how.language, 'kml.cut_here')}", notes=())
    if others := sum(_local(element) in NOT_READ for element in root.iter()):
        notes.append(say(how.language, "kml.others", n=others))
    if not records:
        notes.append(say(how.language, "kml.no_placemark"))
    columns = tuple(dict.fromkeys(title for record in records for title in record.words))
    shifted = _ovital_evidence(root, path, how.language)
    kind = path.suffix.lstrip(".").upper()
    return Reading(path.name, None, kind, records, columns, "EPSG:4326", encoding, encoding_why, shifted, tuple(notes))


def _content(path: Path, language: str) -> tuple[bytes, list[str]]:
    """The bytes of the KML, from inside the zip where it is one, and which member that was if there were several."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(say(language, "kml.unreadable", path=path, error=error)) from error
    if path.suffix.lower() in CLOSED_FORMATS or raw.startswith(b"OviO"):
        raise InputError(say(language, "kml.closed", path=path))
    if not raw.startswith(b"PK"):
        return raw, []
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [entry for entry in archive.infolist() if entry.filename.lower().endswith((".kml", ".ovkml"))]
            if not members:
                raise InputError(say(language, "kml.empty_zip", path=path))
            most = min(MAX_UNPACKED_MB * M, max(M, members[0].compress_size * MAX_RATIO))
            with archive.open(members[0]) as stream:
                unpacked = stream.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise InputError(say(language, "kml.unreadable", path=path, error=error)) from error
    if len(unpacked) > most:
        raise InputError(say(language, "kml.zip_bomb", path=path, limit=MAX_UNPACKED_MB, ratio=MAX_RATIO))
    several = say(language, "kml.several_members", name=members[0].filename, n=len(members) - 1)
    return unpacked, [several] if len(members) > 1 else []


def _decoded(raw: bytes, how: HowToRead) -> tuple[str, str, str]:
    """(text, codec, how it was decided); what follows the last whole tag of a cut file is left away."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace").strip("\ufeff"), "utf-16", "byte order mark"
    raw = raw[: raw.rfind(b">") + 1]
    declared = _DECLARED.search(raw[:500])
    for name, why in ((how.encoding, "declared"), (declared and declared.group(1).decode(), "XML declaration")):
        codec = codec_name(name) if name else None
        try:
            text = raw.decode(codec) if codec else ""
        except (UnicodeError, LookupError):
            continue
        if codec and "<" in text:  # UTF-8 declared as UTF-16 decodes too, to nonsense
            return text.lstrip("\ufeff \t\r\n"), codec, why
    codec, why = choose_text_codec(raw)
    if codec == "latin-1":  # a few spoilt bytes must not turn all Chinese text into Latin letters
        codec = "utf-8"
    return raw.decode(codec, "replace").lstrip("\ufeff \t\r\n"), codec, why


def _tree(text: str) -> tuple[Any, int | None]:
    """The root element (None if there is nothing to read), and the line of the first fault that had to be mended."""
    try:
        return _parse(text, recover=False), None
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
    mended = _TEXT_ELEMENT.sub(_as_cdata, _CONTROL.sub("", text))  # bare HTML would swallow the placemarks after it
    for candidate, recover in ((mended, False), (_BARE_AMPERSAND.sub("&amp;", mended), False), (mended, True)):
        try:
            return _parse(candidate, recover), line
        except etree.XMLSyntaxError:
            continue
    return None, line


def _ends_in_placemark(text: str) -> bool:
    slashes = _PLACEMARK.findall(text)
    return bool(slashes) and not slashes[-1]


def _parse(text: str, recover: bool) -> Any:
    # entities stay unexpanded, so neither files are read nor memory filled through them
    safe = {"resolve_entities": False, "no_network": True, "huge_tree": False}
    parser = etree.XMLParser(encoding="utf-8", recover=recover, remove_comments=True, remove_pis=True, **safe)
    return etree.fromstring(text.encode("utf-8", "replace"), parser)


def _as_cdata(match: re.Match[str]) -> str:
    name, attributes, inner = match.group(1), match.group(2), match.group(3)
    if attributes.endswith("/") or "]]>" in inner or not ("<" in inner or _BARE_AMPERSAND.search(inner)):
        return match.group(0)
    return f"<{name}{attributes}><![CDATA[{inner}]]></{name}>"


def _ovital_evidence(root: Any, path: Path, language: str) -> str | None:
    """The sentence that says by what mark, and with what stated coordinate types, the file is known as 奥维's."""
    mark = path.suffix.lower() if path.suffix.lower() in OVITAL_FORMATS else None
    stated = set()
    for element in root.iter():
        names = [str(name).rpartition("}")[2] for name in (element.tag, element.prefix or "", *element.attrib)]
        named = _squash(element) if _local(element) == "name" and _local(element.getparent()) != "Placemark" else ""
        mark = mark or next((name for name in names if _OVITAL_TAG.match(name)), None)
        mark = mark or (named if _OVITAL_NAME.search(named) else None)
        if _local(element) == "OvCoordType" and (coordinate_type := _squash(element)):
            stated.add(coordinate_type)
    if mark is None:
        return None
    evidence = say(language, "kml.ovital", mark=mark)
    return evidence + say(language, "kml.ovital_states", types=", ".join(sorted(stated))) if stated else evidence


def _placemarks(element: Any, folders: tuple[str, ...] = (), document: str = "") -> Iterator[tuple[Any, str | None]]:
    """Every placemark with the path of its folders' names; the document's own name stands in where no folder does."""
    kind = _local(element)
    if kind == "Placemark":
        yield element, "/".join(filter(None, folders)) or document or None
    elif kind in ("Folder", "Document"):
        name = next((_squash(child) for child in element if _local(child) == "name"), "")
        if kind == "Document" and not folders and not document:
            document = name
        else:
            folders = (*folders, name)
    for child in element:
        yield from _placemarks(child, folders, document)


def _record(placemark: Any, sheet: str | None, row: int, language: str) -> Record:
    shaped = _shape(placemark, language)
    return Record(row, sheet, _words(placemark, sheet), *shaped)


def _words(placemark: Any, folders: str | None) -> dict[str, str]:
    """Name, folders, times, ExtendedData and the description's table by their labels; a second value gets a number."""
    words: dict[str, str] = {}
    for child in placemark:
        kind = _local(child)
        if kind in SIMPLE_WORDS:
            _put(words, SIMPLE_WORDS[kind], _squash(child))
        if kind == "name":
            _put(words, "文件夹", folders or "")
        elif kind in ("TimeSpan", "TimeStamp"):
            for time in child:
                _put(words, TIME_WORDS.get(_local(time), ""), _squash(time))
        elif kind == "ExtendedData":
            _put_extended(words, child)
        elif kind == "description":
            _put_description(words, child)
    _put(words, "文件夹", folders or "")
    return words


def _put(words: dict[str, str], label: str, text: str) -> None:
    if not label or not text or text == "<Null>" or words.get(label) == text:  # ArcGIS writes <Null> for empty
        return
    n = next(n for n in range(1, len(words) + 2) if (label if n == 1 else f"{label}_{n}") not in words)
    words[label if n == 1 else f"{label}_{n}"] = text


def _put_extended(words: dict[str, str], extended: Any) -> None:
    for element in extended.iter():
        kind, label = _local(element), element.get("name", "")
        if kind == "Data":
            _put(words, label, " ".join(_squash(child) for child in element if _local(child) == "value"))
        elif kind == "SimpleData":
            _put(words, label, _squash(element))
        elif element.getparent() is extended and kind != "SchemaData" and not len(element):
            _put(words, kind, _squash(element))


def _put_description(words: dict[str, str], description: Any) -> None:
    """Rows of a label and a value by their labels, whatever text is left as 说明."""
    text = (description.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in description)
    try:
        page = html.fromstring(text) if _HTML_TAG.search(text) else None
    except (etree.ParserError, ValueError):
        page = None
    if page is None:
        _put(words, "说明", " ".join(_HTML_TAG.sub(" ", text).split()))
        return
    for row in list(page.iter("tr")):
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if len(cells) == 2 and row.find(".//tr") is None and (label := _squash(cells[0]).rstrip(":：")):
            _put(words, label, _squash(cells[1]))
            row.clear(keep_tail=True)
    for element in list(page.iter("style", "script", "br", "p", "div", "tr", "td", "li")):
        if element.tag in ("style", "script"):
            element.clear(keep_tail=True)
        element.tail = f" {element.tail or ''}"
    rest = _squash(page)
    if rest not in words.values():
        _put(words, "说明", rest)


def _shape(placemark: Any, language: str) -> Shaped:
    done: list[str] = []  # keys of words/kml.toml, for what was done to the shape
    try:
        parts = list(_parts(placemark, done))
    except _BadShapeError as bad:
        return Shaped(None, f"E10 {say(language, f'kml.{bad}')}", ())
    areas = [part for part in parts if part.geom_type == "Polygon"]
    if areas:
        box = shapely.box(*shapely.total_bounds(areas))
        kept = [part for part in parts if part.geom_type != "Point" or not box.covers(part)]
        done += ["label_dropped"] * (len(kept) < len(parts))  # a point inside its own area only carries the label
        parts = kept
    shape = None if not parts else parts[0] if len(parts) == 1 else shapely.GeometryCollection(parts)
    return usable(shape, language, tuple(say(language, f"kml.{key}") for key in dict.fromkeys(done)))


def _parts(parent: Any, done: list[str]) -> Iterator[Any]:
    for element in parent:
        kind = _local(element)
        if kind in MULTI:
            yield from _parts(element, done)
        elif kind == "Point":
            yield shapely.Point(_positions(_coordinates(element), done)[0])
        elif kind == "Polygon":
            rings = [_ring(ring, done) for ring in element.iter() if _local(ring) == "LinearRing"]
            if not rings:
                raise _BadShapeError("empty")
            yield shapely.Polygon(rings[0], rings[1:])
        elif kind == "LinearRing":
            yield shapely.Polygon(_ring(element, done))
        elif kind in ("LineString", "Track"):
            yield _line(_positions(_coordinates(element), done), done)


def _coordinates(element: Any) -> str:
    """The coordinates of a geometry; a track's "lon lat height" elements are put in the same form."""
    if _local(element) == "Track":
        return " ".join(",".join(_squash(child).split()) for child in element if _local(child) == "coord")
    return " ".join("".join(child.itertext()) for child in element if _local(child) == "coordinates")


def _ring(element: Any, done: list[str]) -> list[tuple[float, float]]:
    positions = _positions(_coordinates(element), done)
    if len(set(positions)) < RING_POINTS - 1:
        raise _BadShapeError("few_points")
    if positions[0] != positions[-1]:
        done.append("ring_closed")
    return positions


def _line(positions: list[tuple[float, float]], done: list[str]) -> Any:
    """A polygon where the line closes, or nearly does; else the line."""
    if len(positions) < 2:
        raise _BadShapeError("few_points")
    line = shapely.LineString(positions)
    gap = shapely.Point(positions[0]).distance(shapely.Point(positions[-1]))
    if len(positions) < RING_POINTS or len(set(positions)) < RING_POINTS - 1 or gap >= GAP_SHARE * line.length:
        return line
    done.append("gap_closed" if gap else "line_closed")
    return shapely.Polygon(positions)


def _positions(text: str, done: list[str]) -> list[tuple[float, float]]:
    """(lon, lat) in degrees of each position; heights fall away. Raises _BadShapeError."""
    if len(text) > LONGEST:  # the parser cuts longer texts off, and the rest would pass as a shape
        raise _BadShapeError("too_long")
    tokens = [token.rstrip(",").split(",") for token in re.sub(r"\s*[,，]\s*", ",", text).split()]
    if not tokens:
        raise _BadShapeError("empty")
    try:
        numbers = [tuple(float(cell) for cell in token) for token in tokens]
    except ValueError as error:
        raise _BadShapeError("no_number") from error
    lengths = {len(position) for position in numbers}
    if lengths == {1} or (len(tokens) == 1 and not lengths <= {2, 3}):
        numbers = _regrouped([number for position in numbers for number in position])
        done.append("regrouped")
    elif not lengths <= {2, 3}:
        raise _BadShapeError("ambiguous")
    if not all(_in_degrees(position) for position in numbers):
        raise _BadShapeError("not_degrees")
    if any(position[2] for position in numbers if len(position) == 3):
        done.append("heights_dropped")
    return [(position[0], position[1]) for position in numbers]


def _regrouped(flat: list[float]) -> list[tuple[float, ...]]:
    """Numbers run together, taken by twos or by threes where only one of them gives degrees throughout."""
    groups = [[tuple(flat[i : i + n]) for i in range(0, len(flat), n)] for n in (2, 3) if len(flat) % n == 0]
    fitting = [positions for positions in groups if all(_in_degrees(position) for position in positions)]
    if len(fitting) != 1:
        raise _BadShapeError("ambiguous" if fitting else "not_degrees")
    return fitting[0]


def _in_degrees(position: tuple[float, ...]) -> bool:
    return abs(position[0]) <= 180 and abs(position[1]) <= 90  # false for NaN


def _local(element: Any) -> str:
    """An element's name without its namespace; "" for what is no element."""
    tag = element.tag if element is not None else None
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def _squash(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())
