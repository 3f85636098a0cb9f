"""When two records are one customer or one car, and when a person has to say so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import lang
from crmcore.rules.clean import name_key
from crmcore.rules.match import (
    NEW,
    Conflict,
    CustomerFacts,
    KnownCustomer,
    KnownVehicle,
    Match,
    New,
    Propose,
    Same,
    VehicleFacts,
    by_phone,
    customer_keys,
    match_customer,
    match_vehicle,
    merge_plan,
    survivor,
    vehicle_keys,
)
from crmcore.types.refs import ExternalRef

MOBILE, OTHER = "+8613800138001", "+8613900138001"
LANDLINE = "+861055500001"
VIN, OTHER_VIN = "LXCRMA1S1RS000005", "LXCRMA1S3RS000006"


def ref(key, *, system="main", derived=False):
    return ExternalRef(system=system, entity="customer", key=key, derived=derived)


def says(name="", *phones, refs=()):
    return CustomerFacts(name=name, phones=phones, refs=tuple(refs))


def known(id_, name="", *phones, refs=(), merged_into=None):
    return KnownCustomer(id=id_, name=name, phones=phones, refs=tuple(refs), merged_into=merged_into)


def test_the_same_source_id_is_the_same_customer():
    """Whatever else has changed: people move and marry."""
    assert Same(1, "SAME_SOURCE_ID") == match_customer(
        says("李小红", OTHER, refs=[ref("C001")]),
        [known(1, "王小明", MOBILE, refs=[ref("C001")]), known(2, "李小红", OTHER)],
    )


def test_a_source_id_of_another_system_proves_nothing():
    """C001 of one DMS is not C001 of the other."""
    assert match_customer(says("李小红", refs=[ref("C001")]), [known(1, refs=[ref("C001", system="old")])]) == NEW


@pytest.mark.parametrize(("ours", "theirs"), [(True, True), (True, False), (False, True)])
def test_a_derived_id_never_counts_as_the_same_source_id(ours, theirs):
    """It was made up from content, so it proves no more than the content does."""
    match = match_customer(
        says("李小红", refs=[ref("~1", derived=ours)]), [known(1, "王小明", refs=[ref("~1", derived=theirs)])]
    )

    assert match == NEW


def test_the_same_mobile_and_the_same_name_are_the_same_customer():
    """A title or a blank does not make another person, nor does another id in the same DMS."""
    twice = [known(1, "王小明", OTHER, MOBILE, refs=[ref("C001")])]

    assert Same(1, "SAME_MOBILE_SAME_NAME") == match_customer(says("王小明先生", MOBILE, refs=[ref("C002")]), twice)


def test_the_same_mobile_and_another_name_is_a_proposal():
    """Families share phones: never a silent merge."""
    family = [known(3, "李小红", MOBILE), known(2, "王小明", MOBILE)]

    assert Propose(2, "SAME_MOBILE_OTHER_NAME", (3,)) == match_customer(says("王大明", MOBILE), family)
    assert Propose(2, "SAME_MOBILE_OTHER_NAME") == match_customer(says("王先生", MOBILE), [known(2, "王女士", MOBILE)])


def test_a_nameless_record_is_the_same_as_a_nameless_record_only():
    """Every visit of 散客 with one mobile is one customer; whether it is 王小明's, a person says."""
    assert Propose(2, "SAME_MOBILE_NO_NAME") == match_customer(says("", MOBILE), [known(2, "王小明", MOBILE)])
    assert Propose(2, "SAME_MOBILE_NO_NAME") == match_customer(says("王小明", MOBILE), [known(2, "", MOBILE)])
    assert Same(2, "SAME_MOBILE_SAME_NAME") == match_customer(says("", MOBILE), [known(2, "", MOBILE)])


def test_a_name_or_a_landline_alone_proves_nothing():
    """Many are called 王小明, and a switchboard has many people."""
    assert match_customer(says("王小明"), [known(1, "王小明", MOBILE)]) == NEW
    assert match_customer(says("王小明", OTHER), [known(1, "王小明", MOBILE)]) == NEW
    assert match_customer(says("王小明", LANDLINE), [known(1, "王小明", LANDLINE)]) == NEW
    assert match_customer(says("李小红", LANDLINE), [known(1, "王小明", LANDLINE)]) == NEW


