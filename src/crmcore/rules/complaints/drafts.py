"""Several finders may hear a complaint in the same words: what the case is then opened as."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from crmcore.rules.complaints.cause import OTHER, severer
from crmcore.types.complaint import ComplaintDraft, ComplaintForm

_FORMS = tuple(ComplaintForm)


def together(drafts: Sequence[ComplaintDraft]) -> ComplaintDraft:
    """One draft of several, which are in the order in which they are believed; there is at least one.

    The first that knows the category says it, the gravest severity and the plainest form hold, every reason is kept.
    """
    first, *others = drafts
    for each in others:
        first = attrs.evolve(
            first,
            category=each.category if first.category == OTHER else first.category,
            severity=severer(first.severity, each.severity),
            form=max(first.form, each.form, key=_FORMS.index),
            verbatim=first.verbatim or each.verbatim,
            demand=first.demand or each.demand,
            why=tuple(dict.fromkeys((*first.why, *each.why))),
        )
    return first
