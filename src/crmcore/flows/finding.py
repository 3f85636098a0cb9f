"""Who looks whether an answer, a call or a text is a complaint: the clerk's tick, the words, the low answers, the plugins.

Finders run outside any transaction and never raise: what came in is kept either way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import attrs

from crmcore.rules import grievance
from crmcore.rules.complaints.policy import ComplaintPolicy
from crmcore.rules.surveys.alerts import low_answers
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
        why += [f"category:{evidence.category}"] if evidence.category else []
        known = categories.get(evidence.category or "OTHER") or categories.get("OTHER")
        draft = ComplaintDraft(why=tuple(why), verbatim=evidence.remark)
        if known is not None:
            draft = attrs.evolve(draft, category=known.code, severity=known.severity)
        return Found(draft=draft, by="call_result")

    return find


def worded(categories: Mapping[str, Category], policy: ComplaintPolicy) -> Finder:
    """The words of the taxonomy, wherever the customer's own words stand."""

    def find(evidence: Evidence) -> Found | None:
        draft = grievance.find(
            words_of(evidence),
            categories,
            policy.critical_words,
            demand_words=policy.demand_words,
            harmless_words=policy.harmless_words,
        )
        return None if draft is None else Found(draft=draft, by="keywords")

    return find


def words_of(evidence: Evidence) -> str:
    """What the customer said in words of his own, line by line."""
    if isinstance(evidence, Reply):
        return evidence.text
    if isinstance(evidence, ContactAttempt):
        return evidence.remark
    said = (words for answer in evidence.answers for words in (answer.value, answer.comment))
    return "\n".join(words for words in said if words and not words.isdigit())


def low(survey: Survey | None) -> Finder:
    """Answers on the bad side of their limit (S3: low-score alert); voiced without a demand, a grumble (S2)."""

    def find(evidence: Evidence) -> Found | None:
        if survey is None or not isinstance(evidence, Response):
            return None
        found = low_answers(evidence, survey)
        if not found:
            return None
        why = tuple(f"alert:{name}={value}{'<' if value < limit else '>'}{limit}" for name, value, limit in found)
        draft = ComplaintDraft(form=ComplaintForm.GRUMBLE, verbatim=words_of(evidence), why=why)
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
