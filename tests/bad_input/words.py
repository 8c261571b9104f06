"""What stands in the cells: formulas, markup, unseen and right-to-left signs, dates of all kinds, persons, unknown words."""

# ruff: noqa: E501  (a case is one line)

from collections.abc import Sequence
from typing import Any

from tests.bad_input.case import (
    ANYWHERE,
    HEADER,
    POINT_COLUMNS,
    Case,
    csv,
    degrees,
    feature,
    frame,
    geojson,
    kml,
    placemark,
    point_rows,
    shape_json,
    square,
    vector,
    xlsx,
)

ALL = ("1", "2", "3")
DATES = [*HEADER, "前时相", "后时相"]
PLACED = {"orig_no": "编号", "lon": "经度", "lat": "纬度"}
DATE_COLUMNS = POINT_COLUMNS | {"prev_date": "前时相", "curr_date": "后时相"}
HOSTILE = {
    "formula": '=HYPERLINK("http://example.com","点此")',
    "formula with plus": "+1+cmd|' /C calc'!A0",
    "formula with at": "@SUM(1+1)",
    "formula with minus": "-2+3+cmd|' /C calc'!A0",
    "formula after a tab": "\t=1+1",
    "script": "<script>document.title='run'</script>",
    "end of a script": "</script><script>document.title='run'</script>",
    "image": "<img src=x onerror=\"document.title='run'\">",
    "template": "{{7*7}} ${1} {0} %s %(x)s {name}",
    "entity": "&lt;b&gt; &amp; &#x3c;",
    "right to left": "\u202eטקסט\u202c",
    "emoji": "😀👩‍👩‍👧‍👦🏔️",
    "unseen signs": "采\u200b石\ufeff场\u2060",
    "control characters": "采\x01石\x08场",
    "line and paragraph separators": "采\u2028石\u2029场",
    "combining marks": "a" + "\u0301" * 500,
    "a lone surrogate, escaped": "\\ud800",
    "path": "..\\..\\windows\\system32",
    "SQL": "'; DROP TABLE reports; --",
    "long": "长" * 32_000,
    "null word": "NULL",
    "braces": "{",
}


def hostile(name: str, words: str) -> list[Case]:
    """The words in every column of a GeoJSON and a workbook, the activity and the number among them."""
    areas = geojson([feature(k, shape_json(square(k)), activity=words, remark=words, town=words) for k in (1, 2, 3)])
    fields = {"orig_no": "no", "activity": "activity", "remark": "remark", "town": "town"}
    return [
        Case(f"{name} in GeoJSON", areas, ALL, columns=fields),
        Case(
            f"{name} in a csv",
            csv([[k, *degrees(k), '"' + words.replace('"', '""') + '"'] for k in (1, 2, 3)]),
            ALL,
            columns=POINT_COLUMNS,
        ),
    ]


def dated(name: str, prev: object, curr: object, *notes: str) -> Case:
    """One row with these two dates."""
    return Case(
        f"dates: {name}",
        csv([[1, *degrees(1), "采石场", f'"{prev}"', f'"{curr}"']], DATES),
        ("1",),
        columns=DATE_COLUMNS,
        notes=notes,
    )


def petition(name: str, header: Sequence[str], cells: Sequence[str], drop: Sequence[str] = (), **outcome: Any) -> Case:
    """A petition table of one row: number, place, and these columns."""
    write = csv([[1, *degrees(1), *cells]], [*HEADER[:3], *header])
    return Case(f"petition: {name}", write, columns=PLACED, keys={"kind": "reports", "drop": list(drop)}, **outcome)


