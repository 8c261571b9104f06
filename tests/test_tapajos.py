"""The real place: the publisher's own figures from our overlaps, and growth along fronts that is never lost.

`python -m tests.test_tapajos` writes the golden file anew: only where a change of its figures is meant and understood.
"""

import json
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from benchmarks.tapajos_pictures import CASES, draw
from pipeline import screen
from pipeline.explain import explain

HOME = Path(__file__).parents[1]
GOLDEN = HOME / "tests" / "data" / "tapajos_golden.json"
PAGE = HOME / "docs" / "tapajos.md"
LAYERS = ("overlay_indigenous_territories", "overlay_waterbodies_osm")
SLIVER_M2 = 50  # R04


def run():
    return screen(HOME / "configs" / "tapajos", "2022")


@pytest.fixture(scope="module")
def tables():
    return run()


def changes(tables):
    """The change leads with what became of them."""
    leads = tables["leads"][tables["leads"]["kind"] == "change"]
    return leads[["lead_id", "period", "geometry"]].merge(tables["outcomes"], on="lead_id", validate="one_to_one")


def site_of_each(tables):
    return {lead_id: site.site_id for site in tables["sites"].itertuples() for lead_id in site.lead_ids}


def figures(tables):
    """What the golden file holds: counts as whole numbers, areas in m²."""
    leads, problems, growth = changes(tables), tables["problems"], tables["growth"]
    merges, matches, sites = tables["merges"], tables["matches"], tables["sites"]
    grown = matches.loc[matches["relation"] == "grown", "site_id"]
    listed = problems.loc[problems["relation"] == "grown", "site_id"]
    in_year = leads.assign(
        listed=leads["outcome"] == "listed",
        set_aside=leads["outcome"] == "set_aside",
        grown=leads["lead_id"].map(site_of_each(tables)).isin(grown),
    ).groupby("period")[["listed", "set_aside", "grown"]]
    return {
        "leads": leads.groupby("period").size().to_dict(),
        "leads_by_period": {period: row.to_dict() for period, row in in_year.sum().iterrows()},
        "pairs": (merges["rule"] + " " + merges["decision"]).value_counts().sort_index().to_dict(),
        "sites": len(sites),
        "sites_with_outlines": int((sites["area_m2"] > 0).sum()),
        "sites_over_years": int((growth.groupby("site_id").size() > 1).sum()),
        "matches": matches["relation"].value_counts().to_dict(),
        "sites_grown": int(grown.nunique()),
        "sites_grown_from_several_cases": int((grown.value_counts() > 1).sum()),
        "problems": problems["relation"].value_counts().to_dict(),
        "questions": len(tables["questions"]),
        "growth_m2": growth.groupby("period")["new_m2"].sum().round(1).to_dict(),
        "growth_listed_m2": growth[growth["site_id"].isin(problems["site_id"])]
        .groupby("period")["new_m2"].sum().round(1).to_dict(),
        "growth_of_grown_problems_m2": growth[growth["site_id"].isin(listed)]
        .groupby("period")["new_m2"].sum().round(1).to_dict(),
    }  # fmt: skip


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
    alone = leads.assign(site_id=leads["lead_id"], is_text_only=False, neighbour_ids=[()] * len(leads))
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


def test_figures_are_those_of_the_golden_file(tables):
    found, golden = figures(tables), json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert set(found) == set(golden)
    for name, expected in golden.items():
        assert found[name] == (pytest.approx(expected, rel=1e-6) if name.endswith("_m2") else expected), name


def test_growth_of_grown_problems_is_what_the_list_calls_new(tables):
    problems = tables["problems"]
    growth = figures(tables)["growth_of_grown_problems_m2"]
    assert sum(growth.values()) == pytest.approx(
        problems.loc[problems["relation"] == "grown", "new_m2"].sum(), rel=1e-5
    )


