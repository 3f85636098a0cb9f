"""crmcore complaints: the life of a case, gathered from the modules that hold its parts."""

from __future__ import annotations

from crmcore.cli import complaint_close, complaint_work
from crmcore.cli.complaint_list import command

__all__ = ["command", "complaint_close", "complaint_work"]
