"""The sheet of questions as a form: lists to choose from, what a person fills comes back as decisions, also out of order."""

import json
import shutil
import subprocess
from datetime import date

import openpyxl
import pandas as pd
import pytest

from pipeline.config import Limits
from pipeline.decide import decide
from pipeline.errors import InputError
from pipeline.intake.answers import option_title, read_answers
from pipeline.place_folder import read_place
from pipeline.publish.evidence import left_off_note, question_rows
from pipeline.publish.workbook import write_workbook

LEAD_A, LEAD_B, LEAD_C = (f"L{sign * 11}" for sign in "ABC")
SITE_A, SITE_B = (f"S{sign * 11}" for sign in "AB")
CASE = "T999901-2022-0007"
SHEET = "待人工判定"
HEADER = 3  # of the sheet, as a person counts
LONG = (
    "与" + "、".join(f"线索甲{k}" for k in range(60)) + "为同一处"
)  # longer than the 255 characters of a written list


def pair(decision, a, b):
    return {"subject": f"{a} {b}", "decision": decision, "value": ""}


SAME, APART = [pair("same", LEAD_A, LEAD_B)], [pair("apart", LEAD_A, LEAD_B)]
ANSWERS = {
    "Q22222222222": [("同一处", SAME), ("不是同一处", APART)],
    "Q33333333333": [
        (f"是已知问题 {CASE}", [pair("same", SITE_A, CASE)]),
        (LONG, [pair("apart", SITE_A, CASE)]),
        ("都不是", [pair("apart", SITE_A, CASE), pair("apart", LEAD_A, LEAD_C)]),
    ],
    "Q44444444444": [("剔除 E4", [{"subject": SITE_B, "decision": "leave_out", "value": "E4"}]), ("保留", [])],
}


def questions(answers=ANSWERS):
    rows = [
        {
            "question_id": name, "about": "sites", "site_ids": [SITE_A, SITE_B], "lead_ids": [LEAD_A], "problem_ids": [],
            "text": "=1+1 是否同一处", "answers": json.dumps([{"label": w, "decisions": d} for w, d in own], ensure_ascii=False),
        }
        for name, own in answers.items()
    ]  # fmt: skip
    names = ["question_id", "about", "site_ids", "lead_ids", "problem_ids", "text", "answers"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture
def write(place, tmp_path):
    """Writes a workbook with a first sheet and the sheet of questions, and gives its path."""

    def _write(answers=ANSWERS):
        delivery = next(one for one in read_place(place).deliveries if one.kind == "workbook")
        layers = [one for one in delivery.layers if one.rows in ("questions", "notes")]
        problems = pd.DataFrame({"site_id": [SITE_A], "candidate_id": ["C" + "A" * 11], "problem_id": [None]})
        tables = {"questions": questions(answers), "problems": problems}
        rows = {
            "questions": question_rows(tables, "2023", "zh"),
            "notes": pd.DataFrame({"topic": ["甲"], "text": ["乙"]}),
        }
        path = tmp_path / "list.xlsx"
        notes = {"questions": left_off_note(tables, "zh")}
        write_workbook(path, delivery.model_copy(update={"layers": layers}), rows, date(2023, 12, 31), ["草稿"], notes)
        return path

    return _write


def of_kinds(*kinds):
    """One question a kind; `record` asks where a petition without a lead lies."""
    rows = questions({f"Q{k}2222222222": ANSWERS["Q22222222222"] for k in range(2, len(kinds) + 2)})
    rows["about"] = ["position" if kind == "record" else kind for kind in kinds]
    rows["lead_ids"] = [[] if kind == "record" else [LEAD_A] for kind in kinds]
    return {"questions": rows}


def test_ids_stand_a_line_each_and_fit_their_columns(write):
    sheet = openpyxl.load_workbook(write())[SHEET]
    place_of = columns(sheet)
    cell = sheet.cell(HEADER + 1, place_of["涉及疑似问题"])
    assert cell.value.split("\n") == ["C" + "A" * 11, SITE_B]
    assert sheet.column_dimensions[cell.column_letter].width >= len("ST999901-2023-0001") + 2


def test_the_sheet_says_how_many_questions_stand_elsewhere(write):
    note = left_off_note(of_kinds("sites", "record", "disagreed", "record", "position"), "zh")
    assert note == "另有 3 项只在本单位的判定页 review.html 中作答，不列入本表"
    assert left_off_note(of_kinds("sites", "position"), "zh") == ""
    assert openpyxl.load_workbook(write())[SHEET]["A2"].value == "草稿"


def test_the_note_stands_under_the_title_of_its_sheet_alone_and_answers_are_still_read(write, monkeypatch):
    monkeypatch.setattr("tests.publish.test_questions_sheet.left_off_note", lambda *_: "另有 2 项")
    path = fill(write(), FILLED)
    book = openpyxl.load_workbook(path)
    assert book[SHEET]["A2"].value == "草稿 · 另有 2 项"
    assert [sheet["A2"].value for sheet in book if sheet.title != SHEET] == ["草稿"]
    assert [tuple(row[1:7]) for row in read(path)] == EXPECTED


def columns(sheet):
    return {cell.value: cell.column for cell in sheet[HEADER] if cell.value}


def fill(path, filled, order=None):
    """Fill rows (from 0) with {title: value}; `order` sorts whole rows as a spreadsheet does, hidden columns with them."""
    book = openpyxl.load_workbook(path)
    sheet = book[SHEET]
    titles = columns(sheet)
    for row, cells in filled.items():
        for title, value in cells.items():
            sheet.cell(HEADER + 1 + row, titles[title], value)
    if order is not None:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=HEADER + 1)]
        for i, k in enumerate(order, HEADER + 1):
            for j, value in enumerate(rows[k], 1):
                sheet.cell(i, j).value = value
    book.save(path)
    return path


