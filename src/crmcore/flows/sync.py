"""sync: what the dealer's systems know, into the store.

Fetch a batch from the adapter and leave out what was seen; decide what each record says and whom it means; record it all with
the cursor in one transaction. A crash between two batches loses nothing and repeats nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import attrs
from sqlalchemy import Connection

from crmcore.db import sources
from crmcore.db.engine import Database
from crmcore.errors import ConfigError, CrmError, StoreError
from crmcore.flows import rejects
from crmcore.flows.batch import Counts, Readers
from crmcore.flows.intake import Intake
from crmcore.flows.keeping import Keeper
from crmcore.flows.pull import Pull, batches
from crmcore.hooks.adapters import Clock, DmsAdapter
from crmcore.rules import clean
from crmcore.rules.odometer import INTERVALS, Interval
from crmcore.types.store import Store
from crmcore.types.vehicle import Powertrain

#: `Context.salt`: mixed into every digest, so that a new version of the cleaning rules reads every row again.
SALT = f"{clean.RULES_VERSION}/1".encode()


@attrs.frozen(kw_only=True)
class Source:
    """One [dms.<name>] that is to be read; `store` is that of a row which names none."""

    name: str
    system: str
    adapter: DmsAdapter[object] = attrs.field(repr=False)
    store: str


@attrs.frozen(kw_only=True)
class SourceReport:
    """What came of one source, in source rows: read = accepted + unchanged + duplicates + rejected, also after an error.

    Attributes:
        warnings: code -> how often; a VIN whose check digit is wrong, a word that is not known.
        unknown_fields: what the adapter says and the core has no place for; `status=?` is a field with words it does not know.
        error: why the source was not read to its end; what came before it is kept.
    """

    source: str
    read: int = 0
    accepted: int = 0
    unchanged: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejects: Path | None = None
    warnings: Mapping[str, int] = attrs.field(factory=dict)
    unknown_fields: tuple[str, ...] = ()
    error: CrmError | None = None


@attrs.frozen
class SyncReport:
    """What came of every source, in the order of the config."""

    sources: tuple[SourceReport, ...]

    @property
    def failed(self) -> bool:
        """Was a source not read to its end?"""
        return any(report.error is not None for report in self.sources)


def sync(
    db: Database,
    wanted: Sequence[Source],
    *,
    stores: Mapping[str, Store],
    clock: Clock,
    folder: Path,
    lang: str = "zh",
    intervals: Mapping[Powertrain, Interval] = INTERVALS,
    systems: Collection[str] | None = None,
) -> SyncReport:
    """Read every source from its cursor to its end; an error in one is reported, and the others go on.

    Args:
        folder: where rejects.csv is written (mode 0600).
        systems: every namespace that the config names, disabled and retired ones included; None: do not check.

    Raises:
        ConfigError: a namespace that was synced before is no longer in the config.
        StoreError: the database refuses; what was committed stays.
    """
    if systems is not None:
        _no_system_vanished(db, systems)
    zones = {code: store.timezone for code, store in stores.items()}
    reports = [_read(db, source, zones=zones, clock=clock, intervals=intervals) for source in wanted]
    path = rejects.write_csv(db, folder / "rejects.csv", lang)
    return SyncReport(tuple(attrs.evolve(report, rejects=path if report.rejected else None) for report in reports))


def _no_system_vanished(db: Database, systems: Collection[str]) -> None:
    with db.reading() as connection:
        vanished = sorted(sources.systems(connection) - set(systems))
    if vanished:
        raise ConfigError("CRM-S201", systems=", ".join(vanished))


def _read(
    db: Database, source: Source, *, zones: Mapping[str, str], clock: Clock, intervals: Mapping[Powertrain, Interval]
) -> SourceReport:
    counts = Counts()
    intake = Intake(source.store, zones)
    error: CrmError | None = None
    try:
        pull = Pull(db, source.name, source.system, clock=clock, read=_readers(intake), counts=counts)

        def keeper(connection: Connection, now: str) -> Keeper:
            return Keeper(
                connection,
                system=source.system,
                source=source.name,
                store=source.store,
                zones=zones,
                now=now,
                intervals=intervals,
                warnings=intake.warnings,
            )

        for batch in batches(source.name, source.adapter.pull, pull.at.cursor, "CRM-S210"):
            pull.take(batch, keeper)
    except StoreError:
        raise
    except CrmError as caught:
        error = caught
    return SourceReport(
        source=source.name,
        read=counts.read,
        accepted=counts.accepted,
        unchanged=counts.unchanged,
        duplicates=counts.duplicates,
        rejected=counts.rejected,
        warnings=dict(intake.warnings),
        unknown_fields=tuple(sorted(intake.unknown)),
        error=error,
    )


def _readers(intake: Intake) -> Readers:
    return {
        "visit": intake.visit,
        "customer": intake.person,
        "vehicle": intake.car,
        "appointment": intake.appointment,
        "complaint": intake.complaint,
        "staff": intake.staff,
    }
