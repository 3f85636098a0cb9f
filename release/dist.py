"""Builds the wheels and sdists of the core and of every plugin: `python release/dist.py [folder]`, by default into dist/.

dist/ is emptied before; a folder that is named has to be empty, or not to exist.

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
    """The environment of a build, with the moment of the commit unless the caller has set one; ends the build without a commit."""
    git = shutil.which("git") or sys.exit("nothing built: a release is what git knows, and there is no git")
    asked = subprocess.run(
        [git, "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        sys.exit(f"nothing built: a release is what git knows of a clone; {asked.stderr.strip()}")
    return {"SOURCE_DATE_EPOCH": asked.stdout.strip(), **os.environ}


def emptied(folder: Path) -> Path:
    """A folder with nothing in it; ends the build where that would delete what is not ours."""
    if folder == ROOT / "dist":
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.exists() and any(folder.iterdir()):
        sys.exit(f"nothing built: {folder} is not empty")
    return folder


def main() -> None:
    """Build all of it into an empty folder."""
    version, environment = one_version(), dated()
    folder = emptied(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "dist")
    for project in projects():
        command = [uv.find_uv_bin(), "build", "--quiet", "--python", sys.executable, "--out-dir", str(folder)]
        if subprocess.run([*command, str(project)], env=environment, check=False).returncode:
            sys.exit(f"not built: {told(project)['name']}")
    print(
        f"{folder}: {len(list(folder.glob('*.whl')))} wheels and {len(list(folder.glob('*.tar.gz')))} sdists of {version}"
    )


if __name__ == "__main__":
    main()
