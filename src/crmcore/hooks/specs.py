"""Every hook of crmcore, typed and documented: the table of contents of the plugin system.

A hook registers; the core acts. A hook is added with its first shipped user, may gain arguments, and never loses one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from crmcore.hooks.adapters import Adapter

PROJECT = "crmcore"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:  # type: ignore[empty-body]
    """Return the adapter classes of this plugin; do nothing else.

    Called once when the plugin is loaded. Two plugins that claim the same `(kind, name)` are refused, both by name.
    """
