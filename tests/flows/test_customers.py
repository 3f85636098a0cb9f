"""What the desk does to a customer's file: found, shown, corrected, merged and split, retired, opted out and in."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select
from tests.flows.fake_dms import entry, read, visit

from crmcore.db import schema
from crmcore.db.schema import contact_point, customer
from crmcore.errors import UsageError
from crmcore.flows import customers, proposals, rejects

WANG = {"name": "王小明", "phone": "13800138001", "birth_date": "1980-03-04"}
LI = {"name": "李四", "phone": "13800138001"}
CAR = {"vin": "LSVAM4187C2184847", "plate_number": "京A12345"}


@pytest.fixture(name="people")
def _people(db, clock, tmp_path):
    """C1 王小明 and C2 李四 share a phone and a car; each has an order."""
    rows = [entry(f"ro:{n}", visit(f"RO{n}", customer=who, vehicle=CAR)) for n, who in enumerate((WANG, LI), 1)]
    read(db, clock, rows, folder=tmp_path)


def snapshot(db):
    """Who everything belongs to."""
    told = {}
    with db.reading() as connection:
        for table in schema.metadata.sorted_tables:
            if table.name not in {"next_id", "audit", "merge", "proposal", "correction"}:
                rows = [
                    {k: v for k, v in row._mapping.items() if k != "updated_at"}
                    for row in connection.execute(table.select())
                ]
                told[table.name] = sorted(map(repr, rows))
    return told


@pytest.mark.parametrize(
    ("what", "found"),
    [("138 0013 8001", ["C1", "C2"]), ("京A·12345", ["C1", "C2"]), ("lsvam4187c2184847", ["C1", "C2"]), ("V1", ["C1", "C2"]),
     ("c1", ["C1"]), ("C9", []), ("13900139000", []), ("nonsense", [])],
)  # fmt: skip
def test_people_are_found_by_what_is_at_hand(db, people, what, found):
    """A number, a plate, a VIN or an id finds its people."""
    assert found == customers.find(db, what)


def test_a_file_is_shown_whole(db, people):
    """Numbers, cars, visits and corrections are in the file, by code."""
    file = customers.show(db, "C1")

    assert ("C1", "王小明", "1980-03-04") == (file["id"], file["name"], file["birth_on"])
    assert [("+8613800138001", True, [])] == [(p["value"], p["preferred"], p["refused"]) for p in file["phones"]]
    assert [("V1", "OWNER")] == [(car["id"], car["role"]) for car in file["vehicles"]]
    assert ["R1"] == [order["id"] for order in file["visits"]]


def test_who_is_not_clear_is_not_guessed(db, people):
    """Two people behind one number: the answer names both ids and no name."""
    with pytest.raises(UsageError) as caught:
        customers.show(db, "13800138001")

    assert ("CRM-S231", {"ids": "C1, C2"}) == (caught.value.code, caught.value.params)


def test_a_correction_holds_against_the_source(db, clock, people, tmp_path):
    """After a correction the DMS's old value is proposed, once; accepting it gives the field back to the DMS."""
    customers.correct(db, "C1", "birth_on", "1981-03-04", by="E01", clock=clock)
    for number in (7, 8):
        read(db, clock, [entry(f"ro:{number}", visit(f"RO{number}", customer=WANG))], folder=tmp_path)
    (asked,) = [p for p in proposals.find(db) if p.kind == "FIELD"]
    held = customers.show(db, "C1")["birth_on"]
    proposals.accept(db, asked.id, by="E01", clock=clock)
    file = customers.show(db, "C1")

    assert ("1981-03-04", "1980-03-04", []) == (held, file["birth_on"], file["corrected"])


def test_a_corrected_number_still_recognises_the_source(db, clock, people, tmp_path):
    """The DMS goes on with the old number: nobody is made twice, and the new number stays the one to use."""
    customers.correct(db, "C1", "phone", "13900139001", by="E01", clock=clock)
    read(db, clock, [entry("ro:7", visit("RO7", customer={**WANG, "address": "示范路 1 号"}))], folder=tmp_path)
    points = {p["value"]: (p["state"], p["preferred"]) for p in customers.show(db, "C1")["phones"]}

    assert {"+8613800138001": ("WRONG_PERSON", False), "+8613900139001": ("VALID", True)} == points
    with db.reading() as connection:
        assert 2 == len(connection.execute(select(customer.c.id)).all())


