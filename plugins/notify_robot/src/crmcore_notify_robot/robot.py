"""What the robots have in common: one POST, and an answer whose `errcode` decides. HTTP 200 means nothing."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from crmcore.hooks import AuthError, Limits, MessagingAdapter, NotSent, PermanentError, TransientError
from crmcore.http import HttpResponse
from crmcore.types.contact import Accepted, Deferred, Message, Rejected, Scope, SendResult, Unknown
from crmcore.types.customer import Channel
from crmcore_notify_robot.config import CATALOG

_SERVER = 500
#: "The system is busy": whether the text was taken is not said (both vendors).
_BUSY = -1
#: A robot takes 20 messages a minute (both vendors).
PER_MINUTE = 20
#: More colleagues than this are not called by number in one message.
MOST_MENTIONS = 40


class Address(Protocol):
    """What the configs of both robots have."""

    @property
    def url(self) -> str:
        """Without a query."""
        ...

    @property
    def ca(self) -> Path | None:
        """Certificates of a private authority."""
        ...


R = TypeVar("R", bound=Address)


class Robot(MessagingAdapter[R]):
    """A robot of a group of colleagues. `Message.to` is not looked at: the group is in the config.

    Class attributes, by the vendor's errcode: `later`: not taken, try again after so many seconds; `misfit`: this text will
    never do; `strangers`: the robot does not know us.
    """

    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.GROUP})
    later: ClassVar[Mapping[int, int]]
    misfit: ClassVar[frozenset[int]]
    strangers: ClassVar[frozenset[int]]

    @property
    def limits(self) -> Limits:
        """One message a call, 20 a minute."""
        return Limits(fits=self.fits, per_second=PER_MINUTE / 60)

    @abstractmethod
    def fits(self, text: str) -> bool:
        """Will the vendor take `text`, also with everybody mentioned that can be?"""

    @abstractmethod
    def query(self) -> dict[str, str]:
        """What proves who we are, plain: the HTTP library encodes it, once."""

    @abstractmethod
    def body(self, text: str, mobiles: Sequence[str]) -> dict[str, Any]:
        """The message as the vendor wants it."""

    def send(self, message: Message, *, key: str) -> SendResult:  # noqa: ARG002 - neither vendor has room for a key
        """One call; what does not fit or says nothing does not leave."""
        if not message.text.strip():
            return Rejected(code="EMPTY_TEXT")
        if not self.fits(message.text):
            return Rejected(code="TOO_LONG")
        mobiles = [_national(number) for number in message.mentions[:MOST_MENTIONS]]
        try:
            answer = self._post(self.body(message.text, mobiles))
        except NotSent:
            raise
        except TransientError as error:
            return Unknown(why=error.code)
        return self.outcome(answer)

    def outcome(self, answer: HttpResponse) -> SendResult:
        """What the robot's answer means; an answer without an errcode says nothing of whether the group has the text."""
        said = errcode(answer)
        if said is None or answer.status >= _SERVER:
            return Unknown(why=f"HTTP_{answer.status}")
        if said == _BUSY or (said == 0 and answer.status >= 300):
            return Unknown(why=str(said))
        if said == 0:
            return Accepted()
        if said in self.later:
            return Deferred(code=str(said), not_before=self.context.clock.now() + timedelta(seconds=self.later[said]))
        return Rejected(code=str(said), scope=Scope.RECIPIENT if said in self.misfit else Scope.ACCOUNT)

    def check(self) -> None:
        """Hand in a message of a kind that does not exist: the robot says whether it knows us, and the group sees nothing."""
        answer = self._post({"msgtype": "crmcore_check"})
        said = errcode(answer)
        if answer.status in {401, 403} or answer.status >= _SERVER:
            answer.raise_for_status()
        if said is None:
            raise PermanentError("CRM-M616", catalog=CATALOG, status=answer.status)
        if said in self.strangers:
            raise AuthError("CRM-M615", catalog=CATALOG, errcode=said)

    def _post(self, body: Mapping[str, Any]) -> HttpResponse:
        """UTF-8, not escapes: both vendors count bytes, and an escaped Chinese character has six."""
        return self.context.http.send(
            "POST",
            self.config.url,
            params=self.query(),
            data=written(body),
            headers={"Content-Type": "application/json; charset=utf-8"},
            ca=self.config.ca,
        )


def written(body: Mapping[str, Any]) -> bytes:
    """A message as it goes over the wire."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def errcode(answer: HttpResponse) -> int | None:
    """The vendor's verdict; None when the body has none."""
    try:
        said = json.loads(answer.text)
    except (ValueError, RecursionError):
        return None
    code = said.get("errcode") if isinstance(said, dict) else None
    if isinstance(code, str) and code.removeprefix("-").isdecimal() and code.isascii() and len(code) < 12:
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _national(number: str) -> str:
    """As colleagues register: Chinese numbers without their country code."""
    return number.removeprefix("+86")
