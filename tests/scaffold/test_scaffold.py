"""What `crmcore plugins new` writes: names that fit, files that are whole, and a project that is green as it is."""

from __future__ import annotations

import ast
import keyword
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crmcore
from crmcore.errors import StoreError, UsageError
from crmcore.hooks.manager import KINDS as KNOWN
from crmcore.hooks.manager import Plugins
from crmcore.scaffold import KINDS, SHIPPED, Project, compatible

ROOT = Path(__file__).parents[2]


@pytest.fixture(name="project", params=KINDS)
def _project(request):
    return Project(request.param, "acme")


def files(project: Project) -> dict[str, str]:
    return project.files(crmcore.__version__)


# ------------------------------------------------------------------ names


def test_every_kind_of_adapter_can_be_begun():
    """What the core knows as a kind has templates."""
    assert sorted(KNOWN) == sorted(KINDS)


def test_one_name_everywhere():
    """Folder, distribution, import and entry point are the same name, as of every shipped plugin."""
    project = Project("messaging", "acme_sms")

    assert "crmcore-messaging-acme-sms" == project.distribution
    assert "crmcore_messaging_acme_sms" == project.package
    assert "messaging_acme_sms" == project.entry


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Acme",
        "1acme",
        "acme-sms",
        "acme__sms",
        "_acme",
        "acme_",
        "acme.sms",
        "../acme",
        "a" * 31,
        "示范",
        "a\n",
        "dms",
        "con",
        "com1",
    ],
)
def test_what_is_no_name_is_refused(name):
    """It would be no import, no key of crm.toml, a path out of the folder, the class it derives from, or a device of Windows."""
    with pytest.raises(UsageError) as raised:
        Project("dms", name)

    assert "CRM-U150" == raised.value.code


@given(st.from_regex(r"[a-z_0-9]{1,12}", fullmatch=True))
def test_a_name_that_is_taken_can_be_imported(name):
    """Whatever is not refused is an identifier of Python, also behind the prefix, and a file's name anywhere."""
    try:
        project = Project("survey", name)
    except UsageError:
        return

    assert project.package.isidentifier()
    assert not keyword.iskeyword(project.package)
    assert name.isascii()


def test_names_of_shipped_adapters_are_refused():
    """Of two with one name neither would be used; the list is what the plugins of this repository provide."""
    shipped = {key for key in Plugins().adapters if _is_ours(*key)}

    assert shipped == SHIPPED
    with pytest.raises(UsageError, match="CRM-U151"):
        Project("dms", "csv")
    assert "csv" == Project("messaging", "csv").name


def _is_ours(kind: str, name: str) -> bool:
    module = Plugins().adapters[kind, name].__module__.partition(".")[0]
    return (ROOT / "plugins" / module.removeprefix("crmcore_")).is_dir()


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.1.0", ">=0.1,<0.2"), ("0.9.3", ">=0.9,<0.10"), ("1.4.0", ">=1.4,<2"), ("2.0", ">=2.0,<3")],
)
def test_the_range_follows_the_running_version(version, expected):
    """Before 1.0 the next minor release may break a plugin; after it the next major one."""
    assert expected == compatible(version)


# ------------------------------------------------------------------ files


def test_every_placeholder_is_filled(project):
    """No file still has one, but for what GitHub fills in itself."""
    for path, text in files(project).items():
        left = re.findall(r"\$(?!\{\{ matrix)", text)

        assert [] == left, path
        assert not re.search(r"\b(package|dot_\w+|name\.\w+)(/|$)", path), path


def test_python_is_python_and_toml_is_toml(project):
    """Every file can be read by whoever it is for."""
    for path, text in files(project).items():
        if path.endswith(".py"):
            ast.parse(text, path)
            assert ast.get_docstring(ast.parse(text)), path
        elif path.endswith(".toml"):
            tomllib.loads(text)


def test_what_the_author_changes_is_marked_with_one_word(project):
    """The settings, the vendor's answers, the words and the contract's script are marked; nothing else marks anything."""
    marked = {path for path, text in files(project).items() if "YOURS" in text}
    package = f"src/{project.package}"
    expected = {
        "README.md",
        "pyproject.toml",
        "tests/test_contract.py",
        f"{package}/adapter.py",
        f"{package}/config.py",
        f"{package}/lang/acme.en.toml",
        f"{package}/lang/acme.zh.toml",
    }

    assert expected <= marked
    assert not [path for path, text in files(project).items() if re.search(r"\b(TODO|FIXME|XXX)\b", text)]


