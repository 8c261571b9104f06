"""The sheet of layer conflicts: what it lists, which problems it names, what it leaves out."""

import numpy as np
import openpyxl
import pytest

from pipeline.explain import explain
from pipeline.jobs import screen as screen_job
from pipeline.publish.evidence import overlap_rows
from tests.conftest import X, Y, box, lead, write_layer, write_source
from tests.intake.rasters.made import write_cover, write_raster


@pytest.fixture
def woods(place):
    """A forest half on the left fifth of the marsh, where leads “in” and “half” lie, and a strip of 0.3 m on its right."""
    write_layer(place, "woods", [box(-200, 0, 400, 1000), box(999.7, 0, 500, 100)], **{"class": '"forest"'})
    return place


def conflict_sheet(place, out):
    finished = screen_job(place, "2023", out)
    sheet = openpyxl.load_workbook(next((finished.folder / "province").glob("*.xlsx")))["图层冲突"]
    titles = [cell.value for cell in sheet[3]]
    return finished, [dict(zip(titles, (c.value for c in row), strict=True)) for row in sheet.iter_rows(min_row=4)]


def test_the_sheet_gives_the_sum_then_the_features(woods, tmp_path):
    finished, (total, pair) = conflict_sheet(woods, tmp_path / "out")
    assert (total["级别"], total["冲突处数"], total["说明"]) == (
        "合计",
        1,
        "碎屑重叠 1 处，共 30.00 平方米，不逐一列出。",
    )
    assert (pair["级别"], pair["图层甲"], pair["要素编号甲"], pair["类别乙"]) == ("要素", "woods", "woods-0", "湿地")
    assert pair["重叠面积(公顷)"] == pytest.approx(20, rel=1e-4)
    assert pair["占较小要素(%)"] == 50
    numbers = finished.cycle.tables["problems"]["candidate_id"]
    assert sorted(pair["涉及疑似问题"].split("、")) == sorted(numbers)
    assert f"| woods × marsh | 1 | {total['重叠面积(公顷)']:.4f} | 2 |" in (finished.folder / "summary.md").read_text(
        encoding="utf-8"
    )


def test_a_point_is_said_to_lie_on_a_layer_itself_and_how_far_off_it_may_be(place, tmp_path):
    x, y = X + 500, Y + 500
    write_source(place, "dots", [lead("dot", {"type": "Point", "coordinates": [x, y]})], kind='"points"')
    toml = place / "sources" / "dots.toml"
    said = toml.read_text(encoding="utf-8").replace("position_accuracy_m = 2", "position_accuracy_m = 1500")
    toml.write_text(said, encoding="utf-8")
    finished = screen_job(place, "2023", tmp_path / "out")
    tables = finished.cycle.tables
    point = tables["sites"].set_index("area_m2").loc[0.0, "site_id"]
    rows = overlap_rows(finished.cycle.place, tables, "zh").set_index("subject_id")["position_name"]
    assert set(rows.loc[[point]]) == {"点位本身在其上（精度±1500米）"}
    assert "全部压盖" in set(rows.drop(point))
    told = [line for line in explain(tables, point, "en") if "[overlap]" in line]
    assert told and all("the point itself lies on it; it is good to ± 1500 m" in line for line in told)


def test_layers_that_agree_have_no_row_and_no_block(place, tmp_path):
    write_layer(place, "woods", [box(3000, 0, 100, 100)], **{"class": '"forest"'})
    finished, (only,) = conflict_sheet(place, tmp_path / "out")
    assert only["序号"] == "本表没有记录"
    assert "图层冲突" not in (finished.folder / "summary.md").read_text(encoding="utf-8")
    assert finished.cycle.tables["conflicts"]["n_pairs"].tolist() == [0]


def test_a_secret_layer_is_not_on_the_sheet(woods, tmp_path):
    toml = woods / "layers" / "woods.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('"public"', '"secret"'), encoding="utf-8")
    finished, (only,) = conflict_sheet(woods, tmp_path / "out")
    assert only["序号"] == "本表没有记录"
    assert len(finished.cycle.tables["conflicts"]) == 2


def test_a_raster_is_said_to_be_compared_near_the_leads_only(place, tmp_path):
    write_raster(place / "cover.tif", np.full((150, 200), 90, np.uint8), top_m=1200)
    write_cover(place, **{"class": '"forest"'})
    finished, (total, pair) = conflict_sheet(place, tmp_path / "out")
    said = "只比对了本期线索周围的像元"
    assert said in total["说明"]
    assert said in pair["说明"]
    assert said in (finished.folder / "summary.md").read_text(encoding="utf-8")
