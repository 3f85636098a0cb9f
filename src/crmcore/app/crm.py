"""Crm: where configuration, store, clock and plugins meet, and the verbs start from.

Everything is handed over, nothing is looked up: two `Crm` in one process never meet. The flows do the work; what stands here is
which store, which adapters and which rules they are given.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import attrs

from crmcore.app.clocks import FixedClock, SystemClock
from crmcore.app.lending import Lending, Working
from crmcore.app.opening import Said, checked, opened
from crmcore.config import Instance
from crmcore.errors import CrmError, UsageError
from crmcore.hooks.adapters import Adapter, Clock, DmsAdapter, MessagingAdapter, WebhookRequest, WebhookResponse
from crmcore.hooks.manager import Plugins
from crmcore.types.customer import Channel
from crmcore.types.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from crmcore.app.callbacks import Callbacks
    from crmcore.app.complaints import Complaints
    from crmcore.app.customers import Customers
    from crmcore.app.events import EventLog
    from crmcore.app.messages import Messages
    from crmcore.app.touchpoints import Touchpoints
    from crmcore.flows.alert import AlertReport
    from crmcore.flows.casework import Office
    from crmcore.flows.collect import CollectReport
    from crmcore.flows.desk import Desk
    from crmcore.flows.escalate import EscalateReport
    from crmcore.flows.evidence import Cases
    from crmcore.flows.invitations import InviteReport
    from crmcore.flows.planning import PlanReport, Settings
    from crmcore.flows.reporting import Reports
    from crmcore.flows.send import Account, Policies, SendReport
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


class Crm:
    """A dealer's CRM; a context manager that closes what it opened.

    Adapters are built when a verb first needs them and then kept; one thread at a time uses a `Crm`.

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
        self.db = opened(self.config, connection, self.clock)
        self._lending = Lending(self.config, self.clock, http)
        self._receiving = threading.Lock()

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

    # ------------------------------------------------------------------ what the verbs are given

    @property
    def stores(self) -> dict[str, Store]:
        """The stores by code."""
        return {store.code: store for store in self.config.stores}

    def adapter(self, instance: Instance) -> Adapter[Any]:
        """The adapter of an instance, built once; raises why it cannot be used."""
        return self._lending.one(instance)

    def dms(self, instances: Mapping[str, Instance] | None = None) -> Working[DmsAdapter[Any]]:
        """The DMS adapters that can be used."""
        return self._lending.working(self.config.dms if instances is None else instances)

    def messaging(self) -> Working[MessagingAdapter[Any]]:
        """The messaging adapters that can be used."""
        return self._lending.working(self.config.messaging)

    def _unusable(self, *, to_colleagues: bool) -> dict[str, CrmError]:
        """Why accounts cannot be used: the robots of groups, or the ways to customers. Neither is a trouble of the other."""
        return {
            name: error
            for name, error in self.messaging().bad.items()
            if (self.config.messaging[name].channels == {Channel.GROUP}) is to_colleagues
        }

    # ------------------------------------------------------------------ reading, and what people do

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
        adapters = self.dms(wanted)
        report = sync.sync(
            self.db,
            [
                sync.Source(
                    name=name, system=wanted[name].system, adapter=adapter, store=self._first_store(wanted[name])
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

        adapters = self.messaging()
        homes = {name: self._first_store(self.config.messaging[name]) for name in adapters.good}
        words = self.config.contact.opt_out_words
        report = collect(self.db, adapters.good, self.clock, words=words, cases=self.cases(), homes=homes)
        report.failed |= self._unusable(to_colleagues=False)
        report.surveys = self.surveying().take_in()
        report.failed |= {each.source: each.error for each in report.surveys if each.error is not None}
        report.failed |= self._unusable_surveys()
        return report

    def receive(self, name: str, request: WebhookRequest) -> WebhookResponse | None:
        """Take a push for a messaging instance, for `contrib.serve` or a framework of yours; None: there is no such instance.

        It may be called from several threads: pushes are worked through one at a time.
        """
        from crmcore.flows.collect import receive

        instance = self.config.messaging.get(name)
        if instance is None or not instance.enabled:
            return None
        with self._receiving:
            adapter = self.adapter(instance)
            assert isinstance(adapter, MessagingAdapter)
            words, store = self.config.contact.opt_out_words, self._first_store(instance)
            return receive(self.db, name, adapter, request, self.clock, words=words, cases=self.cases(), store=store)

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
        report = self.surveying().invite(dry_run=not yes)
        report.errors |= self._unusable_surveys()
        return report

    def send(self, *, yes: bool, limit: int | None = None) -> SendReport:
        """Send what is due; without `yes` only decide, and write nothing."""
        from crmcore.flows.send import send_due

        report = send_due(
            self.db, list(self.accounts()), self.stores, self.policies(), self.clock, dry_run=not yes, limit=limit
        )
        report.errors |= self._unusable(to_colleagues=False)
        return report

    def alert(self, *, yes: bool) -> AlertReport:
        """Tell colleagues what they must act on, through the robots of their groups; without `yes` only count."""
        from crmcore.flows.alert import speak_up

        report = speak_up(
            self.db,
            list(self.accounts()),
            self.stores,
            self.config.alerts,
            self.clock,
            lang=self.config.lang or self.lang,
            dry_run=not yes,
            categories=self.config.categories,
        )
        report.errors |= self._unusable(to_colleagues=True)
        return report

    def report(self, store: str | None = None) -> Daily:
        """The facts of today's page, of one store (default: the first)."""
        from crmcore.flows.report import daily

        chosen = self.store(store)
        return daily(self.db, self.config.rules, chosen, self.clock.now(), lang=self.lang)

    def reports(self) -> Reports:
        """The facts of the other pages: satisfaction, complaints, calls."""
        from crmcore.flows.reporting import Reports

        return Reports(self.db, self.config, self.clock, self.lang)

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

    # ------------------------------------------------------------------ what the flows are given

    def settings(self) -> Settings:
        """What planning goes by."""
        from crmcore.flows.planning import Settings

        return Settings(
            rules=self.config.rules,
            stores=self.config.stores,
            policy=self.config.contact,
            staff=self.config.staff,
            templates=self.config.templates,
            events=self.config.events,
            bundling=self.config.bundling,
            suffix=self.config.suffix,
            lang=self.config.lang or self.lang,  # customers read the dealer's language, not that of whoever runs this
        )

    def surveying(self) -> Surveying:
        """What inviting and taking in answers goes by."""
        from crmcore.flows.surveying import Surveying

        return Surveying(
            db=self.db,
            config=self.config,
            clock=self.clock,
            cases=self.cases(),
            adapters=self._lending.working(self.config.survey).good,
            lang=self.lang,
        )

    def _unusable_surveys(self) -> dict[str, CrmError]:
        return {f"survey.{name}": error for name, error in self._lending.working(self.config.survey).bad.items()}

    def cases(self) -> Cases:
        """What opening and working on complaints goes by."""
        from crmcore.flows.evidence import Cases
        from crmcore.flows.finding import of_plugins
        from crmcore.flows.second_callback import RULE

        rule = self.config.rules.get(RULE)
        return Cases(
            policy=self.config.complaints,
            categories=self.config.categories,
            results=self.config.results,
            stores=self.stores,
            staff=self.config.staff,
            finders=of_plugins(self.plugins, self.config.categories),
            callback=rule if rule is not None and rule.enabled else None,
        )

    def desk(self) -> Desk:
        """What the callback desk goes by."""
        from crmcore.flows.desk import Desk

        return Desk(
            settings=self.settings(),
            policy=self.config.callbacks,
            results=self.config.results,
            categories=self.config.categories,
            surveys=self.config.surveys,
            cases=self.cases(),
            handover=timedelta(minutes=self.config.complaints.handover.minutes),
            cooldown=timedelta(days=self.config.surveying.cooldown_days),
        )

    def office(self) -> Office:
        """Where cases are worked on."""
        from crmcore.flows.casework import Office

        return Office(db=self.db, cases=self.cases(), clock=self.clock)

    def store(self, code: str | None = None) -> Store:
        """A store by its code, default the first; raises `UsageError` for another."""
        if code is None:
            return self.config.stores[0]
        if code not in self.stores:
            raise UsageError("CRM-U113", store=code, known=", ".join(self.stores))
        return self.stores[code]

    def accounts(self) -> Iterator[Account]:
        """The messaging accounts that can be used."""
        from crmcore.flows.send import Account

        for name, adapter in self.messaging().good.items():
            instance = self.config.messaging[name]
            yield Account(name=name, adapter=adapter, stores=instance.stores, classes=instance.classes)

    def policies(self) -> Policies:
        """The numbers that sending goes by."""
        from crmcore.flows.send import Policies

        return Policies(contact=self.config.contact, sending=self.config.sending, breaker=self.config.breaker)

    def _chosen(self, names: tuple[str, ...]) -> Mapping[str, Instance]:
        for name in names:
            if name not in self.config.dms:
                raise UsageError(
                    "CRM-U110", name=f"dms.{name}", known=", ".join(f"dms.{known}" for known in self.config.dms)
                )
        return {name: each for name, each in self.config.dms.items() if not names or name in names}

    def _first_store(self, instance: Instance) -> str:
        return next(store.code for store in self.config.stores if not instance.stores or store.code in instance.stores)

    # ------------------------------------------------------------------ the end

    def close(self) -> None:
        """Close the adapters, then the store; an engine that was handed over stays open."""
        self._lending.close()
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
