"""What personal data look like (rule D02): a rule for each way of writing a kind, in the order in which they are tried."""

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from pipeline.intake.privacy.personal_names import (
    COMPOUND,
    ETHNIC_NAME,
    FAMILY,
    HAN,
    LATIN_NAME,
    NAME_END,
    NAME_IN_TEXT,
    NO_NAMES,
    NOBODY,
    SIGN,
    SURNAMES,
    WHO,
    WHO_EN,
    WHOLE_NAME,
)  # fmt: skip

MARKS = {
    "phone": "[电话]", "id_card": "[身份证]", "bank_card": "[银行卡]", "email": "[邮箱]", "plate": "[车牌]",
    "wechat": "[微信]", "qq": "[QQ]", "name": "[姓名]", "address": "[住址]",
}  # fmt: skip
Match = re.Match[str]


class Rule(NamedTuple):
    """One way of writing a datum of `kind` (a key of MARKS), in half-width and lower case."""

    kind: str
    pattern: re.Pattern[str]  # what is replaced is the group "datum"; what stands before it stays
    needs: str  # a pattern; where it finds nothing, the rule cannot either, and is not tried
    accept: Callable[[Match], bool]
    reads_spoken: bool  # 一三八… for 138…


def _is_code(match: Match) -> bool:
    """Whether the number is called a code by the words before it: 图斑编号 2113022021000123."""
    return bool(_CODE_BEFORE.search(match.string[max(0, match.start("datum") - 12) : match.start("datum")]))


def _is_no_code(match: Match) -> bool:
    return not _is_code(match)


def _is_id_18(match: Match) -> bool:
    """A birth date is enough for those born by 2012; codes that hold a later date need the check digit too."""
    compact = re.sub(r"[^\d*X]", "", match["datum"].upper().replace("×", "X"))
    if "*" in compact:
        return True
    if not _is_date(compact[6:14]):
        return False
    rest = sum(int(digit) * 2 ** (17 - i) for i, digit in enumerate(compact[:17])) % 11  # GB 11643, ISO 7064 MOD 11-2
    return "10X98765432"[rest] == compact[17] or (compact[6:10] <= "2012" and not _is_code(match))


def _is_id_15(match: Match) -> bool:
    """ID cards of 15 digits were given to those born before 2000; a year below 25 is a code's century (2113022021…)."""
    compact = re.sub(r"\D", "", match["datum"])
    return compact[6:8] >= "25" and _is_date("19" + compact[6:12]) and not _is_code(match)


