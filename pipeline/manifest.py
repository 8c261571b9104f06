"""run.json: what a run was made from – inputs, config, code and versions, each by hash – so that it can be made again."""

import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import pyogrio
import pyproj
import shapely

from pipeline.cache import code_hash, hash_file
from pipeline.config import Place
from pipeline.geometry import make_id
from pipeline.intake.decisions import DECISIONS_FILE
from pipeline.intake.privacy.scrub import scrub
from pipeline.publish.imagery_files import image_files

LIBRARIES = (
    "leadscreen",
    "geopandas",
    "pandas",
    "numpy",
    "pyarrow",
    "shapely",
    "pyogrio",
    "pyproj",
    "folium",
    "rasterio",
    "xlsxwriter",
)
SIDECARS = (".shx", ".dbf", ".prj", ".cpg")


def make_manifest(place: Place, cycle: str, crs: pyproj.CRS) -> dict[str, Any]:
    """Everything the run depends on; `run_id` is made from it, so equal runs have equal ids."""
    files = sorted([*place.folder.rglob("*.toml"), *place.folder.glob(DECISIONS_FILE)])
    config = {file.relative_to(place.folder).as_posix(): hash_file(file) for file in files}
    manifest = {
        "place": place.key,
        "name": place.name,
        "cycle": cycle,
        "as_of": place.cycles[cycle].isoformat(),
        "language": place.language,
        "is_invented": place.is_invented,
        "working_crs": crs.to_wkt(),
        "inputs": _inputs(place),
        "config": config,
        "rules": place.rules.model_dump(mode="json"),
        "code": code_hash(),
        "versions": _versions(),
    }
    text = json.dumps(manifest, sort_keys=True, ensure_ascii=False)
    return {"run_id": make_id("Q", text), **manifest}


def _inputs(place: Place) -> list[dict[str, str]]:
    """Every file that was read, once, with its sidecars."""
    named = [(origin.id, origin.path) for origin in (*place.sources, *place.layers)]
    named += [(layer.id, Path(layer.covers)) for layer in place.layers if layer.covers not in (None, "place")]
    named += [("boundary", place.boundary.path)] if place.boundary else []
    named += [("townships", place.townships.path)] if place.townships else []
    named += [("gazetteer", place.gazetteer)] if place.gazetteer else []
    through_time = place.townships.through_time if place.townships else None
    named += [("towns_through_time", through_time)] if through_time else []
    named += [(f"image {day}", file) for day, file in image_files(place)]
    files = {(origin, file) for origin, path in named for file in _files(path)}
    files |= {(origin, side) for origin, path in files for ext in SIDECARS if (side := path.with_suffix(ext)).exists()}
    return [
        {"id": origin, "file": scrub(path.name).text, "sha256": hash_file(path)}
        for origin, path in sorted(files, key=lambda item: (item[0], item[1].name, item[1].as_posix()))
    ]


def _files(path: Path) -> list[Path]:
    """The file itself, or every file of a folder; none where it is missing, which its declaration allows."""
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def _versions() -> dict[str, str]:
    found = {name: metadata.version(name) for name in LIBRARIES}
    engines = {
        "python": platform.python_version(),
        "GEOS": shapely.geos_version_string,
        "PROJ": pyproj.proj_version_str,
        "GDAL": pyogrio.__gdal_version_string__,
    }
    return dict(sorted({**found, **engines}.items()))
