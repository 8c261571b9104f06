"""The commands' last words: what waits and where it is answered, what a dry run would give."""

import pytest

from pipeline.cli import leadscreen
from tests.identity.places import asked_place


def run(capsys, *words):
    leadscreen([*map(str, words)], standalone_mode=False)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("language", "said"), [("zh", "待判定事项 1 项：{path}"), ("en", "To decide, 1 in all: {path}")]
)
def test_screen_says_how_many_questions_wait_and_which_page_takes_the_answers(tmp_path, capsys, language, said):
    place = asked_place(tmp_path / "place")
    out = tmp_path / "out"
    lines = run(
        capsys, "screen", "--place", place, "--outputs", out, "--cycle", "2023", "--lang", language
    ).splitlines()
    assert said.format(path=out / "place" / "2023" / "review.html") in lines
    assert lines[-1].endswith("index.html")


def test_a_dry_run_counts_the_numbers_and_names_none(place, tmp_path, capsys):
    given = ("accept", "--place", place, "--outputs", tmp_path / "out", "--cycle", "2023")
    assert run(capsys, *given, "--dry-run").splitlines()[0] == "将给出编号 2 个，已有编号 0 个"
    assert (
        run(capsys, *given).splitlines()[0] == "本次给出编号 2 个，已有编号 0 个：T999901-2023-0001 … T999901-2023-0002"
    )
