"""What a card of the review page shows: a petition's words as scrubbed, townships, a legend without repeats, room for tables."""

import json
import re

import pytest
import shapely

from tests.conftest import X, Y
from tests.publish.test_field import browser, open_page  # noqa: F401 (a fixture)
from tests.publish.test_review import folder, made, page_file, written  # noqa: F401 (fixtures)
from tests.stages.test_questions import a_lead, a_site, one


def petitions_say(folder, secrecy="public"):  # noqa: F811
    """The petitions of `made` bring columns for their words; what they say was scrubbed when it was stored."""
    toml = folder / "sources" / "letters.toml"
    text = toml.read_text(encoding="utf-8").replace("[columns]", '[columns]\ntext = "内容"\nplace_text = "地点"')
    toml.write_text(text.replace('"public"', f'"{secrecy}"'), encoding="utf-8")
    words = {"内容": "河边 <b>有人</b> 挖沙，电话[电话]", "地点": "东沟村口", "activity": "采石场", "其他": "不显示"}
    report = {"report_id": one("R", "R"), "source_id": "letters", "kind": "reports", "src_file": "信.xlsx", "src_row": 12,
              "orig_no": "XF-7", "attributes": json.dumps(words, ensure_ascii=False)}  # fmt: skip
    return made(reports=[report])


def test_a_petition_whose_place_is_asked_is_shown_as_it_was_scrubbed(folder, tmp_path):  # noqa: F811
    text = written(folder, petitions_say(folder), tmp_path / "review.html").read_text(encoding="utf-8")
    card = next(part for part in text.split("<article")[1:] if "XF-7" in part)
    assert "东沟村口 · 河边 &lt;b&gt;有人&lt;/b&gt; 挖沙，电话[电话]</blockquote>" in card
    assert "<td>采石场</td>" in card
    assert "不显示" not in text
    assert text.count("<blockquote") == 1
    assert "仅限本单位内部使用" in text.split("</header>")[0]


def test_of_a_secret_petition_nothing_is_shown(folder, tmp_path):  # noqa: F811
    tables = petitions_say(folder, "secret")
    text = written(folder, tables, tmp_path / "review.html").read_text(encoding="utf-8")
    assert "来源涉密，本页不载其内容" in text
    assert "<blockquote" not in text
    assert "东沟村口" not in text
    assert "仅限本单位内部使用" not in text


def test_townships_are_drawn_with_their_names_where_they_meet_on_the_map(page_file):  # noqa: F811
    cards = page_file.read_text(encoding="utf-8").split("<article")[1:]
    named = {
        re.search(r'data-about="(\w+)"', card)[1]
        for card in cards
        if "甲镇</text>" in card and "乡镇（街道）界" in card
    }
    assert "position" in named
    (far,) = [card for card in cards if 'data-about="disagreed"' in card]  # 600 m to the east and more
    assert 'class="town"' not in far
    assert "乡镇（街道）界" not in far
    assert any("乙 &amp; 镇</text>" in card for card in cards)


def test_the_period_stands_once_in_the_legend(folder, tmp_path):  # noqa: F811
    toml = folder / "sources" / "leads.toml"
    said = toml.read_text(encoding="utf-8").replace("leads & title", "2021–2022 年度线索")
    toml.write_text(said, encoding="utf-8")
    text = written(folder, made(), tmp_path / "review.html").read_text(encoding="utf-8")
    legends = " ".join(re.findall(r'<ul class="legend">(.*?)</ul>', text))
    assert "2021–2022 年度线索</li>" in legends
    assert "2022\u20112023</li>" in legends  # the title of the other source does not say it


@pytest.mark.parametrize("width", [1300, 900, 390])
def test_a_card_with_several_pictures_leaves_its_table_the_whole_width(folder, browser, tmp_path, width):  # noqa: F811
    far = [a_lead("A", source_id="leads", geometry=shapely.box(X, Y, X + 3000, Y + 100)),
           a_lead("B", source_id="leads", geometry=shapely.box(X + 2980, Y + 104, X + 3010, Y + 134))]  # fmt: skip
    sites = [a_site(name, geometry=row["geometry"]) for name, row in zip("AB", far, strict=True)]
    nothing = {"matches": [], "candidates": [], "problems": [], "decisions": [], "cases": []}
    path = written(folder, made(leads=far, sites=sites, **nothing), tmp_path / "review.html")
    page, _ = open_page(browser, path, width)
    assert page.locator("figure").count() == 2
    table, answers, card = (page.locator(name).first.bounding_box() for name in (".know table", "fieldset", ".both"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if width > 860:
        assert table["width"] > 0.95 * card["width"]
        assert answers["y"] < page.locator("figure").first.bounding_box()["y"] + 290  # beside the maps, not below
