"""Number plates of the mainland (GA 36-2018), kept without separators: 京A12345, 京AD12345, 粤Z1234港, 京A1234学."""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase

from crmcore.rules.text import DESTROYED, Bad, blank, destroyed, fold

NO_PROVINCE = Bad("PLATE_NO_PROVINCE")
LETTER_IO = Bad("PLATE_LETTER_IO")
LENGTH = Bad("PLATE_LENGTH")
SEVERAL = Bad("PLATE_SEVERAL")
FORM = Bad("PLATE_FORM")

PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"

_LETTER = "[A-HJ-NP-Z]"
_SIGN = "[A-HJ-NP-Z0-9]"
_PLATE = re.compile(
    rf"[{PROVINCES}]{_LETTER}(?:"
    rf"(?=[A-Z]*[0-9]){_SIGN}{{5}}"  # blue, yellow: five places, a digit among them
    rf"|[A-HJK]{_SIGN}[0-9]{{4}}|[0-9]{{5}}[A-HJK]"  # new energy: small and large cars
    rf"|{_SIGN}{{4}}(?:[学警挂港澳试超使领]|应急))"
    rf"|[{PROVINCES}][0-9]{{5}}领|[使领](?:[0-9]{{6}}|{_LETTER}[0-9]{{5}})|WJ[{PROVINCES}]?[0-9]{{4}}[A-Z0-9]"
)
_TIDY = str.maketrans(ascii_lowercase, ascii_uppercase, " \t-.·•・‧∙⋅_*'\"")
_BETWEEN = re.compile(r"[/,、;|\\]")
_LETTER_IO = re.compile(rf"[{PROVINCES}][A-Z](?=[A-Z0-9]*[IO])[A-Z0-9]{{5,6}}|[{PROVINCES}][IO0][A-Z0-9]{{5,6}}")
_RIGHT_LENGTH = re.compile(rf"[{PROVINCES}].{{6,7}}")
#: 临 on it or a word for "none yet": the car has no plate that would still be its own in a month.
_UNLICENSED = re.compile(
    r".*临.*|(?:还|暂|尚)?(?:未|没|无)(?:有)?(?:上|挂|办)?(?:车)?(?:牌|照|牌照|牌号|车牌号)|新车|裸车|待上牌|试驾车"
)


def plate(raw: str) -> str | Bad | None:
    """The plate, capitals without separators; None for a car without one (无牌, 未上牌, 临牌, 新车, "-").

    A plate without its province is Bad, not the store's own province. Army plates (two letters, five digits) are Bad:
    they cannot be told from a new-energy plate whose province was left out.
    """
    if _PLATE.fullmatch(raw):
        return raw
    tidy = raw.translate(_TIDY)
    return tidy if _PLATE.fullmatch(tidy) else _slow(raw)


def _slow(raw: str) -> str | Bad | None:
    text = fold(raw)
    if blank(text) or _UNLICENSED.fullmatch(text):
        return None
    if destroyed(text):
        return DESTROYED
    found = {part.translate(_TIDY) for part in _BETWEEN.split(text) if not blank(part)}
    if len(found) != 1:
        return SEVERAL if found else None
    text = found.pop()
    return text if _PLATE.fullmatch(text) else _why(text)


def _why(text: str) -> Bad:
    if text[:1].isascii():
        return NO_PROVINCE
    if _LETTER_IO.fullmatch(text):
        return LETTER_IO
    return FORM if _RIGHT_LENGTH.fullmatch(text) or text[:1] not in PROVINCES else LENGTH
