"""What speaks for coordinates taken from a shifted map (GCJ-02, BD-09), and where they would lie then."""

import re
from typing import NamedTuple

from pipeline.geometry import Floats
from pipeline.intake.coordinates.declared import WGS84
from pipeline.intake.coordinates.shifted import from_bd09, from_gcj02
from pipeline.intake.reading import Reading
from pipeline.text import say

Readings = tuple[tuple[str, float, float, str], ...]  # (label, lon, lat, crs)

MAP_LINK = re.compile(  # an address, not a word: 高德 is the name of many firms too
    r"(?<![a-z0-9@._-])(?:https?://)?(?:[a-z0-9-]+\.)*(amap\.com|gaode\.com|map\.baidu\.com|map\.qq\.com)[/:?#]",
    re.IGNORECASE,
)
MAP_TITLE = re.compile(
    r"gcj|bd[-_ ]?09|火星坐标"
    r"|^(?=.*(?:高德|百度|腾讯|amap|gaode|baidu))(?=.*(?:坐标|经|纬|地图|lon|lng|lat|[xy]$))",
    re.IGNORECASE | re.DOTALL,
)


class Evidence(NamedTuple):
    """The evidence of a table in words, None where there is none, and the numbers of the records it concerns."""

    note: str | None
    rows: frozenset[int]


def map_evidence(reading: Reading, language: str) -> Evidence:
    """A column whose title names a shifted map speaks for the whole table, a link to one in a cell for its row."""
    everywhere = frozenset(range(len(reading.records)))
    if reading.shifted:
        return Evidence(reading.shifted, everywhere)
    titles = [title for title in reading.columns if MAP_TITLE.search(title)]
    if titles:
        return Evidence(say(language, "positions.shifted_title", columns=", ".join(titles)), everywhere)
    links = {
        i: match[1].lower()
        for i, record in enumerate(reading.records)
        for word in record.words.values()
        if (match := MAP_LINK.search(word))
    }
    if not links:
        return Evidence(None, frozenset())
    maps = ", ".join(sorted(set(links.values())))
    return Evidence(say(language, "positions.shifted_links", n=len(links), maps=maps), frozenset(links))


def shifted_readings(lon_lat: Floats) -> list[Readings]:
    """Where each of (n, 2) points in degrees lies if it is GCJ-02 or BD-09, as (label, lon, lat, crs)."""
    found = [(name, undo(lon_lat).tolist()) for name, undo in (("GCJ-02", from_gcj02), ("BD-09", from_bd09))]
    return [tuple((name, *points[i], WGS84) for name, points in found) for i in range(len(lon_lat))]
