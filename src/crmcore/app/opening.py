"""What `Crm` is handed becomes what it works with: a checked configuration, plugins, an open store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmcore import config as configuration
from crmcore.config import Config, Document
from crmcore.errors import PluginError, UsageError
from crmcore.hooks.adapters import Adapter, Clock
from crmcore.hooks.manager import Plugins

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from crmcore.db.engine import Database

Said = Path | str | Mapping[str, Any] | Config


def checked(
    said: Said,
    *,
    adapters: Iterable[type[Adapter[Any]]],
    hooks: Iterable[object],
    plugins: Plugins | None,
    environ: Mapping[str, str] | None,
) -> tuple[Config, Plugins]:
    """The configuration and the plugins it was checked against; raises `ConfigError`, or `PluginError` for what was handed over."""
    handed = tuple(adapters)
    if isinstance(said, Config) and handed:
        raise UsageError("CRM-U501", adapters=", ".join(cls.__name__ for cls in handed))
    document = said if isinstance(said, Config) else _document(said)
    if plugins is None:
        plugins = Plugins(extra=tuple(hooks), adapters=handed, disabled=document.disabled)
    for plugin in plugins.plugins:
        if plugin.handed and plugin.problems:
            raise PluginError("CRM-P110", at=plugin.name, why="; ".join(each.error for each in plugin.problems))
    config = document if isinstance(document, Config) else configuration.load(document, plugins, environ=environ)
    return config, plugins


def _document(said: Path | str | Mapping[str, Any]) -> Document:
    if isinstance(said, Mapping):
        return configuration.from_mapping(said)
    return configuration.read(Path(said).absolute())


def opened(config: Config, connection: str | Engine | None, clock: Clock) -> Database:
    """The store, with the schema that this version needs; a new SQLite file is created, an older one asks for an upgrade."""
    from crmcore.db.engine import Database
    from crmcore.db.upgrade import ready

    db = Database(config.database_url if connection is None else connection)
    try:
        ready(db, clock.now())
    except BaseException:
        db.close()
        raise
    return db
