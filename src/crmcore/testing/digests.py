"""What holds for digests: by its digest the core knows a row that it has seen, and reads it no more."""

from __future__ import annotations

from crmcore.testing.contract import check
from crmcore.testing.faults import REFORMATTED, broken
from crmcore.testing.ledger import digests, entries
from crmcore.testing.rig import Rig
from crmcore.testing.rows import PULLS, ROWS, RowContract, other
from crmcore.testing.source import SourceWorld

_DIGEST = 16


class DigestContract(RowContract):
    """What holds for the digests of what `pulling` yields."""

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


def _other_line_ends(world: SourceWorld) -> None:
    """Every text file gets the line ends of Windows."""
    for path in world.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        if content and b"\0" not in content:
            path.write_bytes(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
