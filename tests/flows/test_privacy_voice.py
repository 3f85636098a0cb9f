"""What a customer has complained and answered is handed over, taken away and moved with the customer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.flows import customers, privacy

CANARY = "金丝雀"
CHILDREN = ("complaint_event", "complaint_evidence", "recovery_offer", "survey_answer")


@pytest.fixture(name="voiced")
def _voiced(db, clock, world):
    """C1 with a case, an offer and a filled survey; C2 with the same; a case and answers of C1's number before it was known."""
    one, number = world.customer(name=CANARY)
    two, other = world.customer(name="王小明")
    now = stamp(clock.now())
    with db.writing() as connection:

        def put(table: Any, **values: Any) -> None:
            connection.execute(schema.metadata.tables[table].insert().values(**values))

        def text(id_: int, customer: int | None, sender: str, words: str) -> None:
            put("reply", id=id_, account="sms", sender=sender, text=words, at=now, recorded_at=now, vendor_id=str(id_),
                customer_id=customer, state="WAITING")  # fmt: skip

        def case(id_: int, customer: int | None, words: str) -> None:
            put("complaint", id=id_, store="S01", customer_id=customer, origin="CRM", state="RECEIVED", received_at=now,
                verbatim=words, demand=words, background=words, resolution=words, updated_at=now)  # fmt: skip
            put("complaint_event", id=id_, complaint_id=id_, seq=1, at=now, recorded_at=now, who="E01", kind="OPEN",
                after="RECEIVED", note=words)  # fmt: skip
            put("complaint_evidence", kind="REPLY", evidence_id=id_, complaint_id=id_, at=now, why="[]")
            put("recovery_offer", id=id_, complaint_id=id_, kind="GIFT", cost=100, offered_by="E01", offered_at=now,
                note=words)  # fmt: skip

        def answers(id_: int, customer: int | None, phone: str, words: str) -> None:
            put("survey_response", id=id_, survey="aftersales", source="survey.web", key=str(id_), side="INTERNAL",
                mode="ONLINE", store="S01", customer_id=customer, phone=phone, completed_at=now, month="2026-11",
                recorded_at=now)  # fmt: skip
            put("survey_answer", response_id=id_, question="Q1", value=words, number=300, comment=words)

        for id_, customer, value, words in (
            (1, one, number, CANARY),
            (2, two, other, "安静"),
            (3, None, number, CANARY),
        ):
            text(id_, customer, value, words)
            case(id_, customer, words)
            answers(id_, customer, value, words)
        put("survey_invitation", id=1, survey="aftersales", instance="web", store="S01", customer_id=one, token="t1",
            link=f"https://x.invalid/{CANARY}", state="SENT", created_at=now, state_at=now)  # fmt: skip
        put("attempt", id=1, customer_id=one, complaint_id=1, at=now, recorded_at=now, channel="PHONE", outcome="SUCCESS",
            result="DONE", remark=CANARY, referral=CANARY, note=CANARY)  # fmt: skip
    return number


def told(db) -> dict[str, str]:
    with db.reading() as connection:
        return {table.name: repr(connection.execute(table.select()).all()) for table in schema.metadata.sorted_tables}


def test_what_was_said_is_handed_over(db, voiced):
    """The export has the cases with their history and offers, and the answers; also those from before the number was known."""
    found = privacy.export(db, voiced)["tables"]
    keys = {name: sorted({row.get("complaint_id", row.get("response_id")) for row in found[name]}) for name in CHILDREN}

    assert {name: [1, 3] for name in CHILDREN} == keys
    assert [1, 3] == [row["id"] for row in found["complaint"]] == [row["id"] for row in found["survey_response"]]
    assert "安静" not in json.dumps(found, ensure_ascii=False)


def test_what_was_said_is_taken_away(db, voiced, clock):
    """After erasing, no table holds a word of it; what happened stays as numbers, and the other's words stay."""
    privacy.erase(db, voiced, by="E01", clock=clock)
    kept = told(db)

    assert [] == [name for name, rows in kept.items() if CANARY in rows]
    assert all("安静" in kept[name] for name in ("complaint", "complaint_event", "recovery_offer", "survey_answer"))
    with db.reading() as connection:
        assert [300, 300, 300] == list(connection.execute(schema.survey_answer.select()).scalars("number"))


def test_what_was_said_goes_with_a_merge_and_comes_back(db, voiced, clock):
    """Cases, calls, invitations and responses are the winner's after a merge, and the loser's again after the split."""

    def owners() -> list[list[int | None]]:
        tables = (schema.complaint, schema.attempt, schema.survey_invitation, schema.survey_response)
        with db.reading() as connection:
            return [
                [row.customer_id for row in connection.execute(table.select().order_by(table.c.id))] for table in tables
            ]

    before = owners()
    customers.merge(db, "C2", "C1", by="E01", clock=clock)
    merged = owners()
    customers.split(db, "C1", by="E01", clock=clock)

    assert [[2, 2, None], [2], [2], [2, 2, None]] == merged
    assert before == owners()
