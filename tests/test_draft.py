"""Drafts: every demo file drafted anew says what its config says, loads once its "?" lines are filled, hides no person."""

import json
import re
import shutil
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.config import Limits
from pipeline.draft.files import draft_files, make_id, write_drafts
from pipeline.draft.place import place_files, write_place
from pipeline.draft.toml import Line, Open, quote, write_toml
from pipeline.errors import ConfigError, InputError
from pipeline.intake.words.codes import to_activity, to_change_type, to_source_code, to_state
from pipeline.place_folder import read_place

HOME = Path(__file__).parents[1]
ANSWERS = {  # what a person writes for the "?"
    "provider": '"invented"', "licence": '"CC0 1.0"', "secrecy": '"internal"', "received": "2023-01-10",
    "position_accuracy_m": "5", "shows": '"new_ground"', "source_code": '"ZC"', "class": '"wetland"', "covers": '"place"',
    "county": '"试区"', "code": '"999901"', "centre": "[120.5, 41.6]", "cycles": '{ "2023" = 2023-12-31 }',
    "departments": '{ "" = "值班室" }',
}  # fmt: skip
SOURCE_FACTS = ("kind", "crs", "encoding", "sheet", "layer", "title_rows", "header_rows", "coordinates", "columns")
LAYER_FACTS = ("class", "crs", "where", "columns", "series", "data_date", "layer")
LAWFUL = {  # (file, key): what is drafted where the config says something else, and why that is right
    ("change_2022", "crs"): "EPSG:4326",  # GeoJSON without crs is WGS 84 by its standard; the office knows better
    ("change_late", "crs"): "EPSG:4326",
    ("known_2018", "kind"): "known",
}
NOT_BY_EVIDENCE = {  # declared by a person from knowledge that is not in the file
    "known_outlines": {"closed_date"}, "territories": {"level"}, "permit": {"name"},
}  # fmt: skip


def fill(text: str) -> str:
    """The "?" lines of a draft filled as a person would; those of optional keys stay comments."""
    return re.sub(r"(?m)^# (\w+) = (?:\"\?\"|\?|\[\?, \?\]|\{ \? \})", lambda m: _filled(m[0], m[1]), text)


def _filled(line: str, key: str) -> str:
    return f"{key} = {ANSWERS[key]}" if key in ANSWERS else line


