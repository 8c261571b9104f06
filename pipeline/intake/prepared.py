"""Layers as read_layer gives them, kept in the prepared cache: the same files, declaration, place and code are read once."""

import json
from pathlib import Path

import geopandas as gpd
import pyproj
import shapely

from pipeline.cache import About, Cache, checksum, find, keep, made_by, make_key
from pipeline.config import Layer, Limits
from pipeline.intake.coordinates.around import Around
from pipeline.intake.overlays import LayerRead, read_layer
from pipeline.rules import OverlapRules

FEATURES, SENTENCES = "features.parquet", "read.json"
NOT_CONTENT = (".lock", ".gpkg-shm")  # come and go while another program has the file open


def read_prepared(
    layer: Layer,
    rules: OverlapRules,
    limits: Limits,
    crs: pyproj.CRS,
    around: Around | None,
    language: str,
    cache: Cache | None,
) -> LayerRead:
    """What read_layer gives, equal to the bit, from `cache` where it lies there; else read and kept. Raises as read_layer."""
    key = None if cache is None else layer_key(layer, rules, limits, crs, around, language)
    if cache is None or key is None:
        return read_layer(layer, rules, limits, crs, around, language)
    folder = find(cache, key)
    if folder is not None:
        try:
            return _load(folder, crs)
        except OSError:  # trimmed by another run a moment ago
            pass
    read = read_layer(layer, rules, limits, crs, around, language)
    if layer_key(layer, rules, limits, crs, around, language) == key:  # else the file changed while it was read
        about = About("layer", layer.title, layer.path.name, layer.layer_class, len(read.frame))
        keep(cache, key, about, lambda folder: _save(read, folder))
    return read


def layer_key(
    layer: Layer, rules: OverlapRules, limits: Limits, crs: pyproj.CRS, around: Around | None, language: str
) -> str | None:
    """The key of everything read_layer's outcome depends on; None where the files cannot be read."""
    try:
        content = _content(layer.path)
    except OSError:
        return None
    where = [] if around is None else [around.geographic.to_wkt(), shapely.to_wkb(around.area, hex=True)]
    return make_key(
        "layer",
        made_by(),
        *content,
        layer.model_dump_json(exclude={"file", "path"}),
        rules.model_dump_json(),
        limits.model_dump_json(exclude={"prepared_mb"}),
        crs.to_wkt(),
        *where,
        "" if around is None else repr(around.margin_m),
        language,
    )


def _content(path: Path) -> list[str]:
    """Names and hashes of every file that `path` is made of: a folder's, or the file and what lies beside under its name."""
    if path.is_dir():
        home, files = path, [file for file in path.rglob("*") if file.is_file()]
    else:
        home, files = path.parent, [file for file in path.parent.iterdir() if _belongs(file, path)]
    named = sorted((file.relative_to(home).as_posix(), file) for file in files if file.suffix not in NOT_CONTENT)
    return [path.name, *(word for name, file in named for word in (name, checksum(file)))]


def _belongs(file: Path, path: Path) -> bool:
    """Whether `file` is `path` or a sidecar of it; one that is not costs only a new reading when it changes."""
    return file.is_file() and file.name.lower().startswith(f"{path.stem}.".lower())


def _save(read: LayerRead, folder: Path) -> None:
    """The CRS is left out: it is part of the key, and would not come back as the same object."""
    read.frame.set_crs(None, allow_override=True).to_parquet(folder / FEATURES, compression="zstd")
    (folder / SENTENCES).write_text(json.dumps({"unusable": read.unusable, "inputs": read.inputs}), encoding="utf-8")


def _load(folder: Path, crs: pyproj.CRS) -> LayerRead:
    said = json.loads((folder / SENTENCES).read_text(encoding="utf-8"))
    frame = gpd.read_parquet(folder / FEATURES).set_crs(crs, allow_override=True)
    return LayerRead(frame, said["unusable"], said["inputs"])
