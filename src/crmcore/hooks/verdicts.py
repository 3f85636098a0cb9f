"""What a plugin's `crmcore_before_send` may answer, checked before anything is decided by it."""

from __future__ import annotations

import re
from typing import Any

from crmcore.types.contact import Refuse

_REASON = re.compile(r"[A-Z][A-Z0-9_]{0,59}")


class Unusable(Exception):
    """What a hook returned is neither None nor a `Refuse` with a reason code; says what is wrong, and quotes nothing."""


def checked(answer: Any) -> Refuse | None:
    """The answer, if it is one; raises `Unusable`."""
    if answer is None:
        return None
    if not isinstance(answer, Refuse):
        raise Unusable(f"returned {type(answer).__name__}, neither Refuse nor None")
    why: Any = answer.why  # whatever the plugin put there
    if not (isinstance(why, str) and _REASON.fullmatch(why)):
        raise Unusable("Refuse.why is no code in UPPER_SNAKE")
    return answer
