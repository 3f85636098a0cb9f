"""Who was here lately is asked once, by a link in a text of our own."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.flows.making import POLICIES, Recorder
from tests.flows.planned_dealer import STORE, Dealer
from tests.flows.surveying import AFTERSALES, CONFIG, DELIVERY, Vendor, ask, filled, manner, pull, rows

from crmcore.db import invitations, optouts, schema
from crmcore.db.columns import stamp
from crmcore.errors import AuthError, PluginError
from crmcore.flows.invitations import Asking, invite
from crmcore.flows.send import Account, send_due
from crmcore.hooks.adapters import Invited, NotInvited

YESTERDAY = "2026-11-21T16:00"


@pytest.fixture(name="dealer")
def _dealer(db):
    return Dealer(db)


@pytest.fixture(name="vendor")
def _vendor():
    return Vendor()


def visit(dealer, phone="+8613800130001", handed=YESTERDAY, **known):
    person = dealer.customer(phone)
    return person, dealer.visit(person, None, handed=handed, advisor="E05", **known)


def states(db):
    return [row.state for row in rows(db, schema.survey_invitation)]


def texts(db):
    return rows(db, schema.message)


def test_a_visit_of_yesterday_is_asked_about(db, clock, dealer, vendor):
    """By our own text with the vendor's link, as a care text that ends with the invitation."""
    person, number = visit(dealer)
    report = ask(db, clock, vendor)
    (invitation,), (text,) = rows(db, schema.survey_invitation), texts(db)

    assert {"survey.lime": 1} == report.invited
    assert ("aftersales", "survey.lime", person, number, "E05", "INVITED", text.id) == (
        invitation.survey, invitation.instance, invitation.customer_id, invitation.visit_id, invitation.staff,
        invitation.state, invitation.message_id,
    )  # fmt: skip
    assert ("CARE", "SURVEY", "SURVEY_LINK", "QUEUED", "SMS", person) == (
        text.message_class, text.purpose, text.template, text.state, text.channel, text.customer_id,
    )  # fmt: skip
    assert text.expires_at == invitation.expires_at == "2026-12-06T02:00:00Z"
    assert (
        f"【示范店】王小明，感谢您11月21日到示范店。诚邀您用两分钟评价我们的服务：{invitation.link} 拒收请回复R"
        == text.text
    )


def test_the_vendor_learns_neither_name_nor_number(db, clock, dealer, vendor):
    """Only a token and codes."""
    visit(dealer)
    ask(db, clock, vendor)
    (invitee,) = vendor.invitees.values()

    assert {"store": "S01", "staff": "E05", "order": "RO2"} == invitee.attributes
    assert re.fullmatch(r"[A-Za-z0-9]{1,35}", invitee.token)
    assert not re.search("13800130001|王小明", repr(invitee))


def test_nobody_is_asked_twice(db, clock, dealer, vendor):
    """Neither by the next run nor by another instance, nor about the next visit while the cooldown lasts."""
    person, _ = visit(dealer)
    ask(db, clock, vendor)
    dealer.visit(person, None, handed="2026-11-22T09:00")
    clock.tick(days=1)
    again = ask(db, clock, vendor)
    other = ask(db, clock, vendor, name="survey.other")

    assert 1 == len(vendor.calls)
    assert {"ASKED_RECENTLY": 1} == again.skipped == other.skipped
    assert 1 == len(texts(db))


def test_two_visits_are_one_question(db, clock, dealer, vendor):
    """About the later one."""
    person, _ = visit(dealer, handed="2026-11-20T16:00")
    later = dealer.visit(person, None, handed=YESTERDAY)
    report = ask(db, clock, vendor)

    assert [later] == [row.visit_id for row in rows(db, schema.survey_invitation)]
    assert {"ASKED_RECENTLY": 1} == report.skipped


