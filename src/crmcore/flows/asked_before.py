"""What the customer of a call was asked before: the call stays, as it is a service, and leaves out what he has answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore.db import asked
from crmcore.db.case_calls import case_of
from crmcore.db.columns import stamp

#: Reason codes: this questionnaire about this visit; any questionnaire, of an agency.
ABOUT_VISIT, AN_AGENCY = "ANSWERED_ALREADY", "ANSWERED_AN_AGENCY"


@attrs.frozen
class Before:
    """Known of a list of calls; fetched once."""

    visits: Mapping[tuple[int, str], str]
    agencies: Mapping[int, str]

    @classmethod
    def of(cls, connection: Connection, calls: Sequence[Row[Any]], now: datetime, cooldown: timedelta) -> Before:
        """What these customers have answered."""
        visits = {row.visit_id for row in calls if row.visit_id is not None}
        people = {row.customer_id for row in calls}
        return cls(asked.about(connection, visits), asked.by_agencies(connection, people, now - cooldown))

    def why_not(self, call: Row[Any], survey: str, exported: datetime | None = None) -> str | None:
        """None, or the reason code why `call` does not ask this questionnaire.

        The second callback of a case asks each round anew: without its answer nobody knows whether it is solved.

        Args:
            exported: only what was known then counts, as the caller could not know more; None: whatever is known.
        """
        if case_of(call) is not None:
            return None
        known = {
            ABOUT_VISIT: self.visits.get((call.visit_id, survey)),
            AN_AGENCY: self.agencies.get(call.customer_id),
        }
        until = "9999" if exported is None else stamp(exported)
        return next((why for why, at in known.items() if at is not None and at <= until), None)
