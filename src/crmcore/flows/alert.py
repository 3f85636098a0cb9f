"""alert: colleagues are told what they must act on, at least once.

The order is the promise, and it is the other way round than with customers: the call first, then the mark that it was told. Who
dies in between tells it again. Nothing is dropped: what a robot refuses is owed until it, or another one, takes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs
from sqlalchemy import Row

from crmcore.db import alerts, complaint_clocks
from crmcore.db.columns import instant
from crmcore.db.engine import Database
from crmcore.errors import CrmError, NotSent, PermanentError, TransientError
from crmcore.flows.alert_words import Words
from crmcore.flows.send import Account
from crmcore.hooks.adapters import Clock
from crmcore.rules.alerts import AlertPolicy, Digest, Line, again, called, digest
from crmcore.types.complaint import ENDED, Category
from crmcore.types.contact import Accepted, Deferred, Message, MessageClass, Rejected, Scope, SendResult, Unknown
from crmcore.types.customer import Channel
from crmcore.types.store import Role, Staff, Store

#: Why alerts stay owed: the store has no group, the group is full for this run, an answer of its robot.
NO_ROBOT, NEXT_RUN = "NO_ROBOT", "NEXT_RUN"


@attrs.frozen(kw_only=True)
class AlertLine:
    """What became of one alert at one robot; `next_at` None: the group has it (in a dry run: would be told)."""

    id: str
    kind: str
    store: str
    complaint: str | None
    account: str
    code: str = ""
    next_at: datetime | None = None


@attrs.define(kw_only=True)
class AlertReport:
    """What a run told.

    Attributes:
        owed: alerts that were due.
        told: of these, those that every group of their store has now.
        messages: calls that a robot took; in a dry run, those there would be.
        left: alerts that stay owed, by why: NO_ROBOT, NEXT_RUN.
        errors: robots that refused or could not be reached, with the last reason.
    """

    dry_run: bool
    owed: int = 0
    told: int = 0
    messages: int = 0
    lines: list[AlertLine] = attrs.field(factory=list)
    left: dict[str, int] = attrs.field(factory=dict)
    errors: dict[str, CrmError] = attrs.field(factory=dict)

    def leave(self, why: str, count: int) -> None:
        """`count` alerts stay owed because of `why`."""
        if count:
            self.left[why] = self.left.get(why, 0) + count


@attrs.define(kw_only=True)
class _Speaking:
    """One run: what all of its steps need."""

    db: Database
    robots: Sequence[Account]
    policy: AlertPolicy
    clock: Clock
    words: Words
    report: AlertReport
    pause: Callable[[float], None]
    staff: Sequence[Staff] = ()
    spoken: set[str] = attrs.field(factory=set)
    silent: dict[str, SendResult] = attrs.field(factory=dict)
    next_at: dict[int, datetime] = attrs.field(factory=dict)


def speak_up(
    db: Database,
    accounts: Sequence[Account],
    stores: Mapping[str, Store],
    policy: AlertPolicy,
    clock: Clock,
    *,
    lang: str,
    dry_run: bool,
    categories: Mapping[str, Category] | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> AlertReport:
    """Tell the groups of each store what is owed; in a dry run count only, and write nothing."""
    with db.reading() as connection:
        owed = alerts.owed(connection, clock.now())
        staff = alerts.colleagues(connection)
        clocks = complaint_clocks.of(connection, {row.complaint_id for row in owed if row.complaint_id is not None})
    robots = [account for account in accounts if Channel.GROUP in account.adapter.channels]
    stopped = frozenset(
        (case, clock.round, clock.kind.value) for case, each in clocks.items() for clock in each if clock.stopped_at
    )
    words = Words(lang=lang, stores=stores, categories=categories or {}, stopped=stopped)
    report = AlertReport(dry_run=dry_run, owed=len(owed))
    run = _Speaking(
        db=db, robots=robots, policy=policy, clock=clock, words=words, report=report, pause=pause, staff=staff
    )
    for store in dict.fromkeys(row.store for row in owed):
        _tell_store(run, store, [row for row in owed if row.store == store])
    return report


def _tell_store(run: _Speaking, store: str, rows: Sequence[Row[Any]]) -> None:
    robots = [robot for robot in run.robots if not robot.stores or store in robot.stores]
    if not robots:
        run.report.leave(NO_ROBOT, len(rows))
        return
    names = {robot.name for robot in robots}
    _close(run, [row for row in rows if alerts.groups(row) >= names], names)
    for robot in robots:
        mine = [row for row in rows if robot.name not in alerts.groups(row)]
        parts = _parts(run, store, mine, robot)
        for part in parts:
            _tell(run, robot, part, {row.id: row for row in mine}, names)
        said = {line.id for part in parts for line in part.lines}
        _wait(run, robot, [row for row in mine if row.id not in said])


def _close(run: _Speaking, rows: Sequence[Row[Any]], names: Collection[str]) -> None:
    """Every robot there still is has these: the one that failed was taken out of the file."""
    if rows and not run.report.dry_run:
        with run.db.writing() as connection:
            for row in rows:
                run.report.told += alerts.told(connection, [row.id], min(names), names, run.clock.now())


def _parts(run: _Speaking, store: str, rows: Sequence[Row[Any]], robot: Account) -> tuple[Digest, ...]:
    """The messages for one robot."""
    now = run.clock.now()
    return _digests(run, robot, store, [_line(run, row, now) for row in rows])


def _digests(run: _Speaking, robot: Account, store: str, lines: Sequence[Line]) -> tuple[Digest, ...]:
    return digest(lines, lambda count: run.words.head(store, count), robot.adapter.limits.fits, run.policy.per_run)


def _wait(run: _Speaking, robot: Account, rows: Sequence[Row[Any]]) -> None:
    """Beyond `per_run`: it goes with the next run, or when the robot listens again."""
    run.report.leave(NEXT_RUN, len(rows))
    if rows and (answer := run.silent.get(robot.name)) is not None:
        _mark(run, robot, [row.id for row in rows], answer, ())


def _line(run: _Speaking, row: Row[Any], now: datetime) -> Line:
    """What was done in the meantime is still told, and calls nobody."""
    over = run.words.over(row)
    return Line(
        id=row.id,
        text=run.words.line(row, now),
        due_at=instant(row.due_at),
        ended=row.state in ENDED or over,
        role=Role(row.role) if row.role in set(Role) and not over else None,
        staff=None if over else row.staff,
    )


def _tell(run: _Speaking, robot: Account, part: Digest, rows: Mapping[int, Row[Any]], names: Collection[str]) -> None:
    """Call, then mark: two steps, nothing open in between. A robot that did not take one is not asked again in this run."""
    ids = [line.id for line in part.lines]
    if run.report.dry_run:
        _note(run, robot, rows, ids, Accepted(), None)
        return
    answer = run.silent.get(robot.name)
    if answer is None:
        answer = _call(run, robot, part, rows[ids[0]].store)
    if isinstance(answer, Rejected) and answer.scope is not Scope.ACCOUNT and len(ids) > 1:
        _halve(run, robot, part, rows, names)
        return
    next_at = _mark(run, robot, ids, answer, names)
    _note(run, robot, rows, ids, answer, next_at)


def _halve(run: _Speaking, robot: Account, part: Digest, rows: Mapping[int, Row[Any]], names: Collection[str]) -> None:
    """One line that a vendor will not pass on must not keep the others back: say each half by itself."""
    del run.report.errors[robot.name]
    middle = len(part.lines) // 2
    for half in (part.lines[:middle], part.lines[middle:]):
        for smaller in _digests(run, robot, rows[half[0].id].store, half):
            _tell(run, robot, smaller, rows, names)


def _mark(
    run: _Speaking, robot: Account, ids: Sequence[int], answer: SendResult, names: Collection[str]
) -> datetime | None:
    """Write what came of it, in one transaction; returns when it is tried again."""
    now = run.clock.now()
    next_at = again(answer, run.policy, now)
    with run.db.writing() as connection:
        if next_at is None:
            run.report.told += alerts.told(connection, ids, robot.name, names, now)
        else:
            for number in ids:  # of two robots that failed, the one that may be asked first decides
                run.next_at[number] = min(next_at, run.next_at.get(number, next_at))
                alerts.later(connection, number, run.next_at[number], _code(answer))
    return next_at


def _call(run: _Speaking, robot: Account, part: Digest, store: str) -> SendResult:
    """One call at the robot's pace; whatever it is not, it is an outcome."""
    pace = robot.adapter.limits.per_second
    if pace and robot.name in run.spoken:
        run.pause(1 / pace)
    run.spoken.add(robot.name)
    key = "A" + "x".join(str(line.id) for line in part.lines)[:49]
    message = Message(
        id=f"L{part.lines[0].id}",
        to="",
        text=part.text,
        message_class=MessageClass.SERVICE,
        channel=Channel.GROUP,
        store=store,
        mentions=called(part.lines, run.staff, store, run.words.today(store, run.clock.now())),
    )
    answer, error = _answer(robot, message, key, run.clock.now())
    if not isinstance(answer, Accepted) and not (isinstance(answer, Rejected) and answer.scope is not Scope.ACCOUNT):
        run.silent[robot.name] = answer
    if error is not None:
        run.report.errors[robot.name] = error
    return answer


