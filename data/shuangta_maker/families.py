"""The planted families: each a situation that offices meet, far enough from the others that only its own rules fire."""

import itertools

import shapely

from shuangta_maker.ground import Ground
from shuangta_maker.records import Record, change, square, turned

LISTED, KNOWN, ASIDE, INFORMATION = "listed", "known", "set_aside", "information"


def plant_families(ground: Ground) -> list[Record]:
    """Every family once or a few times; fillers come on top."""
    records: list[Record] = []
    for plant in (
        _on_layers, _edges_of_layers, _too_small, _protected, _borders, _permits_and_dates, _faults, _same_place, _growth,
        _neighbours, _points, _words, _cases, _known_lists, _real_water,
    ):  # fmt: skip
        records += plant(ground)
    return records


def _on_layers(ground: Ground) -> list[Record]:
    found = []
    for period in ("2019-2020", "2020-2021", "2021-2022"):
        for code in ("1108", "1101", "1106", "1104"):
            x, y = ground.take_cell()
            ground.wetland(ground.blob(x, y), code)
            found.append(
                change(
                    "湿地新增",
                    turned(x, y, 50, 40),
                    period,
                    outcome=LISTED,
                    relation="new",
                    wetland_m2=2000,
                    forest_m2=0,
                    priority=2,
                )
            )
        for grade, priority in (("1", 2), ("2", 2), ("3", 3), ("4", 3)):
            x, y = ground.take_cell()
            ground.forest(ground.blob(x, y), grade)
            found.append(
                change(
                    "林地新增",
                    turned(x, y, 60),
                    period,
                    outcome=LISTED,
                    relation="new",
                    forest_m2=3600,
                    wetland_m2=0,
                    priority=priority,
                )
            )
        x, y = ground.take_cell()
        ground.grass(ground.blob(x, y))
        found.append(
            change(
                "草地新增",
                turned(x, y, 45),
                period,
                activity="养殖场",
                outcome=LISTED,
                relation="new",
                grassland_m2=2025,
                priority=3,
            )
        )
        x, y = ground.take_cell()
        ground.grass(ground.blob(x, y))
        ground.lay("redline", square(x, y, 500), HXMC="虚构生态保护红线")
        found.append(
            change("红线内", turned(x, y, 45), period, outcome=LISTED, relation="new", grassland_m2=2025, priority=2)
        )
    return found  # fmt: skip


def _edges_of_layers(ground: Ground) -> list[Record]:
    found = []
    for period in ("2019-2020", "2021-2022"):
        x, y = ground.take_cell()
        ground.wetland(shapely.box(x, y - 200, x + 300, y + 200))
        found.append(
            change("一半在湿地", square(x, y, 60), period, outcome=LISTED, relation="new", wetland_m2=1800, priority=2)
        )
        x, y = ground.take_cell()
        ground.wetland(shapely.box(x + 29.5, y - 200, x + 300, y + 200))
        found.append(change("仅碎屑重叠", square(x, y, 60), period, outcome=ASIDE, reason="E4"))
        x, y = ground.take_cell()
        ground.wetland(shapely.box(x + 35, y - 200, x + 300, y + 200))
        found.append(change("距湿地5米", square(x, y, 60), period, outcome=ASIDE, reason="E4"))
        x, y = ground.take_cell()
        ground.wetland(ground.blob(x, y), "1104A")
        found.append(change("仅在养殖坑塘", turned(x, y, 60), period, outcome=ASIDE, reason="E4"))
        x, y = ground.take_cell()
        found.append(change("不在任何图层", turned(x, y, 60), period, outcome=ASIDE, reason="E4"))
        x, y = ground.take_cell()
        ground.forest(ground.blob(x, y))
        ground.wetland(ground.blob(x, y))
        found.append(
            change(
                "林湿重叠",
                turned(x, y, 50),
                period,
                outcome=LISTED,
                relation="new",
                forest_m2=2500,
                wetland_m2=2500,
                priority=2,
            )
        )
    return found  # fmt: skip


