"""Phone numbers: what a cell of a Chinese DMS holds, to E.164.

A mainland mobile is recognised by its first three digits and its length, without phonenumbers: a subset of what phonenumbers
finds valid (a property test holds both to each other), 60 times as fast, and without its import. All else is asked there.
"""

from __future__ import annotations

import functools
import re

from crmcore.rules.text import DESTROYED, Bad, blank, destroyed, fold

SCIENTIFIC = Bad("PHONE_SCIENTIFIC")
SEVERAL = Bad("PHONE_SEVERAL")
WITH_TEXT = Bad("PHONE_WITH_TEXT")
EXTENSION = Bad("PHONE_EXTENSION")
NO_AREA_CODE = Bad("PHONE_NO_AREA_CODE")
TOO_SHORT = Bad("PHONE_TOO_SHORT")
TOO_LONG = Bad("PHONE_TOO_LONG")
INVALID = Bad("PHONE_INVALID")

#: The first three digits that are mobile whatever follows; 1740 and 1610, mobile only in part, take the slow path.
_HEADS = frozenset(
    [f"1{second}{third}" for second in "38" for third in "0123456789"]
    + ["145", "147", "166", "162", "165", "167"]
    + [f"1{second}{third}" for second in "59" for third in "012356789"]
    + [f"17{third}" for third in "01235678"]
)

#: Words beside a number that say nothing against it. Any other word may (停机, 空号, 勿打, 老婆), so a person looks.
_HARMLESS = re.compile(
    r"(?:手机|电话|联系|联络|座机|固话|固定|移动|号码|号|微信|微|同步|同|本人|车主|客户|家庭|家|宅电|办公室|办公|单位|公司|方式"
    r"|先生|女士|小姐|tel|phone|mobile|mob|cell|wechat|weixin|vx|wx|[v:：=()\[\]【】<>\s.])+",
    re.IGNORECASE,
)
#: A mobile in its everyday dresses: +86, 0086, 86, groups, a float's `.0`, blanks around.
_DRESSED = re.compile(r"\s*(?:(?:\+|00)?86[ -]?)?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})(?:\.0)?\s*")
_BETWEEN = re.compile(r"[/,、;|\\，；]|或|和|及|&")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)[\s:-]*[0-9]{1,6}$", re.IGNORECASE)
_DASH_EXTENSION = re.compile(r"(\(?0[1-9][0-9]{1,2}\)?[- ]?[0-9]{3,4}[- ]?[0-9]{4})-[0-9]{1,5}")
_LOST_DIGITS = re.compile(r"[0-9](?:\.([0-9]+))?e\+?([0-9]{1,2})", re.IGNORECASE)
_LONGEST = 80
_DIALLED = re.compile(r"[0-9+()\s.·*-]*[0-9][0-9()\s.·*-]*")
_GAPS = str.maketrans("", "", "()-.·* ")
_PREFIX = re.compile(r"(?:\+|00)?86(?=0?1[3-9][0-9]{9}$)")


def phone(raw: str) -> str | Bad | None:
    """The one number in `raw` in E.164; None when there is none, or only a filler such as 00000000000.

    An extension of a landline is left out, as E.164 has no room for it; a mobile or 400 number with an extension forwards to
    somebody whom it does not reach without it, hence Bad. Two different numbers are Bad: which one to call is not for us to say.
    """
    if len(raw) == 11 and raw[:3] in _HEADS and raw.isdecimal() and raw.isascii():
        return "+86" + raw
    if len(raw) == 14 and raw[:3] == "+86" and raw[3:6] in _HEADS and raw[3:].isdecimal() and raw.isascii():
        return raw
    if (dressed := _DRESSED.fullmatch(raw)) and dressed[1] in _HEADS:
        return f"+86{dressed[1]}{dressed[2]}{dressed[3]}"
    return _slow(raw)


def is_mobile(e164: str) -> bool:
    """Can this number take a text? Mainland numbers by their form, all others by what phonenumbers knows of them."""
    if e164.startswith("+86"):
        return len(e164) == 14 and e164[3] == "1"
    import phonenumbers

    try:
        kind = phonenumbers.number_type(phonenumbers.parse(e164))
    except phonenumbers.NumberParseException:
        return False
    return kind in {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


@functools.lru_cache(maxsize=8192)
def _slow(raw: str) -> str | Bad | None:
    text = fold(raw)
    if blank(text):
        return None
    if destroyed(text):
        return DESTROYED
    if len(text) > _LONGEST:
        return WITH_TEXT
    if lost := _LOST_DIGITS.fullmatch(text.replace(" ", "")):
        decimals, exponent = lost[1] or "", int(lost[2])
        if len(decimals) != exponent:
            return SCIENTIFIC
        text = text[0] + decimals  # every digit is written, none is lost
    found = [_one(part) for part in _BETWEEN.split(text) if not blank(part)]
    if len(set(found)) <= 1:
        return found[0] if found else None
    return SEVERAL if any(char.isdigit() for char in text) else WITH_TEXT


def _one(part: str) -> str | Bad | None:
    part = re.sub(r"(?<=[0-9])\.0+$", "", part)
    bare, extended = _without_extension(_HARMLESS.sub(" ", part).strip())
    if not _DIALLED.fullmatch(bare):
        return WITH_TEXT
    number = bare.translate(_GAPS)
    if len(set(number)) == 1:
        return None
    if number.count("+") > number.startswith("+"):
        return INVALID
    number = _PREFIX.sub("", number)
    if len(number) == 12 and number[0] == "0":
        number = number[1:] if number[1:4] in _HEADS else number  # an old habit: 0 before a mobile of another city
    e164 = f"+86{number}" if len(number) == 11 and number[:3] in _HEADS else _dialled(number)
    if extended and isinstance(e164, str) and (is_mobile(e164) or e164.startswith(("+86400", "+86800"))):
        return EXTENSION
    return e164


def _without_extension(text: str) -> tuple[str, bool]:
    if found := _EXTENSION.search(text):
        return text[: found.start()].strip(), True
    if found := _DASH_EXTENSION.fullmatch(text):
        return found[1], True
    return text, False


def _dialled(number: str) -> str | Bad:
    """What phonenumbers says; without area code or country a short number is nobody's, whatever it might be read as."""
    if number[0] not in "0+" and len(number) < 9 and not number.startswith("1010"):
        return NO_AREA_CODE if len(number) in {7, 8} else TOO_SHORT
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, "CN")
    except phonenumbers.NumberParseException:
        return _why(number)
    if phonenumbers.is_valid_number(parsed):
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return _why(number)


def _why(number: str) -> Bad:
    half = len(number) // 2
    if len(number) == 22 and number[:3] in _HEADS and number[half : half + 3] in _HEADS:
        return SEVERAL
    if number[0] == "1" and len(number) < 11:
        return TOO_SHORT
    return TOO_LONG if len(number) > 11 and number[0] != "+" else INVALID
