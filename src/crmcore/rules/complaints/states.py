"""The life of a case as a table: what may happen in which state, where it leads, and which clocks it stops."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crmcore.types.complaint import ENDED, ClockKind, ComplaintState, EventKind

Table = Mapping[tuple[ComplaintState | None, EventKind], ComplaintState]

_S, _E = ComplaintState, EventKind

#: Nobody works on it yet; the handover clock runs.
WAITING = (_S.RECEIVED, _S.REOPENED)
#: Somebody looks for a solution.
AT_WORK = (_S.HANDED_OVER, _S.INVESTIGATING, _S.RESPONDED)
#: The solution stands, and the customer is asked whether it is one.
SOLVED = (_S.RESOLVED, _S.CALLBACK_PENDING)
#: What may be said of any open case and leads nowhere. Who works on it can change at any time.
ASIDE = (*(_E.JOIN, _E.ASSIGN, _E.ACKNOWLEDGE, _E.NOTE, _E.CLASSIFY, _E.OFFER, _E.PAUSE, _E.RESUME, _E.ESCALATE),)
#: What is still written down of a case that has ended: a remark, the cause the meeting found, a rung that was missed in time.
AFTERWARDS = (_E.NOTE, _E.CLASSIFY, _E.ESCALATE)


def _table() -> Table:
    unsolved, opened = (*WAITING, *AT_WORK), (*WAITING, *AT_WORK, *SOLVED)
    rows: dict[tuple[ComplaintState | None, EventKind], ComplaintState] = {(None, _E.OPEN): _S.RECEIVED}
    rows |= {(state, event): state for state in opened for event in ASIDE}
    rows |= {(state, event): state for state in ENDED for event in AFTERWARDS}
    rows |= {(state, _E.HAND_OVER): state for state in (*AT_WORK, *SOLVED)}  # to a colleague, when the owner is away
    rows |= {(state, _E.HAND_OVER): _S.HANDED_OVER for state in WAITING}
    rows |= {(state, _E.INVESTIGATE): _S.INVESTIGATING for state in unsolved}
    rows |= {(state, _E.RESPOND): _S.RESPONDED for state in unsolved}
    rows |= {(state, _E.RESOLVE): _S.RESOLVED for state in unsolved}
    rows |= {(state, _E.CALL_BACK): _S.CALLBACK_PENDING for state in SOLVED}
    rows |= {(state, _E.WAIVE): state for state in SOLVED}
    rows |= {(state, _E.CLOSE): _S.CLOSED for state in SOLVED}
    rows |= {(state, _E.REOPEN): _S.REOPENED for state in (*SOLVED, *sorted(ENDED))}  # a set has no order, a page has
    rows |= {(state, _E.WITHDRAW): _S.WITHDRAWN for state in opened}
    return MappingProxyType(rows)


#: (state before, event) -> state after; what is not in it cannot happen. None: there is no case yet.
TRANSITIONS: Table = _table()

_EVERY_CLOCK = frozenset(ClockKind)
_STOPS: Mapping[EventKind, frozenset[ClockKind]] = {
    _E.HAND_OVER: frozenset({ClockKind.HANDOVER}),
    _E.INVESTIGATE: frozenset({ClockKind.HANDOVER}),  # whoever works on it has it
    _E.RESPOND: frozenset({ClockKind.HANDOVER, ClockKind.RESPONSE}),
    _E.RESOLVE: frozenset({ClockKind.HANDOVER, ClockKind.RESPONSE}),
    _E.WAIVE: frozenset({ClockKind.CALLBACK}),
    _E.CLOSE: _EVERY_CLOCK,
    _E.WITHDRAW: _EVERY_CLOCK,
    _E.REOPEN: _EVERY_CLOCK,  # those of the round that ends; the new round has its own
}


def transition(state: ComplaintState | None, event: EventKind) -> ComplaintState | None:
    """The state that `event` leads to; None when it cannot happen in `state`."""
    return TRANSITIONS.get((state, event))


def stops(event: EventKind, *, reached: bool = True) -> frozenset[ClockKind]:
    """The clocks that `event` stops, of those that run.

    Args:
        reached: of a second callback: was the customer spoken to? A call that nobody took stops nothing.
    """
    if event is _E.CALL_BACK:
        return frozenset({ClockKind.CALLBACK}) if reached else frozenset()
    return _STOPS.get(event, frozenset())


def drawn() -> str:
    """The table as a Mermaid state diagram; what leaves a case in its state is not drawn."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, event), after in TRANSITIONS.items():
        if before is not after:
            arrows.setdefault((before or "[*]", after), []).append(event)
    lines = [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in arrows.items()]
    return "\n".join(["stateDiagram-v2", *lines])
