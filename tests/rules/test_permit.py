"""What a customer is promised about being contacted."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import lang
from crmcore.rules.permit import ContactFacts, ContactPolicy, QuietHours, permit
from crmcore.testing import strategies
from crmcore.types.contact import Hold, MessageClass, Refuse, Send
from crmcore.types.customer import Channel, Consent, ConsentStatus, ContactPoint, Customer, NumberState, Purpose
from crmcore.types.store import Store

SERVICE, CARE, MARKETING = MessageClass.SERVICE, MessageClass.CARE, MessageClass.MARKETING
PACK = tomllib.loads((resources.files("crmcore") / "packs" / "contact.toml").read_text("utf-8"))
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # 12:00 in Shanghai
YES = Consent(purpose=Purpose.MARKETING, status=ConsentStatus.GRANTED)


def quiet(text):
    start, end = text.split("-")
    return QuietHours(time.fromisoformat(start), time.fromisoformat(end))


POLICY = ContactPolicy(
    **{key: value for key, value in PACK["contact"].items() if key != "opt_out_words"}
    | {"quiet": quiet(PACK["contact"]["quiet"])}
)


def facts(**changes):
    parts = {
        "point": ContactPoint(value="+8613800130001"),
        "customer": Customer(id="C1", full_name="示例"),
        "store": Store(code="S01", name="示范店"),
    }
    for name, part in parts.items():
        own = {field.name for field in attrs.fields(type(part))} & set(changes) - {"channel"}
        parts[name] = attrs.evolve(part, **{field: changes.pop(field) for field in own})
    return ContactFacts(**parts | {"channel": Channel.SMS, "message_class": CARE} | changes)


def shanghai(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def denied(purpose, status=ConsentStatus.WITHDRAWN, channel=None):
    return Consent(purpose=purpose, status=status, channel=channel)


# ------------------------------------------------------------------ the number


def test_a_customer_is_texted_at_noon():
    """Where nothing speaks against it, a text goes and a call is made."""
    assert Send() == permit(facts(), POLICY, NOON)
    assert Send() == permit(facts(channel=Channel.PHONE), POLICY, NOON)
    assert Send() == permit(facts(message_class=SERVICE), POLICY, NOON)


def test_opt_out_beats_a_service_message():
    """A number that said no is not texted, whatever the message is for."""
    assert Refuse("OPTED_OUT") == permit(facts(refused=frozenset({Channel.SMS}), message_class=SERVICE), POLICY, NOON)


def test_text_but_do_not_call_is_one_state():
    """Who wants no calls still gets texts, and who wants no texts may still be called."""
    no_calls = {"refused": frozenset({Channel.PHONE})}
    no_texts = {"refused": frozenset({Channel.SMS})}

    assert Refuse("DO_NOT_CALL") == permit(facts(channel=Channel.PHONE, **no_calls), POLICY, NOON)
    assert Send() == permit(facts(**no_calls), POLICY, NOON)
    assert Send() == permit(facts(channel=Channel.PHONE, **no_texts), POLICY, NOON)


@pytest.mark.parametrize("state", [NumberState.UNREACHABLE, NumberState.WRONG_PERSON, NumberState.NOT_IN_SERVICE])
def test_a_number_known_to_be_wrong_is_left_alone(state):
    """Neither texts nor calls go to a dead number or to a stranger."""
    for channel in (Channel.SMS, Channel.PHONE):
        assert Refuse(f"NUMBER_{state.name}") == permit(facts(state=state, channel=channel), POLICY, NOON)


def test_a_landline_is_called_not_texted():
    """A 010 number takes no text."""
    assert Refuse("NOT_MOBILE") == permit(facts(mobile=False), POLICY, NOON)
    assert Send() == permit(facts(mobile=False, channel=Channel.PHONE), POLICY, NOON)


def test_without_a_number_there_is_nothing_to_send_to():
    """A customer without a number is a case for a person."""
    assert Refuse("NO_NUMBER") == permit(facts(point=None), POLICY, NOON)


# ------------------------------------------------------------------ the person


def test_nothing_automatic_goes_to_the_deceased():
    """Only a person may call about an order that is still open."""
    gone = {"deceased": True}

    assert Refuse("DECEASED") == permit(facts(**gone, message_class=SERVICE), POLICY, NOON)
    assert Refuse("DECEASED") == permit(facts(**gone, channel=Channel.PHONE), POLICY, NOON)
    assert Send() == permit(facts(**gone, channel=Channel.PHONE, message_class=SERVICE), POLICY, NOON)


@pytest.mark.parametrize("message_class", MessageClass)
@pytest.mark.parametrize("channel", [Channel.SMS, Channel.PHONE])
def test_nobody_contacts_who_is_gone(message_class, channel):
    """A customer whom staff have retired is neither texted nor called, whatever for."""
    retired = facts(merged_into="C0", channel=channel, message_class=message_class)

    assert Refuse("CUSTOMER_GONE") == permit(retired, POLICY, NOON)


@pytest.mark.parametrize(
    ("flag", "why"), [("injury_accident", "INJURY_ACCIDENT_PERSON_ONLY"), ("do_not_message", "DO_NOT_MESSAGE")]
)
def test_after_an_injury_only_a_person_decides(flag, why):
    """No text follows such a visit, not even a service text; a call by a person is allowed."""
    assert Refuse(why) == permit(facts(**{flag: True}, message_class=SERVICE), POLICY, NOON)
    assert Send() == permit(facts(**{flag: True}, channel=Channel.PHONE), POLICY, NOON)


def test_an_open_complaint_silences_care_not_service():
    """While a complaint is open nobody is congratulated or sold to, but his car is still announced."""
    for channel in (Channel.SMS, Channel.PHONE):
        assert Refuse("OPEN_COMPLAINT") == permit(facts(has_open_complaint=True, channel=channel), POLICY, NOON)
    assert Send() == permit(facts(has_open_complaint=True, message_class=SERVICE), POLICY, NOON)


def test_silence_is_no_to_marketing():
    """Without a consent, with an expired one, or with one for another channel, nothing is sold."""
    for consents in (
        (),
        (attrs.evolve(YES, expires_at=NOON),),
        (attrs.evolve(YES, channel=Channel.PHONE),),
        (denied(Purpose.MARKETING, ConsentStatus.NOT_REQUESTED),),
    ):
        assert Refuse("NO_CONSENT") == permit(facts(message_class=MARKETING, consents=consents), POLICY, NOON)
    assert Send() == permit(facts(message_class=MARKETING, consents=(YES,)), POLICY, NOON)
    assert Refuse("NO_CONSENT") == permit(facts(purpose=Purpose.MARKETING), POLICY, NOON)


@pytest.mark.parametrize("status", [ConsentStatus.WITHDRAWN, ConsentStatus.DENIED])
def test_a_no_to_care_is_a_no(status):
    """Who refused care gets none, on that channel; a no beats an older yes."""
    assert Refuse("CONSENT_WITHDRAWN") == permit(facts(consents=(denied(Purpose.CARE, status),)), POLICY, NOON)
    assert Send() == permit(facts(consents=(denied(Purpose.CARE, status, Channel.PHONE),)), POLICY, NOON)
    assert Refuse("CONSENT_WITHDRAWN") == permit(
        facts(message_class=MARKETING, consents=(YES, denied(Purpose.MARKETING, status))), POLICY, NOON
    )


def test_a_no_to_surveys_stops_surveys_only():
    """Both the purpose of the contact and that of its class are asked."""
    no_surveys = (denied(Purpose.SURVEY),)

    assert Refuse("CONSENT_WITHDRAWN") == permit(facts(purpose=Purpose.SURVEY, consents=no_surveys), POLICY, NOON)
    assert Send() == permit(facts(consents=no_surveys), POLICY, NOON)
    assert Refuse("CONSENT_WITHDRAWN") == permit(
        facts(purpose=Purpose.SURVEY, consents=(denied(Purpose.CARE),)), POLICY, NOON
    )


# ------------------------------------------------------------------ the text


def test_a_shared_number_is_told_no_names():
    """A text to a number of several customers names nobody; one that names nobody may go, and a caller may ask."""
    assert Refuse("NAMES_SHARED_NUMBER") == permit(facts(shared=True, names_customer=True), POLICY, NOON)
    assert Send() == permit(facts(shared=True), POLICY, NOON)
    assert Send() == permit(facts(names_customer=True), POLICY, NOON)
    assert Send() == permit(facts(shared=True, names_customer=True, channel=Channel.PHONE), POLICY, NOON)


def test_no_text_is_cut_off():
    """A text that does not fit is refused, not silently cut by the vendor."""
    assert Refuse("TOO_LONG") == permit(facts(fits=False), POLICY, NOON)
    assert Send() == permit(facts(fits=False, channel=Channel.PHONE), POLICY, NOON)


# ------------------------------------------------------------------ the time


def test_what_is_no_longer_worth_it_is_not_sent():
    """From the minute it expires on, a reminder stays unsent."""
    assert Refuse("EXPIRED") == permit(facts(expires_at=NOON), POLICY, NOON)
    assert Send() == permit(facts(expires_at=NOON + timedelta(seconds=1)), POLICY, NOON)


def test_quiet_hours_end_in_the_stores_zone():
    """At 22:30 in Urumqi a text waits for 08:00 in Urumqi, not in Shanghai, and so does a call."""
    now = shanghai("2026-11-22T00:30")

    for channel in (Channel.SMS, Channel.PHONE):
        held = permit(facts(timezone="Asia/Urumqi", channel=channel, message_class=SERVICE), POLICY, now)

        assert Hold(shanghai("2026-11-22T10:00"), "QUIET_HOURS") == held


@pytest.mark.parametrize(
    ("now", "decision"),
    [
        ("2026-11-23T20:59:59", Send()),
        ("2026-11-23T21:00", Hold(shanghai("2026-11-24T08:00"), "QUIET_HOURS")),
        ("2026-11-23T07:59:59", Hold(shanghai("2026-11-23T08:00"), "QUIET_HOURS")),
        ("2026-11-23T08:00", Send()),
    ],
)
def test_quiet_hours_are_21_to_8(now, decision):
    """The last text goes before 21:00, what is held goes at 08:00."""
    assert decision == permit(facts(), POLICY, shanghai(now))


def test_a_hold_that_would_come_too_late_is_refused():
    """What expires in the night is not sent in the morning."""
    now = shanghai("2026-11-23T22:00")

    assert Refuse("EXPIRED_WHILE_HELD") == permit(facts(expires_at=shanghai("2026-11-24T08:00")), POLICY, now)
    assert Hold(shanghai("2026-11-24T08:00"), "QUIET_HOURS") == permit(
        facts(expires_at=shanghai("2026-11-24T08:01")), POLICY, now
    )


@pytest.mark.parametrize(
    ("window", "now", "opens"),
    [
        ("12:00-14:00", "2026-11-23T12:30", "2026-11-23T14:00"),
        ("12:00-14:00", "2026-11-23T11:59", "2026-11-23T11:59"),
        ("00:00-00:00", "2026-11-23T00:00", "2026-11-23T00:00"),
    ],
)
def test_quiet_hours_may_lie_within_a_day_or_not_be_at_all(window, now, opens):
    """A lunch break is quiet from its start to its end; equal ends mean never."""
    assert shanghai(opens) == quiet(window).opens(shanghai(now), "Asia/Shanghai")


def test_the_quiet_end_that_comes_twice_is_the_second():
    """When Berlin sets its clocks back over the end of the quiet hours, it is quiet until they are over for good."""
    night = quiet("21:00-02:30")

    assert datetime(2026, 10, 25, 1, 30, tzinfo=UTC) == night.opens(
        datetime(2026, 10, 24, 20, tzinfo=UTC), "Europe/Berlin"
    )
    assert datetime(2026, 3, 29, 1, tzinfo=UTC) == night.opens(datetime(2026, 3, 28, 22, tzinfo=UTC), "Europe/Berlin")


def test_a_full_day_frees_the_next_morning():
    """After two contacts today the third waits for midnight, and so for 08:00; service contacts neither wait nor count."""
    today = (shanghai("2026-11-23T09:00"), shanghai("2026-11-23T11:00"))

    assert Hold(shanghai("2026-11-24T08:00"), "TOO_OFTEN") == permit(facts(sent_recently=today), POLICY, NOON)
    assert Send() == permit(facts(sent_recently=today[:1]), POLICY, NOON)
    assert Send() == permit(facts(sent_recently=today, message_class=SERVICE), POLICY, NOON)


def test_a_full_week_frees_when_the_oldest_contact_is_seven_days_old():
    """Any seven local dates in a row hold at most four care and marketing contacts."""
    week = tuple(shanghai(f"2026-11-{day}T09:00") for day in (18, 20, 21, 22))

    assert Hold(shanghai("2026-11-25T08:00"), "TOO_OFTEN") == permit(facts(sent_recently=week), POLICY, NOON)
    assert Send() == permit(facts(sent_recently=week), POLICY, shanghai("2026-11-25T08:00"))
    assert Refuse("TOO_OFTEN") == permit(
        facts(sent_recently=week, expires_at=shanghai("2026-11-25T08:00")), POLICY, NOON
    )


def test_a_cap_of_none_forbids_care():
    """A dealer who sets a cap to 0 sends service texts only."""
    for cap in ("max_per_day", "max_per_week"):
        none = attrs.evolve(POLICY, **{cap: 0})

        assert Refuse("TOO_OFTEN") == permit(facts(), none, NOON)
        assert Send() == permit(facts(message_class=SERVICE), none, NOON)


def test_an_instant_without_a_zone_is_refused():
    """The machine's own zone would be a guess."""
    with pytest.raises(ValueError, match="zone"):
        permit(facts(), POLICY, datetime(2026, 11, 23))


