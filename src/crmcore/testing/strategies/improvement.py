"""What is to be mended, the meetings about it, and what colleagues are told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.testing.strategies import plain
from crmcore.testing.strategies.plain import Fields, few, makes, maybe
from crmcore.types.alert import Alert
from crmcore.types.complaint import ActionStatus, MeetingKind
from crmcore.types.improvement import Action, Meeting
from crmcore.types.store import Role
from crmcore.types.survey import Side

_VERDICTS = ("MOVED_UP", "MOVED_DOWN", "NOISE", "TOO_FEW")


def _indices() -> SearchStrategy[Decimal]:
    return st.integers(0, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)


@makes(Action)
def actions(draw: DrawFn) -> Fields:
    """Rows of the plan: out of a wave with its score, which a later one may have measured, or out of complaints."""
    fields: dict[str, Any] = {
        "id": draw(plain.ids("B")),
        "store": draw(plain.store_codes()),
        "factor": draw(plain.codes()),
        "staff": draw(maybe(plain.staff_codes())),
        "cause": draw(plain.lines()),
        "measure": draw(plain.lines()),
        "responsible": draw(plain.staff_codes()),
        "supervisor": draw(plain.staff_codes()),
        "due_on": draw(plain.days()),
        "priority": draw(st.integers(1, 3)),
        "status": draw(st.sampled_from(ActionStatus)),
        "target_score": draw(maybe(_indices())),
        "cases": draw(few(plain.ids("K"), unique=True)),
    }
    if not draw(st.booleans()):
        return fields
    fields |= {
        "survey": draw(st.sampled_from(["aftersales", "delivery"])),
        "item": draw(st.sampled_from(["", "WORK_DONE"])),
        "wave": "2026-Q2",
        "side": draw(maybe(st.sampled_from(Side))),
        "last_score": draw(_indices()),
    }
    if fields["status"] in {ActionStatus.DONE, ActionStatus.VERIFIED} and draw(st.booleans()):
        verdict = "MOVED_UP" if fields["status"] is ActionStatus.VERIFIED else draw(st.sampled_from(_VERDICTS[1:]))
        fields |= {"result_wave": "2026-Q3", "result_score": draw(_indices()), "verdict": verdict}
    return fields


@makes(Meeting)
def meetings(draw: DrawFn) -> Fields:
    """Records of meetings, of which who was in the chair was there."""
    there = draw(few(plain.staff_codes(), unique=True))
    return {
        "id": draw(plain.ids("G")),
        "store": draw(plain.store_codes()),
        "kind": draw(st.sampled_from(MeetingKind)),
        "held_on": draw(plain.days()),
        "chair": draw(maybe(st.sampled_from(there))) if there else None,
        "attendees": there,
        "record": draw(plain.texts()),
        "actions": draw(few(plain.ids("B"), unique=True)),
    }


@makes(Alert)
def alerts(draw: DrawFn) -> Fields:
    """Alerts of a case: owed, and told again after a try that failed, or told by every group."""
    created = draw(plain.instants())
    told = draw(st.booleans())
    attempts = draw(st.integers(int(told), 5))
    later = draw(plain.spans(timedelta(hours=2)))
    return {
        "id": draw(plain.ids("L")),
        "store": draw(plain.store_codes()),
        "complaint_id": draw(maybe(plain.ids("K"))),
        "kind": draw(st.sampled_from(["OPENED", "ESCALATED", "REOPENED", "CALLBACK_DUE"])),
        "round": draw(st.integers(1, 3)),
        "level": draw(st.integers(0, 4)),
        "role": draw(maybe(st.sampled_from(Role))),
        "staff": draw(maybe(plain.staff_codes())),
        "due_at": created + draw(plain.spans()),
        "created_at": created,
        "next_at": None if told else created + later,
        "attempts": attempts,
        "sent_at": created + later if told else None,
        "groups": ("team",) if told else (),
        "code": draw(plain.codes()) if attempts and not told else None,
    }
