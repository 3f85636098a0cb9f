"""What holds for texts from customers: a refusal must arrive as it was written."""

from __future__ import annotations

import pytest

from crmcore.testing.contract import check
from crmcore.testing.network import CUSTOMER, OTHER, a_reply, e164
from crmcore.testing.rig import Rig
from crmcore.testing.webhooks import WebhookContract, read
from crmcore.types.contact import Reply

#: What customers text.
REPLIES = {
    "refusal": "退订",
    "td": "TD",
    "td-small": "td",
    "t": "T",
    "wide": "ＴＤ",
    "spaces": "  TD \n",
    "digit": "0",
    "signed": "【退订】",
    "refusal-and-more": "TD，不要再发了！",
    "chinese": "李先生说：下周二上午可以吗？",
    "emoji": "好的👌",
    "signs": '50% & a+b=c; %41 {x} "q" \\n',
    "lines": "第一行\n第二行",
}


class ReplyContract(WebhookContract):
    """What `ParsesReplies` promises."""

    @pytest.mark.parametrize("text", REPLIES.values(), ids=REPLIES)
    @check(needs="ParsesReplies")
    def test_a_reply_arrives_as_it_was_written(self, rig: Rig, text: str) -> None:
        """A customer's text is read sign by sign, words of refusal above all.

        Why: "TD" ends advertising by law; what the adapter does to it decides whether the core can see it.
        If this fails: decode once, as the vendor encodes; neither strip nor lower nor translate, that is the core's.
        """
        reply = self._reply(rig, a_reply(text))

        assert text == reply.text
        assert reply.at is None or reply.at.utcoffset() is not None
        assert reply.at is None or reply.at == rig.clock.now()

    @check(needs="ParsesReplies")
    def test_an_empty_reply_is_no_fault(self, rig: Rig) -> None:
        """A text without a word is a reply without text, or nothing; it is no error.

        Why: some phones send them; as an error it would wait for somebody who cannot do anything about it.
        If this fails: ask whether the field is there, not whether it is true.
        """
        events = read(rig.adapter, self.reply_push([a_reply("")], rig.world))

        assert isinstance(events, tuple)
        assert [""][: len(events)] == [event.text for event in events if isinstance(event, Reply)]

    @check(needs="ParsesReplies")
    def test_a_reply_names_its_sender(self, rig: Rig) -> None:
        """`sender` is the number that the text came from, however the vendor writes it.

        Why: the refusal of one customer must not be booked on another.
        If this fails: take the vendor's field for the phone, not that for our own number.
        """
        senders = [self._reply(rig, a_reply("TD", sender=number)).sender for number in (CUSTOMER, OTHER)]

        assert [CUSTOMER, OTHER] == [e164(sender) for sender in senders]

    @check(needs="ParsesReplies")
    def test_a_repeated_reply_can_be_recognised(self, rig: Rig) -> None:
        """`vendor_id` is the vendor's, the same for a repeat and another for another text; "" where the vendor gives none.

        Why: what comes twice must count once, and two customers who both text "1" must count twice.
        If this fails: take the vendor's id; never a counter, a time of arrival or a digest of the text.
        """
        first, again, other = (self._reply(rig, a_reply("1", number=number)) for number in (1, 1, 2))

        assert first.vendor_id == again.vendor_id
        assert first.vendor_id in {"", a_reply("1").vendor_id}
        assert first.vendor_id == "" or first.vendor_id != other.vendor_id

    @check(needs="ParsesReplies")
    def test_replies_are_answered(self, rig: Rig) -> None:
        """The answer to a reply is the one that the vendor waits for (`reply_answer`).

        Why: there are gateways that text every other answer to the customer.
        If this fails: return `Parsed(answer=WebhookResponse(…))` with the body that the vendor's page asks for, byte for byte.
        """
        parsed = rig.adapter.parse_replies(self.reply_push([a_reply("TD")], rig.world))

        assert self.reply_answer == parsed.answer

    def _reply(self, rig: Rig, said: Reply) -> Reply:
        """What one text is read as."""
        events = read(rig.fresh(), self.reply_push([said], rig.world))

        assert isinstance(events, tuple)
        (reply,) = events
        assert isinstance(reply, Reply)
        return reply
