"""What each row of decisions.csv is told to have done: by what came of it, with a reason where it did nothing."""

import csv
import json

import pytest

from pipeline import screen
from pipeline.jobs import accept
from tests.conftest import CRS, ORIGIN, box, lead, write_geojson, write_layer, write_source
from tests.stages.test_decided import by_number, decide, effects, site_of, slanted


@pytest.fixture
def mixed(place):
    """Pits a and a2 that are one site, pit far 4 km away, a recovery r, a known case k, in the one township 甲镇."""
    write_layer(place, "marsh", [box(0, 0, 6000, 3000)])
    rows = [
        lead("a", slanted(100)),
        lead("far", slanted(4500)),
        lead("r", box(100, 1500, 100, 100), change="拆除或恢复"),
    ]
    write_source(place, "leads", rows)
    write_source(place, "later", [lead("a2", slanted(150))], received="2023-07-01")
    known = {"no": "k", "activity": "采石场", "change": "新增", "state": "整改中", "closed": ""}
    write_source(place, "old", [(box(900, 900, 50, 50), known)], kind='"known"')
    write_geojson(place / "towns.geojson", [(box(0, 0, 6000, 3000), {"name": "甲镇"})])
    with (place / "place.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'[townships]\npath = "towns.geojson"\ncrs = "{CRS}"\nname = "name"\n')
    return place


def said(place, *rows):
    """(effects, details, tables) of a run with these decisions."""
    decide(place, *rows)
    tables = screen(place, "2023")
    return effects(tables), tables["decisions"]["detail"].fillna("").tolist(), tables


def test_what_changed_nothing_is_told_with_why_and_what_to_do_instead(mixed):
    before = screen(mixed, "2023")
    leads = by_number(before)
    ids, places = leads["lead_id"], leads.apply(lambda one: f"{one['lon']:.7f} {one['lat']:.7f}", axis=1)
    case = before["cases"]["problem_id"][0]
    rows = [
        (ids["r"], "activity", "A61"),
        ("S" + ids["r"][1:], "town", "甲镇"),
        (ids["r"], "located_at", places["a"]),
        (f"{ids['a']} {ids['r']}", "same", ""),
        ("S" + ids["r"][1:], "leave_out", "E2"),
        ("S" + ids["k"][1:], "activity", "A61"),
        (f"{ids['a']} {ids['k']}", "same", ""),
        (ids["k"], "leave_out", "E8"),
        (leads["report_id"]["a"], "located_at", places["far"]),
        (ids["a"], "town", "乙镇"),
    ]
    told, details, after = said(mixed, *rows)
    assert told == ["no_effect"] * len(rows)
    assert all("未起作用" in detail for detail in details)
    assert all("拆除或恢复" in detail for detail in details[:5])
    assert all(case in detail for detail in details[5:8])
    assert ids["k"] in details[5]  # to be named instead
    assert ids["a"] in details[8]
    assert "甲镇" in details[9]
    for name in ("sites", "matches", "problems", "outcomes"):
        assert after[name].equals(before[name])


def test_what_holds_of_a_case_or_a_lead_is_applied(mixed):
    leads = by_number(screen(mixed, "2023"))["lead_id"]
    rows = [(leads["k"], "activity", "A61"), (leads["a"], "town", "甲镇"), (leads["r"], "located_at", "as_received")]
    told, details, after = said(mixed, *rows)
    assert told == ["applied"] * 3
    assert after["cases"]["activity_l1"].tolist() == ["A6"]
    assert site_of(after, "a").site_id in details[1]  # the list takes the township of the site's ground


def test_the_number_of_a_case_is_no_subject_of_an_activity(mixed):
    case = screen(mixed, "2023")["cases"]["problem_id"][0]
    assert said(mixed, (case, "activity", "A61"))[0] == ["unreadable"]


def test_a_word_on_one_lead_holds_for_its_whole_site_and_says_so(mixed):
    before = screen(mixed, "2023")
    a2, site_id = by_number(before)["lead_id"]["a2"], site_of(before, "a").site_id
    told, details, after = said(mixed, (a2, "leave_out", "E2"))
    assert told == ["applied"]
    assert details == [f"对所在地块 {site_id} 整体生效，共 2 条线索"]
    assert sorted(after["set_aside"].query("stage == 'rank'")["orig_no"]) == ["a", "a2"]
    assert said(mixed, (site_id, "leave_out", "E2"))[1] == [""]


def test_of_two_words_on_one_site_the_earlier_is_superseded(mixed):
    before = screen(mixed, "2023")
    a2, site_id = by_number(before)["lead_id"]["a2"], site_of(before, "a").site_id
    record = by_number(before)["report_id"]["a"]
    rows = [(record, "leave_out", "E2", "2023-07-01"), (site_id, "keep", "", "2023-08-01")]
    told, details, after = said(mixed, *rows)
    assert told == ["superseded", "applied"]
    assert "第 3 行" in details[0]
    assert set(by_number(after, "leads").index) >= {"a", "a2"}
    assert after["outcomes"].set_index("lead_id")["outcome"][a2] == "listed"


def test_a_record_that_is_left_out_and_kept_by_another_role_is_contested(mixed):
    before = screen(mixed, "2023")
    record, site_id = by_number(before)["report_id"]["a"], site_of(before, "a").site_id
    rows = [(record, "leave_out", "E2", "2023-07-01", "分局"), (site_id, "keep", "", "2023-08-01", "督改办")]
    assert said(mixed, *rows)[0] == ["contradicted", "contradicted"]


def test_same_of_what_lies_far_apart_is_applied_and_told(mixed):
    before = screen(mixed, "2023")
    leads, case = by_number(before)["lead_id"], before["cases"]["problem_id"][0]
    far = site_of(before, "far").site_id
    rows = [(f"{leads['a2']} {leads['far']}", "same", ""), (f"{leads['a']} {leads['a2']}", "same", "")]
    told, details, after = said(mixed, *rows)
    assert told == ["applied", "applied"]
    assert "4.2 公里" in details[0]  # from x = 250 to 4500 m
    assert "核对编号" in details[0]
    assert details[1] == ""
    assert site_of(after, "a").site_id == site_of(after, "far").site_id
    told, details, after = said(mixed, (f"{far} {case}", "same", ""))
    assert told == ["applied"]
    assert "3.6 公里" in details[0]  # from x = 950, y = 900 to x = 4500, y = 200 m


def test_what_other_words_hold_apart_or_together_is_not_called_applied(mixed):
    leads = by_number(screen(mixed, "2023"))["lead_id"]
    a, a2, far = (leads[name] for name in ("a", "a2", "far"))
    rows = [(f"{a} {far}", "same", ""), (f"{a2} {far}", "apart", ""), (f"{a} {a2}", "same", "")]
    told, details, after = said(mixed, *rows)
    is_one = site_of(after, "a").site_id == site_of(after, "far").site_id
    is_two = site_of(after, "a2").site_id != site_of(after, "far").site_id
    assert [one == "applied" for one in told[:2]] == [is_one, is_two]
    assert "no_effect" in told
    assert all(detail for one, detail in zip(told, details, strict=True) if one == "no_effect")


def write_named(folder, name, number, facility, place=("", ""), **keys):
    """A list with a known case of which only a name is known, unless `place` has its longitude and latitude."""
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [["no", "facility", "state", "activity", "lon", "lat"], [number, facility, "整改中", "采石场", *place]]
        )
    lines = {"title": f'"{name}"', "path": f'"{name}.csv"', "kind": '"known"', "received": "2022-06-01", **keys}
    head = "".join(f"{key} = {value}\n" for key, value in lines.items()) + 'source_code = "ZC"\n'
    columns = '[columns]\norig_no = "no"\nfacility_name = "facility"\nstate = "state"\nactivity = "activity"\n'
    text = f'{head}{ORIGIN}{columns}lon = "lon"\nlat = "lat"\n'.replace(CRS, "EPSG:4490")
    (folder / "sources" / f"{name}.toml").write_text(text, encoding="utf-8")


