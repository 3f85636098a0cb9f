"""crm.toml and packs -> `Config`: every mistake at once, each with its line, its key and the fix."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import time
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
import cattrs

from crmcore.config import instances, packs, taxonomies
from crmcore.config.care import PACKS, care, check_events, open_packs
from crmcore.config.document import Document, raise_all, read
from crmcore.config.model import Config, Serve
from crmcore.config.places import Place
from crmcore.config.values import UNSET, Mistake, Wrong, choice, converter, mistakes, secret
from crmcore.errors import ConfigError
from crmcore.hooks.manager import Plugins
from crmcore.rules.phone import phone
from crmcore.rules.text import Bad
from crmcore.types.contact import CareEvent, MessageClass
from crmcore.types.store import Staff, Store


@attrs.frozen(kw_only=True)
class DatabaseTable:
    """[database]"""

    url: object = "sqlite:///crm.db"


@attrs.frozen(kw_only=True)
class CareTable:
    """[care]; [care.rules.<code>] overrides fields of a rule."""

    packs: tuple[str, ...] = PACKS
    rules: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class PluginsTable:
    """[plugins]"""

    disabled: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SystemsTable:
    """[systems]: names of DMS systems that were taken out of the file on purpose."""

    retired: tuple[str, ...] = ()


Tables = Mapping[str, Mapping[str, Any]]

#: What a path may hold as it is (RFC 3986, pchar): with a "/" in the secret no push would ever find the door.
_IN_ADDRESS = re.compile(r"[\w.~!$&'()*+,;=:@-]+", re.ASCII)


@attrs.frozen(kw_only=True)
class File:
    """The top of crm.toml: every key that exists."""

    lang: Literal["zh", "en"] | None = None
    store: Store | None = None
    stores: tuple[Store, ...] = ()
    staff: tuple[Staff, ...] = ()
    contact: Mapping[str, Any] = attrs.field(factory=dict)
    sending: Mapping[str, Any] = attrs.field(factory=dict)
    breaker: Mapping[str, Any] = attrs.field(factory=dict)
    bundling: Mapping[str, Any] = attrs.field(factory=dict)
    callbacks: Mapping[str, Any] = attrs.field(factory=dict)
    surveys: Mapping[str, Any] = attrs.field(factory=dict)
    scores: Mapping[str, Any] = attrs.field(factory=dict)
    complaints: Mapping[str, Any] = attrs.field(factory=dict)
    alerts: Mapping[str, Any] = attrs.field(factory=dict)
    rework: Mapping[str, Any] = attrs.field(factory=dict)
    results: Tables = attrs.field(factory=dict)
    categories: Tables = attrs.field(factory=dict)
    database: DatabaseTable = DatabaseTable()
    care: CareTable = CareTable()
    templates: Tables = attrs.field(factory=dict)
    suffix: Mapping[MessageClass, Mapping[Literal["zh", "en"], str]] = attrs.field(factory=dict)
    events: tuple[CareEvent, ...] = ()
    dms: Tables = attrs.field(factory=dict)
    messaging: Tables = attrs.field(factory=dict)
    survey: Tables = attrs.field(factory=dict)
    serve: Serve | None = None
    systems: SystemsTable = SystemsTable()
    plugins: PluginsTable = PluginsTable()


def load_config(
    path: Path | str, plugins: Plugins | None = None, *, environ: Mapping[str, str] | None = None
) -> Config:
    """The configuration at `path`, or a `ConfigError` whose `errors` hold every mistake in it.

    Args:
        path: the file.
        plugins: default: what is installed, less what the file disables.
        environ: where `{ env = "X" }` looks; default: the environment of this process, read now.
    """
    document = read(Path(path).absolute())
    return load(document, plugins or Plugins(disabled=document.disabled), environ=environ)


def load(document: Document, plugins: Plugins, *, environ: Mapping[str, str] | None = None) -> Config:
    """What a document says, checked."""
    return _Loader(document, plugins, os.environ if environ is None else environ).config()


class _Loader:
    """One pass over one document; collects mistakes as it goes."""

    def __init__(self, document: Document, plugins: Plugins, environ: Mapping[str, str]) -> None:
        self.document, self.plugins, self.environ = document, plugins, environ
        self.errors: list[ConfigError] = []
        # tables that could not be read: what they would have said is unknown, not missing
        self.unread: set[str] = set()
        self.convert = converter(document.path.parent, environ)

    def config(self) -> Config:
        file, serve_problem = self._file()
        stores = self._stores(file)
        policies = packs.policies(self.document, self._note)
        opened = open_packs(self.document, file.care.packs, self._note, self.errors.append)
        made = care(self.document, opened, file.care.rules, file.templates, self._note)
        codes = frozenset(store.code for store in stores)
        results = taxonomies.results(self.document, file.results, self._note)
        categories = taxonomies.categories(self.document, file.categories, self._note)
        names = policies["surveys"].packs if policies.get("surveys") else taxonomies.SURVEYS
        surveys = taxonomies.surveys(self.document, names, self._note, self.errors.append, categories)
        if len(surveys) == len(names):  # a questionnaire that could not be read is unknown, not missing
            taxonomies.check_rules(made.rules, surveys, self.document, self._note)
        found = instances.read(self.document, self.plugins, self.convert, codes, self._note)
        instances.check_surveys(found["survey"], surveys, self._note)
        staff = self._staff(file, codes)
        check_events(file.events, made.rules, codes, self._note)
        if file.serve is not None and not _IN_ADDRESS.fullmatch(file.serve.secret.reveal()):
            self._note(Mistake(("serve", "secret"), "CRM-C142"))
        url = self._database_url(file.database.url)
        raise_all(self.errors)
        return Config(
            path=self.document.path,
            lang=file.lang,
            stores=stores,
            staff=staff,
            contact=policies["contact"],
            sending=policies["sending"],
            breaker=policies["breaker"],
            bundling=policies["bundling"],
            callbacks=policies["callbacks"],
            surveying=policies["surveys"],
            scores=policies["scores"],
            complaints=policies["complaints"],
            alerts=policies["alerts"],
            rework=policies["rework"],
            results=results,
            categories=categories,
            surveys=surveys,
            rules=made.rules,
            templates=made.templates,
            suffix=made.suffix,
            events=file.events,
            database_url=url,
            dms=found["dms"],
            messaging=found["messaging"],
            survey=found["survey"],
            serve=file.serve,
            serve_problem=serve_problem,
            retired=frozenset(file.systems.retired),
            disabled=frozenset(file.plugins.disabled),
        )

    def _note(self, mistake: Mistake, document: Document | None = None) -> None:
        self.errors.append((document or self.document).error(mistake))

    def _file(self) -> tuple[File, ConfigError | None]:
        """The file by its types; a table that cannot be read is noted and left out, so that the rest is checked as well."""
        data, problem = self._with_store(dict(self.document.data)), None
        while True:
            try:
                return self.convert.structure(data, File), problem
            except cattrs.BaseValidationError as error:
                found = list(mistakes(error))
            for mistake in found:
                if mistake.code == UNSET and mistake.path[0] == "serve":
                    problem = self.document.error(mistake)
                else:
                    self._note(mistake)
            self.unread |= {str(mistake.path[0]) for mistake in found}
            data = {key: value for key, value in data.items() if key not in self.unread}

    @staticmethod
    def _with_store(data: dict[str, Any]) -> dict[str, Any]:
        """Where there is one store, its people need not say that they work there."""
        store, staff = data.get("store"), data.get("staff")
        if isinstance(store, Mapping) and isinstance(staff, list):
            only = {"store": store.get("code")}
            data["staff"] = [{**only, **row} if isinstance(row, Mapping) else row for row in staff]
        return data

    def _stores(self, file: File) -> tuple[Store, ...]:
        if "store" in self.document.data and "stores" in self.document.data:
            self._note(Mistake(("store",), "CRM-C150"))
        one = file.store is not None
        stores = (file.store,) if file.store is not None else file.stores
        if not stores and not self.unread & {"store", "stores"}:
            self._note(Mistake((), "CRM-C151"))
        for number, store in enumerate(stores):
            place: Place = ("store",) if one else ("stores", number)
            self._check_store(store, place)
        self._once([store.code for store in stores], "stores")
        return stores

    def _check_store(self, store: Store, place: Place) -> None:
        try:
            ZoneInfo(store.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._note(Mistake((*place, "timezone"), "CRM-C152", {"zone": store.timezone}))
        ends = [moment for opening in store.hours for moment in (opening.start, opening.end)]
        until_midnight = [*ends[:-1], time.max] if ends and ends[-1] == time(0) else ends
        if not ends or any(first >= second for first, second in pairwise(until_midnight)):
            self._note(Mistake((*place, "hours"), "CRM-C153"))
        if not store.code.strip():
            self._note(Mistake((*place, "code"), "CRM-C154"))

    def _staff(self, file: File, stores: frozenset[str]) -> tuple[Staff, ...]:
        people = []
        for number, person in enumerate(file.staff):
            if stores and person.store not in stores:
                place: Place = ("staff", number, "store")
                wrong = choice(person.store, sorted(stores))
                self._note(Mistake(place, wrong.code, wrong.params))
            number_or_bad = phone(person.phone) if person.phone else None
            if isinstance(number_or_bad, Bad):
                self._note(Mistake(("staff", number, "phone"), "CRM-C155"))
            else:
                people.append(attrs.evolve(person, phone=number_or_bad))
        self._once([person.code for person in file.staff], "staff")
        return tuple(people)

    def _once(self, codes: Sequence[str], table: str) -> None:
        """Each code of a list names one thing."""
        for number, code in enumerate(codes):
            if code in codes[:number]:
                self._note(Mistake((table, number, "code"), "CRM-C156", {"value": code}))

    def _database_url(self, value: object) -> str:
        """A text or `{ env = … }`; the path of an SQLite file is relative to crm.toml."""
        try:
            url = secret(value, self.environ).reveal()
        except Wrong as wrong:
            self._note(Mistake(("database", "url"), wrong.code, wrong.params))
            return ""
        name = url.removeprefix("sqlite:///")
        if name in {url, "", ":memory:"} or Path(name).is_absolute():
            return url
        return f"sqlite:///{self.document.path.parent / name}"
