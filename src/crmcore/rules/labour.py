"""Which of the manual's categories a job belongs to, by its name and its hours (S1: 日常保养, 一般维修, 二级维修, 总成大修)."""

from __future__ import annotations

import re

from crmcore.rules.text import fold
from crmcore.types.visit import LineCategory

#: Hundredths of an hour; the upper end belongs to the category (exact 6 h is J).
GENERAL_UNTIL, SECONDARY_UNTIL = 200, 600

#: S1: oil and filter, and nothing else.
_DAILY = re.compile(
    r"(?:更换|换|加注)?(?:发动机|全合成|半合成)?(?:机油|机滤|机油滤芯|机油滤清器|机油机滤|机油三滤)(?:[、,和及+/ ]*(?:机油|机滤|机油滤芯|滤芯))*"
    r"|(?:小|首次|常规|基础|日常)?保养|首保|oil(?: and)?(?: filter)?(?: change)?|lube,? oil(?:,? filter)?",
    re.IGNORECASE,
)


def category(name: str, hours: int | None) -> LineCategory:
    """The category of a job; one without hours is taken for a small one."""
    if _DAILY.fullmatch(fold(name)):
        return LineCategory.DAILY_MAINTENANCE
    if hours is None or hours <= GENERAL_UNTIL:
        return LineCategory.GENERAL
    return LineCategory.SECONDARY if hours <= SECONDARY_UNTIL else LineCategory.OVERHAUL
