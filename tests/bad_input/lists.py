"""Lists of corner points: too few, miscounted, in mixed order, with heights, with secret parameters, half of it prose."""

# ruff: noqa: E501  (a case is one line)

from collections.abc import Sequence
from typing import Any

from tests.bad_input.case import SIDE_M, Case, degrees, spot, text_file

Corner = tuple[float, float]
NAMED = {"orig_no": "名称"}
GOOD, ALL = ("1", "3"), ("1", "2", "3")


def corners(k: int, n: int = 4) -> list[Corner]:
    """(north, east) of the corners of record k's square."""
    x, y = spot(k)
    half = SIDE_M / 2
    return [(y - half, x - half), (y - half, x + half), (y + half, x + half), (y + half, x - half)][:n]


def plot(k: int, points: Sequence[Sequence[object]] | None = None, name: str = "J") -> str:
    points = corners(k) if points is None else points
    return f"{k}\n" + "".join(f"{name}{n},{','.join(map(str, point))}\n" for n, point in enumerate(points, 1))


def second(name: str, middle: str, leads: Sequence[str] = GOOD, **outcome: Any) -> Case:
    """Two whole plots with this one between."""
    return Case(
        name,
        text_file("corners.txt", heading(plot(1)) + middle + heading(plot(3))),
        leads,
        **{"columns": NAMED} | outcome,
    )


def heading(text: str) -> str:
    return "图斑" + text


def named(*numbers: str) -> tuple[str, ...]:
    return tuple(f"图斑{k}" for k in numbers)


def listed(name: str, text: str, leads: Sequence[str], **outcome: Any) -> Case:
    return Case(name, text_file("corners.txt", text), leads, **{"columns": NAMED, "off_m": 1e9} | outcome)


WHOLE = "".join(heading(plot(k)) for k in (1, 2, 3))
EXCHANGE = (
    "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n投影类型=高斯克吕格\n计量单位=米\n带号=40\n精度=0.001\n转换参数={parameters}\n[地块坐标]\n{count},0.25,1,地块一,面,,,,@\n"
    + "".join(
        f"J{n},1,{north},{east + 40_000_000}\n" for n, (north, east) in enumerate([*corners(1), corners(1)[0]], 1)
    )
)
CLOSED = [*corners(2), corners(2)[0]]
CASES = [
    listed("whole", WHOLE, named(*ALL)),
    listed("two corners", heading(plot(1)) + heading(plot(2, corners(2, 2))) + heading(plot(3)), named(*GOOD), aside=("E10 不同的拐点不足 3 个",)),
    listed("one corner four times", heading(plot(1)) + heading(plot(2, corners(2, 1) * 4)) + heading(plot(3)), named(*GOOD), aside=("E10 不同的拐点不足 3 个",)),
    listed("east first", heading(plot(1, [point[::-1] for point in corners(1)])) + heading(plot(2)) + heading(plot(3)), named(*ALL)),
    listed("one corner swapped", heading(plot(1)) + heading(plot(2, [*corners(2, 3), corners(2)[3][::-1]])) + heading(plot(3)), named(*GOOD), aside=("E10 有 1 个拐点的坐标与其余各点不符",)),
    listed("a digit lost", heading(plot(1)) + heading(plot(2, [*corners(2, 3), (460310.0, 537200.0)])) + heading(plot(3)), named(*GOOD), aside=("E10 有 1 个拐点",)),
    listed("letters in a corner", heading(plot(1)) + heading(plot(2)).replace("J2,", "J2,46O") + heading(plot(3)), named(*GOOD), aside=("E10 第",)),
    listed("heights", heading(plot(1)) + heading(plot(2, [(*point, 250.5) for point in corners(2)])) + heading(plot(3)), named(*ALL), notes=("已去掉高程",)),
    listed("closed", heading(plot(2, CLOSED)), named("2")),
    listed("blanks between", WHOLE.replace(",", "  "), named(*ALL)),
    listed("tabs and full width", WHOLE.replace(",", "\t").replace("J", "Ｊ"), named(*ALL)),
    listed("zone prefix", "".join(heading(plot(k, [(north, east + 40_000_000) for north, east in corners(k)])) for k in (1, 2, 3)), named(*ALL), notes=("只有 EPSG:4528",)),
    listed("degrees", "".join(heading(plot(k, [degrees(k), degrees(k + 0.2), (degrees(k)[0], degrees(k)[1] + 0.0005)])) for k in (1, 2)), named("1", "2")),
    listed("crossed order", heading(plot(1, [corners(1)[i] for i in (0, 2, 1, 3)])), named("1"), notes=("make_valid",)),
    listed("exchange text", EXCHANGE.format(count=5, parameters=0), ("1",), columns={"orig_no": "地块编号"}),
    listed("stated count differs", EXCHANGE.format(count=9, parameters=0), ("1",), columns={"orig_no": "地块编号"}, notes=("文件写明 9 个点",)),
    listed("transformation parameters", EXCHANGE.format(count=5, parameters="1,2,3,4,5,6,7"), ("1",), columns={"orig_no": "地块编号"}, notes=("涉密",)),
    listed("Xian 80 stated", EXCHANGE.format(count=5, parameters=0).replace("2000国家大地", "1980西安"), (), columns={"orig_no": "地块编号"}, aside=("E9 ",)),
    listed("city's own system stated", EXCHANGE.format(count=5, parameters=0).replace("2000国家大地坐标系", "朝阳市独立坐标系"), ("1",), columns={"orig_no": "地块编号"}, notes=("请人工指定坐标系",)),
    listed("zone contradicts the eastings", EXCHANGE.format(count=5, parameters=0).replace("带号=40", "带号=39"), ("1",), columns={"orig_no": "地块编号"}, notes=("互相矛盾",)),
    listed("a line", EXCHANGE.format(count=5, parameters=0).replace(",面,", ",线,"), (), columns={"orig_no": "地块编号"}, aside=("E10 图形属性为线",)),
    listed("points", EXCHANGE.format(count=5, parameters=0).replace(",面,", ",点,"), ("1",) * 4, columns={"orig_no": "地块编号"}),
    listed("no corners after the heading", "[属性描述]\n坐标系=2000国家大地坐标系\n[地块坐标]\n4,0.25,1,地块一,面,,,,@\n", (), columns={"orig_no": "地块编号"}, aside=("E10 不同的拐点不足 3 个",)),
    listed("far from here", "".join(heading(plot(k, [(north - 1_500_000, east) for north, east in corners(k)])) for k in (1, 2)), (), aside=("E9 没有坐标系说明",) * 2),
    listed("prose after", WHOLE + "以上坐标由测绘队提供\n", named(*ALL), notes=("之后没有坐标",)),
]  # fmt: skip
