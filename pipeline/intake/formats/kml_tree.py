"""The text of a KML file and its elements: decoded whatever it declares, mended where it breaks the rules of XML."""

import re
from typing import Any

from lxml import etree

from pipeline.intake.formats.encoding import choose_text_codec, codec_name
from pipeline.intake.reading import HowToRead

_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.\-]+)")
_TEXT_ELEMENT = re.compile(r"<(name|description|value|SimpleData)\b([^<>]*)>((?>[^<]*(?:<(?!/?\1\b)[^<]*)*))</\1>")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def decode_kml(raw: bytes, how: HowToRead) -> tuple[str, str, str]:
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


def parse_kml(text: str) -> tuple[Any, int | None]:
    """(The root element or None if there is nothing to read, the line of the first fault that had to be mended or None)."""
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


def local_name(element: Any) -> str:
    """An element's name without its namespace; "" for what is no element."""
    tag = element.tag if element is not None else None
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def plain_text(element: Any) -> str:
    """All text of an element and of what it holds, blanks and line breaks as single blanks."""
    return " ".join("".join(element.itertext()).split())
