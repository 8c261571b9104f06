"""Change rasters: areas with sums done in the head, the sieve, windows that change nothing, the real Hansen file."""

import subprocess
import sys

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.config import Limits, Source
from pipeline.cycle import open_cycle
from pipeline.errors import ConfigError, InputError
from pipeline.geometry import to_crs
from pipeline.intake.files import read_path
from pipeline.intake.rasters import change
from pipeline.intake.rasters.change import find_areas, read_change
from pipeline.intake.rasters.opening import open_raster
from pipeline.intake.reading import HowToRead
from pipeline.jobs import make_tables
from pipeline.merging.contact import is_coarse_grid
from pipeline.place_folder import read_place
from tests.conftest import HOME, X, Y
from tests.intake.rasters.made import CELL_M, write_change, write_raster

CELLS = [
    [0, 0, 0, 0, 0, 0, 0, 22],
    [0, 21, 21, 21, 0, 0, 22, 22],
    [0, 21, 0, 21, 0, 0, 22, 0],
    [0, 21, 21, 21, 0, 0, 0, 0],
    [21, 0, 0, 0, 0, 22, 22, 22],
    [0, 0, 99, 0, 0, 0, 0, 0],
]  # a ring of 8 cells with a hole of 1, an area of 4, one of 3, one of 1, one cell of another value
LOSSYEAR = HOME / "tests" / "data" / "rasters" / "hansen_lossyear.tif"


def source(path, cells=None, **keys):
    cells = cells or {21: {"period": "2020-2021"}, 22: {"period": "2021-2022", "activity": "采石场"}}
    return Source(
        id="change", file=path, path=path, title="t", provider="p", licence="l", secrecy="public", received="2023-06-01",
        position_accuracy_m=10, kind="change_raster", source_code="YG", shows="new_ground", cells=cells, **keys,
    )  # fmt: skip


def read(path, language="en", limits=None, **keys):
    return read_change(path, source(path, **keys), limits or Limits(), language)


def areas_of(path, values, least_cells, window):
    with open_raster(path, source(path), "en") as raster:
        return find_areas(raster, values, least_cells, window)


def test_each_area_is_a_record_in_the_order_of_its_first_cell(tmp_path):
    reading = read(write_raster(tmp_path / "c.tif", np.array(CELLS, np.uint8)), least_cells=1)
    found = [(r.row, r.words["value"], r.words["period"], r.shape.area / CELL_M**2) for r in reading.records]
    assert found == [
        (1, "22", "2021-2022", 4), (2, "21", "2020-2021", 8), (3, "21", "2020-2021", 1), (4, "22", "2021-2022", 3),
    ]  # fmt: skip
    assert reading.records[0].words["activity"] == "采石场"
    assert reading.records[1].shape.bounds == (X + 10, Y + 100 - 40, X + 40, Y + 100 - 10)
    assert len(shapely.get_coordinates(reading.records[1].shape)) == 10  # two squares, no vertex but at turns
    assert (reading.crs, reading.format) == ("EPSG:4549", "GeoTIFF")
    assert "99 × 1" in reading.notes[-1]


def test_the_sieve_takes_small_areas_and_fills_small_holes_and_says_so(tmp_path):
    reading = read(write_raster(tmp_path / "c.tif", np.array(CELLS, np.uint8)))
    assert [r.shape.area / CELL_M**2 for r in reading.records] == [4, 9]
    assert "2 area(s) of fewer than 4 cells (4 cells in all)" in reading.notes[0]
    assert [len(r.notes) for r in reading.records] == [0, 1]
    assert "1 hole(s)" in reading.records[1].notes[0]


def test_areas_below_the_least_area_are_counted(tmp_path):
    reading = read(write_raster(tmp_path / "c.tif", np.array(CELLS, np.uint8)), min_area_m2=500)
    assert [r.words["value"] for r in reading.records] == ["21"]
    assert any("1 area(s) below 500 m²" in note for note in reading.notes)


def test_nodata_and_values_that_never_occur_are_told(tmp_path):
    path = write_raster(tmp_path / "c.tif", np.array(CELLS, np.uint8), nodata=22)
    reading = read(path, cells={value: {"period": "2020-2021"} for value in (21, 22, 23)}, least_cells=1)
    assert {r.words["value"] for r in reading.records} == {"21"}
    assert any("22 means “no data”" in note for note in reading.notes)
    assert any("value(s) 23 of [cells] do not occur" in note for note in reading.notes)


def test_floats_are_read_where_whole_and_refused_where_not(tmp_path):
    cells = np.array(CELLS, np.float32)
    cells[0, 0] = np.nan
    assert len(read(write_raster(tmp_path / "c.tif", cells)).records) == 2
    cells[0, 0] = 0.5
    with pytest.raises(InputError, match=r"not whole \(such as 0.5\)"):
        read(write_raster(tmp_path / "d.tif", cells))


def test_a_raster_beyond_the_limits_is_refused(tmp_path):
    path = write_raster(tmp_path / "c.tif", np.zeros((1100, 1000), np.uint8), compress="deflate")
    with pytest.raises(InputError, match="1100 rows and 1000 columns, more than 1 MB"):
        read(path, limits=Limits(max_unpacked_mb=1))


