"""The second half of the demo: customers answer, complaints come of it, one is late, one is mended."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmcore.cli.state import State
from crmcore.types.complaint import Complaint, ComplaintState, OfferKind, Origin, Restoration

if TYPE_CHECKING:
    from crmcore.cli.demo_stage import Stage
    from crmcore.sample.voices import ClerkCall
    from crmcore.worklist.form import Form


def hear(state: State, stage: Stage) -> None:
    """Ten o'clock to twenty to eleven: the web, the telephone, a text; then whatever is overdue climbs."""
    from crmcore.cli import callbacks
    from crmcore.cli.complaint_list import COLUMNS, worded
    from crmcore.cli.verbs import tell_collect
    from crmcore.flows import complaints
    from crmcore.flows.callbacks_import import take_in

    crm = stage.crm
    state.tell(state.say("demo.hear"))
    filled = fill_in(state, stage)
    for voice in stage.dealer.voices.online:
        token = token_of(stage, voice.person)
        stage.survey.answer(token, voice.answers, stage.at("10:00") + voice.after)
    stage.go("10:20")
    for row in cases(stage):  # a text is read at once; what comes in the meantime, at twenty to eleven
        _tell(state, complaints.assign(crm.office(), row["id"], by=stage.clerk))
    stage.go("10:40")
    callbacks.tell(state, take_in(crm.db, crm.desk(), filled, crm.clock, by=stage.clerk))
    tell_collect(state, crm.collect())
    _alarm(state, stage)
    rows = cases(stage)
    state.tell(state.say("demo.cases", count=len(rows)))
    if not state.json:
        state.show("complaints", [worded(state, row) for row in rows], COLUMNS)


def _alarm(state: State, stage: Stage) -> None:
    """Thirty minutes are over for one of them, and its group hears of it."""
    from crmcore.cli.alerts import tell_alert
    from crmcore.cli.escalate import tell_escalate

    tell_escalate(state, stage.crm.escalate())
    tell_alert(state, stage.crm.alert(yes=True))
    for said in stage.robot.said:
        state.tell(state.say("demo.group"))
        state.tell("\n".join(f"    {line}" for line in said.text.splitlines()))


def mend(state: State, stage: Stage) -> None:
    """The rest of the day: everybody gets an answer, and one case goes its whole way, to the second callback."""
    from crmcore.flows import complaint_end, complaints

    state.tell(state.say("demo.mend"))
    office, waiting = stage.crm.office(), cases(stage)
    stage.go("10:45")
    for row in waiting:
        if row["state"] == ComplaintState.RECEIVED:
            _tell(state, complaints.assign(office, row["id"], by=stage.clerk))
    stage.go("11:10")
    for row in waiting:
        _tell(state, complaints.respond(office, row["id"], by=stage.manager))
    case = waiting[0]["id"]
    offer = complaint_end.offer(office, case, OfferKind.FREE_REPAIR, Decimal(300), by=stage.manager)
    complaint_end.approve(office, offer.id, by=stage.head)
    complaint_end.answer(office, offer.id, accepted=True, by=stage.manager)
    state.tell(state.say("demo.offer", case=case, id=offer.id))
    stage.go("16:00")
    _tell(state, complaint_end.resolve(office, case, state.say("demo.resolution"), by=stage.manager))
    stage.go("17:10")
    _tell(state, complaint_end.call_back(office, case, "DONE", Restoration.RESTORED, by=stage.clerk, close=True))


def fill_in(state: State, stage: Stage) -> Path:
    """The worklist as CSV, with the clerk's morning written into it."""
    from crmcore.flows.callbacks import export
    from crmcore.flows.plan_who import staff_of

    crm, desk = stage.crm, stage.crm.desk()
    path = stage.folder / "worklist-filled.csv"
    export(crm.db, desk, path, crm.clock.now(), lang=state.lang, by=stage.clerk)
    with crm.db.reading() as connection:
        form = desk.form(desk.asked(desk.surveys.values()), staff_of(connection, desk.settings))
    orders = {visit.customer: visit.key for visit in stage.dealer.visits}
    calls = {orders[call.person]: call for call in stage.dealer.voices.calls}
    with path.open(encoding="utf-8-sig", newline="") as file:
        headings, *rows = csv.reader(file)
    why = headings.index(form.heading("reason", state.lang))
    for row in rows:
        call = next((call for order, call in calls.items() if order in row[why]), None)
        for heading, cell in _cells(stage, form, call, state.lang) if call else ():
            row[headings.index(heading)] = cell
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([headings, *rows])
    return path


def _cells(stage: Stage, form: Form, call: ClerkCall, lang: str) -> list[tuple[str, str]]:
    """(heading, what the clerk writes) of one call."""
    day = stage.dealer.today.isoformat()
    said = {
        "result": next(choice.words[lang] for choice in form.results if choice.code == call.result),
        "remark": call.verbatim,
        "category": next((choice.words[lang] for choice in form.categories if choice.code == call.category), ""),
        "complaint": form.options("complaint", lang)[0] if call.category else "",
        "called_at": f"{day} {call.at:%H:%M}",
        "next_at": f"{day} {call.next_at:%H:%M}" if call.next_at else "",
        **{f"aftersales.{question}": value for question, value in call.scores.items()},
    }
    return [(form.heading(column, lang), cell) for column, cell in said.items() if cell]


def token_of(stage: Stage, person: str) -> str:
    """The token of the link that a customer was sent: his order stands beside it at the survey's vendor."""
    orders = {visit.key for visit in stage.dealer.visits if visit.customer == person}
    return next(token for token, each in stage.survey.participants.items() if orders & set(each.attributes.values()))


def cases(stage: Stage) -> list[dict[str, Any]]:
    """Our own cases that are open, the oldest first."""
    from crmcore.flows.complaint_view import list_cases

    rows = [row for row in list_cases(stage.crm.office()) if row["origin"] == Origin.CRM.value]
    return sorted(rows, key=lambda row: str(row["received_at"]))


def _tell(state: State, case: Complaint) -> None:
    state.tell(state.say("demo.step", case=case.id, state=state.say(f"state.complaint.{case.state.value}")))
