"""A colleague by his code, as somebody has written it: found, or told with what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import Connection

from crmcore.config.values import guess
from crmcore.errors import UsageError
from crmcore.flows.plan_who import Employs, staff_of
from crmcore.rules.text import shape
from crmcore.types.store import Staff

#: What a history calls who has not said who it is: the command line, and a program that uses `Crm`.
PROGRAMS = frozenset({"cli", "api"})

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,20}")
_NUMBER = re.compile(r"[0-9]{7}")


def colleague(staff: Iterable[Staff], code: str) -> Staff:
    """The colleague of this code; raises `UsageError` CRM-U117, or CRM-U118 where a code or a name is written nearly so."""
    known = {one.code: one for one in staff}
    if code in known:
        return known[code]
    names = {word: one.code for one in known.values() for word in (one.name, one.code) if word}
    meant = guess(code, names)
    if meant is None:
        raise UsageError("CRM-U117", staff=as_told(code))
    raise UsageError("CRM-U118", staff=as_told(code), guess=names[meant])


def as_told(code: str) -> str:
    """What a message may say of a word that is nobody's code: it may be a customer's name or number in the wrong place."""
    return code if _CODE.fullmatch(code) and not _NUMBER.search(code) else shape(code)


def signed(connection: Connection, employs: Employs, code: str) -> str:
    """Who a history will name: a colleague's code, one of `PROGRAMS`; any word where no colleague is known yet.

    Raises:
        UsageError: as `colleague`.
    """
    if code in PROGRAMS:
        return code
    staff = staff_of(connection, employs)
    return colleague(staff, code).code if staff else code
