"""What a plan does not do: read everything that is stored. `python -m bench.run_plan_scan DB` prints the CPU seconds of that alone."""

from __future__ import annotations

import json
import sqlite3
import sys
import time

VISITS = "SELECT id, kind, vehicle_id, customer_id, handed_on, delivered_at, status, order_type FROM visit"
CARS = (
    "SELECT id, status, last_service_on, next_service_on, inspection_due_on, commercial_insurance_until, "
    "compulsory_insurance_until, warranty_until FROM vehicle"
)


def main(database: str) -> None:
    with sqlite3.connect(database) as connection:
        started = time.process_time()
        rows = sum(1 for query in (VISITS, CARS) for _ in connection.execute(query))
        cpu = time.process_time() - started
    print(json.dumps({"cpu": cpu, "rows": rows}))


if __name__ == "__main__":
    main(sys.argv[1])
