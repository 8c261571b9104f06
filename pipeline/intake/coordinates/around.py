"""Where a place's data must lie, and which coordinate systems bring given values there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from pipeline.errors import InputError
from pipeline.geometry import DEGREE_M, Floats, equal_area_crs, to_crs

Bools = npt.NDArray[np.bool_]

CGCS2000 = 4490
ZONES_3, FIRST_3, FIRST_3_BY_MERIDIAN = range(25, 46), 4513, 4534  # EPSG codes of CGCS2000 / 3-degree Gauss-Krüger
ZONES_6, FIRST_6, FIRST_6_BY_MERIDIAN = range(13, 24), 4491, 4502  # and of the 6-degree zones
UTM_NORTH, UTM_SOUTH = 32600, 32700
SAME_M = 2.0  # systems that put the place's centre closer than this are one answer
MOST_NATIONAL = 5  # national systems for a place outside China: so many on its own datum, so many on others
MOST_TRIED = 25
WIDEST_NATIONAL = 40.0  # degrees of longitude; systems of wider use are for continents and the world
LEAST_SHARE = 0.9  # of the best share: a system that fits nearly as well is an answer too


@dataclass(frozen=True)
class Around:
    """The place with a margin of `margin_m` metres: `area` in lon/lat degrees of `geographic`."""

    geographic: pyproj.CRS
    area: Any
    margin_m: float


class Fit(NamedTuple):
    """A coordinate system that fits: share of the points inside (0–1), and whether x and y had to be swapped."""

    crs: str
    share: float
    swapped: bool


def make_around(area: Any, geographic: pyproj.CRS, margin_m: float) -> Around:
    """`area` (lon/lat degrees of `geographic`) grown by `margin_m` metres, measured in an equal-area CRS centred on it."""
    local = equal_area_crs(geographic, (area.centroid.x, area.centroid.y))
    grown = shapely.buffer(to_crs(np.array([area], dtype=object), geographic, local), margin_m)
    return Around(geographic, to_crs(grown, local, geographic)[0], margin_m)


def fits(xy: Floats, crs: pyproj.CRS, around: Around) -> Bools:
    """Which of (n, 2) points (x east, y north, in `crs`) lie in the place; False where not finite or `crs` cannot reach it."""
    area = image(around, crs)
    if area is None:
        return np.zeros(len(xy), dtype=bool)
    inside: Bools = np.isfinite(xy).all(axis=1) & shapely.intersects_xy(area, xy[:, 0], xy[:, 1])
    return inside


@lru_cache(maxsize=256)
def image(around: Around, crs: pyproj.CRS) -> Any:
    """The place's area in `crs`, None where `crs` cannot reach it with known accuracy.

    Points are tested against this rather than brought to the place: what lies a world away then never wraps into it.
    """
    try:
        area = to_crs(np.array([around.area], dtype=object), around.geographic, crs)[0]
    except InputError:
        return None
    if not np.isfinite(shapely.get_coordinates(area)).all():
        return None
    shapely.prepare(area)
    return area


def is_reachable(crs: pyproj.CRS, around: Around) -> bool:
    """Whether a transformation of known accuracy leads from `crs` to the place."""
    try:
        to_crs(np.array([around.area.centroid], dtype=object), around.geographic, crs)
    except InputError:
        return False
    return True


def offset_m(one: pyproj.CRS, other: pyproj.CRS, around: Around) -> tuple[float, float] | None:
    """(east, north) metres from where `one` puts the place to where `other` does; None if only one of them is in degrees."""
    a, b = image(around, one), image(around, other)
    if a is None or b is None or one.is_geographic != other.is_geographic:
        return None
    unit_m = DEGREE_M if one.is_geographic else 1.0
    return (b.centroid.x - a.centroid.x) * unit_m, (b.centroid.y - a.centroid.y) * unit_m


def is_same(one: pyproj.CRS, other: pyproj.CRS, around: Around, within_m: float = SAME_M) -> bool:
    """Whether two systems give the place the same numbers, but for `within_m` metres."""
    offset = offset_m(one, other, around)
    return offset is not None and bool(np.hypot(*offset) < within_m)


def candidate_crs(around: Around) -> list[str]:
    """CRS texts that data of this place may be in, the likeliest first, none twice by another name.

    The place's geographic CRS; in China CGCS2000 Gauss-Krüger of its own and the neighbouring zones, with and without
    zone prefix; elsewhere the nearest national systems; everywhere WGS 84 UTM of its zone and the neighbours, Web Mercator.
    """
    lon, lat = around.area.centroid.x, around.area.centroid.y
    local = _gauss_kruger(lon) if _is_in_china(around, lon, lat) else _national(around)
    names = [crs_text(around.geographic), *local, *_utm(lon, lat), "EPSG:3857"]
    return distinct(names, around)


def distinct(names: Sequence[str], around: Around) -> list[str]:
    """The CRS texts that can reach the place, without those that give it the same numbers as an earlier one."""
    kept: list[str] = []
    for name in names:
        crs = read_crs(name)
        if image(around, crs) is not None and not any(is_same(read_crs(other), crs, around) for other in kept):
            kept.append(name)
    return kept


def crs_that_fit(xy: Floats, around: Around, candidates: Sequence[str]) -> list[Fit]:
    """The candidates that bring (n, 2) points into the place, best first, as they stand or swapped; [] if none does."""
    found = []
    for name in distinct(candidates, around):
        for swapped in (False, True):
            inside = fits(xy[:, ::-1] if swapped else xy, read_crs(name), around)
            found.append(Fit(name, float(inside.mean()) if len(xy) else 0.0, swapped))
    found.sort(key=lambda fit: -fit.share)  # stable: equal shares keep the candidates' order
    return [fit for fit in found if fit.share > 0 and fit.share >= LEAST_SHARE * found[0].share]


@lru_cache(maxsize=256)
def read_crs(name: str) -> pyproj.CRS:
    """The CRS of a text (EPSG code, WKT, PROJ). Raises pyproj's CRSError."""
    return pyproj.CRS.from_user_input(name)


