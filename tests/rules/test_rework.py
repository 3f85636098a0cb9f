"""Which repairs did not hold, by the marks of the DMS, the lines of the orders, and the customer."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.config.packs import shipped
from crmcore.rules.labour import category
from crmcore.rules.rework import Job, Order, Rates, ReworkPolicy, Window, faults, rates, register, same_fault
from crmcore.types.visit import LineCategory, ReworkBasis

DMS, SAME, CLAIM = ReworkBasis.DMS_FLAG, ReworkBasis.SAME_FAULT, ReworkBasis.CUSTOMER_CLAIM
PACK = shipped("rework").data["rework"]
POLICY = ReworkPolicy(
    same_fault_days=PACK["same_fault_days"],
    guarantee={code: Window(**window) for code, window in PACK["guarantee"].items()},
    **{name: tuple(PACK[name]) for name in ("routine", "doing", "claims")},
    question=PACK["question"],
)
DAY = date(2026, 10, 1)
NOISE = Job(no="1", name="检查底盘异响", hours=250)


def order(number, day, *jobs, **known):
    on = DAY + timedelta(days=day)
    return Order(id=number, number=f"RO{number}", opened_on=on, **{"handed_on": on, "jobs": jobs or (NOISE,), **known})


def test_the_same_noise_within_thirty_days_is_rework():
    """Named by its two lines, with days, kilometres and what was the same."""
    (row,) = register([order(1, 0, km=10_000), order(2, 9, Job(no="3", complaint="底盘异响"), km=10_400)], POLICY)

    assert (1, 2, "1", "3", frozenset({SAME}), "WORDS", 9, 400, True) == (
        row.original, row.returned, row.original_line, row.returned_line, row.bases, row.why, row.days, row.km, row.within_guarantee,
    )  # fmt: skip


@pytest.mark.parametrize(("days", "expected"), [(30, 1), (31, 0)])
def test_the_window_ends_with_its_last_day(days, expected):
    """A return on the thirtieth day counts, on the thirty-first no more."""
    assert expected == len(register([order(1, 0), order(2, days)], POLICY))


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (Job(no="1", fault_code="P0301"), Job(no="1", fault_code="P0301"), "FAULT_CODE"),
        (Job(no="1", fault_code="P0301", name="异响"), Job(no="1", fault_code="P0420", name="异响"), None),
        (Job(no="1", op_code="A1", name="喷油嘴"), Job(no="1", op_code="A1", name="燃油系统"), "OP_CODE"),
        (Job(no="1", name="更换前刹车片"), Job(no="2", name="检查前刹车片"), "WORDS"),
        (Job(no="1", complaint="空调 不冷"), Job(no="1", complaint="空调不制冷,异响"), "WORDS"),
        (Job(no="1", name="更换前刹车片"), Job(no="1", name="更换后刹车盘"), None),
        (Job(no="1", name="更换机油机滤", op_code="B"), Job(no="1", name="更换机油机滤", op_code="B"), None),
        (Job(no="1", name="更换"), Job(no="1", name="更换"), None),
        (Job(no="1", name="Replace front brake"), Job(no="1", complaint="brake squeals"), "WORDS"),
    ],
)  # fmt: skip
def test_what_makes_two_jobs_the_same_fault(first, second, why):
    """A fault code beats a job's code, which beats words; routine work is no fault."""
    assert why == same_fault(first, second, POLICY)
    assert why == same_fault(second, first, POLICY)


@pytest.mark.parametrize(
    ("hours", "days", "km", "expected"),
    [
        (250, 10, 2000, True),
        (250, 11, 100, False),
        (250, 5, 2001, False),
        (250, 5, None, None),
        (700, 29, 19_999, True),
        (250, 11, None, False),
    ],
)
def test_the_statutory_guarantee_ends_with_days_or_kilometres(hours, days, km, expected):
    """Whichever comes first, by the category of the original; without an odometer only the days can end it."""
    before = order(1, 0, Job(no="1", name="异响", hours=hours), km=0)
    (row,) = register([before, order(2, days, Job(no="1", name="异响"), km=km)], POLICY)

    assert expected is row.within_guarantee


def test_a_category_without_a_term_says_nothing_of_the_guarantee():
    """Nothing is invented."""
    policy = ReworkPolicy(same_fault_days=30, guarantee={}, routine=(), doing=(), claims=(), question="Q")
    (row,) = register([order(1, 0, km=1), order(2, 5, km=2)], policy)

    assert None is row.within_guarantee


def test_a_rework_restarts_the_term():
    """The third visit is measured from the second."""
    rows = register([order(1, 0), order(2, 25), order(3, 50)], POLICY)

    assert [(1, 2, 25), (2, 3, 25)] == [(row.original, row.returned, row.days) for row in rows]


