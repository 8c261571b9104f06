"""One bad file and what the door must say of it, and the writers of whole files that the families then spoil."""

import json
import random
import warnings
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pyproj
import shapely

from tests.conftest import CRS, X, Y

Write = Callable[[Path], Path]  # writes into a folder, gives back the path that the source file names
SEED = 20230713
GEOGRAPHIC = "EPSG:4490"
STEP_M, SIDE_M = 100.0, 50.0
ANYWHERE = 1e9  # metres
HEADER = ["编号", "经度", "纬度", "类型"]
POINT_COLUMNS = {"orig_no": "编号", "lon": "经度", "lat": "纬度", "activity": "类型"}
METRE_COLUMNS = {"orig_no": "编号", "y_east": "东坐标", "x_north": "北坐标"}


@dataclass(frozen=True)
class Case:
    """A file and its outcome: `refused` whole with a piece of the sentence, or the numbers that become `leads`, and of
    every record set aside "E10 piece of its detail". Record k lies at (100 k, 100) m from the test origin, `off_m` at
    most away; `notes` are pieces of what is said of the file, its records and its leads.
    """

    name: str
    write: Write
    leads: Sequence[str] = ()
    aside: Sequence[str] = ()
    notes: Sequence[str] = ()
    refused: str | Sequence[str] = ()
    columns: dict[str, str] = field(default_factory=lambda: {"orig_no": "no"})
    keys: dict[str, Any] = field(default_factory=dict)
    off_m: float = 40.0
    limits: dict[str, int] = field(default_factory=dict)


def noise(n: int) -> bytes:
    """Bytes without any meaning."""
    return random.Random(SEED).randbytes(n)


def spot(k: float, up: float = STEP_M) -> tuple[float, float]:
    """Where record `k` lies: easting and northing, metres."""
    return X + STEP_M * k, Y + up


@cache
def _mover(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(CRS, crs, always_xy=True)


def place_in(crs: str, k: float, up: float = STEP_M) -> tuple[float, float]:
    """Record `k` in another CRS, x (east) first."""
    x, y = _mover(crs).transform(*spot(k, up))
    return float(x), float(y)


def degrees(k: float) -> tuple[float, float]:
    """Record `k` in CGCS2000 degrees, to about 0.1 m."""
    lon, lat = place_in(GEOGRAPHIC, k)
    return round(lon, 6), round(lat, 6)


def square(k: float, side_m: float = SIDE_M, crs: str = CRS) -> Any:
    """The square of record `k`, moved corner by corner to `crs`."""
    x, y = spot(k)
    box = shapely.box(x - side_m / 2, y - side_m / 2, x + side_m / 2, y + side_m / 2)
    return box if crs == CRS else shapely.transform(box, _mover(crs).transform, interleaved=False)


def outline(k: float) -> Any:
    """The edge of record `k`'s square as a closed line."""
    return shapely.LineString(square(k).exterior.coords)


def rings_json(*rings: Sequence[Sequence[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(corner) for corner in ring] for ring in rings]}


def shape_json(shape: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shapely.to_geojson(shape))
    return found


def text_file(name: str, text: str, encoding: str = "utf-8") -> Write:
    """A file of this text; line ends stay as they are."""
    return bytes_file(name, text.encode(encoding))


def bytes_file(name: str, data: bytes) -> Write:
    def write(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write


def csv_text(rows: Iterable[Sequence[object]], header: Sequence[str] = HEADER, delimiter: str = ",") -> str:
    return "".join(delimiter.join(map(str, row)) + "\r\n" for row in (header, *rows))


def point_rows(*numbers: int) -> list[list[object]]:
    """Whole rows under HEADER."""
    return [[k, *degrees(k), "采石场"] for k in numbers or (1, 2, 3)]


def csv(rows: Iterable[Sequence[object]], header: Sequence[str] = HEADER, name: str = "points.csv") -> Write:
    return text_file(name, csv_text(rows, header))


def feature(k: object, geometry: Any, /, **words: object) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"no": str(k), **words}}


