"""What holds for the rows that a pull yields: their digests, their keys, what they say, and what becomes of those that are broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Required, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from crmcore import lang
from crmcore.hooks import records as kinds
from crmcore.hooks.records import Batch, Entry, Gone, Record, Reject
from crmcore.testing.common import AdapterContract
from crmcore.testing.contract import Operation, Rig, check
from crmcore.testing.faults import REFORMATTED, broken
from crmcore.testing.ledger import digests, entries, last, ledger, said
from crmcore.testing.source import SourceWorld

#: What a survey must be able to do for these checks to apply; a DMS always can.
PULLS = "PullsResponses"
#: So many rows the vendor has when a check begins.
ROWS = 12
#: A pull that yields more batches of a small source than this does not end.
_ENDLESS = 20_000
_DIGEST = 16

_RECORDS: Mapping[str, Any] = {
    "visit": kinds.VisitRecord,
    "customer": kinds.CustomerRecord,
    "vehicle": kinds.VehicleRecord,
    "appointment": kinds.AppointmentRecord,
    "staff": kinds.StaffRecord,
    "complaint": kinds.ComplaintRecord,
    "response": kinds.ResponseRecord,
}


class RowContract(AdapterContract):
    """What holds for what `pulling` yields.

    Attributes:
        entity: what a row of this kind is.
        alike: path of a number that two rows may have in common, path and value of what then tells them apart.
        touched: a path that every adapter of this kind reads.
    """

    entity: ClassVar[str]
    alike: ClassVar[tuple[str, str, str]]
    touched: ClassVar[str]

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

    # ------------------------------------------------------------------ digests

    @check(needs=PULLS)
    def test_a_digest_has_sixteen_bytes(self, rig: Rig) -> None:
        """Every entry and every reject has a digest of 16 bytes.

        Why: by its digest the core knows a row that it has seen, and reads it no more; millions of them are kept.
        If this fails: `blake2b(content, digest_size=16, key=context.salt[:64]).digest()`.
        """
        rig.world.spoil(rig.world.held[1])
        wrong = [
            f"{entry.at}: {len(entry.digest)}" for entry in entries(self.pull(rig)) if len(entry.digest) != _DIGEST
        ]

        assert not wrong, "\n".join(wrong)

    @check(needs=PULLS)
    def test_a_digest_does_not_depend_on_how_a_row_is_shown(self, rig: Rig) -> None:
        """Other line ends, another order of the rows, of the keys in JSON, other white space: the same digests.

        Why: the vendor's next release writes the same rows a little differently, and a hundred thousand rows would be new.
        If this fails: digest the row's own content in an order of yours (`json.dumps(row, sort_keys=True)`), without line ends, and
        not its place.
        """
        before = digests(self.pull(rig))
        rig.world.show(shuffled=True)
        if self.over_http:
            with broken(rig, REFORMATTED, after=0):
                after = digests(self.pull(rig))
        else:
            _other_line_ends(rig.world)
            after = digests(self.pull(rig))

        assert after
        assert set() == after - before

    @check(needs=PULLS)
    def test_a_digest_changes_with_the_content(self, rig: Rig) -> None:
        """A row that says something else has another digest, also when its time and its key are what they were; the others keep theirs.

        Why: what has the digest it had is not read: the customer's new number would never arrive.
        If this fails: digest everything that the row says and you read.
        """
        before = digests(self.pull(rig))
        row = rig.world.held[ROWS // 2]
        rig.world.change(row, self.touched, other(row.get(self.touched)), at=row.changed_at)
        after = digests(self.pull(rig))

        assert (1, 1) == (len(before - after), len(after - before))

    @check(needs=PULLS)
    def test_a_digest_changes_with_the_salt(self, rig: Rig) -> None:
        """Another `context.salt` gives every row another digest.

        Why: when the core's cleaning rules change, it changes the salt so that every row is read once more.
        If this fails: mix `context.salt` into the digest; blake2b has `key=` for it.
        """
        one, other = (digests(self.pull(rig, salt=salt)) for salt in (b"contract", b"another"))

        assert one
        assert set() == one & other

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
    def test_a_record_says_only_what_records_can_say(self, rig: Rig) -> None:
        """Records have the entities, the keys and the types that `crmcore.hooks` declares.

        Why: what the core has no place for is dropped and only counted; a number that should be text loses its zeros.
        If this fails: hand over text as the vendor wrote it; the core cleans it. More than records hold belongs into `extra`.
        """
        wrong = [
            problem
            for each in said(self.pull(rig))
            for problem in (_problems(each) if isinstance(each, Record) else _unknown(each))
        ]

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

    # ------------------------------------------------------------------ helpers

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


def _other_line_ends(world: SourceWorld) -> None:
    """Every text file gets the line ends of Windows."""
    for path in world.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if content and b"\0" not in content:
            path.write_bytes(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


# ------------------------------------------------------------------ what a record may say


def _unknown(each: Gone | Reject) -> list[str]:
    return [f"Gone: no entity {each.entity!r}"] if isinstance(each, Gone) and each.entity not in _RECORDS else []


def _problems(record: Record) -> list[str]:
    if record.entity not in _RECORDS:
        return [f"no entity {record.entity!r}"]
    return list(_misfits(record.data, _RECORDS[record.entity], record.entity))


def _misfits(value: Any, declared: Any, at: str) -> Iterator[str]:
    """Places and types that do not fit what is declared; never the value."""
    if is_typeddict(declared):
        yield from _misfit_keys(value, declared, at)
    elif get_origin(declared) is list:
        if not isinstance(value, list | tuple):
            yield f"{at}: {type(value).__name__} instead of a list"
            return
        for each in value:
            yield from _misfits(each, get_args(declared)[0], f"{at}[]")
    elif get_origin(declared) is Mapping:
        if not isinstance(value, Mapping) or not all(isinstance(part, str) for pair in value.items() for part in pair):
            yield f"{at}: not a mapping of text to text"
    elif not isinstance(value, declared) or (isinstance(value, bool) and bool not in get_args(declared)):
        yield f"{at}: {type(value).__name__}"


def _misfit_keys(value: Any, declared: Any, at: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{at}: {type(value).__name__} instead of a record"
        return
    hints = get_type_hints(declared)
    must = {
        name for name, hint in get_type_hints(declared, include_extras=True).items() if get_origin(hint) is Required
    }
    for name in must - value.keys():
        yield f"{at}.{name} is missing"
    for name, part in value.items():
        if name in hints:
            yield from _misfits(part, hints[name], f"{at}.{name}")
        else:
            yield f"{at}.{name}: records have no such key"
