"""draft FILE…: each file, folder or zip as sources/<id>.toml or layers/<id>.toml of a place; nothing is overwritten."""

import os
import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from pipeline.draft.fields import layer_columns, persons, source_aliases, source_columns, unused
from pipeline.draft.kinds import (
    YEAR,
    CodedClass,
    Role,
    class_line,
    coded_classes,
    data_date_line,
    is_gazetteer,
    kind_lines,
    left_out,
    role_of,
)
from pipeline.draft.looks import Look, file_lines, look, received_line, remarks, shape_crs_lines, table_crs_lines
from pipeline.draft.setting import Setting, read_setting
from pipeline.draft.toml import Line, Open, write_toml
from pipeline.errors import InputError
from pipeline.intake.privacy.scrub import scrub, without_marks
from pipeline.intake.words.codes import class_label
from pipeline.intake.words.dates import period_in_name
from pipeline.intake.words.suggest import sounds
from pipeline.text import say

MOST_ID_CHARACTERS = 40
RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")  # no file may be called so on Windows
FOLDERS: dict[Role, str] = {"source": "sources", "layer": "layers"}


class Draft(NamedTuple):
    """A file to be written: where, its text, and a sentence for the person."""

    path: Path
    text: str
    said: str


def draft_files(
    files: Sequence[Path], folder: Path, language: str | None, role: Role | None = None, layer: str | None = None
) -> tuple[list[Draft], list[str]]:
    """(drafts, sentences on files of which none is made) for the place `folder`; writes nothing.

    Raises ConfigError where `folder` is no place, InputError where not one of the files could be used.
    """
    setting = read_setting(folder, language)
    language = setting.language
    taken = {file.stem.casefold() for name in FOLDERS.values() for file in (folder / name).glob("*.toml")}
    drafts: list[Draft] = []
    faults: list[str] = []
    gazetteers: list[str] = []
    for path in (file.resolve() for file in files):
        if not path.exists():
            faults.append(say(language, "draft.no_file", path=path))
            continue
        try:
            seen = look(path, setting, layer)
            if role is None and is_gazetteer(seen):
                own = relative_path(path, setting.folder)
                gazetteers.append(say(language, "draft.gazetteer", path=path, own=own))
            else:
                drafts += _draft(seen, setting, role, taken)
        except InputError as error:
            faults.append(str(error))
    if not drafts and not gazetteers:
        raise InputError("\n".join(faults) or say(language, "draft.no_files"))
    return drafts, gazetteers + faults


def write_drafts(drafts: Sequence[Draft]) -> None:
    """Write every draft; a file that appeared in the meantime raises FileExistsError rather than being replaced."""
    for draft in drafts:
        draft.path.parent.mkdir(parents=True, exist_ok=True)
        with draft.path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(draft.text)


def make_id(name: str, taken: set[str]) -> tuple[str, bool]:
    """An ASCII id from a file's name (Chinese by its sound), and whether the plain one was taken; adds it to `taken`."""
    heard = "".join(sounds(name)).casefold().replace("ü", "v")
    plain = re.sub(r"[^a-z0-9]+", "_", heard).strip("_")[:MOST_ID_CHARACTERS].strip("_") or "draft"
    if RESERVED.fullmatch(plain):
        plain += "_file"
    own, n = plain, 2
    while own in taken:
        own, n = f"{plain}_{n}", n + 1
    taken.add(own)
    return own, own != plain


