"""Rows to points: as declared where that fits, else by value, else in doubt or E9; never an exception, never a guess."""

import math

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.coordinates.around import make_around
from pipeline.intake.coordinates.positions import read_positions
from pipeline.intake.coordinates.shifted import to_bd09, to_gcj02

HOME = make_around(shapely.box(120.2, 41.4, 120.7, 41.8), pyproj.CRS(4490), 2000)
LIMA = make_around(shapely.box(-77.2, -12.2, -76.9, -11.9), pyproj.CRS(4326), 2000)
EAST, NORTH = "537532.83", "4603974.96"  # 120.45, 41.57 in EPSG:4549


def read(x, y, declared=None, around=HOME, **more):
    (position,) = read_positions([(x, y)], declared, around, "en", **more)
    return position


def where(position):
    """The point in lon/lat degrees of EPSG:4490, to about a metre."""
    crs = pyproj.CRS(position.crs)
    target = 4490 if crs.geodetic_crs.to_epsg() == 4490 else 4326
    lon_lat = pyproj.Transformer.from_crs(crs, target, always_xy=True).transform(position.x, position.y)
    return pytest.approx(lon_lat, abs=1e-5)


@pytest.mark.parametrize(
    ("x", "y", "declared", "crs", "accuracy_m"),
    [("120.45", "41.57", "EPSG:4490", "EPSG:4490", 555), ("120°27′00″", "41°34′12″", "EPSG:4490", "EPSG:4490", 111_000 / 7200),
     ("120.450000", "41.570000", "EPSG:4326", "EPSG:4326", 0.0555), (EAST, NORTH, "EPSG:4549", "EPSG:4549", 0.005),
     ("40" + EAST, NORTH, "EPSG:4528", "EPSG:4528", 0.005), ("东经120.45", "北纬41.57", "EPSG:4490", "EPSG:4490", 555)],
)  # fmt: skip
def test_what_is_declared_and_fits_is_taken(x, y, declared, crs, accuracy_m):
    found = read(x, y, declared)
    assert (found.crs, found.confidence, found.fault, found.others, found.notes) == (crs, "declared", None, (), ())
    assert found.accuracy_m == pytest.approx(accuracy_m)
    assert where(found) == (120.45, 41.57)


@pytest.mark.parametrize(
    ("x", "y", "declared", "crs", "word"),
    [("41.57", "120.45", "EPSG:4490", "EPSG:4490", "swapped"), (NORTH, EAST, "EPSG:4549", "EPSG:4549", "swapped"),
     ("40" + EAST, NORTH, "EPSG:4549", "EPSG:4528", "zone prefix"), (EAST, NORTH, "EPSG:4528", "EPSG:4549", "zone prefix"),
     ("120.2700", "41.3412", None, "EPSG:4490", "minutes"),
     ("120.45", "41.57", None, "EPSG:4490", "no CRS is stated"), (NORTH, EAST, None, "EPSG:4549", "swapped"),
     (NORTH, "40" + EAST, "EPSG:4549", "EPSG:4528", "swapped"), ("北纬41.57", "东经120.45", "EPSG:4490", "EPSG:4490", "other way")],
)  # fmt: skip
def test_what_does_not_fit_is_decided_by_value(x, y, declared, crs, word):
    if word == "minutes":  # only the packed reading is in this smaller place
        place = make_around(shapely.box(120.4, 41.5, 120.6, 41.6), pyproj.CRS(4490), 100)
        found = read(x, y, declared, place)
    else:
        found = read(x, y, declared)
    assert (found.crs, found.fault, found.others) == (crs, None, ())
    assert found.confidence == ("declared" if word == "other way" else "detected")
    assert where(found) == (120.45, 41.57)
    assert word in " ".join(found.notes)


@pytest.mark.parametrize(
    ("x", "y", "notes"),
    [
        ("77.03", "12.05", "minus"),
        ("W77.03", "12.05S", ""),
        ("-77.03", "12.05", "minus"),
        ("-12.05", "-77.03", "swapped"),
    ],
)
def test_the_missing_signs_of_the_west_and_south(x, y, notes):
    found = read(x, y, "EPSG:4326", LIMA)
    assert (found.x, found.y, found.fault) == (-77.03, -12.05, None)
    assert notes in " ".join(found.notes)
    assert found.confidence == ("detected" if notes else "declared")


