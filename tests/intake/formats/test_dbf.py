"""dBASE tables: every field type as text, encodings found out, cut and garbled characters noted, never an exception."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.intake.formats.dbf import read_dbf


def make_dbf(fields, rows, ldid=0x57):
    """The bytes of a .dbf from (name, type, width) and rows of bytes; a row that starts with None is deleted."""
    head = b"".join(
        name[:11].ljust(11, b"\0") + kind + bytes(4) + bytes([width]) + bytes(15) for name, kind, width in fields
    )
    length = 1 + sum(width for _, _, width in fields)
    start = b"\x03\x1a\x05\x03" + len(rows).to_bytes(4, "little") + (32 + len(head) + 1).to_bytes(2, "little")
    start = (start + length.to_bytes(2, "little")).ljust(29, b"\0") + bytes([ldid]) + bytes(2)
    body = b""
    for row in rows:
        mark, cells = (b"*", row[1:]) if row[0] is None else (b" ", row)
        body += mark + b"".join(cell.ljust(width)[:width] for cell, (_, _, width) in zip(cells, fields, strict=True))
    return start + head + b"\r" + body + b"\x1a"


@pytest.fixture
def read(tmp_path):
    def read(data, cpg=None, encoding=None):
        path = tmp_path / "table.dbf"
        path.write_bytes(data)
        return read_dbf(path, "en", cpg, encoding)

    return read


def test_every_type_as_text(read):
    fields = [(b"NO", b"C", 8), (b"AREA", b"N", 10), (b"RATE", b"F", 12), (b"DAY", b"D", 8), (b"OK", b"L", 1)]
    rows = [
        [b"211302", b"   1000.50", b" 1.50e+001", b"20210503", b"T"],
        [b"", b"**********", b"nan", b"00000000", b"?"],
        [b"a\0junk", b"0", b"", b"2021.5.3", b"F"],
    ]
    table = read(make_dbf(fields, rows))
    assert table.columns == ("NO", "AREA", "RATE", "DAY", "OK")
    assert table.rows == [
        {"NO": "211302", "AREA": "1000.50", "RATE": "1.50e+001", "DAY": "2021-05-03", "OK": "T"},
        {},
        {"NO": "a", "AREA": "0", "DAY": "2021.5.3", "OK": "F"},
    ]
    assert table.notes == ()


def test_names_and_values_in_gbk_without_any_declaration(read):
    table = read(
        make_dbf(
            [("图斑编号".encode("gbk"), b"C", 10), ("乡镇".encode("gbk"), b"C", 20)], [[b"1", "孙家湾镇".encode("gbk")]]
        )
    )
    assert table.columns == ("图斑编号", "乡镇")
    assert table.rows == [{"图斑编号": "1", "乡镇": "孙家湾镇"}]
    assert (table.encoding, table.encoding_why) == ("gb18030", "GB18030")


def test_a_declared_encoding_overrides_and_an_unknown_one_is_said(read):
    data = make_dbf([(b"NAME", b"C", 10)], [["採石".encode("cp950")]])
    assert read(data, encoding="950").rows == [{"NAME": "採石"}]
    table = read(make_dbf([(b"NAME", b"C", 10)], [["采石".encode()]]), encoding="nonsense")
    assert table.rows == [{"NAME": "采石"}]
    assert table.notes == ("The declared encoding “nonsense” is not known; it was found out instead",)


def test_half_characters_are_trimmed_and_alike_names_made_unique(read):
    names = ["疑似问题类型".encode()[:10], "疑似问题等级".encode()[:10], b""]
    table = read(make_dbf([(name, b"C", 10) for name in names], [["采石场采砂场".encode()[:10], b"x", b"y"]]))
    assert table.columns == ("疑似问", "疑似问_2", "FIELD_3")
    assert table.rows == [{"疑似问": "采石场", "疑似问_2": "x", "FIELD_3": "y"}]
    assert table.notes == (
        "Field names were cut in the middle of a character, which was trimmed: 疑似问、疑似问_2",
        "Field names that were alike or empty are now: 疑似问_2、FIELD_3",
        "Column “疑似问”: 1 text(s) were cut in the middle of a character, which was trimmed",
    )


def test_garbled_texts_are_counted_and_left(read):
    table = read(make_dbf([(b"NAME", b"C", 20)], [["PerÃº".encode()], ["锟斤拷".encode()], ["采石场".encode()]]))
    assert [row["NAME"] for row in table.rows] == ["PerÃº", "锟斤拷", "采石场"]
    assert table.notes == ("Column “NAME”: 2 text(s) were already garbled when received and are left as they are",)


def test_deleted_rows_keep_their_place(read):
    table = read(make_dbf([(b"A", b"C", 1)], [[b"1"], [None, b"2"], [b"3"]]))
    assert table.rows == [{"A": "1"}, None, {"A": "3"}]
    assert table.notes == ("1 record(s) marked as deleted were skipped",)


def test_a_column_of_neither_text_nor_numbers_is_named(read):
    table = read(make_dbf([(b"A", b"C", 1), (b"MEMO", b"M", 10)], [[b"1", b"17"]]))
    assert table.rows == [{"A": "1"}]
    assert table.notes == ("Column “MEMO” holds neither text nor numbers and was not read",)


@pytest.mark.parametrize("data", [b"", b"\x03", b"hello" * 20, bytes(200), make_dbf([], [])])
def test_what_is_no_dbase_table(read, data):
    with pytest.raises(InputError, match="its header is broken"):
        read(data)


def test_a_cut_table_is_refused(read):
    data = make_dbf([(b"A", b"C", 9)], [[b"1"], [b"2"]])
    with pytest.raises(InputError, match=r"is cut: it should have 85 bytes and has 80"):
        read(data[:80])
    assert len(read(data[:85]).rows) == 2  # the end mark may be missing


@given(st.binary(max_size=200), st.integers(0, 120), st.text(max_size=6))
def test_any_bytes_are_a_table_or_a_sentence(junk, at, cpg):
    data = bytearray(make_dbf([("名称".encode("gbk"), b"C", 6), (b"N", b"N", 4)], [["采石场".encode("gbk"), b"1"]] * 3))
    data[at : at + len(junk)] = junk
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "junk.dbf"
        path.write_bytes(bytes(data))
        try:
            table = read_dbf(path, "zh", cpg)
        except InputError as error:
            assert "junk.dbf" in str(error)
        else:
            assert all(row is None or set(row) <= set(table.columns) for row in table.rows)
