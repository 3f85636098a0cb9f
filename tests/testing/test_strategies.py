"""The public strategies: there is one of every type, and what it makes is what the type says."""

from __future__ import annotations

import collections.abc
import enum
import importlib
import pkgutil
import re
import subprocess
import sys
import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import crmcore.types
from crmcore.config.care import HINDRANCES, POPULATIONS
from crmcore.hooks import records
from crmcore.hooks.adapters import WebhookRequest
from crmcore.rules import dates, durations, numbers, templates
from crmcore.rules.complaints.states import TRANSITIONS
from crmcore.rules.phone import is_mobile, phone
from crmcore.rules.surveys.reading import answer as read_answer
from crmcore.rules.text import Bad
from crmcore.rules.vin import vin, vin_warning
from crmcore.sample.invent import MOBILE_HEADS, OPERATORS_OWN
from crmcore.testing import strategies
from crmcore.types.alert import Alert
from crmcore.types.complaint import ENDED, Complaint, ComplaintEvent, ComplaintState, EventKind
from crmcore.types.contact import Receipt, ReceiptState, Touchpoint
from crmcore.types.customer import Channel, Consent, Customer, CustomerKind
from crmcore.types.survey import Answer, Question, QuestionKind, Response, Survey
from crmcore.types.vehicle import Vehicle
from crmcore.types.visit import Rework, Visit, VisitKind, VisitLine


def core_types() -> list[type]:
    """Every value and every enum of crmcore.types, every record and exchange type of a pull, and a push."""
    rooms = [
        importlib.import_module(f"crmcore.types.{room.name}") for room in pkgutil.iter_modules(crmcore.types.__path__)
    ]
    found = [
        thing
        for room in [*rooms, records]
        for thing in vars(room).values()
        if isinstance(thing, type)
        and thing.__module__ == room.__name__
        and (attrs.has(thing) or issubclass(thing, enum.Enum) or typing.is_typeddict(thing))
    ]
    return [*found, WebhookRequest]


TYPES = core_types()
VALUES = [cls for cls in TYPES if not issubclass(cls, enum.Enum)]


def misfits(value: object, hint: object, at: str = "") -> list[str]:  # noqa: PLR0911 - one return a kind of hint
    """Where `value` is not what `hint` says."""
    origin, of = typing.get_origin(hint), typing.get_args(hint)
    if hint is typing.Any or hint is object:
        return []
    if origin in {typing.Union, types.UnionType}:
        tried = [misfits(value, each, at) for each in of]
        return [] if [] in tried else min(tried, key=lambda wrong: (wrong[0].endswith("no NoneType"), len(wrong)))
    if origin in {typing.Required, typing.NotRequired}:
        return misfits(value, of[0], at)
    if typing.is_typeddict(hint):
        hints = typing.get_type_hints(hint, include_extras=True)
        assert isinstance(value, dict)
        wrong = [f"{at}.{name} is no key" for name in set(value) - set(hints)]
        wrong += [f"{at}.{name} is missing" for name in required(hint) - set(value)]
        return wrong + [
            w for name, each in value.items() if name in hints for w in misfits(each, hints[name], f"{at}.{name}")
        ]
    if (origin is tuple and of[-1] is Ellipsis) or origin in {list, frozenset}:
        if not isinstance(value, origin):
            return [f"{at}: {value!r} is no {origin.__name__}"]
        return [w for number, each in enumerate(value) for w in misfits(each, of[0], f"{at}[{number}]")]
    if origin is collections.abc.Mapping:
        if not isinstance(value, collections.abc.Mapping):
            return [f"{at}: {value!r} is no mapping"]
        return [w for k, v in value.items() for w in misfits(k, of[0], f"{at} key") + misfits(v, of[1], f"{at}[{k!r}]")]
    if origin is collections.abc.Callable:
        return [] if callable(value) else [f"{at}: {value!r} cannot be called"]
    assert isinstance(hint, type), hint
    if (type(value) is bool and hint is not bool) or (type(value) is datetime and hint is date):
        return [f"{at}: {value!r} is no {hint.__name__}"]
    if not isinstance(value, hint):
        return [f"{at}: {value!r} is no {hint.__name__}"]
    if attrs.has(hint):
        attrs.resolve_types(type(value))
        return [
            w
            for each in attrs.fields(type(value))
            for w in misfits(getattr(value, each.name), each.type, f"{at}.{each.name}")
        ]
    return []