def _is_date(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2099
    except ValueError:
        return False


def _is_bank_card(match: Match) -> bool:
    """Luhn (ISO/IEC 7812), or UnionPay's 62 in fours; a division code followed by a year is a record's number."""
    compact = re.sub(r"\D", "", match["datum"])
    if _is_code(match) or compact[0] not in "34569" or (compact[6:8] in ("19", "20") and compact[:2] < "66"):
        return False
    doubled = [int(digit) * (1 + i % 2) for i, digit in enumerate(reversed(compact))]
    is_grouped = compact.startswith("62") and match["datum"] != compact
    return is_grouped or sum(digit - 9 * (digit > 9) for digit in doubled) % 10 == 0


def _has_digit(match: Match) -> bool:
    return any(sign.isdigit() for sign in match["datum"])


def _is_no_word(match: Match) -> bool:
    return not _NO_NAME.match(match["datum"])


HALF_WIDTH = (  # and to lower case
    {code: ord(chr(code - 0xFEE0).lower()) for code in range(0xFF01, 0xFF5F)}
    | {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
    | {code: ord("0") + (code - 0x1D7CE) % 10 for code in range(0x1D7CE, 0x1D800)}
    | dict.fromkeys(map(ord, "\u3000\xa0\t\xad\u200b\u200c\u200d\u2060\ufeff\u2002\u2003\u2009\u202c\u202d"), ord(" "))
    | dict.fromkeys(map(ord, "‐‑‒–—―−﹣"), ord("-"))
    | dict.fromkeys(map(ord, "•・‧∙●⋅･"), ord("·"))
)
SPOKEN_DIGITS = "零〇○o⓪一幺壹①二两贰②三叁③四肆④五伍⑤六陆⑥七柒⑦八捌⑧九玖⑨"
SPOKEN = str.maketrans(SPOKEN_DIGITS, "0000011112222333444555666777888999")

_GAP = r"[ ·_-]{0,3}"  # what people put between digits
_SAID = r"(?:号码|号|同号|[:=是为(]|尾号|后[三四六]位| |-){0,4}"  # between a label and its number
_D = "[0-9零〇一二三四五六七八九十百]"
_ESTATE = "小区|花园|家园|公寓|苑|宿舍|家属院|家属楼|大院|新城|华府|庭院|社区|雅居"
_BUILDING = rf"{_D}{_D}{{0,3}}(?:号楼|#楼|[栋幢座](?= ?[0-9一二三四五六]{{1,2}}单元))"
_FLAT = rf"(?:{_D}{{1,3}}单元)? ?(?:{_D}{{1,3}}[层楼])? ?(?:\d{{2,5}}(?:室|号|户)?|[东西中]户)?"
_DOOR = rf"{_D}{{1,5}}(?:[-之]{_D}{{1,4}})?号(?:院|附{_D}{{1,3}}号)?"
# a decimal's digits are no number of their own; told by the few digits before the point, which nothing here replaces;
# a single digit there may number an item of a list, unless a word or sign stands right before it
_START = r"(?<!\d)(?<!(?<!\d)0\.)(?<!(?<!\d)\d\d\.)(?<!(?<!\d)\d\d\d\.)(?<![^\s\d。;,、\])]\d\.)"
_STOP = r"(?!\d|\.\d{1,4}(?!\d))"
_MOBILE = (
    rf"(?:(?:\+|00)?86[ )-]{{0,2}}|0)?(?:1[3-9]\d(?:{_GAP}\d){{8}}|1{_GAP}[3-9](?:{_GAP}\d){{9}}"
    r"|1[3-9]\d(?P<dot>[.,])\d{4}(?P=dot)\d{4}|1[3-9]\d[*x]{4}\d{4})"
)
_LANDLINE = (
    r"(?:(?:\+|00)86[ -]?\(?0?|\(?0)[1-9]\d{1,2}\)?[ -]{0,3}\d{3,4}[ -]?\d{4}(?:[/、]\d{7,8}(?!\d)){0,3}"
    r"(?: ?(?:转|分机|ext\.?) ?\d{1,6})?"
)
_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"


def _alone(*words: str) -> str:
    """Latin words that no Latin letter precedes; each begins with its own letters, so that `re` can skip to them."""
    return "|".join(f"{word}(?<![a-z]{word})" for word in words)


def _rule(
    kind: str,
    needs: str,
    before: str,
    datum: str,
    after: str = "",
    accept: Callable[[Match], bool] | None = None,
    spoken: bool = False,
) -> Rule:
    return Rule(kind, re.compile(f"{before}(?P<datum>{datum}){after}"), needs, accept or bool, spoken)


_BETWEEN = "[ ·_(),./、+-]{0,4}"  # all that any rule lets stand between two digits of one number
_FIVE, _TEN, _FIFTEEN = (rf"[\d*x](?:{_BETWEEN}[\d*x]){{{n - 1}}}" for n in (5, 10, 15))  # 199****1234 counts too
_NUMERAL = rf"[0-9{SPOKEN_DIGITS}]"
_NUMERALS = rf"[{SPOKEN_DIGITS}](?:{_BETWEEN}{_NUMERAL}){{3}}|(?:{_NUMERAL}{_BETWEEN}){{3}}[{SPOKEN_DIGITS}]"
_STREET = "street|road|lane|avenue|st|rd|ave"
_TITLES = "先生|女士|小姐|师傅|大爷|大妈|同志"
_ACCUSES = "举报|反映|投诉|信访|来信|来访|上访|检举|控告"
_NO_PERSON = "沟村屯庄营店堡湾洼岭坡山河厂矿场站社庙乡镇县市区组队街路桥口局委办所部厅室府处会科方员民户主者关站来电级"


# fmt: off
RULES = (  # what a label names comes first, so that it gets the label's mark
    _rule("email", "@|at[)#]", r"(?<![a-z0-9._%+-])",
          r"[a-z0-9._%+-]++ ?(?:@|[(#]at[)#]) ?[a-z0-9-]{1,63}(?: ?[.。点] ?[a-z0-9-]{1,63}){1,4}"),
    _rule("id_card", "证|id", rf"(?:身份证|证件号|(?:{_alone('id', 'id card')})(?: no\.?| number)?[:=]){_SAID}",
          r"[0-9*](?:[ -]?[0-9*]){2,17}(?:[ -]?[x×])?", r"(?![\dx])"),
    _rule("bank_card", _FIVE, rf"(?:卡号|账号|帐号|账户|帐户|银行卡|开户\w{{0,12}}){_SAID}", r"\d(?:[ -]?\d){7,29}", r"(?!\d)"),
    _rule("wechat", "信|wechat|weixin|[wv]x", rf"(?:微信|薇信|威信|{_alone('wechat', 'weixin', 'v信', 'wx', 'vx')}){_SAID}",
          r"(?!account|message|number|group)[a-z][a-z0-9_-]{4,19}|\d(?:[ -]?\d){4,18}", r"(?![a-z0-9])"),
    _rule("wechat", "微信名|昵称|网名", "(?:微信名|微信昵称|昵称|网名)[:=] ?", rf"[{HAN}\w·~]{{1,12}}"),
    _rule("qq", _FIVE, rf"(?:{_alone('qq', 'q号')}|扣扣|企鹅){_SAID}(?:群号?[:是 ]?)?", r"[1-9](?:[ -]?\d){4,11}", r"(?!\d)"),
    _rule("phone", _FIVE, r"(?:电话|手机|座机|固话|联系方式|小灵通|致电|回电|传真|"
          rf"(?:{_alone('tel', 'telephone', 'phone', 'mobile', 'cell', 'contact', 'fax')})\.?(?: no\.?| number)?){_SAID}"
          r"(?!(?:19|20)\d\d-\d{1,2}-\d{1,2}(?!\d))",  # a date
          r"\+?\d(?:[ ()-]{0,2}\d){6,14}(?:[/、]\d{7,12}){0,3}(?:转\d{1,6})?", r"(?!\d)"),
    _rule("id_card", _FIFTEEN, r"(?<![\da-z])", r"[1-9](?:[ ·-]?\d){5}(?:[ ·-]?[\d*]){8}(?:[ ·-]?\d){3}[ ·-]?[\dx×]", r"(?![\da-z])",
          _is_id_18),
    _rule("bank_card", _FIFTEEN, _START, r"\d(?:[ -]?\d){15,18}", _STOP, _is_bank_card),
    _rule("id_card", _FIFTEEN, _START, r"[1-9](?:[ -]?\d){14}", _STOP, _is_id_15),
    _rule("phone", _TEN, _START, _MOBILE, r"(?!\d|平方|立方|米|亩|公顷|吨)", _is_no_code),
    _rule("phone", _TEN, _START, _LANDLINE, r"(?!\d)", _is_no_code),
    _rule("phone", _TEN, _START, r"[48]00(?:-?\d{3}-?\d{4}|-\d{4}-\d{3}| \d{3} \d{4})", r"(?!\d)", _is_no_code),
    _rule("phone", _NUMERALS, _START, _MOBILE, r"(?!\d)", _is_no_code, spoken=True),
    _rule("phone", _NUMERALS, _START, _LANDLINE, r"(?!\d)", _is_no_code, spoken=True),
    _rule("plate", rf"{_PROVINCE} ?[a-hj-np-z]", "",
          rf"{_PROVINCE} ?[a-hj-np-z][ ·.-]{{0,2}}(?:[a-hj-np-z0-9]{{5,6}}[挂学警]?|[a-hj-np-z0-9]{{4}}[挂学警港澳])",
          "(?![a-z0-9])", _has_digit),
    _rule("plate", "车|牌照", "(?:车牌|车号|牌照)(?:号码?|[:是为 ]){0,3}", "[a-z0-9]{5,7}", "(?![a-z0-9])", _has_digit),
    _rule("address", "[址居籍]|home address",
          "(?:住址|居住地址?|户籍地址?|户籍所在地|家庭地址|通[讯信]地址|联系地址|邮寄地址|收[件货]地址|home address)"
          "[:=为是 ]{1,3}",
          r"[^\s,。;!?()\[\]、]{2,60}"),
    _rule("address", "门牌", "门牌号?[:为是]? ?", rf"{_D}{{1,5}}(?:[-之]\d{{1,4}})?号?"),
    _rule("address", "号", "(?:路(?<![公铁线道水管电网通]路)|街|巷|胡同|弄|大道) ?", rf"{_DOOR}(?:{_BUILDING})?{_FLAT}",
          "(?![采矿井坑线地图斑点桩机泵站塔令文界标杆桥洞隧涵闸灯段堆场区仓罐库变])"),
    _rule("address", "号", "[组屯村队社庄沟] ?", _DOOR, rf"(?=$|[^{HAN}]|[的住门房户家邻对旁附东西南北前后])"),
    _rule("address", _ESTATE, f"(?:{_ESTATE}) ?", rf"{_D}{{1,4}}(?:[栋幢座]|号楼?|#楼?) ?{_FLAT}|\d{{1,3}}(?:-\d{{1,2}})?-\d{{3,4}}(?!\d)"),
    _rule("address", "号楼|#楼|[栋幢座]", "", rf"{_BUILDING} ?{_FLAT}"),
    _rule("address", "单元", "", rf"{_D}{_D}{{0,2}}单元 ?(?:\d{{2,5}}(?:室|号|户)?|[东西中]户)"),
    _rule("address", "[室座]", r"(?<![\da-z])", r"(?:\d{1,3}-\d{1,2}-|[a-z]座 ?|[a-z])?\d{3,4}室|[a-z]座 ?\d{3,4}(?!\d)"),
    _rule("address", "room|apt|flat", "", rf"(?:{_alone('room', 'apt', 'flat')})\.? ?(?:no\. ?)?\d{{1,5}}"),
    _rule("address", rf" (?:{_STREET})", r"(?<![\da-z])", rf"(?:no\. ?)?\d{{1,5}},? (?:[a-z]{{2,20}} ){{1,3}}(?:{_STREET})(?![a-z])"),
    _rule("name", WHO, rf"{WHO}[ 】]{{0,2}}[:=】] {{0,2}}[\"“(]?(?!{NOBODY})",
          rf"{ETHNIC_NAME}{NAME_END}|{LATIN_NAME}|"
          rf"{WHOLE_NAME}(?:[、/和及与 ]{NAME_IN_TEXT}|,{FAMILY}{SIGN}{{1,2}}(?![{HAN}]))*+(?![{HAN}])"),
    _rule("name", WHO, rf"{WHO}[:= ]{{0,2}}[为是叫]? ?[\"“(]?", rf"{ETHNIC_NAME}{NAME_END}|{NAME_IN_TEXT}(?:[、/和及与]{NAME_IN_TEXT})*+"),
    _rule("name", "name|complain|petition|report|informant|contact",
          rf"{WHO_EN} ?[:=] ?(?!{NOBODY})", rf"{ETHNIC_NAME}{NAME_END}|{LATIN_NAME}|{WHOLE_NAME}(?![{HAN}])"),
    _rule("name", "mr|ms|miss", rf"(?:{_alone('mr', 'mrs', 'ms', 'miss')})[. ] ?", "[a-z][a-z'-]{1,20}(?: [a-z][a-z'-]{1,20})?"),
    _rule("name", _TITLES, "",
          rf"(?:{COMPOUND}){SIGN}{{0,2}}|[{SURNAMES}]{SIGN}{{1,2}}|(?![和向从时任])[{SURNAMES}]|{SIGN}{{1,6}}·{SIGN}{{1,8}}?",
          f"(?={_TITLES})", _is_no_word),
    _rule("name", "举报|反映|投诉", "(?:举报|反映|投诉)", rf"{FAMILY}{SIGN}{{1,2}}",
          "(?<![沟村屯庄营店堡湾洼岭坡山河厂矿场站社庙乡镇组街路桥口])"
          "(?=非法|私自|擅自|违法|违规|等人|盗|偷|毁|滥|强占|霸占)", _is_no_word),
    _rule("name", _ACCUSES, rf"(?<![{HAN}])", rf"(?:{COMPOUND}){SIGN}{{1,2}}|[{SURNAMES}]{SIGN}{{1,2}}",  # 王样例举报.csv
          rf"(?<![{_NO_PERSON}])(?=(?:实名)?(?:{_ACCUSES}))", _is_no_word),
    _rule("name", "敬礼", r"敬礼[!。]?\s{0,8}", WHOLE_NAME, rf"(?![{HAN}])", _is_no_word),
)
# fmt: on

_NO_NAME = re.compile(NO_NAMES)
_CODE_BEFORE = re.compile(
    r"(?:图斑号|点位号|(?<!身份证)(?<!证件)编号|代码|编码|流水号|索引号|文号|序列号|统一社会信用代码)[:=为是 ]{0,3}$"
)