def test_two_readings_are_a_doubt_and_the_group_settles_it():
    unclear = ("120.4530", "41.5612")  # 120.453, 41.5612 or 120°45′30″ E? only the wider place holds both
    wide = make_around(shapely.box(120.2, 41.4, 120.9, 42.0), pyproj.CRS(4490), 2000)
    alone = read(*unclear, "EPSG:4490", wide)
    assert (alone.confidence, alone.x, alone.y) == ("doubtful", 120.453, 41.5612)
    ((label, x, y, crs),) = alone.others
    assert (x, y, crs) == (pytest.approx(120.758333, abs=1e-6), pytest.approx(41.936667, abs=1e-6), "EPSG:4490")
    assert "minutes" in label
    assert "2 ways" in alone.notes[-1]
    table = read_positions([unclear, *[("120.4785", "41.5712")] * 9], "EPSG:4490", wide, "en")
    assert {position.confidence for position in table} == {"declared"}  # 85 seconds: this table is decimal


def test_two_systems_two_kilometres_apart_are_a_doubt_if_nothing_is_declared():
    x, y = pyproj.Transformer.from_crs(4490, 4510, always_xy=True).transform(120.45, 41.57)
    found = read(f"{x:.2f}", f"{y:.2f}")
    assert (found.crs, found.confidence, [other[3] for other in found.others]) == (
        "EPSG:4510",
        "doubtful",
        ["EPSG:32651"],
    )
    assert read(f"{x:.2f}", f"{y:.2f}", "EPSG:32651").confidence == "declared"


def test_a_row_outside_stays_as_declared_and_names_what_fits_its_group():
    table = read_positions([(NORTH, EAST)] * 19 + [("100.0", "200.0")], "EPSG:4549", HOME, "en")
    assert [position.confidence for position in table] == ["detected"] * 19 + ["declared"]
    assert (table[-1].x, table[-1].y, table[-1].crs, table[-1].fault) == (100, 200, "EPSG:4549", None)
    assert "EPSG:4549, swapped" in table[-1].notes[-1]
    alone = read("125.1", "43.9", "EPSG:4490")
    assert (alone.confidence, alone.x, alone.fault, len(alone.notes)) == ("declared", 125.1, None, 1)


def test_a_row_just_outside_is_not_talked_into_a_neighbouring_system():
    x, y = pyproj.Transformer.from_crs(4490, 32651, always_xy=True).transform(120.45, 41.375)
    found = read(f"{x:.2f}", f"{y:.2f}", "EPSG:32651")
    assert (found.crs, found.confidence, found.fault) == ("EPSG:32651", "declared", None)


@pytest.mark.parametrize(
    ("x", "y", "word"),
    [("somewhere", "41.57", "longitude"), ("120.45", "about here", "latitude"), ("", "41.57", "longitude"), ("120.45", None, "latitude"),
     (None, None, "no coordinates"), ("E120.45", "E41.57", "latitude"), ("N120°75′", "41.57", "longitude")],
)  # fmt: skip
def test_unreadable_cells_are_named_by_column_never_by_content(x, y, word):
    found = read(x, y, "EPSG:4490")
    assert found.fault.startswith("E9 ") and word in found.fault
    assert "somewhere" not in found.fault and "about" not in found.fault
    assert math.isnan(found.x) and found.crs == ""


def test_nothing_declared_and_nothing_fits_is_lost():
    assert read("1.5", "2.5").fault.startswith("E9 cannot be located")
    assert read(EAST, NORTH, None, None).fault.startswith("E9 cannot be located")


def test_good_rows_come_through_beside_bad_ones():
    table = read_positions([("x", "y"), ("120.45", "41.57"), (None, None)], "EPSG:4490", HOME, "zh")
    assert [position.fault is None for position in table] == [False, True, False]


@pytest.mark.parametrize(("datum", "shift"), [("GCJ-02", to_gcj02), ("BD-09", to_bd09)])
def test_web_map_coordinates_are_brought_back(datum, shift):
    lon, lat = shift(np.array([[120.45, 41.57]]))[0]
    for around in (HOME, None):
        found = read(f"{lon:.8f}", f"{lat:.8f}", datum, around)
        assert (found.x, found.y) == (pytest.approx(120.45, abs=1e-7), pytest.approx(41.57, abs=1e-7))
        assert (found.crs, found.confidence) == ("EPSG:4326", "declared")
        assert datum in found.notes[0]
    swapped = read(f"{lat:.8f}", f"{lon:.8f}", datum)
    assert (swapped.confidence, swapped.x) == ("detected", pytest.approx(120.45, abs=1e-7))


