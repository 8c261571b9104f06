"""Their columns under our names: by the titles offices use, by what the cells hold, each with its evidence."""

import re
from collections.abc import Callable, Sequence

from pipeline.config import LAYER_FIELDS, MAPPED_FIELDS
from pipeline.draft.looks import SAMPLE_ROWS, SURE_SHARE, Look
from pipeline.draft.toml import Line, Open
from pipeline.intake.formats.columns import column_letter, match_columns
from pipeline.intake.privacy.scrub import is_clean, petitioner_columns, without_marks
from pipeline.intake.words.areas import unit_in_title
from pipeline.intake.words.codes import UNKNOWN_CHANGE, read_codes, to_activity, to_change_type, to_state
from pipeline.intake.words.dates import parse_date, parse_period
from pipeline.intake.words.suggest import suggest
from pipeline.text import say

OURS = {  # what column_aliases.csv knows by a finer name than a source file; used where ours is not taken
    "activity_desc": "text",
    "progress": "state",
    "checked_date": "curr_date",
    "received_date": "curr_date",
}
POSITION_FIELDS = ("lon", "lat", "x_north", "y_east", "position")
READERS: dict[str, Callable[[str], object]] = {  # what the cells of a field must be readable as
    "period": parse_period,
    "prev_date": parse_date,
    "curr_date": parse_date,
    "closed_date": parse_date,
    "due_date": parse_date,
}
KNOWN_WORDS: dict[str, Callable[[str], object]] = {  # a column whose title nobody knows, by its cells
    "period": parse_period,
    "change_type": lambda word: to_change_type(word) != UNKNOWN_CHANGE,
    "state": to_state,
    "activity": lambda word: to_activity(word)[0],
}
LONGEST_TITLE = 60  # characters; a longer one tells a story
NUMBERS = re.compile(r".*(?:编号|号|BH|NO|CODE|ID)", re.IGNORECASE)
LAYER_TITLES = {  # the first pattern that a title matches whole serves the field
    "feature_key": (r"BSM|标识码", r"TBBH|图斑编号|编号", r"id|\w*_id|fid|objectid"),
    "code": (r"DLBM|地类编码|地类代码",),
    "code_name": (r"DLMC|地类名称",),
    "zone": (r"GNQ|YGNQ|GKFQ|功能区|功能分区|管控分区|zone",),
    "grade": (r"BH_DJ|林地保护等级|GJGYL_BHDJ|国家级公益林保护等级|SD_DJ|保护等级|grade",),
    "level": (r"JB|BHDJB|\w*级别|level",),
    "name": (r"BHDMC|HXMC|SYSD_BM|保护地名称|红线名称|湿地名称", r"name|名称|MC|name_\w+|\w+_name", r"\w+名称|\w+MC"),
}


def persons(seen: Look) -> list[str]:
    """The columns that tell who a natural person is; a source file must drop them."""
    return petitioner_columns(seen.reading.columns)


def source_columns(seen: Look, language: str) -> dict[str, Line]:
    """Our field → its line in [columns]; open where the title is known and the cells cannot be read as the field."""
    dropped, cells = persons(seen), seen.cells
    titles = [title for title in seen.reading.columns if title not in dropped]
    has_shapes = seen.polygons + seen.points > 0
    found: dict[str, Line] = {}
    for known, (title, alias) in sorted(match_columns(titles).items(), key=lambda item: item[0] in OURS):
        field = _our_field(known, title, found)
        if field is None or (has_shapes and field in POSITION_FIELDS):
            continue
        found[field] = _by_title(field, title, alias, cells.get(title, []), language)
    used = {line.value for line in found.values()}
    for title in (title for title in titles if title not in used):
        guess = _by_cells(title, cells.get(title, []), found, language)
        if guess is not None:
            found[guess.key] = guess
    return found


