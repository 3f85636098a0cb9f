"""How many messages of the radio network a text becomes: GSM 03.38 counted in septets, everything else in UTF-16 units.

Source: 3GPP TS 23.038 (alphabet and its extension table) and 23.040 (a part of several carries a 6-octet header).
"""

from __future__ import annotations

from collections.abc import Iterable

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_GSM = _BASIC | _EXTENDED


def is_gsm(text: str) -> bool:
    """Does every character have a place in the GSM alphabet, so that 7 bits carry it?"""
    return _GSM.issuperset(text)


def segments(text: str) -> int:
    """Parts that `text` is sent as; 0 for an empty one.

    Neither an escape sequence nor a surrogate pair is cut in two, so a gateway that packs more tightly needs no more parts.
    """
    if is_gsm(text):
        return _parts((1 + (char in _EXTENDED) for char in text), alone=160, joined=153)
    return _parts((1 + (char > "\uffff") for char in text), alone=70, joined=67)


def _parts(widths: Iterable[int], *, alone: int, joined: int) -> int:
    total, parts, used = 0, 1, 0
    for width in widths:
        total += width
        if used + width > joined:
            parts, used = parts + 1, 0
        used += width
    if total <= alone:
        return int(total > 0)
    return parts
