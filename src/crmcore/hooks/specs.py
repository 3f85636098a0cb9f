"""Every hook of crmcore, typed and documented: the table of contents of the plugin system.

A hook registers; the core acts. A hook is added with its first shipped user, may gain arguments, and never loses one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pluggy

from crmcore.types.complaint import ComplaintDraft
from crmcore.types.contact import ContactAttempt, Reply
from crmcore.types.survey import Response

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


@hookspec
def crmcore_find_complaint(evidence: Response | ContactAttempt | Reply) -> ComplaintDraft | None:
    """Say whether an answer, a call or a text is a complaint, and why; None when it is none.

    Called before any transaction, for what has just come in and is not stored yet (its `id` is empty); it must not write.
    The first draft opens the case or joins the one that is open for the same cause; every draft's reasons are kept. A hook that
    raises is reported and counts as None: what the customer said is kept either way.
    """
