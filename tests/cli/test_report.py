"""crmcore report: the suffix decides, the window is checked first, and what is written is for its reader alone."""

from __future__ import annotations

import json
import stat

import pytest

NOW = ("--now", "2026-11-22T10:00")


@pytest.fixture(name="dealer")
def _dealer(crm):
    """Two stores and nothing in them yet."""
    (crm.folder / "crm.toml").write_text(
        'lang = "en"\n[[stores]]\ncode = "S01"\nname = "示范店"\n[[stores]]\ncode = "S02"\nname = "东店"\n', "utf-8"
    )
    return crm


@pytest.mark.parametrize("name", ["csi", "board", "calls"])
def test_the_suffix_decides_the_form(dealer, name):
    """A page, a workbook, the facts: each in its own bytes, readable by their owner alone."""
    for suffix, start in ((".html", b"<!doctype html>"), (".xlsx", b"PK"), (".json", b"{")):
        file = dealer.folder / f"out{suffix}"
        done = dealer("report", name, "-o", file.name, *NOW)

        assert (0, f"√ Written: {file.name}\n") == (done.exit_code, done.stdout)
        assert file.read_bytes().startswith(start)
        assert 0o600 == stat.S_IMODE(file.stat().st_mode)


@pytest.mark.parametrize("name", ["csi", "board", "calls"])
def test_without_a_file_the_page_is_printed(dealer, name):
    """HTML on stdout, the facts with --json."""
    assert dealer("report", name, *NOW).stdout.startswith("<!doctype html>")
    code, told = dealer.json("report", name, *NOW)

    assert (0, f"crmcore/report.{name}@1", ["S01", "S02"]) == (code, told["schema"], told["head"]["stores"])


def test_one_store_alone(dealer):
    """--store names the one that is meant; the days are those that were asked for."""
    dealer("report", "csi", "--store", "S02", "--since", "2026-10-01", "--until", "2026-10-31", "-o", "x.json", *NOW)
    head = json.loads((dealer.folder / "x.json").read_text("utf-8"))["head"]

    assert (["S02"], "东店", "2026-10-01", "2026-10-31") == tuple(
        head[key] for key in ("stores", "store", "since", "until")
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("csi", "-o", "x.pdf"), "CRM-U403"),
        (("board", "-o", "board"), "CRM-U403"),
        (("daily", "-o", "x.csv"), "CRM-U403"),
        (("csi", "--months", "3", "--since", "2026-11-01"), "CRM-U401"),
        (("csi", "--since", "2026-11-02", "--until", "2026-11-01"), "CRM-U402"),
        (("csi", "--survey", "afterseles"), "CRM-U404"),
        (("calls", "--store", "S09"), "CRM-U113"),
        (("board", "-o", "exports"), "CRM-D130"),
    ],
)
def test_what_cannot_be_reported(dealer, arguments, code):
    """A form, a window, a questionnaire, a store that there is not: told by its code, nothing written."""
    (dealer.folder / "exports").mkdir()
    done = dealer("report", *arguments, *NOW)

    assert code in done.stderr
    assert "" == done.stdout
    assert {"crm.toml", "crm.db", "exports"} >= {
        path.name for path in dealer.folder.iterdir() if "crm.db" not in path.name
    }


def test_only_the_questionnaires_that_are_meant(dealer):
    """--survey may be given more than once."""
    _, told = dealer.json("report", "csi", "--survey", "delivery", "--survey", "aftersales", *NOW)

    assert ["delivery", "aftersales"] == told["silent"]


def test_help_speaks_of_each(dealer):
    """Each report and each option has its words."""
    for name in ("csi", "board", "calls"):
        said = dealer("report", name, "--help").stdout

        assert "the suffix decides" in said
        assert "option." not in said
