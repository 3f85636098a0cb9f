"""Who is who: everybody is one customer, nobody is two, and what only may be the same is proposed to a person."""

from __future__ import annotations

from crmcore.db import schema


def test_every_name_and_number_is_one_customer(planned):
    """Each (name, number) of the sources is there exactly once, and nobody else is."""
    stored = planned.pairs()

    assert sorted(planned.dealer.truth.customers) == sorted(stored)
    assert len(planned.rows(schema.customer)) == len({planned.customers()[pair] for pair in stored})


def test_what_is_not_proved_stays_apart(planned):
    """One person under two numbers is two customers, as two people of one name are, until somebody says otherwise."""
    known, truth = planned.customers(), planned.dealer.truth

    assert truth.twins
    assert truth.strangers
    for first, second in (*truth.twins, *truth.strangers):
        assert known[first] != known[second]
    assert {None} == {row.merged_into for row in planned.rows(schema.customer)}


def test_a_family_with_one_phone_is_proposed_and_never_merged(planned):
    """Each pair of the three of a family is proposed to a person, each in words; nobody else in the dealer is."""
    family = {planned.customer_of(person) for person in planned.dealer.truth.cases["family_phone"]}
    proposals = planned.rows(schema.proposal, kind="MERGE")

    assert 3 == len(family)
    assert all({row.entity_id, row.other_id} <= family for row in proposals)
    assert family == {number for row in proposals for number in (row.entity_id, row.other_id)}
    assert {"SAME_MOBILE_OTHER_NAME"} == {row.why for row in proposals}
    assert {"PENDING"} == {row.state for row in proposals}


def test_whoever_brought_the_car_is_not_its_owner(planned):
    """The buyer owns the car; the driver brought it, and is in its file under another role."""
    buyer, driver = (planned.customer_of(person) for person in planned.dealer.truth.cases["buyer_not_driver"])
    (visit,) = (row for row in planned.rows(schema.visit) if row.brought_by_id == driver)
    parties = {row.customer_id: row.role for row in planned.rows(schema.vehicle_party, vehicle_id=visit.vehicle_id)}

    assert buyer == visit.customer_id
    assert "OWNER" == parties[buyer]
    assert parties.get(driver) not in {"OWNER", "CO_OWNER", "BUYER"}


def test_the_fleet_is_one_organisation_with_eight_cars(planned):
    """A company is an organisation, by its name, and all its cars are its own."""
    (person,) = planned.dealer.truth.cases["fleet"]
    company = planned.customer_of(person)
    (row,) = planned.rows(schema.customer, id=company)
    cars = {each.vehicle_id for each in planned.rows(schema.vehicle_party, customer_id=company)}

    assert "ORGANIZATION" == row.kind
    assert 8 == len(cars)


def test_every_car_is_there_once_under_its_vin(planned):
    """As many cars as the dealer knows from good rows, each with its plate."""
    assert {car.vin: car.plate for car in planned.dealer.cars.values()} == {
        row.vin: row.plate for row in planned.rows(schema.vehicle)
    }


def test_refusals_birthdays_and_consents_are_kept(planned):
    """Who said no to texts, who died, when people were born and what they agreed to is what the dealer knows."""
    known = planned.customers()
    everybody = planned.dealer.people.values()
    numbers = {person.id: {f"+86{phone.removeprefix('0')}" for phone in person.phones} for person in everybody}
    customers = {row.id: row for row in planned.rows(schema.customer)}
    agreed = {row.customer_id: row.status for row in planned.rows(schema.consent, purpose="MARKETING")}

    assert {number for person in everybody if person.opted_out for number in numbers[person.id]} == {
        row.value for row in planned.rows(schema.opt_out, channel="SMS")
    }
    for person in everybody:
        for number in numbers[person.id]:
            row = customers[known[person.name, number]]
            told = person.birth_date is not None and person.birth_date.year > 1900  # which stands for "not known"
            born = person.birth_date.isoformat() if told else None
            said = {None: None, True: "GRANTED", False: "DENIED"}[person.marketing]
            assert (born, person.deceased, said) == (row.birth_on, bool(row.deceased), agreed.get(row.id))


def test_the_kin_are_kept(planned):
    """A family whose birthdays the buyers gave is in the buyers' files."""
    assert {
        (planned.customer_of(person.id), person.kin.name, person.kin.birth_date.isoformat())
        for person in planned.dealer.people.values()
        if person.kin is not None
    } == {(row.customer_id, row.name, row.birth_on) for row in planned.rows(schema.relative)}