def crs_text(crs: pyproj.CRS) -> str:
    """ "EPSG:n" where the CRS has a code, else its WKT; a code that only looks alike, on another datum, is none."""
    code = crs.to_epsg()
    is_own = code is not None and _datum(read_crs(f"EPSG:{code}")) == _datum(crs)
    return f"EPSG:{code}" if is_own else crs.to_wkt()


def _datum(crs: pyproj.CRS) -> str:
    base = crs.geodetic_crs
    return "" if base is None or base.datum is None else base.datum.name.removesuffix(" ensemble")


def _is_in_china(around: Around, lon: float, lat: float) -> bool:
    """By the extent that EPSG gives the 3-degree zone: each is cut to China's land, so the neighbours mostly fall out."""
    if around.geographic.to_epsg() == CGCS2000:
        return True
    zone = round(lon / 3)
    extent = read_crs(f"EPSG:{FIRST_3 + zone - ZONES_3[0]}").area_of_use if zone in ZONES_3 else None
    return extent is not None and extent.south <= lat <= extent.north


def _gauss_kruger(lon: float) -> list[str]:
    """Own 3-degree zone, own 6-degree zone, then their neighbours; each by meridian and with zone prefix."""
    own_3, own_6 = round(lon / 3), int(lon // 6) + 1
    codes = []
    for step in (0, -1, 1):
        if own_3 + step in ZONES_3:
            codes += [first + own_3 + step - ZONES_3[0] for first in (FIRST_3_BY_MERIDIAN, FIRST_3)]
        if own_6 + step in ZONES_6:
            codes += [first + own_6 + step - ZONES_6[0] for first in (FIRST_6_BY_MERIDIAN, FIRST_6)]
    return [f"EPSG:{code}" for code in codes]


def _utm(lon: float, lat: float) -> list[str]:
    own = min(int((lon + 180) // 6) + 1, 60)
    zones = [(own + step - 1) % 60 + 1 for step in (0, -1, 1)]
    return [f"EPSG:{(UTM_NORTH if lat >= 0 else UTM_SOUTH) + zone}" for zone in zones]


def _national(around: Around) -> list[str]:
    """Projected systems made for a region that holds the place: those on its own datum first, then the smallest region."""
    infos = query_crs_info(
        auth_name="EPSG",
        pj_types=[PJType.PROJECTED_CRS],
        area_of_interest=AreaOfInterest(*around.area.bounds),
        contains=True,
    )
    own: list[tuple[float, int]] = []
    other: list[tuple[float, int]] = []
    for info in infos:
        extent = info.area_of_use
        if extent is None or info.deprecated or not 0 < extent.east - extent.west <= WIDEST_NATIONAL:
            continue
        size = (extent.east - extent.west) * (extent.north - extent.south)
        ranked = own if info.name.startswith(f"{around.geographic.name} / ") else other
        ranked.append((size, int(info.code)))
    return [
        name
        for ranked in (own, other)
        for name in distinct([f"EPSG:{code}" for _, code in sorted(ranked)[:MOST_TRIED]], around)[:MOST_NATIONAL]
    ]
