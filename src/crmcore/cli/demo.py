"""crmcore demo: learn, decide, speak, on a sample dealer, with a gateway on loopback that the texts really travel to."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from crmcore.cli.frame import Command
from crmcore.cli.state import State
from crmcore.errors import StoreError, TransientError, UsageError

if TYPE_CHECKING:
    from crmcore.app import Crm
    from crmcore.config import Config
    from crmcore.sample import Dealer
    from crmcore.sample.gateway import LoopbackGateway, Script

#: The morning of the sample dealer's day: everything due at opening is due, and nobody is asleep.
TEN_O_CLOCK = timedelta(hours=10)
SHANGHAI = timezone(timedelta(hours=8))
MINE = "示范店 · the sample dealer"  # the first line of the crm.toml that this command writes
SHOWN = 5  # rows of the worklist on the screen
PATIENCE = 20.0  # seconds for the receiver to start


@click.command("demo", cls=Command)
@click.option("--folder", default="crmcore-demo", metavar="FOLDER", type=click.Path(path_type=Path))
@click.pass_obj
def command(state: State, folder: Path) -> None:
    """Everything is invented; nothing leaves this machine."""
    try:
        dealer = _lay_out(state, folder)
    except OSError as error:
        raise StoreError("CRM-D130", at=str(folder), why=type(error).__name__) from None
    with _open(state, dealer) as (crm, gateway, spoken):
        _learn(state, crm)
        _decide(state, crm)
        _speak(state, crm, gateway, spoken)
        _hand_over(state, crm, folder)
    if state.json:
        names = ("crm.toml", "crm.db", "worklist.xlsx", "rejects.csv", "report.html")
        state.emit("demo", {"folder": folder, "files": [folder / name for name in names]})


# ------------------------------------------------------------------ setting the stage


def _lay_out(state: State, folder: Path) -> Dealer:
    """A fresh dealer in `folder`; what an earlier demo left there is replaced, anything else is left alone."""
    from crmcore.sample import config_toml, generate, write

    file = folder / "crm.toml"
    if file.exists() and MINE not in file.read_text("utf-8", errors="replace").split("\n", 1)[0]:
        raise UsageError("CRM-U220", at=str(folder))
    shutil.rmtree(folder / "exports", ignore_errors=True)
    for stale in (*folder.glob("crm.db*"), *folder.glob("rejects.csv"), *folder.glob("worklist.xlsx")):
        stale.unlink()
    dealer = generate()
    write(dealer, folder)
    file.write_text(config_toml(lang=state.lang), encoding="utf-8")
    state.path = file
    return dealer


@contextlib.contextmanager
def _open(state: State, dealer: Dealer) -> Iterator[tuple[Crm, LoopbackGateway, threading.Event]]:
    """The dealer's Crm, its receiver and the gateway, talking to each other over HTTP on loopback."""
    from crmcore.app import Crm, FixedClock
    from crmcore.config import load
    from crmcore.sample.gateway import PASSWORD, LoopbackGateway, http_get

    ten = datetime.combine(dealer.today, datetime.min.time(), SHANGHAI) + TEN_O_CLOCK
    secret = secrets.token_urlsafe(12)
    spoken = threading.Event()  # receipts are faster than our own record now and then; a story has an order

    def push(url: str) -> int:
        spoken.wait(PATIENCE)
        return http_get(url)

    config = load(state.document, state.plugins, environ={"SMS_PASSWORD": PASSWORD, "CRM_HOOK_SECRET": secret})
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        LoopbackGateway(
            scripts=_scripts(dealer),
            mo_url=f"http://127.0.0.1:{listening.getsockname()[1]}/hooks/{secret}/sms/mo",
            deliver=push,
            now=lambda: ten,
        ) as gateway,
    ):
        state.config = _pointed_at(config, gateway.url, listening.getsockname()[1])
        state.crm = Crm.open(state.config, state.plugins, FixedClock(ten), lang=state.lang)
        with state.crm, _receiver(state.crm, secret, listening):
            yield state.crm, gateway, spoken