def test_every_code_has_words_in_both_languages(project):
    """What the code raises and refuses with is worded, with a fix, and nothing is worded that nobody says."""
    package = f"src/{project.package}"
    words = {lang: tomllib.loads(files(project)[f"{package}/lang/acme.{lang}.toml"]) for lang in ("zh", "en")}
    code = "".join(text for path, text in files(project).items() if path.startswith(package) and path.endswith(".py"))
    said = set(re.findall(r'"(ACME-\d{3})"', code))

    assert said == set(words["en"]["errors"]) == set(words["zh"]["errors"])
    assert set(words["en"]["reasons"]) == set(words["zh"]["reasons"])
    assert all(
        entry["text"] and entry["fix"] for each in words.values() for table in each.values() for entry in table.values()
    )


def test_the_package_is_typed_and_found(project):
    """py.typed is in the wheel, and the entry point names the module."""
    told = tomllib.loads(files(project)["pyproject.toml"])["project"]

    assert f"src/{project.package}/py.typed" in files(project)
    assert {"crmcore": {project.entry: project.package}} == told["entry-points"]
    assert [f"crmcore{compatible(crmcore.__version__)}"] == told["dependencies"]
    assert ["crmcore[testing]"] == told["optional-dependencies"]["testing"]
    assert "license" not in told


def test_the_workflow_may_do_nothing_but_read():
    """Its permissions are minimal, and its actions have a version."""
    text = files(Project("dms", "acme"))[".github/workflows/test.yml"]

    assert "permissions:\n  contents: read\n" in text
    assert "${{ matrix.python }}" in text
    assert all(re.fullmatch(r"[\w/-]+@v\d+", used) for used in re.findall(r"uses: (\S+)", text))


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    """Nothing in it is touched."""
    (tmp_path / "crmcore-dms-acme").mkdir()
    with pytest.raises(UsageError, match="CRM-U152"):
        Project("dms", "acme").write(tmp_path, crmcore.__version__)

    assert [] == list((tmp_path / "crmcore-dms-acme").iterdir())


def test_half_a_project_is_not_left_behind(tmp_path, monkeypatch):
    """When the disk is full in the middle, the next attempt finds the place as it was."""
    write = Path.write_text

    def full(self, *args, **kwargs):
        if self.name == "pyproject.toml":
            raise OSError(28, "No space left on device")
        return write(self, *args, **kwargs)

    with monkeypatch.context() as patch, pytest.raises(StoreError, match="CRM-D130"):
        patch.setattr(Path, "write_text", full)
        Project("dms", "acme").write(tmp_path, crmcore.__version__)

    assert [] == list(tmp_path.iterdir())


# ------------------------------------------------------------------ green as it is


@pytest.mark.parametrize(("kind", "name"), [("messaging", "acme"), ("dms", "acme"), ("survey", "my_web2")])
def test_it_passes_its_contract_at_once(generate, kind, name):
    """The generated tests, the contract among them, are green inside the project, where warnings are errors."""
    made = generate(kind, name)
    done = made.run("-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert 0 == done.returncode, done.stdout + done.stderr
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 50
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("acme", ["check", "."]),
        ("abcdefghij_klmnopqr_stuvwxyz12", ["check", "."]),
        ("acme", ["format", "--check", "--line-length", "120", "."]),
    ],
    ids=["the project's rules", "the longest name", "the house's line"],
)
def test_it_is_in_good_order(generate, kind, name, command):
    """Ruff finds nothing, by the project's own settings, whatever its name is; and it is formatted for lines of 120."""
    made = generate(kind, name)
    done = made.run("-m", "ruff", *command, "--no-cache")

    assert 0 == done.returncode, done.stdout


def test_the_demo_is_told_through_it(generate, tmp_path):
    """`crmcore demo --messaging acme` really sends its texts to the plugin's own vendor, and its receipts and replies come back.

    The vendor ends with the demo, and both the last line and the file that still names it say so.
    """
    made = generate("messaging")
    done = made.run("-m", "crmcore", "demo", "--messaging", "acme", "--folder", "d", cwd=tmp_path)
    told = tomllib.loads((tmp_path / "d" / "crm.toml").read_text("utf-8"))["messaging"]["sms"]

    assert 0 == done.returncode, done.stderr
    assert ("acme", {"env": "SMS_TOKEN"}) == (told["adapter"], told["token"])
    assert re.search(r"√ the gateway took (\d\d) texts, \1 are delivered", done.stdout)
    assert "退订" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("The vendor of acme ended with the demo")
    assert "# This vendor was on loopback and ended with the demo" in (tmp_path / "d" / "crm.toml").read_text("utf-8")


# ------------------------------------------------------------------ the command


def test_a_name_that_an_installed_adapter_has_is_told(generate, tmp_path):
    """It is written all the same, since its author may be about to replace the other."""
    made = generate("dms", "taken")
    done = made.run("-m", "crmcore", "plugins", "new", "dms", "taken", cwd=tmp_path)

    assert 0 == done.returncode
    assert "dms:taken is installed already, by crmcore-dms-taken" in done.stderr
    assert (tmp_path / "crmcore-dms-taken" / "pyproject.toml").exists()
