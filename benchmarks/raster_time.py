"""How long a change raster takes to become areas, and how much memory: python benchmarks/raster_time.py [side in cells]

Makes a raster of blobs and specks of three values by windows, in a temporary folder, and reads it in a process of its own.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window

TILE = 1000  # cells; one tile is drawn once and laid out turned and mirrored
BLOBS, SPECKS = 60, 1500  # in a tile of 100 km² at 10 m: of each three values, and single cells
READ = """
import json, sys, time
from datetime import date
from pathlib import Path
from pipeline.config import Limits, Source
from pipeline.intake.files import read_origin
path = Path(sys.argv[1])
source = Source(
    id="change", file=path, path=path, title="t", provider="p", licence="l", secrecy="public", received=date(2023, 1, 1),
    position_accuracy_m=10, kind="change_raster", source_code="YG", shows="new_ground",
    cells={21: {"period": "2020-2021"}, 22: {"period": "2021-2022"}, 23: {"period": "2022-2023"}},
)
started = time.perf_counter()
[reading] = read_origin(source, Limits(), "en")
seconds = time.perf_counter() - started
try:
    import resource
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
except ImportError:  # Windows
    import psutil
    peak_mb = psutil.Process().memory_info().peak_wset / 2**20
print(json.dumps([seconds, peak_mb, len(reading.records), list(reading.notes)]))
"""


def make_tile() -> np.ndarray:
    """Discs that grow into each other and over the tile's edge, and specks."""
    dice = np.random.default_rng(1)
    tile = np.zeros((TILE, TILE), np.uint8)
    rows, cols = np.ogrid[:TILE, :TILE]
    for value in (21, 22, 23):
        for row, col, radius in zip(*dice.uniform(0, TILE, (2, BLOBS)), dice.uniform(2, 15, BLOBS), strict=True):
            tile[(rows - row) ** 2 + (cols - col) ** 2 <= radius**2] = value
        tile[tuple(dice.integers(0, TILE, (2, SPECKS)))] = value
    return tile


def write_raster(path: Path, side: int) -> None:
    """`side` × `side` cells of 10 m, uint8, in blocks of 512."""
    tile = make_tile()
    turned = [np.rot90(one, k) for one in (tile, tile.T) for k in range(4)]
    with rasterio.open(
        path, "w", driver="GTiff", width=side, height=side, count=1, dtype="uint8", crs="EPSG:4549", compress="deflate",
        tiled=True, blockxsize=512, blockysize=512, transform=rasterio.Affine(10, 0, 400_000, 0, -10, 4_700_000),
    ) as file:  # fmt: skip
        for k, (row, col) in enumerate((r, c) for r in range(0, side, TILE) for c in range(0, side, TILE)):
            rows, cols = min(TILE, side - row), min(TILE, side - col)
            file.write(turned[k % len(turned)][:rows, :cols], 1, window=Window(col, row, cols, rows))


def main(side: int = 20_000) -> None:
    """Print cells, seconds, peak memory and what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "change.tif"
        started = time.perf_counter()
        write_raster(path, side)
        made_s, size_mb = time.perf_counter() - started, path.stat().st_size / 1e6
        print(
            f"{side} × {side} cells, {size_mb:.0f} MB on disk ({side**2 / 1e6:.0f} MB unpacked), made in {made_s:.0f} s"
        )
        done = subprocess.run([sys.executable, "-c", READ, str(path)], check=True, capture_output=True, text=True)
        seconds, peak_mb, n_areas, notes = json.loads(done.stdout)
        print(
            f"{n_areas} areas in {seconds:.1f} s ({side**2 / seconds / 1e6:.1f} M cells/s), peak memory {peak_mb:.0f} MB"
        )
        print("\n".join(notes))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
