"""send: what is due goes out, once.

Fetch what is due, decide with `rules.permit`, act through the adapter, record what came of it. The order of the commits is the
whole safety: the claim is durable before the call, the outcome after it, and no transaction is open while a vendor or a plugin is
called. Plugins are asked before the claim, and what they say is weighed inside it, after what the core says by itself.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import messages, touchpoints
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.errors import CrmError, NotSent
from crmcore.flows import doubt
from crmcore.flows.guarding import Guard, Guarding, Left
from crmcore.flows.text_facts import facts_of
from crmcore.hooks.adapters import Clock, DedupesKeys, MessagingAdapter, SendsBatches
from crmcore.rules.messages import (
    Breaker,
    BreakerPolicy,
    Open,
    Outcome,
    SendPolicy,
    after_call,
    after_permit,
    after_send,
    becomes_call,
    position,
    vendor_ok,
)
from crmcore.rules.permit import ContactFacts, ContactPolicy, permit
from crmcore.types.contact import (
    Accepted,
    Deferred,
    MessageClass,
    MessageState,
    Rejected,
    Scope,
    Send,
    SendResult,
    Unknown,
)
from crmcore.types.customer import Channel
from crmcore.types.store import Store

PAGE = 500


@attrs.frozen(kw_only=True)
class Account:
    """A messaging instance and what it is for; empty `stores` or `classes` mean all of them."""

    name: str
    adapter: MessagingAdapter[Any]
    stores: frozenset[str] = frozenset()
    classes: frozenset[MessageClass] = frozenset()

    def takes(self, row: Row[Any]) -> bool:
        """Is this account the way for that text?"""
        return (
            Channel(row.channel) in self.adapter.channels
            and (not self.stores or row.store in self.stores)
            and (not self.classes or MessageClass(row.message_class) in self.classes)
        )


@attrs.frozen(kw_only=True)
class Policies:
    """The numbers of packs/contact.toml, with what the dealer changed."""

    contact: ContactPolicy
    sending: SendPolicy
    breaker: BreakerPolicy


@attrs.frozen(kw_only=True)
class SendLine:
    """What became of one text in this run; `state` SENDING in a dry run means "would go"."""

    id: str
    template: str
    state: MessageState
    reason: str | None = None
    code: str = ""
    due_at: datetime | None = None


@attrs.define
class SendReport:
    """One line a text that was looked at.

    Attributes:
        left: texts that stay due, by why: NO_ACCOUNT, BREAKER_OPEN, ACCOUNT_STOPPED, GATE_FAILED, CHANGED_MEANWHILE.
        errors: accounts that could not be used or reached, with the last reason.
        gates: plugins that were asked before sending and gave no answer, with the last reason.
        doubts: texts in doubt that this run looked at, by what was done: see `flows.doubt`.
    """

    dry_run: bool
    lines: list[SendLine] = attrs.field(factory=list)
    left: dict[str, int] = attrs.field(factory=dict)
    errors: dict[str, CrmError] = attrs.field(factory=dict)
    gates: dict[str, CrmError] = attrs.field(factory=dict)
    doubts: dict[str, int] = attrs.field(factory=dict)

    def leave(self, why: str, count: int) -> None:
        """`count` texts stay due because of `why`."""
        self.left[why] = self.left.get(why, 0) + count

    def counts(self) -> dict[str, int]:
        """How many texts ended in each state."""
        return {
            state: len(list(group))
            for state, group in itertools.groupby(sorted(line.state.value for line in self.lines))
        }


@attrs.define(kw_only=True)
class Sending:
    """One run of `send_due`: what all of its steps need."""

    db: Database
    accounts: Sequence[Account]
    stores: Mapping[str, Store]
    policies: Policies
    clock: Clock
    report: SendReport
    pause: Callable[[float], None]
    guarding: Guarding
    would_go: dict[int, tuple[datetime, ...]] = attrs.field(factory=dict)  # of a dry run, by customer
    stopped: set[str] = attrs.field(factory=set)
    breakers: dict[str, Breaker] = attrs.field(factory=dict)


def send_due(
    db: Database,
    accounts: Sequence[Account],
    stores: Mapping[str, Store],
    policies: Policies,
    clock: Clock,
    *,
    dry_run: bool,
    limit: int | None = None,
    pause: Callable[[float], None] = time.sleep,
    guards: Sequence[Guard] = (),
) -> SendReport:
    """Send up to `limit` due texts that no guard keeps back; in a dry run decide only and write nothing."""
    report = SendReport(dry_run=dry_run)
    run = Sending(
        db=db,
        accounts=accounts,
        stores=stores,
        policies=policies,
        clock=clock,
        report=report,
        pause=pause,
        guarding=Guarding(guards, report.gates),
    )
    if not dry_run:
        adapters = {account.name: account.adapter for account in accounts}
        report.doubts = doubt.reconcile_all(db, adapters, policies.sending, clock)
    for row_ids, account in _chunks(run, limit):
        if dry_run:
            run.guarding.ask(row_ids)
            with db.reading() as connection:
                _decide(run, connection, messages.by_id(connection, row_ids), account)
        else:
            _send_chunk(run, row_ids, account)
    return report


def _chunks(run: Sending, limit: int | None) -> Iterator[tuple[list[int], Account]]:
    """What is due, in calls of one account each; texts without an account stay due and are counted."""
    after = ("", 0)
    seen: set[int] = set()  # what is queued again by this run is left to the next one
    until = run.clock.now()
    while limit is None or len(seen) < limit:
        size = PAGE if limit is None else min(PAGE, limit - len(seen))
        with run.db.reading() as connection:
            page = messages.due(connection, until, size, after=after)
            run.guarding.load(connection, [row.id for row in page], until)
        if not page:
            return
        after = (page[-1].due_at, page[-1].id)
        routed: dict[str, list[int]] = {}
        for row in page:
            if row.id in seen:
                continue
            seen.add(row.id)
            account = next((one for one in run.accounts if one.takes(row)), None)
            if account is None:
                run.report.leave("NO_ACCOUNT", 1)
            else:
                routed.setdefault(account.name, []).append(row.id)
        for account in run.accounts:
            # where nothing is claimed a page is decided at once, as its texts are one question to the store
            size = PAGE if run.report.dry_run else _batch_size(account)
            for ids in _in_calls(routed.get(account.name, []), size):
                yield ids, account


def _in_calls(ids: list[int], size: int) -> Iterator[list[int]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _batch_size(account: Account) -> int:
    return account.adapter.limits.batch if isinstance(account.adapter, SendsBatches) else 1


def _send_chunk(run: Sending, ids: list[int], account: Account) -> None:
    """Claim, call, record: three steps, two commits, nothing open in between."""
    if account.name in run.stopped:
        run.report.leave("ACCOUNT_STOPPED", len(ids))
        return
    breaker = run.breakers.get(account.name) or _load_breaker(run, account.name)
    if isinstance(position(breaker, run.clock.now(), run.policies.breaker), Open):
        run.report.leave("BREAKER_OPEN", len(ids))
        return
    run.guarding.ask(ids)
    with run.db.writing() as connection:  # decision and claim see the same opt-outs
        rows = messages.lock(connection, ids, run.clock.now())
        claimed = _decide(run, connection, rows, account)
        if claimed:
            claimed_at = run.clock.now()
            messages.claim(connection, [row.id for row in claimed], account.name, claimed_at)
    if not claimed:
        return
    results = attempt(account, [(row.key, row) for row in claimed], run)
    _record(run, account, claimed, results, breaker, claimed_at)
    if account.adapter.limits.per_second:
        run.pause(1 / account.adapter.limits.per_second)


def _decide(run: Sending, connection: Connection, rows: Sequence[Row[Any]], account: Account) -> list[Row[Any]]:
    """Ask `permit` for each text; those that may go are returned, what becomes of the others is recorded."""
    now = run.clock.now()
    facts = facts_of(connection, rows, run.stores, account.adapter.limits.fits, now)
    go: list[Row[Any]] = []
    spoken = run.would_go if run.report.dry_run else {}
    for row in rows:
        # texts of one call count against the caps of each other, and in a dry run all of them: nobody writes those down
        fact = attrs.evolve(facts[row.id], sent_recently=facts[row.id].sent_recently + spoken.get(row.customer_id, ()))
        outcome = _permitted(run, row, fact, now)
        if isinstance(outcome, Left):
            run.report.leave(outcome.why, 1)
            continue
        outcome = _gate(row, account, outcome, now)
        if outcome.state is MessageState.SENDING:
            go.append(row)
            if row.message_class != "SERVICE":
                spoken[row.customer_id] = (*spoken.get(row.customer_id, ()), now)
            if not run.report.dry_run:
                continue
        elif not run.report.dry_run:
            messages.record(connection, row.id, outcome, now)
            _maybe_call(connection, row, outcome.state, outcome.reason, fact, now)
        run.report.lines.append(_line(row, outcome.state, outcome))
    return go


def _permitted(run: Sending, row: Row[Any], fact: ContactFacts, now: datetime) -> Outcome | Left:
    """The core's word, and where it lets a text go, that of the plugins."""
    decision = permit(fact, run.policies.contact, now)
    verdict = run.guarding.verdict(row) if isinstance(decision, Send) else None
    return verdict if isinstance(verdict, Left) else after_permit(decision if verdict is None else verdict)


