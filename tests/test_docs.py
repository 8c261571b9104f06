"""The docs fail the build: tables are printed, every command, kind, rule and dependency has its sentence."""

import re
import tomllib
from pathlib import Path

from pipeline.cli import leadscreen
from pipeline.declare import describe_tables
from pipeline.rules import Rules
from pipeline.tables import TABLES
from pipeline.text import _sentences

HOME = Path(__file__).parents[1]


def text(name: str) -> str:
    return (HOME / name).read_text(encoding="utf-8")


def test_tables_are_printed_from_their_declarations():
    assert text("docs/tables.md") == describe_tables(TABLES.values())


def test_every_command_is_in_both_readmes():
    for readme in ("README.md", "README.zh.md"):
        for command in leadscreen.commands:
            assert f"`{command}" in text(readme) or f"leadscreen {command}" in text(readme), (readme, command)


def test_every_rule_has_its_sentence():
    page = text("docs/rules.md")
    for section in Rules.model_fields.values():
        for name in section.annotation.model_fields:
            assert f"`{name}`" in page, name


def test_every_dependency_has_its_line():
    project = tomllib.loads(text("pyproject.toml"))
    names = [
        re.split(r"[<>=\[]", d)[0] for d in project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    ]
    for name in names:
        assert f"**{name}**" in text("docs/decisions.md"), name


def test_every_sentence_is_there_in_both_languages_with_the_same_blanks():
    blanks = re.compile(r"\{(\w+)")
    for key, sentence in _sentences().items():
        assert set(sentence) == {"zh", "en"}, key
        assert set(blanks.findall(sentence["zh"])) <= set(blanks.findall(sentence["en"])) | {"mu"}, key


def test_every_table_says_what_one_row_is():
    assert all(table.one_row_is and table.key for table in TABLES.values())


def test_nothing_names_a_place_of_one_machine():
    for path in [
        *HOME.glob("*.md"),
        *HOME.glob("docs/*.md"),
        *HOME.glob("configs/**/*.toml"),
        *HOME.glob("pipeline/**/*.py"),
    ]:
        assert not re.search(r"(?<![\w.])/(work|tmp|home|root)/", path.read_text(encoding="utf-8")), path