def test_what_was_said_of_a_record_without_a_place_holds_for_its_correction(mixed):
    write_named(mixed, "names", "旧1", "青溪采石场")
    before = screen(mixed, "2023")
    record = by_number(before, "reports")["report_id"]["旧1"]
    a = by_number(before).loc["a"]
    here = (record, "located_at", f"{a['lon']:.7f} {a['lat']:.7f}")
    alone = (f"{site_of(before, 'a').site_id} K{record[1:]}", "same", "")
    write_named(mixed, "fixed", "旧1", "青溪采石一场", replaces='"names"', received="2023-02-01")
    told, details, after = said(mixed, here, alone)
    later = after["reports"].query("source_id == 'fixed'")["report_id"].item()
    assert told == ["applied", "applied"]
    assert later in details[0]
    assert "K" + later[1:] in details[1]
    cases = after["cases"].set_index("source_id")
    assert cases.loc["fixed", ["problem_id", "case_geometry"]].tolist() == ["K" + later[1:], "point"]
    assert "names" not in cases.index  # its correction stands
    found = after["matches"].set_index(["site_id", "problem_id"])["relation"]
    assert found[site_of(after, "a").site_id, "K" + later[1:]] == "same"
    assert after["decisions"]["subject"].tolist() == [here[0], alone[0]]