@pytest.mark.parametrize(
    ("handed", "known", "asked"),
    [
        (YESTERDAY, {}, True),
        ("2026-11-22T09:00", {}, False),  # today: too early
        ("2026-11-20T09:00", {}, True),
        ("2026-11-19T09:00", {}, False),  # too long ago: the callback asks
        (YESTERDAY, {"order_type": "INTERNAL"}, False),
        (YESTERDAY, {"status": "VOID"}, False),
        (YESTERDAY, {"kind": "DELIVERY"}, False),
        (YESTERDAY, {"injury_accident": 1}, False),
        (YESTERDAY, {"do_not_message": 1}, False),
        (None, {}, False),
    ],
)
def test_only_customers_visits_in_the_window_are_asked_about(db, clock, dealer, vendor, handed, known, asked):
    """Not today's, not last month's, not the dealer's own cars, not after an accident with injured."""
    visit(dealer, handed=handed, **known)

    assert asked == bool(ask(db, clock, vendor).invited)


def test_deliveries_are_asked_about_by_the_sales_survey(db, clock, dealer, vendor):
    """And by no other; a complaint survey asks nobody by itself."""
    visit(dealer, kind="DELIVERY")

    assert not ask(db, clock, vendor, survey=CONFIG.surveys["complaint_followup"]).invited
    assert {"survey.lime": 1} == ask(db, clock, vendor, survey=DELIVERY).invited


def test_an_instance_asks_for_its_own_stores(db, clock, dealer, vendor):
    """The other store has another vendor."""
    visit(dealer)

    assert not ask(db, clock, vendor, stores=frozenset({"S02"})).invited
    assert ask(db, clock, vendor, stores=frozenset({"S01"})).invited


@pytest.mark.parametrize(
    "why", ["OPEN_COMPLAINT", "OPTED_OUT", "CONSENT_WITHDRAWN", "NO_NUMBER", "NOT_MOBILE", "DECEASED"]
)
def test_who_may_not_be_texted_is_not_asked(db, clock, dealer, vendor, why):
    """An open complaint above all; the report says why."""
    phone = {"NO_NUMBER": None, "NOT_MOBILE": "+861055501234"}.get(why, "+8613800130001")
    person, _ = visit(dealer, phone)
    if why == "OPEN_COMPLAINT":
        dealer._insert(schema.complaint, store="S01", customer_id=person, state="RECEIVED")
    if why == "CONSENT_WITHDRAWN":
        dealer._insert(schema.consent, customer_id=person, purpose="SURVEY", status="WITHDRAWN")
    if why == "DECEASED":
        dealer.change(schema.customer, person, deceased=1)
    if why == "OPTED_OUT":
        with db.writing() as connection:
            optouts.refuse(connection, [(phone, "SMS")], "test", clock.now())

    assert {why: 1} == ask(db, clock, vendor).skipped
    assert [] == vendor.calls
    assert [] == rows(db, schema.survey_invitation)


def test_who_has_answered_anywhere_is_left_in_peace(db, clock, dealer, vendor):
    """Also where an agency asked, about an older visit."""
    visit(dealer)
    pull(db, clock, Vendor(), filled(customer={"phone": "13800130001"}, completed_at="2026-10-30 09:00"))

    assert {"ANSWERED_RECENTLY": 1} == ask(db, clock, vendor).skipped


def test_a_visit_that_was_answered_on_the_phone_is_not_asked_about(db, clock, dealer, vendor):
    """However long ago that was."""
    visit(dealer)
    pull(db, clock, Vendor(), filled(visit="RO2"))
    report = ask(db, clock, vendor)

    assert not report.invited
    assert not report.skipped


def test_a_dry_run_writes_nothing_and_calls_nobody(db, clock, dealer, vendor):
    """It counts."""
    visit(dealer)
    report = ask(db, clock, vendor, dry_run=True)

    assert {"survey.lime": 1} == report.planned
    assert ([], [], []) == (vendor.calls, rows(db, schema.survey_invitation), texts(db))


def test_a_vendor_that_fails_is_asked_again_with_the_same_token(db, clock, dealer, vendor):
    """Nobody is without a text in the end, nobody has two."""
    visit(dealer)
    vendor.outcome = AuthError("CRM-H103", at="lime")
    failed = ask(db, clock, vendor)
    vendor.outcome = None
    clock.tick(hours=1)
    report = ask(db, clock, vendor)

    assert ["survey.lime"] == list(failed.errors)
    assert {"survey.lime": 1} == failed.waiting == report.invited
    assert vendor.calls[0] == vendor.calls[1]
    assert 1 == len(texts(db))


