"""Placemarks and their geometries as KML text, for the tests."""

SQUARE = "120,41 121,41 121,42 120,42 120,41"  # one square degree
HOLE = "120.25,41.25 120.75,41.25 120.75,41.75 120.25,41.75 120.25,41.25"  # a quarter of it


def kml(*features: str) -> str:
    body = "".join(features)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">{body}</kml>'


def polygon(outer: str, *holes: str) -> str:
    inner = "".join(
        f"<innerBoundaryIs><LinearRing><coordinates>{hole}</coordinates></LinearRing></innerBoundaryIs>"
        for hole in holes
    )
    return (
        f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{outer}</coordinates></LinearRing></outerBoundaryIs>"
        f"{inner}</Polygon>"
    )


def line(coordinates: str) -> str:
    return f"<LineString><coordinates>{coordinates}</coordinates></LineString>"


def multi(*geometries: str) -> str:
    return f"<MultiGeometry>{''.join(geometries)}</MultiGeometry>"


def point(coordinates: str) -> str:
    return f"<Point><coordinates>{coordinates}</coordinates></Point>"


def placemark(*content: str) -> str:
    return f"<Placemark>{''.join(content)}</Placemark>"
