"""Corner-point lists, plain and in the national exchange layout: north told from east, rings put together, CRS as stated."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.formats.corner_lines import is_corners
from pipeline.intake.formats.corners import read_corners
from pipeline.intake.reading import HowToRead, Reading

HOW = HowToRead("en")
N, E = 4_603_900, 537_500  # metres in EPSG:4549, near 120.45° E 41.57° N
SQUARE = [(0, 0), (0, 10), (10, 10), (10, 0)]  # (north, east) in metres from there: 100 m²
HOLE = [(2, 2), (2, 4), (4, 4), (4, 2)]  # 4 m² inside it
BESIDE = [(0, 20), (0, 30), (10, 30), (10, 20)]  # 100 m² outside it


def listed(corners, form="J{i},{n:.2f},{e:.2f}", start=1, zone=0, ring=1):
    return "\n".join(
        form.format(i=start + i, n=N + north, e=zone * 1_000_000 + E + east, ring=ring)
        for i, (north, east) in enumerate(corners)
    )


def read(text: str) -> Reading:
    return read_corners(text, "拐点.txt", HOW)


def exchange(attributes: str, *plots: str) -> str:
    return "\n".join(["[属性描述]", attributes, "[地块坐标]", *plots])


@pytest.mark.parametrize(
    "form",
    ["J{i},{n:.2f},{e:.2f}", "J{i}，{n:.2f}，{e:.2f}", "J{i}\t{n:.2f}\t{e:.2f}", "J{i};{n:.2f};{e:.2f}", "  J{i}   {n:.2f}  {e:.2f} ",
     "{n:.2f},{e:.2f}", "{i} {n} {e}", "J{i},{e:.2f},{n:.2f}", "{e} {n}", "J{i},1,{n:.2f},{e:.2f}", "J{i},X={n:.2f},Y={e:.2f}",
     "{i}, {n}, {e}",
     "J{i} {n},{e}", "界址点{i},{n},{e}", "Ｊ{i}，{n}，{e}"],
)  # fmt: skip
def test_one_square_in_many_forms(form):
    text = listed(SQUARE, form)
    assert is_corners(text)
    (record,) = read(text).records
    assert (record.row, record.fault, record.notes) == (1, None, ())
    assert record.shape.bounds == (E, N, E + 10, N + 10)
    assert record.shape.area == 100


@pytest.mark.parametrize("form", ["J{i},{n},{e},181.5", "{n:.2f} {e:.2f} 181.5", "J{i},1,{n},{e},181.5", "{n} {e} 181"])
def test_heights_are_dropped_and_said(form):
    (record,) = read(listed(SQUARE, form)).records
    assert record.shape.bounds == (E, N, E + 10, N + 10)
    assert record.notes == ("heights were dropped",)


@pytest.mark.parametrize(
    "lines",
    [["J1,41.57,120.45", "J2,41.57,120.46", "J3,41.58,120.46"], ["120.45 41.57", "120.46 41.57", "120.46 41.58"],
     ["J1,41°34′12″,120°27′00″", "J2,41°34′12″,120°27′36″", "J3,41°34′48″,120°27′36″"]],
)  # fmt: skip
def test_degrees_come_out_as_lon_lat(lines):
    (record,) = read("\n".join(lines)).records
    assert record.shape.bounds == pytest.approx((120.45, 41.57, 120.46, 41.58))


def test_local_coordinates_take_x_as_north_and_say_so():
    (record,) = read("J1,100,2000\nJ2,100,2030\nJ3,110,2030\nJ4,110,2000").records
    assert record.shape.bounds == (2000, 100, 2030, 110)
    assert "X was taken as north" in record.notes[0]


@pytest.mark.parametrize(
    ("text", "kind", "area_m2"),
    [
        (listed(SQUARE) + "\n" + listed(SQUARE[:1]) + "\n" + listed(HOLE, start=5), "Polygon", 96),
        (listed([*SQUARE, SQUARE[0]]) + "\n" + listed(BESIDE, start=6), "MultiPolygon", 200),
        (listed(SQUARE) + "\n" + listed(BESIDE), "MultiPolygon", 200),  # names begin again
        (listed(SQUARE, "J{i},{ring},{n},{e}") + "\n" + listed(HOLE, "J{i},{ring},{n},{e}", 5, ring=2), "Polygon", 96),
        (listed(SQUARE, "J{i},{ring},{n},{e}") + "\n\n" + listed(BESIDE, "J{i},{ring},{n},{e}", 5, ring=2), "MultiPolygon", 200),
        ("\n\n".join(listed(SQUARE).split("\n")) + "\n", "Polygon", 100),  # every second line blank
    ],
)  # fmt: skip
def test_rings_of_one_plot(text, kind, area_m2):
    (record,) = read(text).records
    assert record.fault is None
    assert (record.shape.geom_type, record.shape.area) == (kind, area_m2)


def test_an_island_in_a_hole_is_a_part():
    rings = [SQUARE, [(1, 1), (1, 9), (9, 9), (9, 1)], HOLE]  # 100 - 64 + 4
    form = "J{i},{ring},{n},{e}"
    (record,) = read("\n".join(listed(ring, form, ring=n) for n, ring in enumerate(rings, 1))).records
    assert (record.shape.geom_type, record.shape.area) == ("MultiPolygon", 40)


def test_blank_lines_and_headings_part_plots():
    text = "\n".join(
        [
            "河东采石场",
            "点号,X坐标,Y坐标",
            listed(SQUARE),
            "",
            listed(BESIDE),
            "2号 堆场",
            listed(HOLE),
            "说明：以上为测量成果",
        ]
    )
    assert is_corners(text)
    reading = read(text)
    assert [(record.row, record.words, record.shape.area) for record in reading.records] == [
        (1, {"名称": "河东采石场"}, 100), (8, {}, 100), (12, {"名称": "2号 堆场"}, 4)]  # fmt: skip
    assert reading.columns == ("名称",)
    assert reading.notes == ("no corners follow line(s) 17, which were not used",)


@pytest.mark.parametrize(
    ("bad", "why"),
    [("J1,4603974.96,537532.83\nJ2,4603984.96,537532.83", "fewer than 3"), (listed(SQUARE).replace("537510.00", "5375x0", 1), "line(s) 2"),
     (listed(SQUARE).replace("4603910.00", "460391.00", 1), "1 corner(s)"), ("J1,1,2\nJ2,1,2\nJ3,1,2", "fewer than 3"),
     ("J1,,\n" + listed(SQUARE), "line(s) 1"),
     (listed(SQUARE) + "\nJ5,46039", "line(s) 5")],
)  # fmt: skip
def test_a_plot_that_cannot_be_read_leaves_the_others(bad, why):
    reading = read(bad + "\n\n" + listed(SQUARE))
    assert [record.shape is None for record in reading.records] == [True, False]
    assert reading.records[0].fault.startswith("E10 ") and why in reading.records[0].fault


def test_the_exchange_layout():
    attributes = "格式版本号=1.01\n坐标系=2000国家大地坐标系\n几度分带=3\n投影类型=高斯克吕格\n计量单位=米"
    attributes += "\n带号=40\n精度=0.01\n转换参数=0,0,0,0,0,0,0"
    form = "J{i},{ring},{n:.3f},{e:.3f}"
    first = "5,0.0100,DK1,河东地块,面,,采矿用地,,@\n" + listed([*SQUARE, SQUARE[0]], form, zone=40)
    second = "3,0.0001,DK2,河西地块,面,K51G001,其他,,@\n" + listed(HOLE, form, zone=40)
    point = "1,0,DK3,界桩,点,,,,@\n" + listed(SQUARE[:1], form, zone=40)
    text = exchange(attributes, first, second, point)
    assert is_corners(text)
    reading = read(text)
    assert reading.crs == "EPSG:4528"
    assert [record.row for record in reading.records] == [11, 17, 22]
    assert reading.records[0].words == {
        "点数": "5", "面积(公顷)": "0.0100", "地块编号": "DK1", "地块名称": "河东地块", "图形属性": "面",
        "地块用途": "采矿用地"}  # fmt: skip
    assert reading.records[0].shape.bounds == (40_000_000 + E, N, 40_000_000 + E + 10, N + 10)
    assert [record.notes for record in reading.records] == [(), ("3 points are stated, 4 were read",), ()]
    assert reading.records[2].shape.geom_type == "Point"
    assert len(reading.notes) == 1 and "带号=40" in reading.notes[0]


@pytest.mark.parametrize(
    ("attributes", "crs", "is_asked"),
    [
        ("坐标系=2000国家大地坐标系\n几度分带=3\n带号=40", "EPSG:4528", False),
        ("坐标系=2000国家大地坐标系\n几度分带=3\n带号=41", None, True),
        ("几度分带=3\n带号=40", None, False),
    ],
)
def test_a_crs_that_is_named_but_in_doubt_is_asked_for(attributes, crs, is_asked):
    reading = read(exchange(attributes, "4,1,DK1,地块,面,,,,@\n" + listed(SQUARE, zone=40)))
    assert reading.crs == crs
    assert any("name" in note and "give the CRS" in note for note in reading.notes) == is_asked


def test_degrees_with_a_named_datum():
    plot = "3,1,DK1,地块,面,,,,@\nJ1,1,41.57,120.45\nJ2,1,41.57,120.46\nJ3,1,41.58,120.46"
    assert read(exchange("坐标系=2000国家大地坐标系", plot)).crs == "EPSG:4490"


def test_a_plain_list_may_state_its_system_too():
    assert read("坐标系：2000国家大地坐标系\n带号：40\n\n" + listed(SQUARE)).crs == "EPSG:4549"


def test_datum_shift_parameters_are_secret_and_never_repeated():
    reading = read(exchange("转换参数=12.345,-6.7,8.9,0,0,0,0", "4,1,DK1,地块,面,,,,@\n" + listed(SQUARE)))
    assert any("secret" in note for note in reading.notes)
    assert "12.345" not in repr(reading)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200),
        st.text(alphabet="J123.,，\n\t =:@[]属性描述地块坐标带号4603974537532-面点", max_size=200),
    )
)
def test_any_text_is_a_reading(text):
    is_corners(text)
    for record in read(text).records:
        assert (record.shape is None) == (record.fault is not None)


@given(st.integers(3, 12), st.permutations(["\n", "\r\n", "\r"]))
def test_a_list_of_any_length_and_line_end_is_one_plot(corners, ends):
    rows = [f"J{i + 1},{N + i * i},{E + i}" for i in range(corners)]
    (record,) = read(ends[0].join(rows)).records
    assert len(record.shape.exterior.coords) == corners + 1


def test_many_decimals_are_read_and_a_point_given_twice_is_one():
    (record,) = read("J1,41.57000000000000123,120.45\nJ2,41.57,120.46\nJ3,41.58,120.46").records
    assert record.fault is None
    points = exchange(
        "坐标系=2000国家大地坐标系",
        "3,0,1,井,点,,,,@",
        listed([(0, 0), (0, 10), (0, 0)], zone=40, form="J{i},{ring},{n},{e}"),
    )
    assert len(read(points).records[0].shape.geoms) == 2
