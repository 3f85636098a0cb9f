"""A small gateway of texts, adapters that keep every promise, each with some capabilities, and the contracts that prove them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import attrs

from crmcore.hooks import (
    AuthError,
    DedupesKeys,
    FindsMessages,
    Found,
    HasSandbox,
    Limits,
    MessagingAdapter,
    NotSent,
    Parsed,
    ParsesReceipts,
    ParsesReplies,
    PermanentError,
    PullsReceipts,
    Sandbox,
    SandboxPlan,
    Secret,
    SendsBatches,
    TransientError,
    WebhookRequest,
    WebhookResponse,
)
from crmcore.sample.loopback import Loopback, Page, Pushes, call
from crmcore.testing import Failed, MessagingContract, Network, Refused, Report, Taken
from crmcore.types.contact import (
    Accepted,
    Deferred,
    Message,
    Receipt,
    ReceiptState,
    Rejected,
    Reply,
    Scope,
    SendResult,
    Unknown,
)
from crmcore.types.customer import Channel

URL = "https://texts.example"
CATALOG = "crmcore_sms_gateway"  # whose words for a push that cannot be read are as good as any
SHANGHAI = ZoneInfo("Asia/Shanghai")
LONGEST, BATCH, PAGE = 500, 150, 3
STATES = {
    "ok": ReceiptState.DELIVERED,
    "bad": ReceiptState.FAILED,
    "sent": ReceiptState.SENT,
    "kept": ReceiptState.BUFFERED,
}
SIGNATURE = "x-signature"


def _help(text: str) -> dict[str, dict[str, str]]:
    return {"help": {"zh": text, "en": text}}


@attrs.frozen(kw_only=True)
class Config:
    """Where the gateway is."""

    url: str = attrs.field(repr=False, metadata=_help("URL"))
    token: Secret = attrs.field(metadata=_help("token"))


# ------------------------------------------------------------------ the adapters


class GoodSender(MessagingAdapter[Config]):
    """POST /send {to, text, key} answers 200 and {code, id}."""

    name: ClassVar[str] = "good_sender"
    Config: ClassVar[type] = Config
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.SMS})

    @property
    def limits(self) -> Limits:
        return Limits(fits=self.fits)

    def fits(self, text: str) -> bool:
        return bool(text.strip()) and len(text) <= LONGEST

    def send(self, message: Message, *, key: str) -> SendResult:
        if not self.fits(message.text):
            return Rejected(code="TEXT")
        said = self.post("/send", self.fields(message, key))
        return said if isinstance(said, Unknown) else self.meaning(said, message)

    def fields(self, message: Message, key: str) -> dict[str, Any]:
        return {"to": message.to, "text": message.text, "key": key}

    def post(self, path: str, fields: Any) -> Any:
        """What the gateway said, or why that is not known."""
        try:
            answer = self.context.http.send("POST", f"{self.config.url}{path}", json=fields, headers=self.login())
            return answer.json() if answer.status == 200 else Unknown(why=f"HTTP_{answer.status}")
        except NotSent:
            raise
        except (TransientError, PermanentError) as error:
            return Unknown(why=error.code)

    def login(self) -> dict[str, str]:
        return {"X-Token": self.config.token.reveal()}

    def meaning(self, said: Any, message: Message) -> SendResult:
        match said:
            case {"code": "OK", "id": str(ref)}:
                return self.accepted(ref, message)
            case {"code": "WHO"}:
                return Rejected(code="WHO", scope=Scope.ACCOUNT)
            case {"code": "NUMBER"}:
                return Rejected(code="NUMBER")
            case {"code": "BUSY"}:
                return Deferred(code="BUSY")
        return Unknown(why="ANSWER")

    def accepted(self, ref: str, message: Message) -> SendResult:
        return Accepted(ref=ref)

    def check(self) -> None:
        if self.ask("/balance")["code"] != "OK":
            raise AuthError("CRM-G101", catalog=CATALOG)

    def ask(self, path: str, **query: str) -> Any:
        said = self.context.http.read("GET", f"{self.config.url}{path}", params=query, headers=self.login()).json()
        if not isinstance(said, dict) or "code" not in said:
            raise PermanentError("CRM-G102", catalog=CATALOG, status=200)
        return said


class GoodBatches(GoodSender, SendsBatches):
    """POST /batch {texts: […]} answers {code, results: [{key, code, id}]}."""

    name: ClassVar[str] = "good_batches"

    @property
    def limits(self) -> Limits:
        return Limits(fits=self.fits, batch=BATCH)

    def send_batch(self, messages: Sequence[tuple[str, Message]]) -> Mapping[str, SendResult]:
        said = self.post("/batch", {"texts": self.texts(messages)})
        if isinstance(said, Unknown):
            return dict.fromkeys((key for key, _ in messages), said)
        return self.results(said, messages)

    def texts(self, messages: Sequence[tuple[str, Message]]) -> list[dict[str, Any]]:
        return [self.fields(message, key) for key, message in messages]

    def results(self, said: Any, messages: Sequence[tuple[str, Message]]) -> Mapping[str, SendResult]:
        results = said.get("results", ()) if isinstance(said, dict) else ()
        by_key = {each["key"]: self.meaning(each, messages[0][1]) for each in results}
        return {key: by_key.get(key, Unknown(why="MISSING")) for key, _ in messages}


class GoodDedupes(GoodSender, DedupesKeys):
    """The gateway takes a key once."""

    name: ClassVar[str] = "good_dedupes"

    dedupes_for: ClassVar[timedelta] = timedelta(days=1)


class GoodLog(GoodSender, FindsMessages, PullsReceipts):
    """GET /log?day= answers {code, texts: [{key, id}]}; GET /events?after= answers {code, events: […]}, three at most."""

    name: ClassVar[str] = "good_log"

    def find(self, message: Message, *, key: str, sent_at: datetime) -> Found | None:
        texts = self.ask("/log", day=self.day(sent_at))["texts"]
        return next((self.found(text) for text in texts if text["key"] == key), None)

    def day(self, sent_at: datetime) -> str:
        return sent_at.astimezone(SHANGHAI).date().isoformat()

    def found(self, text: Mapping[str, str]) -> Found:
        return Found(ref=text["id"])

    def pull_receipts(self, cursor: str | None) -> Iterator[tuple[tuple[Receipt | Reply, ...], str | None]]:
        after = int(cursor or 0)
        while events := self.ask("/events", after=str(after))["events"]:
            after += len(events)
            yield tuple(self.event(event) for event in events), str(after)

    def event(self, event: Mapping[str, str]) -> Receipt | Reply:
        if "text" in event:
            return Reply(sender=event["from"], text=event["text"], vendor_id=event["id"])
        return Receipt(key=event["key"], ref=event["id"], state=STATES[event["state"]])


class GoodReader(GoodSender, ParsesReceipts, ParsesReplies):
    """Pushes: POST receipts [{key, id, to, state, dead, at}], POST replies {from, to, text, id, at}."""

    name: ClassVar[str] = "good_reader"

    def parse_receipts(self, request: WebhookRequest) -> Parsed[Receipt] | None:
        if request.path != "receipts":
            return None
        self.verify(request)
        items = self.json(request)
        if not isinstance(items, list):
            raise self.unreadable("receipts")
        return Parsed(events=tuple(self.receipts(items)), answer=WebhookResponse(body=b"OK"))

    def parse_replies(self, request: WebhookRequest) -> Parsed[Reply] | None:
        if request.path != "replies":
            return None
        self.verify(request)
        return Parsed(events=(self.reply(self.json(request)),), answer=WebhookResponse(body=b"OK"))

    def verify(self, request: WebhookRequest) -> None:
        """Not signed."""

    def receipts(self, items: list[Any]) -> Iterator[Receipt]:
        return (self.receipt(item) for item in items)

    def receipt(self, item: Any) -> Receipt:
        said = self.field(item, "state")
        state = self.state(said)
        return Receipt(
            key=self.field(item, "key"),
            ref=self.field(item, "id"),
            state=state,
            code=self.code(item),
            permanent=self.permanent(state, item),
            at=self.at(item),
        )

    def state(self, said: str) -> ReceiptState:
        return STATES.get(said, ReceiptState.SENT)

    def code(self, item: Any) -> str:
        return self.field(item, "state")[:100]

    def permanent(self, state: ReceiptState, item: Any) -> bool:
        return state is ReceiptState.FAILED and item.get("dead") is True

    def reply(self, item: Any) -> Reply:
        return Reply(
            sender=self.field(item, "from"),
            text=self.text(item),
            to=self.field(item, "to"),
            at=self.at(item),
            vendor_id=self.field(item, "id"),
        )

    def text(self, item: Any) -> str:
        return self.field(item, "text")

    def field(self, item: Any, name: str) -> str:
        found = item.get(name) if isinstance(item, dict) else None
        if not isinstance(found, str):
            raise self.unreadable(name)
        return found

    def at(self, item: Any) -> datetime | None:
        """Beijing time, without saying so."""
        try:
            return datetime.fromisoformat(self.field(item, "at")).replace(tzinfo=SHANGHAI).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def json(self, request: WebhookRequest) -> Any:
        try:
            return json.loads(request.body)
        except (ValueError, RecursionError):
            raise self.unreadable("JSON") from None

    def unreadable(self, field: str) -> PermanentError:
        return PermanentError("CRM-G201", catalog=CATALOG, field=field)


class GoodSigned(GoodReader):
    """Each push carries the digest of its body."""

    name: ClassVar[str] = "good_signed"

    def verify(self, request: WebhookRequest) -> None:
        given = request.headers.get(SIGNATURE, "")
        if not hmac.compare_digest(self.digest(request.body).encode(), given.encode("utf-8", "replace")):
            raise self.unreadable(SIGNATURE)

    def digest(self, body: bytes) -> str:
        return digest(self.config.token, body)


class GoodSandbox(GoodReader, HasSandbox):
    """Brings its gateway along."""

    name: ClassVar[str] = "good_sandbox"

    @classmethod
    def sandbox(cls, plan: SandboxPlan) -> AbstractContextManager[Sandbox]:
        return Toy(plan)


class GoodTemplates(GoodSender):
    """POST /send {to, template, params, key}: the gateway fills in, and sends nothing else; it wants one login a session."""

    name: ClassVar[str] = "good_templates"
    session = ""

    def login(self) -> dict[str, str]:
        if not self.session:
            answer = self.context.http.read("GET", f"{self.config.url}/session", headers=super().login()).json()
            if not isinstance(answer, dict) or answer.get("code") != "OK":
                raise AuthError("CRM-G101", catalog=CATALOG)
            self.session = "open"
        return {**super().login(), "X-Session": self.session}

    def send(self, message: Message, *, key: str) -> SendResult:
        return super().send(message, key=key) if message.template else Rejected(code="NO_TEMPLATE")

    def fields(self, message: Message, key: str) -> dict[str, Any]:
        return {"to": message.to, "template": message.template, "params": dict(message.params), "key": key}


class GoodRobot(GoodSender):
    """POST /group {text, mentions} speaks to colleagues."""

    name: ClassVar[str] = "good_robot"

    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.GROUP})

    def fields(self, message: Message, key: str) -> dict[str, Any]:
        return {"text": message.text, "mentions": self.mentions(message)}

    def mentions(self, message: Message) -> list[str]:
        return list(message.mentions)


def digest(token: Secret, body: bytes) -> str:
    """What signs a push."""
    return hmac.new(token.reveal().encode(), body, hashlib.sha256).hexdigest()


# ------------------------------------------------------------------ the gateway on loopback


@attrs.frozen(kw_only=True)
class Shown:
    """A text on a phone."""

    to: str
    text: str


class Toy(Loopback):
    """The gateway for a demo."""

    def __init__(self, plan: SandboxPlan) -> None:
        self.plan, self.texts = plan, list[Any]()
        self.pushes: Pushes[tuple[str, Any]] = Pushes(self.push)
        super().__init__(_Send)

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"url": self.base, "token": Secret("Toy-token")}

    def settle(self) -> None:
        self.pushes.settle()

    def close(self) -> None:
        super().close()
        self.pushes.close()

    def take(self, said: Mapping[str, str]) -> None:
        self.texts.append(self.shown(said))
        at, ref = beijing(self.plan.clock.now()), str(len(self.texts))
        self.pushes.put(("receipts", [{"key": said["key"], "id": ref, "state": "ok", "at": at}]))
        if reply := self.plan.replies.get(said["to"]):
            self.pushes.put(("replies", {"from": said["to"], "to": "1", "text": reply, "id": ref, "at": at}))

    def shown(self, said: Mapping[str, str]) -> Shown:
        return Shown(to=said["to"], text=said["text"])

    def push(self, what: tuple[str, Any]) -> int:
        self.plan.before_push()
        return call(f"{self.plan.callback_url}/{what[0]}", json.dumps(what[1]).encode(), {})


class _Send(Page):
    def posted(self) -> None:
        self.server.vendor.take(json.loads(self.body()))
        self.answer(200, b'{"code":"OK","id":"1"}', "application/json")


def beijing(at: datetime) -> str:
    """A time as this gateway writes it."""
    return at.astimezone(SHANGHAI).replace(tzinfo=None).isoformat()


# ------------------------------------------------------------------ the contracts


class Good(MessagingContract):
    """What the gateway answers; it cuts what is too long, and says OK."""

    config = {"url": URL, "token": Secret("Zoo-token")}

    def vendor(self, rsps: Any, world: Network) -> None:
        def posted(request: Any) -> tuple[int, dict[str, str], str]:
            said = json.loads(request.body)
            if world.locked:
                return 200, {}, '{"code":"WHO"}'
            if "texts" not in said:
                return 200, {}, json.dumps(_told(world, said))
            results = [_told(world, each) for each in said["texts"]]
            return 200, {}, json.dumps({"code": "BUSY"} if world.failing else {"code": "OK", "results": results})

        def asked(request: Any) -> tuple[int, dict[str, str], str]:
            query = parse_qs(urlsplit(request.url).query)
            if world.locked:
                return 200, {}, '{"code":"WHO"}'
            day, after = query.get("day"), int(query.get("after", ["0"])[0])
            texts = [
                {"key": each.key, "id": each.ref}
                for each in world.texts
                if [each.at.astimezone(SHANGHAI).date().isoformat()] == day
            ]
            return 200, {}, json.dumps({"code": "OK", "texts": texts, "events": _events(world)[after : after + PAGE]})

        for path in ("/send", "/batch"):
            rsps.add_callback("POST", URL + path, posted, content_type="application/json")
        for path in ("/balance", "/log", "/events", "/session"):
            rsps.add_callback("GET", URL + path, asked, content_type="application/json")


class GoodPushes(Good):
    """What the gateway pushes."""

    receipts_together = True
    receipt_answer = reply_answer = WebhookResponse(body=b"OK")

    def receipt_push(self, reports: Sequence[Report], world: Network) -> WebhookRequest:
        words = {state: word for word, state in STATES.items()}
        told = [
            {"key": each.key, "id": each.ref, "to": each.to, "state": words[each.state] if each.state else "news",
             "dead": each.permanent, "at": beijing(each.at)}
            for each in reports
        ]  # fmt: skip
        return self.push("receipts", told)

    def reply_push(self, replies: Sequence[Reply], world: Network) -> WebhookRequest:
        (reply,) = replies
        said = {"from": reply.sender, "to": reply.to, "text": reply.text, "id": reply.vendor_id}
        return self.push("replies", said | {"at": beijing(reply.at or world.clock.now())})

    def push(self, path: str, said: Any) -> WebhookRequest:
        body = json.dumps(said).encode()
        headers = {SIGNATURE: digest(self.config["token"], body)} if self.signed else {}
        return WebhookRequest(method="POST", path=path, headers=headers, body=body)


def _told(world: Network, said: Mapping[str, Any]) -> dict[str, str]:
    key = said.get("key", "")
    if "template" in said:
        said = {**said, "text": world.filled(said["template"], said["params"])}
    match world.take(to=said.get("to", ""), text=said["text"][:LONGEST], key=key, mentions=said.get("mentions", ())):
        case Taken(ref=ref):
            return {"code": "OK", "id": ref, "key": key}
        case Refused():
            return {"code": "NUMBER", "key": key}
        case Failed():
            return {"code": "BUSY", "key": key}


def _events(world: Network) -> list[dict[str, str]]:
    words = {state: word for word, state in STATES.items()}
    return [
        {"key": each.key, "id": each.ref, "state": words[each.state] if each.state else "news"}
        if isinstance(each, Report)
        else {"from": each.sender, "text": each.text, "id": each.vendor_id}
        for each in world.outbox
    ]
