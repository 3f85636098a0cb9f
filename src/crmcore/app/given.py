"""What the flows are given: the configuration, cut into what each of them goes by."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from crmcore.config import Config
from crmcore.errors import UsageError
from crmcore.hooks.adapters import Clock
from crmcore.hooks.manager import Plugins
from crmcore.types.store import Store

if TYPE_CHECKING:
    from crmcore.db.engine import Database
    from crmcore.flows.casework import Office
    from crmcore.flows.desk import Desk
    from crmcore.flows.evidence import Cases
    from crmcore.flows.planning import Settings
    from crmcore.flows.send import Policies


class Given:
    """The half of `Crm` that only puts values together; each call makes new ones, so threads share none."""

    config: Config
    clock: Clock
    plugins: Plugins
    lang: str
    _db: Database
    _closed: bool

    @property
    def db(self) -> Database:
        """The store; raises `UsageError` CRM-U502 after `close()`. A verb that is under way has it already, and ends as it began."""
        if self._closed:
            raise UsageError("CRM-U502")
        return self._db

    @property
    def stores(self) -> dict[str, Store]:
        """The stores by code."""
        return {store.code: store for store in self.config.stores}

    def store(self, code: str | None = None) -> Store:
        """A store by its code, default the first; raises `UsageError` for another."""
        if code is None:
            return self.config.stores[0]
        if code not in self.stores:
            raise UsageError("CRM-U113", store=code, known=", ".join(self.stores))
        return self.stores[code]

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

    def policies(self) -> Policies:
        """The numbers that sending goes by."""
        from crmcore.flows.send import Policies

        return Policies(contact=self.config.contact, sending=self.config.sending, breaker=self.config.breaker)
