"""Crm: where configuration, store, clock and plugins meet, and the verbs start from.

Everything is handed over, nothing is looked up: two `Crm` in one process never meet. The flows do the work; what stands here is
which store, which adapters and which rules they are given.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

import attrs

from crmcore.app.clocks import FixedClock, SystemClock
from crmcore.app.given import Given
from crmcore.app.lending import Lending, Working
from crmcore.app.opening import Said, checked, opened
from crmcore.config import Instance
from crmcore.errors import CrmError, UsageError
from crmcore.hooks.adapters import Adapter, Clock, MessagingAdapter, WebhookRequest, WebhookResponse
from crmcore.hooks.manager import Plugins
from crmcore.types.customer import Channel

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from crmcore.app.alerts import Alerts
    from crmcore.app.callbacks import Callbacks
    from crmcore.app.complaints import Complaints
    from crmcore.app.customers import Customers
    from crmcore.app.events import EventLog
    from crmcore.app.improvement import Actions, Meetings
    from crmcore.app.messages import Messages
    from crmcore.app.people import People
    from crmcore.app.proposals import Proposals
    from crmcore.app.rejects import Rejects
    from crmcore.app.reports import Reports
    from crmcore.app.rework import Reworks
    from crmcore.app.surveys import Surveys
    from crmcore.app.touchpoints import Touchpoints
    from crmcore.flows.alert import AlertReport
    from crmcore.flows.collect import CollectReport
    from crmcore.flows.escalate import EscalateReport
    from crmcore.flows.explain import Explanation
    from crmcore.flows.invitations import InviteReport
    from crmcore.flows.planning import PlanReport
    from crmcore.flows.send import Account, SendReport
    from crmcore.flows.surveying import Surveying
    from crmcore.flows.sync import SyncReport
    from crmcore.http import HttpClient
    from crmcore.reports.daily import Daily


@attrs.frozen
class RunReport:
    """What each verb of a run did."""

    sync: SyncReport
    collect: CollectReport
    escalate: EscalateReport
    alert: AlertReport
    plan: PlanReport
    invite: InviteReport
    send: SendReport


class Crm(Given):
    """A dealer's CRM; a context manager that closes what it opened.

    Threads may share it: each verb borrows adapters of its own, and everything else that two of them meet in is the store.

    Args:
        config: crm.toml; or what stands in it, as `tomllib` would read it; or a `Config`.
        adapters: classes that need not be installed; each goes before an installed one of its kind and name.
        hooks: modules or objects with `@hookimpl` functions, likewise.
        clock: default: that of this machine.
        connection: a database URL that goes before the one of `config`; or an engine, which stays the application's.
        lang: of reports and files; default: that of the config, else "zh".
        environ: where `{ env = … }` looks; default: the environment of this process.
        http: default: one of its own.
        plugins: what was found already, instead of `adapters` and `hooks`.

    Raises:
        ConfigError: every mistake of the config at once.
        PluginError: an adapter or a hook that was handed over cannot be used.
        StoreError: the store cannot be opened, or asks for `crmcore db upgrade`.
    """

    def __init__(
        self,
        config: Said,
        *,
        adapters: Iterable[type[Adapter[Any]]] = (),
        hooks: Iterable[object] = (),
        clock: Clock | None = None,
        connection: str | Engine | None = None,
        lang: str = "",
        environ: Mapping[str, str] | None = None,
        http: HttpClient | None = None,
        plugins: Plugins | None = None,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.config, self.plugins = checked(config, adapters=adapters, hooks=hooks, plugins=plugins, environ=environ)
        self.lang = lang or self.config.lang or "zh"
        self._db, self._closed = opened(self.config, connection, self.clock), False
        self.adapters = Lending(self.config, self.clock, http)

    @classmethod
    def from_config(
        cls,
        config: Said,
        *,
        now: datetime | None = None,
        adapters: Iterable[type[Adapter[Any]]] = (),
        hooks: Iterable[object] = (),
        clock: Clock | None = None,
        connection: str | Engine | None = None,
        lang: str = "",
        environ: Mapping[str, str] | None = None,
        http: HttpClient | None = None,
        plugins: Plugins | None = None,
    ) -> Self:
        """The same, with a moment for a clock: `now`, aware."""
        return cls(
            config,
            adapters=adapters,
            hooks=hooks,
            clock=FixedClock(now) if now else clock,
            connection=connection,
            lang=lang,
            environ=environ,
            http=http,
            plugins=plugins,
        )

    # ------------------------------------------------------------------ rooms: reading, and what people do

    @property
    def customers(self) -> Customers:
        """Customers: found, read whole, and changed as at the desk."""
        from crmcore.app.customers import Customers

        return Customers(self)

    @property
    def complaints(self) -> Complaints:
        """Complaints, their history, and every step on them."""
        from crmcore.app.complaints import Complaints

        return Complaints(self)

    @property
    def touchpoints(self) -> Touchpoints:
        """Contacts that are owed."""
        from crmcore.app.touchpoints import Touchpoints

        return Touchpoints(self)

    @property
    def messages(self) -> Messages:
        """Texts, and what became of them."""
        from crmcore.app.messages import Messages

        return Messages(self)

    @property
    def callbacks(self) -> Callbacks:
        """The worklist of the callback desk, out and back."""
        from crmcore.app.callbacks import Callbacks

        return Callbacks(self)

    @property
    def surveys(self) -> Surveys:
        """Questionnaires, what was answered, and what looks odd about it."""
        from crmcore.app.surveys import Surveys

        return Surveys(self)

    @property
    def proposals(self) -> Proposals:
        """What the data suggests and only a person may decide."""
        from crmcore.app.proposals import Proposals

        return Proposals(self)

    @property
    def rejects(self) -> Rejects:
        """Rows of a source that could not be used."""
        from crmcore.app.rejects import Rejects

        return Rejects(self)

    @property
    def rework(self) -> Reworks:
        """Repairs that did not hold."""
        from crmcore.app.rework import Reworks

        return Reworks(self)

    @property
    def actions(self) -> Actions:
        """The improvement plan."""
        from crmcore.app.improvement import Actions

        return Actions(self)

    @property
    def meetings(self) -> Meetings:
        """What meetings go through, and their records."""
        from crmcore.app.improvement import Meetings

        return Meetings(self)

    @property
    def staff(self) -> People:
        """Who works here, is away, has left."""
        from crmcore.app.people import People

        return People(self)

    @property
    def alerts(self) -> Alerts:
        """What colleagues are owed, and were told."""
        from crmcore.app.alerts import Alerts

        return Alerts(self)

    @property
    def reports(self) -> Reports:
        """The facts of the pages about a period."""
        from crmcore.app.reports import Reports

        return Reports(self)

    @property
    def events(self) -> EventLog:
        """What has happened, in order, again and again."""
        from crmcore.app.events import EventLog

        return EventLog(self)

    def signed(self, by: str) -> str:
        """Who a history will name for `by`: a colleague by his code, "cli" or "api"; any word where no colleague is known yet.

        Raises:
            UsageError: CRM-U117 nobody has this code, CRM-U118 somebody has one that is written nearly so.
        """
        from crmcore.flows.colleague import signed

        with self.db.reading() as connection:
            return signed(connection, self.config, by)

    # ------------------------------------------------------------------ the verbs

    def sync(self, *names: str) -> SyncReport:
        """Read what the dealer's systems have; only the instances of these names, default: all that are enabled."""
        from crmcore.flows import sync

        wanted = self._chosen(names)
        with self.adapters.each(wanted) as adapters:
            report = sync.sync(
                self.db,
                [
                    sync.Source(
                        name=name,
                        system=wanted[name].system,
                        adapter=adapter,
                        store=self.config.home(wanted[name]).code,
                    )
                    for name, adapter in adapters.good.items()
                ],
                stores=self.stores,
                clock=self.clock,
                folder=self.config.folder,
                lang=self.lang,
                systems=self.config.systems,
            )
        unread = tuple(sync.SourceReport(source=name, error=error) for name, error in adapters.bad.items())
        return sync.SyncReport((*report.sources, *unread))

    def collect(self) -> CollectReport:
        """Work through what vendors pushed, and ask those that can be asked."""
        from crmcore.flows.collect import collect

        words = self.config.contact.opt_out_words
        with self.adapters.each(self.config.messaging) as adapters:
            homes = {name: self.config.home(self.config.messaging[name]).code for name in adapters.good}
            report = collect(self.db, adapters.good, self.clock, words=words, cases=self.cases(), homes=homes)
        report.failed |= self._unusable(adapters, to_colleagues=False)
        with self._surveying() as (surveying, unusable):
            report.surveys = surveying.take_in()
        report.failed |= {each.source: each.error for each in report.surveys if each.error is not None}
        report.failed |= unusable
        return report

    def receive(self, name: str, request: WebhookRequest) -> WebhookResponse | None:
        """Take a push for a messaging instance, whoever may push there; None: there is no such instance."""
        from crmcore.flows.collect import receive

        instance = self.config.messaging.get(name)
        if instance is None or not instance.enabled:
            return None
        with self.adapters.one(instance) as adapter:
            assert isinstance(adapter, MessagingAdapter)
            words, store = self.config.contact.opt_out_words, self.config.home(instance).code
            return receive(self.db, name, adapter, request, self.clock, words=words, cases=self.cases(), store=store)

    def handle_webhook(self, request: WebhookRequest) -> WebhookResponse:
        """Take a push from the web, for the doors in `crmcore.contrib`; its path is "<secret of [serve]>/<instance>/<rest>".

        404 for a wrong secret and for an instance that does not exist, 405 for what is no way to push, 413 for more than any vendor
        pushes, 400 for less than this one has announced.
        Raises `ConfigError` when [serve] does not say a secret; any error means that the push is not stored: answer with 500.
        """
        from crmcore.app.webhooks import answer

        return answer(request, self.config.served().secret.reveal(), self.receive)

    def escalate(self) -> EscalateReport:
        """Let what is overdue climb the ladder; colleagues are owed an alert for each rung."""
        from crmcore.flows.escalate import escalate

        return escalate(self.db, self.cases(), self.clock)

    def plan(self, *, since: date | None = None, until: date | None = None, dry_run: bool = False) -> PlanReport:
        """Work out who is to be contacted; with dates, count what falls due on each day and write nothing."""
        from crmcore.flows.plan import plan

        return plan(self.db, self.settings(), self.clock, since=since, until=until, dry_run=dry_run)

    def invite(self, *, yes: bool) -> InviteReport:
        """Invite whoever is to be asked for an opinion; without `yes` only count."""
        with self._surveying() as (surveying, unusable):
            report = surveying.invite(dry_run=not yes)
        report.errors |= unusable
        return report

    def send(self, *, yes: bool, limit: int | None = None) -> SendReport:
        """Send what is due; without `yes` only decide, and write nothing."""
        from crmcore.flows.guarding import of_plugins
        from crmcore.flows.send import send_due

        with self.adapters.each(self.config.messaging) as adapters:
            report = send_due(
                self.db,
                self._accounts(adapters),
                self.stores,
                self.policies(),
                self.clock,
                dry_run=not yes,
                limit=limit,
                guards=of_plugins(self.plugins),
            )
        report.errors |= self._unusable(adapters, to_colleagues=False)
        return report

    def alert(self, *, yes: bool) -> AlertReport:
        """Tell colleagues what they must act on, through the robots of their groups; without `yes` only count."""
        from crmcore.flows.alert import speak_up

        with self.adapters.each(self.config.messaging) as adapters:
            report = speak_up(
                self.db,
                self._accounts(adapters),
                self.stores,
                self.config.alerts,
                self.clock,
                lang=self.config.lang or self.lang,
                dry_run=not yes,
                categories=self.config.categories,
            )
        report.errors |= self._unusable(adapters, to_colleagues=True)
        return report

    def report(self, store: str | None = None) -> Daily:
        """The facts of today's page, of one store (default: the first)."""
        from crmcore.flows.report import daily

        chosen = self.store(store)
        return daily(self.db, self.config.rules, chosen, self.clock.now(), lang=self.lang)

    def explain(self, identity: str) -> Explanation:
        """Why a contact ("T12"), a text ("M3") or a case ("K5") exists and is as it is: codes, and the same in sentences.

        Raises:
            UsageError: CRM-T201 it is no such id, CRM-T202 there is none of this number.
        """
        from crmcore.flows.explain import explain

        return explain(self.db, identity, self.settings(), lang=self.lang, cases=self.cases(), now=self.clock.now())

    def run(self, *, yes: bool) -> RunReport:
        """Learn, decide, then speak: everything that is due; without `yes` nothing leaves.

        What vendors know is taken in before anything is planned or sent, so that an opt-out that waits there counts. Colleagues
        are told before customers: a complaint does not wait for a thousand texts.
        """
        return RunReport(
            sync=self.sync(),
            collect=self.collect(),
            escalate=self.escalate(),
            alert=self.alert(yes=yes),
            plan=self.plan(),
            invite=self.invite(yes=yes),
            send=self.send(yes=yes),
        )

    # ------------------------------------------------------------------ adapters, while a verb needs them

    @contextlib.contextmanager
    def _surveying(self) -> Iterator[tuple[Surveying, dict[str, CrmError]]]:
        """What inviting and taking in answers goes by, and why sources cannot be used."""
        from crmcore.flows.surveying import Surveying

        with self.adapters.each(self.config.survey) as adapters:
            surveying = Surveying(
                db=self.db,
                config=self.config,
                clock=self.clock,
                cases=self.cases(),
                adapters=adapters.good,
                lang=self.lang,
            )
            yield surveying, {f"survey.{name}": error for name, error in adapters.bad.items()}

    def _accounts(self, adapters: Working[MessagingAdapter[Any]]) -> list[Account]:
        """The messaging accounts that can be used."""
        from crmcore.flows.send import Account

        wanted = ((self.config.messaging[name], adapter) for name, adapter in adapters.good.items())
        return [
            Account(name=instance.name, adapter=adapter, stores=instance.stores, classes=instance.classes)
            for instance, adapter in wanted
        ]

    def _unusable(self, adapters: Working[MessagingAdapter[Any]], *, to_colleagues: bool) -> dict[str, CrmError]:
        """Why accounts cannot be used: the robots of groups, or the ways to customers. Neither is a trouble of the other."""
        return {
            name: error
            for name, error in adapters.bad.items()
            if (self.config.messaging[name].channels == {Channel.GROUP}) is to_colleagues
        }

    def _chosen(self, names: tuple[str, ...]) -> Mapping[str, Instance]:
        for name in names:
            if name not in self.config.dms:
                raise UsageError(
                    "CRM-U110", name=f"dms.{name}", known=", ".join(f"dms.{known}" for known in self.config.dms)
                )
        return {name: each for name, each in self.config.dms.items() if not names or name in names}

    # ------------------------------------------------------------------ the end

    def close(self) -> None:
        """Close the adapters, then the store; an engine that was handed over stays open. What begins later is refused."""
        self._closed = True
        self.adapters.close()
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
