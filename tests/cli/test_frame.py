"""What every command promises: quick help, two languages, one message and one exit code for whatever happens."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys

import click
import pytest

import crmcore.cli.plugins
from crmcore.cli import failures
from crmcore.cli.frame import COMMANDS, cli
from crmcore.cli.ids import number
from crmcore.cli.state import State, table
from crmcore.errors import StoreError, UsageError
from crmcore.lang import LANGUAGES, catalogue


def test_help_loads_no_plugin_and_no_database(crm):
    """`--help` and `--version` import neither plugins nor what is slow: they answer before anything could be broken."""
    for option in ("--help", "--version"):
        code = "import atexit; atexit.register(lambda: sys.stderr.write(' '.join(sys.modules)))"
        loaded = set(crm.really(option, code=code).stderr.decode().split())

        assert "click" in loaded
        assert not loaded & {
            "sqlalchemy",
            "cattrs",
            "attrs",
            "pluggy",
            "requests",
            "alembic",
            "crmcore_dms_csv",
            "crmcore.types",
        }


def every_command(command: click.Command, path: tuple[str, ...] = ()):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name="crmcore", obj=State())
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from every_command(inner, (*path, name))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_command_and_option_has_words(lang):
    """No command, option or column is without a sentence in either language."""
    say = catalogue(lang)["say"]
    missing = []
    for path, command in every_command(cli):
        key = ".".join(path) or "crmcore"
        missing += [f"help.{key}"] if f"help.{key}" not in say else []
        for param in command.params:
            if isinstance(param, click.Option):
                name = max(param.opts, key=len).lstrip("-").replace("-", "_")
                missing += [] if {f"option.{key}.{name}", f"option.{name}"} & say.keys() else [f"option.{key}.{name}"]

    assert [] == missing


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", [path for path, _ in every_command(cli)], ids=" ".join)
def test_help_of_every_command(crm, path, lang):
    """Each command explains itself in the language that was asked for, and no key of lang/ shows."""
    said = crm(*path, "--help", "--lang", lang)

    assert 0 == said.exit_code
    assert catalogue(lang)["say"][f"help.{'.'.join(path) or 'crmcore'}"].split("\n")[0][:20] in said.stdout
    assert "option." not in said.stdout
    assert "help." not in said.stdout


def test_every_listed_command_is_there():
    """What `--help` shows can be called."""
    listed = cli.list_commands(click.Context(cli))

    assert set(listed) <= set(COMMANDS)
    assert all(isinstance(cli.get_command(click.Context(cli), name), click.Command) for name in listed)


def test_global_options_stand_before_and_after_the_verb(crm):
    """-c, --lang, --json and --now mean the same wherever they stand."""
    (crm.folder / "other.toml").write_text("[store]\ncode = 'S01'\nname = 'x'\n", "utf-8")
    before = crm("-c", "other.toml", "--json", "--lang", "zh", "--now", "2026-11-22", "staff", "list")
    after = crm("staff", "list", "--now", "2026-11-22", "--lang", "zh", "--json", "-c", "other.toml")
    between = crm("--json", "staff", "-c", "other.toml", "list", "--lang=zh")

    assert {"schema": "crmcore/staff@1", "staff": []} == json.loads(before.stdout)
    assert before.stdout == after.stdout == between.stdout


def test_the_language_is_asked_for_in_order(crm, monkeypatch):
    """--lang, then CRMCORE_LANG, then the file, then the system."""
    monkeypatch.setattr("locale.getlocale", lambda: ("zh_CN", "UTF-8"))
    first = crm("nope").stderr
    crm.toml()
    second = crm("nope").stderr
    third = crm("nope", CRMCORE_LANG="zh").stderr
    fourth = crm("nope", "--lang", "en", CRMCORE_LANG="zh").stderr

    assert ["没有命令" in said for said in (first, second, third, fourth)] == [True, False, True, False]


def test_a_file_that_is_wrong_is_told_in_its_language(crm):
    """A mistake in crm.toml is told in the language the file names."""
    crm.toml("[contact]\nmax_per_day = 'x'")

    assert "must be a whole number" in crm("staff", "list").stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("plugns",), "CRM-U101"),
        (("frobnicate",), "CRM-U102"),
        (("plugins", "lst"), "CRM-U101"),
        (("sync", "--fast"), "CRM-U103"),
        (("db", "backup"), "CRM-U104"),
        (("sync", "--now", "noon"), "CRM-U105"),
        (("plan", "--from", "soon"), "CRM-U106"),
        (("--lang", "fr", "sync"), "CRM-U112"),
        (("messages", "settle", "M1", "maybe"), "CRM-U112"),
        (("messages", "settle", "T1", "sent"), "CRM-U107"),
        (("plugins", "show", "dms:no"), "CRM-U111"),
        (("plugins", "check", "dms.no"), "CRM-U110"),
        (("sync", "no"), "CRM-U110"),
        (("plan", "--show", "NO"), "CRM-U114"),
        (("report", "daily", "--store", "NO"), "CRM-U113"),
        (("replies", "close", "I1"), "CRM-U115"),
        (("staff", "away", "NOBODY"), "CRM-U117"),
        (("rejects", "retry"), "CRM-U104"),
    ],
)
def test_a_wrong_command_line_is_exit_2(crm, arguments, code):
    """Whatever is wrong with a command line: a code, a fix, exit 2, nothing on stdout; with --json an error object."""
    crm.toml()
    said = crm(*arguments)
    exit_code, body = crm.json(*arguments)

    assert (2, "") == (said.exit_code, said.stdout)
    assert said.stderr.startswith(f"× {code} ")
    assert "→" in said.stderr
    assert (2, "crmcore/error@1", code) == (exit_code, body["schema"], body["code"])
    assert body["message"]
    assert body["fix"]


def test_a_wrong_file_is_exit_3_with_every_mistake(crm):
    """All mistakes of crm.toml come in one error object, each with its place and fix."""
    crm.toml("[contact]\nmax_per_day = 'x'\nmax_pr_week = 3\n")
    exit_code, body = crm.json("sync")

    assert 3 == exit_code
    assert [("CRM-C121", "crm.toml:7"), ("CRM-C111", "crm.toml:8")] == [
        (each["code"], each["at"]) for each in body["errors"]
    ]


def test_without_a_file_init_is_named(crm):
    """In an empty folder every command that needs a configuration says how to get one."""
    said = crm("sync", "--lang", "en")

    assert 3 == said.exit_code
    assert "crmcore init" in said.stderr


def raising(error: BaseException):
    def raises(*_: object, **__: object):
        raise error

    return raises


def test_a_bug_is_exit_70_and_shows_no_values(crm, monkeypatch):
    """A fault of ours says where it is and how to report it; a traceback, which may hold personal data, only for -vv."""
    monkeypatch.setattr(crmcore.cli.plugins.State, "show", raising(ValueError("13800138000")))
    said, loud = crm("plugins", "list", "--lang", "en"), crm("plugins", "list", "-vv", "--lang", "en")

    assert 70 == said.exit_code == loud.exit_code
    assert "CRM-B001 This is a fault in crmcore: ValueError at cli/plugins.py:" in said.stderr
    assert "13800138000" not in said.stderr + said.stdout
    assert "Traceback" not in said.stderr
    assert "Traceback" in loud.stderr
    assert (70, "CRM-B001") == (crm.json("plugins", "list")[0], crm.json("plugins", "list")[1]["code"])


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (click.Abort(), 130), (StoreError("CRM-D110"), 3)]
)
def test_other_ends_have_their_codes(crm, monkeypatch, error, code):
    """Ctrl-C is 130; an error of the store is 3; neither shows a traceback."""
    monkeypatch.setattr(crmcore.cli.plugins.State, "show", raising(error))
    said = crm("plugins", "list")

    assert code == said.exit_code
    assert "Traceback" not in said.stderr


def test_an_exit_that_is_not_ours_passes():
    """`SystemExit` is nobody's mistake."""
    with pytest.raises(SystemExit):
        failures.told(State(), SystemExit(5))


