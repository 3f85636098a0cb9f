"""crm.toml and packs -> frozen values; every mistake at once, each with its line, its key and the fix."""

from __future__ import annotations

from crmcore.config.document import Document, from_mapping, read
from crmcore.config.instances import build, each_enabled
from crmcore.config.load import load, load_config
from crmcore.config.model import Bundling, Config, Instance, Serve

__all__ = [
    "Bundling",
    "Config",
    "Document",
    "Instance",
    "Serve",
    "build",
    "each_enabled",
    "from_mapping",
    "load",
    "load_config",
    "read",
]
