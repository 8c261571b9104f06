"""KML as offices, 奥维 and ArcGIS write it: whole placemarks come in, and what was done to them is said."""

import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.intake.formats.kml import read_kml
from pipeline.intake.reading import HowToRead, Reading
from tests.intake.formats.placemarks import SQUARE, kml, line, placemark, polygon

HOW = HowToRead("en")


@pytest.fixture
def read(tmp_path):
    def read_content(content: str | bytes, name: str = "线索.kml", how: HowToRead = HOW) -> Reading:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_kml(path, how)

    return read_content


def test_folders_names_and_times_become_words(read):
    times = "<TimeSpan><begin>2020-05</begin><end>2021-06</end></TimeSpan>"
    inner = f"<Folder><name>采矿</name>{placemark('<name>甲</name>', times, polygon(SQUARE))}</Folder>"
    reading = read(kml(f"<Document><name>汇总</name><Folder><name>2021</name>{inner}</Folder></Document>"))
    (record,) = reading.records
    assert (record.row, record.sheet, record.fault, record.notes) == (1, "2021/采矿", None, ())
    assert record.words == {"名称": "甲", "文件夹": "2021/采矿", "开始时间": "2020-05", "结束时间": "2021-06"}
    assert (reading.crs, reading.format, reading.shifted, reading.notes) == ("EPSG:4326", "KML", None, ())
    assert reading.columns == ("名称", "文件夹", "开始时间", "结束时间")
    assert record.shape.area == pytest.approx(1)


def test_a_document_that_has_no_folders_names_its_placemarks(read):
    (record,) = read(kml(f"<Document><name>2020年采石</name>{placemark(polygon(SQUARE))}</Document>")).records
    assert record.sheet == "2020年采石"


def test_extended_data_by_name(read):
    data = '<ExtendedData><Data name="图斑编号"><value>7</value></Data><Data name="空"><value/></Data>'
    schema = '<SchemaData><SimpleData name="类型">采石</SimpleData></SchemaData></ExtendedData>'
    (record,) = read(kml(placemark("<name>甲</name>", data, schema, polygon(SQUARE)))).records
    assert record.words == {"名称": "甲", "图斑编号": "7", "类型": "采石"}


def test_an_arcgis_table_becomes_words(read):
    rows = (
        "<tr><td>编号</td><td>9</td></tr><tr><td>面积</td><td>1.5</td></tr><tr><td>备注</td><td>&lt;Null&gt;</td></tr>"
    )
    table = f"<html><body><table><tr><td>甲</td></tr><tr><td><table>{rows}</table></td></tr></table></body></html>"
    (record,) = read(kml(placemark(f"<name>甲</name><description><![CDATA[{table}]]></description>"))).records
    assert record.words == {"名称": "甲", "编号": "9", "面积": "1.5"}


@pytest.mark.parametrize(
    ("written", "text"),
    [("河边<br/>新建", "河边 新建"), ("面积&lt;30亩", "面积<30亩"), ("<![CDATA[<p>河边</p><p>新<b>建</b></p>]]>", "河边 新建"),
     ("&lt;p&gt;河边&lt;/p&gt;", "河边")],
)  # fmt: skip
def test_other_descriptions_are_kept_without_tags(read, written, text):
    (record,) = read(kml(placemark(f"<description>{written}</description>"))).records
    assert record.words == {"说明": text}


def test_two_values_of_one_label_are_both_kept(read):
    data = '<ExtendedData><Data name="名称"><value>某石场</value></Data></ExtendedData>'
    (record,) = read(kml(placemark("<name>甲</name>", data))).records
    assert record.words == {"名称": "甲", "名称_2": "某石场"}


@pytest.mark.parametrize(
    "geometry",
    [polygon("120,41 NaN,41 121,42"), polygon("120,41 inf,41 121,42"), polygon("120,41 121,95 121,42"), polygon("120,41 121,41"),
     polygon("41.5,120.4 41.5,120.5 41.6,120.5"), polygon("4603974,537532 4603974,537632 4604074,537632"), polygon("一,二 三,四"),
     polygon(""), "<Polygon/>", line("120,41 121,41 121,42"), line("120,41"), polygon("50,40,51,41,52,42"), "<Model/>", ""],
)  # fmt: skip
def test_what_cannot_be_located_is_a_fault_and_the_rest_comes_in(read, geometry):
    bad, good = read(kml(placemark(geometry), placemark(polygon(SQUARE)))).records
    assert bad.fault is not None and bad.fault.startswith("E10 ") and bad.shape is None
    assert (good.row, good.fault, good.shape.area) == (2, None, pytest.approx(1))


def test_a_cut_file_keeps_its_whole_placemarks(read):
    whole = kml(*(placemark(f"<name>{n}</name>", polygon(SQUARE)) for n in "甲乙丙")).encode()
    second_end, third_name = whole.index(b"</Placemark>", whole.index("乙".encode())), whole.index("丙".encode())
    for end, faults in ((len(whole) - 20, 1), (third_name + 1, 1), (second_end + 12, 0)):
        reading = read(whole[:end])
        assert "cut off" in reading.notes[0]
        assert [record.words["名称"] for record in reading.records[:2]] == ["甲", "乙"]
        assert [record.fault for record in reading.records[:2]] == [None, None]
        assert [record.fault[:3] for record in reading.records[2:]] == ["E11"] * faults


def test_bare_html_and_ampersands_do_not_swallow_the_placemarks_after_them(read):
    first = placemark("<name>甲 & 乙</name><description>河边<br>新建<img src='x'></description>", polygon(SQUARE))
    reading = read(kml(first, placemark("<name>丙</name>", polygon(SQUARE))))
    assert [record.words for record in reading.records] == [{"名称": "甲 & 乙", "说明": "河边 新建"}, {"名称": "丙"}]
    assert [record.fault for record in reading.records] == [None, None]
    assert "rules of XML" in reading.notes[0]


