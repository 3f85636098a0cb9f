"""Which contact a rule owes for an event, when, and on which channel."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.rules import conditions
from crmcore.rules.care import Draft, Stop, best_point, decide, end_of_day, local_day, timing, window
from crmcore.rules.case import Anchor, Car, Case, Order
from crmcore.rules.permit import ContactPolicy, QuietHours
from crmcore.types.contact import AnchorKind, MessageClass, TouchpointRule, TouchpointState
from crmcore.types.customer import (
    Channel,
    Consent,
    ConsentStatus,
    ContactPoint,
    Customer,
    CustomerKind,
    NumberState,
    Purpose,
)
from crmcore.types.store import CalendarId, Store

STORE = Store(code="S01", name="示范店")
WEEKDAYS = Store(code="S02", name="示范二店", calendar=CalendarId.WEEKDAYS)
POLICY = ContactPolicy(quiet=QuietHours(time(21), time(8)), max_per_day=2, max_per_week=4)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
POINT = ContactPoint(value="+8613800130001")
WHO = Customer(id="C1", full_name="王小明", contact_points=(POINT,))


def rule(**known):
    return TouchpointRule(
        **{
            "code": "R",
            "label": {"zh": "规则", "en": "Rule"},
            "purpose": "CALLBACK",
            "anchor": AnchorKind.HANDED_OVER,
            "message_class": MessageClass.SERVICE,
            "source": "J",
        }
        | known
    )


def anchor(**known):
    return Anchor(
        **{
            "kind": AnchorKind.HANDED_OVER,
            "subject": "vehicle:5",
            "key": "visit:9",
            "on": date(2026, 11, 19),
            "at": datetime(2026, 11, 19, 8, 20, tzinfo=UTC),
            "store": "S01",
            "customer": 1,
            "vehicle": 5,
            "visit": 9,
            "visits": (9,),
        }
        | known
    )


def case(**known):
    known.setdefault("anchor", anchor())
    known.setdefault("customer", WHO)
    known.setdefault("order", Order(id=9))
    known.setdefault("car", Car(id=5))
    return Case(**known)


def decided(for_rule=None, about=None, **known):
    return decide(for_rule or rule(), about or case(), STORE, POLICY, known.pop("now", NOW), **known)


def local(text):
    return (datetime.fromisoformat(text) - timedelta(hours=8)).replace(tzinfo=UTC)


# ------------------------------------------------------------------ when


def test_day_n_is_due_at_opening():
    """The third day after Thursday afternoon is Sunday at half past eight."""
    assert local("2026-11-22 08:30") == timing(rule(offset="P3D"), anchor(), STORE).due


def test_a_closed_day_moves_to_the_next_opening():
    """A store that is closed on Sunday calls on Monday."""
    assert local("2026-11-23 08:30") == timing(rule(offset="P3D"), anchor(), WEEKDAYS).due


def test_hours_are_an_instant():
    """72 hours before ten o'clock is ten o'clock, also on a closed day."""
    at = anchor(on=date(2026, 11, 25), at=local("2026-11-25 10:00"))

    assert local("2026-11-22 10:00") == timing(rule(offset="-PT72H"), at, WEEKDAYS).due


def test_days_and_hours_together():
    """A day and twelve hours after 16:20 is 04:20."""
    assert local("2026-11-21 04:20") == timing(rule(offset="P1DT12H"), anchor(), STORE).due


@pytest.mark.parametrize("at", [None, local("2026-11-19 00:00")])
def test_a_date_without_a_time_counts_from_opening(at):
    """Midnight is what systems write when they do not know the time."""
    found = timing(rule(offset="PT0H", within="PT48H"), anchor(at=at), STORE)

    assert (local("2026-11-19 08:30"), local("2026-11-21 08:30")) == (found.due, found.deadline)


def test_within_hours_is_a_deadline():
    """Within 48 hours: owed at once, late after 48 hours."""
    found = timing(rule(offset="PT0H", within="PT48H", expires="P1D"), anchor(), STORE)

    assert (local("2026-11-19 16:20"), local("2026-11-21 16:20")) == (found.due, found.deadline)
    assert local("2026-11-20 23:59:59") == found.expires
    assert found.deadline == found.late_after


def test_without_a_deadline_it_is_late_once_due_has_passed():
    """A step without a deadline is missed when its time has come and gone."""
    found = timing(rule(offset="P3D"), anchor(), STORE)

    assert (None, None, found.due) == (found.deadline, found.expires, found.late_after)


def test_repeats_follow_each_other():
    """The third reminder comes 60 days after the first; a rule without a repeat has only one."""
    due = [timing(rule(offset="-P90D", repeat="P30D"), anchor(), STORE, number).due for number in (1, 2, 3)]

    assert [local("2026-08-21 08:30"), local("2026-09-20 08:30"), local("2026-10-20 08:30")] == due
    assert due[0] == timing(rule(offset="-P90D"), anchor(), STORE, 3).due


def test_an_unannounced_year_is_provisional():
    """The office calendar of a year that is not announced says so."""
    office = attrs.evolve(STORE, calendar=CalendarId.CN)

    assert timing(rule(offset="P3D"), anchor(on=date(2039, 5, 4), at=None), office).provisional


OFFSETS = st.sampled_from(["P3D", "-P30D", "P12M", "-PT72H", "PT0H", "P1DT12H", "-P1M", "P0D", "-P90D"])


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 1)),
    st.times(),
    OFFSETS,
    st.integers(1, 3),
    st.sampled_from([STORE, WEEKDAYS]),
)
def test_no_event_falls_out_of_its_window(on, clock, offset, occurrence, store):
    """Whatever is meant for a day is fetched when that day is planned."""
    wanted = rule(offset=offset, repeat="P30D", max_count=3)
    at = datetime.combine(on, clock.replace(tzinfo=None)).replace(tzinfo=UTC) - timedelta(hours=8)
    meant = timing(wanted, anchor(on=on, at=at), store, occurrence).on
    low, high = window(wanted, meant, meant, occurrence)

    assert low <= on <= high


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_a_day_ends_a_second_before_the_next(at):
    """The end of a deadline in days is still that day."""
    on = at.date()

    assert on == local_day(end_of_day(on, STORE), STORE)
    assert on + timedelta(days=1) == local_day(end_of_day(on, STORE) + timedelta(seconds=1), STORE)


# ------------------------------------------------------------------ whether


def test_a_callback_is_a_call():
    """What is owed is planned with its number."""
    found = decided()

    assert isinstance(found, Draft)
    assert (TouchpointState.PLANNED, Channel.PHONE, POINT, None) == (
        found.state,
        found.channel,
        found.point,
        found.reason,
    )
    assert ("R", "vehicle:5", "visit:9", "1") == found.identity
    assert (5,) == found.vehicles


def test_an_event_that_is_gone_owes_nothing():
    """A cancelled event stops, with its reason."""
    assert Stop("ANCHOR_GONE") == decided(about=case(anchor=anchor(gone="ANCHOR_GONE")))


@pytest.mark.parametrize("kind", ["INTERNAL", "PDI", "VOID"])
def test_nobody_is_called_about_an_order_that_is_no_customers(kind):
    """INTERNAL, PDI and void orders are never called about, whatever the pack says."""
    about = case(order=Order(id=9, order_type=kind))

    assert Stop(f"ORDER_{kind}") == decided(about=about)
    assert Stop(f"ORDER_{kind}") == decided(rule(population=("CUSTOMER_ORDER",)), about)


def test_a_void_status_is_a_void_order():
    """A customer's order that was voided later is void."""
    assert Stop("ORDER_VOID") == decided(about=case(order=Order(id=9, status="VOID")))