def required(record: type) -> set[str]:
    """The keys that must be there; `__required_keys__` does not see through postponed annotations."""
    hints = typing.get_type_hints(record, include_extras=True)
    total = getattr(record, "__total__", True)
    return {name for name, hint in hints.items() if typing.get_origin(hint) is typing.Required or total}


def everything(value: object) -> collections.abc.Iterator[object]:
    """The value and all that it holds."""
    yield value
    if attrs.has(type(value)):
        inner: collections.abc.Iterable[object] = [getattr(value, each.name) for each in attrs.fields(type(value))]
    elif isinstance(value, dict):
        inner = [*value, *value.values()]
    else:
        inner = value if isinstance(value, tuple | list | frozenset) else ()
    for each in inner:
        yield from everything(each)


# ------------------------------------------------------------------ of every type


def test_every_type_has_a_strategy():
    """A type that is added to the core, or a record of a pull, has a strategy before it is released."""
    without = []
    for cls in TYPES:
        try:
            strategies.of(cls)
        except KeyError:
            without.append(cls.__name__)

    assert len(TYPES) > 70
    assert [] == without


def test_an_enum_is_all_its_members():
    """The strategy of an enum leaves no member out."""
    found = set()

    @settings(max_examples=200, database=None)
    @given(strategies.of(Channel))
    def keep(value: Channel) -> None:
        found.add(value)

    keep()

    assert set(Channel) == found


def test_a_stranger_has_none():
    """A type that is not the core's is refused, not guessed."""
    with pytest.raises(KeyError):
        strategies.of(int)


def test_every_strategy_is_public():
    """What makes a value of a type is named in `__all__`, which is sorted, and says in words what it makes."""
    assert sorted(strategies.__all__) == list(strategies.__all__)
    assert {maker.__name__ for maker in strategies.plain.KNOWN.values()} <= set(strategies.__all__)
    assert [] == [name for name in strategies.__all__ if not getattr(strategies, name).__doc__]


@pytest.mark.parametrize("cls", VALUES, ids=lambda cls: cls.__name__)
def test_what_is_made_is_what_the_type_says(cls):
    """Every field is of the type it is declared with, down to the last; every instant is UTC, and every number nobody's."""

    @settings(max_examples=25)
    @given(strategies.of(cls))
    def holds(value: object) -> None:
        assert typing.is_typeddict(cls) or type(value) is cls
        assert [] == misfits(value, cls)
        for each in everything(value):
            if isinstance(each, datetime):
                assert UTC is each.tzinfo
            if isinstance(each, str) and re.fullmatch(r"\+86\d+", each):
                assert each.startswith((*(f"+86{head}" for head in MOBILE_HEADS), "+86105550"))
                assert OPERATORS_OWN not in each

    holds()


def test_a_misfit_is_noticed():
    """The check above sees a wrong type wherever it stands."""
    line = VisitLine(no="1", labour_amount=Decimal(1))
    good = Visit(id="R1", store="S01", customer_id="C1", km_in=7, lines=(line,))

    class Needs(typing.TypedDict):
        phone: str

    assert [] == misfits(good, Visit)
    assert [".km_in: True is no int"] == misfits(attrs.evolve(good, km_in=True), Visit)
    assert [".lines[0].no: 7 is no str"] == misfits(attrs.evolve(good, lines=(attrs.evolve(line, no=7),)), Visit)
    assert [".opened_at: datetime.date(2026, 1, 1) is no datetime"] == misfits(
        attrs.evolve(good, opened_at=date(2026, 1, 1)), Visit
    )
    assert [".phone is missing"] == misfits({}, Needs)
    assert [".fax is no key"] == misfits({"phone": "", "fax": ""}, Needs)


#: Hypothesis begins with what it shrinks towards.
SIMPLEST = settings(database=None, max_examples=1, phases=[Phase.generate])
#: Fields that may be None and are not, in the smallest value: something else of the value calls for them.
CALLED_FOR = {
    Visit: {"opened_at", "vehicle_id"},
    Rework: {"original"},
    Receipt: {"ref"},
    Consent: {"granted_at"},
    Answer: {"minimum", "maximum"},
    Response: {"started_at"},
    Question: {"minimum", "maximum"},
    ComplaintEvent: {"before"},
    Alert: {"next_at"},
}


