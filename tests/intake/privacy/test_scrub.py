"""No personal datum of rule D02 outlives the scrubber, and ordinary field sentences pass it unharmed."""

import json
import re
import time
import tomllib
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.privacy.personal_data import HALF_WIDTH, RULES, SPOKEN
from pipeline.intake.privacy.scrub import (
    MARKS,
    describe_hits,
    is_clean,
    petitioner_columns,
    scrub,
    scrub_cell,
)
from pipeline.intake.words.codes import read_codes
from tests.intake.plants import MAKERS, bare, normal_sentences, plant

WORDS = Path(str(resources.files("pipeline.words")))
FRAGMENTS = [
    "举报人", "联系人：", "村民", "姓名:", "王", "李样例", "欧阳", "、", "，", " ", "：", "（", "[", "]", "电话", "微信号", "QQ",
    "身份证", "卡号", "1990000", "0421-", "0001234", "6299", "999999", "19900101", "123X", "＠", "@example.com", "辽Z·", "12345",
    "12号楼", "3单元", "502室", "前进路", "35号", "家住", "住址：", "先生", "敬礼！", "\n", "name: ", "Wang Yangli", "一九九零", "·",
    "反映", *MARKS.values(),
]  # fmt: skip
petition_like = st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join)


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("举报人王样例反映该处采石", "举报人[姓名]反映该处采石"),
        ("联系人：王拟和，电话１９９ ００００ 1111", "联系人：[姓名]，电话[电话]"),
        ("联系人：王样例、李演示和赵虚构。", "联系人：[姓名]。"),
        ("姓名：张　拟 住址：某村", "姓名：[姓名] 住址：[住址]"),
        ("村民张某某反映", "村民张某某反映"),
        ("村民王某、李某", "村民王某、李某"),
        ("户主王样例、妻子李演示", "户主[姓名]、妻子[姓名]"),
        ("举报王样例非法采砂", "举报[姓名]非法采砂"),
        ("王样例举报材料", "[姓名]举报材料"),
        ("2023年_欧阳拟实名举报", "2023年_[姓名]实名举报"),
        ("家住12组35号，村东头", "家住12组[住址]，村东头"),
        ("12号楼3单元502室", "[住址]"),
        ("某某小区5栋", "某某小区[住址]"),
        ("电话一九九零零零零一一一一", "电话[电话]"),
        ("199****1234", "[电话]"),
        ("0421-1234567、2345678", "[电话]"),
        ("微信同号19900001111", "微信同号[微信]"),
        ("name: Wang Yangli, tel: 2912345", "name: [姓名], tel: [电话]"),
        ("Reported by: Li Shifan; phone 0421-0001234", "Reported by: [姓名]; phone [电话]"),
        ("99999919900101123X", "[身份证]"),
        ("999999900101123", "[身份证]"),
        ("辽Z·12345挂", "[车牌]"),
    ],
)
def test_a_datum_becomes_the_mark_of_its_kind(text, scrubbed):
    assert scrub(text).text == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "辽环办〔2023〕40号",
        "第12号令",
        "图斑12号",
        "K12+300",
        "3号采坑",
        "1号矿",
        "图斑编号2113022021000123",
        "220kV线路12号塔",
        "新建厂房5栋",
        "211302202100012345",
        "120.45123456789",
        "联系单位",
        "群众来电反映",
        "举报人：匿名",
        "高家洼反映，方家屯举报，石料厂来访，马家沟村反映",
        "联系人：办公室",
        "责任人：镇政府",
        "面积13500000000平方米",
        "接到电话2021-05-12反映",
        "某村3号采坑",
    ],
)
def test_field_words_are_left_alone(text):
    assert (scrub(text).text, is_clean(text)) == (text, True)


def test_no_planted_datum_is_left():
    plants = plant(seed=1, n=2002)
    left = [(kind, sentence) for kind, datum, sentence in plants if bare(datum) in bare(scrub(sentence).text)]
    assert left == []
    assert min(Counter(kind for kind, _, _ in plants).values()) >= 100 and len(MAKERS) == 14


def test_a_planted_datum_is_counted_under_its_own_kind():
    starts = {"mobile": "phone", "landline": "phone", "id": "id_card", "bank": "bank_card", "house": "address"}
    for kind, _, sentence in plant(seed=2, n=1400):
        start = kind.split("_")[0]
        assert scrub(sentence).hits.get(starts.get(start, start)) == 1, sentence


def test_false_alarms_are_below_one_percent():
    sentences = normal_sentences(seed=3, n=5000)
    alarms = [sentence for sentence in sentences if not is_clean(sentence)]
    assert len(alarms) < 50, alarms[:10]


@given(st.text(max_size=200) | petition_like)
def test_scrubbing_twice_changes_nothing(text):
    once = scrub(text)
    assert scrub(once.text) == (once.text, {})
    assert is_clean(once.text) and is_clean(text) == (not once.hits)


