"""Invented petition sentences with one personal datum each, and ordinary field sentences with none; seeded.

No datum can be anyone's: local numbers that begin with 000, the area code 999999, cards without an issuer, example.com,
given names that mean “sample” or “invented”.
"""

import random
import re
from collections.abc import Callable

SPOKEN = str.maketrans("0123456789", "零一二三四五六七八九")
FULL_WIDTH = str.maketrans("0123456789-X", "０１２３４５６７８９－Ｘ")
SURNAMES = [*"王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗于程方石田任姜许常曾", "欧阳", "司马", "诸葛", "上官"]
GIVEN = [
    "样例", "演示", "虚构", "拟设", "假名", "示范", "虚", "拟", "例", "样", "拟和", "样在", "虚向", "例为", "样家", "拟明",
]  # fmt: skip
UNUSUAL_NAMES = ["阿示例·买样本", "古样本·拟名", "示例提•虚构江", "样本尔‧示例"]
DOINGS = [
    "反映有人在河滩挖砂",
    "来电反映林地被占",
    "称该处夜间采石",
    "要求尽快处理",
    "多次举报未果",
    "在村东头看见堆渣",
]
LABELS = ["举报人", "信访人", "投诉人", "反映人", "联系人", "申请人", "来信人", "来电人", "当事人", "户主", "村民"]
WORDS = {
    "town": ["光明街道", "凌凤街道", "桃花吐镇", "他拉皋镇", "孙家湾镇", "长宝营子乡", "龙山街道"],
    "village": ["马家沟村", "高家洼", "石灰窑子村", "林家店", "方家屯", "前进村", "黄土坎村", "杨树湾", "于杖子"],
    "firm": ["金泰矿业有限公司", "安和建材有限公司", "方圆采石场", "高峰石料厂", "田园种植合作社", "华盛砂石厂"],
    "thing": ["3号采坑", "1号矿", "2号排土场", "5号风机", "12号塔", "4号尾矿库", "6号图斑", "7号样地"],
    "people": ["村民", "群众", "居民", "举报人", "信访人", "周边居民", "附近村民", "投诉人", "当事人", "负责人"],
    "complaint": [
        "反映该处常年采石", "常年在此放牧", "曾多次来电", "高度关注此事", "关于林地被占的诉求", "向镇政府反映", "称周边林地被毁",
        "和村委会协商未果", "应当办理手续", "施工便道占地", "严重不满", "强烈要求恢复植被", "全部撤离", "许多人来访", "任意倾倒",
        "单独来访", "尚未答复", "来电反映", "田间道路被毁", "房屋后山开裂", "陈述情况", "申请恢复", "左右两侧均有", "时常看见车辆出入",
        "方面的意见已记录", "包括林地和草地",
    ],
}  # fmt: skip
NORMAL = [
    "{people}{complaint}，面积{n}.{n}平方米。", "{town}{village}{thing}占用林地{n}.{n}亩。",
    "图斑编号2113022021000{n3}，后时相2021年{d}月{d}日。", "图斑21130220220{n3}45，地类0305，坡度{d}度。",
    "中心坐标东经120.4{n3}21，北纬41.5{n3}07。", "X=46039{d}4.{n3}，Y=405375{d}2.{n3}", "120.45{n3}67890123, 41.57{n3}5678901234",
    "辽环办〔2023〕{d}0号要求{town}整改。", "依据朝自然资函〔2022〕{n3}号文件，第12号令有关规定。",
    "220kV输电线路{d}号塔附近堆土，距{village}约{n}米。", "公路桩号K{d}+{n3}至K1{d}+{n3}两侧取土。",
    "企业{firm}位于{town}，面积12345.67平方米。", "群众来电反映{village}东侧河道采砂，已转联系单位。",
    "举报人反映该处{thing}夜间作业。", "申请人{firm}已办理采矿许可证。", "养殖大棚{d}栋，{d}座桥，厂房2幢。",
    "{village}村东头有取土坑，长{n}米，宽{d}米，深{d}.{d}米。", "现场核查时间2023-0{d}-1{d}，天气晴。",
    "监测时段2021-2022，变化类型新建，置信度0.{n3}。", "2019 2020 2021 2022 四个年度面积分别为{n3} {n3} {n3} {n3}亩",
    "拨打12369或12345热线，受理编号XF2023{n3}{n3}。", "采矿许可证号C2113002010{n3}7130056{n3}",
    "统一社会信用代码91211302MA0{n3}XX9{d}，{firm}。", "{town}{d}组村民反映{thing}扬尘。",
    "责任单位：{town}人民政府，配合单位：区自然资源局。", "联系人：区林草局办公室", "举报人：匿名，{complaint}。",
    "村民张某某反映{village}南山被挖。", "地块编码2113021042070{n3}，权属国有。", "{d}月1{d}日接到电话反映，次日到场。",
    "T12{n3}次列车经过，铁路{d}号桥下堆放砂石。", "规划用地{n}公顷，其中林地{d}.{n3}公顷、草地0.{n3}公顷。",
    "影像GF2_PMS1_E120.4_N41.5_20210{d}12_L1A000{n3}", "前期影像时间202105，后期影像时间202205，差值{n3}。",
    "高速公路南侧{n}米，石料堆放，向北为{village}。", "网友在微信公众号留言，{complaint}。",
]  # fmt: skip
Plant = tuple[str, str, str]


