"""What customers say on the web, on the telephone and by text, and what must come of it: every figure and every case is the truth."""

from __future__ import annotations

import json
from datetime import UTC, time
from decimal import Decimal

import pytest
from tests.truth.morning import SCALES, index_of
from tests.truth.test_speak import numbers, told_to

from crmcore.db import schema, scores
from crmcore.db.columns import instant
from crmcore.db.scores import Scope
from crmcore.flows import complaint_end, complaints
from crmcore.sample.limesurvey import RefusedError
from crmcore.types.complaint import OfferKind, Restoration

DAY = Scope(survey="aftersales", before="2026-11-01", since="2026-11-01", until="2027-01-01", side="INTERNAL")
#: What follows from each call of the clerk: the state of the callback, the reason, and when it is due from now on.
FOLLOWS = {
    "P0001": ("DONE", None, time(8, 30)),
    "P0002": ("DONE", None, time(8, 30)),
    "P0003": ("DONE", None, time(8, 30)),
    "P0004": ("PLANNED", None, time(14, 47)),  # three store hours after 10:17, of which lunch takes an hour and a half
    "P0005": ("SUPPRESSED", "NUMBER_NOT_IN_SERVICE", time(8, 30)),
    "P0006": ("PLANNED", None, time(16, 30)),
}
PHONE = ("OVERALL", "DIAGNOSIS", "ATTITUDE", "WORK_DONE", "ON_TIME", "COST_EXPLAINED", "FIXED_FIRST_TIME")


def invited(world):
    people = world.people()
    return sorted(people[row.customer_id] for row in world.rows(schema.survey_invitation))


def own_cases(world):
    """Our cases by the person, with everything that is stored of them."""
    people = world.people()
    return {people[row.customer_id]: row for row in world.rows(schema.complaint, origin="CRM")}


def evidence(world):
    """Person -> the kinds of evidence his case rests on."""
    owners = {row.id: person for person, row in own_cases(world).items()}
    found: dict[str, set[str]] = {}
    for row in world.rows(schema.complaint_evidence):
        found.setdefault(owners[row.complaint_id], set()).add(row.kind)
    return found


def own_responses(world):
    people = world.people()
    return {people[row.customer_id]: row for row in world.rows(schema.survey_response) if row.side == "INTERNAL"}


# ------------------------------------------------------------------ the web


def test_who_had_his_car_back_yesterday_is_asked(told):
    """Or the day before: nobody else; from the third day on the callback asks."""
    cases = told.dealer.truth.cases

    assert sorted([*cases["callbacks_today"][6:], *cases["came_back"]]) == invited(told.world)


def test_who_is_not_asked(morning):
    """On the evening before, all who were here three days ago are two days gone: whoever said no, complains, was hurt or paid nothing is not asked."""
    cases = morning.dealer.truth.cases
    morning.world.go(-1, "18:00")
    morning.world.sync()
    report = morning.world.crm.invite(yes=True)
    asked = {
        *cases["callbacks_today"][:8],
        cases["family_phone"][0],
        cases["buyer_not_driver"][1],
        *cases["two_orders_one_day"],
        *cases["came_back"],
        cases["settled_late"][1],
        *cases["handover_unknown"],
        *cases["booked_callback"],
        cases["open_complaint"][1],
        *cases["fleet"],
    }

    assert sorted(asked) == invited(morning.world)
    assert {
        "OPTED_OUT": 1,
        "OPEN_COMPLAINT": 1,
        "INJURY_ACCIDENT_PERSON_ONLY": 1,
        "ASKED_RECENTLY": 2,
    } == report.skipped


def test_nobody_is_asked_twice(morning):
    """The next morning only those are asked who came since."""
    morning.world.go(-1, "18:00")
    morning.world.sync()
    morning.world.crm.invite(yes=True)
    before = invited(morning.world)
    morning.world.go(0)
    morning.world.crm.invite(yes=True)

    assert sorted([*before, *morning.dealer.truth.cases["callbacks_today"][8:]]) == invited(morning.world)


