"""The register of repairs that did not hold, out of the store."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.flows.making import STORE, World

from crmcore.config.packs import shipped
from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.db.engine import take_ids
from crmcore.errors import UsageError
from crmcore.flows.rework import decide, look_up
from crmcore.rules.rework import ReworkPolicy, Window
from crmcore.types.visit import ReworkBasis

PACK = shipped("rework").data["rework"]
POLICY = ReworkPolicy(
    same_fault_days=30,
    guarantee={code: Window(**window) for code, window in PACK["guarantee"].items()},
    **{name: tuple(PACK[name]) for name in ("routine", "doing", "claims")},
    question=PACK["question"],
)


class Shop(World):
    """Writes cars and their repair orders."""

    def order(self, vehicle, ago, *jobs, **columns):
        """An order opened and handed over `ago` days before now; returns its visit."""
        at = self.clock.now() - timedelta(days=ago)
        with self.db.writing() as connection:
            (number,) = take_ids(connection, schema.visit, 1)
            values = {
                "id": number, "kind": "SERVICE", "ro_number": f"RO{number}", "store": "S01", "vehicle_id": vehicle, "advisor": "顾问甲",
                "opened_at": stamp(at), "delivered_at": stamp(at), "handed_on": at.date().isoformat(), "status": "DELIVERED",
                "created_at": stamp(at), "updated_at": stamp(at),
            }  # fmt: skip
            connection.execute(schema.visit.insert().values(**{**values, **columns}))
            for no, name in enumerate(jobs or ("检查底盘异响",), 1):
                connection.execute(schema.visit_line.insert().values(visit_id=number, no=str(no), op_name=name))
        return number

    def car(self):
        with self.db.writing() as connection:
            (number,) = take_ids(connection, schema.vehicle, 1)
            now = stamp(self.clock.now())
            connection.execute(schema.vehicle.insert().values(id=number, created_at=now, updated_at=now))
        return number

    def answer(self, visit, number, *, valid=1):
        """The customer has answered whether it was fixed: 1, 0, or None where it does not apply."""
        now = stamp(self.clock.now())
        with self.db.writing() as connection:
            connection.execute(
                schema.survey_response.insert().values(
                    id=visit, survey="aftersales", source="s", key=str(visit), side="INTERNAL", mode="PHONE", store="S01",
                    visit_id=visit, completed_at=now, month="2026-11", recorded_at=now, valid=valid,
                )
            )  # fmt: skip
            connection.execute(
                schema.survey_answer.insert().values(
                    response_id=visit,
                    question="FIXED_FIRST_TIME",
                    value="" if number is None else str(number),
                    number=number,
                )
            )

    def look(self, since=90, until=0):
        today = self.clock.now().date()
        return look_up(self.db, POLICY, STORE, today - timedelta(days=since), today - timedelta(days=until), self.clock)


@pytest.fixture(name="shop")
def _shop(db, clock):
    return Shop(db, clock)


def test_a_return_is_found_with_both_its_orders(shop):
    """By their lines, and how long it held; nobody else has spoken, so nobody disputes it."""
    car = shop.car()
    first, second = shop.order(car, 50), shop.order(car, 40)
    (row,) = shop.look().rows

    assert (f"RO{first}", f"RO{second}", ("SAME_FAULT",), 10, "顾问甲") == (
        row.order,
        row.returned,
        row.bases,
        row.days,
        row.advisor,
    )
    assert not row.disputed


def test_orders_of_others_do_not_count(shop):
    """Another car, another store, internal and void orders, and orders before the period."""
    car = shop.car()
    shop.order(car, 50)
    shop.order(shop.car(), 45)
    shop.order(car, 44, store="S02")
    shop.order(car, 43, order_type="INTERNAL")
    shop.order(car, 42, status="VOID")

    assert () == shop.look().rows
    assert () == shop.look(since=10).rows


def test_a_return_behind_the_period_belongs_to_its_original(shop):
    """The period is that of the first hand-over."""
    car = shop.car()
    shop.order(car, 50)
    shop.order(car, 35)

    assert 1 == len(shop.look(until=40).rows)
    assert 0 == len(shop.look(since=40).rows)


def test_an_order_counts_by_its_hand_over_and_a_return_by_its_opening(shop):
    """An original opened before the period, and a return handed over long after the window, are both in the register."""
    car, now = shop.car(), shop.clock.now()
    first = shop.order(car, 91, handed_on=(now - timedelta(days=90)).date().isoformat())
    second = shop.order(car, 62, handed_on=now.date().isoformat())

    assert [(f"RO{first}", f"RO{second}", 28)] == [
        (row.order, row.returned, row.days) for row in shop.look(until=85).rows
    ]


def test_the_customer_says_so_in_a_complaint_or_in_an_answer(shop):
    """Either makes the claim; a complaint that was withdrawn, and an answer that was excluded, make none."""
    visits = [shop.order(shop.car(), 50) for _ in range(4)]
    now = stamp(shop.clock.now())
    with shop.db.writing() as connection:
        for number, (visit, state) in enumerate(zip(visits[:2], ("RECEIVED", "WITHDRAWN"), strict=True), 1):
            connection.execute(
                schema.complaint.insert().values(
                    id=number,
                    store="S01",
                    visit_id=visit,
                    category="REPAIR_QUALITY.NOT_FIXED_FIRST",
                    state=state,
                    updated_at=now,
                )
            )
    for visit, valid in zip(visits[2:], (1, 0), strict=True):
        shop.answer(visit, 0, valid=valid)
    found = shop.look()

    assert {(f"RO{visits[0]}", ("CUSTOMER_CLAIM",), True), (f"RO{visits[2]}", ("CUSTOMER_CLAIM",), True)} == {
        (row.order, row.bases, row.disputed) for row in found.rows
    }
    assert (2, 2) == (found.rates.heard[ReworkBasis.CUSTOMER_CLAIM], found.rates.returned[ReworkBasis.CUSTOMER_CLAIM])


@pytest.mark.parametrize(("number", "heard"), [(1, 1), (None, 0)])
def test_only_who_answered_counts_as_asked(shop, number, heard):
    """A yes makes the population of the customers' rate; "does not apply" makes none."""
    shop.answer(shop.order(shop.car(), 50), number)
    shop.order(shop.car(), 50)
    rates = shop.look().rates

    assert (2, heard, 0) == (
        rates.orders,
        rates.heard.get(ReworkBasis.CUSTOMER_CLAIM, 0),
        rates.returned.get(ReworkBasis.CUSTOMER_CLAIM, 0),
    )


