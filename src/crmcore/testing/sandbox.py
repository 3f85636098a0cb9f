"""What holds for the vendor that an adapter brings along: the demo is told through it, over real sockets."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs

from crmcore.hooks.adapters import SandboxPlan, WebhookRequest
from crmcore.http import HttpClient
from crmcore.sample.loopback import Loopback, Page
from crmcore.testing.contract import check
from crmcore.testing.network import CUSTOMER, TEXT, e164
from crmcore.testing.rig import PATIENT, Clock, Rig
from crmcore.testing.sending import SendingContract
from crmcore.testing.webhooks import read
from crmcore.testing.wire import Wire
from crmcore.types.contact import Accepted, Receipt, ReceiptState, Reply

_INSTANCE = "/hooks/S3cretPath/contract"


class SandboxContract(SendingContract):
    """What `HasSandbox` promises."""

    @check(needs="HasSandbox")
    def test_its_sandbox_takes_a_text(self, tmp_path: Path) -> None:
        """An adapter that is made of the sandbox's settings alone sends a text there, and the sandbox shows number and text.

        Why: `crmcore demo --messaging NAME` is the first thing a dealer tries.
        If this fails: `settings` are fields of `Config` as `Config` has them, and enough of them; `texts` is what the phone would show.
        """
        with self._sandbox(tmp_path) as (sandbox, adapter, _):
            outcome = adapter.send(self.message(), key="Sandbox1")

            assert isinstance(outcome, Accepted)
            assert [(CUSTOMER, TEXT)] == [(e164(text.to), text.text) for text in sandbox.texts]

    @check(needs="HasSandbox")
    def test_its_sandbox_answers(self, tmp_path: Path) -> None:
        """The sandbox delivers the text, pushes a receipt for it and the planned reply, and the adapter understands both.

        Why: the demo shows the whole way there and back; a vendor without a way back shows half of it.
        If this fails: push to `plan.callback_url`, call `plan.before_push` first, and let `settle()` wait until all is pushed.
        """
        with self._sandbox(tmp_path) as (sandbox, adapter, received):
            adapter.send(self.message(), key="Sandbox1")
            sandbox.settle()
            events = [event for push in received for event in read(adapter, push) or ()]  # type: ignore[union-attr]

        states = [event.state for event in events if isinstance(event, Receipt)]
        assert (ReceiptState.DELIVERED in states) is self.has("ParsesReceipts")
        assert (["退订"] if self.has("ParsesReplies") else []) == [
            event.text for event in events if isinstance(event, Reply)
        ]

    @contextlib.contextmanager
    def _sandbox(self, folder: Path) -> Iterator[tuple[Any, Any, list[WebhookRequest]]]:
        """The sandbox, an adapter that is set to it, and what it pushes."""
        clock, http = Clock(), HttpClient(PATIENT)
        world = self.make_world(folder, clock)
        rig = Rig(contract=self, world=world, wire=Wire(), http=http, clock=clock)
        with _Receiver() as receiver, contextlib.closing(http):
            callback = f"{receiver.base}{_INSTANCE}"
            plan = SandboxPlan(clock=clock, callback_url=callback, replies={CUSTOMER: "退订"})
            with self.adapter_class.sandbox(plan) as sandbox:  # type: ignore[attr-defined]
                context = attrs.evolve(rig.context(), callback_url=callback)
                adapter = self.adapter_class(self.adapter_class.Config(**sandbox.settings), context)
                with contextlib.closing(adapter):
                    yield sandbox, adapter, receiver.pushed


class _Receiver(Loopback):
    """Where the sandbox pushes to."""

    def __init__(self) -> None:
        self.pushed: list[WebhookRequest] = []
        self.lock = threading.Lock()
        super().__init__(_Hook)


class _Hook(Page):
    def got(self) -> None:
        """A push in a query."""
        self._keep(b"")

    def posted(self) -> None:
        """A push with a body."""
        self._keep(self.body())

    def _keep(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        push = WebhookRequest(
            method=self.command,
            path=parts.path.removeprefix(_INSTANCE).strip("/"),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        with self.server.vendor.lock:
            self.server.vendor.pushed.append(push)
        self.answer(200, b"", "text/plain")
