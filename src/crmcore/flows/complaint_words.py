"""What stands in the record of a case, in words: who found it and why, what happened. `show` and `explain` say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import attrs

from crmcore.lang import say
from crmcore.types.complaint import Category, EventKind
from crmcore.types.contact import CallResult


class Lists(Protocol):
    """The dealer's own lists: `Cases` and the configuration have them."""

    @property
    def categories(self) -> Mapping[str, Category]:
        """The taxonomy."""

    @property
    def results(self) -> Mapping[str, CallResult]:
        """What may come of a call."""


@attrs.frozen
class Words:
    """The words of one reader."""

    lists: Lists
    lang: str

    def coded(self, kind: str, code: str, default: str | None = None, **params: str) -> str:
        """The words of a code of one kind: "severity", "by"; the code itself, or `default`, where it has none."""
        key = f"{kind}.{code}"
        said = say(key, self.lang, **params)
        return (default or code) if said == key else said

    def category(self, code: str) -> str:
        """A line of the taxonomy, or one that was in it."""
        known = self.lists.categories.get(code)
        return code if known is None else known.label.get(self.lang, code)

    def result(self, code: str) -> str:
        """What came of a call."""
        known = self.lists.results.get(code)
        return code if known is None else known.label.get(self.lang, code)

    def why(self, reason: str) -> str:
        """A visible reason: "word:太贵" is the word; what a plugin says in its own way stays as it is."""
        kind, _, what = reason.partition(":")
        named = {"category": self.category, "result": self.result}.get(kind)
        return self.coded("why", kind, reason, what=named(what) if named else what)

    def event(self, kind: str, detail: Mapping[str, Any]) -> str:
        """What happened: of an offer, which of its three steps; of a second callback, what came of it."""
        if kind == EventKind.OFFER:
            step = next((key for key in ("approved_by", "accepted") if key in detail), "made")
            return self.coded("event", "OFFER_DECLINED" if detail.get("accepted") is False else _OFFER[step])
        said = self.coded("event", kind)
        if kind == EventKind.CALL_BACK and "result" in detail:
            heard = detail.get("said")
            what = self.coded("restoration", heard) if heard else self.result(detail["result"])
            return say("event.heard", self.lang, event=said, what=what)
        return said


_OFFER = {"made": "OFFER", "approved_by": "OFFER_APPROVED", "accepted": "OFFER_ACCEPTED"}
