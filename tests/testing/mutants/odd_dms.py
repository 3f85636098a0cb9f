"""A DMS of another age: a login before each pull and a logout after it, forms, answers of XML, and pages that are only numbered."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, ClassVar
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import attrs
from tests.testing.mutants.good_dms import CATALOG
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import (
    Adapter,
    AuthError,
    Batch,
    DmsAdapter,
    Entry,
    PermanentError,
    Record,
    Reject,
    Secret,
    TransientError,
    hookimpl,
)
from crmcore.testing.dms import DmsContract

URL = "https://old-dms.example/service"
SIZE = 5

Row = Mapping[str, Any]


def _help(text: str) -> dict[str, dict[str, str]]:
    return {"help": {"zh": text, "en": text}}


@attrs.frozen(kw_only=True)
class Config:
    """Where the DMS is; `token_url` is an address, and no secret."""

    token_url: str = attrs.field(metadata=_help("login"))
    url: str = attrs.field(metadata=_help("orders"))
    user: str = attrs.field(metadata=_help("user"))
    password: Secret = attrs.field(metadata=_help("password"))


class OddDms(DmsAdapter[Config]):
    """Every answer is `<answer code="…">`; one page is `<answer code="0" total="…" now="…"><row …>…`."""

    name: ClassVar[str] = "odd_dms"
    Config: ClassVar[type] = Config

    def check(self) -> None:
        with self.session():
            pass

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        """All pages, once more from the first where their number has changed on the way; then on from when the first was asked for."""
        since = cursor if cursor and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", cursor) else ""
        with self.session() as session:
            answer = self.page(session, since, 1)
            now = answer.get("now", "")
            while answer is not None:
                total, again = answer.get("total"), None
                for number in itertools.count(2):
                    yield Batch(tuple(map(self.entry, map(plain, answer))), None)
                    if len(answer) < SIZE:
                        break
                    answer = self.page(session, since, number)
                    if self.moved(total, answer.get("total")):
                        again = self.page(session, since, 1)
                        break
                answer = again
        yield Batch((), now)

    def moved(self, before: str | None, after: str | None) -> bool:
        return before != after

    def page(self, session: str, since: str, number: int) -> ET.Element:
        return self.ask(self.config.url, session=session, since=since, page=str(number), size=str(SIZE))

    @contextlib.contextmanager
    def session(self) -> Iterator[str]:
        said = self.ask(self.config.token_url, user=self.config.user, password=self.config.password.reveal())
        session = said.get("session", "")
        try:
            yield session
        finally:
            with contextlib.suppress(TransientError, PermanentError):  # it ends by itself
                self.ask(self.config.token_url, leave=session)

    def ask(self, url: str, **fields: str) -> ET.Element:
        answer = self.context.http.read("POST", url, data=fields)
        try:
            said = ET.fromstring(answer.body)
        except ET.ParseError:
            said = None
        if said is None or said.tag != "answer" or said.get("code") != "0":
            if said is not None and said.get("code") == "7":
                raise AuthError("CRM-H302", at=answer.at, status=answer.status)
            raise PermanentError("CRM-H202", at=answer.at)
        return said

    def entry(self, row: Row) -> Entry | Reject:
        digest = blake2b(json.dumps(row, sort_keys=True).encode(), digest_size=16, key=self.context.salt[:64]).digest()
        return Entry(
            (f"orders:{row['id']}",), digest, functools.partial(self.records, row, digest), functools.partial(raw, row)
        )

    def records(self, row: Row, digest: bytes) -> Iterable[Record | Reject]:
        if row["visit"].get("key"):
            return [Record("visit", row["visit"])]
        return [Reject((f"orders:{row['id']}",), "key", "", "ORDER_NUMBER_MISSING", raw(row), digest, CATALOG)]


def plain(node: ET.Element) -> dict[str, Any]:
    """A row with everything in it as it is written: what is missing is missing, what is nil is None."""
    return {"id": node.get("id"), "visit": _inner(node)}


def _inner(node: ET.Element) -> dict[str, Any]:
    return {part.tag: None if part.get("nil") else (_inner(part) if len(part) else part.text or "") for part in node}


def raw(row: Row) -> Mapping[str, str]:
    return {name: str(value) for name, value in row["visit"].items()}


# ------------------------------------------------------------------ the contract


class TestGood(DmsContract):
    """Keeps every promise."""

    adapter_class = OddDms
    config: ClassVar[Mapping[str, Any]] = {
        "url": f"{URL}/orders",
        "token_url": f"{URL}/login",
        "user": "crm",
        "password": Secret("Odd-pass-word"),
    }

    def vendor(self, rsps: Any, world: Any) -> None:
        def login(_request: Any) -> tuple[int, dict[str, str], bytes]:
            return xml(code="7" if world.locked else "0", session="S-1")

        def orders(request: Any) -> tuple[int, dict[str, str], bytes]:
            asked = {name: values[-1] for name, values in parse_qs(request.body).items()}
            if world.failing:
                return xml(code="99", total="0")
            since = asked.get("since")
            rows = world.page(int(asked["page"]), int(asked["size"]), since)
            now = f"{world.clock.now():%Y-%m-%dT%H:%M:%SZ}"
            return xml(*map(row_of, rows), code="0", total=str(world.count(since)), now=now)

        rsps.add_callback("POST", f"{URL}/login", callback=login)
        rsps.add_callback("POST", f"{URL}/orders", callback=orders)


def xml(*rows: ET.Element, **said: str) -> tuple[int, dict[str, str], bytes]:
    """200, to everything."""
    answer = ET.Element("answer", said)
    answer.extend(rows)
    return 200, {"Content-Type": "text/xml; charset=utf-8"}, ET.tostring(answer, "utf-8")


def row_of(row: Any) -> ET.Element:
    node = ET.Element("row", {"id": str(row.number)})
    _write(node, row.data)
    return node


def _write(node: ET.Element, said: Mapping[str, Any]) -> None:
    for name, value in said.items():
        inner = ET.SubElement(node, name, {"nil": "1"} if value is None else {})
        if isinstance(value, Mapping):
            _write(inner, value)
        elif value is not None:
            inner.text = value


# ------------------------------------------------------------------ the mutant


class TrustsItsPages(OddDms):
    """Whatever was deleted meanwhile."""

    def moved(self, before: str | None, after: str | None) -> bool:
        return False


MUTANTS = {"test_a_row_that_vanishes_takes_no_other_with_it": TrustsItsPages}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
