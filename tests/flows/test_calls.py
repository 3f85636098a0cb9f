"""The analysis of callbacks, counted by hand beside it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flows.desk_world import at, fill, open_desk

from crmcore.db import schema
from crmcore.flows.calls import _View, call_quality
from crmcore.flows.reporting import Reports


@pytest.fixture(name="desk")
def _desk(db, clock, tmp_path):
    return open_desk(db, clock, tmp_path)


def quality(desk, lang="zh", **period):
    reports = Reports(desk.db, desk.crm.config, desk.clock, lang)
    frame = reports.frame(**({"since": date(2026, 11, 1), "until": date(2026, 11, 30)} | period))
    return call_quality(desk.db, desk.crm.config, frame, lang=lang)


@pytest.fixture(name="morning")
def _morning(desk):
    """Five customers of two sources and two advisors; seven calls by two callers, one of them handed in late."""
    people = [
        ("王一", "+8613800130001", "A1", "dms"), ("李二", "+8613800130002", "A1", "dms"), ("张三", "+8613800130003", "B9", "dms"),
        ("赵四", "+8613800130004", "B9", "web"), ("孙五", "+8613800130005", None, None),
    ]  # fmt: skip
    numbers = [desk.owe(name, phone, advisor=advisor) for name, phone, advisor, _ in people]
    for person, (_, _, _, system) in zip(desk.customers, people, strict=True):
        if system:
            with desk.db.writing() as connection:
                row = {"system": system, "entity": "customer", "key": f"k{person}", "id": person}
                connection.execute(schema.external_ref.insert().values(row))
    path = desk.export()
    first = ["已完成", "无人接听", "空号", "错号", "未拨打"]
    fill(
        path,
        {
            f"T{number}": {"result": result, "called_at": "10:10", "caller": "周客服"}
            for number, result in zip(numbers, first, strict=True)
        },
    )
    desk.clock.at = at("2026-11-22 10:20")
    desk.take(path)
    desk.call(numbers[1], by="E2", result="无人接听", called_at="2026-11-22 15:00")
    desk.clock.at = at("2026-11-23 09:05")
    path = desk.export(by="E2")
    fill(path, {f"T{numbers[1]}": {"result": "已完成", "called_at": "2026-11-23 09:10"}})
    desk.clock.at = at("2026-11-23 12:00")
    desk.take(path, by="E2")
    return desk


def test_families_add_up_and_reach_is_by_customer(morning):
    """Seven calls: two succeeded, five failed; four customers were dialled, two reached after four calls; one came late."""
    said = quality(morning)

    assert (7, 2, 5, 0) == (said.calls, said.success, said.failed, said.invalid)
    assert (4, 2, 4, 0.5, 2.0) == (
        said.customers, said.reached, said.calls_to_reached, said.reach_rate, said.attempts_per_reached,
    )  # fmt: skip
    assert (1, 2, "2026-11-23 12:00") == (said.late, said.proposals, said.data_through)


def test_causes_are_ordered_and_cumulated(morning):
    """The customer twice, the number twice, the caller once: 40, 80 and 100 per cent."""
    said = quality(morning)

    assert [("CUSTOMER", 2, 0.4), ("NUMBER", 2, 0.8), ("CALLER", 1, 1.0)] == [
        (each.cause, each.calls, each.cumulated) for each in said.causes
    ]
    assert {"客户原因", "号码原因", "拨打人原因"} == {each.label for each in said.causes}
    assert {"DONE": 2, "NO_ANSWER": 2, "EMPTY_NUMBER": 1, "WRONG_NUMBER": 1, "NOT_DIALLED": 1} == {
        each.result: each.calls for each in said.results
    }


def test_by_source_advisor_and_caller(morning):
    """Whom it goes well with and with whom not; what nobody knows has a row of its own."""
    said = quality(morning, lang="en")

    assert {("dms", 5, 3, 2), ("web", 1, 1, 0), ("", 1, 0, 0)} == {
        (each.code, each.calls, each.customers, each.reached) for each in said.sources
    }
    assert {("A1", "陈顾问", 4), ("B9", "B9", 2), ("", "Unknown", 1)} == {
        (each.code, each.label, each.calls) for each in said.advisors
    }
    assert {("E1", 5), ("E2", 2)} == {(each.code, each.calls) for each in said.callers}


def test_an_advisor_is_one_line_by_code_and_by_name(desk):
    """One order names him by code, another by name."""
    for phone, advisor in (("+8613800130001", "A1"), ("+8613800130002", "陈顾问")):
        number = desk.owe(f"王{phone[-1]}", phone, advisor=advisor)
        desk.call(number, result="已完成", called_at="2026-11-22 10:35")

    assert [("A1", "陈顾问", 2)] == [(each.code, each.label, each.calls) for each in quality(desk).advisors]


def test_numbers_decay_by_source(morning):
    """One of three numbers of the DMS is dead, the only one of the web form is wrong."""
    assert [("dms", "2026-11", 3, 1), ("web", "2026-11", 1, 1)] == [
        (each.source, each.month, each.dialled, each.bad) for each in quality(morning).decay
    ]


def test_another_month_has_no_calls(morning):
    """Nothing is divided by nothing."""
    said = quality(morning, since=date(2026, 10, 1), until=date(2026, 10, 31))

    assert (0, (), (), None, None, "") == (
        said.calls, said.results, said.causes, said.reach_rate, said.attempts_per_reached, said.data_through,
    )  # fmt: skip


def test_numbers_that_wait_are_those_of_the_store(desk):
    """A number that another store has found dead is no work of this one."""
    number = desk.owe()
    desk.call(number, result="空号", called_at="2026-11-22 10:35")
    own = quality(desk)
    with desk.db.writing() as connection:
        connection.execute(schema.touchpoint.update().where(schema.touchpoint.c.id == number).values(store="S02"))

    assert (1, 0) == (own.proposals, quality(desk).proposals)


def test_given_up_and_its_text_are_counted(desk):
    """Three tries: one given up, one text in its place."""
    number = desk.owe()
    for when in ("2026-11-22 10:35", "2026-11-22 15:10", "2026-11-23 09:20"):
        desk.call(number, result="无人接听", called_at=when)
    said = quality(desk)

    assert (1, 1, 3, 0) == (said.given_up, said.instead, said.calls, said.reached)


class Row:
    def __init__(self, **values):
        self.__dict__.update(values)


CALLS = st.lists(
    st.builds(
        Row,
        customer_id=st.integers(1, 5),
        outcome=st.sampled_from(["SUCCESS", "FAILED", "INVALID"]),
        result=st.sampled_from(["DONE", "NO_ANSWER", "gone"]),
        advisor=st.sampled_from(["A1", "B9", None]),
    ),
    max_size=30,
)


@given(CALLS)
def test_groups_add_up_whatever_came(calls):
    """No call is counted twice or lost, and nobody reached was not called."""
    view = _View(calls=calls, results={}, names={}, sources={}, lang="zh")
    groups = view.groups(lambda row: row.advisor or "")
    causes = view.by_cause()

    assert len(calls) == sum(each.calls for each in groups)
    assert all(each.calls == each.success + each.failed + each.invalid for each in groups)
    assert all(each.reached <= each.customers for each in groups)
    assert not causes or 1 == pytest.approx(causes[-1].cumulated)
    assert view.calls_to_reached() >= len({row.customer_id for row in calls if row.outcome == "SUCCESS"})
