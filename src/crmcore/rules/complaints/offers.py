"""Making good: who may approve an offer, and when the customer may hear of it (S0, S2: obtain authorisation, do not over-promise)."""

from __future__ import annotations

from decimal import Decimal

from crmcore.rules.complaints.policy import ComplaintPolicy
from crmcore.types.complaint import RecoveryOffer
from crmcore.types.store import Role


def may_approve(
    policy: ComplaintPolicy, role: Role, cost: Decimal, *, approver: str | None = None, offered_by: str | None = None
) -> str | None:
    """None, or the reason code why an offer of `cost` yuan may not be approved.

    Args:
        approver / offered_by: staff codes; nobody approves what he has offered.
    """
    if approver is not None and approver == offered_by:
        return "OFFER_OWN"
    limit = policy.approval.get(role)
    if limit is None:
        return "OFFER_ROLE_APPROVES_NONE"
    return "OFFER_ABOVE_LIMIT" if cost > limit else None


def approvers(policy: ComplaintPolicy, cost: Decimal) -> tuple[Role, ...]:
    """The roles that may approve an offer of `cost` yuan, the lowest limit first; empty: nobody may."""
    enough = [(limit, role) for role, limit in policy.approval.items() if cost <= limit]
    return tuple(role for _, role in sorted(enough))


def may_tell(offer: RecoveryOffer) -> str | None:
    """None, or the reason code why the customer's answer cannot be taken: he must not have heard of it, or has answered."""
    if offer.approved_by is None:
        return "OFFER_NOT_APPROVED"
    return "OFFER_DECIDED" if offer.accepted is not None else None
