"""collect: what vendors pushed or can be asked for becomes receipts, replies and opt-outs.

Every event is applied once however often it arrives, and in any order: a push is marked in the transaction that applies it,
a receipt moves a state only forwards, a reply is known by the vendor's id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs
from sqlalchemy import Connection

from crmcore.db import inbox, messages, optouts, touchpoints
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.errors import CrmError
from crmcore.hooks.adapters import (
    Clock,
    MessagingAdapter,
    Parsed,
    ParsesReceipts,
    ParsesReplies,
    PullsReceipts,
    WebhookRequest,
    WebhookResponse,
)
from crmcore.rules import clean
from crmcore.rules.messages import Outcome, after_receipt, becomes_call, opt_out_word
from crmcore.types.contact import MessageClass, MessageState, Receipt, Reply

PAGE = 500


@attrs.define
class CollectReport:
    """What came in.

    Attributes:
        receipts: delivery reports that moved a text; repeated and late ones do not count.
        strangers: reports for texts that are not ours.
        waiting: replies that wait for a person.
        unreadable: pushes that their adapter could not read; they stay in the inbox as FAILED.
        failed: accounts that could not be asked, with the error code.
    """

    receipts: int = 0
    strangers: int = 0
    opt_outs: int = 0
    waiting: int = 0
    unreadable: int = 0
    failed: dict[str, str] = attrs.field(factory=dict)

    @property
    def replies(self) -> int:
        """Opt-outs and other replies together."""
        return self.opt_outs + self.waiting


def receive(
    db: Database, name: str, adapter: MessagingAdapter, request: WebhookRequest, clock: Clock
) -> WebhookResponse:
    """Store a push durably, work through it, and return the answer its vendor wants.

    A push that cannot be read is answered with 200 all the same: it is kept, and a repeat would be no more readable.
    """
    with db.writing() as connection:
        number = inbox.store(connection, name, request, clock.now())
    return _absorb(db, number, name, adapter, request, clock.now(), CollectReport())


def collect(db: Database, adapters: Mapping[str, MessagingAdapter], clock: Clock) -> CollectReport:
    """Work through what waits in the inbox, then ask every vendor that can be asked."""
    report = CollectReport()
    last = 0
    while True:
        with db.reading() as connection:
            page = inbox.unread(connection, PAGE, after=last)
        if not page:
            break
        for row in page:
            last = row.id
            if row.account in adapters:
                _absorb(db, row.id, row.account, adapters[row.account], inbox.to_request(row), clock.now(), report)
    for name, adapter in adapters.items():
        if isinstance(adapter, PullsReceipts):
            _poll(db, name, adapter, clock, report)
    return report


def _absorb(
    db: Database,
    number: int,
    name: str,
    adapter: MessagingAdapter,
    request: WebhookRequest,
    now: datetime,
    report: CollectReport,
) -> WebhookResponse:
    try:
        parsed = _parse(adapter, request)
    except CrmError as error:
        code: str | None = error.code
        parsed = None
    except Exception as error:  # noqa: BLE001 - a plugin's bug must not lose the push
        code = type(error).__name__
        parsed = None
    else:
        code = None if parsed is not None else "NOT_FOR_US"
    with db.writing() as connection:
        if parsed is None:
            if inbox.mark(connection, number, "FAILED", code, now):
                report.unreadable += 1
            return WebhookResponse()
        if inbox.mark(connection, number, "DONE", None, now):
            _apply(connection, name, parsed.events, now, report)
    return parsed.answer


def _parse(adapter: MessagingAdapter, request: WebhookRequest) -> Parsed[Receipt] | Parsed[Reply] | None:
    if isinstance(adapter, ParsesReceipts) and (receipts := adapter.parse_receipts(request)) is not None:
        return receipts
    if isinstance(adapter, ParsesReplies):
        return adapter.parse_replies(request)
    return None


def _poll(db: Database, name: str, adapter: PullsReceipts, clock: Clock, report: CollectReport) -> None:
    """Ask one vendor; the cursor commits with the events it stands for."""
    with db.reading() as connection:
        state = messages.account_state(connection, name)
    try:
        for events, cursor in adapter.pull_receipts(state.cursor if state else None):
            with db.writing() as connection:
                _apply(connection, name, events, clock.now(), report)
                messages.save_account(connection, name, cursor=cursor)
    except CrmError as error:
        report.failed[name] = error.code


def _apply(
    connection: Connection, name: str, events: Sequence[Receipt | Reply], now: datetime, report: CollectReport
) -> None:
    # replies first: they lock contact rows, and every transaction locks contact rows before messages
    for event in events:
        if isinstance(event, Reply):
            _keep_reply(connection, name, event, now, report)
    receipts = [event for event in events if isinstance(event, Receipt)]
    keyed = messages.by_key(connection, [event.key for event in receipts if event.key])
    named = messages.by_ref(connection, name, [event.ref for event in receipts if event.ref and not event.key])
    states: dict[int, MessageState] = {}
    for event in receipts:
        row = keyed.get(event.key) if event.key else named.get(event.ref or "")
        if row is None or row.account not in {None, name}:
            report.strangers += 1
            continue
        before = states.get(row.id, MessageState(row.state))
        after = after_receipt(before, event)
        if after is before:
            continue
        states[row.id] = after
        report.receipts += 1
        reason = "NOT_DELIVERED" if after is MessageState.FAILED else None
        messages.record(connection, row.id, Outcome(state=after, reason=reason, code=event.code, ref=event.ref), now)
        messages.judge_number(connection, row.id, event, now)
        if row.touchpoint_id is not None and becomes_call(MessageClass(row.message_class), after, reason):
            touchpoints.to_phone(connection, row.touchpoint_id, "NOT_DELIVERED", now)


def _keep_reply(connection: Connection, name: str, event: Reply, now: datetime, report: CollectReport) -> None:
    at = event.at or now
    vendor_id = event.vendor_id or hashlib.sha256(f"{event.sender}|{stamp(at)}|{event.text}".encode()).hexdigest()[:32]
    if inbox.known_reply(connection, name, vendor_id):
        return
    number = clean.phone(event.sender)
    sender = number if isinstance(number, str) else event.sender
    word = opt_out_word(event.text)
    reply = inbox.keep_reply(
        connection,
        account=name,
        sender=sender,
        text=event.text,
        at=stamp(at),
        vendor_id=vendor_id,
        customer_id=inbox.owner_of(connection, sender),
        # who says more than no is read by a person as well
        state="OPTED_OUT" if word is not None and _says_only(event.text, word) else "WAITING",
        word=word,
    )
    if word is None:
        report.waiting += 1
        return
    optouts.refuse(connection, [(sender, "SMS")], f"reply:I{reply}", now)
    report.opt_outs += 1


def _says_only(text: str, word: str) -> bool:
    return len(text.strip()) <= len(word) + 2  # a full stop, a bracket
