"""The lines of a corner-point list (拐点坐标) as plots: corners told from headings, titles, plot lines and [sections]."""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from pipeline.intake.coordinates.degrees import HALF_CIRCLE, parse_number
from pipeline.intake.formats.corner_crs import LON, ZONE_M, ZONES
from pipeline.intake.words.codes import tidy_word

NORTHING_M = (2_000_000.0, 6_000_000.0)  # of China, from the equator
EASTING_M = (100_000.0, 1_000_000.0)  # without a zone number
LAT = (3.0, 54.0)  # degrees, of China
NEAR_DEGREES, NEAR_M = 1e-5, 1.0  # a first corner repeated with another rounding
RING_CORNERS = 3
SECTIONS = ("[属性描述]", "[地块坐标]")
PLOT_COLUMNS = ("点数", "面积(公顷)", "地块编号", "地块名称", "图形属性", "图幅号", "地块用途", "地类编码")

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


def _lines(text: str) -> list[str]:
    return [tidy_word(line.translate(_SIGNS)) for line in _LINE_END.split(text)]


def find_plots(text: str) -> tuple[list[Plot], dict[str, str], list[int]]:
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
    return a is not None and b is not None and (is_north_east(a, b) or is_north_east(b, a))


def is_north_east(north: float, east: float) -> bool:
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
