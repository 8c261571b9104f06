"""The shapes of placemarks: rings, holes, tracks and lines that close, coordinates run together, and what is no shape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.formats.kml_shapes import placemark_shape
from pipeline.intake.formats.kml_tree import parse_kml
from pipeline.intake.formats.shapes import Shaped
from tests.intake.formats.placemarks import HOLE, SQUARE, line, multi, placemark, point, polygon


def shaped(geometry: str) -> Shaped:
    root, _ = parse_kml(placemark(geometry))
    return placemark_shape(root, "en")


@pytest.mark.parametrize(
    ("geometry", "kind", "area", "note"),
    [
        (polygon(SQUARE, HOLE), "Polygon", 0.75, None),
        (polygon("120,41 121,41 121,42 120,42"), "Polygon", 1, "unclosed ring"),
        (polygon("\n 120, 41,5\n121 ,41\t121,42,7  120,42 120,41\n"), "Polygon", 1, "heights"),
        (polygon("120,41,0,121,41,0,121,42,0,120,42,0,120,41,0"), "Polygon", 1, "regrouped"),
        (polygon("120,41,121,41,121,42,120,42,120,41"), "Polygon", 1, "regrouped"),
        (multi(polygon(SQUARE), polygon("122,41 123,41 123,42 122,42 122,41")), "MultiPolygon", 2, None),
        (multi(point("120.5,41.5"), polygon(SQUARE)), "Polygon", 1, "label"),
        (multi(point("125,41.5"), polygon(SQUARE)), "GeometryCollection", 1, None),
        (point("120.45,41.57,0"), "Point", 0, None),
        (line(SQUARE), "Polygon", 1, "closed line"),
        (line("120,41 121,41 121,42 120,42 120,41.02"), "Polygon", 1, "nearly meet"),
        ("<gx:Track xmlns:gx='g'><when>2021</when>" + "".join(f"<gx:coord>{p.replace(',', ' ')} 0</gx:coord>" for p in SQUARE.split())
         + "</gx:Track>", "Polygon", 1, "closed line"),
    ],
)  # fmt: skip
def test_shapes(geometry, kind, area, note):
    found = shaped(geometry)
    assert found.fault is None
    assert found.shape.geom_type == kind
    assert found.shape.area == pytest.approx(area)
    assert len(found.notes) == (note is not None) and all(note in said for said in found.notes)


OUTER = f"<outerBoundaryIs><LinearRing><coordinates>{SQUARE}</coordinates></LinearRing></outerBoundaryIs>"
INNER = f"<innerBoundaryIs><LinearRing><coordinates>{HOLE}</coordinates></LinearRing></innerBoundaryIs>"


def test_a_hole_is_a_hole_wherever_it_is_written():
    (ring,) = shaped(f"<Polygon>{INNER}{OUTER}</Polygon>").shape.interiors
    assert (len(ring.coords), shaped(f"<Polygon>{INNER}{OUTER}</Polygon>").shape.area) == (5, 0.75)
    assert shaped(f"<Polygon>{INNER}</Polygon>").fault == "E10 the polygon has holes and no outline"
    second = OUTER.replace("120,", "122,").replace("121,", "123,")
    assert shaped(f"<Polygon>{OUTER}{INNER}{second}</Polygon>").shape.area == pytest.approx(1.75)


@given(st.text(alphabet="0123456789.,-+eE naNif\n\t，", max_size=80))
def test_any_coordinates_are_a_shape_or_a_fault(text):
    for geometry in (polygon(text), line(text)):
        found = shaped(geometry)
        assert (found.shape is None) == (found.fault is not None)