def emptied(name: str, folder: Path) -> Path:
    """A copy of the place, as deep as the original so that its paths hold, without sources and layers."""
    (folder / "configs").mkdir()
    shutil.copytree(HOME / "data", folder / "data", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    copy = Path(shutil.copytree(HOME / "configs" / name, folder / "configs" / name))
    for part in ("sources", "layers"):
        shutil.rmtree(copy / part)
    return copy


def declared(name: str, part: str) -> list[dict]:
    files = sorted((HOME / "configs" / name / part).glob("*.toml"))
    return [{"id": file.stem, **tomllib.loads(file.read_text(encoding="utf-8"))} for file in files]


def test_every_demo_file_is_drafted_as_it_is_declared(tmp_path_factory):
    for name in ("shuangta", "tapajos"):
        place = emptied(name, tmp_path_factory.mktemp(name))
        for part, facts in (("sources", SOURCE_FACTS), ("layers", LAYER_FACTS)):
            for one in declared(name, part):
                drafts, faults = draft_files([place / one["path"]], place, None)
                assert ([draft.path.parent.name for draft in drafts], faults) == ([part], []), one["id"]
                write_drafts(drafts)
                compare(one, tomllib.loads(drafts[0].text), facts)
                drafts[0].path.write_text(fill(drafts[0].text), encoding="utf-8")
        read = read_place(place)
        assert len(read.sources) == len(declared(name, "sources"))
        assert len(read.layers) == len(declared(name, "layers"))


def compare(one: dict, found: dict, facts: tuple[str, ...]) -> None:
    for key in facts:
        if key not in one or (one["id"], key) in LAWFUL:
            assert (one["id"], key) not in LAWFUL or found[key] == LAWFUL[one["id"], key]
        elif key == "columns":
            wanted = {k: v for k, v in one[key].items() if k not in NOT_BY_EVIDENCE.get(one["id"], ())}
            assert wanted.items() <= found.get(key, {}).items(), one["id"]
        elif (one["id"], key) == ("territories", "class"):
            assert key not in found  # that a territory is protected is not in its file
        elif key == "encoding":
            assert found[key].casefold() == one[key].casefold()
        elif key in found or key not in ("data_date", "class"):
            assert found.get(key) == one[key], (one["id"], key)


def test_role_and_period_are_seen_without_being_told(tmp_path):
    place = emptied("tapajos", tmp_path)
    files = ["change_2020_2021.geojson", "points_airstrips.geojson", "overlay_waterbodies_osm.geojson"]
    drafts, _ = draft_files([tmp_path / "data" / "tapajos" / name for name in files], place, None)
    assert [draft.path.parent.name for draft in drafts] == ["sources", "sources", "layers"]
    assert tomllib.loads(drafts[0].text)["values"] == {"period": "2020-2021"}
    assert tomllib.loads(drafts[2].text)["class"] == "wetland"


def test_a_draft_with_open_lines_is_refused_by_key(place):
    drafts, _ = draft_files([place / "leads.geojson"], place, "en", "source")
    write_drafts(drafts)
    with pytest.raises(ConfigError) as fault:
        read_place(place, "en")
    missing = str(fault.value).split("leads_2.toml: ")[1]
    for key in ("provider", "licence", "secrecy", "received", "position_accuracy_m"):
        assert key in missing


def test_nothing_is_overwritten(place):
    before = (place / "sources" / "leads.toml").read_bytes()
    for expected in ("leads_2.toml", "leads_3.toml"):
        drafts, _ = draft_files([place / "leads.geojson"], place, "en", "source")
        write_drafts(drafts)
        assert drafts[0].path.name == expected
        assert "left alone" in drafts[0].said
    assert (place / "sources" / "leads.toml").read_bytes() == before
    with pytest.raises(FileExistsError):
        write_drafts(drafts)


def test_persons_and_what_they_say_stay_out(place):
    rows = [
        "编号,举报人姓名,联系电话,举报内容,经度,纬度",
        *(f"J{k},王某某,13900000000,沟里有人挖沙,120.45,41.57" for k in range(4)),
    ]
    (place / "群众举报.csv").write_text("\n".join(rows), encoding="gb18030")
    drafts, _ = draft_files([place / "群众举报.csv"], place, "zh")
    found = tomllib.loads(drafts[0].text)
    assert (found["kind"], found["source_code"], found["drop"]) == ("reports", "JB", ["举报人姓名", "联系电话"])
    assert found["columns"] == {"orig_no": "编号", "text": "举报内容", "lon": "经度", "lat": "纬度"}
    for word in ("王某某", "13900000000", "挖沙", "120.45"):
        assert word not in drafts[0].text


@pytest.mark.parametrize("ending", ["csv", "geojson"])
def test_personal_data_in_a_files_name_stand_in_its_path_alone(place, ending):
    name = f"王样例举报19900001234.{ending}"
    for k in (1, 2):
        (place / str(k)).mkdir()
        if ending == "csv":
            (place / str(k) / name).write_text("编号,举报内容,经度,纬度\nJ1,沟里挖沙,120.45,41.57\n", encoding="utf-8")
        else:
            shutil.copy(place / "leads.geojson", place / str(k) / name)
    drafts, _ = draft_files([place / "1" / name, place / "2" / name], place, "zh", "source")
    assert [draft.path.name for draft in drafts] == ["reports_1.toml", "reports_2.toml"]
    for k, draft in enumerate(drafts, 1):
        found = tomllib.loads(draft.text)
        assert (found["title"], found["path"]) == ("[姓名]举报[电话]", f"{k}/{name}")
        rest = draft.text.replace(found["path"], "") + draft.said
        assert "19900001234" not in rest and "王样例" not in rest and "yang_li" not in draft.said


def test_a_table_without_a_header_does_not_leak_its_first_row(place):
    rows = [f"{k},反映沟里有人挖沙，请回电 1390000000{k}" for k in range(4)]
    (place / "来信.csv").write_text("\n".join(rows), encoding="utf-8")
    text = draft_files([place / "来信.csv"], place, "zh")[0][0].text
    assert "139" not in text and "挖沙" not in text


def test_land_classes_give_one_layer_each_and_name_what_is_left_out(place):
    square = [[[120.45, 41.57], [120.46, 41.57], [120.46, 41.58], [120.45, 41.57]]]
    codes = [
        ("1101", "河流水面"),
        ("1101", "河流水面"),
        ("0301", "乔木林地"),
        ("0401", "天然牧草地"),
        ("0602", "采矿用地"),
    ]
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square},
         "properties": {"BSM": f"b{k}", "DLBM": code, "DLMC": name, "SJNF": 2021}}
        for k, (code, name) in enumerate(codes)
    ]  # fmt: skip
    (place / "地类.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    drafts, _ = draft_files([place / "地类.geojson"], place, "zh")
    found = {draft.path.stem: tomllib.loads(draft.text) for draft in drafts}
    assert {key: (one["class"], one["where"]) for key, one in found.items()} == {
        "dilei_wetland": ("wetland", {"DLBM": ["1101"]}),
        "dilei_forest": ("forest", {"DLBM": ["0301"]}),
        "dilei_grassland": ("grassland", {"DLBM": ["0401"]}),
    }
    assert {(one["code_scheme"], one["data_date"]) for one in found.values()} == {("sandiao", date(2021, 12, 31))}
    assert [one["title"] for one in found.values()] == ["地类 · 湿地", "地类 · 林地", "地类 · 草地"]
    assert "1101 河流水面 × 2" in drafts[0].text
    assert "0301 × 1, 0401 × 1, 0602 × 1" in drafts[0].text


SQUARE = [[[120.45, 41.57], [120.46, 41.57], [120.46, 41.58], [120.45, 41.57]]]


def write_features(path: Path, rows: list[dict], crs: str | None = None) -> Path:
    """The same triangle for every row of words."""
    shape = {"type": "Polygon", "coordinates": SQUARE}
    features = [{"type": "Feature", "geometry": shape, "properties": words} for words in rows]
    whole = {"type": "FeatureCollection", "features": features}
    if crs:
        whole["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{crs}"}}
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def test_codes_that_lost_their_zero_are_not_called_left_out(place):
    rows = [
        {"DLBM": code, "DLMC": name}
        for code, name in [("303", "红树林地"), ("304", "森林沼泽"), ("1101", "河流水面"), ("101", "水田")]
    ]
    text = draft_files([write_features(place / "地类.geojson", rows)], place, "en")[0][0].text
    assert tomllib.loads(text)["where"] == {"DLBM": ["0303", "0304", "1101"]}
    left = next(line for line in text.splitlines() if "left out" in line)
    assert left.endswith("0101 × 1")
    assert "3 features had lost the leading zero" in text


