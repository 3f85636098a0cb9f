"""What a sync promises: counts that reconcile, nothing lost, nothing twice, nothing overwritten silently."""

from __future__ import annotations

import itertools
import logging
import stat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.flows.fake_dms import Anew, FakeDms, entry, read, visit
from tests.reading import counting, touched, writing

from crmcore.db import schema
from crmcore.db.schema import contact_point, customer, external_ref, opt_out, reject, visit_line
from crmcore.db.schema import visit as visits
from crmcore.errors import Busy, ConfigError, PermanentError, StoreError
from crmcore.flows.events import latest, since
from crmcore.flows.keeping import Keeper
from crmcore.flows.sync import Source, sync
from crmcore.hooks.records import Batch, Entry, Gone, Reject

WANG = {"name": "王小明", "phone": "138-0013 8001"}
LI = {"name": "李四", "phone": "13800138002"}
CAR = {"vin": "LSVAM4187C2184847", "plate_number": "京A·12345"}


def counted(report):
    return (report.read, report.accepted, report.unchanged, report.duplicates, report.rejected)


def all_rows(db, table, *columns):
    with db.reading() as connection:
        found = connection.execute(select(*columns) if columns else table.select()).all()
    return sorted(map(tuple, found), key=repr)


def everything(db):
    """All that a dealer would miss: ids and times of writing left out."""
    with db.reading() as connection:
        people = connection.execute(
            select(customer.c.name, contact_point.c.value).join_from(customer, contact_point, isouter=True)
        ).all()
        orders = connection.execute(
            select(external_ref.c.key, visits.c.status, visits.c.handed_on, visits.c.km_in).join_from(
                external_ref, visits, (external_ref.c.id == visits.c.id) & (external_ref.c.entity == "visit")
            )
        ).all()
        lines = connection.execute(
            select(external_ref.c.key, visit_line.c.no, visit_line.c.hours).join_from(
                external_ref,
                visit_line,
                (external_ref.c.id == visit_line.c.visit_id) & (external_ref.c.entity == "visit"),
            )
        ).all()
    return tuple(sorted(map(tuple, found), key=repr) for found in (people, orders, lines))


def order(number, who=WANG, **said):
    return entry(f"ro.csv:{number}", visit(f"RO{number}", customer=who, vehicle=CAR, **said))


def order_of(key, who, car):
    return entry(f"ro.csv:{key}", visit(key, customer=who, vehicle=car))


# ------------------------------------------------------------------ promise 1: counts reconcile


def test_a_row_goes_into_all_tables(db, clock, tmp_path):
    """One order makes a customer with a number, a car with its owner and driver, a visit with its line, and their names."""
    said = visit(
        customer=WANG, brought_by=LI, vehicle=CAR, opened_at="2026/11/3 9:00", delivered_at="2026年11月3日 17:00", km_in="12,000",
        lines=[{"op_name": "保养", "hours_sold": "1.5", "labour_amount": "120"}],
    )  # fmt: skip
    report = read(db, clock, [entry("ro.csv:2", said)], folder=tmp_path)

    assert (1, 1, 0, 0, 0) == counted(report)
    assert [("李四", "+8613800138002"), ("王小明", "+8613800138001")] == everything(db)[0]
    assert [("RO1", "DELIVERED", "2026-11-03", 12000)] == everything(db)[1]
    assert [("RO1", "保养", 150)] == everything(db)[2]
    with db.reading() as connection:
        parties = connection.execute(
            select(schema.vehicle_party.c.role, customer.c.name).join(
                customer, customer.c.id == schema.vehicle_party.c.customer_id
            )
        ).all()

    assert {("CONTACT", "李四"), ("OWNER", "王小明")} == set(map(tuple, parties))


def test_the_same_rows_again_change_nothing(db, clock, tmp_path):
    """A re-sent file is unchanged in every row, in whatever order, and its rejects stay rejected."""
    rows = [order(2), order(3), order(3), order(4, {"name": "王小红", "phone": "1.38E+10"})]
    first = read(db, clock, rows, folder=tmp_path)
    before = everything(db)
    second = read(db, clock, rows[::-1], folder=tmp_path)

    assert (4, 2, 0, 1, 1) == counted(first)
    assert (4, 0, 3, 0, 1) == counted(second)
    assert before == everything(db)


def test_a_part_whose_bytes_are_the_same_keeps_its_rejects(db, clock, tmp_path):
    """Rows that the adapter skips count as unchanged, but for those of them that are rejected."""
    read(db, clock, [order(2), order(3, {"name": "王小红", "phone": "1.38E+10"})], folder=tmp_path)
    skipped = Batch((), "1", unchanged=2, parts=("ro.csv",))

    assert (2, 0, 1, 0, 1) == counted(read(db, clock, skipped, folder=tmp_path))


