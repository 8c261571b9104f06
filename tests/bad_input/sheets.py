"""Workbooks and tables as offices fill them: titles, merged heads, totals, notes, hidden rows, errors, far cells."""

# ruff: noqa: E501  (a case is one line)

import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from tests.bad_input.case import (
    ANYWHERE,
    HEADER,
    POINT_COLUMNS,
    Case,
    csv,
    csv_text,
    degrees,
    point_rows,
    spoilt,
    text_file,
    xlsx,
    zipped,
)

ALL = ("1", "2", "3")
ROWS = point_rows()


def book(
    name: str, rows: Sequence[Sequence[object]], leads: Sequence[str] = ALL, change: Any = None, **outcome: Any
) -> Case:
    return Case(name, xlsx(rows, change), leads, **{"columns": POINT_COLUMNS} | outcome)


def titled(header: Sequence[str], **columns: str) -> dict[str, str]:
    """POINT_COLUMNS under other titles."""
    return dict(zip(POINT_COLUMNS, header, strict=False)) | columns


def merge(*ranges: str) -> Any:
    def change(book_: Any) -> None:
        for cells in ranges:
            book_.active.merge_cells(cells)

    return change


def hide(book_: Any) -> None:
    book_.active.row_dimensions[3].hidden = True
    book_.active.column_dimensions["D"].hidden = True


def cover(book_: Any) -> None:
    book_.create_sheet("封面", 0)["A1"] = "双塔区线索汇总"


def second_sheet(book_: Any) -> None:
    sheet = book_.create_sheet("第二批")
    for row in ([*HEADER], *point_rows(4, 5)):
        sheet.append(row)


def all_hidden(book_: Any) -> None:
    book_.create_sheet("空")
    book_["图斑"].sheet_state = "hidden"


def far_cell(book_: Any) -> None:
    book_.active["XFD1048576"] = "x"


def low_cell(book_: Any) -> None:
    book_.active["A100005"] = "备注：以上为全部图斑"


def formulas(book_: Any) -> None:
    book_.active["B2"] = "=120+0.44"