@pytest.mark.parametrize("crs", ["4610", "4214", "2364"])
def test_no_system_is_offered_for_an_old_datum(place, crs):
    text = draft_files([write_features(place / "图斑.geojson", [{"TBBH": "1"}], crs)], place, "zh")[0][0].text
    line = next(line for line in text.splitlines() if line.startswith('# crs = "?"'))
    assert "CGCS2000 坐标成果" in line
    assert "EPSG:" not in line
    assert "crs" not in tomllib.loads(text)


def test_drawings_say_nothing_of_where_they_come_from(place):
    ring = "120.45,41.57 120.46,41.57 120.46,41.58 120.45,41.57"
    polygon = f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    kml = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>甲</name>{polygon}</Placemark></Document></kml>'
    (place / "图形.kml").write_text(kml, encoding="utf-8")
    corners = "J1,4603000,40537000\nJ2,4603100,40537000\nJ3,4603100,40537100\nJ4,4603000,40537000"
    (place / "拐点.txt").write_text(corners, encoding="utf-8")
    drafts, faults = draft_files([place / "图形.kml", place / "拐点.txt"], place, "zh", "source")
    assert (len(drafts), faults) == (2, [])
    assert all("source_code" not in tomllib.loads(draft.text) for draft in drafts)
    drafts, _ = draft_files([place / "拐点.txt"], place, "zh")
    assert drafts[0].path.parent.name == "sources"


