"""The vehicle identification number: 17 characters without I, O, Q (ISO 3779; GB 16735)."""

from __future__ import annotations

import re
from operator import mul
from string import ascii_lowercase, ascii_uppercase

from crmcore.rules.text import DESTROYED, Bad, blank, destroyed, fold

LETTER_IOQ = Bad("VIN_LETTER_IOQ")
LENGTH = Bad("VIN_LENGTH")
CHARACTERS = Bad("VIN_CHARACTERS")

_VIN = re.compile(r"(?!(.)\1{16})[A-HJ-NPR-Z0-9]{17}")
#: Capitals, without gaps and without the asterisks that makers print at both ends.
_TIDY = str.maketrans(ascii_lowercase, ascii_uppercase, " \t-*.")

#: The values and weights of the check digit (GB 16735-2019, annex; the same as 49 CFR 565.15).
_VALUES = bytes.maketrans(b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ", bytes(map(int, "012345678912345678123457923456789")))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(raw: str) -> str | Bad | None:
    """The VIN in capitals without gaps; None when there is none, or 17 times the same character.

    I, O and Q are never read as 1 and 0: the digit may be wrong elsewhere too.
    """
    if _VIN.fullmatch(raw):
        return raw
    tidy = raw.translate(_TIDY)
    return tidy if _VIN.fullmatch(tidy) else _slow(raw)


def vin_warning(vin: str) -> str | None:
    """The reason code VIN_CHECK_DIGIT when the ninth place is not what the others make it, else None.

    Only a warning: makers outside North America and China need not keep it, and a typo is for a person to find.
    """
    total = sum(map(mul, _WEIGHTS, vin.encode("ascii", "replace").translate(_VALUES)))
    return None if vin[8:9] == "0123456789X"[total % 11] else "VIN_CHECK_DIGIT"


def _slow(raw: str) -> str | Bad | None:
    text = fold(raw)
    if blank(text):
        return None
    if destroyed(text):
        return DESTROYED
    text = text.translate(_TIDY)
    if not (text.isascii() and text.isalnum()):
        return CHARACTERS
    if len(set(text)) == 1:
        return None
    if len(text) != 17:
        return LENGTH
    return text if _VIN.fullmatch(text) else LETTER_IOQ
