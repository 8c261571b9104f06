"""The CRS a corner-point list states: every EPSG code is the zone it stands for, and none is given in doubt."""

import pyproj
import pytest

from pipeline.intake.formats.corner_crs import DATUMS, ZONES, stated_crs

EAST_M = 537_500  # in EPSG:4549, near 120.45° E


@pytest.mark.parametrize(
    ("attributes", "zone", "crs"),
    [
        ("坐标系=2000国家大地坐标系\n几度分带=3\n带号=40", 40, "EPSG:4528"),
        ("坐标系=2000国家大地坐标系\n几度分带=3\n带号=40", 0, "EPSG:4549"),
        ("坐标系=CGCS2000\n几度分带=3度\n中央子午线=120", 0, "EPSG:4549"),
        ("坐标系=2000国家大地坐标系\n几度分带=6\n带号=21", 0, "EPSG:4510"),
        ("坐标系=2000国家大地坐标系", 40, "EPSG:4528"),  # the eastings carry the zone
        ("坐标系=1980西安坐标系\n几度分带=3\n带号=40", 40, "EPSG:2364"),
        ("坐标系=80国家大地坐标系\n几度分带=3\n带号=40", 0, "EPSG:2385"),
        ("坐标系=北京54\n几度分带=3\n带号=40", 0, "EPSG:2437"),
        ("坐标系=2000国家大地坐标系", 0, None),
        ("坐标系=2000国家大地坐标系\n几度分带=3\n带号=0", 0, None),
        ("坐标系=2000国家大地坐标系\n几度分带=3\n带号=41", 40, None),
        ("坐标系=2000国家大地坐标系\n几度分带=6\n带号=40", 40, None),
        ("坐标系=2000国家大地坐标系\n几度分带=3\n带号=40\n中央子午线=123", 0, None),
        ("坐标系=2000国家大地坐标系\n几度分带=3\n带号=40\n投影类型=墨卡托", 40, None),
        ("坐标系=某市2000独立坐标系\n几度分带=3\n带号=40", 40, None),
        ("几度分带=3\n带号=40", 40, None),
    ],
)  # fmt: skip
def test_crs_only_beyond_doubt(attributes, zone, crs):
    header = dict(line.split("=") for line in attributes.split("\n"))
    assert stated_crs(header, [zone * 1_000_000 + EAST_M, zone * 1_000_000 + EAST_M + 10]) == crs


@pytest.mark.parametrize("datum", DATUMS.values(), ids=DATUMS)
@pytest.mark.parametrize("width", [3, 6])
def test_every_code_is_the_zone_it_stands_for(datum, width):
    for zone in ZONES[width]:
        central = zone * width - (0 if width == 3 else 3)
        step = zone - ZONES[width][0]
        for code, false_easting in (
            (datum.numbered[width] + step, zone * 1_000_000 + 500_000),
            (datum.plain[width] + step, 500_000),
        ):
            crs = pyproj.CRS(code)
            parameters = {p.name: p.value for p in crs.coordinate_operation.params}
            assert parameters["Longitude of natural origin"] == central
            assert parameters["False easting"] == false_easting
            assert crs.geodetic_crs.to_epsg() == datum.degrees
