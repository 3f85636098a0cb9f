"""What every mistake is held to: one message with its code, its place, its words and its fix, in each language, form and console."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any

from crmcore.lang import LANGUAGES, catalogue

#: Our own sentences and those of each plugin that is shipped.
CATALOGUES = (
    "crmcore",
    *(f"crmcore_{path.parent.name}" for path in Path(__file__).parents[2].glob("plugins/*/pyproject.toml")),
)
CODE = re.compile(r"CRM-[A-Z]\d{3}")
#: One store, an export and a gateway.
TOML = """\
lang = "zh"
[store]
code = "S01"
name = "示范店"
[dms.main]
adapter = "csv"
path = 'exports/*{suffix}'
[messaging.sms]
adapter = "gateway"
url = "{url}"
username = "crm"
password = {{ env = "SMS_PASSWORD" }}
[serve]
public_url = "http://127.0.0.1:8025"
secret = {{ env = "CRM_HOOK_SECRET" }}
"""


def sql(folder: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Ask the store of a folder past everything that is ours."""
    with contextlib.closing(sqlite3.connect(folder / "crm.db")) as db, db:
        return list(db.execute(statement, values))


def snapshot(folder: Path, tables: Collection[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of these tables, default: of all."""
    every = [name for (name,) in sql(folder, "select name from sqlite_master where type = 'table' order by name")]
    return {table: sorted(sql(folder, f"select * from {table}"), key=repr) for table in tables or every}


def said_of(code: str, lang: str) -> str:
    """The beginning of the sentence of a code, up to its first placeholder."""
    found = next(entry for name in CATALOGUES if (entry := catalogue(lang, name).get("errors", {}).get(code)))
    assert found["fix"], code
    return found["text"].partition("{")[0]


def check_message(stderr: str, lang: str, code: str, place: str) -> None:
    """One message, with its code, its place, its words and its fix; nothing that only a programmer reads."""
    lines = [line for line in stderr.splitlines() if CODE.search(line)]

    assert [code] == [CODE.search(line)[0] for line in lines], stderr
    assert place in lines[0]
    assert said_of(code, lang) in lines[0]
    assert " → " in lines[0]
    assert not re.search(r"(?<!\{)\{[a-z_]+\}", lines[0]), "a placeholder was not filled"
    assert "Traceback" not in stderr


def check_everywhere(dealer: Any, arguments: tuple[str, ...], *, code: str, place: str, exit_code: int) -> None:
    """The same mistake in both languages, as JSON, and on a GBK console; `dealer` is a shell."""
    for lang in LANGUAGES:
        said = dealer(*arguments, "--lang", lang)
        assert exit_code == said.exit_code, said.stderr
        check_message(said.stderr, lang, code, place)
        assert "Traceback" not in said.stdout
    console = dealer(*arguments, "--lang", "zh", PYTHONIOENCODING="gbk")
    assert exit_code == console.exit_code
    check_message(console.stderr_bytes.decode("gbk"), "zh", code, place)
    console.stdout_bytes.decode("gbk")
    told = dealer(*arguments, "--json")
    body = json.loads(told.stdout)
    assert ("crmcore/error@1", code, exit_code) == (body["schema"], body["code"], body["exit_code"])
    assert exit_code == told.exit_code
    assert place in f"{body['at']} {body['message']}"
    assert body["message"]
    assert body["fix"]
