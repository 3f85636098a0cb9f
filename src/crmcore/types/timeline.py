"""The 360° of a customer: everything that has happened, as the values it is made of (domain: 客户全景)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from crmcore.types.complaint import Complaint
from crmcore.types.contact import ContactAttempt, Reply, Text, Touchpoint
from crmcore.types.survey import Response
from crmcore.types.visit import Visit

__all__ = ["Subject", "TimelineEntry", "TimelineKind"]


class TimelineKind(StrEnum):
    """What an entry is about; each has its type."""

    VISIT = "VISIT"
    TEXT = "TEXT"
    CALL = "CALL"
    REPLY = "REPLY"
    ANSWERS = "ANSWERS"
    COMPLAINT = "COMPLAINT"
    TOUCHPOINT = "TOUCHPOINT"


Subject = Visit | Text | ContactAttempt | Reply | Response | Complaint | Touchpoint


@attrs.frozen(kw_only=True)
class TimelineEntry:
    """One thing that happened with a customer.

    Attributes:
        at: when the car came, when the text was last moved, when the call was made, the reply written, the questionnaire filled,
            the complaint received, the contact due.
    """

    at: datetime
    kind: TimelineKind
    subject: Subject