def test_a_row_of_several_source_rows_counts_each(db, clock, tmp_path):
    """An entry that stands for three source rows is three rows read, also when it is rejected and later skipped."""
    bad = entry(("a.csv:2", "a.csv:3", "a.csv:4"), visit(customer={"name": "王小红", "phone": "1.38E+10"}))
    first = read(db, clock, [bad], folder=tmp_path)
    again = read(db, clock, Batch((), None, unchanged=3, parts=("a.csv",)), folder=tmp_path)

    assert (3, 0, 0, 0, 3) == counted(first) == counted(again)


def test_the_same_content_in_other_bytes_is_unchanged(db, clock, tmp_path):
    """A row that says nothing new is unchanged, though its bytes are new."""
    read(db, clock, [order(2)], folder=tmp_path)
    dressed = entry("b.csv:9", visit("RO2", customer={"name": "王小明 ", "phone": "+86 13800138001"}, vehicle=CAR))

    assert (1, 0, 1, 0, 0) == counted(read(db, clock, [dressed], folder=tmp_path))


def test_a_repetition_is_a_duplicate_in_the_pull_that_brought_it(db, clock, tmp_path):
    """The same bytes in a later batch of the same pull are a duplicate; in a later pull they are unchanged."""
    first = read(db, clock, [order(2)], [order(2)], folder=tmp_path)
    second = read(db, clock, [order(2)], [order(2)], folder=tmp_path)

    assert ((2, 1, 0, 1, 0), (2, 0, 2, 0, 0)) == (counted(first), counted(second))


def test_a_mended_row_mends_its_reject(db, clock, tmp_path):
    """When the order comes in good order, also within the same second, the reject is mended and the file of rejects goes."""
    read(db, clock, [order(2, {"name": "王小红", "phone": "1.38E+10"})], folder=tmp_path)
    there = (tmp_path / "rejects.csv").exists()
    read(
        db,
        clock,
        [entry("new.csv:7", visit("RO2", customer={"name": "王小红", "phone": "13800138003"}))],
        folder=tmp_path,
    )

    assert (True, False) == (there, (tmp_path / "rejects.csv").exists())
    assert [("MENDED",)] == all_rows(db, None, reject.c.state)


def test_a_row_that_breaks_its_adapter_is_put_aside(db, clock, tmp_path):
    """An exception while a row is parsed rejects that row; the others are kept."""

    def broken():
        raise ZeroDivisionError

    rows = [order(2), Entry(("ro.csv:3",), b"x" * 16, broken, broken)]

    assert (2, 1, 0, 0, 1) == counted(read(db, clock, rows, folder=tmp_path))
    assert [("ROW_UNREADABLE",)] == all_rows(db, None, reject.c.reason)


def test_a_reject_of_the_adapter_is_counted_once_a_pull(db, clock, tmp_path):
    """A reject without a digest is recognised by its place and its text."""
    bad = Reject(("ro.csv:5",), "手机号", "9.99A+99", "CELL_SCIENTIFIC", raw={"手机号": "1.38E+10"})
    first, second = (counted(read(db, clock, [bad, bad], folder=tmp_path)) for _ in range(2))

    assert (2, 0, 0, 1, 1) == first == second


TEXTS = st.sampled_from(["13800138001", "13800138002", "1.38E+10", "", "138 0013 8003"])
ENTRIES = st.builds(
    lambda key, name, phone, km, place: entry(
        f"ro.csv:{place}", visit(f"RO{key}", customer={"name": name, "phone": phone}, vehicle=CAR, km_in=km)
    ),
    st.integers(0, 3), st.sampled_from(["王小明", "李四", "张三"]), TEXTS, st.sampled_from(["100", "200", "abc"]), st.integers(2, 9),
)  # fmt: skip
PULLS = st.lists(st.lists(st.lists(ENTRIES, max_size=5), max_size=3), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pulls=PULLS, crash=st.integers(0, 3))
def test_counts_reconcile_whatever_comes(db, clock, tmp_path, pulls, crash):
    """Read = accepted + unchanged + duplicates + rejected, crash or not, and what is pulled last brings nothing a second time."""
    with db.writing() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(table.delete())
    for batches in pulls:
        stopped = FakeDms(*batches[:crash])
        stopped.error = PermanentError("CRM-H100")
        reports = [read(db, clock, *batches[:crash], folder=tmp_path), read(db, clock, *batches, folder=tmp_path)]
        for report, given_ in zip(reports, (batches[:crash], batches), strict=True):
            total = sum(len(batch) for batch in given_)

            assert total == report.read == report.accepted + report.unchanged + report.duplicates + report.rejected
    last = read(db, clock, *pulls[-1], folder=tmp_path)

    assert 0 == last.accepted