def test_a_link_reaches_the_phone(told):
    """Each text holds the link of its own reader: the token is that of his invitation, and the vendor knows the order and no name."""
    world, people = told.world, told.world.people()
    orders = {call.customer: call.key for call in told.dealer.visits}
    for row in world.rows(schema.survey_invitation):
        person = people[row.customer_id]
        texts = told_to(told.gateway, numbers(told.dealer, person))
        links = [text for text in texts if row.link in text]

        assert 1 == len(links)
        assert row.token in row.link
        assert ("", orders[person]) == (
            told.survey.participants[row.token].firstname,
            told.survey.participants[row.token].attributes["attribute_1"],
        )
    assert len(told.survey.participants) == len(world.rows(schema.survey_invitation))


def test_two_answer_on_the_web(told):
    """Each is his own visit, customer and car, about the advisor of the order, at the minute at which he sent it off."""
    visits = {row.id: row for row in told.world.rows(schema.visit)}
    vins = {row.id: row.vin for row in told.world.rows(schema.vehicle)}
    found = own_responses(told.world)
    for voice in told.dealer.voices.online:
        row = found[voice.person]
        (call,) = (each for each in told.dealer.visits if each.customer == voice.person)

        assert ("survey.web", "ONLINE", 1, "[]") == (row.source, row.mode, row.complete, row.flags)
        assert told.at(time(10)) + voice.after == instant(row.completed_at)
        assert (call.key, told.dealer.cars[call.car].vin) == (visits[row.visit_id].ro_number, vins[row.vehicle_id])
        assert told.advisor(voice.person) == row.staff


def test_who_has_answered_is_not_listened_to_twice(told):
    """The form is closed for him, and reading again brings nothing new."""
    (voice, _) = told.dealer.voices.online
    (web,) = (each for each in told.world.crm.collect().surveys if each.source == "survey.web")
    people = told.world.people()
    complete = {people[row.customer_id] for row in told.world.rows(schema.survey_invitation, state="COMPLETE")}

    with pytest.raises(RefusedError):
        told.survey.answer(told.token(voice.person), voice.answers)
    assert 0 == web.accepted
    assert {each.person for each in told.dealer.voices.online} == complete


def test_the_dealers_own_figures_are_what_was_answered(told):
    """Two answers of the web and three of the telephone: each item's n and mean, of all and for each advisor, exactly."""
    survey = told.world.crm.config.surveys["aftersales"]
    said = told.answered()
    with told.world.crm.db.reading() as connection:
        rows = [
            *scores.group_sums(connection, survey, {name: (name,) for name in ("OVERALL", *SCALES)}, DAY, ("staff",)),
            *scores.group_sums(connection, survey, {"*": SCALES}, DAY, ()),
        ]
        spreads = scores.spreads(connection, survey, DAY, ())
    found = {
        (row.keys[0] if row.keys else None, row.part): (
            row.n,
            index_of([row.total], 0, scores.STEPS * 100) / row.answers,
        )
        for row in rows
    }
    expected = {}
    for name in ("OVERALL", *SCALES):
        for staff in {told.advisor(person) for person, given in said.items() if name in given}:
            mine = [given[name] for person, given in said.items() if name in given and told.advisor(person) == staff]
            expected[staff, name] = (len(mine), index_of(mine))
    expected[None, "*"] = (5, index_of([given[name] for given in said.values() for name in SCALES if name in given]))

    assert expected == found
    assert sorted((0, 0, 100, 100, 100)) == sorted(
        row.number for row in spreads if row.question == "FIXED_FIRST_TIME" for _ in range(row.n)
    )


# ------------------------------------------------------------------ the telephone


def test_the_clerks_morning_is_recorded(told):
    """Six calls, three with answers, one number to mend; every row that was left as it was counts as not called."""
    (report,) = told.imported

    assert {"DONE": 3, "RETRY": 1, "MEND": 1, "BOOKED": 1} == report.follows
    assert (6, 0, 3, 1, 0) == (
        report.recorded, report.unchanged, report.responses, report.proposals, report.late,
    )  # fmt: skip
    assert ([], report.read) == (report.rejected, report.recorded + report.not_called)