def test_what_was_said_of_the_correction_itself_goes_first(mixed):
    write_named(mixed, "names", "旧1", "青溪采石场")
    write_named(mixed, "fixed", "旧1", "青溪采石一场", replaces='"names"', received="2023-02-01")
    before = screen(mixed, "2023")
    first, later = (
        before["reports"].query(f"source_id == '{name}'")["report_id"].item() for name in ("names", "fixed")
    )
    places = by_number(before).apply(lambda one: f"{one['lon']:.6f} {one['lat']:.6f}", axis=1)
    _, _, after = said(mixed, (later, "located_at", places["far"]), (first, "located_at", places["a"], "2023-09-01"))
    assert by_number(after).loc["旧1", "lon"] == pytest.approx(float(places["far"].split()[0]))


def test_a_record_left_out_stays_out_when_it_is_corrected(mixed):
    record = by_number(screen(mixed, "2023"))["report_id"]["far"]
    write_source(mixed, "fixed", [lead("far", slanted(4510))], replaces='"leads"', received="2023-08-01")
    told, details, after = said(mixed, (record, "leave_out", "E2"))
    fixed = by_number(after).loc["far"]
    assert fixed["source_id"] == "fixed"
    assert told == ["applied"]
    assert fixed["report_id"] in details[0]
    assert by_number(after, "set_aside").query("stage == 'rank'")["reason"].to_dict() == {"far": "E2"}


def test_a_correction_that_says_where_it_lies_goes_before_what_was_said_of_the_place(mixed):
    write_named(mixed, "names", "旧1", "青溪采石场")
    record = by_number(screen(mixed, "2023"), "reports")["report_id"]["旧1"]
    write_named(mixed, "fixed", "旧1", "青溪采石场", ("120.46", "41.57"), replaces='"names"', received="2023-02-01")
    told, details, after = said(mixed, (record, "located_at", "120.45 41.57"))
    assert told == ["no_effect"]
    assert "更正" in details[0]
    assert by_number(after)["lon"]["旧1"] == pytest.approx(120.46)


def test_a_number_given_in_this_very_cycle_is_told_with_its_candidate(mixed, tmp_path):
    given, _, _ = accept(mixed, "2023", tmp_path / "out")
    number, candidate = given.iloc[0][["problem_id", "candidate_id"]]
    told, details, _ = said(mixed, (number, "not_a_problem", "E6"))
    assert told == ["no_effect"]
    assert number in details[0] and candidate in details[0]


