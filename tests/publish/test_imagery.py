"""Chips: the right two images by the lead's dates, cut where the problem is, the same bytes every time."""

import base64
import json
import re
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import rasterio
import rasterio.features
import rasterio.shutil
import shapely
from rasterio.crs import CRS as RasterCRS
from rasterio.env import get_gdal_config
from rasterio.io import MemoryFile
from rasterio.transform import Affine, from_origin

from pipeline.config import Image
from pipeline.errors import ConfigError
from pipeline.geometry import equal_area_crs, to_crs
from pipeline.jobs import screen
from pipeline.place_folder import read_place
from pipeline.publish.imagery import chip_bounds, chips_of, outline_path
from pipeline.publish.imagery_files import image_files, imagery_warnings, keep_open, open_image, read_tiles
from pipeline.publish.imagery_pairs import choose_pair, months_off
from pipeline.publish.imagery_pixels import read_chip, stretch_alike
from pipeline.raster_env import NO_NETWORK
from tests.conftest import CRS, X, Y, box, lead, write_source
from tests.publish.test_field import browser, open_page  # noqa: F401 (a fixture)

SENTINEL = Path(__file__).parents[1] / "data" / "aargau_sentinel2"
METRES = pyproj.CRS.from_user_input(CRS)
SQUARE = shapely.box(X, Y, X + 100, Y + 100)
RED, GREEN = (200, 30, 30), (40, 120, 50)
D18, D20, D21, D22, D25 = date(2018, 5, 1), date(2020, 8, 7), date(2021, 8, 12), date(2022, 8, 1), date(2025, 8, 8)


@pytest.mark.parametrize(
    ("prev", "curr", "images", "before", "after"),
    [
        ("2020-08-07", "2021-08-12", [D20, D21], D20, D21),
        ("2020-09-01", "2021-08-01", [D18, D20, D21, D22], D20, D21),  # newest before, oldest after
        ("2019-01-01", "2020-01-01", [D20, D21], None, D20),  # the one image both ask for fits after
        ("2019-06", "2021-01", [D20, D21], D20, D21),  # none before: the oldest after it
        ("2021-09", "2022-09", [D20, D22], D20, D22),  # none after: the newest before it
        ("2020", "2021", [D18, D20, D21, D25], D20, D21),  # a year is met by any of its days
        ("2020", "2020", [date(2020, 3, 1), D20, date(2020, 11, 1)], date(2020, 3, 1), date(2020, 11, 1)),
        ("2023", "2024", [D20, D21], D21, None),
        (None, "2021-06", [D18, D20, D21, D22], D20, D21),
        (None, "2021", [D21, D22], None, D21),
        ("2021", None, [D18, D20, D21, D22, D25], D21, D25),
        (None, None, [D18, D21, D25], D18, D25),
        ("2020", "2021", [], None, None),
        (None, None, [D21], None, D21),
    ],
)
def test_the_pair_is_chosen_by_the_leads_own_dates(prev, curr, images, before, after):
    assert choose_pair(prev, curr, images) == (before, after)
    assert choose_pair(prev, curr, images[::-1]) == (before, after)


def test_an_image_that_does_not_cover_is_passed_over():
    asked = []

    def covers(day):
        asked.append(day)
        return day not in (D20, D21)

    assert choose_pair("2020-09", "2021", [D18, D20, D21, D22, D25], covers) == (D18, D22)
    assert D25 not in asked
    assert choose_pair("2020", "2021", [D20, D21], covers) == (None, None)


def test_months_off_counts_from_the_span_a_date_means():
    assert [months_off(D21, iso) for iso in ("2021", "2021-08", "2021-06-12", "2021-09", "2020", None)] == [
        0, 0, 2, -1, 7, 0,
    ]  # fmt: skip


