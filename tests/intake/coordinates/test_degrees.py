"""Coordinates as offices write them: the right number, how fine it was written, or nothing; never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.coordinates.degrees import parse_number, split_pair

SECOND = 1 / 3600


@pytest.mark.parametrize(
    ("text", "value", "resolution"),
    [
        ("120°27′00″", 120.45, SECOND),
        ("120°27'0.00\"", 120.45, SECOND / 100),
        ("120°27′00.0″", 120.45, SECOND / 10),
        ("120°27′", 120.45, 1 / 60),
        ("120°27.0′", 120.45, 1 / 600),
        ("120°27'00''", 120.45, SECOND),
        ("120º27’00”", 120.45, SECOND),
        ("120度27分00秒", 120.45, SECOND),
        ("120度27分", 120.45, 1 / 60),
        ("１２０°２７′００″", 120.45, SECOND),
        ("120°27'00", 120.45, SECOND),
        ("120.45°", 120.45, 0.01),
        ("120.45度", 120.45, 0.01),
        ("120.27.00", 120.45, SECOND),
        ("120-27-00", 120.45, SECOND),
        ("120:27:00", 120.45, SECOND),
        ("120 27 00.5", 120 + 27.5 / 60 - 29.5 / 3600, SECOND / 10),
        ("-77°01'48\"", -77.03, SECOND),
        ("-0°30'", -0.5, 1 / 60),
    ],
)
def test_degrees_minutes_seconds(text, value, resolution):
    found = parse_number(text)
    assert (found.value, found.resolution) == (pytest.approx(value, abs=1e-12), pytest.approx(resolution))
    assert found.kind == "degrees"


@pytest.mark.parametrize(
    ("text", "value", "resolution"),
    [("120.45", 120.45, 0.01), ("120", 120, 1), ("１２０．４５", 120.45, 0.01), ("120。45", 120.45, 0.01), ("120,45", 120.45, 0.01),
     ("−77.03", -77.03, 0.01), ("4603974.96", 4603974.96, 0.01), ("4,603,974.96", 4603974.96, 0.01),
     ("4，603，974.96米", 4603974.96, 0.01), ("4 603 974", 4603974, 1), ("4.603.974,96", 4603974.96, 0.01),
     ("4603974,96 m", 4603974.96, 0.01), ("X=4603974.96", 4603974.96, 0.01), ("1.2045E+02", 120.45, 0.01)],
)  # fmt: skip
def test_plain_numbers(text, value, resolution):
    found = parse_number(text)
    assert (found.value, found.resolution) == (pytest.approx(value), pytest.approx(resolution))
    assert (found.kind, found.side) == ("number", None)


@pytest.mark.parametrize(
    ("text", "value", "kind", "side"),
    [("E120.45", 120.45, "degrees", "lon"), ("120.45E", 120.45, "degrees", "lon"), ("东经120度27分", 120.45, "degrees", "lon"),
     ("北纬N41.57", 41.57, "degrees", "lat"), ("经度：120.45", 120.45, "degrees", "lon"), ("W77.03", -77.03, "degrees", "lon"),
     ("12°03′S", -12.05, "degrees", "lat"), ("南纬12.05", -12.05, "degrees", "lat"), ("W-77.03", -77.03, "degrees", "lon"),
     ("B=41°34′12″", 41.57, "degrees", "lat"), ("E 537532.83", 537532.83, "number", "lon")],
)  # fmt: skip
def test_labels_and_hemispheres(text, value, kind, side):
    found = parse_number(text)
    assert (found.value, found.kind, found.side) == (pytest.approx(value), kind, side)


@pytest.mark.parametrize(
    "text",
    ["120°75′", "120.27.60", "120°27′61″", "120.5°30′", "181°", "北纬91", "东经W3", "E120N", "W537532", "无", "—", "/", "", None, "1/2",
     "2023-05-01", "9" * 400, "约120.45", "1e999"],
)  # fmt: skip
def test_what_is_no_coordinate(text):
    assert parse_number(text) is None


def test_packed_decimals_have_two_readings():
    assert parse_number("120.2700").others == (pytest.approx(120.45),)
    assert parse_number("-120.2700").others == (pytest.approx(-120.45),)
    assert parse_number("W120.2700").others == (pytest.approx(-120.45),)
    assert parse_number("120.273012").others == (pytest.approx(120 + 27 / 60 + 30.12 / 3600),)
    assert parse_number("120.27").others == ()  # two figures are no minutes and seconds
    assert parse_number("120.7012").others == () == parse_number("120.2761").others
    assert parse_number("120.0000").others == ()  # both readings are the same


def test_run_together_only_where_it_is_declared():
    assert parse_number("1202700").value == 1202700
    found = parse_number("1202700.00", packed=True)
    assert (found.value, found.resolution) == (pytest.approx(120.45), pytest.approx(SECOND / 100))
    assert parse_number("413412", packed=True).value == pytest.approx(41.57)
    assert parse_number("1206700", packed=True) is None  # 67 minutes
    turned = parse_number("120.2700", packed=True)
    assert (turned.value, turned.others) == (pytest.approx(120.45), (pytest.approx(120.27),))


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [("120.45,41.57", 120.45, 41.57), ("东经120°27′ 北纬41°34′12″", 120.45, 41.57), ("E120.45 N41.57", 120.45, 41.57),
     ("(41.57，120.45)", 41.57, 120.45), ("X=4603974.96 Y=537532.83", 4603974.96, 537532.83), ("E120.45N41.57", 120.45, 41.57),
     ("东经120度27分北纬41度34分12秒", 120.45, 41.57), ("120°27′00″E41°34′12″N", 120.45, 41.57), ("120,45 41,57", 120.45, 41.57),
     ("120 27 00 41 34 12", 120.45, 41.57), ("4,603,974.96 537,532.83", 4603974.96, 537532.83), ("537532,4603974", 537532, 4603974),
     ("120.45/41.57", 120.45, 41.57), ("120.45、41.57", 120.45, 41.57), ("POINT (120.45 41.57)", 120.45, 41.57),
     ("经度：120.45，纬度：41.57", 120.45, 41.57), ("120.45\n41.57", 120.45, 41.57), ("1202700 413412", 1202700, 413412)],
)  # fmt: skip
def test_two_in_one_cell(text, first, second):
    halves = split_pair(text)
    assert [parse_number(half).value for half in halves] == [pytest.approx(first), pytest.approx(second)]


@pytest.mark.parametrize(
    "text", ["120.45", "120 27", "120,45", "a,b", "120.45,41.57,0", "E120.45 E41.57", "", None, "12" * 200]
)
def test_what_is_no_pair(text):
    assert split_pair(text) is None


ODD = st.text(alphabet="0123456789.,-−:°′″'\"度分秒EWNS东经西北纬南XY= 　，。（)米mE+/、\n", max_size=24) | st.text(
    max_size=30
)


@given(ODD, st.booleans())
def test_any_text_is_a_value_or_nothing(text, packed):
    found = parse_number(text, packed)
    assert found is None or (abs(found.value) < float("inf") and found.resolution > 0)
    assert found is None or found.kind == "number" or abs(found.value) <= 180
    pair = split_pair(text)
    assert pair is None or all(parse_number(half) is not None for half in pair)


@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 59))
def test_every_form_is_the_same_degree(degrees, minutes, seconds):
    value = pytest.approx(degrees + minutes / 60 + seconds / 3600)
    d, m, s = str(degrees), f"{minutes:02d}", f"{seconds:02d}"
    for text in (
        f"{d}°{m}′{s}″",
        f"东经{d}度{m}分{s}秒",
        f"{d}-{m}-{s}",
        f"{d}.{m}.{s}",
        f"{d} {m} {s}",
        f"{d}:{m}:{s} E",
    ):
        assert parse_number(text).value == value
    assert parse_number(f"{d}{m}{s}", packed=True).value == value
