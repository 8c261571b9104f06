"""The review page in a browser without a network: what is asked is shown, answers become rows of decisions.csv, none is lost."""

import csv
import json
import re
from datetime import date

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from rasterio.io import MemoryFile

from pipeline.geometry import to_crs
from pipeline.intake.decisions import read_decisions, read_rows
from pipeline.place_folder import read_place
from pipeline.publish.review import MOST_PICTURED, review_page
from pipeline.stages.questions import ask
from pipeline.tables import CANDIDATES, CASES, DECISIONS, LEADS, MATCHES, MERGES, PROBLEMS, REPORTS, SITES
from tests.conftest import CRS, X, Y, box, lead, write_source
from tests.publish.test_field import browser, make_secret, open_page  # noqa: F401 (a fixture)
from tests.publish.test_imagery import GREEN, add_imagery, write_image
from tests.stages.test_questions import (
    a_decision,
    a_lead,
    a_match,
    a_pair,
    a_place,
    a_problem,
    a_site,
    frame,
    one,
)

HOSTILE = "<img src=x onerror=\"document.title='run'\"> </script>"
AS_OF = date(2023, 12, 31)
TOWNS = gpd.GeoDataFrame(
    {"town": ["甲镇", "乙 & 镇"]},
    geometry=[shapely.box(X - 9000, Y - 9000, X + 900, Y + 9000), shapely.box(X + 900, Y - 9000, X + 9000, Y + 9000)],
    crs=CRS,
)  # they meet where the point of D lies
PAIR, CASE, PLACES, COVER, TWO = "AB", "C", "D", "E", "FG"  # the sites of one question of each kind


def square(k, width=100.0):
    return shapely.box(X + 300 * k, Y, X + 300 * k + width, Y + 100)


def made(language="zh", secret=("hidden",), **more):
    """Tables with one question of each kind, and one about a petition that has no lead; `secret`: sources."""
    shapes = {name: square(k) for k, name in enumerate("ABCDEFG")} | {"D": shapely.Point(X + 900, Y)}
    corner = to_crs(np.array([shapely.Point(X + 900, Y)]), pyproj.CRS(CRS), pyproj.CRS("EPSG:4490"))[0]
    at = {"lon": corner.x, "lat": corner.y}
    leads = [
        a_lead(name, source_id="leads", geometry=shape, area_m2=shape.area, orig_no=f"no-{name}", **at)
        for name, shape in shapes.items()
    ]
    leads[3] |= {"doubt": "偏移", "position_accuracy_m": 40.0}
    leads[1] |= {"period": "2022-2023", "source_id": "hidden"}
    pair = f"{one('L', 'F')} {one('L', 'G')}"
    rows = {
        "leads": leads,
        "sites": [a_site(name, geometry=shape) for name, shape in shapes.items()],
        "merges": [a_pair("A", "B", gap_m=200.0, iou=0.25, front_share=0.125)],
        "matches": [a_match("C", "K-2019-7", overlap_m2=1234.0, gap_m=0.0)],
        "candidates": [
            a_place("D", 1, corner.x + 0.002, lat=corner.y),
            a_place("R", 1, corner.x, lat=corner.y, lead=False, name="东沟村", reason="文字中写有“东沟村”"),
        ],
        "reports": [{"report_id": one("R", "R"), "source_id": "letters", "src_file": "信.xlsx", "src_row": 12, "orig_no": "XF-7",
                     "attributes": '{"内容": "举报人的原话"}'}],
        "problems": [a_problem(name, rank=k) for k, name in enumerate("EDCBAFG", 1)],
        "decisions": [a_decision(1, pair, "same", "林草局"), a_decision(2, pair, "apart", "资源局", reason=HOSTILE)],
        "cases": [{"problem_id": "K-2019-7", "source_id": "ledger", "lead_ids": [], "state": "B9", "is_closed": False,
                   "position_accuracy_m": 5.0, "case_geometry": "outline", "geometry": square(2, 130)}],
        **more,
    }  # fmt: skip
    declared = {"leads": LEADS, "merges": MERGES, "sites": SITES, "matches": MATCHES, "candidates": CANDIDATES,
                "reports": REPORTS, "problems": PROBLEMS, "decisions": DECISIONS, "cases": CASES}  # fmt: skip
    tables = {name: frame(table, rows[name]) for name, table in declared.items()}
    asked = (tables[name] for name in list(declared)[:-1])
    return tables | {"questions": ask(*asked, language=language, secret=secret)}


@pytest.fixture
def folder(place):
    """A place with a yearly source, a secret one and petitions."""
    for name, keys in (("leads", {}), ("hidden", {}), ("letters", {"kind": '"reports"', "source_code": '"XF"'})):
        write_source(place, name, [lead("in", box(0, 0, 100, 100))], title=f'"{name} & title"', **keys)
    make_secret(place / "sources" / "hidden.toml")
    return place


