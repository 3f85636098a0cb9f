"""A gateway that is one request a text: crm.toml says how the request is written and how the answer and the pushes are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from crmcore.hooks import AuthError, Parsed, PermanentError, WebhookRequest, WebhookResponse
from crmcore.types.contact import Accepted, Deferred, Message, Receipt, ReceiptState, Rejected, Reply, Scope, Unknown
from crmcore_sms_gateway.config import CATALOG, GatewayConfig, Receipts
from crmcore_sms_gateway.form import Request

if TYPE_CHECKING:
    from crmcore.http import HttpResponse
    from crmcore.types.contact import SendResult

_PLACE = re.compile(r"\{(to|text|key|callback|sender|username|password)\}")
_NO_CONTENT = 204
_NO_SUCH_METHOD = frozenset({400, 405, 406, 411, 415, 422, 501})
_METHODS = frozenset({"allow", "access-control-allow-methods"})
_ENCODED = {"json": "json", "form": "data", "query": "params"}


class JsonForm:
    """The form "json"."""

    def __init__(self, config: GatewayConfig, callback_url: str) -> None:
        self._config = config
        self._callback = callback_url.rstrip("/")

    def request(self, message: Message, number: str, key: str) -> Request:
        """`body` and `headers` with their placeholders filled."""
        config = self._config
        values = {
            "to": number,
            "text": message.text,
            "key": key,
            "callback": f"{self._callback}/dlr" if self._callback else "",
            "sender": config.sender,
            "username": config.username,
            "password": config.password.reveal(),
        }
        arguments = {"headers": _fill(config.headers, values), _ENCODED[config.encode]: _fill(config.body, values)}
        return Request(method=config.method, url=config.url, arguments=arguments)

    def outcome(self, answer: HttpResponse, now: datetime) -> SendResult:
        """Accepted only when status and every `ok` agree; a code that crm.toml does not know is a doubt."""
        rules = self._config.answer
        said = _json(answer.text)
        if answer.status in rules.status and all(_at(said, path) == value for path, value in rules.ok.items()):
            return Accepted(ref=_at(said, rules.ref))
        own = _at(said, rules.code) or f"HTTP_{answer.status}"
        for code in (own, f"HTTP_{answer.status}"):
            if code in rules.rejected:
                return Rejected(code=code, scope=rules.rejected[code])
            if code in rules.deferred:
                return Deferred(code=code, not_before=now + timedelta(seconds=rules.deferred[code]))
        if answer.status == 401:  # "has not been applied because it lacks valid authentication" (RFC 9110, 15.5.2)
            return Rejected(code="AUTHORIZATION", scope=Scope.ACCOUNT)
        return Unknown(why=own[:100])

    def probe(self) -> Request | None:
        """OPTIONS asks what a page can do, and does nothing; the login goes along where it is a header."""
        if not self._config.probe:
            return None
        values = {"username": self._config.username, "password": self._config.password.reveal()}
        return Request(
            method="OPTIONS", url=self._config.url, arguments={"headers": _fill(self._config.headers, values)}
        )

    def judge(self, answer: HttpResponse) -> None:
        """A gateway names its methods, has none for this, or speaks as crm.toml says; a page is a portal's that stands before it.

        Whether it would take a text can only be known by sending one.
        """
        if answer.status in _NO_SUCH_METHOD:
            return
        if answer.status in {401, 403}:
            raise AuthError("CRM-G101", catalog=CATALOG)
        if answer.status == 404:
            raise PermanentError("CRM-G102", catalog=CATALOG, status=answer.status)
        answer.raise_for_status()
        if answer.status != _NO_CONTENT and not (_METHODS & answer.headers.keys() or self._is_ours(answer)):
            raise PermanentError("CRM-G103", catalog=CATALOG, status=answer.status)

    def _is_ours(self, answer: HttpResponse) -> bool:
        """Does JSON say something where crm.toml looks for it?"""
        rules, said = self._config.answer, _json(answer.text)
        return any(_at(said, path) is not None for path in (rules.code, *rules.ok))

    def receipts(self, request: WebhookRequest) -> Parsed[Receipt]:
        """The reports of a push, read as [messaging.<name>.receipts] says.

        A state that crm.toml does not know is not final; a push of nothing but such is refused, so that somebody adds them.
        """
        rules = self._config.receipts
        if rules is None:
            raise PermanentError("CRM-G204", catalog=CATALOG, table="receipts")
        states = {
            **dict.fromkeys(rules.pending, ReceiptState.SENT),
            **dict.fromkeys(rules.failed, ReceiptState.FAILED),
            **dict.fromkeys(rules.delivered, ReceiptState.DELIVERED),
        }
        items = tuple(_items(request, rules.items))
        if items and states.keys().isdisjoint(_at(item, rules.state) for item in items):
            raise PermanentError("CRM-G201", catalog=CATALOG, field=rules.state)
        events = tuple(_receipt(item, rules, states) for item in items)
        return Parsed(events=events, answer=_reply_with(rules.answer))

    def replies(self, request: WebhookRequest) -> Parsed[Reply]:
        """The texts of a push, read as [messaging.<name>.replies] says."""
        rules = self._config.replies
        if rules is None:
            raise PermanentError("CRM-G204", catalog=CATALOG, table="replies")
        events = []
        for item in _items(request, rules.items):
            sender, text = _at(item, rules.sender), _at(item, rules.text)
            if not sender or text is None:
                raise PermanentError("CRM-G202", catalog=CATALOG, field=rules.text if sender else rules.sender)
            events.append(Reply(sender=sender, text=text, vendor_id=_at(item, rules.id) or ""))
        return Parsed(events=tuple(events), answer=_reply_with(rules.answer))


def _receipt(item: object, rules: Receipts, states: Mapping[str, ReceiptState]) -> Receipt:
    key, ref, said = _at(item, rules.key), _at(item, rules.ref), _at(item, rules.state)
    if not key and not ref:
        raise PermanentError("CRM-G201", catalog=CATALOG, field=rules.key or rules.ref)
    if not said:
        raise PermanentError("CRM-G201", catalog=CATALOG, field=rules.state)
    code = (_at(item, rules.code) or said)[:100]
    state = states.get(said, ReceiptState.SENT)
    return Receipt(
        key=key or None, ref=ref, state=state, code=code, permanent=state is ReceiptState.FAILED and code in rules.dead
    )


def _json(text: str) -> object:
    """What `text` says; None when it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _items(request: WebhookRequest, path: str) -> Iterator[object]:
    """The events of a push: a JSON body (an object, a list, or a list within), else the fields of form and query."""
    if not request.body.lstrip().startswith((b"{", b"[")):
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        yield {**request.query, **fields}
        return
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        raise PermanentError("CRM-G201", catalog=CATALOG, field="JSON") from None
    found = _walk(said, path)
    yield from found if isinstance(found, list) else [found]


def _fill(template: Any, values: Mapping[str, str]) -> Any:
    """Placeholders in every string, in one pass: what a customer's text looks like is not filled again."""
    if isinstance(template, str):
        return _PLACE.sub(lambda place: values.get(place[1], ""), template)
    if isinstance(template, Mapping):
        return {name: _fill(value, values) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [_fill(value, values) for value in template]
    return template


def _walk(said: object, path: str) -> object:
    for step in path.split(".") if path else ():
        if isinstance(said, Mapping):
            said = said.get(step)
        elif isinstance(said, list) and step.isdecimal() and int(step) < len(said):
            said = said[int(step)]
        else:
            return None
    return said


def _at(said: object, path: str) -> str | None:
    """The plain value at `path` as text; None when there is none. JSON's `true` is "true", 0 is "0"."""
    found = _walk(said, path) if path else None
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, str | int | float) else None


def _reply_with(body: str) -> WebhookResponse:
    kind = "application/json" if body.lstrip().startswith(("{", "[")) else "text/plain; charset=utf-8"
    return WebhookResponse(body=body.encode(), content_type=kind)
