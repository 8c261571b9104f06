"""What is the same keeps its id, and what a person said holds: whole runs on small places, over cycles and acceptance."""

import csv
import io
import json
import shutil
import time
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline import jobs, screen
from pipeline.cycle import open_cycle
from pipeline.decide import decide, decided_lines
from pipeline.engine.spread import HowToRun
from pipeline.jobs import accept, make_tables
from pipeline.jobs import screen as screen_job
from tests.conftest import HOME, ORIGIN, PLACE, X, Y, box, lead, write_layer, write_source
from tests.test_run import files_of

HEAD = ["subject", "decision", "value", "reason", "role", "date"]
ID_TABLES = ("leads", "sites", "problems", "questions")
FEW = settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=(Phase.reuse, Phase.generate)
)  # a place takes half a second: to shrink one takes minutes


def bare_place(folder: Path) -> Path:
    """A place with a wetland of 3 × 3 km and no source."""
    for name in ("sources", "layers", "delivery"):
        (folder / name).mkdir(parents=True)
    (folder / "place.toml").write_text(PLACE, encoding="utf-8")
    home = HOME / "configs" / "shuangta"
    shutil.copy(home / "rules.toml", folder / "rules.toml")
    for name in ("province.toml", "list.toml"):
        shutil.copy(home / "delivery" / name, folder / "delivery" / name)
    write_layer(folder, "marsh", [box(0, 0, 3000, 3000)])
    return folder


def slanted(x: float, y: float = 100, width: float = 100, height: float = 100) -> dict:
    """A pit with its lower left corner at (x, y) that lies on no grid."""
    shape = box(x, y, width, height)
    for corner in shape["coordinates"][0][1:3]:
        corner[1] -= 4
    return shape


def point(x: float, y: float) -> dict:
    return {"type": "Point", "coordinates": [X + x, Y + y]}


def write_year(folder: Path, name: str, rows: list, period: str = "2021-2022", **keys: str) -> None:
    """A yearly source of `period`."""
    write_source(folder, name, rows, **keys)
    toml = folder / "sources" / f"{name}.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("2021-2022", period), encoding="utf-8")


def write_decisions(folder: Path, rows: list[tuple], name: str = "decisions.csv") -> Path:
    """Rows of (subject, decision[, value[, reason[, role[, date]]]])."""
    with (folder / name).open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(HEAD)
        for row in rows:
            out.writerow([*row, *("", "看过影像", "分局", "2023-07-01")[len(row) - 2 :]])
    return folder / name


def first(answers: list[dict]) -> dict:
    return answers[0]


def last(answers: list[dict]) -> dict:
    return answers[-1]


def answer(folder: Path, tables: dict, choose=first) -> list[tuple]:
    """Every question answered as `choose` says, by the command that takes a person's file."""
    rows = [
        tuple(one[name] for name in ("subject", "decision", "value"))
        for answers in tables["questions"]["answers"]
        for one in choose(json.loads(answers))["decisions"]
    ]
    decide([write_decisions(folder.parent, rows, f"{folder.name}-answers.csv")], folder)
    return rows


def ids(tables: dict) -> dict[str, object]:
    """Every id of a run with the leads it stands for, by the senders' numbers."""
    number = dict(zip(tables["leads"]["lead_id"], tables["leads"]["orig_no"], strict=True))
    return {
        "leads": {one: number[one] for one in number},
        "sites": {
            site.site_id: frozenset(number[one] for one in site.lead_ids) for site in tables["sites"].itertuples()
        },
        "problems": {
            row.candidate_id: frozenset(number[one] for one in row.lead_ids) for row in tables["problems"].itertuples()
        },
        "questions": dict(
            zip(tables["questions"]["question_id"], tables["questions"]["lead_ids"].map(set), strict=True)
        ),
    }


def lead_of(tables: dict, number: str) -> str:
    return str(tables["leads"].set_index("orig_no")["lead_id"][number])


def site_of(tables: dict, number: str):
    """The row of table sites in which the lead with the sender's `number` stands."""
    return next(site for site in tables["sites"].itertuples() if lead_of(tables, number) in site.lead_ids)


def rows_of(tables: dict, name: str, number: str) -> pd.DataFrame:
    """Rows of a table about the site of a lead."""
    return tables[name][tables[name]["site_id"] == site_of(tables, number).site_id]


