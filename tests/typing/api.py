"""The public API in its intended form: checked by mypy and pyright in strict mode, never run.

What a user would write stands here once: a program that embeds `Crm`, a hook, an adapter of each kind, a contract, the doors of the
web frameworks. `assert_type` says what comes out, so that nothing has silently become `Any`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, assert_never, assert_type

import attrs
import fastapi
import flask
import responses
import sqlalchemy
from django.http import HttpResponse

import crmcore
from crmcore import ConfigError, Crm, CrmError
from crmcore.contrib import django as django_door
from crmcore.contrib import flask as flask_door
from crmcore.contrib import starlette as starlette_door
from crmcore.hooks import (
    Adapter,
    Batch,
    Clock,
    Context,
    DmsAdapter,
    Entry,
    Invited,
    Invitee,
    Invites,
    Limits,
    MessagingAdapter,
    NotInvited,
    Parsed,
    ParsesReceipts,
    PullsResponses,
    Record,
    Reject,
    Secret,
    SurveyAdapter,
    VisitRecord,
    WebhookRequest,
    WebhookResponse,
    capabilities,
    hookimpl,
)
from crmcore.testing import DmsContract, MessagingContract, Network, SurveyContract
from crmcore.types.alert import Alert
from crmcore.types.complaint import (
    ActionStatus,
    Complaint,
    ComplaintDraft,
    ComplaintEvent,
    ComplaintState,
    MeetingKind,
    Severity,
    SlaClock,
)
from crmcore.types.contact import (
    Accepted,
    ContactAttempt,
    Deferred,
    Message,
    MessageState,
    Receipt,
    ReceiptState,
    Refuse,
    Rejected,
    Reply,
    SendResult,
    Text,
    Touchpoint,
    TouchpointState,
    Unknown,
)
from crmcore.types.customer import Channel, Customer
from crmcore.types.event import (
    AnswersCame,
    CallMade,
    CaseMoved,
    CaseOpened,
    ContactMoved,
    Event,
    FileChanged,
    ReplyCame,
    RungClimbed,
    TextMoved,
)
from crmcore.types.improvement import Action, Meeting
from crmcore.types.store import Staff
from crmcore.types.survey import InvitationState, Response, Survey
from crmcore.types.timeline import TimelineEntry
from crmcore.types.vehicle import Vehicle
from crmcore.types.visit import ReworkBasis, Visit

assert_type(crmcore.__version__, str)


# ------------------------------------------------------------------ a program that embeds Crm


class Noon:
    """A clock of the application's own: anything with `now`."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def opened(folder: Path, engine: sqlalchemy.Engine, settings: Mapping[str, Any]) -> None:
    """A file, a mapping or a `Config`; a URL or an engine; adapters, hooks, a clock and an environment of one's own."""
    with Crm.from_config(folder / "crm.toml") as crm:
        assert_type(crm, Crm)
    with Crm.from_config("crm.toml", now=datetime(2026, 11, 22, 2, 0, tzinfo=UTC), lang="en") as crm:
        assert_type(crm, Crm)
    Crm(settings).close()
    Crm(folder / "crm.toml", clock=Noon(), environ={"SMS_PASSWORD": "…"}).close()
    Crm(settings, connection="postgresql://crm@localhost/crm").close()
    Crm(
        settings,
        adapters=[AcmeDms, AcmeSms],
        hooks=[Thumbs(), OwnList()],
        clock=Noon(),
        connection=engine,
        lang="zh",
        http=None,
    ).close()


def mistaken(folder: Path) -> str:
    """Errors are a tree: catch the leaf that you can mend, or the root."""
    try:
        Crm(folder / "crm.toml").close()
    except ConfigError as error:
        assert_type(error.errors, tuple[ConfigError, ...])
        return error.render("zh")
    except CrmError as error:
        assert_type(error.code, str)
        assert_type(error.at, str)
        return str(error)
    return ""


def at_work(crm: Crm) -> None:
    """The verbs of the command line."""
    for source in crm.sync("orders").sources:
        assert_type(source.error, CrmError | None)
    assert_type(crm.collect().complaints, int)
    assert_type(crm.escalate().looked, int)
    assert_type(crm.alert(yes=True).told, int)
    assert_type(crm.plan().totals(), dict[str, int])
    assert_type(crm.invite(yes=False).dry_run, bool)
    assert_type(crm.send(yes=True, limit=100).counts(), dict[str, int])
    done = crm.run(yes=True)
    assert_type(done.send.errors, dict[str, CrmError])
    assert_type(crm.explain("T12").lines, tuple[str, ...])


