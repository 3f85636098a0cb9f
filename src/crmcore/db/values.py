"""Rows as the values that the outside knows: ids get their letter, stamps become instants, codes their enumerations."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from crmcore.db.columns import day, instant
from crmcore.db.messages import to_message
from crmcore.types.alert import Alert
from crmcore.types.complaint import ActionStatus, MeetingKind
from crmcore.types.contact import (
    AttemptOutcome,
    ContactAttempt,
    MessageClass,
    MessageState,
    Reply,
    Text,
    Touchpoint,
    TouchpointState,
)
from crmcore.types.customer import Channel
from crmcore.types.improvement import Action, Meeting
from crmcore.types.refs import ExternalRef
from crmcore.types.store import Role
from crmcore.types.survey import Answer, Side
from crmcore.types.vehicle import NextService, OdometerReading, Powertrain, ServiceBasis, Vehicle, VehicleStatus
from crmcore.types.visit import OrderType, Visit, VisitKind, VisitLine, VisitStatus


def name(letter: str, number: int | None) -> str | None:
    """9 -> "R9"."""
    return None if number is None else f"{letter}{number}"


def vehicle(row: Row[Any], refs: Iterable[ExternalRef] = ()) -> Vehicle:
    """A car with the names that other systems have for it."""
    due = day(row.next_service_on) if row.next_service_on else None
    readings = ((row.km1_on, row.km1), (row.km2_on, row.km2))
    return Vehicle(
        id=f"V{row.id}",
        vin=row.vin,
        plate_number=row.plate,
        make=row.make,
        series=row.series,
        model=row.model,
        powertrain=Powertrain(row.powertrain),
        sold_on=_day(row.sold_on),
        delivered_on=_day(row.delivered_on),
        first_registered_on=_day(row.first_registered_on),
        warranty_until=_day(row.warranty_until),
        warranty_km=row.warranty_km,
        inspection_due_on=_day(row.inspection_due_on),
        compulsory_insurance_until=_day(row.compulsory_insurance_until),
        commercial_insurance_until=_day(row.commercial_insurance_until),
        service_interval_km=row.service_interval_km,
        service_interval_months=row.service_interval_months,
        readings=tuple(OdometerReading(day(on), km) for on, km in readings if on is not None and km is not None),
        next_service=None
        if due is None
        else NextService(due_on=due, due_km=row.next_service_km, basis=ServiceBasis(row.next_service_basis)),
        status=VehicleStatus(row.status),
        refs=tuple(refs),
    )


def visit(row: Row[Any], lines: Iterable[Row[Any]] = ()) -> Visit:
    """A visit with its jobs; whose it is, where the source does not say, is who brought the car or who pays."""
    return Visit(
        id=f"R{row.id}",
        kind=VisitKind(row.kind),
        ro_number=row.ro_number,
        store=row.store,
        customer_id=f"C{row.customer_id or row.brought_by_id or row.payer_id}",
        vehicle_id=name("V", row.vehicle_id),
        brought_by_id=name("C", row.brought_by_id),
        advisor=row.advisor,
        opened_at=_instant(row.opened_at),
        promised_at=_instant(row.promised_at),
        completed_at=_instant(row.completed_at),
        delivered_at=_instant(row.delivered_at),
        invoiced_at=_instant(row.invoiced_at),
        km_in=row.km_in,
        status=VisitStatus(row.status),
        order_type=OrderType(row.order_type),
        reason_verbatim=row.reason_verbatim or "",
        injury_accident=bool(row.injury_accident),
        do_not_message=bool(row.do_not_message),
        booked_at=_instant(row.booked_at),
        booked_channel=Channel(row.booked_channel) if row.booked_channel else None,
        lines=tuple(_line(line) for line in lines),
    )


def _line(row: Row[Any]) -> VisitLine:
    return VisitLine(
        no=row.no,
        op_name=row.op_name or "",
        op_code=row.op_code or "",
        hours_sold=_hundredths(row.hours),
        labour_amount=_hundredths(row.labour_amount),
        parts_amount=_hundredths(row.parts_amount),
        complaint=row.complaint or "",
        **({"pay_type": row.pay_type} if row.pay_type else {}),
    )


def text(row: Row[Any]) -> Text:
    """A text and what has become of it."""
    return Text(
        message=to_message(row),
        customer_id=f"C{row.customer_id}",
        touchpoint_id=name("T", row.touchpoint_id),
        state=MessageState(row.state),
        reason=row.code,
        account=row.account,
        due_at=instant(row.due_at),
        state_at=instant(row.state_at),
    )


def call(row: Row[Any]) -> ContactAttempt:
    """A call with what was said in it."""
    return ContactAttempt(
        id=f"A{row.id}",
        touchpoint_id=name("T", row.touchpoint_id),
        complaint_id=name("K", row.complaint_id),
        customer_id=f"C{row.customer_id}",
        at=instant(row.at),
        recorded_at=instant(row.recorded_at),
        staff=row.staff,
        channel=Channel(row.channel),
        outcome=AttemptOutcome(row.outcome),
        result=row.result,
        remark=row.remark or "",
        category=row.category,
        referral=row.referral or "",
        note=row.note or "",
        next_at=_instant(row.next_at),
        next_channel=Channel(row.next_channel) if row.next_channel in Channel.__members__ else None,
    )


def reply(row: Row[Any]) -> Reply:
    """A text from a customer."""
    return Reply(
        id=f"I{row.id}",
        customer_id=name("C", row.customer_id),
        sender=row.sender,
        text=row.text,
        at=instant(row.at),
        vendor_id=row.vendor_id,
    )


def answer(row: Row[Any]) -> Answer:
    """One answer as it was given; empty where it was erased."""
    return Answer(
        question=row.question,
        value=row.value or "",
        na=bool(row.na),
        comment=row.comment or "",
        minimum=row.minimum,
        maximum=row.maximum,
    )


def touchpoint(row: Row[Any]) -> Touchpoint:
    """A contact that is, or was, owed."""
    return Touchpoint(
        id=f"T{row.id}",
        rule=row.rule,
        subject=row.subject,
        anchor=row.anchor,
        anchor_on=_moment(row.anchor_on),
        occurrence=row.occurrence,
        store=row.store,
        customer_id=f"C{row.customer_id}",
        vehicle_id=name("V", row.vehicle_id),
        visit_id=name("R", row.visit_id),
        due_at=instant(row.due_at),
        deadline_at=_instant(row.deadline_at),
        expires_at=_instant(row.expires_at),
        channel=Channel(row.channel),
        message_class=MessageClass(row.message_class),
        executor=row.executor,
        supervisors=tuple(json.loads(row.supervisors)),
        state=TouchpointState(row.state),
        reason=row.reason,
        bundled_into=name("T", row.bundled_into),
        explanation=json.loads(row.explanation),
    )


def action(row: Row[Any], cases: Collection[int] = ()) -> Action:
    """A row of the improvement plan, with the complaints it comes from."""
    return Action(
        id=f"B{row.id}",
        store=row.store,
        factor=row.factor,
        item=row.item,
        survey=row.survey,
        wave=row.wave,
        side=Side(row.side) if row.side else None,
        staff=row.staff,
        cause=row.cause,
        measure=row.measure,
        responsible=row.responsible,
        supervisor=row.supervisor,
        due_on=day(row.due_on),
        priority=row.priority,
        status=ActionStatus(row.status),
        last_score=_hundredths(row.last_score),
        target_score=_hundredths(row.target_score),
        result_wave=row.result_wave,
        result_score=_hundredths(row.result_score),
        verdict=row.verdict,
        cases=tuple(f"K{case}" for case in cases),
    )


def meeting(row: Row[Any], actions: Collection[int] = ()) -> Meeting:
    """The record of a meeting, with what it decided."""
    return Meeting(
        id=f"G{row.id}",
        store=row.store,
        kind=MeetingKind(row.kind),
        held_on=day(row.held_on),
        chair=row.chair,
        attendees=tuple(json.loads(row.attendees)),
        wave=row.wave,
        record=row.record or "",
        actions=tuple(f"B{each}" for each in actions),
    )


def alert(row: Row[Any]) -> Alert:
    """What colleagues are owed, or were told."""
    return Alert(
        id=f"L{row.id}",
        store=row.store,
        complaint_id=name("K", row.complaint_id),
        kind=row.kind,
        round=row.round,
        level=row.level,
        role=Role(row.role) if row.role else None,
        staff=row.staff,
        due_at=instant(row.due_at),
        created_at=instant(row.created_at),
        next_at=None if row.sent_at else instant(row.next_at),
        attempts=row.attempts,
        sent_at=_instant(row.sent_at),
        groups=tuple(json.loads(row.account or "[]")),
        code=row.code,
    )


def _moment(stored: str) -> datetime | date:
    return instant(stored) if "T" in stored else day(stored)


def _instant(stored: str | None) -> datetime | None:
    return instant(stored) if stored else None


def _day(stored: str | None) -> date | None:
    return day(stored) if stored else None


def _hundredths(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number) / 100