# ------------------------------------------------------------------ crash, cursor, two processes


def test_an_error_keeps_what_came_before_it(db, clock, tmp_path):
    """What was committed before the source broke stays, the error is reported, and the next sync goes on from there."""
    adapter = FakeDms([order(2)], [order(3)])
    adapter.error = PermanentError("CRM-H100")
    broken = read(db, clock, adapter=adapter, folder=tmp_path)
    adapter.error = None
    adapter.batches.append(Batch((order(4),), None))
    after = read(db, clock, adapter=adapter, folder=tmp_path)

    assert ("CRM-H100", (2, 2, 0, 0, 0)) == (broken.error.code, counted(broken))
    assert (None, (1, 1, 0, 0, 0)) == (after.error, counted(after))


def test_one_broken_source_does_not_stop_the_others(db, clock, tmp_path):
    """A bug in one adapter is reported with its name, and the next source is read."""

    class Broken(FakeDms):
        def pull(self, cursor):
            raise ZeroDivisionError

    from tests.flows.fake_dms import STORES

    wanted = [
        Source(name=name, system=name, adapter=adapter, store="S01")
        for name, adapter in (("a", Broken()), ("b", Anew([order(2)])))
    ]
    report = sync(db, wanted, stores=STORES, clock=clock, folder=tmp_path)

    assert ["CRM-S210", None] == [each.error and each.error.code for each in report.sources]
    assert (True, 1) == (report.failed, report.sources[1].accepted)


def test_two_processes_never_interleave(db, clock, tmp_path):
    """Who finds that the cursor was moved meanwhile stops with `Busy` and has kept nothing of that batch."""

    class Meddled(Anew):
        def pull(self, cursor):
            yield self.batches[0]
            read(db, clock, [order(9)], folder=tmp_path)
            yield self.batches[1]

    with pytest.raises(Busy):
        read(db, clock, adapter=Meddled([order(2)], [order(3)]), folder=tmp_path)

    assert ["RO2", "RO9"] == [key for key, *_ in everything(db)[1]]


def test_a_system_that_vanished_stops_the_sync(db, clock, tmp_path):
    """Data of a system that the config no longer names is not left behind silently."""
    read(db, clock, [order(2)], folder=tmp_path)
    with pytest.raises(ConfigError) as caught:
        read(db, clock, [order(2)], name="other", system="other", folder=tmp_path, systems={"other"})

    assert "CRM-S201" == caught.value.code


def test_renaming_an_instance_imports_nothing_twice(db, clock, tmp_path):
    """Ids belong to the system, so a renamed instance finds everything as it left it."""
    read(db, clock, [order(2)], folder=tmp_path)

    assert (1, 0, 1, 0, 0) == counted(read(db, clock, [order(2)], name="renamed", folder=tmp_path))


# ------------------------------------------------------------------ what a record means


def test_a_missing_field_keeps_ours_and_none_empties_it(db, clock, tmp_path):
    """Silence keeps; an explicit None empties; a dash or 无 says nothing."""
    read(
        db,
        clock,
        [entry("a:1", visit(remark="客户在店", km_in="100", advisor="A1", opened_at="2026-11-03"))],
        folder=tmp_path,
    )
    read(db, clock, [entry("a:1", visit(remark=None, advisor="-", opened_at="无"))], folder=tmp_path)

    assert [(None, 100, "A1", "2026-11-02T16:00:00Z")] == all_rows(
        db, None, visits.c.remark, visits.c.km_in, visits.c.advisor, visits.c.opened_at
    )


def test_lines_merge_and_never_shrink(db, clock, tmp_path):
    """A second row of the order adds its line; a changed line changes; none is dropped."""
    rows = [
        entry(f"a:{n}", visit(lines=[line]))
        for n, line in enumerate(({"op_name": "保养", "hours_sold": "1"}, {"op_name": "机油"}))
    ]
    read(db, clock, rows, folder=tmp_path)
    read(db, clock, [entry("a:1", visit(lines=[{"op_name": "保养", "hours_sold": "2"}]))], folder=tmp_path)

    assert [("RO1", "保养", 200), ("RO1", "机油", None)] == everything(db)[2]


