"""The contract of messaging adapters, as vendors subclass it."""

from __future__ import annotations

from crmcore.testing.sending import SendingContract


class MessagingContract(SendingContract):
    """What a messaging adapter promises, and what each capability adds to it."""
