"""The survey side of a dealer: which of his sources can be asked and which invite, with the numbers he goes by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from crmcore.config import Config, Instance
from crmcore.db.engine import Database
from crmcore.flows.invitations import TEMPLATE, Asking, InviteReport, Manner, invite
from crmcore.flows.response_intake import Crosswalk
from crmcore.flows.responses import Cases, ResponseReport, SurveySource, take_in
from crmcore.hooks.adapters import Clock, Invites, PullsResponses, SurveyAdapter


@attrs.frozen(kw_only=True)
class Surveying:
    """What both verbs need; `Crm` makes it.

    Attributes:
        adapters: those that can be used, by the name of their instance.
        lang: of files and messages; customers read that of the config.
    """

    db: Database
    config: Config
    clock: Clock
    cases: Cases
    adapters: Mapping[str, SurveyAdapter[Any]]
    lang: str

    def take_in(self) -> tuple[ResponseReport, ...]:
        """Pull from every source that can be asked."""
        config = self.config
        wanted = [
            SurveySource(
                name=instance.full_name,
                system=instance.system,
                adapter=adapter,
                store=config.home(instance).code,
                crosswalk=Crosswalk(
                    survey=config.surveys[instance.survey],
                    items=instance.items,
                    side=instance.side,
                    mode=instance.mode,
                ),
            )
            for instance, adapter in self._each()
            if isinstance(adapter, PullsResponses)
        ]
        return take_in(
            self.db,
            wanted,
            self.cases,
            stores={store.code: store for store in config.stores},
            policy=config.surveying,
            surveys=config.surveys,
            clock=self.clock,
            folder=config.folder,
            lang=self.lang,
            staff=config.staff,
        )

    def invite(self, *, dry_run: bool) -> InviteReport:
        """Invite by every source that makes links; first come, first asked, in the order of the file."""
        config = self.config
        asking = [
            Asking(
                name=instance.full_name,
                adapter=adapter,
                survey=config.surveys[instance.survey],
                stores=instance.stores,
            )
            for instance, adapter in self._each()
            if isinstance(adapter, Invites)
        ]
        manner = Manner(
            stores=config.stores,
            policy=config.surveying,
            contact=config.contact,
            template=config.templates[TEMPLATE],
            suffix=config.suffix,
            lang=config.lang or self.lang,
        )
        return invite(self.db, asking, manner, self.clock, dry_run=dry_run)

    def _each(self) -> list[tuple[Instance, SurveyAdapter[Any]]]:
        return [(self.config.survey[name], adapter) for name, adapter in self.adapters.items()]