def _too_small(ground: Ground) -> list[Record]:
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    small = [change("建设类过小", turned(x, y, 12), outcome=ASIDE, reason="E3")]
    x, y = ground.take_cell()
    ground.wetland(ground.blob(x, y))
    small.append(change("湿地上无下限", turned(x, y, 12), outcome=LISTED, relation="new", wetland_m2=144, priority=3))
    x, y = ground.take_cell()
    ground.grass(ground.blob(x, y))
    small.append(change("其他类过小", turned(x, y, 20, 15), activity="开荒", outcome=ASIDE, reason="E3"))
    return small


def _protected(ground: Ground) -> list[Record]:
    """A forest park with three zones (columns 0–3) and a geopark (columns 3–4) that lie over each other in column 3."""
    cells = ground.block
    zones = {"核心区": (0, 1), "缓冲区": (2,), "实验区": (3,)}
    for zone, columns in zones.items():
        shape = shapely.union_all([cells[c, r] for c in columns for r in range(4)])
        ground.lay("protected", shape, BHDMC="虚构云台森林公园", JB="国家级", GNQ=zone)
    geopark = shapely.union_all([cells[c, r] for c in (3, 4) for r in range(4)])
    ground.lay("protected", geopark, BHDMC="虚构石林地质公园", JB="省级", GNQ="")
    found = []

    def plant(column: int, row: int, family: str, activity: str, priority: int, **truth: object) -> None:
        centre = cells[column, row].centroid
        shape = turned(centre.x, centre.y, 50)
        found.append(change(family, shape, activity=activity, outcome=LISTED, relation="new", protected_area_m2=2500,
                            priority=priority, **truth))  # fmt: skip

    plant(0, 0, "核心区", "采矿", 1, wetland_m2=0)
    plant(2, 0, "缓冲区", "施工便道", 1)
    plant(3, 0, "两个保护地重叠", "施工便道", 2)
    plant(3, 1, "重点类在实验区", "采砂场", 1)
    plant(4, 0, "未分区保护地", "民宿", 2)
    marsh = cells[4, 2].centroid
    ground.wetland(ground.blob(marsh.x, marsh.y))
    plant(4, 2, "保护地内沼泽", "采砂场", 1, wetland_m2=2500)
    centre = cells[1, 2].centroid
    found.append(
        change(
            "核心区无下限",
            turned(centre.x, centre.y, 10),
            outcome=LISTED,
            relation="new",
            protected_area_m2=100,
            priority=1,
        )
    )
    return found  # fmt: skip


def _borders(ground: Ground) -> list[Record]:
    found = []
    for cell in ground.straddling[:2]:
        centre = cell.centroid
        shape = turned(centre.x, centre.y, 60)
        ground.forest(square(centre.x, centre.y, 300))
        found.append(
            change(
                "跨两个乡镇",
                shape,
                outcome=LISTED,
                relation="new",
                forest_m2=3600,
                priority=3,
                town=ground.town_of(shape),
            )
        )
    x, y, nx, ny = _calm_border(ground)
    ground.forest(square(x, y, 700))
    inside = turned(x - 15 * nx, y - 15 * ny, 60)
    found.append(change("部分在区外", inside, outcome=LISTED, relation="new", forest_m2=3600, priority=3))
    outside = turned(x + 200 * nx, y + 200 * ny, 60)
    found.append(change("在区外", outside, outcome=ASIDE, reason="E1"))
    return found


def _calm_border(ground: Ground) -> tuple[float, float, float, float]:
    """The middle of the longest straight piece of the outline that is far from real water, and its outward normal."""
    corners = list(ground.outline.exterior.coords)
    wet = shapely.union_all([*ground.water, *(river.buffer(40) for river in ground.rivers)])
    sides = sorted(itertools.pairwise(corners), key=lambda side: -shapely.LineString(side).length)
    for (x0, y0), (x1, y1) in sides:
        x, y, length = (x0 + x1) / 2, (y0 + y1) / 2, shapely.LineString([(x0, y0), (x1, y1)]).length
        nx, ny = (y1 - y0) / length, -(x1 - x0) / length
        if ground.outline.contains(shapely.Point(x + nx, y + ny)):
            nx, ny = -nx, -ny
        if wet.distance(shapely.Point(x, y)) > 800 and min(
            town.boundary.difference(ground.outline.boundary.buffer(5)).distance(shapely.Point(x, y))
            for town in ground.towns.values()
        ) > 300:  # fmt: skip
            return round(x), round(y), nx, ny
    raise RuntimeError("no calm border")