# ------------------------------------------------------------------ whatever the facts are

STRICTNESS = {Send: 0, Hold: 1, Refuse: 2}
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
ZONES = st.sampled_from(["Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
CONSENTS = strategies.consents(
    purpose=st.sampled_from([Purpose.CARE, Purpose.MARKETING, Purpose.SURVEY]),
    channel=st.sampled_from([None, Channel.SMS, Channel.PHONE]),
)


@st.composite
def cases(draw):
    now = draw(INSTANTS)
    near = st.integers(0, 9 * 24 * 60).map(lambda minutes: now - timedelta(minutes=minutes))
    case = facts(
        channel=draw(st.sampled_from([Channel.SMS, Channel.PHONE, Channel.WECOM])),
        message_class=draw(st.sampled_from(MessageClass)),
        purpose=draw(st.sampled_from([None, Purpose.SURVEY])),
        state=draw(st.sampled_from([*[NumberState.VALID] * 5, *NumberState])),
        refused=draw(st.frozensets(st.sampled_from([Channel.SMS, Channel.PHONE]), max_size=1)),
        shared=draw(st.booleans()),
        mobile=draw(st.sampled_from([True, True, True, False])),
        consents=tuple(draw(st.lists(CONSENTS, max_size=2))),
        deceased=draw(st.sampled_from([False] * 5 + [True])),
        has_open_complaint=draw(st.sampled_from([False] * 3 + [True])),
        timezone=draw(ZONES),
        sent_recently=tuple(draw(st.lists(near, max_size=6))),
        fits=draw(st.sampled_from([True, True, True, False])),
        names_customer=draw(st.booleans()),
        expires_at=draw(st.none() | st.integers(-10, 20_000).map(lambda minutes: now + timedelta(minutes=minutes))),
        injury_accident=draw(st.sampled_from([False] * 5 + [True])),
        do_not_message=draw(st.sampled_from([False] * 5 + [True])),
    )
    clocks = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
    policy = ContactPolicy(
        quiet=QuietHours(draw(clocks), draw(clocks)),
        max_per_day=draw(st.integers(1, 3)),
        max_per_week=draw(st.integers(1, 5)),
    )
    return case, policy, now


@settings(max_examples=400, deadline=None)
@given(cases())
def test_a_hold_always_ends_in_the_open(case):
    """Whenever a contact is held, it is held for later, once: asked again at the end of the hold, it goes."""
    given_facts, policy, now = case
    match permit(given_facts, policy, now):
        case Hold(until, _):
            assert until > now
            assert given_facts.expires_at is None or until < given_facts.expires_at
            again = permit(given_facts, policy, until)
            assert again == Send() or again == Refuse("NO_CONSENT")  # a consent may run out meanwhile
        case Send() | Refuse():
            pass


@settings(max_examples=200, deadline=None)
@given(cases())
def test_nothing_gets_past_an_opt_out(case):
    """Whatever else is so, a number that refused the channel is not contacted on it."""
    given_facts, policy, now = case
    refused = attrs.evolve(given_facts.point, refused=frozenset({given_facts.channel}))
    opted_out = attrs.evolve(given_facts, point=refused)

    assert permit(opted_out, policy, now).why in {"OPTED_OUT", "DO_NOT_CALL"}


def restricted(case):
    """The same case with one thing more that speaks against it."""
    customer, point = case.customer, case.point
    for purpose in (Purpose.CARE, Purpose.MARKETING, Purpose.SURVEY, Purpose.SERVICE):
        consents = (*customer.consents, denied(purpose))
        yield attrs.evolve(case, customer=attrs.evolve(customer, consents=consents))
    yield attrs.evolve(case, customer=attrs.evolve(customer, deceased=True))
    yield attrs.evolve(case, customer=attrs.evolve(customer, has_open_complaint=True))
    yield attrs.evolve(case, point=attrs.evolve(point, refused=point.refused | {Channel.SMS}))
    yield attrs.evolve(case, point=attrs.evolve(point, state=NumberState.WRONG_PERSON))
    yield attrs.evolve(case, point=attrs.evolve(point, shared=True))
    yield attrs.evolve(case, point=attrs.evolve(point, mobile=False))
    yield attrs.evolve(case, point=None)
    yield attrs.evolve(case, fits=False)
    yield attrs.evolve(case, names_customer=True)
    yield attrs.evolve(case, injury_accident=True)
    yield attrs.evolve(case, do_not_message=True)


@settings(max_examples=200, deadline=None)
@given(cases())
def test_one_more_objection_never_opens_the_gate(case):
    """Adding an opt-out, a complaint or any other objection never turns a refusal or a hold into a send."""
    given_facts, policy, now = case
    before = STRICTNESS[type(permit(given_facts, policy, now))]

    assert all(before <= STRICTNESS[type(permit(worse, policy, now))] for worse in restricted(given_facts))


@settings(max_examples=200, deadline=None)
@given(cases())
def test_one_more_contact_never_brings_the_next_one_forward(case):
    """The more often a customer was contacted, the later the next contact, never the earlier."""
    given_facts, policy, now = case
    more = attrs.evolve(given_facts, sent_recently=(*given_facts.sent_recently, now))

    def goes_at(decision):
        return {Send: now, Hold: getattr(decision, "until", None), Refuse: datetime.max.replace(tzinfo=UTC)}[
            type(decision)
        ]

    assert goes_at(permit(given_facts, policy, now)) <= goes_at(permit(more, policy, now))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 15 * 24 * 60), max_size=40), st.integers(1, 3), st.integers(1, 5), ZONES)
