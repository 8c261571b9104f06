"""Overlap from file to table: by either road, streamed, prepared and remembered, clean and spoilt – the same rows."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from pipeline.cache import Cache, entries
from pipeline.engine.files import overlap_files
from pipeline.errors import InputError
from pipeline.geometry import equal_area_crs
from tests.engine.test_kernel import BOW_TIE, HOLE_OUTSIDE
from tests.stages.test_overlap import CRS


def write(path, shapes):
    gpd.GeoDataFrame({"feature_key": range(len(shapes))}, geometry=list(shapes), crs=CRS).to_parquet(path)
    return path


def boxes(dice, n, size_m):
    corner = dice.uniform(0, 1000, (n, 2))
    side = dice.uniform(5, size_m, (n, 2))
    return shapely.box(corner[:, 0], corner[:, 1], *(corner + side).T)


@pytest.fixture
def work(tmp_path):
    """300 leads, 200 wetlands that overlap each other, and one giant with a hole."""
    dice = np.random.default_rng(4)
    angles = np.linspace(0, 2 * np.pi, 5000)
    reach = 400 + 20 * dice.uniform(0, 1, 5000)
    giant = shapely.Polygon(np.c_[500 + reach * np.cos(angles), 500 + reach * np.sin(angles)][:-1])
    giant = giant.difference(shapely.Point(500, 500).buffer(200))
    leads = write(tmp_path / "leads.parquet", boxes(dice, 300, 60))
    layers = {
        "wetland": write(tmp_path / "wetland.parquet", boxes(dice, 200, 120)),
        "reserve": write(tmp_path / "reserve.parquet", [giant]),
    }
    return leads, layers


def expected(leads, layers):
    own = gpd.read_parquet(leads).geometry
    rows = []
    for name, path in layers.items():
        union = gpd.read_parquet(path).geometry.union_all()
        overlap_m2 = own.intersection(union).area
        rows.append(pd.DataFrame({"lead": overlap_m2.index, "layer": name, "overlap_m2": overlap_m2.to_numpy()}))
    rows = pd.concat(rows, ignore_index=True)
    return rows[rows["overlap_m2"] > 1e-6].reset_index(drop=True)


def assert_same(found, rows):
    found = found.rows.to_pandas()
    assert list(zip(found["lead"], found["layer"], strict=True)) == list(zip(rows["lead"], rows["layer"], strict=True))
    np.testing.assert_allclose(found["overlap_m2"], rows["overlap_m2"], rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("by_kernel", [True, False, None])
def test_each_road_gives_the_areas_of_the_unions(work, by_kernel):
    assert_same(overlap_files(*work, by_kernel=by_kernel), expected(*work))


def test_threads_change_no_digit(work):
    one, four = (overlap_files(*work, by_kernel=True, threads=n).rows for n in (1, 4))
    assert one.equals(four)


def test_prepared_layers_and_remembered_rows_change_nothing(work, tmp_path):
    cache = Cache(tmp_path / "cache", 100)
    rows = expected(*work)
    for remembers in (False, False, True, True):
        assert_same(overlap_files(*work, cache, remembers, by_kernel=True), rows)
    assert sorted(entry.about.kind for entry in entries(cache)) == ["pieces", "pieces", "rows", "rows"]


def test_only_new_leads_are_measured_and_old_ones_keep_their_rows(work, tmp_path, monkeypatch):
    leads, layers = work
    cache = Cache(tmp_path / "cache", 100)
    overlap_files(leads, layers, cache, by_kernel=True)
    shapes = gpd.read_parquet(leads).geometry
    moved = shapes.where(shapes.index >= 15, shapes.translate(3, 4))
    newer = write(tmp_path / "newer.parquet", moved.iloc[::-1].tolist())
    from pipeline.engine import layer_files

    wanted = []
    read_whole = layer_files.read_whole
    monkeypatch.setattr(
        layer_files, "read_whole", lambda *given: (wanted.append(given[2].sum()), read_whole(*given))[1]
    )
    assert_same(overlap_files(newer, layers, cache, by_kernel=True), expected(newer, layers))
    assert wanted == [15]


def test_a_changed_layer_is_prepared_and_measured_anew(work, tmp_path):
    leads, layers = work
    cache = Cache(tmp_path / "cache", 100)
    overlap_files(leads, layers, cache, by_kernel=True)
    write(layers["wetland"], [shapely.box(0, 0, 500, 500)])
    assert_same(overlap_files(leads, layers, cache, by_kernel=True), expected(leads, layers))


def test_spoilt_shapes_are_repaired_named_or_set_aside_in_every_mode(tmp_path):
    square = shapely.box(0, 0, 10, 10)
    leads = tmp_path / "leads.parquet"
    write(leads, [square, BOW_TIE, shapely.Point(1, 1), None, shapely.box(20, 20, 24, 24)])
    layers = {"leads": write(tmp_path / "marsh.parquet", [BOW_TIE, HOLE_OUTSIDE, shapely.Point(2, 2)])}
    cache = Cache(tmp_path / "cache", 100)
    modes = ({}, {"cache": cache, "remembers": False}, {"cache": cache}, {"cache": cache}, {"by_kernel": False})
    for given in modes:
        found = overlap_files(leads, layers, **{"by_kernel": True, **given})
        rows = {row["lead"]: row["overlap_m2"] for row in found.rows.to_pylist()}
        # a hole that lies outside its shell is taken for ground by make_valid (structure)
        assert rows == pytest.approx({0: 100, 1: 50, 4: 16})
        assert found.leads.set_aside == {2: "no area", 3: "empty"}
        assert list(found.leads.repaired) == [1]
        assert sorted(found.layers["leads"].repaired) == [0, 1]
        assert found.layers["leads"].set_aside == {2: "no area"}


def test_files_in_degrees_in_two_crs_or_in_none_are_refused(tmp_path, work):
    leads, layers = work
    frame = gpd.read_parquet(leads)
    for name, other, said in (
        ("degrees", frame.set_crs(4326, allow_override=True), "WGS 84"),
        ("tm", frame.set_crs("EPSG:4549", allow_override=True), "CGCS2000"),
        ("none", frame.set_crs(None, allow_override=True), "–"),
        ("far", frame.set_crs(equal_area_crs(pyproj.CRS(4490), (10.0, 5.0)), allow_override=True), "10 5"),
    ):
        path = tmp_path / f"{name}.parquet"
        other.to_parquet(path)
        with pytest.raises(InputError, match=said):
            overlap_files(leads, {**layers, "other": path})


def test_no_leads_and_no_layers_are_an_empty_table(tmp_path):
    leads = write(tmp_path / "leads.parquet", [shapely.box(0, 0, 1, 1)])
    for by_kernel in (True, False):
        assert overlap_files(leads, {}, by_kernel=by_kernel).rows.num_rows == 0
