"""What an adapter makes of each fault, at each request of each thing that it is asked, and whether that is honest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, Literal

import attrs

from crmcore.errors import NotSent
from crmcore.testing.contract import Contract
from crmcore.testing.faults import RETRY_AFTER, Fault, Proof, broken
from crmcore.testing.rig import Operation, Rig
from crmcore.types.contact import Accepted, Deferred, Rejected, Scope, Unknown

#: So many requests of an operation meet each fault, besides those that hand something over, and the last.
_POSITIONS = 3
_PATIENT_FAULT = "throttled-retry-after"


class Stage(Enum):
    """Where a request stands to the one with which the vendor took something."""

    BEFORE = "BEFORE"  # a login: nothing was handed over yet
    AT = "AT"
    AFTER = "AFTER"  # a logout: the vendor has it


@attrs.frozen
class Met:
    """What came of an operation of which one request, and all after it, met a fault.

    Attributes:
        where: the operation and the request, e.g. "send, request 2 of 3".
        usual: what comes of it when all is well.
        spare: the request may be one that does not matter, a logout: it follows what hands over, or is the last of several that read.
    """

    where: str
    outcome: object
    usual: object
    stage: Stage
    spare: bool


def meeting(contract: Contract, rig: Rig, fault: Fault, *kinds: Literal["read", "send"]) -> Iterator[Met]:
    """Each operation of these kinds, broken at one request after the other."""
    for name, operation in contract.operations(rig.world).items():
        if operation.kind not in kinds:
            continue
        before = len(rig.wire.travelled)
        usual = operation.run(rig.fresh())
        count = len(rig.wire.travelled) - before
        taken = [number - before for number in rig.wire.taking if number >= before]
        if not taken and operation.kind == "send":
            taken = [count - 1]  # nobody saw it, so it is the last that may have been it
        for position in sorted({*range(min(count, _POSITIONS)), *taken, count - 1} - {-1}):
            adapter = rig.fresh()
            with broken(rig, fault, after=position):
                met = len(rig.wire.travelled) + position
                outcome = outcome_of(operation, adapter)
                spared = rig.wire.spared
            if len(rig.wire.travelled) > met and not spared:
                where = f"{name}, request {position + 1} of {count}"
                spare = position > taken[-1] if taken else position == count - 1 > 0
                yield Met(where, outcome, usual, _stage(position, taken), spare)


def _stage(position: int, taken: list[int]) -> Stage:
    if not taken or position < taken[0]:
        return Stage.BEFORE
    return Stage.AT if position <= taken[-1] else Stage.AFTER


def outcome_of(operation: Operation, adapter: Any) -> object:
    """What came of it, an exception included."""
    try:
        return operation.run(adapter)
    except Exception as error:  # noqa: BLE001 - what is raised is what is looked at
        return error


def told(outcome: object) -> str:
    """An outcome without what it may quote."""
    if isinstance(outcome, Mapping):
        return f"returned {sorted({type(each).__name__ for each in outcome.values()})}"
    did = "raised" if isinstance(outcome, Exception) else "returned"
    return f"{did} {'None' if outcome is None else type(outcome).__name__}"


# ------------------------------------------------------------------ is it honest?


def fits_read(fault: Fault, met: Met) -> bool:
    """Was raised what the fault demands, or was nothing lost by it?"""
    if isinstance(met.outcome, Exception):
        return isinstance(met.outcome, fault.reads)
    return not fault.must_raise or (met.spare and met.outcome == met.usual)


def fits_send(fault: Fault, met: Met, rig: Rig) -> bool:
    """Does every outcome claim no more than the fault proves?"""
    outcomes = list(met.outcome.values()) if isinstance(met.outcome, Mapping) else [met.outcome]
    return all(_honest(fault, outcome, met.stage, rig) for outcome in outcomes)


def _honest(fault: Fault, outcome: object, stage: Stage, rig: Rig) -> bool:  # noqa: PLR0911 - a table
    match fault.proves, outcome:
        case _, Accepted() if stage is Stage.AFTER:
            return True
        case _, Unknown():
            return fault.proves is not Proof.UNSENT or stage is not Stage.AT
        case _ if stage is Stage.AFTER:
            return False
        case Proof.UNSENT, NotSent() as error:
            return fault.name != _PATIENT_FAULT or error.retry_after == RETRY_AFTER
        case Proof.UNSENT, Deferred() as deferred:
            earliest = rig.clock.now() + timedelta(seconds=RETRY_AFTER)
            return fault.name != _PATIENT_FAULT or deferred.not_before == earliest
        case Proof.REFUSED, Rejected(scope=Scope.ACCOUNT):
            return True
        case Proof.ANYTHING, Accepted():
            return True
        case _, NotSent() | Deferred() | Rejected(scope=Scope.ACCOUNT):
            return stage is Stage.BEFORE
        case _:
            return False


# ------------------------------------------------------------------ in words

_WANTED = {
    Proof.UNSENT: "NotSent, or Deferred with what the vendor asked for",
    Proof.NOTHING: "Unknown",
    Proof.REFUSED: "Unknown, or Rejected with scope ACCOUNT",
    Proof.ANYTHING: "Accepted, or Unknown",
}


def wanted_of_read(fault: Fault) -> str:
    """What a read had to raise."""
    return " or ".join(f"{each.__name__}" for each in fault.reads)


def wanted_of_send(fault: Fault, stage: Stage) -> str:
    """What a send had to say, one outcome for each recipient."""
    match stage:
        case Stage.BEFORE:
            return f"{_WANTED[fault.proves]}; or Deferred, NotSent, Rejected with scope ACCOUNT, as nothing was handed over yet"
        case Stage.AT:
            return _WANTED[fault.proves]
        case Stage.AFTER:
            return "Accepted, or Unknown: it was handed over before"
