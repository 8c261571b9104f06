"""draft --place NAME: a new place folder that loads once its "?" lines are filled."""

import re
import shutil
import tempfile
from collections.abc import Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import pyproj
import shapely

from pipeline.config import Limits
from pipeline.draft.files import relative_path
from pipeline.draft.toml import Line, Open, write_toml
from pipeline.errors import InputError
from pipeline.intake.coordinates.declared import read_declared, without_parameters
from pipeline.intake.files import read_path
from pipeline.intake.reading import HowToRead, Reading
from pipeline.text import say

COUNTY_CODE = re.compile(r"[1-6]\d{3}(?!00)\d{2}", re.A)  # six digits; those of a city or province end in 00
COUNTY_NAME = re.compile(r"[^\W\d_]{1,12}(?:区|县|旗|县级市)")
SCREENS_FOR = ["wetland", "forest", "grassland", "protected_area"]
SPARE_KEYS = (  # table, key, example
    ("", "province", '"…"'),
    ("", "city", '"…"'),
    ("", "gazetteer", '"../../data/gazetteer.csv"'),
    ("", "holidays", "[2024-10-01, 2024-10-02]"),
)
SPARE_TABLES = (
    ("townships", "path", '"../../data/townships.gpkg"'),
    ("townships", "crs", '"EPSG:4490"'),
    ("townships", "name", '"XZQMC"'),
    ("townships", "code", '"XZQDM"'),
    ("townships", "through_time", '"../../data/towns_through_time.csv"'),
    *(("limits", name, str(field.default)) for name, field in Limits.model_fields.items()),
    ("aliases.activity", "砖厂", '"A21"'),
    ("aliases.change_type", "新挖", '"C1"'),
    ("aliases.state", "已办结", '"B10"'),
    ("aliases.source_code", "市里转来", '"TC"'),
)
DEGREES = 4  # decimals of a place's bounds, about 10 m
TEMPLATES = (
    ("rules.toml", "rules.toml"),
    ("province.toml", "delivery/province.toml"),
    ("list.toml", "delivery/list.toml"),
)


def place_files(folder: Path, boundary: Path | None, language: str) -> dict[str, str]:
    """Relative path → text of every file of a new place.

    Raises InputError where `folder` exists or the boundary cannot be read.
    """
    folder = folder.resolve()
    if folder.exists():
        raise InputError(say(language, "draft.place_exists", folder=folder))
    texts = {"place.toml": _place_text(folder, boundary, language)}
    for name, target in TEMPLATES:
        texts[target] = _template(language, name).read_text(encoding="utf-8")
    return texts


def write_place(folder: Path, texts: dict[str, str]) -> None:
    """Make the folder with its files, whole or not at all; sources/ and layers/ are empty."""
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as made:
        draft = Path(made) / "place"
        for name in ("sources", "layers", "delivery"):
            (draft / name).mkdir(parents=True)
        for name, text in texts.items():
            (draft / name).write_text(text, encoding="utf-8", newline="\n")
        shutil.move(draft, folder)


def _template(language: str, name: str) -> Traversable:
    return resources.files("pipeline.templates") / language / name


def _place_text(folder: Path, boundary: Path | None, language: str) -> str:
    reading = None if boundary is None else _read_boundary(boundary, language)
    lines = [
        Line("name", folder.name, say(language, "draft.place_name")),
        _found(reading, "county", COUNTY_NAME, language),
        _found(reading, "code", COUNTY_CODE, language),
        Line("language", language),
        Line("geographic_crs", _geographic(reading, language), say(language, "draft.place_crs")),
    ]
    if boundary is None or reading is None:
        lines.append(Line("centre", Open("[?, ?]"), say(language, "draft.place_centre")))
    lines += [
        Line("screens_for", SCREENS_FOR, say(language, "draft.place_screens")),
        Line("ledger", "ledger.sqlite", say(language, "draft.place_ledger")),
        Line("problem_number", "{code}-{year}-{number:04d}", say(language, "draft.place_number")),
        Line("cycles", Open("{ ? }"), say(language, "draft.place_cycles")),
        Line("departments", Open("{ ? }"), say(language, "draft.place_departments")),
        *_spare(SPARE_KEYS, language),
    ]
    if boundary is not None and reading is not None:
        lines += _boundary_lines(boundary, reading, folder, language)
    return write_toml([say(language, "draft.place_header")], lines, _spare(SPARE_TABLES, language))


def _spare(keys: Sequence[tuple[str, str, str]], language: str) -> list[Line]:
    """What a place may do without, each as a comment with an example and its sentence."""
    return [
        Line(key, Open(sign), say(language, f"draft.place_{_sentence(table, key)}"), table) for table, key, sign in keys
    ]


def _sentence(table: str, key: str) -> str:
    """An alias is told by its table, for its key is a word of the place."""
    return table.replace(".", "_") if table.startswith("aliases") else f"{table}_{key}".strip("_")


def _read_boundary(path: Path, language: str) -> Reading:
    readings = [one for one in read_path(path, HowToRead(language), Limits()) if one.format]
    reading = max(readings, key=lambda one: len(one.records))
    if not any(record.shape is not None and record.shape.area > 0 for record in reading.records):
        raise InputError(say(language, "draft.no_shapes", path=path))
    return reading


def _found(reading: Reading | None, key: str, pattern: re.Pattern[str], language: str) -> Line:
    """The one value of its form in the boundary file, else open."""
    pairs = [] if reading is None else [(c, w) for record in reading.records for c, w in record.words.items()]
    found = {word: column for column, word in pairs if pattern.fullmatch(word)}
    if len(found) == 1:
        word, column = found.popitem()
        return Line(key, word, say(language, "draft.place_column", column=column))
    return Line(key, Open(), say(language, f"draft.place_{key}"))


def _geographic(reading: Reading | None, language: str) -> str:
    """The national system in Chinese; elsewhere that of the boundary file, else WGS 84."""
    if language == "zh":
        return "EPSG:4490"
    crs = None if reading is None or reading.crs is None else pyproj.CRS.from_user_input(reading.crs).geodetic_crs
    code = None if crs is None else crs.to_epsg()
    return f"EPSG:{code or 4326}"


def _boundary_lines(path: Path, reading: Reading, folder: Path, language: str) -> list[Line]:
    shapes = [record.shape for record in reading.records if record.shape is not None]
    bounds = ", ".join(f"{value:.{DEGREES}f}" for value in shapely.total_bounds(shapes))
    stated, why = without_parameters(reading.crs), say(language, "draft.place_bounds", bounds=bounds, n=len(shapes))
    if stated is not None and isinstance(refusal := read_declared(stated, None, language), str):
        stated, why = None, refusal
    crs = Line("crs", stated or Open(), why, "boundary")
    lines = [Line("path", relative_path(path.resolve(), folder), table="boundary"), crs]
    if len(shapes) > 1:
        columns = ", ".join(reading.columns)
        lines.append(Line("where", Open("{ ? }"), say(language, "draft.place_where", columns=columns), "boundary"))
    return lines
