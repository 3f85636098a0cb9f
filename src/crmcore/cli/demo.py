"""crmcore demo: learn, decide, speak, hear, mend, show, on a sample dealer, with vendors on loopback that everything really travels to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from crmcore.cli.frame import Command
from crmcore.cli.state import State
from crmcore.errors import StoreError

if TYPE_CHECKING:
    from crmcore.cli.demo_stage import Stage

SHOWN = 5  # rows of the worklist on the screen
PAGES = ("csi", "board", "calls", "report")
FILES = (
    "crm.toml",
    "crm.db",
    "worklist.xlsx",
    "worklist-filled.csv",
    "rejects.csv",
    *(f"{page}.{suffix}" for page in PAGES for suffix in ("html", "xlsx")),
)


@click.command("demo", cls=Command)
@click.option("--folder", default="crmcore-demo", metavar="FOLDER", type=click.Path(path_type=Path))
@click.option("--messaging", default="gateway", metavar="NAME")
@click.pass_obj
def command(state: State, folder: Path, messaging: str) -> None:
    """Everything is invented; nothing leaves this machine."""
    from crmcore.cli import demo_stage, demo_voices

    adapter = demo_stage.adapter(state, messaging)
    try:
        dealer = demo_stage.lay_out(state, folder, FILES)
    except OSError as error:
        raise StoreError("CRM-D130", at=str(folder), why=type(error).__name__) from None
    with demo_stage.opened(state, dealer, folder, messaging, adapter) as stage:
        _learn(state, stage)
        _decide(state, stage)
        _speak(state, stage)
        _hand_over(state, stage)
        demo_voices.hear(state, stage)
        demo_voices.mend(state, stage)
        _show(state, stage)
    if messaging != demo_stage.GATEWAY:
        state.tell(state.say("demo.ended", adapter=messaging, file=folder / "crm.toml"))
    if state.json:
        state.emit("demo", {"folder": folder, "files": [folder / name for name in FILES]})


def _learn(state: State, stage: Stage) -> None:
    from crmcore.cli.verbs import tell_collect, tell_sync

    state.tell(state.say("demo.learn"))
    tell_sync(state, stage.crm.sync())
    state.tell(state.say("demo.waves"))
    tell_collect(state, stage.crm.collect())


def _decide(state: State, stage: Stage) -> None:
    from crmcore.cli.plan import tell_plan

    state.tell(state.say("demo.decide"))
    tell_plan(state, stage.crm.plan())


def _speak(state: State, stage: Stage) -> None:
    from crmcore.cli.surveys import tell_invite
    from crmcore.cli.verbs import tell_send
    from crmcore.db import inbox, messages
    from crmcore.db.complaint_history import rests_on
    from crmcore.types.complaint import EvidenceKind

    crm = stage.crm
    state.tell(state.say("demo.speak"))
    tell_invite(state, crm.invite(yes=True))
    tell_send(state, crm.send(yes=True))
    stage.spoken.set()
    stage.sandbox.settle()
    with crm.db.reading() as connection:
        counts = messages.counts(connection)
        replies = inbox.replies(connection, ("WAITING", "OPTED_OUT"))
        cases = {reply.id: rests_on(connection, EvidenceKind.REPLY, reply.id) for reply in replies}
    state.tell(state.say("demo.receipts", taken=len(stage.sandbox.texts), delivered=counts.get("DELIVERED", 0)))
    for reply in replies:
        what = "OPENED" if cases[reply.id] and reply.state == "WAITING" else reply.state
        state.tell(state.say(f"demo.reply.{what}", id=f"I{reply.id}", text=reply.text, case=f"K{cases[reply.id]}"))
    again = crm.run(yes=True)
    new = sum(source.accepted for source in again.sync.sources)
    state.tell(state.say("demo.again", rows=new, planned=again.plan.totals()["added"], sent=len(again.send.lines)))


def _hand_over(state: State, stage: Stage) -> None:
    from crmcore.cli.callbacks import COLUMNS
    from crmcore.flows.callbacks import due_rows, export

    crm = stage.crm
    now = crm.clock.now()
    done = export(crm.db, crm.desk(), stage.folder / "worklist.xlsx", now, lang=state.lang, by=stage.clerk)
    rows = due_rows(crm.db, crm.desk(), now, lang=state.lang, masked=True, by=stage.clerk)
    state.tell(state.say("demo.worklist", count=done.callbacks, shown=min(SHOWN, len(rows))))
    if not state.json:
        state.show("callbacks", [attrs.asdict(row) for row in rows[:SHOWN]], COLUMNS)


def _show(state: State, stage: Stage) -> None:
    from crmcore.cli import demo_voices
    from crmcore.reports import files
    from crmcore.worklist.write import private_write

    crm, folder = stage.crm, stage.folder
    reports = crm.reports
    pages: tuple[files.Page, ...] = (reports.csi(), reports.board(), reports.calls(), crm.report())
    for page, facts in zip(PAGES, pages, strict=True):
        for suffix in (files.HTML, files.XLSX):
            private_write(folder / f"{page}{suffix}", files.content(facts, suffix, state.lang))
    state.tell(state.say("demo.show"))
    now = f"{state.local(crm.clock.now().isoformat()):%Y-%m-%dT%H:%M%z}"
    first = next(iter(demo_voices.cases(stage)), {"id": "K1"})["id"]
    state.tell(state.say("demo.next", folder=folder, file=folder / "crm.toml", now=now, first=first))