def test_only_gone_deletes(db, clock, tmp_path):
    """A visit that is absent stays; one that is gone is void, and the car's last service with it."""
    read(
        db,
        clock,
        [order(2, delivered_at="2026-11-03 17:00"), order(3, delivered_at="2026-10-03 17:00")],
        folder=tmp_path,
    )
    read(db, clock, [entry("gone:1", Gone(entity="visit", key="RO2"))], folder=tmp_path)

    assert [("CUSTOMER", "DELIVERED"), ("VOID", "VOID")] == all_rows(db, None, visits.c.order_type, visits.c.status)
    assert [("2026-10-03",)] == all_rows(db, None, schema.vehicle.c.last_service_on)


def test_a_car_whose_only_service_is_void_has_no_next_one(db, clock, tmp_path):
    """With its last service goes what was worked out from it; its readings go too."""
    read(
        db,
        clock,
        [order(2, opened_at="2026-11-03 09:00", delivered_at="2026-11-03 17:00", km_in="12000")],
        folder=tmp_path,
    )
    read(db, clock, [entry("gone:1", Gone(entity="visit", key="RO2"))], folder=tmp_path)
    columns = ("km2", "last_service_on", "next_service_on", "next_service_km", "next_service_basis")

    assert [(None,) * 5] == all_rows(db, None, *(schema.vehicle.c[name] for name in columns))


def test_any_order_will_do(db, clock, tmp_path):
    """A complaint before its visit makes a stub, which the visit fills when it comes."""
    read(db, clock, [entry("c:1", ("complaint", {"key": "K1", "visit": "RO2", "state": "处理中"}))], folder=tmp_path)
    read(db, clock, [order(2, delivered_at="2026-11-03 17:00")], folder=tmp_path)

    assert [("RO2", "DELIVERED", "2026-11-03", None)] == everything(db)[1]
    assert 1 == len(all_rows(db, schema.complaint))


def test_an_order_of_rows_decides_nothing(db, clock, tmp_path):
    """Whatever order three orders of one car come in, in one batch or in three: readings, last service, next service agree."""
    rows = [
        order(2, opened_at="2026-03-01 09:00", delivered_at="2026-03-01 17:00", km_in="10000"),
        order(3, opened_at="2026-06-01 09:00", delivered_at="2026-06-02 17:00", km_in="18000"),
        order(4, opened_at="2026-09-01 09:00", km_in="25000"),
    ]
    columns = (
        "km1_on",
        "km1",
        "km2_on",
        "km2",
        "last_service_on",
        "next_service_on",
        "next_service_km",
        "next_service_basis",
    )
    found = set()
    for arranged in itertools.permutations(rows):
        for batches in ([arranged], [[row] for row in arranged]):
            with db.writing() as connection:
                for table in reversed(schema.metadata.sorted_tables):
                    connection.execute(table.delete())
            read(db, clock, *batches, folder=tmp_path)
            found |= set(all_rows(db, None, *(schema.vehicle.c[name] for name in columns)))

    assert {("2026-06-01", 18000, "2026-09-01", 25000, "2026-09-01", "2027-01-11", 35000, "PREDICTED")} == found


def test_settlement_stands_in_for_an_unknown_hand_over(db, clock, tmp_path):
    """The callback hangs on hand-over; only where it is unknown on settlement, and the basis says so. The day is local."""
    rows = [
        entry("a:1", visit("RO1", invoiced_at="2026-11-03 23:30")),
        entry("a:2", visit("RO2", invoiced_at="2026-11-20 09:00", delivered_at="2026-11-03 00:30")),
        entry("a:3", visit("RO3", store="S02", delivered_at="2026-11-03 00:30")),
    ]
    read(db, clock, rows, folder=tmp_path)

    assert [("2026-11-03", "DELIVERED"), ("2026-11-03", "DELIVERED"), ("2026-11-03", "INVOICED")] == all_rows(
        db, None, visits.c.handed_on, visits.c.handed_basis
    )


def test_staff_of_the_config_are_the_configs(db, clock, tmp_path):
    """The DMS adds and changes its own people; whom the config names it leaves alone."""
    with db.writing() as connection:
        connection.execute(
            schema.staff.insert().values(
                code="E01", name="陈一", store="S01", role="CR_AGENT", active=1, source="config"
            )
        )
    people = [("staff", {"key": code, "name": "陈二", "role": "服务顾问", "active": "在职"}) for code in ("E01", "E02")]
    rows = [entry(f"staff.csv:{n}", said) for n, said in enumerate(people)]
    bad = read(db, clock, rows, folder=tmp_path)
    good = [entry(said[1]["key"], ("staff", {**said[1], "active": "是"})) for said in people]
    read(db, clock, good, folder=tmp_path)
    read(db, clock, [entry("gone", Gone(entity="staff", key="E01"), Gone(entity="staff", key="E02"))], folder=tmp_path)

    assert 2 == bad.rejected
    assert [("E01", "陈一", "CR_AGENT", 1), ("E02", "陈二", "SERVICE_ADVISOR", 0)] == all_rows(
        db, None, *(schema.staff.c[name] for name in ("code", "name", "role", "active"))
    )


