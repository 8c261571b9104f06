"""Workbooks: sheets, merged and hidden cells, values of all types, far corners, and files that are no workbooks."""

import io
import sys
import time
import zipfile
from datetime import date, datetime
from datetime import time as clock

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.intake.formats import sheets, trial
from pipeline.intake.formats.sheets import cell_text, read_workbook
from pipeline.intake.reading import HowToRead

EN = HowToRead("en")
HEADER = ["编号", "经度", "纬度", "备注"]


def write(path, rows, change=None):
    """A workbook of one sheet `图斑`; `change` may do the rest."""
    book = openpyxl.Workbook()
    book.active.title = "图斑"
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    book.save(path)
    return path


def words(reading):
    return [record.words for record in reading.records if record.fault is None]


def has_note(reading, part):
    return any(part in note for note in reading.notes)


def test_title_header_of_two_rows_and_merged_cells(tmp_path):
    rows = [
        ["某某图斑表"], ["填报单位：某某局", None, None, None, "单位：公顷"],
        ["图斑编号", "企业名称", "位置", None, "面积"], [None, None, "经度", "纬度", None],
        ["T1", "某某石料厂", 120.5, 41.5, 1.5], ["T2", None, 120.6, 41.6, 0.1 + 0.2],
        ["一、后补"], ["T3", "某某砂场", 120.7, 41.7, 2], ["合计", None, None, None, 3.8],
    ]  # fmt: skip

    def merge(book):
        for cells in ("A1:E1", "A3:A4", "B3:B4", "C3:D3", "E3:E4", "B5:B6", "A7:E7"):
            book.active.merge_cells(cells)

    reading = read_workbook(write(tmp_path / "t.xlsx", rows, merge), EN)
    place = {"位置/经度": "120.5", "位置/纬度": "41.5"}
    assert words(reading)[0] == {"图斑编号": "T1", "企业名称": "某某石料厂", **place, "面积(公顷)": "1.5"}
    assert words(reading)[1]["企业名称"] == "某某石料厂"
    assert words(reading)[1]["面积(公顷)"] == "0.3"
    assert words(reading)[2]["group"] == "一、后补"
    assert [record.row for record in reading.records] == [5, 6, 7, 8, 9]
    assert [record.row for record in reading.records if record.fault] == [7, 9]
    assert (reading.sheet, reading.format, reading.encoding) == ("图斑", "xlsx", None)
    assert has_note(reading, "row(s) 3–4 were taken as the header")


def test_the_table_may_begin_anywhere(tmp_path):
    def move(book):
        book.active.move_range("A1:D2", rows=30, cols=3)

    reading = read_workbook(write(tmp_path / "t.xlsx", [HEADER, ["T1", 120.5, 41.5, "x"]], move), EN)
    assert words(reading) == [{"编号": "T1", "经度": "120.5", "纬度": "41.5", "备注": "x"}]
    assert reading.records[0].row == 32


def test_the_first_visible_sheet_with_a_table_is_read(tmp_path):
    def add(book):
        book.create_sheet("填报说明", 0).append(["一、请如实填报"])
        book.create_sheet("旧表", 0).append(HEADER)
        book["旧表"].append(["T0", 1, 2, 3])
        book["旧表"].sheet_state = "hidden"

    path = write(tmp_path / "t.xlsx", [HEADER, ["T1", 120.5, 41.5, None]], add)
    reading = read_workbook(path, EN)
    assert (reading.sheet, words(reading)[0]["编号"]) == ("图斑", "T1")
    assert has_note(reading, "also holds sheets 填报说明")
    assert words(read_workbook(path, HowToRead("en", sheet=" 旧表 ")))[0]["编号"] == "T0"
    with pytest.raises(InputError, match="没有工作表“别的”。现有工作表：旧表、填报说明、图斑"):
        read_workbook(path, HowToRead("zh", sheet="别的"))


