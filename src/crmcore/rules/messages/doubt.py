"""It may have been sent: what to do is decided by what the vendor can prove, never by hope.

| the vendor | then |
|---|---|
| sends a key only once, for a window | hand the same key in again, inside the window |
| can be asked for our key | ask; absent twice, at least its log's lag apart, proves "not sent" |
| both | ask first, which sends nothing; what is absent is handed in again inside the window |
| only pushes receipts | wait for one |
| none of these | a person decides |

What remains is the risk that a log lags longer than the vendor declares.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

#: So many absences prove that the vendor never took it.
PROOF = 2


@attrs.frozen
class Dedupes:
    """The vendor sends a key once, however often it is handed in, for `window` after the first time."""

    window: timedelta


@attrs.frozen
class Finds:
    """The vendor can be asked for our key; its log lags by at most `absence_after`.

    Attributes:
        window: it also sends a key once for so long; None: it does not.
    """

    absence_after: timedelta
    window: timedelta | None = None


@attrs.frozen
class Receipts:
    """The vendor pushes or lists delivery reports; after `wait` none comes any more."""

    wait: timedelta


@attrs.frozen
class Nothing:
    """The vendor can prove nothing."""


Reconcile = Dedupes | Finds | Receipts | Nothing


@attrs.frozen
class Resend:
    """Safe: hand it in again, with the same key, through the gate and a new claim.

    Attributes:
        before: safe only until then, since the vendor forgets keys; a claim that comes later (held by quiet hours, say) must not
            be made, and the text is for a person. None: it is proven that the vendor has nothing, at any time.
    """

    before: datetime | None = None


@attrs.frozen
class Ask:
    """Ask the vendor for our key; record a found text as ACCEPTED, an absence with its time."""


@attrs.frozen
class Wait:
    """Look again at `until`."""

    until: datetime


@attrs.frozen
class Review:
    """Show it to a person: NEEDS_REVIEW."""


Verdict = Resend | Ask | Wait | Review


def reconcile(
    since: datetime, capability: Reconcile, absences: int, last_absence_at: datetime | None, now: datetime
) -> Verdict:
    """What to do about an UNKNOWN text, or one whose sender died.

    Args:
        since: when the *first* call with this key was made.
        capability: what the vendor can prove.
        absences: how often the vendor was asked, in reply to `Ask`, and did not have it; back to 0 with a new claim.
        last_absence_at: when it last had it not.
        now: the instant of the decision.
    """
    match capability:
        case Dedupes(window):
            return Resend(before=since + window) if now < since + window else Review()
        case Finds(absence_after, window):
            if absences and window is not None and now < since + window:
                return Resend(before=since + window)
            return _absent(absence_after, absences, last_absence_at, now)
        case Receipts(wait):
            return Wait(since + wait) if now < since + wait else Review()
        case _:  # Nothing
            return Review()


def _absent(absence_after: timedelta, absences: int, last_absence_at: datetime | None, now: datetime) -> Verdict:
    if absences >= PROOF:
        return Resend()
    if last_absence_at is not None and now < last_absence_at + absence_after:
        return Wait(last_absence_at + absence_after)
    return Ask()
