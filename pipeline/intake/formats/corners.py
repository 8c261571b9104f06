"""Corner-point lists (拐点坐标) as surveyors and CAD write them, plain or in the national exchange layout, as plots."""

import re
from collections.abc import Sequence
from typing import Any

import shapely

from pipeline.intake.formats.corner_crs import stated_crs
from pipeline.intake.formats.corner_lines import RING_CORNERS, Plot, find_plots, is_north_east
from pipeline.intake.formats.shapes import Shaped, usable
from pipeline.intake.reading import HowToRead, Reading, Record
from pipeline.text import say


def read_corners(text: str, file: str, how: HowToRead) -> Reading:
    """Every plot of a corner-point list: polygons as (east, north) in metres or (lon, lat) in degrees.

    `crs` is set only where the datum and zone the header names agree with the eastings. Never raises: a plot that
    cannot be read is a record with its fault. Plot lines and [sections] are those of the national 勘测定界 exchange text.
    """
    plots, header, left_rows = find_plots(text)
    language = how.language
    records, easts = [], []
    for plot in plots:
        shaped = _shape(plot, language)
        records.append(Record(plot.row, None, plot.words, shaped.shape, shaped.fault, shaped.notes))
        if shaped.shape is not None:
            easts += shapely.get_coordinates(shaped.shape)[:, 0].tolist()
    crs = stated_crs(header, easts)
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
    north_first = sum(is_north_east(a, b) for ring in positions for a, b in ring)
    east_first = sum(is_north_east(b, a) for ring in positions for a, b in ring)
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
