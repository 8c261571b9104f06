"""KML as map programs and phones write it: tables in descriptions, cut and mended files, odd coordinates, CAD drawings."""

# ruff: noqa: E501  (a case is one line)

from typing import Any

from tests.bad_input.case import (
    ANYWHERE,
    Case,
    frame,
    kml,
    outline,
    placemark,
    spoilt,
    square,
    text_file,
    vector,
    zipped,
)

GOOD, ALL = ("1", "3"), ("1", "2", "3")
NAMED = {"orig_no": "名称"}
CORNERS = [(round(lon, 7), round(lat, 7)) for lon, lat in square(2, crs="EPSG:4326").exterior.coords]


def second(name: str, coordinates: str, leads: tuple[str, ...] = GOOD, kind: str = "Polygon", **outcome: Any) -> Case:
    """Two whole placemarks with this one between."""
    write = kml(placemark(1), placemark(2, coordinates, kind), placemark(3))
    return Case(name, write, leads, columns=NAMED, **outcome)


def joined(between: str, inside: str = ",") -> str:
    return between.join(f"{lon}{inside}{lat}" for lon, lat in CORNERS)


def boundary(side: str, side_m: float) -> str:
    """The inner or outer boundary of record 2's polygon."""
    corners = " ".join(f"{lon},{lat}" for lon, lat in square(2, side_m, "EPSG:4326").exterior.coords)
    tag = f"{side}BoundaryIs"
    return f"<{tag}><LinearRing><coordinates>{corners}</coordinates></LinearRing></{tag}>"


TABLE = "<description><![CDATA[<table><tr><td>编号</td><td>{k}</td></tr><tr><td>类型</td><td>采石场</td></tr></table>]]></description>"
BARE = "<description><table><tr><td>编号<td>{k}</tr><br>采石 & 挖砂</table></description>"
BOMB = (
    '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY c{k} "{"&b;" * 10}">' for k in range(9))
    + "]>"
)
FILE = '<!DOCTYPE kml [<!ENTITY secret SYSTEM "file:///etc/hostname">]>'


def with_doctype(doctype: str, entity: str) -> Any:
    body = "".join(placemark(k, extra=f"<description>{entity}</description>") for k in (1, 2, 3))
    return text_file("areas.kml", f"<?xml version='1.0'?>{doctype}<kml><Document>{body}</Document></kml>")


