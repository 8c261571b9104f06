"""decide: files of persons come into decisions.csv, each row once, whole or not at all; who disagrees is told."""

import csv
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.decide import decide, decided_lines
from pipeline.errors import InputError
from pipeline.intake.decisions import DECISIONS_FILE, read_decisions
from pipeline.jobs import screen
from pipeline.last_run import folder_of_last_run
from pipeline.manifest import make_manifest
from pipeline.place_folder import read_place
from tests.conftest import CRS, HOME, PLACE, box, write_geojson, write_source

LEAD_A, LEAD_B = "L" + "A" * 11, "L" + "B" * 11
SITE_A = "S" + "A" * 11
HEAD = "subject,decision,value,reason,role,date\n"
SAME = f"{LEAD_A} {LEAD_B},same,,同一矿坑,矿管科,2024-03-15\n"
OUT = f"{SITE_A},leave_out,E4,,矿管科,2024-03-15\n"
KEEP = f"{SITE_A},keep,,现场仍在开采,林草局,2024-03-16\n"
BAD = f"{SITE_A},也许,,,矿管科,2024-03-15\n"


@pytest.fixture
def given_file(tmp_path):
    def write(text, name="given.csv", encoding="utf-8-sig"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return write


def rows_of(place):
    with (place / DECISIONS_FILE).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def run(*words):
    """(exit code of `leadscreen decide …`)."""
    sys.argv = ["leadscreen", "decide", *map(str, words)]
    with pytest.raises(SystemExit) as stopped:
        main()
    return stopped.value.code


def test_rows_are_taken_once(place, given_file):
    first = decide([given_file(HEAD + SAME + OUT), given_file(HEAD + SAME, "again.csv")], place)
    assert (len(first.taken), first.n_repeated) == (2, 1)
    assert (place / DECISIONS_FILE).read_bytes().startswith(b"\xef\xbb\xbf")  # the mark by which Excel knows UTF-8
    assert rows_of(place)[1] == [f"{LEAD_A} {LEAD_B}", "same", "", "同一矿坑", "矿管科", "2024-03-15", ""]
    before = (place / DECISIONS_FILE).read_bytes()
    turned = SAME.replace(f"{LEAD_A} {LEAD_B}", f"{LEAD_B} {LEAD_A}").replace("同一矿坑", "另一句话")
    second = decide([given_file(HEAD + turned + OUT)], place)
    assert (len(second.taken), second.n_repeated) == (0, 2)
    assert (place / DECISIONS_FILE).read_bytes() == before


def test_a_bad_row_stops_no_good_one_and_is_told(place, given_file, capsys):
    assert run(given_file(HEAD + BAD + OUT), "--place", place) == 0
    told = capsys.readouterr().out
    assert "新增 1 条判定" in told
    assert "given.csv 第 2 行：决定“也许”不认识" in told
    assert "leadscreen screen" in told
    assert len(rows_of(place)) == 2


def test_only_bad_rows_are_a_failure(place, given_file, capsys):
    assert run(given_file(HEAD + BAD), "--place", place) == 2
    assert "第 2 行：决定“也许”不认识" in capsys.readouterr().err
    assert not (place / DECISIONS_FILE).exists()


def test_a_dry_run_writes_nothing(place, given_file):
    before = sorted(place.rglob("*"))
    decided = decide([given_file(HEAD + OUT)], place, is_dry_run=True)
    assert "没有写入任何文件" in decided_lines(decided)[0]
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_files_without_decisions_are_all_named_and_nothing_is_written(place, given_file, capsys, lang):
    other, good = given_file("a,b\n1,2\n", "other.csv"), given_file(HEAD + OUT)
    picture = given_file("\x89PNG", "map.png", "latin-1")
    assert run(good, other, picture, "gone.csv", "--place", place, "--lang", lang) == 2
    told = capsys.readouterr().err
    assert all(name in told for name in ("other.csv", "map.png", "gone.csv"))
    assert not (place / DECISIONS_FILE).exists()


def test_two_persons_who_disagree_are_told_with_what_they_decided(place, given_file):
    decided = decide([given_file(HEAD + OUT), given_file(HEAD + KEEP, "other.csv")], place)
    assert decided.contradicted == [
        f"  {SITE_A}：第 2 行 矿管科（2024-03-15）：剔除 E4；第 3 行 林草局（2024-03-16）：保留"
    ]
    assert read_decisions(place, "zh")["effect"].tolist() == ["contradicted", "contradicted"]
    joint = decide([given_file(HEAD + KEEP.replace("林草局", "会商"))], place)
    assert joint.contradicted == []
    assert read_decisions(place, "zh")["effect"].tolist() == ["superseded", "superseded", ""]


def test_what_stands_there_stays_as_a_person_wrote_it(place, given_file):
    """Excel on a Chinese Windows writes GBK; titles, an own column, a bad row and a missing last line end are kept."""
    own = f"备注,对象,决定,值,理由,角色,日期\r\n甲,{LEAD_A} {LEAD_B},同一处,,,矿管科,2024/3/15\r\n乙,,胡写,,,,"
    (place / DECISIONS_FILE).write_bytes(own.encode("gbk"))
    decided = decide([given_file(HEAD + SAME + OUT)], place)
    assert (len(decided.taken), decided.n_repeated) == (1, 1)
    text = (place / DECISIONS_FILE).read_bytes().decode("utf-8-sig")
    assert text == f"{own}\r\n,{SITE_A},leave_out,E4,,矿管科,2024-03-15\r\n"
    assert decided.taken[0].row == 4


def test_a_row_that_names_no_cycle_is_one_of_the_last_run(place, given_file, tmp_path):
    """The run that was looked at is written down, in a column of its own, also behind rows that stand there without it."""
    (place / DECISIONS_FILE).write_text(HEAD + SAME, encoding="utf-8")
    lead_id = screen(place, "2023", tmp_path / "out").cycle.tables["leads"]["lead_id"][0]
    out = OUT.replace(SITE_A, "S" + lead_id[1:])
    decide([given_file(HEAD + out)], place, outputs=tmp_path / "out")
    assert [row[6:] for row in rows_of(place)] == [["周期"], [], ["2023"]]
    screen(place, "2024", tmp_path / "out")
    again = decide([given_file(HEAD + out + SAME)], place, outputs=tmp_path / "out")
    assert (len(again.taken), again.n_repeated) == (0, 2)  # an old file does not become a word on a later run
    named = HEAD.replace("date", "date,cycle") + out.replace("\n", ",2024\n")
    assert [row.cycle for row in decide([given_file(named)], place, outputs=tmp_path / "out").taken] == ["2024"]
    assert read_decisions(place, "zh")["cycle"].fillna("").tolist() == ["", "2023", "2024"]
    other = given_file(named.replace(",2024\n", ",2031\n") + out.replace("\n", ",\n"))
    assert "没有名为“2031”的周期；已有：2023、2024" in decide([other], place).unreadable[0]


def test_a_file_without_all_columns_cannot_be_appended_to(place, given_file):
    own = "对象,决定,角色,日期\n"
    (place / DECISIONS_FILE).write_text(own, encoding="utf-8")
    with pytest.raises(InputError, match="缺少列 值, 理由"):
        decide([given_file(HEAD + OUT)], place)
    assert (place / DECISIONS_FILE).read_text(encoding="utf-8") == own


def test_an_open_quote_swallows_no_appended_row(place, given_file):
    own = HEAD + f'{SITE_A},keep,,"没有收尾,矿管科,2024-03-15\n'
    (place / DECISIONS_FILE).write_text(own, encoding="utf-8")
    decide([given_file(HEAD + SAME)], place)
    assert read_decisions(place, "zh")["decision"].tolist() == ["keep", "same"]


def test_no_cell_is_a_formula(place, given_file):
    west = f"{LEAD_A},located_at,-56.75 -6.1,=1+1,矿管科,2024-03-15\n"
    decide([given_file(HEAD + west)], place)
    assert rows_of(place)[1][2:4] == ["'-56.75 -6.1", "'=1+1"]
    frame = read_decisions(place, "zh")
    assert frame[["value", "reason"]].to_numpy().tolist() == [["-56.75 -6.1", "=1+1"]]
    assert decide([given_file(HEAD + west)], place).n_repeated == 1


def test_names_are_replaced_and_that_is_told(place, given_file):
    decided = decide([given_file(HEAD + OUT.replace("矿管科", "李建国"))], place)
    assert "李建国" not in (place / DECISIONS_FILE).read_text(encoding="utf-8")
    assert any("不写姓名" in line for line in decided_lines(decided))


def test_a_killed_write_leaves_the_old_file(place, given_file, monkeypatch):
    decide([given_file(HEAD + SAME)], place)
    before = (place / DECISIONS_FILE).read_bytes()

    def fail(*_):
        raise PermissionError("in use")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(InputError, match="请关闭后重试"):
        decide([given_file(HEAD + OUT)], place)
    assert (place / DECISIONS_FILE).read_bytes() == before
    assert [path for path in place.iterdir() if "part" in path.name] == []


def test_the_manifest_knows_the_decisions(place, given_file):
    before = make_manifest(read_place(place), "2023", pyproj.CRS(CRS))
    decide([given_file(HEAD + OUT)], place)
    after = make_manifest(read_place(place), "2023", pyproj.CRS(CRS))
    assert set(after["config"]) - set(before["config"]) == {DECISIONS_FILE}
    assert after["run_id"] != before["run_id"]


ROW = st.sampled_from([SAME, OUT, KEEP, BAD, SAME.replace("15", "17"), OUT.replace("矿管科", "会商")])


@settings(max_examples=15, deadline=None)
@given(files=st.lists(st.lists(ROW, max_size=6), min_size=1, max_size=3))
def test_every_row_is_taken_repeated_or_told(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    _bare_place(folder)
    paths = []
    for k, rows in enumerate(files):
        paths.append(folder / f"given{k}.csv")
        paths[-1].write_text(HEAD + "".join(rows), encoding="utf-8")
    total = sum(map(len, files))
    distinct = {row for rows in files for row in rows if row != BAD}
    try:
        decided = decide(paths, folder)
    except InputError:
        assert not distinct
        assert total
        return
    assert len(decided.taken) == len(distinct)
    assert len(decided.taken) + decided.n_repeated + len(decided.unreadable) == total
    again = decide(paths, folder) if distinct else decided
    assert not (distinct and again.taken)


def _bare_place(folder):
    for name in ("sources", "layers", "delivery"):
        (folder / name).mkdir()
    (folder / "place.toml").write_text(PLACE, encoding="utf-8")
    (folder / "rules.toml").write_bytes((HOME / "configs" / "shuangta" / "rules.toml").read_bytes())


def test_two_at_once_lose_nothing(place, given_file):
    files = [given_file(HEAD + f"{LEAD_A} {LEAD_B},same,,,科室{k},2024-03-15\n", f"{k}.csv") for k in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda file: decide([file], place), files))
    assert sorted(row[4] for row in rows_of(place)[1:]) == [f"科室{k}" for k in range(6)]


def test_a_lock_that_was_left_is_named(place, given_file, monkeypatch):
    monkeypatch.setattr("pipeline.intake.decision_file.LOCK_TRIES", 1)
    lock = place / ".decisions.csv.lock"
    lock.touch()
    with pytest.raises(InputError, match=r"decisions\.csv\.lock"):
        decide([given_file(HEAD + SAME)], place)
    assert not (place / DECISIONS_FILE).exists()
    assert decide([given_file(HEAD + SAME)], place, is_dry_run=True).taken


@pytest.mark.parametrize(("n_refused", "is_taken"), [(1, True), (3, False)])
def test_a_lock_that_is_just_being_deleted_is_tried_again(place, given_file, monkeypatch, n_refused, is_taken):
    """Windows refuses to open a file in that state, as a disk does that may not be written."""
    left, really = [PermissionError(13, "denied")] * n_refused, os.open

    def refuse(path, *how, **known):
        if str(path).endswith(".lock") and left:
            raise left.pop()
        return really(path, *how, **known)

    monkeypatch.setattr("pipeline.intake.decision_file.LOCK_TRIES", 3)
    monkeypatch.setattr("pipeline.intake.decision_file.LOCK_PAUSE_S", 0.0)
    monkeypatch.setattr("pipeline.intake.decision_file.os.open", refuse)
    if is_taken:
        assert decide([given_file(HEAD + SAME)], place).taken
    else:
        with pytest.raises(InputError, match="denied"):
            decide([given_file(HEAD + SAME)], place)
    assert not (place / ".decisions.csv.lock").exists()


def test_the_last_run_is_of_the_latest_cycle_wherever_it_stands_in_the_file(place, given_file, tmp_path):
    text = (place / "place.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith('"20')]
    turned = text.replace("\n".join(lines), "\n".join(reversed(lines)))
    assert len(lines) > 1 and turned != text
    (place / "place.toml").write_text(turned, encoding="utf-8")
    known = read_place(place)
    for cycle in known.cycles:
        (tmp_path / known.key / cycle / "tables").mkdir(parents=True)
        (tmp_path / known.key / cycle / "tables" / "outcomes.parquet").touch()
    assert folder_of_last_run(known, tmp_path) == tmp_path / known.key / max(known.cycles) / "tables"


def test_a_fault_of_the_program_is_not_taken_for_a_run_that_cannot_be_read(place, given_file, tmp_path, monkeypatch):
    screen(place, "2023", tmp_path / "out")

    def broken(leads):
        raise KeyError("root_lead_id")

    monkeypatch.setattr("pipeline.last_run.rows_by_tail", broken)
    with pytest.raises(KeyError):
        decide([given_file(HEAD + SAME)], place, outputs=tmp_path / "out")


def test_a_day_that_is_yet_to_come_is_a_fault_of_the_row(place, given_file):
    days = [(date.today() + timedelta(days=n)).isoformat() for n in (0, 1, 2)]
    rows = [SAME.replace("矿管科", f"科室{n}").replace("2024-03-15", day) for n, day in enumerate(days)]
    decided = decide([given_file(HEAD + "".join(rows))], place)
    assert [row.date for row in decided.taken] == days[:2]  # offices span time zones
    assert len(decided.unreadable) == 1
    assert f"“{days[2]}”还没有到" in decided.unreadable[0]


@pytest.fixture
def with_town(place):
    write_geojson(place / "towns.geojson", [(box(0, 0, 1000, 1000), {"name": "桃花吐镇"})])
    with (place / "place.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'[townships]\npath = "towns.geojson"\ncrs = "{CRS}"\nname = "name"\n')
    return place


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_ids_that_the_last_run_does_not_know_are_named_with_what_may_be_meant(place, given_file, tmp_path, lang):
    tables = screen(place, "2023", tmp_path / "out").cycle.tables
    lead_id, report_id = tables["leads"][["lead_id", "report_id"]].iloc[0]
    slip = lead_id[:-1] + ("B" if lead_id[-1] != "B" else "C")
    rows = [
        f"{lead_id} {LEAD_B},same,,,矿管科,2024-03-15\n",
        f"S{lead_id[1:]} D-77,same,,,矿管科,2024-03-15\n",
        f"{report_id},leave_out,E2,,矿管科,2024-03-15\n",
        f"{slip},activity,A61,,矿管科,2024-03-15\n",
    ]
    decided = decide([given_file(HEAD + "".join(rows))], place, lang, outputs=tmp_path / "out")
    assert len(decided.taken) == 4
    (ids,) = decided.unknown
    assert "3" in ids and LEAD_B in ids and "D-77" in ids and report_id not in ids
    assert f"{slip}（是否为 {lead_id}？）" in ids if lang == "zh" else f"{slip} (is {lead_id} meant?)" in ids
    assert decided.unknown == decided_lines(decided)[1:2]


def test_a_township_that_the_place_does_not_have_is_a_fault_of_the_row(with_town, given_file, tmp_path):
    lead_id = screen(with_town, "2023", tmp_path / "out").cycle.tables["leads"]["lead_id"][0]
    towns = ("桃花吐镇", "桃花土镇", "孙家湾")
    rows = [f"{lead_id},town,{town},,科室{k},2024-03-15\n" for k, town in enumerate(towns)]
    decided = decide([given_file(HEAD + "".join(rows))], with_town)
    assert [row.value for row in decided.taken] == ["桃花吐镇"]
    slip, other = decided.unreadable
    assert "没有名为“桃花土镇”的乡镇，是否为“桃花吐镇”？" in slip
    assert "没有名为“孙家湾”的乡镇；已有：桃花吐镇" in other


def test_a_known_case_may_be_called_by_its_senders_number(place, given_file, tmp_path):
    known = {"no": "TZ-9", "activity": "采石场", "change": "新增", "state": "整改中", "closed": ""}
    write_source(place, "old", [(box(900, 900, 50, 50), known)], kind='"known"')
    case = screen(place, "2023", tmp_path / "out").cycle.tables["cases"].set_index("orig_no")["problem_id"]["TZ-9"]
    given = given_file(HEAD + "TZ-9,not_a_problem,E6,,矿管科,2024-03-15\n")
    assert [row.subject for row in decide([given], place, outputs=tmp_path / "out").taken] == [case]
    assert decide([given], place, outputs=tmp_path / "out").n_repeated == 1


def test_a_file_of_another_place_is_refused(place, given_file, tmp_path):
    screen(place, "2023", tmp_path / "out")
    with pytest.raises(InputError, match="--place"):
        decide([given_file(HEAD + SAME + OUT)], place, outputs=tmp_path / "out")
    assert not (place / DECISIONS_FILE).exists()


def test_without_a_run_that_can_be_read_no_id_is_doubted(place, given_file, tmp_path):
    files = [given_file(HEAD + SAME)]
    assert decide(files, place, is_dry_run=True, outputs=tmp_path / "out").unknown == []
    tables = tmp_path / "out" / place.name / "2023" / "tables"
    tables.mkdir(parents=True)
    (tables / "outcomes.parquet").touch()  # of another version, or spoilt
    (tables / "leads.parquet").write_bytes(b"PAR1")
    assert decide(files, place, outputs=tmp_path / "out").unknown == []
