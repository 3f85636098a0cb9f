"""What `make dist` has built: opened, and held against the checkout it was built from."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.dist

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
FOLDERS = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]
PROJECTS = [tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"] for folder in FOLDERS]
VERSION = PROJECTS[0]["version"]
#: Every fact of a project that an index shows beside its name.
COMPLETE = {
    "Name",
    "Version",
    "Summary",
    "Author",
    "License-Expression",
    "License-File",
    "Keywords",
    "Classifier",
    "Requires-Python",
    "Requires-Dist",
    "Description-Content-Type",
}

each = pytest.mark.parametrize(
    ("folder", "told"),
    [pytest.param(folder, told, id=told["name"]) for folder, told in zip(FOLDERS, PROJECTS, strict=True)],
)


def stem(told) -> str:
    return f"{told['name'].replace('-', '_')}-{VERSION}"


def wheel(told) -> dict[str, bytes]:
    with zipfile.ZipFile(DIST / f"{stem(told)}-py3-none-any.whl") as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def sdist(told) -> dict[str, bytes]:
    with tarfile.open(DIST / f"{stem(told)}.tar.gz") as packed:
        files = {member.name: packed.extractfile(member) for member in packed.getmembers() if member.isfile()}
        return {name.removeprefix(f"{stem(told)}/"): file.read() for name, file in files.items()}


def metadata(told) -> Message:
    return Parser().parsestr(wheel(told)[f"{stem(told)}.dist-info/METADATA"].decode())


def kept(folder: Path) -> dict[str, bytes]:
    """The files below a folder that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=folder, capture_output=True, text=True, check=True).stdout
    return {name: (folder / name).read_bytes() for name in listed.split("\0") if name}


def test_there_is_one_wheel_and_one_sdist_of_each():
    """Core and plugins are all there, in one version, and nothing else waits to be uploaded with them."""
    wanted = {name for told in PROJECTS for name in (f"{stem(told)}-py3-none-any.whl", f"{stem(told)}.tar.gz")}

    assert wanted == {path.name for path in DIST.iterdir() if path.suffix in {".whl", ".gz"}}


@each
def test_a_wheel_holds_the_source_and_nothing_else(folder, told):
    """Every file of `src` is in the wheel as it is in the checkout (sentences, packs, migrations, py.typed), and no other."""
    inside = {name: data for name, data in wheel(told).items() if ".dist-info/" not in name}

    assert kept(folder / "src") == inside
    assert f"{told['name'].replace('-', '_')}/py.typed" in inside


@each
def test_an_sdist_can_be_built_and_tested(folder, told):
    """The sdist has source, readme, licence and project file; that of a plugin its tests as well."""
    inside = sdist(told)
    wanted = ("src/", "README", "LICENSE", "pyproject.toml", *(() if folder == ROOT else ("tests/",)))

    assert {name: data for name, data in kept(folder).items() if name.startswith(wanted)}.items() <= inside.items()
    assert not [name for name in inside if name.startswith(("plugins/", "dist/", ".venv"))]


@each
def test_the_licence_goes_along(folder, told):
    """LICENSE is in every wheel and sdist, word for word, and the metadata names it."""
    licence = (ROOT / "LICENSE").read_bytes()

    assert licence == wheel(told)[f"{stem(told)}.dist-info/licenses/LICENSE"]
    assert licence == sdist(told)["LICENSE"]
    assert ("Apache-2.0", ["LICENSE"]) == (
        metadata(told)["License-Expression"],
        metadata(told).get_all("License-File"),
    )


@each
def test_the_metadata_is_complete(folder, told):
    """An index can show what it is, whose, for which Python, under which licence, and the readme."""
    shown = metadata(told)
    classifiers = shown.get_all("Classifier")

    assert set() == {field for field in COMPLETE if not shown[field]}
    assert (told["name"], VERSION, ">=3.11") == (shown["Name"], shown["Version"], shown["Requires-Python"])
    assert "Typing :: Typed" in classifiers
    assert ["3.11", "3.12", "3.13"] == [name[-4:] for name in classifiers if name[:-1].endswith(":: 3.1")]
    assert (folder / "README.md").read_text("utf-8") in wheel(told)[f"{stem(told)}.dist-info/METADATA"].decode()


@each
def test_a_plugin_depends_on_the_core_of_its_own_series(folder, told):
    """A plugin of 0.1 takes any core of 0.1 and none of 0.2; the core needs no plugin."""
    major, minor = (int(part) for part in VERSION.split(".")[:2])
    wanted = [] if folder == ROOT else [(f"<{major}.{minor + 1}", f">={major}.{minor}")]
    ours = [line.partition(";")[0].strip() for line in metadata(told).get_all("Requires-Dist") if "crmcore" in line]

    assert wanted == [tuple(sorted(line.removeprefix("crmcore").removeprefix("[tables]").split(","))) for line in ours]


