"""Layers: selected by their codes, lines with a width, doubts about codes told, what cannot be used named."""

import json

import pytest

from pipeline.errors import InputError
from pipeline.intake.ground import read_ground
from pipeline.place_folder import read_place
from tests.conftest import X, Y, box, write_geojson, write_layer


def rewrite(place, rows, **words):
    """The layer marsh with features of these properties, and lines added to its file."""
    write_geojson(place / "marsh.geojson", [(box(200 * k, 0, 100, 100), row) for k, row in enumerate(rows)])
    toml = place / "layers" / "marsh.toml"
    text = toml.read_text(encoding="utf-8").split("[columns]")[0]
    lines = "".join(f"{key} = {value}\n" for key, value in words.items() if "." not in key)
    columns = '[columns]\ncode = "DLBM"\nname = "DLMC"\n'
    where = f"[where]\nDLBM = {words['where.DLBM']}\n" if "where.DLBM" in words else ""
    toml.write_text(f"{text}{lines}{columns}{where}", encoding="utf-8")
    return read_ground(read_place(place))


MARSH = [{"DLBM": "1108", "DLMC": "沼泽地"}, {"DLBM": "304", "DLMC": "森林沼泽"}, {"DLBM": "1101", "DLMC": "河流水面"}]


def test_a_lost_zero_is_given_back_where_the_name_agrees(place):
    ground = rewrite(place, MARSH, code_scheme='"sandiao"', **{"where.DLBM": '["0304", "1108"]'})
    assert sorted(ground.layers["name"]) == ["森林沼泽", "沼泽地"]
    assert ground.unusable == ()


def test_a_lost_zero_without_a_scheme_is_told(place):
    ground = rewrite(place, MARSH, **{"where.DLBM": '["0304", "1108"]'})
    assert ground.layers["name"].tolist() == ["沼泽地"]
    assert any("304 × 1" in line for line in ground.unusable)
    assert any("304 × 1" in note for note in ground.inputs["notes"].iloc[0])


def test_codes_and_names_that_disagree_are_told_and_counted(place):
    rows = [*MARSH, {"DLBM": "1101", "DLMC": "旱地"}, {"DLBM": "1101", "DLMC": "旱地"}]
    ground = rewrite(place, rows, code_scheme='"sandiao"', **{"where.DLBM": '["1101"]'})
    assert len(ground.layers) == 3
    assert [line for line in ground.unusable if "旱地" in line and "2 个要素" in line]


def test_a_closed_line_with_a_width_is_a_ring_and_no_area(place):
    loop = [[X, Y], [X + 100, Y], [X + 100, Y + 100], [X, Y + 100], [X, Y]]
    write_geojson(place / "river.geojson", [({"type": "LineString", "coordinates": loop}, {"key": "loop"})])
    write_layer(place, "marsh", [box(5000, 5000, 10, 10)])
    write_layer(place, "river", [], buffer_m="5")
    write_geojson(place / "river.geojson", [({"type": "LineString", "coordinates": loop}, {"key": "loop"})])
    layers = read_ground(read_place(place)).layers
    area_m2 = layers.loc[layers["layer_id"] == "river"].geometry.area.sum()
    assert area_m2 == pytest.approx(4 * 100 * 10, rel=0.03)  # not 10,000 and more


def test_a_layer_in_a_wrong_crs_stops_the_run_with_the_one_that_fits(place):
    toml = place / "place.toml"
    outline = {"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "EPSG:4549"}},
               "features": [{"type": "Feature", "geometry": box(-2000, -2000, 5000, 5000), "properties": {}}]}  # fmt: skip
    (place / "outline.geojson").write_text(json.dumps(outline), encoding="utf-8")
    text = toml.read_text(encoding="utf-8").replace(
        "[cycles]", '[boundary]\npath = "outline.geojson"\ncrs = "EPSG:4549"\n[cycles]'
    )
    toml.write_text(text, encoding="utf-8")
    layer = place / "layers" / "marsh.toml"
    layer.write_text(layer.read_text(encoding="utf-8").replace("EPSG:4549", "EPSG:4548"), encoding="utf-8")
    with pytest.raises(InputError, match="EPSG:4549"):
        read_ground(read_place(place))
    unread: dict[str, str] = {}
    read_ground(read_place(place), unread)
    assert list(unread) == ["marsh"]