@pytest.fixture
def unpublished(monkeypatch):
    """`accept` as it is, but for the files of the run, which take most of its time."""
    monkeypatch.setattr(jobs, "publish_run", lambda cycle, outputs, *_, **__: jobs.Finished(cycle, outputs, {}, []))


@pytest.fixture
def place(tmp_path):
    """Pit a beside pit b, which was seen twice, 16 m apart: the rules ask whether they are one."""
    folder = bare_place(tmp_path / "试 区")
    write_year(folder, "one", [lead("a", slanted(100)), lead("b", slanted(312))])
    write_year(folder, "two", [lead("b2", slanted(216, width=150))], "2022-2023", received="2023-07-01")
    return folder


# what is the same keeps its id

PITS = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 4), st.sampled_from([60, 108, 124]), st.sampled_from(["采石场", "养殖场"]),
              st.integers(0, 2)),
    min_size=2, max_size=12, unique_by=lambda pit: pit[:2] + pit[4:],
)  # fmt: skip
YEARS = ("2019-2020", "2020-2021", "2021-2022")


def write_pits(folder: Path, pits: list[tuple], prefix: str = "y") -> None:
    for year, period in enumerate(YEARS):
        own = [
            lead(f"{x}-{y}-{year}", slanted(124.0 * x, 124.0 * y, width), activity)
            for x, y, width, activity, when in pits
            if when == year
        ]
        if own:
            write_year(folder, f"{prefix}{year}", own, period, received=f"2023-0{year + 1}-01")


@FEW
@given(PITS, st.randoms(use_true_random=False))
def test_order_names_language_and_workers_change_no_id(tmp_path_factory, pits, random):
    folder = tmp_path_factory.mktemp("first")
    write_pits(bare_place(folder / "p"), pits)
    before = ids(screen(folder / "p", "2023"))
    random.shuffle(pits)
    write_pits(bare_place(folder / "q"), pits, "renamed")
    cycle = make_tables(open_cycle(folder / "q", "2023", "en"), how=HowToRun(workers=1))
    assert ids(cycle.tables) == before


@FEW
@given(PITS, st.data())
def test_leads_elsewhere_change_no_id(tmp_path_factory, pits, data):
    """More leads out of reach of the others, and fewer: what stays is what it was."""
    folder = tmp_path_factory.mktemp("more")
    write_pits(bare_place(folder / "p"), pits)
    before = ids(screen(folder / "p", "2023"))
    far = data.draw(PITS)
    write_pits(bare_place(folder / "q"), [*pits, *((x, y + 14, *rest) for x, y, *rest in far)])
    after = ids(screen(folder / "q", "2023"))
    for name in ID_TABLES:
        assert before[name].items() <= after[name].items()


def test_two_processes_change_no_byte(place, tmp_path):
    screen_job(place, "2023", tmp_path / "one")
    screen_job(place, "2023", tmp_path / "two", how=HowToRun(workers=2))
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")


def test_a_later_cycle_keeps_the_ids_of_the_earlier(place):
    before = ids(screen(place, "2023"))
    write_year(
        place, "later", [lead("c", slanted(1500)), lead("d", slanted(330, y=110))], "2023-2024", received="2024-06-01"
    )
    after = screen(place, "2024")
    assert before["leads"].items() <= ids(after)["leads"].items()
    assert set(before["sites"]) <= set(ids(after)["sites"])
    assert set(site_of(after, "b").lead_ids) == {lead_of(after, number) for number in ("b", "b2", "d")}
    assert before["questions"].keys() <= ids(after)["questions"].keys()
    assert ids(screen(place, "2023")) == before


# a site that takes in another, or is parted


@pytest.fixture
def neighbours(tmp_path):
    """Two pits of one layer 8 m apart, which nobody asks about, and in 2024 a pit that covers the gap."""
    folder = bare_place(tmp_path / "place")
    write_year(folder, "one", [lead("a", slanted(100)), lead("b", slanted(208))])
    write_year(folder, "later", [lead("c", slanted(150))], "2023-2024", received="2024-06-01")
    return folder