def written(folder, tables, path):
    path.write_text(review_page(read_place(folder), "2023", AS_OF, tables, TOWNS), encoding="utf-8")
    return path


@pytest.fixture
def page_file(folder, tmp_path):
    return written(folder, made(), tmp_path / "review.html")


def card_of(about):
    return f"article[data-about={about}]"


def choose(page, about, number):
    page.locator(f"{card_of(about)} input[type=radio]").nth(number).check()


def saved(page, tmp_path, button="#download"):
    with page.expect_download() as waiting:
        page.click(button)
    waiting.value.save_as(tmp_path / "answers.csv")
    return waiting.value.suggested_filename, (tmp_path / "answers.csv").read_bytes()


def test_the_most_urgent_come_first_and_every_answer_is_there(page_file):
    text = page_file.read_text(encoding="utf-8")
    order = ["cover", "position", "case", "sites", "disagreed", "position"]
    assert re.findall(r'<article id="\w+" data-about="(\w+)"', text) == order
    for words in (
        "演示数据，纯属虚构",
        "草稿",
        "内部资料 注意保管",
        "0.25",
        "12.5%",
        "200.0",
        "1,234",
        "no-A",
        "信.xlsx 第 12 行",
    ):
        assert words in text, words
    assert text.count('type="radio"') == sum(n + 1 for n in (3, 3, 2, 2, 2, 2))


def test_nothing_is_said_that_must_stay_unsaid(page_file):
    text = page_file.read_text(encoding="utf-8")
    assert "hidden &amp; title" not in text
    assert "leads &amp; title" in text
    assert "举报人的原话" not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"""(src|href)\s*=\s*["']https?:""", text)
    assert "<img src=x" not in text


def test_equal_tables_give_equal_bytes(folder):
    place = read_place(folder)
    assert review_page(place, "2023", AS_OF, made(), TOWNS) == review_page(place, "2023", AS_OF, made(), TOWNS)


def test_cases_are_dashed_and_what_lies_around_is_quiet(page_file):
    text = page_file.read_text(encoding="utf-8")
    case = text[text.index('data-about="case"') : text.index('data-about="sites"')]
    assert case.count('class="case asked"') == 1
    assert '<b class="mark">A</b>K-2019-7' in case
    assert 'class="near"' in text[text.index('data-about="sites"') :]


def answer_and_save(page, tmp_path, about, number, day):
    page.fill("#role", "监测科")
    page.fill("#date", day)
    choose(page, about, number)
    return rows_saved(page, tmp_path)


def rows_saved(page, tmp_path, button="#download"):
    return list(csv.DictReader(saved(page, tmp_path, button)[1].decode("utf-8-sig").splitlines()))


def test_an_answer_is_written_once_until_it_is_changed(page_file, browser, tmp_path):  # noqa: F811
    page, seen = open_page(browser, page_file)
    answer_and_save(page, tmp_path, "sites", 0, "2023-11-02")
    assert page.inner_text("#counts") == "已答 1（未下载 0）· 未答 5"
    assert page.inner_text(f"{card_of('sites')} .stamp") == "已下载：监测科，2023-11-02"
    page.click("#download")
    assert "没有新的答案" in page.inner_text("#message")
    page.fill("#date", "2023-11-09")  # in the same sitting
    rows = answer_and_save(page, tmp_path, "cover", 0, "2023-11-09")
    assert [(row["decision"], row["date"]) for row in rows] == [("keep", "2023-11-09")]
    page.reload()
    page.click("#download")
    assert "没有新的答案" in page.inner_text("#message")
    rows = answer_and_save(page, tmp_path, "sites", 1, "2023-11-20")
    assert [(row["decision"], row["date"]) for row in rows] == [("apart", "2023-11-20")]
    page.fill(f"{card_of('cover')} .reason input", "已到现场")  # a reason is part of the answer
    assert [row["reason"] for row in rows_saved(page, tmp_path)] == ["已到现场"]
    assert seen["errors"] == []


def test_another_office_writes_its_own_answers_alone(page_file, browser, tmp_path):  # noqa: F811
    page, _ = open_page(browser, page_file)
    answer_and_save(page, tmp_path, "sites", 0, "2023-11-02")
    page.reload()
    choose(page, "cover", 0)
    page.fill("#role", "林草局")
    page.fill("#date", "2023-11-03")
    (row,) = rows_saved(page, tmp_path)
    assert (row["decision"], row["role"], row["date"]) == ("keep", "林草局", "2023-11-03")
    assert page.inner_text(f"{card_of('sites')} .stamp") == "已下载：监测科，2023-11-02"


