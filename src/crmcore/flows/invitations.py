"""invite: who was here lately is asked how it was, by a link of the survey's vendor in a text of our own.

Decide who is due and write down that we mean to; ask the vendor outside any transaction, with our token as the key of the call;
then write the link and queue the text in one transaction. A process that dies in between leaves a plan that the next run carries
out with the same token: nobody is asked twice, and nobody without a text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Protocol

import attrs
from sqlalchemy import Connection, Row, select

from crmcore.db import contact_facts, invitations
from crmcore.db.among import among
from crmcore.db.engine import Database
from crmcore.db.schema import contact_point
from crmcore.db.schema import staff as staff_table
from crmcore.errors import CrmError, PluginError
from crmcore.flows.due_texts import shipped_suffix
from crmcore.flows.planning import when
from crmcore.hooks.adapters import Clock, Invited, Invitee, NotInvited
from crmcore.rules.care import best_point
from crmcore.rules.permit import ContactFacts, ContactPolicy, permit
from crmcore.rules.surveys.cooldown import Asked, NotNow, may_ask
from crmcore.rules.surveys.policy import SurveyPolicy
from crmcore.rules.surveys.tokens import token
from crmcore.rules.templates import Suffix, render, say_day
from crmcore.rules.worktime import local
from crmcore.types.contact import MessageClass, MessageTemplate, Refuse
from crmcore.types.customer import Channel, Customer, Purpose
from crmcore.types.store import Store
from crmcore.types.survey import Survey, SurveyScope

TEMPLATE = "SURVEY_LINK"
#: Whose customers are asked; after a complaint the case's own callback asks.
KINDS = {SurveyScope.SERVICE: "SERVICE", SurveyScope.SALES: "DELIVERY"}
CAP_DAYS = 8  # as for every text: the caps look at seven local dates


class CanInvite(Protocol):
    """What is asked of an adapter here."""

    invites_at_once: ClassVar[int]

    def invite(self, invitees: Sequence[Invitee]) -> Mapping[str, Invited | NotInvited]:
        """See `hooks.adapters.Invites`."""


@attrs.frozen(kw_only=True)
class Asking:
    """One [survey.<name>] whose vendor makes links; empty `stores`: for all of them."""

    name: str
    adapter: CanInvite
    survey: Survey
    stores: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Manner:
    """What inviting goes by.

    Attributes:
        template: the words of the text; {link} is where the customer answers.
        lang: of the customers.
    """

    stores: Sequence[Store]
    policy: SurveyPolicy
    contact: ContactPolicy
    template: MessageTemplate
    suffix: Suffix = attrs.field(factory=dict)
    lang: str = "zh"


@attrs.define(kw_only=True)
class InviteReport:
    """What was done, by instance.

    Attributes:
        planned: newly found; in a dry run: would be asked.
        invited: have a link, and a text that is queued.
        waiting: the vendor has not answered for them; the next run asks again.
        refused: the vendor's own code -> how many it will not take.
        skipped: why customers are not asked, by reason code.
        moved: what became of earlier invitations.
    """

    dry_run: bool
    planned: Counter[str] = attrs.field(factory=Counter)
    invited: Counter[str] = attrs.field(factory=Counter)
    waiting: Counter[str] = attrs.field(factory=Counter)
    refused: Counter[str] = attrs.field(factory=Counter)
    skipped: Counter[str] = attrs.field(factory=Counter)
    moved: Counter[str] = attrs.field(factory=Counter)
    errors: dict[str, CrmError] = attrs.field(factory=dict)


def invite(db: Database, asking: Sequence[Asking], manner: Manner, clock: Clock, *, dry_run: bool) -> InviteReport:
    """Invite whoever is due; in a dry run only count, and write nothing."""
    run = _Run(db=db, manner=manner, clock=clock, report=InviteReport(dry_run=dry_run))
    if not dry_run:
        with db.writing() as connection:
            run.report.moved = invitations.settle(connection, clock.now())
    for each in asking:
        run.plan(each)
        if not dry_run:
            run.ask(each)
    return run.report


@attrs.define(kw_only=True)
class _Run:
    """One run: what all of its steps need."""

    db: Database
    manner: Manner
    clock: Clock
    report: InviteReport
    taken: set[int] = attrs.field(factory=set)

    # -------------------------------------------------------------- decide

    def plan(self, asking: Asking) -> None:
        """Write down whom we mean to ask."""
        now = self.clock.now()
        if self.report.dry_run:
            with self.db.reading() as connection:
                self.report.planned[asking.name] += len(self._chosen(connection, asking, now))
            return
        with self.db.writing() as connection:
            invitations.hold(connection)
            salt = invitations.salt(connection)
            rows = [
                {
                    "survey": asking.survey.code,
                    "instance": asking.name,
                    "store": row.store,
                    "customer_id": row.person,
                    "visit_id": row.id,
                    "staff": row.advisor,
                    "token": token(asking.name, row.person, row.id, salt=salt),
                }
                for row in self._chosen(connection, asking, now)
            ]
            invitations.plan(connection, rows, now, timedelta(days=self.manner.policy.expires_days))
        self.report.planned[asking.name] += len(rows)

    def _chosen(self, connection: Connection, asking: Asking, now: datetime) -> list[Row[Any]]:
        """The visits to ask about, one for each customer: the latest."""
        kind = KINDS.get(asking.survey.scope)
        if kind is None:
            return []
        found = [
            (row, store)
            for store in self.manner.stores
            if not asking.stores or store.code in asking.stores
            for row in invitations.due(connection, kind, store.code, *self._window(store, now))
        ]
        people = {row.person for row, _ in found}
        before = invitations.asked(connection, people, now - timedelta(days=self.manner.policy.cooldown_days))
        facts = _Facts.of(connection, people, now)
        return [row for row, store in found if self._may(row, store, before.get(row.person, []), facts, now)]

    def _window(self, store: Store, now: datetime) -> tuple[date, date]:
        last = local(now, store.timezone).date() - timedelta(days=self.manner.policy.invite_after_days)
        return last - timedelta(days=self.manner.policy.invite_window_days), last

    def _may(self, row: Row[Any], store: Store, before: list[Asked], facts: _Facts, now: datetime) -> bool:
        if row.person in self.taken:
            why: str | None = "ASKED_RECENTLY"
        else:
            asked = may_ask(before, cooldown_days=self.manner.policy.cooldown_days, now=now)
            why = asked.why if isinstance(asked, NotNow) else facts.refusal(row, store, self.manner.contact, now)
        if why is not None:
            self.report.skipped[why] += 1
            return False
        self.taken.add(row.person)
        return True

    # -------------------------------------------------------------- act, record

    def ask(self, asking: Asking) -> None:
        """Have the vendor make the links, a batch at a time; nothing is open while it is called."""
        last = 0
        while True:
            with self.db.reading() as connection:
                page = invitations.planned(connection, asking.name, asking.adapter.invites_at_once, last)
            if not page:
                return
            last = page[-1].id
            try:
                answered = asking.adapter.invite([self._invitee(row) for row in page])
            except CrmError as error:
                self.report.errors[asking.name] = error
            except Exception as error:  # noqa: BLE001 - a plugin's bug stops its instance and no other
                self.report.errors[asking.name] = PluginError(
                    "CRM-S402", source=asking.name, error=type(error).__name__
                )
            if asking.name in self.report.errors:
                self.report.waiting[asking.name] += len(page)
                return
            self._record(asking, page, answered)

    def _invitee(self, row: Row[Any]) -> Invitee:
        codes = {"store": row.store, "staff": row.staff or "", "order": row.ro_number or ""}
        return Invitee(
            token=row.token,
            lang=self.manner.lang,
            expires_at=when(row.expires_at),
            attributes={name: code for name, code in codes.items() if code},
        )

    def _record(self, asking: Asking, page: Sequence[Row[Any]], answered: Mapping[str, object]) -> None:
        now, name = self.clock.now(), asking.name
        with self.db.writing() as connection:
            words = _Words.of(connection, self.manner, page, now)
            for row in page:
                outcome = answered.get(row.token)
                if isinstance(outcome, NotInvited):
                    self.report.refused[outcome.code] += invitations.failed(connection, row.id, outcome.code, now)
                elif not isinstance(outcome, Invited) or not outcome.link:
                    self.report.waiting[name] += 1
                elif (text := words.text(row, outcome.link)) is None:
                    self.report.skipped["NO_NUMBER"] += invitations.failed(connection, row.id, "NO_NUMBER", now)
                else:
                    self.report.invited[name] += invitations.invited(connection, row.id, outcome.link, text, now)


@attrs.frozen
class _Facts:
    """What a permit asks of these customers."""

    people: Mapping[int, Customer]
    spoken: Mapping[int, tuple[datetime, ...]]

    @classmethod
    def of(cls, connection: Connection, ids: set[int], now: datetime) -> _Facts:
        mine = among(contact_point.c.customer_id, ids)
        values = set(connection.execute(select(contact_point.c.value).where(mine)).scalars())
        return cls(
            contact_facts.customers(connection, ids, values, now),
            contact_facts.spoken(connection, ids, now - timedelta(days=CAP_DAYS)),
        )

    def refusal(self, row: Row[Any], store: Store, policy: ContactPolicy, now: datetime) -> str | None:
        """Why this customer may not be texted about this visit at all; what is only a matter of time is left to `send`."""
        person = self.people[row.person]
        decided = permit(
            ContactFacts(
                point=best_point(person, Channel.SMS),
                customer=person,
                store=store,
                channel=Channel.SMS,
                message_class=MessageClass.CARE,
                purpose=Purpose.SURVEY,
                sent_recently=self.spoken.get(row.person, ()),
                injury_accident=bool(row.injury_accident),
                do_not_message=bool(row.do_not_message),
            ),
            policy,
            now,
        )
        return decided.why if isinstance(decided, Refuse) else None


@attrs.frozen
class _Words:
    """Makes the texts of one batch."""

    manner: Manner
    people: Mapping[int, Customer]
    staff: Mapping[str, str]

    @classmethod
    def of(cls, connection: Connection, manner: Manner, page: Sequence[Row[Any]], now: datetime) -> _Words:
        facts = _Facts.of(connection, {row.customer_id for row in page}, now)
        names = {row.code: row.name for row in connection.execute(select(staff_table.c.code, staff_table.c.name))}
        return cls(manner, facts.people, names)

    def text(self, row: Row[Any], link: str) -> dict[str, Any] | None:
        """The row of the text, as far as it is ours to say; None when there is no number to send it to."""
        person = self.people[row.customer_id]
        point = best_point(person, Channel.SMS)
        if point is None:
            return None
        store = next((each for each in self.manner.stores if each.code == row.store), self.manner.stores[0])
        params = {
            "name": person.full_name,
            "store": store.name,
            "phone": store.phone or "",
            "advisor": self.staff.get(row.staff or "", row.staff or ""),
            "date": say_day(date.fromisoformat(row.handed_on), self.manner.lang) if row.handed_on else "",
            "link": link,
        }
        made = render(
            self.manner.template,
            params,
            self.manner.lang,
            store,
            shared=point.shared,
            message_class=MessageClass.CARE,
            suffix=self.manner.suffix or shipped_suffix(),
        )
        return {
            "customer_id": row.customer_id,
            "value": point.value,
            "channel": Channel.SMS.value,
            "message_class": MessageClass.CARE.value,
            "purpose": Purpose.SURVEY.value,
            "template": TEMPLATE,
            "params": json.dumps(dict(made.params), ensure_ascii=False),
            "text": made.text,
            "signature": store.signature or store.name,
            "store": store.code,
            "dedupe": f"{store.code}|C{row.customer_id}|Q{row.id}|{TEMPLATE}",
            "names_customer": int(made.names_customer),
            "expires_at": row.expires_at,
        }
