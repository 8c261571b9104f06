"""Colours of the review page's maps: of what may be one place or two each has its own, and the legend says whose it is."""

import re

import pytest

from tests.publish.test_review import folder, made, written  # noqa: F401 (a fixture)


def cards(text):
    """about → (classes of the outlines, lines of the legend) of the first card of its kind."""
    found = {}
    for card in text.split("<article")[1:]:
        about = re.search(r'data-about="(\w+)"', card)[1]
        legend = re.findall(r'<li><i class="(g\d)"></i>([^<]*)', card)
        found.setdefault(about, (re.findall(r'<path class="(g\d) asked"', card), legend))
    return found


@pytest.fixture
def shown(folder, tmp_path):  # noqa: F811
    return cards(written(folder, made(), tmp_path / "review.html").read_text(encoding="utf-8"))


def test_two_sites_of_one_source_have_two_colours_and_their_marks_in_the_legend(shown):
    outlines, legend = shown["disagreed"]  # F and G are of one source and period
    assert sorted(set(outlines)) == ["g0", "g1"]
    assert [(style, words[0]) for style, words in legend] == [("g0", "①"), ("g1", "②")]
    assert legend[0][1][2:] == legend[1][1][2:] != ""


def test_one_site_needs_no_mark_in_the_legend(shown):
    _, legend = shown["cover"]
    assert len(legend) == 1
    assert not legend[0][1].startswith("①")


def test_the_site_that_is_asked_about_has_the_first_colour(shown):
    _, legend = shown["sites"]  # B, of a secret source, asks about A
    assert [words[0] for _, words in legend] == ["①", "②"]
    assert [style for style, _ in legend] == ["g0", "g1"]
