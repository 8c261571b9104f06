"""Leads as they leave the door: parts, corrections, stated areas, towns – sums done in the head."""

import json
import shutil

import pytest

from pipeline import screen
from pipeline.jobs import screen as screen_job
from tests.conftest import HOME, accept, box, lead, write_source


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


def test_a_correction_of_something_accepted_in_this_cycle_keeps_its_number_and_goes_to_review(place):
    given, _, _ = accept(place, "2023")
    correction(place, box(120, 120, 100, 100))
    problems = screen(place, "2023")["problems"]
    row = problems[problems["orig_nos"].str[0] == "in"].iloc[0]
    assert row["problem_id"] in set(given["problem_id"])
    assert row["needs_review"]
    again, left, _ = accept(place, "2023")
    assert set(again["problem_id"]) <= set(given["problem_id"])
    assert row["candidate_id"] in set(left["candidate_id"])


def test_a_correction_of_something_accepted_earlier_is_asked_about_and_gets_no_second_number(place):
    given, _, _ = accept(place, "2023")
    correction(place, box(600, 600, 100, 100), received="2024-05-01")  # 500 m away
    tables = screen(place, "2024")
    row = tables["problems"][tables["problems"]["orig_nos"].str[0] == "in"].iloc[0]
    assert (row["relation"], bool(row["needs_review"])) == ("review", True)
    assert row["known_problem_id"] in set(given["problem_id"])
    again, _, _ = accept(place, "2024")
    assert again.empty


def test_a_correction_that_moves_nothing_is_known(place):
    accept(place, "2023")
    write_source(place, "zfix", [lead("in", box(101, 100, 100, 100))], replaces='"leads"', received="2024-05-01")
    outcomes = screen(place, "2024")["outcomes"]
    assert set(outcomes["outcome"]) == {"known", "set_aside"}


def numbers_of(tables) -> dict[str, str]:
    rows = tables["problems"]
    return dict(zip(rows["orig_nos"].str[0], rows["problem_id"], strict=True))


def test_of_two_corrections_of_one_file_the_later_stands(place):
    correction(place, box(120, 100, 100, 100))
    write_source(place, "zfix2", [lead("in", box(140, 100, 100, 100))], replaces='"leads"', received="2023-09-01")
    tables = screen(place, "2023")
    leads = tables["leads"][tables["leads"]["orig_no"] == "in"]
    assert leads["source_id"].tolist() == ["zfix2"]
    assert len(leads["corrects"].iloc[0]) == 2
    given, _, _ = accept(place, "2023")
    assert len(given) == 2


def test_a_chain_of_corrections_of_one_day_is_one_record(place):
    for name, replaced, x in (("b_fix", "leads", 120), ("a_fix", "b_fix", 140)):
        write_source(place, name, [lead("in", box(x, 100, 100, 100))], replaces=f'"{replaced}"')
    before = screen(place, "2023")
    leads = before["leads"][before["leads"]["orig_no"] == "in"]
    assert leads["source_id"].tolist() == ["a_fix"]
    gone = before["set_aside"][before["set_aside"]["reason"] == "E5"]
    assert set(gone["lead_id"]) == set(leads["lead_id"])  # the lead that stands, for both older records


@pytest.mark.parametrize("cycle", ["2023", "2024"])
def test_the_parts_of_a_corrected_record_keep_their_numbers(place, cycle):
    def parts(shift: float) -> dict:
        rings = [box(0, 0, 100, 100)["coordinates"], box(800 + shift, 0, 60, 60)["coordinates"]]
        return {"type": "MultiPolygon", "coordinates": rings}

    write_source(place, "leads", [lead("two", parts(0))])
    given, _, _ = accept(place, "2023")
    assert len(given) == 2
    received = {"2023": "2023-08-01", "2024": "2024-05-01"}[cycle]
    write_source(place, "zfix", [lead("two", parts(100))], replaces='"leads"', received=received)
    again, left, _ = accept(place, cycle)
    assert set(again["problem_id"]) <= set(given["problem_id"])
    assert len(left) == (2 if cycle == "2023" else 1)


def test_parts_that_change_their_order_of_size_keep_their_identity(place):
    def parts(first: float, second: float) -> dict:
        rings = [box(0, 0, first, first)["coordinates"], box(800, 0, second, second)["coordinates"]]
        return {"type": "MultiPolygon", "coordinates": rings}

    def at_origin() -> str:
        tables = screen(place, "2023")
        sites = tables["sites"]
        return str(sites.loc[sites.geometry.bounds["minx"].idxmin(), "site_id"])

    write_source(place, "leads", [lead("two", parts(100, 60))])
    before = at_origin()
    write_source(place, "zfix", [lead("two", parts(100, 120))], replaces='"leads"', received="2023-08-01")
    assert at_origin() == before


