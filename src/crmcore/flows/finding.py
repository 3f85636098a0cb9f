"""Who looks whether an answer, a call or a text is a complaint: the clerk's tick, the words, the low answers, the plugins.

Finders run outside any transaction and never raise: what came in is kept either way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import attrs

from crmcore.rules import grievance
from crmcore.rules.complaints.cause import OTHER
from crmcore.rules.complaints.policy import ComplaintPolicy
from crmcore.rules.surveys.alerts import about, low_answers
from crmcore.types.complaint import Category, ComplaintDraft, ComplaintForm
from crmcore.types.contact import CallResult, ContactAttempt, Effect, Reply
from crmcore.types.survey import Response, Survey

if TYPE_CHECKING:
    from crmcore.hooks.manager import Plugins

Evidence = Response | ContactAttempt | Reply


@attrs.frozen(kw_only=True)
class Found:
    """What one finder makes of it.

    Attributes:
        by: "call_result", "keywords", "alert_below" or the name of a plugin.
    """

    draft: ComplaintDraft
    by: str


Finder = Callable[[Evidence], Found | None]
_LOGGER = logging.getLogger("crmcore.complaints")


def ask(find: Finder, evidence: Evidence) -> Found | None:
    """What a finder says; None when it fails: one text that breaks it must not keep all others from coming in."""
    try:
        return find(evidence)
    except Exception as error:  # noqa: BLE001 - its words may be the customer's, so only its kind is told
        _LOGGER.error("a complaint finder failed: %s", type(error).__name__)  # noqa: TRY400 - no traceback, for the same reason
        return None


def ticked(results: Mapping[str, CallResult], categories: Mapping[str, Category]) -> Finder:
    """The clerk says so: a call result that means a complaint, or a category that is ticked."""

    def find(evidence: Evidence) -> Found | None:
        if not isinstance(evidence, ContactAttempt):
            return None
        result = results.get(evidence.result)
        by_result = result is not None and result.effect is Effect.COMPLAINT
        if not by_result and not evidence.category:
            return None
        why = [f"result:{evidence.result}"] if by_result else []
        if evidence.category and evidence.category != OTHER:
            why.append(f"category:{evidence.category}")
        elif not by_result:
            why.append("ticked")  # that it is one, and no more
        known = categories.get(evidence.category or "OTHER") or categories.get("OTHER")
        draft = ComplaintDraft(why=tuple(why), verbatim=evidence.remark)
        if known is not None:
            draft = attrs.evolve(draft, category=known.code, severity=known.severity)
        return Found(draft=draft, by="call_result")

    return find


def worded(categories: Mapping[str, Category], policy: ComplaintPolicy) -> Finder:
    """The words of the taxonomy, wherever the customer's own words stand."""

    def find(evidence: Evidence) -> Found | None:
        draft = grievance.find(evidence, categories, policy)
        return None if draft is None else Found(draft=draft, by="keywords")

    return find


def low(survey: Survey | None) -> Finder:
    """Answers on the bad side of their limit (S3: low-score alert); voiced without a demand, a grumble (S2)."""

    def find(evidence: Evidence) -> Found | None:
        if survey is None or not isinstance(evidence, Response):
            return None
        found = low_answers(evidence, survey)
        if not found:
            return None
        why = tuple(f"alert:{name}={value}{'<' if value < limit else '>'}{limit}" for name, value, limit in found)
        draft = ComplaintDraft(
            category=about(found, survey) or OTHER,
            form=ComplaintForm.GRUMBLE,
            verbatim=grievance.own_words(evidence),
            why=why,
        )
        return Found(draft=draft, by="alert_below")

    return find


def of_plugins(plugins: Plugins, categories: Mapping[str, Category]) -> tuple[Finder, ...]:
    """One finder for each plugin that has the hook."""

    def of(name: str) -> Finder:
        def find(evidence: Evidence) -> Found | None:
            draft = plugins.find_complaint(name, evidence, categories)
            return None if draft is None else Found(draft=draft, by=name)

        return find

    return tuple(of(name) for name in plugins.finders())