def test_whatever_is_gone_is_over_and_nothing_is_deleted(db, clock, tmp_path):
    """An appointment is cancelled, a complaint withdrawn, a car off the books, a customer retired, and revived by coming again."""
    who, car = {"key": "77", **WANG}, {"key": "F1", **CAR}
    said = [
        (
            "appointment",
            {"key": "A1", "customer": who, "vehicle": car, "start": "2026-11-23 10:00", "status": "已确认"},
        ),
        ("complaint", {"key": "K1", "customer": who, "state": "处理中", "received_at": "2026-11-20"}),
    ]
    read(db, clock, [entry("x:1", *said)], folder=tmp_path)
    gone = [
        Gone(entity=entity, key=key)
        for entity, key in (("appointment", "A1"), ("complaint", "K1"), ("vehicle", "F1"), ("customer", "77"))
    ]
    report = read(
        db,
        clock,
        [entry(f"gone:{n}", each) for n, each in enumerate((*gone, Gone(entity="visit", key="?")))],
        folder=tmp_path,
    )
    tables = (
        (schema.appointment, "status"),
        (schema.complaint, "state"),
        (schema.vehicle, "status"),
        (customer, "merged_into"),
    )
    over = [all_rows(db, None, table.c[name])[0][0] for table, name in tables]
    read(db, clock, [entry("x:2", ("customer", {**who, "address": "示范路 1 号"}))], folder=tmp_path)

    assert (5, 4, 1, 0, 0) == counted(report)
    assert ["CANCELLED", "WITHDRAWN", "OFF_SITE", 0] == over
    assert [(None, "示范路 1 号")] == all_rows(db, None, customer.c.merged_into, customer.c.address)


def test_family_and_consents_are_kept_and_a_withdrawal_is_not_revived(db, clock, tmp_path):
    """A relative's birthday is kept; a yes of the DMS does not overrule what the customer took back elsewhere."""
    who = {
        **WANG,
        "relatives": [{"name": "王小宝", "relation": "子女", "birth_date": "2015-06-01"}],
        "consents": [{"purpose": "MARKETING", "granted": "是"}],
    }
    first = read(db, clock, [order(2, who)], folder=tmp_path)
    second = read(db, clock, [order(3, who)], [order(2, who, remark="x")], folder=tmp_path)
    given_ = all_rows(db, None, schema.consent.c.status)
    with db.writing() as connection:
        connection.execute(schema.consent.update().values(status="WITHDRAWN", evidence="reply:I7"))
    read(db, clock, [order(4, who)], folder=tmp_path)

    assert (1, 2) == (first.accepted, second.accepted)
    assert [("王小宝", "子女", "06-01")] == all_rows(
        db, None, schema.relative.c.name, schema.relative.c.relation, schema.relative.c.birth_md
    )
    assert ([("GRANTED",)], [("WITHDRAWN",)]) == (given_, all_rows(db, None, schema.consent.c.status))


def test_what_is_odd_is_told_and_kept(db, clock, tmp_path):
    """A wrong check digit, a word nobody knows and a field nobody asked for are in the report; the row is kept."""
    said = visit("RO1", vehicle={"vin": "LSVAM4187C2184840"}, status="飞走了", colour="红")
    report = read(db, clock, [entry("a:1", said)], folder=tmp_path)

    assert (1, {"VIN_CHECK_DIGIT": 1, "UNKNOWN_WORD": 1}, ("status=?", "visit.colour")) == (
        report.accepted, dict(report.warnings), report.unknown_fields
    )  # fmt: skip


def test_a_car_is_known_by_its_plate_only_with_its_customer(db, clock, tmp_path):
    """The plate goes on to another customer's car: that is another car; the VIN, when it comes, completes the right one."""
    rows = [
        order_of("RO1", WANG, {"plate_number": "京A12345"}),
        order_of("RO2", {"name": "赵六", "phone": "13800138006"}, {"plate_number": "京A12345"}),
        order_of("RO3", WANG, {"plate_number": "京A12345"}),
    ]
    read(db, clock, rows, folder=tmp_path)
    with db.reading() as connection:
        cars = connection.execute(
            select(external_ref.c.key, visits.c.vehicle_id)
            .join(visits, visits.c.id == external_ref.c.id)
            .where(external_ref.c.entity == "visit")
            .order_by(external_ref.c.key)
        ).all()

    assert [("RO1", 1), ("RO2", 2), ("RO3", 1)] == [tuple(row) for row in cars]


