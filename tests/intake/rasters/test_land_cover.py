"""Land-cover rasters as layers: overlap is coverage fraction × cell area, whatever the windows; nothing is assumed."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import rasterio
import shapely
from exactextract import exact_extract

from pipeline.config import Layer, Limits
from pipeline.cycle import open_cycle
from pipeline.errors import InputError
from pipeline.geometry import area_m2, equal_area_crs
from pipeline.intake.ground import raster_reach_m, read_ground, with_raster_layers
from pipeline.intake.overlays import read_layer
from pipeline.intake.rasters import land_cover
from pipeline.jobs import make_tables
from pipeline.place_folder import read_place
from pipeline.stages.overlap import overlap
from tests.conftest import HOME, X, Y
from tests.intake.rasters.made import CELL_M, write_cover, write_raster

LC100 = HOME / "tests" / "data" / "rasters" / "lc100_2019.tif"
RULES = read_place(HOME / "configs" / "shuangta").rules.overlap


def layer(path, cells, **keys):
    return Layer(
        id="cover", file=path, path=path, title="t", provider="p", licence="l", secrecy="public", received="2023-01-01",
        position_accuracy_m=0, layer_class="wetland", cells=cells, **keys,
    )  # fmt: skip


def leads(shapes, crs):
    n = len(shapes)
    return gpd.GeoDataFrame(
        {"lead_id": [f"L{k}" for k in range(n)], "prev_date": None, "curr_date": None, "position_accuracy_m": 1.0},
        geometry=list(shapes), crs=crs,
    )  # fmt: skip


def overlaps(path, cells, shapes, crs, level):
    areas = shapely.box(*(shapely.bounds(shapes) + np.array([-30, -30, 30, 30])).T)
    read = read_layer(layer(path, cells), RULES, Limits(), crs, None, "en", areas)
    rows = overlap(leads(shapes, crs), read.frame, RULES)
    return rows[rows["level"] == level], read


def triangles(n, left, bottom, right, top, size, seed=3):
    dice = np.random.default_rng(seed)
    centres = dice.uniform((left + size, bottom + size), (right - size, top - size), (n, 2))
    rings = centres[:, None, :] + dice.uniform(-size, size, (n, 3, 2))
    return shapely.polygons(rings)


@pytest.mark.parametrize("window", [5, 16, 256])
def test_overlap_is_coverage_fraction_times_cell_area(tmp_path, monkeypatch, window):
    monkeypatch.setattr(land_cover, "WINDOW_CELLS", window)
    crs = equal_area_crs(pyproj.CRS("EPSG:4490"), (120.4, 41.6))
    classes = np.random.default_rng(1).integers(0, 4, (60, 50)).astype(np.uint8)
    path = write_raster(tmp_path / "c.tif", classes, crs.to_wkt(), tiled=True, blockxsize=16, blockysize=16)
    shapes = triangles(40, X, Y + 100 - 600, X + 500, Y + 100, 60)
    rows, _ = overlaps(path, {1: "marsh", 3: "bog"}, shapes, crs, "feature")
    cells = shapely.box(*np.moveaxis([[(X + 10 * c, Y + 90 - 10 * r, X + 10 * c + 10, Y + 100 - 10 * r)
                                       for c in range(50)] for r in range(60)], -1, 0))  # fmt: skip
    with rasterio.open(path) as file:
        theirs = exact_extract(
            file, leads(shapes, crs), ["values", "coverage"], output="pandas", include_cols=["lead_id"]
        )
    for k, (values, coverage) in enumerate(zip(theirs["values"], theirs["coverage"], strict=True)):
        own = rows[rows["subject_id"] == f"L{k}"].set_index("feature_key")["overlap_m2"]
        for value in (1, 3):
            by_cell_m2 = shapely.area(shapely.intersection(cells[classes == value], shapes[k])).sum()
            assert own.get(str(value), 0.0) == pytest.approx(by_cell_m2, rel=1e-9, abs=1e-4)  # tables keep 1e-4 m²
            theirs_m2 = coverage[values == value].sum() * CELL_M**2
            assert theirs_m2 == pytest.approx(by_cell_m2, rel=1e-6, abs=1e-3)  # its fractions are single precision


def test_half_a_cell_is_half_a_cell(tmp_path):
    crs = equal_area_crs(pyproj.CRS("EPSG:4490"), (120.4, 41.6))
    path = write_raster(tmp_path / "c.tif", np.array([[90, 20], [90, 90]], np.uint8), crs.to_wkt())
    shapes = np.array([shapely.box(X + 5, Y + 85, X + 15, Y + 95)])
    rows, read = overlaps(path, {90: "marsh"}, shapes, crs, "feature")
    assert rows[["feature_key", "name", "overlap_m2"]].values.tolist() == [["90", "marsh", 75.0]]
    assert read.inputs[0]["format"] == "GeoTIFF"


def test_real_land_cover_agrees_with_exactextract_but_for_the_projection():
    geographic = pyproj.CRS("EPSG:4326")
    crs = equal_area_crs(geographic, (-71.57, 18.64))
    degrees = triangles(20, -71.8, 18.58, -71.34, 18.69, 0.004)
    with rasterio.open(LC100) as file:
        vectors = gpd.GeoDataFrame(geometry=degrees, crs=geographic)
        theirs = exact_extract(file, vectors, ["values", "coverage", "center_x", "center_y"], output="pandas")
        side = file.res[0] / 2
    cells = {112: "closed evergreen", 126: "open, unknown", 90: "herbaceous wetland"}
    drawn = shapely.segmentize(degrees, 0.0005)  # an edge straight in degrees is bent in metres
    shapes = gpd.GeoSeries(drawn, crs=geographic).to_crs(crs).to_numpy()
    rows, read = overlaps(LC100, cells, shapes, crs, "layer")
    found_m2 = rows.set_index("subject_id")["overlap_m2"]
    for k, one in theirs.iterrows():
        is_wanted = np.isin(one["values"], list(cells))
        x, y = one["center_x"][is_wanted], one["center_y"][is_wanted]
        cell_m2 = area_m2(gpd.GeoSeries(shapely.box(x - side, y - side, x + side, y + side)).to_numpy(), geographic)
        wanted_m2 = float((one["coverage"][is_wanted] * cell_m2).sum())
        assert found_m2.get(f"L{k}", 0.0) == pytest.approx(wanted_m2, rel=2e-4, abs=1.0)
    assert len(found_m2) > 12
    assert set(read.frame["feature_key"]) <= {"112", "126", "90"}


def test_only_the_cells_near_the_leads_are_read(tmp_path):
    crs = equal_area_crs(pyproj.CRS("EPSG:4490"), (120.4, 41.6))
    path = tmp_path / "nation.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=100_000, width=100_000, count=1, dtype="uint8", crs=crs.to_wkt(), tiled=True,
        blockxsize=512, blockysize=512, SPARSE_OK=True, transform=rasterio.Affine(10, 0, X, 0, -10, Y),
    ) as file:  # fmt: skip
        file.write(np.full((1, 600, 600), 90, np.uint8), window=rasterio.windows.Window(50_000, 50_000, 600, 600))
    lead = shapely.box(X + 501_000, Y - 502_000, X + 501_100, Y - 501_900)
    read = read_layer(layer(path, {90: "marsh"}), RULES, Limits(), crs, None, "en", np.array([lead]))
    assert read.frame.geometry.area.sum() == pytest.approx(100**2)


def refused(place, match, **keys):
    write_cover(place, **keys)
    with pytest.raises(InputError, match=match):
        read_ground(read_place(place, "en"))
    unread = {}
    read_ground(read_place(place, "en"), unread)
    assert list(unread) == ["cover"]


def test_what_a_raster_does_not_say_is_refused_with_what_to_do(place):
    cells, path = np.full((10, 10), 90, np.uint8), place / "cover.tif"
    write_raster(path, cells, crs=None)
    refused(place, "states no coordinate system", crs="")
    write_raster(path, np.stack([cells] * 3))
    refused(place, "3 bands", crs="EPSG:4549")
    refused(place, "no band 4", band="4")
    write_raster(path, cells, transform=rasterio.Affine(10, 1, X, 1, -10, Y))
    refused(place, "rotated")
    write_raster(path, cells, transform=rasterio.Affine.identity())
    refused(place, "does not say where its cells lie")
    write_raster(path, cells.astype(np.complex64))
    refused(place, "no classes")
    path.write_bytes(b"II*\0 no raster")
    refused(place, "cannot be read as a raster")
    write_raster(path, cells)
    path.write_bytes(path.read_bytes()[:-60])
    write_cover(place)
    with pytest.raises(InputError, match="cannot be read as a raster"):
        near(place)
    (place / "layers" / "cover.toml").unlink()


def near(place, language="en", box=(X, Y, X + 100, Y + 100)):
    """The ground with its raster layers round a box in EPSG:4549."""
    own = read_place(place, language)
    ground = read_ground(own)
    moved = gpd.GeoSeries([shapely.box(*box)], crs="EPSG:4549").to_crs(ground.crs)
    return with_raster_layers(ground, own, moved.to_numpy(), raster_reach_m(own, 2.0))


def test_a_band_is_read_where_it_is_named_and_a_declared_crs_beats_the_files(place):
    cells = np.stack([np.full((30, 30), 20, np.uint8), np.full((30, 30), 90, np.uint8)])
    write_raster(place / "cover.tif", cells, crs="EPSG:4490", top_m=200)
    write_cover(place, band="2")
    ground = near(place)
    assert set(ground.layers.loc[ground.layers["layer_id"] == "cover", "feature_key"]) == {"90"}
    row = ground.inputs.set_index("input_id").loc["cover"]
    assert (row["crs_declared"], row["crs_file"], row["crs_used"]) == ("EPSG:4549", "EPSG:4490", "EPSG:4549")
    assert "read as declared" in row["crs_note"]


def test_nodata_absent_values_and_ground_without_data_are_told(place):
    cells = np.full((30, 30), 90, np.uint8)
    cells[:, :10] = 0
    write_raster(place / "cover.tif", cells, top_m=200, nodata=0)
    write_cover(place, '90 = "marsh"\n0 = "nothing"\n95 = "mangrove"')
    ground = near(place)
    said = " ".join(ground.unusable)
    for words in ("“no data”", "0, 95: check", "140 of 168 cells near the leads hold no data"):
        assert words in said, said
    assert ground.inputs["notes"].iloc[0]


def test_a_raster_layer_goes_through_a_whole_run(place):
    cells = np.zeros((40, 20), np.uint8)
    cells[:, 10:] = 90  # east of x = 100 m
    write_raster(place / "cover.tif", cells, top_m=300)
    write_cover(place, votes="true", within_m="50")
    (place / "layers" / "marsh.toml").unlink()
    cycle = open_cycle(place, "2023")
    assert cycle.ground.layers.empty
    assert cycle.ground.inputs["n_records"].tolist() == [0]
    cycle.ground = near(place, "zh", (X + 100, Y + 100, X + 200, Y + 200))
    overlaps = make_tables(cycle).tables["overlaps"]
    rows = overlaps[(overlaps["level"] == "feature") & (overlaps["subject"] == "lead")]
    assert rows[["layer_id", "feature_key", "name"]].values.tolist() == [["cover", "90", "草本湿地"]]
    assert rows["overlap_m2"].item() == pytest.approx(100 * 100, rel=1e-3)
    assert rows["overlap_share"].item() == pytest.approx(1, abs=1e-5)


def test_vector_files_and_rasters_are_not_mistaken_for_each_other(place):
    write_raster(place / "cover.tif", np.full((10, 10), 90, np.uint8))
    write_cover(place, path='"marsh.geojson"')
    with pytest.raises(InputError, match="no raster"):
        read_ground(read_place(place, "en"))
    write_cover(place)
    toml = place / "layers" / "cover.toml"
    toml.write_text(toml.read_text(encoding="utf-8").split("[cells]")[0], encoding="utf-8")
    with pytest.raises(InputError, match="is a raster"):
        read_ground(read_place(place, "en"))


def test_neighbouring_windows_leave_no_gap_in_another_crs(tmp_path, monkeypatch):
    monkeypatch.setattr(land_cover, "WINDOW_CELLS", 16)
    path, crs = tmp_path / "c.tif", equal_area_crs(pyproj.CRS("EPSG:4490"), (120.4, 41.6))
    grid = rasterio.transform.from_origin(120.35, 41.65, 1e-4, 1e-4)
    cells = np.random.default_rng(2).choice([90, 95], (600, 600)).astype(np.uint8)  # all of it is wetland of two kinds
    cells[100:500] = 90
    write_raster(path, cells, "EPSG:4326", transform=grid, tiled=True, blockxsize=16, blockysize=16)
    dice = np.random.default_rng(1)
    x, y, half = dice.uniform(-3500, 100, 150), dice.uniform(500, 5000, 150), dice.uniform(20, 150, 150)
    shapes = shapely.box(x - half, y - half, x + half, y + half)
    rows, _ = overlaps(path, {90: "marsh", 95: "mangrove"}, shapes, crs, "class")
    assert len(rows) == 150
    assert set(rows["position"]) == {"inside"}


def test_a_class_is_not_covered_where_its_raster_does_not_reach_or_knows_nothing(place):
    cells = np.full((70, 60), 20, np.uint8)  # 600 m × 700 m from (0, 0): leads “half” and “off” lie beyond
    write_raster(place / "cover.tif", cells, top_m=700, nodata=0)
    write_cover(place, **{"class": '"forest"'})

    def forest_rows():
        tables = make_tables(open_cycle(place, "2023", "en")).tables
        numbers = tables["leads"].set_index("lead_id")["orig_no"]
        own = tables["overlaps"].query("subject == 'lead' and level == 'class' and layer_class == 'forest'")
        return dict(zip(own["subject_id"].map(numbers), own["overlap_m2"], strict=True)), tables["inputs"]

    rows, inputs = forest_rows()
    assert rows == {"in": 0.0}
    notes = " ".join(inputs.set_index("input_id").loc["cover", "notes"])
    assert "2 of 3 leads" in notes
    cells[55, 15] = 0  # one cell without data under “in”
    write_raster(place / "cover.tif", cells, top_m=700, nodata=0)
    assert forest_rows()[0] == {}
    write_cover(place, **{"class": '"forest"', "path": '"tiles"'})
    (place / "tiles").mkdir()
    for name, left, n in (("west", -60, 75), ("east", 15, 60)):  # they meet under the lead “in”
        at = rasterio.transform.from_origin(X + 10 * left, Y + 700, 10, 10)
        write_raster(place / "tiles" / f"{name}.tif", np.full((70, n), 20, np.uint8), transform=at)
    assert forest_rows()[0] == {"in": 0.0, "half": 0.0, "off": 0.0}


def test_a_version_without_cells_near_the_leads_is_known(place):
    write_raster(place / "cover.tif", np.full((30, 30), 20, np.uint8), top_m=200)
    write_cover(place, data_date="2020-01-01", series='"cover"')
    versions = near(place).versions.set_index("layer_id")
    assert versions.loc["cover", ["series", "layer_class"]].tolist() == ["cover", "wetland"]
    assert versions["is_near_leads"].to_dict() == {"cover": True, "marsh": False}


def test_a_place_that_only_rasters_describe_lies_where_they_do(place):
    write_raster(place / "cover.tif", np.full((30, 30), 90, np.uint8), top_m=300)
    write_cover(place)
    (place / "layers" / "marsh.toml").unlink()
    own = read_place(place, "en")
    assert own.boundary is None
    assert own.townships is None
    around = read_ground(own).around
    assert around is not None
    lon_lat = gpd.GeoSeries([shapely.Point(X + 150, Y + 150)], crs="EPSG:4549").to_crs(around.geographic)
    assert shapely.covers(around.area, lon_lat[0])
