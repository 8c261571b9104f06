"""Small places for tests: a square district with one wetland, written as files, so that sums can be done in the head."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline import jobs, screen
from pipeline.cycle import Cycle
from pipeline.jobs import make_tables

HOME = Path(__file__).parents[1]
CRS = "EPSG:4549"  # metres: a 100 m square is 10,000 m² within 0.01 %
X, Y = 537_000.0, 4_603_000.0

PLACE = """
name = "试区"
county = "试区"
code = "999901"
language = "zh"
is_invented = true
geographic_crs = "EPSG:4490"
centre = [120.45, 41.57]
screens_for = ["wetland"]
ledger = "ledger.sqlite"
problem_number = "T{code}-{year}-{number:04d}"
[cycles]
"2023" = 2023-12-31
"2024" = 2024-12-31
[departments]
A1 = "矿管科"
"" = "值班室"
"""
ORIGIN = """
provider = "invented"
licence = "CC0 1.0"
secrecy = "public"
crs = "EPSG:4549"
position_accuracy_m = 2
"""


def box(x: float, y: float, width: float, height: float) -> dict:
    """A GeoJSON rectangle with its lower left corner at (x, y) metres from the test origin."""
    left, bottom, right, top = X + x, Y + y, X + x + width, Y + y + height
    return {
        "type": "Polygon",
        "coordinates": [[[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]],
    }


def write_geojson(path: Path, rows: list[tuple[dict | None, dict]]) -> None:
    features = [{"type": "Feature", "geometry": shape, "properties": words} for shape, words in rows]
    crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{CRS[5:]}"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), encoding="utf-8")


def write_source(folder: Path, name: str, rows: list[tuple[dict | None, dict]], **keys: str) -> None:
    """A GeoJSON source with columns no, activity and change; `keys` overrides TOML lines such as kind or received."""
    write_geojson(folder / f"{name}.geojson", rows)
    lines = {
        "title": f'"{name}"', "path": f'"{name}.geojson"', "kind": '"change"', "source_code": '"YG"',
        "received": "2023-06-01", "shows": '"new_ground"', **keys,
    }  # fmt: skip
    period = '[values]\nperiod = "2021-2022"\n' if lines["kind"] == '"change"' else ""
    head = "\n".join(f"{key} = {value}" for key, value in lines.items())
    columns = '[columns]\norig_no = "no"\nactivity = "activity"\nchange_type = "change"\n'
    if lines["kind"] == '"known"':
        columns += 'state = "state"\nclosed_date = "closed"\n'
    (folder / "sources" / f"{name}.toml").write_text(f"{head}\n{ORIGIN}\n{columns}\n{period}", encoding="utf-8")


def write_layer(folder: Path, name: str, shapes: list[dict], **keys: str) -> None:
    write_geojson(folder / f"{name}.geojson", [(shape, {"key": f"{name}-{k}"}) for k, shape in enumerate(shapes)])
    lines = {
        "title": f'"{name}"', "path": f'"{name}.geojson"', "class": '"wetland"', "covers": '"place"',
        "received": "2023-01-01", **keys,
    }  # fmt: skip
    head = "\n".join(f"{key} = {value}" for key, value in lines.items() if value)
    columns = '[columns]\nfeature_key = "key"\nname = "key"\n'
    (folder / "layers" / f"{name}.toml").write_text(f"{head}\n{ORIGIN}\n{columns}", encoding="utf-8")


def lead(number: str, shape: dict | None, activity: str = "采石场", change: str = "新增", **words: str) -> tuple:
    return shape, {"no": number, "activity": activity, "change": change, **words}


def accept(
    folder: Path, name: str, only: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, pd.DataFrame]]:
    """`jobs.accept` but for the run that it makes and publishes with the new numbers.

    Gives what got numbers, what was left behind, and the tables of the list that was accepted.
    """
    made: list[Cycle] = []

    def make_once(opened: Cycle, *how: Any) -> Cycle:
        made.append(make_tables(opened, *how) if not made else opened)
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "make_tables", make_once)
        patch.setattr(jobs, "publish_run", lambda *_, **__: None)
        given, left, _ = jobs.accept(folder, name, folder.parent / "out", only=only)
    return given, left, made[0].tables


def demo_place(folder: Path) -> Path:
    """The demo district copied into `folder` as it comes: nothing decided, nothing accepted."""
    shutil.copytree(HOME / "data" / "shuangta_demo", folder / "data" / "shuangta_demo")
    place = folder / "configs" / "shuangta"
    shutil.copytree(HOME / "configs" / "shuangta", place, ignore=shutil.ignore_patterns("decisions.csv", "ledger*"))
    return place


@pytest.fixture(scope="session")
def demo_tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Tables of cycle 2023-09 of the demo district, to be read only."""
    return screen(demo_place(tmp_path_factory.mktemp("demo")), "2023-09")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A place folder 试区: a wetland of 1000 × 1000 m at (0, 0), and three leads in, half on and off it."""
    folder = tmp_path / "试 区"
    for name in ("sources", "layers", "delivery"):
        (folder / name).mkdir(parents=True)
    (folder / "place.toml").write_text(PLACE, encoding="utf-8")
    shutil.copy(HOME / "configs" / "shuangta" / "rules.toml", folder / "rules.toml")
    for name in ("province.toml", "list.toml"):
        shutil.copy(HOME / "configs" / "shuangta" / "delivery" / name, folder / "delivery" / name)
    write_layer(folder, "marsh", [box(0, 0, 1000, 1000)])
    rows = [
        lead("in", box(100, 100, 100, 100)),
        lead("half", box(-50, 500, 100, 100)),
        lead("off", box(-500, 0, 100, 100)),
    ]
    write_source(folder, "leads", rows)
    return folder
