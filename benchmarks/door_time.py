"""How long the door takes per format, beside geopandas reading the same file: whole processes, alternating, medians.

    python benchmarks/door_time.py [records]

The door decodes, repairs rings, keeps every word as text and says what it did; geopandas only reads. The ratio is what
that costs.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

ROUNDS = 3
OURS = """
import sys
from pathlib import Path
from pipeline.config import Limits
from pipeline.intake.files import read_path
from pipeline.intake.reading import HowToRead
print(sum(len(r.records) for r in read_path(Path(sys.argv[1]), HowToRead("en"), Limits())))
"""
THEIRS = """
import sys
import geopandas as gpd
print(len(gpd.read_parquet(sys.argv[1]) if sys.argv[1].endswith("parquet") else gpd.read_file(sys.argv[1])))
"""
NOTHING = {"ours": "import pipeline.intake.files", "theirs": "import geopandas"}


def make_files(folder: Path, n: int) -> list[Path]:
    """The same n polygons of 24 corners with six columns in each format."""
    dice = np.random.default_rng(1)
    centres = dice.uniform((120.4, 41.4), (120.7, 41.8), (n, 2))
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rings = centres[:, None, :] + 0.0005 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    frame = gpd.GeoDataFrame(
        {"BH": [f"T{k:06d}" for k in range(n)], "HDLX": "采石场", "BHLX": "新增", "QSX": "2020.06", "HSX": "2021.05",
         "MJ": dice.uniform(100, 9000, n).round(2)},
        geometry=shapely.polygons(rings), crs="EPSG:4490",
    )  # fmt: skip
    paths = [folder / name for name in ("a.shp", "a.gpkg", "a.geojson", "a.fgb", "a.parquet")]
    for path in paths:
        if path.suffix == ".parquet":
            frame.to_parquet(path)
        else:
            frame.to_file(path, **({"encoding": "GB18030"} if path.suffix == ".shp" else {}))
    return paths


def seconds(code: str, *arguments: str) -> float:
    """One whole process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def main(n: int = 100_000) -> None:
    """Print a line per format."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"{n} polygons; seconds of whole processes, median of {ROUNDS} alternating runs")
        print(f"importing alone: door {seconds(NOTHING['ours']):.1f}, geopandas {seconds(NOTHING['theirs']):.1f}")
        for path in make_files(Path(folder), n):
            pairs = [(seconds(OURS, str(path)), seconds(THEIRS, str(path))) for _ in range(ROUNDS)]
            ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(a / b for a, b in pairs)
            print(f"{path.suffix:9} door {ours:5.1f}  geopandas {theirs:5.1f}  ratio {ratio:4.1f}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