def _answer(robot: Account, message: Message, key: str, now: datetime) -> tuple[SendResult, CrmError | None]:
    """The robot's answer, and what a person should hear of it."""
    try:
        answer: object = robot.adapter.send(message, key=key)
    except NotSent as error:
        wait = None if error.retry_after is None else now + timedelta(seconds=error.retry_after)
        return Deferred(code=error.code, not_before=wait), error
    except Exception as error:  # noqa: BLE001 - a plugin's bug is a doubt: it may have been told
        answer = Unknown(why=type(error).__name__)
    if isinstance(answer, Accepted | Deferred):
        return answer, None
    catalog = type(robot.adapter).__module__.partition(".")[0]  # the words of a vendor's code are the plugin's
    if isinstance(answer, Rejected):
        why = {"reason": answer.code, "answer": answer.code}
        return answer, PermanentError("CRM-M601", catalog=catalog, account=robot.name, **why)
    if not isinstance(answer, Unknown):
        answer = Unknown(why="BAD_ANSWER")
    return answer, TransientError("CRM-M602", account=robot.name, why=answer.why)


def _code(answer: SendResult) -> str:
    return answer.why if isinstance(answer, Unknown) else getattr(answer, "code", "")


def _note(
    run: _Speaking,
    robot: Account,
    rows: Mapping[int, Row[Any]],
    ids: Sequence[int],
    answer: SendResult,
    next_at: datetime | None,
) -> None:
    run.report.messages += isinstance(answer, Accepted)
    for number in ids:
        row = rows[number]
        run.report.lines.append(
            AlertLine(
                id=f"L{number}",
                kind=row.kind,
                store=row.store,
                complaint=None if row.complaint_id is None else f"K{row.complaint_id}",
                account=robot.name,
                code=_code(answer),
                next_at=next_at,
            )
        )
