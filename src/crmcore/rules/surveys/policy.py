"""The numbers surveys go by: packs/surveys.toml, overridden by [surveys] of crm.toml."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class SurveyPolicy:
    """How often people are asked, and what looks odd.

    Attributes:
        packs: questionnaires: shipped ones by name, or paths.
        cooldown_days: a customer is asked at most once in so many days, whoever asks.
        invite_after_days: days after hand-over at which a link is sent.
        invite_window_days: for so many days after that it still is; later nobody remembers the visit.
        expires_days: how long a link is good for.
        alert_within_days: a low answer older than this when it comes in opens no case any more; it is counted in the report.
        shared_phone: a number under so many different customers is flagged.
        full_marks_run: so many full marks in a row for one advisor ...
        full_marks_hours: ... within so many hours are flagged.
        straight_line: so many scales answered alike are flagged.
        dropped_visits: so many bad visits of one advisor that nobody asked about make a finding.
        sources: where each number comes from, by field.
    """

    packs: tuple[str, ...]
    cooldown_days: int = attrs.field(validator=attrs.validators.ge(0))
    invite_after_days: int = attrs.field(validator=attrs.validators.ge(0))
    invite_window_days: int = attrs.field(validator=attrs.validators.ge(0))
    expires_days: int = attrs.field(validator=attrs.validators.ge(1))
    alert_within_days: int
    shared_phone: int
    full_marks_run: int
    full_marks_hours: int
    straight_line: int
    dropped_visits: int
    sources: Mapping[str, str] = attrs.field(factory=dict)