def test_all_is_written_again_under_the_role_and_date_now_given(page_file, browser, tmp_path):  # noqa: F811
    page, _ = open_page(browser, page_file)
    answer_and_save(page, tmp_path, "sites", 0, "2032-11-02")
    choose(page, "cover", 0)
    page.fill("#date", "2023-11-02")
    rows = rows_saved(page, tmp_path, "#again")
    assert {(row["decision"], row["date"]) for row in rows} == {("same", "2023-11-02"), ("keep", "2023-11-02")}
    assert page.inner_text("#counts") == "已答 2（未下载 0）· 未答 4"
    page.reload()
    page.click("#download")
    assert "没有新的答案" in page.inner_text("#message")
    assert page.inner_text(f"{card_of('sites')} .stamp") == "已下载：监测科，2023-11-02"


def test_no_cell_of_the_file_is_a_formula_and_decide_reads_what_was_meant(page_file, folder, browser, tmp_path):  # noqa: F811
    page, _ = open_page(browser, page_file)
    page.fill(f"{card_of('sites')} .reason input", "=1+1")
    (row,) = answer_and_save(page, tmp_path, "sites", 0, "2023-11-02")
    assert row["reason"] == "'=1+1"
    (decision,) = read_rows(tmp_path / "answers.csv", "zh")
    assert (decision.fault, decision.decision) == ("", "same")


def test_answers_become_rows_that_the_next_run_reads(page_file, folder, browser, tmp_path):  # noqa: F811
    page, seen = open_page(browser, page_file)
    page.click("#download")
    assert page.inner_text("#message") == "还没有作答。"
    choose(page, "sites", 1)
    choose(page, "position", 1)
    page.fill(f"{card_of('sites')} .reason input", '路在中间, "两处"')
    page.click("#download")
    assert "角色" in page.inner_text("#message")
    page.fill("#role", "监测科")
    page.fill("#date", "2023-11-02")
    name, data = saved(page, tmp_path)
    assert name == "decisions_999901_2023.csv"
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    pair = f"{one('L', 'A')} {one('L', 'B')}"
    assert rows[0] == ["subject", "decision", "value", "reason", "role", "date", "cycle"]
    assert rows[2] == [pair, "apart", "", '路在中间, "两处"', "监测科", "2023-11-02", "2023"]
    assert rows[1][:2] == [one("L", "D"), "located_at"]
    (folder / "decisions.csv").write_bytes(data)
    decided = read_decisions(folder, "zh")
    assert decided["effect"].tolist() == ["", ""]
    assert decided["subject"].tolist() == [one("L", "D"), pair]
    assert seen["errors"] == []
    assert [url for url in seen["requests"] if not url.startswith(("file:", "data:", "blob:"))] == []
    assert page.title() != "run"


def test_an_answer_to_several_pairs_is_several_rows(folder, browser, tmp_path):  # noqa: F811
    pairs = [a_pair("A", "C", gap_m=1.0), a_pair("B", "C", gap_m=2.0)]
    path = written(folder, made(merges=pairs, matches=[], problems=[], decisions=[]), tmp_path / "review.html")
    page, _ = open_page(browser, path)
    choose(page, "sites", 1)
    page.fill("#role", "监测科")
    page.fill("#date", "2023-11-02")
    rows = list(csv.DictReader(saved(page, tmp_path)[1].decode("utf-8-sig").splitlines()))
    assert [(row["subject"], row["decision"]) for row in rows] == [
        (f"{one('L', 'A')} {one('L', 'C')}", "apart"),
        (f"{one('L', 'B')} {one('L', 'C')}", "same"),
    ]


def test_a_disagreement_is_settled_under_a_joint_role_alone(page_file, browser, tmp_path):  # noqa: F811
    page, _ = open_page(browser, page_file)
    choose(page, "disagreed", 0)
    page.fill("#role", "监测科")
    page.click("#download")
    assert "会商" in page.inner_text("#message")
    page.fill("#role", "会商")
    choose(page, "cover", 0)
    assert [(row["decision"], row["role"]) for row in rows_saved(page, tmp_path)] == [("same", "会商")]
    assert "另有 1 项不属意见不一致" in page.inner_text("#message")
    page.fill("#role", "监测科")
    assert [(row["decision"], row["role"]) for row in rows_saved(page, tmp_path)] == [("keep", "监测科")]


def test_nothing_is_lost_when_the_page_is_opened_again(page_file, browser):  # noqa: F811
    page, _ = open_page(browser, page_file)
    choose(page, "cover", 0)
    page.fill(f"{card_of('cover')} .reason input", "已到现场")
    page.fill("#role", "监测科")
    assert page.inner_text("#counts") == "已答 1（未下载 1）· 未答 5"
    page.reload()
    assert page.inner_text("#counts") == "已答 1（未下载 1）· 未答 5"
    assert page.input_value(f"{card_of('cover')} .reason input") == "已到现场"
    assert page.input_value("#role") == "监测科"
    assert page.get_attribute(card_of("cover"), "class") == "answered"