@pytest.mark.parametrize(
    ("what", "field", "value", "code"),
    [("C1", "id", "9", "CRM-S232"), ("C1", "phone", "1.38E+10", "CRM-S233"), ("C1", "name", "", "CRM-S233"),
     ("C9", "name", "王", "CRM-S230"), ("V1", "vin", "X", "CRM-S233"), ("V9", "model", "X", "CRM-S230")],
)  # fmt: skip
def test_a_correction_that_cannot_be_is_refused(db, clock, people, what, field, value, code):
    """What cannot be used is not written, and the error says why without the value."""
    with pytest.raises(UsageError) as caught:
        customers.correct(db, what, field, value, by="E01", clock=clock)

    assert code == caught.value.code
    assert value == "" or value not in {str(each) for each in caught.value.params.values()}


def test_a_merge_can_be_undone_without_trace(db, clock, people):
    """After a merge everything is the winner's; after the split everything is where it was."""
    before = snapshot(db)
    customers.merge(db, "C1", "C2", by="E01", clock=clock)
    merged = customers.show(db, "C1")
    found = customers.find(db, "C2")
    customers.split(db, "C2", by="E01", clock=clock)

    assert ["C1"] == found
    assert ["R2", "R1"] == [order["id"] for order in merged["visits"]]
    assert before == snapshot(db)
    assert [] == customers.show(db, "C1")["corrected"]


def test_a_merged_customer_stays_merged_when_the_source_comes_again(db, clock, people, tmp_path):
    """A changed row of the loser belongs to the winner, whose name it does not touch."""
    customers.merge(db, "C1", "C2", by="E01", clock=clock)
    read(db, clock, [entry("ro:9", visit("RO9", customer=LI, vehicle=CAR))], folder=tmp_path)
    file = customers.show(db, "C2")

    assert ("C1", "王小明", ["R3", "R2", "R1"]) == (file["id"], file["name"], [order["id"] for order in file["visits"]])


@pytest.mark.parametrize(("winner", "loser"), [("C1", "C1"), ("C1", "C9"), ("C9", "C1")])
def test_a_merge_that_makes_no_sense_is_refused(db, clock, people, winner, loser):
    """Nobody is merged with themselves or with nobody."""
    with pytest.raises(UsageError) as caught:
        customers.merge(db, winner, loser, by="E01", clock=clock)

    assert "CRM-S234" == caught.value.code


def test_a_split_needs_a_merge(db, clock, people):
    """Without a merge there is nothing to undo."""
    with pytest.raises(UsageError) as caught:
        customers.split(db, "C1", by="E01", clock=clock)

    assert "CRM-S235" == caught.value.code


def test_a_proposal_is_decided_once(db, clock, people):
    """Accepting the merge merges; a second answer finds no open question."""
    (asked,) = proposals.find(db)
    proposals.accept(db, asked.id, by="E01", clock=clock)
    with pytest.raises(UsageError):
        proposals.reject(db, asked.id, by="E01", clock=clock)

    assert ["C1"] == customers.find(db, "13800138001")


def test_a_rejected_proposal_does_not_come_back(db, clock, people, tmp_path):
    """What a person said no to is not asked again by the next export."""
    (asked,) = proposals.find(db)
    proposals.reject(db, asked.id, by="E01", clock=clock)
    read(db, clock, [entry("ro:7", visit("RO7", customer=LI, vehicle=CAR))], folder=tmp_path)

    assert [] == proposals.find(db)


def test_the_deceased_and_the_gone_are_told_apart(db, clock, people, tmp_path):
    """DECEASED marks the file; GONE takes the customer out of every list; neither is revived by the DMS."""
    customers.retire(db, "C1", "DECEASED", by="E01", clock=clock)
    customers.retire(db, "C2", "GONE", by="E01", clock=clock)
    rows = [
        entry("ro:7", visit("RO7", customer={**WANG, "deceased": "否"})),
        entry("ro:8", visit("RO8", customer={**LI, "address": "x"})),
    ]
    read(db, clock, rows, folder=tmp_path)

    assert (True, True) == (customers.show(db, "C1")["deceased"], customers.show(db, "C2")["retired"])
    assert ["C1"] == customers.find(db, "13800138001")