def _gate(row: Row[Any], account: Account, outcome: Outcome, now: datetime) -> Outcome:
    """A text in doubt goes again only while its vendor still knows the key; else it may have gone, and a person decides."""
    if not row.doubted:
        return outcome
    adapter = account.adapter
    known = isinstance(adapter, DedupesKeys) and now < datetime.fromisoformat(row.first_at) + adapter.dedupes_for
    if known and outcome.state is MessageState.SENDING:
        return outcome
    return Outcome(state=MessageState.NEEDS_REVIEW, reason="NEEDS_PERSON")


def _maybe_call(
    connection: Connection,
    row: Row[Any],
    state: MessageState,
    reason: str | None,
    fact: ContactFacts | None,
    now: datetime,
) -> None:
    """A service text that cannot go becomes a task for a person."""
    refused = fact is not None and fact.point is not None and Channel.PHONE in fact.point.refused
    if row.touchpoint_id is not None and becomes_call(
        MessageClass(row.message_class), state, reason, calls_refused=refused
    ):
        touchpoints.to_phone(connection, row.touchpoint_id, reason or state.value, now)


def attempt(account: Account, texts: Sequence[tuple[str, Row[Any]]], run: Sending) -> dict[str, SendResult]:
    """One call, one of four outcomes per key. What is not proven unsent may have been sent."""
    adapter = account.adapter
    pairs = [(key, messages.to_message(row)) for key, row in texts]
    try:
        if isinstance(adapter, SendsBatches):
            answered: Mapping[str, object] = adapter.send_batch(pairs)
        else:
            ((key, message),) = pairs
            answered = {key: adapter.send(message, key=key)}
    except NotSent as error:  # refused, name not resolved, 429: no byte was taken
        run.report.errors[account.name] = error
        later = run.clock.now() + timedelta(seconds=error.retry_after) if error.retry_after is not None else None
        return {key: Deferred(code=error.code, not_before=later) for key, _ in pairs}
    except Exception as error:  # noqa: BLE001 - a plugin's bug is a doubt, not a failure
        return {key: Unknown(why=type(error).__name__) for key, _ in pairs}
    return {key: _outcome(answered.get(key)) for key, _ in pairs}


