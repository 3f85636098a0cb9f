"""What crm.toml says, once it is found to be right: frozen values, handed to whoever needs them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from crmcore.errors import ConfigError, CrmError
from crmcore.hooks.adapters import Adapter, MessagingAdapter, Secret
from crmcore.rules.alerts import AlertPolicy
from crmcore.rules.attempts import CallbackPolicy
from crmcore.rules.complaints.policy import ComplaintPolicy
from crmcore.rules.messages import BreakerPolicy, SendPolicy
from crmcore.rules.permit import ContactPolicy
from crmcore.rules.rework import ReworkPolicy
from crmcore.rules.score.policy import ScorePolicy
from crmcore.rules.surveys.policy import SurveyPolicy
from crmcore.types.complaint import Category
from crmcore.types.contact import CallResult, CareEvent, MessageClass, MessageTemplate, TouchpointRule
from crmcore.types.customer import Channel
from crmcore.types.store import Staff, Store
from crmcore.types.survey import Mode, Side, Survey


@attrs.frozen(kw_only=True)
class Item:
    """Which of our questions an item of a survey's source is, and the scale it was asked on where that is another."""

    question: str
    minimum: int | None = None
    maximum: int | None = None


@attrs.frozen(kw_only=True)
class Instance:
    """One named table of a plugin: [dms.main], [messaging.sms].

    Attributes:
        adapter: the plugin's name within the kind, e.g. "csv".
        system: the namespace of its ids; two exports of one DMS share it.
        stores: codes of the stores it serves; empty: all of them.
        classes: for messaging, the message classes that go this way.
        survey / side / mode: for a survey, the questionnaire it fills in, who asks, and how.
        items: for a survey, the source's name of an item -> our question (crosswalk); an item that is not here and is no
            question's code is reported, never dropped.
        cls: the adapter class; None when its plugin does not work.
        settings: what the plugin's own `Config` holds; None when `problem` says why.
        problem: why this instance cannot be used although the file is right: a plugin that failed, a secret that is not set.
            It stops what needs this instance and nothing else.
        at: where the table stands, e.g. "crm.toml:30".
    """

    kind: str
    name: str
    adapter: str
    system: str
    stores: frozenset[str] = frozenset()
    classes: frozenset[MessageClass] = frozenset(MessageClass)
    survey: str = ""
    side: Side = Side.INTERNAL
    mode: Mode = Mode.ONLINE
    items: Mapping[str, Item] = attrs.field(factory=dict)
    enabled: bool = True
    cls: type[Adapter[Any]] | None = attrs.field(default=None, repr=False)
    settings: Any = attrs.field(default=None, repr=False)
    problem: CrmError | None = None
    at: str = ""

    @property
    def full_name(self) -> str:
        """The table's name in the file, "dms.main"."""
        return f"{self.kind}.{self.name}"

    @property
    def channels(self) -> frozenset[Channel]:
        """What a messaging instance can carry; nothing for others."""
        return self.cls.channels if self.cls is not None and issubclass(self.cls, MessagingAdapter) else frozenset()

    def takes(self, store: str, message_class: MessageClass, channel: Channel) -> bool:
        """Does a message of this kind go this way?"""
        return (
            self.enabled
            and (not self.stores or store in self.stores)
            and message_class in self.classes
            and (self.cls is None or channel in self.channels)
        )


@attrs.frozen(kw_only=True)
class Serve:
    """Where vendors may push to (`crmcore serve`)."""

    public_url: str
    secret: Secret
    host: str = "127.0.0.1"
    port: int = 8025

    def callback_url(self, instance: str) -> str:
        """What one instance gives to its vendor."""
        return f"{self.public_url.rstrip('/')}/hooks/{self.secret.reveal()}/{instance}"


