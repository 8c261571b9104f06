"""Personal data in free text and in columns: found, counted, and replaced by typed marks like [电话] (rules D01–D06, D19).

Texts are searched in a half-width twin of the same length, so that a span found there is the span in the original.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.intake.privacy.personal_data import HALF_WIDTH, MARKS, RULES, SPOKEN
from pipeline.intake.privacy.personal_names import PERSONS
from pipeline.text import say


class Scrubbed(NamedTuple):
    """A text without personal data, and how many data of each kind (a key of MARKS) were replaced in it."""

    text: str
    hits: dict[str, int]


def scrub(text: str) -> Scrubbed:
    """`text` with every personal datum that rule D02 names replaced by its mark; a second scrub changes nothing."""
    hits: Counter[str] = Counter()
    while found := _replace_once(text):
        text = found.text
        hits.update(found.hits)
    return Scrubbed(text, dict(hits))


def scrub_cell(title: str, cell: str) -> Scrubbed:
    """A table cell scrubbed as if its column title stood before it: a bare name under 联系人 is a name.

    A cell that is one decimal is left alone: its digits are a measure's, whatever they look like.
    """
    if _DECIMAL.fullmatch(cell):
        return Scrubbed(cell, {})
    head = "" if title.isascii() else f"{title}:"  # the NAME of a point layer is a place's, not a person's
    text, hits = scrub(head + cell)
    return Scrubbed(text.removeprefix(head), hits) if text.startswith(head) else scrub(cell)


def is_clean(text: str) -> bool:
    """Whether `text` holds none of the personal data that rule D02 names."""
    return _replace_once(text) is None


def without_marks(text: str) -> str:
    """`text` without the marks that stand for personal data; the same text where it never held any."""
    return _MARKS.sub("", text)


def describe_hits(hits: Mapping[str, int], language: str) -> str:
    """What was replaced, by kind and number and never by content: “电话 2 处、姓名 1 处”."""
    parts = [say(language, f"privacy.{kind}", n=hits[kind]) for kind in MARKS if hits.get(kind)]
    return say(language, "privacy.between").join(parts)


def petitioner_columns(titles: Sequence[str]) -> list[str]:
    """The columns of a petition table that tell who a natural person is, by title; places and firms are left alone.

    A bare 地址 (address) is the person's when it stands beside a person's column, or the place has a column of its own.
    """
    tidy = [_TITLE_BLANKS.sub("", without_marks(title).translate(HALF_WIDTH)).casefold() for title in titles]
    persons = [bool(_PERSON.search(_FIRMS.sub("", title))) and not _NO_PERSON.search(title) for title in tidy]
    has_place = any(_PLACE.search(title) for title in tidy)
    found = []
    for i, title in enumerate(tidy):
        beside = any(persons[max(0, i - 1) : i + 2])
        is_home = bool(_BARE_ADDRESS.search(title)) and not _PLACE.search(title)
        if persons[i] or (is_home and (beside or (has_place and any(persons)))):
            found.append(titles[i])
    return found


def _replace_once(text: str) -> Scrubbed | None:
    """Every rule applied in turn; None when nothing was found. A mark is never matched again, so repeating ends."""
    twin = text.translate(HALF_WIDTH)
    if not _ANYTHING.search(twin):
        return None
    hits: Counter[str] = Counter()
    may_hold = {needs: pattern.search(twin) is not None for needs, pattern in _NEEDS.items()}
    for kind, pattern, needs, accept, reads_spoken in RULES:
        if not may_hold[needs]:
            continue
        searched = twin.translate(SPOKEN) if reads_spoken else twin
        spans = [match.span("datum") for match in pattern.finditer(searched) if accept(match)]
        if spans:
            hits[kind] += len(spans)
            text, twin = (_with_mark(whole, spans, MARKS[kind]) for whole in (text, twin))
    return Scrubbed(text, dict(hits)) if hits else None


def _with_mark(text: str, spans: Sequence[tuple[int, int]], mark: str) -> str:
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    return mark.join(text[end:start] for end, start in zip(ends, starts, strict=True))


_NEEDS = {rule.needs: re.compile(rule.needs) for rule in RULES}
_ANYTHING = re.compile("|".join(_NEEDS))  # most cells hold nothing that any rule needs
_MARKS = re.compile("|".join(map(re.escape, MARKS.values())))
_DECIMAL = re.compile(r"[-+]?\d{1,6}\.\d+")
_TITLE_BLANKS = re.compile(r"[\s_*:()\[\]【】.-]+")
_FIRMS = re.compile(r"(?:责任|负责|联系|经办|承办|法人|申请)人?(?:单位|部门|主体|企业)")
_NO_PERSON = re.compile(r"时间|日期|人数|人次|次数|内容|诉求|事项|问题|结果|意见|是否|满意|编号")
_PERSON = re.compile(
    rf"{PERSONS}|户主|姓名|名字|法人|法定代表|电话|手机|联系方式|联系办法|通[讯信]方式|座机|固话|传真|身份证|证件号|[账帐][号户]|卡号|开户|银行卡|"
    "(?:通[讯信]|联系|邮寄|邮件)地址|住址|住所|家庭(?!农场)|户籍|居住|籍贯|邮箱|电子邮件|邮编|微信|扣扣|签名|签字|署名|性别|年龄|出生|民族(?!乡)|"
    "政治面貌|车牌|工作单位|昵称|网名|录音|笔迹|^(?:full)?name$|reporter|petitioner|complainant|informant|contact|phone|mobile|^tel|"
    "(?<![a-z])tel$|^fax|^cell|id(?:no|number|card)|passport|homeaddress|e?mail|wechat|qq|account|signature|^age$|^sex$|gender"
)
_PLACE = re.compile(
    "地点|位置|问题|发生|事发|案发|违法|企业|单位|公司|项目|图斑|点位|涉事|现场|污染|工程|保护地|地名|坐标|"
    "site|place|location|project|company"
)
_BARE_ADDRESS = re.compile(r"(?:地址|住处|address|addr)$")
