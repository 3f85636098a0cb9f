"""Asks whether something that comes along (dist/sbom.cdx.json) has a known vulnerability: `python release/audit.py`.

Ends with 0 when every package was looked up and nothing is known against any, with 1 when something is, and with 3 when
nothing is known because nobody answered for some or all of them: silence is no clean bill. With `--or-silence`, 3 becomes 0 and
the line stays; that is for a machine without the network. Every other option is pip-audit's own, such as `--ignore-vuln ID`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

DIST = Path(__file__).parents[1] / "dist"
CLEAN, VULNERABLE, SILENT = 0, 1, 3
_MISUSED = 2  # pip-audit was not asked anything it understands


def pinned(bill: dict[str, Any]) -> list[str]:
    """What others have made of a bill of materials, as pip would be asked for it."""
    named = ((part["name"], part["version"]) for part in bill["components"])
    return sorted(f"{name}=={version}" for name, version in named if not name.startswith("crmcore"))


def verdict(wanted: list[str], report: dict[str, Any] | None) -> tuple[int, str]:
    """The exit code and the line that a report of pip-audit (None: it has written none) comes to."""
    told = {part["name"]: part for part in (report or {"dependencies": []})["dependencies"]}
    known = [f"{name} {each['version']}: {hole['id']}" for name, each in told.items() for hole in each.get("vulns", ())]
    asked = [name for name, each in told.items() if "skip_reason" not in each]
    if known:
        return VULNERABLE, "vulnerable: " + "; ".join(known)
    if len(asked) < len(wanted):
        missing = len(wanted) - len(asked)
        return SILENT, f"NOT AUDITED: nobody answered for {missing} of {len(wanted)} packages; nothing is known of them"
    return CLEAN, f"audited: nothing is known against any of {len(wanted)} packages"


def ask(wanted: list[str], options: list[str]) -> dict[str, Any] | None:
    """The report of pip-audit, or None when it could not ask at all."""
    with tempfile.TemporaryDirectory(prefix="crmcore-audit-") as made:
        pins, report = Path(made) / "pins.txt", Path(made) / "report.json"
        pins.write_text("\n".join(wanted))
        run = [Path(sys.executable).with_name("pip-audit"), "--no-deps", "--disable-pip", "--progress-spinner", "off"]
        run += ["--cache-dir", made, "--format", "json", "--output", str(report), "--requirement", str(pins), *options]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        if done.returncode == _MISUSED:
            sys.exit(done.stderr.strip())
        if not report.exists() or not report.stat().st_size:
            print(*done.stderr.strip().splitlines()[-1:], file=sys.stderr)
            return None
        return json.loads(report.read_text("utf-8"))


def main() -> int:
    """Ask, and say what came of it."""
    bill = DIST / "sbom.cdx.json"
    if not bill.exists():
        sys.exit(f"{bill} is not there; run: make dist")
    wanted = pinned(json.loads(bill.read_text("utf-8")))
    options = [option for option in sys.argv[1:] if option != "--or-silence"]
    code, line = verdict(wanted, ask(wanted, options))
    print(line)
    return CLEAN if code == SILENT and "--or-silence" in sys.argv[1:] else code


if __name__ == "__main__":
    sys.exit(main())
