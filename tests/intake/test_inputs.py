"""Table inputs and everything else a run writes: datum parameters lawfully held are used and stand nowhere."""

import re

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from pipeline import jobs, notices
from pipeline.check.run import check, console_lines
from pipeline.config import Origin
from pipeline.intake.inputs import input_row
from pipeline.intake.reading import Reading
from tests.conftest import X, Y
from tests.intake.traces import readable

PARAMETERS = "13.753,-27.617,39.829"  # invented, metres
DECLARED = (
    f"+proj=tmerc +lat_0=0 +lon_0=120 +k=1 +x_0=500000 +y_0=0 +ellps=krass +towgs84={PARAMETERS} +units=m +type=crs"
)
STATED = (
    'PROJCS["old",GEOGCS["Beijing 1954",DATUM["Beijing_1954",SPHEROID["Krassowsky 1940",6378245,298.3],'
    f'TOWGS84[{PARAMETERS},0,0,0,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",120],'
    'PARAMETER["scale_factor",1],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]'
)


def origin(crs: str | None) -> Origin:
    return Origin(
        id="s", file="s.toml", path="a.shp", title="s", provider="", licence="", secrecy="public", received="2023-01-01",
        position_accuracy_m=5, crs=crs,
    )  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en", None])
def test_parameters_are_named_in_the_row_of_a_file(language):
    row = input_row(
        Reading("a.shp", None, "Shapefile", [], crs=STATED), origin(DECLARED), "EPSG:4326", None, {}, language
    )
    named = {"zh": "所声明的转换参数", "en": "the stated parameters", None: "所声明的转换参数 / the stated parameters"}
    assert row["crs_declared"] == named[language]
    assert pyproj.CRS(row["crs_file"]).geodetic_crs.name == "Beijing 1954"
    assert "13.753" not in str(row)


def test_codes_and_datums_stay_as_declared():
    row = input_row(Reading("a.shp", None, "Shapefile", [], crs="EPSG:4326"), origin("EPSG:4549"), None, None)
    assert (row["crs_declared"], row["crs_file"], row["crs_used"]) == ("EPSG:4549", "EPSG:4326", None)


def declare(place, name: str, columns: str, **keys: str) -> None:
    lines = {
        "title": f'"{name}"', "source_code": '"YG"', "received": '"2023-06-01"', "shows": '"new_ground"', "provider": '"x"',
        "licence": '"CC0 1.0"', "secrecy": '"public"', "position_accuracy_m": "2", **keys,
    }  # fmt: skip
    head = "\n".join(f"{key} = {value}" for key, value in lines.items())
    text = f'{head}\n[columns]\n{columns}\n[values]\nperiod = "2021-2022"\n'
    (place / "sources" / f"{name}.toml").write_text(text, encoding="utf-8")


def test_no_parameter_is_in_anything_that_a_run_or_check_writes_or_says(place, tmp_path, capsys):
    to_old = pyproj.Transformer.from_crs(4549, DECLARED, always_xy=True)
    squares = [shapely.transform(shapely.box(X + 300 * k, Y + 300, X + 300 * k + 80, Y + 380), to_old.transform, interleaved=False)
               for k in range(3)]  # fmt: skip
    frame = gpd.GeoDataFrame({"no": ["a", "b", "c"]}, geometry=np.array(squares, dtype=object), crs=4549)
    for name in ("given", "only"):
        frame.to_file(place / f"{name}.shp")
        (place / f"{name}.prj").write_text(STATED, encoding="ascii")
    declare(place, "given", 'orig_no = "no"', path='"given.shp"', kind='"change"', crs=f"'{DECLARED}'")
    declare(place, "only", 'orig_no = "no"', path='"only.shp"', kind='"change"')
    east, north = to_old.transform(X + 500, Y + 700)
    (place / "table.csv").write_text(f"no,x,y\nt,{east:.2f},{north:.2f}\n", encoding="utf-8")
    columns = 'orig_no = "no"\ny_east = "x"\nx_north = "y"'
    declare(place, "table", columns, path='"table.csv"', kind='"points"', crs=f"'{DECLARED}'")
    checked = check(place, "2023", tmp_path / "check")
    finished = jobs.screen(place, "2023", tmp_path / "outputs")
    tables = finished.cycle.tables
    assert tables["leads"].groupby("source_id").size().to_dict() == {"given": 3, "leads": 3, "table": 1}
    assert tables["set_aside"].loc[tables["set_aside"]["source_id"] == "only", "reason"].tolist() == ["E9"] * 3
    said = "\n".join([*console_lines(checked), *notices.warnings_of(finished.cycle), *capsys.readouterr()])
    written = readable(tmp_path / "outputs") | readable(tmp_path / "check")
    everything = "\n".join(written) + said
    assert re.search(r"13\.753|27\.617|39\.829", everything) is None
    assert "所声明的转换参数" in everything
