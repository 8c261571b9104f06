"""The workload is the same each time, the rivals give the union, and the place made of it screens."""

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from benchmarks.overlap_time import difference, some_new
from benchmarks.place import make_place
from benchmarks.rivals import make_table
from benchmarks.workload import LAYERS, SIZES, Size, make_workload
from pipeline import screen

TINY = Size(60, 1, 600, tile_m=3_840)


@pytest.fixture(scope="module")
def workload(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("XS")
    make_workload(SIZES["XS"], folder)
    return folder


@pytest.fixture(scope="module")
def by_geopandas(workload) -> Path:
    out = workload / "geopandas.table"
    make_table("geopandas", workload / "leads.parquet", out, [workload / f"{name}.parquet" for name in LAYERS])
    return out


def test_the_same_bytes_each_time(workload, tmp_path):
    make_workload(SIZES["XS"], tmp_path)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == sorted(["leads.parquet", *(f"{name}.parquet" for name in LAYERS)])
    for name in files:
        assert (workload / name).read_bytes() == (tmp_path / name).read_bytes()


def test_shapes_are_valid_and_as_described(workload):
    frames = {name: gpd.read_parquet(workload / f"{name}.parquet") for name in ("leads", *LAYERS)}
    assert len(frames["leads"]) == 500 and frames["leads"]["period"].nunique() == 3
    for name, frame in frames.items():
        assert frame.geometry.is_valid.all(), name
        assert set(frame.geom_type) == {"Polygon"}
    for name in ("wetland", "protected_area"):
        assert max(len(shape.interiors) for shape in frames[name].geometry) > 2


def test_mosaics_share_edges_and_reserves_share_ground(tmp_path):
    make_workload(TINY, tmp_path)
    for name in LAYERS:
        shapes = gpd.read_parquet(tmp_path / f"{name}.parquet").geometry.to_numpy()
        share = shapely.area(shapely.union_all(shapes)) / shapely.area(shapes).sum()
        assert share == pytest.approx(1, rel=1e-12) if name in ("forest", "grassland") else share < 0.95, name


def test_features_with_many_corners_can_be_left_out(tmp_path):
    make_workload(TINY._replace(most_corners=50), tmp_path)
    corners = np.concatenate([gpd.read_parquet(tmp_path / f"{name}.parquet").count_coordinates() for name in LAYERS])
    assert corners.max() <= 50


def test_a_share_can_be_spoilt(tmp_path):
    make_workload(TINY._replace(dirty=0.3), tmp_path)
    for name in ("leads", "forest", "grassland", "wetland"):
        is_valid = gpd.read_parquet(tmp_path / f"{name}.parquet").geometry.is_valid
        assert 0.05 < (~is_valid).mean() < 0.6, name


def test_geopandas_gives_the_union_of_each_layer(workload, by_geopandas):
    table = pd.read_parquet(by_geopandas)
    leads = gpd.read_parquet(workload / "leads.parquet").geometry.to_numpy()[:100]
    for name in LAYERS:
        features = gpd.read_parquet(workload / f"{name}.parquet").geometry.to_numpy()
        tree = shapely.STRtree(features)
        grounds = [shapely.union_all(features[tree.query(lead)]) for lead in leads]  # united before they are cut
        expected = shapely.area(shapely.intersection(leads, grounds))
        rows = table[table["layer"] == name].set_index("lead")["overlap_m2"].reindex(range(100), fill_value=0.0)
        assert rows.to_numpy() == pytest.approx(expected, rel=1e-9, abs=1e-5), name


def test_difference_counts_what_one_table_lacks(by_geopandas, tmp_path):
    table = pd.read_parquet(by_geopandas)
    assert difference(by_geopandas, by_geopandas) == (0.0, 0)
    large = table[table["overlap_m2"] > 1]
    large.iloc[2:].to_parquet(tmp_path / "fewer")
    table.assign(overlap_m2=table["overlap_m2"] * 1.01).to_parquet(tmp_path / "other")
    assert difference(by_geopandas, tmp_path / "fewer") == (0.0, 2)
    relative, missing = difference(by_geopandas, tmp_path / "other")
    assert relative == pytest.approx(0.01 / 1.01) and missing == 0


def test_some_leads_are_new_and_the_others_untouched(workload, tmp_path):
    old = gpd.read_parquet(workload / "leads.parquet")
    new = gpd.read_parquet(some_new(workload / "leads.parquet", tmp_path / "new.parquet", 1))
    is_same = shapely.equals_identical(old.geometry.to_numpy(), new.geometry.to_numpy())
    assert 0.9 < is_same.mean() < 0.99
    assert shapely.area(new.geometry.to_numpy()) == pytest.approx(shapely.area(old.geometry.to_numpy()))


def test_a_rival_that_is_not_there_is_left_out(workload):
    command = [
        sys.executable,
        "benchmarks/rivals.py",
        "postgis",
        str(workload / "leads.parquet"),
        "out",
        "wetland.parquet",
    ]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, env={"PATH": ""})
    assert done.returncode == 3 and "left out" in done.stderr


def test_the_place_screens(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_place(TINY, tmp_path / "place")
    tables = screen(tmp_path / "place", "2023")
    assert len(tables["leads"]) == 60
    assert set(tables["outcomes"]["outcome"]) <= {"listed", "set_aside", "info"}
    assert (tables["outcomes"]["outcome"] == "listed").sum() > 20
    assert set(tables["overlaps"]["layer_class"]) == set(LAYERS)
