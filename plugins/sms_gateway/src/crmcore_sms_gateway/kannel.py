"""Kannel's `sendsms` (1.4.5): what it wants, what its answers mean, what it calls back with.

Its traps, each with a test: a 202 says neither delivered nor even routable; without `coding=2` Chinese becomes `??`; without
`text` it sends an empty one; what is too long is cut silently; it gives no id, so ours travels in `dlr-url`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crmcore.hooks import AuthError, Parsed, PermanentError, WebhookRequest
from crmcore.types.contact import Accepted, Deferred, Message, Receipt, ReceiptState, Rejected, Reply, Scope, Unknown
from crmcore_sms_gateway.config import CATALOG, GatewayConfig
from crmcore_sms_gateway.form import Request
from crmcore_sms_gateway.length import is_gsm

if TYPE_CHECKING:
    from crmcore.http import HttpResponse
    from crmcore.types.contact import SendResult

ALL_RECEIPTS = 31

# (status, what the body contains, what it means); the first that fits. Texts: gw/smsbox.c, long enough that half of one is none
_ANSWERS: tuple[tuple[int, str, SendResult], ...] = (
    (202, "0: Accepted for delivery", Accepted()),
    (
        202,
        "3: Queued for later delivery",
        Accepted(),
    ),  # queued: no route at the moment, or none of that name; Kannel keeps it, so it is taken
    (403, "Authorization failed", Rejected(code="AUTHORIZATION", scope=Scope.ACCOUNT)),
    (403, "Not routable", Deferred(code="NOT_ROUTABLE")),  # also said to every number while the SMSC is stopped
    (400, "Missing receiver number, rejected", Rejected(code="NUMBER_MISSING")),
    (400, "Empty receiver number not allowed, rejected", Rejected(code="NUMBER_MISSING")),
    (400, "white- and/or black-lists", Rejected(code="NUMBER_REFUSED")),
    (400, "Sender missing", Rejected(code="SENDER_MISSING", scope=Scope.ACCOUNT)),
    (400, "misformed", Rejected(code="MISFORMED", scope=Scope.BATCH)),
    (400, "Invalid content-type", Rejected(code="MISFORMED", scope=Scope.BATCH)),
    (503, "Temporal failure, try again later", Deferred(code="BUSY")),
)
# a web server that says the page is elsewhere, or is none, has not run it (RFC 9110, 15.4 and 15.5)
_ELSEWHERE = frozenset({301, 307, 308, 404, 405})

_STATES = {
    "1": ReceiptState.DELIVERED,
    "2": ReceiptState.FAILED,
    "4": ReceiptState.BUFFERED,
    "8": ReceiptState.SENT,
    "16": ReceiptState.FAILED,
}
_KEY = re.compile(r"[A-Za-z0-9]{1,50}")
# SMPP 3.4: ESME_RINVDSTADR; the one error that speaks of the number, not of the moment
_DEAD_NUMBER = re.compile(r"NACK/(?:0x0*0b|11)(?:/|$)", re.IGNORECASE)
_REPORT = re.compile(r"stat:(\w+)(?:\s+err:(\w+))?", re.IGNORECASE)


class Kannel:
    """The form "kannel"."""

    def __init__(self, config: GatewayConfig, callback_url: str) -> None:
        self._config = config
        self._callback = callback_url.rstrip("/").replace("%", "%%")  # `%` begins an escape of Kannel's

    def request(self, message: Message, number: str, key: str) -> Request:
        """GET with everything in the query; UTF-8 in, and `coding` decides what goes over the air."""
        config = self._config
        query = self._login() | {
            "to": number,
            "text": message.text,
            "charset": "UTF-8",
            "coding": "0" if is_gsm(message.text) else "2",
        }
        if config.sender:
            query["from"] = config.sender
        if config.smsc:
            query["smsc"] = config.smsc
        if self._callback:
            query["dlr-mask"] = str(ALL_RECEIPTS)
            query["dlr-url"] = f"{self._callback}/dlr?key={key}&type=%d&code=%A&ref=%F&at=%T"
        return Request(method="GET", url=config.url, arguments={"params": query})

    def outcome(self, answer: HttpResponse, now: datetime) -> SendResult:  # noqa: ARG002 - Kannel never says until when
        """By status and text; what is neither Kannel's nor a plain refusal is a doubt."""
        for status, words, meaning in _ANSWERS:
            if answer.status == status and words in answer.text:
                return meaning
        if answer.status in _ELSEWHERE:
            return Rejected(code="NO_SUCH_PAGE", scope=Scope.ACCOUNT)
        return Unknown(why=f"HTTP_{answer.status}")

    def probe(self) -> Request:
        """Without `to` and `text` there is nothing to send: 400 when it knows us, 403 when it does not."""
        return Request(method="GET", url=self._config.url, arguments={"params": self._login()})

    def judge(self, answer: HttpResponse) -> None:
        """Only "Missing receiver number" proves that this is a sendsms that would take a text from us."""
        match self.outcome(answer, datetime.min.replace(tzinfo=UTC)):
            case Rejected(code="NUMBER_MISSING"):
                return
            case Rejected(code="AUTHORIZATION"):
                raise AuthError("CRM-G101", catalog=CATALOG)
        if answer.status in {401, 403} or answer.status >= 500:
            answer.raise_for_status()
        raise PermanentError("CRM-G102", catalog=CATALOG, status=answer.status)

    def receipts(self, request: WebhookRequest) -> Parsed[Receipt]:
        """One report; types 1 delivered, 2 failed, 4 buffered, 8 taken by the SMSC, 16 refused by it. 1 may come before 8."""
        query = request.query
        key, kind = query.get("key", ""), query.get("type", "")
        if not _KEY.fullmatch(key):
            raise PermanentError("CRM-G201", catalog=CATALOG, field="key")
        if kind not in _STATES:
            raise PermanentError("CRM-G201", catalog=CATALOG, field="type")
        said = query.get("code", "")
        receipt = Receipt(
            key=key,
            state=_STATES[kind],
            ref=_filled(query.get("ref", "")) or None,
            code=_status_of(said),
            permanent=kind == "16" and bool(_DEAD_NUMBER.match(said)),
            at=_instant(query.get("at", "")),
        )
        return Parsed(events=(receipt,))

    def replies(self, request: WebhookRequest) -> Parsed[Reply]:
        """One text. The answer's body stays empty: Kannel would send it to the customer."""
        query = request.query
        if not query.get("from"):
            raise PermanentError("CRM-G202", catalog=CATALOG, field="from")
        if "text" not in query:
            raise PermanentError("CRM-G202", catalog=CATALOG, field="text")
        charset = query.get("charset") or "UTF-8"
        if charset.upper() not in {"UTF-8", "UTF8", "US-ASCII", "ASCII"}:
            raise PermanentError("CRM-G203", catalog=CATALOG, charset=charset[:20])
        reply = Reply(
            sender=query["from"],
            text=query["text"],
            to=query.get("to", ""),
            at=_instant(query.get("unix", "")),
            vendor_id=_filled(query.get("id", "")),
        )
        return Parsed(events=(reply,))

    def _login(self) -> dict[str, str]:
        return {"username": self._config.username, "password": self._config.password.reveal()}


def _filled(value: str) -> str:
    """An escape that Kannel had nothing for comes as it was written, or as "(null)"."""
    return "" if value.startswith("%") or value == "(null)" else value


def _status_of(said: str) -> str:
    """The status in an SMPP report, without its `text:` field, which repeats the customer's text; or the NACK as it is."""
    if report := _REPORT.search(said):
        state, error = report.groups()
        return f"{state} err:{error}" if error else state
    return said[:100] if said.startswith(("ACK", "NACK")) else ""


def _instant(value: str) -> datetime | None:
    """Seconds since 1970; None when there are none."""
    return datetime.fromtimestamp(int(value), UTC) if re.fullmatch(r"\d{9,11}", value, re.ASCII) else None
