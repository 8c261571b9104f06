"""Nearest known words: by characters, by sound, or none."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.intake.words.suggest import may_be_slip, one_less, rough, sounds, suggest

ACTIVITIES = ["采石", "采砂", "采矿", "矿产资源开发", "工业开发"]


def test_near_by_sound_by_characters_and_not_at_all():
    assert suggest("采沙", ACTIVITIES) == ["采砂"]  # the same sound, and 采石 shares as many characters
    assert suggest("矿产资源开采", ACTIVITIES) == ["矿产资源开发"]
    assert suggest("无", ACTIVITIES) == []
    assert suggest("", ACTIVITIES) == []
    assert suggest("采砂", []) == []


def test_the_word_itself_comes_first_and_no_more_than_the_limit():
    assert suggest("清溪", ["青溪", "清溪", "青西", "轻溪"], limit=2) == ["清溪", "青溪"]


def test_case_and_full_width_do_not_count():
    assert suggest("ＡＣＴＩＶＴＹ＿ＴＹＰＥ", ["change_type", "activity_type"])[0] == "activity_type"


def test_sounds_by_character():
    assert sounds("青溪A1") == ("qing", "xi", "A", "1")
    assert rough(sounds("柳凌")) == rough(sounds("柳林")) == "liu lin"
    assert rough(sounds("中")) == rough(sounds("宗"))


def test_what_tells_places_apart_is_no_slip():
    assert may_be_slip("柳树沟", "柳木沟")
    assert not may_be_slip("上沟村", "下沟村")
    assert not may_be_slip("王家沟", "李家沟")
    assert may_be_slip("汪家沟", "王家沟")  # sounds the same
    assert not may_be_slip("柳、沟", "柳树沟")


def test_one_less():
    assert one_less("甲乙丙") == ["乙丙", "甲丙", "甲乙"]


@given(st.text(max_size=20), st.lists(st.text(max_size=8), max_size=8), st.integers(1, 4))
def test_any_text_gives_known_words_and_no_more(word, known, limit):
    near = suggest(word, known, limit)
    assert len(near) <= limit and set(near) <= set(known) and len(set(near)) == len(near)


@given(st.text(min_size=1, max_size=20).filter(str.strip))
def test_a_known_word_is_nearest_to_itself(word):
    if suggest(word, [word]):  # "" after tidying has no neighbour
        assert suggest(word, [word]) == [word]


@given(st.text(max_size=20))
def test_one_sound_a_character(word):
    assert len(sounds(word)) == len(word) and all(sounds(word))