@pytest.mark.parametrize(
    "arguments", [["plan", "--show", "all"], ["report", "daily", "--json"], ["--help"]], ids=" ".join
)
def test_a_reader_that_leaves_is_no_error(crm, arguments):
    """`crmcore … | head -1` ends quietly, also with more to say than fits into a pipe's buffer."""
    crm.toml()
    code = "import sys; from crmcore.cli import main; sys.exit(main(sys.argv[1:]))"
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=crm.folder
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.wait(30)
        assert process.stderr is not None
        said = process.stderr.read()

    assert (141, b"") == (process.returncode, said)


def test_a_gbk_console_survives(crm):
    """Output that a GBK console cannot show is replaced, never an error; JSON loses nothing."""
    crm.toml()
    (crm.folder / "crm.toml").write_text("lang = 'zh'\n[store]\ncode = 'S01'\nname = '𠮷田店 é'\n", "utf-8")
    human = crm.really("plan", "--show", "BIRTHDAY", PYTHONIOENCODING="gbk")
    machine = crm.really("plan", "--show", "BIRTHDAY", "--json", PYTHONIOENCODING="gbk")

    assert (0, b"") == (human.returncode, human.stderr)
    assert "【?田店" in human.stdout.decode("gbk")
    assert machine.stdout.isascii()
    assert "𠮷田店 é" in json.loads(machine.stdout)["texts"][0]["text"]