def test_an_organization_is_known_by_any_phone():
    """The same name and the same landline or mobile are the same company; its driver is not."""
    company = [known(1, "北京示范（集团）有限公司", LANDLINE, MOBILE)]

    assert Same(1, "SAME_PHONE_SAME_ORGANIZATION") == match_customer(says("北京示范(集团)有限公司", LANDLINE), company)
    assert Same(1, "SAME_PHONE_SAME_ORGANIZATION") == match_customer(says("北京示范(集团)有限公司", MOBILE), company)
    assert match_customer(says("上海示范有限公司", LANDLINE), company) == NEW
    assert Propose(1, "SAME_MOBILE_OTHER_NAME") == match_customer(says("王小明", MOBILE), company)


def test_a_merged_customer_is_found_as_the_one_who_stands_for_them():
    """By id, by mobile and name, and when only a proposal is left; also over two merges."""
    people = [
        known(1, "王明", OTHER),
        known(2, "王小明", MOBILE, refs=[ref("C002")], merged_into=3),
        known(3, "王明", MOBILE, merged_into=1),
    ]

    assert Same(1, "SAME_SOURCE_ID") == match_customer(says(refs=[ref("C002")]), people)
    assert Same(1, "SAME_MOBILE_SAME_NAME") == match_customer(says("王小明", MOBILE), people)
    assert Same(1, "SAME_MOBILE_SAME_NAME") == match_customer(says("王明", MOBILE), people)
    assert Propose(1, "SAME_MOBILE_OTHER_NAME") == match_customer(says("李小红", MOBILE), people)


def test_who_stands_for_whom_ends_even_in_a_circle():
    """A retired customer (0) stands for nobody but stays findable; a circle, which cannot be, does not hang a sync."""
    assert survivor(1, {}) == 1
    assert survivor(1, {1: 2, 2: 3}) == 3
    assert survivor(1, {1: 0}) == 1
    assert survivor(1, {1: 2, 2: 1}) == 2


def test_of_several_who_fit_a_person_chooses():
    """After a split two people may have one mobile and one name."""
    two = [known(2, "王小明", MOBILE), known(1, "王小明", MOBILE, refs=[ref("~9", derived=True)])]

    assert Propose(1, "SEVERAL_SAME", (2,)) == match_customer(says("王小明", MOBILE), two)
    assert Propose(1, "SEVERAL_SAME", (2,)) == match_customer(
        says("王小明", MOBILE, refs=[ref("~8", derived=True)]), two
    )


def test_a_record_finds_again_what_it_made():
    """Of several who all fit, a derived id tells which one this row made: a sync does not add one more each time."""
    two = [known(1, "王小明", MOBILE), known(2, "王小明", MOBILE, refs=[ref("~9", derived=True)])]

    assert Same(2, "SAME_MOBILE_SAME_NAME") == match_customer(
        says("王小明", MOBILE, refs=[ref("~9", derived=True)]), two
    )


def car(vin=None, plate=None, *customers, refs=()):
    return VehicleFacts(vin=vin, plate=plate, customers=frozenset(customers), refs=tuple(refs))


def held(id_, vin=None, plate=None, *customers, refs=()):
    return KnownVehicle(id=id_, vin=vin, plate=plate, customers=frozenset(customers), refs=tuple(refs))


def test_the_same_vin_is_the_same_car():
    """Whatever its plate, its owner and its id in the source."""
    assert Same(1, "SAME_VIN") == match_vehicle(
        car(VIN, "京A12345", 7, refs=[ref("V2")]), [held(2, None, "京A12345", 7, refs=[ref("V2")]), held(1, VIN)]
    )


def test_two_vins_are_two_cars():
    """A plate moves to the new car of the same owner."""
    assert match_vehicle(car(VIN, "京A12345", 7), [held(1, OTHER_VIN, "京A12345", 7)]) == NEW


def test_a_source_id_finds_a_car_unless_the_vin_speaks_against_it():
    """A mended typo and an id given to another car look alike: a person says which."""
    assert Same(1, "SAME_SOURCE_ID") == match_vehicle(car(VIN, refs=[ref("V1")]), [held(1, None, refs=[ref("V1")])])
    assert Same(1, "SAME_SOURCE_ID") == match_vehicle(car(None, refs=[ref("V1")]), [held(1, VIN, refs=[ref("V1")])])
    assert Propose(1, "SAME_SOURCE_ID_OTHER_VIN") == match_vehicle(
        car(OTHER_VIN, refs=[ref("V1")]), [held(1, VIN, refs=[ref("V1")]), held(2)]
    )


