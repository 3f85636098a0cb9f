"""What holds for the rows that a pull yields: their digests, their keys, what they say, and what becomes of those that are broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from crmcore import lang
from crmcore.errors import AuthError, PermanentError, TransientError
from crmcore.hooks.records import Batch, Entry, Record, Reject
from crmcore.testing.common import AdapterContract
from crmcore.testing.contract import HTTP, check
from crmcore.testing.ledger import entries, last, ledger, said
from crmcore.testing.outcomes import outcome_of, told
from crmcore.testing.rig import Operation, Rig
from crmcore.testing.saying import flat, problems, same
from crmcore.testing.shown import standing

#: What a survey must be able to do for these checks to apply; a DMS always can.
PULLS = "PullsResponses"
#: So many rows the vendor has when a check begins.
ROWS = 12
#: A pull that yields more batches of a small source than this does not end.
_ENDLESS = 20_000


class RowContract(AdapterContract):
    """What holds for what `pulling` yields.

    Attributes:
        entity: what a row of this kind is.
        alike: path of a number that two rows may have in common, path and value of what then tells them apart.
        touched: a path that every adapter of this kind reads.
        written: path -> what somebody has written there, as people do.
    """

    entity: ClassVar[str]
    alike: ClassVar[tuple[str, str, str]]
    touched: ClassVar[str]
    written: ClassVar[Mapping[str, str]]

    def pulling(self, adapter: Any, cursor: str | None) -> Iterator[Batch]:  # noqa: ARG002 - each kind has its own
        """The pull of this kind of adapter."""
        raise TypeError(type(self).__name__)

    def pull(self, rig: Rig, cursor: str | None = None, **context: Any) -> list[Batch]:
        """A pull by a new instance, to its end."""
        found = []
        for batch in self.pulling(rig.fresh(**context), cursor):
            found.append(batch)
            assert len(found) < _ENDLESS, "the pull does not end"
        return found

    def operations(self, world: Any) -> Mapping[str, Operation]:
        """A pull to the end, with all that its entries say."""
        operations = dict(super().operations(world))
        if self.has(PULLS):
            operations["pull"] = Operation("read", lambda adapter: said(self.pulling(adapter, None)))
        return operations

    # ------------------------------------------------------------------ what a row says

    @check(needs=PULLS)
    def test_keys_are_unique_and_stay(self, rig: Rig) -> None:
        """No two rows have one key, also when they share a number; and a row that has changed keeps its key.

        Why: two orders under one key are one order to us, and one customer is never called back.
        If this fails: use the vendor's own id, or put what the number is unique in, such as the store, before it.
        """
        first, second, *_ = rig.world.held
        number, scope, elsewhere = self.alike
        rig.world.change(second, scope, elsewhere, at=second.changed_at)
        rig.world.change(second, number, first.get(number), at=second.changed_at)
        before = self._keys(self.pull(rig))
        rig.world.change(first, self.touched, other(first.get(self.touched)))
        after = self._keys(self.pull(rig))

        assert len(rig.world.held) == len(before) == len(set(before))
        assert set(before) == set(after)

    @check(needs=PULLS)
    def test_every_row_counts_once(self, rig: Rig) -> None:
        """Entries, rejects and what was skipped together are the rows of the source, each with a place of its own.

        Why: "read = accepted + unchanged + duplicates + rejected" is how a dealer sees that nothing was lost on the way.
        If this fails: give each entry the places of the rows it stands for in `at`; count skipped rows in `unchanged` and name
        their parts in `parts`.
        """
        rig.world.spoil(rig.world.held[1])
        rows = len(rig.world.held)
        first = self.pull(rig)
        places = [place for entry in entries(first) for place in entry.at]
        again = self.pull(rig, last(first))
        skipped = sum(batch.unchanged for batch in again)
        parts = {part for batch in again for part in batch.parts}

        assert rows == len(places) == len(set(places))
        assert all(places)
        assert skipped in {0, rows - len([place for entry in entries(again) for place in entry.at])}
        assert parts <= {place.rpartition(":")[0] for place in places}
        assert bool(parts) is bool(skipped)

    @check(needs=PULLS)
    def test_a_row_arrives_as_it_was_written(self, rig: Rig) -> None:
        """What a row says arrives in the field that it belongs to: words sign by sign, numbers and times with the value they have.

        Why: a code that lost its zeros is another code, a time without its zone is another day, and a column beside its own calls
        the wrong person.
        If this fails: hand text over as text: no `float`, no `int` for what is a code, no `strip` within; where the vendor says a
        time by its zone or as a number, write it with its offset (`datetime.isoformat()` of an aware one).
        """
        usual, *_ = self._spoken(rig)
        read = {path: value for path, value in self.written.items() if path in usual}
        for path, value in self.written.items():
            rig.world.held[1].set(path, value)
        rig.world.export()
        wrong = min(
            (
                {path: row.get(path) for path in read if not same(path, read[path], row.get(path))}
                for row in self._spoken(rig)
            ),
            key=len,
        )

        assert self.touched in read
        assert {path: read[path] for path in wrong} == wrong

    @check(needs=PULLS)
    def test_a_record_says_only_what_records_can_say(self, rig: Rig) -> None:
        """Records have the entities, the keys and the types that `crmcore.hooks` declares.

        Why: what the core has no place for is dropped and only counted; a number that should be text loses its zeros.
        If this fails: hand over text as the vendor wrote it; the core cleans it. More than records hold belongs into `extra`.
        """
        wrong = [problem for each in said(self.pull(rig)) for problem in (problems(each))]

        assert not wrong, "\n".join(sorted(set(wrong)))

    @check(needs=PULLS)
    def test_what_an_entry_says_can_be_asked_again(self, rig: Rig) -> None:
        """`records()` and `raw()` say the same twice, also when the pull is over and the adapter is closed.

        Why: a transaction that fails is tried again, and a row that is rejected is asked for its text afterwards.
        If this fails: bind the row to its entry (`functools.partial(self._records, row)`), and no iterator.
        """
        adapter = rig.fresh()
        found = [entry for batch in self.pulling(adapter, None) for entry in batch.entries if isinstance(entry, Entry)]
        first = [(list(entry.records()), dict(entry.raw())) for entry in found]
        adapter.close()
        second = [(list(entry.records()), dict(entry.raw())) for entry in found]

        assert all(records for records, _ in first)
        assert first == second

    @check(needs=PULLS)
    def test_rows_are_read_only_when_they_are_asked_for(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        """A pull makes no records; `records()` does.

        Why: of a hundred thousand rows a night fifty are new, and only those are worth the work.
        If this fails: `Entry(…, records=functools.partial(self._records, row), …)`.
        """
        made: list[str] = []
        original = Record.__init__

        def counted(self: Record, *args: Any, **kwargs: Any) -> None:
            made.append("a record")
            original(self, *args, **kwargs)

        monkeypatch.setattr(Record, "__init__", counted)
        batches = self.pull(rig)
        early = len(made)
        told = said(batches)

        assert 0 == early
        assert len(told) == len(made)

    # ------------------------------------------------------------------ broken rows

    @check(needs=PULLS)
    def test_a_broken_row_is_a_reject_and_costs_no_other(self, rig: Rig) -> None:
        """A row that does not say which one it is becomes a `Reject` with its place, its text and a reason; all others are read.

        Why: somebody has to mend that row at the vendor's, and everybody else's customers cannot wait for it.
        If this fails: yield or return `Reject(at, column, shape, "REASON", raw, digest, catalog="<your package>")` instead of raising.
        """
        bad = rig.world.held[ROWS // 2]
        rig.world.spoil(bad)
        known = ledger(rig.world, self.pull(rig))
        rejects = [each for each in known.said if isinstance(each, Reject)]

        assert {row.key for row in rig.world.held if row is not bad} == known.newest.keys()
        assert 1 == len(rejects)
        assert all(rejects[0].at)
        assert rejects[0].at
        assert rejects[0].raw
        assert not standing(self.personal(rig.world), {"the reject": repr(rejects[0])})

    @check(needs=PULLS)
    def test_the_reason_of_a_reject_has_words(self, rig: Rig) -> None:
        """The reason code of every reject has a sentence and a fix in Chinese and in English.

        Why: rejects.csv is read by the person at the dealer's who can mend the row.
        If this fails: put `[reasons.CODE]` with `text` and `fix` into `lang/<plugin>.zh.toml` and `.en.toml` of your package, and name the
        package in `Reject.catalog`.
        """
        rig.world.spoil(rig.world.held[0])
        rejects = [each for each in said(self.pull(rig)) if isinstance(each, Reject)]
        bare = [
            f"{each.reason} ({tongue})"
            for each in rejects
            for tongue in ("zh", "en")
            if not all(lang.reason(each.reason, tongue, each.catalog))
        ]

        assert not bare, "\n".join(bare)

    # ------------------------------------------------------------------ what the vendor says of us and of itself

    @check(needs=HTTP)
    def test_wrong_credentials_are_told(self, rig: Rig) -> None:
        """When the vendor does not know us, whatever the status, all that is asked raises `AuthError`.

        Why: `crmcore doctor` says "renew the password" then; read as a source without rows, nobody is called and nobody wonders.
        If this fails: look at the vendor's own word for success in each answer, and raise `AuthError` for its codes of login.
        """
        rig.world.locked, rig.world.served = True, 0
        outcomes = {name: outcome_of(asked, rig.fresh()) for name, asked in self.operations(rig.world).items()}
        wrong = [f"{name}: {told(outcome)}" for name, outcome in outcomes.items() if not isinstance(outcome, AuthError)]

        assert 0 == rig.world.served + rig.world.writes, (
            "vendor() answers as if it knew us: it must look at world.locked"
        )
        assert not wrong, "\n".join(wrong)

    @check(needs=HTTP)
    def test_a_failure_in_a_good_answer_is_raised(self, rig: Rig) -> None:
        """When the vendor gives nothing and says so in its own words, whatever the status, a pull and an invitation raise.

        Why: most vendors of this trade answer 200 to everything; "system busy" with an empty list is no end of the list.
        If this fails: look at the vendor's own word for success before you look at the rows, and raise `TransientError` or
        `PermanentError` where it is missing.
        """
        rig.world.failing, rig.world.served = True, 0
        asked = {name: each for name, each in self.operations(rig.world).items() if name != "check"}
        outcomes = {name: outcome_of(each, rig.fresh()) for name, each in asked.items()}
        wrong = [
            f"{name}: {told(outcome)}"
            for name, outcome in outcomes.items()
            if not isinstance(outcome, TransientError | PermanentError)
        ]

        assert 0 == rig.world.served + rig.world.writes, (
            "vendor() answers as if all were well: it must look at world.failing"
        )
        assert not wrong, "\n".join(wrong)

    # ------------------------------------------------------------------ helpers

    def _spoken(self, rig: Rig) -> list[dict[str, Any]]:
        """What each row says, path -> value."""
        found = []
        for entry in entries(self.pull(rig)):
            records = [each for each in entry.records() if isinstance(each, Record)] if isinstance(entry, Entry) else []
            if any(each.entity == self.entity for each in records):
                whole = {each.entity: each.data for each in records if each.entity != self.entity}
                own = next(each.data for each in records if each.entity == self.entity)
                found.append(dict(flat({**whole, **own})))
        return found

    def _keys(self, batches: list[Batch]) -> list[str]:
        """The keys of the rows' own records."""
        return [
            str(each.data.get("key"))
            for each in said(batches)
            if isinstance(each, Record) and each.entity == self.entity
        ]


def other(value: Any) -> Any:
    """Another value of the same kind: the last character becomes another."""
    text = str(value)
    return f"{text[:-1]}{'7' if text[-1:] != '7' else '8'}"
