"""The data-quality page: every input told, the unreadable beside the readable, worst first, the same bytes twice."""

import json
import re
import sys

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline import cli
from pipeline.check.map import frame_of, n_beyond, nice_length_m
from pipeline.check.run import check, console_lines
from pipeline.check.sentences import count_lines, is_said, without_cells
from pipeline.check.tasks import CONFIRM, MUST, SHOULD
from pipeline.errors import ConfigError
from pipeline.text import say
from tests.conftest import CRS, box, lead, write_geojson, write_layer, write_source


def checked(place, tmp_path, language="zh", cycle="2023"):
    return check(place, cycle, tmp_path / "out", language)


def source_of(found, name):
    return next(one for one in found.facts.sources if one.origin.id == name)


def write_petitions(folder, columns="", drop=""):
    """Petitions of two rows, the second without a position; `columns` are more titles of the file."""
    (folder / "信访.csv").write_text(
        f"编号,内容,类型,经度,纬度{columns}\nP1,某处挖沙,挖沙子,120.45,41.57{',x' if columns else ''}\nP2,某村堆土,堆土点,,\n",
        encoding="utf-8",
    )
    (folder / "sources" / "petitions.toml").write_text(
        f'title = "信访"\npath = "信访.csv"\nkind = "reports"\nsource_code = "XF"\nprovider = "invented"\n'
        f'licence = "CC0 1.0"\nsecrecy = "internal"\nreceived = 2023-06-02\ncrs = "EPSG:4490"\nposition_accuracy_m = 100\n'
        f'{drop}\n[columns]\norig_no = "编号"\ntext = "内容"\nactivity = "类型"\nlon = "经度"\nlat = "纬度"\n',
        encoding="utf-8",
    )


def test_a_clean_place_has_its_sums_and_nothing_that_must_be_done(place, tmp_path):
    found = checked(place, tmp_path)
    (leads,), (marsh,) = found.facts.sources, found.facts.layers
    assert (leads.n_rows, leads.n_leads, leads.gone, leads.unknown) == (3, 3, (), ())
    assert leads.dates.periods[0][:2] == ("2021-2022", 3)
    assert (leads.dates.first, leads.dates.last, leads.dates.n_after_received) == ("2021", "2022", 0)
    assert marsh.n_features == 1
    assert marsh.area_ha == pytest.approx(100, rel=2e-4)
    # the marsh has no data date, the place no townships
    assert [(task.severity, task.where) for task in found.tasks] == [(SHOULD, "marsh"), (CONFIRM, "试区")]
    assert not found.must_act


def test_an_unreadable_file_is_told_beside_the_readable_ones(place, tmp_path):
    write_source(place, "broken", [lead("a", box(0, 0, 10, 10))])
    (place / "broken.geojson").write_bytes(b"\0" * 40)
    write_layer(place, "torn", [box(0, 0, 10, 10)])
    (place / "torn.geojson").write_bytes(b"%PDF-1.4")
    found = checked(place, tmp_path)
    assert [(task.severity, task.where) for task in found.tasks][:2] == [(MUST, "broken"), (MUST, "torn")]
    assert source_of(found, "leads").n_leads == 3
    page = found.page.read_text(encoding="utf-8")
    assert "broken.geojson" in page
    assert "torn.geojson" in page
    assert say("zh", "check.line_unread", title="broken") in console_lines(found)
    assert found.must_act


def test_what_is_set_aside_unknown_and_repeated_is_counted(place, tmp_path):
    same = box(100, 100, 100, 100)
    rows = [
        lead("a", same, activity="采石厂"), lead("a", same, activity="采石厂"), lead("b", None),
        lead("c", box(0, 300, 100, 100), change="新曾"),
    ]  # fmt: skip
    write_source(place, "more", rows)
    more = source_of(checked(place, tmp_path), "more")
    assert [(gone.reason, gone.n) for gone in more.gone] == [("E5", 1), ("E10", 1)]
    assert (more.n_rows, more.n_leads, more.repeated_inside, more.repeated_elsewhere) == (4, 2, 1, ())
    assert [(one.field, one.word, one.n) for one in more.unknown] == [
        ("activity", "采石厂", 2),
        ("change_type", "新曾", 1),
    ]
    assert "采石场" in more.unknown[0].near
    example = more.gone[1].examples[0]
    assert (example.file, example.row, example.number) == ("more.geojson", "3", "b")