def relative_path(path: Path, folder: Path) -> str:
    """`path` as seen from `folder`, with forward slashes; absolute where they lie on different drives."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def _draft(seen: Look, setting: Setting, role: Role | None, taken: set[str]) -> list[Draft]:
    language = setting.language
    columns = source_columns(seen, language)
    decided: Role = role or role_of(seen, {key for key, line in columns.items() if isinstance(line.value, str)})
    if decided == "source":
        return [_finish(seen, setting, decided, _source_lines(seen, columns, setting), taken)]
    if seen.is_table:
        raise InputError(say(language, "draft.no_shapes", path=seen.path))
    own = layer_columns(seen, language)
    if "code" not in own:
        return [_finish(seen, setting, decided, _layer_lines(seen, own, setting), taken)]
    titles = {key: str(line.value) for key, line in own.items()}
    scheme, classes = coded_classes(seen, titles["code"], titles.get("code_name") or titles.get("name", ""), language)
    if not classes:
        return [_finish(seen, setting, decided, _layer_lines(seen, own, setting, scheme), taken)]
    return [
        _finish(seen, setting, decided, _layer_lines(seen, own, setting, scheme, one), taken, f"_{one.layer_class}")
        for one in classes
    ]


def _finish(seen: Look, setting: Setting, role: Role, lines: list[Line], taken: set[str], end: str = "") -> Draft:
    language, title, name = setting.language, _title(seen), scrub(seen.path.name).text
    if title == without_marks(title):
        own, was_taken = make_id(f"{title}{end}", taken)
    else:
        own, was_taken = _neutral_id(role, lines, taken), False
    path = setting.folder / FOLDERS[role] / f"{own}.toml"
    n_open = sum(isinstance(line.value, Open) for line in lines)
    header = [say(language, "draft.header_line", file=name), *remarks(seen, language)]
    said = say(language, f"draft.wrote_{role}", file=name, path=path, n=n_open)
    if was_taken:
        said += say(language, "draft.was_taken")
    return Draft(path, write_toml(header, lines), said)


def _title(seen: Look) -> str:
    """What the file is called, with marks for personal data; its path alone must keep them."""
    return scrub(seen.path.stem).text


def _neutral_id(role: Role, lines: list[Line], taken: set[str]) -> str:
    """An id by kind or class and number, as reports_1, for a file whose name holds personal data; adds it to `taken`."""
    what = next((line.value for line in lines if line.key in ("kind", "class") and isinstance(line.value, str)), role)
    own = next(name for n in count(1) if (name := f"{what}_{n}") not in taken)
    taken.add(own)
    return own


def _first_lines(seen: Look, setting: Setting, layer_class: str | None = None) -> list[Line]:
    """Title, path and how to read the file; of several layers of one file each bears its class in the title."""
    path = relative_path(seen.path, setting.folder)
    title = _title(seen) + (f" · {class_label(layer_class, setting.language)}" if layer_class else "")
    return [
        Line("title", title, say(setting.language, "draft.title")),
        Line("path", path),
        *file_lines(seen, setting.language, setting.limits),
    ]


def _origin_lines(seen: Look, language: str, role: Role) -> list[Line]:
    """What no file says of itself."""
    return [
        Line("provider", Open(), say(language, "draft.provider")),
        Line("licence", Open(), say(language, "draft.licence")),
        Line("secrecy", Open(), say(language, "draft.secrecy")),
        received_line(seen.path, language),
        Line("position_accuracy_m", Open("?"), say(language, f"draft.accuracy_{role}")),
    ]


def _source_lines(seen: Look, columns: dict[str, Line], setting: Setting) -> list[Line]:
    language, dropped = setting.language, persons(seen)
    titles = {field: str(line.value) for field, line in columns.items() if not isinstance(line.value, Open)}
    kinds = kind_lines(seen, {*titles}, dropped, language)
    is_change = kinds[0].value == "change"
    lines = [*_first_lines(seen, setting), *kinds]
    lines += shape_crs_lines(seen, setting) if not seen.is_table else table_crs_lines(seen, titles, setting)
    lines += [Line("shows", Open(), say(language, "draft.shows"))] if is_change else []
    lines += _origin_lines(seen, language, "source")
    if dropped:
        lines.append(Line("drop", dropped, say(language, "draft.drop")))
    lines += columns.values()
    lines += unused(seen, [*titles.values(), *dropped], source_aliases(), language)
    return lines + _values(seen, titles, is_change, language)


def _values(seen: Look, titles: dict[str, str], is_change: bool, language: str) -> list[Line]:
    """What holds for all rows: the period in the file's name, and what no column says."""
    lines = []
    if not {"period", "prev_date"} & {*titles}:
        period = period_in_name(seen.path.stem)
        if period:
            lines.append(Line("period", period, say(language, "draft.period_name"), "values"))
        elif is_change:
            lines.append(Line("period", Open(), say(language, "draft.period_open"), "values"))
    for field in ("activity", "change_type"):
        if field not in titles:
            lines.append(Line(field, Open(), say(language, f"draft.{field}_open"), "values"))
    return lines


def _layer_lines(
    seen: Look, columns: dict[str, Line], setting: Setting, scheme: Line | None = None, coded: CodedClass | None = None
) -> list[Line]:
    language = setting.language
    lines = _first_lines(seen, setting, coded.layer_class if coded else None)
    lines.append(
        class_line(seen, language) if coded is None else Line("class", coded.layer_class, say(language, "draft.coded"))
    )
    lines += [scheme] if scheme else []
    if YEAR.search(seen.path.stem):
        series = YEAR.sub("", without_marks(_title(seen))) + (f"_{coded.layer_class}" if coded else "")
        lines.append(Line("series", make_id(series, set())[0], say(language, "draft.series")))
    lines += [data_date_line(seen, language), Line("covers", Open(), say(language, "draft.covers"))]
    lines += shape_crs_lines(seen, setting)
    if not seen.polygons:
        lines.append(Line("buffer_m", Open("?"), say(language, "draft.buffer")))
    lines += _origin_lines(seen, language, "layer")
    if coded is not None:
        title = str(columns["code"].value)
        lines.append(Line("", why=left_out(coded, language), table="where"))
        if coded.n_restored:
            lines.append(Line("", why=say(language, "draft.zeros_restored", n=coded.n_restored), table="where"))
        lines.append(Line(title, coded.codes, coded.counts, "where"))
    lines += columns.values()
    return lines + unused(seen, [str(line.value) for line in columns.values()], [], language)
