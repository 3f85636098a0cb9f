"""Survey waves from the files that a research agency delivers: CSV, XLSX, XLS, ODS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmcore.hooks import Adapter, hookimpl
from crmcore_survey_csv.adapter import CsvSurvey
from crmcore_survey_csv.config import CsvSurveyConfig

__all__ = ["CsvSurvey", "CsvSurveyConfig"]


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    """The adapter "csv"."""
    return [CsvSurvey]
