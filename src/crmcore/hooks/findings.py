"""What a plugin's `crmcore_find_complaint` may answer, checked before anything of it comes near the store."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import attrs

from crmcore.types.complaint import ComplaintDraft, ComplaintForm, Severity

UNKNOWN = "OTHER"
_LONGEST = 4_000  # characters of what a plugin quotes; of a reason, a tenth of it


class Unusable(Exception):
    """What a hook returned is no `ComplaintDraft`; says what is wrong with it, and quotes nothing."""


def checked(answer: Any, categories: Collection[str]) -> tuple[ComplaintDraft, str]:
    """The draft as it can be kept, and what was mended in it ("" for nothing).

    A category that nobody knows becomes OTHER: a wrong word must not lose a complaint.

    Raises:
        Unusable: a field is of another type than the contract says.
    """
    if not isinstance(answer, ComplaintDraft):
        raise Unusable(f"returned {type(answer).__name__}, not ComplaintDraft")
    wanted = {"category": str, "severity": Severity, "form": ComplaintForm, "verbatim": str, "demand": str}
    for field, kind in wanted.items():
        if not isinstance(getattr(answer, field), kind):
            raise Unusable(f"ComplaintDraft.{field} is no {kind.__name__}")
    why: Any = answer.why  # whatever the plugin put there
    if not (isinstance(why, tuple | list) and all(isinstance(each, str) for each in why)):
        raise Unusable("ComplaintDraft.why is no tuple of str")
    draft = attrs.evolve(
        answer,
        verbatim=_writable(answer.verbatim, _LONGEST),
        demand=_writable(answer.demand, _LONGEST),
        why=tuple(_writable(each, _LONGEST // 10) for each in answer.why),
    )
    if draft.category in categories:
        return draft, ""
    return attrs.evolve(draft, category=UNKNOWN), "ComplaintDraft.category is not in the taxonomy; OTHER was taken"


def _writable(text: str, longest: int) -> str:
    """Without what a database cannot hold: NUL, halves of a pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:longest]
