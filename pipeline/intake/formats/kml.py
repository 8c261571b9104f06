"""KML, KMZ and their 奥维 kin (.ovkml, .ovkmz): every placemark a record, with the words of its folders and tables."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lxml import etree, html

from pipeline.errors import InputError
from pipeline.intake.archives import DAMAGED, check_packed
from pipeline.intake.formats.kml_shapes import placemark_shape
from pipeline.intake.formats.kml_tree import decode_kml, local_name, parse_kml, plain_text
from pipeline.intake.reading import HowToRead, Reading, Record
from pipeline.text import say

CLOSED_FORMATS = (".ovobj", ".ovobjx")
OVITAL_FORMATS = (".ovkml", ".ovkmz")
SIMPLE_WORDS = {"name": "名称", "address": "地址", "phoneNumber": "电话"}
TIME_WORDS = {"begin": "开始时间", "when": "开始时间", "end": "结束时间"}
NOT_READ = ("NetworkLink", "GroundOverlay", "PhotoOverlay")

_PLACEMARK = re.compile(r"<(/?)(?:\w+:)?Placemark\b")
_HTML_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_OVITAL_TAG = re.compile(r"[Oo]v(?:[A-Z:_]|kml|ital|obj)|ov$")  # not KML's own overlayXY
_OVITAL_NAME = re.compile("奥维|ovkml|ovital", re.IGNORECASE)


def read_kml(path: Path, how: HowToRead) -> Reading:
    """Every placemark of a .kml, .kmz, .ovkml or .ovkmz file, shapes as (lon, lat) in degrees, EPSG:4326.

    `shifted` is set where the file comes from 奥维, whose exports are GCJ-02 since 9.3.0. Raises InputError for a closed
    format (.ovobj), a zip beyond the limits, and for what is no KML at all.
    """
    raw, notes = _content(path, how)
    text, encoding, encoding_why = decode_kml(raw, how)
    root, broken_line = parse_kml(text)
    placemarks = [] if root is None else list(_placemarks(root))
    if root is None or not (placemarks or local_name(root) == "kml"):
        found = path.suffix if root is None else f"<{local_name(root)}>"
        raise InputError(say(how.language, "kml.not_kml", path=path, found=found))
    records = [_record(*placemark, row, how.language) for row, placemark in enumerate(placemarks, 1)]
    if broken_line is not None:
        is_cut = not re.search(rf"</(?:\w+:)?{re.escape(local_name(root))}\s*>\s*$", text)
        notes.append(say(how.language, "kml.cut" if is_cut else "kml.mended", line=broken_line, n=len(records)))
        if is_cut and _ends_in_placemark(text) and records:
            records[-1] = replace(records[-1], shape=None, fault=f"E11 {say(how.language, 'kml.cut_here')}", notes=())
    if others := sum(local_name(element) in NOT_READ for element in root.iter()):
        notes.append(say(how.language, "kml.others", n=others))
    if not records:
        notes.append(say(how.language, "kml.no_placemark"))
    columns = tuple(dict.fromkeys(title for record in records for title in record.words))
    shifted = _ovital_evidence(root, path, how.language)
    kind = path.suffix.lstrip(".").upper()
    return Reading(path.name, None, kind, records, columns, "EPSG:4326", encoding, encoding_why, shifted, tuple(notes))


def _content(path: Path, how: HowToRead) -> tuple[bytes, list[str]]:
    """The bytes of the KML, from inside the zip where it is one, and which member that was if there were several."""
    language = how.language
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(say(language, "kml.unreadable", path=path, error=error)) from error
    if path.suffix.lower() in CLOSED_FORMATS or raw.startswith(b"OviO"):
        raise InputError(say(language, "kml.closed", path=path))
    if not raw.startswith(b"PK"):
        return raw, []
    try:
        check_packed(path, how.limits, language)
        with zipfile.ZipFile(path) as archive:
            members = [entry for entry in archive.infolist() if entry.filename.lower().endswith((".kml", ".ovkml"))]
            if not members:
                raise InputError(say(language, "kml.empty_zip", path=path))
            unpacked = archive.read(members[0])
    except (*DAMAGED, OSError, RuntimeError) as error:
        raise InputError(say(language, "kml.unreadable", path=path, error=error)) from error
    several = say(language, "kml.several_members", name=members[0].filename, n=len(members) - 1)
    return unpacked, [several] if len(members) > 1 else []


def _ends_in_placemark(text: str) -> bool:
    slashes = _PLACEMARK.findall(text)
    return bool(slashes) and not slashes[-1]


def _ovital_evidence(root: Any, path: Path, language: str) -> str | None:
    """The sentence that says by what mark, and with what stated coordinate types, the file is known as 奥维's."""
    mark = path.suffix.lower() if path.suffix.lower() in OVITAL_FORMATS else None
    stated = set()
    for element in root.iter():
        names = [str(name).rpartition("}")[2] for name in (element.tag, element.prefix or "", *element.attrib)]
        named = (
            plain_text(element)
            if local_name(element) == "name" and local_name(element.getparent()) != "Placemark"
            else ""
        )
        mark = mark or next((name for name in names if _OVITAL_TAG.match(name)), None)
        mark = mark or (named if _OVITAL_NAME.search(named) else None)
        if local_name(element) == "OvCoordType" and (coordinate_type := plain_text(element)):
            stated.add(coordinate_type)
    if mark is None:
        return None
    evidence = say(language, "kml.ovital", mark=mark)
    return evidence + say(language, "kml.ovital_states", types=", ".join(sorted(stated))) if stated else evidence


