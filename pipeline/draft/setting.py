"""What a draft must know of the place it is written for, also while other files of the place are still drafts."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyproj
import shapely

from pipeline.config import Boundary, Limits
from pipeline.errors import ConfigError, InputError
from pipeline.geometry import union_all
from pipeline.intake.coordinates.around import Around, make_around
from pipeline.intake.overlays import read_areas
from pipeline.text import say

MARGIN_M = 2_000  # R17, where rules.toml does not say
NEAR_M = 100_000  # a county is smaller: what a place without a boundary is tested against, around its centre


class Setting(NamedTuple):
    """The place folder, its language and limits, and where it lies: None where place.toml does not say it yet.

    `where` calls what `around` is in words: the place, or a circle about its centre.
    """

    folder: Path
    language: str
    limits: Limits
    around: Around | None
    where: str


def read_setting(folder: Path, language: str | None) -> Setting:
    """The setting of a place folder. Raises ConfigError where it has no readable place.toml."""
    file = folder / "place.toml"
    if not file.is_file():
        raise ConfigError(say(language or "zh", "config.no_place", folder=folder))
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {say(language or 'zh', 'config.not_toml', error=error)}") from error
    own = language or ("en" if raw.get("language") == "en" else "zh")
    try:
        limits = Limits.model_validate(raw.get("limits", {}))
    except ValueError:
        limits = Limits()
    key = "draft.in_place" if "boundary" in raw else "draft.near_centre"
    return Setting(folder.resolve(), own, limits, _around(folder, raw, limits, own), say(own, key, km=NEAR_M // 1000))


def _around(folder: Path, raw: dict[str, Any], limits: Limits, language: str) -> Around | None:
    """Where the place lies by its boundary, else around its centre; what cannot be read leaves it open."""
    try:
        geographic = pyproj.CRS.from_user_input(raw["geographic_crs"])
        if "boundary" not in raw:
            centre = shapely.Point(raw["centre"])
            return make_around(centre, geographic, NEAR_M) if np.isfinite(centre.coords).all() else None
        area = Boundary.model_validate({**raw["boundary"], "path": folder / raw["boundary"]["path"]})
        _, shapes = read_areas(area.path, area.crs, None, area.where, limits, geographic, language)
        whole = union_all([shape for shape in shapes if shape is not None])
        return None if whole.is_empty else make_around(whole, geographic, _margin_m(folder))
    except (KeyError, TypeError, ValueError, InputError, pyproj.exceptions.CRSError, shapely.errors.ShapelyError):
        return None


def _margin_m(folder: Path) -> float:
    try:
        return float(tomllib.loads((folder / "rules.toml").read_text(encoding="utf-8"))["locate"]["margin_m"])
    except (OSError, KeyError, TypeError, ValueError):
        return MARGIN_M
