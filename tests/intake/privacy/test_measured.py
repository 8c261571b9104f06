"""A petition's coordinates, dates and areas are known by what stands in them, and no telephone is any of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.privacy.measured import MEASURED, is_measure

MEASURES = {
    "lon": ["120.45123456789", "东经120°27′33.5″", "41537100.25", "120.2733", "120.45,41.57"],
    "position": ["120.45, 41.57", "E120°27′ N41°34′", "X=4603954.123 Y=41537132.456", "537100 4603100"],
    "period": ["2021-2022", "2020-11-3至2021-06-30", "2021年", "21-22"],
    "curr_date": ["2021-05-12 09:30:00", "2021.5", "44328", "20210512093000"],
    "area_m2": ["12,345.67", "1.2公顷", "0.5公顷（7.5亩）"],
}
PHONES = [
    "19900001111",
    "1990000 1111",
    "199-0000-1111",
    "04210001234",
    "0421-0001234",
    "0421 0001234",
    "+8619900001111",
]


@pytest.mark.parametrize(("field", "cell"), [(field, cell) for field, cells in MEASURES.items() for cell in cells])
def test_what_offices_write_is_a_measure(field, cell):
    assert is_measure(field, cell)


@pytest.mark.parametrize("phone", [*PHONES, "999999900101123", "99999919900101123X"])
@pytest.mark.parametrize("field", MEASURED)
def test_no_telephone_or_card_is_a_measure_alone_or_behind_one(field, phone):
    first = MEASURES.get(field, ["2021-05-12 9:30"])
    assert [cell for cell in (phone, *(f"{one} {phone}" for one in first)) if is_measure(field, cell)] == []


@given(st.sampled_from(sorted(MEASURED)), st.text(max_size=80) | st.text("0123456789.-,:年月日°E 至", max_size=40))
def test_any_cell_is_a_measure_or_not(field, cell):
    assert is_measure(field, cell) in (True, False)
    assert not is_measure(field, f"{cell}电话19900001111")
