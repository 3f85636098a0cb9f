"""Advisors after whose bad visits nobody is asked."""

from __future__ import annotations

import pytest
from tests.flows.planned_dealer import Dealer
from tests.flows.surveying import SURVEYING

from crmcore.db import schema
from crmcore.flows.survey_review import dropped_after_bad_visits


@pytest.fixture(name="dealer")
def _dealer(db):
    return Dealer(db)


def answered(dealer, visit):
    dealer._insert(
        schema.survey_response, survey="aftersales", source="x", key=str(visit), side="EXTERNAL", mode="PHONE", store="S01",
        visit_id=visit, completed_at="2026-11-01T00:00:00Z", month="2026-11", recorded_at="2026-11-01T00:00:00Z",
    )  # fmt: skip


def invited(dealer, person, visit):
    dealer._insert(
        schema.survey_invitation, survey="aftersales", instance="x", store="S01", customer_id=person, visit_id=visit,
        token=str(visit), state="SENT", state_at="2026-11-01T00:00:00Z",
    )  # fmt: skip


def rework(dealer, person, visit):
    dealer._insert(
        schema.rework, return_visit_id=visit, original_visit_id=visit, verdict="REWORK", confirmed_by="E01",
        confirmed_at="2026-11-01T00:00:00Z",
    )  # fmt: skip


def no_rework(dealer, person, visit):
    dealer._insert(
        schema.rework, return_visit_id=visit, original_visit_id=visit, verdict="NOT_REWORK", confirmed_by="E01",
        confirmed_at="2026-11-01T00:00:00Z",
    )  # fmt: skip


def comeback(dealer, person, visit):
    dealer.visit(person, None, handed="2026-11-20T16:00", comeback=1, comeback_of=f"RO{visit - 1}")


def complaint_at(received, **known):
    def complain(dealer, person, visit):
        dealer._insert(
            schema.complaint,
            store="S01",
            customer_id=person,
            visit_id=visit,
            received_at=received,
            **{"state": "RECEIVED"} | known,
        )

    return complain


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (rework, True),
        (no_rework, False),
        (comeback, True),
        (complaint_at("2026-10-25T08:00:00Z"), True),
        (complaint_at("2026-10-25T08:00:00Z", state="WITHDRAWN"), False),
        (complaint_at("2026-10-20T09:00:00Z"), False),  # open when he would have been asked: the case asks
        (complaint_at("2026-10-20T09:00:00Z", state="CLOSED", closed_at="2026-10-20T11:00:00Z"), True),
    ],
)
def test_bad_visits_are_compared_with_the_good_ones(db, clock, dealer, bad, found):
    """Bad is a complaint or rework; where the rules themselves ask nobody, it is no choice of the advisor."""
    for number in range(6):
        person = dealer.customer(f"+861380013000{number}")
        visit = dealer.visit(person, None, handed="2026-10-20T16:00", advisor="E05")
        if number < 3:
            bad(dealer, person, visit)
        elif number == 3:
            answered(dealer, visit)
        else:
            invited(dealer, person, visit)
    findings = dropped_after_bad_visits(db, SURVEYING, clock)

    assert (["E05"] if found else []) == [each.staff for each in findings]


def test_an_advisor_is_one_by_code_and_by_name(db, clock, dealer):
    """Three bad visits of one colleague, whose orders name him now so, now so."""
    dealer._insert(schema.staff, code="E05", name="李顾问", store="S01", role="SERVICE_ADVISOR", source="dms:x")
    for number in range(6):
        visit = dealer.visit(
            dealer.customer(None), None, handed="2026-10-20T16:00", advisor=("E05", "李顾问")[number % 2]
        )
        if number < 3:
            rework(dealer, None, visit)
        else:
            answered(dealer, visit)

    assert [("E05", 3, 3)] == [
        (each.staff, each.bad, each.good) for each in dropped_after_bad_visits(db, SURVEYING, clock)
    ]


def test_visits_too_fresh_or_too_old_say_nothing(db, clock, dealer):
    """Who was here yesterday may still be asked."""
    for handed in ("2026-11-21T16:00", "2026-06-20T16:00"):
        for number in range(6):
            person = dealer.customer(None)
            visit = dealer.visit(person, None, handed=handed, advisor="E05")
            if number < 3:
                rework(dealer, person, visit)
            else:
                answered(dealer, visit)

    assert () == dropped_after_bad_visits(db, SURVEYING, clock)
