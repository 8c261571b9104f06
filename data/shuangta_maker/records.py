"""One planted record and what must become of it."""

import math
from dataclasses import dataclass, field, replace

import shapely
from shapely.geometry.base import BaseGeometry

PERIOD_SOURCE = {"2019-2020": "change_2020", "2020-2021": "change_2021", "2021-2022": "change_2022"}
ACTIVITIES = ("采石场", "采砂场", "工矿用地", "光伏", "民宿", "施工便道", "养殖场")


@dataclass(frozen=True)
class Record:
    """A row of a source (shape in the plane, or text where it cannot be read) with its line of truth."""

    source: str
    family: str
    shape: BaseGeometry | None = None
    period: str = ""
    activity: str = "采石场"
    change: str = "新增"
    words: dict[str, str] = field(default_factory=dict)
    truth: dict[str, object] = field(default_factory=dict)
    orig_no: str = ""

    def but(self, **changes: object) -> "Record":
        return replace(self, **changes)  # type: ignore[arg-type]


def change(family: str, shape: BaseGeometry | None, period: str = "2020-2021", **values: object) -> Record:
    """A change polygon of one of the three yearly layers; what is not a field of Record is truth."""
    names = ("activity", "change", "words")
    own = {name: values.pop(name) for name in names if name in values}
    return Record(PERIOD_SOURCE[period], family, shape, period, truth=values, **own)  # type: ignore[arg-type]


def square(x: float, y: float, width: float, height: float | None = None) -> BaseGeometry:
    """An axis-parallel rectangle round (x, y), metres."""
    height = width if height is None else height
    return shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def turned(x: float, y: float, width: float, height: float | None = None, degrees: float = 20) -> BaseGeometry:
    """A rectangle turned off the axes: drawn by hand, not cut from a grid."""
    a = math.radians(degrees)
    turn = [math.cos(a), -math.sin(a), math.sin(a), math.cos(a)]
    return shapely.transform(
        square(0, 0, width, height),
        lambda xy: xy @ [[turn[0], turn[2]], [turn[1], turn[3]]] + [x, y],
    )
