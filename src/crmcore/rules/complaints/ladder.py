"""The escalation ladder: who is told when a deadline has passed. A rung that is missed is climbed late, never left out."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from crmcore.rules.complaints.clocks import resting
from crmcore.rules.complaints.owners import head_of
from crmcore.rules.complaints.policy import ComplaintPolicy, Rung
from crmcore.types.complaint import Complaint, Escalation, SlaClock


def escalations(
    case: Complaint, policy: ComplaintPolicy, escalated: Collection[tuple[int, int]], now: datetime
) -> tuple[Escalation, ...]:
    """The rungs to climb now, in the order in which they fell due; each round climbs a level once.

    A deadline includes its last instant: a rung is climbed after it, as `clocks.breached` says late after it.

    Args:
        escalated: (round, level) of the rungs that have been climbed.
    """
    due = sorted(
        (
            (at, rung.level, clock.round, clock, rung)
            for clock in case.clocks
            for rung in policy.ladder
            if (at := _due(case, clock, rung)) is not None and at < now
        ),
        key=lambda each: each[:3],
    )
    found: dict[tuple[int, int], Escalation] = {}
    for at, level, round_, clock, rung in due:
        if (round_, level) not in escalated and (round_, level) not in found:
            found[round_, level] = _climbed(case, policy, clock, rung, at, now)
    return tuple(found.values())


def _due(case: Complaint, clock: SlaClock, rung: Rung) -> datetime | None:
    """When the rung falls due; None when it does not: another clock, done in time, standing still."""
    if rung.clock is not clock.kind or (rung.severities and case.severity not in rung.severities):
        return None
    at = clock.due_at + timedelta(minutes=rung.after_minutes)
    standing = resting(clock)
    if standing is not None and standing.since < clock.due_at:
        return None
    return at if clock.stopped_at is None or clock.stopped_at > at else None


def _climbed(
    case: Complaint, policy: ComplaintPolicy, clock: SlaClock, rung: Rung, at: datetime, now: datetime
) -> Escalation:
    late = clock.stopped_at is not None or now - at > timedelta(minutes=policy.late_after_minutes)
    return Escalation(
        level=rung.level,
        round=clock.round,
        clock=clock.kind,
        role=rung.role or head_of(case.department),
        due_at=at,
        at=now,
        late=late,
    )
