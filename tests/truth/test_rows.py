"""What becomes of the rows: each is counted once, and none is lost without a word."""

from __future__ import annotations

import csv
import re
import stat

from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.flows import rejects
from crmcore.sample.sheets import RO

_SHEET = re.compile(r"![^:]+")  # a workbook's rows name their sheet: "deliveries.xlsx!登记:11"


def test_every_row_is_counted_as_the_truth_counts(world):
    """Read, accepted, duplicate, rejected: for every file what the dealer wrote, no more and no less."""
    reports = world.sync()

    assert {
        each.file: (each.read, each.accepted, 0, each.duplicates, each.rejected) for each in world.dealer.truth.counts
    } == {
        file: (each.read, each.accepted, each.unchanged, each.duplicates, each.rejected)
        for file, each in reports.items()
    }
    assert [None] * 6 == [each.error for each in reports.values()]


def test_the_same_files_again_change_nothing(world):
    """All that was kept is unchanged, what was rejected stays rejected, and no row of any table differs."""
    world.sync()
    tables = (
        schema.customer,
        schema.contact_point,
        schema.vehicle,
        schema.vehicle_party,
        schema.visit,
        schema.visit_line,
    )
    before = [world.rows(table) for table in tables]

    world.go(0, "11:00")
    reports = world.sync()

    assert {
        each.file: (each.read, 0, each.accepted + each.duplicates, each.rejected) for each in world.dealer.truth.counts
    } == {
        file: (each.read, each.accepted, each.unchanged + each.duplicates, each.rejected)
        for file, each in reports.items()
    }
    assert before == [world.rows(table) for table in tables]


def test_each_bad_row_is_rejected_where_it_is_bad(planned):
    """Every spoilt cell is found at its line and column, for a reason that is right; nothing else is rejected."""
    listed = rejects.find(planned.crm.db)
    found = {(_SHEET.sub("", each.place[0]), each.column): each.reason for each in listed}
    bad = {(f"{each.file}:{each.line}", each.column): each.reasons for each in planned.dealer.truth.bad_rows}

    assert bad.keys() == found.keys()
    assert len(planned.dealer.truth.bad_rows) == len(listed)
    assert [] == [
        (place, found[place], sorted(reasons)) for place, reasons in bad.items() if found[place] not in reasons
    ]


def test_rejects_csv_says_why_and_what_to_do(planned):
    """The file has each rejected row with its place, its reason in words, a fix, and the row as it stood; only for its owner."""
    path = planned.folder / "rejects.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        heading, *rows = csv.reader(file)

    assert len(planned.dealer.truth.bad_rows) == len(rows)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert set(RO) <= set(heading)
    for _, place, column, reason, words, fix, *_ in rows:
        assert _SHEET.sub("", place).split(":")[0] in {"ro.csv", "showroom.csv", "deliveries.xlsx"}
        assert column
        assert reason.isupper()
        assert len(words) > 5
        assert len(fix) > 5
        assert reason not in words


def test_a_wrong_check_digit_is_a_warning(planned):
    """The car with the wrong check digit is kept under the VIN that the source says."""
    vins = {row.vin for row in planned.rows(schema.vehicle)}

    assert set(planned.dealer.truth.warnings) <= vins


def test_every_visit_is_kept_once(planned):
    """As many visits as the dealer had, under their own numbers, each with all its jobs."""
    visits = {row.ro_number: row for row in planned.rows(schema.visit)}
    lines: dict[int, int] = {}
    for row in planned.rows(schema.visit_line):
        lines[row.visit_id] = lines.get(row.visit_id, 0) + 1

    assert len(visits) == len(planned.rows(schema.visit))
    assert {call.key: len(call.jobs) for call in planned.dealer.visits} == {
        number: lines.get(row.id, 0) for number, row in visits.items()
    }


def test_the_times_of_a_visit_are_those_of_the_dealer(planned):
    """Whatever dress a time wore, the instant is the one that the dealer meant: hand-over and settlement apart."""
    visits = {row.ro_number: row for row in planned.rows(schema.visit)}

    def when(at):
        return None if at is None else stamp(at)

    assert {
        call.key: (when(call.promised), when(call.delivered), when(call.invoiced)) for call in planned.dealer.visits
    } == {number: (row.promised_at, row.delivered_at, row.invoiced_at) for number, row in visits.items()}


def test_a_finished_car_is_ready(planned):
    """A car that is finished and still in the yard is told of; a visitor of the showroom never is."""
    told = [each.person for each in planned.contacts() if each.rule == "READY_FOR_PICKUP"]

    assert list(planned.dealer.truth.cases["ready_for_pickup"]) == told
    assert {"SERVICE"} == {row.kind for row in planned.rows(schema.visit, status="READY")}
