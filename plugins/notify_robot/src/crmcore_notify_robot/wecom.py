"""WeCom (企业微信): a robot of a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from crmcore_notify_robot.config import WeComConfig
from crmcore_notify_robot.robot import Robot

_BYTES = 2_048  # of `content`, in UTF-8; beyond it 40058


class WeComAdapter(Robot[WeComConfig]):
    """POST …/webhook/send?key=…."""

    name: ClassVar[str] = "wecom"
    Config: ClassVar[type] = WeComConfig
    later: ClassVar[Mapping[int, int]] = {45009: 60}
    misfit: ClassVar[frozenset[int]] = frozenset({40058})
    strangers: ClassVar[frozenset[int]] = frozenset({93000, 310000})

    def fits(self, text: str) -> bool:
        """At most 2,048 bytes; who is mentioned does not count."""
        return len(text.encode("utf-8", "replace")) <= _BYTES

    def query(self) -> dict[str, str]:
        """The key is all that WeCom wants."""
        return {"key": self.config.key.reveal().strip()}

    def body(self, text: str, mobiles: Sequence[str]) -> dict[str, Any]:
        """A text; WeCom writes the names of those who are mentioned itself."""
        return {"msgtype": "text", "text": {"content": text, "mentioned_mobile_list": list(mobiles)}}
