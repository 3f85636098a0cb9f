"""One person's data is handed over whole, and taken away whole."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from tests.flows.fake_dms import entry, read, visit
from tests.flows.making import World
from tests.reading import counting, touched, writing

from crmcore.db import inbox, optouts, schema
from crmcore.db.columns import stamp
from crmcore.db.engine import take_ids
from crmcore.db.personal import ERASED
from crmcore.errors import UsageError
from crmcore.flows import customers, privacy
from crmcore.hooks.adapters import WebhookRequest

NUMBER = "13800137777"
WHO = {
    "name": "金丝雀",
    "phone": NUMBER,
    "birth_date": "1977-07-07",
    "address": "金丝雀巷7号",
    "employer": "金丝雀公司",
    "relatives": [{"name": "金小雀", "birth_date": "2007-07-07"}],
    "consents": [{"purpose": "MARKETING", "granted": "是"}],
}
CAR = {"vin": "LSVAM4187C2184847", "plate_number": "京A77777"}
OTHER = {"name": "王小明", "phone": "13800138001"}
CANARIES = ("金丝雀", "金小雀", "1977", "2007-07-07", "京A77777")


@pytest.fixture(name="known")
def _known(db, clock, tmp_path):
    """C1 is known in every way there is: order, text, reply, push, reject, proposal, correction, opt-out."""
    order = visit("RO1", customer=WHO, vehicle=CAR, remark="金丝雀说会再来", reason_verbatim="金丝雀听到异响")
    read(db, clock, [entry("ro:1", order), entry("ro:2", visit("RO2", customer=OTHER))], folder=tmp_path)
    customers.correct(db, "C1", "employer", "金丝雀厂", by="E01", clock=clock)
    later = visit("RO3", customer={**WHO, "employer": "金丝雀集团"}, vehicle=CAR)
    read(db, clock, [entry("ro:3", later)], folder=tmp_path)
    world = World(db, clock)
    world.text(1, f"+86{NUMBER}", text="金丝雀，您好", params=json.dumps({"name": "金丝雀"}, ensure_ascii=False))
    now = stamp(clock.now())
    with db.writing() as connection:
        inbox.store(connection, "sms", WebhookRequest(method="GET", path="mo", query={"from": NUMBER}), clock.now())
        inbox.keep_reply(
            connection,
            account="sms",
            sender=f"+86{NUMBER}",
            text="我是金丝雀",
            at=now,
            recorded_at=now,
            vendor_id="1",
            customer_id=1,
            state="WAITING",
        )
        connection.execute(
            schema.reject.insert().values(
                id=77, source_id=1, part="ro.csv", at="ro.csv:7", column="里程", shape="字", reason="NUMBER_FORM", catalog="crmcore",
                raw=json.dumps({"姓名": "金丝雀", "手机": NUMBER}, ensure_ascii=False), first_at=now, last_at=now,
            )
        )  # fmt: skip
        connection.execute(
            schema.touchpoint.insert().values(
                id=77, rule="X", subject="visit:1", anchor="visit:1", anchor_on="2026-11-19", occurrence="1", store="S01",
                customer_id=1, due_at=now, channel="PHONE", message_class="SERVICE", state="DUE", explanation="{}", created_at=now,
                updated_at=now,
            )
        )  # fmt: skip
        optouts.refuse(connection, [(f"+86{NUMBER}", "SMS")], "staff:E01", clock.now())


def dump(db) -> dict[str, str]:
    with db.reading() as connection:
        return {table.name: repr(connection.execute(table.select()).all()) for table in schema.metadata.sorted_tables}


def places_of(db, canaries) -> list[tuple[str, str]]:
    return [(name, word) for name, rows in dump(db).items() for word in canaries if word in rows]


def test_everything_is_handed_over(db, known):
    """Each table that knows the person is in the export, with what it says; nobody else is."""
    told = privacy.export(db, NUMBER)
    text = json.dumps(told, ensure_ascii=False)
    tables = {"customer", "contact_point", "consent", "relative", "vehicle", "vehicle_party", "visit", "message", "reply", "opt_out",
              "proposal", "correction", "reject", "touchpoint", "external_ref"}  # fmt: skip

    assert "C1" == told["customer"]
    assert tables <= set(told["tables"])
    assert all(word in text for word in CANARIES)
    assert "王小明" not in text


def test_nothing_that_says_who_it_was_stays(db, known, clock):
    """After erasing, no table holds a name, a number, a plate, a birthday or a word of that person; the refusal alone stays."""
    assert {word for _, word in places_of(db, CANARIES)} == set(CANARIES)
    done = privacy.erase(db, NUMBER, by="E01", clock=clock)

    assert [] == places_of(db, CANARIES)
    assert [("opt_out", NUMBER)] == places_of(db, [NUMBER])
    assert "C1" == done.id
    assert done.rows["customer"] == 1


def test_the_file_forgets_too(db, known, clock):
    """On SQLite the bytes of the database and its log hold nothing of what was erased."""
    if db.postgresql:
        db.forget()  # nothing to do there, and no error
        return
    folder = Path(db.url.database).parent
    privacy.erase(db, NUMBER, by="E01", clock=clock)
    left = b"".join(file.read_bytes() for file in folder.glob("crm.db*"))

    assert [] == [word for word in CANARIES if word.encode() in left]


def test_what_happened_stays_as_numbers(db, known, clock):
    """Visits are still counted and the other customer is untouched; what was owed is cancelled."""
    privacy.erase(db, NUMBER, by="E01", clock=clock)
    with db.reading() as connection:
        visits = connection.execute(schema.visit.select()).all()
        owed = connection.execute(schema.touchpoint.select()).one()
        other = connection.execute(schema.customer.select().where(schema.customer.c.id == 2)).one()

    assert 3 == len(visits)
    assert ("CANCELLED", "CUSTOMER_GONE") == (owed.state, owed.reason)
    assert "王小明" == other.name


def test_the_trail_of_an_erasure_is_written_last(db, known, clock):
    """After everything of the person, as a sync does: neither waits for the other crosswise."""
    now = stamp(clock.now())
    with db.writing() as connection:
        (number,) = take_ids(connection, schema.touchpoint, 1)
        connection.execute(
            schema.touchpoint.insert().values(
                id=number, rule="BIRTHDAY", subject="customer:1", anchor="x", anchor_on=now, occurrence="1", store="S01",
                customer_id=1, due_at=now, channel="SMS", message_class="CARE", state="DUE", explanation="{}", created_at=now,
                updated_at=now,
            )
        )  # fmt: skip
    with counting(db) as said:
        privacy.erase(db, NUMBER, by="E01", clock=clock)
    written = writing(said)
    first = next(place for place, statement in enumerate(written) if "next_id" in statement)

    assert written[:first]
    assert set() == touched(written[first:]) - {"next_id", "audit", "touchpoint", "message", "message_event"}


def test_no_source_brings_it_back(db, known, clock, tmp_path):
    """The next export says it all again, changed so that it is read: nothing of it is learnt, not even as a proposal."""
    privacy.erase(db, NUMBER, by="E01", clock=clock)
    clock.at += timedelta(days=1)
    again = visit(
        "RO1",
        customer={**WHO, "employer": "金丝雀银行"},
        vehicle=CAR,
        remark="金丝雀又来",
        reason_verbatim="金丝雀",
        km_in="9000",
    )
    report = read(db, clock, [entry("ro:9", again)], folder=tmp_path)

    assert 1 == report.read
    assert [] == places_of(db, CANARIES)
    with db.reading() as connection:
        assert 9000 == connection.execute(schema.visit.select().where(schema.visit.c.id == 1)).one().km_in
        marks = connection.execute(schema.correction.select()).all()
    assert {ERASED} == {row.field for row in marks}


def test_who_was_merged_is_erased_with_the_other(db, known, clock, tmp_path):
    """A merged customer's own file goes as well."""
    customers.merge(db, "C2", "C1", by="E01", why="same person", clock=clock)
    privacy.erase(db, "C2", by="E01", clock=clock)

    assert [] == places_of(db, (*CANARIES, "王小明"))


def test_a_car_of_two_keeps_its_plate(db, known, clock, tmp_path):
    """The plate says as much about the other who drives it."""
    read(db, clock, [entry("ro:8", visit("RO8", customer=OTHER, vehicle=CAR))], folder=tmp_path)
    privacy.erase(db, NUMBER, by="E01", clock=clock)

    assert [("vehicle", "京A77777")] == [place for place in places_of(db, CANARIES) if place[0] == "vehicle"]


@pytest.mark.parametrize(("what", "code"), [("13900139999", "CRM-S230"), ("京A77777", "CRM-S231")])
def test_nobody_is_erased_by_chance(db, known, clock, tmp_path, what, code):
    """An unknown number erases nobody, and a plate that two people share names them instead."""
    read(db, clock, [entry("ro:8", visit("RO8", customer=OTHER, vehicle=CAR))], folder=tmp_path)
    before = dump(db)
    with pytest.raises(UsageError, match=code):
        privacy.erase(db, what, by="E01", clock=clock)

    assert before == dump(db)