@pytest.fixture
def two_ids(mixed):
    """(place, S, S2, L2): the site of a and a2 by the id it has, by its second lead's as a site's, and that lead."""
    before = screen(mixed, "2023")
    site_id = site_of(before, "a").site_id
    tails = {name: by_number(before)["lead_id"][name][1:] for name in ("a", "a2")}
    other = next(tail for tail in tails.values() if tail != site_id[1:])
    return mixed, site_id, "S" + other, "L" + other


def of_first(tables, name, site_id):
    return tables[name].set_index("site_id").loc[site_id]


def test_a_joint_word_settles_a_site_whatever_id_it_names(two_ids):
    place, one, _, lead_id = two_ids
    rows = [
        (lead_id, "leave_out", "E2", "2023-07-01", "甲"),
        (one, "keep", "", "2023-07-02", "乙"),
        (one, "keep", "", "2023-07-03", "会商"),
    ]
    told, details, after = said(place, *rows)
    assert told == ["superseded", "superseded", "applied"]
    assert "第 4 行" in details[0]
    assert "disagreed" not in set(after["questions"]["about"])
    rows[1] = (one, "not_a_problem", "E6", "2023-07-02", "丙")  # two who disagree by one id, settled by the other
    rows[2] = (lead_id, "keep", "", "2023-07-03", "joint")
    assert said(place, *rows)[0] == ["superseded", "superseded", "applied"]


def test_a_role_that_changed_its_mind_by_another_id_contradicts_nobody(two_ids):
    place, one, _, lead_id = two_ids
    rows = [
        (lead_id, "leave_out", "E2", "2023-07-01", "Office"),
        (one, "keep", "", "2023-08-01", "office"),
        (one, "keep", "", "2023-07-15", "乙"),
    ]
    told, details, _ = said(place, *rows)
    assert told == ["superseded", "applied", "applied"]
    assert "第 3 行" in details[0]


def test_a_disagreement_by_two_ids_is_one_question_with_both_answers(two_ids):
    place, one, _, lead_id = two_ids
    record = by_number(screen(place, "2023")).set_index("lead_id")["report_id"][lead_id]
    rows = [
        (lead_id, "leave_out", "E2", "2023-07-01", "甲"),
        (one, "keep", "", "2023-08-01", "乙"),
        (record, "leave_out", "E4", "2023-08-01", "丙"),
    ]
    told, details, after = said(place, *rows)
    assert told == ["contradicted"] * 3
    assert "第 3 行" in details[0] and "第 4 行" in details[0]
    assert of_first(after, "sites", one)["needs_review"]
    (question,) = after["questions"].query("about == 'disagreed'").to_dict("records")
    chosen = [answer["decisions"][0] for answer in json.loads(question["answers"])]
    assert {(row["subject"], row["decision"], row["value"]) for row in chosen} == {
        (one, "leave_out", "E2"), (one, "keep", ""), (one, "leave_out", "E4"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "values", "column"), [("activity", ("A61", "A51"), "activity_l2"), ("town", ("甲镇", "乙镇"), "town")]
)
def test_an_activity_or_a_town_by_two_ids_is_settled_like_one(two_ids, decision, values, column):
    place, one, other, _ = two_ids
    towns = [(box(0, 0, 3000, 3000), {"name": "甲镇"}), (box(3000, 0, 3000, 3000), {"name": "乙镇"})]
    write_geojson(place / "towns.geojson", towns)
    later = (one, decision, values[0], "2023-07-01", "甲")
    told, details, after = said(place, later, (other, decision, values[1], "2023-06-01", "甲"))
    assert told == ["applied", "superseded"]
    assert "第 2 行" in details[1]
    assert of_first(after, "sites" if decision == "activity" else "problems", one)[column] == values[0]
    told, _, after = said(place, later, (other, decision, values[1], "2023-06-01", "乙"))
    assert told == ["contradicted", "contradicted"]
    (question,) = after["questions"].query("about == 'disagreed'").to_dict("records")
    assert {row["value"] for answer in json.loads(question["answers"]) for row in answer["decisions"]} == set(values)


