"""crmcore doctor: everything that has to be right before the night run, each with its fix."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from crmcore.cli.frame import Command
from crmcore.cli.plugins import check_instances
from crmcore.cli.state import State
from crmcore.errors import ConfigError, CrmError

if TYPE_CHECKING:
    from crmcore.config import Config

LITTLE_SPACE = 200 * 1024 * 1024  # bytes
NOVEMBER = 11  # the State Council announces the next year's holidays in this month


@attrs.frozen
class Finding:
    """One thing that was looked at; `level` is "ok", "warning" (works, but) or "error"."""

    check: str
    level: str
    found: str
    fix: str = ""
    code: str = ""
    exit_code: int = 0


@click.command("doctor", cls=Command)
@click.pass_obj
def command(state: State) -> int:
    """Look at everything, change nothing; the exit code is that of the worst finding."""
    findings = list(_findings(state))
    if state.json:
        state.emit("doctor", {"checks": [attrs.asdict(each) for each in findings]})
    else:
        marks = {"ok": "√", "warning": "●", "error": "×"}
        for each in findings:
            state.tell(f"{marks[each.level]} {state.say(f'doctor.{each.check}')}: {each.found}")
            if each.fix:
                state.tell(f"    → {each.fix}")
    return max((each.exit_code for each in findings), default=0)


def _findings(state: State) -> Iterator[Finding]:
    yield from _machine(state)
    yield from _plugins(state)
    try:
        config = state.config
    except ConfigError as error:
        for each in error.errors or (error,):
            yield _wrong("config", state, each)
        return
    yield Finding("config", "ok", state.path.name)
    yield from _guarded(state, "calendar", lambda: _calendar(state, config))
    rows = check_instances(state)
    yield from _connections(state, rows)
    yield from _alerts(state, config, {row["instance"]: row for row in rows if not row["ok"]})
    yield from _guarded(state, "database", lambda: _database(state, config))


def _machine(state: State) -> Iterator[Finding]:
    """Python, its SQLite, and what the console can show."""
    yield Finding("python", "ok", f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}")
    encoding = sys.stdout.encoding or "?"
    wide = encoding.lower().replace("-", "") in {"utf8", "gbk", "cp936", "gb18030", "utf8sig"}
    fix = "" if wide else state.say("doctor.fix.encoding")
    yield Finding("encoding", "ok" if wide else "warning", encoding, fix)


def _plugins(state: State) -> Iterator[Finding]:
    for row in state.plugins.rows():
        bad = row["status"] == "failed"
        found = f"{row['plugin']} {row['version']}: {row['status']}" + (
            f" ({row['stage']}: {row['error']})" if bad else ""
        )
        yield Finding("plugin", "warning" if bad else "ok", found, state.say("doctor.fix.plugin") if bad else "")
    if not state.plugins.rows():
        yield Finding("plugin", "warning", "0", state.say("doctor.fix.no_plugin"))


def _calendar(state: State, config: Config) -> Iterator[Finding]:
    """Are the holidays announced, for stores that keep the office calendar?"""
    from datetime import date

    from crmcore.rules.worktime import is_working_day
    from crmcore.types.store import CalendarId

    now = state.clock.now()
    years = [now.year] + ([now.year + 1] if now.month >= NOVEMBER else [])
    for store in config.stores:
        if store.calendar is CalendarId.CN:
            missing = [year for year in years if is_working_day(store, date(year, 7, 1)).provisional]
            said = ", ".join(map(str, missing or years))
            fix = state.say("doctor.fix.calendar") if missing else ""
            yield Finding("calendar", "warning" if missing else "ok", f"{store.code}: {said}", fix)
    yield Finding("timezone", "ok", ", ".join(sorted({store.timezone for store in config.stores})))


def _connections(state: State, rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for row in rows:
        if row["ok"]:
            yield Finding("connection", "ok", row["instance"])
        else:
            said, _, fix = row["message"].partition(" → ")
            yield Finding("connection", "error", said, fix, row["code"], row["exit_code"])
    pushed = [each.full_name for each in state.config.messaging.values() if each.enabled and _is_pushed(each.cls)]
    if pushed and state.config.serve is None and state.config.serve_problem is None:
        yield Finding("serve", "warning", ", ".join(pushed), state.say("doctor.fix.serve"))


def _alerts(state: State, config: Config, broken: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Is there a group for each store, and one that can be reached, so that somebody hears of a complaint?"""
    from crmcore.types.customer import Channel

    groups = [each for each in config.messaging.values() if each.enabled and Channel.GROUP in each.channels]
    names = {
        store.code: [group.full_name for group in groups if not group.stores or store.code in group.stores]
        for store in config.stores
    }
    deaf = [code for code, told in names.items() if not told]
    mute = {name: broken[name] for told in names.values() if all(name in broken for name in told) for name in told}
    if deaf:
        yield Finding("alerts", "warning", ", ".join(deaf), state.say("doctor.fix.alerts"))
    if mute:
        fix, row = state.say("doctor.fix.mute"), next(iter(mute.values()))
        yield Finding("alerts", "error", ", ".join(mute), fix, row["code"], row["exit_code"])
    if not deaf and not mute:
        yield Finding("alerts", "ok", ", ".join(each.full_name for each in groups if each.full_name not in broken))


def _is_pushed(cls: Any) -> bool:
    from crmcore.hooks.adapters import ParsesReceipts, ParsesReplies

    return cls is not None and issubclass(cls, ParsesReceipts | ParsesReplies)


def _database(state: State, config: Config) -> Iterator[Finding]:
    """Can it be opened, has it our schema, is there room? A file that is not there yet is made by the first command."""
    from sqlalchemy.engine import make_url

    from crmcore.db.engine import Database
    from crmcore.db.survey_lists import unmapped
    from crmcore.db.upgrade import check_schema

    url = make_url(config.database_url)
    shown = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite":
        free = shutil.disk_usage(config.folder).free
        if free < LITTLE_SPACE:
            yield Finding("disk", "warning", f"{free // 1024 // 1024} MB", state.say("doctor.fix.disk"))
        if not Path(str(url.database)).exists():
            yield Finding("database", "ok", state.say("doctor.new_database", name=Path(str(url.database)).name))
            return
    with contextlib.closing(Database(config.database_url)) as db:
        check_schema(db)
        yield Finding("database", "ok", shown)
        with db.reading() as connection:
            for source, items in unmapped(connection).items():
                found = f"{source}: {', '.join(items)}"
                yield Finding("unmapped", "warning", found, state.say("doctor.fix.unmapped"))


def _guarded(state: State, check: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except CrmError as error:
        yield _wrong(check, state, error)


def _wrong(check: str, state: State, error: CrmError) -> Finding:
    from crmcore import lang as catalogue

    said, fix = catalogue.error(error.code, state.lang, error.catalog, error.params)
    return Finding(
        check, "error", f"{error.code} {error.at} {said}".replace("  ", " "), fix, error.code, error.exit_code
    )