def _permits_and_dates(ground: Ground) -> list[Record]:
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    ground.lay("permit", square(x, y, 200), WH="虚构林资许〔2019〕0号", MC="虚构某某用林许可")
    found = [
        change(
            "有合法手续",
            turned(x, y, 60),
            outcome=LISTED,
            relation="new",
            forest_m2=3600,
            permits="虚构林资许〔2019〕0号",
        )
    ]
    for period, outcome, truth in (
        ("2020-2021", LISTED, {"wetland_m2": 2500, "relation": "new", "vintage_ok": True}),
        ("2021-2022", ASIDE, {"reason": "E4"}),
    ):
        x, y = ground.take_cell()
        ground.wetland(ground.blob(x, y), versions=("2018",))
        found.append(change("只在旧版湿地", turned(x, y, 50), period, outcome=outcome, **truth))
    x, y = ground.take_cell()
    ground.wetland(ground.blob(x, y))
    found.append(change("早于所有版本", turned(x, y, 50), "2019-2020", words={"prev": "2018.03"}, outcome=LISTED,
                        relation="new", wetland_m2=2500, vintage_ok=False))  # fmt: skip
    return found  # fmt: skip


def _faults(ground: Ground) -> list[Record]:
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    bow = shapely.Polygon([(x, y), (x + 40, y + 40), (x + 40, y), (x, y + 40)])
    found = [change("自相交", bow, "2021-2022", outcome=LISTED, relation="new", forest_m2=800, repaired=True)]
    found.append(change("没有图形", None, "2021-2022", outcome=ASIDE, reason="E10"))
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    twice = change("重复行", turned(x, y, 60), "2021-2022", outcome=LISTED, relation="new", forest_m2=3600)
    found += [
        twice,
        twice.but(family="重复行（第二次）", truth={"outcome": ASIDE, "reason": "E5"}, words={"as": "重复行"}),
    ]
    return found


def _same_place(ground: Ground) -> list[Record]:
    found = []
    for k in range(6):
        x, y = ground.take_cell()
        ground.forest(ground.blob(x, y))
        first = change("省推送重复", turned(x, y, 60), outcome=LISTED, relation="new", forest_m2=3600, group=f"推送{k}")
        found += [first, first.but(source="pushed_province")]
    for k in range(4):
        x, y = ground.take_cell()
        ground.grass(ground.blob(x, y))
        truth = {"outcome": LISTED, "relation": "new", "group": f"重绘{k}"}
        found.append(change("次年重绘", turned(x, y, 50), **truth))
        found.append(change("次年重绘", turned(x + 3, y + 2, 51, 50), "2021-2022", **truth))
    return found


def _growth(ground: Ground) -> list[Record]:
    found = []
    for k in range(4):
        x, y = ground.take_cell()
        ground.forest(ground.blob(x, y))
        truth = {
            "outcome": LISTED,
            "relation": "new",
            "group": f"三年扩大{k}",
            "forest_m2": 60 * 60 + 40 * 60 + 30 * 60,
        }
        found.append(change("三年沿共同边扩大", square(x, y, 60), "2019-2020", **truth))
        found.append(change("三年沿共同边扩大", shapely.box(x + 30, y - 30, x + 70, y + 30), "2020-2021", **truth))
        found.append(change("三年沿共同边扩大", shapely.box(x + 70, y - 30, x + 100, y + 30), "2021-2022", **truth))
    return found


