"""Leads as they leave the door: parts, corrections, stated areas, towns – sums done in the head."""

import json
import shutil

import pytest

from pipeline import screen
from pipeline.jobs import accept
from tests.conftest import HOME, box, lead, write_source


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def two_squares(apart: float) -> dict:
    rings = [box(0, 0, 50, 50)["coordinates"], box(50 + apart, 0, 100, 100)["coordinates"]]
    return {"type": "MultiPolygon", "coordinates": rings}


def test_far_parts_of_one_record_are_leads_of_their_own(place):
    write_source(place, "leads", [lead("far", two_squares(600)), lead("near", two_squares(400))])
    leads = screen(place, "2023")["leads"].sort_values(["orig_no", "part_no"])
    assert leads["orig_no"].tolist() == ["far", "far", "near"]
    assert leads["part_no"].tolist() == [1, 2, 1]
    assert leads["area_m2"].round(-2).tolist() == [10_000, 2_500, 12_500]
    assert leads["lead_id"].is_unique
    assert leads["report_id"].nunique() == 2


def test_the_parts_of_a_case_stay_one_case(place):
    write_source(place, "old", [lead("case", two_squares(600), state="整改中", closed="")], kind='"known"')
    cases = screen(place, "2023")["cases"]
    assert cases["orig_no"].tolist() == ["case"]


def correction(place, shape, received="2023-08-01"):
    write_source(place, "zfix", [lead("in", shape)], replaces='"leads"', received=received)


def test_a_correction_keeps_the_site_and_the_candidate(place):
    before = screen(place, "2023")["problems"].set_index("site_id")
    correction(place, box(120, 120, 100, 100))
    tables = screen(place, "2023")
    after = tables["problems"][tables["problems"]["orig_nos"].str[0] == "in"].iloc[0]
    assert after["site_id"] in before.index
    assert before.at[after["site_id"], "candidate_id"] == after["candidate_id"]
    assert after["lead_ids"] != before.at[after["site_id"], "lead_ids"]


def test_a_correction_of_something_accepted_in_this_cycle_keeps_its_number_and_goes_to_review(place, tmp_path):
    given, _, _ = accept(place, "2023", tmp_path / "out")
    correction(place, box(120, 120, 100, 100))
    problems = screen(place, "2023")["problems"]
    row = problems[problems["orig_nos"].str[0] == "in"].iloc[0]
    assert row["problem_id"] in set(given["problem_id"])
    assert row["needs_review"]
    again, left, _ = accept(place, "2023", tmp_path / "out")
    assert set(again["problem_id"]) <= set(given["problem_id"])
    assert row["candidate_id"] in set(left["candidate_id"])


def test_a_correction_of_something_accepted_earlier_is_asked_about_and_gets_no_second_number(place, tmp_path):
    given, _, _ = accept(place, "2023", tmp_path / "out")
    correction(place, box(600, 600, 100, 100), received="2024-05-01")  # 500 m away
    tables = screen(place, "2024")
    row = tables["problems"][tables["problems"]["orig_nos"].str[0] == "in"].iloc[0]
    assert (row["relation"], bool(row["needs_review"])) == ("review", True)
    assert row["known_problem_id"] in set(given["problem_id"])
    again, _, _ = accept(place, "2024", tmp_path / "out")
    assert again.empty


def test_a_correction_that_moves_nothing_is_known(place, tmp_path):
    accept(place, "2023", tmp_path / "out")
    write_source(place, "zfix", [lead("in", box(101, 100, 100, 100))], replaces='"leads"', received="2024-05-01")
    outcomes = screen(place, "2024")["outcomes"]
    assert set(outcomes["outcome"]) == {"known", "set_aside"}


@pytest.mark.parametrize(
    ("title", "factor"), [("面积(亩)", 15 / 10_000), ("面积(公顷)", 1 / 10_000), ("面积", 15 / 10_000)]
)
def test_stated_areas_are_brought_to_square_metres(place, title, factor):
    rows = [lead(str(k), box(100 * k, 0, 50 + k, 100), **{title: f"{(50 + k) * 100 * factor:.4f}"}) for k in range(5)]
    write_source(place, "leads", rows)
    edit(place / "sources" / "leads.toml", "[columns]\n", f'[columns]\narea = "{title}"\n')
    leads = screen(place, "2023")["leads"].sort_values("orig_no")
    assert leads["declared_area_m2"].round().tolist() == [5000, 5100, 5200, 5300, 5400]


def test_townships_by_name_where_no_outline_gives_one(place):
    names = HOME / "data" / "shuangta_demo" / "towns_through_time.csv"
    shutil.copy(names, place / "towns.csv")
    areas = {"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "EPSG:4549"}}, "features": [
        {"type": "Feature", "geometry": box(5000, 5000, 10, 10), "properties": {"n": "前进街道", "c": "211302003"}}]}  # fmt: skip
    (place / "areas.geojson").write_text(json.dumps(areas), encoding="utf-8")
    edit(place / "place.toml", "[cycles]", '[townships]\npath = "areas.geojson"\ncrs = "EPSG:4549"\nname = "n"\ncode = "c"\n'
         'through_time = "towns.csv"\n[cycles]')  # fmt: skip
    write_source(place, "leads", [lead("old", box(0, 0, 50, 50), town="南塔街道")])
    edit(place / "sources" / "leads.toml", "[columns]\n", '[columns]\ntown = "town"\n')
    found = screen(place, "2023")["leads"].iloc[0]
    assert (found["town"], found["town_words"]) == ("双塔街道", "南塔街道")
    assert "南塔街道" in found["notes"]