@pytest.mark.usefixtures("unpublished")
def test_a_lead_of_the_next_cycle_joins_two_accepted_sites(neighbours, tmp_path):
    given, left, _ = accept(neighbours, "2023", tmp_path / "out")
    numbers = dict(zip("S" + given["candidate_id"].str[1:], given["problem_id"], strict=True))
    first, second = sorted(numbers)  # received on one day: the smaller id
    assert left.empty
    tables = screen(neighbours, "2024")
    site = site_of(tables, "c")
    assert (site.site_id, site.absorbed_ids, len(tables["sites"])) == (first, [second], 1)
    assert set(rows_of(tables, "matches", "c")["problem_id"]) == set(numbers.values())  # both are named
    more, _, _ = accept(neighbours, "2024", tmp_path / "out")
    assert set(more["problem_id"]) <= set(numbers.values())


def test_same_never_takes_a_lead_out_of_its_own_site(place):
    """b2 stands in one site with b; said to be the same as a, all three are one, not b2 with a and b alone."""
    before = screen(place, "2023")
    assert site_of(before, "b").lead_ids == [lead_of(before, "b"), lead_of(before, "b2")]
    taken_in = {site_of(before, "a").site_id, site_of(before, "b").site_id}
    answer(place, before)
    after = screen(place, "2023")
    site = site_of(after, "a")
    assert len(after["sites"]) == 1
    assert {site.site_id, *site.absorbed_ids} == taken_in
    assert after["questions"].empty


@pytest.mark.usefixtures("unpublished")
def test_two_accepted_problems_that_become_one_keep_both_numbers_and_a_person_is_told(neighbours, tmp_path):
    given, _, _ = accept(neighbours, "2023", tmp_path / "out")
    before = screen(neighbours, "2023")
    tails = [lead_of(before, number)[1:] for number in "ab"]
    write_decisions(neighbours, [(f"S{tails[0]} C{tails[1]}", "same")])
    together = screen(neighbours, "2023")
    assert len(together["problems"]) == 1
    problem = together["problems"].iloc[0]
    assert problem["needs_review"]
    assert all(number in problem["review_reason"] for number in given["problem_id"])
    assert problem["problem_id"] in set(given["problem_id"])
    answer(neighbours, together)
    settled, left, _ = accept(neighbours, "2023", tmp_path / "out")
    assert left.empty
    assert not settled["is_new"].any()
    assert set(screen(neighbours, "2024")["cases"]["problem_id"]) == set(given["problem_id"])


@pytest.mark.usefixtures("unpublished")
def test_an_accepted_problem_that_joins_an_older_one_takes_its_number_along(neighbours, tmp_path):
    older, younger = sorted(screen(neighbours, "2023")["problems"]["candidate_id"])
    given, _, _ = accept(neighbours, "2023", tmp_path / "out", only=[younger])
    write_decisions(neighbours, [(f"{older} {younger}", "same")])
    again, _, run = accept(neighbours, "2023", tmp_path / "out")
    assert again.to_numpy().tolist() == [[older, given["problem_id"][0], False]]
    assert run.cycle.tables["problems"]["problem_id"].tolist() == given["problem_id"].tolist()


@pytest.mark.usefixtures("unpublished")
def test_a_split_after_acceptance_says_from_what_and_numbers_stay(place, tmp_path):
    answer(place, screen(place, "2023"), last)
    given, left, _ = accept(place, "2023", tmp_path / "out")
    before = screen(place, "2023")
    assert left.empty
    assert len(given) == 2
    whole = site_of(before, "b").site_id
    write_decisions(place, [(f"{lead_of(before, n)} {lead_of(before, 'b2')}", "apart") for n in "ab"])
    after = screen(place, "2023")
    parted = [site for site in after["sites"].itertuples() if isinstance(site.split_from, str)]
    assert [(site.split_from == whole, site.site_id != whole) for site in parted] == [(True, True)]
    kept = after["problems"].dropna(subset="problem_id").set_index("candidate_id")["problem_id"]
    assert kept.to_dict() == given.set_index("candidate_id")["problem_id"].to_dict()
    more, _, _ = accept(place, "2023", tmp_path / "out")
    assert more["problem_id"].is_unique
    later = screen(place, "2024")
    assert set(later["outcomes"]["outcome"]) == {"known"}
    for match in later["matches"].itertuples():
        assert match.relation == "same" or "为同一处" not in match.reason