def _placemarks(element: Any, folders: tuple[str, ...] = (), document: str = "") -> Iterator[tuple[Any, str | None]]:
    """Every placemark with the path of its folders' names; the document's own name stands in where no folder does."""
    kind = local_name(element)
    if kind == "Placemark":
        yield element, "/".join(filter(None, folders)) or document or None
    elif kind in ("Folder", "Document"):
        name = next((plain_text(child) for child in element if local_name(child) == "name"), "")
        if kind == "Document" and not folders and not document:
            document = name
        else:
            folders = (*folders, name)
    for child in element:
        yield from _placemarks(child, folders, document)


def _record(placemark: Any, sheet: str | None, row: int, language: str) -> Record:
    shaped = placemark_shape(placemark, language)
    return Record(row, sheet, _words(placemark, sheet), *shaped)


def _words(placemark: Any, folders: str | None) -> dict[str, str]:
    """Name, folders, times, ExtendedData and the description's table by their labels; a second value gets a number."""
    words: dict[str, str] = {}
    for child in placemark:
        kind = local_name(child)
        if kind in SIMPLE_WORDS:
            _put(words, SIMPLE_WORDS[kind], plain_text(child))
        if kind == "name":
            _put(words, "文件夹", folders or "")
        elif kind in ("TimeSpan", "TimeStamp"):
            for time in child:
                _put(words, TIME_WORDS.get(local_name(time), ""), plain_text(time))
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
        kind, label = local_name(element), element.get("name", "")
        if kind == "Data":
            _put(words, label, " ".join(plain_text(child) for child in element if local_name(child) == "value"))
        elif kind == "SimpleData":
            _put(words, label, plain_text(element))
        elif element.getparent() is extended and kind != "SchemaData" and not len(element):
            _put(words, kind, plain_text(element))


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
        if len(cells) == 2 and row.find(".//tr") is None and (label := plain_text(cells[0]).rstrip(":：")):
            _put(words, label, plain_text(cells[1]))
            row.clear(keep_tail=True)
    for element in list(page.iter("style", "script", "br", "p", "div", "tr", "td", "li")):
        if element.tag in ("style", "script"):
            element.clear(keep_tail=True)
        element.tail = f" {element.tail or ''}"
    rest = plain_text(page)
    if rest not in words.values():
        _put(words, "说明", rest)