def test_hidden_rows_are_records_and_hidden_columns_are_read(tmp_path):
    def hide(book):
        book.active.row_dimensions[3].hidden = True
        book.active.row_dimensions[9].hidden = True  # empty: not counted
        book.active.column_dimensions["D"].hidden = True

    rows = [HEADER, ["T1", 120.5, 41.5, "x"], ["T2", 120.6, 41.6, "y"]]
    reading = read_workbook(write(tmp_path / "t.xlsx", rows, hide), EN)
    assert [cells["备注"] for cells in words(reading)] == ["x", "y"]
    assert has_note(reading, "1 row(s) of sheet “图斑” are hidden")
    assert has_note(reading, "hidden columns, which are read all the same: D")


def test_long_numbers_errors_and_formulas_without_result(tmp_path):
    def spoil(book):
        book.active["D3"] = "#N/A"
        book.active["D3"].data_type = "e"

    rows = [HEADER, [211302123456789012, 120.5, "=B2+1", "x"], [211302123456789, 120.6, 41.6, None]]
    reading = read_workbook(write(tmp_path / "t.xlsx", rows, spoil), EN)
    assert words(reading) == [
        {"编号": "211302123456789000", "经度": "120.5", "备注": "x"},
        {"编号": "211302123456789", "经度": "120.6", "纬度": "41.6"},
    ]
    assert has_note(reading, "ask the provider for text cells; number by column: 编号 (1)")
    assert has_note(reading, "count as empty; number by column: 备注 (1)")
    assert has_note(reading, "1 formula(s) hold no result")


@pytest.mark.parametrize(
    ("cell", "text"),
    [(3.0, "3"), (-0.0, "0"), (0.1 + 0.2, "0.3"), (1e-7, "0.0000001"), (float("nan"), ""), (True, "是"), (False, "否"),
     (datetime(2021, 5, 3), "2021-05-03"), (datetime(2021, 5, 3, 9, 30), "2021-05-03 09:30:00"), (date(2021, 5, 3), "2021-05-03"),
     (clock(9, 30), "09:30:00"), ("　T1\u200b\x07 ", "T1"), ("", "")],
)  # fmt: skip
def test_values_as_text(cell, text):
    assert cell_text(cell) == text


def test_a_used_range_down_to_the_last_row(tmp_path):
    def reach(book):
        book.active["XFD1048576"].fill = openpyxl.styles.PatternFill("solid", fgColor="FF0000")  # no value, no matter
        book.active["D1048576"] = "x"

    began = time.monotonic()
    reading = read_workbook(write(tmp_path / "t.xlsx", [HEADER, ["T1", 120.5, 41.5, None]], reach), EN)
    assert words(reading)[0] == {"编号": "T1", "经度": "120.5", "纬度": "41.5"}
    assert reading.records[-1].row == 1_048_576
    assert time.monotonic() - began < 120  # it would take hours if every cell were made


def test_a_value_in_the_far_corner_is_refused_before_memory_ends(tmp_path):
    def reach(book):
        book.active["XFD1048576"] = "x"

    with pytest.raises(InputError, match="1048576 rows × 16384 columns, down to XFD1048576"):
        read_workbook(write(tmp_path / "t.xlsx", [HEADER], reach), EN)


def workbook_bytes():
    stream = io.BytesIO()
    write(stream, [HEADER, ["T1", 120.5, 41.5, "x"]])
    return stream.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"", "是空文件"), (b"\xef\xbb\xbf\r\n<html><table></table>", "实际是网页"), (b'<?xml version="1.0"?><Workbook/>', "实际是网页"),
     ("编号,经度\n".encode("gbk"), "实际是文本文件"), (b"\x00\x01\x02", "不是电子表格"), (b"PK\x03\x04xxxx", "已损坏或不完整"),
     (OLE + b"x" * 600, "已损坏或不完整"), (OLE + b"x" * 9000 + "EncryptedPackage".encode("utf-16-le"), "设有打开密码"),
     (workbook_bytes()[:3000], "已损坏或不完整")],
)  # fmt: skip
def test_no_workbook_is_said_in_one_sentence(tmp_path, data, says):
    path = tmp_path / "t.xls"
    path.write_bytes(data)
    with pytest.raises(InputError, match=says):
        read_workbook(path, HowToRead("zh"))