def asked(crm: Crm) -> None:
    """What is read comes as values of `crmcore.types`."""
    for customer in crm.customers.find(phone="13800132123"):
        assert_type(customer, Customer)
        assert_type(crm.customers.vehicles(customer.id), tuple[Vehicle, ...])
        assert_type(crm.customers.visits(customer.id), tuple[Visit, ...])
        assert_type(crm.touchpoints.of(customer.id), tuple[Touchpoint, ...])
        assert_type(crm.messages.of(customer.id), tuple[Text, ...])
        for entry in crm.customers.timeline(customer.id):
            assert_type(entry, TimelineEntry)
            assert_type(told(entry.subject), str)
    assert_type(crm.customers.find(plate="京A00000"), tuple[Customer, ...])
    assert_type(crm.customers.find(vin="LXCRMA1S6RS878894"), tuple[Customer, ...])
    assert_type(crm.customers.get("C17"), Customer)
    assert_type(crm.complaints.open(store="S01"), tuple[Complaint, ...])
    assert_type(crm.complaints.get("K1").clocks, tuple[SlaClock, ...])
    assert_type(crm.complaints.history("K1"), tuple[ComplaintEvent, ...])
    assert_type(crm.touchpoints.due(until=datetime(2026, 11, 22, 4, 0, tzinfo=UTC)), tuple[Touchpoint, ...])
    assert_type(crm.complaints.find(ComplaintState.CLOSED, owner="00019"), tuple[Complaint, ...])
    assert_type(crm.touchpoints.find(TouchpointState.DUE, customer="C17"), tuple[Touchpoint, ...])
    assert_type(crm.messages.find(MessageState.HELD, limit=50), tuple[Text, ...])
    assert_type(crm.messages.in_doubt(), tuple[Text, ...])
    assert_type(crm.messages.replies(), tuple[Reply, ...])


def reviewed(crm: Crm) -> None:
    """What the desk looks through: answers, suggestions, rows that could not be used, repairs that did not hold, colleagues."""
    assert_type(crm.surveys.get("aftersales"), Survey)
    assert_type(crm.surveys.responses("aftersales", limit=10), tuple[Response, ...])
    for use in crm.surveys.in_use():
        assert_type(use.invited, Mapping[InvitationState, int])
    for mark in crm.surveys.flagged():
        assert_type(mark.response, str | None)
    for proposal in crm.proposals.find(state=None):
        assert_type(proposal.created_at, datetime)
    for row in crm.rejects.find(source="orders"):
        assert_type(row.place, tuple[str, ...])
    register = crm.rework.look_up(since=date(2026, 9, 1), store="S01")
    assert_type(register.rates.returned, Mapping[ReworkBasis, int])
    assert_type(crm.staff.members()[0].staff, Staff)
    assert_type(crm.alerts.find(owed=True), tuple[Alert, ...])
    assert_type(crm.actions.find(), tuple[Action, ...])
    assert_type(crm.meetings.find(MeetingKind.QUALITY), tuple[Meeting, ...])
    assert_type(crm.meetings.sheet(MeetingKind.QUALITY).actions, tuple[Action, ...])
    assert_type(crm.callbacks.due()[0].phone, str)
    assert_type(crm.callbacks.notes(advisor="00021")[0].at, datetime)
    assert_type(crm.reports.csi("aftersales", months=3).surveys[0].survey, str)
    crm.reports.board(since=date(2026, 9, 1), until=date(2026, 11, 30))
    crm.reports.calls(store="S01")


def told(subject: Visit | Text | ContactAttempt | Reply | Response | Complaint | Touchpoint) -> str:
    """The 360° is made of these and no others."""
    match subject:
        case Visit(ro_number=number):
            return number
        case Text(message=message):
            return message.text
        case ContactAttempt(remark=said) | Reply(text=said) | Complaint(verbatim=said):
            return said
        case Response(survey=survey):
            return survey
        case Touchpoint(rule=rule):
            return rule
        case _:
            assert_never(subject)