def test_a_sold_car_belongs_to_nobody_here(db, clock, people, tmp_path):
    """A car that was sold has no open party, and the DMS does not make it active again."""
    customers.retire(db, "V1", "SOLD", by="E01", clock=clock)
    read(db, clock, [entry("ro:7", visit("RO7", customer=WANG, vehicle={**CAR, "status": "在用"}))], folder=tmp_path)
    with db.reading() as connection:
        status = connection.execute(select(schema.vehicle.c.status)).scalar_one()
        ends = set(connection.execute(select(schema.vehicle_party.c.end_on)).scalars())

    assert ("SOLD", {"2026-11-22"}) == (status, ends)


@pytest.mark.parametrize(("what", "why"), [("C1", "SOLD"), ("V1", "DECEASED")])
def test_a_reason_that_does_not_fit_is_refused(db, clock, people, what, why):
    """A person is not scrapped."""
    with pytest.raises(UsageError) as caught:
        customers.retire(db, what, why, by="E01", clock=clock)

    assert "CRM-S237" == caught.value.code


def test_an_opt_out_is_per_number_and_channel(db, clock, people):
    """A number that said no to texts says so for everybody who has it, and may still be called; opting in ends it."""
    first = customers.optout(db, "138-0013-8001", by="E01", clock=clock)
    again = customers.optout(db, "138-0013-8001", by="E01", clock=clock)
    refused = [customers.show(db, id_)["phones"][0]["refused"] for id_ in ("C1", "C2")]
    back = customers.optin(db, "13800138001", by="E01", clock=clock)

    assert (True, False, True) == (first.changed, again.changed, back.changed)
    assert ([["SMS"], ["SMS"]], []) == (refused, customers.show(db, "C1")["phones"][0]["refused"])


def test_the_source_does_not_take_back_a_yes(db, clock, people, tmp_path):
    """Opted out by the DMS, in again by staff: a stale 是 in the DMS is a proposal, not a second refusal."""
    opted = {**WANG, "opted_out": "是"}
    read(db, clock, [entry("ro:7", visit("RO7", customer=opted))], folder=tmp_path)
    customers.optin(db, "13800138001", by="E01", clock=clock)
    read(db, clock, [entry("ro:8", visit("RO8", customer=opted))], folder=tmp_path)
    (asked,) = [p for p in proposals.find(db) if p.kind == "CONTACT"]
    before = customers.show(db, "C1")["phones"][0]["refused"]
    proposals.accept(db, asked.id, by="E01", clock=clock)

    assert ([], ["SMS"]) == (before, customers.show(db, "C1")["phones"][0]["refused"])


def test_an_opt_out_waits_for_the_claim_of_its_number(db, clock, people):
    """Who opts out locks the contact rows first, so no text is claimed with the state from before (PostgreSQL)."""
    order = []
    with db.writing() as connection:
        connection.execute(
            select(contact_point.c.id).where(contact_point.c.value == "+8613800138001").with_for_update()
        ).all()
        other = threading.Thread(
            target=lambda: (customers.optout(db, "13800138001", by="E01", clock=clock), order.append("out"))
        )
        other.start()
        other.join(0.3)
        order.append("claimed")
    other.join()

    assert ["claimed", "out"] == order


def test_rejects_are_listed_retried_and_dismissed(db, clock, tmp_path):
    """A retried row is read again, a dismissed one counts as unchanged from then on."""
    bad = entry("ro.csv:2", visit(customer={"name": "王小红", "phone": "1.38E+10"}))
    read(db, clock, [bad], folder=tmp_path)
    (found,) = rejects.find(db)
    retried = rejects.retry(db)
    again = read(db, clock, [bad], folder=tmp_path)
    rejects.dismiss(db, [found.id])
    after = read(db, clock, [bad], folder=tmp_path)

    assert ("J1", "PHONE_SCIENTIFIC", ("ro.csv:2",), 1) == (found.id, found.reason, found.place, retried)
    assert ((1, 0), (0, 1)) == ((again.rejected, again.unchanged), (after.rejected, after.unchanged))
    assert [] == rejects.find(db)


@pytest.mark.parametrize("id_", ["J9", "x"])
def test_a_reject_that_is_not_there_is_named(db, id_):
    """A wrong id is an error with that id."""
    with pytest.raises(UsageError) as caught:
        rejects.dismiss(db, [id_])

    assert "CRM-S220" == caught.value.code
