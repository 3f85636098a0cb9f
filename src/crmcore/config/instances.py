"""The named tables of plugins: read with the plugin's own `Config`, built when they are needed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import attrs
import cattrs

from crmcore.config.document import Document
from crmcore.config.model import Config, Instance, Item
from crmcore.config.places import Place
from crmcore.config.values import CHOICE, UNSET, Mistake, choice, mistakes
from crmcore.errors import ConfigError, CrmError, PluginError
from crmcore.hooks.adapters import Adapter, Clock, Context, ParsesReceipts, ParsesReplies
from crmcore.hooks.manager import Plugins
from crmcore.types.contact import MessageClass
from crmcore.types.customer import Channel
from crmcore.types.survey import Mode, Side, Survey

if TYPE_CHECKING:
    from crmcore.http import HttpClient

Note = Callable[[Mistake], None]


@attrs.frozen(kw_only=True)
class Core:
    """The keys of an instance that are the core's; everything else is the plugin's."""

    adapter: str
    system: str | None = None
    stores: frozenset[str] = frozenset()
    enabled: bool = True


@attrs.frozen(kw_only=True)
class MessagingCore(Core):
    """Likewise of [messaging.<name>]."""

    classes: frozenset[MessageClass] = frozenset(MessageClass)


@attrs.frozen(kw_only=True)
class SurveyCore(Core):
    """Likewise of [survey.<name>].

    Attributes:
        survey: the questionnaire that is filled in there.
        items: the source's name of an item -> our question's code, or { question = …, minimum = …, maximum = … }.
    """

    survey: str
    side: Side = Side.INTERNAL
    mode: Mode = Mode.ONLINE
    items: Mapping[str, object] = attrs.field(factory=dict)


CORES: Mapping[str, type[Core]] = {"dms": Core, "messaging": MessagingCore, "survey": SurveyCore}


def read(
    document: Document, plugins: Plugins, convert: cattrs.Converter, stores: frozenset[str], note: Note
) -> dict[str, dict[str, Instance]]:
    """All instances by kind and name; mistakes go to `note`."""
    found: dict[str, dict[str, Instance]] = {}
    for kind, core in CORES.items():
        tables = document.data.get(kind, {})
        found[kind] = {}
        for name, table in tables.items() if isinstance(tables, Mapping) else ():
            reader = _Reader(document, plugins, convert, stores, note, (kind, name))
            instance = reader.instance(core, table) if isinstance(table, Mapping) else None
            if instance is not None:
                found[kind][name] = instance
    for one, other in combinations(found["messaging"].values(), 2):
        _refuse_overlap(one, other, note)
    return found


@attrs.frozen
class _Reader:
    """One table."""

    document: Document
    plugins: Plugins
    convert: cattrs.Converter
    stores: frozenset[str]
    note: Note
    place: Place

    def instance(self, core: type[Core], table: Mapping[str, Any]) -> Instance | None:
        mine = {field.name for field in attrs.fields(core)}
        try:
            common = self.convert.structure({key: value for key, value in table.items() if key in mine}, core)
        except cattrs.BaseValidationError as error:
            self._note_all(error)
            return None
        for number, code in enumerate(table.get("stores", ())):
            if self.stores and code not in self.stores:
                wrong = choice(code, sorted(self.stores))
                self.note(Mistake((*self.place, "stores", number), wrong.code, wrong.params))
        kind, name = str(self.place[0]), str(self.place[1])
        made = Instance(
            kind=kind,
            name=name,
            adapter=common.adapter,
            system=common.system or name,
            stores=common.stores,
            classes=getattr(common, "classes", frozenset(MessageClass)),
            survey=getattr(common, "survey", ""),
            side=getattr(common, "side", Side.INTERNAL),
            mode=getattr(common, "mode", Mode.ONLINE),
            items=self._items(getattr(common, "items", {})),
            enabled=common.enabled,
            at=self.document.at(self.place),
        )
        return self._with_plugin(made, {key: value for key, value in table.items() if key not in mine})

    def _items(self, said: Mapping[str, object]) -> dict[str, Item]:
        """The crosswalk; a bare text is the code of our question, on our own scale."""
        found = {}
        for item, target in said.items():
            try:
                row = {"question": target} if isinstance(target, str) else target
                found[item] = self.convert.structure(row, Item)
            except cattrs.BaseValidationError as error:
                for mistake in mistakes(error, (*self.place, "items", item)):
                    self.note(mistake)
        return found

    def _with_plugin(self, made: Instance, rest: Mapping[str, Any]) -> Instance:
        cls = self.plugins.adapters.get((made.kind, made.adapter))
        if cls is None:
            return attrs.evolve(made, problem=self._why_no_adapter(made))
        made = attrs.evolve(made, cls=cls)
        try:
            return attrs.evolve(made, settings=self.convert.structure(rest, cls.Config))
        except cattrs.BaseValidationError as error:
            return attrs.evolve(made, problem=self._note_all(error))
        except Exception as error:  # noqa: BLE001 - a Config that cattrs cannot read is its plugin's fault
            return attrs.evolve(
                made, problem=PluginError("CRM-P103", at=made.at, adapter=made.adapter, why=type(error).__name__)
            )

    def _why_no_adapter(self, made: Instance) -> CrmError | None:
        """A typo is a mistake of the file; a plugin that failed or is off may be the one, so only this instance stops."""
        clash = self.plugins.clash(made.kind, made.adapter)
        if clash is not None:
            return PluginError("CRM-P101", at=made.at, adapter=f"{made.kind}:{made.adapter}", why=clash.error)
        suspects = [row["plugin"] for row in self.plugins.rows() if row["status"] != "ok"]
        if suspects:
            adapter = f"{made.kind}:{made.adapter}"
            return PluginError("CRM-P102", at=made.at, adapter=adapter, plugins=", ".join(suspects))
        known = sorted(name for kind, name in self.plugins.adapters if kind == made.kind)
        wrong = choice(made.adapter, known)
        code = "CRM-C157" if not known else "CRM-C164" if wrong.code == CHOICE else wrong.code
        self.note(Mistake((*self.place, "adapter"), code, {"kind": made.kind, **wrong.params}))
        return None

    def _note_all(self, error: BaseException) -> ConfigError | None:
        """Note the mistakes; a secret that is not set is returned instead, as it stops only what needs this instance."""
        problem = None
        for mistake in mistakes(error, self.place):
            if mistake.code == UNSET:
                problem = self.document.error(mistake)
            else:
                self.note(mistake)
        return problem


def check_surveys(found: Mapping[str, Instance], surveys: Mapping[str, Survey], note: Note) -> None:
    """What an instance fills in must exist, and so must the questions its items stand for."""
    for name, instance in found.items():
        if instance.survey not in surveys:
            wrong = choice(instance.survey, sorted(surveys))
            note(Mistake(("survey", name, "survey"), wrong.code, wrong.params))
            continue
        known = surveys[instance.survey].questions
        for item, target in instance.items.items():
            place: Place = ("survey", name, "items", item)
            if target.question not in known:
                wrong = choice(target.question, sorted(known))
                note(Mistake(place, wrong.code, wrong.params))
            elif (target.minimum, target.maximum) != (None, None) and not _scaled(target):
                note(Mistake(place, "CRM-C172", {"question": target.question}))


def _scaled(item: Item) -> bool:
    """Has the scale of an item two ends, the lower one first?"""
    return item.minimum is not None and item.maximum is not None and item.minimum < item.maximum


def _refuse_overlap(one: Instance, other: Instance, note: Note) -> None:
    """A message has one way to go; otherwise which account pays, and which signature is read, would be chance.

    Groups of colleagues are all told, so they may overlap. What has no plugin carries nothing.
    """
    stores = not one.stores or not other.stores or one.stores & other.stores
    channels = (one.channels & other.channels) - {Channel.GROUP}
    classes = one.classes & other.classes
    if one.enabled and other.enabled and stores and channels and classes:
        shared = ", ".join(sorted(classes))
        note(
            Mistake(
                (other.kind, other.name),
                "CRM-C158",
                {"one": one.full_name, "other": other.full_name, "classes": shared},
            )
        )


def build(
    config: Config, instance: Instance, clock: Clock, *, http: HttpClient | None = None, salt: bytes = b""
) -> Adapter[Any]:
    """The adapter of an instance, constructed without I/O; raises why it cannot be used."""
    if instance.problem is not None:
        raise instance.problem
    assert instance.cls is not None
    callback = _callback_url(config, instance)
    if http is None:
        from crmcore.http import HttpClient as Client

        http = Client()
    context = Context(
        instance=instance.name,
        system=instance.system,
        folder=config.folder,
        http=http,
        clock=clock,
        logger=logging.getLogger(f"crmcore.{instance.full_name}"),
        callback_url=callback,
        salt=salt,
        timezone=config.home(instance).timezone,
    )
    try:
        return instance.cls(instance.settings, context)
    except CrmError:
        raise
    except Exception as error:  # a constructor that raises is its plugin's fault, and stops only this instance
        raise PluginError("CRM-P104", at=instance.at, adapter=instance.adapter, why=type(error).__name__) from error


def _callback_url(config: Config, instance: Instance) -> str:
    """Where the vendor may push to. Without it receipts and opt-outs would be lost unseen, so a missing secret stops here."""
    assert instance.cls is not None
    if not issubclass(instance.cls, ParsesReceipts | ParsesReplies):
        return ""
    if config.serve_problem is not None:
        raise config.serve_problem
    return config.serve.callback_url(instance.name) if config.serve is not None else ""


def each_enabled(instances: Mapping[str, Instance]) -> Iterator[Instance]:
    """Those that are switched on."""
    return (instance for instance in instances.values() if instance.enabled)