def layer_columns(seen: Look, language: str) -> dict[str, Line]:
    """The same for a layer's fields, by title; a key must differ from feature to feature."""
    found: dict[str, Line] = {}
    cells, n = seen.cells, len(seen.reading.records)
    for field, patterns in LAYER_TITLES.items():
        for title in (t for p in patterns for t in seen.reading.columns if re.fullmatch(p, t, re.IGNORECASE)):
            used = {line.value for line in found.values()}
            if title in used or (
                field == "feature_key" and len(set(cells[title])) < len(seen.reading.records[:SAMPLE_ROWS])
            ):
                continue
            key = "draft.unique" if field == "feature_key" else "draft.by_title"
            found[field] = Line(field, title, say(language, key, filled=len(cells[title]), n=n), "columns")
            break
    if "name" not in found and "code_name" in found:
        found["name"] = found.pop("code_name")._replace(key="name")  # the class is all the name there is
    return {field: found[field] for field in LAYER_FIELDS if field in found}


def unused(seen: Look, used: Sequence[str], known: Sequence[tuple[str, str]], language: str) -> list[Line]:
    """One comment a column that serves no field, with what is like it of the `known` (our field, title)."""
    fields = {alias: field for field, alias in known}
    understood = {title for title, _ in match_columns(seen.reading.columns).values()}
    lines = []
    for title in (title for title in seen.reading.columns if title not in used):
        close = [] if title in understood else suggest(title, list(fields), 2)
        unit = unit_in_title(title)
        said = [_shown(seen, title, language)]
        said += [say(language, "draft.like", near=", ".join(f"{fields[a]} ({a})" for a in close))] if close else []
        said += [say(language, "draft.area_unit", unit=unit)] if unit else []
        lines.append(Line("", why=say(language, "draft.unused", said=" – ".join(said)), table="columns"))
    return lines


def source_aliases() -> list[tuple[str, str]]:
    """(our field, title) of every known title that leads to a field of a source."""
    table = read_codes("column_aliases")
    pairs = zip(table["canonical"], table["aliases"], strict=True)
    return [
        (field, alias)
        for known, cell in pairs
        if (field := OURS.get(known, known)) in MAPPED_FIELDS
        for alias in cell.split("|")
    ]


def _shown(seen: Look, title: str, language: str) -> str:
    """A title as it may be shown; of a table without a header its "titles" are what citizens wrote."""
    if len(title) <= LONGEST_TITLE and is_clean(title) and without_marks(title) == title:
        return f'"{title}"'
    return say(language, "sheets.column", letter=column_letter(seen.reading.columns.index(title)))


def _our_field(known: str, title: str, found: dict[str, Line]) -> str | None:
    field = OURS.get(known, known)
    unit = unit_in_title(title) if field == "area" else None
    if unit is not None and f"area_{unit}" in MAPPED_FIELDS:
        field = f"area_{unit}"
    return field if field in MAPPED_FIELDS and field not in found else None


def _by_title(field: str, title: str, alias: str, cells: Sequence[str], language: str) -> Line:
    reader = READERS.get(field)
    readable = sum(bool(reader(cell)) for cell in cells) if reader else len(cells)
    if reader and cells and not readable:
        return Line(field, Open(), say(language, "draft.unreadable", title=title, n=len(cells)), "columns")
    why = say(language, "draft.alias", field=field, alias=alias)
    if field == "area":
        why += say(language, "draft.no_unit")
    elif field.startswith("area_"):
        why += say(language, "draft.unit_by_title")
    if reader and readable < len(cells):
        why += say(language, "draft.readable", n=readable, of=len(cells))
    return Line(field, title, why, "columns")


def _by_cells(title: str, cells: Sequence[str], found: dict[str, Line], language: str) -> Line | None:
    """A field that the cells themselves show: nearly all are periods, states, activities, or numbers that never repeat."""
    if len(cells) < 2:
        return None
    for field, reads in KNOWN_WORDS.items():
        n = sum(bool(reads(cell)) for cell in cells)
        if n >= SURE_SHARE * len(cells) and (field not in found or isinstance(found[field].value, Open)):
            return Line(field, title, say(language, f"draft.cells_{field}", n=n, of=len(cells)), "columns")
    if "orig_no" not in found and NUMBERS.fullmatch(title) and len(set(cells)) == len(cells):
        return Line("orig_no", title, say(language, "draft.unique", filled=len(cells), n=len(cells)), "columns")
    return None