@attrs.frozen(kw_only=True)
class Contact(ContactPolicy):
    """[contact]: what `rules.permit` asks, and the dealer's own words that mean no, besides those built in."""

    opt_out_words: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Bundling:
    """[bundling]: what is said in one contact.

    Attributes:
        within_days: contacts with one person that fall due within so many days become one.
        fleet_above: a contact with more vehicles gets one touchpoint for each rule and week.
        sources: where each number comes from, by field.
    """

    within_days: int
    fleet_above: int
    sources: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Config:
    """A crm.toml that is right.

    Attributes:
        path: the file; `folder` is where relative paths start.
        lang: None when the file does not say.
        sending / breaker / bundling: the other tables of packs/contact.toml, overridden by those of the file.
        callbacks / surveying / scores / complaints / alerts / rework: likewise, each with a pack of its own.
        results / categories / surveys: call results, complaint categories and questionnaires by code.
        rules: care rules of all packs, overridden, by code; also those that are switched off.
        templates: message templates by code, overridden.
        suffix: the refusal route put behind a text, by message class and language.
        events: dated facts, in the order of the file.
        retired: systems whose instance was taken out of the file on purpose.
        serve: None when there is no [serve], or when `serve_problem` says why it cannot be used.
    """

    path: Path
    lang: str | None = None
    stores: tuple[Store, ...]
    staff: tuple[Staff, ...] = ()
    contact: Contact
    sending: SendPolicy
    breaker: BreakerPolicy
    bundling: Bundling
    callbacks: CallbackPolicy
    surveying: SurveyPolicy
    scores: ScorePolicy
    complaints: ComplaintPolicy
    alerts: AlertPolicy
    rework: ReworkPolicy
    results: Mapping[str, CallResult] = attrs.field(factory=dict, repr=False)
    categories: Mapping[str, Category] = attrs.field(factory=dict, repr=False)
    surveys: Mapping[str, Survey] = attrs.field(factory=dict, repr=False)
    database_url: str = attrs.field(repr=False)
    rules: Mapping[str, TouchpointRule] = attrs.field(factory=dict, repr=False)
    templates: Mapping[str, MessageTemplate] = attrs.field(factory=dict, repr=False)
    suffix: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict, repr=False)
    events: tuple[CareEvent, ...] = ()
    dms: Mapping[str, Instance] = attrs.field(factory=dict)
    messaging: Mapping[str, Instance] = attrs.field(factory=dict)
    survey: Mapping[str, Instance] = attrs.field(factory=dict)
    serve: Serve | None = None
    serve_problem: ConfigError | None = None
    retired: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()

    @property
    def folder(self) -> Path:
        """Where crm.toml lies."""
        return self.path.parent

    @property
    def instances(self) -> Iterator[Instance]:
        """All instances, of every kind, also those that are switched off."""
        yield from self.dms.values()
        yield from self.messaging.values()
        yield from self.survey.values()

    def store(self, code: str) -> Store:
        """The store of this code; raises `KeyError` for another."""
        return next((store for store in self.stores if store.code == code), None) or _no(code)

    def home(self, instance: Instance) -> Store:
        """The first store that an instance serves: that of a row or a text which names none."""
        return next(store for store in self.stores if not instance.stores or store.code in instance.stores)

    def served(self) -> Serve:
        """What [serve] says; raises `ConfigError` when there is none, or its secret is not set."""
        if self.serve_problem is not None:
            raise self.serve_problem
        if self.serve is None:
            raise ConfigError("CRM-C141", at=self.path.name)
        return self.serve

    def account(self, store: str, message_class: MessageClass, channel: Channel) -> Instance | None:
        """The messaging instance that carries such a message; at most one does."""
        return next((each for each in self.messaging.values() if each.takes(store, message_class, channel)), None)

    def used_by(self) -> dict[tuple[str, str], list[str]]:
        """Which instances use an adapter, by its kind and name."""
        used: dict[tuple[str, str], list[str]] = {}
        for each in self.instances:
            used.setdefault((each.kind, each.adapter), []).append(each.full_name)
        return used

    @property
    def systems(self) -> frozenset[str]:
        """Every namespace of ids that the file names, also of instances that are switched off or retired.

        `sync` refuses to work while the store has another: a typo in a name would import every customer a second time.
        """
        read = (*self.dms.values(), *self.survey.values())
        return frozenset(each.system for each in read) | self.retired


def _no(code: str) -> Store:
    raise KeyError(code)
