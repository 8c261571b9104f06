"""The places of `places.py` as fixtures: folders anew for each test, runs and acceptance that are only read once."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from pipeline import screen
from pipeline.jobs import screen as screen_job
from tests.conftest import accept
from tests.identity.places import SEED, Tables, asked_place, crowd, crowd_place, neighbours_place


class Accepted(NamedTuple):
    """A place one cycle of which was accepted: what got numbers (candidate_id, problem_id, is_new), the tables before."""

    folder: Path
    given: pd.DataFrame
    tables: Tables


@pytest.fixture
def place(tmp_path):
    """The folder of `asked_place`."""
    return asked_place(tmp_path / "试 区")


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """Cycle 2023 of `place` as it comes, with its files."""
    folder = tmp_path_factory.mktemp("asked")
    return screen_job(asked_place(folder / "试 区"), "2023", folder / "out")


@pytest.fixture
def place_before(published):
    """Tables of cycle 2023 of `place` as it comes."""
    return published.cycle.tables


@pytest.fixture
def neighbours(tmp_path):
    """The folder of `neighbours_place`."""
    return neighbours_place(tmp_path / "place")


@pytest.fixture(scope="session")
def acceptance(tmp_path_factory):
    """`neighbours_place` whose cycle 2023 was accepted."""
    folder = neighbours_place(tmp_path_factory.mktemp("accepted") / "place")
    given, left, tables = accept(folder, "2023")
    assert left.empty
    return Accepted(folder, given, tables)


@pytest.fixture
def neighbours_before(acceptance):
    """Tables of cycle 2023 of `neighbours` as it comes."""
    return acceptance.tables


@pytest.fixture
def accepted(acceptance, tmp_path):
    """The accepted neighbours in a folder of the test's own."""
    return shutil.copytree(acceptance.folder, tmp_path / "place")


@pytest.fixture
def given(acceptance):
    """What `accepted` was given: candidate_id, problem_id, is_new."""
    return acceptance.given


@pytest.fixture(scope="session")
def crowd_before(tmp_path_factory):
    """Tables of cycle 2023 of the crowd as it comes."""
    return screen(crowd_place(tmp_path_factory.mktemp("crowd") / "p", *crowd(SEED)), "2023")
