"""Builds the wheels and sdists of the core and of every plugin: `python release/dist.py [folder]`, by default into dist/.

Each wheel is built from its sdist, so that an sdist that lacks a file is no release. The same commit gives the same bytes: what
is dated is dated with the commit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import uv

ROOT = Path(__file__).parents[1]


def projects() -> list[Path]:
    """The core first, then the plugins by name."""
    return [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]


def told(project: Path) -> dict[str, str]:
    """What a project says of itself."""
    return tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]


def one_version() -> str:
    """The number that all of them carry; ends the build where they differ."""
    versions = {told(project)["name"]: told(project)["version"] for project in projects()}
    if len(set(versions.values())) > 1:
        listed = "\n".join(f"  {version}  {name}" for name, version in versions.items())
        sys.exit(f"nothing built: core and plugins move in lockstep, and here they do not:\n{listed}")
    return versions["crmcore"]


def dated() -> dict[str, str]:
    """The environment of a build, with the moment of the commit unless the caller has set one."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return dict(os.environ)
    git = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    return {**os.environ, "SOURCE_DATE_EPOCH": commit}


def main() -> None:
    """Build all of it into an empty folder."""
    version = one_version()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    environment = dated()
    for project in projects():
        command = [uv.find_uv_bin(), "build", "--quiet", "--python", sys.executable, "--out-dir", str(folder)]
        subprocess.run([*command, str(project)], env=environment, check=True)
    print(
        f"{folder}: {len(list(folder.glob('*.whl')))} wheels and {len(list(folder.glob('*.tar.gz')))} sdists of {version}"
    )


if __name__ == "__main__":
    main()
