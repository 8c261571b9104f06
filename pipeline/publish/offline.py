"""A folium map as one file that needs no network: everything inlined, nothing else allowed to run."""

import base64
import hashlib
import html
import json
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import folium
import xstatic.pkg.leaflet
from branca.element import Element, MacroElement
from jinja2 import Template

MAP_ID = "field"
TITLE, BODY, DATA = "<title></title>", "<!--body-->", '<script id="field-data" type="application/json"></script>'
DROPPED = ("jquery", "bootstrap", "fontawesome", "awesome", "glyphicons")  # folium's own, not used here
_TAG = re.compile(r'<script src="([^"]+)"></script>|<link rel="stylesheet" href="([^"]+)"\s*/?>')


def asset(name: str) -> str:
    """The text of one of our own files in assets/."""
    return (resources.files("pipeline.assets") / name).read_text(encoding="utf-8")


@cache
def _leaflet(name: str) -> str:
    """Leaflet as the package brings it, without the source map line and with its images left out."""
    text = (Path(xstatic.pkg.leaflet.BASE_DIR) / name).read_text(encoding="utf-8")
    text = re.sub(r"\n?//# sourceMappingURL=\S+", "", text)
    return re.sub(r"url\([^)]*\)", "none", text) if name.endswith(".css") else text


def map_page(title: str, language: str, body: str, data: dict[str, Any]) -> str:
    """One complete page: `body` (safe HTML) around a folium map that assets/field.js fills from `data`."""
    front = folium.Map(location=data["centre"], zoom_start=11, tiles=None, attributionControl=False, prefer_canvas=True)
    front._id = MAP_ID  # folium draws random ids; equal runs must give equal bytes
    figure: Any = front.get_root()
    figure._id = "page"
    data = {**data, "map": front.get_name(), "mapDiv": front.get_name()}
    figure.html.add_child(Element(BODY), name="body")
    figure.html.add_child(Element(DATA), name="data")
    _own_script().add_to(front)
    figure.header.add_child(Element(TITLE), name="title")
    figure.header.add_child(Element(f"<style>{asset('field.css')}</style>"), name="style")
    page = figure.render().replace("<html>", f'<html lang="{language}">', 1)
    # text goes in behind the template engine, which would run the {{…}} of a name; the data last, as they are large
    page = page.replace(TITLE, f"<title>{html.escape(title)}</title>", 1).replace(BODY, body, 1)
    return lock(inline(page)).replace(DATA, DATA.replace("></", f">{safe_json(data)}</"), 1)


def _own_script() -> Any:
    """assets/field.js as a folium element, so that it runs after the map is made."""
    script: Any = MacroElement()  # type: ignore[no-untyped-call]
    script._id = "own"
    script._template = Template(
        "{% macro script(this, kwargs) %}{% raw %}" + asset("field.js") + "{% endraw %}{% endmacro %}"
    )
    return script


def safe_json(data: Any) -> str:
    """JSON that cannot end its script element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def inline(page: str) -> str:
    """Put every script and style sheet into the page; an address that is not known raises ValueError."""

    def replace(match: re.Match[str]) -> str:
        address = match.group(1) or match.group(2)
        if address.endswith(("leaflet.js", "leaflet.css")):
            name = address.rsplit("/", 1)[1]
            return f"<script>{_leaflet(name)}</script>" if name.endswith(".js") else f"<style>{_leaflet(name)}</style>"
        if any(word in address for word in DROPPED):
            return ""
        raise ValueError(f"the map page asks for {address}, which is not bundled")

    page = _TAG.sub(replace, page)
    left = re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)\s*=", page)
    if left:
        raise ValueError(f"the map page still refers outside: {left.group(0)}")
    return page


def lock(page: str) -> str:
    """Add a content security policy that lets exactly this page's own scripts and styles run."""
    scripts = re.findall(r"<script(?! id=\"field-data\")[^>]*>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL)
    policy = (
        f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; img-src data:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    return page.replace("<head>", f'<head>\n<meta http-equiv="Content-Security-Policy" content="{policy}">', 1)


def _hashes(texts: list[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(dict.fromkeys(f"'sha256-{digest}'" for digest in digests)) or "'none'"


def static_page(title: str, language: str, body: str) -> str:
    """A page without script: `body` is safe HTML."""
    return lock(
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{asset('page.css')}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