def test_a_plate_counts_only_with_its_customer():
    """And only while a VIN is missing on one side."""
    assert Same(1, "SAME_PLATE_SAME_CUSTOMER") == match_vehicle(
        car(None, "京A12345", 7), [held(1, VIN, "京A12345", 7, 8)]
    )
    assert Same(1, "SAME_PLATE_SAME_CUSTOMER") == match_vehicle(car(VIN, "京A12345", 7), [held(1, None, "京A12345", 7)])
    assert Propose(1, "SAME_PLATE_OTHER_CUSTOMER", (2,)) == match_vehicle(
        car(None, "京A12345", 9), [held(2, VIN, "京A12345", 7), held(1, OTHER_VIN, "京A12345", 8)]
    )


def test_nothing_known_is_a_new_car():
    """No VIN and no plate find nothing, not even each other."""
    assert match_vehicle(car(None, None, 7), [held(1, None, None, 7)]) == NEW
    assert match_vehicle(car(VIN, "京A12345"), []) == NEW


def test_of_several_cars_that_fit_the_one_that_the_record_made():
    """A plate that moved between two cars of one owner does not say which car came; a derived id does."""
    two = [held(1, VIN, "京A12345", 7), held(2, OTHER_VIN, "京A12345", 7, refs=[ref("~9", derived=True)])]

    assert Propose(1, "SEVERAL_SAME", (2,)) == match_vehicle(car(None, "京A12345", 7), two)
    assert Same(2, "SAME_PLATE_SAME_CUSTOMER") == match_vehicle(
        car(None, "京A12345", 7, refs=[ref("~9", derived=True)]), two
    )


NAMES = ["", "王小明", "王小明先生", "李小红", "示范有限公司"]
REFS = st.lists(
    st.sampled_from([ref("A"), ref("B"), ref("~A", derived=True), ref("A", system="old")]), max_size=2, unique=True
)
PHONES = st.lists(st.sampled_from([MOBILE, OTHER, LANDLINE]), max_size=2, unique=True)
FACTS = st.builds(says, st.sampled_from(NAMES), refs=REFS).flatmap(
    lambda facts: PHONES.map(lambda phones: says(facts.name, *phones, refs=facts.refs))
)


def stored(rows):
    """As a database holds them: a source id belongs to one customer."""
    free = {(r.system, r.key) for facts in rows for r in facts.refs}
    people = []
    for number, facts in enumerate(rows, 1):
        own = [r for r in facts.refs if (r.system, r.key) in free]
        free -= {(r.system, r.key) for r in own}
        people.append(known(number, facts.name, *facts.phones, refs=own))
    return people


PEOPLE = st.lists(FACTS, max_size=5).map(stored)


@given(FACTS, PEOPLE)
def test_a_sync_decides_as_explain_does(facts, people):
    """Dicts of a batch and `by_phone` come to the same answer as the whole decision."""
    ids = {(r.system, r.key): person.id for person in people for r in person.refs if not r.derived}
    made = {(r.system, r.key): person.id for person in reversed(people) for r in person.refs if r.derived}
    holders: dict[str, dict[int, str]] = {}
    for person in people:
        for phone in person.phones:
            holders.setdefault(phone, {})[person.id] = name_key(person.name)
    proven = [ids[r.system, r.key] for r in facts.refs if not r.derived and (r.system, r.key) in ids]
    mine = next((made[r.system, r.key] for r in facts.refs if (r.system, r.key) in made and r.derived), None)
    is_company = facts.name == "示范有限公司"
    match: Match = by_phone(facts.phones, name_key(facts.name), holders, organization=is_company, made=mine)

    decided = match_customer(facts, people)

    if proven:
        assert isinstance(decided, Same)
        assert decided.why == "SAME_SOURCE_ID"
        assert decided.id in {
            person.id for person in people if set(person.refs) & {r for r in facts.refs if not r.derived}
        }
    else:
        assert match == decided


