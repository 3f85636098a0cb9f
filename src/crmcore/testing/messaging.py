"""The contract of messaging adapters, as vendors subclass it."""

from __future__ import annotations

from crmcore.testing.batches import BatchContract
from crmcore.testing.groups import GroupContract
from crmcore.testing.logs import LogContract
from crmcore.testing.once import OnceContract
from crmcore.testing.receipts import ReceiptContract
from crmcore.testing.replies import ReplyContract
from crmcore.testing.sandbox import SandboxContract


class MessagingContract(
    GroupContract, SandboxContract, LogContract, ReplyContract, ReceiptContract, BatchContract, OnceContract
):
    """What a messaging adapter promises, and what each of its capabilities adds.

    `vendor` scripts how the vendor's system answers: it looks at `world.locked` for who we are, hands each text to `world.take(…)`,
    and says in the vendor's words what that returned: `Taken`, `Refused` or `Failed`. Where a log is asked, it answers from
    `world.texts` and `world.outbox`.
    """
