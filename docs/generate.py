"""Writes the reference: what the code, its packs and its sentences say, as pages. `make docs` runs it, the tests compare."""

from __future__ import annotations

import tomllib
from pathlib import Path

from made import api, care, cases, codes, commands, contract, crmtoml, hooks, metrics

DOCS = Path(__file__).parent
ROOT = DOCS.parent
HEAD = "<!-- Made by docs/generate.py: change the code or its sentences, then run `make docs`. -->\n\n"
MAKERS = {
    "config": crmtoml.config_page,
    "cli": commands.cli_page,
    "errors": codes.errors_page,
    "reasons": codes.reasons_page,
    "rules": care.rules_page,
    "api": api.api_page,
    "hooks": hooks.hooks_page,
    "adapters": hooks.adapters_page,
    "contract": contract.contract_page,
    "metrics": metrics.metrics_page,
    "complaints": cases.complaints_page,
}
BEGIN, END = "<!-- ladder: made by docs/generate.py from pyproject.toml -->\n", "<!-- end of the ladder -->"


def pages() -> dict[Path, str]:
    """Every generated page, and the hand-written one that holds a generated drawing."""
    found = {DOCS / "reference" / f"{name}.md": f"{HEAD}{make().rstrip()}\n" for name, make in MAKERS.items()}
    architecture = DOCS / "explanation" / "architecture.md"
    return found | {architecture: with_ladder(architecture.read_text("utf-8"))}


def with_ladder(page: str) -> str:
    """The page with the ladder of imports as pyproject.toml has it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers")
    drawn = "\n".join(f"    {each.strip('()')}" for each in ["plugins", *layers])
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{drawn}\n\n{END}{after}"


def main() -> None:
    """Write what has changed."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print("written:", path.relative_to(ROOT))


if __name__ == "__main__":
    main()
