"""A second callback comes back from the worklist: what it has heard, and what follows for the case, in the transaction of the call.

Who is content has his case closed, since closing waits for nothing else (domain 6.7); who is not has it reopened. A person decides
where the customer is content and yet something in the call sounds like a complaint.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Row

from crmcore import lang as catalogue
from crmcore.db import complaints
from crmcore.flows.casework import File
from crmcore.flows.complaint_end import called
from crmcore.flows.desk import Desk
from crmcore.flows.second_callback import RULE
from crmcore.rules.complaints.cause import OTHER, group
from crmcore.rules.complaints.heard import SOLVED, asks, heard
from crmcore.rules.complaints.states import SOLVED as WAITS
from crmcore.types.complaint import ComplaintState, EventKind, Restoration
from crmcore.types.contact import AttemptOutcome, CallResult
from crmcore.types.store import Role
from crmcore.types.survey import Response, Survey


@attrs.frozen(kw_only=True)
class Spoken:
    """What a row of the worklist says of a case.

    Attributes:
        said: None: nothing yet.
        elsewhere: the complaint that was ticked is about something else.
        missing: the column without whose answer a finished call cannot be taken; "" where nothing is missing.
    """

    case: int
    said: Restoration | None = None
    elsewhere: bool = False
    missing: str = ""


def spoken(
    desk: Desk, case: Row[Any], result: CallResult, category: str | None, responses: Sequence[Response]
) -> Spoken:
    """What was heard of `case`; `category`: of the complaint that the clerk has ticked."""
    survey = _survey(desk)
    response = next((one for one in responses if survey is not None and one.survey == survey.code), None)
    here = category is not None and group(category) in {group(case.category), OTHER}
    said = heard(result, response, survey, complains=here)
    finished = result.outcome is AttemptOutcome.SUCCESS and result.ends
    missing = f"{survey.code}.{SOLVED}" if survey is not None and asks(survey) and finished and said is None else ""
    return Spoken(case=case.id, said=said, elsewhere=category is not None and not here, missing=missing)


def _survey(desk: Desk) -> Survey | None:
    rule = desk.settings.rules.get(RULE)
    return None if rule is None else desk.surveys.get(rule.survey or "")


def waiting(
    connection: Connection, desk: Desk, what: Spoken, call: Row[Any], *, at: datetime, by: str, now: datetime
) -> File | None:
    """The case, locked, if this is the call it waits for; None: it has gone on without it."""
    complaints.hold(connection)  # before any case, as whoever opens one does
    file = File.open(connection, desk.cases, f"K{what.case}", by=by or "crmcore", at=at, now=now)
    return file if file.case.state in WAITS and str(file.case.round) == call.occurrence else None


def settle(file: File, what: Spoken, attempt: int, result: CallResult, *, doubt: bool) -> ComplaintState:
    """The second callback as an event of its case, with what follows; `doubt`: it is not closed by itself."""
    file.read_again()
    called(file, attempt, result.code, what.said, close=not doubt)
    return file.case.state


def give_up(file: File, why: str, lang: str) -> None:
    """Nobody calls again. The case stays as it is, says so, and its manager is told: somebody must answer for closing it."""
    note = " · ".join(catalogue.reason(code, lang)[0] for code in (why, "CASE_NEEDS_WAIVER"))
    file.happen(EventKind.NOTE, detail={"callback": "GIVEN_UP", "why": why}, note=note)
    file.tell("CALLBACK_GIVEN_UP", role=Role.CR_MANAGER)
