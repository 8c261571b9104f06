"""The workload as a place folder, to time whole screenings: invented, and large.

python benchmarks/place.py M folder [--workload folder-of-workload.py]
leadscreen screen --place folder
"""

import argparse
import shutil
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.workload import CRS, LAYERS, PERIODS, SIZES, Size, make_workload

MODEL = Path(__file__).parents[1] / "configs" / "shuangta"
ACTIVITIES = ("采石场", "取土场", "养殖场", "道路", "光伏", "开垦", "居民点", "推土")
CHANGES = ("新增", "扩大", "类型变化")
TOWNS = 4  # along one side of the place
PLACE = """
name = "Benchmark county (invented)"
county = "Benchmark county"
code = "999902"
language = "en"
is_invented = true
geographic_crs = "EPSG:4490"
screens_for = ["wetland", "forest", "grassland", "protected_area"]
ledger = "ledger.sqlite"
problem_number = "B{code}-{year}-{number:06d}"
boundary = { path = "data/boundary.geojson", crs = "EPSG:4490" }
townships = { path = "data/townships.geojson", crs = "EPSG:4490", name = "town", code = "code" }
[cycles]
"2023" = 2023-12-31
[departments]
"" = "Duty office"
"""
ORIGIN = """
provider = "invented (benchmarks/place.py)"
licence = "CC0 1.0"
secrecy = "public"
position_accuracy_m = 5
"""
SOURCE = """
title = "Change leads {period} (invented)"
path = "data/{stem}.parquet"
kind = "change"
source_code = "YG"
shows = "new_ground"
received = {received}
"""
SOURCE_COLUMNS = """
[columns]
orig_no = "orig_no"
activity = "activity"
change_type = "change"

[values]
period = "{period}"
"""
LAYER = """
title = "{name} (invented)"
path = "data/{name}.parquet"
class = "{name}"
covers = "place"
received = 2021-01-01
"""


def write_source(folder: Path, leads: gpd.GeoDataFrame, period: str) -> None:
    """The leads of one period as a change source."""
    dice = np.random.default_rng(PERIODS.index(period))
    stem = f"change_{period[-4:]}"
    frame = gpd.GeoDataFrame(
        {
            "orig_no": leads["lead_id"],
            "activity": dice.choice(ACTIVITIES, len(leads)),
            "change": dice.choice(CHANGES, len(leads)),
        },
        geometry=leads.geometry,
    )
    frame.to_parquet(folder / "data" / f"{stem}.parquet", index=False)
    received = f"{period[-4:]}-06-01"
    text = SOURCE.format(period=period, stem=stem, received=received) + ORIGIN + SOURCE_COLUMNS.format(period=period)
    (folder / "sources" / f"{stem}.toml").write_text(text, encoding="utf-8")


def write_layer(folder: Path, name: str) -> None:
    text = LAYER.format(name=name) + ORIGIN + '\n[columns]\nfeature_key = "feature_key"\n'
    (folder / "layers" / f"{name}.toml").write_text(text, encoding="utf-8")


def write_areas(folder: Path, size: Size) -> None:
    """The square itself as the boundary, and a grid of townships."""
    half_m, town_m = size.width_m / 2, size.width_m / TOWNS
    steps = [(x, y) for x in range(TOWNS) for y in range(TOWNS)]
    corners = np.array(steps) * town_m - half_m
    boxes = {
        "boundary": ([shapely.box(-half_m, -half_m, half_m, half_m)], {}),
        "townships": (
            shapely.box(*corners.T, *(corners + town_m).T),
            {"town": [f"Town {x + 1}-{y + 1}" for x, y in steps], "code": [f"9999021{x}{y}" for x, y in steps]},
        ),
    }
    for name, (shapes, columns) in boxes.items():
        frame = gpd.GeoDataFrame(columns, geometry=shapely.segmentize(shapes, 1_000), crs=CRS)
        frame.to_crs(4490).to_file(folder / "data" / f"{name}.geojson")


def make_place(size: Size, folder: Path, workload: Path | None = None) -> None:
    """A place folder around a new workload, or around one that is made already."""
    for name in ("data", "sources", "layers"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if workload is None:
        workload = folder / "workload"
        make_workload(size, workload)
    for name in LAYERS:
        shutil.copy(workload / f"{name}.parquet", folder / "data" / f"{name}.parquet")
        write_layer(folder, name)
    leads = gpd.read_parquet(workload / "leads.parquet")
    for period in PERIODS:
        write_source(folder, leads[leads["period"] == period], period)
    write_areas(folder, size)
    (folder / "place.toml").write_text(PLACE, encoding="utf-8")
    shutil.copy(MODEL / "rules.toml", folder / "rules.toml")
    shutil.copytree(MODEL / "delivery", folder / "delivery", dirs_exist_ok=True)


def main() -> int:
    """Parse and make."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workload", type=Path, help="a folder that workload.py has made of the same size")
    asked = parser.parse_args()
    make_place(SIZES[asked.size], asked.folder, asked.workload)
    return 0


if __name__ == "__main__":
    sys.exit(main())
