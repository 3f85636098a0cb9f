"""The contract kit: subclass a contract, and pytest proves that an adapter keeps it. `pip install crmcore[testing]`.

Named imports only, and each is imported when it is first asked for: a plugin's tests need pytest, responses and hypothesis, and
nothing of the application.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcore.testing.common import AdapterContract
    from crmcore.testing.contract import CONTRACT, Contract, check
    from crmcore.testing.dealer import SampleDealer
    from crmcore.testing.dms import DmsContract
    from crmcore.testing.messaging import MessagingContract
    from crmcore.testing.network import Failed, Network, Refused, Report, Taken
    from crmcore.testing.rig import Clock, Operation, Rig, World
    from crmcore.testing.source import Row, SourceWorld
    from crmcore.testing.survey import SurveyContract, SurveyWorld

_HOME = {
    "AdapterContract": "common",
    "CONTRACT": "contract",
    "Clock": "rig",
    "Contract": "contract",
    "DmsContract": "dms",
    "Failed": "network",
    "MessagingContract": "messaging",
    "Network": "network",
    "Operation": "rig",
    "Refused": "network",
    "Report": "network",
    "Rig": "rig",
    "Row": "source",
    "SampleDealer": "dealer",
    "SourceWorld": "source",
    "SurveyContract": "survey",
    "SurveyWorld": "survey",
    "Taken": "network",
    "World": "rig",
    "check": "contract",
}

#: The modules whose asserts are checks.
CHECKS = (
    "batches",
    "common",
    "digests",
    "dms",
    "groups",
    "invitations",
    "logs",
    "once",
    "pull",
    "receipts",
    "replies",
    "rows",
    "sandbox",
    "sending",
    "survey",
    "webhooks",
)

__all__ = [
    "CONTRACT",
    "AdapterContract",
    "Clock",
    "Contract",
    "DmsContract",
    "Failed",
    "MessagingContract",
    "Network",
    "Operation",
    "Refused",
    "Report",
    "Rig",
    "Row",
    "SampleDealer",
    "SourceWorld",
    "SurveyContract",
    "SurveyWorld",
    "Taken",
    "World",
    "check",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        msg = f"module 'crmcore.testing' has no attribute {name!r}"
        raise AttributeError(msg)
    try:
        _rewrite_asserts()
        return getattr(importlib.import_module(f"crmcore.testing.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("crmcore"):
            raise
        from crmcore.errors import MissingExtra

        raise MissingExtra("CRM-X001", extra="testing") from None


def _rewrite_asserts() -> None:
    """A failed check shows its values, also where the pytest plugin is not installed."""
    import pytest

    pytest.register_assert_rewrite(
        *(name for name in (f"{__name__}.{part}" for part in CHECKS) if name not in sys.modules)
    )


def __dir__() -> list[str]:
    return sorted(__all__)