def test_a_word_on_the_site_goes_before_one_on_its_lead(two_ids):
    place, one, _, _ = two_ids
    told, details, after = said(place, ("L" + one[1:], "activity", "A51"), (one, "activity", "A61"))
    assert told == ["applied", "applied"]
    assert "只改线索" in details[0] and "第 3 行" in details[0]
    assert of_first(after, "sites", one)["activity_l2"] == "A61"
    assert after["leads"].set_index("lead_id")["activity_l2"]["L" + one[1:]] == "A51"


@pytest.mark.parametrize("turned", [False, True])
def test_a_site_and_a_case_by_two_ids_are_settled_like_one(two_ids, turned):
    place, one, other, _ = two_ids
    case = screen(place, "2023")["cases"]["problem_id"][0]
    pairs = [
        (f"{one} {case}", "apart", "", "2023-07-02", "甲"),
        (f"{other} {case}", "same", "", "2023-07-01", "乙"),
    ]
    told, _, after = said(place, *(pairs[::-1] if turned else pairs))
    assert told == ["contradicted", "contradicted"]
    assert "disagreed" in set(after["questions"]["about"])
    pairs[1] = (*pairs[1][:4], "甲")
    told, details, after = said(place, *(pairs[::-1] if turned else pairs))
    assert told == (["superseded", "applied"] if turned else ["applied", "superseded"])
    assert ("第 3 行" if turned else "第 2 行") in details[0 if turned else 1]
    relations = after["matches"].query("site_id == @one and problem_id == @case")["relation"]
    assert not set(relations) & {"same", "grown", "rebound"}


def test_apart_of_what_a_later_word_holds_in_a_case_did_nothing(two_ids, tmp_path):
    """The case holds a lead that is in no list any more: parting from it parts from the case, unless its number is named."""
    place, one, _, _ = two_ids
    lead_id = by_number(screen(place, "2023"))["lead_id"]["far"]
    accept(place, "2023", tmp_path / "out", only=["C" + lead_id[1:]])
    write_source(place, "leads", [lead("a", slanted(100))])
    case = screen(place, "2024")["cases"].query("source_id == 'ledger'")["problem_id"].item()
    decide(place, (f"L{one[1:]} {lead_id}", "apart", ""), (f"{one} {case}", "same", ""))
    after = screen(place, "2024")
    assert effects(after) == ["no_effect", "applied"]
    detail = after["decisions"]["detail"][0]
    assert case in detail and "第 3 行" in detail


def test_what_was_left_out_and_grew_since_is_told_to_be_listed(two_ids):
    place, one, _, _ = two_ids
    write_source(place, "grown", [lead("a3", slanted(200))], received="2023-11-01")
    for decision, value in (("leave_out", "E2"), ("not_a_problem", "E6")):
        told, details, after = said(place, (one, decision, value, "2023-08-01"))
        assert told == ["applied"]
        assert "2023-08-01" in details[0] and "此后" in details[0]
        assert one in set(after["problems"]["site_id"])


def test_a_word_on_a_record_of_two_sites_says_on_which_it_holds(mixed):
    parts = slanted(2000)["coordinates"], slanted(3000)["coordinates"]
    write_source(mixed, "parts", [lead("p", {"type": "MultiPolygon", "coordinates": list(parts)})])
    before = screen(mixed, "2023")
    leads = before["leads"].query("orig_no == 'p'")
    first, second = before["sites"].query(
        "site_id in @ids", local_dict={"ids": ["S" + one[1:] for one in leads["lead_id"]]}
    )["site_id"]
    record = leads["report_id"].iloc[0]
    rows = [(record, "leave_out", "E2", "2023-07-01"), (first, "keep", "", "2023-08-01")]
    told, details, after = said(mixed, *rows)
    assert told == ["applied", "applied"]
    assert "2 个地块中的 1 个" in details[0] and second in details[0]
    assert first in set(after["problems"]["site_id"]) and second not in set(after["problems"]["site_id"])
    told, details, _ = said(mixed, *rows, (second, "keep", "", "2023-08-01"))
    assert told == ["superseded", "applied", "applied"]
