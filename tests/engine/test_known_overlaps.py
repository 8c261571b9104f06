"""What an earlier run measured is not measured again, and no row differs for it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.cache import Cache, entries
from pipeline.engine.pieces import overlap_in_pieces
from pipeline.stages.overlap import overlap
from tests.stages.test_overlap import CRS, RULES, layer_of


@pytest.fixture
def measured(monkeypatch):
    """The stage, counting how many subjects it was given."""
    given = []

    def counted(subjects, *rest, **named):
        given.append(sorted(subjects["lead_id"]))
        return overlap(subjects, *rest, **named)

    return counted, given


def leads(n, shift_m=0.0):
    boxes = [shapely.box(30 * k + shift_m, 0, 30 * k + 20 + shift_m, 20) for k in range(n)]
    frame = {
        "lead_id": [f"L{k}" for k in range(n)],
        "prev_date": "2020",
        "curr_date": "2021",
        "position_accuracy_m": 2.0,
    }
    return gpd.GeoDataFrame(frame, geometry=boxes, crs=CRS)


MARSH = layer_of(shapely.box(-5, 5, 1000, 50), date="2018-12-31")
COVERAGE = {"wetland": None}


def test_only_new_and_changed_leads_are_measured(tmp_path, measured):
    stage, given = measured
    cache = Cache(tmp_path, 100)
    first = overlap_in_pieces(stage, leads(5), MARSH, RULES, COVERAGE, cache=cache)
    changed = leads(6)
    changed.loc[2, "prev_date"] = "2017"
    changed.loc[3, "geometry"] = shapely.box(0, 0, 7, 20)
    second = overlap_in_pieces(stage, changed, MARSH, RULES, COVERAGE, cache=cache)
    assert given == [["L0", "L1", "L2", "L3", "L4"], ["L2", "L3", "L5"]]
    pd.testing.assert_frame_equal(second, overlap(changed, MARSH, RULES, COVERAGE))
    pd.testing.assert_frame_equal(first, overlap(leads(5), MARSH, RULES, COVERAGE))
    again = overlap_in_pieces(stage, changed.iloc[[4, 1]], MARSH, RULES, COVERAGE, cache=cache)
    assert len(given) == 2
    assert sorted(set(again["subject_id"])) == ["L1", "L4"]


def test_other_ground_other_rules_or_other_coverage_is_measured_anew(tmp_path, measured):
    stage, given = measured
    cache = Cache(tmp_path, 100)
    moved = MARSH.assign(geometry=[shapely.box(-5, 6, 1000, 50)])
    renamed = MARSH.assign(name="reed marsh")
    for ground, rules, coverage in (
        (MARSH, RULES, COVERAGE),
        (moved, RULES, COVERAGE),
        (renamed, RULES, COVERAGE),
        (MARSH, RULES.model_copy(update={"adjacent_m": 11.0}), COVERAGE),
        (MARSH, RULES, {"wetland": shapely.box(0, 0, 10, 10)}),
    ):
        rows = overlap_in_pieces(stage, leads(2), ground, rules, coverage, cache=cache)
        pd.testing.assert_frame_equal(rows, overlap(leads(2), ground, rules, coverage))
    assert len(given) == 5


def test_a_damaged_memory_is_told_and_made_anew(tmp_path, measured):
    stage, given = measured
    cache = Cache(tmp_path, 100)
    expected = overlap_in_pieces(stage, leads(3), MARSH, RULES, COVERAGE, cache=cache)
    (entry,) = entries(cache)
    file = tmp_path / entry.key / "rows.parquet"
    spoilt = bytearray(file.read_bytes())
    spoilt[len(spoilt) // 2] ^= 1
    file.write_bytes(spoilt)
    rows = overlap_in_pieces(stage, leads(3), MARSH, RULES, COVERAGE, cache=cache)
    pd.testing.assert_frame_equal(rows, expected)
    assert len(given) == 2
    assert len(cache.told) == 1


def test_leads_on_no_layer_are_known_too(tmp_path, measured):
    stage, given = measured
    far = leads(3).assign(geometry=np.array([shapely.box(0, 900 + k, 1, 901 + k) for k in range(3)]))
    for _ in range(2):
        rows = overlap_in_pieces(stage, far, MARSH, RULES, {}, cache=Cache(tmp_path, 100))
        assert rows.empty
    assert len(given) == 1


def test_another_version_without_features_is_other_ground(tmp_path, measured):
    stage, given = measured
    cache = Cache(tmp_path, 100)
    one = MARSH[["layer_id", "series", "layer_date"]]
    two = pd.concat([one, one.assign(layer_id="newer", layer_date="2019-12-31")], ignore_index=True)
    found_m2 = []
    for versions in (one, two, two):
        rows = overlap_in_pieces(stage, leads(2), MARSH, RULES, COVERAGE, versions=versions, cache=cache)
        found_m2.append(rows.loc[rows["level"] == "class", "overlap_m2"].tolist())
    assert found_m2 == [[300, 300], [0, 0], [0, 0]]
    assert len(given) == 2
