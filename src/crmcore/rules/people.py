"""Who does it: the role a rule names becomes a colleague who is there and is not calling his own customers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from crmcore.types.contact import TouchpointRule
from crmcore.types.store import Role, Staff

#: An advisor does not ask his own customers how content they are (C18a); preparing his own delivery is his job (S3).
NOT_BY_THE_OWN = frozenset({"CALLBACK", "SURVEY", "LOST"})


def there(staff: Iterable[Staff], store: str, role: Role, today: date) -> list[Staff]:
    """Who of a role works at a store today, by code."""
    return sorted(
        (one for one in staff if one.role is role and one.store in {store, ""} and present(one, today)), key=_code
    )


def present(one: Staff, today: date) -> bool:
    """Neither left nor away."""
    return one.active and (one.away_until is None or one.away_until < today)


def executor(
    rule: TouchpointRule,
    staff: Iterable[Staff],
    *,
    store: str,
    customer: int,
    advisors: tuple[str | None, ...],
    today: date,
) -> str:
    """The code of the colleague, or the role where nobody of it is known.

    The work is spread by customer, so that one customer always has the same caller.

    Args:
        advisors: code or name of who advised this customer: his own, of the visit and of the file.
    """
    candidates = there(staff, store, rule.executor, today)
    own = [one for one in candidates if one.code in advisors or one.name in advisors]
    if rule.purpose in NOT_BY_THE_OWN:
        candidates = [one for one in candidates if one not in own]
    elif own:
        return own[0].code
    return candidates[customer % len(candidates)].code if candidates else rule.executor.value


def _code(one: Staff) -> str:
    return one.code