def read(path):
    return read_answers(path, SHEET, "zh", Limits())


FILLED = {
    0: {"判定": "同一处", "理由": "同一矿坑", "角色": "矿管科", "日期": date(2024, 3, 15)},
    1: {"判定": LONG, "角色": "矿管科", "日期": "2024年3月16日"},
}
EXPECTED = [
    (f"{LEAD_A} {LEAD_B}", "same", "", "同一矿坑", "矿管科", "2024-03-15"),
    (f"{SITE_A} {CASE}", "apart", "", "", "矿管科", "2024-03-16"),
]


def test_what_is_filled_comes_back_as_decisions(write):
    rows = read(fill(write(), FILLED))
    assert [tuple(row[1:7]) for row in rows] == EXPECTED
    assert [row.row for row in rows] == [4, 5]
    assert not any(row.fault for row in rows)


def test_rows_may_be_sorted(write):
    rows = read(fill(write(), FILLED, order=[2, 1, 0]))
    assert [tuple(row[1:7]) for row in rows] == EXPECTED[::-1]


def test_one_answer_may_be_several_decisions(write):
    rows = read(fill(write(), {1: {"判定": "都不是", "角色": "会商", "日期": "2024-03-15"}}))
    assert [row.subject for row in rows] == [f"{SITE_A} {CASE}", f"{LEAD_A} {LEAD_C}"]


def test_a_question_left_open_is_no_fault_and_a_wrong_answer_is(write):
    left_open = {"角色": "矿管科", "日期": "2024-03-15"}  # filled down over all rows
    rows = read(fill(write(), {0: left_open, 1: {**left_open, "判定": "不知道"}, 2: {**left_open, "理由": "待查"}}))
    assert [row.row for row in rows] == [5, 6]
    assert "“不知道”不在该行的下拉列表中" in rows[0].fault
    assert "没有选判定" in rows[1].fault
    assert "剔除 E4 / 保留" in rows[1].fault


def test_a_question_without_date_is_one_fault_however_many_decisions_it_means(write):
    (row,) = read(fill(write(), {1: {"判定": "都不是", "角色": "会商"}}))
    assert "请写到日" in row.fault


