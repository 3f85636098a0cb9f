"""crmcore rework at the command line: a rate is of those that have spoken, and says of how many."""

from __future__ import annotations

import pytest
from tests.flows.planned_dealer import Dealer

from crmcore.db import schema
from crmcore.db.engine import Database

NOW = ("--now", "2026-11-22T10:00")
AT = "2026-11-22T02:00:00Z"


@pytest.fixture(name="shop")
def _shop(crm):
    """A store with three repairs whose window is over, and their visits."""
    crm.toml()
    assert 0 == crm("surveys", "list", *NOW).exit_code
    with Database(f"sqlite:///{crm.folder / 'crm.db'}") as db:
        dealer = Dealer(db)
        person = dealer.customer()
        orders = [dealer.visit(person, dealer.car(person), handed="2026-09-20T16:00") for _ in range(3)]
        for number in orders:
            dealer._insert(schema.visit_line, visit_id=number, no="1", op_name="检查底盘异响")
    return crm, orders


def answers(shop, *said):
    """Customers have answered whether it was fixed: visit, 1 or 0."""
    with Database(f"sqlite:///{shop.folder / 'crm.db'}") as db:
        dealer = Dealer(db, numbers=100)
        for visit, number in said:
            response = dealer._insert(
                schema.survey_response, survey="aftersales", source="s", key=str(visit), side="INTERNAL", mode="PHONE",
                store="S01", visit_id=visit, completed_at=AT, month="2026-11", recorded_at=AT, valid=1,
            )  # fmt: skip
            dealer._insert(
                schema.survey_answer,
                response_id=response,
                question="FIXED_FIRST_TIME",
                value=str(number),
                number=number,
            )


def test_a_rate_of_nobody_is_no_rate(shop):
    """Nobody was asked: that is said, and nobody is told that everything was fixed; so is an empty register."""
    crm, _ = shop
    said = crm("rework", "list", *NOW).stdout.splitlines()
    told = crm.json("rework", "list", *NOW)[1]["rates"]

    assert [
        "No repair of these days came back, as far as anybody has said.",
        "2026-08-24 to 2026-11-22: 3 repairs whose window is over; 0 more may still come back.",
        "First-time fix by the mark of the DMS: no rate, the DMS marks nothing.",
        "First-time fix by the lines of the orders: 100.0 % (0 of 3 came back)",
        "First-time fix by the customer: no rate, none of these customers was asked.",
    ] == said
    assert {
        "orders": 3,
        "open": 0,
        "heard": {"SAME_FAULT": 3},
        "returned": {"SAME_FAULT": 0},
        "disputed": 0,
    } == told


def test_the_customers_rate_is_of_those_who_were_asked(shop):
    """One of two who were asked says no; the register says in words who says so."""
    crm, orders = shop
    answers(crm, (orders[0], 1), (orders[1], 0))
    said = crm("rework", "list", *NOW).stdout

    assert "the customer: 50.0 % (1 of the 2 who were asked or complained say it was not)" in said
    assert "the customer " in said.splitlines()[2]
    assert "CUSTOMER_CLAIM" not in said


def test_before_any_window_is_over_there_is_nothing_to_say(shop):
    """No rate by anybody."""
    crm, _ = shop
    said = crm("rework", "list", "--now", "2026-10-01T10:00").stdout.splitlines()

    assert ["2026-07-03 to 2026-10-01: 0 repairs whose window is over; 3 more may still come back."] == said[1:]