def test_who_brings_the_car_is_somebody_else_only_when_the_row_says_so(db, clock, tmp_path):
    """送修人 who is the customer again makes nobody new; another name is a contact of the car."""
    said = [("RO1", {"name": "王小明"}), ("RO2", WANG), ("RO3", {"name": "李四"})]
    read(
        db,
        clock,
        [entry(key, visit(key, customer=WANG, vehicle=CAR, brought_by=who)) for key, who in said],
        folder=tmp_path,
    )

    assert [("李四",), ("王小明",)] == all_rows(db, None, customer.c.name)
    assert [("CONTACT",), ("OWNER",)] == all_rows(db, None, schema.vehicle_party.c.role)


def test_the_buyer_of_a_new_car_is_its_buyer(db, clock, tmp_path):
    """A delivery makes BUYER and, where nobody owns the car yet, OWNER; its hand-over is no service."""
    read(
        db,
        clock,
        [entry("d:1", visit("D1", kind="新车交付", customer=WANG, vehicle=CAR, delivered_at="2026-11-03 17:00"))],
        folder=tmp_path,
    )

    assert [("BUYER",), ("OWNER",)] == all_rows(db, None, schema.vehicle_party.c.role)
    assert [(None,)] == all_rows(db, None, schema.vehicle.c.last_service_on)


# ------------------------------------------------------------------ who is who


def test_the_same_number_with_another_name_is_only_proposed(db, clock, tmp_path):
    """A family that shares a phone stays two customers, and the question is asked once."""
    rows = [
        order(2),
        order(3, {"name": "李四", "phone": "13800138001"}),
        order(4, {"name": "李四", "phone": "13800138001"}),
    ]
    read(db, clock, rows, folder=tmp_path)

    assert [("李四",), ("王小明",)] == all_rows(db, None, customer.c.name)
    assert [("MERGE", "SAME_MOBILE_OTHER_NAME")] == all_rows(db, None, schema.proposal.c.kind, schema.proposal.c.why)


def test_the_same_number_and_name_is_the_same_person_also_of_another_system(db, clock, tmp_path):
    """Two systems that know somebody by the same number and name mean one customer."""
    read(db, clock, [order(2)], folder=tmp_path)
    read(db, clock, [order(2, {"key": "77", **WANG})], name="b", system="b", folder=tmp_path)

    assert 1 == len(all_rows(db, customer))


def test_a_landline_proves_a_company_and_nobody_else(db, clock, tmp_path):
    """Two systems that know a company by its landline mean one customer; for a person a switchboard says nothing at all."""
    company, person = ({"name": name, "phone": "010-55501234"} for name in ("示范贸易有限公司", "王小明"))
    rows = [[order(2, {"key": key, **company}), order(3, {"key": f"{key}P", **person})] for key in ("1", "2")]
    read(db, clock, rows[0], folder=tmp_path)
    read(db, clock, rows[1], name="b", system="b", folder=tmp_path)

    assert [("王小明",), ("王小明",), ("示范贸易有限公司",)] == all_rows(db, None, customer.c.name)
    assert [] == all_rows(db, schema.proposal)


def test_of_several_who_fit_a_person_has_to_say_which(db, clock, tmp_path):
    """One name under two numbers, and somebody of that name with both: a question for a person, not a guess."""
    home, work = WANG["phone"], "13900139009"
    read(
        db,
        clock,
        [order(2, {"name": "王小明", "phone": home}), order(3, {"name": "王小明", "phone": work})],
        folder=tmp_path,
    )
    read(
        db,
        clock,
        [order(4, {"key": "9", "name": "王小明", "phones": [home, work]})],
        name="b",
        system="b",
        folder=tmp_path,
    )

    assert 3 == len(all_rows(db, customer))
    assert [("SEVERAL_SAME",), ("SEVERAL_SAME",)] == all_rows(db, None, schema.proposal.c.why)


def test_a_name_alone_is_looked_for_on_its_car_only(db, clock, tmp_path):
    """A driver without a number is one customer however often he brings the car, and another one with another car."""
    rows = [
        entry(f"a:{n}", visit(f"RO{n}", vehicle={"plate_number": plate}, customer={"name": "王小明"}))
        for n, plate in enumerate(["京A12345", "京A12345", "京B54321"])
    ]
    read(db, clock, rows[:1], folder=tmp_path)
    read(db, clock, rows, folder=tmp_path)

    assert (2, 2) == (len(all_rows(db, customer)), len(all_rows(db, schema.vehicle)))