def test_an_order_nobody_knows_is_not_a_customers():
    """A population can ask for an order where there is none."""
    assert Stop("NOT_A_CUSTOMER_ORDER") == decided(
        rule(purpose="NOTICE", population=("CUSTOMER_ORDER",)), case(order=None)
    )


def birthday(**known):
    return rule(purpose="BIRTHDAY", message_class=MessageClass.CARE, channels=(Channel.SMS,), **known)


def test_birthdays_are_for_the_living_and_for_persons():
    """Neither an organisation nor somebody who died is congratulated, whatever the pack says."""
    firm = attrs.evolve(WHO, kind=CustomerKind.ORGANIZATION)
    dead = attrs.evolve(WHO, deceased=True)

    assert Stop("ORGANIZATION") == decided(birthday(), case(customer=firm))
    assert Stop("ORGANIZATION") == decided(birthday(population=("PERSON",)), case(customer=firm))
    assert Stop("DECEASED") == decided(birthday(), case(customer=dead))
    assert isinstance(decided(birthday(population=("PERSON",))), Draft)


def test_the_dead_get_no_care():
    """Goodwill and advertising stop with the customer's death."""
    dead = case(customer=attrs.evolve(WHO, deceased=True))

    assert Stop("DECEASED") == decided(rule(purpose="SEASON", message_class=MessageClass.CARE), dead)


@pytest.mark.parametrize("kind", MessageClass)
def test_nothing_is_owed_to_who_is_gone(kind):
    """Whatever was planned for a customer whom staff have retired is cancelled."""
    gone = case(customer=attrs.evolve(WHO, merged_into="C0"))

    assert Stop("CUSTOMER_GONE") == decided(rule(message_class=kind), gone)


