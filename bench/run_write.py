"""The yardstick: those very rows into those very tables, prepared tuples and `executemany`, in transactions of one batch.

`python bench/run_write.py FROM TO`: reads the rows of a synced database first, then prints the CPU seconds of the writing alone.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from crmcore.db import schema
from crmcore.db.engine import Database

ROWS_A_BATCH = 2_000


def _parts(rows: dict[str, list[tuple[Any, ...]]]) -> list[dict[str, list[tuple[Any, ...]]]]:
    """Cut into batches as a sync meets them: visits in order, each with the people and cars that it is the first to need."""
    first: dict[tuple[str, int], int] = {}
    place = {table.name: {c.name: n for n, c in enumerate(table.columns)} for table in schema.metadata.sorted_tables}
    visit = place["visit"]
    for number, row in enumerate(rows["visit"]):
        part = number // ROWS_A_BATCH
        first["visit", row[visit["id"]]] = part
        for entity, column in (("customer", "customer_id"), ("customer", "brought_by_id"), ("vehicle", "vehicle_id")):
            first.setdefault((entity, row[visit[column]]), part)
    parts: list[dict[str, list[tuple[Any, ...]]]] = [{} for _ in range(max(first.values()) + 1)]
    for name, held in rows.items():
        for number, row in enumerate(held):
            at = place[name]
            known = [(name, row[at["id"]])] if "id" in at else []
            known += [
                (entity, row[at[f"{entity}_id"]]) for entity in ("customer", "vehicle", "visit") if f"{entity}_id" in at
            ]
            if name == "external_ref":
                known = [(row[at["entity"]], row[at["id"]])]
            if name == "source_row":
                part = min(number // ROWS_A_BATCH, len(parts) - 1)
            else:
                part = max((first.get(key, 0) for key in known), default=0)
            parts[part].setdefault(name, []).append(row)
    return parts


def main(source: str, target: str) -> None:
    with Database(f"sqlite:///{target}") as db:
        schema.metadata.create_all(db.engine)
    with sqlite3.connect(source) as given:
        tables = [table.name for table in schema.metadata.sorted_tables]
        rows = {name: given.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    Random(1).shuffle(rows["source_row"])  # digests arrive in no order; reading them from their index sorted them
    statements = {
        name: f'INSERT INTO "{name}" VALUES ({",".join("?" * len(held[0]))})' for name, held in rows.items() if held
    }
    parts = [[(statements[name], held) for name, held in part.items()] for part in _parts(rows)]
    connection = sqlite3.connect(target, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16384"):
        connection.execute(f"pragma {pragma}")
    started = time.process_time()
    for part in parts:
        connection.execute("BEGIN IMMEDIATE")
        for statement, held in part:
            connection.executemany(statement, held)
        connection.execute("COMMIT")
    cpu = time.process_time() - started
    print(json.dumps({"cpu": cpu, "rows": sum(map(len, rows.values())), "bytes": Path(target).stat().st_size}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
