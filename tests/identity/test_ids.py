"""What is the same keeps its id, whatever else changes: order, names, language, workers, other leads, later cycles."""

import random
import shutil
from functools import partial

import pytest

from pipeline import jobs, screen
from pipeline.cycle import open_cycle
from pipeline.engine.pieces import overlap_in_pieces
from pipeline.engine.spread import HowToRun
from pipeline.jobs import make_tables
from pipeline.jobs import screen as screen_job
from tests.conftest import lead
from tests.identity.places import (
    SEED,
    asked_place,
    crowd,
    crowd_place,
    lead_of,
    site_of,
    slanted,
    write_decisions,
    write_year,
)
from tests.test_run import files_of

ID_TABLES = ("leads", "sites", "problems", "questions")


def ids(tables):
    """Every id of a run with the leads it stands for, by the senders' numbers."""
    number = dict(zip(tables["leads"]["lead_id"], tables["leads"]["orig_no"], strict=True))
    return {
        "leads": {one: number[one] for one in number},
        "sites": {
            site.site_id: frozenset(number[one] for one in site.lead_ids) for site in tables["sites"].itertuples()
        },
        "problems": {
            row.candidate_id: frozenset(number[one] for one in row.lead_ids) for row in tables["problems"].itertuples()
        },
        "questions": dict(
            zip(tables["questions"]["question_id"], tables["questions"]["lead_ids"].map(set), strict=True)
        ),
    }


def in_pieces_of(size, monkeypatch):
    """Work on overlaps in pieces; else so few leads are one plain call."""
    monkeypatch.setattr(jobs, "overlap_in_pieces", partial(overlap_in_pieces, size=size))


def test_order_names_language_and_workers_change_no_id(crowd_before, tmp_path, monkeypatch):
    pits, spots = crowd(SEED)
    random.Random(7).shuffle(pits)
    folder = crowd_place(tmp_path / "q", pits, spots[::-1], "renamed")
    in_pieces_of(40, monkeypatch)
    cycle = make_tables(open_cycle(folder, "2023", "en"), how=HowToRun(workers=1))
    assert ids(cycle.tables) == ids(crowd_before)


def test_leads_elsewhere_change_no_id(crowd_before, tmp_path):
    """More leads out of reach of the others, and – read the other way – fewer: what stays is what it was."""
    pits, spots = crowd(SEED)
    more, _ = crowd(SEED + 1, column=16)
    before, after = ids(crowd_before), ids(screen(crowd_place(tmp_path / "q", [*more, *pits], spots), "2023"))
    for name in ID_TABLES:
        assert before[name].items() < after[name].items()


def test_a_later_cycle_keeps_the_ids_of_the_earlier(place, place_before):
    before = ids(place_before)
    later = [lead("c", slanted(1500)), lead("d", slanted(330, y=110))]
    write_year(place, "later", later, "2023-2024", received="2024-06-01")
    after = screen(place, "2024")
    assert before["leads"].items() <= ids(after)["leads"].items()
    assert set(before["sites"]) <= set(ids(after)["sites"])
    assert set(site_of(after, "b").lead_ids) == {lead_of(after, number) for number in ("b", "b2", "d")}
    assert before["questions"].keys() <= ids(after)["questions"].keys()
    assert ids(screen(place, "2023")) == before


@pytest.fixture(scope="module")
def decided(published, tmp_path_factory):
    """Cycle 2023 of `place` with its files, on which every kind of decision was taken."""
    folder = tmp_path_factory.mktemp("decided")
    place, before = asked_place(folder / "试 区"), published.cycle.tables
    a, b, b2 = (lead_of(before, number) for number in ("a", "b", "b2"))
    record = before["reports"].set_index("orig_no")["report_id"]["a"]
    write_decisions(place, [
        (f"{a} {b2}", "apart"), (f"S{a[1:]} S{b[1:]}", "apart"), (record, "leave_out", "E8"),
        (f"C{b[1:]}", "keep"), (b, "activity", "A61"), (f"S{b[1:]}", "activity", "A5"), (a, "located_at", "as_received"),
        (f"S{a[1:]}", "not_a_problem", "E6"),
    ])  # fmt: skip
    return screen_job(place, "2023", folder / "out")


def test_a_run_again_in_pieces_changes_no_byte(decided, tmp_path, monkeypatch):
    """Pieces in threads; that other processes give the same rows is for tests/test_scale.py."""
    in_pieces_of(1, monkeypatch)
    again = screen_job(decided.cycle.place.folder, "2023", tmp_path)
    first, second = files_of(decided.folder), files_of(again.folder)
    assert len(first) > 15
    assert first == second


def test_decisions_change_no_lead_id_and_leave_no_trace_when_they_go(decided, published, tmp_path):
    before, after = published.cycle.tables, decided.cycle.tables
    effects = after["decisions"]["effect"].tolist()
    assert effects == ["applied"] * 2 + ["superseded"] + ["applied"] * 5  # a later word on the fate of a
    assert after["leads"]["lead_id"].tolist() == before["leads"]["lead_id"].tolist()
    folder = shutil.copytree(decided.cycle.place.folder, tmp_path / "试 区")
    (folder / "decisions.csv").unlink()
    assert files_of(screen_job(folder, "2023", tmp_path / "out").folder) == files_of(published.folder)
