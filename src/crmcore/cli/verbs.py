"""crmcore run, sync, collect, send: the verbs, each a few counted lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from crmcore.cli.failures import error_body
from crmcore.cli.frame import Command
from crmcore.cli.memory import no_collecting
from crmcore.cli.state import State
from crmcore.errors import PluginError
from crmcore.types.contact import MessageState

if TYPE_CHECKING:
    from crmcore.errors import CrmError
    from crmcore.flows.collect import CollectReport
    from crmcore.flows.responses import ResponseReport
    from crmcore.flows.send import SendReport
    from crmcore.flows.sync import SourceReport, SyncReport

PART = 1  # exit code: done in part
GATE = PluginError.exit_code  # a plugin that is asked before sending gave no answer


@click.command("sync", cls=Command)
@click.argument("instances", nargs=-1, metavar="[NAME]…")
@click.pass_obj
def sync(state: State, instances: tuple[str, ...]) -> int:
    """Read what the dealer's systems have."""
    with no_collecting():
        report = state.crm.sync(*(name.removeprefix("dms.") for name in instances))
    failed = [source.error for source in report.sources if source.error is not None]
    code = _exit_code(failed, len(report.sources))
    if state.json:
        _emit(state, "sync", synced(report), failed, code)
    else:
        tell_sync(state, report)
    return code


@click.command("collect", cls=Command)
@click.pass_obj
def collect(state: State) -> int:
    """Take in delivery receipts and replies."""
    report = state.crm.collect()
    failed = list(report.failed.values())
    code = _exit_code(failed, _accounts(state) + sum(each.enabled for each in state.config.survey.values()))
    if state.json:
        _emit(state, "collect", collected(report), failed, code)
    else:
        tell_collect(state, report)
    return code


@click.command("send", cls=Command)
@click.option("--yes", is_flag=True)
@click.option("--limit", type=click.IntRange(min=1))
@click.pass_obj
def send(state: State, yes: bool, limit: int | None) -> int:
    """Send what is due; without --yes only decide."""
    report = state.crm.send(yes=yes, limit=limit)
    gates, errors = list(report.gates.values()), list(report.errors.values())
    failed = [*gates, *errors]
    code = GATE if gates else _exit_code(errors, _accounts(state)) or (PART if report.left else 0)
    if state.json:
        _emit(state, "send", sent(report), failed, code)
    else:
        tell_send(state, report)
    return code


@click.command("run", cls=Command)
@click.option("--yes", is_flag=True)
@click.pass_obj
def run(state: State, yes: bool) -> int:
    """Everything that is due, in order."""
    from crmcore.cli.alerts import alerted, tell_alert
    from crmcore.cli.escalate import escalated, tell_escalate
    from crmcore.cli.plan import planned, tell_plan
    from crmcore.cli.surveys import invited, tell_invite

    with no_collecting():
        report = state.crm.run(yes=yes)
    if state.json:
        steps = {
            "sync": synced(report.sync),
            "collect": collected(report.collect),
            "escalate": escalated(report.escalate),
        }
        spoken = {
            "alert": alerted(report.alert),
            "plan": planned(report.plan),
            "invite": invited(report.invite),
            "send": sent(report.send),
        }
        state.emit("run", {**steps, **spoken})
    else:
        tell_sync(state, report.sync)
        tell_collect(state, report.collect)
        tell_escalate(state, report.escalate)
        tell_alert(state, report.alert)
        tell_plan(state, report.plan)
        tell_invite(state, report.invite)
        tell_send(state, report.send)
    undone = (
        report.sync.failed,
        report.collect.failed,
        report.alert.errors,
        report.invite.errors,
        report.send.left,
        report.send.errors,
    )
    return PART if any(undone) else 0


def synced(report: SyncReport) -> dict[str, Any]:
    """The body of crmcore/sync@1."""
    return {"sources": [_source(each) for each in report.sources]}


def _source(each: SourceReport) -> dict[str, Any]:
    counted = ("read", "accepted", "unchanged", "duplicates", "rejected")
    row: dict[str, Any] = {"source": each.source, **{name: getattr(each, name) for name in counted}}
    row |= {"rejects": each.rejects} if each.rejects else {}
    row |= {"warnings": dict(each.warnings)} if each.warnings else {}
    row |= {"unknown_fields": list(each.unknown_fields)} if each.unknown_fields else {}
    return row | ({"error": each.error.code} if each.error else {})


def tell_sync(state: State, report: SyncReport) -> None:
    """One line a source, then what went wrong in it."""
    for each in report.sources:
        _tell_source(state, each)
        if each.error is not None:
            state.note(f"× {each.error.render(state.lang)}")


def _tell_source(state: State, each: SourceReport) -> None:
    mark = "×" if each.error else "√"
    counts = {name: getattr(each, name) for name in ("read", "accepted", "unchanged", "duplicates", "rejected")}
    state.tell(state.say("sync.source", mark=mark, source=each.source, **counts))
    if each.rejects is not None:
        state.tell(state.say("sync.rejects", path=each.rejects))
    for code, count in sorted(each.warnings.items()):
        state.tell(state.say("sync.warning", count=count, words=state.reason(code)))
    if each.unknown_fields:
        state.tell(state.say("sync.unknown", fields=", ".join(each.unknown_fields)))


