"""Corner-point lists (拐点坐标) as surveyors and CAD write them, plain or in the national exchange layout, as plots."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import shapely

from pipeline.intake.coordinates.degrees import HALF_CIRCLE, parse_number
from pipeline.intake.formats.shapes import Shaped, usable
from pipeline.intake.reading import HowToRead, Reading, Record
from pipeline.intake.words.codes import tidy_word
from pipeline.text import say

NORTHING_M = (2_000_000.0, 6_000_000.0)  # of China, from the equator
EASTING_M = (100_000.0, 1_000_000.0)  # without a zone number
ZONE_M = 1_000_000  # what a zone number in front of an easting counts
ZONES = {3: range(25, 46), 6: range(13, 24)}  # of China, by width in degrees
LAT, LON = (3.0, 54.0), (73.0, 136.0)  # degrees, of China
NEAR_DEGREES, NEAR_M = 1e-5, 1.0  # a first corner repeated with another rounding
RING_CORNERS = 3
SECTIONS = ("[属性描述]", "[地块坐标]")
PLOT_COLUMNS = ("点数", "面积(公顷)", "地块编号", "地块名称", "图形属性", "图幅号", "地块用途", "地类编码")


class Datum(NamedTuple):
    """EPSG codes of a datum: of its degrees, and of its first zone by width, eastings with and without zone number."""

    degrees: int
    numbered: dict[int, int]
    plain: dict[int, int]


DATUMS = {  # by what stands in the name: 2000国家大地坐标系, 1980西安坐标系, 1954北京坐标系
    "2000": Datum(4490, {3: 4513, 6: 4491}, {3: 4534, 6: 4502}),
    "80": Datum(4610, {3: 2349, 6: 2327}, {3: 2370, 6: 2338}),
    "54": Datum(4214, {3: 2401, 6: 21413}, {3: 2422, 6: 21453}),
}
OWN_SYSTEM = re.compile("独立|地方|城市|任意|假定")

_SIGNS = str.maketrans({"″": '"', "º": "°", "˚": "°", "\ufeff": ""})  # NFKC would tear these apart
_LINE_END = re.compile(r"\r*\n|\r")
_FILE_WORD = re.compile(
    r"(坐标系\w*|\w*分带|投影类型|计量单位|带号|中央子午线|精度|转换参数|格式版本号|数据\w+)\s*[=:]\s*(.*)"
)
_PAIR = re.compile(r"([^=]+?)\s*=\s*(.*)")
_NUMBER = re.compile(r"(?:[XxYy]\s*[=:]\s*)?([+-]?\d{1,12}(?:\.\d{0,20})?)")
_CORNER_NAME = re.compile(r"(?:[A-Za-z]{0,3}|点|拐点|界址点)\d{1,5}(?:[-_]\d+)?|")
_CORNER_TITLE = re.compile(r"点号|点名|拐点|界址点|桩号|圈号|顶点")
_TITLE = re.compile(r"[XYxy]\b|[XYxy]坐标|坐标|经度|纬度|东经|北纬|序号|编号|高程|[Ll]on|[Ll]at")
_IDEOGRAPH = re.compile(r"[\u4e00-\u9fff]")


class Corner(NamedTuple):
    """One line of a list: its two numbers as written, not yet told north from east."""

    name: str
    ring: int
    position: tuple[float, float]
    has_height: bool


@dataclass
class Plot:
    """A plot while its lines are gathered: rings of corners, and the lines that could not be read."""

    row: int
    words: dict[str, str]
    rings: list[list[Corner]] = field(default_factory=list)
    unread_rows: list[int] = field(default_factory=list)
    is_ring_closed: bool = True

    def add(self, corner: Corner) -> None:
        """The corner to the open ring, or to a new one where the last has closed or another number or name begins."""
        ring = self.rings[-1] if self.rings else []
        is_full = len(ring) >= RING_CORNERS
        is_named_first = is_full and corner.name != "" and ring[0].name == corner.name != ring[-1].name
        is_back = is_full and (ring[0].position == corner.position or (is_named_first and _is_near(ring[0], corner)))
        if self.is_ring_closed or ring[0].ring != corner.ring or (is_named_first and not is_back):
            self.rings.append([corner])
            self.is_ring_closed = False
        else:
            ring.append(corner)
            self.is_ring_closed = is_back


def is_corners(text: str) -> bool:
    """Whether a text is a list of corner points, not a table of point leads or anything else."""
    lines = [line for line in _lines(text) if line]
    if any(line in SECTIONS for line in lines):
        return True
    corners = [corner for line in lines if (corner := _corner(line)) and _CORNER_NAME.fullmatch(corner.name)]
    if len(corners) < RING_CORNERS or 2 * len(corners) < len(lines):
        return False
    titles = [line for line in lines if _is_titles(line)]
    is_numbered_j = all(re.fullmatch(r"[Jj]\d+", corner.name) for corner in corners)
    return not titles or is_numbered_j or any(_CORNER_TITLE.search(line) for line in titles)


def read_corners(text: str, file: str, how: HowToRead) -> Reading:
    """Every plot of a corner-point list: polygons as (east, north) in metres or (lon, lat) in degrees.

    `crs` is set only where the datum and zone the header names agree with the eastings. Never raises: a plot that
    cannot be read is a record with its fault. Plot lines and [sections] are those of the national 勘测定界 exchange text.
    """
    plots, header, left_rows = _plots(text)
    language = how.language
    records, easts = [], []
    for plot in plots:
        shaped = _shape(plot, language)
        records.append(Record(plot.row, None, plot.words, shaped.shape, shaped.fault, shaped.notes))
        if shaped.shape is not None:
            easts += shapely.get_coordinates(shaped.shape)[:, 0].tolist()
    crs = _crs(header, easts)
    notes = []
    if shown := [f"{key}={value}" for key, value in header.items() if value and "参数" not in key]:
        notes.append(say(language, "corners.header", header="，".join(shown) if language == "zh" else ", ".join(shown)))
    if any(re.search("[1-9]", value) for key, value in header.items() if "参数" in key):
        notes.append(say(language, "corners.parameters"))  # they are secret: never repeated
    if crs is None and any("坐标系" in key for key in header):
        notes.append(say(language, "corners.no_crs"))
    if left_rows:
        notes.append(say(language, "corners.lines_left", rows=", ".join(map(str, left_rows))))
    columns = tuple(dict.fromkeys(title for record in records for title in record.words))
    return Reading(file, None, say(language, "corners.format"), records, columns, crs, notes=tuple(notes))


def _lines(text: str) -> list[str]:
    return [tidy_word(line.translate(_SIGNS)) for line in _LINE_END.split(text)]


def _plots(text: str) -> tuple[list[Plot], dict[str, str], list[int]]:
    """(plots, what the header says of the file, rows of headings that no corners follow)."""
    plots: list[Plot] = []
    header: dict[str, str] = {}
    heading: dict[int, str] = {}  # by row
    lines = _lines(text)
    is_double_spaced = len(lines) > 2 * RING_CORNERS and not any(lines[1::2])
    section, is_open, is_gap = "", False, False
    for row, line in enumerate(lines, 1):
        if not line:
            is_gap = not is_double_spaced
            continue
        corner = _corner(line)
        pair = (_PAIR if section == SECTIONS[0] else _FILE_WORD).fullmatch(line)
        if line in SECTIONS:
            section, is_open = line, False
        elif line.rstrip(" ,").endswith("@"):
            plots.append(Plot(row, _plot_words(line)))
            is_open = True
        elif corner or (_is_broken_corner(line, is_open) and not pair):
            if not is_open or (is_gap and not _goes_on(plots[-1], corner)):
                plots.append(Plot(min(heading, default=row), {"名称": " ".join(heading.values())} if heading else {}))
                heading, is_open = {}, True
            plots[-1].add(corner) if corner else plots[-1].unread_rows.append(row)
        elif pair:
            header[pair[1]] = pair[2]
        else:
            is_open = False
            if not _is_titles(line):
                heading[row] = line
        is_gap = False
    return plots, header, list(heading)


def _plot_words(line: str) -> dict[str, str]:
    cells = [cell.strip() for cell in line.rstrip(" ,").removesuffix("@").split(",")]
    words = dict(zip(PLOT_COLUMNS, cells, strict=False))
    words["其他"] = " ".join(cells[len(PLOT_COLUMNS) :]).strip()
    return {title: cell for title, cell in words.items() if cell}


def _goes_on(plot: Plot, corner: Corner | None) -> bool:
    """Whether a corner after a blank line still belongs to the plot: its corners are counted, or its ring is a later."""
    if "点数" in plot.words:
        return True
    return corner is not None and bool(plot.rings) and corner.ring > plot.rings[-1][0].ring


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"[,;\t、]", line.rstrip(" ,;"))]


def _corner(line: str) -> Corner | None:
    """name, X, Y – name, ring, X, Y – X, Y; a height after them is left away."""
    return _corner_of(_cells(line)) or _corner_of(re.split(r"[\s,;、]+", line.strip(" ,;")))


def _corner_of(cells: list[str]) -> Corner | None:
    numbers = [_number(cell) for cell in cells]
    pairs = [_is_plausible(a, b) for a, b in pairwise(numbers)]
    count, ring = len(cells), 1
    at = 0 if count == 2 else 1  # where the pair begins
    if count == 3 and numbers[0] is not None and ((pairs[0] and not pairs[1]) or "." in cells[0]):
        at = 0
    elif count in (4, 5) and re.fullmatch(r"[0-9]{1,3}", cells[1]) and (pairs[2] or not pairs[1]):
        at, ring = 2, int(cells[1])
    if not at + 2 <= count <= at + 3 or None in numbers[at:]:
        return None
    first, second, *height = (number for number in numbers[at:] if number is not None)
    return Corner(cells[0] if at else "", ring, (first, second), bool(height))


def _number(cell: str) -> float | None:
    if match := _NUMBER.fullmatch(cell):
        return float(match[1])
    coordinate = parse_number(cell) if "°" in cell or "度" in cell else None
    return None if coordinate is None else coordinate.value


def _is_plausible(a: float | None, b: float | None) -> bool:
    return a is not None and b is not None and (_is_north_east(a, b) or _is_north_east(b, a))


def _is_north_east(north: float, east: float) -> bool:
    """Whether two numbers are a northing and an easting, or a latitude and a longitude, in China."""
    if LAT[0] <= north <= LAT[1] and LON[0] <= east <= LON[1]:
        return True
    zone, east_m = divmod(east, ZONE_M)
    is_zone = zone == 0 or any(zone in zones for zones in ZONES.values())
    return NORTHING_M[0] <= north <= NORTHING_M[1] and is_zone and EASTING_M[0] <= east_m <= EASTING_M[1]


def _is_near(a: Corner, b: Corner) -> bool:
    gap = max(abs(a.position[i] - b.position[i]) for i in (0, 1))
    return gap <= (NEAR_DEGREES if max(map(abs, a.position)) <= HALF_CIRCLE else NEAR_M)


def _is_broken_corner(line: str, is_open: bool) -> bool:
    """Whether a line was meant as a corner: begins with a point name or number, and no heading follows."""
    name, *rest = re.split(r"[\s,;、]+", line, maxsplit=1)
    if not name or not (_CORNER_NAME.fullmatch(name) or _NUMBER.fullmatch(name)):
        return False
    if not rest:
        return is_open
    return bool(re.search(r"\d{4}|\d\.\d", rest[0])) or not _IDEOGRAPH.search(rest[0])


def _is_titles(line: str) -> bool:
    cells = [cell for cell in re.split(r"[\s,;、]+", line) if cell]
    titled = [cell for cell in cells if _TITLE.search(cell) or _CORNER_TITLE.search(cell)]
    return len(titled) > 1 and not re.search(r"\d", line)


def _shape(plot: Plot, language: str) -> Shaped:
    """The plot as (east, north) or (lon, lat), north told from east by value; the count its words state is checked."""
    corners = [corner for ring in plot.rings for corner in ring]
    notes = []
    closing = sum(len(ring) > 1 and ring[0].position == ring[-1].position for ring in plot.rings)
    stated = plot.words.get("点数", "")
    if re.fullmatch("[0-9]{1,9}", stated) and int(stated) not in (len(corners), len(corners) - closing):
        notes.append(say(language, "corners.count_differs", stated=stated, n=len(corners)))
    if plot.unread_rows:
        return _fault(language, "lines_unread", notes, rows=", ".join(map(str, plot.unread_rows)))
    if any(corner.has_height for corner in corners):
        notes.append(say(language, "corners.heights_dropped"))
    positions = [[corner.position for corner in ring] for ring in plot.rings]
    north_first = sum(_is_north_east(a, b) for ring in positions for a, b in ring)
    east_first = sum(_is_north_east(b, a) for ring in positions for a, b in ring)
    if 0 < max(north_first, east_first) < len(corners):
        return _fault(language, "strange_corner", notes, n=len(corners) - max(north_first, east_first))
    if not north_first and not east_first:
        notes.append(say(language, "corners.x_north"))
    rings = positions if east_first > north_first else [[(east, north) for north, east in ring] for ring in positions]
    kind = plot.words.get("图形属性", "")
    if "线" in kind:
        return _fault(language, "line", notes)
    if "点" in kind and corners:
        points = [shapely.Point(position) for position in dict.fromkeys(at for ring in rings for at in ring)]
        return usable(points[0] if len(points) == 1 else shapely.MultiPoint(points), language, tuple(notes))
    if not rings or any(len(set(ring)) < RING_CORNERS for ring in rings):
        return _fault(language, "few_corners", notes)
    return usable(_assemble(rings), language, tuple(notes))


def _fault(language: str, key: str, notes: list[str], **values: object) -> Shaped:
    return Shaped(None, f"E10 {say(language, f'corners.{key}', **values)}", tuple(notes))


def _assemble(rings: Sequence[list[tuple[float, float]]]) -> Any:
    """Each ring inside an earlier part is a hole of it, else a part of its own; inside a hole it is an island."""
    parts: list[Any] = []
    for ring in rings:
        # the centre too: the corners of a part that fills a notch all lie on the other's edge
        probe = shapely.points([*ring, shapely.Polygon(ring).centroid.coords[0]])
        tree = shapely.STRtree(parts)
        at = next((i for i in tree.query(probe[0]) if shapely.intersects(parts[i], probe).all()), None)
        if at is None:
            parts.append(shapely.Polygon(ring))
        else:
            parts[at] = shapely.Polygon(parts[at].exterior, [*parts[at].interiors, ring])
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _crs(header: dict[str, str], easts: Sequence[float]) -> str | None:
    """ "EPSG:n" where datum, zone, width and eastings as stated agree, else None."""
    name = "".join(value for key, value in header.items() if "坐标系" in key)
    datum = next((datum for sign, datum in DATUMS.items() if sign in name), None)
    if datum is None or not easts or OWN_SYSTEM.search(name):
        return None
    if max(map(abs, easts)) <= LON[1]:
        return f"EPSG:{datum.degrees}"
    prefixes = {int(east // ZONE_M) for east in easts}
    width, zone, central = (_stated(header, key) for key in ("分带", "带号", "中央子午线"))
    if central is not None and width is not None:
        by_central = central / 3 if width == 3 else (central + 3) / 6
        if zone not in (None, by_central):
            return None
        zone = by_central
    prefix = prefixes.pop()
    zone = zone or prefix
    found = next((of for of, zones in ZONES.items() if zone in zones), None)
    projection = header.get("投影类型", "")
    if prefixes or prefix not in (0, zone) or found is None or width not in (None, found):
        return None
    if projection and not re.search("高斯|gauss", projection, re.IGNORECASE):
        return None
    return f"EPSG:{(datum.numbered if prefix else datum.plain)[found] + int(zone) - ZONES[found][0]}"


def _stated(header: dict[str, str], key: str) -> float | None:
    """The number a header line states; 0, as programs write for unknown, is None."""
    value = "".join(value for name, value in header.items() if key in name).replace("三", "3").replace("六", "6")
    match = re.search(r"\d{1,3}(?:\.\d{1,6})?", value)
    return (float(match[0]) or None) if match else None