def _neighbours(ground: Ground) -> list[Record]:
    found = []
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    truth = {"outcome": LISTED, "relation": "new"}
    found.append(change("仅角点相接", square(x, y, 60), "2019-2020", group="角甲", **truth))
    found.append(change("仅角点相接", square(x + 60, y + 60, 60), "2020-2021", group="角乙", **truth))
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    found.append(change("相距12米", _hand_drawn(x - 36, y), "2019-2020", needs_review=True, group="近甲", **truth))
    found.append(change("相距12米", _hand_drawn(x + 36, y), "2020-2021", needs_review=True, group="近乙", **truth))
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    found.append(change("同地不同活动", turned(x, y, 60), "2020-2021", needs_review=True, group="异甲", **truth))
    found.append(
        change(
            "同地不同活动", turned(x, y, 60), "2021-2022", activity="养殖场", needs_review=True, group="异乙", **truth
        )
    )
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    found.append(change("采坑旁的道路", square(x, y, 60), "2020-2021", group="坑", needs_review=False, **truth))
    found.append(change("采坑旁的道路", shapely.box(x + 30, y - 100, x + 38, y + 100), "2021-2022", activity="施工便道", group="路",
                        needs_review=False, **truth))  # fmt: skip
    return found


def _hand_drawn(x: float, y: float) -> shapely.Polygon:
    """60 m wide with straight left and right sides and slanting ends: no grid cut it."""
    return shapely.Polygon(
        [(x - 30, y - 20), (x, y - 34), (x + 30, y - 20), (x + 30, y + 20), (x, y + 34), (x - 30, y + 20)]
    )


def _point(source: str, family: str, x: float, y: float, **truth: object) -> Record:
    activity = str(truth.pop("activity", "采石场"))
    words = truth.pop("words", {})
    return Record(source, family, shapely.Point(x, y), activity=activity, words=words, truth=truth)  # type: ignore[arg-type]


def _points(ground: Ground) -> list[Record]:
    found = []
    for k in range(3):
        x, y = ground.take_cell()
        ground.forest(ground.blob(x, y))
        truth = {"outcome": LISTED, "relation": "new", "group": f"点入面{k}", "needs_review": False}
        found.append(change("点距图斑15米", square(x, y, 60), **truth))
        found.append(_point("greenshield", "点距图斑15米", x + 45, y, **truth))
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    found.append(change("点距图斑45米", square(x, y, 60), outcome=LISTED, needs_review=True, group="点外甲"))
    found.append(_point("greenshield", "点距图斑45米", x + 75, y, outcome=LISTED, needs_review=True, group="点外乙"))
    for _ in range(12):
        x, y = ground.take_cell()
        ground.wetland(ground.blob(x, y))
        found.append(
            _point(
                "greenshield",
                "湿地上的单独点位",
                x,
                y,
                outcome=LISTED,
                relation="new",
                wetland_m2=0,
                needs_review=False,
            )
        )
    for _ in range(4):
        x, y = ground.take_cell()
        found.append(_point("greenshield", "不在图层的点位", x, y, outcome=ASIDE, reason="E4"))
    x, y = ground.take_cell()
    ground.wetland(ground.blob(x, y))
    truth = {"outcome": LISTED, "relation": "new", "group": "两点", "needs_review": False}
    found += [
        _point("greenshield", "两点相距30米", x, y, **truth),
        _point("greenshield", "两点相距30米", x + 30, y, **truth),
    ]
    found.append(
        Record(
            "greenshield",
            "经度不可读",
            None,
            words={"lon": "不详", "lat": "41°30′"},
            truth={"outcome": ASIDE, "reason": "E9"},
        )
    )
    return found  # fmt: skip


def _words(ground: Ground) -> list[Record]:
    found = []
    for word in ("缩小", "复绿", "未变化"):
        x, y = ground.take_cell()
        ground.forest(ground.blob(x, y))
        found.append(change("恢复或无变化", turned(x, y, 60), "2021-2022", change=word, outcome=INFORMATION))
    for word in ("临建点", "看着像料场"):
        x, y = ground.take_cell()
        ground.grass(ground.blob(x, y))
        found.append(
            change("未知活动词", turned(x, y, 30), activity=word, outcome=LISTED, relation="new", grassland_m2=900)
        )
    x, y = ground.take_cell()
    ground.wetland(ground.blob(x, y))
    found.append(change("信访点旁的图斑", square(x, y, 60), outcome=LISTED, needs_review=True, group="访甲"))
    found.append(
        _point(
            "petitions",
            "图斑旁的信访点",
            x + 70,
            y,
            outcome=LISTED,
            needs_review=True,
            group="访乙",
            words={"from": "XF"},
        )
    )
    x, y = ground.take_cell()
    ground.wetland(ground.blob(x, y))
    found.append(_point("petitions", "媒体点单独在湿地", x, y, outcome=LISTED, relation="new", words={"from": "MT"}))
    for k in range(14):
        source = ("XF", "JB", "MT")[k % 3]
        found.append(
            Record("petitions", "没有坐标", None, words={"from": source}, truth={"outcome": ASIDE, "reason": "E9"})
        )
    return found


