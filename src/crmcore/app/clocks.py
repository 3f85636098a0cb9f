"""Where the time comes from: this machine, or a moment that was chosen."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        """The current instant, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine


@attrs.frozen
class FixedClock:
    """A clock that stands still: demo, tests, replays, `--now`."""

    at: datetime

    def now(self) -> datetime:
        """The instant it was set to."""
        return self.at
