"""crmcore surveys: questionnaires, who is asked, what was answered, and what looks odd about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import click

from crmcore.cli import ids
from crmcore.cli.by import BY
from crmcore.cli.failures import error_body
from crmcore.cli.frame import Group
from crmcore.cli.state import State

if TYPE_CHECKING:
    from crmcore.flows.invitations import InviteReport

command = Group("surveys")

LISTED = ("survey", "label", "scope", "questions", "instances", "invited", "responses", "unmapped")
ASKED = ("question", "factor", "kind", "scale", "alert_below", "phone", "text")
RESPONSES = (
    "id",
    "survey",
    "side",
    "mode",
    "store",
    "customer",
    "visit",
    "staff",
    "completed_at",
    "answers",
    "flags",
    "valid",
)
FLAGS = ("id", "staff", "flag", "words", "fix")
PART = 1  # exit code: done in part


@command.command("list")
@click.pass_obj
def list_(state: State) -> None:
    """Questionnaires and their sources, with counts."""
    from crmcore.flows.survey_review import in_use

    rows = [
        {
            "survey": each.survey.code,
            "label": each.survey.label[state.lang],
            "scope": each.survey.scope.value,
            "questions": len(each.survey.questions),
            "instances": each.sources if state.json else ", ".join(each.sources),
            "invited": each.invited if state.json else sum(each.invited.values()),
            "responses": each.responses,
            "unmapped": each.unmapped,
        }
        for each in in_use(state.crm.db, state.crm.config)
    ]
    state.show("surveys", rows, LISTED)


@command.command("show")
@click.argument("survey", metavar="SURVEY")
@click.pass_obj
def show(state: State, survey: str) -> None:
    """One questionnaire as it is asked."""
    from crmcore.flows.survey_review import named

    found = named(state.crm.config.surveys, survey)
    rows: list[dict[str, Any]] = [
        {
            "question": each.code,
            "factor": each.factor,
            "kind": each.kind.value,
            "scale": None if each.minimum is None else f"{each.minimum}-{each.maximum}",
            "alert_below": each.alert_below,
            "phone": each.phone,
            "text": each.text[state.lang],
        }
        for each in found.questions.values()
    ]
    if not state.json:
        head = {"code": found.code, "label": found.label[state.lang], "version": found.version}
        state.tell(state.say("surveys.survey_head", **head, scope=found.scope.value, source=found.source))
    state.show("questions", rows, ASKED)


@command.command("invite")
@click.option("--yes", is_flag=True)
@click.pass_obj
def invite(state: State, yes: bool) -> int:
    """Invite whoever is to be asked."""
    report = state.crm.invite(yes=yes)
    if state.json:
        errors = [error_body(error, state.lang) for error in report.errors.values()]
        state.emit("invite", invited(report) | ({"errors": errors} if errors else {}))
    else:
        tell_invite(state, report)
        if report.dry_run and report.planned.total():
            state.tell(state.say("surveys.hint"))
    return PART if report.errors else 0


def invited(report: InviteReport) -> dict[str, Any]:
    """The body of crmcore/invite@1."""
    counted = ("planned", "invited", "waiting", "refused", "skipped", "moved")
    failed = {name: error.code for name, error in report.errors.items()}
    return {"dry_run": report.dry_run, **{name: dict(getattr(report, name)) for name in counted}, "failed": failed}


def tell_invite(state: State, report: InviteReport) -> None:
    """A line for each source; why others are not asked; what became of earlier invitations."""
    for reached, count in sorted(report.moved.items()):
        state.tell(state.say("surveys.moved", count=count, state=state.say(f"state.{reached}")))
    if report.dry_run:
        for name, count in report.planned.items():
            state.tell(state.say("surveys.would_invite", instance=name, count=count))
    else:
        for name in report.planned:
            counts = {"invited": report.invited[name], "waiting": report.waiting[name]}
            state.tell(state.say("surveys.invited", instance=name, **counts))
        for code, count in sorted(report.refused.items()):
            state.tell(state.say("surveys.refused", count=count, code=code))
    for why, count in sorted(report.skipped.items()):
        state.tell(state.say("surveys.skipped", count=count, why=state.reason(why)))
    for name, error in report.errors.items():
        state.note(state.say("surveys.failed", name=name, why=error.render(state.lang)))


@command.command("responses")
@click.option("--survey", metavar="SURVEY")
@click.option("--limit", type=click.IntRange(min=1), default=200)
@click.option("--full", is_flag=True)
@click.pass_obj
def responses(state: State, survey: str | None, limit: int, full: bool) -> None:
    """Responses, the newest first; with --full what was said, and by which number."""
    from crmcore.db import survey_facts, survey_lists

    with state.crm.db.reading() as connection:
        found = survey_lists.responses(connection, survey=survey, limit=limit)
        said = survey_facts.answers(connection, [row.id for row in found]) if state.json or full else {}
    rows = [_response(row, said.get(row.id, ()), full=full) for row in found]
    columns: tuple[str, ...] = RESPONSES
    if not state.json:
        rows = [{**row, "flags": ", ".join(row["flags"])} for row in rows]
        if full:
            rows = [{**row, "answers": "; ".join(_line(each) for each in row["said"])} for row in rows]
            columns = (*RESPONSES[:6], "phone", *RESPONSES[6:])
    state.show("responses", rows, columns)


def _response(row: Any, said: Any, *, full: bool) -> dict[str, Any]:
    from crmcore.rules.masking import mask_phone, mask_text

    return {
        "id": ids.show("Q", row.id),
        "survey": row.survey,
        "source": row.source,
        "side": row.side,
        "mode": row.mode,
        "wave": row.wave,
        "store": row.store,
        "customer": ids.show("C", row.customer_id),
        "visit": ids.show("R", row.visit_id),
        "staff": row.staff,
        "phone": row.phone if full or row.phone is None else mask_phone(row.phone),
        "completed_at": row.completed_at,
        "complete": bool(row.complete),
        "answers": row.answers,
        "flags": json.loads(row.flags),
        "valid": bool(row.valid),
        "said": [
            {
                "question": each.question,
                "value": None if each.na else each.value if full else mask_text(each.value),
                "comment": each.comment if full else mask_text(each.comment),
                "na": each.na,
            }
            for each in said
        ],
    }


def _line(answer: dict[str, Any]) -> str:
    return f"{answer['question']} {'-' if answer['na'] else answer['value']} {answer['comment']}".strip()


@command.command("flags")
@click.option("--flag", metavar="FLAG")
@click.option("--limit", type=click.IntRange(min=1), default=200)
@click.pass_obj
def flags(state: State, flag: str | None, limit: int) -> None:
    """What deserves a second look: responses by flag, and advisors."""
    from crmcore import lang as catalogue
    from crmcore.flows.survey_review import flagged

    crm = state.crm
    rows = []
    for each in flagged(crm.db, crm.config.surveying, crm.clock, flag=flag, limit=limit):
        words, fix = catalogue.reason(each.flag, state.lang)
        more: dict[str, Any] = {"valid": each.valid}
        if each.dropped is not None:
            more = attrs.asdict(each.dropped, filter=lambda field, _: field.name != "staff")
            words = f"{words}: {state.say('surveys.dropped', **more)}"
        rows.append({"id": each.response, "staff": each.staff, "flag": each.flag, "words": words, "fix": fix, **more})
    state.show("flags", rows, FLAGS)


def _judging(name: str, *, valid: bool) -> Callable[..., None]:
    """A command that takes a response, a reason and --by."""

    @command.command(name)
    @click.argument("response", metavar="ID")
    @click.option("--why", metavar="TEXT", default="")
    @BY
    @click.pass_obj
    def judged(state: State, response: str, why: str, by: str) -> None:
        """Whether one response counts."""
        from crmcore.flows.survey_review import judge

        number = ids.number(response, "Q")
        judge(state.crm.db, number, valid=valid, why=why, by=by, clock=state.clock)
        if state.json:
            state.emit("response", {"id": f"Q{number}", "valid": valid})
            return
        state.tell(state.say("surveys.included" if valid else "surveys.excluded", id=f"Q{number}"))

    return judged


exclude = _judging("exclude", valid=False)
include = _judging("include", valid=True)