@pytest.mark.parametrize("kind", [MessageClass.CARE, MessageClass.MARKETING])
def test_care_waits_while_a_complaint_is_open(kind):
    """While a complaint is open or unresolved there is no care and no advertising."""
    found = decided(rule(purpose="SEASON", message_class=kind), case(unresolved=True))

    assert (TouchpointState.SUPPRESSED, "OPEN_COMPLAINT") == (found.state, found.reason)


def test_a_callback_waits_while_its_complaint_is_open():
    """The case's own callback takes its place; a complaint about something else does not stop it."""
    assert "COMPLAINT_ABOUT_VISIT" == decided(about=case(order_complaint=True, unresolved=True)).reason
    assert TouchpointState.PLANNED is decided(about=case(unresolved=True)).state


def test_after_an_injury_only_a_person_decides():
    """It is kept back as a call, until somebody has decided; then it is a call."""
    found = decided(rule(channels=(Channel.SMS,)), case(injury=True))
    allowed = decided(rule(channels=(Channel.SMS,)), case(injury=True), decided=True)

    assert (TouchpointState.SUPPRESSED, "INJURY_ACCIDENT", Channel.PHONE) == (found.state, found.reason, found.channel)
    assert (TouchpointState.PLANNED, None, Channel.PHONE) == (allowed.state, allowed.reason, allowed.channel)
    assert {"SMS": "INJURY_ACCIDENT"} == allowed.why_channel


def test_a_persons_decision_lifts_nothing_else():
    """Who decides about an accident does not thereby close a complaint."""
    assert "COMPLAINT_ABOUT_VISIT" == decided(about=case(order_complaint=True), decided=True).reason


@pytest.mark.parametrize(
    ("car", "why"),
    [
        (Car(id=5, in_shop=True), "IN_SHOP"),
        (Car(id=5, appointment=True), "APPOINTMENT_BOOKED"),
        (Car(id=5, last_service_on=date(2026, 10, 23)), "RECENT_SERVICE"),
    ],
)
def test_maintenance_is_not_asked_for_now(car, why):
    """Not while the car is in the shop, booked in, or within 30 days of a service."""
    assert why == decided(rule(purpose="MAINTENANCE"), case(car=car)).reason


def test_maintenance_is_asked_for_again_on_the_31st_day():
    """Thirty days are inclusive."""
    car = Car(id=5, last_service_on=date(2026, 10, 22))

    assert TouchpointState.PLANNED is decided(rule(purpose="MAINTENANCE"), case(car=car)).state


@pytest.mark.parametrize("purpose", ["MAINTENANCE", "INSURANCE", "INSPECTION", "WARRANTY", "LOST", "AT_RISK"])
@pytest.mark.parametrize(
    ("car", "why"),
    [
        (Car(id=5, status="SOLD"), "VEHICLE_SOLD"),
        (Car(id=5, status="SCRAPPED"), "VEHICLE_SCRAPPED"),
        (Car(id=5, owner_left=True), "OWNERSHIP_ENDED"),
    ],
)
def test_a_car_that_is_gone_concerns_nobody(purpose, car, why):
    """What was due on a car that was sold, scrapped or given away is not the former owner's concern."""
    assert Stop(why) == decided(rule(purpose=purpose), case(car=car))


def test_a_pack_can_stop_for_more():
    """A rule can name further conditions, e.g. a car that left the region, or one already handed over."""
    away = case(car=Car(id=5, status="OFF_SITE"))
    handed = case(order=Order(id=9, delivered_at=NOW))

    assert Stop("VEHICLE_OFF_SITE") == decided(rule(stop_on=("VEHICLE_OFF_SITE",)), away)
    assert Stop("HANDED_OVER") == decided(rule(stop_on=("HANDED_OVER",)), handed)
    assert isinstance(decided(rule(stop_on=("HANDED_OVER", "VEHICLE_OFF_SITE")), case(order=None, car=None)), Draft)


def test_a_lost_customer_with_an_old_quarrel_is_left_alone():
    """Whose complaint was never resolved is not asked why he stays away."""
    assert "UNRESOLVED_COMPLAINT" == decided(rule(purpose="LOST"), case(unresolved=True)).reason


def test_populations():
    """Whom a rule is for: those with a car, those with an engine."""
    assert Stop("NO_VEHICLE") == decided(rule(population=("HAS_VEHICLE",)))
    assert isinstance(decided(rule(population=("HAS_VEHICLE",)), case(vehicles=1)), Draft)
    assert Stop("ELECTRIC") == decided(rule(population=("NOT_BEV",)), case(car=Car(id=5, powertrain="BEV")))
    assert isinstance(decided(rule(population=("NOT_BEV",)), case(car=None)), Draft)