def test_every_row_offers_its_own_list(write):
    sheet = openpyxl.load_workbook(write())[SHEET]
    titles = columns(sheet)
    rules = {rule.type: rule for rule in sheet.data_validations.dataValidation}
    first = openpyxl.utils.get_column_letter(titles[option_title(1)])
    last = openpyxl.utils.get_column_letter(titles[option_title(3)])
    own = f"${first}4:${last}4"  # relative row: what is sorted keeps its list
    assert rules["list"].formula1 == f"OFFSET(${first}4,0,0,1,MAX(1,COUNTA({own})))"
    answer = openpyxl.utils.get_column_letter(titles["判定"])
    assert str(rules["list"].sqref) == f"{answer}4:{answer}6"
    assert sheet.auto_filter.ref == f"A3:{openpyxl.utils.get_column_letter(sheet.max_column)}6"
    assert rules["date"].operator == "greaterThanOrEqual"
    assert sheet.column_dimensions[first].hidden
    assert not sheet.column_dimensions[answer].hidden
    assert sheet.cell(4, titles["需要判定的事项"]).value == "=1+1 是否同一处"
    assert sheet.cell(4, titles["需要判定的事项"]).data_type == "s"


def test_a_row_is_high_enough_for_a_second_line_in_a_font_that_stands_in(write):
    sheet = openpyxl.load_workbook(write())[SHEET]
    numbers = sheet.cell(HEADER + 1, columns(sheet)["涉及疑似问题"])
    assert len(numbers.value) > sheet.column_dimensions[numbers.column_letter].width  # two ids: two lines
    assert sheet.row_dimensions[HEADER + 1].height >= 2 * 15  # at 10 points such a font takes up to 15 a line


def test_no_question_is_no_decision(write):
    path = write({})
    assert openpyxl.load_workbook(path)[SHEET].cell(4, 1).value == "本表没有记录"
    assert read(path) == []


def test_a_sheet_without_its_hidden_columns_is_refused(write):
    path = fill(write(), FILLED)
    book = openpyxl.load_workbook(path)
    book[SHEET].delete_cols(columns(book[SHEET])[option_title(1)], 7)
    book.save(path)
    with pytest.raises(InputError, match="隐藏列不能删除"):
        read(path)


def test_a_damaged_hidden_cell_is_told(write):
    (row,) = read(fill(write(), {0: {**FILLED[0], "rows 1": "{"}}))
    assert "已损坏" in row.fault


def test_visible_columns_sorted_without_the_hidden_ones_are_not_taken(write):
    first, second = "Q22222222222", "Q33333333333"
    swapped = {0: {**FILLED[0], "事项编号": second}, 1: {**FILLED[1], "事项编号": first}}
    assert ["与事项不符" in row.fault for row in read(fill(write(), swapped))] == [True, True]


def test_another_workbook_has_no_such_sheet(write):
    assert read_answers(write(), "别的表", "zh", Limits()) is None


def test_decide_takes_the_workbook_as_it_is(write, place):
    path = fill(write(), FILLED)
    assert [tuple(row[1:7]) for row in decide([path], place).taken] == EXPECTED
    assert decide([path], place).n_repeated == 2
    assert decide([write()], place).taken == []  # nothing filled in is no fault


def test_equal_questions_give_equal_bytes(write):
    first = write().read_bytes()
    assert write().read_bytes() == first


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_it_survives_libreoffice(write, tmp_path, kind):
    path = fill(write(), FILLED)
    (tmp_path / "saved").mkdir()
    command = [
        "soffice",
        f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        kind,
    ]
    subprocess.run(
        [*command, "--outdir", str(tmp_path / "saved"), str(path)], check=True, capture_output=True, timeout=120
    )
    rows = read(tmp_path / "saved" / f"list.{kind}")
    assert [tuple(row[1:7]) for row in rows] == EXPECTED