def strings_bomb(path: Path) -> None:
    """Shared strings of 400 MB in a few hundred kilobytes."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/more.xml", "w") as stream:
        for _ in range(400):
            stream.write(b"<si><t>x</t></si>\n\n\n" * 50_000)


TOTAL, SUBTOTAL = ["合计", "", "", ""], ["小计", "", "", 3]
HEADS = [
    book("title row", [["双塔区疑似图斑清单"], HEADER, *ROWS], notes=("作为表头",)),
    book("title row merged", [["双塔区疑似图斑清单"], HEADER, *ROWS], change=merge("A1:D1")),
    book("title, date and unit rows", [["双塔区疑似图斑清单"], ["填报时间：2023年6月"], ["单位：公顷"], HEADER, *ROWS]),
    book("two header rows, merged", [["编号", "位置", "", "类型"], ["", "经度", "纬度", ""], *ROWS], change=merge("A1:A2", "B1:C1", "D1:D2"), columns=titled(["编号", "位置/经度", "位置/纬度", "类型"])),
    book("two header rows, not merged", [["编号", "位置", "", "类型"], ["", "经度", "纬度", ""], *ROWS], columns=titled(["编号", "位置/经度", "位置/纬度", "类型"])),
    book("three header rows", [["基本情况", "", "", ""], ["编号", "位置", "", "类型"], ["", "经度", "纬度", ""], *ROWS], change=merge("A1:D1", "A2:A3", "B2:C2", "D2:D3"), columns=titled(["编号", "位置/经度", "位置/纬度", "类型"])),
    book("blank rows above", [[], [], HEADER, *ROWS]),
    book("blank row below the header", [HEADER, [], *ROWS]),
    book("blanks and line breaks in titles", [["编 号", "经\n度", " 纬度 ", "类　型"], *ROWS]),
    book("full-width titles", [["编号", "经度（Ｅ）", "纬度（Ｎ）", "类型"], *ROWS], columns=titled(["编号", "经度(E)", "纬度(N)", "类型"])),
    book("column renamed", [["图斑号", *HEADER[1:]], *ROWS], leads=(), refused=("没有 ", "“编号”")),
    book("two columns renamed", [["图斑号", "X", "纬度", "类型"], *ROWS], leads=(), refused=("“编号”", "“经度”")),
    book("column missing", [HEADER[1:], *[row[1:] for row in ROWS]], leads=(), refused="“编号”"),
    book("column twice", [[*HEADER, "编号"], *[[*row, "x"] for row in ROWS]], notes=("重名的列",)),
    book("column without title", [[*HEADER, None], *[[*row, "x"] for row in ROWS]], notes=("没有列名的列",)),
    book("columns called as ours", [[*HEADER, "lead_id", "geometry", "report_id", "src_row", "area_m2", "kind"], *[[*row, "LX", "POINT (0 0)", "RX", "-1", "1e9", "known"] for row in ROWS]]),
    book("no header", ROWS, leads=(), refused="没有 "),
    book("header repeated", [HEADER, *ROWS[:2], HEADER, *ROWS[2:]], aside=("E11 重复的表头",)),
    book("columns numbered", [HEADER, ["1", "2", "3", "4"], *ROWS], aside=("E11 栏次编号行",)),
    book("title rows declared wrong", [HEADER, *ROWS], leads=(), keys={"title_rows": 2}, refused="没有 "),
    book("header beyond the end", [HEADER, *ROWS], leads=(), keys={"title_rows": 50}, refused="只有 4 行"),
]  # fmt: skip
BODIES = [
    book("total row", [HEADER, *ROWS, TOTAL], aside=("E11 合计行",)),
    book("subtotal and total", [HEADER, *ROWS[:2], SUBTOTAL, ROWS[2], SUBTOTAL, TOTAL], aside=("E11 合计行",) * 3),
    book("spaced total", [HEADER, *ROWS, ["合　计", 3, "", ""]], aside=("E11 合计行",)),
    book("the word for a total as a value", [[*HEADER, "loss"], *[[*row, "Total"] for row in ROWS]]),
    book("the word for a total as a number", [HEADER, *ROWS[:2], ["合计", *degrees(3), "砖厂"]], ("1", "2", "合计"), off_m=ANYWHERE),
    book("notes below", [HEADER, *ROWS, ["备注：1.坐标为2000坐标系", "", "", ""]], aside=("E11 表后的备注",)),
    book("signature below", [HEADER, *ROWS, ["填报人：", "", "审核人：", ""], ["单位（盖章）", "", "", ""]], aside=("E11 表后的备注",) * 2),
    book("group rows", [HEADER, ["一、光明街道", "", "", ""], *ROWS[:2], ["二、龙山街道", "", "", ""], ROWS[2]], aside=("E11 分组标题行",) * 2),
    book("rows of signs", [HEADER, *ROWS, ["/", "/", "—", "无"]], aside=("E11 只有“/”",)),
    book("only serial numbers", [["序号", *HEADER], *[[k, *row] for k, row in enumerate(ROWS, 1)], [4, "", "", "", ""]], aside=("E11 只有序号",)),
    book("hidden row and column", [HEADER, *ROWS], change=hide, notes=("被隐藏", "隐藏的列")),
    book("merged body cells", [HEADER, *ROWS], change=merge("D2:D4"), notes=("合并单元格",)),
    book("cover sheet first", [HEADER, *ROWS], change=cover, notes=("另有内容的工作表",)),
    book("a second sheet", [HEADER, *ROWS], change=second_sheet, notes=("另有内容的工作表：第二批",)),
    book("sheet declared", [HEADER, *ROWS], ("4", "5"), change=second_sheet, keys={"sheet": "第二批"}),
    book("sheet declared that is missing", [HEADER, *ROWS], (), keys={"sheet": "第三批"}, refused="没有工作表“第三批”"),
    book("only sheet hidden", [HEADER, *ROWS], (), change=all_hidden, refused="可见工作表中没有表格"),
    book("empty workbook", [], (), refused="没有表格"),
    book("only a header", [HEADER], ()),
    book("a cell in the far corner", [HEADER, *ROWS], (), change=far_cell, refused="过大"),
    book("a cell 100,000 rows down", [HEADER, *ROWS], change=low_cell, aside=("E11 表后的备注",)),
    book("formula without a result", [HEADER, *ROWS], ("2", "3"), change=formulas, aside=("E9 经度（或东坐标）一栏为空",), notes=("没有计算结果",)),
    book("error cells", [HEADER, ROWS[0], [2, "#N/A", "#REF!", "#DIV/0!"], ROWS[2]], ("1", "3"), aside=("E9 没有坐标",), notes=("公式出错",)),
    book("row twice", [HEADER, *ROWS, ROWS[1]], aside=("E5 ",)),
    book("number twice", [HEADER, *ROWS[:2], [2, *degrees(3), "砖厂"]], ("1", "2", "2"), off_m=110),
    book("numbers as floats", [HEADER, *[[float(row[0]), *row[1:]] for row in ROWS]]),
    book("no number", [HEADER, *[["", *row[1:]] for row in ROWS]], ("", "", ""), off_m=ANYWHERE),
    book("long numbers as floats", [HEADER, *[[2.11302021000123e17 + k, *degrees(k), ""] for k in (1, 2)]], ("211302021000123000",) * 2, off_m=ANYWHERE, notes=("末几位可能已丢失",)),
    book("powers of ten as text", [HEADER, ["2.11302E+17", *degrees(1), ""]], ("211302000000000000",), off_m=ANYWHERE, notes=("末几位可能已丢失",)),
    book("zeros in front lost", [HEADER, ["0001", *degrees(1), ""], [1, *degrees(2), ""]], ("0001", "1"), off_m=ANYWHERE),
    book("numbers, dates and truth as cells", [HEADER, [date(2023, 5, 1), *degrees(1), True], [1.5, *degrees(2), False]], ("2023-05-01", "1.5"), off_m=ANYWHERE),
    book("coordinates as text", [HEADER, *[[k, *map(str, degrees(k)), "采石场"] for k in (1, 2, 3)]]),
    book("apostrophe before numbers", [HEADER, *[[f"'{k}", *degrees(k), "采石场"] for k in (1, 2, 3)]]),
]  # fmt: skip
TEXTS = [
    Case("100,000 empty rows", text_file("points.csv", csv_text(point_rows()) + ",,,\r\n" * 100_000), ALL, columns=POINT_COLUMNS),
    Case("20,000 columns", csv([[*row, *[""] * 20_000] for row in ROWS], [*HEADER, *(f"c{k}" for k in range(20_000))]), ALL, columns=POINT_COLUMNS),
    Case("=\"0301\" kept as text", csv([[f'"=""00{k}"""', *degrees(k), ""] for k in (1, 2, 3)]), ("001", "002", "003"), columns=POINT_COLUMNS),
    Case("title row over a csv", text_file("points.csv", "双塔区疑似图斑清单,,,\r\n" + csv_text(point_rows())), ALL, columns=POINT_COLUMNS),
    Case("strings that unpack to 400 MB", spoilt(xlsx([HEADER, *ROWS]), strings_bomb), refused="压缩比超过", columns=POINT_COLUMNS),
    Case("xlsx in a zip", zipped("points.zip", xlsx([HEADER, *ROWS])), ALL, columns=POINT_COLUMNS),
]  # fmt: skip
CASES = [*HEADS, *BODIES, *TEXTS]
