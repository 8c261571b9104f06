"""Every sentence a person reads, in Chinese and English.

The sentences lie in words/*.toml, one file a room, each entry `key = {zh = "…", en = "…"}`; a `{name}` in a
sentence is filled by the caller. A missing key or value is a bug and raises.
"""

import tomllib
from functools import cache
from importlib import resources


@cache
def _sentences() -> dict[str, dict[str, str]]:
    sentences: dict[str, dict[str, str]] = {}
    for file in sorted(resources.files("pipeline.words").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            room = file.name.removesuffix(".toml")
            for key, sentence in tomllib.loads(file.read_text(encoding="utf-8")).items():
                sentences[f"{room}.{key}"] = sentence
    return sentences


def say(language: str, key: str, **values: object) -> str:
    """The sentence `key` ("room.name") in `language` ("zh" or "en"), with `values` filled in."""
    return _sentences()[key][language].format(**values)


def say_both(key: str, **values: object) -> str:
    """The sentence in both languages, for what goes wrong where no place, and so no language, is known."""
    return f"{say('zh', key, **values)}\n{say('en', key, **values)}"
