"""crmcore complaints open … resume: a case from its first word until its solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from crmcore.cli.by import BY
from crmcore.cli.complaint_list import category as category_name
from crmcore.cli.complaint_list import command, done
from crmcore.cli.state import State
from crmcore.types.complaint import ComplaintChannel, ComplaintForm, CustomerType, Need, Severity
from crmcore.types.store import Department

AT = click.option("--at", "when", metavar="ISO")
NOTE = click.option("--note", metavar="TEXT", default="")


def codes(kind: Any) -> click.Choice[str]:
    """The members of an enum, as an option takes them."""
    return click.Choice([each.value for each in kind], case_sensitive=False)


def instant(state: State, text: str | None) -> Any:
    """--at, in the zone of the first store."""
    return state.instant(text) if text else None


@command.command("open")
@click.argument("words", metavar="TEXT")
@click.option("--customer", metavar="PHONE|PLATE|VIN|ID")
@click.option("--visit", metavar="ID")
@click.option("--vehicle", metavar="PLATE|VIN|ID")
@click.option("--store", metavar="CODE")
@click.option("--category", metavar="CODE")
@click.option("--severity", type=codes(Severity))
@click.option("--form", type=codes(ComplaintForm))
@click.option("--channel", type=codes(ComplaintChannel), default=ComplaintChannel.STORE.value)
@click.option("--demand", metavar="TEXT", default="")
@click.option("--received", metavar="ISO")
@click.option("--first-asked", metavar="STAFF")
@click.option("--apart", is_flag=True)
@BY
@click.pass_obj
def open_(
    state: State,
    /,
    words: str,
    received: str | None,
    severity: str | None,
    form: str | None,
    channel: str,
    store: str | None,
    by: str,
    **known: Any,
) -> None:
    """By hand; what is open for the same cause is joined."""
    from crmcore.flows.complaint_view import show_case
    from crmcore.flows.complaints import Told, open_case

    office = state.crm.office()
    told = Told(
        words=words,
        severity=Severity(severity) if severity else None,
        form=ComplaintForm(form) if form else None,
        channel=ComplaintChannel(channel),
        store=state.crm.store(store).code if store else "",
        received_at=instant(state, received),
        **known,
    )
    opened = open_case(office, told, by=by)
    row = show_case(office, f"K{opened.id}")
    if state.json:
        keys = ("id", "state", "category", "severity", "clock", "clock_due_at")
        state.emit("complaint", {**{key: row[key] for key in keys}, "event": "JOIN" if opened.joined else "OPEN"})
        return
    due = state.cell(row["clock_due_at"])
    said = {"category": category_name(state, row["category"]), "severity": state.say(f"severity.{row['severity']}")}
    key = "complaint.joined" if opened.joined else "complaint.opened"
    state.tell(state.say(key, id=row["id"], due=due, **said))


def _step(name: str, event: str, function: str) -> Callable[..., None]:
    """A command that takes a case, --by, --at and --note, and nothing else."""

    @command.command(name)
    @click.argument("case", metavar="ID")
    @BY
    @AT
    @NOTE
    @click.pass_obj
    def step(state: State, case: str, by: str, when: str | None, note: str) -> None:
        """One line of the history."""
        from crmcore.flows import complaint_end, complaints

        verb = getattr(complaints, function, None) or getattr(complaint_end, function)
        done(state, verb(state.crm.office(), case, by=by, at=instant(state, when), note=note), event)

    return step


def _telling(name: str, event: str, function: str) -> Callable[..., None]:
    """A command that takes a case and what is to be said of it, --by and --at."""

    @command.command(name)
    @click.argument("case", metavar="ID")
    @click.argument("text", metavar="TEXT")
    @BY
    @AT
    @click.pass_obj
    def told(state: State, case: str, text: str, by: str, when: str | None) -> None:
        """One line of the history, with its words."""
        from crmcore.flows import complaint_end, complaints

        verb = getattr(complaints, function, None) or getattr(complaint_end, function)
        done(state, verb(state.crm.office(), case, text, by=by, at=instant(state, when)), event)

    return told


acknowledge = _step("acknowledge", "ACKNOWLEDGE", "acknowledge")


@command.command("assign")
@click.argument("case", metavar="ID")
@click.option("--to", metavar="STAFF")
@BY
@AT
@NOTE
@click.pass_obj
def assign(state: State, case: str, to: str | None, by: str, when: str | None, note: str) -> None:
    """The first time this is the handover; later another owner."""
    from crmcore.flows.complaints import assign

    done(state, assign(state.crm.office(), case, to, by=by, at=instant(state, when), note=note), "HAND_OVER")


note = _telling("note", "NOTE", "note")


@command.command("classify")
@click.argument("case", metavar="ID")
@click.option("--customer", metavar="PHONE|PLATE|VIN|ID")
@click.option("--category", metavar="CODE")
@click.option("--severity", type=codes(Severity))
@click.option("--form", type=codes(ComplaintForm))
@click.option("--customer-type", type=codes(CustomerType))
@click.option("--need", "needs", type=codes(Need), multiple=True)
@click.option("--magnitude", type=click.IntRange(-100, 100))
@click.option("--root-cause", metavar="CODE")
@click.option("--responsible", metavar="STAFF")
@click.option("--accused", metavar="STAFF", multiple=True)
@click.option("--department", type=codes(Department))
@click.option("--avoidable/--unavoidable", default=None)
@click.option("--demand", metavar="TEXT")
@click.option("--background", metavar="TEXT")
@click.option("--prevention", metavar="TEXT")
@BY
@AT
@NOTE
@click.pass_obj
def classify(state: State, /, case: str, by: str, when: str | None, note: str, **known: Any) -> None:
    """Only what is named changes; deadlines follow the severity, the owner the accused."""
    from crmcore.flows.complaints import Judged, classify

    kinds = {"severity": Severity, "form": ComplaintForm, "customer_type": CustomerType, "department": Department}
    for name, kind in kinds.items():
        known[name] = kind(known[name]) if known[name] else None
    known["needs"] = tuple(Need(each) for each in known["needs"]) or None
    known["accused"] = known["accused"] or None
    judged = Judged(**known)
    done(state, classify(state.crm.office(), case, judged, by=by, at=instant(state, when), note=note), "CLASSIFY")


investigate = _step("investigate", "INVESTIGATE", "investigate")
respond = _step("respond", "RESPOND", "respond")


@command.command("pause")
@click.argument("case", metavar="ID")
@click.argument("why", metavar="WHY")
@BY
@AT
@NOTE
@click.pass_obj
def pause(state: State, case: str, why: str, by: str, when: str | None, note: str) -> None:
    """PAUSE_CUSTOMER, PAUSE_PARTS, PAUSE_MAKER or PAUSE_AUTHORITY."""
    from crmcore.flows.complaints import pause

    code = why.upper() if why.upper().startswith("PAUSE_") else f"PAUSE_{why.upper()}"
    done(state, pause(state.crm.office(), case, code, by=by, at=instant(state, when), note=note), "PAUSE")


resume = _step("resume", "RESUME", "resume")


@command.command("adopt")
@click.argument("case", metavar="ID")
@BY
@click.pass_obj
def adopt(state: State, case: str, by: str) -> None:
    """Deadlines run from now on; the DMS no longer changes it."""
    from crmcore.flows.complaints import adopt

    done(state, adopt(state.crm.office(), case, by=by), "ADOPT")
