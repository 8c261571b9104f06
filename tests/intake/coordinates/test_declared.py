"""What a person declares is believed, parameters and all; what a data file says of a shift never is."""

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake.coordinates.around import crs_text, make_around
from pipeline.intake.coordinates.declared import System, is_old_datum, read_declared, shown_crs, without_parameters

HOME = make_around(shapely.box(120.2, 41.4, 120.7, 41.8), pyproj.CRS(4490), 2000)
INVENTED = "11.5,-22.5,33.5"  # metres; nobody's parameters
KRASSOVSKY = (
    'GEOGCS["GCS_{name}",DATUM["D_{name}",SPHEROID["{name}",6378245.0,298.3]{shift}],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


def with_shift(code: int, shift: str) -> str:
    """The CRS as old WKT whose datum brings TOWGS84."""
    head, spheroid, tail = pyproj.CRS(code).to_wkt("WKT1_GDAL").partition("SPHEROID[")
    close = tail.index("]]") + 2
    return f"{head}{spheroid}{tail[:close]},TOWGS84[{shift}]{tail[close:]}"


@pytest.mark.parametrize("code", [2437, 4214, 2385, 4610])
@pytest.mark.parametrize("shift", ["0,0,0,0,0,0,0", INVENTED + ",0,0,0,0"])
def test_the_shift_in_a_file_never_makes_an_old_datum_usable(code, shift):
    stated = with_shift(code, shift)
    assert pyproj.CRS(stated).is_bound
    for around in (HOME, None):
        assert "survey-results office" in read_declared(without_parameters(stated), around, "en")


@pytest.mark.parametrize("name", ["Krasovsky_1940", "Krassovsky", "unknown", "Local"])
@pytest.mark.parametrize("shift", ["", ",TOWGS84[0,0,0,0,0,0,0]"])
def test_an_unknown_datum_on_the_ellipsoid_of_beijing_54_is_refused(name, shift):
    stated = KRASSOVSKY.format(name=name, shift=shift)
    for around in (HOME, None):
        assert "survey-results office" in read_declared(without_parameters(stated), around, "en")


def test_a_known_datum_on_that_ellipsoid_is_not_an_old_one():
    assert not is_old_datum(pyproj.CRS(4284))  # Pulkovo 1942
    assert is_old_datum(pyproj.CRS(4024))  # "unknown datum based upon the Krassowsky 1940 ellipsoid"


@pytest.mark.parametrize("code", [2437, 4610])
def test_a_person_may_give_parameters_but_zeros_are_none(code):
    given_ = read_declared(with_shift(code, INVENTED + ",0,0,0,0"), HOME, "en")
    assert (given_.crs, given_.name) == ("EPSG:4326", "the stated parameters")
    assert given_.move is not None
    assert "survey-results office" in read_declared(with_shift(code, "0,0,0,0,0,0,0"), HOME, "en")


@pytest.mark.parametrize(("code", "own"), [(4549, "EPSG:4549"), (4490, "EPSG:4490"), (32651, "EPSG:32651")])
def test_a_shift_of_zero_on_a_modern_datum_changes_nothing(code, own):
    stated = with_shift(code, "0,0,0,0,0,0,0")
    assert without_parameters(stated) == own
    for around in (HOME, None):
        system = read_declared(stated, around, "en")
        assert system.move is None
        assert pyproj.CRS(system.crs).equals(pyproj.CRS(own), ignore_axis_order=True)


def test_a_shift_of_zero_that_a_person_gives_for_an_unknown_modern_datum_counts():
    system = read_declared("+proj=longlat +ellps=GRS80 +towgs84=0,0,0 +type=crs", HOME, "en")
    assert system.move(np.array([[120.45, 41.57]])) == pytest.approx(np.array([[120.45, 41.57]]), abs=1e-7)


def test_a_bound_crs_within_a_compound_one_is_seen():
    compound = f'COMPD_CS["c",{with_shift(2437, INVENTED + ",0,0,0,0")},VERT_CS["h",VERT_DATUM["v",2005],UNIT["m",1]]]'
    assert read_declared(compound, HOME, "en").name == "the stated parameters"
    assert "survey-results office" in read_declared(without_parameters(compound), HOME, "en")


@pytest.mark.parametrize(
    "text",
    [f"+proj=longlat +ellps=krass +towgs84={INVENTED} +type=crs", with_shift(2437, INVENTED + ",0,0,0,0"),
     pyproj.CRS(with_shift(2437, INVENTED + ",0,0,0,0")).to_wkt(), pyproj.CRS(with_shift(2437, INVENTED + ",0,0,0,0")).to_json(),
     "+proj=pipeline +step +proj=cart +ellps=krass +step +proj=helmert +x=11.5 +y=-22.5 +step +inv +proj=cart",
     pyproj.CRS(f"+proj=longlat +ellps=krass +towgs84={INVENTED} +type=crs").source_crs.to_wkt()],
)  # fmt: skip
def test_parameters_are_named_and_never_shown(text):
    assert "11.5" in text
    assert shown_crs(text, "en") == "the stated parameters"
    assert shown_crs(text, None) == "所声明的转换参数 / the stated parameters"
    assert "11.5" not in shown_crs(without_parameters(text), "en")


@pytest.mark.parametrize("text", [None, "GCJ-02", "EPSG:4549", pyproj.CRS(4549).to_wkt()])
def test_other_texts_are_shown_as_they_are(text):
    assert shown_crs(text, "zh") == text
    assert without_parameters(text) == text


def test_a_code_that_only_looks_alike_is_not_taken():
    plain = pyproj.CRS("+proj=utm +zone=51 +ellps=GRS80 +type=crs")
    assert plain.to_epsg() == 3097  # JGD2000, by the ellipsoid alone
    assert crs_text(plain) == plain.to_wkt()
    assert crs_text(pyproj.CRS("+proj=utm +zone=51 +datum=WGS84 +type=crs")) == "EPSG:32651"


BEGUN = st.builds(
    str.__add__, st.sampled_from(["+proj=", "+proj=pipeline ", "EPSG:", "GEOGCS[", "{", "urn:ogc:"]), st.text()
)


@settings(deadline=None, max_examples=25)
@given(BEGUN | st.sampled_from(["", "nonsense", "CGCS2000"]), st.sampled_from([HOME, None]))
def test_any_text_is_a_system_or_a_reason(text, around):
    assert isinstance(read_declared(text, around, "zh"), System | str)
    assert isinstance(without_parameters(text), str) and isinstance(shown_crs(text, "zh"), str)