def write_image(path, crs=CRS, around=SQUARE, room_m=600.0, turn=0.0, dtype="uint8", red=RED, **profile):
    """A green image with `around` (in the test CRS) burnt in red; 2 m pixels, turned by `turn` degrees."""
    target = pyproj.CRS.from_user_input(crs)
    shape = to_crs(np.array([around], dtype=object), METRES, target)[0]
    unit = 1.0 if target.is_projected else 1 / 111_000
    size = round(room_m)
    x, y = shape.centroid.x, shape.centroid.y
    transform = (
        Affine.translation(x, y) * Affine.rotation(turn) * Affine.translation(-size * unit, size * unit)
        * Affine.scale(2 * unit, -2 * unit)
    )  # fmt: skip
    mask = rasterio.features.rasterize([shape], (size, size), transform=transform).astype(bool)
    values = np.empty((3, size, size), dtype=dtype)
    for band in range(3):
        values[band] = np.where(mask, red[band], GREEN[band])
    with rasterio.open(
        path, "w", driver="GTiff", width=size, height=size, count=3, dtype=dtype, crs=target.to_wkt() if crs else None,
        transform=transform, **profile,
    ) as file:  # fmt: skip
        file.write(values)
    return path


def picture(chip):
    content = base64.b64decode(chip.data_uri.removeprefix("data:image/webp;base64,"))
    with MemoryFile(content) as file, file.open() as opened:
        return opened.read()


def is_red(pixels):
    return (pixels[0].astype(int) - pixels[1]) > 60


def problems_of(shapes, prev="2020", curr="2021", crs=METRES):
    names = [f"C{k}" for k in range(len(shapes))]
    return gpd.GeoDataFrame({"candidate_id": names, "prev_date": prev, "curr_date": curr}, geometry=shapes, crs=crs)


def with_images(place, **images):
    """The read place with images of d2020 … : a path, an Image or a list of Images for each year's first of August."""
    dated = {}
    for year, given in images.items():
        tiles = given if isinstance(given, list) else [given]
        dated[date(int(year[1:]), 8, 1)] = [t if isinstance(t, Image) else Image(path=t) for t in tiles]
    return read_place(place).model_copy(update={"imagery": dated})


def assert_square_in_chip(chip):
    """The red of the chip is the square of 100 m in a chip of 300 m, where the outline says."""
    red = is_red(picture(chip))
    side = red.shape[0]
    inside = np.zeros_like(red)
    inside[round(side / 3) : round(side * 2 / 3), round(side / 3) : round(side * 2 / 3)] = True
    assert (red & inside).sum() / (red | inside).sum() > 0.93
    assert outline_path(SQUARE, chip.bounds) == "M667 667L667 333L333 333L333 667Z"


FORMS = {
    "GeoTIFF": lambda path: write_image(path),
    "UTM": lambda path: write_image(path, "EPSG:32651"),
    "degrees": lambda path: write_image(path, "EPSG:4326"),
    "turned": lambda path: write_image(path, "EPSG:32651", turn=30),
    "16 bit": lambda path: write_image(path, dtype="uint16", red=(2600, 60, 20), nodata=9999),
    "fine": lambda path: write_image(path, compress="deflate", tiled=True),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_window_lies_under_the_problem(place, tmp_path, form):
    path = FORMS[form](tmp_path / "影像 a.tif")
    read = with_images(place, d2021=path)
    (chip,) = chips_of(read, problems_of([SQUARE]), METRES)["C0"]
    assert (chip.role, chip.taken, chip.months_off) == ("after", date(2021, 8, 1), 0)
    assert chip.bounds == (X - 100, Y - 100, X + 200, Y + 200)
    assert_square_in_chip(chip)
    assert imagery_warnings(read) == []


@pytest.mark.parametrize("driver", ["COG", "VRT"])
def test_other_formats(place, tmp_path, driver):
    plain = write_image(tmp_path / "a.tif", "EPSG:32651")
    made = tmp_path / f"made.{driver.lower()}"
    rasterio.shutil.copy(plain, made, driver=driver)
    read = with_images(place, d2021=made)
    (chip,) = chips_of(read, problems_of([SQUARE]), METRES)["C0"]
    assert_square_in_chip(chip)
    assert {path.name for _, path in image_files(read)} == {made.name} | ({"a.tif"} if driver == "VRT" else set())


def test_tiles_of_one_date_are_laid_together_and_gaps_filled(place, tmp_path):
    whole = write_image(tmp_path / "whole.tif")
    halves = []
    with rasterio.open(whole) as opened:
        for name, first in (("west", 0), ("east", 300)):
            window = rasterio.windows.Window(first, 0, 300, 600)
            profile = {**opened.profile, "width": 300, "transform": opened.window_transform(window)}
            with rasterio.open(tmp_path / f"{name}.tif", "w", **profile) as half:
                half.write(opened.read(window=window))
            halves.append(Image(path=tmp_path / f"{name}.tif"))
    chips = chips_of(with_images(place, d2021=halves), problems_of([SQUARE]), METRES)
    assert_square_in_chip(chips["C0"][0])
    assert chips_of(with_images(place, d2021=halves[0]), problems_of([SQUARE]), METRES) == {"C0": []}


def test_a_large_problem_is_read_small_and_by_overviews(place, tmp_path):
    large = shapely.box(X, Y, X + 400, Y + 400)
    path = write_image(tmp_path / "a.tif", around=large, room_m=1000)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2, 4], rasterio.enums.Resampling.average)
    (chip,) = chips_of(with_images(place, d2021=path), problems_of([large]), METRES)["C0"]
    assert chip.bounds == chip_bounds(large) == (X - 100, Y - 100, X + 500, Y + 500)
    assert picture(chip).shape == (3, 320, 320)
    assert is_red(picture(chip)).mean() == pytest.approx(4 / 9, rel=0.03)