@settings(max_examples=25, deadline=None)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 33), st.integers(1, 33)), elements=st.integers(0, 2)), st.integers(1, 9)
)
def test_windows_change_nothing(tmp_path_factory, cells, least_cells):
    path = write_raster(tmp_path_factory.mktemp("r") / "c.tif", cells)
    whole, account = areas_of(path, [1, 2], least_cells, (64, 64))
    for window in ((5, 5), (16, 16), (3, 40)):
        areas, own = areas_of(path, [1, 2], least_cells, window)
        assert [area[:1] + area[2:] for area in areas] == [area[:1] + area[2:] for area in whole]
        assert [area.outline.wkb for area in areas] == [area.outline.wkb for area in whole]
        assert own == account
    n_cells = sum(area.outline.area - area.n_filled for area in whole) + account.n_small_cells
    assert n_cells == (cells > 0).sum()
    assert all(shapely.is_valid(area.outline) for area in whole)
    if least_cells == 1:  # nothing is left out, nothing filled: the outlines are the cells
        for area in whole:
            inside = shapely.contains_xy(
                area.outline, *np.mgrid[0.5 : cells.shape[1], 0.5 : cells.shape[0]].reshape(2, -1)
            )
            assert (cells.T.reshape(-1)[inside] == area.value).all()


def test_every_vertex_is_a_turn(tmp_path):
    cells = np.ones((40, 40), np.uint8)
    cells[10:30, 10:30] = 0
    areas, _ = areas_of(write_raster(tmp_path / "c.tif", cells), [1], 4, (7, 7))
    assert len(areas) == 1
    assert len(shapely.get_coordinates(areas[0].outline)) == 10


def test_a_change_raster_becomes_leads_like_any_other_source(place):
    write_raster(place / "change.tif", np.kron(np.array(CELLS, np.uint8), np.ones((3, 3), np.uint8)), top_m=200)
    write_change(place, '[cells.21]\nperiod = "2020-2021"\nactivity = "采石场"\n[cells.22]\nperiod = "2021-2022"')
    cycle = make_tables(open_cycle(place, "2023"))
    leads = cycle.tables["leads"][cycle.tables["leads"]["source_id"] == "change"]
    assert leads["kind"].unique().tolist() == ["change_raster"]
    # areas are ellipsoidal; the grid's metres differ from them by less than 0.1 %
    assert sorted(leads["area_m2"]) == pytest.approx([900, 2700, 3600, 7200], rel=1e-3)
    assert leads.loc[leads["area_m2"] > 7000, "period"].item() == "2020-2021"
    overlaps = cycle.tables["overlaps"]
    own = overlaps[overlaps["subject_id"].isin(leads["lead_id"]) & (overlaps["level"] == "layer")]
    assert own["overlap_share"].tolist() == pytest.approx([1, 1, 1, 1], abs=1e-5)


def test_what_is_no_raster_is_refused_or_told(tmp_path):
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="no raster"):
        read_path(tmp_path, HowToRead("en"), Limits(), source(tmp_path))
    path = write_raster(tmp_path / "c.tif", np.array(CELLS, np.uint8))
    readings = read_path(tmp_path, HowToRead("en"), Limits(), source(tmp_path))
    assert [len(reading.records) for reading in readings] == [0, 2]
    with pytest.raises(InputError, match="is a raster"):
        read_path(path, HowToRead("en"), Limits())


def test_the_real_loss_of_forest_by_year(tmp_path):
    years = {year: {"period": f"{1999 + year}-{2000 + year}", "change_type": "C1"} for year in range(1, 24)}
    reading = read(LOSSYEAR, cells=years)
    periods = [record.words["period"] for record in reading.records]
    cell_area = 0.00025**2
    n_cells = {}
    for record in reading.records:
        n_cells.setdefault(record.words["period"], []).append(round(record.shape.area / cell_area))
    # counted apart, value by value: areas of at least 4 cells by shared sides, and their cells
    assert {period: (periods.count(period), sum(n_cells[period])) for period in ("2000-2001", "2020-2021", "2021-2022")} == {
        "2000-2001": (4, 32), "2020-2021": (2, 14), "2021-2022": (3, 36),
    }  # fmt: skip
    assert reading.crs == "EPSG:4326"
    assert "0 × 39307" in reading.notes[-1]
    moved = to_crs(
        np.array([record.shape for record in reading.records]), pyproj.CRS("EPSG:4326"), pyproj.CRS("EPSG:32619")
    )
    assert is_coarse_grid(moved, 20).all()


def test_a_run_without_rasters_does_not_load_rasterio():
    code = "import sys, pipeline.intake.ground, pipeline.stages.load; sys.exit('rasterio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=HOME).returncode == 0


@pytest.mark.parametrize(
    ("cells", "keys", "found"),
    [
        ("", {}, "go together"),
        ('[cells.21]\nactivity = "采石场"', {}, "the value(s) 21 have no period"),
        ('[cells.21]\nperiod = "2020-2021"\n[columns]\nactivity = "a"', {}, "a raster has no columns"),
        ('[cells.21]\nperiod = "2020-2021"\ncolour = "red"', {}, "there is no field colour"),
        ('[cells.21]\nperiod = "2020-2021"', {"kind": '"change"'}, "go together"),
        ('[cells.mine]\nperiod = "2020-2021"', {}, "cells.mine"),
    ],
)
def test_a_declaration_that_does_not_fit_is_named(place, cells, keys, found):
    write_raster(place / "change.tif", np.array(CELLS, np.uint8))
    write_change(place, cells, **keys)
    with pytest.raises(ConfigError) as error:
        read_place(place, "en")
    assert found in str(error.value)


def test_a_picture_is_named_and_its_values_are_not_half_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(change, "MOST_COUNTED", 30)
    cells = np.arange(100, 200, dtype=np.uint8).reshape(10, 10)
    note = read(write_raster(tmp_path / "c.tif", cells)).notes[-1]
    assert "more than 30 values" in note
    assert "×" not in note
