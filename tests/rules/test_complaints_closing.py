"""The end of a case, what makes good, and what belongs to a case that is open."""

from decimal import Decimal

import attrs
import pytest
from tests.rules.complaining import POLICY, at, case

from crmcore import lang
from crmcore.rules.complaints.cause import group, same_cause, severer
from crmcore.rules.complaints.closing import WAIVERS, after_callback, may_close
from crmcore.rules.complaints.offers import approvers, may_approve, may_tell
from crmcore.types.complaint import (
    ComplaintDraft,
    ComplaintState,
    EventKind,
    OfferKind,
    Origin,
    RecoveryOffer,
    Restoration,
    Severity,
)
from crmcore.types.contact import AttemptOutcome, ContactAttempt
from crmcore.types.store import Role

SOLVED = case(state=ComplaintState.RESOLVED, resolved_at=at("10:00"))
CALL = ContactAttempt(id="A1", complaint_id="K1", at=at("10:00"), outcome=AttemptOutcome.SUCCESS, result="DONE")
RESTORED, EXCEEDED, NOT_RESTORED = Restoration.RESTORED, Restoration.EXCEEDED, Restoration.NOT_RESTORED


# ------------------------------------------------------------------ closing


@pytest.mark.parametrize("said", [RESTORED, EXCEEDED])
@pytest.mark.parametrize("state", [ComplaintState.RESOLVED, ComplaintState.CALLBACK_PENDING])
def test_who_is_content_in_the_second_callback_closes_the_case(state, said):
    """S1, S2; a call at the very instant of the solution counts."""
    assert may_close(attrs.evolve(SOLVED, state=state), CALL, said=said) is None
    assert may_close(SOLVED, attrs.evolve(CALL, complaint_id=None), said=said) is None


@pytest.mark.parametrize(
    ("known", "call", "said", "why"),
    [
        ({"state": ComplaintState.RESPONDED}, CALL, RESTORED, "CASE_NOT_RESOLVED"),
        ({"state": ComplaintState.CLOSED}, CALL, RESTORED, "CASE_NOT_RESOLVED"),
        ({"resolved_at": None}, CALL, RESTORED, "CASE_NOT_RESOLVED"),
        ({}, None, RESTORED, "CALLBACK_MISSING"),
        ({}, attrs.evolve(CALL, complaint_id="K2"), RESTORED, "CALLBACK_OTHER_CASE"),
        ({}, attrs.evolve(CALL, outcome=AttemptOutcome.FAILED), RESTORED, "CALLBACK_NOT_REACHED"),
        ({}, attrs.evolve(CALL, outcome=AttemptOutcome.INVALID), RESTORED, "CALLBACK_NOT_REACHED"),
        ({}, attrs.evolve(CALL, at=at("09:59")), RESTORED, "CALLBACK_TOO_EARLY"),
        ({}, CALL, None, "CALLBACK_NOTHING_SAID"),
        ({}, CALL, NOT_RESTORED, "CUSTOMER_NOT_RESTORED"),
    ],
)
def test_nothing_else_closes_it(known, call, said, why):
    """Not an old call, not one that nobody took, not silence; and who is not content reopens."""
    assert why == may_close(attrs.evolve(SOLVED, **known), call, said=said)


@pytest.mark.parametrize("waiver", WAIVERS)
def test_a_waiver_stands_in_for_the_call(waiver):
    """With a reason that has words; never for a case without a solution, never against what the customer said."""
    assert may_close(SOLVED, waiver=waiver) is None
    assert "CASE_NOT_RESOLVED" == may_close(case(), waiver=waiver)
    assert "CUSTOMER_NOT_RESTORED" == may_close(SOLVED, CALL, said=NOT_RESTORED, waiver=waiver)
    assert waiver not in {lang.reason(waiver, language)[0] for language in lang.LANGUAGES}


def test_an_invented_reason_is_no_waiver():
    """Nor is none."""
    assert "WAIVER_UNKNOWN" == may_close(SOLVED, waiver="BECAUSE")
    assert "CALLBACK_MISSING" == may_close(SOLVED)


@pytest.mark.parametrize(
    ("outcome", "said", "event"),
    [
        (AttemptOutcome.SUCCESS, RESTORED, EventKind.CLOSE),
        (AttemptOutcome.SUCCESS, EXCEEDED, EventKind.CLOSE),
        (AttemptOutcome.SUCCESS, NOT_RESTORED, EventKind.REOPEN),
        (AttemptOutcome.SUCCESS, None, None),
        (AttemptOutcome.FAILED, RESTORED, None),
    ],
)
def test_what_a_second_callback_leads_to(outcome, said, event):
    """The end, another round, or another try."""
    assert event is after_callback(outcome, said)


