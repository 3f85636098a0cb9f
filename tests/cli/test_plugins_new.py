"""crmcore plugins new, as it is typed."""

from __future__ import annotations

import shlex

import pytest


def test_the_command_says_what_to_do_next(crm):
    """It names the folder and the next three commands, in both languages."""
    for lang, word in (("en", "Next:"), ("zh", "接下来：")):
        done = crm("plugins", "new", "messaging", f"acme_{lang}", "--lang", lang)
        lines = done.stdout.splitlines()

        assert 0 == done.exit_code
        assert word in lines
        assert f'  pip install -e "./crmcore-messaging-acme-{lang}[testing]"' in lines
        assert f'  pytest "./crmcore-messaging-acme-{lang}"' in lines
        assert f"  crmcore demo --messaging acme_{lang}" in lines
        assert (crm.folder / f"crmcore-messaging-acme-{lang}" / "tests" / "test_contract.py").exists()


def test_it_goes_where_it_is_told(crm):
    """--dir names the folder above; --json lists the files."""
    code, body = crm.json("plugins", "new", "dms", "acme", "--dir", "work/plugins")

    assert 0 == code
    assert "crmcore/plugin_new@1" == body["schema"]
    assert "crmcore-dms-acme" == body["distribution"]
    assert {"pyproject.toml", "src/crmcore_dms_acme/py.typed", ".github/workflows/test.yml"} <= set(body["files"])
    assert all((crm.folder / "work/plugins/crmcore-dms-acme" / file).exists() for file in body["files"])


@pytest.mark.parametrize("parent", ["我的 项目", "a\\b", "[x] & 'y'"])
def test_what_to_do_next_can_be_typed(crm, parent):
    """A folder of any name: each path of the commands is one word of the shell, and is there."""
    done = crm("plugins", "new", "dms", "acme", "--dir", parent)
    install, prove = (shlex.split(line) for line in done.stdout.splitlines()[2:4])

    assert 0 == done.exit_code
    assert ["pytest", f"./{parent}/crmcore-dms-acme"] == prove
    assert ["pip", "install", "-e", f"{prove[1]}[testing]"] == install
    assert (crm.folder / prove[1] / "pyproject.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("messaging", "Acme"), "CRM-U150"),
        (("messaging", "messaging"), "CRM-U150"),
        (("survey", "csv"), "CRM-U151"),
        (("sms", "acme"), "CRM-U112"),
        (("dms",), "CRM-U104"),
    ],
)
def test_a_mistake_has_its_code(crm, arguments, code):
    """A wrong name, a shipped one, a kind that is none, no name: exit code 2, and nothing is written."""
    done = crm("plugins", "new", *arguments)

    assert 2 == done.exit_code
    assert code in done.stderr
    assert [] == list(crm.folder.iterdir())