def test_a_record_sent_again_names_the_other_source(place, tmp_path):
    write_source(place, "again", [lead("in", box(100, 100, 100, 100))], received="2023-07-01")
    again = source_of(checked(place, tmp_path), "again")
    assert [(count.words, count.n) for count in again.repeated_elsewhere] == [("leads", 1)]


def test_areas_in_another_unit(place, tmp_path):
    rows = [lead(str(k), box(0, 200 * k, 100, 100), area="15") for k in range(4)]  # 1 ha is 15 mu
    write_source(place, "areas", rows)
    toml = place / "sources" / "areas.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace("[columns]", '[columns]\narea_ha = "area"'), encoding="utf-8")
    found = checked(place, tmp_path)
    areas = source_of(found, "areas")
    assert (areas.areas.judgement.unit, areas.areas.judgement.agree) == ("mu", 4)
    own = [(task.severity, task.found) for task in found.tasks if task.where == "areas"]
    assert own == [(SHOULD, areas.areas.judgement.sentence)]


def test_petitions_name_rows_and_columns_only(place, tmp_path):
    write_petitions(place)
    found = checked(place, tmp_path)
    petitions = source_of(found, "petitions")
    assert [(gone.reason, gone.n) for gone in petitions.gone] == [("E9", 1)]
    assert petitions.gone[0].examples[0].number == ""
    assert [(one.word, one.n) for one in petitions.unknown] == [("", 2)]
    for name in ("index.html", "check.md"):
        page = found.page.with_name(name).read_text(encoding="utf-8")
        assert not [word for word in ("某处", "挖沙", "某村", "堆土", "P1", "P2") if word in page]
        assert "信访.csv" in page


def test_numbers_of_petitions_are_never_named(place, tmp_path):
    write_petitions(place)
    file = place / "信访.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("P2", "P1"), encoding="utf-8")
    found = checked(place, tmp_path)
    assert (SHOULD, say("zh", "check.found_number_repeated", n=1, examples="（第 2、3 行）")) in tasks_of(found, "信访")
    assert "P1" not in found.page.read_text(encoding="utf-8")


def test_columns_of_petitioners_are_the_first_thing_to_do(place, tmp_path):
    write_petitions(place, columns=",举报人")
    task = checked(place, tmp_path).tasks[0]
    assert (task.severity, task.where) == (MUST, "信访")
    assert task.action == say("zh", "check.do_petitioner", file="petitions.toml")
    write_petitions(place, columns=",举报人", drop='drop = ["举报人"]')
    assert source_of(checked(place, tmp_path), "petitions").n_rows == 2


def write_land(place, codes, tail):
    """A layer of squares with (DLBM, DLMC); `tail` is its declaration from code_scheme on."""
    write_layer(place, "land", [])
    rows = [(box(200 * k, 0, 100, 100), {"DLBM": code, "DLMC": name}) for k, (code, name) in enumerate(codes)]
    write_geojson(place / "land.geojson", rows)
    toml = place / "layers" / "land.toml"
    head = toml.read_text(encoding="utf-8").split("[columns]")[0]
    toml.write_text(f"{head}\n{tail}", encoding="utf-8")


def test_codes_without_a_scheme_and_what_where_left_out(place, tmp_path):
    codes = [("1101", "河流水面"), ("1106", "内陆滩涂"), ("0101", "水田")]
    write_land(place, codes, '[where]\nDLBM = ["1101", "1106"]\n[columns]\ncode = "DLBM"\nname = "DLMC"\n')
    found = checked(place, tmp_path)
    land = next(one for one in found.facts.layers if one.origin.id == "land")
    assert (land.n_features, land.n_left_out, land.n_unusable) == (2, 1, 0)
    assert [(code.code, code.name, code.meaning, code.n) for code in land.codes] == [
        ("1101", "河流水面", "", 1), ("1106", "内陆滩涂", "", 1),
    ]  # fmt: skip
    assert any('code_scheme = "sandiao"' in task.action for task in found.tasks if task.where == "land")


