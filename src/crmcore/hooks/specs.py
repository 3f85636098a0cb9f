"""Every hook of crmcore, typed and documented: the table of contents of the plugin system.

A hook registers; the core acts. A hook is added with its first shipped user, may gain arguments, and never loses one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pluggy

from crmcore.types.complaint import ComplaintDraft
from crmcore.types.contact import ContactAttempt, Message, Refuse, Reply
from crmcore.types.customer import Customer
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


@hookspec
def crmcore_before_send(message: Message, customer: Customer) -> Refuse | None:
    """Say whether this text must not leave, and why; None when nothing speaks against it.

    Called before the text is claimed and outside any transaction, so it may ask a list or a service of yours; what it takes is
    added to each text. It is asked in a dry run as well, and again for a text that comes due again; it must not write into
    crmcore. What the core refuses or holds by itself (opt-outs, quiet hours, caps) stays so, whatever is said here.

    A `Refuse` is final. Its `why` is a code in UPPER_SNAKE; words for it are `reasons.<CODE>` in `lang/` of your package, else the
    code is shown; in the store it is "plugin:<your plugin>:<CODE>". A SERVICE text that is refused becomes a call, since the
    customer waits for it, and the clerk sees the reason: who must not be called either has an opt-out for PHONE.

    It fails closed: a hook that raises, exits, or returns anything else keeps the text where it is, due and unsent, the plugin is
    named (CRM-P120, none of its words), and `crmcore send` ends with 4. The first plugin that refuses or fails decides.
    Alerts to colleagues do not pass here.
    """
