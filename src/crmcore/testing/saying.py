"""What a record may say, and whether it says what was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Required, get_args, get_origin, get_type_hints, is_typeddict

from crmcore.hooks import records as kinds
from crmcore.hooks.records import Gone, Record, Reject
from crmcore.rules import dates, numbers, phone

_ZONE = "Asia/Shanghai"  # of the rig's context

_RECORDS: Mapping[str, Any] = {
    "visit": kinds.VisitRecord,
    "customer": kinds.CustomerRecord,
    "vehicle": kinds.VehicleRecord,
    "appointment": kinds.AppointmentRecord,
    "staff": kinds.StaffRecord,
    "complaint": kinds.ComplaintRecord,
    "response": kinds.ResponseRecord,
}

# ------------------------------------------------------------------ does it say what was written?


def same(path: str, written: str, arrived: Any) -> bool:
    """Is it what was written, however it is spelled? A time, a phone and a distance have many spellings, a text has one."""
    name, text = path.rpartition(".")[2], "" if arrived is None else str(arrived)
    if name.endswith("_at"):
        found = dates.instant(text, _ZONE) if ":" in text else dates.day(text)
        return found == (dates.instant(written, _ZONE) if ":" in text else dates.day(written))
    if name == "phone":
        return phone.phone(text) == phone.phone(written)
    return (numbers.km(text) == numbers.km(written)) if name.startswith("km_") else text == written


def flat(said: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    """Path -> value; the answers of a response by their item."""
    for name, value in said.items():
        if name == "answers":
            value = {each["item"]: each["value"] for each in value}  # noqa: PLW2901 - the same in another form
        if isinstance(value, Mapping):
            yield from flat(value, f"{at}{name}.")
        else:
            yield f"{at}{name}", value


# ------------------------------------------------------------------ may it say so?


def problems(said: Record | Gone | Reject) -> list[str]:
    """Entities, places and types that records do not have; never a value."""
    if isinstance(said, Reject):
        return []
    if said.entity not in _RECORDS:
        return [f"{type(said).__name__}: no entity {said.entity!r}"]
    return list(_misfits(said.data, _RECORDS[said.entity], said.entity)) if isinstance(said, Record) else []


def _misfits(value: Any, declared: Any, at: str) -> Iterator[str]:
    """Places and types that do not fit what is declared."""
    if is_typeddict(declared):
        yield from _misfit_keys(value, declared, at)
    elif get_origin(declared) is list:
        if not isinstance(value, list | tuple):
            yield f"{at}: {type(value).__name__} instead of a list"
            return
        for each in value:
            yield from _misfits(each, get_args(declared)[0], f"{at}[]")
    elif get_origin(declared) is Mapping:
        if not isinstance(value, Mapping) or not all(isinstance(part, str) for pair in value.items() for part in pair):
            yield f"{at}: not a mapping of text to text"
    elif not isinstance(value, declared) or (isinstance(value, bool) and bool not in get_args(declared)):
        yield f"{at}: {type(value).__name__}"


def _misfit_keys(value: Any, declared: Any, at: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{at}: {type(value).__name__} instead of a record"
        return
    hints = get_type_hints(declared)
    must = {
        name for name, hint in get_type_hints(declared, include_extras=True).items() if get_origin(hint) is Required
    }
    for name in must - value.keys():
        yield f"{at}.{name} is missing"
    for name, part in value.items():
        if name in hints:
            yield from _misfits(part, hints[name], f"{at}.{name}")
        else:
            yield f"{at}.{name}: records have no such key"