def misses(text: str) -> list[str]:
    """What the rules say they need, of those that find something in `text` although it is not there."""
    twin = text.translate(HALF_WIDTH)
    found = []
    for rule in RULES:
        searched = twin.translate(SPOKEN) if rule.reads_spoken else twin
        is_new = not (rule.reads_spoken and rule.pattern.search(twin))  # else the same rule for digits has it
        if is_new and rule.pattern.search(searched) and not re.search(rule.needs, twin):
            found.append(rule.needs)
    return found


@given(st.text(max_size=60) | petition_like)
def test_a_rule_finds_nothing_where_what_it_needs_is_missing(text):
    assert misses(text) == []


def test_what_a_rule_needs_stands_in_every_plant():
    assert [(sentence, missed) for _, _, sentence in plant(seed=5, n=1400) if (missed := misses(sentence))] == []


def test_what_the_program_itself_says_and_calls_columns_is_clean():
    said = [
        text
        for file in WORDS.glob("*.toml")
        if file.stem != "privacy"  # “住址 1 处” is said last and never read again
        for pair in tomllib.loads(file.read_text("utf-8")).values()
        for text in pair.values()
    ]
    titles = [alias for cell in read_codes("column_aliases")["aliases"] for alias in cell.split("|")]
    assert len(said) > 500 and len(titles) > 300
    assert [text for text in (*said, *titles) if not is_clean(text)] == []


@given(petition_like)
def test_every_hit_leaves_a_mark_and_marks_survive_json(text):
    before = sum(text.count(mark) for mark in MARKS.values())
    scrubbed, hits = scrub(text)
    assert sum(scrubbed.count(mark) for mark in MARKS.values()) == before + sum(hits.values())
    assert json.loads(json.dumps(scrubbed)) == scrubbed and not set('",\r') & set("".join(MARKS.values()))


HOSTILE = [
    "1", "19", "199 ", "a", "a@", "@a.", "0421-", "一", "举报人", "举报人：", "举报人王", "王样例、", "村民王样例和", "[电话]", "张·",
    "12号楼", "前进路1号", "name: a ", "6299 ", "QQ:1", "1990000111 1", "19900001111.", "0421-0001234.", "6299990000000000-",
    "王样例先生", "a@b.c.d.e.f.g", "999999900101123.1",
]  # fmt: skip


def seconds(text: str) -> float:
    """The shortest of three times that `text` takes, so that a busy machine does not count."""
    times = []
    for _ in range(3):
        start = time.process_time()
        scrub(text)
        times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize("unit", [*HOSTILE, "1234567890"])
def test_hostile_repeats_take_linear_time(unit):
    """Twice the text takes twice the time; anything quadratic takes four times as long, and then minutes."""
    text = unit * (20_000 // len(unit))
    assert seconds(text * 2) < 3.5 * seconds(text) + 0.05


def test_columns_of_the_petitioner():
    titles = [
        "序号",
        "举报人/姓名",
        "举报人/联系电话",
        "信访人",
        "身份证号码",
        "家庭住址",
        "邮 箱",
        "微信",
        "签名",
        "年龄",
        "性别",
        "责任人",
        "被举报人",
        "E-mail",
        "ID No.",
        "Phone",
        "Name",
        "地点",
        "问题地址",
        "位置",
        "发生地址",
        "乡镇",
        "保护地名称",
        "企业名称",
        "项目名称",
        "责任单位",
        "联系单位",
        "信访时间",
        "举报人数",
        "反映问题内容",
        "Site name",
        "问题内容",
        "受理编号",
    ]
    assert petitioner_columns(titles) == titles[1:17]


def test_a_bare_address_is_the_persons_only_beside_a_person():
    assert petitioner_columns(["姓名", "地址", "问题内容"]) == ["姓名", "地址"]
    assert petitioner_columns(["地址", "问题地点", "来电时间", "联系电话"]) == ["地址", "联系电话"]
    assert petitioner_columns(["企业名称", "地址", "面积"]) == []


def test_cells_are_judged_under_their_title():
    assert scrub_cell("联系人", "王样例") == ("[姓名]", {"name": 1})
    assert scrub_cell("点位名称", "王样例") == ("王样例", {})
    assert scrub_cell("NAME", "Example Pit") == ("Example Pit", {})


@pytest.mark.parametrize("title", ["Mined area (ha)", "面积（公顷）", "坐标", "联系人"])
@pytest.mark.parametrize("decimal", ["6.739999771118164", "1.6299990012345678", "3.3399999141693115", "-41.6199000"])
def test_a_decimal_is_no_card_whatever_its_digits(title, decimal):
    assert scrub_cell(title, decimal) == (decimal, {})
    assert scrub(f"面积{decimal}公顷").hits == {}


def test_an_item_of_a_list_is_no_decimal():
    text = "1.19900001111\n2.999999900101123 3.0421-0001234"
    assert scrub(text).text == "1.[电话]\n2.[身份证] 3.[电话]"


def test_hits_are_told_by_kind_and_number():
    hits = scrub("联系人：王样例，电话0421-0001234、手机19900001111").hits
    assert describe_hits(hits, "zh") == "电话 2 处、姓名 1 处"
    assert describe_hits(hits, "en") == "phone number: 2, name: 1"