def _outcome(answer: object) -> SendResult:
    if isinstance(answer, Accepted | Rejected | Deferred | Unknown):
        return answer
    return Unknown(why="NO_ANSWER" if answer is None else "BAD_ANSWER")


def _record(
    run: Sending,
    account: Account,
    rows: Sequence[Row[Any]],
    results: Mapping[str, SendResult],
    breaker: Breaker,
    claimed_at: datetime,
) -> None:
    now = run.clock.now()
    healthy = all(vendor_ok(results[row.key]) for row in rows)
    run.breakers[account.name] = after_call(breaker, now, run.policies.breaker, ok=healthy)
    with run.db.writing() as connection:
        for row in rows:
            outcome = after_send(
                results[row.key],
                attempts=row.attempts + 1,
                now=now,
                policy=run.policies.sending,
                first_at=datetime.fromisoformat(row.first_at) if row.first_at else None,
            )
            state = messages.record(connection, row.id, outcome, now, claimed_at=stamp(claimed_at))
            if state in {MessageState.ACCEPTED, MessageState.DELIVERED} and row.touchpoint_id is not None:
                touchpoints.done(connection, row.touchpoint_id, now)
            _maybe_call(connection, row, state, outcome.reason, None, now)
            if outcome.stops is Scope.ACCOUNT:
                run.stopped.add(account.name)
            run.report.lines.append(_line(row, state, outcome))
        messages.save_account(connection, account.name, **_account_values(run, account.name, rows, results, now))


def _account_values(
    run: Sending, name: str, rows: Sequence[Row[Any]], results: Mapping[str, SendResult], now: datetime
) -> dict[str, str | None]:
    codes = [answer.code for row in rows if isinstance(answer := results[row.key], Rejected)]
    stopped = name in run.stopped
    return {
        "breaker": run.breakers[name].to_json(),
        "stopped_at": stamp(now) if stopped else None,
        "stopped_code": codes[0] if stopped else None,
    }


def _load_breaker(run: Sending, name: str) -> Breaker:
    with run.db.reading() as connection:
        state = messages.account_state(connection, name)
    return Breaker.from_json(state.breaker if state else None)


def _line(row: Row[Any], state: MessageState, outcome: Outcome) -> SendLine:
    return SendLine(
        id=f"M{row.id}",
        template=row.template,
        state=state,
        reason=outcome.reason,
        code=outcome.code,
        due_at=outcome.due_at,
    )
