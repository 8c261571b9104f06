"""A source's own columns under our names, and freed of personal data: of petitions more strictly than of offices' lists."""

from pathlib import Path

import pytest

from pipeline.config import Source
from pipeline.intake.fields import clean_records, mapped_words, under_declared_titles
from pipeline.intake.reading import Reading, Record

COLUMNS = {
    "orig_no": "编号",
    "period": "时段",
    "position": "坐标",
    "curr_date": "日期",
    "area": "面积",
    "remark": "备注",
}


def source(kind: str, **columns: str) -> Source:
    keys = {
        "id": "s", "file": Path("s.toml"), "title": "s", "path": Path("s"), "provider": "invented", "licence": "CC0 1.0",
        "secrecy": "public", "position_accuracy_m": 2, "received": "2023-06-01", "source_code": "XF",
    }  # fmt: skip
    return Source.model_validate({**keys, "kind": kind, "columns": columns or COLUMNS})


def reading(*rows: dict[str, str], file: str = "a.csv", columns: tuple[str, ...] | None = None) -> Reading:
    titles = tuple(dict.fromkeys(title for row in rows for title in row)) if columns is None else columns
    return Reading(file, None, "CSV", [Record(k, None, row) for k, row in enumerate(rows, 2)], titles)


DATA = {
    "编号": "19900001111",
    "时段": "2021-2022，19900001111",
    "坐标": "120.45,41.57 19900001111",
    "日期": "2021-05-12 9:30 19900001111",
    "面积": "19900001111",
    "备注": "0421-0001234",
}
MEASURES = {"编号": "XF-7", "时段": "2021-2022", "坐标": "120.45,41.57", "日期": "2020-11-3", "面积": "12.5亩"}


@pytest.mark.parametrize("title", DATA)
def test_no_column_of_a_petition_keeps_a_telephone(title):
    (record,), counts = clean_records(reading({title: DATA[title]}), source("reports"))
    assert "[电话]" in record.words[title] and "0000" not in record.words[title]
    assert counts == {title: 1}


def test_what_a_petitions_columns_measure_is_kept():
    (record,), counts = clean_records(reading(MEASURES), source("reports"))
    assert (record.words, counts) == (MEASURES, {})


def test_a_bare_name_is_known_by_its_title_and_a_number_in_spite_of_it():
    both = source("reports", remark="村民", orig_no="图斑编号")
    (record,), _ = clean_records(reading({"村民": "王样例", "图斑编号": "19900001111"}), both)
    assert record.words == {"村民": "[姓名]", "图斑编号": "[电话]"}


def test_an_offices_number_may_look_like_a_telephones():
    (record,), counts = clean_records(reading({"编号": "19900001111", "面积": "19900001111"}), source("points"))
    assert (record.words, counts) == ({"编号": "19900001111", "面积": "19900001111"}, {})


def test_a_number_that_was_a_telephone_is_none_so_that_no_two_petitions_share_it():
    assert mapped_words(source("reports"), {"编号": "[电话]", "备注": "[电话]"})["orig_no"] is None
    assert mapped_words(source("reports"), {"编号": "XF-7"})["orig_no"] == "XF-7"


def test_a_file_without_a_column_that_another_has_says_so():
    whole, short, none = reading({"编号": "1", "备注": "x"}), reading({"编号": "2"}, file="b.csv"), reading(columns=())
    first, second, third = under_declared_titles(
        [whole, short, none], source("points", orig_no="编号", remark="备注"), "en"
    )
    assert (first.notes, third.notes) == ((), ())
    (note,) = second.notes
    assert note.startswith("this file lacks the column(s) “备注”, which others of the same source have")


def test_who_stands_in_a_dropped_column_is_not_named_in_the_text_beside_it():
    row = {"举报人姓名": "样例某", "地址": "青溪村", "备注": "样例某说青溪村有人采石"}
    own = source("reports").model_copy(update={"drop": ["举报人姓名", "地址"]})
    (record,), counts = clean_records(reading(row), own)
    assert record.words == {"备注": "[姓名]说青溪村有人采石"}
    assert counts == {"备注": 1}
