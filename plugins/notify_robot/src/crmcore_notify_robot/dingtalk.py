"""DingTalk: a custom robot of a group, with any of its three security settings: a sign, a keyword, an IP address."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from crmcore_notify_robot.config import DingTalkConfig
from crmcore_notify_robot.robot import MOST_MENTIONS, Robot, written

_BYTES = 20_000  # "message too long, exceed 20000 bytes" (460101) counts the whole body
_EXAMPLE = "00000000000000"  # a mobile number, or one from abroad


class DingTalkAdapter(Robot[DingTalkConfig]):
    """POST …/robot/send?access_token=…&timestamp=…&sign=…; after too many messages a robot is deaf for ten minutes."""

    name: ClassVar[str] = "dingtalk"
    Config: ClassVar[type] = DingTalkConfig
    later: ClassVar[Mapping[int, int]] = {130101: 600, 410100: 600, 90030: 3600}
    # 460101: too long; 43010x: content that DingTalk does not pass on
    misfit: ClassVar[frozenset[int]] = frozenset({40058, 460101, 430101, 430102, 430103, 430104})
    # 310000: sign, keyword, address or timestamp; the others: no such token or robot, robot stopped, group gone
    strangers: ClassVar[frozenset[int]] = frozenset({310000, 300001, 300005, 400013, 400101, 400102, 400106})

    def fits(self, text: str) -> bool:
        """The whole body, with as many colleagues mentioned as can be, stays below 20,000 bytes."""
        return len(written(self.body(text, [_EXAMPLE] * MOST_MENTIONS))) <= _BYTES

    def query(self) -> dict[str, str]:
        """The token, and where a secret is set, the time in milliseconds and its sign."""
        query = {"access_token": self.config.access_token.reveal().strip()}
        if secret := self.config.secret.reveal().strip():
            timestamp = str(int(self.context.clock.now().timestamp() * 1000))
            query |= {"timestamp": timestamp, "sign": sign(timestamp, secret)}
        return query

    def body(self, text: str, mobiles: Sequence[str]) -> dict[str, Any]:
        """A text; who is mentioned must stand in it as well, or nobody's phone rings."""
        keyword = self.config.keyword
        lines = [keyword] if keyword and keyword not in text else []
        lines.append(text)
        if mobiles:
            lines.append(" ".join(f"@{mobile}" for mobile in mobiles))
        return {
            "msgtype": "text",
            "text": {"content": "\n".join(lines)},
            "at": {"atMobiles": list(mobiles), "isAtAll": False},
        }


def sign(timestamp: str, secret: str) -> str:
    """Base64 of the HMAC-SHA256 of `timestamp`, a newline and `secret`, keyed with `secret`; not yet URL-encoded."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
