"""The sandbox: the sample dealer's Kannel on loopback, with this plugin's settings for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcore.hooks import SandboxPlan, Secret
from crmcore.sample.gateway import PASSWORD, USERNAME, LoopbackGateway, Script
from crmcore.sample.loopback import call


class GatewaySandbox(LoopbackGateway):
    """It knows numbers as `number_format = "national"` writes them, and pushes replies to `<callback_url>/mo`."""

    def __init__(self, plan: SandboxPlan) -> None:
        def push(url: str) -> int:
            plan.before_push()
            return call(url)

        super().__init__(
            scripts={number.removeprefix("+86"): Script(reply=text) for number, text in plan.replies.items()},
            mo_url=f"{plan.callback_url}/mo" if plan.callback_url else "",
            deliver=push,
            now=plan.clock.now,
        )

    @property
    def settings(self) -> Mapping[str, Any]:
        """Address and login of this run."""
        return {"url": self.url, "username": USERNAME, "password": Secret(PASSWORD)}
