"""The real place: the publisher's own figures from our overlaps, and growth along fronts that is never lost."""

import json
from pathlib import Path

import pandas as pd
import pytest

from pipeline import screen

HOME = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tables():
    return screen(HOME / "configs" / "tapajos", "2022")


def test_mined_area_per_territory_and_year_is_the_publishers(tables):
    reports = tables["reports"].set_index("report_id")["attributes"]
    leads = tables["leads"][tables["leads"]["kind"] == "change"].set_index("lead_id")
    rows = tables["overlaps"]
    rows = rows[
        (rows["level"] == "feature") & (rows["layer_id"] == "territories") & rows["subject_id"].isin(leads.index)
    ]
    words = [json.loads(reports[leads.at[i, "report_id"]]) for i in rows["subject_id"]]
    rows = rows.assign(
        mined_ha=[float(w["Mined area (ha)"]) for w in words] * rows["overlap_share"],
        year=[int(leads.at[i, "period"][5:]) * 100 for i in rows["subject_id"]],
    )
    ours = rows.groupby(["feature_key", "year"])["mined_ha"].sum()
    expected = pd.read_csv(HOME / "data" / "tapajos" / "expected_mined_ha_per_territory_year.csv")
    expected = expected[expected["admin_year"].isin([202000, 202100, 202200])].set_index(["id", "admin_year"])
    assert len(ours) == 6
    for key, row in expected.iterrows():
        assert ours[key] == pytest.approx(row["intersected_area_ha"], rel=1e-4)


def test_touching_is_never_same_and_never_leaves_the_list(tables):
    assert set(tables["matches"]["relation"]) <= {"grown", "adjacent"}
    outcomes = tables["outcomes"].merge(tables["leads"][["lead_id", "kind"]], on="lead_id")
    change = outcomes[outcomes["kind"] == "change"]
    assert set(change["outcome"]) == {"listed", "set_aside"}
    assert set(tables["set_aside"]["reason"]) == {"E4"}
    assert (outcomes[outcomes["kind"] == "known"]["outcome"] == "known").all()


def test_counts_that_the_readme_names(tables):
    outcomes = tables["outcomes"].merge(tables["leads"][["lead_id", "kind"]], on="lead_id")
    change = outcomes[outcomes["kind"] == "change"]
    assert len(change) == 1532
    assert (change["outcome"] == "set_aside").mean() == pytest.approx(0.69, abs=0.005)
    assert len(tables["problems"]) == 316


def test_leads_along_known_ground(tables):
    from pipeline.intake.ground import read_ground
    from pipeline.place_folder import read_place
    from pipeline.stages.match import match

    place = read_place(HOME / "configs" / "tapajos")
    leads = tables["leads"][tables["leads"]["kind"] == "change"]
    alone = leads.assign(site_id=leads["lead_id"], is_text_only=False)
    matches = match(alone, tables["cases"], read_ground(place).layers, place.rules, "en")
    touching = set(matches.loc[matches["gap_m"] <= 0.5, "site_id"])
    grown = set(matches.loc[matches["relation"] == "grown", "site_id"])
    assert (len(touching), len(grown)) == (974, 922)
    outcomes = tables["outcomes"].set_index("lead_id")["outcome"]
    assert (outcomes[sorted(grown)] == "set_aside").sum() == pytest.approx(745, abs=2)
    assert (matches["overlap_m2"] <= 0.002 * matches["site_id"].map(leads.set_index("lead_id")["area_m2"])).all()


def test_no_site_is_chained(tables):
    sites = tables["sites"]
    polygons = sites[sites["area_m2"] > 0]
    assert max(len(ids) for ids in polygons["lead_ids"]) == 14
    leads = tables["leads"].set_index("lead_id")
    for _, site in polygons.iterrows():
        assert site["area_m2"] <= leads.loc[site["lead_ids"], "area_m2"].sum() + 1
        assert sum(json.loads(site["growth"]).values()) == pytest.approx(site["area_m2"], abs=0.01)
