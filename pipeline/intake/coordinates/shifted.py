"""GCJ-02 and BD-09, the offsets Chinese web maps put on coordinates, and their exact undoing.

The offsets are the formulas in public use since 2010 (on the Krassovsky ellipsoid); no official text gives them.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline.geometry import Floats

Bools = npt.NDArray[np.bool_]

DATUMS = ("GCJ-02", "BD-09")
CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # west, south, east, north: the maps shift inside this box only
SEMI_MAJOR_M = 6378245.0
ECCENTRICITY_SQUARED = 0.00669342162296594323
BAIDU_TURN = np.pi * 3000 / 180
BAIDU_EAST, BAIDU_NORTH = 0.0065, 0.006  # degrees
EDGE = 1e-9  # degrees, 0.1 mm: a point on the border comes back to it only so closely
NEAR = 0.1  # degrees, more than any shift
ROUNDS = 12  # each shrinks the error fifty times or more; eight reach the last digit


def is_in_china(lon_lat: Floats) -> Bools:
    """Per row of (n, 2) degrees whether the web maps shift there; elsewhere all four functions change nothing."""
    return _is_within(lon_lat, 0.0)


def _is_within(lon_lat: Floats, edge: float) -> Bools:
    west, south, east, north = CHINA
    lon, lat = lon_lat[:, 0], lon_lat[:, 1]
    return (lon >= west - edge) & (lon <= east + edge) & (lat >= south - edge) & (lat <= north + edge)


def to_gcj02(lon_lat: Floats) -> Floats:
    """(n, 2) degrees, WGS 84, as GCJ-02; points outside China are returned unchanged."""
    return _apply(lon_lat, _shift)


def from_gcj02(lon_lat: Floats) -> Floats:
    """(n, 2) degrees, GCJ-02, as WGS 84 to better than 1 mm; points outside China are returned unchanged."""
    return _undo(lon_lat, _shift)


def to_bd09(lon_lat: Floats) -> Floats:
    """(n, 2) degrees, WGS 84, as BD-09; points outside China are returned unchanged."""
    return _apply(lon_lat, _shift_and_turn)


def from_bd09(lon_lat: Floats) -> Floats:
    """(n, 2) degrees, BD-09, as WGS 84 to better than 1 mm; points outside China are returned unchanged."""
    return _undo(lon_lat, _shift_and_turn)


def _apply(lon_lat: Floats, shift: Callable[[Floats], Floats]) -> Floats:
    moved = lon_lat.copy()
    inside = is_in_china(lon_lat)
    moved[inside] = shift(lon_lat[inside])
    return moved


def _undo(lon_lat: Floats, shift: Callable[[Floats], Floats]) -> Floats:
    """The points that `shift` brings to `lon_lat`, by fixed-point iteration; the shift hardly varies with the point."""
    near = np.flatnonzero(_is_within(lon_lat, NEAR))
    found = shifted = lon_lat[near]
    for _ in range(ROUNDS):
        found = shifted - (shift(found) - found)
    # judged by where the point came from: at the border the shifted point may lie on the other side
    inside = _is_within(found, EDGE)
    returned = lon_lat.copy()
    returned[near[inside]] = found[inside]
    return returned


def _shift(lon_lat: Floats) -> Floats:
    """WGS 84 to GCJ-02 without asking where."""
    x, y = lon_lat[:, 0] - 105.0, lon_lat[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    common = 20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (common + _waves(y, (20, 40, 160), (1, 3, 12)) + 320 * np.sin(np.pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (common + _waves(x, (20, 40, 150, 300), (1, 3, 12, 30))) * 2 / 3
    latitude = np.radians(lon_lat[:, 1])
    bend = 1 - ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    meridian_m = SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED) / bend**1.5
    parallel_m = SEMI_MAJOR_M / np.sqrt(bend) * np.cos(latitude)
    return lon_lat + np.degrees(np.column_stack([east / parallel_m, north / meridian_m]))


def _waves(at: Floats, heights: tuple[int, ...], lengths: tuple[int, ...]) -> Floats:
    waves: Floats = sum(
        (height * np.sin(np.pi * at / length) for height, length in zip(heights, lengths, strict=True)),
        np.zeros_like(at),
    )
    return waves


def _shift_and_turn(lon_lat: Floats) -> Floats:
    """WGS 84 to BD-09 without asking where."""
    return _turn(_shift(lon_lat))


def _turn(lon_lat: Floats) -> Floats:
    """GCJ-02 to BD-09 without asking where."""
    lon, lat = lon_lat[:, 0], lon_lat[:, 1]
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BAIDU_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BAIDU_TURN)
    return np.column_stack([radius * np.cos(angle) + BAIDU_EAST, radius * np.sin(angle) + BAIDU_NORTH])