# what a person said


def test_decisions_change_no_lead_id_and_leave_no_trace_when_they_go(place, tmp_path):
    before = screen_job(place, "2023", tmp_path / "before").cycle.tables
    a, b = lead_of(before, "a"), lead_of(before, "b")
    record = before["reports"].set_index("orig_no")["report_id"]["a"]
    write_decisions(place, [
        (f"{a} {lead_of(before, 'b2')}", "apart"), (f"S{a[1:]} S{b[1:]}", "apart"), (record, "leave_out", "E8"),
        (f"C{b[1:]}", "keep"), (b, "activity", "A61"), (f"S{b[1:]}", "activity", "A5"), (a, "located_at", "as_received"),
        (f"S{a[1:]}", "not_a_problem", "E6"),
    ])  # fmt: skip
    after, again = (screen_job(place, "2023", tmp_path / out).cycle.tables for out in ("one", "two"))
    assert set(after["decisions"]["effect"]) == {"applied", "superseded"}
    assert after["leads"]["lead_id"].tolist() == before["leads"]["lead_id"].tolist()
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert again["decisions"].equals(after["decisions"])
    (place / "decisions.csv").unlink()
    screen_job(place, "2023", tmp_path / "after")
    assert files_of(tmp_path / "after") == files_of(tmp_path / "before")


@pytest.mark.parametrize("kind", ["L", "c", "R"])
def test_left_out_is_left_out_by_whatever_id(neighbours, kind):
    before = screen(neighbours, "2023")
    tail = lead_of(before, "a")[1:]
    record = before["reports"].set_index("orig_no")["report_id"]["a"]
    write_decisions(
        neighbours, [(record if kind == "R" else kind + (tail.lower() if kind == "c" else tail), "leave_out", "E2")]
    )
    after = screen(neighbours, "2023")
    assert after["decisions"]["effect"].tolist() == ["applied"]
    assert rows_of(after, "outcomes", "a")["outcome"].tolist() == ["set_aside"]
    assert rows_of(after, "outcomes", "b")["outcome"].tolist() == ["listed"]


def test_a_word_on_each_lead_of_one_site_is_one_judgement(place, tmp_path):
    before = screen(place, "2023")
    write_decisions(place, [(lead_of(before, "b"), "leave_out", "E2"), (lead_of(before, "b2"), "leave_out", "E2")])
    run = screen_job(place, "2023", tmp_path / "out")
    assert rows_of(run.cycle.tables, "outcomes", "b")["outcome"].tolist() == ["set_aside"] * 2


@pytest.mark.usefixtures("unpublished")
@pytest.mark.parametrize(("one", "other"), [("L same", "S apart"), ("C leave_out", "L keep")])
def test_two_who_call_one_place_by_two_ids_disagree_all_the_same(neighbours, tmp_path, one, other):
    before = screen(neighbours, "2023")
    tails = [lead_of(before, number)[1:] for number in ("ab" if "same" in one else "a")]
    rows = [
        (" ".join(kind + tail for tail in tails), word, "E2" if word == "leave_out" else "", "", role)
        for (kind, word), role in ((one.split(), "甲科"), (other.split(), "乙科"))
    ]
    write_decisions(neighbours, rows)
    after = screen(neighbours, "2023")
    assert after["decisions"]["effect"].tolist() == ["contradicted", "contradicted"]
    assert after["questions"]["about"].tolist() == ["disagreed"]
    _, left, _ = accept(neighbours, "2023", tmp_path / "out")
    assert set(left["candidate_id"]) == {f"C{tail}" for tail in tails}  # nothing is accepted over their heads
    joint = json.loads(after["questions"]["answers"][0])[1]["decisions"][0]
    write_decisions(neighbours, [*rows, (joint["subject"], joint["decision"], joint["value"], "", "会商")])
    settled = screen(neighbours, "2023")
    assert settled["decisions"]["effect"].tolist() == ["superseded", "superseded", "applied"]
    assert settled["questions"].empty
    assert not settled["problems"]["needs_review"].any()


