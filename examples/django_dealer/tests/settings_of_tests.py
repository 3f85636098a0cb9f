"""The settings of the project at a moment that stands still."""

from datetime import datetime

from django_dealer.settings import *  # noqa: F403 - the project's, whole

from crmcore.app import FixedClock

CRM_OPTIONS = {"clock": FixedClock(datetime.fromisoformat("2026-11-22T10:00+08:00"))}
