"""Decisions read from what any spreadsheet writes: each word, each fault, and which of several rows is in force."""

from datetime import date

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.declare import check_table
from pipeline.errors import InputError
from pipeline.intake.decision_rows import FIELDS, check_row
from pipeline.intake.decisions import DECISIONS_FILE, judge, read_decisions, read_rows, settle
from pipeline.intake.privacy.roles import scrub_role
from pipeline.tables import DECISIONS

LEAD_A, LEAD_B, RECORD = "L" + "A" * 11, "L" + "B" * 11, "R" + "C" * 11
SITE_A, SITE_B, CANDIDATE_A = "S" + "A" * 11, "S" + "B" * 11, "C" + "A" * 11
CASE = "T999901-2022-0007"
HEAD = "对象,决定,值,理由,角色,日期\n"
GOOD = f"{LEAD_A} {LEAD_B},同一处,,同一矿坑,矿管科,2024-03-15\n"


def row(subject=SITE_A, decision="leave_out", value="E4", role="林草局", day="2024-03-15", number=2, reason=""):
    return check_row(number, dict(zip(FIELDS, (subject, decision, value, reason, role, day, ""), strict=True)), "zh")


def read(folder, text, encoding="utf-8"):
    (folder / DECISIONS_FILE).write_bytes(text.encode(encoding))
    return read_decisions(folder, "zh")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "；"])
def test_any_encoding_and_delimiter_of_a_spreadsheet(tmp_path, encoding, delimiter):
    text = (HEAD + GOOD).replace(",", delimiter)
    frame = read(tmp_path, text, encoding)
    check_table(frame, DECISIONS)
    (one,) = frame.to_dict("records")
    assert (one["row"], one["subject"], one["decision"], one["effect"]) == (2, f"{LEAD_A} {LEAD_B}", "same", "")
    assert (one["reason"], one["role"], one["date"]) == ("同一矿坑", "矿管科", "2024-03-15")


def test_a_workbook_by_hand_is_read_too(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(list(FIELDS))
    book.active.append([SITE_A, "town", "青溪镇", None, "矿管科", date(2024, 3, 15), "2024-03"])
    book.save(tmp_path / "own.xlsx")
    (one,) = read_rows(tmp_path / "own.xlsx", "zh")
    assert tuple(one) == (2, SITE_A, "town", "青溪镇", "", "矿管科", "2024-03-15", "2024-03", "")


def test_no_file_and_an_empty_one_hold_no_rows(tmp_path):
    assert read_decisions(tmp_path, "zh").empty
    assert read(tmp_path, "").empty
    check_table(read_decisions(tmp_path, "zh"), DECISIONS)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "对象,决定,值\nx,y,z\n"])
def test_another_table_is_refused_with_what_it_lacks(tmp_path, text):
    with pytest.raises(InputError, match="角色"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("decision", "subject", "value", "expected"),
    [
        ("同一处", f"{LEAD_A}　{LEAD_B}", "", ("same", f"{LEAD_A} {LEAD_B}", "")),
        ("不同处", f"{CANDIDATE_A}、{SITE_B}", "", ("apart", f"{SITE_A} {SITE_B}", "")),
        ("same", f"{CASE} {SITE_A.lower()}", "", ("same", f"{SITE_A} {CASE}", "")),
        ("剔除", CANDIDATE_A, "e2", ("leave_out", SITE_A, "E2")),
        ("leave out", LEAD_A, "E6 合法已批", ("leave_out", LEAD_A, "E6")),
        ("leave_out", RECORD, "坐标无法定位", ("leave_out", RECORD, "E9")),
        ("保留", SITE_A, "", ("keep", SITE_A, "")),
        ("不属于问题", CASE, "", ("not_a_problem", CASE, "")),
        ("Not a problem", SITE_A, "E8", ("not_a_problem", SITE_A, "E8")),
        ("活动类型", LEAD_A, "采石场", ("activity", LEAD_A, "A11")),
        ("activity", SITE_A, "A99", ("activity", SITE_A, "A99")),
        ("乡镇", LEAD_A, "青溪镇", ("town", LEAD_A, "青溪镇")),
        ("位置", RECORD, "120.4512，41.5678", ("located_at", RECORD, "120.4512 41.5678")),
        ("located_at", LEAD_A, "-56.75 -6.1 250", ("located_at", LEAD_A, "-56.75 -6.1 250")),
        ("located_at", LEAD_A, "按原位置", ("located_at", LEAD_A, "as_received")),
    ],
)
def test_every_decision_in_its_words(decision, subject, value, expected):
    read_row = row(subject, decision, value)
    assert read_row.fault == ""
    assert (read_row.decision, read_row.subject, read_row.value) == expected


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"decision": "也许"}, "决定“也许”不认识"),
        ({"decision": ""}, "决定“”不认识"),
        ({"decision": "same", "value": ""}, "两个编号"),
        ({"decision": "same", "subject": f"{LEAD_A} {LEAD_A}", "value": ""}, "两个编号"),
        ({"decision": "same", "subject": f"{SITE_A} {CANDIDATE_A}", "value": ""}, "两个编号"),
        ({"decision": "apart", "subject": f"{LEAD_A} {SITE_A}", "value": ""}, "两条线索"),
        ({"decision": "same", "subject": f"{CASE} T-1", "value": ""}, "一个地块和一个已知问题编号"),
        ({"decision": "keep", "subject": CASE, "value": ""}, "线索（L…）"),
        ({"decision": "keep"}, "“保留”不填值"),
        ({"value": "E3"}, "E2、E4、E6、E7、E8 或 E9"),
        ({"decision": "not_a_problem", "value": "E2"}, "E6、E7 或 E8"),
        ({"decision": "activity", "value": "外星人基地"}, "A11 或 采石场"),
        ({"decision": "located_at", "subject": LEAD_A, "value": "41.5678 120.4512"}, "经度 纬度"),
        ({"decision": "located_at", "subject": LEAD_A, "value": "120.4512"}, "经度 纬度"),
        ({"decision": "located_at", "subject": LEAD_A, "value": "120 41 0"}, "半径"),
        ({"decision": "town", "value": ""}, "乡镇"),
        ({"day": "2024-03"}, "请写到日"),
        ({"day": ""}, "请写到日"),
        ({"role": ""}, "不写姓名"),
    ],
)
def test_what_cannot_be_read_says_what_was_found_and_what_to_do(cells, told):
    assert told in row(**cells).fault


