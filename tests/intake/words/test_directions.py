"""Directions and distances after a place's name: the circle moves by what is said, and by nothing else."""

import pytest
from pyproj import Geod

from pipeline.intake.words.gazetteer import Gazetteer, NamedPlace
from pipeline.intake.words.named_places import PlaceCandidate, find_places

GEOD = Geod(ellps="GRS80")
GAZETTEER = Gazetteer((NamedPlace(("清溪村",), "village", "桃花吐镇", 120.5, 41.5),))


def best(text: str) -> PlaceCandidate:
    return find_places(text, GAZETTEER, {"village": 1500})[0]


@pytest.mark.parametrize(
    ("words", "azimuth_deg", "distance_m"),
    [("东500米", 90, 500), ("村东约500米处", 90, 500), ("东侧一公里", 90, 1000), ("以北2里", 0, 1000), ("西南方向 300 m", 225, 300),
     ("北一里半", 0, 750), ("往南三四百米", 180, 350), ("东北300-500米", 45, 400), ("西两千三百米", 270, 2300), ("西一百五米", 270, 150),
     ("正南１．５公里", 180, 1500), ("东侧半里", 90, 250), ("北1,500米", 0, 1500), ("西北5KM", 315, 5000)],
)  # fmt: skip
def test_directions_and_distances_move_the_circle(words, azimuth_deg, distance_m):
    found = best("清溪村" + words)
    azimuth, _, distance = GEOD.inv(120.5, 41.5, found.lon, found.lat)
    assert distance == pytest.approx(distance_m, abs=1)
    assert (azimuth - azimuth_deg + 180) % 360 - 180 == pytest.approx(0, abs=0.1)
    assert found.radius_m == max(300, 0.3 * distance_m)  # 300 m is a fifth of a village's circle


def test_direction_without_a_distance():
    found = best("清溪村东侧采石")
    assert GEOD.inv(120.5, 41.5, found.lon, found.lat)[2] == pytest.approx(750, abs=1)
    assert found.radius_m == pytest.approx(1050)
    assert best("清溪村北几百米").radius_m == pytest.approx(1050)


@pytest.mark.parametrize(
    ("words", "radius_m"),
    [("附近", 1500), ("村口", 750), ("内", 750), ("西瓜地", 1500), ("300米河道", 1500), ("东99999公里", 1500), ("2公里处", 2600),
     ("东岗子组", 1500), ("与北京路", 1500)],
)  # fmt: skip
def test_words_that_do_not_move_it(words, radius_m):
    found = best("清溪村" + words)
    assert (found.lon, found.lat, found.radius_m) == (120.5, 41.5, radius_m)