CASES = [
    second("no coordinates", "", aside=("E10 图形没有坐标",)),
    second("words for coordinates", "东 北", aside=("E10 坐标中有无法读成数字的内容",)),
    second("two corners", joined(" ").rsplit(" ", 3)[0], aside=("E10 不同的点不足",)),
    second("latitude first", " ".join(f"{lat},{lon}" for lon, lat in CORNERS), aside=("E10 坐标不是经纬度",)),
    second("not a number", joined(" ") + " nan,nan", aside=("E10 坐标不是经纬度",)),
    second("huge", joined(" ") + " 1e308,1e308", aside=("E10 坐标不是经纬度",)),
    second("metres", "537200,4603100 537225,4603100 537225,4603125", aside=("E10 坐标不是经纬度",)),
    second("lengths differ", joined(" ") + " 1,2,3,4", aside=("E10 坐标分隔不清",)),
    second("blanks after commas", joined(" ", ", "), ALL),
    second("full-width commas", joined(" ", "，"), ALL),
    second("line breaks", joined("\n\t"), ALL),
    second("commas between all numbers", joined(","), ALL, notes=("已按数值重新分组",)),
    second("unclosed", joined(" ").rsplit(" ", 1)[0], ALL, notes=("多边形未闭合",)),
    second("line that closes", joined(" "), ALL, "LineString", notes=("首尾相接的线按面处理",)),
    second("line that nearly closes", joined(" ").rsplit(" ", 1)[0] + f" {CORNERS[0][0] + 1e-6},{CORNERS[0][1]}", ALL, "LineString", notes=("首尾接近",)),
    second("open line", joined(" ").rsplit(" ", 2)[0], GOOD, "LineString", aside=("E10 图形类型为 LineString",)),
    second("point", f"{CORNERS[0][0]},{CORNERS[0][1]}", ALL, "Point"),
    second("model", "", GOOD, "Model", aside=("E10 没有图形",)),
    Case("hole before its outline", kml(placemark(1), f"<Placemark><name>2</name><Polygon>{boundary('inner', 10)}{boundary('outer', 50)}</Polygon></Placemark>"), ("1", "2"), columns=NAMED),
    Case("only a hole", kml(placemark(1), f"<Placemark><name>2</name><Polygon>{boundary('inner', 10)}</Polygon></Placemark>"), ("1",), ("E10 多边形只有内边界",), columns=NAMED),
    Case("no geometry", kml(placemark(1), "<Placemark><name>2</name></Placemark>", placemark(3)), GOOD, ("E10 没有图形",), columns=NAMED),
    Case("table in the description", kml(*(placemark("图斑", " ".join(f"{x},{y}" for x, y in square(k, crs="EPSG:4326").exterior.coords), extra=TABLE.format(k=k)) for k in (1, 2, 3))), ALL, columns={"orig_no": "编号", "activity": "类型"}),
    Case("bare HTML in the description", kml(*(placemark(k, extra=BARE.format(k=k)) for k in (1, 2, 3))), ALL, columns=NAMED, notes=("不符合 XML 规范",)),
    Case("bare ampersand", kml(*(placemark(k, extra="<description>采石 & 挖砂</description>") for k in (1, 2, 3))), ALL, columns=NAMED, notes=("不符合 XML 规范",)),
    Case("no namespace", spoilt(kml(*map(placemark, (1, 2, 3))), lambda path: path.write_text(path.read_text("utf-8").replace(' xmlns="http://www.opengis.net/kml/2.2"', ""), "utf-8")), ALL, columns=NAMED),
    Case("prefix never declared", spoilt(kml(*map(placemark, (1, 2, 3)), head="<gx:Tour/>"), str), ALL, columns=NAMED, notes=("不符合 XML 规范",)),
    Case("network link only", kml("<NetworkLink><Link><href>http://example.com/x.kml</href></Link></NetworkLink>"), columns={}, notes=("网络链接", "没有地标")),
    Case("no placemarks", kml(), columns={}, notes=("没有地标",)),
    Case("no root, placemarks alone", text_file("areas.kml", placemark(1)), ("1",), columns=NAMED),
    Case("entity bomb", with_doctype(BOMB, "&c0;&c1;"), ALL, columns=NAMED),
    Case("entity that reads a file", with_doctype(FILE, "&secret;"), ALL, columns=NAMED),
    Case("cut inside a placemark", text_file("areas.kml", "<kml><Document>" + placemark(1) + placemark(3) + placemark(2)[:-60]), GOOD, ("E11 文件在此处中断",), columns=NAMED, notes=("文件不完整",)),
    Case("several kml in a kmz", zipped("areas.kmz", kml(placemark(1), name="a.kml"), kml(placemark(2), name="b.kml")), ("1",), columns=NAMED, notes=("有多个 KML",)),
    Case("kmz bomb", zipped("areas.kmz", text_file("doc.kml", "<kml>" + " " * 3_000_000 + "</kml>")), columns=NAMED, refused="压缩比超过"),
    Case("ov tags inside", kml(*map(placemark, (1, 2, 3)), head="<OvCoordType>GCJ02</OvCoordType>"), ALL, columns=NAMED, notes=("GCJ-02", "自述坐标类型")),
    Case("drawing of closed lines", vector("areas.dxf", frame(shapes=[outline(k) for k in (1, 2, 3)]).drop(columns="no"), driver="DXF"), ("", "", ""), columns={}, off_m=ANYWHERE, notes=("首尾相接",)),
    Case("10,000 nested folders", kml("<Folder>" * 10_000 + placemark(1) + "</Folder>" * 10_000), columns=NAMED, notes=("没有地标",)),
    Case("200 nested folders", kml("<Folder>" * 200 + placemark(1) + "</Folder>" * 200), ("1",), columns=NAMED),
]  # fmt: skip
