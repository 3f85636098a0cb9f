"""Customers, vehicles and visits from the files a DMS exports: CSV, XLSX, XLS, ODS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crmcore.hooks import Adapter, hookimpl
from crmcore_dms_csv.adapter import CsvDms
from crmcore_dms_csv.config import CsvConfig

__all__ = ["CsvConfig", "CsvDms"]


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    """The adapter "csv"."""
    return [CsvDms]
