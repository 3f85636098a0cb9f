"""The life of a text: which state follows which, what a vendor's answer and a receipt change, what is done in doubt."""

from crmcore.rules.messages.breaker import (
    Breaker,
    BreakerPolicy,
    Closed,
    HalfOpen,
    Open,
    after_call,
    position,
    vendor_ok,
)
from crmcore.rules.messages.doubt import (
    Ask,
    Dedupes,
    Finds,
    Nothing,
    Receipts,
    Reconcile,
    Resend,
    Review,
    Verdict,
    Wait,
    reconcile,
)
from crmcore.rules.messages.outcomes import Outcome, SendPolicy, after_permit, after_send, becomes_call
from crmcore.rules.messages.states import FINAL, TRANSITIONS, after_receipt, forward, may_become, number_after
from crmcore.rules.messages.words import LEADING, WORDS, opt_out_word

__all__ = [
    "FINAL",
    "LEADING",
    "TRANSITIONS",
    "WORDS",
    "Ask",
    "Breaker",
    "BreakerPolicy",
    "Closed",
    "Dedupes",
    "Finds",
    "HalfOpen",
    "Nothing",
    "Open",
    "Outcome",
    "Receipts",
    "Reconcile",
    "Resend",
    "Review",
    "SendPolicy",
    "Verdict",
    "Wait",
    "after_call",
    "after_permit",
    "after_receipt",
    "after_send",
    "becomes_call",
    "forward",
    "may_become",
    "number_after",
    "opt_out_word",
    "position",
    "reconcile",
    "vendor_ok",
]