def test_a_class_nobody_covers_and_a_later_source(place, tmp_path):
    toml = place / "place.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('["wetland"]', '["wetland", "forest"]'), encoding="utf-8")
    write_source(place, "late", [lead("x", box(0, 0, 10, 10))], received="2024-02-01")
    found = checked(place, tmp_path)
    assert found.tasks[0][:2] == (MUST, "林地")
    assert found.tasks[-1][:2] == (CONFIRM, "late")
    assert [one.origin.id for one in found.facts.sources] == ["leads"]


def test_another_crs_in_the_file_is_told_as_heavy_as_it_is(place, tmp_path):
    toml = place / "sources" / "leads.toml"
    assert CRS == "EPSG:4549"
    toml.write_text(toml.read_text(encoding="utf-8").replace("EPSG:4549", "EPSG:4528"), encoding="utf-8")
    found = checked(place, tmp_path)
    assert any(task.severity == MUST and task.where == "leads" and "4528" in task.found for task in found.tasks)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_needs_nothing_from_outside_and_is_the_same_twice(place, tmp_path, language):
    page = checked(place, tmp_path, language).page
    html, markdown = page.read_bytes(), page.with_name("check.md").read_bytes()
    checked(place, tmp_path, language)
    assert (page.read_bytes(), page.with_name("check.md").read_bytes()) == (html, markdown)
    text = html.decode()
    assert not re.search(r'<(?:script|link|img|iframe)|(?:href|src)\s*=\s*"(?!#)|url\(|@import', text)
    assert f'lang="{language}"' in text
    assert say(language, "labels.draft") in text
    assert say(language, "labels.invented") in text
    assert say(language, "check.map_leads", n=3) in text
    assert str(tmp_path) not in text
    for word in (say(language, "check.todo"), "leads.geojson", "2021-2022"):
        assert word in text
        assert word in markdown.decode()
    anchors = set(re.findall(r'href="#([^"]+)"', text))
    assert anchors <= set(re.findall(r'\bid="([^"]+)"', text))


def tasks_of(found, where):
    """(severity, what was found) of every task of one source or layer."""
    return [(task.severity, task.found) for task in found.tasks if task.where == where]


def bound(place):
    """The place gets an outline: 4 × 4 km around the marsh."""
    write_geojson(place / "outline.geojson", [(box(-1500, -1500, 4000, 4000), {})])
    toml = place / "place.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(f'{text}\n[boundary]\npath = "outline.geojson"\ncrs = "{CRS}"\n', encoding="utf-8")


def test_a_layer_that_lies_elsewhere_must_be_looked_at(place, tmp_path):
    bound(place)
    write_layer(place, "far", [box(90_000 + 100 * k, 0, 50, 50) for k in range(3)])
    write_layer(place, "part", [box(0, 0, 50, 50), box(90_000, 0, 50, 50)])
    found = checked(place, tmp_path)
    assert tasks_of(found, "far")[0] == (MUST, say("zh", "check.found_elsewhere", n=3))
    assert {severity for severity, _ in tasks_of(found, "part")} == {SHOULD}  # it has no data date
    assert next(one for one in found.facts.layers if one.origin.id == "part").n_around == 1


def test_codes_that_lost_their_zero_or_bear_another_name_are_told(place, tmp_path):
    codes = [("303", "红树林地"), ("1101", "河流水面")]
    write_land(place, codes, '[where]\nDLBM = ["0303", "1101"]\n[columns]\ncode = "DLBM"\n')
    note = say("zh", "intake.where_zeros", wanted="0303", found="303 × 1")
    assert (SHOULD, note) in tasks_of(checked(place, tmp_path), "land")
    codes = [("1101", "湖泊水面"), ("1102", "湖泊水面")]
    write_land(place, codes, 'code_scheme = "sandiao"\n[columns]\ncode = "DLBM"\nname = "DLMC"\n')
    own = [words for severity, words in tasks_of(checked(place, tmp_path), "land") if severity == SHOULD]
    assert [("1101" in words, "1102" in words) for words in own if "湖泊水面" in words] == [(True, False)]


@pytest.mark.parametrize(("inside", "severity"), [(0, MUST), (1, SHOULD), (2, None)])
def test_a_source_of_another_district_must_be_looked_at(place, tmp_path, inside, severity):
    bound(place)
    rows = [lead(f"i{k}", box(300 * k, 0, 100, 100)) for k in range(inside)]
    rows += [lead(f"o{k}", box(9000, 300 * k, 100, 100)) for k in range(2)]
    write_source(place, "others", rows)
    own = tasks_of(checked(place, tmp_path), "others")
    assert own == ([(severity, say("zh", "check.found_outside", inside=inside, n=inside + 2))] if severity else [])