def test_the_source_key_follows_a_customer_who_changes_number_and_name(db, clock, tmp_path):
    """With a key of the source, a new number is added and a new name taken over."""
    read(db, clock, [order(2, {"key": "77", **WANG})], folder=tmp_path)
    read(db, clock, [order(3, {"key": "77", "name": "王晓明", "phone": "13800138009"})], folder=tmp_path)

    assert [("王晓明", "+8613800138001"), ("王晓明", "+8613800138009")] == everything(db)[0]


def test_the_source_opts_out_and_never_in(db, clock, tmp_path):
    """拒收短信 = 是 refuses the number; 否 in a later row revives nothing."""
    read(db, clock, [order(2, {**WANG, "opted_out": "是"})], folder=tmp_path)
    read(db, clock, [order(3, {**WANG, "opted_out": "否"})], folder=tmp_path)

    assert [("+8613800138001", "SMS", "dms:main", None)] == all_rows(
        db, None, opt_out.c.value, opt_out.c.channel, opt_out.c.source, opt_out.c.until
    )


def test_an_opt_out_of_the_source_is_an_event_of_everybody_who_has_the_number(db, clock, tmp_path):
    """It is told once, with who said so, however often the source repeats it; what was refused already is no news."""
    read(db, clock, [order(2), order(3, {**WANG, "name": "王小红"})], folder=tmp_path)
    cursor = latest(db)
    for number in (4, 5):
        read(db, clock, [order(number, {**WANG, "opted_out": "是", "do_not_call": "是"})], folder=tmp_path)
    told = since(db, cursor, 500).events

    assert [
        ("C1", "OPTOUT", "PHONE", "dms:main"),
        ("C1", "OPTOUT", "SMS", "dms:main"),
        ("C2", "OPTOUT", "PHONE", "dms:main"),
        ("C2", "OPTOUT", "SMS", "dms:main"),
    ] == [(each.subject, each.verb, each.channel, each.who) for each in told]
    assert "138" not in repr(told)


def test_a_new_customer_who_comes_refusing_is_told_of(db, clock, tmp_path):
    """Also where number and refusal come in the same row, and in the row of another customer of the same batch."""
    rows = [order(2, {**WANG, "opted_out": "是"}), order(3, {**WANG, "name": "王小红"}), order(4, LI)]
    read(db, clock, rows, folder=tmp_path)

    assert ["C1", "C2"] == [each.subject for each in since(db, None, 500).events]


def test_the_trail_of_an_opt_out_is_written_last(db, clock, tmp_path):
    """Everybody takes the numbers of the trail after all else that he writes of people, so nobody waits crosswise."""
    read(db, clock, [order(2), order(3, LI)], folder=tmp_path)
    with counting(db) as said:
        read(
            db,
            clock,
            [order(4, {**WANG, "opted_out": "是"}), order(5, {**LI, "phone": "13800138009"})],
            folder=tmp_path,
        )
    written = writing(said)
    trail = next(place for place, statement in enumerate(written) if "audit" in statement)

    assert {"contact_point", "visit", "opt_out"} <= touched(written[:trail])
    assert set() == touched(written[trail:]) - {"audit", "source", "source_row", "reject", "setting"}


def test_a_refusal_that_cannot_be_read_rejects_the_row(db, clock, tmp_path):
    """A word that is neither yes nor no does not become a yes to texts."""
    assert 1 == read(db, clock, [order(2, {**WANG, "opted_out": "也许"})], folder=tmp_path).rejected


def test_a_birthday_that_stands_for_none_drives_no_greeting(db, clock, tmp_path):
    """1900-01-01, a company's date and a lunar date give no birthday."""
    rows = [
        order(2, {**WANG, "birth_date": "1980/3/4"}),
        order(3, {**LI, "birth_date": "1900-01-01"}),
        order(4, {"name": "北京示范商贸有限公司", "phone": "13800138004", "birth_date": "2001-05-06"}),
        order(5, {"name": "赵六", "phone": "13800138005", "birth_date": "1970-05-06", "birth_calendar": "农历"}),
    ]
    read(db, clock, rows, folder=tmp_path)

    assert [("03-04",)] == [row for row in all_rows(db, None, customer.c.birth_md) if row[0]]


# ------------------------------------------------------------------ promises 6 and 7


