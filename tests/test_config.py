"""A broken place folder gives one message that names every fault with file and key, and nothing is written."""

import subprocess
import sys

import pytest

from pipeline.errors import ConfigError
from pipeline.place_folder import read_place


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_sound_place_reads(place):
    read = read_place(place)
    assert (read.county, [source.id for source in read.sources]) == ("试区", ["leads"])


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("place.toml", "county = ", "conty = ", "county"),
        ("sources/leads.toml", "kind = ", "knid = ", "kind"),
        ("sources/leads.toml", "leads.geojson", "nowhere.geojson", "nowhere.geojson"),
        ("sources/leads.toml", "EPSG:4549", "EPSG:99999", "EPSG:99999"),
        ("sources/leads.toml", 'orig_no = "no"', 'number = "no"', "number"),
        ("layers/marsh.toml", 'class = "wetland"', "", "class"),
        ("layers/marsh.toml", 'covers = "place"', "", "covers"),
        ("rules.toml", "sliver_m2 = 50", "sliver_m2 = -1", "sliver_m2"),
        ("rules.toml", "sliver_m2 = 50", "", "sliver_m2"),
        ("sources/leads.toml", "received = 2023-06-01", "received = ", "TOML"),
    ],
)
def test_each_fault_names_file_and_key(place, file, old, new, said):
    edit(place / file, old, new)
    with pytest.raises(ConfigError) as fault:
        read_place(place)
    assert str(place / file) in str(fault.value)
    assert said in str(fault.value)


def test_corrections_may_not_run_in_a_circle(place):
    text = (place / "sources" / "leads.toml").read_text(encoding="utf-8")
    (place / "sources" / "leads.toml").write_text('replaces = "fix"\n' + text, encoding="utf-8")
    (place / "sources" / "fix.toml").write_text('replaces = "leads"\n' + text, encoding="utf-8")
    with pytest.raises(ConfigError, match="fix"):
        read_place(place)
    (place / "sources" / "leads.toml").write_text('replaces = "leads"\n' + text, encoding="utf-8")
    with pytest.raises(ConfigError, match="leads"):
        read_place(place)


def test_a_correction_does_not_come_before_what_it_corrects(place):
    text = (place / "sources" / "leads.toml").read_text(encoding="utf-8")
    early = text.replace("2023-06-01", "2023-05-01")
    (place / "sources" / "fix.toml").write_text('replaces = "leads"\n' + early, encoding="utf-8")
    with pytest.raises(ConfigError, match="2023-06-01"):
        read_place(place)


def test_all_faults_of_all_files_stand_in_one_error(place):
    edit(place / "place.toml", "county = ", "conty = ")
    edit(place / "layers" / "marsh.toml", 'class = "wetland"', "")
    edit(place / "rules.toml", "sliver_m2 = 50", "sliver_m2 = -1")
    with pytest.raises(ConfigError) as fault:
        read_place(place)
    for name in ("place.toml", "marsh.toml", "rules.toml"):
        assert name in str(fault.value)


def run(*arguments, cwd):
    command = [sys.executable, "-m", "pipeline", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_command_ends_with_2_and_writes_nothing(place, tmp_path):
    edit(place / "place.toml", "county = ", "conty = ")
    done = run("screen", "--place", str(place), cwd=tmp_path)
    assert done.returncode == 2
    assert "place.toml" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "outputs").exists()


def test_commands_on_a_path_with_chinese_and_blanks(place, tmp_path):
    for arguments in (
        ["screen", "--cycle", "2023"],
        ["check"],
        ["explain", "--cycle", "2023", "half"],
        ["accept", "--cycle", "2023"],
    ):
        done = run(*arguments, "--place", str(place), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    done = run("explain", "--cycle", "2023", "--lang", "en", "half", "--place", str(place), cwd=tmp_path)
    assert "50.0%" in done.stdout
    assert run("explain", "--cycle", "2023", "nothing", "--place", str(place), cwd=tmp_path).returncode == 2
    assert run("screen", "--cycle", "1999", "--place", str(place), cwd=tmp_path).returncode == 2
    assert run("--help", cwd=tmp_path).returncode == 0


def test_strict_is_1_when_a_person_has_to_decide_and_everything_is_written(place, tmp_path):
    assert run("screen", "--cycle", "2023", "--strict", "--place", str(place), cwd=tmp_path).returncode == 0
    edit(place / "place.toml", '["wetland"]', '["wetland", "forest"]')
    done = run("screen", "--cycle", "2023", "--strict", "--place", str(place), cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "outputs" / place.name / "2023" / "index.html").exists()


def test_a_gbk_console_does_not_stop_a_run(place, tmp_path):
    command = [sys.executable, "-m", "pipeline", "screen", "--cycle", "2023", "--lang", "en", "--place", str(place)]
    import os

    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "gbk"}, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "试区".encode("gbk") in done.stdout


def test_help_imports_nothing_heavy():
    code = "import sys, pipeline.cli; print(sorted({'geopandas', 'pandas', 'shapely', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("place.toml", "{number:04d}", "", "number"),
        ("delivery/list.toml", "{date}", "{day}", "file_name"),
        ("delivery/list.toml", 'rows = "problems"', 'rows = "problem"', "rows"),
    ],
)
def test_templates_and_row_sets_are_judged_before_the_run(place, file, old, new, said):
    edit(place / file, old, new)
    with pytest.raises(ConfigError, match=said):
        read_place(place)


def test_a_field_that_no_row_set_has_is_named_and_nothing_is_written(place, tmp_path):
    edit(place / "delivery" / "list.toml", 'field = "seq"', 'field = "sequence"')
    done = run("screen", "--cycle", "2023", "--place", str(place), cwd=tmp_path)
    assert done.returncode == 2
    assert "sequence" in done.stderr
    assert not (tmp_path / "outputs" / place.name / "2023").exists()
