"""Cases of old lists – named, located by a person, or found to be no problem – keep their ids and are asked about once."""

import pytest

from pipeline import screen
from tests.conftest import lead, write_source
from tests.identity.places import (
    answer,
    bare_place,
    first,
    last,
    neighbours_place,
    rows_of,
    slanted,
    with_names,
    write_decisions,
    write_known,
    write_year,
)

OLD = [
    ["旧1", "青溪采石场", "整改中", "采石场", "", "", ""],
    ["旧2", "白石沟养殖场", "整改中", "养殖场", "", "", ""],
    ["旧3", "东山料场", "整改中", "采石场", "", "", ""],
]


def listed_place(folder):
    """Pits a and b bear names, and an old list has both names, a third, and no position."""
    neighbours_place(folder)
    write_known(folder, OLD)
    with_names(folder, {"a": "青溪采石场", "b": "东山料场"})
    return folder


@pytest.fixture
def listed(tmp_path):
    return listed_place(tmp_path / "place")


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """Tables of cycle 2023 of `listed` as it comes."""
    return screen(listed_place(tmp_path_factory.mktemp("listed") / "place"), "2023")


def test_an_old_list_of_names_alone_is_matched_by_name(listed, before):
    """Asked about both, a person says that a is the old case, and that b is another of the same name."""
    assert before["cases"]["case_geometry"].tolist() == ["none"] * 3
    gone = before["set_aside"].set_index("orig_no")["reason"]
    assert gone[["旧1", "旧2", "旧3"]].tolist() == ["E9"] * 3
    case = before["cases"].set_index("orig_no")["problem_id"]
    assert before["questions"]["about"].tolist() == ["case", "case"]
    about = [ids[0] for ids in before["questions"]["problem_ids"]]
    assert set(about) == {case["旧1"], case["旧3"]}
    for number in "ab":
        assert rows_of(before, "matches", number)["relation"].tolist() == ["review"]
    answer(listed, before, *(first if one == case["旧1"] else last for one in about))
    after = screen(listed, "2023")
    assert after["questions"].empty
    assert rows_of(after, "outcomes", "a")["outcome"].tolist() == ["known"]
    assert rows_of(after, "outcomes", "b")["outcome"].tolist() == ["listed"]


def test_a_case_that_a_person_located_keeps_its_id(listed, before):
    record = before["reports"].set_index("orig_no")["report_id"]["旧1"]
    a = before["leads"].set_index("orig_no").loc["a"]
    write_decisions(listed, [(record, "located_at", f"{a['lon']:.7f} {a['lat']:.7f}")])
    was, now = (tables["cases"].set_index("orig_no") for tables in (before, screen(listed, "2023")))
    assert now["case_geometry"].to_dict() == {"旧1": "point", "旧2": "none", "旧3": "none"}
    assert now["problem_id"].to_dict() == was["problem_id"].to_dict()


def test_ground_once_found_to_be_no_problem_is_not_asked_about_unless_it_changed(tmp_path):
    """Pit a was checked after the second picture of its change, pit b before the first."""
    folder = bare_place(tmp_path / "place")
    write_year(folder, "one", [lead("a", slanted(100)), lead("b", slanted(1500))])
    checked = {"a": (100, "2023-05-01"), "b": (1500, "2020-06-01")}
    rows = [
        (
            slanted(x),
            {"no": f"k{number}", "activity": "采石场", "change": "新增", "state": "已核实不属于问题", "closed": day},
        )
        for number, (x, day) in checked.items()
    ]
    write_source(folder, "old", rows, kind='"known"', received="2020-12-01")
    tables = screen(folder, "2023")
    for number, relation, outcome in (("a", "same", "known"), ("b", "review", "listed")):
        (found,) = rows_of(tables, "matches", number).itertuples()
        assert found.relation == relation
        assert f"{checked[number][1]} 核查" in found.reason
        assert rows_of(tables, "outcomes", number)["outcome"].tolist() == [outcome]
    assert tables["questions"]["about"].tolist() == ["case"]
    assert tables["questions"]["site_ids"].map(list).tolist() == [rows_of(tables, "sites", "b")["site_id"].tolist()]