@pytest.mark.parametrize(
    ("content", "codec"),
    [(kml(placemark("<name>采石</name>")).encode("gb18030"), "gb18030"), (kml(placemark("<name>采石</name>")).encode("utf-16"), "utf-16"),
     (b"\xef\xbb\xbf" + kml(placemark("<name>采石</name>")).encode(), "utf-8"),
     (kml(placemark("<name>采石</name>")).replace("UTF-8", "GBK").encode("gbk"), "gb18030")],
)  # fmt: skip
def test_encodings_whatever_is_declared(read, content, codec):
    reading = read(content)
    assert (reading.encoding, reading.records[0].words) == (codec, {"名称": "采石"})


def test_undeclared_prefixes_and_no_namespace(read):
    (record,) = read(f"<kml><k:Placemark>{polygon(SQUARE)}</k:Placemark></kml>").records
    assert record.shape.area == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "content", "mark"),
    [("a.ovkml", kml(placemark(polygon(SQUARE))), ".ovkml"),
     ("a.kml", kml(placemark("<OvCoordType>GCJ02</OvCoordType>", polygon(SQUARE))), "OvCoordType"),
     ("a.kml", kml(f"<Document><name>奥维导出</name>{placemark(polygon(SQUARE))}</Document>"), "奥维导出"),
     ("a.kml", kml("<x xmlns:ov='o' ov:a='1'/>", placemark("<ov:a xmlns:ov='o'/>", polygon(SQUARE))), "ov")],
)  # fmt: skip
def test_files_of_ovital_say_they_may_be_shifted(read, name, content, mark):
    shifted = read(content, name).shifted
    assert shifted is not None and f"({mark})" in shifted and "GCJ-02" in shifted


def test_the_coordinate_type_an_ovital_file_states_is_told(read):
    content = kml(placemark("<OvCoordType>CGCS2000</OvCoordType>", polygon(SQUARE)))
    assert "states the coordinate type CGCS2000" in (read(content, "a.ovkml").shifted or "")


def test_ovital_named_in_a_placemark_or_an_overlay_is_no_mark(read):
    overlay = "<ScreenOverlay><overlayXY x='0'/></ScreenOverlay>"
    assert read(kml(overlay, placemark("<name>奥维截图</name>", polygon(SQUARE)))).shifted is None


def test_kmz_and_the_limits_on_it(tmp_path):
    def zipped(name: str, members: dict[str, str], how: HowToRead = HOW) -> Reading:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, text in members.items():
                archive.writestr(member, text)
        return read_kml(tmp_path / name, how)

    reading = zipped("a.kmz", {"files/icon.png": "", "doc.kml": kml(placemark(polygon(SQUARE))), "b.kml": ""})
    assert (reading.format, reading.records[0].fault, "doc.kml" in reading.notes[0]) == ("KMZ", None, True)
    assert zipped("a.ovkmz", {"doc.ovkml": kml(placemark(polygon(SQUARE)))}).shifted is not None
    with pytest.raises(InputError, match="200 times"):
        zipped("bomb.kmz", {"doc.kml": " " * 5_000_000})
    with pytest.raises(InputError, match="more than 1 MB"):
        zipped(
            "large.kmz",
            {"doc.kml": " " * 500_000, "photo.jpg": "x" * 600_000},
            HowToRead("en", limits=Limits(max_unpacked_mb=1)),
        )
    with pytest.raises(InputError, match="no KML"):
        zipped("b.kmz", {"readme.txt": ""})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("a.ovobj", b"\x00\x01", "ovkml or shp"), ("a.kml", b"OviO\x00\x01", "ovkml or shp"), ("a.kml", b"", "no KML"),
     ("a.kml", b"\x00\xff<", "no KML"),
     ("a.kmz", b"PK\x03\x04rubbish", "cannot be opened"), ("a.kml", b"<html><body/></html>", "<html>"), ("a.kml", b"1,2,3", "no KML")],
)  # fmt: skip
def test_what_is_no_kml_is_refused_with_a_sentence(read, name, content, says):
    with pytest.raises(InputError, match=says):
        read(content, name)


def test_entities_are_neither_fetched_nor_expanded(read, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    head = f'<!DOCTYPE kml [<!ENTITY a "{"x" * 99}"><!ENTITY f SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]>'
    reading = read(f"{head}<kml>{placemark('<name>&a;&f;</name>', polygon(SQUARE))}</kml>")
    assert reading.records[0].words == {"名称": "&a;&f;"}


def test_links_and_overlays_are_counted_and_an_empty_file_says_so(read):
    notes = read(kml("<NetworkLink/><GroundOverlay/>")).notes
    assert notes[0].startswith("2 network link(s)") and "no placemarks" in notes[1]


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: kml(placemark(text)).encode())))
def test_any_bytes_are_a_reading_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "a.kml"
    path.write_bytes(content)
    try:
        assert read_kml(path, HOW).crs == "EPSG:4326"
    except InputError as error:
        assert str(path) in str(error)


@settings(deadline=None)
@given(st.integers(0, 900))
def test_wherever_a_file_is_cut_no_half_placemark_passes(tmp_path_factory, end):
    whole = kml(*(placemark(f"<name>{n}</name>", polygon(SQUARE)) for n in range(4))).encode()
    path = tmp_path_factory.getbasetemp() / "cut.kml"
    path.write_bytes(whole[:end])
    try:
        records = read_kml(path, HOW).records
    except InputError:
        assert end < whole.index(b"<Placemark")
        return
    assert sum(record.fault is None for record in records) == whole[:end].count(b"</Placemark>")
