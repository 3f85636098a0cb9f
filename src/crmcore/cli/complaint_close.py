"""crmcore complaints offer … withdraw: making good, the second callback, the end and what comes after."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import click

from crmcore.cli.by import BY
from crmcore.cli.complaint_list import command, done
from crmcore.cli.complaint_work import AT, NOTE, _step, _telling, codes, instant
from crmcore.cli.state import State
from crmcore.errors import UsageError
from crmcore.types.complaint import OfferKind, RecoveryOffer, Restoration
from crmcore.types.contact import AttemptOutcome


@command.command("offer")
@click.argument("case", metavar="ID")
@click.argument("kind", type=codes(OfferKind))
@click.argument("cost", metavar="YUAN")
@BY
@AT
@NOTE
@click.pass_obj
def offer(state: State, case: str, kind: str, cost: str, by: str, when: str | None, note: str) -> None:
    """The customer hears of it once it is approved."""
    from crmcore.flows.complaint_end import offer

    try:
        yuan = Decimal(cost)
    except InvalidOperation:
        raise UsageError("CRM-T505", value=cost, what="cost", known="200, 199.50") from None
    office = state.crm.office()
    _offered(state, offer(office, case, OfferKind(kind), yuan, by=by, at=instant(state, when), note=note), "offered")


@command.command("approve")
@click.argument("offer", metavar="ID")
@click.option("--by", metavar="STAFF", required=True)
@click.pass_obj
def approve(state: State, offer: str, by: str) -> None:
    """As far as the role of --by may."""
    from crmcore.flows.complaint_end import approve

    _offered(state, approve(state.crm.office(), offer, by=by), "approved")


@command.command("answer")
@click.argument("offer", metavar="ID")
@click.argument("said", type=click.Choice(["yes", "no"], case_sensitive=False))
@BY
@click.pass_obj
def answer(state: State, offer: str, said: str, by: str) -> None:
    """Only of an offer that is approved."""
    from crmcore.flows.complaint_end import answer

    _offered(state, answer(state.crm.office(), offer, accepted=said == "yes", by=by), "answered")


def _offered(state: State, made: RecoveryOffer, what: str) -> None:
    if state.json:
        body: dict[str, Any] = {
            "id": made.id,
            "kind": made.kind,
            "cost": str(made.cost),
            "offered_by": made.offered_by,
            "approved_by": made.approved_by,
            "accepted": made.accepted,
        }
        state.emit("offer", body)
        return
    said = state.say("complaint.accepted" if made.accepted else "complaint.declined")
    cost, kind = f"{made.cost:.2f}", state.say(f"kind.{made.kind}")
    state.tell(state.say(f"complaint.{what}", id=made.id, kind=kind, cost=cost, by=made.approved_by, answer=said))


resolve = _telling("resolve", "RESOLVE", "resolve")


@command.command("callback")
@click.argument("case", metavar="ID")
@click.argument("said", type=codes(Restoration), required=False)
@click.option("--result", metavar="CODE", default="DONE")
@click.option("--remark", metavar="TEXT", default="")
@click.option("--close", is_flag=True)
@BY
@AT
@click.pass_obj
def callback(
    state: State, case: str, said: str | None, result: str, remark: str, close: bool, by: str, when: str | None
) -> None:
    """Who is not content has the case reopened."""
    from crmcore.flows.complaint_end import call_back

    heard, at = Restoration(said) if said else None, instant(state, when)
    called = call_back(state.crm.office(), case, result, heard, by=by, at=at, remark=remark, close=close)
    reached = state.config.results[result].outcome is AttemptOutcome.SUCCESS
    done(state, called, "CALL_BACK", {"result": result, "said": said if reached else None})


@command.command("waive")
@click.argument("case", metavar="ID")
@click.argument("why", metavar="WHY")
@BY
@NOTE
@click.pass_obj
def waive(state: State, case: str, why: str, by: str, note: str) -> None:
    """One of the waivers, e.g. WAIVER_UNREACHABLE."""
    from crmcore.flows.complaint_end import waive

    code = why.upper() if why.upper().startswith("WAIVER_") else f"WAIVER_{why.upper()}"
    done(state, waive(state.crm.office(), case, code, by=by, note=note), "WAIVE")


close = _step("close", "CLOSE", "close")
reopen = _step("reopen", "REOPEN", "reopen")
withdraw = _step("withdraw", "WITHDRAW", "withdraw")
