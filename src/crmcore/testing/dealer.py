"""The sample dealer on disk: three hundred visits of two hundred invented people, and what is true of them.

pytest has it as the fixtures `sample_dealer` and `sample_crm`, wherever crmcore is installed.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Self

import attrs

from crmcore.sample.dealer import SEED, TODAY, Dealer, generate, write
from crmcore.sample.people import CHINA
from crmcore.sample.settings import INSTANCE, INSTANCES, TEMPLATE
from crmcore.sample.truth import Truth


@attrs.frozen(kw_only=True)
class SampleDealer:
    """A dealer whose exports lie in a folder.

    Attributes:
        dealer: its people, cars, visits and voices, before anybody wrote them down.
        folder: holds `exports/`, `waves/` and crm.toml.
        files: name -> path of the exports; the old module writes GB18030, another a BOM, one is a workbook.
        config: a crm.toml that reads the exports with the adapter "csv", and sends nothing anywhere.
        now: ten in the morning of the dealer's day; what is due, by the truth, is due from then on.
    """

    dealer: Dealer = attrs.field(repr=False)
    folder: Path
    files: dict[str, Path] = attrs.field(repr=False)
    config: Path
    now: datetime

    @property
    def truth(self) -> Truth:
        """What must come of it: counts of each file, bad rows, who is who, what is due and what never is."""
        return self.dealer.truth

    @classmethod
    def written(cls, folder: Path, *, seed: int = SEED) -> Self:
        """Make the dealer of `seed` and write it; the same seed gives the same bytes. Raises `MissingExtra` without `crmcore[app]`."""
        dealer = generate(seed)
        folder.mkdir(parents=True, exist_ok=True)
        files = write(dealer, folder)
        config = folder / "crm.toml"
        instances = "".join(INSTANCE.format(name=name, file=file) for name, file in INSTANCES)
        config.write_text(TEMPLATE.format(lang="zh") + instances, "utf-8")
        now = datetime.combine(TODAY, time(10), CHINA).astimezone(UTC)
        return cls(dealer=dealer, folder=folder, files=files.paths, config=config, now=now)