def collected(report: CollectReport) -> dict[str, Any]:
    """The body of crmcore/collect@1."""
    counted = ("receipts", "strangers", "opt_outs", "waiting", "complaints", "joined", "unreadable")
    failed = {name: error.code for name, error in report.failed.items()}
    surveys = {"surveys": [_answers(each) for each in report.surveys]} if report.surveys else {}
    return {**{name: getattr(report, name) for name in counted}, **surveys, "failed": failed}


def _answers(each: ResponseReport) -> dict[str, Any]:
    """What came of one survey source: the rows, and what the answers led to."""
    led_to = {name: getattr(each, name) for name in ("opened", "joined", "too_old", "anonymous")}
    more = {name: counts for name in ("unmapped", "flagged") if (counts := dict(getattr(each, name)))}
    return {**_source(each), **led_to, **more}


def _tell_answers(state: State, each: ResponseReport) -> None:
    _tell_source(state, each)
    if each.opened or each.joined:
        state.tell(state.say("surveys.cases", opened=each.opened, joined=each.joined))
    for code, count in (
        ("RESPONSE_TOO_OLD", each.too_old),
        ("RESPONSE_ANONYMOUS", each.anonymous),
        *each.flagged.items(),
    ):
        if count:
            state.tell(state.say("sync.warning", count=count, words=state.reason(code)))
    if each.unmapped:
        state.tell(state.say("surveys.unmapped", items=", ".join(sorted(each.unmapped))))


def tell_collect(state: State, report: CollectReport) -> None:
    """What came in, in one line; then who could not be asked."""
    body = collected(report)
    del body["failed"]
    body.pop("surveys", None)
    state.tell(state.say("collect.done", **body))
    if report.complaints or report.joined:
        state.tell(state.say("collect.complaints", complaints=report.complaints, joined=report.joined))
    for warning in state.plugins.warned("find"):
        state.note(state.say("collect.finder", plugin=warning.plugin, error=warning.error))
    for each in report.surveys:
        _tell_answers(state, each)
    for name, error in report.failed.items():
        full = name if name.startswith("survey.") else f"messaging.{name}"
        state.note(state.say("collect.failed", name=full, why=error.render(state.lang)))


def sent(report: SendReport) -> dict[str, Any]:
    """The body of crmcore/send@1."""
    lines = [
        {
            "id": line.id,
            "template": line.template,
            "state": line.state,
            "reason": line.reason,
            "code": line.code,
            "due_at": line.due_at,
        }
        for line in report.lines
    ]
    failed = {name: error.code for name, error in (report.errors | report.gates).items()}
    return {
        "dry_run": report.dry_run,
        "messages": lines,
        "left": report.left,
        "doubts": report.doubts,
        "failed": failed,
    }


def tell_send(state: State, report: SendReport) -> None:
    """How many, by state; each that did not go, with the reason; and how to really send."""
    would = {MessageState.SENDING.value: state.say("send.would_go")} if report.dry_run else {}
    counts = ", ".join(
        f"{would.get(name) or state.say(f'state.{name}')} {count}" for name, count in sorted(report.counts().items())
    )
    key = "send.would" if report.dry_run else "send.done"
    state.tell(state.say(key, count=len(report.lines), counts=counts or "0"))
    for what, count in sorted(report.doubts.items()):
        state.tell(state.say(f"send.doubt.{what}", count=count))
    for line in report.lines:
        if line.reason:
            state.tell(f"  {line.id} {state.say(f'state.{line.state.value}')}: {state.reason(line.reason)}")
    for why, count in sorted(report.left.items()):
        state.tell(state.say("send.left", count=count, why=state.reason(why)))
    for name, error in report.errors.items():
        state.note(state.say("send.failed", name=name, why=error.render(state.lang)))
    for error in report.gates.values():
        state.note(f"× {error.render(state.lang)}")
    if report.dry_run and report.lines:
        state.tell(state.say("send.hint"))


def _emit(state: State, verb: str, body: dict[str, Any], failed: list[CrmError], code: int) -> None:
    """The report as JSON; a verb that failed altogether is an error object with the report in it."""
    if failed and code != PART:
        state.emit("error", {**error_body(failed[0], state.lang), **body})
        return
    errors = {"errors": [error_body(error, state.lang) for error in failed]} if failed else {}
    state.emit(verb, body | errors)


def _accounts(state: State) -> int:
    """How many ways to customers there are; the robots of colleagues' groups are none."""
    from crmcore.types.customer import Channel

    return sum(each.enabled and each.channels != {Channel.GROUP} for each in state.config.messaging.values())


def _exit_code(failed: list[CrmError], of: int) -> int:
    """0 when all went well, 1 when some did, and the error's own when none did."""
    if not failed:
        return 0
    return failed[0].exit_code if len(failed) == of else PART