def test_absorbed_sites_and_corrected_records_are_still_understood(neighbours):
    before = screen(neighbours, "2023")
    younger = max(before["sites"]["site_id"])
    write_decisions(neighbours, [(younger, "leave_out", "E2", "", "分局", "2024-07-01")])
    later = screen(neighbours, "2024")  # both stand in one site now, which bears the other's id
    assert later["decisions"]["effect"].tolist() == ["applied"]
    assert rows_of(later, "outcomes", "c")["outcome"].tolist() == ["set_aside"] * 3
    fixed = [lead("a", slanted(100, width=96))]
    write_year(neighbours, "fixed", fixed, received="2023-09-01", replaces='"one"')
    write_decisions(neighbours, [(f"S{lead_of(before, 'a')[1:]}", "leave_out", "E2", "", "分局", "2023-10-01")])
    corrected = screen(neighbours, "2023")
    assert lead_of(corrected, "a") != lead_of(before, "a")
    assert corrected["decisions"]["effect"].tolist() == ["applied"]
    assert rows_of(corrected, "outcomes", "a")["outcome"].tolist() == ["set_aside"]


@pytest.mark.usefixtures("unpublished")
@pytest.mark.parametrize("choose", [first, last])
@pytest.mark.parametrize(("received", "cycle"), [("2023-11-01", "2023"), ("2024-06-01", "2024")])
def test_a_record_corrected_after_acceptance_is_asked_about_once(neighbours, tmp_path, received, cycle, choose):
    (neighbours / "sources" / "later.toml").unlink()
    given, _, _ = accept(neighbours, "2023", tmp_path / "out")
    write_year(neighbours, "fixed", [lead("a", slanted(900, 900))], received=received, replaces='"one"')
    asked = screen(neighbours, cycle)
    assert len(asked["questions"]) == 1
    answer(neighbours, asked, choose)
    settled = screen(neighbours, cycle)
    assert settled["questions"].empty
    assert not settled["problems"]["needs_review"].any()
    if cycle == "2024":  # the same case: under its number; another place: a number of its own
        more, _, _ = accept(neighbours, cycle, tmp_path / "out")
        assert (set(more["problem_id"]) <= set(given["problem_id"])) == (choose is first)


@pytest.mark.usefixtures("unpublished")
def test_an_official_number_is_a_subject(neighbours, tmp_path):
    accept(neighbours, "2023", tmp_path / "out")
    (neighbours / "sources" / "later.toml").unlink()
    write_year(neighbours, "far", [lead("f", slanted(900, 900))], "2023-2024", received="2024-06-01")
    before = screen(neighbours, "2024")
    number = before["cases"].set_index("orig_no")["problem_id"]
    far = site_of(before, "f").site_id
    write_decisions(neighbours, [(f"{number['a']} {far}", "same"), (number["b"], "not_a_problem", "E6")])
    after = screen(neighbours, "2024")
    assert after["decisions"]["effect"].tolist() == ["applied", "applied"]
    match = rows_of(after, "matches", "f").iloc[0]
    assert (match["problem_id"], match["relation"]) == (number["a"], "grown")
    assert "合法已批" in rows_of(after, "outcomes", "b")["reason"].iloc[0]


def test_thousands_of_decisions_are_quick(neighbours):
    before = screen(neighbours, "2023")
    pair = f"{lead_of(before, 'a')} {lead_of(before, 'b')}"
    rows = [(pair, ("same", "apart")[k % 2], "", "", "分局", f"20{k % 20:02d}-01-01") for k in range(4000)]
    write_decisions(neighbours, rows)
    started = time.perf_counter()
    effects = screen(neighbours, "2023")["decisions"]["effect"].value_counts()
    assert effects.to_dict() == {"superseded": 3999, "applied": 1}
    assert time.perf_counter() - started < 10


# every question is asked once


