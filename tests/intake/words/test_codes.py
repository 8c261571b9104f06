"""Words to codes: a code or the code for unknown, never an exception."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.words.codes import to_activity, to_change_type, to_source_code, to_state, to_zone


def test_words_to_codes():
    assert to_activity("采石") == ("A1", "A11")
    assert to_activity("矿产资源开发") == ("A1", "A1")
    assert to_activity("没见过") == (None, "A99")
    assert (to_change_type("扩建"), to_change_type(None)) == ("C2", "C9")
    assert (to_zone("核心区"), to_zone(""), to_zone("别的区")) == ("Z1", None, "Z9")
    assert (to_source_code("信访"), to_source_code("XF"), to_source_code("媒体曝光/舆情"), to_source_code("别处")) == (
        "XF",
        "XF",
        "MT",
        None,
    )
    assert (to_state("已销号"), to_state("在办")) == ("B14", None)


@given(st.text(max_size=30))
def test_no_text_ever_raises(text):
    for read in (to_activity, to_change_type, to_zone, to_state, to_source_code):
        read(text)