def test_without_data_is_grey_and_too_little_is_not_shown(place, tmp_path):
    path = write_image(tmp_path / "a.tif")
    with rasterio.open(path, "r+") as file:
        values = file.read()
        values[:, :, : 300 - 70] = 0  # of the chip's 150 columns the first 5 of image pixels: 3 %
        file.write(values)
    declared = Image(path=path, nodata=0)
    (chip,) = chips_of(with_images(place, d2021=declared), problems_of([SQUARE]), METRES)["C0"]
    assert np.abs(picture(chip)[:, :, 0].astype(int) - 204).max() < 12
    wide = problems_of([shapely.box(X - 60, Y, X + 100, Y + 100)])
    assert chips_of(with_images(place, d2021=declared), wide, METRES) == {"C0": []}
    assert (
        len(chips_of(with_images(place, d2021=path), wide, METRES)["C0"]) == 1
    )  # black counts where nobody says nodata


def test_both_dates_share_one_stretch():
    dark, bright = np.full((3, 10, 10), 100, np.float32), np.full((3, 10, 10), 300, np.float32)
    first, second = stretch_alike([dark, bright], ["uint16", "uint16"])
    assert (first.max(), second.min()) == (0, 255)
    own, _ = stretch_alike([dark + np.arange(10), bright], ["uint16", "float32"])
    assert (own.min(), own.max()) == (0, 255)
    ready = np.linspace(0, 255, 300, dtype=np.float32).reshape(3, 10, 10).transpose(2, 1, 0).reshape(3, 10, 10)
    assert np.abs(stretch_alike([ready], ["uint8"])[0] - ready).max() <= 0.5
    ready[:, 0, 0] = np.nan
    assert (stretch_alike([ready], ["uint8"])[0][:, 0, 0] == 204).all()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.tif", "找不到该文件"), ("text.tif", "无法读取"), ("half.tif", "无法读取"), ("no_crs.tif", "没有坐标系"),
        ("nowhere.tif", "没有可用的定位信息"), ("beijing.tif", "没有已知精度"), ("bands.tif", "只有 3 个波段"),
        ("colours.tif", "索引色"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_and_passed_over(place, tmp_path, name, said):
    path = tmp_path / name
    if name == "text.tif":
        path.write_text("not an image", encoding="utf-8")
    elif name not in ("missing.tif", "colours.tif"):
        write_image(path)
    if name == "half.tif":
        path.write_bytes(path.read_bytes()[:200_000])
    flat = {"driver": "GTiff", "width": 4, "height": 4, "count": 1, "dtype": "uint8"}
    if name == "colours.tif":
        with rasterio.open(path, "w", **flat, crs=CRS, transform=from_origin(X, Y, 1, 1)) as file:
            file.write(np.ones((1, 4, 4), np.uint8))
            file.write_colormap(1, {1: (255, 0, 0, 255)})
    if name in ("no_crs.tif", "nowhere.tif", "beijing.tif"):
        crs = {"no_crs.tif": None, "nowhere.tif": CRS, "beijing.tif": "EPSG:2434"}[name]
        position = {} if name == "nowhere.tif" else {"transform": from_origin(X, Y, 1, 1)}
        with rasterio.open(path, "w", **flat, crs=crs, **position) as file:
            file.write(np.ones((1, 4, 4), np.uint8))
    bad = Image(path=path, bands=[4, 3, 2] if name == "bands.tif" else None)
    good = write_image(tmp_path / "good.tif")
    read = with_images(place, d2020=bad, d2021=good)
    (line,) = imagery_warnings(read)
    assert "2020-08-01" in line
    assert name in line
    assert said in line
    assert [chip.taken.year for chip in chips_of(read, problems_of([SQUARE]), METRES)["C0"]] == [2021]
    assert chips_of(with_images(place, d2020=bad), problems_of([SQUARE]), METRES) == {}


def test_a_block_damaged_in_the_middle_gives_way_to_the_next_image(place, tmp_path):
    path = write_image(tmp_path / "a.tif", compress="deflate", tiled=True, blockxsize=256, blockysize=256)
    content = bytearray(path.read_bytes())
    middle = slice(len(content) * 4 // 10, len(content) * 6 // 10)
    content[middle] = b"\xff" * len(content[middle])
    path.write_bytes(content)
    read = with_images(place, d2021=path, d2025=write_image(tmp_path / "b.tif"))
    assert [chip.taken.year for chip in chips_of(read, problems_of([SQUARE]), METRES)["C0"]] == [2025]


def test_a_point_has_a_ring_and_holes_stay():
    ring = outline_path(shapely.Point(X, Y), chip_bounds(shapely.Point(X, Y)))
    assert ring.startswith("M517 500L") and ring.count("M") == 1
    assert outline_path(SQUARE - SQUARE.buffer(-20), chip_bounds(SQUARE)).count("M") == 2


def test_esris_name_of_cgcs2000_is_understood(place, tmp_path):
    wkt = METRES.to_wkt(pyproj.enums.WktVersion.WKT1_ESRI)
    path = write_image(tmp_path / "a.tif")
    with rasterio.open(path, "r+") as file:
        file.crs = RasterCRS.from_wkt(wkt)
    degrees = equal_area_crs(pyproj.CRS.from_epsg(4326), (120.45, 41.57))
    shape = to_crs(np.array([SQUARE], dtype=object), METRES, degrees)
    assert len(chips_of(with_images(place, d2021=path), problems_of(shape, crs=degrees), degrees)["C0"]) == 1


def test_real_images_of_two_summers_differ_and_repeat(place):
    crs = equal_area_crs(pyproj.CRS.from_epsg(4326), (8.35, 47.26))
    shapes = to_crs(
        np.array([shapely.Point(x, y).buffer(r) for x, y, r in ((451400, 5234500, 60), (450500, 5233900, 300))], dtype=object),
        pyproj.CRS.from_epsg(32632), crs,
    )  # fmt: skip
    first, second = (SENTINEL / f"T32TMT_{day}T102559_TCI_10m.jp2" for day in ("20200807", "20210812"))
    read = with_images(place, d2020=Image(path=first, title="Sentinel-2", attribution="Copernicus"), d2021=second)
    problems = problems_of(shapes, prev="2020-08", crs=crs)
    chips = chips_of(read, problems, crs)
    for before, after in chips.values():
        assert (before.role, after.role, before.title, before.attribution) == (
            "before",
            "after",
            "Sentinel-2",
            "Copernicus",
        )
        assert before.bounds == after.bounds
        assert len(before.data_uri) < 20_000
        a, b = picture(before).astype(int), picture(after).astype(int)
        assert 3 < np.abs(a - b).mean() < 60  # fields ripen differently, the woods stay
        assert a.std() > 20  # stretched
    assert chips_of(read, problems.iloc[::-1], crs) == chips == chips_of(read, problems, crs)


IMAGERY = """
[imagery]
"2020-08-01" = "images/a.tif"
2021-08-01 = { path = "images/b.tif", title = "第二期", attribution = "© 试", secrecy = "public" }
"2022-08-01" = ["images/c.tif", { path = "images/d.tif", bands = [3, 2, 1], nodata = 0 }]
"2030-08-01" = { path = "later.tif", secrecy = "secret" }
"""


def add_imagery(place, text):
    toml = place / "place.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_the_four_ways_to_declare_an_image(place):
    add_imagery(place, IMAGERY)
    imagery = read_place(place).imagery
    assert [[image.path.name for image in images] for images in imagery.values()] == [
        ["a.tif"], ["b.tif"], ["c.tif", "d.tif"], ["later.tif"],
    ]  # fmt: skip
    assert imagery[date(2020, 8, 1)][0].path == place.resolve() / "images" / "a.tif"
    assert (imagery[date(2022, 8, 1)][1].bands, imagery[date(2022, 8, 1)][1].nodata) == ([3, 2, 1], 0)
    assert date(2030, 8, 1) not in read_place(place).received_by(date(2023, 12, 31)).imagery


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"2020" = "a.tif"', "YYYY-MM-DD"), ('"2020-01-01" = 3', "imagery.2020-01-01"), ('"2020-01-01" = []', "imagery.2020-01-01"),
        ('"2020-01-01" = { path = "a.tif", band = [1, 2, 3] }', "band"), ('"2020-01-01" = { title = "x" }', "path"),
    ],
)  # fmt: skip
def test_a_fault_in_imagery_is_named(place, line, said):
    add_imagery(place, f"\n[imagery]\n{line}\n")
    with pytest.raises(ConfigError, match=re.escape(said)):
        read_place(place)


