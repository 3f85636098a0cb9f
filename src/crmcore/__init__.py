"""crmcore: the after-sales desk on top of the dealer management system you own.

The shop window: `Crm`, the types, the errors; everything is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcore.app import Crm
    from crmcore.errors import ConfigError, CrmError

__version__ = "0.1.0"

_HOME = {"Crm": "crmcore.app", "ConfigError": "crmcore.errors", "CrmError": "crmcore.errors"}

__all__ = ["ConfigError", "Crm", "CrmError", "__version__"]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    msg = f"module 'crmcore' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
