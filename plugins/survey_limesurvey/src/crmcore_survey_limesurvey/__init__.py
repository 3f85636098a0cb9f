"""Invites customers to a LimeSurvey questionnaire and reads their answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmcore.hooks import Adapter, hookimpl


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    """The adapter "limesurvey" of kind "survey"."""
    from crmcore_survey_limesurvey.adapter import LimeSurvey

    return (LimeSurvey,)
