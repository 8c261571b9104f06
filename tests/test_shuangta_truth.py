"""Every planted record of the demo district against what truth.csv says must become of it."""

from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
import pytest

HOME = Path(__file__).parents[1]
AREAS = ("wetland_m2", "forest_m2", "grassland_m2", "protected_area_m2")


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(HOME / "data" / "shuangta_demo" / "truth.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def found(demo_tables):
    """One row per report: what became of it, with its lead, site and problem."""
    leads = demo_tables["leads"][["report_id", "lead_id", "town", "geometry_repair"]]
    gone = demo_tables["set_aside"][["report_id", "reason"]]
    outcomes = demo_tables["outcomes"][["lead_id", "outcome", "site_id", "known_problem_id"]]
    names = ["site_id", "candidate_id", "relation", "priority", "needs_review", "vintage_ok", "permits", *AREAS]
    rows = demo_tables["reports"].merge(leads, on="report_id", how="left").merge(gone, on="report_id", how="left")
    rows = rows.merge(outcomes, on="lead_id", how="left").merge(
        demo_tables["problems"][names], on="site_id", how="left"
    )
    return rows.assign(outcome=rows["outcome"].where(rows["outcome"].notna(), "set_aside"))


def rows_of(found, line):
    own = found[found["source_id"] == line["source_id"]]
    return own[own["orig_no"] == line["orig_no"]] if line["orig_no"] else own[own["src_row"] == int(line["row"])]


def test_every_record_is_in_the_truth_and_every_truth_in_the_records(found, truth):
    used = truth[truth["outcome"] != "not_used"]
    named = set(zip(used["source_id"], used["orig_no"], strict=True))
    numbers = found["orig_no"].where(found["orig_no"].notna(), "")
    assert set(zip(found["source_id"], numbers, strict=True)) == named
    assert len(found) == len(used)
    assert not set(truth.loc[truth["outcome"] == "not_used", "source_id"]) & set(found["source_id"])


def test_every_record_ends_where_the_truth_says(found, truth):
    wrong = []
    for (source, number, row), lines in truth[truth["outcome"] != "not_used"].groupby(["source_id", "orig_no", "row"]):
        rows = rows_of(found, lines.iloc[0])
        got = Counter(zip(rows["outcome"], rows["reason"].fillna(""), strict=True))
        wanted = Counter(zip(lines["outcome"], lines["reason"], strict=True))
        if got != wanted:
            wrong.append((source, number or row, lines["family"].iloc[0], dict(wanted), dict(got)))
    assert wrong == []


def test_listed_problems_have_the_figures_of_the_truth(found, truth):
    wrong, checked = [], Counter()
    for _, line in truth[truth["outcome"] == "listed"].iterrows():
        row = rows_of(found, line).iloc[0]
        for name in ("relation", "town", "permits"):
            if line[name]:
                checked[name] += 1
                if row[name] != line[name]:
                    wrong.append((line["orig_no"], line["family"], name, line[name], row[name]))
        for name in ("priority", "needs_review", "vintage_ok"):
            if line[name]:
                checked[name] += 1
                if str(row[name]) != line[name]:
                    wrong.append((line["orig_no"], line["family"], name, line[name], row[name]))
        for name in AREAS:
            if line[name]:
                checked[name] += 1
                if row[name] != pytest.approx(float(line[name]), rel=1e-3, abs=1):
                    wrong.append((line["orig_no"], line["family"], name, line[name], row[name]))
        if line["repaired"]:
            checked["repaired"] += 1
            assert isinstance(row["geometry_repair"], str)
    assert wrong == []
    assert all(
        checked[name] for name in ("relation", "town", "permits", "priority", "needs_review", "vintage_ok", *AREAS)
    )


def test_records_of_one_group_are_one_site_and_groups_stay_apart(found, truth):
    sites = defaultdict(set)
    for _, line in truth[truth["group"] != ""].iterrows():
        sites[line["group"]] |= set(rows_of(found, line)["site_id"])
    assert {group: len(own) for group, own in sites.items() if len(own) != 1} == {}
    assert len({next(iter(own)) for own in sites.values()}) == len(sites)


def test_known_cases_are_met_by_the_leads_planted_on_them(found, truth, demo_tables):
    cases = {line["case"]: rows_of(found, line).iloc[0] for _, line in truth[truth["case"] != ""].iterrows()}
    best = demo_tables["matches"]
    for _, line in truth[truth["known"] != ""].iterrows():
        row, case = rows_of(found, line).iloc[0], cases[line["known"]]
        pair = best[(best["site_id"] == row["site_id"]) & (best["problem_id"] == case["known_problem_id"])]
        assert pair["relation"].tolist() == [line["relation"]], line["family"]
        assert row["known_problem_id"] == case["known_problem_id"]


def test_no_petitioner_is_anywhere_in_the_tables(demo_tables):
    received = (HOME / "data" / "shuangta_demo" / "sources" / "信访举报.csv").read_text(encoding="gb18030")
    for name, table in demo_tables.items():
        text = pd.DataFrame(table).drop(columns=["geometry", "shape_wkb"], errors="ignore").to_csv()
        for personal in ("赵虚构", "199-0000-0001", "19900000002", "虚构人1", "19900000000"):
            assert personal in received
            assert personal not in text, (name, personal)
    assert "[电话]" in demo_tables["reports"].to_csv()
