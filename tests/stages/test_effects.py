"""What each row of decisions.csv is told to have done: by what came of it, with a reason where it did nothing."""

import csv

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
