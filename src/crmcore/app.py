"""Crm: where configuration, store, clock and plugins meet, and the verbs start from.

Everything is handed over, nothing is looked up: two `Crm` in one process never meet. The flows do the work; what stands here is
which store, which adapters and which rules they are given.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import attrs

from crmcore import config as configuration
from crmcore.config import Config, Instance
from crmcore.errors import CrmError, UsageError
from crmcore.hooks.adapters import Adapter, Clock, DmsAdapter, MessagingAdapter, WebhookRequest, WebhookResponse
from crmcore.hooks.manager import Plugins
from crmcore.types.customer import Channel
from crmcore.types.store import Store

if TYPE_CHECKING:
    from crmcore.db.engine import Database
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


A = TypeVar("A", bound=Adapter[Any])


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The current instant, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine


@attrs.frozen
class FixedClock:
    """A clock that stands still: demo, tests, replays, `--now`."""

    at: datetime

    def now(self) -> datetime:
        """The instant it was set to."""
        return self.at


@attrs.frozen
class Working(Generic[A]):
    """Adapters by the name of their instance, and why others cannot be used."""

    good: dict[str, A] = attrs.field(factory=dict)
    bad: dict[str, CrmError] = attrs.field(factory=dict)


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
    """

    def __init__(
        self,
        config: Config,
        db: Database,
        clock: Clock,
        plugins: Plugins,
        *,
        http: HttpClient | None = None,
        lang: str = "",
    ) -> None:
        self.config, self.db, self.clock, self.plugins = config, db, clock, plugins
        self.lang = lang or config.lang or "zh"
        self._http = http
        self._adapters: dict[str, Adapter[Any]] = {}
        self._receiving = threading.Lock()

    @classmethod
    def from_config(
        cls,
        path: Path | str,
        *,
        now: datetime | None = None,
        lang: str = "",
        plugins: Plugins | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Open what crm.toml describes; a new SQLite file is created, an older one asks for `crmcore db upgrade`.

        Args:
            path: crm.toml.
            now: fixes the clock; aware.
            lang: of reports and files; default: that of the file, else "zh".
            plugins: default: what is installed, less what the file disables.
            environ: where secrets are looked up; default: the environment of this process.
        """
        document = configuration.read(Path(path).absolute())
        plugins = plugins or Plugins(disabled=document.disabled)
        config = configuration.load(document, plugins, environ=environ)
        return cls.open(config, plugins, FixedClock(now) if now else SystemClock(), lang=lang)

    @classmethod
    def open(cls, config: Config, plugins: Plugins, clock: Clock, *, lang: str = "") -> Self:
        """Open the store of a configuration, with the schema that this version needs."""
        from crmcore.db.engine import Database
        from crmcore.db.upgrade import ready

        db = Database(config.database_url)
        try:
            ready(db, clock.now())
        except BaseException:
            db.close()
            raise
        return cls(config, db, clock, plugins, lang=lang)

    # ------------------------------------------------------------------ what the verbs are given

    @property
    def stores(self) -> dict[str, Store]:
        """The stores by code."""
        return {store.code: store for store in self.config.stores}

    def adapter(self, instance: Instance) -> Adapter[Any]:
        """The adapter of an instance, built once; raises why it cannot be used."""
        if instance.full_name not in self._adapters:
            if self._http is None:
                from crmcore.http import HttpClient

                self._http = HttpClient()
            from crmcore.flows.sync import SALT

            built = configuration.build(self.config, instance, self.clock, http=self._http, salt=SALT)
            self._adapters[instance.full_name] = built
        return self._adapters[instance.full_name]

    def dms(self, instances: Mapping[str, Instance] | None = None) -> Working[DmsAdapter[Any]]:
        """The DMS adapters that can be used."""
        return self._working(self.config.dms if instances is None else instances)

    def messaging(self) -> Working[MessagingAdapter[Any]]:
        """The messaging adapters that can be used."""
        return self._working(self.config.messaging)

    def _unusable(self, *, to_colleagues: bool) -> dict[str, CrmError]:
        """Why accounts cannot be used: the robots of groups, or the ways to customers. Neither is a trouble of the other."""
        return {
            name: error
            for name, error in self.messaging().bad.items()
            if (self.config.messaging[name].channels == {Channel.GROUP}) is to_colleagues
        }

    def _working(self, instances: Mapping[str, Instance]) -> Working[Any]:
        """What is enabled, built; one that cannot be built must not stop the rest."""
        found: Working[Any] = Working()
        for instance in configuration.each_enabled(instances):
            try:
                found.good[instance.name] = self.adapter(instance)
            except CrmError as error:
                found.bad[instance.name] = error
        return found

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
            adapters=self._working(self.config.survey).good,
            lang=self.lang,
        )

    def _unusable_surveys(self) -> dict[str, CrmError]:
        return {f"survey.{name}": error for name, error in self._working(self.config.survey).bad.items()}

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
        """Close the adapters, then the store; an adapter that fails to close does not keep the others open."""
        for adapter in self._adapters.values():
            try:
                adapter.close()
            except Exception:  # nothing is lost by it, and the others must be closed as well
                adapter.context.logger.warning("closing failed", exc_info=True)
        self._adapters.clear()
        if self._http is not None:
            self._http.close()
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
