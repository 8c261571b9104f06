"""Pixels of an image turned into a small picture: window, resampling, stretch, WebP."""

import base64
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from pipeline.geometry import to_crs
from pipeline.publish.imagery_files import Tile
from pipeline.raster_env import gdal_set

Bounds = tuple[float, float, float, float]  # left, bottom, right, top
Pixels = npt.NDArray[np.float32]  # red, green, blue × row × column; NaN without data
Picture = npt.NDArray[np.uint8]

MOST_PIXELS = 320  # sharp on a phone at half its width
LEAST_PIXELS = 32
OVERSAMPLED = 2  # chip pixels per image pixel: a coarse image's pixels keep their edges when turned north
LEAST_COVER = 0.9  # share of a chip that must have data; less hides what is to be compared
STRETCH = (2, 98)  # per cent; a few clouds and shadows do not decide the contrast
WELL_STRETCHED = 128  # of 255 levels between these: somebody made it for the eye already
GREY = 204  # shown where an image has no data
QUALITIES = (75, 60, 45, 30)  # WebP; the edges of fields stay sharp at 75, and at 30 a place is still known again
MOST_BYTES = 20_000  # a township of 100 problems stays a page of a few megabytes, sent to a phone


def read_chip(
    tiles: Sequence[Tile], bounds: Bounds, crs: pyproj.CRS, open_image: Callable[[Path], Any]
) -> Pixels | None:
    """A north-up square over `bounds` (working CRS `crs`, metres) from the tiles of one day, the first on top.

    None where less than LEAST_COVER of it has data. Only the window is read, by overviews where there are any.
    """
    box = shapely.box(*bounds)
    near = [tile for tile in tiles if tile.outline.intersects(box)]
    if shapely.union_all([tile.outline for tile in near]).intersection(box).area < LEAST_COVER * box.area:
        return None
    side_m = bounds[2] - bounds[0]
    wanted = math.ceil(OVERSAMPLED * side_m / min(tile.pixel_m for tile in near))
    side = min(max(wanted, LEAST_PIXELS), MOST_PIXELS)
    chip: Pixels = np.full((3, side, side), np.nan, dtype=np.float32)
    for tile in near:
        empty = np.isnan(chip[0])
        if empty.any():
            chip[:, empty] = _read_tile(tile, bounds, crs, side, open_image)[:, empty]
    return chip if 1 - np.isnan(chip[0]).mean() >= LEAST_COVER else None


def stretch_alike(chips: Sequence[Pixels], dtypes: Sequence[str]) -> list[Picture]:
    """Chips as pictures, each band between its low and high percentile; equal types share them, so that they compare.

    Bytes that already use half of their range stay as they are. Without data is grey.
    """
    pictures = []
    for chip, dtype in zip(chips, dtypes, strict=True):
        alike = [other.reshape(3, -1) for other, own in zip(chips, dtypes, strict=True) if own == dtype]
        low, high = np.nanpercentile(np.concatenate(alike, axis=1), STRETCH, axis=1)
        if dtype == "uint8" and (high - low).max() >= WELL_STRETCHED:
            low, high = np.zeros(3), np.full(3, 255.0)
        span = np.where(high > low, high - low, 1.0)
        shown = np.clip((chip - low[:, None, None]) / span[:, None, None], 0, 1) * 255
        pictures.append(np.where(np.isnan(chip), GREY, np.round(shown)).astype(np.uint8))
    return pictures


def data_uri(picture: Picture) -> str:
    """The picture as WebP in a data: address, coarser where it would be too large; equal pictures give equal bytes."""
    for quality in QUALITIES:
        content = _webp(picture, quality)
        if len(content) <= MOST_BYTES:
            break
    return f"data:image/webp;base64,{base64.b64encode(content).decode()}"


