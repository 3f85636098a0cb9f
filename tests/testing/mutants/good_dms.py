"""A small DMS that is asked over HTTP, its adapter that keeps every promise, and the contract that proves it."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import attrs

from crmcore.hooks import AuthError, Batch, DmsAdapter, Entry, Gone, PermanentError, Record, Reject, Secret
from crmcore.testing.dms import DmsContract

URL = "https://dms.example"
CATALOG = "crmcore_dms_csv"  # whose words for a row without a number are as good as any
FIRST, LARGEST = 4, 32  # rows of a page: a few for the few that a night brings, many for the first pull


@attrs.frozen(kw_only=True)
class Config:
    """Where the DMS is."""

    url: str = attrs.field(metadata={"help": {"zh": "地址", "en": "address"}})
    token: Secret = attrs.field(metadata={"help": {"zh": "令牌", "en": "token"}})


class GoodDms(DmsAdapter[Config]):
    """GET /visits?since=&after=&limit= answers {code, visits}, in the order of (changed_at, id), also those of `since` itself."""

    name: ClassVar[str] = "good"
    Config: ClassVar[type] = Config

    def check(self) -> None:
        self.ask(None, "", 1)

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        """From the second of the last row on, so that what is written in that second later is seen."""
        since, key, limit = self.since(cursor), "", FIRST
        while rows := self.ask(since, key, limit):
            since, key = max((row["changed_at"], row["id"]) for row in rows)
            yield Batch(self.entries(rows), self.cursor(since))
            limit = min(2 * limit, LARGEST)

    def since(self, cursor: str | None) -> str | None:
        """Out of what `cursor()` wrote; None, from the beginning, out of anything else."""
        return cursor if cursor and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", cursor) else None

    def cursor(self, since: str) -> str | None:
        return since

    def ask(self, since: str | None, key: str, limit: int) -> list[Mapping[str, Any]]:
        answer = self.context.http.read(
            "GET",
            f"{self.config.url}/visits",
            params={"since": since or "", "after": key, "limit": limit},
            headers={"Authorization": f"Bearer {self.config.token.reveal()}"},
        )
        return list(self.said(answer, "visits"))

    def said(self, answer: Any, name: str) -> list[Any]:
        """The list of this name, if the vendor says that all is well."""
        match answer.json():
            case {"code": "OK", **more} if isinstance(more.get(name), list):
                return list(more[name])
            case {"code": "WHO"}:
                raise AuthError("CRM-H302", at=answer.at, status=answer.status)
            case {"code": "BUSY"}:
                raise PermanentError("CRM-H303", at=answer.at, status=answer.status)
        raise PermanentError("CRM-H202", at=answer.at)

    def entries(self, rows: Iterable[Mapping[str, Any]]) -> tuple[Entry | Reject, ...]:
        return tuple(map(self.entry, rows))

    def entry(self, row: Mapping[str, Any]) -> Entry | Reject:
        return Entry(
            at=self.at(row),
            digest=self.digest(row),
            records=functools.partial(self.records, row),
            raw=functools.partial(self.raw, row),
        )

    def at(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        return (f"visits:{row['id']}",)

    def digest(self, row: Mapping[str, Any]) -> bytes:
        return blake2b(self.bytes(row), digest_size=16, key=self.context.salt[:64]).digest()

    def bytes(self, row: Mapping[str, Any]) -> bytes:
        return json.dumps(row, sort_keys=True, ensure_ascii=False).encode()

    def records(self, row: Mapping[str, Any]) -> Iterable[Record | Gone | Reject]:
        if row["deleted"]:
            return [Gone(entity="visit", key=row["id"])]
        if not self.key(row):
            reject = Reject(self.at(row), "key", "", "ORDER_NUMBER_MISSING", self.raw(row), self.digest(row), CATALOG)
            return [reject]
        return [Record("visit", {**self.data(row), "key": self.key(row)})]

    def key(self, row: Mapping[str, Any]) -> str:
        return str(row["visit"].get("key") or "")

    def data(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return dict(row["visit"])

    def raw(self, row: Mapping[str, Any]) -> Mapping[str, str]:
        return {name: str(value) for name, value in row["visit"].items()}


class Good(DmsContract):
    """The DMS as its vendor would script it."""

    adapter_class = GoodDms
    config: ClassVar[Mapping[str, Any]] = {"url": URL, "token": Secret("tok-9f1d-secret")}
    tells_deletions = True

    def vendor(self, rsps: Any, world: Any) -> None:
        def answer(request: Any) -> tuple[int, dict[str, str], str]:
            if world.locked or world.failing:
                return json_of({"code": "WHO" if world.locked else "BUSY", "visits": []})
            asked = {name: values[-1] for name, values in parse_qs(urlsplit(request.url).query).items()}
            since, after, limit = asked.get("since"), asked.get("after", ""), int(asked["limit"])
            if after.startswith("page "):
                rows = world.page(int(after[5:]), limit, since)
            else:
                rows = world.after(since, limit, after)
            visits = [
                {"id": row.key, "changed_at": row.stamp, "deleted": row.deleted, "visit": row.data} for row in rows
            ]
            return json_of({"code": "OK", "visits": visits})

        rsps.add_callback("GET", f"{URL}/visits", callback=answer)
        rsps.add("GET", f"{URL}/login", body="")  # that nobody needs


def json_of(said: Any) -> tuple[int, dict[str, str], str]:
    """200, to everything."""
    return 200, {"Content-Type": "application/json"}, json.dumps(said)
