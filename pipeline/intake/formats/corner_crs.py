"""The CRS that the head of a corner-point list states: taken only where datum, zone, width and eastings agree."""

import re
from collections.abc import Sequence
from typing import NamedTuple

ZONE_M = 1_000_000  # what a zone number in front of an easting counts
LON = (73.0, 136.0)  # degrees, of China
ZONES = {3: range(25, 46), 6: range(13, 24)}  # of China, by width in degrees


class Datum(NamedTuple):
    """EPSG codes of a datum: of its degrees, and of its first zone by width, eastings with and without zone number."""

    degrees: int
    numbered: dict[int, int]
    plain: dict[int, int]


DATUMS = {  # by what stands in the name: 2000国家大地坐标系, 1980西安坐标系, 1954北京坐标系
    "2000": Datum(4490, {3: 4513, 6: 4491}, {3: 4534, 6: 4502}),
    "80": Datum(4610, {3: 2349, 6: 2327}, {3: 2370, 6: 2338}),
    "54": Datum(4214, {3: 2401, 6: 21413}, {3: 2422, 6: 21453}),
}
OWN_SYSTEM = re.compile("独立|地方|城市|任意|假定")


def stated_crs(header: dict[str, str], easts: Sequence[float]) -> str | None:
    """The CRS as "EPSG:n" where datum, zone, width and `easts` (metres or degrees) agree, else None.

    `header` is what the list says of itself: 坐标系, 几度分带, 带号, 中央子午线, 投影类型 and their values as written.
    """
    name = "".join(value for key, value in header.items() if "坐标系" in key)
    datum = next((datum for sign, datum in DATUMS.items() if sign in name), None)
    if datum is None or not easts or OWN_SYSTEM.search(name):
        return None
    if max(map(abs, easts)) <= LON[1]:
        return f"EPSG:{datum.degrees}"
    prefixes = {int(east // ZONE_M) for east in easts}
    width, zone, central = (_stated(header, key) for key in ("分带", "带号", "中央子午线"))
    if central is not None and width is not None:
        by_central = central / 3 if width == 3 else (central + 3) / 6
        if zone not in (None, by_central):
            return None
        zone = by_central
    prefix = prefixes.pop()
    zone = zone or prefix
    found = next((of for of, zones in ZONES.items() if zone in zones), None)
    projection = header.get("投影类型", "")
    if prefixes or prefix not in (0, zone) or found is None or width not in (None, found):
        return None
    if projection and not re.search("高斯|gauss", projection, re.IGNORECASE):
        return None
    return f"EPSG:{(datum.numbered if prefix else datum.plain)[found] + int(zone) - ZONES[found][0]}"


def _stated(header: dict[str, str], key: str) -> float | None:
    """The number a header line states; 0, as programs write for unknown, is None."""
    value = "".join(value for name, value in header.items() if key in name).replace("三", "3").replace("六", "6")
    match = re.search(r"\d{1,3}(?:\.\d{1,6})?", value)
    return (float(match[0]) or None) if match else None
