"""The facts of a busy dealer, gathered from either database."""

from __future__ import annotations

import attrs
import pytest
from tests.reports import world

from crmcore.flows.report_board import board
from crmcore.flows.report_calls import calls
from crmcore.flows.report_csi import csi

BOTH = (world.S01, world.S02)


@attrs.frozen
class Pages:
    """What each page would be given."""

    db: object

    def csi(self, stores=BOTH, *, lang="zh", survey=world.SURVEY, policy=world.POLICY, **window):
        return csi(self.db, {survey.code: survey}, policy, world.of(stores, lang=lang, **window), lang=lang)

    def board(self, stores=BOTH, *, lang="zh", **window):
        return board(self.db, world.CATEGORIES, 365, world.of(stores, lang=lang, **window), lang=lang)

    def calls(self, stores=BOTH, *, lang="zh", quality=None):
        given = quality or world.quality(lang)
        return calls(self.db, {world.RULE.code: world.RULE}, given, world.of(stores, lang=lang), lang=lang)

    def all(self, lang="zh"):
        return (self.csi(lang=lang), self.board(lang=lang), self.calls(lang=lang))


@pytest.fixture(name="voices")
def _voices(db):
    return world.Voices(db)


@pytest.fixture(name="pages")
def _pages(db):
    """An empty dealer, until a test writes something."""
    return Pages(db)


@pytest.fixture(name="busy")
def _busy(db):
    world.busy(db)
    return Pages(db)