@pytest.mark.parametrize("title", ["发现日期", "核查日期", "受理日期"])
def test_days_of_finding_checking_and_receiving_are_dates(place, title):
    (place / "点.csv").write_text(f"编号,{title},经度,纬度\n1,2023-05-06,120.45,41.57\n", encoding="utf-8")
    assert tomllib.loads(draft_files([place / "点.csv"], place, "zh")[0][0].text)["columns"]["curr_date"] == title


def test_a_gazetteer_is_no_source(place):
    (place / "地名.csv").write_text(
        "name,kind,town,lon,lat,aliases\n某某村,village,某镇,120.45,41.57,\n", encoding="utf-8"
    )
    drafts, said = draft_files([place / "地名.csv"], place, "zh")
    assert (drafts, len(said)) == ([], 1)
    assert 'gazetteer = "地名.csv"' in said[0]
    assert len(draft_files([place / "地名.csv"], place, "zh", "source")[0]) == 1  # a person knows better


def test_members_with_other_columns_need_a_source_of_their_own(place):
    folder = place / "收到"
    folder.mkdir()
    (folder / "甲.csv").write_text("编号,经度,纬度\n1,120.45,41.57\n2,120.46,41.57\n", encoding="utf-8")
    (folder / "乙.csv").write_text("编号,经度,纬度\n3,120.45,41.57\n", encoding="utf-8")
    (folder / "丙.csv").write_text("序号,问题描述,经度,纬度\n1,堆土,120.45,41.57\n", encoding="utf-8")
    text = draft_files([folder], place, "en")[0][0].text
    line = next(line for line in text.splitlines() if "other columns" in line)
    assert ("丙.csv" in line, "乙.csv" in line) == (True, False)


def test_a_file_that_is_not_there_is_called_so_and_dots_are_resolved(place):
    with pytest.raises(InputError) as fault:
        draft_files([place / "sources" / ".." / "none.csv"], place, "en")
    assert str(fault.value) == f"no such file: {place / 'none.csv'}"
    dotted = place / "sources" / ".."
    drafts, _ = draft_files([dotted / "leads.geojson"], dotted, "en", "source")
    assert drafts[0].path == place / "sources" / "leads_2.toml"
    assert tomllib.loads(drafts[0].text)["path"] == "leads.geojson"
    assert ".." not in drafts[0].said


def test_area_columns_take_the_unit_of_their_title_and_bad_cells_stay_open(place):
    rows = "图斑编号,面积（公顷）,监测时段,经度,纬度\n1,1.2,春天,120.45,41.57\n2,0.8,秋天,120.46,41.58\n"
    (place / "点.csv").write_text(rows, encoding="utf-8")
    text = draft_files([place / "点.csv"], place, "en")[0][0].text
    assert tomllib.loads(text)["columns"]["area_ha"] == "面积(公顷)"
    assert re.search(r'(?m)^# period = "\?"  # .*none of its 2 cells', text)


def test_a_new_place_loads_once_its_open_lines_are_filled(tmp_path):
    boundary = HOME / "data" / "shuangta_demo" / "real" / "district_outline.geojson"
    for language, outline in (("zh", boundary), ("en", None)):
        folder = tmp_path / language / "新 区"
        write_place(folder, place_files(folder, outline, language))
        with pytest.raises(ConfigError, match="cycles"):
            read_place(folder)
        file = folder / "place.toml"
        file.write_text(fill(file.read_text(encoding="utf-8")), encoding="utf-8")
        read = read_place(folder)
        assert read.townships is None
        assert (read.name, read.language, len(read.deliveries)) == ("新 区", language, 2)
        assert read.code == ("211302" if outline else "999901")
        with pytest.raises(InputError, match="新 区"):
            place_files(folder, outline, language)