# ------------------------------------------------------------------ offers


@pytest.mark.parametrize(
    ("role", "cost", "why"),
    [
        (Role.SERVICE_ADVISOR, "200", None),
        (Role.SERVICE_ADVISOR, "200.01", "OFFER_ABOVE_LIMIT"),
        (Role.GENERAL_MANAGER, "20000", None),
        (Role.GENERAL_MANAGER, "20000.01", "OFFER_ABOVE_LIMIT"),
        (Role.TECHNICIAN, "0", "OFFER_ROLE_APPROVES_NONE"),
    ],
)
def test_a_role_approves_up_to_its_limit(role, cost, why):
    """Inclusive; who is not named approves nothing, not even what is free."""
    assert why == may_approve(POLICY, role, Decimal(cost))


def test_nobody_approves_his_own_offer():
    """Not even the head of the house."""
    role = Role.GENERAL_MANAGER

    assert "OFFER_OWN" == may_approve(POLICY, role, Decimal(1), approver="G1", offered_by="G1")
    assert may_approve(POLICY, role, Decimal(1), approver="G1", offered_by="A1") is None
    assert may_approve(POLICY, role, Decimal(1), approver="G1") is None
    assert may_approve(POLICY, role, Decimal(1)) is None


def test_who_could_approve_is_named_lowest_first():
    """Above the highest limit nobody can."""
    assert Role.SERVICE_ADVISOR is approvers(POLICY, Decimal(200))[0]
    assert (Role.GENERAL_MANAGER,) == approvers(POLICY, Decimal(1001))
    assert () == approvers(POLICY, Decimal(20001))


def test_an_offer_is_told_once_it_is_approved_and_answered_once():
    """S0, S2: no promise without authority."""
    offer = RecoveryOffer(id="1", kind=OfferKind.WASH, cost=Decimal(30), offered_by="A1", offered_at=at("10:00"))
    approved = attrs.evolve(offer, approved_by="M1")

    assert "OFFER_NOT_APPROVED" == may_tell(offer)
    assert may_tell(approved) is None
    assert "OFFER_DECIDED" == may_tell(attrs.evolve(approved, accepted=False))


# ------------------------------------------------------------------ one case per cause


def draft(category):
    return ComplaintDraft(category=category, why=("word:x",))


@pytest.mark.parametrize(
    ("known", "visit", "vehicle", "same"),
    [
        ({}, None, None, True),
        ({"visit_id": "R1"}, "R1", None, True),
        ({"visit_id": "R1", "vehicle_id": "V1"}, "R1", "V2", True),
        ({"visit_id": "R1", "vehicle_id": "V1"}, "R2", "V1", True),
        ({"visit_id": "R1", "vehicle_id": "V1"}, "R2", "V2", False),
        ({"visit_id": "R1"}, "R2", "V1", False),
        ({"visit_id": "R1"}, None, "V1", True),
        ({"vehicle_id": "V1"}, "R1", None, True),
        ({"vehicle_id": "V1"}, None, "V2", False),
    ],
)
def test_the_same_visit_or_car_is_the_same_thing(known, visit, vehicle, same):
    """What is not known on one side does not part them; two known cars do."""
    one = case(category="PRICE", **known)

    assert same is same_cause(one, draft("PRICE"), visit, vehicle)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("REPAIR_QUALITY", "REPAIR_QUALITY.REPEAT_FAULT", True),
        ("REPAIR_QUALITY.NOT_CLEAN", "REPAIR_QUALITY.REPEAT_FAULT", True),
        ("OTHER", "PRICE", True),
        ("PRICE", "OTHER", True),
        ("PRICE", "SERVICE_ATTITUDE", False),
    ],
)
def test_one_branch_of_the_taxonomy_is_one_cause(first, second, same):
    """And what names no cause may be any."""
    assert same is same_cause(case(category=first), draft(second))


@pytest.mark.parametrize(
    "known",
    [{"state": ComplaintState.CLOSED}, {"state": ComplaintState.WITHDRAWN}, {"origin": Origin.DMS}],
)
def test_nothing_joins_a_case_that_has_ended_or_has_no_clocks(known):
    """It would be lost there."""
    assert not same_cause(case(**known), draft("OTHER"))


def test_the_graver_severity_holds():
    """Whichever came first."""
    assert Severity.CRITICAL is severer(Severity.LOW, Severity.CRITICAL) is severer(Severity.CRITICAL, Severity.LOW)
    assert "PROMISE_BROKEN" == group("PROMISE_BROKEN.NON_GENUINE")
