"""Small rasters written as GeoTIFF, and source and layer files over them."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

from tests.conftest import ORIGIN, X, Y

CELL_M = 10.0


def write_raster(path: Path, cells: Any, crs: str | None = "EPSG:4549", top_m: float = 100.0, **profile: Any) -> Path:
    """Cells of 10 m whose upper left corner lies at (0, `top_m`) metres from the test origin."""
    path.unlink(missing_ok=True)
    cells = np.asarray(cells)
    bands = cells if cells.ndim == 3 else cells[None]
    keys = {"transform": from_origin(X, Y + top_m, CELL_M, CELL_M), "dtype": cells.dtype, **profile}
    with rasterio.open(
        path, "w", driver="GTiff", height=bands.shape[1], width=bands.shape[2], count=len(bands), crs=crs, **keys
    ) as file:
        file.write(bands)
    return path


def write_change(folder: Path, cells: str, **keys: str) -> None:
    """sources/change.toml over change.tif; `cells` are the lines under [cells]."""
    lines = {"title": '"变化栅格"', "path": '"change.tif"', "kind": '"change_raster"', "source_code": '"YG"',
             "received": "2023-06-01", "shows": '"new_ground"', **keys}  # fmt: skip
    head = "\n".join(f"{key} = {value}" for key, value in lines.items())
    (folder / "sources" / "change.toml").write_text(f"{head}\n{ORIGIN}\n{cells}\n", encoding="utf-8")


def write_cover(folder: Path, cells: str = '90 = "草本湿地"', crs: str = "EPSG:4549", **keys: str) -> None:
    """layers/cover.toml over cover.tif, class wetland."""
    lines = {"title": '"土地覆盖"', "path": '"cover.tif"', "class": '"wetland"', "covers": '"place"',
             "received": "2023-01-01", **keys}  # fmt: skip
    head = "\n".join(f"{key} = {value}" for key, value in lines.items())
    origin = ORIGIN.replace("EPSG:4549", crs) if crs else ORIGIN.replace('crs = "EPSG:4549"\n', "")
    (folder / "layers" / "cover.toml").write_text(f"{head}\n{origin}\n[cells]\n{cells}\n", encoding="utf-8")
