"""One open case per cause: does what was heard belong to a case that is open already?"""

from __future__ import annotations

from crmcore.types.complaint import ENDED, Complaint, ComplaintDraft, Origin, Severity

#: The category of who cannot say; it may be about anything.
OTHER = "OTHER"

_ORDER = tuple(Severity)


def group(category: str) -> str:
    """The branch of the taxonomy: "REPAIR_QUALITY" of "REPAIR_QUALITY.REPEAT_FAULT"."""
    return category.partition(".")[0]


def same_cause(
    open_case: Complaint, draft: ComplaintDraft, visit_id: str | None = None, vehicle_id: str | None = None
) -> bool:
    """Does `draft`, of the same customer, belong to `open_case`?

    It does when both may be about the same car or visit and about the same branch of the taxonomy. A case that the DMS
    keeps has no clocks, so nothing may rest on it.
    """
    if open_case.state in ENDED or open_case.origin is not Origin.CRM:
        return False
    groups = {group(open_case.category), group(draft.category)}
    return (len(groups) == 1 or OTHER in groups) and _same_thing(open_case, visit_id, vehicle_id)


def severer(first: Severity, second: Severity) -> Severity:
    """The graver of two; what joins a case may make it graver, never milder."""
    return max(first, second, key=_ORDER.index)


def _same_thing(case: Complaint, visit_id: str | None, vehicle_id: str | None) -> bool:
    if visit_id is not None and visit_id == case.visit_id:
        return True
    if vehicle_id is not None and case.vehicle_id is not None:
        return vehicle_id == case.vehicle_id
    return visit_id is None or case.visit_id is None
