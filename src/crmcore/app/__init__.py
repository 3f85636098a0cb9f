"""`Crm`: a dealer's CRM inside a program; what it opens it closes, and what it is not handed it does not look for."""

from __future__ import annotations

from crmcore.app.clocks import FixedClock, SystemClock
from crmcore.app.crm import Crm, RunReport
from crmcore.app.lending import Working

__all__ = ["Crm", "FixedClock", "RunReport", "SystemClock", "Working"]
