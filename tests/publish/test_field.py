"""The field maps in a browser with the network off: nothing is asked of it, nothing runs that should not, text is text."""

import json
import os
import re
import shutil

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.jobs import screen as screen_job
from pipeline.publish import field
from pipeline.publish.offline import inline
from tests.conftest import box, lead, write_layer, write_source
from tests.intake.rasters.made import write_cover, write_raster

HOSTILE = "<img src=x onerror=\"document.title='run'\"> </script><script>document.title='run'</script> ${1} ‮דרך 😀"
TOML_HOSTILE = json.dumps(HOSTILE, ensure_ascii=False)
BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)


def make_secret(toml):
    toml.write_text(toml.read_text(encoding="utf-8").replace('"public"', '"secret"'), encoding="utf-8")


def page_data(finished):
    page = (finished.folder / "field" / "map.html").read_text(encoding="utf-8")
    return page, json.loads(re.search(r'<script id="field-data"[^>]*>(.*?)</script>', page, re.DOTALL).group(1))


def values_of(data, number=0):
    return dict(zip(data["labels"], data["problems"][number]["values"], strict=True))


@pytest.fixture
def pack(place, tmp_path):
    rows = [lead("in", box(100, 100, 100, 100)), lead("half", box(-50, 500, 100, 100), activity="养殖场")]
    write_source(place, "leads", rows, title="'信访来源甲'")
    write_layer(place, "marsh", [box(0, 0, 1000, 1000)], title=TOML_HOSTILE, attribution=TOML_HOSTILE)
    write_layer(place, "hidden", [box(0, 0, 1000, 1000)], title='"保密图层"', secrecy="", **{"class": '"forest"'})
    make_secret(place / "layers" / "hidden.toml")
    finished = screen_job(place, "2023", tmp_path / "out")
    return finished, finished.folder / "field"


def test_the_pages_speak_of_no_source_no_points_and_no_secret_layer(pack):
    finished, folder = pack
    problems = finished.cycle.tables["problems"]
    page = (folder / "map.html").read_text(encoding="utf-8")
    data = page_data(finished)[1]
    shown = json.dumps(data, ensure_ascii=False)
    assert "年度遥感线索" not in shown
    assert "保密图层" not in page
    assert "score" not in shown
    assert len(data["problems"]) == len(problems) == 2
    for reasons in problems["reasons"]:
        for reason in json.loads(reasons):
            stays = reason["names_source"] or reason["is_secret"]
            assert (reason["text"] in shown.replace('\\"', '"')) is not stays or reason["code"] == "several_sources"
            assert reason["is_secret"] is (reason["code"] == "forest")


def write_secrets(place):
    """A lead of 100 × 100 m wholly on a secret layer of each class."""
    write_source(place, "leads", [lead("in", box(100, 100, 100, 100))])
    for name in ("wetland", "protected_area", "redline", "permit"):
        zone = {"values": '{ zone = "Z1" }'} if name == "protected_area" else {}
        write_layer(place, f"hidden_{name}", [box(0, 0, 1000, 1000)], **{"class": f'"{name}"'}, **zone)
        make_secret(place / "layers" / f"hidden_{name}.toml")


def test_nothing_that_a_secret_layer_alone_knows_is_on_a_field_page(place, tmp_path):
    (place / "layers" / "marsh.toml").unlink()
    write_secrets(place)
    finished = screen_job(place, "2023", tmp_path / "out")
    (problem,) = finished.cycle.tables["problems"].to_dict("records")
    assert (problem["wetland_name"], problem["pa_name"], problem["zone"], problem["permits"]) == (
        "hidden_wetland-0", "hidden_protected_area-0", "Z1", "hidden_permit-0",
    )  # fmt: skip
    page, data = page_data(finished)
    values = values_of(data)
    assert (values["压盖"], values["保护地"], values["用地手续"]) == ("", "", "")
    for words in ("hidden_", "湿地", "保护区", "红线", "合法用地"):
        assert words not in page
    assert len(data["problems"][0]["reasons"]) == 2  # activity and area
    assert data["layers"] == []


def test_beside_secret_layers_a_field_page_says_what_the_public_ones_hold(place, tmp_path):
    write_secrets(place)
    for name in ("wetland", "protected_area", "permit"):
        zone = {"values": '{ zone = "Z2" }'} if name == "protected_area" else {}
        write_layer(place, f"open_{name}", [box(0, 0, 140, 1000)], **{"class": f'"{name}"'}, **zone)
    (place / "layers" / "marsh.toml").unlink()
    page, data = page_data(screen_job(place, "2023", tmp_path / "out"))
    values = values_of(data)
    assert values["压盖"] == "湿地 0.4000 公顷、自然保护地 0.4000 公顷"
    assert values["保护地"].startswith("open_protected_area-0、")
    assert values["用地手续"] == "open_permit-0（仅供说明，须核对是否超批准范围）"
    assert "hidden_" not in page
    assert {layer["title"] for layer in data["layers"]} == {"open_wetland", "open_protected_area", "open_permit"}


def test_a_permit_without_a_name_is_called_by_its_key_on_a_line_of_its_own(place, tmp_path):
    write_layer(place, "permit", [box(0, 0, 1000, 1000)], **{"class": '"permit"'})
    toml = place / "layers" / "permit.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('name = "key"\n', ""), encoding="utf-8")
    finished = screen_job(place, "2023", tmp_path / "out")
    assert set(finished.cycle.tables["problems"]["permits"]) == {"permit-0"}
    _, data = page_data(finished)
    assert values_of(data)["用地手续"].startswith("permit-0（")
    assert not any("手续" in reason for problem in data["problems"] for reason in problem["reasons"])


