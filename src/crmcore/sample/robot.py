"""The robot of a group of colleagues on loopback, in the dialects of DingTalk and WeCom: for the demo, and for tests.

It answers as both vendors document it, HTTP 200 to everything: so what looks only at the status is wrong here as there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs

from crmcore.sample.loopback import Loopback, Page, machine_clock

TOKEN, SECRET, KEY = "sampletoken", "SECsample", "samplekey"  # open nothing but this toy
PER_MINUTE = 20
_DEAF = timedelta(minutes=10)
_FRESH = timedelta(hours=1)

OK: Mapping[str, object] = {"errcode": 0, "errmsg": "ok"}
TOO_FAST_DINGTALK = {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
TOO_FAST_WECOM = {"errcode": 45009, "errmsg": "api freq out of limit"}
NO_TOKEN = {"errcode": 300001, "errmsg": "token is not exist"}
SIGN_NOT_MATCH = {"errcode": 310000, "errmsg": "sign not match"}
STALE = {"errcode": 310000, "errmsg": "invalid timestamp"}
TOO_LONG_DINGTALK = {"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}
NO_SUCH_KIND_DINGTALK = {"errcode": 400105, "errmsg": "unsupported msgtype"}
NO_KEY = {"errcode": 93000, "errmsg": "invalid webhook url"}
TOO_LONG_WECOM = {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
NO_SUCH_KIND_WECOM = {"errcode": 40008, "errmsg": "invalid message type"}


@attrs.frozen(kw_only=True)
class Said:
    """What the group read, and who was called: mobile numbers as colleagues register them."""

    vendor: str
    text: str = attrs.field(repr=False)
    mentioned: tuple[str, ...] = attrs.field(default=(), repr=False)


class LoopbackRobot(Loopback):
    """A robot between `with` and its end; nothing of it outlives the process.

    Attributes:
        dingtalk_url / wecom_url: addresses for `url` of [messaging.<name>]; tokens are TOKEN, SECRET and KEY of this module.
        said: what the group read, in order.
        wire: each request as it came, path, query and body in one.
    """

    def __init__(self, *, secret: str = SECRET, now: Callable[[], datetime] | None = None) -> None:
        """Start listening at once; `secret` is DingTalk's (empty: no sign is wanted), `now` is what a minute is counted by."""
        self.said: list[Said] = []
        self.wire: list[bytes] = []
        self._secret = secret
        self._now = now or machine_clock
        self._scripted: list[tuple[int, bytes]] = []
        self._taken: dict[str, list[datetime]] = {}
        self._deaf_until: dict[str, datetime] = {}
        self._lock = threading.Lock()
        super().__init__(_Page)
        self.dingtalk_url, self.wecom_url = f"{self.base}/robot/send", f"{self.base}/cgi-bin/webhook/send"

    def answer_next(self, status: int, body: str | Mapping[str, object]) -> None:
        """Give the next request this answer instead; the group reads nothing of it."""
        said = body if isinstance(body, str) else json.dumps(body)
        self._scripted.append((status, said.encode()))

    # -------------------------------------------------------------- what a robot does

    def take(self, target: str, body: bytes) -> tuple[int, bytes]:
        """Answer one request."""
        with self._lock:
            self.wire.append(f"{target}\n".encode() + body)
            if self._scripted:
                return self._scripted.pop(0)
            parts = urlsplit(target)
            query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            dialects = {"/robot/send": self._dingtalk, "/cgi-bin/webhook/send": self._wecom}
            if parts.path not in dialects:
                return 404, b"not found"
            return 200, json.dumps(dialects[parts.path](query, body)).encode()

    def _dingtalk(self, query: Mapping[str, str], body: bytes) -> Mapping[str, object]:
        message = _json(body)
        content = _at(message, "text", "content")
        if query.get("access_token") != TOKEN:
            return NO_TOKEN
        if self._secret and (wrong := self._signed_wrong(query)):
            return wrong
        if message.get("msgtype") != "text":
            return NO_SUCH_KIND_DINGTALK
        if len(body) > 20_000:
            return TOO_LONG_DINGTALK
        return self._say("dingtalk", content, message.get("at", {}).get("atMobiles", []), TOO_FAST_DINGTALK, _DEAF)

    def _signed_wrong(self, query: Mapping[str, str]) -> Mapping[str, object] | None:
        """A sign is good for an hour around its time."""
        stamp = query.get("timestamp", "")
        if not stamp.isdecimal() or abs(self._now().timestamp() - int(stamp) / 1000) > _FRESH.total_seconds():
            return STALE
        wanted = hmac.new(self._secret.encode(), f"{stamp}\n{self._secret}".encode(), hashlib.sha256).digest()
        given = query.get("sign", "")
        return None if given == base64.b64encode(wanted).decode() else SIGN_NOT_MATCH

    def _wecom(self, query: Mapping[str, str], body: bytes) -> Mapping[str, object]:
        message = _json(body)
        content = _at(message, "text", "content")
        if query.get("key") != KEY:
            return NO_KEY
        if message.get("msgtype") != "text":
            return NO_SUCH_KIND_WECOM
        if len(content.encode()) > 2_048:
            return TOO_LONG_WECOM
        mentioned = message["text"].get("mentioned_mobile_list", [])
        return self._say("wecom", content, mentioned, TOO_FAST_WECOM, timedelta(minutes=1))

    def _say(
        self, vendor: str, text: str, mentioned: list[str], too_fast: Mapping[str, object], deaf: timedelta
    ) -> Mapping[str, object]:
        """Twenty a minute; who says more is not heard for a while."""
        now = self._now()
        recent = [at for at in self._taken.get(vendor, []) if now - at < timedelta(minutes=1)]
        if now < self._deaf_until.get(vendor, now):
            return too_fast
        if len(recent) >= PER_MINUTE:
            self._deaf_until[vendor] = now + deaf
            return too_fast
        self._taken[vendor] = [*recent, now]
        self.said.append(Said(vendor=vendor, text=text, mentioned=tuple(mentioned)))
        return OK


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _at(message: Mapping[str, Any], *path: str) -> str:
    found: Any = message
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


class _Page(Page):
    def posted(self) -> None:
        """The only thing a robot understands."""
        status, said = self.server.vendor.take(self.path, self.body())
        self.answer(status, said, "application/json")
