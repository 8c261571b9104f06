"""A raster opened for reading by windows, once nothing of it has to be assumed: its grid, band, CRS and nodata."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
import shapely
from pyproj.exceptions import CRSError
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from pipeline.config import Origin
from pipeline.errors import InputError
from pipeline.geometry import Shapes
from pipeline.intake.formats.shapes import crs_name, is_local
from pipeline.intake.rasters.cells import Window
from pipeline.raster_env import gdal_set
from pipeline.text import say

FORMATS = {  # ending → GDAL's driver, which alone is asked, and the format as users call it
    ".tif": ("GTiff", "GeoTIFF"),
    ".tiff": ("GTiff", "GeoTIFF"),
    ".vrt": ("VRT", "VRT"),
    ".jp2": ("JP2OpenJPEG", "JPEG 2000"),
    ".img": ("HFA", "Erdas Imagine"),
}


@dataclass(frozen=True)
class Raster:
    """One band of an open raster file. Cell (row, col) has its corner at x = left + col·dx, y = top + row·dy, in its CRS.

    `crs` is what the file itself says, None where it says nothing; `nodata` is None where no value means "not known".
    """

    path: Path
    language: str
    format: str
    file: Any
    band: int
    crs: str | None
    left: float
    top: float
    dx: float
    dy: float
    nodata: float | None

    @property
    def height(self) -> int:
        return int(self.file.height)

    @property
    def width(self) -> int:
        return int(self.file.width)

    @property
    def block(self) -> tuple[int, int]:
        """Rows and columns of one block of the file."""
        rows, cols = self.file.block_shapes[self.band - 1]
        return int(rows), int(cols)

    @property
    def n_bytes(self) -> int:
        """Bytes of the whole band, unpacked."""
        return self.height * self.width * int(np.dtype(self.file.dtypes[self.band - 1]).itemsize)

    def to_map(self, outlines: Shapes) -> Shapes:
        """Shapes in cells (x = column, y = row) in the raster's CRS."""
        scale, start = np.array([self.dx, self.dy]), np.array([self.left, self.top])
        return np.asarray(shapely.transform(outlines, lambda xy: xy * scale + start), dtype=object)


@contextmanager
def open_raster(path: Path, origin: Origin, language: str) -> Iterator[Raster]:
    """The band that `origin` means. Raises InputError for a file that cannot be read, of several bands none of which is
    meant, without a place on earth or turned on it, and where neither the file nor `origin` says in which CRS it is.
    """
    try:
        with gdal_set(), rasterio.open(path, driver=FORMATS[path.suffix.lower()][0]) as file:
            yield _checked(path, file, origin, language)
    except (RasterioError, OSError) as error:
        raise InputError(
            say(language, "rasters.unreadable", path=path, error=_first_line(error.__cause__ or error))
        ) from error


def read_cells(raster: Raster, window: Window) -> tuple[Any, Any]:
    """(values, is_known) of a window. Raises InputError where a value is no whole number."""
    box = RasterWindow(window.col, window.row, window.width, window.height)
    values = raster.file.read(raster.band, window=box)
    is_known = np.ones(values.shape, dtype=bool)
    if raster.nodata is not None and not np.isnan(raster.nodata):
        is_known = values != raster.nodata
    flags = raster.file.mask_flag_enums[raster.band - 1]
    if MaskFlags.per_dataset in flags or MaskFlags.alpha in flags:
        is_known &= raster.file.read_masks(raster.band, window=box) > 0
    if values.dtype.kind == "f":
        is_known &= np.isfinite(values)
        broken = values[is_known & (np.where(is_known, values, 0) % 1 != 0)]
        if len(broken):
            raise InputError(say(raster.language, "rasters.not_whole", path=raster.path, value=float(broken[0])))
    return values, is_known


def nodata_doubts(raster: Raster, values: Sequence[int]) -> list[str]:
    """A chosen value that means "no data" in the file, in words."""
    is_chosen = raster.nodata is not None and raster.nodata in values
    return [say(raster.language, "rasters.note_is_nodata", value=f"{raster.nodata:g}")] if is_chosen else []


def _checked(path: Path, file: Any, origin: Origin, language: str) -> Raster:
    if origin.band is None and file.count != 1:
        raise InputError(say(language, "rasters.which_band", path=path, n=file.count, file=origin.file))
    band = origin.band or 1
    if band > file.count:
        raise InputError(say(language, "rasters.no_band", path=path, n=file.count, band=band, file=origin.file))
    if np.dtype(file.dtypes[band - 1]).kind not in "iuf":
        raise InputError(say(language, "rasters.no_numbers", path=path, found=file.dtypes[band - 1]))
    grid = file.transform
    if grid.is_identity:
        raise InputError(say(language, "rasters.no_grid", path=path))
    if grid.b or grid.d:
        raise InputError(say(language, "rasters.rotated", path=path))
    crs = _crs(file)
    if crs is None and origin.crs is None:
        raise InputError(say(language, "rasters.no_crs", path=path, file=origin.file))
    nodata = file.nodatavals[band - 1]
    format_ = FORMATS[path.suffix.lower()][1]
    return Raster(path, language, format_, file, band, crs, grid.c, grid.f, grid.a, grid.e, nodata)


def _crs(file: Any) -> str | None:
    """A CRS without a place on earth is none."""
    try:
        name = crs_name(pyproj.CRS.from_wkt(file.crs.to_wkt())) if file.crs else None
    except CRSError:
        return None
    return None if name is None or is_local(name) else name


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