def _cases(ground: Ground) -> list[Record]:
    """Known outlines, open and closed, and what the later years saw of them."""
    found = []

    def known(family: str, shape: shapely.Geometry, state: str, closed: str = "") -> Record:
        words = {"state": state, "closed": closed}
        return Record("known_outlines", family, shape, words=words, truth={"outcome": KNOWN, "case": family})

    for name, state, closed in (("原地未变", "整改中", ""), ("沿边扩大", "整改中", ""), ("已销号后反弹", "已销号", "2020-06-30"),
                                ("紧邻未办结", "整改中", ""), ("覆盖并扩大", "未整改", "")):  # fmt: skip
        x, y = ground.take_cell()
        ground.forest(ground.blob(x, y))
        found.append(known(name, square(x, y, 60), state, closed))
        if name == "原地未变":
            found.append(change(name, square(x + 1, y, 60), outcome=KNOWN, relation="same", known=name))
        if name == "沿边扩大":
            found.append(
                change(name, shapely.box(x + 30, y - 30, x + 80, y + 30), outcome=LISTED, relation="grown", known=name)
            )
        if name == "已销号后反弹":
            found.append(
                change(
                    name, square(x + 10, y, 40), "2021-2022", outcome=LISTED, relation="rebound", priority=1, known=name
                )
            )
        if name == "紧邻未办结":
            found.append(change(name, square(x + 72, y + 20, 60), outcome=LISTED, relation="adjacent", known=name))
        if name == "覆盖并扩大":
            found.append(
                change(name, shapely.box(x - 30, y - 30, x + 90, y + 30), outcome=LISTED, relation="grown", known=name)
            )
    x, y = ground.take_cell()
    found.append(known("图层外的已知问题", square(x, y, 60), "整改中"))
    return found


def _known_lists(ground: Ground) -> list[Record]:
    """The old workbook of points, and Green Shield points that bear an old state."""
    found = []
    x, y = ground.take_cell()
    ground.forest(ground.blob(x, y))
    words = {"state": "整改中", "name": "虚构某某石料场"}
    found.append(_point("known_ledger", "旧台账点", x + 40, y, outcome=KNOWN, case="旧台账点", words=words))
    found.append(change("旧台账点", square(x, y, 60), outcome=KNOWN, relation="same", known="旧台账点"))
    for k in range(9):
        x, y = ground.take_cell()
        state = ("已销号", "整改中", "完成整改")[k % 3]
        words = {"state": state, "closed": "2020-11-20" if state == "已销号" else "", "name": f"虚构某某厂{k + 1}"}
        found.append(_point("known_ledger", "旧台账其他点", x, y, outcome=KNOWN, words=words))
    for k in range(6):
        x, y = ground.take_cell()
        words = {"state": "已销号" if k % 2 else "整改中", "closed": "2020-03-15" if k % 2 else ""}
        found.append(_point("greenshield", "绿盾已有状态", x, y, outcome=KNOWN, words=words))
    return found


def _real_water(ground: Ground) -> list[Record]:
    """Two leads on the real water: one in a water body, one in the river's width."""
    body = max(ground.water, key=lambda shape: shape.intersection(ground.outline).area).intersection(ground.outline)
    centre = body.buffer(-30).representative_point()
    found = []
    if body.contains(turned(centre.x, centre.y, 20)):
        found.append(change("真实水体", turned(centre.x, centre.y, 20), outcome=LISTED, wetland_m2=400))
    river = ground.rivers[0].intersection(ground.outline.buffer(-600))
    longest = max(shapely.get_parts(river), key=lambda part: part.length)
    point = longest.interpolate(0.5, normalized=True)
    found.append(change("真实河流", turned(point.x, point.y, 20), outcome=LISTED, wetland_m2=400))
    return found