def test_every_call_is_what_the_clerk_wrote(told):
    """The minute of the call, its result, the customer's own words, and who called."""
    people = told.world.people()
    results = told.world.crm.config.results

    assert {
        people[row.customer_id]: (instant(row.at), row.result, row.outcome, row.remark or "", row.staff)
        for row in told.world.rows(schema.attempt)
    } == {
        call.person: (told.at(call.at), call.result, results[call.result].outcome, call.verbatim, told.clerk)
        for call in told.dealer.voices.calls
    }


def test_what_follows_from_each_call(told):
    """Done, tried again in three store hours, held until there is a number, or at the time the customer named."""
    day = told.dealer.today

    assert {
        person: (state, reason, told.at(clock).astimezone(UTC)) for person, (state, reason, clock) in FOLLOWS.items()
    } == {
        person: (each.state, each.reason, each.due)
        for person, each in ((call.person, told.callback(call.person)) for call in told.dealer.voices.calls)
    }
    assert day == told.callback("P0006").on


def test_a_dead_number_is_to_be_mended(told):
    """One proposal, about that customer's number; the number counts as dead from now on."""
    (proposal,) = told.world.rows(schema.proposal, kind="CONTACT")
    (number,) = told.dealer.people["P0005"].phones
    (point,) = told.world.rows(schema.contact_point, value=f"+86{number}")

    assert (told.world.customer_of("P0005"), f"+86{number}", "PENDING") == (
        proposal.entity_id, proposal.old, proposal.state,
    )  # fmt: skip
    assert "NOT_IN_SERVICE" == point.state


def test_answers_on_the_telephone_are_about_the_visit(told):
    """Each questionnaire has the answers of its row, the visit and the advisor of the callback."""
    found = own_responses(told.world)
    given: dict[int, dict[str, int]] = {}
    for row in told.world.rows(schema.survey_answer):
        given.setdefault(row.response_id, {})[row.question] = row.number
    for call in told.dealer.voices.calls:
        if call.scores:
            row = found[call.person]

            assert ("callbacks", "PHONE", 1) == (row.source, row.mode, row.complete)
            assert (told.advisor(call.person), told.at(call.at)) == (row.staff, instant(row.completed_at))
            assert {name: int(value) * 100 for name, value in call.scores.items()} == given[row.id]
            assert set(call.scores) <= set(PHONE)


def test_the_same_worklist_again_changes_nothing(morning):
    """Read twice, the file counts once: no second call, no second case, no second question for a person."""
    morning.ask()
    path = morning.export()
    morning.world.go(0, "10:34")
    morning.hand_in(path)
    tables = (schema.attempt, schema.survey_response, schema.complaint, schema.proposal, schema.touchpoint)
    before = [morning.world.rows(table) for table in tables]
    again = morning.hand_in(path)

    assert (0, 6) == (again.recorded, again.unchanged)
    assert before == [morning.world.rows(table) for table in tables]


# ------------------------------------------------------------------ the cases


def test_three_cases_and_no_more(told):
    """One out of a low answer, one out of a call, one out of a text, each with its category; the rest of the day is quiet."""
    truth = told.dealer.voices.cases
    cases = own_cases(told.world)

    assert {case.person: case.category for case in truth} == {person: row.category for person, row in cases.items()}
    assert {"P0009": {"RESPONSE"}, "P0003": {"ATTEMPT", "RESPONSE"}, "P0007": {"REPLY"}} == evidence(told.world)
    assert {case.person: told.case_of(case.evidence) for case in truth} == {
        person: f"K{row.id}" for person, row in cases.items()
    }


def test_clocks_run_from_what_the_customer_said(told):
    """The case is received when the form was sent off, the call made, the text sent; not when somebody looked."""
    (low, _) = told.dealer.voices.online
    (call,) = (each for each in told.dealer.voices.calls if each.category)

    assert {
        "P0009": told.at(time(10)) + low.after,
        "P0003": told.at(call.at),
        "P0007": told.at(time(10)),
    } == {person: instant(row.received_at) for person, row in own_cases(told.world).items()}


