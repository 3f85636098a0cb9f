"""A folder of exports, and the adapter on it as the core would build it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from crmcore.hooks import Context, Entry, Record, Reject
from crmcore_dms_csv import CsvConfig, CsvDms


class Clock:
    def now(self):
        return datetime(2026, 11, 22, tzinfo=UTC)


class Http:
    """Nobody reads a file over HTTP."""


class Exports:
    """The dealer's folder: put files into it and pull them."""

    def __init__(self, folder):
        self.folder = folder

    def put(self, content, name="ro.csv", encoding="utf-8"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def adapter(self, *, salt=b"", path="*.csv", **config):
        context = Context(
            instance="main",
            system="main",
            folder=self.folder,
            http=Http(),
            clock=Clock(),
            logger=logging.getLogger("crmcore.dms.main"),
            salt=salt,
        )
        return CsvDms(CsvConfig(path=path, **config), context)

    def batches(self, cursor=None, **config):
        return list(self.adapter(**config).pull(cursor))

    def entries(self, **config):
        return [entry for batch in self.batches(**config) for entry in batch.entries]

    def said(self, **config):
        """Everything that the rows say, rejects included."""
        found = []
        for entry in self.entries(**config):
            found += entry.records() if isinstance(entry, Entry) else [entry]
        return found

    def records(self, **config):
        said = self.said(**config)
        assert [] == [one for one in said if not isinstance(one, Record)]
        return [one.data for one in said]

    def rejects(self, **config):
        said = self.said(**config)
        assert [] == [one for one in said if not isinstance(one, Reject)]
        return [(one.at, one.column, one.reason, one.value_shape) for one in said]


@pytest.fixture
def exports(tmp_path):
    return Exports(tmp_path)
