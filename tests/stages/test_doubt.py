"""Points that meet known places only un-shifted are doubtful as a group; text leads get candidates, never a point."""

import csv
import json

import numpy as np
import pytest

from pipeline import screen
from pipeline.intake.coordinates.shifted import to_gcj02
from pipeline.jobs import accept
from tests.conftest import CRS, box, lead, write_geojson, write_source


def write_points(place, lon_lat, crs: str = "EPSG:4490") -> None:
    with (place / "points.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["编号", "经度", "纬度", "类型"])
        writer.writerows([f"P{k}", f"{x:.7f}", f"{y:.7f}", "采石场"] for k, (x, y) in enumerate(lon_lat))
    (place / "sources" / "points.toml").write_text(
        f'title = "points"\npath = "points.csv"\nkind = "points"\nsource_code = "LD"\nprovider = "invented"\nlicence = "CC0"\n'
        f'secrecy = "public"\nreceived = 2023-05-01\ncrs = "{crs}"\nposition_accuracy_m = 10\n'
        '[columns]\norig_no = "编号"\nlon = "经度"\nlat = "纬度"\nactivity = "类型"\n',
        encoding="utf-8",
    )


@pytest.fixture
def mapped(place):
    """The small place with five pits known from a change layer."""
    rows = [lead(f"pit{k}", box(300 * (k % 3), 300 * (k // 3), 40, 40)) for k in range(5)]
    write_source(place, "leads", rows)
    leads = screen(place, "2023")["leads"].sort_values("orig_no")
    return place, leads[["lon", "lat"]].to_numpy()


def test_a_group_that_fits_only_after_unshifting_is_doubted_and_not_moved(mapped):
    place, pits = mapped
    write_points(place, to_gcj02(pits))
    tables = screen(place, "2023")
    points = tables["leads"][tables["leads"]["source_id"] == "points"]
    assert (points["crs_confidence"] == "doubtful").all()
    assert points["doubt"].str.contains("GCJ-02").all()
    assert np.allclose(np.sort(points["lon"]), np.sort(to_gcj02(pits)[:, 0]), atol=1e-6)
    assert (points["position_accuracy_m"] > 500).all()
    outcomes = tables["outcomes"].set_index("lead_id")["outcome"]
    assert set(outcomes[points["lead_id"]]) == {"listed"}  # for a person to decide, whatever they seem to lie on
    listed = tables["problems"][tables["problems"]["source_ids"].str[0] == "points"]
    assert listed["needs_review"].all()


def test_the_same_points_declared_gcj02_are_on_their_pits(mapped):
    place, pits = mapped
    write_points(place, to_gcj02(pits), crs="GCJ-02")
    tables = screen(place, "2023")
    assert len(tables["problems"]) == 5
    assert tables["problems"]["source_ids"].map(len).tolist() == [2] * 5
    assert not tables["problems"]["needs_review"].any()


def test_points_that_fit_as_written_are_not_doubted(mapped):
    place, pits = mapped
    write_points(place, pits)
    leads = screen(place, "2023")["leads"]
    assert leads["doubt"].isna().all()


def test_two_points_prove_nothing(mapped):
    place, pits = mapped
    write_points(place, to_gcj02(pits[:2]))
    assert screen(place, "2023")["leads"]["doubt"].isna().all()


def test_a_doubtful_problem_is_not_accepted_before_a_person_decides(mapped, tmp_path):
    place, pits = mapped
    write_points(place, to_gcj02(pits))
    given, left, _ = accept(place, "2023", tmp_path / "out")
    assert len(given) == 5
    assert len(left) == 5


def test_a_doubtful_point_on_a_known_case_is_still_asked_about(mapped):
    place, pits = mapped
    known = [lead(f"case{k}", box(300 * (k % 3), 300 * (k // 3), 40, 40), state="整改中", closed="") for k in range(5)]
    write_source(place, "old", known, kind='"known"', received="2022-12-31")
    write_points(place, to_gcj02(pits))
    tables = screen(place, "2023")
    points = tables["leads"].loc[tables["leads"]["source_id"] == "points", "lead_id"]
    assert set(tables["outcomes"].set_index("lead_id").loc[points, "outcome"]) == {"listed"}


def test_a_declaration_against_an_old_datum_in_the_file_is_asked_about(place):
    geojson = place / "leads.geojson"
    geojson.write_text(geojson.read_text(encoding="utf-8").replace("EPSG::4549", "EPSG::2385"), encoding="utf-8")
    tables = screen(place, "2023")  # the source file declares EPSG:4549
    assert tables["leads"]["doubt"].str.contains("西安 80").all()
    assert tables["problems"]["needs_review"].all()


VILLAGES = (
    "name,kind,town,lon,lat,aliases\n"
    "青溪村,village,甲镇,120.45,41.57,\n东山村,village,甲镇,120.46,41.58,\n东山村,village,乙镇,120.47,41.59,\n"
)


def write_petitions(place, texts) -> None:
    with (place / "letters.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["编号", "内容"])
        writer.writerows([f"X{k}", text] for k, text in enumerate(texts))
    (place / "sources" / "letters.toml").write_text(
        'title = "letters"\npath = "letters.csv"\nkind = "reports"\nsource_code = "XF"\nprovider = "invented"\nlicence = "CC0"\n'
        'secrecy = "internal"\nreceived = 2023-05-01\nposition_accuracy_m = 100\n[columns]\norig_no = "编号"\ntext = "内容"\n',
        encoding="utf-8",
    )


def test_words_give_candidates_with_a_radius_and_no_point(place):
    write_petitions(place, ["青溪村东500米有人采石", "东山村有人填湿地", "某处有人倒渣土"])
    (place / "villages.csv").write_text(VILLAGES, encoding="utf-8")
    toml = place / "place.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace("[cycles]", 'gazetteer = "villages.csv"\n[cycles]', 1),
        encoding="utf-8",
    )
    tables = screen(place, "2023")
    assert set(tables["leads"]["source_id"]) == {"leads"}
    found = (
        tables["candidates"]
        .merge(tables["reports"][["report_id", "orig_no"]], on="report_id")
        .sort_values(["orig_no", "rank"])
    )
    assert found["orig_no"].tolist() == ["X0", "X1", "X1"]
    first = found.iloc[0]
    assert (first["lon"] - 120.45) * 83_300 == pytest.approx(500, rel=0.02)  # a degree of longitude here is 83.3 km
    assert 100 <= first["radius_m"] < 1500
    assert found["radius_m"].tolist()[1:] == [1500, 1500]
    gone = tables["set_aside"].set_index("orig_no")
    assert set(gone.loc[["X0", "X1", "X2"], "detail"]) == {
        "没有坐标，请补充位置"
    }  # it goes to the province: no place in it


def test_candidates_beyond_the_boundary_are_known_to_be(place):
    write_petitions(place, ["东山村有人填湿地"])
    (place / "villages.csv").write_text(VILLAGES.replace("120.47,41.59", "121.47,41.59"), encoding="utf-8")
    write_geojson(place / "boundary.geojson", [(box(-9000, -9000, 18_000, 18_000), {})])
    toml = place / "place.toml"
    text = toml.read_text(encoding="utf-8").replace("[cycles]", 'gazetteer = "villages.csv"\n[cycles]', 1)
    toml.write_text(f'{text}\n[boundary]\npath = "boundary.geojson"\ncrs = "{CRS}"\n', encoding="utf-8")
    tables = screen(place, "2023")
    assert tables["candidates"].set_index("town")["is_outside"].to_dict() == {"甲镇": False, "乙镇": True}
    (question,) = tables["questions"].query("about == 'position'").to_dict("records")
    labels = [answer["label"] for answer in json.loads(question["answers"])]
    assert ["在本辖区以外" in label for label in labels] == [False, True, False]


def test_without_a_gazetteer_they_wait(place):
    write_petitions(place, ["青溪村东500米有人采石"])
    tables = screen(place, "2023")
    assert tables["candidates"].empty
    assert tables["set_aside"].set_index("orig_no").at["X0", "reason"] == "E9"