def test_the_foot_credits_no_petition_and_no_secret_source(place, tmp_path):
    write_source(place, "leads", [lead("in", box(100, 100, 100, 100))], attribution='"© leads"')
    write_source(place, "more", [lead("in", box(100, 100, 100, 100))], attribution='"© secret"')
    make_secret(place / "sources" / "more.toml")
    petition = {"kind": '"reports"', "source_code": '"XF"', "attribution": '"© petition"'}
    write_source(place, "petition", [lead("in", box(100, 100, 100, 100))], **petition)
    page, _ = page_data(screen_job(place, "2023", tmp_path / "out"))
    foot = page.split("<footer>")[1]
    assert "© leads" in foot
    assert "© secret" not in page
    assert "© petition" not in page


def test_a_raster_layer_is_said_to_be_drawn_only_round_leads(place, tmp_path):
    write_raster(place / "cover.tif", np.full((120, 100), 90, np.uint8), top_m=1100)
    write_cover(place)
    _, data = page_data(screen_job(place, "2023", tmp_path / "out"))
    assert [layer["title"] for layer in data["layers"]] == ["土地覆盖（栅格，仅绘线索周边，直边为裁切所致）", "marsh"]


def test_no_address_is_asked_for_and_everything_is_locked(pack):
    for page in [*sorted(pack[1].glob("*.html")), pack[0].folder / "index.html"]:
        text = page.read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        assert "unsafe" not in text.split("<body")[0].split("Content-Security-Policy")[1].split(">")[0]
        markup = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
        assert not re.search(r"""(src|href)\s*=\s*["']https?:""", markup)


def test_an_unknown_address_stops_the_page():
    with pytest.raises(ValueError, match="not bundled"):
        inline('<script src="https://example.org/new.js"></script>')


@pytest.fixture
def browser():
    if BROWSER is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium found; the browser test may not be skipped in CI")
        pytest.skip("no Chromium on this machine: the maps were not opened in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


def open_page(browser, path, width=1280, height=800):
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_offline(True)
    page = context.new_page()
    seen = {"requests": [], "errors": []}
    page.on("request", lambda request: seen["requests"].append(request.url))
    page.on("console", lambda message: seen["errors"].append(message.text))
    page.on("pageerror", lambda error: seen["errors"].append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    return page, seen


@pytest.mark.parametrize("width", [1280, 390])
def test_a_person_finds_a_problem_by_its_number(pack, browser, width):
    finished, folder = pack
    problem = finished.cycle.tables["problems"].iloc[0]
    page, seen = open_page(browser, folder / "map.html", width)
    page.fill("#number", problem["candidate_id"].lower())
    page.press("#number", "Enter")
    page.wait_for_timeout(300)
    popup = page.inner_text(".leaflet-popup-content")
    for words in (
        problem["candidate_id"],
        f"{problem['lon']:.6f}",
        "采石场" if problem["activity_l2"] == "A11" else "养殖场",
        "度分秒",
        "压盖湿地",
    ):
        assert words in popup
    assert "+15" not in popup
    assert "遥感" not in popup
    page.fill("#number", "NOSUCH")
    page.press("#number", "Enter")
    assert "NOSUCH" in page.inner_text("#message")
    assert seen["errors"] == []
    assert [url for url in seen["requests"] if not url.startswith(("file:", "data:"))] == []
    assert page.title() != "run"


def test_layers_switch_and_hostile_words_stay_words(pack, browser):
    page, seen = open_page(browser, pack[1] / "map.html")
    assert "<img src=x" in page.inner_text("#layers")
    before = page.evaluate("document.querySelectorAll('#layers input').length")
    assert before == 2  # the marsh and the one priority; never the secret layer
    page.click("#layers label:first-child input")
    assert page.evaluate("document.querySelector('#layers input').checked") is False
    assert page.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    page.click("#problems button:first-child")
    page.wait_for_timeout(200)
    assert page.query_selector(".leaflet-popup") is not None
    assert seen["errors"] == []
    assert page.title() != "run"


def test_index_and_first_page_open_too(pack, browser):
    finished, folder = pack
    for path in (folder / "index.html", finished.folder / "index.html"):
        page, seen = open_page(browser, path)
        assert "演示数据，纯属虚构" in page.inner_text("body")
        assert seen["errors"] == []


def test_of_a_crowded_layer_only_what_lies_near_problems_is_drawn(monkeypatch):
    monkeypatch.setattr(field, "MOST_DRAWN", 3)
    boxes = [shapely.box(x, 0, x + 10, 10) for x in (0, 50, 150, 500, 900)]
    features, problems = (gpd.GeoDataFrame(geometry=own, crs="EPSG:4549") for own in (boxes, [boxes[0]]))
    rows, is_narrowed = field._drawn_rows(features, problems, shapely.box(-1000, -1000, 2000, 1000))
    assert (rows.tolist(), is_narrowed) == ([0, 1], True)
    few, is_narrowed = field._drawn_rows(features.iloc[:3], problems, shapely.box(-1000, -1000, 2000, 1000))
    assert (few.tolist(), is_narrowed) == ([0, 1, 2], False)