def test_no_change_lead_is_lost_to_a_neighbour(tables):
    """Each has one outcome; what is set aside lies on no layer, measured here from the files as received."""
    leads = changes(tables)
    assert len(leads) == (tables["leads"]["kind"] == "change").sum() == leads["lead_id"].nunique()
    gone = leads[leads["outcome"] == "set_aside"]
    reasons = tables["set_aside"].set_index("lead_id")["reason"]
    assert set(reasons[gone["lead_id"]]) == {"E4"}
    files = [gpd.read_file(HOME / "data" / "tapajos" / f"{name}.geojson") for name in LAYERS]
    for layer in files:
        ground = layer.to_crs(tables["leads"].crs).make_valid().union_all()
        assert gone.geometry.intersection(ground).area.max() < SLIVER_M2
    site_of, listed = site_of_each(tables), leads.loc[leads["outcome"] == "listed", "lead_id"]
    assert {site_of[lead_id] for lead_id in listed} <= set(tables["problems"]["site_id"])


def test_few_questions(tables):
    assert 0 < len(tables["questions"]) <= 0.05 * len(changes(tables))


def test_leads_of_a_site_hang_together_without_any_case(tables):
    """No site holds a lead only by way of a known case: its pairs that are the same connect all of it."""
    merges, site_of = tables["merges"], site_of_each(tables)
    known = set(tables["leads"].loc[tables["leads"]["kind"] == "known", "lead_id"])
    assert known.isdisjoint(site_of) and known.isdisjoint({*merges["lead_a"], *merges["lead_b"]})
    group = {lead_id: {lead_id} for lead_id in site_of}
    same = merges[merges["decision"] == "same"]
    for one, other in zip(same["lead_a"], same["lead_b"], strict=True):
        together = group[one] | group[other]
        group.update(dict.fromkeys(together, together))
    assert all(group[lead_ids[0]] == set(lead_ids) for lead_ids in tables["sites"]["lead_ids"])


def test_the_page_says_what_the_run_says(tables):
    """Every line quoted on docs/tapajos.md is one of `leadscreen explain`, shortened only where it ends with “…”."""
    cases = re.findall(r"^leadscreen explain (\w+)\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    assert len(cases) == len(CASES) == 10
    for wanted, quoted in cases:
        said = [line.strip() for line in explain(tables, wanted, "en")]
        for line in filter(None, map(str.strip, quoted.splitlines())):
            if line.endswith("…"):
                assert any(own.startswith(line[:-1].strip()) for own in said), (wanted, line)
            else:
                assert line in said, (wanted, line)


def test_the_page_has_the_golden_figures():
    page, golden = PAGE.read_text(encoding="utf-8"), json.loads(GOLDEN.read_text(encoding="utf-8"))
    for period, n in golden["leads"].items():
        own = golden["leads_by_period"][period]
        hectares = [
            golden[name][period] / 1e4 for name in ("growth_m2", "growth_listed_m2", "growth_of_grown_problems_m2")
        ]
        counts = [n, own["grown"], own["listed"], own["set_aside"]]
        cells = [period.replace("-", "–"), *map(str, counts), *(f"{own_ha:,.0f}" for own_ha in hectares)]
        assert f"| {' | '.join(cells)} |" in page, cells
    sites, matches, problems = golden["sites_with_outlines"], golden["matches"], golden["problems"]
    for words in (
        f"{sum(golden['leads'].values()):,} polygons are {sites:,} sites (with the airstrips {golden['sites']:,})",
        f"{golden['sites_over_years']} hold several years",
        f"{golden['pairs']['exact_front same']} growth along an exact edge",
        f"{matches['grown']:,} × `grown`, {matches['adjacent']} × `adjacent`",
        f"{golden['sites_grown']} sites grew from a case, {golden['sites_grown_from_several_cases']} of them from several",
        f"{problems['grown']} `grown`, {problems['new']} `new`, {problems['adjacent']} `adjacent`",
        f"**Questions**: {golden['questions']},",
    ):
        assert words in page, words


def test_pictures_are_drawn_for_every_case(tables):
    drawn = draw(tables)
    shown = set(re.findall(r"!\[[^\]]+\]\(tapajos/(\w+)\.svg\)", PAGE.read_text(encoding="utf-8")))
    assert shown == set(drawn) == {path.stem for path in (HOME / "docs" / "tapajos").glob("*.svg")}
    for name, svg in drawn.items():
        assert len(svg) < 40_000
        assert svg.count("<path") == (HOME / "docs" / "tapajos" / f"{name}.svg").read_text(encoding="utf-8").count(
            "<path"
        )


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(figures(run()), indent=2) + "\n", encoding="utf-8", newline="\n")
