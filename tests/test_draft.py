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
from pipeline.draft.files import draft_files, make_id, write_drafts
from pipeline.draft.place import place_files, write_place
from pipeline.draft.toml import Line, Open, quote, write_toml
from pipeline.errors import ConfigError, InputError
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
    for key in ("provider", "licence", "secrecy", "received", "position_accuracy_m"):
        assert f"leads_2.toml: {key}: this key is missing" in str(fault.value)


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
    assert "1101 河流水面 × 2" in drafts[0].text
    assert "0301 × 1, 0401 × 1, 0602 × 1" in drafts[0].text


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
        assert (read.name, read.language, len(read.deliveries)) == ("新 区", language, 2)
        assert read.code == ("211302" if outline else "999901")
        with pytest.raises(InputError, match="新 区"):
            place_files(folder, outline, language)


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
