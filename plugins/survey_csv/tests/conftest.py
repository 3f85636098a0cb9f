"""A folder of waves, and the adapter on it as the core would build it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from crmcore.hooks import Context, Entry, Record, Reject
from crmcore_survey_csv import CsvSurvey, CsvSurveyConfig


class Clock:
    def now(self):
        return datetime(2026, 11, 22, tzinfo=UTC)


class Http:
    """Nobody reads a file over HTTP."""


class Waves:
    """The folder the agency's files are put into: put them there and pull them."""

    def __init__(self, folder):
        self.folder = folder

    def put(self, content, name="2026-Q3.csv", encoding="utf-8"):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def adapter(self, *, salt=b"", path="*.csv", **config):
        context = Context(
            instance="agency",
            system="agency",
            folder=self.folder,
            http=Http(),
            clock=Clock(),
            logger=logging.getLogger("crmcore.survey.agency"),
            salt=salt,
        )
        return CsvSurvey(CsvSurveyConfig(path=path, **config), context)

    def batches(self, cursor=None, **config):
        return list(self.adapter(**config).pull_responses(cursor))

    def entries(self, **config):
        return [entry for batch in self.batches(**config) for entry in batch.entries]

    def said(self, **config):
        found = []
        for entry in self.entries(**config):
            found += entry.records() if isinstance(entry, Entry) else [entry]
        return found

    def responses(self, **config):
        said = self.said(**config)
        assert {"response"} >= {one.entity for one in said if isinstance(one, Record)}
        return [one.data for one in said if isinstance(one, Record)]

    def rejects(self, **config):
        return [(one.at, one.column, one.reason) for one in self.said(**config) if isinstance(one, Reject)]


@pytest.fixture
def waves(tmp_path):
    return Waves(tmp_path)
