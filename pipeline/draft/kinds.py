"""Source or layer, and of which kind or class: by the name of the file and by its columns, each with its reason."""

import re
from collections import Counter
from datetime import date
from typing import Literal, NamedTuple

from pipeline.draft.looks import Look
from pipeline.draft.toml import Line, Open
from pipeline.intake.words.codes import tidy_word
from pipeline.intake.words.dates import period_in_name
from pipeline.intake.words.land_codes import meaning, scheme_that_fits, tidy_code
from pipeline.text import say

Role = Literal["source", "layer"]
EVENT_FIELDS = {"activity", "period", "prev_date", "curr_date", "change_type", "state"}
KIND_NAMES = (  # words of a file or sheet name → kind and source_code ("" where the name leaves it open)
    (r"中央.{0,6}督察", "inspection", "DC"),
    (r"省.{0,6}督察", "inspection", "DS"),
    (r"督察|inspection", "inspection", ""),
    (r"绿盾|green.?shield", "points", "LD"),
    (r"信访|来信|来访|petition", "reports", "XF"),
    (r"举报|投诉|12369|12345|complaint", "reports", "JB"),
    (r"媒体|舆情|曝光", "reports", "MT"),
    (r"国家.{0,4}(?:推送|下发)", "pushed", "TG"),
    (r"省.{0,4}(?:推送|下发)|push.*prov", "pushed", "TS"),
    (r"市.{0,4}(?:推送|下发)|push.*city", "pushed", "TC"),
    (r"推送|下发|pushed", "pushed", ""),
    (r"台账|台帐|已知问题|历史问题|(?:^|[\W_])(?:ledger|known)", "known", ""),
    (r"变化图斑|变化监测|遥感|bhtb|(?:^|[\W_])change", "change", "YG"),
)
CLASS_COLUMNS = (  # titles that only layers of one class have
    ("protected_area", r"BHDMC|BHDDM|GNQ|YGNQ|保护地名称|自然保护地\w*|功能区|管控分区"),
    ("redline", r"HXMC|红线\w*"),
    ("forest", r"BH_DJ|LIN_BAN|XIAO_BAN|GJGYL_BHDJ|林地保护等级|林班|小班号?"),
    ("grassland", r"CD_L|CDGN|CYLB|草原\w*"),
    ("wetland", r"SD_DJ|SYSD_BM|湿地\w*"),
    ("permit", r"WH|批准文号|批复文号|许可证?号"),
    ("admin", r"XZQMC|行政区名称|XZJD"),
)
CLASS_NAMES = (
    ("redline", r"红线|redline"),
    ("permit", r"许可|审批|批地|手续|permit"),
    ("protected_area", r"保护地|保护区|森林公园|protected"),
    ("wetland", r"湿地|水体|水域|河流|湖泊|wetland|water|river|lake"),
    ("grassland", r"草地|草原|grass"),
    ("forest", r"林地|森林|公益林|小班|forest"),
    ("admin", r"乡镇|街道|行政区|村界|township"),
)
PLAN_CLASSES = {"wetland": "plan_wetland", "forest": "plan_forest", "grassland": "plan_grass"}
YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)", re.A)
LISTED_CODES = 30
PLACE_NAMES = ("name", "kind", "town", "lon", "lat")  # columns of a gazetteer; aliases may still be missing
CORNERS_NAME = "名称"  # what stands above the corners of a plain list


class CodedClass(NamedTuple):
    """The features of one class in a layer of many land classes: their codes and how many bear each, also of the others.

    Codes are tidy; `n_restored` are the features of the layer whose code was given back the zero that it had lost.
    """

    layer_class: str
    codes: list[str]
    counts: str
    others: list[str]
    n_restored: int


def is_gazetteer(seen: Look) -> bool:
    """Whether a table lists named places, as place.toml names one."""
    return seen.is_table and {*PLACE_NAMES} <= {*seen.reading.columns}


def role_of(seen: Look, fields: set[str]) -> Role:
    """A source tells of events – activity, period, state – or is a table, points or a plain list of corners.

    Polygons without them are a layer, and so are corners that are called after a class of layers.
    """
    name = seen.path.stem
    if seen.is_corners and {*seen.reading.columns} <= {CORNERS_NAME}:  # the exchange text of surveys has more columns
        return "layer" if _named_class(seen) and not _named_kind(seen) else "source"
    if seen.is_table or (seen.points and not seen.polygons) or fields & EVENT_FIELDS or period_in_name(name):
        return "source"
    return "source" if _named_kind(seen) and not _named_class(seen) else "layer"


