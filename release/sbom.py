"""Writes dist/sbom.cdx.json: what comes along with core, its extras for use, and every plugin, as CycloneDX.

The dependencies are the newest on the Python that runs this; a release is tested with them, and with the lowest as well.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from dist import dated
from environments import DIST, ROOT, lay, wheels


def main() -> None:
    """Install the wheels where nothing else is, and write down what is there."""
    wanted = [f"{wheel}[app,serve,pg]" if name == "crmcore" else str(wheel) for name, wheel in wheels().items()]
    bill = DIST / "sbom.cdx.json"
    with tempfile.TemporaryDirectory(prefix="crmcore-sbom-") as made:
        python = lay(Path(made) / "venv", sys.executable, wanted)
        for origin in python.parents[1].rglob("direct_url.json"):
            origin.unlink()  # says in which folder of this machine the wheel lay
        write = [Path(sys.executable).with_name("cyclonedx-py"), "environment", "--output-reproducible", "--of", "JSON"]
        write += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library", "--output-file", str(bill)]
        subprocess.run([*write, str(python)], env=dated(), check=True)
    print(f"written: {bill.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
