"""One sync in this process: `python bench/run_sync.py DB CSV`; prints what came of it as JSON. The caller measures."""

from __future__ import annotations

import json
import logging
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crmcore.cli.memory import no_collecting
from crmcore.db import schema
from crmcore.db.engine import Database
from crmcore.flows.sync import SALT, Source, sync
from crmcore.hooks.adapters import Context
from crmcore.types.store import Store
from crmcore_dms_csv.adapter import CsvDms
from crmcore_dms_csv.config import CsvConfig


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def main(database: str, file: str) -> None:
    path = Path(file)
    no_http: Any = None
    context = Context(
        instance="main",
        system="main",
        folder=path.parent,
        http=no_http,
        clock=_Clock(),
        logger=logging.getLogger("bench"),
        salt=SALT,
    )
    with Database(f"sqlite:///{database}") as db:
        schema.metadata.create_all(db.engine)
        source = Source(name="main", system="main", adapter=CsvDms(CsvConfig(path=path.name), context), store="S01")
        stores = {"S01": Store(code="S01", name="bench")}
        with no_collecting():  # as `crmcore sync` does
            report = sync(db, [source], stores=stores, clock=_Clock(), folder=Path(database).parent)
    one = report.sources[0]
    counts = {name: getattr(one, name) for name in ("read", "accepted", "unchanged", "duplicates", "rejected")}
    print(
        json.dumps(
            counts
            | {"error": str(one.error or ""), "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
