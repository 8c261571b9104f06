"""Prepared layers: a run with them is the run without them, byte for byte, and whatever they depend on makes new ones."""

import json
from pathlib import Path

import pandas as pd
import pytest
import shapely

from pipeline import cache as cache_module
from pipeline.cache import Cache, entries
from pipeline.check.run import check
from pipeline.errors import InputError
from pipeline.intake import prepared
from pipeline.intake.ground import Ground, layer_keys, read_ground
from pipeline.jobs import accept, screen
from pipeline.layers import clear_lines, layer_lines
from pipeline.place_folder import read_place
from tests.conftest import X, Y, box, write_geojson, write_layer


@pytest.fixture
def no_reading(monkeypatch):
    """From now on no layer may be read again."""

    def forbid() -> None:
        def fail(*given):
            raise AssertionError("read again")

        monkeypatch.setattr(prepared, "read_layer", fail)

    return forbid


def files_of(folder: Path) -> dict[str, bytes]:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in files.items() if not name.endswith("timings.json")}


def assert_same_ground(one: Ground, other: Ground) -> None:
    a, b = pd.DataFrame(one.layers), pd.DataFrame(other.layers)
    pd.testing.assert_frame_equal(a.drop(columns="geometry"), b.drop(columns="geometry"), check_exact=True)
    for name in a.columns.drop("geometry"):
        assert [type(cell) for cell in a[name]] == [type(cell) for cell in b[name]], name
    assert shapely.to_wkb(a["geometry"]).tolist() == shapely.to_wkb(b["geometry"]).tolist()
    assert one.layers.crs == other.layers.crs == one.crs
    pd.testing.assert_frame_equal(one.inputs, other.inputs)
    assert one.unusable == other.unusable


def ground(place: Path, folder: Path) -> tuple[Ground, Cache]:
    cache = Cache(folder, 100)
    return read_ground(read_place(place), None, cache), cache


def test_an_empty_and_a_full_cache_give_the_same_run(place, tmp_path, no_reading):
    screen(place, "2023", tmp_path / "out")
    first = files_of(tmp_path / "out")
    no_reading()
    screen(place, "2023", tmp_path / "out")
    assert files_of(tmp_path / "out") == first
    assert sum(name.endswith("features.parquet") for name in first) == 1
    accept(place, "2023", tmp_path / "out")
    check(place, "2023", tmp_path / "out")


def test_layers_of_every_kind_come_back_as_they_were_read(place, tmp_path, no_reading):
    corners = [[0, 0], [100, 100], [100, 0], [0, 100], [0, 0]]
    bow_tie = {"type": "Polygon", "coordinates": [[[X + x, Y + y] for x, y in corners]]}
    write_layer(place, "mixed", [box(0, 0, 10, 10), bow_tie, box(20, 0, 10, 10)], data_date="2020-12-31", within_m="5")
    write_geojson(
        place / "mixed.geojson",
        [(box(0, 0, 10, 10), {"key": "甲"}), (bow_tie, {"key": None}), (None, {"key": "丙"}), (box(20, 0, 9, 9), {})],
    )
    write_layer(place, "empty", [box(0, 0, 10, 10)], where='{ key = ["no such"] }')
    without = read_ground(read_place(place))
    first, cache = ground(place, tmp_path / "prepared")
    no_reading()
    again, _ = ground(place, tmp_path / "prepared")
    assert len(without.layers) == 4
    assert len(without.unusable) == 1
    assert len(entries(cache)) == 3
    assert_same_ground(without, first)
    assert_same_ground(without, again)


def test_one_vertex_one_key_one_rule_each_make_a_new_entry(place, tmp_path, monkeypatch):
    def n_entries() -> int:
        return len(entries(ground(place, tmp_path / "prepared")[1]))

    assert n_entries() == n_entries() == 1
    layer, toml, rules = place / "marsh.geojson", place / "layers" / "marsh.toml", place / "rules.toml"
    collection = json.loads(layer.read_text(encoding="utf-8"))
    collection["features"][0]["geometry"]["coordinates"][0][2][0] += 0.001
    layer.write_text(json.dumps(collection), encoding="utf-8")
    assert n_entries() == 2
    toml.write_text(toml.read_text(encoding="utf-8").replace('"marsh"', '"沼泽"', 1), encoding="utf-8")
    assert n_entries() == 3
    rules.write_text(rules.read_text(encoding="utf-8").replace("sliver_m2 = ", "sliver_m2 = 1"), encoding="utf-8")
    assert n_entries() == 4
    (place / "marsh.prj").write_text("a sidecar", encoding="utf-8")
    assert n_entries() == 5
    monkeypatch.setattr(cache_module, "ENGINE_VERSION", 99)
    cache_module.made_by.cache_clear()
    assert n_entries() == 6
    cache_module.made_by.cache_clear()
    read_place(place)
    assert n_entries() == 6


def test_where_the_place_lies_is_part_of_the_key_but_not_how_much_may_be_kept(place):
    before = layer_keys(read_place(place))
    toml = place / "place.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace("[cycles]", "[limits]\nprepared_mb = 7\n[cycles]"), encoding="utf-8")
    assert layer_keys(read_place(place)) == before
    toml.write_text(text.replace("120.45", "120.46"), encoding="utf-8")
    assert layer_keys(read_place(place)) != before
    assert layer_keys(read_place(place, "en")) != before


def test_a_spoilt_entry_is_told_and_the_run_is_the_same(place, tmp_path):
    first, cache = ground(place, tmp_path / "prepared")
    (file,) = cache.folder.glob("*/features.parquet")
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    again, cache = ground(place, tmp_path / "prepared")
    assert_same_ground(first, again)
    assert len(cache.told) == 1
    assert [entry.is_whole for entry in entries(cache)] == [True]


def test_a_cache_that_cannot_be_written_is_told_and_the_run_is_the_same(place, tmp_path):
    screen(place, "2023", tmp_path / "a")
    (tmp_path / "b" / place.name).mkdir(parents=True)
    (tmp_path / "b" / place.name / ".prepared").write_text("in the way")
    finished = screen(place, "2023", tmp_path / "b")
    assert len(finished.cycle.cache.told) == 1
    assert files_of(tmp_path / "a" / place.name / "2023") == files_of(tmp_path / "b" / place.name / "2023")


def test_a_layer_that_cannot_be_read_is_refused_and_not_kept(place, tmp_path):
    (place / "marsh.geojson").write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="marsh"):
        ground(place, tmp_path / "prepared")
    assert entries(Cache(tmp_path / "prepared", 100)) == []


def test_layers_lists_ready_older_damaged_and_not_prepared(place, tmp_path):
    known, cache = read_place(place, "en"), Cache(tmp_path / "prepared", 100, "en")
    lines = layer_lines(known, cache)
    assert any(line.startswith("  not prepared: marsh (wetland), marsh.geojson") for line in lines)
    read_ground(known, None, cache)
    lines = layer_lines(known, cache)
    assert [line.split(", made")[0] for line in lines if "marsh" in line] == ["  ready: marsh (wetland), 1 features"]
    assert lines[-1].startswith("0.0 MB in all, limit 100 MB")
    write_layer(place, "marsh", [box(0, 0, 1000, 1001)])
    lines = layer_lines(known, cache)
    assert [line.split(":")[0] for line in lines if "marsh" in line] == ["  older", "  not prepared"]
    (file,) = cache.folder.glob("*/read.json")
    file.write_text("{}", encoding="utf-8")
    assert any(line.startswith("  damaged: ") for line in layer_lines(known, cache))
    assert clear_lines(cache)[0].startswith("1 entries removed")
    assert entries(cache) == []
