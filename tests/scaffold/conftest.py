"""A generated plugin, and an interpreter that believes it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

import crmcore
from crmcore.scaffold import Project


@attrs.frozen
class Generated:
    """A project on disk, with what pip would have written beside it."""

    project: Project
    folder: Path
    site: Path

    def run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Python with the plugin on its path."""
        path = os.pathsep.join([str(self.folder / "src"), str(self.site), os.environ.get("PYTHONPATH", "")])
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd or self.folder,
            env={**os.environ, "PYTHONPATH": path.rstrip(os.pathsep), "PYTHONUTF8": "1", "CRMCORE_LANG": "en"},
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )


@pytest.fixture(name="generate", scope="session")
def _generate(tmp_path_factory):
    """Write a project, and the metadata by which an installed one is found."""

    def generate(kind: str, name: str = "acme") -> Generated:
        parent = tmp_path_factory.mktemp(f"{kind}-{name}")
        project = Project(kind, name)
        folder = project.write(parent, crmcore.__version__)
        info = parent / "site" / f"{project.package}-0.1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project.distribution}\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text(f"[crmcore]\n{project.entry} = {project.package}\n")
        return Generated(project, folder, info.parent)

    return generate
