"""The facts of a source: whether declared and stated CRS contradict each other."""

import pyproj
import pytest
import shapely

from pipeline.check.sources import crs_conflict
from pipeline.intake.coordinates.around import make_around

AROUND = make_around(shapely.box(120.40, 41.50, 120.50, 41.60), pyproj.CRS(4490), 2000)


@pytest.mark.parametrize(
    ("declared", "stated", "conflict"),
    [("EPSG:4549", "EPSG:4548", "other"), ("EPSG:4490", "EPSG:4326", "same"), ("所声明的转换参数", "EPSG:2437", ""),
     ("+proj=pipeline +step +proj=cart +step +proj=helmert +x=1", "EPSG:2437", ""), ("GCJ-02", "EPSG:4326", ""), (None, "EPSG:4326", "")],
)  # fmt: skip
def test_systems_that_can_be_compared_are(declared, stated, conflict):
    row = {"crs_declared": declared, "crs_file": stated, "crs_note": "a note", "crs_used": "EPSG:4549"}
    assert crs_conflict((row,), AROUND) == conflict