def test_the_mark_of_the_dms_names_its_original():
    """By the order number it gives, else by the last hand-over before it; without one it stands alone."""
    before = [order(1, 0, Job(no="1", name="喷漆")), order(2, 5, Job(no="1", name="轮胎"), km=7)]
    named = register([*before, order(3, 9, Job(no="1", name="灯光"), comeback=True, comeback_of="RO1")], POLICY)
    unnamed = register([*before, order(3, 9, Job(no="1", name="灯光"), comeback=True, km=9)], POLICY)
    alone = register([order(3, 9, comeback=True)], POLICY)

    assert [(1, 3, 9, None)] == [(row.original, row.returned, row.days, row.km) for row in named]
    assert [(2, 3, 4, 2)] == [(row.original, row.returned, row.days, row.km) for row in unnamed]
    assert [(None, 3, frozenset({DMS}))] == [(row.original, row.returned, row.bases) for row in alone]


def test_three_voices_on_one_return_are_one_row():
    """And a claim without a return is a row of its own."""
    rows = register(
        [order(1, 0, claimed=True), order(2, 9, comeback=True), order(4, 12, Job(no="1", name="轮胎"), claimed=True)],
        POLICY,
    )

    assert [(1, 2, frozenset(ReworkBasis)), (4, None, frozenset({CLAIM}))] == [
        (row.original, row.returned, row.bases) for row in rows
    ]


def test_what_is_still_in_the_shop_is_no_original():
    """Nor is an order its own return, nor one that began before the other was handed over."""
    assert () == register([order(1, 0, handed_on=None), order(2, 5)], POLICY)
    assert () == register([order(1, 0, handed_on=DAY + timedelta(days=6)), order(2, 5)], POLICY)


def test_rates_say_who_says_so_and_where_they_differ():
    """Ten orders of ten cars: two came back by their lines, one of these by one of the three customers who were asked, too."""
    cars = [[order(10 * car + 1, 0)] for car in range(7)]
    cars.append([order(71, 0, claimed=False)])
    cars.append([order(81, 0, claimed=True), order(82, 3)])
    cars.append([order(91, 0, claimed=False), order(92, 3)])
    cars.append([order(101, 0, Job(no="1", name="更换机油机滤"))])
    until = DAY + timedelta(days=1)

    assert Rates(orders=10, open=0, heard={SAME: 10, CLAIM: 3}, returned={SAME: 2, CLAIM: 1}, disputed=1) == rates(
        cars, POLICY, DAY, until, DAY + timedelta(days=30)
    )
    assert Rates(orders=0, open=10, heard={}, returned={}, disputed=0) == rates(
        cars, POLICY, DAY, until, DAY + timedelta(days=29)
    )


def test_where_nobody_was_asked_the_customer_has_no_rate():
    """Silence is no yes; and who was never asked disputes nothing."""
    found = rates([[order(1, 0), order(2, 3)]], POLICY, DAY, DAY, DAY + timedelta(days=99))

    assert Rates(orders=1, open=0, heard={SAME: 1}, returned={SAME: 1}, disputed=0) == found


def test_a_source_that_marks_has_a_rate_of_its_own():
    """A mark that says no counts as having spoken."""
    cars = [[order(1, 0, comeback=False), order(2, 3, comeback=True)]]

    assert {DMS: 1, SAME: 1} == dict(rates(cars, POLICY, DAY, DAY, DAY + timedelta(days=99)).returned)


def test_faults_are_the_jobs_that_mend():
    """A code alone is enough."""
    jobs = (Job(no="1", name="更换机油机滤"), NOISE, Job(no="3", name="保养", fault_code="P1"))

    assert jobs[1:] == faults(order(1, 0, *jobs), POLICY)


@pytest.mark.parametrize(
    ("name", "hours", "expected"),
    [
        ("更换机油机滤", 80, LineCategory.DAILY_MAINTENANCE),
        ("小保养", None, LineCategory.DAILY_MAINTENANCE),
        ("Oil and filter change", 900, LineCategory.DAILY_MAINTENANCE),
        ("更换前刹车片", None, LineCategory.GENERAL),
        ("更换前刹车片", 200, LineCategory.GENERAL),
        ("更换前刹车片", 201, LineCategory.SECONDARY),
        ("四轮定位", 600, LineCategory.SECONDARY),
        ("发动机大修", 601, LineCategory.OVERHAUL),
        ("机油泄漏检查", 100, LineCategory.GENERAL),
    ],
)
def test_the_manuals_categories_by_name_and_hours(name, hours, expected):
    """Oil and filter and nothing else is daily maintenance; two and six hours belong to the smaller category."""
    assert expected is category(name, hours)


JOBS = st.builds(
    Job,
    no=st.just("1"),
    name=st.sampled_from(["异响", "漏油", "更换机油机滤"]),
    fault_code=st.sampled_from(["", "P1", "P2"]),
)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.booleans(), st.lists(JOBS, max_size=2)), max_size=6).map(
        lambda rows: [
            order(number, day, jobs=tuple(jobs), comeback=mark, claimed=claim)
            for number, (day, mark, claim, jobs) in enumerate(rows, 1)
        ]
    ),
    st.randoms(),
)
def test_the_order_of_the_rows_means_nothing(orders, rng):
    """Whatever order they arrive in; a return lies behind its original and within the window when its lines say so."""
    rows = register(orders, POLICY)
    mixed = list(orders)
    rng.shuffle(mixed)

    assert set(rows) == set(register(mixed, POLICY))
    for row in rows:
        assert row.bases
        if SAME in row.bases:
            assert 0 <= row.days <= POLICY.same_fault_days
