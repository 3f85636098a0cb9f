"""The plugin as the core finds it."""

from __future__ import annotations

import crmcore_dms_csv
from crmcore_dms_csv import CsvDms


def test_the_plugin_brings_one_adapter():
    """[dms.<instance>] with adapter = "csv"."""
    assert [CsvDms] == list(crmcore_dms_csv.crmcore_adapters())
    assert ("dms", "csv") == (CsvDms.kind, CsvDms.name)
