"""Whole runs on the small place: accounting, repeatability, order, acceptance, nothing to do, nothing covered."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from pipeline import screen
from pipeline.cycle import open_cycle
from pipeline.errors import ConfigError, InputError, TableError
from pipeline.jobs import accept, make_tables
from pipeline.jobs import screen as screen_job
from pipeline.stages.account import account
from tests.conftest import box, lead, write_layer, write_source


def outcome_of(tables) -> dict[str, str]:
    rows = tables["outcomes"].merge(tables["leads"][["lead_id", "orig_no"]], on="lead_id")
    return dict(zip(rows["orig_no"], rows["outcome"], strict=True))


def files_of(folder: Path) -> dict[str, bytes]:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in files.items() if not name.endswith("timings.json")}


def test_in_and_half_are_listed_and_off_is_e4(place):
    tables = screen(place, "2023")
    assert outcome_of(tables) == {"in": "listed", "half": "listed", "off": "set_aside"}
    problems = tables["problems"].set_index(tables["problems"]["orig_nos"].str[0])
    assert problems.at["in", "wetland_m2"] == pytest.approx(10_000, rel=1e-4)
    assert problems.at["half", "wetland_m2"] == pytest.approx(5_000, rel=1e-4)
    assert problems.at["in", "department"] == "矿管科"
    assert tables["set_aside"]["reason"].tolist() == ["E4"]


def test_the_score_is_the_sum_of_its_reasons(place):
    problems = screen(place, "2023")["problems"]
    for _, problem in problems.iterrows():
        assert problem["score"] == sum(reason["points"] for reason in json.loads(problem["reasons"]))
        assert 0 <= problem["score"] <= 100


def test_a_lost_row_fails_the_run(place):
    cycle = make_tables(open_cycle(place, "2023"))
    tables = cycle.tables
    for name in ("leads", "outcomes", "set_aside"):
        lost = {key: tables[key] for key in ("reports", "leads", "set_aside", "outcomes")}
        lost[name] = lost[name].iloc[1:]
        with pytest.raises(TableError, match="leads"):
            account(cycle.place, **lost)
    assert (
        account(cycle.place, *(tables[k] for k in ("reports", "leads", "set_aside", "outcomes")))["difference"].sum()
        == 0
    )


def test_two_runs_are_byte_identical(place, tmp_path):
    for out in ("a", "b"):
        screen_job(place, "2023", tmp_path / out)
    first, second = files_of(tmp_path / "a"), files_of(tmp_path / "b")
    assert len(first) > 15
    assert {name for name in first if first[name] != second.get(name)} == set()
    assert first.keys() == second.keys()


def test_shuffled_rows_give_the_same_ids_and_list(place):
    before = screen(place, "2023")
    path = place / "leads.geojson"
    collection = json.loads(path.read_text(encoding="utf-8"))
    collection["features"].reverse()
    path.write_text(json.dumps(collection), encoding="utf-8")
    after = screen(place, "2023")
    for name in ("leads", "sites", "problems", "outcomes", "overlaps"):
        pd.testing.assert_frame_equal(pd.DataFrame(before[name]), pd.DataFrame(after[name]))


def test_a_renamed_file_gives_the_same_lead_ids(place):
    before = set(screen(place, "2023")["leads"]["lead_id"])
    (place / "leads.geojson").rename(place / "renamed.geojson")
    toml = place / "sources" / "leads.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("leads.geojson", "renamed.geojson"), encoding="utf-8")
    toml.rename(place / "sources" / "other.toml")
    assert set(screen(place, "2023")["leads"]["lead_id"]) == before


def test_accept_gives_numbers_once_and_the_list_stays(place, tmp_path):
    out = tmp_path / "out"
    draft = screen_job(place, "2023", out).cycle.tables["problems"]
    given, left, _ = accept(place, "2023", out)
    assert given["problem_id"].tolist() == ["T999901-2023-0001", "T999901-2023-0002"]
    assert left.empty
    first = files_of(out / place.name / "2023")
    again, _, _ = accept(place, "2023", out)
    assert again["is_new"].tolist() == [False, False]
    rerun = screen_job(place, "2023", out).cycle.tables["problems"]
    same = ["rank", "candidate_id", "score", "priority", "reasons"]
    pd.testing.assert_frame_equal(pd.DataFrame(draft[same]), pd.DataFrame(rerun[same]))
    assert rerun["problem_id"].tolist() == given["problem_id"].tolist()
    assert files_of(out / place.name / "2023") == first
    assert (out / place.name / "2023" / "accepted" / "index.html").exists()


def test_accepted_ground_is_known_in_the_next_cycle(place, tmp_path):
    accept(place, "2023", tmp_path / "out")
    later = screen(place, "2024")
    assert outcome_of(later) == {"in": "known", "half": "known", "off": "set_aside"}
    assert set(later["outcomes"]["known_problem_id"].dropna()) == {"T999901-2023-0001", "T999901-2023-0002"}


def test_growth_of_an_accepted_case_goes_under_its_number(place, tmp_path):
    accept(place, "2023", tmp_path / "out")
    grown = [lead("grown", box(200, 100, 60, 100))]  # shares the whole 100 m edge of "in"
    write_source(place, "later", grown, received="2024-06-01")
    toml = place / "sources" / "later.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("2021-2022", "2023-2024"), encoding="utf-8")
    problems = screen(place, "2024")["problems"]
    row = problems[problems["relation"] == "grown"].iloc[0]
    given, _, _ = accept(place, "2024", tmp_path / "out", only=[row["candidate_id"]])
    assert given["problem_id"].tolist() == [row["known_problem_id"]]


def test_accept_only_and_unknown_ids(place, tmp_path):
    wanted = screen(place, "2023")["problems"]["candidate_id"].iloc[1]
    given, _, _ = accept(place, "2023", tmp_path / "out", only=[wanted])
    assert given["candidate_id"].tolist() == [wanted]
    with pytest.raises(InputError, match="CNOSUCH"):
        accept(place, "2023", tmp_path / "out", only=["CNOSUCH"])


def test_a_dry_run_writes_nothing(place, tmp_path):
    given, _, finished = accept(place, "2023", tmp_path / "out", is_dry_run=True)
    assert len(given) == 2
    assert finished is None
    assert not (place / "ledger.sqlite").exists()
    assert not (tmp_path / "out").exists()


def test_no_leads_still_makes_every_output_and_says_zero(place, tmp_path):
    write_source(place, "leads", [])
    finished = screen_job(place, "2023", tmp_path / "out")
    assert len(finished.cycle.tables["problems"]) == 0
    made = {path.suffix for path in finished.folder.rglob("*") if path.is_file()}
    assert {".html", ".md", ".json", ".parquet", ".gpkg", ".xlsx"} <= made
    assert "0 处" in (finished.folder / "summary.md").read_text(encoding="utf-8")


def test_no_sources_is_refused_and_nothing_is_written(place, tmp_path):
    shutil.rmtree(place / "sources")
    with pytest.raises(ConfigError, match="sources"):
        screen_job(place, "2023", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_not_covered_is_not_zero(place):
    toml = place / "place.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('["wetland"]', '["wetland", "forest"]'), encoding="utf-8")
    problems = screen(place, "2023")["problems"]
    assert problems["forest_m2"].isna().all()
    off = problems[problems["orig_nos"].str[0] == "off"].iloc[0]
    assert off["needs_review"]
    assert "无法判定：此处没有林地图层" in off["review_reason"]


def test_equal_content_twice_is_e5_with_its_own_report(place):
    write_source(place, "leads", [lead("one", box(0, 0, 50, 50)), lead("one", box(0, 0, 50, 50))])
    tables = screen(place, "2023")
    assert len(tables["leads"]) == 1
    gone = tables["set_aside"].iloc[0]
    assert gone["reason"] == "E5"
    assert gone["lead_id"] == tables["leads"]["lead_id"].iloc[0]
    assert gone["report_id"] != tables["leads"]["report_id"].iloc[0]


def test_a_correcting_file_replaces_only_its_rows(place):
    fixed = [lead("half", box(10, 500, 100, 100))]
    write_source(place, "zfix", fixed, replaces='"leads"')
    tables = screen(place, "2023")
    assert sorted(tables["leads"]["orig_no"]) == ["half", "in", "off"]
    half = tables["problems"][tables["problems"]["orig_nos"].str[0] == "half"].iloc[0]
    assert half["wetland_m2"] == pytest.approx(10_000, rel=1e-4)
    assert "zfix" in tables["set_aside"].set_index("reason").at["E5", "detail"]


def test_a_layer_that_comes_later_is_not_used(place):
    write_layer(place, "late", [box(-1000, -1000, 900, 2000)], received="2024-03-01")
    assert outcome_of(screen(place, "2023"))["off"] == "set_aside"
    assert outcome_of(screen(place, "2024"))["off"] == "listed"


def test_a_class_of_the_places_own_making_counts_and_is_named(place):
    write_layer(place, "reef", [box(-600, -100, 300, 300)], **{"class": '"reef"'})
    problems = screen(place, "2023")["problems"]
    off = problems[problems["orig_nos"].str[0] == "off"].iloc[0]
    assert "reef" in off["reasons"]


def test_english_and_chinese_runs_find_the_same(place):
    chinese, english = screen(place, "2023"), screen(place, "2023", "en")
    same = ["candidate_id", "score", "priority", "wetland_m2"]
    pd.testing.assert_frame_equal(pd.DataFrame(chinese["problems"][same]), pd.DataFrame(english["problems"][same]))


def test_ids_stay_what_they_are(place):
    """Literal ids: whoever changes how they are made must see it here, for ledgers and handed-out maps know them."""
    write_source(place, "leads", [lead("in", box(100, 100, 100, 100))])
    tables = screen(place, "2023")
    found = (
        tables["leads"]["lead_id"].iloc[0],
        tables["sites"]["site_id"].iloc[0],
        tables["problems"]["candidate_id"].iloc[0],
    )
    assert found == ("LSZDNW6CMXWD", "SSZDNW6CMXWD", "CSZDNW6CMXWD")