@pytest.mark.parametrize("name", ["t.xlsx", "t.xlsm", "t.ods", "t.et"])
def test_a_workbook_that_unpacks_beyond_the_limits_is_refused_unread(tmp_path, monkeypatch, name):
    path = tmp_path / name
    with (
        zipfile.ZipFile(io.BytesIO(workbook_bytes())) as good,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for member in good.namelist():
            bomb.writestr(member, good.read(member))
        bomb.writestr("xl/media/strings.xml", b"<si><t>x</t></si>" * 300_000)
    assert words(read_workbook(path, HowToRead("en", limits=Limits(max_ratio=2_000))))[0]["编号"] == "T1"
    monkeypatch.setattr(sheets.python_calamine, "load_workbook", lambda _: pytest.fail("opened"))
    for limits in (Limits(), Limits(max_ratio=2_000, max_unpacked_mb=5)):
        with pytest.raises(InputError, match=r"by more than \d+ times, which was refused"):
            read_workbook(path, HowToRead("en", limits=limits))


def test_nothing_is_imported_from_where_the_program_runs(tmp_path, monkeypatch):
    (tmp_path / "python_calamine.py").write_text("raise SystemExit(0)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.xls").write_bytes(OLE + b"x" * 600)
    with pytest.raises(InputError, match="damaged"):  # found by the child, which did load the real reader
        trial.try_out(tmp_path / "t.xls", "en")


@pytest.mark.parametrize(
    ("name", "value"), [("frozen", True), ("executable", ""), ("executable", "C:/Program/qgis-bin.exe")]
)
def test_without_a_python_to_start_an_old_workbook_is_read_at_once(tmp_path, monkeypatch, name, value):
    monkeypatch.setattr(sys, name, value, raising=False)
    monkeypatch.setattr(trial.subprocess, "run", lambda *_, **__: pytest.fail("started"))
    (tmp_path / "t.xls").write_bytes(OLE + b"x" * 600)
    with pytest.raises(InputError, match="damaged"):
        read_workbook(tmp_path / "t.xls", EN)


def test_the_ending_does_not_matter(tmp_path):
    path = tmp_path / "t.et"
    path.write_bytes(workbook_bytes())
    assert (read_workbook(path, EN).format, words(read_workbook(path, EN))[0]["编号"]) == ("et", "T1")


def test_a_workbook_without_a_table(tmp_path):
    with pytest.raises(InputError, match=r"No visible sheet of .* holds a table. Its sheets: 图斑"):
        read_workbook(write(tmp_path / "t.xlsx", []), EN)


@pytest.mark.parametrize("xml", [b"<worksheet", b"<worksheet><sheetData><row r='x'/></sheetData></worksheet>"])
def test_a_sheet_that_is_not_what_it_should_be(tmp_path, xml):
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(io.BytesIO(workbook_bytes())) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, xml if name.endswith("sheet1.xml") else good.read(name))
    with pytest.raises(InputError, match="damaged"):
        read_workbook(path, EN)


CELLS = (
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.dates()
    | st.text(alphabet="编号经纬合计/—#= 1.E+", max_size=6)
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, max_size=5), max_size=7))
def test_any_cells_are_records_or_a_reason(tmp_path, rows):
    plain = [[None if isinstance(cell, float) and not abs(cell) < 1e300 else cell for cell in row] for row in rows]
    try:
        reading = read_workbook(write(tmp_path / "t.xlsx", plain), EN)
    except InputError:
        return
    for record in reading.records:
        assert set(record.words) <= set(reading.columns)
        assert all(record.words.values())
        assert record.fault is None or record.fault.startswith("E11 ")
