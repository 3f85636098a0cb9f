"""The `crmcore` command: `frame` holds it together, each other module is one group or verb, imported when it is called."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        from crmcore.cli.frame import run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        from crmcore.errors import MissingExtra

        missing = MissingExtra("CRM-X001", extra="app")
        print(missing.render("zh"), missing.render("en"), sep="\n", file=sys.stderr)  # noqa: T201 - nothing else is there
        return missing.exit_code
    return run(sys.argv[1:] if arguments is None else arguments)
