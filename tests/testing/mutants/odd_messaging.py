"""A gateway of another age: a token is fetched before each text and given back after it, forms, Basic auth, and answers of XML."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import attrs
from tests.testing.mutants.good_messaging import CATALOG
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import (
    Adapter,
    AuthError,
    Limits,
    MessagingAdapter,
    NotSent,
    PermanentError,
    Secret,
    TransientError,
    hookimpl,
)
from crmcore.testing import Failed, MessagingContract, Network, Refused, Taken
from crmcore.types.contact import Accepted, Deferred, Message, Rejected, Scope, SendResult, Unknown
from crmcore.types.customer import Channel

URL = "https://old-texts.example"
XML = {"Content-Type": "text/xml; charset=utf-8"}


def _help(text: str) -> dict[str, dict[str, str]]:
    return {"help": {"zh": text, "en": text}}


@attrs.frozen(kw_only=True)
class Config:
    """Where the gateway is; `token_url` is an address, and no secret."""

    url: str = attrs.field(metadata=_help("gateway"))
    token_url: str = attrs.field(metadata=_help("tokens"))
    client_id: str = attrs.field(metadata=_help("client"))
    client_secret: Secret = attrs.field(metadata=_help("secret"))


class OddSender(MessagingAdapter[Config]):
    """POST /token with Basic auth, POST /send {token, to, text, ref}, POST /token/revoke; answers are `<answer status="…" id="…"/>`."""

    name: ClassVar[str] = "odd_sender"
    Config: ClassVar[type] = Config
    channels: ClassVar[frozenset[Channel]] = frozenset({Channel.SMS})

    @property
    def limits(self) -> Limits:
        return Limits(fits=lambda text: bool(text.strip()) and len(text) <= 300)

    def send(self, message: Message, *, key: str) -> SendResult:
        if not self.limits.fits(message.text):
            return Rejected(code="TEXT")
        try:
            token = self.token()
        except NotSent:
            raise
        except AuthError:
            return Rejected(code="TOKEN", scope=Scope.ACCOUNT)
        except (TransientError, PermanentError) as error:
            return Deferred(code=error.code)  # nothing was handed over yet
        outcome = self.handed_over({"token": token, "to": message.to, "text": message.text, "ref": key})
        self.leave(token)
        return outcome

    def handed_over(self, fields: Mapping[str, str]) -> SendResult:
        try:
            answer = self.context.http.send("POST", f"{self.config.url}/send", data=fields)
        except NotSent:
            raise
        except TransientError as error:
            return Unknown(why=error.code)
        said = read(answer.body) if answer.status == 200 else None
        match (None, "") if said is None else (said.get("status"), said.get("id", "")):
            case "0", ref:
                return Accepted(ref=ref)
            case "31", _:
                return Rejected(code="31")
            case "90", _:
                return Deferred(code="90")
        return Unknown(why="ANSWER")

    def token(self) -> str:
        config = self.config
        login = (config.client_id, config.client_secret.reveal())
        answer = self.context.http.read("POST", config.token_url, data={"grant": "client"}, auth=login)
        said = read(answer.body)
        if said is None or said.get("status") != "0":
            if said is not None and said.get("status") == "11":
                raise AuthError("CRM-G101", catalog=CATALOG)
            raise PermanentError("CRM-G102", catalog=CATALOG, status=answer.status)
        return said.get("token", "")

    def leave(self, token: str) -> None:
        """It ends by itself, if this is lost."""
        with contextlib.suppress(TransientError):
            self.context.http.send("POST", f"{self.config.token_url}/revoke", data={"token": token})

    def check(self) -> None:
        self.leave(self.token())


def read(body: bytes) -> ET.Element | None:
    """The answer, if it is one."""
    with contextlib.suppress(ET.ParseError):
        said = ET.fromstring(body)
        return said if said.tag == "answer" else None
    return None


# ------------------------------------------------------------------ the contract


class TestGood(MessagingContract):
    """Keeps every promise."""

    adapter_class = OddSender
    config: ClassVar[Mapping[str, Any]] = {
        "url": URL,
        "token_url": f"{URL}/token",
        "client_id": "crm",
        "client_secret": Secret("Odd-client-secret"),
    }

    def vendor(self, rsps: Any, world: Network) -> None:
        def token(request: Any) -> tuple[int, dict[str, str], str]:
            known = request.headers["Authorization"].startswith("Basic ") and not world.locked
            return 200, XML, '<answer status="0" token="T-77"/>' if known else '<answer status="11"/>'

        def send(request: Any) -> tuple[int, dict[str, str], str]:
            asked = {name: values[-1] for name, values in parse_qs(request.body).items()}
            match world.take(to=asked["to"], text=asked["text"], key=asked["ref"]):
                case Taken(ref=ref):
                    return 200, XML, f'<answer status="0" id="{ref}"/>'
                case Refused():
                    return 200, XML, '<answer status="31"/>'
                case Failed():
                    return 200, XML, '<answer status="90"/>'

        rsps.add_callback("POST", f"{URL}/token", callback=token)
        rsps.add_callback("POST", f"{URL}/send", callback=send)
        rsps.add_callback("POST", f"{URL}/token/revoke", callback=lambda _: (200, XML, '<answer status="0"/>'))


# ------------------------------------------------------------------ the mutants


class LetsTheLogoutDecide(OddSender):
    """The text has left; that the token could not be given back says nothing of it."""

    def leave(self, token: str) -> None:
        self.context.http.send("POST", f"{self.config.token_url}/revoke", data={"token": token})


class LogsTheLogin(OddSender):
    """As the header has it, in base64."""

    def token(self) -> str:
        import requests

        asked = requests.Request(
            "POST", self.config.token_url, auth=("crm", self.config.client_secret.reveal())
        ).prepare()
        self.context.logger.debug("asking with %s", asked.headers["Authorization"])
        return super().token()


MUTANTS = {
    "test_a_send_claims_no_more_than_is_proven": LetsTheLogoutDecide,
    "test_no_secret_is_shown": LogsTheLogin,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
