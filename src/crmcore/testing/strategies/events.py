"""What has happened, as `crm.events` and a timeline tell it: recorded no earlier than it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from crmcore.rules.complaints.states import TRANSITIONS
from crmcore.testing.strategies import plain
from crmcore.testing.strategies.cars import visits
from crmcore.testing.strategies.complaints import complaints
from crmcore.testing.strategies.contact import contact_attempts, replies, stored_texts, touchpoints
from crmcore.testing.strategies.plain import Fields, few, makes, maybe
from crmcore.testing.strategies.surveys import responses
from crmcore.types.complaint import ClockKind, EventKind
from crmcore.types.contact import AttemptOutcome, MessageClass, MessageState
from crmcore.types.customer import Channel
from crmcore.types.event import (
    AnswersCame,
    CallMade,
    CaseMoved,
    CaseOpened,
    ContactMoved,
    Event,
    Events,
    FileChanged,
    ReplyCame,
    RungClimbed,
    TextMoved,
)
from crmcore.types.store import Role
from crmcore.types.survey import Mode, Side
from crmcore.types.timeline import TimelineEntry, TimelineKind

_MOVES = [(before, kind) for before, kind in TRANSITIONS if before is not None and kind is not EventKind.ESCALATE]


def _happened(draw: DrawFn, letter: str) -> dict[str, Any]:
    at = draw(plain.instants())
    return {"id": draw(plain.ids(letter)), "at": at, "recorded_at": at + draw(plain.spans(timedelta(days=1)))}


def _who() -> SearchStrategy[str]:
    return st.just("crmcore") | plain.staff_codes()


@makes(TextMoved)
def texts_moved(draw: DrawFn) -> Fields:
    """A text came into another state; what is not on its way says why."""
    state = draw(st.sampled_from(MessageState))
    told = state in {MessageState.HELD, MessageState.REFUSED, MessageState.FAILED, MessageState.CANCELLED}
    return _happened(draw, "m") | {
        "message_id": draw(plain.ids("M")),
        "customer_id": draw(plain.ids("C")),
        "touchpoint_id": draw(maybe(plain.ids("T"))),
        "store": draw(plain.store_codes()),
        "template": draw(plain.codes()),
        "message_class": draw(st.sampled_from(MessageClass)),
        "state": state,
        "reason": draw(plain.codes()) if told else None,
    }


@makes(ReplyCame)
def replies_came(draw: DrawFn) -> Fields:
    """A text came."""
    return _happened(draw, "i") | {
        "reply_id": draw(plain.ids("I")),
        "customer_id": draw(maybe(plain.ids("C"))),
        "account": draw(st.sampled_from(["sms", "wechat"])),
        "opted_out": draw(st.booleans()),
    }


@makes(CallMade)
def calls_made(draw: DrawFn) -> Fields:
    """A call was made."""
    return _happened(draw, "a") | {
        "attempt_id": draw(plain.ids("A")),
        "customer_id": draw(plain.ids("C")),
        "touchpoint_id": draw(maybe(plain.ids("T"))),
        "complaint_id": draw(maybe(plain.ids("K"))),
        "staff": draw(maybe(plain.staff_codes())),
        "channel": draw(st.sampled_from([Channel.PHONE, Channel.IN_PERSON])),
        "outcome": draw(st.sampled_from(AttemptOutcome)),
        "result": draw(plain.codes()),
    }


@makes(AnswersCame)
def answers_came(draw: DrawFn) -> Fields:
    """A questionnaire came in."""
    return _happened(draw, "q") | {
        "response_id": draw(plain.ids("Q")),
        "customer_id": draw(maybe(plain.ids("C"))),
        "visit_id": draw(maybe(plain.ids("R"))),
        "store": draw(plain.store_codes()),
        "survey": draw(st.sampled_from(["aftersales", "delivery"])),
        "side": draw(st.sampled_from(Side)),
        "mode": draw(st.sampled_from(Mode)),
    }


@makes(CaseOpened)
def cases_opened(draw: DrawFn) -> Fields:
    """A case was opened."""
    return _happened(draw, "k") | {
        "complaint_id": draw(plain.ids("K")),
        "customer_id": draw(maybe(plain.ids("C"))),
        "store": draw(plain.store_codes()),
        "who": draw(_who()),
    }


@makes(CaseMoved)
def cases_moved(draw: DrawFn) -> Fields:
    """A case went a step that the table of states allows."""
    before, kind = draw(st.sampled_from(_MOVES))
    return _happened(draw, "k") | {
        "complaint_id": draw(plain.ids("K")),
        "customer_id": draw(maybe(plain.ids("C"))),
        "store": draw(plain.store_codes()),
        "kind": kind,
        "before": before,
        "after": TRANSITIONS[before, kind],
        "who": draw(_who()),
    }


@makes(RungClimbed)
def rungs_climbed(draw: DrawFn) -> Fields:
    """A deadline has passed, and somebody is told: late, where it was noticed an hour after."""
    told = _happened(draw, "e")
    late = draw(st.booleans())
    return told | {
        "complaint_id": draw(plain.ids("K")),
        "customer_id": draw(maybe(plain.ids("C"))),
        "store": draw(plain.store_codes()),
        "level": draw(st.integers(1, 4)),
        "round": draw(st.integers(1, 3)),
        "clock": draw(st.sampled_from(ClockKind)),
        "role": draw(st.sampled_from(Role)),
        "staff": draw(maybe(plain.staff_codes())),
        "due_at": told["at"] - (timedelta(hours=1) if late else timedelta(0)),
        "late": late,
    }


@makes(ContactMoved)
def contacts_moved(draw: DrawFn) -> Fields:
    """A contact that was owed was dealt with."""
    verbs = ["DONE", "CANCELLED", "SKIPPED", "EXPIRED", "ASSIGN", "TO_PHONE", "RETRY", "BOOKED", "MEND"]
    return _happened(draw, "u") | {
        "touchpoint_id": draw(plain.ids("T")),
        "customer_id": draw(plain.ids("C")),
        "store": draw(plain.store_codes()),
        "verb": draw(st.sampled_from(verbs)),
        "who": draw(_who()),
    }


@makes(FileChanged)
def files_changed(draw: DrawFn) -> Fields:
    """A file was changed: a correction names its field, an opt-out, which a source may say too, its channel, a merge the other one."""
    subject, verb = (
        draw(plain.ids("C")),
        draw(st.sampled_from(["RETIRE", "ERASE", "CORRECT", "OPTOUT", "OPTIN", "MERGE"])),
    )
    return _happened(draw, "u") | {
        "subject": subject,
        "verb": verb,
        "who": draw(st.just("cli") | plain.staff_codes() | st.just("dms:main" if verb == "OPTOUT" else "api")),
        "field": draw(st.sampled_from(["name", "phone"])) if verb == "CORRECT" else None,
        "channel": draw(st.sampled_from([Channel.SMS, Channel.PHONE])) if verb in {"OPTOUT", "OPTIN"} else None,
        "other_id": draw(plain.ids("C").filter(lambda other: other != subject)) if verb == "MERGE" else None,
    }


def any_events() -> SearchStrategy[Event]:
    """One event of any kind."""
    return st.one_of(
        texts_moved(),
        replies_came(),
        calls_made(),
        answers_came(),
        cases_opened(),
        cases_moved(),
        rungs_climbed(),
        contacts_moved(),
        files_changed(),
    )


@makes(Events)
def event_pages(draw: DrawFn) -> Fields:
    """What has happened after a cursor; each event once."""
    return {"events": draw(few(any_events(), 4, unique_by=lambda each: each.id)), "cursor": draw(plain.keys())}


_SUBJECTS: dict[TimelineKind, Callable[[], SearchStrategy[Any]]] = {
    TimelineKind.VISIT: visits,
    TimelineKind.TEXT: stored_texts,
    TimelineKind.CALL: contact_attempts,
    TimelineKind.REPLY: replies,
    TimelineKind.ANSWERS: responses,
    TimelineKind.COMPLAINT: complaints,
    TimelineKind.TOUCHPOINT: touchpoints,
}


@makes(TimelineEntry)
def timeline_entries(draw: DrawFn) -> Fields:
    """One thing that happened with a customer; its value is of its kind."""
    kind = draw(st.sampled_from(TimelineKind))
    return {"at": draw(plain.instants()), "kind": kind, "subject": draw(_SUBJECTS[kind]())}
