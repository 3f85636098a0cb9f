"""What holds for pushes of any kind: whoever sends them, and whatever is in them."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import attrs
import pytest

from crmcore.errors import CrmError, PermanentError
from crmcore.hooks.adapters import Parsed, Secret, WebhookRequest, WebhookResponse
from crmcore.testing import garbage, guard
from crmcore.testing.contract import check
from crmcore.testing.network import CUSTOMER, NAME, OTHER, Network, Report, a_reply
from crmcore.testing.rig import Rig
from crmcore.testing.sending import SendingContract
from crmcore.testing.shown import standing
from crmcore.types.contact import Accepted, Receipt, ReceiptState, Reply

PUSHED, SHARED_SECRET = "ParsesReceipts|ParsesReplies", "SHARED_SECRET"
_METHODS = {"ParsesReceipts": "receipt_push", "ParsesReplies": "reply_push"}
_SHOWN = 1_000
_PATIENCE = 5.0  # seconds for one push; a server has others waiting


class WebhookContract(SendingContract):
    """What a vendor pushes, and what the adapter makes of it.

    Attributes:
        signed: the vendor signs its pushes; then `receipt_push` and `reply_push` sign them, with the contract's config.
        receipts_together: one push may hold several receipts.
        tells_pending: False for a vendor that tells only what is final.
        receipt_answer / reply_answer: what the vendor wants to hear.
    """

    signed: ClassVar[bool] = False
    receipts_together: ClassVar[bool] = False
    tells_pending: ClassVar[bool] = True
    receipt_answer: ClassVar[WebhookResponse] = WebhookResponse()
    reply_answer: ClassVar[WebhookResponse] = WebhookResponse()

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if getattr(cls, "adapter_class", None) is None:
            return
        for capability, method in _METHODS.items():
            if cls.has(capability) and getattr(cls, method) is getattr(WebhookContract, method):
                msg = f"{cls.adapter_class.__name__} declares {capability}, so {cls.__name__} needs {method}(self, …, world)"
                raise TypeError(msg)

    def receipt_push(self, reports: Sequence[Report], world: Network) -> WebhookRequest:  # noqa: ARG002 - a vendor replaces it
        """The push that tells `reports`, as the vendor would make it; one report unless `receipts_together`."""
        raise TypeError(type(self).__name__)  # a class that needs it and has none cannot be made

    def reply_push(self, replies: Sequence[Reply], world: Network) -> WebhookRequest:  # noqa: ARG002 - likewise
        """The push of one text from a customer; `Reply.sender` is E.164 here."""
        raise TypeError(type(self).__name__)

    @classmethod
    def has(cls, needs: str) -> bool:
        """A check may need a secret that signs pushes."""
        if needs == SHARED_SECRET:
            return any(isinstance(value, Secret) for value in cls.config.values())
        return super().has(needs)

    # ------------------------------------------------------------------ what the checks push

    def reports(self, rig: Rig, *states: ReceiptState | None, permanent: bool = False) -> list[Report]:
        """Send a text for each state, and have it reported."""
        found = []
        for state in states:
            outcome = self.send(rig.adapter, rig.world, to=OTHER)
            assert isinstance(outcome, Accepted)
            taken = rig.world.texts[-1]
            found.append(Report(key=taken.key, ref=taken.ref, to=taken.to, state=state, permanent=permanent))
        return found

    def pushes(self, rig: Rig) -> dict[str, WebhookRequest]:
        """One good push of each kind that the adapter understands."""
        found = {}
        if self.has("ParsesReceipts"):
            found["receipt"] = self.receipt_push(self.reports(rig, ReceiptState.DELIVERED), rig.world)
        if self.has("ParsesReplies"):
            found["reply"] = self.reply_push([a_reply(f"{NAME}说好的")], rig.world)
        return found

    def _twins(self, rig: Rig) -> Iterator[tuple[WebhookRequest, WebhookRequest]]:
        """Two good pushes of each kind that say different things."""
        if self.has("ParsesReceipts"):
            delivered, failed = self.reports(rig, ReceiptState.DELIVERED, ReceiptState.FAILED)
            yield self.receipt_push([delivered], rig.world), self.receipt_push([failed], rig.world)
        if self.has("ParsesReplies"):
            yield self.reply_push([a_reply("好的")], rig.world), self.reply_push([a_reply("退订")], rig.world)

    # ------------------------------------------------------------------ the checks

    @check(needs="ParsesReceipts & ParsesReplies")
    def test_each_parser_leaves_the_others_pushes(self, rig: Rig) -> None:
        """`parse_receipts` returns None for a reply, and `parse_replies` for a receipt.

        Why: the core asks one after the other; an error of the first loses what the second would have read.
        If this fails: tell them apart by path, method or a field, before anything is read.
        """
        pushes = self.pushes(rig)

        assert rig.adapter.parse_receipts(pushes["reply"]) is None
        assert rig.adapter.parse_replies(pushes["receipt"]) is None

    @check(needs=PUSHED)
    def test_a_repeated_push_says_the_same(self, rig: Rig) -> None:
        """A push that comes again, at once or an hour later, gives the same events or is refused with an error.

        Why: vendors repeat what was not answered in time, and strangers repeat what they overheard; the core recognises repeats.
        If this fails: keep nothing between two calls; take times and ids from the push, not from the clock.
        """
        pushes = self.pushes(rig)
        first = {name: read(rig.adapter, push) for name, push in pushes.items()}
        again = {name: read(rig.adapter, push) for name, push in pushes.items()}
        rig.clock.tick(hours=1)
        late = {name: read(rig.fresh(), push) for name, push in pushes.items()}
        for name, events in first.items():
            assert isinstance(events, tuple), name
            assert events, name
            for repeated in (again[name], late[name]):
                assert repeated == events or (self.signed and isinstance(repeated, PermanentError)), name

    @check(needs=f"{PUSHED} & signed")
    def test_a_push_that_waited_is_read(self, rig: Rig) -> None:
        """A signed push that is read a day after it came in, `received_at`, says what it would have said then.

        Why: a push is stored and answered before it is read; what a crash leaves over is read by the next `collect`, and the vendor,
        who has his answer, does not repeat it.
        If this fails: compare the time that the vendor signed with `request.received_at or context.clock.now()`.
        """
        pushes = {name: attrs.evolve(push, received_at=rig.clock.now()) for name, push in self.pushes(rig).items()}
        first = {name: read(rig.adapter, push) for name, push in pushes.items()}
        rig.clock.tick(days=1)

        assert first == {name: read(rig.adapter, push) for name, push in pushes.items()}

    @check(needs=PUSHED)
    def test_parsing_asks_nobody(self, rig: Rig) -> None:
        """Reading a push opens no file and no connection, and asks the vendor nothing.

        Why: pushes are stored first and read later, also in a replay years after the vendor has forgotten them.
        If this fails: take what the push says; keys of signatures belong into the configuration.
        """
        pushes = self.pushes(rig)
        before = len(rig.wire.travelled)
        with guard.watching(self.adapter_class) as done:
            for push in pushes.values():
                read(rig.adapter, push)

        assert not done, "\n".join(done)
        assert before == len(rig.wire.travelled)

    @check(needs=PUSHED)
    def test_garbage_is_refused(self, rig: Rig) -> None:
        """Whatever is pushed, the adapter returns events or None, or raises `PermanentError`, and soon.

        Why: the address is open to the world, and half a push is what a proxy leaves of one.
        If this fails: check types before you use a value, bound what you convert (`datetime.fromtimestamp`, `int`), raise
        `PermanentError` for what is not there; no regular expression that backtracks.
        """
        from hypothesis import HealthCheck, Phase, given, settings

        adapter, good = rig.adapter, [*self.pushes(rig).values()]
        if self.has("ParsesReceipts"):
            good.append(self.receipt_push(self.reports(rig, ReceiptState.FAILED, permanent=True), rig.world))
        _survives(adapter, tuple(garbage.evil(good)))

        @settings(
            max_examples=garbage.EXAMPLES, derandomize=True, database=None, deadline=None, print_blob=False,
            phases=(Phase.generate, Phase.shrink), suppress_health_check=tuple(HealthCheck),
        )  # fmt: skip
        @given(garbage.pushes(good))
        def pushed(push: WebhookRequest) -> None:
            _survives(adapter, [push])

        pushed()

    @check(needs=PUSHED)
    def test_a_broken_push_shows_no_customer(self, rig: Rig) -> None:
        """The error about a push that cannot be read quotes neither the customer's number nor the text, in any language.

        Why: it is kept with the push and shown to whoever looks why it failed.
        If this fails: name the field, not its value; raise `from None` where a library's error quotes.
        """
        shown: dict[str, str] = {}
        for kind, push in self.pushes(rig).items():
            for number, damaged in enumerate(garbage.broken(push)):
                error = _raised(rig.adapter, damaged)
                if isinstance(error, CrmError):
                    told = [error.render(lang) for lang in ("zh", "en")]
                    shown[f"{kind} {number}"] = "".join([*told, *traceback.format_exception(error)])
        personal = [CUSTOMER.removeprefix("+86"), OTHER.removeprefix("+86"), NAME]

        assert not (found := standing(personal, shown)), "\n".join(found)

    @check(needs=f"{PUSHED} & signed")
    def test_what_was_not_signed_is_refused(self, rig: Rig) -> None:
        """A push whose body, query or headers were changed, or whose signature is missing, gives no other events than the true one.

        Why: whoever finds the address could report texts as delivered, or opt customers out.
        If this fails: verify the signature over what the vendor signs, before anything is read, with `hmac.compare_digest`; a push
        without one is refused.
        """
        for true, other in self._twins(rig):
            events = read(rig.adapter, true)
            for forged in garbage.forged(true, other):
                outcome = read(rig.adapter, forged)

                assert outcome is None or isinstance(outcome, PermanentError) or outcome == events, _shown(forged)

    @check(needs=f"{PUSHED} & signed")
    def test_a_signature_is_compared_in_constant_time(self, rig: Rig) -> None:
        """A signature in a header or in the query is not compared with `==`.

        Why: `==` ends at the first sign that differs; whoever measures how long it takes finds the signature sign by sign.
        If this fails: `hmac.compare_digest(expected.encode(), given.encode())`.
        """
        compared = []
        for true, other in self._twins(rig):
            push, equals = garbage.watched(true, other)
            read(rig.adapter, push)
            compared += equals

        assert [] == compared

    @check(needs=f"{PUSHED} & signed & {SHARED_SECRET}")
    def test_a_stranger_cannot_sign(self, rig: Rig) -> None:
        """A push that was signed with other secrets than the configured ones is refused.

        Why: a digest that needs no secret can be made by everybody.
        If this fails: key the signature with the secret of the configuration.
        """
        pushes = self.pushes(rig)
        strange: dict[str, Any] = {
            name: Secret("Another-secret") for name, value in self.config.items() if isinstance(value, Secret)
        }
        for name, push in pushes.items():
            outcome = read(rig.fresh(**strange), push)

            assert outcome is None or isinstance(outcome, PermanentError), f"the {name} of a stranger was believed"


def read(adapter: Any, push: WebhookRequest) -> tuple[Receipt | Reply, ...] | CrmError | None:
    """What the core would make of a push: events, None, or what was raised on purpose."""
    try:
        for capability in ("parse_receipts", "parse_replies"):
            parsed = getattr(adapter, capability, lambda _push: None)(push)
            if parsed is not None:
                events: tuple[Receipt | Reply, ...] = parsed.events
                return events
    except CrmError as error:
        return error
    return None


def _raised(adapter: Any, push: WebhookRequest) -> object:
    """What reading it raised, whatever it is; anything else where nothing was raised."""
    try:
        return read(adapter, push)
    except Exception as error:  # noqa: BLE001 - that it must not is another check
        return error


def _survives(adapter: Any, pushes: Sequence[WebhookRequest]) -> None:
    """Read them in a thread, since what hangs cannot be ended."""
    done: list[str | None] = []

    def work() -> None:
        for push in pushes:
            problem = _problem(adapter, push)
            done.append(problem)
            if problem is not None:
                return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    before = -1
    while thread.is_alive() and before < len(done):
        before = len(done)
        thread.join(_PATIENCE)
    if thread.is_alive():
        pytest.fail(f"still reading after {_PATIENCE} seconds: {_shown(pushes[len(done)])}", pytrace=False)
    if done and done[-1] is not None:
        pytest.fail(f"{_shown(pushes[len(done) - 1])}\n{done[-1]}", pytrace=False)


def _problem(adapter: Any, push: WebhookRequest) -> str | None:
    """What is wrong with how the adapter takes it; None: nothing."""
    for name, kind in (("parse_receipts", Receipt), ("parse_replies", Reply)):
        if not hasattr(adapter, name):
            continue
        try:
            parsed = getattr(adapter, name)(push)
        except PermanentError:
            continue
        except BaseException as error:  # noqa: BLE001 - whatever else is raised is the finding
            return "".join(traceback.format_exception(error))
        if parsed is not None and not (
            isinstance(parsed, Parsed) and all(isinstance(each, kind) for each in parsed.events)
        ):
            return f"{name} returned {type(parsed).__name__}"
    return None


def _shown(push: WebhookRequest) -> str:
    text = (
        f"{push.method} {push.path!r}, query {dict(push.query)}, headers {dict(push.headers)}, body {push.body[:200]!r}"
    )
    return text[:_SHOWN]