def test_a_file_that_was_cut_must_be_sent_again(place, tmp_path):
    (place / "leads.geojson").write_text(
        (place / "leads.geojson").read_text(encoding="utf-8")[:-320], encoding="utf-8", newline="\n"
    )
    found = checked(place, tmp_path)
    note = say("zh", "vector.note_json_mended")
    assert (MUST, say("zh", "check.found_cut", file="leads.geojson", note=note)) in tasks_of(found, "leads")
    assert source_of(found, "leads").n_leads < 3


def test_corners_that_are_fewer_than_stated_must_be_sent_again(place, tmp_path):
    corners = [(0, 0), (0, 100), (100, 100)]
    rows = [f"J{k},1,{4_603_000 + north},{537_000 + east}" for k, (north, east) in enumerate(corners, 1)]
    (place / "plot.txt").write_text("\n".join(["[地块坐标]", "9,1.0,1,某地块,面,,,@", *rows]), encoding="utf-8")
    write_source(place, "plot", [])
    toml = place / "sources" / "plot.toml"
    text = toml.read_text(encoding="utf-8").split("[columns]")[0].replace("plot.geojson", "plot.txt")
    toml.write_text(text + '[values]\nperiod = "2021-2022"\n', encoding="utf-8")
    severity, found = tasks_of(checked(place, tmp_path), "plot")[0]
    assert (severity, say("zh", "corners.count_differs", stated=9, n=3) in found) == (MUST, True)


def test_numbers_that_are_missing_or_stand_twice(place, tmp_path):
    rows = [lead(number, box(0, 200 * k, 100, 100)) for k, number in enumerate(["a", "b", "a", "", "c"])]
    write_source(place, "more", rows)
    found = checked(place, tmp_path)
    assert tasks_of(found, "more") == [
        (SHOULD, say("zh", "check.found_some_not_numbered", n=1, of=5, rows="4")),
        (SHOULD, say("zh", "check.found_number_repeated", n=1, examples="a（第 1、3 行）")),
    ]
    toml = place / "sources" / "more.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('orig_no = "no"\n', ""), encoding="utf-8")
    own = tasks_of(checked(place, tmp_path), "more")
    assert (SHOULD, say("zh", "check.found_not_numbered", n=5)) in own
    assert source_of(checked(place, tmp_path), "more").numbers.repeated == ()


def test_a_correction_says_what_it_replaces_and_what_is_new(place, tmp_path):
    rows = [lead("in", box(100, 100, 90, 90)), lead("HD999", box(700, 100, 90, 90))]
    write_source(place, "again", rows, received="2023-07-01", replaces='"leads"')
    found = checked(place, tmp_path)
    replacement = source_of(found, "again").replacement
    assert replacement == ("leads", 1, 1, ("HD999",))
    values = {"title": "leads", "n": 1, "numbers": "HD999"}
    assert (SHOULD, say("zh", "check.found_new_numbers", **values)) in tasks_of(found, "again")
    assert "更正“leads”的 1 条，另有新编号 1 个：HD999" in found.page.read_text(encoding="utf-8")
    repeated = say("zh", "check.repeated_elsewhere", title="again", n=1)
    assert (CONFIRM, say("zh", "check.found_repeated", n=1, words=repeated)) in tasks_of(found, "leads")


def test_all_records_set_aside_are_on_the_page(place, tmp_path):
    write_source(place, "empty", [lead(f"nr{k}", None) for k in range(10)])
    found = checked(place, tmp_path)
    gone = source_of(found, "empty").gone[0]
    assert (gone.n, len(gone.examples)) == (10, 10)
    page = found.page.read_text(encoding="utf-8")
    shown, hidden = page.split(f"<details><summary>{say('zh', 'check.unfold', n=7)}</summary>")
    assert [f"nr{k}" in shown for k in (0, 2, 3)] == [True, True, False]
    assert [f"nr{k}" in hidden for k in (2, 3, 9)] == [False, True, True]
    assert "nr9" in found.page.with_name("check.md").read_text(encoding="utf-8")


