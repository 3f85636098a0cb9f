"""What of a person may be shown on a screen, in a report, in a log: enough to recognise, not enough to use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_NUMBER = re.compile(r"\+?\d[\d -]{5,}\d")


def mask_phone(value: str) -> str:
    """Show "+8613800138000" as "138****8000"; a landline keeps its area code and last two digits."""
    digits = value.removeprefix("+86")
    if len(digits) == 11 and digits.startswith("1"):
        return f"{digits[:3]}****{digits[-4:]}"
    if len(digits) < 7:
        return "*" * len(digits)
    return f"{digits[:3]}{'*' * (len(digits) - 5)}{digits[-2:]}"


def mask_name(name: str) -> str:
    """Show "王小明" as "王**"; the family name is what a clerk says on the phone anyway."""
    return name[:1] + "*" * (len(name) - 1)


def mask_plate(plate: str) -> str:
    """Show "京A12345" as "京A***45"."""
    return f"{plate[:2]}{'*' * max(len(plate) - 4, 0)}{plate[-2:]}" if len(plate) > 4 else "*" * len(plate)


def mask_vin(vin: str) -> str:
    """Show the last four characters, which tell the cars of one owner apart."""
    return "*" * (len(vin) - 4) + vin[-4:]


def mask_day(day: str) -> str:
    """Show "1971-03-17" as "1971-**-**"."""
    return f"{day[:4]}-**-**"


def mask_text(text: str) -> str:
    """Show what somebody wrote without the numbers in it."""
    return _NUMBER.sub(lambda found: mask_phone(re.sub(r"\D", "", found.group()).removeprefix("86")), text)


#: How each field of a customer or a vehicle is shown; what is not listed tells nobody who it is.
MASKS: Mapping[str, Callable[[str], str]] = {
    "name": mask_name,
    "phone": mask_phone,
    "birth_on": mask_day,
    "employer": mask_name,
    "address": mask_name,
    "plate": mask_plate,
    "vin": mask_vin,
}


def masked(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with each field shown as `MASKS` says."""
    return {key: MASKS[key](value) if key in MASKS and value else value for key, value in row.items()}