def done(crm: Crm, folder: Path) -> None:
    """What people do at the desk; `by` is who did it."""
    case = crm.complaints.register(
        "charged for two filters", customer="13800132150", by="00019", severity=Severity.SERIOUS
    )
    assert_type(case, Complaint)
    assert_type(crm.complaints.assign(case.id, by="00022"), Complaint)
    assert_type(crm.complaints.respond(case.id, by="00019", note="one filter is paid back"), Complaint)
    assert_type(crm.complaints.resolve(case.id, "one filter paid back", by="00019"), Complaint)
    assert_type(crm.complaints.close(case.id, by="00019"), Complaint)
    crm.customers.opt_out("13800132150", by="api")
    crm.customers.correct("C17", "name", "…", by="00019")
    crm.customers.merge("C17", "C18", by="00019")
    crm.touchpoints.done("T12", by="00020")
    crm.touchpoints.assign("T13", "00020", by="00022")
    crm.touchpoints.cancel("T14", by="00022")
    crm.callbacks.export(folder / "worklist.xlsx", by="00020")
    crm.callbacks.take_in(folder / "worklist-filled.csv", by="00020")
    crm.proposals.accept("P1", by="00019", number="13800132150")
    crm.proposals.reject("P2", by="00019")
    crm.surveys.exclude("Q12", "filled in by staff", by="00022")
    crm.surveys.include("Q12", by="00022")
    crm.rework.decide("R2611001", is_rework=True, by="00022", original="R2610001", cause="…")
    assert_type(crm.rejects.retry() + crm.rejects.dismiss("J1", "J2"), int)
    assert_type(crm.staff.away("00021", date(2026, 12, 1)).ownerless, int)
    assert_type(crm.staff.leave("00021", to="00022").touchpoints, int)
    action = crm.actions.add(
        "QUALITY",
        cause="…",
        measure="…",
        responsible="00022",
        supervisor="00019",
        due_on=date(2026, 12, 15),
        cases=["K1"],
    )
    assert_type(action, Action)
    assert_type(crm.actions.move(action.id, ActionStatus.DOING).last_score, Decimal | None)
    assert_type([each.score for each in crm.actions.measure()], list[Decimal | None])
    assert_type(crm.meetings.add(MeetingKind.IMPROVEMENT, chair="00022", actions=[action.id]), Meeting)


def read_along(crm: Crm, cursor: str | None) -> str:
    """From where one was; a program that must miss nothing names each kind, and its type checker shows it a new one."""
    found = crm.events.since(cursor, limit=100)
    assert_type(found.events, tuple[Event, ...])
    for event in found.events:
        assert_type(event.at, datetime)
        match event:
            case TextMoved(message_id=subject, state=state):
                assert_type(state, MessageState)
            case ReplyCame(reply_id=subject) | CallMade(attempt_id=subject) | AnswersCame(response_id=subject):
                pass
            case CaseOpened(complaint_id=subject) | CaseMoved(complaint_id=subject) | RungClimbed(complaint_id=subject):
                pass
            case ContactMoved(touchpoint_id=subject) | FileChanged(subject=subject):
                pass
            case _:
                assert_never(event)
        assert_type(subject, str)
    return found.cursor


def pushed(crm: Crm) -> None:
    """One door for every framework, and a thin one for each."""
    answer = crm.handle_webhook(WebhookRequest(method="GET", path="s3cret/sms/mo", query={"from": "13800132123"}))
    assert_type(answer, WebhookResponse)
    app = flask.Flask("dealer")
    app.add_url_rule("/hooks/<path:path>", "hooks", flask_door.webhook(crm.handle_webhook), methods=["GET", "POST"])
    service = fastapi.FastAPI()
    service.add_route("/hooks/{path:path}", starlette_door.webhook(crm.handle_webhook), methods=["GET", "POST"])
    assert_type(django_door.webhook(crm.handle_webhook), Callable[..., HttpResponse])


# ------------------------------------------------------------------ hooks


class OwnList:
    """The dealer's own do-not-contact list."""

    @hookimpl
    def crmcore_before_send(self, message: Message, customer: Customer) -> Refuse | None:
        return Refuse("ON_OWN_LIST") if message.to.endswith("2123") or customer.deceased else None


class Thumbs:
    """An object with hooks; a module does as well."""

    @hookimpl
    def crmcore_find_complaint(self, evidence: Response | ContactAttempt | Reply) -> ComplaintDraft | None:
        match evidence:
            case Reply(text=text) if "\N{THUMBS DOWN SIGN}" in text:
                return ComplaintDraft(category="SERVICE_ATTITUDE", why=("thumbs:down",), verbatim=text)
            case Reply() | ContactAttempt() | Response():
                return None
            case _:
                assert_never(evidence)


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    """What the module of a plugin has."""
    return [AcmeDms, AcmeSms, AcmeSurvey]


# ------------------------------------------------------------------ an adapter of each kind