def _webp(picture: Picture, quality: int) -> bytes:
    from rasterio.io import MemoryFile

    profile = {"driver": "WEBP", "width": picture.shape[2], "height": picture.shape[1], "count": 3, "dtype": "uint8"}
    with MemoryFile(ext=".webp") as file:
        with gdal_set(), file.open(**profile, QUALITY=quality) as target:
            target.write(picture)
        return bytes(file.getbuffer())


def _read_tile(tile: Tile, bounds: Bounds, crs: pyproj.CRS, side: int, open_image: Callable[[Path], Any]) -> Pixels:
    """The part of one file under `bounds`, side × side pixels in `crs`; NaN where it has no data or cannot be read."""
    from rasterio import Affine, band
    from rasterio.crs import CRS
    from rasterio.enums import Resampling
    from rasterio.errors import RasterioError
    from rasterio.transform import from_bounds
    from rasterio.warp import reproject

    chip: Pixels = np.full((3, side, side), np.nan, dtype=np.float32)
    shrink = max(1.0, (bounds[2] - bounds[0]) / side / tile.pixel_m)  # image pixels per chip pixel
    nodata = tile.image.nodata
    box = to_crs(np.array([shapely.box(*bounds)], dtype=object), crs, tile.crs)[0]
    target = {
        "dst_crs": CRS.from_wkt(crs.to_wkt()),
        "dst_transform": from_bounds(*bounds, side, side),
        "dst_nodata": np.nan,
    }
    try:
        dataset = open_image(tile.image.path)
        window = _window(dataset, box, 2 * shrink)
        if window is None:
            return chip
        if shrink > 1 and nodata is not None and nodata not in dataset.nodatavals:
            # taken out before the mean, or black edges would darken it; overviews have them mixed in already
            reproject(
                band(dataset, tile.bands), chip, **target, src_nodata=nodata, src_alpha=_alpha(dataset),
                resampling=Resampling.average, UNIFIED_SRC_NODATA="YES",
            )  # fmt: skip
            return chip
        rows, columns = math.ceil(window.height / shrink), math.ceil(window.width / shrink)
        read = dataset.read(
            tile.bands, window=window, out_shape=(3, rows, columns), masked=True, resampling=Resampling.average
        )
        step = Affine.scale(window.width / columns, window.height / rows)
        reproject(
            _with_gaps(read, nodata), chip, **target, src_crs=dataset.crs, src_nodata=np.nan,
            src_transform=dataset.window_transform(window) * step, resampling=Resampling.bilinear,
        )  # fmt: skip
    except (RasterioError, OSError):  # a damaged block: the next best image is taken
        chip[:] = np.nan
    return chip


def _window(dataset: Any, box: Any, pad: float) -> Any:
    """The whole pixels under `box` (in the CRS of the file) and `pad` round it, also of a turned image; None for none."""
    from rasterio.windows import Window

    columns, rows = zip(*(~dataset.transform * xy for xy in box.exterior.coords), strict=True)
    first = max(0, math.floor(min(columns) - pad)), max(0, math.floor(min(rows) - pad))
    last = min(dataset.width, math.ceil(max(columns) + pad)), min(dataset.height, math.ceil(max(rows) + pad))
    width, height = last[0] - first[0], last[1] - first[1]
    return Window(*first, width, height) if width > 0 and height > 0 else None


def _alpha(dataset: Any) -> int:
    """The number of the band that says where the image is seen; 0 where there is none."""
    return next((k for k, colour in enumerate(dataset.colorinterp, 1) if colour.name == "alpha"), 0)


def _with_gaps(read: Any, nodata: float | None) -> Pixels:
    """Masked pixels as NaN in all bands; a pixel counts as empty only where every band is."""
    empty = np.ma.getmaskarray(read).all(axis=0)
    if nodata is not None:
        empty |= (read.data == nodata).all(axis=0)
    values: Pixels = read.data.astype(np.float32)
    values[:, empty | ~np.isfinite(values).all(axis=0)] = np.nan
    return values
