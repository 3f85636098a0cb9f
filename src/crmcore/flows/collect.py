"""collect: what vendors pushed or can be asked for becomes receipts, replies, opt-outs and complaints.

Every event is applied once however often it arrives, and in any order: a push is marked in the transaction that applies it,
a receipt moves a state only forwards, a reply is known by the vendor's id. A reply is looked at before that transaction and
opens its case inside it, so that neither is there without the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import inbox, messages, optouts, touchpoints
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.errors import CrmError, PluginError, StoreError
from crmcore.flows.evidence import Cases, Found
from crmcore.flows.responses import ResponseReport
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
from crmcore.types.complaint import ComplaintChannel, EvidenceKind
from crmcore.types.contact import MessageClass, MessageState, Receipt, Reply

PAGE = 500
Seen = tuple[Receipt | Reply, tuple[Found, ...]]


@attrs.define
class CollectReport:
    """What came in.

    Attributes:
        receipts: delivery reports that moved a text; repeated and late ones do not count.
        strangers: reports for texts that are not ours.
        waiting: replies that wait for a person.
        complaints: cases that replies opened; `joined`: replies that belong to a case that was open.
        unreadable: pushes that their adapter could not read; they stay in the inbox as FAILED.
        surveys: what came of each survey source.
        failed: accounts and survey sources that could not be asked, and why.
    """

    receipts: int = 0
    strangers: int = 0
    opt_outs: int = 0
    waiting: int = 0
    complaints: int = 0
    joined: int = 0
    unreadable: int = 0
    surveys: tuple[ResponseReport, ...] = ()
    failed: dict[str, CrmError] = attrs.field(factory=dict)

    @property
    def replies(self) -> int:
        """Opt-outs and other replies together."""
        return self.opt_outs + self.waiting


def receive(
    db: Database,
    name: str,
    adapter: MessagingAdapter[Any],
    request: WebhookRequest,
    clock: Clock,
    *,
    words: Collection[str] = (),
    cases: Cases | None = None,
    store: str = "",
) -> WebhookResponse:
    """Store a push durably, work through it, and return the answer its vendor wants.

    A push that cannot be read is answered with 200 all the same: it is kept, and a repeat would be no more readable. `words`
    are the dealer's own words that mean no; `store` is where a text belongs whose sender has none. Without `cases` nothing is
    looked at.
    """
    with db.writing() as connection:
        number = inbox.store(connection, name, request, clock.now())
    run = Collecting(db=db, clock=clock, words=words, cases=cases, homes={name: store})
    return run.absorb(number, name, adapter, request)


def collect(
    db: Database,
    adapters: Mapping[str, MessagingAdapter[Any]],
    clock: Clock,
    *,
    words: Collection[str] = (),
    cases: Cases | None = None,
    homes: Mapping[str, str] = MappingProxyType({}),
) -> CollectReport:
    """Work through what waits in the inbox, then ask every vendor that can be asked.

    Args:
        homes: account -> the store where a text belongs whose sender has none.
    """
    run = Collecting(db=db, clock=clock, words=words, cases=cases, homes=homes)
    last = 0
    while True:
        with db.reading() as connection:
            page = inbox.unread(connection, PAGE, after=last)
        if not page:
            break
        for row in page:
            last = row.id
            if row.account in adapters:
                run.absorb(row.id, row.account, adapters[row.account], inbox.to_request(row))
    for name, adapter in adapters.items():
        if isinstance(adapter, PullsReceipts):
            run.poll(name, adapter)
    return run.report


@attrs.define(kw_only=True)
class Collecting:
    """One run of `collect` or `receive`: what all of its steps need."""

    db: Database
    clock: Clock
    words: Collection[str]
    cases: Cases | None = None
    homes: Mapping[str, str] = attrs.field(factory=dict)
    report: CollectReport = attrs.field(factory=CollectReport)

    def absorb(
        self, number: int, name: str, adapter: MessagingAdapter[Any], request: WebhookRequest
    ) -> WebhookResponse:
        """Parse a stored push outside any transaction, then apply it and mark it in one."""
        parsed, code = _parse(adapter, request)
        seen = [] if parsed is None else self._look(parsed.events)
        now = self.clock.now()
        with self.db.writing() as connection:
            if parsed is None:
                if inbox.mark(connection, number, "FAILED", code, now):
                    self.report.unreadable += 1
                return WebhookResponse()
            if inbox.mark(connection, number, "DONE", None, now):
                self._apply(connection, name, seen)
        return parsed.answer

    def poll(self, name: str, adapter: PullsReceipts) -> None:
        """Ask one vendor; the cursor commits with the events it stands for."""
        with self.db.reading() as connection:
            state = messages.account_state(connection, name)
        try:
            for events, cursor in adapter.pull_receipts(state.cursor if state else None):
                seen = self._look(events)
                with self.db.writing() as connection:
                    self._apply(connection, name, seen)
                    messages.save_account(connection, name, cursor=cursor)
        except StoreError:
            raise
        except CrmError as error:
            self.report.failed[name] = error
        except Exception as error:  # noqa: BLE001 - a plugin's bug stops its account and no other
            self.report.failed[name] = PluginError("CRM-M210", account=name, error=type(error).__name__)

    def _look(self, events: Sequence[Receipt | Reply]) -> list[Seen]:
        """What finders, also those of plugins, make of the texts; no transaction is open here."""
        return [(event, self._found(event) if isinstance(event, Reply) else ()) for event in events]

    def _found(self, event: Reply) -> tuple[Found, ...]:
        word = opt_out_word(event.text, self.words)
        only_no = word is not None and _says_only(event.text, word)
        return () if self.cases is None or only_no else self.cases.look(event)

    def _apply(self, connection: Connection, name: str, seen: Sequence[Seen]) -> None:
        # replies first: they lock contact rows, and every transaction locks contact rows before messages; those that open
        # cases last among them, so that contact rows are locked before cases
        for event, found in sorted(seen, key=lambda each: bool(each[1])):
            if isinstance(event, Reply):
                self._keep_reply(connection, name, event, found)
        receipts = [event for event, _ in seen if isinstance(event, Receipt)]
        keyed = messages.by_key(connection, [event.key for event in receipts if event.key])
        named = messages.by_ref(connection, name, [event.ref for event in receipts if event.ref and not event.key])
        states: dict[int, MessageState] = {}
        for event in receipts:
            row = keyed.get(event.key) if event.key else named.get(event.ref or "")
            if row is None or row.account not in {None, name}:
                self.report.strangers += 1
                continue
            before = states.get(row.id, MessageState(row.state))
            states[row.id] = after = after_receipt(before, event)
            if after is not before:
                self._move(connection, row, after, event)

    def _move(self, connection: Connection, row: Row[Any], state: MessageState, event: Receipt) -> None:
        """A receipt said more than was known."""
        now = self.clock.now()
        self.report.receipts += 1
        reason = "NOT_DELIVERED" if state is MessageState.FAILED else None
        messages.record(connection, row.id, Outcome(state=state, reason=reason, code=event.code, ref=event.ref), now)
        messages.judge_number(connection, row.id, event, now)
        if row.touchpoint_id is not None and becomes_call(MessageClass(row.message_class), state, reason):
            touchpoints.to_phone(connection, row.touchpoint_id, "NOT_DELIVERED", now)

    def _keep_reply(self, connection: Connection, name: str, event: Reply, found: Sequence[Found]) -> None:
        now = self.clock.now()
        at = event.at or now
        vendor_id = event.vendor_id or _fingerprint(event, at)
        if inbox.known_reply(connection, name, vendor_id):
            return
        number = clean.phone(event.sender)
        sender = number if isinstance(number, str) else event.sender
        word = opt_out_word(event.text, self.words)
        customer = inbox.owner_of(connection, sender)
        reply = inbox.keep_reply(
            connection,
            account=name,
            sender=sender,
            text=event.text,
            at=stamp(at),
            recorded_at=stamp(now),
            vendor_id=vendor_id,
            customer_id=customer,
            # who says more than no is read by a person as well
            state="OPTED_OUT" if word is not None and _says_only(event.text, word) else "WAITING",
            word=word,
        )
        if reply is None:
            return
        if word is None:
            self.report.waiting += 1
        else:
            optouts.refuse(connection, [(sender, "SMS")], f"reply:I{reply}", now)
            self.report.opt_outs += 1
        self._complain(connection, found, reply, customer, name, min(at, now), now)

    def _complain(
        self,
        connection: Connection,
        found: Sequence[Found],
        reply: int,
        customer: int | None,
        account: str,
        at: datetime,
        now: datetime,
    ) -> None:
        """A text that was found to be a complaint opens its case, also when nobody is known by its number."""
        if self.cases is None or not found:
            return
        opened = self.cases.keep(
            connection,
            found,
            kind=EvidenceKind.REPLY,
            evidence_id=reply,
            store=inbox.home_of(connection, customer) or self.homes.get(account, ""),
            customer_id=customer,
            received_at=at,
            channel=ComplaintChannel.MESSAGE,
            now=now,
        )
        if opened is not None:
            self.report.joined += opened.joined
            self.report.complaints += not opened.joined


def _parse(
    adapter: MessagingAdapter[Any], request: WebhookRequest
) -> tuple[Parsed[Receipt] | Parsed[Reply] | None, str | None]:
    """What the push contained, or None and why it could not be read."""
    try:
        if isinstance(adapter, ParsesReceipts) and (receipts := adapter.parse_receipts(request)) is not None:
            return receipts, None
        if isinstance(adapter, ParsesReplies) and (replies := adapter.parse_replies(request)) is not None:
            return replies, None
    except CrmError as error:
        return None, error.code
    except Exception as error:  # noqa: BLE001 - a plugin's bug must not lose the push
        return None, type(error).__name__
    return None, "NOT_FOR_US"


def _fingerprint(event: Reply, at: datetime) -> str:
    """What tells two replies apart where the vendor gives no id."""
    return hashlib.sha256(f"{event.sender}|{stamp(at)}|{event.text}".encode()).hexdigest()[:32]


def _says_only(text: str, word: str) -> bool:
    return len(text.strip()) <= len(word) + 2  # a full stop, a bracket