def collection(features: Sequence[Any], crs: str | None = CRS) -> dict[str, Any]:
    member = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    return {"type": "FeatureCollection", **member, "features": list(features)}


def geojson(features: Sequence[Any], crs: str | None = CRS, name: str = "areas.geojson") -> Write:
    return text_file(name, json.dumps(collection(features, crs), ensure_ascii=False))


def with_bad(geometry: Any, **words: object) -> Write:
    """A GeoJSON of a whole square 1, a record 2 of this geometry, and a whole square 3."""
    return geojson(
        [feature(1, shape_json(square(1))), feature(2, geometry, **words), feature(3, shape_json(square(3)))]
    )


def frame(numbers: Sequence[object] = (1, 2, 3), shapes: Sequence[Any] | None = None, **words: Any) -> gpd.GeoDataFrame:
    shapes = [square(k) for k in range(1, len(numbers) + 1)] if shapes is None else shapes
    return gpd.GeoDataFrame({"no": [str(k) for k in numbers], **words}, geometry=list(shapes), crs=CRS)


def vector(name: str, made: gpd.GeoDataFrame | None = None, **options: Any) -> Write:
    """The frame (three squares) by the driver of the file's ending."""

    def write(folder: Path) -> Path:
        path = folder / name
        areas = frame() if made is None else made
        if path.suffix == ".parquet":
            areas.to_parquet(path)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a file without CRS is meant
                areas.to_file(path, **({"encoding": "UTF-8"} if path.suffix == ".shp" else {}) | options)
        return path

    return write


def xlsx(
    rows: Iterable[Sequence[object]], change: Callable[[Any], None] | None = None, name: str = "points.xlsx"
) -> Write:
    """A workbook of one sheet 图斑; `change` may do the rest to the book."""

    def write(folder: Path) -> Path:
        book = openpyxl.Workbook()
        book.active.title = "图斑"
        for row in rows:
            book.active.append(list(row))
        if change:
            change(book)
        book.save(folder / name)
        return folder / name

    return write


def kml(*placemarks: str, name: str = "areas.kml", head: str = "", encoding: str = "utf-8") -> Write:
    body = "".join(placemarks)
    text = f'<?xml version="1.0" encoding="{encoding}"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{head}{body}</Document></kml>'
    return text_file(name, text, encoding)


def placemark(k: object, coordinates: str | None = None, kind: str = "Polygon", extra: str = "") -> str:
    """A placemark named `k`; its own square where no coordinates are given."""
    if coordinates is None:
        corners = square(int(str(k)), crs="EPSG:4326").exterior.coords
        coordinates = " ".join(f"{lon:.7f},{lat:.7f},0" for lon, lat in corners)
    inner = f"<coordinates>{coordinates}</coordinates>"
    if kind == "Polygon":
        inner = f"<outerBoundaryIs><LinearRing>{inner}</LinearRing></outerBoundaryIs>"
    return f"<Placemark><name>{k}</name>{extra}<{kind}>{inner}</{kind}></Placemark>"


def zipped(name: str, *writes: Write) -> Write:
    """A zip of all that these write."""

    def write(folder: Path) -> Path:
        inner = folder / "packed"
        inner.mkdir()
        for one in writes:
            one(inner)
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(inner.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(inner).as_posix())
        return folder / name

    return write


def spoilt(write: Write, *edits: Callable[[Path], object]) -> Write:
    """The file of `write` after these edits."""

    def spoil(folder: Path) -> Path:
        path = write(folder)
        for edit in edits:
            edit(path)
        return path

    return spoil


def cut(share: float) -> Callable[[Path], object]:
    """Leaves the first `share` of a file."""
    return lambda path: path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def renamed(write: Write, name: str) -> Write:
    """The file under another name."""
    return lambda folder: write(folder).rename(folder / name)
