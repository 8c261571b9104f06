"""Delimited text files: delimiter, encoding, quotes, and what is no text."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.intake.formats.text_table import read_text_table
from pipeline.intake.reading import HowToRead

EN = HowToRead("en")


def read(folder, text, how=EN, name="t.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_text_table(path, how)


def words(reading):
    return [record.words for record in reading.records if record.fault is None]


def has_note(reading, part):
    return any(part in note for note in reading.notes)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "；", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    rows = [["编号", "经度", "说明"], ["T1", "120.5", "一"], ["T2", "120.6", '"a,b;c|d"']]
    reading = read(tmp_path, "图斑表\n" + "\n".join(delimiter.join(row) for row in rows))
    assert words(reading) == [
        {"编号": "T1", "经度": "120.5", "说明": "一"},
        {"编号": "T2", "经度": "120.6", "说明": "a,b;c|d"},
    ]
    assert [record.row for record in reading.records] == [3, 4]
    assert has_note(reading, "row(s) 2 were taken as the header")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found(tmp_path, encoding):
    reading = read(tmp_path, "编号,乡镇\nT1,双塔街道\n".encode(encoding))
    assert words(reading) == [{"编号": "T1", "乡镇": "双塔街道"}]
    assert reading.columns == ("编号", "乡镇")
    assert reading.encoding and reading.encoding_why


def test_a_declared_encoding_binds_where_it_fits(tmp_path):
    text = "编号,乡镇\nT1,双塔街道\n"
    declared = read(tmp_path, text.encode("gbk"), HowToRead("en", encoding="GBK"))
    assert (declared.encoding, declared.encoding_why) == ("gb18030", "declared")
    wrong = read(tmp_path, text.encode("gbk"), HowToRead("en", encoding="UTF-8"))
    assert words(wrong) == words(declared)
    assert has_note(wrong, "declared encoding “UTF-8”")


def test_nul_characters_are_taken_out(tmp_path):
    reading = read(tmp_path, "编号,经度\nT\x001,120.5\n")
    assert words(reading) == [{"编号": "T1", "经度": "120.5"}]
    assert has_note(reading, "1 NUL")


def test_a_cell_may_hold_line_breaks(tmp_path):
    reading = read(tmp_path, '编号,说明\nT1,"一\n二"\nT2,三\n')
    assert words(reading) == [{"编号": "T1", "说明": "一\n二"}, {"编号": "T2", "说明": "三"}]
    assert [record.row for record in reading.records] == [2, 4]
    assert not has_note(reading, "quotes")


@pytest.mark.parametrize("bad_row", [1, 50, 98, 99, 100])
def test_an_open_quote_does_not_swallow_the_file(tmp_path, bad_row):
    rows = [f'T{n},"{n}"' if n != bad_row else f'T{n},"{n}' for n in range(1, 101)]
    reading = read(tmp_path, "编号,序\n" + "\n".join(rows))
    assert [record.words["编号"] for record in reading.records] == [f"T{n}" for n in range(1, 101)]
    assert reading.records[bad_row - 1].words["序"] == f'"{bad_row}'
    assert has_note(reading, "quotes do not pair up")


@pytest.mark.parametrize("data", [b"", b" \r\n\t\n", b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"])
def test_no_text_table_is_said_in_one_sentence(tmp_path, data):
    for language in ("zh", "en"):
        with pytest.raises(InputError, match=r"t\.csv"):
            read(tmp_path, data, HowToRead(language))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(min_size=1, max_size=300)
    | st.text(alphabet='编号经,"\t;|\n\r合计12/—', min_size=1, max_size=120).map(str.encode)
)
def test_any_bytes_are_records_or_a_reason(tmp_path, data):
    try:
        reading = read(tmp_path, data)
    except InputError:
        return
    for record in reading.records:
        assert set(record.words) <= set(reading.columns)
        assert record.fault is None or record.fault.startswith("E11 ")
        assert all(record.words.values())
