"""Rows to records, whatever file they stand in: header, uneven rows, signs for nothing, and rows that are no records."""

from pipeline.intake.formats.table import Table, table_reading
from pipeline.intake.reading import HowToRead, Reading

EN = HowToRead("en")


def read(text: str, how: HowToRead = EN) -> Reading:
    rows = [line.split(",") for line in text.splitlines()]
    return table_reading(Table("t.csv", None, "CSV", rows, range(1, len(rows) + 1), encoding="utf-8"), how)


def words(reading):
    return [record.words for record in reading.records if record.fault is None]


def faults(reading):
    return {record.row: record.fault for record in reading.records if record.fault}


def has_note(reading, part):
    return any(part in note for note in reading.notes)


def test_uneven_rows_are_noted_and_nothing_is_lost():
    reading = read("编号,经度,纬度\nT1,120.5,41.5,多\nT2,120.6\nT3,120.7,41.7\n")
    assert words(reading)[:2] == [
        {"编号": "T1", "经度": "120.5", "纬度": "41.5", "column D": "多"},
        {"编号": "T2", "经度": "120.6"},
    ]
    assert has_note(
        reading, "1 row(s) have more cells than the header, perhaps by a delimiter that was not quoted; check row(s) 2"
    )
    assert has_note(reading, "what is missing counts as empty: row(s) 3")


def test_signs_for_nothing_and_numbers_kept_as_text():
    reading = read(
        '编号,经度,有无审批手续,备注\n/,-,无,null\n2.11302E+17,120.5,无,/\n\'0301,—,有,N/A\n="0301",#REF!,有,无\n-,-,/,—\n',
    )
    assert words(reading) == [
        {"有无审批手续": "无"},
        {"编号": "211302000000000000", "经度": "120.5", "有无审批手续": "无"},
        {"编号": "0301", "有无审批手续": "有"},
        {"编号": "0301", "有无审批手续": "有"},
    ]
    assert list(faults(reading)) == [6]
    assert has_note(reading, "编号 (2), 经度 (3), 有无审批手续 (1), 备注 (5)")
    assert has_note(reading, "lost their last digits; ask the provider for text cells; number by column: 编号 (1)")
    assert has_note(reading, "in error (such as #REF! or #N/A) count as empty; number by column: 经度 (1)")


def test_rows_that_are_no_records():
    text = """单位：公顷,,,
序号,编号,面积,备注
1,2,3,4
一、采矿类,,,
1,T1,0.5,
小计,,0.5,
二、采石类,,,
2,T2,1.5,
序号,编号,面积,备注
3,T3,2,说明：无
4,,,
合 计,,4,
备注：图斑以影像为准,,,
填报人：某某,,联系电话：000,
某某局（章）,,,
"""
    reading = read(text)
    assert words(reading) == [
        {"序号": "1", "编号": "T1", "面积(公顷)": "0.5", "group": "一、采矿类"},
        {"序号": "2", "编号": "T2", "面积(公顷)": "1.5", "group": "二、采石类"},
        {"序号": "3", "编号": "T3", "面积(公顷)": "2", "备注": "说明：无", "group": "二、采石类"},
    ]
    kinds = {row: fault.removeprefix("E11 ") for row, fault in faults(reading).items()}
    total, heading, below = "a row of totals", "a heading of a group", "a note or signature"
    expected = {3: "a row that numbers", 4: heading, 6: total, 7: heading, 9: "the header repeated", 11: "only a serial number",
                12: total, 13: below, 14: below, 15: below}  # fmt: skip
    assert kinds.keys() == expected.keys()
    assert all(kinds[row].startswith(expected[row]) for row in expected)
    assert [record.words for record in reading.records[-3:]] == [{}, {}, {}]  # names and telephones are not kept
    assert reading.columns == ("序号", "编号", "面积(公顷)", "备注", "group")
    assert has_note(reading, "gives the unit “公顷”; it was put into these titles: 面积(公顷)")


def test_a_lone_number_of_a_spot_is_a_record():
    reading = read("编号,经度,纬度\nT1,120.5,41.5\nT2,,\n")
    assert words(reading)[1] == {"编号": "T2"}


def test_declared_rows_bind():
    reading = read("图斑表,,\n编号,经度,纬度\nT1,120.5,41.5\n", HowToRead("zh", title_rows=1, header_rows=1))
    assert words(reading) == [{"编号": "T1", "经度": "120.5", "纬度": "41.5"}]
    assert reading.notes == ()


def test_a_total_is_told_by_its_first_cell_or_number_and_a_row_with_coordinates_is_none():
    reading = read(
        "序号,编号,经度,纬度,loss\n1,T1,120.5,41.5,Total\n2,合计,120.6,41.6,1\n3,合计,,,2\n,,小计,,2\n合计,2,3,,2\n4,T4,,,Total\n"
    )
    assert [cells["编号"] for cells in words(reading)] == ["T1", "合计", "T4"]
    assert list(faults(reading)) == [4, 5, 6]


def test_a_total_with_a_position_in_one_cell_is_a_record():
    reading = read("编号,坐标\n总计,120.5 41.5\n总计,2\nT3,120.6 41.6\n")
    assert (list(faults(reading)), len(words(reading))) == ([3], 2)