@pytest.fixture
def pictured(place, tmp_path):
    """The run of a place with two problems and images; one problem lies beyond them."""
    write_source(place, "leads", [lead("in", box(100, 100, 100, 100)), lead("far", box(800, 800, 100, 100))])
    around = shapely.box(X + 100, Y + 100, X + 200, Y + 200)
    write_image(place / "a.tif", around=around, red=GREEN)
    write_image(place / "b.tif", around=around)
    write_image(place / "secret.tif", around=around)
    add_imagery(
        place,
        '\n[imagery]\n"2021-08-01" = "a.tif"\n"2023-10-01" = { path = "b.tif", title = "</script>", attribution = "© 试" }\n'
        '"2022-08-01" = { path = "secret.tif", secrecy = "secret" }\n',
    )
    return screen(place, "2023", tmp_path / "out")


def page_data(finished):
    page = (finished.folder / "field" / "map.html").read_text(encoding="utf-8")
    return page, json.loads(re.search(r'<script id="field-data"[^>]*>(.*?)</script>', page, re.DOTALL).group(1))


def test_the_field_page_shows_the_pair_with_its_dates(pictured):
    page, data = page_data(pictured)
    shown = {len(problem["pair"]["images"]): problem["pair"] for problem in data["problems"]}
    assert set(shown) == {0, 2}
    assert shown[0]["words"] == "没有覆盖此处的影像"
    first, second = shown[2]["images"]
    assert (first["caption"], first["note"]) == ("前时相影像 2021-08-01", "")
    assert (second["caption"], second["title"], second["note"]) == ("后时相影像 2023-10-01", "</script>", "")
    assert (shown[2]["scale"], shown[2]["words"]) == (0.3333, "100 米")
    assert "2022-08-01" not in page  # the secret image would have fitted better
    assert "含前后时相影像 2 张" in page
    assert "© 试" in page.split("<footer>")[1]
    assert {"a.tif", "b.tif", "secret.tif"} <= {entry["file"] for entry in pictured.run["inputs"]}


