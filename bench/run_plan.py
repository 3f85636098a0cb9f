"""One day's plan in this process: `python -m bench.run_plan FOLDER`; prints what came of it as JSON.

`cpu` is the plan alone, without starting Python and reading the configuration.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from bench.plan_store import NEXT_PLAN
from crmcore.app import Crm
from crmcore.cli.memory import no_collecting


def main(folder: str) -> None:
    with Crm.from_config(Path(folder) / "crm.toml", now=NEXT_PLAN) as crm:
        started = time.process_time()
        with no_collecting():
            report = crm.plan()
        cpu = time.process_time() - started
    print(json.dumps(report.totals() | {"cpu": cpu}))


if __name__ == "__main__":
    main(sys.argv[1])
