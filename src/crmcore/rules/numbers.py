"""Kilometres, money, hours and yes or no, as people and spreadsheets write them."""

from __future__ import annotations

import functools
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from crmcore.rules.text import DESTROYED, Bad, blank, destroyed, fold, words

SCIENTIFIC = Bad("NUMBER_SCIENTIFIC")
FORM = Bad("NUMBER_FORM")
NEGATIVE = Bad("NUMBER_NEGATIVE")
TOO_LARGE = Bad("NUMBER_TOO_LARGE")
YES_NO = Bad("YES_NO_FORM")

#: Beyond this it is a typo: two million km, a hundred million yuan, a thousand hours on one job.
MOST_KM = 2_000_000
MOST_FEN = 10_000_000_000
MOST_HUNDREDTHS = 100_000

_NUMBER = re.compile(r"[+-]? ?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?E[+-]?[0-9]+", re.IGNORECASE)
_LONGEST = 40
_THOUSANDTHS = re.compile(r"[0-9]{1,3}\.[0-9]{3}")

#: 12,345 and 12345.0 and 12345公里, which are most of what is not plain.
_USUAL_KM = re.compile(r"([0-9]{1,3},[0-9]{3}|[0-9]{1,6})(?:\.00?)? ?(?:km|KM|公里)?")
_KM = re.compile(r"(?P<number>.*?) ?(?P<unit>万)? ?(?:km|公里|千米)?", re.IGNORECASE)
_MONEY = re.compile(
    r"(?:人民币|rmb|cny|[¥￥])* ?(?P<number>.*?) ?(?P<unit>万)? ?(?:元|圆|块|rmb|cny)?整?", re.IGNORECASE
)
_HOURS = re.compile(r"(?P<number>.*?) ?(?:(?P<unit>分钟|mins?)|个?小时|工时|hours?|hrs?|h|时)?", re.IGNORECASE)

_YES = words("是 有 对 已 y yes true t 1 1.0 √ ✓ ✔ ☑ on")
_NO = words("否 无 没有 不 不是 未 n no false f 0 0.0 × ✗ ✘ ☒ ☐ off")


def km(raw: str | int) -> int | Bad | None:
    """Whole kilometres, as an odometer shows them: what is behind the point is dropped.

    `12.345` is Bad: thousands or thousandths? So is a mileage below zero or above two million.
    """
    if isinstance(raw, int):
        return _whole(Decimal(raw), MOST_KM)
    if len(raw) < 7 and raw.isdecimal() and raw.isascii():
        return int(raw)
    if usual := _USUAL_KM.fullmatch(raw):
        return int(usual[1].replace(",", ""))
    number, unit = _split(_KM, raw)
    value = _decimal(number)
    if not isinstance(value, Decimal):
        return value
    if not unit and _THOUSANDTHS.fullmatch(number):
        return FORM
    return _whole(value * 10_000 if unit else value, MOST_KM, ROUND_DOWN)


def money(raw: str) -> int | Bad | None:
    """Fen; what is smaller is rounded half up. Negative is a refund or a discount."""
    if len(raw) < 12 and raw.isascii():
        if len(raw) < 9 and raw.isdecimal():
            return int(raw) * 100
        if raw[-3:-2] == "." and (fen := raw[:-3] + raw[-2:]).isdecimal() and len(fen) > 2:
            return int(fen)
    number, unit = _split(_MONEY, raw)
    value = _decimal(number)
    if not isinstance(value, Decimal):
        return value
    return _whole(value * (1_000_000 if unit else 100), MOST_FEN, signed=True)


@functools.lru_cache(maxsize=1024)
def hours(raw: str) -> int | Bad | None:
    """Hundredths of an hour, rounded half up; 90分钟 is 150."""
    number, unit = _split(_HOURS, raw)
    value = _decimal(number)
    if not isinstance(value, Decimal):
        return value
    return _whole(value * 100 / 60 if unit else value * 100, MOST_HUNDREDTHS)


@functools.lru_cache(maxsize=1024, typed=True)
def yes_no(raw: str | bool) -> bool | Bad | None:
    """是/否, 有/无, Y/N, true/false, 1/0, √/×; None when empty. A bare x is Bad: a tick to some, a cross to others."""
    if isinstance(raw, bool):
        return raw
    text = fold(raw).lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    if blank(text):
        return None
    return DESTROYED if destroyed(text) else YES_NO


def _split(dress: re.Pattern[str], raw: str) -> tuple[str, str | None]:
    """The number without its unit, and the unit where it is not the usual one."""
    found = dress.fullmatch(fold(raw)[:_LONGEST])
    assert found is not None, "every part of the pattern is optional, and folded text has no line breaks"
    return found["number"], found["unit"]


def _decimal(number: str) -> Decimal | Bad | None:
    if blank(number):
        return None
    if destroyed(number):
        return DESTROYED
    if _SCIENTIFIC.fullmatch(number):
        return SCIENTIFIC
    if len(number) >= _LONGEST or not _NUMBER.fullmatch(number):
        return FORM
    return Decimal(number.replace(",", "").replace(" ", ""))


def _whole(value: Decimal, most: int, rounding: str = ROUND_HALF_UP, *, signed: bool = False) -> int | Bad:
    if value < 0 and not signed:
        return NEGATIVE
    whole = int(value.to_integral_value(rounding))
    return whole if abs(whole) <= most else TOO_LARGE