@attrs.frozen(kw_only=True)
class AcmeConfig:
    """Settings with their types; `Secret` never shows."""

    url: str = attrs.field(metadata={"help": {"zh": "地址", "en": "address"}})
    token: Secret = attrs.field(metadata={"help": {"zh": "令牌", "en": "token"}})
    timeout: float = attrs.field(default=10.0, metadata={"help": {"zh": "秒", "en": "seconds"}})


class AcmeDms(DmsAdapter[AcmeConfig]):
    """Reads: yields batches, raises what went wrong."""

    name: ClassVar[str] = "acme"
    Config: ClassVar[type] = AcmeConfig

    def check(self) -> None:
        assert_type(self.config, AcmeConfig)
        assert_type(self.context, Context)
        answer = self.context.http.read("GET", self.config.url, headers={"Authorization": self.config.token.reveal()})
        assert_type(answer.status, int)
        assert_type(answer.body, bytes)

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        record: VisitRecord = {"key": "R1", "customer": {"name": "…", "phone": None}, "lines": [{"op_name": "…"}]}
        entry = Entry(at=("orders.json:1",), digest=b"\x01", records=lambda: [Record("visit", record)], raw=dict)
        reject = Reject(at=("orders.json:2",), column="phone", value_shape="9 digits", reason="PHONE_BAD")
        yield Batch(entries=(entry, reject), cursor="2", unchanged=0)


class AcmeSms(MessagingAdapter[AcmeConfig], ParsesReceipts):
    """Sends: returns one of four outcomes."""

    name: ClassVar[str] = "acme"
    Config: ClassVar[type] = AcmeConfig
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.SMS})

    @property
    def limits(self) -> Limits:
        return Limits(fits=lambda text: len(text) <= 70, batch=1, per_second=10.0)

    def send(self, message: Message, *, key: str) -> SendResult:
        assert_type(message.to, str)
        answer = self.context.http.send("POST", self.config.url, json={"to": message.to, "key": key})
        match answer.status:
            case 200:
                return Accepted(ref=answer.text)
            case 400:
                return Rejected(code="BAD_NUMBER")
            case 420:
                return Deferred(code="LATER", not_before=self.context.clock.now() + timedelta(minutes=1))
            case _:
                return Unknown(why=str(answer.status))

    def parse_receipts(self, request: WebhookRequest) -> Parsed[Receipt] | None:
        if request.path != "dlr":
            return None
        receipt = Receipt(key=request.query.get("key"), state=ReceiptState.DELIVERED)
        return Parsed(events=(receipt,), answer=WebhookResponse(body=b"ok"))


class AcmeSurvey(SurveyAdapter[AcmeConfig], Invites, PullsResponses):
    """Asks and reads: all that it can do is capabilities."""

    name: ClassVar[str] = "acme"
    Config: ClassVar[type] = AcmeConfig

    def invite(self, invitees: Sequence[Invitee]) -> Mapping[str, Invited | NotInvited]:
        return {each.token: Invited(link=f"{self.config.url}/{each.token}") for each in invitees}

    def pull_responses(self, cursor: str | None) -> Iterator[Batch]:
        yield Batch(entries=(), cursor=cursor)


def outcome(result: SendResult) -> str:
    """The four outcomes of a send are all there are."""
    match result:
        case Accepted(ref=ref):
            return ref or ""
        case Rejected(code=code, scope=scope):
            return f"{code} {scope}"
        case Deferred(code=code):
            return code
        case Unknown(why=why):
            return why
        case _:
            assert_never(result)


# ------------------------------------------------------------------ a contract


class TestAcmeSms(MessagingContract):
    """Plain attributes, and one method that scripts what the vendor answers."""

    adapter_class = AcmeSms
    config = {"url": "https://api.acme.example", "token": Secret("s3cret-enough")}
    contract = "1.0"
    known_gaps = {"test_same_key_twice": "Acme ignores client ids"}

    def vendor(self, rsps: responses.RequestsMock, world: Network) -> None:
        rsps.post("https://api.acme.example", json={"id": "m1"})
        assert_type(world.clock.now(), datetime)


class TestAcmeDms(DmsContract):
    """A source of files says so; `vendor` then writes them into `world.folder`."""

    adapter_class = AcmeDms
    config = {"url": "https://api.acme.example", "token": Secret("s3cret-enough")}


class TestAcmeSurvey(SurveyContract):
    """What applies follows from what the adapter can do."""

    adapter_class = AcmeSurvey
    config = {"url": "https://api.acme.example", "token": Secret("s3cret-enough")}


assert_type(capabilities(AcmeSms), tuple[str, ...])
noon: Clock = Noon()
