"""crmcore: the after-sales desk on top of the dealer management system you own.

The shop window: `Crm`, what it is handed, what it answers, and the errors; everything is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcore.app import Crm, FixedClock, RunReport, SystemClock
    from crmcore.errors import (
        AuthError,
        Busy,
        ConfigError,
        CrmError,
        MissingExtra,
        NotSent,
        PermanentError,
        PluginError,
        SourceError,
        StoreError,
        TransientError,
        UsageError,
    )
    from crmcore.hooks import Secret, WebhookRequest, WebhookResponse, hookimpl
    from crmcore.types.complaint import Complaint, ComplaintEvent, ComplaintState
    from crmcore.types.contact import ContactAttempt, Message, MessageState, Refuse, Reply, Text, Touchpoint
    from crmcore.types.customer import Channel, ContactPoint, Customer
    from crmcore.types.event import Event, Events
    from crmcore.types.store import Staff, Store
    from crmcore.types.survey import Response
    from crmcore.types.timeline import TimelineEntry, TimelineKind
    from crmcore.types.vehicle import Vehicle
    from crmcore.types.visit import Visit

__version__ = "0.1.0"

_ROOMS = {
    "app": "Crm FixedClock RunReport SystemClock",
    "errors": "AuthError Busy ConfigError CrmError MissingExtra NotSent PermanentError PluginError SourceError StoreError "
    "TransientError UsageError",
    "hooks": "Secret WebhookRequest WebhookResponse hookimpl",
    "types.complaint": "Complaint ComplaintEvent ComplaintState",
    "types.contact": "ContactAttempt Message MessageState Refuse Reply Text Touchpoint",
    "types.customer": "Channel ContactPoint Customer",
    "types.event": "Event Events",
    "types.store": "Staff Store",
    "types.survey": "Response",
    "types.timeline": "TimelineEntry TimelineKind",
    "types.vehicle": "Vehicle",
    "types.visit": "Visit",
}
_HOME = {name: f"crmcore.{room}" for room, names in _ROOMS.items() for name in names.split()}

__all__ = [
    "AuthError",
    "Busy",
    "Channel",
    "Complaint",
    "ComplaintEvent",
    "ComplaintState",
    "ConfigError",
    "ContactAttempt",
    "ContactPoint",
    "Crm",
    "CrmError",
    "Customer",
    "Event",
    "Events",
    "FixedClock",
    "Message",
    "MessageState",
    "MissingExtra",
    "NotSent",
    "PermanentError",
    "PluginError",
    "Refuse",
    "Reply",
    "Response",
    "RunReport",
    "Secret",
    "SourceError",
    "Staff",
    "Store",
    "StoreError",
    "SystemClock",
    "Text",
    "TimelineEntry",
    "TimelineKind",
    "Touchpoint",
    "TransientError",
    "UsageError",
    "Vehicle",
    "Visit",
    "WebhookRequest",
    "WebhookResponse",
    "__version__",
    "hookimpl",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    msg = f"module 'crmcore' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
