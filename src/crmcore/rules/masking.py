"""What of a person may be shown on a screen, in a report, in a log: enough to recognise, not enough to use."""

from __future__ import annotations


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