def test_the_pair_is_seen_on_a_phone_and_on_a_screen(pictured, browser):  # noqa: F811
    _, data = page_data(pictured)
    number = next(problem["number"] for problem in data["problems"] if problem["pair"]["images"])
    for width in (390, 1280):
        page, seen = open_page(browser, pictured.folder / "field" / "map.html", width)
        page.fill("#number", number)
        page.press("#number", "Enter")
        page.wait_for_timeout(300)
        loaded = page.evaluate("[...document.querySelectorAll('.view img')].map(image => image.naturalWidth)")
        assert loaded == pytest.approx([300, 300], abs=2)  # 2 m pixels, twice as fine
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        narrow = page.evaluate("document.querySelector('.view').offsetWidth")
        page.click(".view >> nth=0")
        assert page.evaluate("document.querySelector('.view').offsetWidth") > 1.8 * narrow
        assert seen["errors"] == []


def test_black_edges_do_not_darken_the_mean(place, tmp_path):
    """One value everywhere but in a black edge that ends within a chip's pixel, shrunk 8 times: no darker rim."""
    path = tmp_path / "a.tif"
    values = np.full((3, 2560, 2560), 150, np.uint8)
    values[:, :, :123] = 0  # 15 chip pixels and 3 of the 8 columns of the 16th
    profile = {"driver": "GTiff", "width": 2560, "height": 2560, "count": 3, "dtype": "uint8", "tiled": True}
    with rasterio.open(path, "w", **profile, crs=CRS, transform=from_origin(X, Y + 1280, 0.5, 0.5)) as file:
        file.write(values)
        file.build_overviews([2, 4, 8], rasterio.enums.Resampling.average)
    (tile,), _ = read_tiles(with_images(place), D21, [Image(path=path, nodata=0)], METRES)
    with keep_open() as open_kept:
        chip = read_chip([tile], (X, Y, X + 1280, Y + 1280), METRES, open_kept)
    assert chip.shape == (3, 320, 320)
    assert np.isnan(chip[:, :, :15]).all()
    assert (chip[:, :, 15:] == 150).all()