def test_one_breaches_its_thirty_minutes(told):
    """The case of the web was due at 10:37 and is noticed at 10:40, by one rung of the ladder; the others were in time, or still are."""
    breached = {case.person for case in told.dealer.voices.cases if case.breached}
    names = {f"K{row.id}": person for person, row in own_cases(told.world).items()}
    (manager,) = (one.code for one in told.dealer.staff if one.role.value == "CR_MANAGER")
    (rung,) = told.climbed.climbed
    (stored,) = told.world.rows(schema.escalation)

    assert breached == {names[rung.case]}
    assert (1, "HANDOVER", "CR_MANAGER", manager, told.at(time(10, 37)), False) == (
        rung.level, rung.clock, rung.role, rung.staff, rung.due_at, rung.late,
    )  # fmt: skip
    assert (told.at(time(10, 40)), names[rung.case]) == (
        instant(stored.at),
        names[f"K{stored.complaint_id}"],
    )


def test_the_ladder_is_climbed_once(morning):
    """A second run at 10:45 climbs nothing and tells nobody anything anew."""
    morning.through()
    said = len(morning.robot.said)
    morning.world.go(0, "10:45")
    report = morning.world.crm.escalate()
    morning.world.crm.alert(yes=True)

    assert [] == report.climbed
    assert said == len(morning.robot.said)


def test_colleagues_are_told_and_customers_are_not_named(told):
    """The group reads of each case, of the rung and of the owner; nowhere a customer's name, number, plate or words."""
    said = "\n".join(each.text for each in told.robot.said)
    wire = b"\n".join(told.robot.wire).decode()
    cases = own_cases(told.world)
    people = [told.dealer.people[case.person] for case in told.dealer.voices.cases]
    cars = {car.plate for car in told.dealer.cars.values()} | {car.vin for car in told.dealer.cars.values()}
    words = [answer.text for answer in told.dealer.answers] + [call.verbatim for call in told.dealer.voices.calls]
    secret = {
        *cars,
        *(phone for person in told.dealer.people.values() for phone in person.phones),
        *(person.name for person in people),
        *filter(None, words),
        told.dealer.voices.online[0].answers["ADVICE"],
    }

    assert [] == [row.id for row in cases.values() if f"K{row.id} " not in said]
    assert [] == sorted(each for each in secret if each in said or json.dumps(each)[1:-1] in wire or each in wire)
    assert [] == [row.id for row in told.world.rows(schema.alert) if row.sent_at is None]


def test_who_complains_is_left_alone(morning):
    """From then on his callback is held back, whatever the plan had for him; the clock of his case replaces it."""
    morning.through()
    before = {person: morning.callback(person).state for person in ("P0007", "P0009")}
    morning.world.go(0, "10:45")
    morning.world.plan()

    assert {"P0007": "PLANNED", "P0009": "PLANNED"} == before
    assert dict.fromkeys(before, ("SUPPRESSED", "COMPLAINT_ABOUT_VISIT")) == {
        person: (each.state, each.reason) for person, each in ((one, morning.callback(one)) for one in before)
    }


def test_one_case_goes_its_whole_way(morning):
    """The case of the text is answered, made good, resolved, and closed by its second callback; the others stay open."""
    morning.through()
    office, case = morning.world.crm.office(), morning.case_of("REPLY")
    roles = {one.role.value: one.code for one in reversed(morning.dealer.staff)}
    morning.world.go(0, "11:10")
    complaints.respond(office, case, by=roles["SERVICE_MANAGER"])
    offer = complaint_end.offer(office, case, OfferKind.FREE_REPAIR, Decimal(300), by=roles["SERVICE_MANAGER"])
    complaint_end.approve(office, offer.id, by=roles["CR_MANAGER"])
    complaint_end.answer(office, offer.id, accepted=True, by=roles["SERVICE_MANAGER"])
    morning.world.go(0, "16:00")
    complaint_end.resolve(office, case, "返修", by=roles["SERVICE_MANAGER"])
    morning.world.go(0, "17:10")
    complaint_end.call_back(office, case, "DONE", Restoration.RESTORED, by=morning.clerk, close=True)
    closed = {person for person, row in own_cases(morning.world).items() if row.state == "CLOSED"}

    assert {each.person for each in morning.dealer.voices.cases if each.closed} == closed
    assert [morning.at(time(17, 10))] == [
        instant(row.closed_at) for row in own_cases(morning.world).values() if row.closed_at
    ]