@pytest.mark.parametrize("choose", [first, last])
@FEW
@given(pits=PITS, spots=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=4, unique=True))
def test_what_was_answered_is_not_asked_again(tmp_path_factory, pits, spots, choose):
    """Answers may bring sites together that are then asked about; no pair and no question comes twice, and it ends."""
    folder = bare_place(tmp_path_factory.mktemp("ask") / "p")
    write_pits(folder, pits)
    points = [lead(f"p{k}", point(17 * x, 17 * y)) for k, (x, y) in enumerate(spots)]
    write_source(folder, "spots", points, kind='"points"')
    asked: set[str] = set()
    subjects: set[frozenset[str]] = set()
    while not (tables := screen(folder, "2023"))["questions"].empty:
        assert asked.isdisjoint(tables["questions"]["question_id"])
        asked |= set(tables["questions"]["question_id"])
        said = {frozenset(subject.split()) for subject, *_ in answer(folder, tables, choose)}
        assert said.isdisjoint(subjects) or "disagree" in set(tables["merges"]["rule"])  # answers that cannot all hold
        subjects |= said
    assert not tables["problems"]["needs_review"].any()
    assert set(tables["decisions"]["effect"]) <= {"applied", "superseded"}


@pytest.mark.parametrize("choose", [first, last])
def test_the_demo_asks_nothing_twice(tmp_path, choose):
    shutil.copytree(HOME / "data" / "shuangta_demo", tmp_path / "data" / "shuangta_demo")
    folder = tmp_path / "configs" / "shuangta"
    shutil.copytree(HOME / "configs" / "shuangta", folder, ignore=shutil.ignore_patterns("decisions.csv", "ledger*"))
    before = screen(folder, "2023-09")
    assert len(before["questions"]) > 10
    rows = answer(folder, before, choose)
    after = screen(folder, "2023-09")
    assert set(after["decisions"]["effect"]) == {"applied"}
    assert set(before["questions"]["question_id"]).isdisjoint(after["questions"]["question_id"])
    new = after["leads"][~after["leads"]["report_id"].isin(before["leads"]["report_id"])]
    assert set(new["report_id"]) <= {subject for subject, word, _ in rows if word == "located_at"}
    for asked in after["questions"]["lead_ids"]:  # only leads that an answer placed bring new questions
        assert set(new["lead_id"]) & set(asked)
    assert choose is first or after["questions"].empty


def test_a_lead_that_cannot_be_located_is_not_asked_about_again(neighbours):
    geojson = neighbours / "one.geojson"
    geojson.write_text(geojson.read_text(encoding="utf-8").replace("EPSG::4549", "EPSG::2385"), encoding="utf-8")
    doubted = screen(neighbours, "2023")
    assert set(doubted["questions"]["about"]) == {"position"}
    answer(neighbours, doubted, last)
    after = screen(neighbours, "2023")
    assert set(after["set_aside"]["reason"]) == {"E9"}
    assert after["questions"].empty


# cases of old lists, and words of persons