def test_web_map_coordinates_abroad_do_not_move():
    found = read("-77.03", "-12.05", "GCJ-02", LIMA)
    assert (found.x, found.y) == (-77.03, -12.05)
    assert "outside China" in found.notes[0]


@pytest.mark.parametrize("crs", ["EPSG:2385", "EPSG:2437", "EPSG:4610", "EPSG:4214"])
def test_old_datums_are_refused_with_whom_to_ask(crs):
    for declared in (crs, pyproj.CRS(crs).to_wkt("WKT1_ESRI")):
        for around in (HOME, None):
            found = read(EAST, NORTH, declared, around)
            assert found.fault.startswith("E9 ") and "survey-results office" in found.fault


def test_parameters_held_by_the_user_are_used_and_never_printed():
    invented = (
        "+proj=tmerc +lat_0=0 +lon_0=120 +k=1 +x_0=500000 +y_0=0 +ellps=krass +towgs84=1.5,2.5,3.5 +units=m +type=crs"
    )
    found = read(EAST, NORTH, invented)
    assert (found.crs, found.fault) == ("EPSG:4326", None)
    assert (found.x, found.y) == (pytest.approx(120.45, abs=0.01), pytest.approx(41.57, abs=0.01))
    assert found.accuracy_m == pytest.approx(0.005)
    pipeline = "+proj=pipeline +step +inv +proj=tmerc +lon_0=120 +x_0=500000 +ellps=GRS80 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
    piped = read(EAST, NORTH, pipeline)
    assert (piped.x, piped.y) == (pytest.approx(120.45, abs=1e-6), pytest.approx(41.57, abs=1e-6))
    for position in (found, piped):
        assert "parameters" in " ".join(position.notes)
        assert "1.5" not in " ".join(position.notes) and "tmerc" not in " ".join(position.notes)


@pytest.mark.parametrize("declared", ["EPSG:99999", "nonsense", "+proj=pipeline +step +proj=nosuch", ""])
def test_an_unknown_system_is_a_reason(declared):
    assert "not a known one" in read("120.45", "41.57", declared).fault


def test_without_a_place_the_declaration_stands():
    assert read("1.0", "2.0", "EPSG:4549", None).confidence == "declared"
    marked = read("120°27′", "41°34′", "EPSG:4549", None)
    assert (marked.crs, marked.confidence) == ("EPSG:4326", "detected")
    bare = read("41.57", "120.45", None, None)
    assert (bare.x, bare.y, bare.crs, bare.confidence) == (120.45, 41.57, "EPSG:4326", "detected")
    assert read("8.4", "50.0", None, None).confidence == "detected"


def test_run_together_and_two_in_a_cell():
    assert where(read("1202700", "413412", "EPSG:4490", packed=True)) == (120.45, 41.57)
    assert where(read("东经120°27′ 北纬41°34′12″", None, "EPSG:4490")) == (120.45, 41.57)
    assert where(read(None, "(120.45，41.57)", "EPSG:4490")) == (120.45, 41.57)
    assert where(read("北纬41.57，东经120.45", "北纬41.57，东经120.45", "EPSG:4490")) == (120.45, 41.57)


CELL = st.none() | st.text(max_size=12) | st.floats().map(str) | st.floats(-200, 200).map("{:.4f}".format)


@settings(deadline=None)  # the first example looks up the place's coordinate systems
@given(
    st.lists(st.tuples(CELL, CELL), max_size=4),
    st.sampled_from([None, "GCJ-02", "BD-09", "EPSG:4490", "EPSG:4549", "EPSG:2385", "EPSG:3857", "?"]),
    st.sampled_from([HOME, LIMA, None]),
    st.booleans(),
)
def test_any_cells_are_a_point_or_a_reason(pairs, declared, around, packed):
    found = read_positions(pairs, declared, around, "zh", packed)
    assert len(found) == len(pairs)
    for position in found:
        if position.fault is None:
            assert math.isfinite(position.x) and math.isfinite(position.y) and position.accuracy_m > 0
            assert (position.confidence == "doubtful") == bool(position.others)
        else:
            assert position.fault.startswith("E9 ") and position.crs == ""