def plant(seed: int, n: int) -> list[Plant]:
    """`n` plants (kind, datum as written, sentence), the kinds of MAKERS in turn."""
    chance = random.Random(seed)
    return [_plant(chance, list(MAKERS)[i % len(MAKERS)]) for i in range(n)]


def normal_sentences(seed: int, n: int) -> list[str]:
    """`n` sentences of field work, letters and tables without any personal datum."""
    chance = random.Random(seed)
    return [_normal(chance) for _ in range(n)]


def bare(text: str) -> str:
    """What a reader could put together again: without blanks and signs, in half-width."""
    half_width = text.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)})
    return re.sub(r"[\W_]+", "", half_width)


def needle(planted: Plant) -> str:
    """What must be found nowhere: the bare datum; a short number with the two signs before it, as 12号 is anything's."""
    _, datum, sentence = planted
    whole, sought = bare(sentence), bare(datum)
    start = whole.index(sought)
    is_short = len(sought) < 8 and any(sign.isdigit() for sign in sought)
    return whole[max(0, start - 2) : start + len(sought)] if is_short else sought


def _plant(chance: random.Random, kind: str) -> Plant:
    make, sentences = MAKERS[kind]
    datum = make(chance)
    return kind, datum, chance.choice(sentences).format(x=datum, who=chance.choice(LABELS), does=chance.choice(DOINGS))


def _normal(chance: random.Random) -> str:
    words = {name: chance.choice(choices) for name, choices in WORDS.items()}
    text = chance.choice(NORMAL).format(**words, n="\0", n3="\1", d="\2")
    for sign, low, high in (("\0", 2, 9999), ("\1", 100, 999), ("\2", 1, 9)):
        while sign in text:
            text = text.replace(sign, str(chance.randint(low, high)), 1)
    return text


def _digits(chance: random.Random, n: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(n))


def _spelt(chance: random.Random, parts: list[str]) -> str:
    """A number's parts together, or with blanks or dashes between; at times in full-width digits."""
    text = chance.choice(["", "", " ", "-", "—", "　"]).join(parts)
    return text.translate(FULL_WIDTH) if chance.random() < 0.2 else text


def _mobile(chance: random.Random) -> str:
    number = "1990000" + _digits(chance, 4)
    odd = [number.translate(SPOKEN), " ".join(number), "·".join([number[:3], number[3:7], number[7:]])]
    if chance.random() < 0.2:
        return chance.choice(odd)
    return chance.choice(["", "", "+86", "+86 ", "86-", "0086"]) + _spelt(chance, [number[:3], number[3:7], number[7:]])


def _landline(chance: random.Random) -> str:
    forms = [
        "0421-{}",
        "(0421){}",
        "（0421）{}",
        "0421 {}",
        "0421{}",
        "０４２１－{}",
        "0421—{}",
        "+86-421-{}",
        "0421-{}转801",
    ]
    if chance.random() < 0.2:
        return chance.choice(["400-000-{}", "800 000 {}", "400000{}"]).format(_digits(chance, 4))
    return chance.choice(forms).format("000" + _digits(chance, 4))


def _birthday(chance: random.Random) -> str:
    return f"{chance.randint(1930, 1999)}{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}"


def _id_18(chance: random.Random) -> str:
    last = chance.choice("0123456789Xx")
    return _spelt(chance, ["999999", _birthday(chance), _digits(chance, 3) + last])


def _id_15(chance: random.Random) -> str:
    return _spelt(chance, ["999999", _birthday(chance)[2:], _digits(chance, 3)])


def _bank_card(chance: random.Random) -> str:
    number = "62999900" + _digits(chance, chance.choice([8, 11]))
    return chance.choice([number, " ".join(number[i : i + 4] for i in range(0, len(number), 4))])


def _luhn_card(chance: random.Random) -> str:
    """A card number that no word announces carries its check digit."""
    body = "62999900" + _digits(chance, chance.choice([7, 10]))
    doubled = [int(digit) * (2 - i % 2) for i, digit in enumerate(reversed(body))]
    return body + str(-sum(d - 9 * (d > 9) for d in doubled) % 10)


