"""The settings of the project at a moment that stands still."""

from datetime import datetime

from django_dealer.settings import *  # noqa: F403 - the project's, whole


class Ten:
    """Ten in the morning of the sample dealer's day."""

    def now(self) -> datetime:
        """That moment."""
        return datetime.fromisoformat("2026-11-22T10:00+08:00")


CRM_OPTIONS = {"clock": Ten()}
