"""Who answers for a case: never the accused, never a role that may only forward (S4), nobody who is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import attrs

from crmcore.types.complaint import Complaint, Severity
from crmcore.types.store import FORWARD_ONLY, Department, Role, Staff

#: Who leads a department, best first. Parts may only forward, so the workshop answers for them.
HEADS: Mapping[Department, tuple[Role, ...]] = {
    Department.SALES: (Role.SALES_MANAGER, Role.SHOWROOM_MANAGER),
    Department.SERVICE: (Role.SERVICE_MANAGER, Role.BUSINESS_MANAGER),
    Department.PARTS: (Role.SERVICE_MANAGER, Role.BUSINESS_MANAGER),
    Department.CR: (Role.CR_MANAGER,),
    Department.FINANCE: (Role.GENERAL_MANAGER,),
    Department.OTHER: (Role.CR_MANAGER,),
}

_OTHERS = (Role.CR_MANAGER, Role.CR_AGENT, Role.GENERAL_MANAGER)
#: S4: what is serious goes to the head.
_OTHERS_SERIOUS = (Role.CR_MANAGER, Role.GENERAL_MANAGER, Role.CR_AGENT)
_SERIOUS = frozenset({Severity.SERIOUS, Severity.CRITICAL})


@attrs.frozen
class Handover:
    """A case needs another owner: `to` whom (None: nobody is there), and `why`, a reason code of `may_own` or NO_OWNER."""

    to: Staff | None
    why: str


def head_of(department: Department | None) -> Role:
    """The role that leads `department`; the CR manager where none is known."""
    return HEADS[department][0] if department is not None else Role.CR_MANAGER


def may_own(staff: Staff, case: Complaint, today: date) -> str | None:
    """None, or the reason code why `staff` cannot own `case`; `today` is the local date of the store."""
    if not staff.active:
        return "OWNER_LEFT"
    if staff.role in FORWARD_ONLY:
        return "OWNER_FORWARDS_ONLY"
    if staff.code in case.accused:
        return "OWNER_ACCUSED"
    return "OWNER_AWAY" if staff.away_until is not None and today <= staff.away_until else None


def choose_owner(
    staff: Iterable[Staff], case: Complaint, today: date, department: Department | None = None
) -> Staff | None:
    """Who should own `case`: who leads the department at this store, else customer relations, else the head of the house.

    Among equals a colleague of this store comes before one of the group, then the code decides. None: nobody may.
    """
    heads = HEADS[department] if department is not None else ()
    order = (*heads, *(_OTHERS_SERIOUS if case.severity in _SERIOUS else _OTHERS))
    candidates = [
        one
        for one in staff
        if one.role in order and one.store in {case.store, ""} and may_own(one, case, today) is None
    ]
    return min(candidates, key=lambda one: (order.index(one.role), not one.store, one.code), default=None)


def hand_over(
    case: Complaint, staff: Iterable[Staff], today: date, department: Department | None = None
) -> Handover | None:
    """The new owner that `case` needs because its own is away, has left, was accused, or is none; None when it needs none."""
    known = list(staff)
    owner = next((one for one in known if one.code == case.owner), None)
    why = "NO_OWNER" if owner is None else may_own(owner, case, today)
    return Handover(choose_owner(known, case, today, department), why) if why is not None else None
