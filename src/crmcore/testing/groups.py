"""What holds for robots that speak to a group of colleagues: the right phones ring, and no customer is named by his number."""

from __future__ import annotations

import attrs

from crmcore.testing.contract import check
from crmcore.testing.network import COLLEAGUES, CUSTOMER
from crmcore.testing.rig import Rig
from crmcore.testing.sending import GROUP, SendingContract


class GroupContract(SendingContract):
    """What an adapter promises whose channel is GROUP."""

    @check(needs=GROUP)
    def test_who_is_mentioned_is_called(self, rig: Rig) -> None:
        """The phones in `message.mentions` are called by the vendor, all of them, and nobody else's.

        Why: a case that is late names its owner; in a group of forty nobody feels meant otherwise.
        If this fails: write the numbers as colleagues register with the vendor, in the field and in the text if it wants both.
        """
        for mentions in (COLLEAGUES, ()):
            rig.adapter.send(attrs.evolve(self.message(), mentions=mentions), key=rig.world.next_key())

        assert [COLLEAGUES, ()] == [taken.mentions for taken in rig.world.texts]

    @check(needs=GROUP)
    def test_the_group_sees_no_customers_number(self, rig: Rig) -> None:
        """`message.to` does not travel: a group reads the text and the mentions.

        Why: everybody who joins the group later reads what was said in it.
        If this fails: do not look at `message.to`; the group is in the configuration.
        """
        rig.adapter.send(attrs.evolve(self.message(), to=CUSTOMER), key=rig.world.next_key())
        seen = "".join(f"{each.url} {each.body!r} {each.headers}" for each in rig.wire.travelled)

        assert CUSTOMER.removeprefix("+86") not in seen
