"""A place folder read and checked: one Place, or one ConfigError that names every fault of every file."""

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from pipeline.config import SHIFTED_DATUMS, Delivery, Layer, Place, Source
from pipeline.errors import ConfigError
from pipeline.rules import Frozen, Rules
from pipeline.text import say

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
            text = file.read_text(encoding="utf-8-sig")  # Windows' editor writes a byte order mark
            return tomllib.loads(text)
        except FileNotFoundError:
            self.add(file, "–", "config.file_missing")
        except UnicodeDecodeError:
            self.add(file, "–", "config.not_utf8")
        except tomllib.TOMLDecodeError as error:
            is_path = "\\" in text and ("escape" in str(error).lower() or "\\" in str(error))
            self.add(file, "–", "config.backslash" if is_path else "config.not_toml", error=error)
        return {}

    def build(self, model: type[Model], file: Path, values: dict[str, Any]) -> Model | None:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            self._add_all(model, file, [dict(fault) for fault in error.errors()])
            return None

    def _add_all(self, model: type[Frozen], file: Path, found: list[dict[str, Any]]) -> None:
        """Every fault of one file; keys that are missing stand together in one line."""
        missing = [_key(fault) for fault in found if fault["type"] == "missing"]
        if missing:
            self.add(file, ", ".join(missing), "config.missing_key")
        for fault in found:
            if fault["type"] != "missing":
                self._add_pydantic(model, file, fault)

    def _add_pydantic(self, model: type[Frozen], file: Path, fault: dict[str, Any]) -> None:
        key, context = _key(fault), fault.get("ctx", {})
        if fault["type"] == "extra_forbidden":
            known = [field.alias or name for name, field in model.model_fields.items()]
            near = difflib.get_close_matches(str(fault["loc"][-1]), known, 1)
            self.add(file, key, "config.unknown_key", known=", ".join(near or known))
        elif fault["type"].startswith("own_"):
            self.add(file, key, f"config.{context['key']}", **{k: v for k, v in context.items() if k != "key"})
        elif fault["type"] == "literal_error":
            wanted = context["expected"].replace(" or ", ", ").replace("'", '"')
            self.add(file, key, "config.one_of", found=fault["input"], wanted=wanted)
        else:
            self.add(file, key, "config.bad_value", found=fault["input"], wanted=fault["msg"])


def _key(fault: dict[str, Any]) -> str:
    return ".".join(str(part) for part in fault["loc"]) or "–"


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
    _resolve_file(faults, folder, raw, "gazetteer")
    _resolve_images(folder, raw.get("imagery"))
    if isinstance(raw.get("townships"), dict):
        _resolve_file(faults, folder, raw["townships"], "through_time", "townships.")
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


def _resolve_file(faults: _Faults, folder: Path, raw: dict[str, Any], key: str, prefix: str = "") -> None:
    if isinstance(raw.get(key), str):
        raw[key] = folder / raw[key]
        if not raw[key].exists():
            faults.add(folder / "place.toml", prefix + key, "config.input_missing", path=raw[key])


def _resolve_images(folder: Path, imagery: Any) -> None:
    """Bring `"date" = "file"`, a table, or a list of either to a list of tables with absolute paths.

    A missing image is no fault: the run says so and goes on (publish/imagery.py).
    """
    for day, given in imagery.items() if isinstance(imagery, dict) else ():
        tiles = given if isinstance(given, list) else [given]
        tables: list[Any] = [{"path": tile} if isinstance(tile, str) else tile for tile in tiles]
        for table in tables:
            if isinstance(table, dict) and isinstance(table.get("path"), str):
                table["path"] = folder / table["path"]
        imagery[day] = tables


def _check_replaces(faults: _Faults, source: Source, sources: dict[str, Source]) -> None:
    """What a correction replaces must be there, must have come before it, and must not in turn replace it."""
    older, seen = source, {source.id}
    while older.replaces is not None:
        if older.replaces not in sources:
            if older is source:
                faults.add(source.file, "replaces", "config.replaces_unknown", source=source.replaces)
            return
        newer, older = older, sources[older.replaces]
        if older.id in seen:
            faults.add(source.file, "replaces", "config.replaces_circle", source=older.id)
            return
        seen.add(older.id)
        if newer is source and older.received > source.received:
            faults.add(source.file, "received", "config.replaces_later", source=older.id, received=older.received)


def _check_place_alone(faults: _Faults, folder: Path, raw: dict[str, Any]) -> None:
    try:
        Place.model_validate({"folder": folder, **raw, "sources": [], "layers": [], "deliveries": [], "rules": None})
    except ValidationError as error:
        found = [dict(fault) for fault in error.errors() if fault["loc"][:1] != ("rules",)]
        faults._add_all(Place, folder / "place.toml", found)


def _check_together(faults: _Faults, place: Place) -> None:
    """Faults that show only when the files are seen side by side."""
    home = place.folder / "place.toml"
    if place.boundary is None and place.crs is None and place.centre is None:
        faults.add(home, "centre", "config.no_centre")
    for layer in place.layers:
        if layer.covers is None and layer.layer_class in place.screens_for:
            faults.add(layer.file, "covers", "config.no_covers", layer_class=layer.layer_class)
        if layer.crs in SHIFTED_DATUMS:
            faults.add(layer.file, "crs", "config.shifted_layer", datum=layer.crs)
    for source in place.sources:
        _check_replaces(faults, source, {other.id: other for other in place.sources})