def _scripts(dealer: Dealer) -> dict[str, Script]:
    """What the customers do who answer: the gateway knows numbers, not people."""
    from crmcore.sample.gateway import Script

    return {dealer.people[answer.person].phones[0]: Script(reply=answer.text) for answer in dealer.answers}


def _pointed_at(config: Config, url: str, port: int) -> Config:
    """The same configuration with the addresses of this run; the file keeps those of a real Kannel."""
    assert config.serve is not None
    sms = config.messaging["sms"]
    return attrs.evolve(
        config,
        messaging={**config.messaging, "sms": attrs.evolve(sms, settings=attrs.evolve(sms.settings, url=url))},
        serve=attrs.evolve(config.serve, public_url=f"http://127.0.0.1:{port}", port=port),
    )


@contextlib.contextmanager
def _receiver(crm: Crm, secret: str, listening: socket.socket) -> Iterator[None]:
    """The receiver of `crmcore serve`, in a thread, until the block ends."""
    from crmcore.contrib.serve import make_server

    server = make_server(crm.receive, secret, host="127.0.0.1", port=listening.getsockname()[1])
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    ends = time.monotonic() + PATIENCE
    while not server.started:
        if time.monotonic() > ends or not thread.is_alive():
            raise TransientError("CRM-W201")
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


# ------------------------------------------------------------------ the three acts, and what is left


def _learn(state: State, crm: Crm) -> None:
    from crmcore.cli.verbs import tell_sync

    state.tell(state.say("demo.learn"))
    tell_sync(state, crm.sync())


def _decide(state: State, crm: Crm) -> None:
    from crmcore.cli.plan import tell_plan

    state.tell(state.say("demo.decide"))
    tell_plan(state, crm.plan())


def _speak(state: State, crm: Crm, gateway: LoopbackGateway, spoken: threading.Event) -> None:
    from crmcore.cli.verbs import tell_send
    from crmcore.db import inbox, messages

    state.tell(state.say("demo.speak"))
    tell_send(state, crm.send(yes=True))
    spoken.set()
    gateway.settle()
    with crm.db.reading() as connection:
        counts = messages.counts(connection)
        replies = inbox.replies(connection, ("WAITING", "OPTED_OUT"))
    state.tell(state.say("demo.receipts", taken=len(gateway.texts), delivered=counts.get("DELIVERED", 0)))
    for reply in replies:
        state.tell(state.say(f"demo.reply.{reply.state}", id=f"I{reply.id}", text=reply.text))
    again = crm.run(yes=True)
    new = sum(source.accepted for source in again.sync.sources)
    state.tell(state.say("demo.again", rows=new, planned=again.plan.totals()["added"], sent=len(again.send.lines)))


def _hand_over(state: State, crm: Crm, folder: Path) -> None:
    from crmcore.cli.callbacks import COLUMNS
    from crmcore.flows.callbacks import due_rows, export
    from crmcore.reports.daily import render
    from crmcore.worklist.write import private_write

    desk, now = crm.desk(), crm.clock.now()
    calls = export(crm.db, desk, folder / "worklist.xlsx", now, lang=state.lang, by="demo").callbacks
    private_write(folder / "report.html", render(crm.report(), state.lang).encode())
    state.tell(state.say("demo.worklist", count=calls, shown=min(SHOWN, calls)))
    rows = due_rows(crm.db, desk, now, lang=state.lang, masked=True)
    if not state.json:
        state.show("callbacks", [attrs.asdict(row) for row in rows[:SHOWN]], COLUMNS)
    first = rows[0].id if rows else "T1"
    state.tell(
        state.say("demo.next", folder=folder, file=folder / "crm.toml", now=f"{now:%Y-%m-%dT%H:%M%z}", first=first)
    )
