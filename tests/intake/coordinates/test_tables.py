"""Whole tables: what a row's values may decide, what waits for a person, and what the front page says of it."""

import pyproj
import pytest
import shapely

from pipeline.intake.coordinates.around import make_around
from pipeline.intake.coordinates.positions import read_table

HOME = make_around(shapely.box(120.2, 41.4, 120.7, 41.8), pyproj.CRS(4490), 2000)
EAST, NORTH = "537532.83", "4603974.96"  # 120.45, 41.57 in EPSG:4549
DEGREES, METRES, ZONE_40, SWAPPED = ("120.45", "41.57"), (EAST, NORTH), ("40" + EAST, NORTH), (NORTH, EAST)
OTHER_ZONE = ("288000.00", "4606000.00")  # 120.46, 41.56 with central meridian 123, EPSG:4510


@pytest.mark.parametrize(
    ("rows", "declared", "fits"),
    [([METRES], "EPSG:4548", "EPSG:4549"), ([METRES] * 9 + [("1.0", "2.0")], "EPSG:4548", "EPSG:4549"),
     ([METRES, SWAPPED], "EPSG:4548", "EPSG:4549"), ([DEGREES] * 2, "EPSG:4549", "EPSG:4490"),
     ([("120°27′", "41°34′12″")], "EPSG:4549", "EPSG:4490"), ([METRES], "EPSG:4490", "EPSG:4549"),
     ([METRES], "GCJ-02", "EPSG:4549")],
)  # fmt: skip
def test_a_table_that_fits_only_another_system_waits_and_is_told_which(rows, declared, fits):
    table = read_table(rows, declared, HOME, "en")
    assert {position.fault for position in table.rows} == {f"E9 {table.note}"}
    assert declared in table.note and f'set crs = "{fits}"' in table.note
    assert all(position.crs == "" for position in table.rows)


def test_a_table_that_two_other_systems_fit_names_both():
    x, y = pyproj.Transformer.from_crs(4490, 4510, always_xy=True).transform(120.45, 41.57)
    note = read_table([(f"{x:.2f}", f"{y:.2f}")], "EPSG:4549", HOME, "en").note
    assert '"EPSG:4510" / "EPSG:32651"' in note


def test_another_system_is_never_taken_for_a_row_by_its_values():
    table = read_table([METRES] * 7 + [OTHER_ZONE] * 3, "EPSG:4549", HOME, "en")
    assert [position.confidence for position in table.rows[:7]] == ["declared"] * 7
    for position in table.rows[7:]:
        assert position.fault.startswith("E9 under EPSG:4549") and "EPSG:4510" in position.fault
    assert table.note is None
    mostly = read_table([METRES] * 4 + [OTHER_ZONE] * 6, "EPSG:4549", HOME, "en")
    assert mostly.note.startswith("6 of 10 rows: under EPSG:4549")
    assert [position.fault is None for position in mostly.rows] == [True] * 4 + [False] * 6


@pytest.mark.parametrize(
    ("usual", "odd", "declared", "found"),
    [(METRES, DEGREES, "EPSG:4549", "EPSG:4490"), (DEGREES, METRES, "EPSG:4490", "EPSG:4549")],
)
def test_degrees_for_metres_and_the_reverse_are_read_by_value_where_they_are_the_exception(usual, odd, declared, found):
    few = read_table([usual] * 6 + [odd] * 4, declared, HOME, "en")
    assert [position.crs for position in few.rows] == [declared] * 6 + [found] * 4
    assert [position.confidence for position in few.rows] == ["declared"] * 6 + ["detected"] * 4
    assert few.note is None
    half = read_table([usual] * 5 + [odd] * 5, declared, HOME, "en")
    assert [position.fault is None for position in half.rows] == [True] * 5 + [False] * 5
    assert half.note.startswith("5 of 10 rows") and found in half.note


@pytest.mark.parametrize(
    ("rows", "declared", "said"),
    [([ZONE_40] * 10, "EPSG:4549", "10 of 10 rows: EPSG:4549, which is stated, has no zone prefix but the eastings have one"),
     ([METRES] * 10, "EPSG:4528", "10 of 10 rows: EPSG:4528, which is stated, has a zone prefix but the eastings have none"),
     ([SWAPPED] * 5 + [METRES] * 5, "EPSG:4549", "5 of 10 rows: the two coordinates were swapped"),
     ([METRES] * 10, None, "10 of 10 rows: no CRS is stated; by their size the values are EPSG:4549")],
)  # fmt: skip
def test_what_most_rows_were_read_as_is_told_for_the_table(rows, declared, said):
    table = read_table(rows, declared, HOME, "en")
    assert all(position.fault is None for position in table.rows)
    assert table.note.startswith(said)


def test_what_few_rows_were_read_as_is_told_for_them_only():
    table = read_table([METRES] * 6 + [SWAPPED] * 4, "EPSG:4549", HOME, "en")
    assert table.note is None
    assert [bool(position.notes) for position in table.rows] == [False] * 6 + [True] * 4
    assert read_table([DEGREES], "EPSG:4490", HOME, "en").note is None


def test_an_undeclared_table_of_which_few_rows_fit_is_a_question():
    table = read_table([METRES] * 2 + [("1.0", "2.0")] * 3, None, HOME, "en")
    assert {position.fault for position in table.rows} == {f"E9 {table.note}"}
    assert "40%" in table.note and "EPSG:4549" in table.note
    enough = read_table([METRES] * 3 + [("1.0", "2.0")] * 3, None, HOME, "en")
    assert [position.fault is None for position in enough.rows] == [True] * 3 + [False] * 3
    assert "cannot be located" in read_table([("1.0", "2.0")], None, HOME, "en").note


def test_an_empty_table_and_one_without_coordinates_say_nothing():
    assert read_table([], "EPSG:2385", HOME, "en") == ([], None)
    assert read_table([(None, None)], None, HOME, "en").note is None
