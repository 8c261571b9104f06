"""The invented gazetteer: villages, groups and other places of the invented townships, with the traps that names set."""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from shuangta_maker.ground import SEED, TOWNS, Ground, to_degrees

COLUMNS = ("name", "kind", "town", "lon", "lat", "aliases")
EDGE_M = 300  # no place nearer to a township's edge
# three villages a township; on purpose: sound-alikes (青溪 and 清溪, 柳岭 and 柳凌), one name in two townships (东山),
# a name inside a longer one (东山, 东山岗子), a pair told apart by a side (上沟, 下沟), families (李家沟, 王家沟)
VILLAGES = (
    "东山村", "石桥村", "云岭村", "柳林村", "向阳岭村", "杏树沟村", "青溪村", "北岗子村", "枣树洼村", "李家沟村", "王家沟村", "南洼子村",
    "柳岭村", "松树台村", "白塔沟村", "上沟村", "下沟村", "黑石砬子村", "东山村", "东山岗子村", "杨树湾村", "清溪村", "梨树营子村",
    "大平房沟村", "西五家子村", "东五家子村", "红石崖村", "柳凌村", "双井子村", "榆树底村", "平安岭村", "五道沟村", "长山村",
    "新立屯村", "老虎洞沟村", "泉眼沟村", "杏花台村", "沙坨子村", "高台子村",
)  # fmt: skip
GROUPS = ("前街组", "后街组", "河沿屯", "岭下屯")
SPOTS = ("虚构一号采石场", "虚构砖厂", "虚构河湾水库", "虚构岭森林防火站", "虚构二号石灰石矿", "虚构大桥")
ALIASES = {
    "青溪村": "青溪|老青溪",
    "东山岗子村": "岗子",
    "大平房沟村": "平房沟",
    "长山村": "长山子",
    "虚构河湾水库": "河湾水库",
}


def plant_villages(ground: Ground) -> list[dict[str, str]]:
    """The rows of the gazetteer, in the order of the townships; `ground` is only read, its dice are not thrown."""
    dice = random.Random(SEED + 12)
    rows, groups, spots = [], iter(GROUPS), iter(SPOTS)
    for k, (code, town) in enumerate(TOWNS.items()):
        area = ground.towns[code]
        own = VILLAGES[3 * k : 3 * k + 3]
        rows.append(_row(town, "town", town, area.representative_point()))
        rows += [_row(name, "village", town, _point_in(area, dice)) for name in own]
        if k % 3 == 0 and (group := next(groups, None)):
            rows.append(_row(own[0] + group, "group", town, _point_in(area, dice)))
        if k % 2 == 1 and (spot := next(spots, None)):
            rows.append(_row(spot, "poi", town, _point_in(area, dice)))
    return rows


def write_gazetteer(path: Path, ground: Ground) -> None:
    """Write the gazetteer as CSV (UTF-8, degrees of EPSG:4490 to 6 decimals)."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(plant_villages(ground))


def _row(name: str, kind: str, town: str, point: BaseGeometry) -> dict[str, str]:
    degrees = to_degrees(point)
    cells = (name, kind, town, f"{degrees.x:.6f}", f"{degrees.y:.6f}", ALIASES.get(name, ""))
    return dict(zip(COLUMNS, cells, strict=True))


def _point_in(area: BaseGeometry, dice: random.Random) -> BaseGeometry:
    inner = area.buffer(-EDGE_M)
    return next(point for point in _points(inner, dice) if inner.contains(point))


def _points(area: BaseGeometry, dice: random.Random) -> Iterator[BaseGeometry]:
    left, bottom, right, top = area.bounds
    while True:
        yield shapely.Point(dice.uniform(left, right), dice.uniform(bottom, top))