def test_images_are_read_with_little_memory_and_no_network(place, tmp_path):
    path = write_image(tmp_path / "a.tif")
    with keep_open() as open_kept:
        kept = [get_gdal_config(name) for name in ("GDAL_CACHEMAX", *NO_NETWORK)], open_kept(path).count
    with open_image(path) as dataset:
        once = [get_gdal_config(name) for name in ("GDAL_CACHEMAX", *NO_NETWORK)], dataset.count
    assert kept == once == ([64 * 2**20, *NO_NETWORK.values()], 3)


@pytest.mark.parametrize("named", ["/vsicurl/http://{host}/a.tif", "http://{host}/a.tif", "{service}"])
def test_an_image_never_asks_the_network(place, tmp_path, asked, named):
    host, requests = asked
    service = tmp_path / "service.xml"
    service.write_text(
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>http://{host}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service><DataWindow>'
        f"<UpperLeftX>{X}</UpperLeftX><UpperLeftY>{Y}</UpperLeftY><LowerRightX>{X + 500}</LowerRightX>"
        f"<LowerRightY>{Y - 500}</LowerRightY><SizeX>50</SizeX><SizeY>50</SizeY><TileLevel>0</TileLevel></DataWindow>"
        f"<Projection>{CRS}</Projection><BandsCount>1</BandsCount></GDAL_WMS>",
        encoding="utf-8",
    )
    path = tmp_path / "a.vrt"
    path.write_text(
        f'<VRTDataset rasterXSize="50" rasterYSize="50"><SRS>{CRS}</SRS><GeoTransform>{X},10,0,{Y},0,-10</GeoTransform>'
        '<VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename>'
        f"{named.format(host=host, service=service)}</SourceFilename><SourceBand>1</SourceBand>"
        '<SrcRect xOff="0" yOff="0" xSize="50" ySize="50"/><DstRect xOff="0" yOff="0" xSize="50" ySize="50"/>'
        "</SimpleSource></VRTRasterBand></VRTDataset>",
        encoding="utf-8",
    )
    (line,) = imagery_warnings(with_images(place, d2021=path))
    assert "无法读取" in line
    assert requests == []


@pytest.fixture
def asked():
    """(host:port of a server on this machine, what was asked of it)."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", requests
        server.shutdown()