def test_a_mistake_is_told_on_a_gbk_console(crm):
    """A process of its own, as on a Chinese Windows: the exit code and one message in the console's bytes."""
    said = crm.really("sync", PYTHONIOENCODING="gbk", PYTHONUTF8="0")

    assert (3, b"") == (said.returncode, said.stdout)
    assert "CRM-C101" in said.stderr.decode("gbk")
    assert len(said.stderr.splitlines()) == 1


def test_every_sentence_fits_a_gbk_console():
    """No sentence of ours holds a character that GBK has no room for."""
    for lang in LANGUAGES:
        for table_ in catalogue(lang).values():
            for entry in table_.values():
                "".join(entry.values() if isinstance(entry, dict) else [entry]).encode("gbk")


@pytest.mark.parametrize(
    ("gone", "arguments", "extra"),
    [
        ("click", ("--help",), "app"),
        ("sqlalchemy", ("sync",), "app"),
        ("alembic", ("db", "upgrade"), "app"),
        ("sqlalchemy", ("db", "upgrade"), "app"),
        ("jinja2", ("report", "daily"), "app"),
    ],
)
def test_a_missing_extra_is_named(crm, gone, arguments, extra):
    """Without a library of an extra the message says what to install, exit 3."""
    crm.toml()
    if gone == "alembic":  # a new store is created without it, an older one is led through its history
        with contextlib.closing(sqlite3.connect(crm.folder / "crm.db")) as older, older:
            older.execute("CREATE TABLE alembic_version (version_num text)")
            older.execute("INSERT INTO alembic_version VALUES ('0001')")
    said = crm.really(*arguments, code=f"sys.modules['{gone}'] = None")

    assert 3 == said.returncode
    assert f'pip install "crmcore[{extra}]"' in said.stderr.decode()
    assert "Traceback" not in said.stderr.decode()


def test_without_a_verb_help_is_shown(crm):
    """`crmcore` alone shows its commands and exits 2."""
    said = crm("--lang", "en")

    assert 2 == said.exit_code
    assert "Commands" in said.stderr


def test_quiet_is_quiet(crm):
    """With -q nothing is said but errors."""
    crm.toml()
    said = crm("sync", "-q")

    assert (0, "", "") == (said.exit_code, said.stdout, said.stderr)


def test_columns_stand_in_line():
    """A Chinese character is two columns wide."""
    assert "a     b\n----  -\n名字  1\nx     2" == table(["a", "b"], [["名字", "1"], ["x", "2"]])


@pytest.mark.parametrize(("text", "value"), [("T12", 12), ("t12", 12), ("12", 12)])
def test_an_id_is_a_letter_and_a_number(text, value):
    """The letter may be left out, in either case; another letter is refused."""
    assert value == number(text, "T")
    for wrong in ("M12", "T", "T0", "T１２", "T-1", ""):
        with pytest.raises(UsageError):
            number(wrong, "T")