def test_conditions_hold_nothing_against_nobody():
    """Without a car and an order no condition about them holds."""
    nobody = case(car=None, order=None)

    assert [] == [code for code, holds in conditions.HINDRANCES.items() if holds(nobody, date(2026, 11, 22))]


# ------------------------------------------------------------------ how


def test_the_booked_time_and_channel_win():
    """Who asked to be texted tomorrow at 18:30 is texted tomorrow at 18:30."""
    booked = local("2026-11-23 18:30")
    about = case(order=Order(id=9, booked_at=booked, booked_channel=Channel.SMS))
    found = decided(rule(offset="P3D", within="P0D", expires="P1D"), about)

    assert (booked, booked, Channel.SMS, True) == (found.timing.due, found.timing.deadline, found.channel, found.booked)
    assert local("2026-11-24 23:59:59") == found.timing.expires
    assert booked == decided(rule(offset="P3D"), about).timing.deadline


def test_a_booked_time_does_not_shorten_the_deadline():
    """A time before the deadline leaves the deadline where it was."""
    about = case(order=Order(id=9, booked_at=local("2026-11-20 10:00")))

    assert local("2026-11-22 23:59:59") == decided(rule(offset="P3D", within="P0D"), about).timing.deadline


def test_a_booked_time_is_for_the_callback_alone():
    """The reminder of a rule with another purpose keeps its own time."""
    about = case(order=Order(id=9, booked_at=NOW, booked_channel=Channel.SMS))

    assert not decided(rule(purpose="NOTICE"), about).booked


def test_a_service_text_that_may_not_go_is_a_call():
    """A number that refused texts is called about the customer's own order."""
    silent = attrs.evolve(WHO, contact_points=(attrs.evolve(POINT, refused=frozenset({Channel.SMS})),))
    found = decided(rule(channels=(Channel.SMS,)), case(customer=silent))

    assert (Channel.PHONE, {"SMS": "OPTED_OUT"}) == (found.channel, dict(found.why_channel))


def test_a_care_text_that_may_not_go_is_kept_back():
    """Goodwill does not turn into a call."""
    silent = attrs.evolve(WHO, contact_points=(attrs.evolve(POINT, refused=frozenset({Channel.SMS})),))
    found = decided(birthday(), case(customer=silent))

    assert (TouchpointState.SUPPRESSED, "OPTED_OUT", Channel.SMS) == (found.state, found.reason, found.channel)


def test_do_not_message_is_a_call():
    """What the DMS marks as not to be texted is called about."""
    found = decided(rule(channels=(Channel.SMS, Channel.PHONE)), case(order=Order(id=9, do_not_message=True)))

    assert (Channel.PHONE, {"SMS": "DO_NOT_MESSAGE"}) == (found.channel, dict(found.why_channel))


def test_advertising_needs_consent():
    """Silence is no; a consent is yes."""
    selling = rule(purpose="INSURANCE", message_class=MessageClass.MARKETING, channels=(Channel.SMS,))
    yes = attrs.evolve(WHO, consents=(Consent(purpose=Purpose.MARKETING, status=ConsentStatus.GRANTED),))

    assert "NO_CONSENT" == decided(selling).reason
    assert TouchpointState.PLANNED is decided(selling, case(customer=yes)).state


def test_a_survey_asks_for_its_own_consent():
    """Who wants no surveys is not surveyed."""
    no = attrs.evolve(WHO, consents=(Consent(purpose=Purpose.SURVEY, status=ConsentStatus.DENIED),))

    assert "CONSENT_WITHDRAWN" == decided(rule(purpose="SURVEY", survey="S"), case(customer=no)).reason


def test_quiet_hours_stop_no_plan():
    """At night the plan is made all the same; the text is held when it is to go."""
    assert TouchpointState.PLANNED is decided(now=local("2026-11-22 23:00")).state


def test_the_best_number():
    """A number that works, then the preferred one, then the proven one; nothing where there is none."""
    dead = ContactPoint(value="+8613800130002", preferred=True, state=NumberState.NOT_IN_SERVICE)
    landline = ContactPoint(value="+861055501234", mobile=False, preferred=True)
    proven = ContactPoint(value="+8613800130003", state=NumberState.VALID)
    many = attrs.evolve(WHO, contact_points=(dead, landline, POINT, proven))

    assert landline == best_point(many, Channel.PHONE)
    assert proven == best_point(many, Channel.SMS)
    assert best_point(attrs.evolve(WHO, contact_points=()), Channel.PHONE) is None


def test_a_yearly_event_counts_in_years():
    """The birthday of 2026 and that of 2027 are two."""
    assert "2026" == decided(birthday(), case(anchor=anchor(occurrence="2026", vehicle=None))).occurrence