def test_two_rows_of_one_number_and_one_correction_lose_no_case(place):
    write_source(place, "leads", [lead("n", box(0, 0, 100, 100)), lead("n", box(500, 0, 100, 100))])
    given, _, _ = accept(place, "2023")
    assert len(given) == 2
    write_source(place, "zfix", [lead("n", box(510, 0, 100, 100))], replaces='"leads"', received="2024-05-01")
    tables = screen(place, "2024")
    row = tables["problems"].iloc[0]
    assert (len(tables["problems"]), row["relation"], bool(row["needs_review"])) == (1, "review", True)
    assert set(tables["matches"]["problem_id"]) == set(given["problem_id"])


def test_a_site_keeps_its_id_when_any_of_its_records_is_corrected(place):
    """Six pairs of twins, so that the id of either twin may be the smaller one."""
    corners = [(100 + 300 * (k % 3), 100 + 300 * (k // 3)) for k in range(6)]
    twins = [
        lead(f"{number}{k}", box(x + shift, y + shift, 100, 100))
        for k, (x, y) in enumerate(corners)
        for shift, number in enumerate("ab")
    ]
    write_source(place, "leads", twins, shows='"whole_outline"')
    before = screen(place, "2023")["sites"]["site_id"].tolist()
    assert len(before) == 6
    for number in "ab":
        fixed = [lead(f"{number}{k}", box(x + 2, y, 100, 100)) for k, (x, y) in enumerate(corners)]
        write_source(place, "zfix", fixed, replaces='"leads"', received="2023-08-01", shows='"whole_outline"')
        assert screen(place, "2023")["sites"]["site_id"].tolist() == before


def test_a_corrected_old_list_keeps_its_cases_and_their_numbers(place):
    write_source(place, "leads", [lead("east", box(200, 100, 60, 100)), lead("west", box(40, 100, 60, 100))])
    write_source(place, "old", [lead("case", box(100, 100, 100, 100), state="整改中", closed="")], kind='"known"',
                 received="2020-12-31")  # fmt: skip
    before = screen(place, "2023")
    first = before["problems"]["candidate_id"].iloc[0]
    given, _, _ = accept(place, "2023", only=[first])
    fixed = [lead("case", box(101, 100, 100, 100), state="整改中", closed="")]
    write_source(place, "zold", fixed, kind='"known"', replaces='"old"', received="2024-05-01")
    after = screen(place, "2024")
    assert before["cases"]["problem_id"].iloc[0] in set(after["cases"]["problem_id"])
    again, _, _ = accept(place, "2024")
    assert set(again["problem_id"]) == set(given["problem_id"])


def test_an_accepted_site_beside_an_old_case_is_known_in_the_next_cycle(place):
    write_source(place, "leads", [lead("east", box(200, 100, 60, 100))])
    write_source(place, "old", [lead("case", box(100, 100, 100, 100), state="整改中", closed="")], kind='"known"',
                 received="2020-12-31")  # fmt: skip
    given, _, _ = accept(place, "2023")
    later = screen(place, "2024")
    assert later["problems"].empty
    assert set(later["outcomes"]["known_problem_id"].dropna()) >= set(given["problem_id"])


def test_a_correction_that_cannot_be_used_is_asked_about(place):
    write_source(place, "zfix", [lead("in", None)], replaces='"leads"', received="2023-08-01")
    tables = screen(place, "2023")
    row = tables["problems"][tables["problems"]["orig_nos"].str[0] == "in"].iloc[0]
    assert row["needs_review"]
    assert "更正的记录无法使用" in row["review_reason"]
    assert "E10" in set(tables["set_aside"]["reason"])


def test_a_mistyped_correction_is_told_and_is_no_second_voice(place, tmp_path):
    write_source(place, "zfix", [lead("inn", box(105, 100, 100, 100))], replaces='"leads"', received="2023-08-01")
    run = screen_job(place, "2023", tmp_path / "out").run
    assert any("inn" in line for line in run["warnings"])
    row = screen(place, "2023")["problems"].set_index("site_id")
    assert not row["reasons"].str.contains("several_sources").any()


def test_a_part_that_repair_leaves_nothing_of_is_told(place):
    spike = [[[x + 537_000, 4_603_000] for x in (0, 50, 0)] + [[537_000, 4_603_000]]]
    shape = {"type": "GeometryCollection", "geometries": [
        {"type": "Polygon", "coordinates": spike}, {"type": "Point", "coordinates": [537_300, 4_603_300]}]}  # fmt: skip
    write_source(place, "leads", [lead("x", shape)])
    leads = screen(place, "2023")["leads"]
    assert leads["area_m2"].tolist() == [0]
    assert "未采用" in leads["notes"].iloc[0]


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
