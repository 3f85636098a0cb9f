"""Hears a complaint in what a customer wrote or said: by words, with visible reasons, and with an ear for "no"."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from crmcore.types.complaint import Category, ComplaintDraft, Severity


def find(
    text: str,
    categories: Mapping[str, Category],
    critical_words: Collection[str] = (),
    *,
    demand_words: Collection[str] = (),
    harmless_words: Collection[str] = (),
) -> ComplaintDraft | None:
    """The complaint in `text`, None when there is none."""
    found = [(len(word), category, word) for category in categories.values() for word in category.words if word in text]
    critical = [word for word in critical_words if word in text]
    if not found and not critical:
        return None
    _, category, word = max(found, key=lambda each: each[0], default=(0, categories["OTHER"], ""))
    why = ((f"word:{word}",) if word else ()) + tuple(f"critical:{each}" for each in critical)
    severity = Severity.CRITICAL if critical else category.severity
    return ComplaintDraft(category=category.code, severity=severity, verbatim=text, why=why)