def kind_lines(seen: Look, fields: set[str], persons: list[str], language: str) -> list[Line]:
    """kind and source_code, open where nothing speaks for one."""
    named = _named_kind(seen)
    by_name = say(language, "draft.by_name")
    if persons or (seen.is_table and "text" in fields and named is None):
        kind, why = "reports", say(language, "draft.kind_persons" if persons else "draft.kind_text")
    elif named is not None:
        kind, why = named[0], by_name
    elif {"state", "closed_date"} & fields:
        kind, why = "known", say(language, "draft.kind_state")
    else:
        kind = "change" if seen.polygons else "points"
        why = say(language, f"draft.kind_{kind}")
    if named is not None and named[0] == kind and named[1]:
        code = Line("source_code", named[1], by_name)
    elif kind == "change" and not seen.is_drawn:
        code = Line("source_code", "YG", say(language, "draft.code_change"))
    else:
        code = Line("source_code", Open(), say(language, "draft.code_open"))
    return [Line("kind", kind, why), code]


def class_line(seen: Look, language: str) -> Line:
    """The class of a layer by columns that one class alone has, else by the file's name, else open."""
    found = {name: titles for name, pattern in CLASS_COLUMNS if (titles := _titles(seen, pattern))}
    if len(found) == 1:
        name, titles = next(iter(found.items()))
        return Line("class", name, say(language, "draft.class_columns", columns=", ".join(titles)))
    if found:
        return Line("class", Open(), say(language, "draft.class_several", found=", ".join(found)))
    named = _named_class(seen)
    if named is not None:
        return Line("class", named, say(language, "draft.by_name"))
    return Line("class", Open(), say(language, "draft.class_open"))


def coded_classes(seen: Look, code_title: str, name_title: str, language: str) -> tuple[Line, list[CodedClass]]:
    """The scheme of a layer's land codes by the names beside them, and the classes of the plan that occur in it."""
    rows = [record.words for record in seen.reading.records]
    pairs = Counter((row.get(code_title, ""), row.get(name_title, "")) for row in rows if row.get(code_title))
    fits = scheme_that_fits(pairs)
    if not fits or (len(fits) > 1 and fits[1].share == fits[0].share):
        names = ", ".join(fit.scheme for fit in fits) or "–"
        return Line("code_scheme", Open(), say(language, "draft.scheme_open", fits=names)), []
    scheme = fits[0].scheme
    values = {"share": fits[0].share, "code": code_title, "name": name_title}
    line = Line("code_scheme", scheme, say(language, "draft.scheme", **values))
    tidy: Counter[str] = Counter()
    n_restored = 0
    for (code, name), n in pairs.items():
        plain = tidy_code(code, name, scheme, language)[0]
        tidy[plain] += n
        n_restored += n if plain == f"0{tidy_word(code)}" else 0
    classes = []
    for layer_class, flag in PLAN_CLASSES.items():
        own = {code: n for code, n in sorted(tidy.items()) if (found := meaning(code, scheme)) and found[flag]}  # type: ignore[literal-required]
        if own:
            others = [f"{code} × {n}" for code, n in sorted(tidy.items()) if code not in own]
            classes.append(CodedClass(layer_class, list(own), _counted(own, scheme), others, n_restored))
    return line, classes


def left_out(coded: CodedClass, language: str) -> str:
    """The codes of the layer that are not of the class, with their counts."""
    return say(language, "draft.left_out", codes=", ".join(coded.others[:LISTED_CODES]) or "–")


def data_date_line(seen: Look, language: str) -> Line:
    """The year of the data by SJNF or the only year in the file's name, as its last day."""
    years = Counter(year for cell in seen.cells.get("SJNF", []) if YEAR.fullmatch(year := cell.removesuffix(".0")))
    if years:
        year, n = years.most_common(1)[0]
        return Line("data_date", date(int(year), 12, 31), say(language, "draft.date_sjnf", n=n, of=years.total()))
    named = set(YEAR.findall(seen.path.stem))
    if len(named) == 1:
        return Line("data_date", date(int(named.pop()), 12, 31), say(language, "draft.date_name"))
    return Line("data_date", Open("?"), say(language, "draft.date_open"))


def _counted(own: dict[str, int], scheme: str) -> str:
    names = {code: found["name"] for code in own if (found := meaning(code, scheme))}
    return ", ".join(f"{code} {names[code]} × {n}" for code, n in own.items())


def _titles(seen: Look, pattern: str) -> list[str]:
    return [title for title in seen.reading.columns if re.fullmatch(pattern, title, re.IGNORECASE)]


def _named_kind(seen: Look) -> tuple[str, str] | None:
    names = _names(seen)
    return next(((kind, code) for pattern, kind, code in KIND_NAMES if re.search(pattern, names, re.IGNORECASE)), None)


def _named_class(seen: Look) -> str | None:
    names = _names(seen)
    return next((name for name, pattern in CLASS_NAMES if re.search(pattern, names, re.IGNORECASE)), None)


def _names(seen: Look) -> str:
    """What file, folder or zip, the file in it and the sheet are called."""
    return f"{seen.path.stem} {seen.reading.file} {seen.reading.sheet or ''}"