def write_known(folder: Path, rows: list[list[str]]) -> None:
    """An old list as CSV: number, name, state, activity, date of closing, longitude, latitude."""
    with (folder / "old.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["编号", "名称", "状态", "活动", "日期", "经度", "纬度"], *rows])
    head = 'title = "old"\npath = "old.csv"\nkind = "known"\nreceived = 2022-06-01\nsource_code = "ZC"\n'
    columns = (
        '[columns]\norig_no = "编号"\nfacility_name = "名称"\nstate = "状态"\nactivity = "活动"\nclosed_date = "日期"\n'
    )
    text = f'{head}{ORIGIN}{columns}lon = "经度"\nlat = "纬度"\n'
    (folder / "sources" / "old.toml").write_text(text.replace("EPSG:4549", "EPSG:4490"), encoding="utf-8")


def with_names(folder: Path, names: dict[str, str]) -> None:
    """Give leads of source one a facility name, by their numbers."""
    geojson = folder / "one.geojson"
    collection = json.loads(geojson.read_text(encoding="utf-8"))
    for feature in collection["features"]:
        feature["properties"]["facility"] = names.get(feature["properties"]["no"], "")
    geojson.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
    toml = folder / "sources" / "one.toml"
    text = toml.read_text(encoding="utf-8").replace("[columns]", '[columns]\nfacility_name = "facility"')
    toml.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("choose", [first, last])
def test_an_old_list_of_names_alone_is_matched_by_name(neighbours, choose):
    write_known(
        neighbours,
        [
            ["旧1", "青溪采石场", "整改中", "采石场", "", "", ""],
            ["旧2", "白石沟养殖场", "整改中", "养殖场", "", "", ""],
        ],
    )
    with_names(neighbours, {"a": "青溪采石场", "b": "东山料场"})
    before = screen(neighbours, "2023")
    assert before["cases"]["case_geometry"].tolist() == ["none", "none"]
    gone = before["set_aside"].set_index("orig_no")["reason"]
    assert gone[["旧1", "旧2"]].tolist() == ["E9", "E9"]
    assert before["questions"]["about"].tolist() == ["case"]
    case = before["cases"].set_index("orig_no")["problem_id"]["旧1"]
    assert before["questions"]["problem_ids"][0] == [case]
    assert rows_of(before, "matches", "a")["relation"].tolist() == ["review"]
    answer(neighbours, before, choose)
    after = screen(neighbours, "2023")
    assert after["questions"].empty
    assert rows_of(after, "outcomes", "a")["outcome"].tolist() == ["known" if choose is first else "listed"]
    assert rows_of(after, "outcomes", "b")["outcome"].tolist() == ["listed"]


def test_a_case_that_a_person_located_keeps_its_id(neighbours):
    write_known(neighbours, [["旧1", "青溪采石场", "整改中", "采石场", "", "", ""]])
    before = screen(neighbours, "2023")
    record = before["reports"].set_index("orig_no")["report_id"]["旧1"]
    a = before["leads"].set_index("orig_no").loc["a"]
    write_decisions(neighbours, [(record, "located_at", f"{a['lon']:.7f} {a['lat']:.7f}")])
    after = screen(neighbours, "2023")
    assert after["cases"]["case_geometry"].tolist() == ["point"]
    assert after["cases"]["problem_id"].tolist() == before["cases"]["problem_id"].tolist()


@pytest.mark.parametrize(("checked", "outcome"), [("2023-05-01", "known"), ("2020-06-01", "review")])
def test_ground_once_found_to_be_no_problem_is_not_asked_about_unless_it_changed(neighbours, checked, outcome):
    rows = [
        (
            slanted(100),
            {"no": "k", "activity": "采石场", "change": "新增", "state": "已核实不属于问题", "closed": checked},
        )
    ]
    write_source(neighbours, "old", rows, kind='"known"', received="2020-12-01")
    tables = screen(neighbours, "2023")
    found = rows_of(tables, "matches", "a").iloc[0]
    assert found["relation"] == {"known": "same"}.get(outcome, outcome)
    assert f"{checked} 核查" in found["reason"]
    assert rows_of(tables, "outcomes", "a")["outcome"].tolist() == ["known" if outcome == "known" else "listed"]
    assert tables["questions"]["about"].tolist() == ([] if outcome == "known" else ["case"])


NAMES = ("王样例", "李建国", "13900001234")


def test_persons_in_words_of_persons_reach_no_output(neighbours, tmp_path, capfd):
    write_known(neighbours, [["旧1", "青溪采石场（负责人王样例）", "整改中", "采石场", "", "", ""]])
    with_names(neighbours, {"a": "青溪采石场（负责人王样例）"})
    before = screen(neighbours, "2023")
    why = "举报人王样例来电，电话13900001234"
    pair = " ".join(sorted(before["leads"]["lead_id"]))
    rows = [
        (pair, "same", "", why, "李建国"),
        (pair, "apart", "", why, "督查科 李建国 13900001234"),
        ("王样例", "keep", "", why, "分局"),
    ]
    taken = decide([write_decisions(tmp_path, rows, "given.csv")], neighbours)
    assert len(taken.unreadable) == 1
    write_decisions(neighbours, rows)  # and so as a person may write them in place
    screen_job(neighbours, "2023", tmp_path / "out")
    told = "".join(capfd.readouterr()) + "".join(decided_lines(taken))
    for name, content in files_of(tmp_path / "out").items():
        text = read_whole(name, content)
        assert not [word for word in NAMES if word in text], name
    assert not [word for word in NAMES if word in told]


def read_whole(name: str, content: bytes) -> str:
    """The text of a file of a run, with what is packed in it unpacked."""
    if name.endswith(".parquet"):
        rows = pq.read_table(io.BytesIO(content))
        return str(
            rows.select([name for name in rows.column_names if not pa.types.is_binary(rows[name].type)]).to_pylist()
        )
    if name.endswith(".xlsx"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "".join(book.read(part).decode("utf-8") for part in book.namelist() if part.endswith(".xml"))
    return content.decode("utf-8", errors="ignore")
