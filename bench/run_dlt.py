"""The peer: dlt's default way from CSV to SQLite, merged on the order number into one table. Runs in its own venv.

`python run_dlt.py FOLDER CSV`: rows as dicts from csv.DictReader, `write_disposition="merge"`, nothing validated.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
os.environ["DLT_DATA_DIR"] = os.environ["DLT_PROJECT_DIR"] = sys.argv[1]

import dlt

NAMES = [
    "ro_number", "plate", "vin", "name", "phone", "opened_at", "delivered_at", "invoiced_at", "km_in", "advisor", "op_name", "hours",
    "labour_amount", "parts_amount", "remark",
]  # fmt: skip


def main(folder: str, file: str) -> None:
    @dlt.resource(name="visit", primary_key="ro_number", write_disposition="merge")
    def visits() -> Iterator[dict[str, str]]:
        with Path(file).open(encoding="utf-8", newline="") as rows:
            reader = csv.DictReader(rows)
            reader.fieldnames = NAMES  # dlt makes the same name of every Chinese heading of one length
            next(reader)
            yield from reader

    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{folder}/dlt.db"),
        dataset_name="bench",
        pipelines_dir=f"{folder}/pipelines",
    )
    pipeline.run(visits())
    with pipeline.sql_client() as client, client.execute_query("SELECT COUNT(*) FROM visit") as found:
        print(json.dumps({"rows": found.fetchone()[0], "version": dlt.__version__}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
