"""The notebooks run; their own asserts hold."""

import runpy
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[1] / "notebooks").glob("*.py")), ids=lambda path: path.stem
)
def test_runs(path, capsys):
    runpy.run_path(str(path))
    assert "overlap_m2" in capsys.readouterr().out
