"""What tests of surveys are made of: the shipped questionnaires, a vendor that does what it is told, and a dealer with visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import select
from tests.flows.complaining import cases, config
from tests.flows.planned_dealer import POLICY, STORE

from crmcore.db import schema
from crmcore.db.engine import Database
from crmcore.flows.invitations import Asking, Manner, invite
from crmcore.flows.response_intake import Crosswalk
from crmcore.flows.responses import ResponseReport, SurveySource, take_in
from crmcore.hooks.adapters import Invited, Invitee, Invites, NotInvited, PullsResponses, SurveyAdapter
from crmcore.hooks.records import Batch, Entry, Record
from crmcore.types.store import Staff

CONFIG = config()
SURVEYING = CONFIG.surveying
AFTERSALES, DELIVERY = CONFIG.surveys["aftersales"], CONFIG.surveys["delivery"]
OTHER = STORE.__class__(code="S02", name="西店")
STORES = {"S01": STORE, "S02": OTHER}


class Vendor(SurveyAdapter[None], Invites, PullsResponses):
    """Remembers whom it was told of, and hands over what it was filled with."""

    name = "vendor"
    Config = type(None)
    invites_at_once = 2

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.invitees: dict[str, Invitee] = {}
        self.outcome: Any = None  # an exception to raise, or token -> outcome
        self.batches: list[Batch] = []
        self.error: Exception | None = None

    def invite(self, invitees: Sequence[Invitee]) -> Mapping[str, Invited | NotInvited]:
        self.calls.append([one.token for one in invitees])
        if isinstance(self.outcome, Exception):
            raise self.outcome
        self.invitees |= {one.token: one for one in invitees}
        if self.outcome is not None:
            return {one.token: self.outcome(one) for one in invitees if self.outcome(one) is not None}
        return {one.token: Invited(link=f"https://example.com/s/{one.token}") for one in invitees}

    def pull_responses(self, cursor: str | None) -> Any:
        yield from self.batches
        if self.error is not None:
            raise self.error

    def fill(self, *responses: Mapping[str, Any], at: str = "a") -> None:
        """Have these handed over by the next pull; the same words come as the same row."""
        entries = []
        for number, said in enumerate(responses, 1):
            entries.append(Entry((f"page:{number}",), _digest(said), _records(said), dict))
        self.batches = [Batch(tuple(entries), at)]


def _digest(said: Mapping[str, Any]) -> bytes:
    return blake2b(repr(said).encode(), digest_size=16).digest()


def _records(said: Mapping[str, Any]) -> Any:
    return lambda: (Record("response", said),)


def filled(key: str = "7", **said: Any) -> dict[str, Any]:
    """A response with answers; `answers={"OVERALL": "9"}`."""
    answers = said.pop("answers", {"OVERALL": "9", "ADVICE": "很好"})
    return {
        "key": key,
        "completed_at": "2026-11-21 15:00",
        "answers": [{"item": item, "value": value} for item, value in answers.items()],
    } | said


def ask(
    db: Database, clock: Any, vendor: Vendor, *, survey: Any = AFTERSALES, dry_run: bool = False, **more: Any
) -> Any:
    """Invite by one instance, "survey.lime"."""
    asking = [Asking(name=more.pop("name", "survey.lime"), adapter=vendor, survey=survey, **more)]
    return invite(db, asking, manner(), clock, dry_run=dry_run)


def manner(**known: Any) -> Manner:
    return Manner(
        **{
            "stores": (STORE, OTHER),
            "policy": SURVEYING,
            "contact": POLICY,
            "template": CONFIG.templates["SURVEY_LINK"],
            "suffix": CONFIG.suffix,
        }
        | known
    )


def pull(db: Database, clock: Any, vendor: Vendor, *responses: Mapping[str, Any], **more: Any) -> ResponseReport:
    """Take in what the vendor has; its report."""
    if responses:
        vendor.fill(*responses)
    crosswalk = Crosswalk(survey=more.pop("survey", AFTERSALES), **more.pop("crosswalk", {}))
    source = SurveySource(name="survey.lime", system="lime", adapter=vendor, store="S01", crosswalk=crosswalk)
    options: dict[str, Any] = {
        "stores": STORES, "policy": SURVEYING, "surveys": CONFIG.surveys, "clock": clock, "folder": Path("/nonexistent"),
        "staff": (Staff(code="E99", name="李顾问", store="S01", role=CONFIG.staff[0].role, phone="+8613900130099"),),
    }  # fmt: skip
    (report,) = take_in(db, [source], more.pop("cases", cases()), **options | more)
    return report


def rows(db: Database, table: Any, *order: str) -> list[Any]:
    with db.reading() as connection:
        return list(connection.execute(select(table).order_by(*(table.c[name] for name in order or ("id",)))))


def answers(db: Database) -> dict[str, Any]:
    """Question -> (value, number, na) of all that is stored."""
    return {
        row.question: (row.value, row.number, row.na)
        for row in rows(db, schema.survey_answer, "response_id", "question")
    }