@pytest.mark.parametrize("cls", VALUES, ids=lambda cls: cls.__name__)
def test_it_shrinks(cls):
    """What is left when nothing of a value matters has in it what must be, and nothing that may be missing."""
    least = find(strategies.of(cls), lambda _: True, settings=SIMPLEST)
    if typing.is_typeddict(cls):
        assert required(cls) == set(least)
        return
    told = {
        field.name for field in attrs.fields(cls) if field.default is None and getattr(least, field.name) is not None
    }

    assert set() == told - CALLED_FOR.get(cls, set())


def test_what_matters_stays():
    """A value shrinks to what makes a test fail, and to nothing else."""
    least = find(strategies.customers(), lambda customer: bool(customer.consents), settings=settings(database=None))

    assert (1, 0, 0) == (len(least.consents), len(least.contact_points), len(least.relatives))
    assert (None, None, {}) == (least.birth_date, least.merged_into, least.extra)


def test_a_keyword_replaces_a_field():
    """What a keyword names is drawn from there, and a field that does not exist is refused."""

    @settings(max_examples=20)
    @given(
        strategies.customers(deceased=st.just(True), merged_into=st.just("C9")),
        strategies.complaints(store=st.just("S07")),
    )
    def holds(customer: Customer, case: Complaint) -> None:
        assert (True, "C9") == (customer.deceased, customer.merged_into)
        assert "S07" == case.store

    holds()
    with pytest.raises(TypeError, match="no_such_field"):
        find(strategies.customers(no_such_field=st.none()), lambda _: True)


def test_without_hypothesis_the_extra_is_named():
    """Who has not installed the extra is told its name."""
    code = "import sys; sys.modules['hypothesis'] = None; import crmcore.testing.strategies"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert 'CRM-X001 This needs libraries that are not installed. → Run: pip install "crmcore[testing]"' in done.stderr


# ------------------------------------------------------------------ what is plausible

quick = settings(max_examples=50)


@quick
@given(strategies.customers())
def test_customers_are_plausible(customer):
    """Each number once, mobile as the number is; a company has no birthday; nobody is merged into himself."""
    numbers_of = [point.value for point in customer.contact_points if point.channel is Channel.PHONE]

    assert len(numbers_of) == len(set(numbers_of))
    assert customer.merged_into != customer.id
    for point in customer.contact_points:
        if point.channel is Channel.PHONE:
            assert point.value == phone(point.value)
            assert point.mobile is is_mobile(point.value)
    if customer.kind is CustomerKind.ORGANIZATION:
        assert (None, (), False) == (customer.birth_date, customer.relatives, customer.deceased)
    for consent in customer.consents:
        assert consent.withdrawn_at is None or (
            consent.granted_at is not None and consent.granted_at <= consent.withdrawn_at
        )
        assert consent.expires_at is None or (
            consent.granted_at is not None and consent.granted_at < consent.expires_at
        )


@quick
@given(strategies.visits())
def test_visits_are_plausible(visit):
    """An order was opened before it was done, done before the hand-over, and lines have numbers of their own."""
    times = [visit.opened_at, visit.completed_at, visit.delivered_at, visit.invoiced_at]
    known = [at for at in times if at is not None]

    assert sorted(known) == known
    assert times[: len(known)] == known
    assert len({line.no for line in visit.lines}) == len(visit.lines)
    assert (visit.booked_at is None) is (visit.booked_channel is None)
    assert (visit.kind is VisitKind.SHOWROOM) <= (visit.vehicle_id is None)


@quick
@given(strategies.vehicles())
def test_cars_are_plausible(car):
    """A VIN has its check digit, and an odometer never runs backwards."""
    assert car.vin is None or (car.vin == vin(car.vin) and vin_warning(car.vin) is None)
    days = [reading.on for reading in car.readings]

    assert sorted(set(days)) == days
    assert sorted(reading.km for reading in car.readings) == [reading.km for reading in car.readings]


@quick
@given(strategies.stores())
def test_stores_open_and_close(store):
    """Hours are in order and do not overlap, and no day is an exception both ways."""
    edges = [edge for opening in store.hours for edge in (opening.start, opening.end)]

    assert edges
    assert sorted(set(edges)) == edges
    assert not store.extra_on & store.extra_off