def test_a_bug_in_a_plugin_stops_its_instance_only(db, clock, dealer):
    """The other instance goes on."""
    visit(dealer)
    visit(dealer, "+8613800130002", kind="DELIVERY")
    broken, good = Vendor(), Vendor()
    broken.outcome = KeyError("x")
    asking = [
        Asking(name="survey.a", adapter=broken, survey=AFTERSALES),
        Asking(name="survey.b", adapter=good, survey=DELIVERY),
    ]
    report = invite(db, asking, manner(), clock, dry_run=False)

    assert isinstance(report.errors["survey.a"], PluginError)
    assert {"survey.b": 1} == report.invited


@pytest.mark.parametrize(
    ("outcome", "state", "code"),
    [
        (NotInvited(code="full"), "FAILED", "full"),
        (None, "PLANNED", None),
        (Invited(link=""), "PLANNED", None),
        ("odd", "PLANNED", None),
    ],
)
def test_what_the_vendor_does_not_take_gets_no_text(db, clock, dealer, vendor, outcome, state, code):
    """A refusal is final, silence is not."""
    visit(dealer)
    vendor.outcome = lambda _one: outcome
    ask(db, clock, vendor)
    (invitation,) = rows(db, schema.survey_invitation)

    assert (state, code) == (invitation.state, invitation.code)
    assert [] == texts(db)


def test_invitees_go_in_batches(db, clock, dealer, vendor):
    """As many as the vendor takes at once, each in one call."""
    for number in range(5):
        visit(dealer, f"+861380013000{number}")
    report = ask(db, clock, vendor)

    assert [2, 2, 1] == [len(call) for call in vendor.calls]
    assert {"survey.lime": 5} == report.invited


def test_killed_between_the_vendor_and_our_commit(db, clock, dealer, vendor, monkeypatch):
    """The next run calls again with the same token, and the customer gets one text."""
    visit(dealer)

    def die(*_args, **_known):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(invitations, "invited", die)
        ask(db, clock, vendor)

    assert (["PLANNED"], []) == (states(db), texts(db))

    ask(db, clock, vendor)

    assert vendor.calls[0] == vendor.calls[1]
    assert (["INVITED"], 1) == (states(db), len(texts(db)))


def test_two_runs_at_once_text_once(db, clock, dealer, vendor):
    """The one that comes back late finds the invitation taken."""
    visit(dealer)

    def meanwhile(one):
        if len(vendor.calls) == 1:
            ask(db, clock, vendor)
        return Invited(link=f"https://example.com/{one.token}")

    vendor.outcome = meanwhile
    report = ask(db, clock, vendor)

    assert 0 == report.invited["survey.lime"]
    assert (["INVITED"], 1) == (states(db), len(texts(db)))


def test_a_shared_number_is_not_told_whose_car_it_was(db, clock, dealer, vendor):
    """The link is personal, the words are not."""
    visit(dealer)
    dealer.customer("+8613800130001", name="李小红", name_key="李小红")
    ask(db, clock, vendor)
    (text,) = texts(db)

    assert "王小明" not in text.text
    assert 0 == text.names_customer


def send(db, clock, adapter):
    return send_due(
        db,
        [Account(name="sms", adapter=adapter)],
        {"S01": STORE},
        POLICIES,
        clock,
        dry_run=False,
        pause=lambda _seconds: None,
    )


def test_an_invitation_follows_its_text(db, clock, dealer, vendor):
    """Sent when the vendor of texts has it; the next run notes it."""
    visit(dealer)
    ask(db, clock, vendor)
    send(db, clock, Recorder())
    report = ask(db, clock, vendor)

    assert {"SENT": 1} == report.moved
    assert ["SENT"] == states(db)