def test_the_same_commit_gives_the_same_bytes(tmp_path):
    """Building once more, elsewhere and later, gives every wheel and sdist again, byte by byte."""
    command = [sys.executable, str(ROOT / "release" / "dist.py"), str(tmp_path / "again")]
    subprocess.run(command, check=True, capture_output=True)
    built = sorted(path for path in DIST.iterdir() if path.suffix in {".whl", ".gz"})

    assert 2 * len(PROJECTS) == len(built)
    assert [] == [path.name for path in built if path.read_bytes() != (tmp_path / "again" / path.name).read_bytes()]


def test_the_bill_names_what_comes_along():
    """dist/sbom.cdx.json has the core as its subject, every plugin, and whatever they need to run, each with a version."""
    bill = json.loads((DIST / "sbom.cdx.json").read_text("utf-8"))
    parts = {canonicalize_name(part["name"]): part["version"] for part in bill["components"]}
    needed = {
        canonicalize_name(need.name)
        for need in map(Requirement, metadata(PROJECTS[0]).get_all("Requires-Dist"))
        if any(need.marker is None or need.marker.evaluate({"extra": extra}) for extra in ("", "app", "serve", "pg"))
    }

    assert ("CycloneDX", "crmcore", VERSION) == (
        bill["bomFormat"],
        bill["metadata"]["component"]["name"],
        bill["metadata"]["component"]["version"],
    )
    assert {told["name"]: VERSION for told in PROJECTS[1:]}.items() <= parts.items()
    assert {"attrs", "sqlalchemy", "starlette", "psycopg"} <= needed <= parts.keys()
    assert not parts.keys() & {"pytest", "hypothesis"}
    assert "file:" not in json.dumps(bill)


def test_the_bill_is_what_it_says_it_is():
    """dist/sbom.cdx.json is valid against the schema of CycloneDX that it names, strictly."""
    from cyclonedx.schema import (
        SchemaVersion,
    )  # where wheels are tested, this file is collected and the tool is not there
    from cyclonedx.validation.json import JsonStrictValidator

    text = (DIST / "sbom.cdx.json").read_text("utf-8")
    version = SchemaVersion.from_version(json.loads(text)["specVersion"])

    assert None is JsonStrictValidator(version).validate_str(text)
    assert None is not JsonStrictValidator(version).validate_str(text.replace('"components"', '"parts"', 1))


def test_every_part_of_the_bill_can_be_looked_up():
    """Each component has its address in the index and its licence, and hangs on something that is there."""
    bill = json.loads((DIST / "sbom.cdx.json").read_text("utf-8"))
    needed = {each for part in bill["dependencies"] for each in part.get("dependsOn", ())}

    assert len(bill["components"]) > 20
    for part in bill["components"]:
        assert f"pkg:pypi/{canonicalize_name(part['name'])}@{part['version']}" == part["purl"]
        assert part["licenses"]
        assert part["bom-ref"] in needed or part["name"] in {told["name"] for told in PROJECTS[1:]}


def bare(folder: Path) -> Path:
    """A copy of what `release/dist.py` looks at first; it is no clone of git."""
    for name in ("release/dist.py", "pyproject.toml", *(f"plugins/{path.name}/pyproject.toml" for path in FOLDERS[1:])):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def build(root: Path, *folder: str) -> tuple[int, str]:
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(root.parent)}
    command = [sys.executable, str(root / "release" / "dist.py"), *folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode, done.stderr


def test_nothing_is_built_of_what_git_does_not_know(tmp_path):
    """Where there is no clone, the build says so in one line, and dist/ stays as it was."""
    root = bare(tmp_path / "unpacked")
    (root / "dist").mkdir()
    (root / "dist" / "mine.whl").touch()
    code, said = build(root)

    assert 1 == code
    assert re.fullmatch(
        r"nothing built: a release is what git knows of a clone; fatal: not a git repository .*\n", said
    )
    assert (root / "dist" / "mine.whl").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    """Only dist/ is emptied: any other folder that is named keeps what is in it, and nothing is built."""
    (tmp_path / "thesis.txt").touch()
    code, said = build(ROOT, str(tmp_path))

    assert (1, f"nothing built: {tmp_path} is not empty\n") == (code, said)
    assert [tmp_path / "thesis.txt"] == list(tmp_path.iterdir())


def test_versions_that_differ_are_not_built(tmp_path):
    """A plugin left behind at an older number stops the build before the first wheel, and is named."""
    bare(tmp_path)
    behind = tmp_path / "plugins" / FOLDERS[-1].name / "pyproject.toml"
    behind.write_text(behind.read_text("utf-8").replace(f'version = "{VERSION}"', 'version = "0.0.9"'), "utf-8")
    code, said = build(tmp_path)

    assert 1 == code
    assert f"0.0.9  {PROJECTS[-1]['name']}" in said
    assert not (tmp_path / "dist").exists()