def test_the_mark_of_the_dms_counts_beside_the_lines(shop):
    """What both say is not in dispute between them, and the customer has said nothing."""
    car = shop.car()
    first = shop.order(car, 50, km_in=1000)
    shop.order(car, 45, comeback=1, comeback_of=f"RO{first}", km_in=1500)
    found = shop.look()

    assert [(("DMS_FLAG", "SAME_FAULT"), 5, 500, True)] == [
        (row.bases, row.days, row.km, row.within_guarantee) for row in found.rows
    ]
    assert {ReworkBasis.SAME_FAULT: 1, ReworkBasis.DMS_FLAG: 1} == dict(found.rates.returned)
    assert (2, 0) == (found.rates.orders, found.rates.open)


def test_a_person_decides_and_can_decide_again(shop):
    """The decision stands beside what was found; the last word counts."""
    car = shop.car()
    first, second = shop.order(car, 50), shop.order(car, 40)
    for is_rework in (True, False):
        decide(
            shop.db,
            shop.clock,
            f"RO{second}",
            is_rework=is_rework,
            original=f"RO{first}",
            cause="PART",
            responsible="T1",
            by="E1",
        )
    (row,) = shop.look().rows

    assert ("NOT_REWORK", "PART", "T1") == (row.verdict, row.cause, row.responsible)


@pytest.mark.parametrize("number", ["RO404", ""])
def test_a_number_that_is_no_order_is_refused(shop, number):
    """Nothing is written."""
    with pytest.raises(UsageError, match="CRM-U140"):
        decide(shop.db, shop.clock, number, is_rework=True, by="E1")


def test_an_empty_shop_has_an_empty_register(shop):
    """And no rate."""
    found = shop.look()

    assert ((), 0, date) == (found.rows, found.rates.orders, type(found.since))