def test_an_unknown_word_belongs_into_the_aliases_of_the_place(place, tmp_path):
    write_source(place, "more", [lead("x", box(0, 0, 100, 100), activity="砖厂")])
    found = checked(place, tmp_path)
    assert "猪场" not in source_of(found, "more").unknown[0].near  # it only sounds nearly so
    task = next(task for task in found.tasks if task.where == "more")
    assert "[aliases.activity]" in task.action
    page = found.page.read_text(encoding="utf-8")
    known = page[page.index('id="known"') :]
    assert "<details>" in known and "A11" in known and "采石场" in known
    toml = place / "place.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(f'{text}\n[aliases.activity]\n"砖厂" = "A21"\n', encoding="utf-8")
    assert source_of(checked(place, tmp_path), "more").unknown == ()


def test_what_place_toml_lacks_is_told(place, tmp_path):
    write_petitions(place)
    own = [(task.severity, task.action) for task in checked(place, tmp_path).tasks if task.where == "试区"]
    assert own == [(SHOULD, say("zh", "check.do_no_gazetteer")), (CONFIRM, say("zh", "check.do_no_townships"))]


def test_layers_can_be_checked_before_any_source_comes(place, tmp_path):
    (place / "sources" / "leads.toml").unlink()
    found = checked(place, tmp_path)
    assert (found.facts.sources, [one.n_features for one in found.facts.layers]) == ((), [1])
    assert "marsh" in found.page.read_text(encoding="utf-8")


def run_main(monkeypatch, *arguments):
    """The exit code of the command line, 0 where it just ends."""
    monkeypatch.setattr(sys, "argv", ["leadscreen", "check", *arguments])
    try:
        cli.main()
    except SystemExit as done:
        return done.code
    return 0


def test_the_command_prints_and_strict_exits_with_1(place, tmp_path, monkeypatch, capsys):
    arguments = ["--place", str(place), "--outputs", str(tmp_path / "o"), "--lang", "en"]
    assert run_main(monkeypatch, *arguments, "--strict") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "source leads: 3 records, 3 leads, 0 set aside, EPSG:4549"
    assert len(lines) <= 30
    (place / "leads.geojson").write_bytes(b"")
    assert run_main(monkeypatch, *arguments, "--strict") == 1
    assert "source" not in capsys.readouterr().out.splitlines()[0]
    assert run_main(monkeypatch, *arguments) == 0


def test_a_cycle_that_is_not_there_stays_an_error(place, tmp_path):
    with pytest.raises(ConfigError):
        checked(place, tmp_path, cycle="1999")


def test_a_scale_is_a_round_number():
    assert [nice_length_m(length) for length in (1, 1.9, 4.9, 5, 999, 1000, 7000)] == [1, 1, 2, 5, 500, 1000, 5000]


@given(st.floats(1e-3, 1e8))
def test_a_scale_is_never_longer_than_asked_and_never_below_two_fifths(length):
    assert 0.4 * length <= nice_length_m(length) * (1 + 1e-9)
    assert nice_length_m(length) <= length * (1 + 1e-9)


def test_sentences_are_known_by_their_words():
    line = say("zh", "sheets.note_header", rows="2–3")
    assert is_said(line, "zh", "sheets.note_header", "rows")
    assert not is_said(line, "en", "sheets.note_header", "rows")
    assert [count[:2] for count in count_lines([("b", "1"), ("a", "2"), ("b", "3")])] == [("b", 2), ("a", 1)]


@given(st.text(max_size=60), st.lists(st.text(max_size=12), max_size=4))
def test_no_cell_is_left_in_a_sentence(line, words):
    left = without_cells(line, words)
    assert not [word for word in words if len(word.strip()) > 1 and "…" not in word and word.strip() in left]


def test_json_of_the_manifest_names_both_files(place, tmp_path):
    page = checked(place, tmp_path).page
    assert sorted(json.loads(page.with_name("files.json").read_text(encoding="utf-8"))) == ["check.md", "index.html"]


def test_shapes_beyond_the_map_are_counted(place, tmp_path):
    found = checked(place, tmp_path)
    shapes = found.facts.sources[0].shapes
    frame = frame_of(found.facts)
    far = np.array([shapely.transform(shape, lambda xy: xy + 1e6) for shape in shapes], dtype=object)
    assert (n_beyond(shapes, frame), n_beyond(far, frame)) == (0, 3)