def test_a_browser_that_keeps_nothing_says_so(page_file, browser):  # noqa: F811
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }});")
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert "不能保存" in page.inner_text("#message")
    choose(page, "cover", 0)
    assert page.inner_text("#counts") == "已答 1（未下载 1）· 未答 5"


def test_cards_are_found_by_kind_by_number_and_by_being_open(page_file, browser):  # noqa: F811
    page, _ = open_page(browser, page_file)

    def shown():
        return page.evaluate(
            "Array.from(document.querySelectorAll('article:not(.hidden)'), card => card.dataset.about)"
        )

    page.select_option("#kind", "position")
    assert shown() == ["position", "position"]
    page.fill("#search", "xf-7")
    assert shown() == ["position"]
    page.select_option("#kind", "")
    page.fill("#search", one("C", "A").lower())
    assert shown() == ["sites"]
    page.fill("#search", "")
    choose(page, "cover", 0)
    page.check("#open-only")
    assert "cover" not in shown()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [1300, 390])
def test_the_page_fits_and_takes_the_keyboard(folder, browser, tmp_path, language, width):  # noqa: F811
    place = read_place(folder, language)
    path = tmp_path / "review.html"
    path.write_text(review_page(place, "2023", AS_OF, made(language), TOWNS), encoding="utf-8")
    page, seen = open_page(browser, path, width)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(f"{card_of('sites')} input[type=radio]:checked").focus()
    page.keyboard.press("ArrowUp")
    assert page.locator(f"{card_of('sites')} input[type=radio]").nth(1).is_checked()
    assert seen["errors"] == []


def test_no_card_is_torn_between_two_sheets(page_file, browser):  # noqa: F811
    page, _ = open_page(browser, page_file)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('article')).breakInside") == "avoid"
    assert not page.is_visible(".bar")


def test_nothing_to_decide_is_said(folder, browser, tmp_path):  # noqa: F811
    nothing = made(merges=[], matches=[], candidates=[], problems=[], decisions=[])
    nothing["leads"]["doubt"] = None
    nothing["questions"] = nothing["questions"].iloc[:0]
    page, seen = open_page(browser, written(folder, nothing, tmp_path / "review.html"))
    assert "没有需要人工判定的事项" in page.inner_text("body")
    assert page.locator("article").count() == 0
    assert seen["errors"] == []


def test_images_show_the_ground_of_the_map_and_no_secret_one(folder, browser, tmp_path):  # noqa: F811
    for name in ("before.tif", "after.tif", "secret.tif"):
        write_image(folder / name, around=square(1), red=GREEN, room_m=900.0)
    add_imagery(
        folder,
        '\n[imagery]\n"2020-08-01" = "before.tif"\n"2023-08-01" = { path = "after.tif", attribution = "© 试" }\n'
        '"2022-08-01" = { path = "secret.tif", secrecy = "secret" }\n',
    )
    tables = made(matches=[], candidates=[], problems=[], decisions=[])
    path = written(folder, tables, tmp_path / "review.html")
    text = path.read_text(encoding="utf-8")
    card = text[text.index('data-about="sites"') :].split("</article>")[0]
    assert card.count('<image href="data:image/webp') == 2
    assert "2020-08-01" in card
    assert "2022-08-01" not in card
    assert "© 试" in text.split("<footer>")[1]
    page, seen = open_page(browser, path)
    assert seen["errors"] == []
    assert page.locator(f"{card_of('sites')} figure").count() == 3
    with MemoryFile(page.locator(f"{card_of('sites')} .photo").first.screenshot()) as file, file.open() as shot:
        blue = np.abs(shot.read()[:3].astype(int) - np.array([0, 114, 178])[:, None, None]).max(axis=0) < 12
    assert blue.sum() > 100  # the outline of the one lead, in its own colour, lies on the image too


def test_a_thousand_questions_stay_a_page_that_can_be_sent(folder):
    names = [f"Z{k:03d}".replace("0", "G").replace("1", "H") for k in range(200)]
    leads = [a_lead(name, x=300.0 * k, source_id="leads") for k, name in enumerate(names)]
    sites = [a_site(name, [name], geometry=row["geometry"]) for row, name in zip(leads, names, strict=True)]
    pairs = [a_pair(a, b) for a, b in zip(names[::2], names[1::2], strict=True)]
    tables = made(leads=leads, sites=sites, merges=pairs, matches=[], problems=[], decisions=[], candidates=[])
    page = review_page(read_place(folder), "2023", AS_OF, tables, TOWNS)
    n = len(tables["questions"])
    images = 2 * 27_000 * MOST_PICTURED
    assert n == 100
    assert len(page.encode()) / n * 1000 + images < 15_000_000
    assert len(json.loads(re.search(r'id="field-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])["words"]) > 5