@quick
@given(strategies.case_files())
def test_histories_can_have_happened(file):
    """Every step of a case is one that the table allows, later than the one before, and the case is where the last one left it."""
    before = None
    for event in file.events:
        assert TRANSITIONS[before, event.kind] is event.after
        assert event.before is before
        assert event.recorded_at >= event.at
        before = event.after
    moments = [event.at for event in file.events]

    assert sorted(moments) == moments
    assert before is file.case.state
    assert file.case.received_at == moments[0]
    assert 1 + sum(event.kind is EventKind.REOPEN for event in file.events) == file.case.round
    assert file.case.owner is None or file.case.owner not in file.case.accused
    if file.case.state in ENDED:
        assert all(clock.stopped_at is not None for clock in file.case.clocks)
    for clock in file.case.clocks:
        assert clock.stopped_at is None or clock.stopped_at >= clock.started_at


def test_every_state_is_reached():
    """Histories lead to every state that a case can be in, and more than once around."""
    states, rounds = set(), set()

    @settings(max_examples=1_000, database=None, derandomize=True, phases=[Phase.generate])
    @given(strategies.case_files())
    def keep(file: strategies.CaseFile) -> None:
        states.add(file.case.state)
        rounds.add(file.case.round)

    keep()

    assert set(ComplaintState) == states
    assert {1, 2} <= rounds


@quick
@given(strategies.surveys(), st.data())
def test_answers_fit_their_questions(survey, data):
    """What is answered can be read back on the question's own scale, and each question is answered once."""
    response = data.draw(strategies.responses(survey))

    assert len({each.question for each in response.answers}) == len(response.answers)
    assert response.started_at <= response.completed_at
    for each in response.answers:
        question = survey.questions[each.question]
        if question.kind is not QuestionKind.TEXT:
            assert not isinstance(read_answer(question, each.value), Bad)


@quick
@given(strategies.surveys())
def test_questionnaires_fit_together(survey: Survey):
    """A question counts for a factor of the same questionnaire, and its alert lies on its scale."""
    for code, question in survey.questions.items():
        assert code == question.code
        assert question.factor is None or question.factor in survey.factors
        assert question.alert_below is None or question.minimum < question.alert_below <= question.maximum


@quick
@given(strategies.touchpoint_rules(), strategies.message_templates())
def test_rules_and_words_would_pass_a_pack(rule, template):
    """Durations can be read, conditions exist, and every variable of a text can be filled whatever the rule hangs on."""
    for text in (rule.offset, rule.within, rule.expires, rule.repeat):
        durations.parse(text or "P0D")

    assert set(rule.population) <= set(POPULATIONS)
    assert {*rule.stop_on, *rule.suppress_when} <= set(HINDRANCES)
    assert [] == templates.check(template, [attrs.evolve(rule, template=template.code)])


@quick
@given(strategies.touchpoints())
def test_what_is_owed_is_plausible(touchpoint: Touchpoint):
    """Due, late and expired come in that order."""
    times = [touchpoint.due_at, touchpoint.deadline_at, touchpoint.expires_at]
    known = [at for at in times if at is not None]

    assert sorted(known) == known


@quick
@given(strategies.receipts())
def test_receipts_can_be_told_apart(receipt: Receipt):
    """A receipt names our key or the vendor's, and only a failure blames the number."""
    assert receipt.key is not None or receipt.ref is not None
    assert receipt.permanent <= (receipt.state is ReceiptState.FAILED)


@quick
@given(strategies.raw_phones(), strategies.raw_days(), strategies.raw_flags())
def test_what_a_source_writes_can_be_read(number, day, flag):
    """A raw number, date or yes is odd, and still one."""
    assert str(phone(number)).startswith("+861")
    assert isinstance(dates.day(day), date)
    assert isinstance(numbers.yes_no(flag), bool) if isinstance(flag, str) else True


@quick
@given(strategies.entries())
def test_entries_stand_for_their_row(entry):
    """An entry gives the same records however often it is asked, and has sixteen bytes of digest."""
    assert list(entry.records()) == list(entry.records())
    assert 16 == len(entry.digest)
    assert entry.at


@quick
@given(strategies.vehicles())
def test_values_can_be_compared_and_kept(car: Vehicle):
    """Two values of the same fields are one, and a set holds it once."""
    assert attrs.evolve(car) == car
    assert 1 == len({car, attrs.evolve(car)})
