"""leadscreen: screens land-change leads against protected ground. `screen` is the job for notebooks and programs."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

for _foreign in ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH"):
    os.environ.pop(_foreign, None)  # set by QGIS or PostGIS on office PCs; they break the libraries' own data


def screen(place: str | Path, cycle: str, language: str | None = None) -> "dict[str, pd.DataFrame]":
    """Every table of one cycle of a place folder, by name (docs/tables.md), without writing anything."""
    from pipeline.cycle import open_cycle
    from pipeline.jobs import make_tables

    return make_tables(open_cycle(Path(place), cycle, language)).tables