def test_a_no_to_surveys_counts_until_the_last_moment(db, clock, dealer, vendor):
    """It came after the text was queued; the invitation fails with the reason of the text."""
    person, _ = visit(dealer)
    ask(db, clock, vendor)
    dealer._insert(schema.consent, customer_id=person, purpose="SURVEY", status="WITHDRAWN")
    adapter = Recorder()
    send(db, clock, adapter)
    ask(db, clock, vendor)
    (invitation,) = rows(db, schema.survey_invitation)

    assert [] == adapter.calls
    assert ("FAILED", "CONSENT_WITHDRAWN") == (invitation.state, invitation.code)


def test_caps_hold_for_invitations(db, clock, dealer, vendor):
    """A survey is care: two other care texts today, and it waits until tomorrow."""
    person, _ = visit(dealer)
    for number in (1, 2):
        dealer._insert(
            schema.message, customer_id=person, value="+8613800130001", channel="SMS", message_class="CARE",
            purpose="GREETING", template="HOLIDAY", params="{}", text="x", store="S01", key=f"k{number}",
            dedupe=f"d{number}", state="DELIVERED", due_at=stamp(clock.now()), claimed_at=stamp(clock.now()),
            state_at=stamp(clock.now()),
        )  # fmt: skip
    with db.writing() as connection:
        connection.execute(schema.next_id.insert().values(name="message", value=1000))
    ask(db, clock, vendor)
    send(db, clock, Recorder())

    assert ["HELD"] == [row.state for row in texts(db) if row.purpose == "SURVEY"]


def test_what_nobody_answers_ends(db, clock, dealer, vendor):
    """And its text is not sent any more."""
    visit(dealer)
    ask(db, clock, vendor)
    clock.tick(days=15)
    report = ask(db, clock, vendor)
    adapter = Recorder()
    send(db, clock, adapter)

    assert {"EXPIRED": 1} == report.moved
    assert ["EXPIRED"] == states(db)
    assert [] == adapter.calls


def test_an_answer_completes_the_invitation(db, clock, dealer, vendor):
    """In part first, then whole; a partial one coming late does not open it again."""
    visit(dealer)
    ask(db, clock, vendor)
    (token,) = vendor.invitees
    seen = []
    for complete, answers in (("N", {"OVERALL": "9"}), ("Y", {"WORK_DONE": "8"}), ("N", {"ADVICE": "好"})):
        pull(
            db, clock, vendor, filled(token=token, complete=complete, answers=answers, completed_at="2026-11-22 09:30")
        )
        seen += states(db)

    assert ["PARTIAL", "COMPLETE", "COMPLETE"] == seen
    assert [1] == [row.complete for row in rows(db, schema.survey_response)]


def test_the_salt_is_made_once(db):
    """Or the token of a planned invitation would be another tomorrow."""
    with db.writing() as connection:
        first = invitations.salt(connection)
    with db.writing() as connection:
        assert first == invitations.salt(connection)
    assert len(first) >= 32


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(["run", "die", "fail", "silent", "day"]), max_size=8))
def test_whatever_happens_nobody_gets_two_texts(tmp_path_factory, clock, steps):
    """Crashes, refusals and silence in any order: one text for one invitation."""
    from crmcore.db.engine import Database

    with Database(f"sqlite:///{tmp_path_factory.mktemp('asked') / 'crm.db'}") as db:
        schema.metadata.create_all(db.engine)
        vendor, dealer = Vendor(), Dealer(db)
        visit(dealer)
        for step in steps:
            vendor.outcome = {"fail": AuthError("CRM-H103"), "silent": lambda _one: None}.get(step)
            if step == "day":
                clock.tick(days=1)
            elif step == "die":
                _dying(db, clock, vendor)
            else:
                ask(db, clock, vendor)

        assert len(texts(db)) == sum(state in {"INVITED", "EXPIRED"} for state in states(db)) <= 1
        assert len({token for call in vendor.calls for token in call}) <= 1


def _dying(db, clock, vendor):
    def die(_one):
        raise KeyboardInterrupt

    vendor.outcome = die
    try:
        ask(db, clock, vendor)
    except KeyboardInterrupt:
        vendor.outcome = None
