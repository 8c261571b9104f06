"""What a card of the review page shows: places that petitions tell of, townships, a legend without repeats, room for tables."""

import csv
import json
import re

import pandas as pd
import pytest
import shapely

from pipeline.jobs import screen as screen_job
from tests.conftest import ORIGIN, X, Y
from tests.publish.test_field import browser, open_page  # noqa: F401 (a fixture)
from tests.publish.test_review import folder, made, page_file, written  # noqa: F401 (fixtures)
from tests.stages.test_questions import a_lead, a_site, one

WORDS = {"内容": "河边 <b>有人</b> 挖沙，电话[电话]", "地点": "东沟村口 <i>", "活动": "水产养殖", "其他": "不显示"}
ACCUSED = "青溪村张三家在河边挖沙，双塔宏达石料厂老板李四，邻居赵六作证"
NAMED = ("张三", "李四", "赵六", "宏达", "石料厂", "挖沙", "作证")  # none of them may be read on any page


def petitions_say(folder, secrecy="public", **words):  # noqa: F811
    """The petitions of `made` bring columns for their words; what they say was scrubbed when it was stored."""
    toml = folder / "sources" / "letters.toml"
    columns = '[columns]\ntext = "内容"\nplace_text = "地点"\nvillage = "村"'
    text = toml.read_text(encoding="utf-8").replace("[columns]", columns).replace('= "activity"', '= "活动"')
    toml.write_text(text.replace('"public"', f'"{secrecy}"'), encoding="utf-8")
    said = json.dumps(WORDS | words, ensure_ascii=False)
    report = {"report_id": one("R", "R"), "source_id": "letters", "kind": "reports", "src_file": "信.xlsx", "src_row": 12,
              "orig_no": "XF-7", "attributes": said}  # fmt: skip
    return made(reports=[report], secret=("letters",) if secrecy == "secret" else ())


def said_on(folder, tmp_path, **words):  # noqa: F811
    """The lines of the one petition's card that repeat what it says."""
    text = written(folder, petitions_say(folder, **words), tmp_path / "review.html").read_text(encoding="utf-8")
    (said,) = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", text, re.DOTALL)
    return said.splitlines()


def test_of_a_petition_its_place_is_shown_and_not_its_text(folder, tmp_path):  # noqa: F811
    text = written(folder, petitions_say(folder), tmp_path / "review.html").read_text(encoding="utf-8")
    card = next(part for part in text.split("<article")[1:] if "XF-7" in part)
    assert "东沟村口 &lt;i&gt;\n东沟村：文字中写有“东沟村”</blockquote>" in card
    assert "本页不载，请查阅 信.xlsx 第 12 行" in card
    assert "<td>水产养殖</td>" in card
    assert not any(words in text for words in ("挖沙", "有人", "不显示"))
    assert text.count("<blockquote") == 1
    assert "载有信访、举报等来文所述的地点，仅限本单位内部使用" in text.split("</header>")[0]


@pytest.mark.parametrize(
    ("place_text", "shown"),
    [
        ("东沟村北500米河滩", "东沟村北500米河滩"),
        ("东沟村张三家屋后", "东沟村"),
        ("东沟村宏达石料厂北侧", "东沟村"),
        ("王家店村东沟村之间", "王家店村东沟村之间"),
        ("王家店村李四承包地", "王家店村"),
        ("behind Zhang’s house", "王家店村"),
    ],
)
def test_a_place_that_may_name_somebody_is_cut_to_its_known_words(folder, tmp_path, place_text, shown):  # noqa: F811
    lines = said_on(folder, tmp_path, 地点=place_text, 村="王家店村")
    assert lines[0] == " · ".join(dict.fromkeys(["王家店村", shown]))


def test_a_village_or_activity_that_names_somebody_is_not_shown(folder, tmp_path):  # noqa: F811
    assert said_on(folder, tmp_path, 村="东沟村张三家", 地点="", 活动="张三采石")[0] == "东沟村"
    assert "张三" not in (tmp_path / "review.html").read_text(encoding="utf-8")


def test_of_a_secret_petition_nothing_is_shown(folder, tmp_path):  # noqa: F811
    tables = petitions_say(folder, "secret")
    text = written(folder, tables, tmp_path / "review.html").read_text(encoding="utf-8")
    assert "来源涉密，本页不载其内容" in text
    assert "<blockquote" not in text
    assert not any(words in text for words in (*WORDS.values(), "XF-7", "xf-7", "信.xlsx", "第 12 行"))
    assert "仅限本单位内部使用" not in text


def test_no_number_and_no_name_of_a_secret_source_is_shown(folder, tmp_path):  # noqa: F811
    tables = made(secret=("leads", "hidden"))
    tables["leads"].loc[tables["leads"]["lead_id"] == one("L", "D"), "source_id"] = "hidden"  # its place is asked
    tables["cases"] = tables["cases"].assign(source_id="hidden", name="秘密采石场", orig_no="old-1")
    text = written(folder, tables, tmp_path / "review.html").read_text(encoding="utf-8")
    assert not any(words in text for words in ("no-B", "no-b", "no-D", "no-d", "秘密采石场", "old-1"))
    assert "no-A" in text


def petition(place, secrecy, **cells):
    """A small place whose one petition means a village of its gazetteer, screened: the folder of the run."""
    with (place / "letters.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([["编号", "内容", "地点"], ["XF-7001", ACCUSED, cells.get("place_text", "")]])
    (place / "sources" / "letters.toml").write_text(
        'title = "letters"\npath = "letters.csv"\nkind = "reports"\nsource_code = "XF"\nreceived = 2023-05-01\n'
        f'{ORIGIN.replace("public", secrecy)}[columns]\norig_no = "编号"\ntext = "内容"\nplace_text = "地点"\n',
        encoding="utf-8",
    )
    village = "青溪村,village,甲镇,120.45,41.57,"
    (place / "villages.csv").write_text(f"name,kind,town,lon,lat,aliases\n{village}\n", encoding="utf-8")
    toml = place / "place.toml"
    text = toml.read_text(encoding="utf-8").replace("[cycles]", 'gazetteer = "villages.csv"\n[cycles]', 1)
    toml.write_text(text, encoding="utf-8")
    return screen_job(place, "2023", place.parent / "out").folder


@pytest.mark.parametrize(
    ("place_text", "shown"), [("", ""), ("青溪村张三家屋后", "青溪村\n"), ("青溪村口", "青溪村口\n")]
)
def test_a_run_names_no_person_and_no_firm_of_a_petition(place, place_text, shown):
    run = petition(place, "internal", place_text=place_text)
    page = (run / "review.html").read_text(encoding="utf-8")
    (said,) = re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page, re.DOTALL)
    assert said.startswith(f"{shown}甲镇 青溪村：文字中写有“青溪村”")
    assert "请查阅 letters.csv 第 2 行" in page
    for name in ("review.html", "index.html", "summary.md"):
        assert not any(word in (run / name).read_text(encoding="utf-8") for word in NAMED), name


def test_a_run_says_nothing_of_a_secret_petition(place):
    run = petition(place, "secret", place_text="青溪村口")
    page = (run / "review.html").read_text(encoding="utf-8")
    (said,) = pd.read_parquet(run / "tables" / "reports.parquet").query("source_id == 'letters'")["attributes"]
    assert "来源涉密" in page
    assert not any(words in page for words in (*json.loads(said).values(), "xf-7001", "letters.csv", *NAMED))


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
