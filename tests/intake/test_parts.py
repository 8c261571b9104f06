"""A record drawn as several places: kinds apart, far parts apart, near parts together, whatever their order."""

import shapely

from pipeline.intake.parts import by_distance, by_kind


def square(x: float, side: float = 10.0) -> shapely.Polygon:
    return shapely.box(x, 0, x + side, side)


def test_a_collection_becomes_its_areas_and_each_point():
    parts = by_kind(shapely.GeometryCollection([shapely.Point(1, 1), square(0), shapely.Point(2, 2), square(20)]))
    assert [part.geom_type for part in parts] == ["MultiPolygon", "Point", "Point"]
    assert parts[0].area == 200


def test_points_of_one_record_are_places_of_their_own():
    assert by_kind(shapely.MultiPoint([(0, 0), (5, 5)])) == [shapely.Point(0, 0), shapely.Point(5, 5)]


def test_a_point_drawn_twice_is_one_place():
    assert by_kind(shapely.MultiPoint([(0, 0), (5, 5), (0, 0)])) == [shapely.Point(0, 0), shapely.Point(5, 5)]


def test_one_shape_stays_as_it_is():
    assert by_kind(square(0)) == [square(0)]
    assert by_kind(None) == [None]
    assert by_distance(square(0), 500) == [square(0)]


def test_parts_within_the_distance_stay_together_and_chain():
    near = shapely.MultiPolygon([square(0), square(400), square(800)])  # each 390 m from the next
    assert by_distance(near, 500) == [near]


def test_far_parts_are_apart_the_largest_first_in_any_order():
    polygons = [square(0), square(1000, 20), square(1030)]
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        parts = by_distance(shapely.MultiPolygon([polygons[k] for k in order]), 500)
        assert [round(part.area) for part in parts] == [500, 100]