@pytest.mark.parametrize("day", ["2024-03-15", "2024/3/15", "2024年3月15日", "45366", "20240315", "15 March 2024"])
def test_days_as_the_door_reads_them(day):
    assert row(day=day).date == "2024-03-15"


def test_personal_data_do_not_pass():
    read_row = row(reason="张三 13812345678 说是同一处", role="自然资源局李建国", subject="找王小二 13812345678")
    assert "138" not in "".join(map(str, read_row))
    assert read_row.role == "自然资源局[姓名]"
    assert read_row.fault


@pytest.mark.parametrize(
    "role", ["会商", "林草局", "高工", "林长", "核查员", "湿地专班", "常委", "analyst", "自然资源局林业科"]
)
def test_offices_and_functions_stay(role):
    assert scrub_role(role).text == role


@pytest.mark.parametrize("role", ["张三", "李建国", "欧阳明", "林草局 王小明", "王小明（林草局）", "自然资源局张三"])
def test_names_go(role):
    assert "[姓名]" in scrub_role(role).text
    assert scrub_role(scrub_role(role).text).text == scrub_role(role).text


def effects(*rows):
    return [effect for effect, _ in judge([one._replace(row=k) for k, one in enumerate(rows, 2)], "zh")]


def test_of_one_role_the_latest_date_counts_and_on_one_date_the_later_row():
    early, late = row(decision="keep", value=""), row(day="2024-03-16")
    assert effects(late, early) == ["", "superseded"]
    assert effects(row(decision="keep", value=""), row()) == ["superseded", ""]


def test_roles_that_disagree_are_contradicted_and_a_joint_decision_settles_it():
    keep, out = row(decision="keep", value="", role="林草局"), row(role="矿管科")
    assert effects(keep, out) == ["contradicted", "contradicted"]
    assert effects(keep, out, row(role="会商", day="2020-01-01")) == ["superseded", "superseded", ""]
    assert effects(keep, row(role="joint"), out, row(role="会商", value="E2")) == ["superseded"] * 3 + [""]
    (_, told), _ = judge([keep, out._replace(row=3)], "zh")
    assert "第 3 行 矿管科（2024-03-15）：剔除 E4" in told
    assert "会商" in told


def test_roles_that_agree_both_count_and_other_topics_do_not_meddle():
    assert effects(row(role="林草局"), row(role="矿管科")) == ["", ""]
    assert effects(row(), row(decision="town", value="青溪镇", role="矿管科")) == ["", ""]


def test_a_pair_has_no_order_and_a_candidate_is_its_site():
    one = row(f"{LEAD_A} {LEAD_B}", "same", "", "林草局")
    other = row(f"{LEAD_B} {LEAD_A}", "apart", "", "矿管科")
    assert effects(one, other) == ["contradicted", "contradicted"]
    assert effects(row(CANDIDATE_A), row(SITE_A, "keep", "", "矿管科")) == ["contradicted", "contradicted"]


def test_two_persons_whose_names_were_removed_never_silence_each_other():
    assert effects(row(role="张三"), row(role="李四", decision="keep", value="")) == ["contradicted", "contradicted"]


def test_an_unreadable_row_has_its_line_and_its_fault_and_stops_no_other(tmp_path):
    frame = read(tmp_path, HEAD + f"{LEAD_A},同一处,,,矿管科,2024-03-15\n\n" + GOOD)
    assert frame["row"].tolist() == [2, 4]
    assert frame["effect"].tolist() == ["unreadable", ""]
    assert "两个编号" in frame["detail"][0]
    check_table(frame, DECISIONS)


def test_an_apostrophe_that_keeps_a_cell_from_being_a_formula_is_no_part_of_it(tmp_path):
    frame = read(tmp_path, HEAD + f"{LEAD_A},位置,'-56.75 -6.1,,矿管科,2024-03-15\n")
    assert frame["value"].tolist() == ["-56.75 -6.1"]


@given(st.lists(st.text(max_size=30), min_size=7, max_size=7))
def test_no_cell_is_too_strange(cells):
    read_row = check_row(2, dict(zip(FIELDS, cells, strict=True)), "zh")
    assert read_row.fault or read_row.about[1]


def test_rows_of_one_thing_are_settled_with_the_rows_that_overrule_them():
    keep, out, joint = (
        row(subject, decision, value, role, day, number)
        for number, (subject, decision, value, role, day) in enumerate(
            [(SITE_A, "keep", "", "Office", "2024-03-15"), (LEAD_A, "leave_out", "E4", "林草局", "2024-03-16"),
             (LEAD_A, "keep", "", "会商", "2024-03-14")], 2)
    )  # fmt: skip
    again = row(SITE_A, "leave_out", "E4", "OFFICE", "2024-03-17", 5)
    assert settle([keep, out]) == [("contradicted", [out]), ("contradicted", [keep])]
    assert settle([keep, out, again]) == [("superseded", [again]), ("", []), ("", [])]
    assert settle([keep, out, joint]) == [("superseded", [joint]), ("superseded", [joint]), ("", [])]
