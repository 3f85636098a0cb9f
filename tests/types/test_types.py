"""What a dealer talks about: values that cannot be changed and that give nobody away when they are printed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import attrs
import pytest

from crmcore.types import complaint, contact, customer, refs, store, vehicle, visit

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CANARY = "金丝雀"

POINT = customer.ContactPoint(value=CANARY)
VALUES = [
    POINT,
    customer.Customer(
        id="C1",
        full_name=CANARY,
        contact_points=(POINT,),
        relatives=(customer.Relative(name=CANARY, birth_date=date(1977, 7, 7)),),
        birth_date=date(1977, 7, 7),
        extra={"note": CANARY},
    ),
    customer.VehicleParty(vehicle_id="V1", customer_id="C1", role=customer.PartyRole.OWNER),
    customer.Consent(purpose=customer.Purpose.CARE, status=customer.ConsentStatus.GRANTED),
    vehicle.Vehicle(id="V1", plate_number=CANARY, readings=(vehicle.OdometerReading(date(2026, 1, 1), 10),)),
    visit.Visit(id="R1", store="S01", customer_id="C1", reason_verbatim=CANARY, lines=(visit.VisitLine(no="1"),)),
    visit.Appointment(id="A1", store="S01", customer_id="C1", start=NOW),
    complaint.Complaint(id="K1", store="S01", customer_id="C1", received_at=NOW),
    contact.Message(id="M1", to=CANARY, text=CANARY, message_class=contact.MessageClass.CARE, params={"name": CANARY}),
    contact.Text(
        message=contact.Message(id="M1", to=CANARY, text=CANARY, message_class=contact.MessageClass.CARE),
        customer_id="C1",
        state=contact.MessageState.QUEUED,
        due_at=NOW,
        state_at=NOW,
    ),
    contact.Reply(sender=CANARY, text=CANARY),
    contact.ContactAttempt(id="1", at=NOW, outcome=contact.AttemptOutcome.SUCCESS, result="DONE", remark=CANARY),
    store.Staff(code="E01", name=CANARY, store="S01", phone=CANARY),
    refs.ExternalRef(system="main", entity="visit", key="1"),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_gives_nobody_away(value):
    """Printed in a log or a traceback, no value shows a name, a number, a plate, a birthday or somebody's words."""
    assert CANARY not in repr(value)
    assert "1977" not in repr(value)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_cannot_be_changed(value):
    """What was decided on stays what it was."""
    name = attrs.fields(type(value))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, name, None)


def test_the_roles_that_only_pass_on():
    """Technicians, parts and the rear office never own a complaint (S4)."""
    assert {"TECHNICIAN", "PARTS", "REAR_OFFICE"} == {role.value for role in store.FORWARD_ONLY}


def test_a_complaint_has_ended_when_it_is_closed_or_withdrawn():
    """Every other state still stops care and marketing."""
    assert {"CLOSED", "WITHDRAWN"} == {state.value for state in complaint.ENDED}


def test_a_kept_text_is_called_as_its_message_is():
    """M1 is M1, on the way and in the store."""
    kept = next(value for value in VALUES if isinstance(value, contact.Text))

    assert "M1" == kept.id
