"""No planted personal datum is in any byte that a run writes or prints, also where things go wrong."""

import base64
import csv
import html
import json
import sys
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely
import xlsxwriter

from pipeline import cli, jobs
from pipeline.intake.fields import clean_records
from pipeline.intake.files import read_origin
from pipeline.place_folder import read_place
from tests.conftest import HOME, ORIGIN, box, write_geojson, write_layer
from tests.intake.plants import Plant, bare, needle, plant
from tests.intake.traces import decoded, readable, traces

MANY = 1_600
CALLED = 180  # six a row
NUMBERS = ("mobile", "landline", "id_18", "id_15")  # kinds that need no word before them
KINDS = {
    "change": 30,
    "shapefile": 30,
    "points": 30,
    "reports": 90,
    "pushed": 30,
    "inspection": 30,
    "known": 30,
    "kml": 20,
}
KIND_OF = {"shapefile": "change", "kml": "points", "calls": "reports"}  # where it is not the kind's own name
TITLES = ["举报人姓名", "联系电话"]
Row = dict[str, str]


class Planted(NamedTuple):
    """A place whose every text is planted: its folder, the plants in it, and where its commands write."""

    place: Path
    plants: list[Plant]
    outputs: Path


def shapes(kind: str) -> list[dict]:
    """As many squares of 40 m as the source has rows, all on the wetland and 100 m apart; a row of them for each source."""
    band = list(KINDS).index(kind)
    return [box(100 * (k % 30), 400 * band + 100 * (k // 30), 40, 40) for k in range(KINDS[kind])]


def centre(shape: dict) -> tuple[float, float]:
    point = shapely.geometry.shape(shape).centroid
    return point.x, point.y


def declare(place: Path, kind: str, file: str, columns: Row, **keys: str) -> None:
    """A source file for `kind` (of KINDS or KIND_OF)."""
    crs = keys.pop("crs", '"EPSG:4549"')
    values = {"change": 'period = "2021-2022"\n', "shapefile": 'period = "2020-2021"\n'}.get(kind, "")
    lines = {
        "title": f'"{kind}"', "path": f'"{file}"', "kind": f'"{KIND_OF.get(kind, kind)}"',
        "source_code": '"YG"', "received": "2023-06-01", "shows": '"new_ground"', **keys,
    }  # fmt: skip
    head = "\n".join(f"{key} = {value}" for key, value in lines.items())
    mapped = "\n".join(f"{field} = {json.dumps(title, ensure_ascii=False)}" for field, title in columns.items())
    origin = ORIGIN.replace('crs = "EPSG:4549"', f"crs = {crs}")
    (place / "sources" / f"{kind}.toml").write_text(
        f"{head}\n{origin}\n[columns]\n{mapped}\n[values]\n{values}", encoding="utf-8"
    )


def rows_of(kind: str, texts: Iterator[str], titles: Sequence[str]) -> list[Row]:
    """Rows with a number and a planted sentence under each of `titles`; every third activity is a mere unknown word."""
    return [
        {"编号": f"{kind}-{k}"}
        | {title: "空中楼阁" if title == "活动" and k % 3 == 0 else next(texts) for title in titles}
        for k in range(KINDS[kind])
    ]


def write_xlsx(path: Path, sheet: str, rows: list[Row], above: str, below: str, other: str) -> None:
    """A table with a heading above, a note below and another sheet, as offices send them."""
    titles = list(rows[0])
    with xlsxwriter.Workbook(path) as book:
        own = book.add_worksheet(sheet)
        own.write(0, 0, above)
        own.write_row(1, 0, titles)
        for k, row in enumerate(rows, 2):
            own.write_row(k, 0, [row[title] for title in titles])
        own.write(len(rows) + 3, 0, below)
        book.add_worksheet(other).write(0, 0, above)


def with_xy(rows: list[Row], kind: str) -> list[Row]:
    points = [centre(shape) for shape in shapes(kind)]
    return [{**row, "Y坐标": f"{x}", "X坐标": f"{y}"} for row, (x, y) in zip(rows, points, strict=True)]


def write_areas(place: Path, texts: Iterator[str]) -> None:
    """The polygons: change as GeoJSON and as a GBK shapefile, pushed as a GeoPackage, and the layer with its attributes."""
    mapped = {"orig_no": "编号", "activity": "活动", "remark": "备注", "facility_name": "名称"}
    for kind, file in (("change", "图斑.geojson"), ("shapefile", "shp/变化.shp"), ("pushed", "推送.gpkg")):
        rows = rows_of(kind, texts, ["活动", "备注", "名称", "描述"])
        frame = gpd.GeoDataFrame(rows, geometry=[shapely.geometry.shape(one) for one in shapes(kind)], crs="EPSG:4549")
        (place / file).parent.mkdir(exist_ok=True)
        frame.to_file(place / file, **({"encoding": "GB18030"} if kind == "shapefile" else {}))
        declare(place, kind, file, mapped, **({"encoding": '"GB18030"'} if kind == "shapefile" else {}))
    words = [
        {"key": f"{next(texts)}", "name": next(texts), "level": next(texts), "zone": next(texts)} for _ in range(12)
    ]
    write_geojson(place / "湿地.geojson", [(box(300 * k, 0, 300, 4000), row) for k, row in enumerate(words)])
    write_layer(place, "marsh", [])
    declared = (place / "layers" / "marsh.toml").read_text(encoding="utf-8").replace("marsh.geojson", "湿地.geojson")
    columns = 'feature_key = "key"\nname = "name"\nlevel = "level"\nzone = "zone"\ngrade = "level"\n'
    declared = declared.split("[columns]")[0] + "[columns]\n" + columns
    (place / "layers" / "marsh.toml").write_text(declared, encoding="utf-8")


def write_lists(place: Path, texts: Iterator[str]) -> None:
    """The lists: points, inspection and known as xlsx, reports as csv with columns that nobody maps."""
    where = {"y_east": "Y坐标", "x_north": "X坐标"}
    mapped = {
        "orig_no": "编号",
        "activity": "活动",
        "remark": "备注",
        "facility_name": "名称",
        "state": "状态",
        **where,
    }
    for kind in ("points", "inspection", "known"):
        rows = with_xy(rows_of(kind, texts, ["活动", "备注", "名称", "状态", "其他"]), kind)
        write_xlsx(
            place / f"{kind}.xlsx", f"{kind}电话19900001234", rows, next(texts), f"备注：{next(texts)}", "举报人王样例"
        )
        declare(place, kind, f"{kind}.xlsx", mapped)
    rows = with_xy(rows_of("reports", texts, ["活动", "正文", "地点", "备注", "其他"]), "reports")
    for row in rows[60:]:
        row["X坐标"] = next(texts)  # broken rows: E9
    for row in rows[::7]:
        row["编号"] = next(texts)
    with (place / "信访.csv").open("w", encoding="GB18030", newline="", errors="strict") as stream:
        table = csv.DictWriter(stream, [*rows[0], *TITLES])
        table.writeheader()
        table.writerows({**row, TITLES[0]: "王样例", TITLES[1]: "19900005678"} for row in rows)
    mapped = {"orig_no": "编号", "activity": "活动", "text": "正文", "place_text": "地点", "remark": "备注", **where}
    declare(place, "reports", "信访.csv", mapped, drop=json.dumps(TITLES, ensure_ascii=False))


def write_calls(place: Path, data: Sequence[str]) -> None:
    """Petitions whose columns of numbers, dates and coordinates hold a bare telephone or card, alone or behind a good cell."""
    to_degrees = pyproj.Transformer.from_crs("EPSG:4549", "EPSG:4326", always_xy=True)
    good = ["", "2021-2022", "2021-05-12 9:30", "2021年6月", "12.5", ""]
    titles = ["编号", "时段", "日期", "期限", "面积", "备注"]
    with (place / "来电.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream, delimiter="\t")
        table.writerow(["坐标", "正文", *titles])
        for k in range(len(data) // len(titles)):
            lon, lat = to_degrees.transform(*centre(box(100 * k, 3_600, 40, 40)))
            own = data[len(titles) * k :][: len(titles)]
            where = f"{lon:.6f},{lat:.6f}" + (f" {own[0]}" if k % 2 else "")
            cells = [f"{cell} {datum}".strip() if k % 3 else datum for cell, datum in zip(good, own, strict=True)]
            table.writerow([where, f"沟里有人挖砂{k}", *cells])
    fields = ["position", "text", "orig_no", "period", "curr_date", "due_date", "area_m2", "remark"]
    declare(place, "calls", "来电.csv", dict(zip(fields, ["坐标", "正文", *titles], strict=True)), crs='"EPSG:4326"')


def write_kml(place: Path, texts: Iterator[str]) -> None:
    """Placemarks in folders, with descriptions, a table, and a telephone that is dropped."""
    marks = []
    to_degrees = pyproj.Transformer.from_crs("EPSG:4549", "EPSG:4326", always_xy=True)
    for shape in shapes("kml"):
        lon, lat = to_degrees.transform(*centre(shape))
        name, description, value = (html.escape(next(texts)) for _ in range(3))
        marks.append(
            f"<Folder><name>{html.escape(next(texts))}</name><Placemark><name>{name}</name><phoneNumber>19900009999</phoneNumber>"
            f"<description><![CDATA[<p>{description}</p>]]></description><ExtendedData><Data name='备注'><value>{value}</value>"
            f"</Data></ExtendedData><Point><coordinates>{lon},{lat}</coordinates></Point></Placemark></Folder>"
        )
    text = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{"".join(marks)}</Document></kml>'
    (place / "奥维.kml").write_text(text, encoding="utf-8")
    declare(place, "kml", "奥维.kml", {"facility_name": "名称", "remark": "备注"}, crs='"EPSG:4326"', drop='["电话"]')


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code, and all that is printed, of one command of the command line."""
    before = sys.argv
    sys.argv = ["leadscreen", *arguments]
    try:
        with pytest.raises(SystemExit) as done:
            cli.main()
    finally:
        sys.argv = before
    return int(done.value.code or 0), "".join(capfd.readouterr())


@pytest.fixture
def planted(place: Path, tmp_path: Path) -> Planted:
    """The small place with more than a thousand personal data in every kind of source and in its layer."""
    (place / "sources" / "leads.toml").unlink()
    plants = plant(seed=11, n=MANY)
    used: list[Plant] = []

    def sentences() -> Iterator[str]:
        for one in plants:
            used.append(one)
            yield one[2]

    texts = sentences()
    write_areas(place, texts)
    write_lists(place, texts)
    write_kml(place, texts)
    bare_data = [one for one in plant(seed=12, n=MANY) if one[0] in NUMBERS][:CALLED]
    write_calls(place, [datum for _, datum, _ in bare_data])
    return Planted(place, used + bare_data, tmp_path / "out")


def test_no_planted_datum_leaves_the_door(planted, capfd):
    place, plants, outputs = planted
    needles = {needle(one) for one in plants} | {"19900001234", "王样例", "19900005678", "19900009999"}
    assert len(plants) >= 1_000 and traces(needles, readable(place)) == needles, "the search finds what was planted"
    said = ""
    for command in (["check"], ["screen"], ["accept"]):
        code, told = run(capfd, *command, "--place", str(place), "--outputs", str(outputs))
        assert code == 0, told
        said += told
    tables = outputs / place.name / "2024" / "tables"
    reports = pd.read_parquet(tables / "reports.parquet")
    calls = reports[reports["source_id"] == "calls"]
    assert calls["orig_no"].isna().all() and calls["fault"].isna().sum() == len(calls) / 2 == CALLED / 12
    assert len(reports) >= sum(KINDS.values()) and reports["attributes"].str.contains(r"\[姓名\]|\[电话\]").any()
    for report_id in reports.groupby("source_id")["report_id"].first():
        code, told = run(capfd, "explain", report_id, "--place", str(place), "--outputs", str(outputs))
        assert code == 0, told
        said += told
    assert traces(needles, readable(outputs) | decoded((place / "ledger.sqlite").read_bytes()) | {said}) == set()
    front = (outputs / place.name / "2024" / "index.html").read_text(encoding="utf-8")
    assert "空中楼阁 × 60" in front and "…（reports） × 60" in front  # six lists with ten each; of petitions no word
    checked = (outputs / place.name / "check" / "check.md").read_text(encoding="utf-8")
    assert "空中楼阁 × 10" in checked and "电话[电话]" in checked


def leads_with(place: Path, text: str) -> None:
    """A second petition source, as text, whose rows say `text`."""
    header, row = "编号,正文,活动,Y坐标,X坐标", f"x-1,{text},{text},537100,4603100"
    (place / "来信.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    columns = {"orig_no": "编号", "text": "正文", "activity": "活动", "y_east": "Y坐标", "x_north": "X坐标"}
    declare(place, "reports", "来信.csv", columns)


def test_columns_of_persons_are_named_and_not_quoted(place, tmp_path, capfd):
    leads_with(place, "后山有人开石")
    text = (place / "来信.csv").read_text(encoding="utf-8").splitlines()
    rows = [f"{text[0]},举报人姓名,联系电话,举报人王样例", f"{text[1]},李演示,19900001111,有人"]
    (place / "来信.csv").write_text("\n".join(rows), encoding="utf-8")
    for command in ("screen", "check"):
        code, said = run(capfd, command, "--place", str(place), "--outputs", str(tmp_path / "out"))
        assert code == (2 if command == "screen" else 0)
        assert "举报人姓名" in said and "联系电话" in said and "举报人[姓名]" in said
        told = readable(tmp_path / "out") | {said} if command == "check" else {said}
        assert traces({"李演示", "19900001111", "王样例", "后山有人开石"}, told) == set()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("来信.xlsx", "举报人：王样例，电话19900001111"),
        ("来信.geojson", '{"type": "FeatureCollection", "features": [{"电话": "19900001111", "举报人": "王样例'),
        ("举报人王样例19900001111.kml", "举报人王样例，电话19900001111"),
        ("来信.gpkg", "SQLite format 3 举报人王样例，电话19900001111"),
    ],
)
def test_a_file_that_cannot_be_read_is_not_quoted(place, tmp_path, capfd, file, content):
    (place / file).write_text(content, encoding="utf-8")
    declare(place, "reports", file, {})
    for command, expected in (("screen", 2), ("check", 0)):
        code, said = run(capfd, command, "--place", str(place), "--outputs", str(tmp_path / "out"))
        assert code == expected and said
        assert command == "check" or traces({"19900001111", "王样例"}, {said}) == set()


def test_a_bug_is_told_without_what_citizens_wrote(place, tmp_path, capfd, monkeypatch):
    leads_with(place, "家门口的后山有人开石，举报人王样例")

    def broken(reports: pd.DataFrame, *_: object) -> None:
        try:
            float(reports["attributes"].iloc[0])
        except ValueError as error:
            raise KeyError(reports["attributes"].iloc[-1]) from error

    monkeypatch.setattr(jobs, "normalise", broken)
    code, said = run(capfd, "screen", "--place", str(place), "--outputs", str(tmp_path / "out"))
    assert code == 3 and "KeyError" in said and "ValueError" in said and "in broken" in said
    assert traces({"后山", "开石", "王样例"}, {said}) == set()


def test_names_of_files_sheets_layers_and_columns_are_shown_with_marks(place, tmp_path, capfd):
    rows = [{"编号": "1", "Y坐标": "537100", "X坐标": "4603100", "联系电话19900001111": "x", "类别": "采石场"}]
    (place / "附件").mkdir()
    write_xlsx(place / "附件" / "举报人王样例.xlsx", "电话0421-0001234", rows, "标题", "注：无", "微信sample_0001")
    columns = {"orig_no": "编号", "y_east": "Y坐标", "x_north": "X坐标", "activity": "类别"}
    declare(place, "points", "附件", columns, drop='["联系电话[电话]"]')  # as the refusal shows it
    said = ""
    for command in ("check", "screen"):
        code, told = run(capfd, command, "--place", str(place), "--outputs", str(tmp_path / "out"))
        assert code == 0, told
        said += told
    inputs = pd.read_parquet(tmp_path / "out" / place.name / "2024" / "tables" / "inputs.parquet")
    row = inputs[inputs["input_id"] == "points"].iloc[0]
    assert (row["file"], row["sheet"]) == ("举报人[姓名].xlsx", "电话[电话]")
    assert "姓名 1 处" in row["notes"][-1] and "微信号 1 处" in row["notes"][-1]
    everything = readable(tmp_path / "out") | {said}
    assert traces({"王样例", "19900001111", "04210001234", "sample0001"}, everything) == set()


@pytest.mark.parametrize("name", ["shuangta", "tapajos"])
def test_the_demo_and_the_real_place_pass_the_door_unchanged(name):
    """Names of firms and villages, numbers, codes and areas are no personal data; only citizens' letters hold some."""
    place = read_place(HOME / "configs" / name)
    changed = []
    for origin in (*place.sources, *place.layers):
        for reading in read_origin(origin, place.limits, place.language) if origin.path.exists() else []:
            clean, counts = clean_records(reading, origin)
            assert len(clean) == len(reading.records)
            changed += [(origin.id, title) for title in counts]
    assert changed == ([("petitions", "问题内容")] if name == "shuangta" else [])


@pytest.mark.parametrize("datum", ["王样例", "19900001111", "sample@example.com"])
def test_the_search_finds_a_datum_in_every_form(datum, tmp_path):
    escaped = "".join(f"&#{ord(sign)};" for sign in datum)
    forms = [
        datum.encode(), json.dumps(datum).encode(), escaped.encode(), datum.encode("utf-16"), b"x" + datum.encode("utf-16-le"),
        datum.encode("gb18030"), urllib.parse.quote(datum).encode(), b"<img src='data:x;base64," + base64.b64encode(datum.encode() * 3),
        " ".join(datum).encode(),
    ]  # fmt: skip
    for k, form in enumerate(forms):
        folder = tmp_path / str(k)
        folder.mkdir()
        (folder / "f").write_bytes(form)
        assert traces({bare(datum)}, readable(folder)) == {bare(datum)}, form
    write_xlsx(tmp_path / "0" / "f", "a", [{"b": datum}], "", "", "c")
    pd.DataFrame({"a": [datum, None]}).to_parquet(tmp_path / "1" / "f", compression="zstd")
    assert all(traces({bare(datum)}, readable(tmp_path / name)) for name in "01")