def test_what_a_place_may_do_without_stands_in_comments(tmp_path):
    folder = tmp_path / "a" / ".." / "new"
    texts = place_files(folder, None, "zh")
    assert tomllib.loads(texts["place.toml"])["name"] == "new"
    full = re.sub(r"(?m)^# (\[[\w.]+\]$|\S+ = (?!\"?\?))", r"\1", fill(texts["place.toml"]))
    found = tomllib.loads(full)
    assert {"province", "city", "gazetteer", "holidays"} <= {*found}
    assert {*found["townships"]} == {"path", "crs", "name", "code", "through_time"}
    assert found["limits"] == Limits().model_dump()
    assert found["aliases"]["activity"] == {"砖厂": "A21"}
    for field, read in (("activity", to_activity), ("change_type", to_change_type), ("source_code", to_source_code)):
        for code in found["aliases"][field].values():
            assert code in (read(code) if field == "activity" else (read(code),))
    assert to_state(*found["aliases"]["state"].values())


def test_a_draft_can_be_made_while_the_place_itself_is_one(tmp_path):
    folder = tmp_path / "new"
    write_place(folder, place_files(folder, None, "zh"))
    drafts, _ = draft_files([HOME / "data" / "shuangta_demo" / "sources" / "变化图斑2020.shp"], folder, None)
    assert tomllib.loads(drafts[0].text)["crs"] == "EPSG:4528"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """`leadscreen draft …` in tmp_path, in this process: (exit code, stdout, stderr)."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["leadscreen", "draft", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return (code, *capsys.readouterr())

    return command


def test_the_command_tells_bad_files_and_drafts_the_others(place, tmp_path, run):
    (tmp_path / "bad.shp").write_bytes(b"not a shapefile at all")
    before = sorted(place.rglob("*"))
    code, out, _ = run("--dry-run", "--place", str(place), str(place / "leads.geojson"))
    assert (code, sorted(place.rglob("*"))) == (0, before)
    assert "crs = " in out
    code, _, err = run("--place", str(place), "bad.shp", str(place / "leads.geojson"))
    assert (code, "bad.shp" in err) == (0, True)
    assert (place / "sources" / "leads_2.toml").exists()
    assert run("--place", str(place), "bad.shp", "none.csv")[0] == 2
    assert run("--place", str(place))[0] == 2  # exists already
    assert run("--place", "fresh", "--lang", "en")[0] == 0
    assert (tmp_path / "fresh" / "rules.toml").exists()


anything = st.text(st.characters(codec=None), max_size=40)


@given(anything, anything, anything, st.lists(anything, max_size=3))
def test_any_text_gives_toml_that_reads_back(key, value, why, items):
    lines = [Line(key or "k", value, why), Line("list", items, why, "t"), Line("open", Open(), why), Line("", why=why)]
    found = tomllib.loads(write_toml([why, value], lines))
    assert found[_plain(key or "k")] == _plain(value)
    assert found["t"]["list"] == [_plain(item) for item in items]
    assert "open" not in found or key == "open"
    assert tomllib.loads(f"x = {quote(value)}")["x"] == _plain(value)


def _plain(text: str) -> str:
    return re.sub(r"[\ud800-\udfff]", "\ufffd", text)


@given(st.lists(anything, max_size=5))
def test_ids_are_plain_and_never_twice(names):
    taken: set[str] = set()
    ids = [make_id(name, taken)[0] for name in names]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9_]{1,48}", one) and one not in ("con", "nul") for one in ids)


titles = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(
    titles=st.lists(titles, min_size=1, max_size=5, unique=True), stem=st.sampled_from(['a"b', "图\\斑", "⛏️'", "x\ny"])
)
def test_any_column_titles_and_odd_file_names_give_toml(tmp_path_factory, titles, stem):
    folder = tmp_path_factory.mktemp("odd")
    (folder / "place.toml").write_text('language = "en"', encoding="utf-8")
    if sys.platform == "win32":
        stem = "odd"
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [120, 41]},
        "properties": dict.fromkeys(titles, "1"),
    }
    file = folder / f"{stem}.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    drafts, _ = draft_files([file], folder, None)
    found = tomllib.loads(drafts[0].text)
    assert folder / found["path"] == file
    assert set(found.get("columns", {}).values()) <= set(titles)
