"""Names of people and organisations: tidied for the eye, and reduced to a key for matching."""

from __future__ import annotations

import functools
import re

from crmcore.rules.text import DESTROYED, NOTHING, Bad, blank, destroyed, fold, words

TEST = Bad("NAME_TEST")
NUMBER = Bad("NAME_WITH_NUMBER")
SEVERAL = Bad("NAME_SEVERAL")
NO_NAME = Bad("NAME_NOT_A_NAME")
TOO_LONG = Bad("NAME_TOO_LONG")

LONGEST = 80

#: Words that say "somebody": the visit is real, the name was not asked. They are no name, and no mistake either.
_SOMEBODY = NOTHING | words(
    "散客 零散客户 零售客户 临时客户 现金客户 普通客户 个人客户 个人 客户 顾客 车主 司机 用户 客人 先生 女士 小姐 匿名 无名 无名氏"
    " 佚名 本人 同上 保密 零售 路人 过路客 过路客户 customer guest walk-in anonymous mr ms mrs"
)
_TEST = re.compile(r"测试.*|.+测试|(?:test|testing|demo)(?:er|user)?[ 0-9_-]*", re.IGNORECASE)

#: Most names: two to four ideographs that need no second look.
_COMMON = re.compile(r"(?!.*(?:测试|锟))[\u4e00-\u9fff]{2,4}")
_INNER_GAP = re.compile(r"(?<=[\u3400-\u9fff〇]) +(?=[\u3400-\u9fff〇])| +(?= )")
_LONG_NUMBER = re.compile(r"[0-9][0-9 -]{5,}[0-9]")
_BETWEEN = re.compile(r"[/、;|\\]")

_TITLES = ("总经理", "先生", "女士", "小姐", "经理", "师傅", "老师", "主任", "老板", "总")
_TITLE_ENDS = frozenset(title[-1] for title in _TITLES)
_LATIN_TITLE = re.compile(r"(?:mr|ms|miss|dr)(?:\. ?| )(?=.* )")
#: Family names of two characters: with the title gone, only the family would be left of 欧阳先生.
_COMPOUND = words(
    "欧阳 司马 上官 诸葛 夏侯 皇甫 尉迟 公孙 慕容 令狐 司徒 司空 端木 东方 独孤 南宫 长孙 宇文 轩辕 西门 百里 东郭 呼延 申屠 太史 淳于"
    " 澹台 万俟 赫连 鲜于 闻人 钟离 仲孙 第五 濮阳 公冶 宗政 完颜 拓跋 夹谷 段干 纳兰 单于 公羊 公西 司寇 左丘 巫马 漆雕 东门"
)
_UNHEARD = str.maketrans("", "", " .·•・‧∙⋅()[]【】「」《》<>,'\"-_")

_ORGANIZATION = re.compile(
    r"公司|集团|有限|股份|..(?:学校|大学|学院|中学|小学|幼儿园|医院|银行|委员会|协会|学会|基金会|商会|政府|法院|检察院|派出所|事务所"
    r"|合作社|研究院|研究所|设计院|工作室|经营部|营业部|办事处|管理处|服务部|修理厂|租赁|物流|商行|车队|车行)"
    r"|..(?:厂|店|局|酒楼|宾馆|超市|商场|中心|支队|大队|部队|分行|支行|农场|林场|煤矿|村委会?)$"
    r"|\b(?:co|ltd|inc|llc|corp|gmbh|plc|company|limited)\b",
    re.IGNORECASE,
)
_ORGANIZATION_ENDS = frozenset("司团限份厂店局")


def name(raw: str) -> str | Bad | None:
    """The name as it is written, half-width, one blank between words, none between ideographs; titles stay.

    None where nobody was named: empty, 未知, 散客, 客户, 先生. Bad where something stands in the place of a name: "1", a phone
    number, two names in one cell, or 测试 (so that nobody calls a test order).
    """
    return raw if _COMMON.fullmatch(raw) and raw not in _SOMEBODY else _slow(raw)


def name_key(name: str) -> str:
    """`name` for comparing: without titles, blanks, dots and brackets, in lower case; "" for no name at all.

    A title stays where only a family name would be left: 张先生 and 张女士 may share a phone and are two people.
    """
    return name if _COMMON.fullmatch(name) and name[-1] not in _TITLE_ENDS else _key(name)


def is_organization(name: str) -> bool:
    """Does the name say so itself: 公司, 集团, 厂, 店, 局, 学校, Ltd …? 李店 and 张局 are people."""
    if len(name) < 4 and name[-1:] not in _ORGANIZATION_ENDS:
        return False
    return _ORGANIZATION.search(name) is not None


@functools.lru_cache(maxsize=8192)
def _slow(raw: str) -> str | Bad | None:
    text = _INNER_GAP.sub("", fold(raw))
    if blank(text) or text.lower() in _SOMEBODY:
        return None
    if destroyed(text):
        return DESTROYED
    return _why_not(text) or text


def _why_not(text: str) -> Bad | None:
    if len(text) > LONGEST:
        return TOO_LONG
    organization = is_organization(text)
    if _TEST.fullmatch(text) and not organization:
        return TEST
    if _LONG_NUMBER.search(text):
        return NUMBER
    if not any(map(str.isalpha, text)) or (text.isascii() and len(set(text.lower())) == 1):
        return NO_NAME
    return SEVERAL if _BETWEEN.search(text) and not organization else None


@functools.lru_cache(maxsize=8192)
def _key(name: str) -> str:
    text = fold(name).casefold()
    if is_organization(text):
        return text.translate(_UNHEARD)
    text = _LATIN_TITLE.sub("", text).translate(_UNHEARD)
    while title := next((title for title in _TITLES if text.endswith(title)), None):
        rest = text.removesuffix(title)
        if len(rest) < 2 or rest in _COMPOUND:
            break
        text = rest
    return text
