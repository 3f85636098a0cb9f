"""How a case ended for the customer: care and marketing stay away from who is not known to be content."""

from __future__ import annotations

from crmcore.types.complaint import Restoration

_CONTENT = frozenset({Restoration.RESTORED, Restoration.EXCEEDED})
#: Waivers behind which the customer has agreed in another way.
_AGREED = frozenset({"WAIVER_SETTLED_IN_PERSON"})


def restored(said: Restoration | None, waiver: str | None) -> bool:
    """Is the customer known to be content, by the second callback or by what stands in its place?"""
    return said in _CONTENT or (said is None and waiver in _AGREED)
