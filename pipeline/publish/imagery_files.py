"""The image files of a place: which can be used, where they lie, and a sentence for each that cannot.

rasterio is loaded only for a place that has images.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyproj
import shapely

from pipeline.config import Image, Place
from pipeline.errors import InputError
from pipeline.geometry import to_crs
from pipeline.raster_env import gdal_set
from pipeline.text import say

MOST_OPEN = 32  # neighbouring problems lie on the same few tiles


class Tile(NamedTuple):
    """An image file that can be used, as far as choosing and cutting need to know it."""

    image: Image
    bands: list[int]  # red, green, blue
    dtype: str
    crs: pyproj.CRS  # its own; outline and pixel are in the working CRS
    outline: Any
    pixel_m: float


def imagery_warnings(place: Place) -> list[str]:
    """A sentence for every image file that cannot be used; the run goes on without it."""
    crs = pyproj.CRS.from_user_input(place.geographic_crs)
    return [fault for day in sorted(place.imagery) for fault in read_tiles(place, day, place.imagery[day], crs)[1]]


def image_files(place: Place) -> list[tuple[date, Path]]:
    """Every file that the images of a place consist of, with overviews, world files and the parts of a VRT."""
    files = []
    for day, images in sorted(place.imagery.items()):
        for image in images:
            files.append((day, image.path))
            try:
                with open_image(image.path) as dataset:
                    files += [(day, Path(name)) for name in dataset.files]
            except OSError:
                continue  # imagery_warnings says it
    return files


def read_tiles(place: Place, day: date, images: Sequence[Image], crs: pyproj.CRS) -> tuple[list[Tile], list[str]]:
    """The usable files among `images` of one day, placed in `crs`, and a sentence for each of the others."""
    tiles, faults = [], []
    for image in images:
        try:
            tiles.append(_read_tile(image, crs, place.language))
        except InputError as error:
            faults.append(say(place.language, "field.image_unused", day=day, file=image.path.name, why=error))
    return tiles, faults


@contextmanager
def open_image(path: Path) -> Iterator[Any]:
    """The open rasterio dataset; OSError where GDAL knows no way to read the file."""
    import rasterio

    with gdal_set(), rasterio.open(path) as dataset:
        yield dataset


@contextmanager
def keep_open() -> Iterator[Callable[[Path], Any]]:
    """Opens images like open_image and keeps the last MOST_OPEN of them open, and with them their decoded blocks; they
    close at the end."""
    import rasterio

    kept: dict[Path, Any] = {}

    def open_kept(path: Path) -> Any:
        dataset = kept.pop(path, None) or rasterio.open(path)
        if len(kept) == MOST_OPEN:
            kept.pop(next(iter(kept))).close()
        kept[path] = dataset  # at the end: used last
        return dataset

    with gdal_set():
        try:
            yield open_kept
        finally:
            for dataset in kept.values():
                dataset.close()


def _read_tile(image: Image, crs: pyproj.CRS, language: str) -> Tile:
    """One file looked at; InputError says why it cannot be used."""
    if not image.path.is_file():
        raise InputError(say(language, "field.image_missing"))
    try:
        with open_image(image.path) as dataset:
            bands = image.bands or ([1, 2, 3] if dataset.count >= 3 else [1, 1, 1])
            fault = _fault(dataset, bands)
            if fault:
                raise InputError(say(language, f"field.image_{fault}", n=dataset.count))
            _read_corners(dataset)
            own = _own_crs(dataset)
            width, height, dtype = dataset.width, dataset.height, dataset.dtypes[bands[0] - 1]
            corners = [dataset.transform * xy for xy in ((0, 0), (width, 0), (width, height), (0, height))]
    except OSError as error:
        raise InputError(say(language, "field.image_unreadable")) from error
    try:
        outline = to_crs(np.array([shapely.Polygon(corners)], dtype=object), own, crs)[0]
    except InputError as error:  # Beijing 54 and the like: a picture tens of metres off would mislead
        raise InputError(say(language, "field.image_no_shift", crs=own.name)) from error
    if not math.isfinite(outline.area):
        raise InputError(say(language, "field.image_no_position"))
    return Tile(image, bands, dtype, own, outline, math.sqrt(outline.area / (width * height)))


def _own_crs(dataset: Any) -> pyproj.CRS:
    """The file's CRS, by its EPSG code where GDAL knows one: Esri's names for CGCS2000 hide the datum from pyproj."""
    code = dataset.crs.to_epsg()
    return pyproj.CRS.from_wkt(dataset.crs.to_wkt()) if code is None else pyproj.CRS.from_epsg(code)


def _fault(dataset: Any, bands: list[int]) -> str | None:
    """The last part of the sentence's key that says why a file that opens is of no use."""
    if dataset.crs is None:
        return "no_crs"
    if dataset.transform.is_identity:
        return "no_position"
    if max(bands) > dataset.count:
        return "no_band"
    if dataset.count == 1 and dataset.colorinterp[0].name == "palette":
        return "palette"
    return "not_numbers" if "complex" in dataset.dtypes[0] else None


def _read_corners(dataset: Any) -> None:
    """Read the first and the last pixel: half a file may open well and fail later."""
    from rasterio.windows import Window

    for column, row in ((0, 0), (dataset.width - 1, dataset.height - 1)):
        dataset.read(1, window=Window(column, row, 1, 1))
