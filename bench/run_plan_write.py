"""The yardstick of a plan: the very rows that it added, into the store as it was, prepared tuples and `executemany`.

`python -m bench.run_plan_write PLANNED STORE`: prints the CPU seconds of the writing alone.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time

TABLES = ("touchpoint", "message", "message_event")


def main(planned: str, target: str) -> None:
    to = sqlite3.connect(target, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16384"):
        to.execute(f"pragma {pragma}")
    work = []
    with sqlite3.connect(planned) as given:
        for table in TABLES:
            (last,) = to.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
            rows = given.execute(f"SELECT * FROM {table} WHERE id > ?", (last,)).fetchall()
            if rows:
                work.append((f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows))
    started = time.process_time()
    to.execute("BEGIN IMMEDIATE")
    for statement, rows in work:
        to.executemany(statement, rows)
    to.execute("COMMIT")
    cpu = time.process_time() - started
    print(json.dumps({"cpu": cpu, "rows": sum(len(rows) for _, rows in work), "sqlite": sqlite3.sqlite_version}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