def _email(chance: random.Random) -> str:
    name = chance.choice(["sample", "s.ample", "yang_li", "xu-gou", "nobody+1"]) + _digits(chance, 3)
    return (
        name
        + chance.choice(["@", "＠", " @ ", "(at)"])
        + chance.choice(["example.com", "example.cn", "mail.example.org"])
    )


def _plate(chance: random.Random) -> str:
    start = chance.choice(["辽Z", "辽Z·", "辽Z•", "辽z ", "辽 Z-", "辽Ｚ"])
    return start + chance.choice(["{}", "{}", "D{}", "F{}"]).format(_digits(chance, 5))


def _special_plate(chance: random.Random) -> str:
    return chance.choice(["辽Z", "辽Z·"]) + _digits(chance, 4) + chance.choice("挂学警")


def _wechat(chance: random.Random) -> str:
    return chance.choice(["wxid_example", "sample_", "example-", "Nobody"]) + _digits(chance, 4)


def _qq(chance: random.Random) -> str:
    return "99990000" + _digits(chance, chance.choice([2, 4]))  # beyond 32 bits, which no account is


def _name(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return chance.choice(UNUSUAL_NAMES)
    return chance.choice(SURNAMES) + chance.choice(GIVEN)


def _house_number(chance: random.Random) -> str:
    a, b = chance.randint(1, 40), chance.randint(1, 6)
    forms = [
        "{a}号楼{b}单元{b}02室",
        "{a}号楼",
        "{a}#楼{b}单元{b}01",
        "{b}单元{b}03室",
        "{a}栋{b}单元",
        "{a}号楼{b}单元{b}层东户",
        "{a}幢{b}单元{b}02",
    ]
    return chance.choice(forms).format(a=a, b=b)


def _door(chance: random.Random) -> str:
    return chance.choice(["{}号", "{}号", "{}号院", "{}-2号"]).format(chance.randint(1, 200))


MAKERS: dict[str, tuple[Callable[[random.Random], str], list[str]]] = {
    "mobile": (_mobile, [
        "电话{x}，{does}。", "{who}{does}，手机：{x}", "可拨打{x}核实", "联系方式为{x}（本人）", "有事请打{x}", "tel:{x}",
    ]),
    "landline": (_landline, ["电话{x}，{does}。", "座机：{x}", "单位电话 {x} 无人接听", "请回电{x}。", "Phone: {x}"]),
    "id_18": (_id_18, ["身份证号{x}，{does}。", "{who}（身份证：{x}）{does}", "本人证件号码：{x}", "现附{x}备查"]),
    "id_15": (_id_15, ["身份证号{x}，{does}。", "旧证号码：{x}。", "现附{x}备查", "身份证：{x}"]),
    "bank_card": (_bank_card, ["补偿款请打到卡号{x}", "账号：{x}，{does}", "银行卡 {x}", "开户行某银行，帐号为{x}。"]),
    "bank_card_unannounced": (_luhn_card, ["请汇{x}，{does}", "补偿款{x}。"]),
    "email": (_email, ["邮箱{x}，{does}。", "请回复到 {x}", "e-mail: {x}", "材料已发{x}，请查收"]),
    "plate": (_plate, ["车辆{x}夜间拉砂", "{who}看见{x}和另一辆货车", "货车（{x}）倾倒", "车牌号：{x}。"]),
    "plate_special": (_special_plate, ["拉砂车{x}夜间出入", "半挂车（{x}）倾倒", "牌照为{x}。"]),
    "wechat": (_wechat, ["微信：{x}，{does}。", "微信号{x}", "加VX {x}", "wx:{x}", "微信号为{x}，可发照片", "WeChat: {x}"]),
    "qq": (_qq, ["QQ：{x}，{does}。", "qq号{x}", "扣扣{x}", "QQ号码是{x}", "ＱＱ　{x}"]),
    "name": (_name, [
        "{who}：{x}", "{who}:{x}，{does}。", "{who}{x}{does}", "{who}为{x}，{does}", "{who}是{x}。", "【{who}】{x}，{does}",
        "姓名：{x} 性别：男", "{who}（{x}）{does}", "{who} {x} {does}", "我叫{x}，{does}", "据{x}先生说，{does}",
        "反映人 ： {x}；{does}", "name: {x}, {does}",
    ]),
    "house_number": (_house_number, ["家住阳光小区{x}，{does}", "{who}在某某花园{x}居住", "（某小区{x}）"]),
    "house_number_door": (_door, [
        "家住前进路{x}，{does}", "{who}住12组{x}，{does}", "某某街{x}", "幸福胡同{x}的住户{does}", "门牌{x}。",
    ]),
}  # fmt: skip
