"""A small SMS gateway on loopback that speaks Kannel's `sendsms`: for the demo, and for tests that need no Kannel.

It answers what Kannel 1.4.5 answers, and it has Kannel's habits: it cuts what is too long, sends an empty text when `text` is
missing, turns Chinese into `??` without `coding=2`, and says 202 to all of it. So what is wrong here is wrong there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import parse_qs, quote_plus, urlsplit

import attrs

from crmcore.sample.loopback import Loopback, Page, Pushes, call, machine_clock

__all__ = [
    "BUFFERED",
    "BUSY",
    "DEAD_NUMBER",
    "DELIVERED",
    "DENIED",
    "EMPTY_RECEIVER",
    "EXPIRED",
    "FORBIDDEN",
    "NO_RECEIVER",
    "OK",
    "PASSWORD",
    "QUEUED",
    "THROTTLED",
    "UNDELIVERED",
    "USERNAME",
    "LoopbackGateway",
    "Script",
    "Text",
    "on_air",
]

USERNAME = "crm"
PASSWORD = "crmpw"  # noqa: S105 - opens nothing but this toy
_LONGEST_GSM, _LONGEST_UCS2 = 6 * 153, 6 * 67
_GSM_BEYOND_ASCII = frozenset("£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€")

OK = (202, "0: Accepted for delivery")
QUEUED = (202, "3: Queued for later delivery")
FORBIDDEN = (403, "Authorization failed for sendsms")
NO_RECEIVER = (400, "Missing receiver number, rejected")
EMPTY_RECEIVER = (400, "Empty receiver number not allowed, rejected")
DENIED = (400, "Number(s) has/have been denied by white- and/or black-lists.")
BUSY = (503, "Temporal failure, try again later.")

# (type, what the SMSC says): the two receipts of a text that arrives, and those of texts that do not
DELIVERED = ((8, "ACK/"), (1, "id:{id} sub:001 dlvrd:001 stat:DELIVRD err:000 text:"))
UNDELIVERED = ((8, "ACK/"), (2, "id:{id} sub:001 dlvrd:000 stat:UNDELIV err:027 text:"))
EXPIRED = ((8, "ACK/"), (2, "id:{id} sub:001 dlvrd:000 stat:EXPIRED err:000 text:"))
BUFFERED = ((8, "ACK/"), (4, "id:{id} sub:001 dlvrd:000 stat:ACCEPTD err:000 text:"))
DEAD_NUMBER = ((16, "NACK/0x0000000b/Invalid Destination Address"),)
THROTTLED = ((16, "NACK/Retries Exceeded"),)


@attrs.frozen(kw_only=True)
class Text:
    """A text as it reached the phone."""

    to: str = attrs.field(repr=False)
    text: str = attrs.field(repr=False)
    sender: str = ""
    dlr_url: str = attrs.field(default="", repr=False)
    id: str = ""


@attrs.frozen(kw_only=True)
class Script:
    """What happens to the texts of one number.

    Attributes:
        answer: status and body that `sendsms` gives; anything but 202 takes nothing.
        receipts: (type, text of the SMSC) in the order they are pushed; `{id}` becomes the SMSC's id.
        reply: what the customer answers, once; None: nothing.
    """

    answer: tuple[int, str] = OK
    receipts: tuple[tuple[int, str], ...] = DELIVERED
    reply: str | None = None


class LoopbackGateway(Loopback):
    """A gateway between `with` and its end; nothing of it outlives the process.

    Attributes:
        url: the address for `[messaging.<name>] url`.
        texts: what it took, in order.
    """

    def __init__(
        self,
        *,
        scripts: Mapping[str, Script] | None = None,
        mo_url: str = "",
        deliver: Callable[[str], int] | None = None,
        now: Callable[[], datetime] | None = None,
        pause: float = 0.2,
    ) -> None:
        """Start listening at once.

        `scripts` by number as the gateway is given it; `mo_url` is where replies go, without a query; `deliver` takes the URL of
        a push and returns the status it got (default: HTTP GET); `now` stamps receipts and replies; `pause` between the attempts of a push.
        """
        self.scripts = dict(scripts or {})
        self.mo_url = mo_url
        self.texts: list[Text] = []
        self._now = now or machine_clock
        self._replied: set[str] = set()
        self._mo_count = 0
        self._lock = threading.Lock()
        # smsbox with `http-request-retry = 3`
        self._pushes: Pushes[str] = Pushes(deliver or call, pause=pause)
        super().__init__(_Sendsms)
        self.url = f"{self.base}/cgi-bin/sendsms"

    def close(self) -> None:
        """Stop listening, push what is still waiting, end."""
        super().close()
        self._pushes.close()

    def settle(self) -> None:
        """Wait until every receipt and reply was pushed, or given up."""
        self._pushes.settle()

    @property
    def undelivered(self) -> list[str]:
        """Pushes that the receiver did not take after four attempts, as URLs."""
        return self._pushes.undelivered

    def reply(self, sender: str, text: str, *, to: str = "10690000") -> None:
        """A customer texts: push it to `mo_url` as Kannel's `get-url` does."""
        with self._lock:
            self._mo_count += 1
            number = self._mo_count
        now = self._now()
        coding = "0" if text.isascii() else "2"
        fields = {
            "from": sender, "to": to, "text": text, "coding": coding, "charset": "UTF-8", "ts": f"{now:%Y-%m-%d %H:%M:%S}",
            "smsc": "LOOP", "id": f"00000000-0000-4000-8000-{number:012d}", "unix": str(int(now.timestamp())),
        }  # fmt: skip
        self._enqueue(self.mo_url, fields)

    # -------------------------------------------------------------- what sendsms does

    def take(self, query: Mapping[str, str]) -> tuple[int, str]:
        """Answer one `sendsms`, and push what its number's script says."""
        if (query.get("username"), query.get("password")) != (USERNAME, PASSWORD):
            return FORBIDDEN
        if "to" not in query:
            return NO_RECEIVER
        numbers = query["to"].split()
        if not numbers:
            return EMPTY_RECEIVER
        if any(set(number) - set("0123456789 +-") for number in numbers):
            return DENIED
        answers = [self._take_one(number, query) for number in numbers]
        return answers[0]

    def _take_one(self, number: str, query: Mapping[str, str]) -> tuple[int, str]:
        script = self.scripts.get(number, Script())
        if script.answer[0] != OK[0]:
            return script.answer
        with self._lock:
            text = Text(
                to=number,
                text=on_air(query.get("text", ""), query.get("coding", "0")),
                sender=query.get("from", ""),
                dlr_url=query.get("dlr-url", ""),
                id=str(len(self.texts) + 1),
            )
            self.texts.append(text)
            answers = script.reply is not None and number not in self._replied
            self._replied.add(number)
        self._report(text, script, int(query.get("dlr-mask", "0") or 0))
        if answers and script.reply is not None:
            self.reply(number, script.reply)
        return script.answer

    def _report(self, text: Text, script: Script, mask: int) -> None:
        for kind, said in script.receipts:
            if text.dlr_url and kind & mask:
                self._pushes.put(self._escaped(text, kind, said.format(id=text.id)))

    def _escaped(self, text: Text, kind: int, said: str) -> str:
        """`dlr-url` with Kannel's escapes filled in."""
        now = self._now()
        values = {
            "d": str(kind), "A": said, "F": text.id, "T": str(int(now.timestamp())), "t": f"{now:%Y-%m-%d %H:%M:%S}",
            "p": text.sender, "P": text.to, "i": "LOOP", "%": "%",
        }  # fmt: skip
        parts = iter(text.dlr_url.split("%"))
        url = next(parts)
        for part in parts:
            if part:
                url += quote_plus(values.get(part[0], "")) + part[1:]
            else:  # "%%" is a percent sign
                url += "%" + next(parts, "")
        return url

    def _enqueue(self, url: str, fields: Mapping[str, str]) -> None:
        if url:
            self._pushes.put(f"{url}?" + "&".join(f"{name}={quote_plus(value)}" for name, value in fields.items()))


def on_air(text: str, coding: str) -> str:
    """What remains of `text` on its way: `?` for what 7 bits cannot carry, and nothing beyond six parts."""
    if coding == "2":
        units = text.encode("utf-16-be")[: 2 * _LONGEST_UCS2]
        return units.decode("utf-16-be", "ignore")
    return "".join(char if char.isascii() or char in _GSM_BEYOND_ASCII else "?" for char in text)[:_LONGEST_GSM]


class _Sendsms(Page):
    def got(self) -> None:
        """Kannel's only page."""
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if parts.path == "/cgi-bin/sendsms":
            status, said = self.server.vendor.take(query)
        else:
            status, said = 404, "Unknown request."
        self.answer(status, said.encode(), "text/html")

    def posted(self) -> None:
        """Kannel takes no forms."""
        self.body()
        self.answer(400, b"Invalid content-type", "text/html")
