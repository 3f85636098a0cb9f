"""DMS adapters that each break one promise, for the check that must notice."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import attrs
import requests
from tests.testing.mutants import good_dms
from tests.testing.mutants.good_dms import Good, GoodDms
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import (
    Adapter,
    AuthError,
    Batch,
    Entry,
    Gone,
    PermanentError,
    Record,
    Reject,
    TransientError,
    hookimpl,
)
from crmcore.http import HttpResponse

Row = Mapping[str, Any]


class TestGood(Good):
    """Keeps every promise."""


# ------------------------------------------------------------------ how it is made, and what it shows


class NotOffered(GoodDms):
    """No entry point offers it: see `crmcore_adapters` below."""


class AsksWhenMade(GoodDms):
    def __init__(self, config: Any, context: Any) -> None:
        super().__init__(config, context)
        with contextlib.suppress(PermanentError, TransientError):
            self.check()


class ExplainsNothing(GoodDms):
    Config: ClassVar[type] = attrs.make_class(
        "Config", {"more": attrs.field(default="", kw_only=True)}, (good_dms.Config,)
    )


@attrs.frozen(kw_only=True)
class _Plain(good_dms.Config):
    password: str = attrs.field(default="", metadata={"help": {"zh": "密码", "en": "password"}})


class KeepsAPasswordAsText(GoodDms):
    Config: ClassVar[type] = _Plain


class LogsTheToken(GoodDms):
    def check(self) -> None:
        super().check()
        self.context.logger.debug("asked with %s", self.config.token.reveal())


class PrintsTheToken(GoodDms):
    def check(self) -> None:
        super().check()
        print(self.config.token.reveal())  # noqa: T201 - that is its fault


class LogsRows(GoodDms):
    def entry(self, row: Row) -> Entry | Reject:
        self.context.logger.debug("read %s", row)
        return super().entry(row)


class HasNoWords(GoodDms):
    def ask(self, since: str | None, key: str, limit: int) -> list[Row]:
        try:
            return super().ask(since, key, limit)
        except AuthError:
            raise
        except PermanentError:
            error = PermanentError("ACME-1")
        raise error


class LeavesAFile(GoodDms):
    def check(self) -> None:
        super().check()
        (self.context.folder / "checked").write_text("", "utf-8")


class BelongsToAThread(GoodDms):
    def __init__(self, config: Any, context: Any) -> None:
        super().__init__(config, context)
        self.thread = threading.get_ident()

    def check(self) -> None:
        super().check()
        if threading.get_ident() != self.thread:
            raise RuntimeError("made in another thread")


class WaitsInAThread(BelongsToAThread):
    def check(self) -> None:
        if threading.get_ident() != self.thread:
            threading.Event().wait()
        super().check()


_OPEN: list[Any] = []


class KeepsAFileOpen(GoodDms):
    def check(self) -> None:
        super().check()
        _OPEN.append(Path(__file__).open("rb"))  # noqa: SIM115 - that is its fault


class HasAClientOfItsOwn(GoodDms):
    def ask(self, since: str | None, key: str, limit: int) -> list[Row]:
        said = requests.get(
            f"{self.config.url}/visits", params={"since": since or "", "after": key, "limit": limit}, timeout=5
        )
        return self.said(HttpResponse(status=said.status_code, headers={}, body=said.content, at=""), "visits")


class LogsInByItself(GoodDms):
    """What it then asks goes the way it should."""

    def ask(self, since: str | None, key: str, limit: int) -> list[Row]:
        requests.get(f"{self.config.url}/login", timeout=5)
        return super().ask(since, key, limit)


# ------------------------------------------------------------------ what it makes of faults


class TakesAFaultForTheEnd(GoodDms):
    def ask(self, since: str | None, key: str, limit: int) -> list[Row]:
        try:
            return super().ask(since, key, limit)
        except TransientError:
            return []


class TakesGarbageForNothing(GoodDms):
    def ask(self, since: str | None, key: str, limit: int) -> list[Row]:
        try:
            return super().ask(since, key, limit)
        except PermanentError as error:
            if error.code not in {"CRM-H202", "CRM-H203"}:
                raise
            return []


class TakesAStrangerForNobody(GoodDms):
    def said(self, answer: Any, name: str) -> list[Any]:
        match answer.json():
            case {"code": "WHO", "visits": list(rows)}:
                return rows
        return super().said(answer, name)


class TakesBusyForTheEnd(GoodDms):
    def said(self, answer: Any, name: str) -> list[Any]:
        match answer.json():
            case {"code": "BUSY", "visits": list(rows)}:
                return rows
        return super().said(answer, name)


class FollowsRedirects(GoodDms):
    def ask(self, since: str | None, key: str, limit: int) -> list[Row]:
        try:
            return super().ask(since, key, limit)
        except PermanentError as error:
            if error.code == "CRM-H304":
                self.context.http.read("GET", "https://elsewhere.example/visits")
            raise


# ------------------------------------------------------------------ digests


class DigestsOf32Bytes(GoodDms):
    def digest(self, row: Row) -> bytes:
        return super().digest(row) * 2


class DigestsTheBytes(GoodDms):
    def bytes(self, row: Row) -> bytes:
        return json.dumps(row).encode()


class DigestsTheVersion(GoodDms):
    def bytes(self, row: Row) -> bytes:
        return f"{row['id']} {row['changed_at']} {row['deleted']}".encode()


class DigestsWithoutSalt(GoodDms):
    def digest(self, row: Row) -> bytes:
        return good_dms.blake2b(self.bytes(row), digest_size=16).digest()


# ------------------------------------------------------------------ what a row says


class TakesTheNumberForTheKey(GoodDms):
    """Which is unique within one store only."""

    def key(self, row: Row) -> str:
        return str(row["visit"].get("ro_number") or "")


class NumbersItsKeys(GoodDms):
    """By what has changed since."""

    def key(self, row: Row) -> str:
        found = super().key(row)
        return f"{found}-2" if found and row["changed_at"] >= "2026-11-22" else found


class CountsABatchOnce(GoodDms):
    def at(self, row: Row) -> tuple[str, ...]:
        return (f"visits:{row['changed_at'][:10]}",)


class LosesZeros(GoodDms):
    """A code of digits becomes a number on its way."""

    def data(self, row: Row) -> dict[str, Any]:
        said = super().data(row)
        code = said.get("advisor")
        return {**said, "advisor": str(int(code))} if code and code.isdigit() else said


class LivesInLondon(GoodDms):
    """Hands over times of Greenwich, without saying so."""

    def data(self, row: Row) -> dict[str, Any]:
        said = super().data(row)
        at = said.get("delivered_at")
        return (
            {**said, "delivered_at": f"{datetime.fromisoformat(at) - timedelta(hours=8):%Y-%m-%d %H:%M}"}
            if at
            else said
        )


class TakesAnotherColumn(GoodDms):
    def data(self, row: Row) -> dict[str, Any]:
        said = super().data(row)
        return {**said, "reason_verbatim": said["customer"]["name"]} if said.get("reason_verbatim") else said


class InventsAField(GoodDms):
    def data(self, row: Row) -> dict[str, Any]:
        return {**super().data(row), "mileage": "1"}


class SaysNumbersForText(GoodDms):
    def data(self, row: Row) -> dict[str, Any]:
        return {**super().data(row), "remark": 1}


class SaysThingsOnce(GoodDms):
    def entry(self, row: Row) -> Entry | Reject:
        found = super().entry(row)
        once = (each for _ in range(1) for each in found.records())
        return attrs.evolve(found, records=lambda: once)


class ReadsEverythingAtOnce(GoodDms):
    def entry(self, row: Row) -> Entry | Reject:
        found = tuple(super().records(row))
        return attrs.evolve(super().entry(row), records=lambda: found)


class DropsBrokenRows(GoodDms):
    def records(self, row: Row) -> Iterable[Record | Gone | Reject]:
        return [each for each in super().records(row) if not isinstance(each, Reject)]


class RaisesForABrokenRow(GoodDms):
    def records(self, row: Row) -> Iterable[Record | Gone | Reject]:
        for each in super().records(row):
            if isinstance(each, Reject) and int(row["visit"]["km_in"]) == 10_007:
                raise PermanentError("CRM-H202")
            yield each


class ShowsWhoWasRejected(GoodDms):
    def records(self, row: Row) -> Iterable[Record | Gone | Reject]:
        name = row["visit"]["customer"].get("name")
        return [
            attrs.evolve(each, value_shape=name) if isinstance(each, Reject) else each for each in super().records(row)
        ]


class HasNoWordsForAReject(GoodDms):
    def records(self, row: Row) -> Iterable[Record | Gone | Reject]:
        return [
            attrs.evolve(each, reason="ACME_KEYLESS") if isinstance(each, Reject) else each
            for each in super().records(row)
        ]


class SaysNoneForWhatIsNotThere(GoodDms):
    def data(self, row: Row) -> dict[str, Any]:
        return {"advisor": None, **super().data(row)}


class SaysNothingOfWhatIsEmpty(GoodDms):
    def data(self, row: Row) -> dict[str, Any]:
        return {name: value for name, value in super().data(row).items() if value is not None}


# ------------------------------------------------------------------ where it stands


class IsOneBatchAhead(GoodDms):
    """The last batch but one has the cursor of the last: the end was looked ahead for."""

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        held: list[Batch] = []
        several = False
        for batch in super().pull(cursor):
            held.append(batch)
            if len(held) > 2:
                several = True
                yield held.pop(0)
        if several:
            held[0] = attrs.evolve(held[0], cursor=held[1].cursor)
        yield from held


class WritesNulls(GoodDms):
    def since(self, cursor: str | None) -> str | None:
        return super().since((cursor or "").strip("\0"))

    def cursor(self, since: str) -> str | None:
        return f"{since}\0"


class BelievesAnyCursor(GoodDms):
    def since(self, cursor: str | None) -> str | None:
        return cursor


class SaysWhenItRead(GoodDms):
    def data(self, row: Row) -> dict[str, Any]:
        return {**super().data(row), "extra": {"read": self.context.clock.now().isoformat()}}


class LosesTies(GoodDms):
    def ask(self, since: str | None, key: str, limit: int) -> list[Row]:
        return super().ask(since, key and "~", limit)


class BeginsAfterTheLastKey(GoodDms):
    """The cursor holds the key as well, so that nothing is asked for twice."""

    key_ = ""

    def since(self, cursor: str | None) -> str | None:
        since, _, self.key_ = (cursor or "").partition(" ")
        return super().since(since)

    def ask(self, since: str | None, key: str, limit: int) -> list[Row]:
        rows = super().ask(since, key or self.key_, limit)
        self.key_ = max(rows, key=lambda row: (row["changed_at"], row["id"]))["id"] if rows else ""
        return rows

    def cursor(self, since: str) -> str | None:
        return f"{since} {self.key_}"


class EndsWhenAPageRepeats(GoodDms):
    def pull(self, cursor: str | None) -> Iterator[Batch]:
        before: set[bytes] = set()
        for batch in super().pull(cursor):
            seen = {entry.digest for entry in batch.entries}
            if seen <= before:
                return
            before = seen
            yield batch


class PassesOverOlderRows(GoodDms):
    def entries(self, rows: Iterable[Row]) -> tuple[Entry | Reject, ...]:
        found, highest = [], ""
        for row in rows:
            if row["changed_at"] >= highest:
                found.append(self.entry(row))
            highest = max(highest, row["changed_at"])
        return tuple(found)


class CountsPages(GoodDms):
    """Asks for page after page of a listing."""

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        since, highest = self.since(cursor), ""
        for number in itertools.count(1):
            rows = self.ask(since, f"page {number}", 8)
            if not rows:
                break
            highest = max(highest, *(row["changed_at"] for row in rows))
            yield Batch(self.entries(rows), None)
        yield Batch((), self.cursor(highest) if highest else cursor)


class CallsTheAbsentGone(GoodDms):
    """The cursor knows the keys that there were."""

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        since, _, known = (cursor or "").partition(" ")
        before, seen = set(filter(None, known.split(","))), set()
        for rows in self.listing() if cursor else ():
            seen |= {row["id"] for row in rows}
        gone = [
            Entry((f"gone:{key}",), good_dms.blake2b(key.encode(), digest_size=16).digest(),
                  functools.partial(list, [Gone(entity="visit", key=key)]), dict)
            for key in sorted(before - seen)
        ]  # fmt: skip
        for batch in super().pull(since or None):
            entries, gone = (*batch.entries, *gone), []
            seen |= {entry.at[0].partition(":")[2] for entry in batch.entries}
            yield Batch(entries, f"{batch.cursor} {','.join(sorted(seen))}")

    def listing(self) -> Iterator[list[Row]]:
        since, key = None, ""
        while rows := self.ask(since, key, 512):
            since, key = max((row["changed_at"], row["id"]) for row in rows)
            yield rows


class StumblesOverNothing(GoodDms):
    def pull(self, cursor: str | None) -> Iterator[Batch]:
        batches = super().pull(cursor)
        yield next(batches, None) or self.nothing()
        yield from batches

    def nothing(self) -> Batch:
        raise ValueError("max() arg is an empty sequence")


class IsFinallyNow(GoodDms):
    """The last cursor is the time at which the pull ended."""

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        yield from super().pull(cursor)
        yield Batch((), self.cursor(f"{self.context.clock.now():%Y-%m-%dT%H:%M:%SZ}"))


class OpensWithoutWith(GoodDms):
    file = None

    def pull(self, cursor: str | None) -> Iterator[Batch]:
        self.file = Path(__file__).open("rb")  # noqa: SIM115 - that is its fault
        yield from super().pull(cursor)
        self.file.close()

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


class KeepsEverything(GoodDms):
    def entry(self, row: Row) -> Entry | Reject:
        found = super().entry(row)
        self.kept = [*getattr(self, "kept", [])[-100_000:], found]
        return found


class ForgetsTombstones(GoodDms):
    def records(self, row: Row) -> Iterable[Record | Gone | Reject]:
        return [each for each in super().records(row) if not isinstance(each, Gone)]


class DeletesUnderAnotherKey(GoodDms):
    def records(self, row: Row) -> Iterable[Record | Gone | Reject]:
        return [
            attrs.evolve(each, key=f"visit/{each.key}") if isinstance(each, Gone) else each
            for each in super().records(row)
        ]


MUTANTS = {
    "test_it_is_found_through_its_entry_point": NotOffered,
    "test_making_it_does_nothing": AsksWhenMade,
    "test_every_setting_is_explained": ExplainsNothing,
    "test_what_is_secret_is_a_secret": KeepsAPasswordAsText,
    "test_no_secret_is_shown": (LogsTheToken, PrintsTheToken),
    "test_no_customer_is_shown": LogsRows,
    "test_its_errors_have_words": HasNoWords,
    "test_checking_writes_nothing": LeavesAFile,
    "test_it_works_in_any_thread": (BelongsToAThread, WaitsInAThread),
    "test_it_closes_what_it_opens": KeepsAFileOpen,
    "test_it_is_over_http_or_not_as_it_says": (HasAClientOfItsOwn, LogsInByItself),
    "test_a_read_raises_what_went_wrong": (TakesAFaultForTheEnd, TakesGarbageForNothing),
    "test_wrong_credentials_are_told": TakesAStrangerForNobody,
    "test_a_failure_in_a_good_answer_is_raised": TakesBusyForTheEnd,
    "test_no_redirect_is_followed": FollowsRedirects,
    "test_a_digest_has_sixteen_bytes": DigestsOf32Bytes,
    "test_a_digest_does_not_depend_on_how_a_row_is_shown": DigestsTheBytes,
    "test_a_digest_changes_with_the_content": DigestsTheVersion,
    "test_a_digest_changes_with_the_salt": DigestsWithoutSalt,
    "test_keys_are_unique_and_stay": (TakesTheNumberForTheKey, NumbersItsKeys),
    "test_every_row_counts_once": CountsABatchOnce,
    "test_a_row_arrives_as_it_was_written": (LosesZeros, LivesInLondon, TakesAnotherColumn),
    "test_a_record_says_only_what_records_can_say": (InventsAField, SaysNumbersForText),
    "test_what_an_entry_says_can_be_asked_again": SaysThingsOnce,
    "test_rows_are_read_only_when_they_are_asked_for": ReadsEverythingAtOnce,
    "test_a_broken_row_is_a_reject_and_costs_no_other": (DropsBrokenRows, RaisesForABrokenRow, ShowsWhoWasRejected),
    "test_the_reason_of_a_reject_has_words": HasNoWordsForAReject,
    "test_what_the_source_does_not_have_is_not_said": SaysNoneForWhatIsNotThere,
    "test_what_the_source_leaves_empty_is_empty": SaysNothingOfWhatIsEmpty,
    "test_going_on_after_any_batch_loses_nothing": IsOneBatchAhead,
    "test_a_cursor_is_text_that_can_be_kept": WritesNulls,
    "test_a_cursor_of_somebody_else_loses_nothing": BelievesAnyCursor,
    "test_two_pulls_say_the_same": SaysWhenItRead,
    "test_no_row_is_lost_among_equal_times": LosesTies,
    "test_a_row_of_the_last_second_is_not_lost": BeginsAfterTheLastKey,
    "test_rows_that_are_shown_twice_are_one": EndsWhenAPageRepeats,
    "test_the_order_of_rows_means_nothing": PassesOverOlderRows,
    "test_a_row_that_vanishes_takes_no_other_with_it": CountsPages,
    "test_absence_deletes_nothing": CallsTheAbsentGone,
    "test_an_empty_source_is_no_error": StumblesOverNothing,
    "test_a_row_that_changes_while_it_is_paged_is_not_lost": IsFinallyNow,
    "test_a_pull_that_is_broken_off_leaves_nothing_open": OpensWithoutWith,
    "test_a_very_large_source_takes_no_more_memory": KeepsEverything,
    "test_a_deleted_row_is_gone": (ForgetsTombstones, DeletesUnderAnotherKey),
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return [cls for cls in adapters(TestGood, MUTANTS) if cls is not NotOffered]
