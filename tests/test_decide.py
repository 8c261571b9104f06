"""decide: files of persons come into decisions.csv, each row once, whole or not at all; who disagrees is told."""

import csv
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
from pipeline.manifest import make_manifest
from pipeline.place_folder import read_place
from tests.conftest import CRS, HOME, PLACE, box, write_geojson

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
    assert rows_of(place)[1] == [f"{LEAD_A} {LEAD_B}", "same", "", "同一矿坑", "矿管科", "2024-03-15"]
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


def test_two_persons_who_disagree_are_told_with_their_words(place, given_file):
    decided = decide([given_file(HEAD + OUT), given_file(HEAD + KEEP, "other.csv")], place)
    assert decided.contradicted == [
        f"  {SITE_A}：第 2 行 矿管科（2024-03-15）：剔除 E4；第 3 行 林草局（2024-03-16）：保留，理由“现场仍在开采”"
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


def test_a_day_that_is_yet_to_come_is_a_fault_of_the_row(place, given_file):
    days = [(date.today() + timedelta(days=n)).isoformat() for n in (0, 1, 2)]
    rows = [SAME.replace("矿管科", f"科室{n}").replace("2024-03-15", day) for n, day in enumerate(days)]
    decided = decide([given_file(HEAD + "".join(rows))], place)
    assert [row.date for row in decided.taken] == days[:2]  # offices span time zones
    assert len(decided.unreadable) == 1
    assert f"“{days[2]}”还没有到" in decided.unreadable[0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_ids_and_townships_that_the_last_run_does_not_know_are_named(place, given_file, tmp_path, lang):
    write_geojson(place / "towns.geojson", [(box(0, 0, 1000, 1000), {"name": "甲镇"})])
    with (place / "place.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'[townships]\npath = "towns.geojson"\ncrs = "{CRS}"\nname = "name"\n')
    tables = screen(place, "2023", tmp_path / "out").cycle.tables
    lead_id, report_id = tables["leads"][["lead_id", "report_id"]].iloc[0]
    rows = [
        f"{lead_id} {LEAD_B},same,,,矿管科,2024-03-15\n",
        f"S{lead_id[1:]} D-77,same,,,矿管科,2024-03-15\n",
        f"{report_id},leave_out,E2,,矿管科,2024-03-15\n",
        f"{lead_id},town,甲镇,,矿管科,2024-03-15\n",
        f"C{lead_id[1:]},town,乙镇,,矿管科,2024-03-15\n",
    ]
    decided = decide([given_file(HEAD + "".join(rows))], place, lang, outputs=tmp_path / "out")
    assert len(decided.taken) == 5
    ids, towns = decided.unknown
    assert "2" in ids and f"{LEAD_B}、D-77".replace("、", "、" if lang == "zh" else ", ") in ids
    assert lead_id not in ids and report_id not in ids
    assert "乙镇" in towns and "甲镇" not in towns
    assert decided.unknown == decided_lines(decided)[1:3]


def test_without_a_run_that_can_be_read_no_id_is_doubted(place, given_file, tmp_path):
    files = [given_file(HEAD + SAME)]
    assert decide(files, place, is_dry_run=True, outputs=tmp_path / "out").unknown == []
    tables = tmp_path / "out" / place.name / "2023" / "tables"
    tables.mkdir(parents=True)
    (tables / "outcomes.parquet").touch()  # of another version, or spoilt
    (tables / "leads.parquet").write_bytes(b"PAR1")
    assert decide(files, place, outputs=tmp_path / "out").unknown == []
