"""The complaint board: what burns first, and statistics that add up."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.reports import world

from crmcore.db.columns import stamp
from crmcore.flows.report import daily
from crmcore.reports import files
from crmcore.reports.board import pareto
from crmcore.rules.board import Lane


def at(days: float) -> str:
    return stamp(world.NOW - timedelta(days=days))


def test_the_board_is_sorted_by_what_is_left(busy):
    """Overdue, soon, later, waiting for callback, paused; each with the minutes its clock still counts."""
    cases = busy.board().cases

    assert [
        ("K1", Lane.OVERDUE, -80),
        ("K2", Lane.SOON, 60),
        ("K3", Lane.LATER, 360),
        ("K4", Lane.CALLBACK, 900),
        ("K5", Lane.PAUSED, 330),
    ] == [(each.id, each.lane, each.left) for each in cases]


def test_store_time_left_counts_the_hours_of_the_store(pages, voices):
    """Due in seven and a half hours by the wall, at closing, is due in the six that the store is open."""
    voices.case({"kind": "CLOSE", "basis": "STORE", "due": 450, "started": 0, "target_minutes": 360})
    (case,) = pages.board().cases

    assert ("2026-11-22 17:30", 360) == (case.due_at, case.left)


def test_a_case_names_its_people_and_masks_its_customer(busy):
    """Owner, first asked, escalation, repetition; the customer as a family name."""
    case = busy.board().cases[0]

    assert ("A02", "A01", "王**", 1, True) == (case.owner, case.first_asked, case.customer, case.level, case.repeat)
    assert "2026-11-22 08:40" == case.due_at


def test_what_the_dealer_keeps_elsewhere_is_only_counted(busy):
    """A case of the DMS has no clock here: it is a number beside the board."""
    board = busy.board()

    assert (1, 5) == (board.elsewhere, len(board.cases))
    assert 11 == board.received


def test_pareto_adds_up(busy):
    """The most frequent first; shares add up to one; what nobody has said is a bar of its own."""
    board = busy.board()

    assert [("PRICE", 7), ("SERVICE_ATTITUDE", 3), ("REPAIR_QUALITY.REPEAT_FAULT", 1)] == [(each.code, each.n) for each in board.categories]  # fmt: skip
    assert [("", 9), ("PRICE", 2)] == [(each.code, each.n) for each in board.causes]
    assert [("SERVICE", 6), ("", 3), ("SALES", 2)] == [(each.code, each.n) for each in board.departments]
    assert [("", 9), ("A01", 2)] == [(each.code, each.n) for each in board.colleagues]
    for bars in (board.categories, board.causes, board.departments, board.colleagues):
        assert 1 == pytest.approx(sum(each.share for each in bars)) == pytest.approx(bars[-1].cumulated)
    assert () == pareto({})


def test_time_to_each_step(busy):
    """Median and ninetieth percentile of what has happened; a step nobody has taken has none."""
    steps = {each.code: (each.n, each.median, each.p90) for each in busy.board().steps}

    assert {
        "HANDED_OVER": (6, 30, 60),
        "ACKNOWLEDGED": (6, 60, 120),
        "RESPONDED": (6, 90, 180),
        "RESOLVED": (6, 120, 240),
        "CLOSED": (6, 150, 300),
    } == steps


def test_deadlines_kept(busy):
    """Met, of those met or missed; a clock that still has time is neither."""
    assert {"HANDOVER": (6, 6), "RESPONSE": (0, 1)} == {each.clock: (each.kept, each.n) for each in busy.board().kept}


def test_avoidable_of_those_judged(busy):
    """Half of the six that were judged."""
    board = busy.board()

    assert (3, 6) == (board.avoidable, board.judged)


def test_who_complains_again(pages, voices):
    """A year later to the day is again; a day more is not; an unknown customer is nobody twice."""
    first, second = voices.customer(), voices.customer("李雷")
    voices.case(customer_id=first, days=1)
    voices.case(customer_id=first, days=366, state="CLOSED")
    voices.case(customer_id=second, days=1)
    voices.case(customer_id=second, days=367, state="CLOSED")
    voices.case(days=1)
    voices.case(days=2)
    board = pages.board()

    assert (2, 1) == (board.complainants, board.repeaters)
    assert {"K1": True, "K3": False, "K5": False, "K6": False} == {each.id: each.repeat for each in board.cases}


def test_escalations_say_how_late(busy):
    """Noticed 45 minutes after it was due: 45 minutes late, as recorded."""
    (climbed,) = busy.board().escalations

    assert ("K1", 1, "A02", 45) == (climbed.id, climbed.level, climbed.staff, climbed.late)
    assert ("2026-11-22 08:00", "2026-11-22 08:45") == (climbed.due_at, climbed.at)


def test_only_these_stores(busy):
    """A store sees its own cases."""
    board = busy.board((world.S02,))

    assert ((), 0, 0) == (board.cases, board.received, board.elsewhere)


def test_an_old_round_says_nothing_of_the_new_one(pages, voices):
    """After reopening, the clocks of the first round do not count."""
    case = voices.case({"kind": "CLOSE", "due": -500}, round=2)
    voices.insert(
        world.schema.complaint_clock,
        [
            {
                "complaint_id": case, "round": 2, "kind": "CLOSE", "basis": "WALL", "target_minutes": 600, "started_at": at(0),
                "due_at": stamp(world.NOW + timedelta(minutes=600)), "pauses": "[]",
            }
        ],
    )  # fmt: skip
    (shown,) = pages.board().cases

    assert (Lane.LATER, 600) == (shown.lane, shown.left)


def test_the_day_counts_them_too(busy):
    """The daily page has the open complaints, the late ones, and the questionnaires of today."""
    told = daily(busy.db, {}, world.S01, world.NOW, lang="zh")
    counted = tuple(told.waiting[key] for key in ("complaints", "complaints_late", "answers"))

    assert (5, 1, 0) == counted


def test_text_stands_beside_colour(busy):
    """Each standing is a word; its colour only repeats it."""
    page = files.html(busy.board(), "en")

    assert '<span class="mark bad">overdue</span>' in page
    assert '<span class="mark soon">due within 2 hours</span>' in page
    assert "1 h 20 min over" in page


def test_facts_are_codes(busy):
    """JSON holds codes and minutes, no words."""
    told = json.loads(files.content(busy.board(), ".json", "zh"))

    assert "crmcore/report.board@1" == told["schema"]
    assert ("OVERDUE", "RESPONSE", "WALL", "CRITICAL", -80) == tuple(
        told["cases"][0][key] for key in ("lane", "clock", "basis", "severity", "left")
    )
    assert "words" not in told
