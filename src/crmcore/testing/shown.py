"""What a person or a file could see of an adapter at work, and whether something stands in it that must not."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import traceback
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

import attrs

from crmcore.errors import CrmError
from crmcore.hooks.adapters import Secret
from crmcore.testing.contract import Contract
from crmcore.testing.faults import FAULTS
from crmcore.testing.outcomes import meeting, outcome_of
from crmcore.testing.rig import Rig

_ATTRIBUTE = "_crmcore_seen"


@attrs.frozen
class Seen:
    """An adapter at work, when all is well and when nothing is.

    Attributes:
        shown: place -> what could be read there.
        raised: every error of ours.
    """

    shown: dict[str, str]
    raised: list[CrmError]


def seen(contract: Contract, rig: Rig) -> Seen:
    """All of it; it is the same for every check of a contract class, so it is looked at once."""
    known: Seen | None = vars(type(contract)).get(_ATTRIBUTE)
    if known is None:
        known = _look(contract, rig)
        setattr(type(contract), _ATTRIBUTE, known)
    return known


def _look(contract: Contract, rig: Rig) -> Seen:
    adapter, config = rig.adapter, rig.settings()
    shown = {
        "repr of the adapter": repr(adapter),
        "str of the adapter": str(adapter),
        "repr of the config": repr(config),
        "str of the config": str(config),
    }
    raised = []
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        for place, outcome in _at_work(contract, rig):
            if isinstance(outcome, Exception):
                shown[f"traceback of {place}"] = "".join(traceback.format_exception(outcome))
            else:
                shown[f"result of {place}"] = repr(outcome)
            if isinstance(outcome, CrmError):
                raised.append(outcome)
                shown[f"error of {place}"] = outcome.render("zh")
    shown |= {f"log line {number}: {line[:20]}…": line for number, line in enumerate(rig.log)}
    return Seen({**shown, "what was printed": printed.getvalue()}, raised)


def _at_work(contract: Contract, rig: Rig) -> Iterator[tuple[str, object]]:
    """Every operation when all is well, when the vendor refuses, and under every fault that can be had without waiting."""
    for state in ("", "locked", "failing") if contract.over_http else ("",):
        if state:
            setattr(rig.world, state, True)
        for name, operation in contract.operations(rig.world).items():
            yield f"{name}, {state}".removesuffix(", "), outcome_of(operation, rig.fresh())
        if state:
            setattr(rig.world, state, False)
    for fault in FAULTS if contract.over_http else ():
        if not fault.slow:
            for met in meeting(contract, rig, fault, "read", "send"):
                yield f"{fault.name}: {met.where}", met.outcome


# ------------------------------------------------------------------ what must not stand there


def standing(values: Iterable[str] | Mapping[str, str], shown: Mapping[str, str]) -> list[str]:
    """Where one of the values stands, plain or as a URL, a header, JSON or a repr would write it; a secret goes by its name."""
    named = values if isinstance(values, Mapping) else {value: value for value in values}
    everything, found = "\n".join(shown.values()), []
    for name, value in named.items():
        written = [form for form in _written(value) if form in everything]
        found += [f"{name} in {place}" for place, text in shown.items() if any(form in text for form in written)]
    return found


def _written(value: str) -> set[str]:
    plain = value.encode()
    return {
        value,
        quote(value),
        quote_plus(value),
        repr(value)[1:-1],
        repr(plain)[2:-1],
        json.dumps(value)[1:-1],
        plain.hex(),
        *_in_base64(plain),
    }


def _in_base64(value: bytes) -> Iterator[str]:
    """As it stands in the middle of something, such as "user:password": where it begins decides what it looks like."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + value).decode().rstrip("=")
        complete = (before + len(value)) % 3 == 0
        yield whole[-(-8 * before // 6) : None if complete else -1]


def secrets_of(value: Any, name: str = "") -> Iterator[tuple[str, Secret]]:
    """Every secret of a configuration, those in tables and lists as well, by where it stands."""
    parts: Any = ()
    if isinstance(value, Secret) and value.reveal():
        yield name, value
    elif attrs.has(type(value)):
        parts = ((field.name, getattr(value, field.name)) for field in attrs.fields(type(value)))
    elif isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    for part, inner in parts:
        yield from secrets_of(inner, f"{name}.{part}".lstrip("."))
