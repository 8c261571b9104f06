"""GeoJSON as it comes: old CRS members, sequences, broken features, cut files – the good features always come through."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.formats.geojson import read_geojson

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}
BROKEN = "E11 the feature is broken and cannot be read"


def feature(no, geometry=SQUARE):
    return {"type": "Feature", "properties": {"no": no}, "geometry": geometry}


def collection(*features, **members):
    return {"type": "FeatureCollection", **members, "features": list(features)}


def read(document, encoding=None):
    text = document if isinstance(document, str | bytes) else json.dumps(document, ensure_ascii=False)
    return read_geojson(text if isinstance(text, bytes) else text.encode(), "en", encoding)


def numbers_and_faults(features):
    return [
        (members.get("no"), shaped.fault) for members, shaped in zip(features.properties, features.shapes, strict=True)
    ]


def test_a_collection_a_feature_and_a_bare_geometry():
    features = read(collection(feature(1), feature(211302000000123457)))
    assert numbers_and_faults(features) == [(1, None), (211302000000123457, None)]
    assert [shaped.shape.area for shaped in features.shapes] == [4, 4]
    assert (features.crs, features.notes) == ("EPSG:4326", ())
    assert numbers_and_faults(read(feature(7))) == [(7, None)]
    assert numbers_and_faults(read(SQUARE)) == [(None, None)]
    assert read(collection()).shapes == []


@pytest.mark.parametrize(
    "document", ['{"hello": 1}', "[1, 2]", "<html></html>", "", "5", "[" * 100_000, '{"type": "Feature']
)
def test_what_holds_no_features(document):
    assert read(document) is None


def test_a_broken_feature_is_set_aside():
    features = read(
        collection(
            feature(1), None, "huh", feature(2, {"type": "Polygon", "coordinates": [[["x", 0]]]}), feature(3, None),
            feature(4, {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2]]]}), {"type": "Feature"}, feature(5, 17),
        )
    )  # fmt: skip
    assert numbers_and_faults(features) == [
        (1, None), (None, BROKEN), (None, BROKEN), (2, "E10 the geometry is broken and cannot be read"),
        (3, "E10 no geometry"), (4, None), (None, "E10 no geometry"), (5, "E10 the geometry is broken and cannot be read"),
    ]  # fmt: skip
    assert (features.shapes[5].shape.area, features.shapes[5].notes) == (2, ("an unclosed ring was closed",))


@pytest.mark.parametrize(
    ("member", "crs"),
    [({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4549"}}, "EPSG:4549"),
     ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, "EPSG:4326"),
     ({"type": "EPSG", "properties": {"code": 4490}}, "EPSG:4490"), (None, None), ("x", None),
     ({"type": "name", "properties": {"name": "nonsense"}}, None), ({"type": "link"}, None)],
)  # fmt: skip
def test_the_old_crs_member(member, crs):
    features = read(collection(feature(1), crs=member))
    assert features.crs == crs
    assert len(features.notes) == (crs is None)


def test_a_sequence_with_and_without_record_separators():
    lines = [json.dumps(feature(i)) for i in range(3)]
    for text in ("\n".join(lines), "".join(f"\x1e{line}\n" for line in lines), "\r\n".join(lines) + "\r\n"):
        features = read(text)
        assert numbers_and_faults(features) == [(0, None), (1, None), (2, None)]
        assert features.notes == ()
    lines[1] = lines[1][:-30]
    assert numbers_and_faults(read("\n".join(lines))) == [(0, None), (None, BROKEN), (2, None)]


def test_a_cut_file_gives_what_it_holds():
    text = json.dumps(
        collection(feature(1), feature(2), feature(3), crs={"type": "name", "properties": {"name": "EPSG:4490"}})
    )
    features = read(text[: text.rindex('"coordinates"') + 20])
    assert numbers_and_faults(features) == [(1, None), (2, None), (None, BROKEN)]
    assert features.crs == "EPSG:4490"
    assert features.notes == ("The JSON is cut or broken; the features were read one by one",)


def test_a_hole_in_the_middle_of_the_json_is_one_broken_feature():
    text = json.dumps(collection(feature(1), feature(2), feature(3)))
    second = text.index('"no": 2')
    features = read(text[:second] + "###" + text[second + 3 :])
    assert numbers_and_faults(features) == [(1, None), (None, BROKEN), (3, None)]


def test_encodings():
    document = json.dumps(collection(feature("采石场")), ensure_ascii=False)
    for codec in ("utf-8", "utf-8-sig", "gbk", "utf-16"):
        assert numbers_and_faults(read(document.encode(codec))) == [("采石场", None)]
    assert numbers_and_faults(read(document.encode("utf-8"), "nonsense")) == [("采石场", None)]
    assert read(document.encode("gbk"), "936").encoding_why == "declared"


@given(st.binary(max_size=100))
def test_any_bytes_are_features_or_nothing(data):
    features = read_geojson(data, "zh")
    assert features is None or len(features.properties) == len(features.shapes)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["Feature", "Polygon", "Point"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "geometry", "coordinates", "geometries", "crs"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4), JSON, JSON)
def test_any_json_is_features_each_a_shape_or_a_reason(features, geometry, crs):
    found = read(json.dumps(collection(*features, feature(1, geometry), crs=crs)))
    assert len(found.shapes) == len(features) + 1
    assert all((shaped.shape is None) == (shaped.fault is not None) for shaped in found.shapes)


@given(st.integers(0, 600), st.integers(0, 30))
def test_a_gap_spoils_at_most_the_two_features_it_touches(at, length):
    text = json.dumps(collection(*(feature(i) for i in range(4))))
    at += text.index('{"type": "Feature",')
    found = read(text[:at] + text[at + length :])
    assert sum(shaped.fault is None for shaped in found.shapes) >= 2


def test_a_measure_is_left_away_and_the_height_noted():
    ring = [[*corner, 250.0, 7.0] for corner in SQUARE["coordinates"][0]]
    (shaped,) = read(feature(1, {"type": "Polygon", "coordinates": [ring]})).shapes
    assert (shaped.shape.area, shaped.fault, shaped.notes) == (4, None, ("heights (Z/M) were dropped",))


def test_half_a_character_as_json_escapes_it_is_replaced_and_a_whole_one_kept():
    text = json.dumps(feature("x")).replace('"x"', '"\\ud83d|\\ude00|\\ud83d\\ude00"')
    assert read(text).properties[0]["no"] == "\ufffd|\ufffd|\U0001f600"