DATED = [
    dated("2021.05", "2020.05", "2021.05"),
    dated("202105", "202005", "202105"),
    dated("2021年5月", "2020年5月", "2021年5月3日"),
    dated("serials", "43831", "44197"),
    dated("slashes", "2020/5/1", "2021/5/1"),
    dated("with time", "2020-05-01 00:00:00", "2021-05-01T08:00:00Z"),
    dated("wrong order", "2021-05-01", "2020-05-01", "前时相晚于后时相"),
    dated("30 February", "2020-02-30", "2021-05-01", "前时相无法识别为日期"),
    dated("words", "不清楚", "去年", "前时相无法识别为日期", "后时相无法识别为日期"),
    dated("full width", "２０２０年５月", "２０２１．０５"),
    dated("2021.1", "2020.1", "2021.1", "可能是1月，也可能是10月"),
    dated("year 9999", "9999-01-01", "0001-01-01", "前时相无法识别为日期"),
    dated("huge number", "9" * 300, "-1", "前时相无法识别为日期"),
    dated("day first", "01/05/2020", "05/13/2021", "前时相无法识别为日期"),
    dated("quarter and half", "2020年第一季度", "2021年上半年"),
    dated("Chinese numerals", "二〇二〇年五月", "2021", "前时相无法识别为日期"),
    dated("error cell", "#VALUE!", "2021", "公式出错"),
]  # fmt: skip
PETITIONS = [
    petition("name column", ["举报人"], ["某某"], refused=("含有个人信息的列", "举报人", "drop")),
    petition("phone column", ["联系电话"], ["12345"], refused="联系电话"),
    petition("several columns", ["信访人姓名", "身份证号", "家庭住址"], ["某某", "1", "某地"], refused=("信访人姓名", "身份证号", "家庭住址")),
    petition("title in full width and blanks", ["举 报 人"], ["某某"], refused="举"),
    petition("dropped", ["举报人", "联系电话"], ["某某", "12345"], leads=("1",), drop=["举报人", "联系电话"]),
    petition("content never said", ["反映内容"], ["电话00012345678反映采石"], leads=("1",)),
    Case("petition: name column among points", csv([[1, *degrees(1), "某某"]], [*HEADER[:3], "联系人"]), columns=PLACED, refused="联系人"),
]  # fmt: skip
VARIED = [
    Case("unknown activity", csv([[1, *degrees(1), "外星人基地"]]), ("1",), columns=POINT_COLUMNS),
    Case("all cells blank but the number", csv([[1, "", "", ""], *point_rows(3)]), ("3",), ("E9 没有坐标",), columns=POINT_COLUMNS),
    Case("attribute is a list", geojson([feature(k, shape_json(square(k)), tags=[1, {"a": None}]) for k in (1, 2, 3)]), ALL),
    Case("attributes change type", geojson([feature(k, shape_json(square(k)), size=size) for k, size in ((1, 1), (2, "二"), (3, None))]), ALL),
    Case("number is null, number and word", geojson([{**feature(1, shape_json(square(1))), "properties": {"no": None}}, {**feature(2, shape_json(square(2))), "properties": {"no": 2}}, feature(3, shape_json(square(3)))]), ("", "2", "3"), off_m=ANYWHERE),
    Case("number is a float", geojson([{**feature(1, shape_json(square(1))), "properties": {"no": 1.0}}]), ("1",)),
    Case("number is true", geojson([{**feature(1, shape_json(square(1))), "properties": {"no": True}}]), ("true",), off_m=ANYWHERE),
    Case("columns called as ours", vector("areas.gpkg", frame(lead_id=["x"] * 3, geom_=["y"] * 3, report_id=["z"] * 3, src_row=[9, 9, 9], fault=["E10 no"] * 3)), ALL),
    Case("column called geometry", geojson([feature(k, shape_json(square(k)), geometry="POINT (0 0)", crs_source="x", notes="n") for k in (1, 2, 3)]), ALL),
    Case("column with an empty title", geojson([feature(k, shape_json(square(k)), **{"": "x", " ": "y"}) for k in (1, 2, 3)]), ALL),
    Case("digits lost in a float", vector("areas.gpkg", frame(code=[2.1130202100012345e17] * 3)), ALL, notes=("末尾数字已丢失",)),
    Case("same record, other words", csv([*point_rows(1), [1, *degrees(1), "砖厂"]]), ("1", "1"), columns=POINT_COLUMNS),
    Case("area in words", csv([[k, *degrees(k), "约三亩"] for k in (1, 2, 3)], [*HEADER[:3], "面积(亩)"]), ALL, columns=PLACED | {"area": "面积(亩)"}),
    Case("32,000 characters in a workbook", xlsx([HEADER, *[[k, *degrees(k), "长" * 32_000] for k in (1, 2, 3)]]), ALL, columns=POINT_COLUMNS),
    Case("formula text in KML", kml(*(placemark(k, extra="<description>=1+1</description>") for k in (1, 2, 3))), ALL, columns={"orig_no": "名称", "remark": "说明"}),
]  # fmt: skip
CASES = [*(case for name, words in HOSTILE.items() for case in hostile(name, words)), *DATED, *PETITIONS, *VARIED]
