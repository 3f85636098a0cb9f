"""A small dealer with known truth, and small loopback vendors for it to talk to.

Everything here is invented: names of common characters, numbers of two fixed blocks, VINs of no maker.
"""

from __future__ import annotations

from crmcore.sample.bulk import Bulk, stream_csv
from crmcore.sample.dealer import SEED, TODAY, Dealer, generate, write
from crmcore.sample.settings import config_toml
from crmcore.sample.truth import Truth

__all__ = ["SEED", "TODAY", "Bulk", "Dealer", "Truth", "config_toml", "generate", "stream_csv", "write"]
