"""Ordinary leads between the planted families: most on nothing, many plainly on one layer."""

from shuangta_maker.ground import Ground
from shuangta_maker.records import ACTIVITIES, Record, change, turned

N_ON_NOTHING, N_ON_LAYER, N_LATE = 90, 120, 5
PERIODS = ("2019-2020", "2020-2021", "2021-2022")


def plant_fillers(ground: Ground) -> list[Record]:
    """Leads in cells of their own, and a few in a file that comes too late for the cycle."""
    records = []
    for k in range(N_ON_NOTHING):
        records.append(_lead(ground, k, "平常：不在图层").but(truth={"outcome": "set_aside", "reason": "E4"}))
    for k in range(N_ON_LAYER):
        lead = _lead(ground, k, "平常：单一图层")
        assert lead.shape is not None
        centre = lead.shape.centroid
        name = ("wetland", "forest", "grass")[k % 3]
        getattr(ground, name)(ground.blob(centre.x, centre.y))
        figure = {"wetland": "wetland_m2", "forest": "forest_m2", "grass": "grassland_m2"}[name]
        records.append(lead.but(truth={"outcome": "listed", "relation": "new", figure: round(lead.shape.area, 1)}))
    for k in range(N_LATE):
        records.append(_lead(ground, k, "截至日期后收到").but(source="change_late", truth={"outcome": "not_used"}))
    return records


def _lead(ground: Ground, k: int, family: str) -> Record:
    x, y = ground.take_cell()
    width, height = ground.random.randint(30, 95), ground.random.randint(30, 95)
    shape = turned(x, y, width, height, ground.random.randint(5, 85))
    return change(family, shape, PERIODS[k % 3], activity=ACTIVITIES[k % len(ACTIVITIES)])