def test_what_staff_corrected_is_not_overwritten(db, clock, tmp_path):
    """A change from the DMS to a corrected field becomes a proposal, asked once, and the field keeps its value."""
    read(db, clock, [order(2, {**WANG, "birth_date": "1980-03-04"})], folder=tmp_path)
    with db.writing() as connection:
        (id_,) = connection.execute(select(customer.c.id)).scalars()
        connection.execute(customer.update().values(birth_on="1981-03-04"))
        connection.execute(
            schema.correction.insert().values(
                entity="customer",
                entity_id=id_,
                field="birth_on",
                value="1981-03-04",
                by="E01",
                at="2026-11-22T00:00:00Z",
            )
        )
    for number in (3, 4):
        read(db, clock, [order(number, {**WANG, "birth_date": "1980-03-04"})], folder=tmp_path)

    assert [("1981-03-04",)] == all_rows(db, None, customer.c.birth_on)
    assert [("FIELD", "birth_on", "1980-03-04")] == all_rows(
        db, None, schema.proposal.c.kind, schema.proposal.c.field, schema.proposal.c.new
    )


def test_rejects_are_written_for_a_spreadsheet_and_its_owner(db, clock, tmp_path):
    """rejects.csv is mode 0600, opens as UTF-8 in Excel, names column, reason and fix, and runs no formula."""
    bad = entry("ro.csv:2", visit(customer={"name": "王小红", "phone": "1.38E+10"}))
    bad = Entry(
        bad.at, bad.digest, bad.records, lambda: {"手机号": "1.38E+10", "备注": "=cmd()"}, {"customer.phone": "手机号"}
    )
    report = read(db, clock, [bad], folder=tmp_path, lang="en")
    text = report.rejects.read_bytes().decode("utf-8-sig")

    assert 0o600 == stat.S_IMODE(report.rejects.stat().st_mode)
    assert '"source","place","column","reason code","why","what to do","手机号","备注"' == text.splitlines()[0]
    assert text.splitlines()[1].startswith('"main","ro.csv:2","手机号","PHONE_SCIENTIFIC"')
    assert text.splitlines()[1].endswith('"1.38E+10","\'=cmd()"')


def test_no_personal_data_in_logs_and_errors(db, clock, tmp_path, caplog):
    """Neither the log nor an error nor a report shows a name or a number."""
    caplog.set_level(logging.DEBUG)
    adapter = FakeDms([order(2), order(3, {"name": "王小红", "phone": "1.38E+10"})])
    adapter.error = PermanentError("CRM-H100")
    report = read(db, clock, adapter=adapter, folder=tmp_path)
    said = caplog.text + repr(report) + str(report.error)

    assert [] == [secret for secret in ("王小明", "王小红", "13800138001", "1.38E+10") if secret in said]


def test_a_large_batch_costs_no_more_statements_than_a_small_one(db, clock, tmp_path):
    """One query per table and batch: four times the rows are the same number of statements."""
    from sqlalchemy import event

    counts = []
    for size in (50, 200):
        rows = [
            order(n, {"name": f"王小明{n}", "phone": f"1380013{n:04d}"}) for n in range(1000 * size, 1000 * size + size)
        ]
        said: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *given_, said=said: said.append(given_[2]))
        read(db, clock, [entry(r.at[0], *[(x.entity, x.data) for x in r.records()]) for r in rows], folder=tmp_path)
        counts.append(len([statement for statement in said if "next_id" not in statement]))

    assert counts[0] >= counts[1]


def test_stored_rows_do_not_depend_on_the_batch(db, clock, tmp_path):
    """Rows in one batch and the same rows in many give the same store."""
    rows = [
        order(n, WANG if n % 2 else LI, km_in=str(n * 100), opened_at=f"2026-10-{n:02d} 09:00") for n in range(2, 9)
    ]
    read(db, clock, rows, folder=tmp_path)
    one = everything(db)
    with db.writing() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(table.delete())
    read(db, clock, *[[row] for row in rows], folder=tmp_path)

    assert one == everything(db)


def test_a_batch_that_cannot_be_written_leaves_nothing(db, clock, tmp_path, monkeypatch):
    """Rows and cursor are one transaction: when writing fails, the cursor is where it was and the next sync reads the batch."""
    adapter = FakeDms([order(2)], [order(3)])

    def full(self):
        raise StoreError("CRM-D111")

    with monkeypatch.context() as patched:
        patched.setattr(Keeper, "write", full)
        with pytest.raises(StoreError):
            read(db, clock, adapter=adapter, folder=tmp_path)
    with db.reading() as connection:
        found = connection.execute(select(schema.source.c.cursor, schema.source.c.pull)).one()
    report = read(db, clock, adapter=adapter, folder=tmp_path)

    assert (None, 0) == tuple(found)
    assert (2, 2, 0, 0, 0) == counted(report)
