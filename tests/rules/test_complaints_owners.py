"""Who answers for a case: never the accused, never who may only forward, nobody who is not there."""

from datetime import date

import pytest
from tests.rules.complaining import TODAY, case, colleague

from crmcore import lang
from crmcore.rules.complaints.owners import (
    HEADS,
    Handover,
    choose_owner,
    hand_over,
    head_of,
    may_own,
)
from crmcore.types.complaint import Severity
from crmcore.types.store import FORWARD_ONLY, Department, Role

MANAGER = colleague("M1", Role.SERVICE_MANAGER)
CR = colleague("R1", Role.CR_MANAGER)
AGENT = colleague("A1", Role.CR_AGENT)
HEAD = colleague("G1", Role.GENERAL_MANAGER)


@pytest.mark.parametrize("role", Role)
def test_technicians_parts_and_rear_office_only_forward(role):
    """S4; everybody else may answer for a case."""
    assert ("OWNER_FORWARDS_ONLY" if role in FORWARD_ONLY else None) == may_own(colleague("X", role), case(), TODAY)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"active": False}, "OWNER_LEFT"),
        ({"away_until": TODAY}, "OWNER_AWAY"),
        ({"away_until": date(2026, 11, 22)}, None),
        ({"code": "BAD"}, "OWNER_ACCUSED"),
    ],
)
def test_who_has_left_is_away_or_accused_owns_nothing(known, why):
    """The last day of an absence is one of it."""
    one = colleague(**{"code": "X", "role": Role.SERVICE_ADVISOR} | known)

    assert why == may_own(one, case(accused=("BAD",)), TODAY)


def test_the_head_of_the_department_comes_first():
    """Then customer relations, then the head of the house; a case finds somebody."""
    staff = [HEAD, AGENT, CR, MANAGER]

    assert MANAGER is choose_owner(staff, case(), TODAY, Department.SERVICE)
    assert MANAGER is choose_owner(staff, case(), TODAY, Department.PARTS)
    assert CR is choose_owner(staff, case(), TODAY, Department.SALES)
    assert CR is choose_owner(staff, case(), TODAY)
    assert AGENT is choose_owner([HEAD, AGENT, MANAGER], case(), TODAY)
    assert HEAD is choose_owner([HEAD, MANAGER], case(), TODAY)
    assert choose_owner([colleague("T1", Role.TECHNICIAN)], case(), TODAY, Department.SERVICE) is None


def test_what_is_serious_goes_to_the_head_before_the_agent():
    """S4."""
    assert HEAD is choose_owner([AGENT, HEAD], case(severity=Severity.SERIOUS), TODAY)
    assert AGENT is choose_owner([AGENT, HEAD], case(), TODAY)


def test_the_accused_and_the_absent_are_passed_over():
    """The next in line owns it."""
    away = colleague("R0", Role.CR_MANAGER, away_until=TODAY)

    assert CR is choose_owner([MANAGER, away, CR], case(accused=("M1",)), TODAY, Department.SERVICE)


def test_the_own_store_comes_before_the_group_and_other_stores_never():
    """Among equals the code decides, so that the choice is always the same."""
    group = colleague("A0", Role.CR_MANAGER, store="")
    other = colleague("A9", Role.CR_MANAGER, store="S2")
    second = colleague("R2", Role.CR_MANAGER)

    assert CR is choose_owner([other, group, second, CR], case(), TODAY)
    assert group is choose_owner([other, group], case(), TODAY)
    assert choose_owner([other], case(), TODAY) is None


def test_an_owner_who_is_there_keeps_his_case():
    """Nothing to hand over."""
    assert hand_over(case(owner="M1"), [MANAGER, CR], TODAY, Department.SERVICE) is None


@pytest.mark.parametrize(
    ("owner", "known", "expected"),
    [
        ("M2", {"away_until": TODAY}, Handover(MANAGER, "OWNER_AWAY")),
        ("M2", {"active": False}, Handover(MANAGER, "OWNER_LEFT")),
        (None, {}, Handover(MANAGER, "NO_OWNER")),
        ("NOBODY", {}, Handover(MANAGER, "NO_OWNER")),
    ],
)
def test_an_owner_who_is_not_there_hands_over(owner, known, expected):
    """Away, gone, unknown or never named: somebody else answers, and it says why."""
    second = colleague("M2", Role.SERVICE_MANAGER, **known)

    assert expected == hand_over(case(owner=owner), [second, MANAGER], TODAY, Department.SERVICE)


def test_with_nobody_left_it_says_so():
    """The case has no owner, which is told, not hidden."""
    assert Handover(None, "NO_OWNER") == hand_over(case(), [], TODAY)


def test_every_department_has_a_head():
    """A head may own what is complained of."""
    heads = {role for roles in HEADS.values() for role in roles}

    assert set(Department) == set(HEADS)
    assert not heads & FORWARD_ONLY
    assert (Role.SALES_MANAGER, Role.CR_MANAGER) == (head_of(Department.SALES), head_of(None))


@pytest.mark.parametrize("code", ["OWNER_LEFT", "OWNER_AWAY", "OWNER_ACCUSED", "OWNER_FORWARDS_ONLY", "NO_OWNER"])
def test_each_refusal_has_words_and_a_way_out(code):
    """In both languages."""
    for language in lang.LANGUAGES:
        text, fix = lang.reason(code, language)

        assert code != text
        assert fix
