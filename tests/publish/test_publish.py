"""What leaves the house: the GeoPackage under the public validator and another reader, the workbook, and their agreement."""

import sqlite3
import subprocess
import sys

import fiona
import openpyxl
import pytest

from pipeline.jobs import screen as screen_job
from pipeline.publish.rows import to_dms
from tests.conftest import box, lead, write_source

HOSTILE = '=HYPERLINK("x") <img src=x onerror=alert(1)> & </script> ${1} \'"'


@pytest.fixture
def finished(place, tmp_path):
    rows = [
        lead("in", box(100, 100, 100, 100)),
        lead(HOSTILE, box(-50, 500, 100, 100), activity=HOSTILE),
        lead("off", box(-500, 0, 100, 100)),
    ]
    write_source(place, "leads", rows)
    return screen_job(place, "2023", tmp_path / "out")


@pytest.fixture
def package(finished):
    return next((finished.folder / "province").glob("*.gpkg"))


@pytest.fixture
def workbook(finished):
    return openpyxl.load_workbook(next((finished.folder / "province").glob("*.xlsx")))


def test_the_public_validator_passes(package):
    command = [sys.executable, "-m", "osgeo_utils.samples.validate_gpkg", "-k", "--extra", str(package)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_validator_would_see_a_fault(package):
    with sqlite3.connect(package) as connection:
        connection.execute("UPDATE gpkg_contents SET srs_id = 99 WHERE table_name = 'jg_meta'")
    command = [sys.executable, "-m", "osgeo_utils.samples.validate_gpkg", "-k", str(package)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_another_reader_sees_layers_rows_and_crs(package):
    assert {"jg_yswt_tb", "jg_yswt_dw", "jg_xs_yg", "jg_ydmj", "jg_tc", "jg_meta"} <= set(fiona.listlayers(package))
    with fiona.open(package, layer="jg_yswt_tb") as layer:
        assert layer.crs.to_epsg() == 4490
        rows = list(layer)
    assert len(rows) == 2
    assert {row["geometry"]["type"] for row in rows} == {"MultiPolygon"}
    assert sorted(row["properties"]["wet_ha"] for row in rows) == [0.5, 1.0]
    assert HOSTILE in {row["properties"]["orig_nos"] for row in rows}


def test_titles_and_styles_are_inside(package):
    with sqlite3.connect(package) as connection:
        title = connection.execute(
            "SELECT title FROM gpkg_data_columns WHERE table_name = 'jg_yswt_tb' AND column_name = 'wet_ha'"
        ).fetchone()
        styled = {row[0] for row in connection.execute("SELECT f_table_name FROM layer_styles")}
        version = connection.execute("PRAGMA user_version").fetchone()
    assert title == ("其中:压盖湿地(公顷)",)
    assert {"jg_yswt_tb", "jg_yswt_dw"} <= styled
    assert version == (10300,)


def rows_of(sheet):
    titles = [cell.value for cell in sheet[3]]
    return [dict(zip(titles, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(min_row=4)]


def test_workbook_and_geopackage_agree_row_by_row(package, workbook):
    rows = rows_of(workbook["疑似问题清单"])
    with fiona.open(package, layer="jg_yswt_dw") as layer:
        points = [dict(row["properties"]) for row in layer]
    assert [row["问题编号"] for row in rows] == [point["problem_no"] for point in points]
    assert [row["疑似面积(公顷)"] for row in rows] == [point["area_ha"] for point in points]
    assert [row["得分"] for row in rows] == [point["score"] for point in points]


def test_text_never_becomes_a_formula(workbook):
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert any(cell.value == HOSTILE for cell in cells)


def test_every_sheet_bears_its_marks(workbook):
    for sheet in workbook:
        assert "演示数据，纯属虚构" in sheet["A2"].value
        assert "草稿" in sheet["A2"].value
    assert workbook["转出清单"]["A4"].value == "本表没有记录"


def test_degrees_minutes_seconds_never_show_sixty():
    assert to_dms(120.45) == "120°27′00.00″"
    assert to_dms(-6.99999999999) == "-7°00′00.00″"
    assert to_dms(41.999999999) == "42°00′00.00″"
