"""Raw text in; a value, or a reason that a person can act on, out. The shop window of the cleaners.

Every cleaner takes any text and raises for none: a value; None where the cell says that there is nothing ("", "-", 无, NULL …,
and the fillers of its kind); or `Bad(reason)`, whose words and fix are in lang/. None of them guesses, and cleaning a clean
value gives that value back.

They run for every cell of an export, so each takes the clean form by one test (about 0.2 µs) and remembers what repeats.
"""

from __future__ import annotations

from crmcore.rules.dates import day, instant, placeholder_birthday
from crmcore.rules.names import is_organization, name, name_key
from crmcore.rules.numbers import hours, km, money, yes_no
from crmcore.rules.phone import is_mobile, phone
from crmcore.rules.plate import plate
from crmcore.rules.text import Bad, shape
from crmcore.rules.vin import vin, vin_warning

#: Changes whenever a raw value may come out differently; salted into the digests of source rows, so that all are read again.
RULES_VERSION = "1"

__all__ = [
    "RULES_VERSION",
    "Bad",
    "day",
    "hours",
    "instant",
    "is_mobile",
    "is_organization",
    "km",
    "money",
    "name",
    "name_key",
    "phone",
    "placeholder_birthday",
    "plate",
    "shape",
    "vin",
    "vin_warning",
    "yes_no",
]
