"""Cars, their odometers, and the times they came."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from crmcore.testing.strategies import plain
from crmcore.testing.strategies.people import external_refs
from crmcore.testing.strategies.plain import Fields, few, makes, maybe
from crmcore.types.customer import Channel
from crmcore.types.vehicle import NextService, OdometerReading, Powertrain, ServiceBasis, Vehicle, VehicleStatus
from crmcore.types.visit import (
    Appointment,
    AppointmentStatus,
    OrderType,
    Rework,
    ReworkBasis,
    Visit,
    VisitKind,
    VisitLine,
    VisitStatus,
)


@makes(OdometerReading)
def odometer_readings(draw: DrawFn) -> Fields:
    """One reading."""
    return {"on": draw(plain.days()), "km": draw(plain.kilometres())}


@makes(NextService)
def next_services(draw: DrawFn) -> Fields:
    """When a car is due."""
    return {
        "due_on": draw(plain.days()),
        "due_km": draw(maybe(plain.kilometres())),
        "basis": draw(st.sampled_from(ServiceBasis)),
    }


@st.composite
def _readings(draw: DrawFn) -> tuple[OdometerReading, ...]:
    """Oldest first, and never backwards."""
    found = draw(st.lists(odometer_readings(), max_size=4, unique_by=lambda each: each.on))
    dates, counts = sorted(each.on for each in found), sorted(each.km for each in found)
    return tuple(OdometerReading(on, km) for on, km in zip(dates, counts, strict=True))


@makes(Vehicle)
def vehicles(draw: DrawFn) -> Fields:
    """Cars with a right VIN or none; sold, handed over and registered in that order, what is insured ends a year on."""
    sold = draw(maybe(plain.days()))
    lead = timedelta(days=draw(st.integers(0, 60)))
    handed = sold + lead if sold else None
    return {
        "id": draw(plain.ids("V")),
        "vin": draw(maybe(plain.vins())),
        "plate_number": draw(maybe(plain.plates())),
        "make": draw(maybe(st.just("DEMO"))),
        "series": draw(maybe(st.sampled_from(["A1", "B2", "C3"]))),
        "model": draw(maybe(st.sampled_from(["A1S", "B2L"]))),
        "powertrain": draw(st.sampled_from(Powertrain)),
        "sold_on": sold,
        "delivered_on": handed,
        "first_registered_on": handed,
        "warranty_until": handed + timedelta(days=1096) if handed else None,
        "warranty_km": draw(maybe(st.just(100_000))),
        "inspection_due_on": draw(maybe(plain.days())),
        "compulsory_insurance_until": draw(maybe(plain.days())),
        "commercial_insurance_until": draw(maybe(plain.days())),
        "service_interval_km": draw(maybe(st.sampled_from([5_000, 7_500, 10_000]))),
        "service_interval_months": draw(maybe(st.sampled_from([6, 12]))),
        "readings": draw(_readings()),
        "next_service": draw(maybe(next_services())),
        "status": draw(st.sampled_from(VehicleStatus)),
        "refs": draw(few(external_refs(entity=st.just("vehicle")), 2, unique_by=lambda each: (each.system, each.key))),
    }


@makes(VisitLine)
def visit_lines(draw: DrawFn) -> Fields:
    """One job."""
    return {
        "no": draw(plain.keys()),
        "op_name": draw(plain.lines()),
        "op_code": draw(st.sampled_from(["", "A100", "B220"])),
        "hours_sold": draw(maybe(plain.hours())),
        "labour_amount": draw(maybe(plain.money())),
        "parts_amount": draw(maybe(plain.money())),
        "complaint": draw(plain.texts(20)),
        "pay_type": draw(st.sampled_from(["CUSTOMER_PAY", "WARRANTY", "INTERNAL"])),
    }


#: What may be said of an order, by how far it has come: opened, work done, handed over.
_AT_WORK = (
    VisitStatus.OPEN,
    VisitStatus.IN_PROGRESS,
    VisitStatus.WAITING_APPROVAL,
    VisitStatus.WAITING_PARTS,
    VisitStatus.QUALITY_CHECK,
)
_STEPS = ("opened_at", "completed_at", "delivered_at", "invoiced_at")


def _status(draw: DrawFn, *, done: bool, handed: bool, void: bool) -> VisitStatus:
    if void:
        return VisitStatus.VOID
    if handed:
        return draw(st.sampled_from([VisitStatus.DELIVERED, VisitStatus.CLOSED]))
    return VisitStatus.READY if done else draw(st.sampled_from(_AT_WORK))


@makes(Visit)
def visits(draw: DrawFn) -> Fields:
    """Orders, hand-overs and prospects: opened, done, handed over and settled in that order, and the status says how far it is."""
    kind = draw(st.sampled_from(VisitKind))
    order_type = draw(st.sampled_from(OrderType)) if kind is VisitKind.SERVICE else OrderType.CUSTOMER
    times = plain.progress(draw, _STEPS, 1)
    opened = times["opened_at"]
    assert opened is not None
    booked = draw(st.booleans())
    return {
        "id": draw(plain.ids("R")),
        "kind": kind,
        "ro_number": draw(st.integers(1, 99_999).map(lambda number: f"RO2026{number:05d}")),
        "store": draw(plain.store_codes()),
        "customer_id": draw(plain.ids("C")),
        "vehicle_id": None if kind is VisitKind.SHOWROOM else draw(plain.ids("V")),
        "brought_by_id": draw(maybe(plain.ids("C"))) if kind is VisitKind.SERVICE else None,
        "advisor": draw(maybe(plain.staff_codes())),
        "promised_at": opened + draw(plain.spans(timedelta(days=5))) if draw(st.booleans()) else None,
        "km_in": draw(maybe(plain.kilometres())) if kind is VisitKind.SERVICE else None,
        "status": _status(
            draw,
            done=times["completed_at"] is not None,
            handed=times["delivered_at"] is not None,
            void=order_type is OrderType.VOID,
        ),
        "order_type": order_type,
        "reason_verbatim": draw(plain.texts()),
        "injury_accident": draw(st.booleans()),
        "do_not_message": draw(st.booleans()),
        "booked_at": opened + draw(plain.spans()) if booked else None,
        "booked_channel": draw(st.sampled_from([Channel.PHONE, Channel.SMS])) if booked else None,
        "lines": draw(few(visit_lines(), unique_by=lambda each: each.no)) if kind is VisitKind.SERVICE else (),
        **times,
    }


@makes(Appointment)
def appointments(draw: DrawFn) -> Fields:
    """Booked visits."""
    return {
        "id": draw(plain.ids("B")),
        "store": draw(plain.store_codes()),
        "customer_id": draw(plain.ids("C")),
        "vehicle_id": draw(maybe(plain.ids("V"))),
        "start": draw(plain.instants()),
        "status": draw(st.sampled_from(AppointmentStatus)),
    }


@makes(Rework)
def reworks(draw: DrawFn) -> Fields:
    """Repairs that did not hold: somebody says so, and what is measured from order to order needs both orders."""
    returned = draw(maybe(st.integers(2, 1000)))
    original = (
        draw(st.integers(1, returned - 1 if returned else 1000)) if returned is None or draw(st.booleans()) else None
    )
    both = original is not None and returned is not None
    same = both and draw(st.booleans())
    claimed = st.frozensets(st.sampled_from([ReworkBasis.DMS_FLAG, ReworkBasis.CUSTOMER_CLAIM]), min_size=not same)
    return {
        "original": original,
        "returned": returned,
        "original_line": draw(plain.keys()) if same else "",
        "returned_line": draw(plain.keys()) if same else "",
        "bases": draw(claimed) | ({ReworkBasis.SAME_FAULT} if same else set()),
        "why": draw(st.sampled_from(["FAULT_CODE", "OP_CODE", "WORDS"])) if same else "",
        "days": draw(maybe(st.integers(0, 365))) if both else None,
        "km": draw(maybe(plain.kilometres(20_000))) if both else None,
        "within_guarantee": draw(maybe(st.booleans())) if both else None,
    }