@given(FACTS, PEOPLE)
def test_who_shares_no_key_is_nobody_we_know(facts, people):
    """So a batch needs to look up nothing but the keys of its records."""
    keys = customer_keys(facts)
    near = [
        person
        for person in people
        if set(keys.values) & set(person.phones)
        or set(keys.refs) & {(r.system, r.key) for r in person.refs if not r.derived}
    ]

    assert match_customer(facts, near) == match_customer(facts, people)


def test_the_keys_of_a_record():
    """Derived ids and a person's landline find nobody; a car is found by VIN and plate."""
    refs = (ref("C1"), ref("~1", derived=True))

    assert customer_keys(says("王小明", MOBILE, LANDLINE, refs=refs)).refs == (("main", "C1"),)
    assert customer_keys(says("王小明", MOBILE, LANDLINE)).values == (MOBILE,)
    assert customer_keys(says("示范有限公司", MOBILE, LANDLINE)).values == (MOBILE, LANDLINE)
    assert vehicle_keys(car(VIN, "京A12345", refs=refs)).values == (VIN, "京A12345")
    assert vehicle_keys(car(None, "京A12345", refs=refs)).values == ("京A12345",)
    assert vehicle_keys(car(refs=refs)).refs == (("main", "C1"),)


def test_no_name_and_no_number_shows_in_a_repr():
    """Personal data stays in."""
    shown = repr(
        [
            says("王小明", MOBILE),
            known(1, "王小明", MOBILE),
            car(None, "京A12345"),
            customer_keys(says("王小明", MOBILE)),
        ]
    )
    shown += repr(merge_plan({"employer": "示范公司"}, {"employer": "示范学校", "address": "示范路1号"}))

    assert not [secret for secret in ("王小明", "138", "京A12345", "示范") if secret in shown]


@pytest.mark.parametrize("language", lang.LANGUAGES)
@pytest.mark.parametrize(
    "why",
    [
        *(
            "SAME_SOURCE_ID",
            "SAME_MOBILE_SAME_NAME",
            "SAME_PHONE_SAME_ORGANIZATION",
            "SAME_VIN",
            "SAME_PLATE_SAME_CUSTOMER",
        ),
        *(
            "SAME_MOBILE_OTHER_NAME",
            "SAME_MOBILE_NO_NAME",
            "SEVERAL_SAME",
            "SAME_PLATE_OTHER_CUSTOMER",
            "SAME_SOURCE_ID_OTHER_VIN",
        ),
    ],
)
def test_every_why_has_words(why, language):
    """`explain` and `proposals list` can say it."""
    assert lang.reason(why, language)[0] not in {"", why}


def test_new_is_new():
    """There is one way to be new."""
    assert New() == NEW


def test_a_merge_keeps_the_winner_and_fills_its_gaps():
    """What the winner has stays, what it lacks comes from the loser, and what differs is told."""
    plan = merge_plan(
        {"name": "王小明", "gender": "", "employer": "示范公司", "advisor": "E01", "deceased": 0},
        {"name": "王明", "gender": "M", "employer": None, "advisor": "E01", "address": "示范路1号", "deceased": 0},
    )

    assert plan.values == {"gender": "M", "address": "示范路1号"}
    assert plan.conflicts == (Conflict("name", "王小明", "王明"),)


def test_what_staff_have_set_survives_a_merge():
    """A correction of the loser beats what the winner has from the source, but not another correction."""
    winner, loser = {"name": "王明", "gender": "F"}, {"name": "王小明", "gender": "M"}
    both = frozenset({"name", "gender"})

    assert merge_plan(winner, loser, loser_corrected=frozenset({"name"})).values == {"name": "王小明"}
    assert merge_plan(winner, loser, loser_corrected=frozenset({"name"})).conflicts == (
        Conflict("name", "王小明", "王明"),
        Conflict("gender", "F", "M"),
    )
    assert merge_plan(winner, loser, corrected=both, loser_corrected=both).values == {}


@pytest.mark.parametrize(
    ("ours", "theirs", "written"), [(0, 1, {"deceased": 1}), (1, 0, {}), (1, 1, {}), (False, True, {"deceased": True})]
)
def test_a_merge_never_revives_the_dead(ours, theirs, written):
    """A protective flag that is set on either side is set afterwards, and needs no decision."""
    plan = merge_plan({"deceased": ours}, {"deceased": theirs})

    assert plan.values == written
    assert plan.conflicts == ()
