"""The states of a text as a table, and why a receipt never moves one backwards.

    QUEUED ⇄ HELD → SENDING → ACCEPTED → FAILED → DELIVERED
                       │  ↘ FAILED
                       ├─→ QUEUED             proven not taken: tried again
                       └─→ UNKNOWN ─→ NEEDS_REVIEW ─→ QUEUED | ACCEPTED | … | CANCELLED    a person settles it
    QUEUED, HELD → REFUSED | CANCELLED | EXPIRED
    QUEUED, HELD → NEEDS_REVIEW   in doubt, on its way to a vendor that dedupes, and the gate or its window has closed

Receipts come late, twice and in any order (Kannel: type 1 before type 8), so what they say is ranked: delivered outranks
failed outranks accepted outranks silence. The final state is the same in whatever order they arrive.
"""

from __future__ import annotations

from types import MappingProxyType

from crmcore.types.contact import MessageState, Receipt, ReceiptState
from crmcore.types.customer import NumberState

_S = MessageState

#: What a state may become. DELIVERED is open from everywhere: a receipt that proves it is true whatever we believed.
TRANSITIONS = MappingProxyType(
    {
        _S.QUEUED: frozenset(
            {
                _S.HELD,
                _S.SENDING,
                _S.ACCEPTED,
                _S.DELIVERED,
                _S.FAILED,
                _S.REFUSED,
                _S.CANCELLED,
                _S.EXPIRED,
                _S.NEEDS_REVIEW,
            }
        ),
        _S.HELD: frozenset(
            {
                _S.QUEUED,
                _S.SENDING,
                _S.ACCEPTED,
                _S.DELIVERED,
                _S.FAILED,
                _S.REFUSED,
                _S.CANCELLED,
                _S.EXPIRED,
                _S.NEEDS_REVIEW,
            }
        ),
        _S.SENDING: frozenset({_S.QUEUED, _S.ACCEPTED, _S.DELIVERED, _S.FAILED, _S.UNKNOWN, _S.NEEDS_REVIEW}),
        _S.UNKNOWN: frozenset({_S.QUEUED, _S.SENDING, _S.ACCEPTED, _S.DELIVERED, _S.FAILED, _S.NEEDS_REVIEW}),
        _S.NEEDS_REVIEW: frozenset({_S.QUEUED, _S.ACCEPTED, _S.DELIVERED, _S.FAILED, _S.CANCELLED}),
        _S.ACCEPTED: frozenset({_S.DELIVERED, _S.FAILED}),
        _S.FAILED: frozenset({_S.DELIVERED}),
        _S.REFUSED: frozenset({_S.DELIVERED}),
        _S.CANCELLED: frozenset({_S.DELIVERED}),
        _S.EXPIRED: frozenset({_S.DELIVERED}),
        _S.DELIVERED: frozenset(),
    }
)

#: Nothing more is done about a text in one of these states.
FINAL = frozenset({_S.DELIVERED, _S.FAILED, _S.REFUSED, _S.CANCELLED, _S.EXPIRED})

#: How much is known: silence 0, the vendor has it 1, it is over 2, the customer has it 3.
_RANK = MappingProxyType(dict.fromkeys(_S, 0) | {_S.ACCEPTED: 1} | dict.fromkeys(FINAL, 2) | {_S.DELIVERED: 3})

_SAYS = MappingProxyType(
    {
        ReceiptState.SENT: _S.ACCEPTED,
        ReceiptState.BUFFERED: _S.ACCEPTED,
        ReceiptState.FAILED: _S.FAILED,
        ReceiptState.DELIVERED: _S.DELIVERED,
    }
)


def may_become(old: MessageState, new: MessageState) -> bool:
    """Is the step in the table? Staying is always allowed."""
    return new is old or new in TRANSITIONS[old]


def forward(current: MessageState, wanted: MessageState) -> MessageState:
    """`wanted` where the table allows it, else `current`: a receipt that was faster than the vendor's answer stays."""
    return wanted if may_become(current, wanted) else current


def after_receipt(state: MessageState, receipt: Receipt) -> MessageState:
    """What a delivery report makes of `state`: never less than was known.

    A receipt also ends the wait of a text that was queued again after a doubt: the first one did go out.
    """
    said = _SAYS[receipt.state]
    return said if _RANK[said] > _RANK[state] else state


def number_after(state: NumberState, receipt: Receipt) -> NumberState:
    """What a delivery report says of the number: delivered proves it alive, a permanent failure proves it dead.

    Whose number it is no receipt can know: WRONG_PERSON stays.
    """
    if state is NumberState.WRONG_PERSON:
        return state
    if receipt.state is ReceiptState.DELIVERED:
        return NumberState.VALID
    if receipt.state is ReceiptState.FAILED and receipt.permanent:
        return NumberState.NOT_IN_SERVICE
    return state