def test_the_caps_are_kept_over_any_series(minutes, per_day, per_week, zone):
    """Whatever is asked and when, no local date and no seven dates in a row ever hold more than the caps."""
    policy = attrs.evolve(POLICY, max_per_day=per_day, max_per_week=per_week)
    sent = []
    for minute in sorted(minutes):
        now = datetime(2026, 3, 20, tzinfo=UTC) + timedelta(minutes=minute)
        if permit(facts(sent_recently=tuple(sent), timezone=zone), policy, now) == Send():
            sent.append(now)
    dates = [at.astimezone(ZoneInfo(zone)).date() for at in sent]

    assert all(dates.count(day) <= per_day for day in dates)
    assert all(sum(day <= other < day + timedelta(days=7) for other in dates) <= per_week for day in dates)


# ------------------------------------------------------------------ words and numbers

REASONS = [
    "OPTED_OUT",
    "DO_NOT_CALL",
    "NO_NUMBER",
    "NOT_MOBILE",
    "CUSTOMER_GONE",
    "DECEASED",
    "INJURY_ACCIDENT_PERSON_ONLY",
    "DO_NOT_MESSAGE",
    "OPEN_COMPLAINT",
    "CONSENT_WITHDRAWN",
    "NO_CONSENT",
    "NAMES_SHARED_NUMBER",
    "TOO_LONG",
    "EXPIRED",
    "EXPIRED_WHILE_HELD",
    "TOO_OFTEN",
    "QUIET_HOURS",
    "CALENDAR_PROVISIONAL",
    *(f"NUMBER_{state.name}" for state in NumberState if state not in {NumberState.UNKNOWN, NumberState.VALID}),
]


@pytest.mark.parametrize("code", REASONS)
@pytest.mark.parametrize("language", lang.LANGUAGES)
def test_every_reason_says_what_it_means_and_what_to_do(code, language):
    """A person who reads why nothing was sent is told in words, with the next step."""
    text, fix = lang.reason(code, language)

    assert text not in {"", code}
    assert fix


@settings(max_examples=300, deadline=None)
@given(cases())
def test_no_decision_is_without_words(case):
    """Whatever the facts, the reason is one of those that have words."""
    assert getattr(permit(*case), "why", REASONS[0]) in REASONS


def test_every_number_of_the_pack_names_its_source():
    """No default stands without saying where it comes from."""
    for table, values in PACK.items():
        assert set(values) - {"sources"} == set(values["sources"]), table


def test_holidays_are_quiet_like_any_day():
    """Quiet hours know no calendar: the first day of the Spring Festival is contacted from 08:00 on."""
    assert date(2026, 2, 17) == POLICY.quiet.opens(shanghai("2026-02-17T07:00"), "Asia/Shanghai").date()
