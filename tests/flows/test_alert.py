"""What a manager is promised about alerts: at least once, the most urgent first, and nothing of the customer in the group."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from sqlalchemy import select
from tests.flows.making import STORE, Recorder

from crmcore import lang
from crmcore.db import alerts, schema
from crmcore.db.columns import stamp
from crmcore.errors import NotSent
from crmcore.flows.alert import speak_up
from crmcore.flows.send import Account
from crmcore.hooks.adapters import Context, Limits, Secret
from crmcore.http import HttpClient
from crmcore.rules.alerts import AlertPolicy
from crmcore.sample.robot import KEY, SECRET, TOKEN, LoopbackRobot
from crmcore.types.complaint import Category
from crmcore.types.contact import Accepted, Deferred, MessageClass, Rejected, Scope, Unknown
from crmcore.types.customer import Channel
from crmcore_notify_robot.config import DingTalkConfig, WeComConfig
from crmcore_notify_robot.dingtalk import DingTalkAdapter
from crmcore_notify_robot.wecom import WeComAdapter

POLICY = AlertPolicy(per_run=5, retry_minutes=10)
REPEAT = Category(code="REPAIR_QUALITY.REPEAT_FAULT", label={"zh": "重复故障", "en": "repeated fault"})
CATEGORIES = {REPEAT.code: REPEAT, "OTHER": Category(code="OTHER", label={"zh": "其他", "en": "other"})}
SECOND = STORE.__class__(code="S02", name="第二店", timezone="Asia/Urumqi")
STORES = {"S01": STORE, "S02": SECOND}
CLOCK = {"clock": "RESPONSE"}


class Robot(Recorder):
    """A group of colleagues that answers what it is told."""

    name = "robot"
    channels = frozenset({Channel.GROUP})


@pytest.fixture(name="case")
def _case(db, clock):
    """Write a complaint; returns its number."""

    def write(number, **columns):
        values = {"store": "S01", "state": "RECEIVED", "category": REPEAT.code, "updated_at": stamp(clock.now())}
        with db.writing() as connection:
            connection.execute(schema.complaint.insert().values(id=number, **(values | columns)))
        return number

    return write


@pytest.fixture(name="owe")
def _owe(db, clock):
    """Owe an alert about a case; the rest are arguments of `alerts.owe`."""

    def run(number, kind="OPENED", minutes=25, **more):
        values = {"store": "S01", "role": "CR_MANAGER", "staff": None, "params": CLOCK, "now": clock.now()} | more
        with db.writing() as connection:
            due = clock.now() + timedelta(minutes=minutes)
            alerts.owe(connection, complaint_id=number, kind=kind, due_at=due, **values)

    return run


@pytest.fixture(name="tell")
def _tell(db, clock):
    """One run; the robots by name."""

    def run(*robots, dry_run=False, policy=POLICY, pause=lambda _seconds: None, language="zh"):
        accounts = [each if isinstance(each, Account) else Account(name="group", adapter=each) for each in robots]
        return speak_up(
            db, accounts, STORES, policy, clock, lang=language, dry_run=dry_run, categories=CATEGORIES, pause=pause
        )

    return run


@pytest.fixture(name="rows")
def _rows(db):
    def read():
        with db.reading() as connection:
            return connection.execute(select(schema.alert).order_by(schema.alert.c.id)).all()

    return read


# ------------------------------------------------------------------ owing


def test_an_alert_is_owed_once_for_each_rung(case, owe, rows):
    """The same alert owed again changes nothing; another round or level is another alert."""
    case(1)
    for _ in range(2):
        owe(1, "ESCALATED", level=1)
        owe(1, "ESCALATED", level=2)
        owe(1, "ESCALATED", level=1, round=2)

    assert [(1, 1), (1, 2), (2, 1)] == [(row.round, row.level) for row in rows()]


def test_what_is_about_no_case_waits_once(owe, rows, tell):
    """Without a case one of a kind waits at a time; when it was told, the next may be owed."""
    for _ in range(2):
        owe(None, "OTHER")
    owe(None, "OTHER", store="S02")
    before = len(rows())
    tell(Robot())
    owe(None, "OTHER")

    assert (2, 3) == (before, len(rows()))


# ------------------------------------------------------------------ telling


def test_an_alert_is_told_once(case, owe, tell, rows):
    """It is told with case, category, deadline and role, marked, and not told again."""
    owe(case(12))
    robot = Robot()
    report = tell(robot)
    tell(robot)

    assert ["【投诉提醒】示范店 1 条\nK12 新投诉，重复故障，11-22 10:25 前答复，还剩 25 分钟，请客户关系经理处理"] == [
        message.text for message in robot.texts
    ]
    assert (1, 1, 1, {}, {}) == (report.owed, report.told, report.messages, report.left, report.errors)
    assert [("2026-11-22T02:00:00Z", '["group"]', None)] == [(row.sent_at, row.account, row.code) for row in rows()]


def test_a_digest_holds_a_store_and_names_its_hours(case, owe, tell, clock):
    """Alerts of one store are one message in the store's own time; another store has its own."""
    owe(case(1), minutes=90)
    owe(case(2), "ESCALATED", minutes=-45, level=2, role="GENERAL_MANAGER")
    owe(case(3, store="S02", severity="CRITICAL"), "REOPENED", minutes=60 * 24 * 3, store="S02", round=2)
    robot = Robot()
    tell(robot)

    assert [
        (
            "【投诉提醒】示范店 2 条\n"
            "K2 升级到第 2 级，重复故障，应于 11-22 09:15 前答复，已超时 45 分钟，请总经理处理\n"
            "K1 新投诉，重复故障，11-22 11:30 前答复，还剩 90 分钟，请客户关系经理处理"
        ),
        (
            "【投诉提醒】第二店 1 条\n"
            "K3 重新打开（第 2 轮），重复故障（危急），11-25 08:00 前答复，还剩 3 天，请客户关系经理处理"
        ),
    ] == [message.text for message in robot.texts]


def test_who_must_act_is_called(case, owe, tell, db):
    """The phones of the colleagues of that role at the store go along, outside the text; nobody else's do."""
    with db.writing() as connection:
        for code, role, phone in (
            ("E1", "CR_MANAGER", "+8613900139001"),
            ("E2", "TECHNICIAN", "+8613900139002"),
            ("E3", "CR_MANAGER", None),
        ):
            values = {"code": code, "role": role, "phone": phone, "name": "甲", "store": "S01", "source": "config"}
            connection.execute(schema.staff.insert().values(**values))
    owe(case(1))
    robot = Robot()
    tell(robot)

    assert [("+8613900139001",)] == [message.mentions for message in robot.texts]
    assert "139001" not in robot.texts[0].text


@pytest.mark.parametrize(
    ("stopped", "text", "mentions"),
    [
        (None, "K1 新投诉，重复故障，应于 11-22 09:50 前答复，已超时 10 分钟，请客户关系经理处理", ("+8613900139001",)),
        ("2026-11-22T01:20:00Z", "K1 新投诉，重复故障", ()),
    ],
)
def test_what_was_done_in_time_is_not_told_as_late(db, case, owe, tell, stopped, text, mentions):
    """Somebody was faster than the alert: the group reads of the case, of no deadline, and nobody is called to act."""
    values = {
        "code": "E1",
        "name": "王",
        "store": "S01",
        "role": "CR_MANAGER",
        "phone": "+8613900139001",
        "source": "dms",
    }
    with db.writing() as connection:
        connection.execute(schema.staff.insert().values(values))
    owe(case(1), minutes=-10)
    clock = {"complaint_id": 1, "round": 1, "kind": "RESPONSE", "basis": "STORE", "target_minutes": 120}
    times = {"started_at": "2026-11-21T23:50:00Z", "due_at": "2026-11-22T01:50:00Z", "stopped_at": stopped}
    with db.writing() as connection:
        connection.execute(schema.complaint_clock.insert().values(clock | times))
    robot = Robot()
    report = tell(robot)

    assert [(f"【投诉提醒】示范店 1 条\n{text}", mentions)] == [(each.text, each.mentions) for each in robot.texts]
    assert 1 == report.told


def test_a_dry_run_tells_and_writes_nothing(case, owe, tell, rows):
    """Without a yes alerts are counted; neither the group nor the store notices."""
    owe(case(1))
    robot = Robot()
    report = tell(robot, dry_run=True)

    assert ([], 1, 0) == (robot.calls, report.owed, report.told)
    assert [None] == [row.sent_at for row in rows()]


def test_nobody_there_means_still_owed(case, owe, tell, rows):
    """A store without a robot owes on, and says so; a robot that comes later tells it."""
    owe(case(1))
    others = Account(name="other", adapter=Robot(), stores=frozenset({"S02"}))
    texts = Recorder()
    report = tell(others, texts)
    after = tell(Robot())

    assert ({"NO_ROBOT": 1}, []) == (report.left, texts.calls)
    assert (1, {}) == (after.told, after.left)


def test_every_group_of_a_store_is_told(case, owe, tell, rows, clock):
    """Two robots are both told; while one of them fails, only that one is told again."""
    owe(case(1))
    good, bad = Robot(), Robot(Rejected(code="310000", scope=Scope.ACCOUNT))
    both = [Account(name="good", adapter=good), Account(name="bad", adapter=bad)]
    first = tell(*both)
    between = rows()[0]
    clock.tick(minutes=10)
    bad.answer = Accepted()
    second = tell(*both)

    assert (0, ["bad"]) == (first.told, list(first.errors))
    assert ('["good"]', None, "310000") == (between.account, between.sent_at, between.code)
    assert (1, 1, 2) == (second.told, len(good.calls), len(bad.calls))
    assert [('["bad", "good"]', None)] == [(row.account, row.code) for row in rows()]


def test_a_robot_that_was_taken_out_is_not_waited_for(case, owe, tell, rows, clock):
    """When the one that failed is gone, what all the others have is done."""
    owe(case(1))
    good, bad = Account(name="good", adapter=Robot()), Account(name="bad", adapter=Robot(Unknown(why="x")))
    tell(good, bad)
    clock.tick(minutes=10)
    tell(good, dry_run=True)
    before = rows()[0].sent_at
    report = tell(good)

    assert (None, 1, 1) == (before, report.told, len(good.adapter.calls))
    assert rows()[0].sent_at is not None


# ------------------------------------------------------------------ at least once


@pytest.mark.parametrize(
    ("answer", "minutes", "code", "error"),
    [
        (Unknown(why="HTTP_500"), 10, "HTTP_500", "CRM-M602"),
        (Deferred(code="130101", not_before=datetime(2026, 11, 22, 2, 30, tzinfo=UTC)), 30, "130101", None),
        (Deferred(code="45009"), 10, "45009", None),
        (Rejected(code="310000", scope=Scope.ACCOUNT), 10, "310000", "CRM-M601"),
        (Rejected(code="40058"), 10, "40058", "CRM-M601"),
        (NotSent("CRM-H101", at="robot", retry_after=120), 2, "CRM-H101", "CRM-H101"),
        (NotSent("CRM-H101", at="robot"), 10, "CRM-H101", "CRM-H101"),
        (ValueError("a bug"), 10, "ValueError", "CRM-M602"),
        (None, 10, "BAD_ANSWER", "CRM-M602"),
    ],
)
def test_whatever_a_robot_answers_the_alert_is_told_in_the_end(
    case, owe, tell, rows, clock, answer, minutes, code, error
):
    """A doubt, a delay, a refusal, a bug: the reason is kept, the error is surfaced, and it is told again in time."""
    owe(case(1))
    robot = Robot((lambda _message, _key: None) if answer is None else answer)
    report = tell(robot)
    row = rows()[0]
    clock.tick(minutes=minutes, seconds=-1)
    tell(robot)
    early = len(robot.calls)
    clock.tick(seconds=1)
    robot.answer = Accepted()
    tell(robot)

    assert [error] * (error is not None) == [each.code for each in report.errors.values()]
    assert (code, stamp(datetime(2026, 11, 22, 2, 0, tzinfo=UTC) + timedelta(minutes=minutes))) == (
        row.code,
        row.next_at,
    )
    assert (1, 2) == (early, len(robot.calls))
    assert [(None, 2)] == [(row.code, row.attempts) for row in rows() if row.sent_at]


@pytest.mark.parametrize(
    ("point", "told"), [("before_call", 1), ("after_call", 2), ("before_mark", 2), ("inside_mark", 2), ("nowhere", 1)]
)
def test_a_kill_at_any_point_loses_no_alert(case, owe, db, rows, clock, tmp_path, point, told):
    """Killed at each point and started again, the group has the alert; it may have it twice, never not at all."""
    owe(case(1))
    log = tmp_path / "group.log"
    url = db.engine.url.render_as_string(hide_password=False)
    speaker = Path(__file__).with_name("crashing_speaker.py")
    for where in (point, "nowhere"):
        command = [sys.executable, str(speaker), url, str(log), where, clock.now().isoformat()]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert (0 if where == "nowhere" else -9) == done.returncode, done.stderr[-2000:]

    assert told == log.read_text("utf-8").count("K1 ")
    assert rows()[0].sent_at is not None


# ------------------------------------------------------------------ rates


def test_a_robot_is_asked_at_its_own_pace(case, owe, tell):
    """Between two calls there is the time that its vendor wants; before the first there is none."""
    for number in range(1, 4):
        owe(case(number))
    robot, waits = Robot(), []
    robot.limit = Limits(fits=lambda text: text.count("\n") < 2, per_second=20 / 60)
    tell(robot, pause=waits.append)

    assert 3 == len(robot.calls)
    assert pytest.approx([3.0, 3.0]) == waits


def test_one_run_says_only_so_much(case, owe, tell, rows):
    """Beyond `per_run` messages of a store the rest goes with the next run, the most urgent first."""
    for number in range(1, 6):
        owe(case(number), minutes=-number)
    robot = Robot()
    robot.limit = Limits(fits=lambda text: text.count("\n") < 2)
    policy = AlertPolicy(per_run=2, retry_minutes=10)
    reports = [tell(robot, policy=policy) for _ in range(3)]

    assert ["K5", "K4", "K3", "K2", "K1"] == [message.text.split("\n")[1][:2] for message in robot.texts]
    assert [{"NEXT_RUN": 3}, {"NEXT_RUN": 1}, {}] == [report.left for report in reports]


def test_a_deaf_robot_is_left_alone(case, owe, tell, rows, clock):
    """After one "too fast" it is not called again in that run, nor before its time, for any alert of any store."""
    for number in range(1, 5):
        owe(case(number, store="S01" if number < 4 else "S02"), store="S01" if number < 4 else "S02")
    robot = Robot(Deferred(code="130101", not_before=clock.now() + timedelta(minutes=10)))
    robot.limit = Limits(fits=lambda text: text.count("\n") < 2)
    policy = AlertPolicy(per_run=2, retry_minutes=10)
    tell(robot, policy=policy)
    clock.tick(minutes=9)
    tell(robot, policy=policy)

    assert 1 == len(robot.calls)
    assert [("2026-11-22T02:10:00Z", "130101")] * 4 == [(row.next_at, row.code) for row in rows()]


def test_one_line_that_is_not_passed_on_keeps_no_other_back(case, owe, tell, rows):
    """A text that a vendor will not pass on is said in halves, until the group has all but the line at fault."""
    for number in range(1, 8):
        owe(case(number))

    def choosy(message, _key):
        return Rejected(code="430104") if "K5 " in message.text else Accepted()

    report = tell(Robot(choosy))

    assert (7, 6, ["CRM-M601"]) == (report.owed, report.told, [each.code for each in report.errors.values()])
    assert [(5, "430104")] == [(row.complaint_id, row.code) for row in rows() if row.sent_at is None]


def test_what_all_halves_take_is_no_error(case, owe, tell):
    """A vendor that only takes shorter texts than we thought is told everything, and nothing is complained of."""
    for number in range(1, 5):
        owe(case(number))
    robot = Robot(lambda message, _key: Rejected(code="40058") if message.text.count("\n") > 1 else Accepted())
    report = tell(robot)

    assert (4, {}) == (report.told, report.errors)


def test_of_two_that_fail_the_sooner_decides(case, owe, tell, rows, clock):
    """An alert that two groups lack is tried again when the first of them listens."""
    owe(case(1))
    soon = Robot(Deferred(code="45009", not_before=clock.now() + timedelta(minutes=1)))
    late = Robot(Deferred(code="130101", not_before=clock.now() + timedelta(minutes=10)))
    tell(Account(name="soon", adapter=soon), Account(name="late", adapter=late))

    assert "2026-11-22T02:01:00Z" == rows()[0].next_at


# ------------------------------------------------------------------ nothing of the customer

PLANTED = (
    "赵钱孙",
    "13800138777",
    "138 0013 8777",
    "苏E7X3Q9",
    "LSVAA4187E2184847",
    "发动机舱冒烟我要退车",
    "+8613800138777",
)
KINDS = sorted(
    key.removeprefix("alert.") for key in lang.catalogue("zh")["say"] if key.startswith("alert.") and key[6:].isupper()
)


def _robots(robot, clock, http, folder):
    context = Context(
        instance="group", system="group", folder=folder, http=http, clock=clock, logger=logging.getLogger("test")
    )
    ding = DingTalkConfig(access_token=Secret(TOKEN), secret=Secret(SECRET), url=robot.dingtalk_url)
    wecom = WeComConfig(key=Secret(KEY), url=robot.wecom_url)
    return (
        Account(name="ding", adapter=DingTalkAdapter(ding, context)),
        Account(name="wecom", adapter=WeComAdapter(wecom, context)),
    )


def _heard(robot) -> str:
    """All that went over the wire, with its escapes undone."""
    found = []
    for wire in robot.wire:
        target, body = wire.decode().split("\n", 1)
        found += [unquote_plus(target), body, json.dumps(json.loads(body), ensure_ascii=False)]
    return "\n".join(found)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_alert_tells_who_the_customer_is(case, owe, tell, world, db, clock, tmp_path, language):
    """Whatever is alerted, in either language and dialect: no phone, name, plate, VIN or word of the customer leaves.

    Not even where somebody put them into the parameters of an alert, its kind, its role, or the category of a case.
    """
    person, _ = world.customer("+8613800138777", name="赵钱孙", name_key="赵钱孙")
    with db.writing() as connection:
        car = {"id": 1, "vin": "LSVAA4187E2184847", "plate": "苏E7X3Q9"}
        stamps = {"created_at": stamp(clock.now()), "updated_at": stamp(clock.now())}
        connection.execute(schema.vehicle.insert().values(**car, **stamps))
    words = dict.fromkeys(("verbatim", "demand", "background", "resolution"), " ".join(PLANTED))
    number = case(1, customer_id=person, vehicle_id=1, severity="CRITICAL", **words)
    strange = case(2, customer_id=person, category=" ".join(PLANTED), severity=PLANTED[0], root_cause=PLANTED[5])
    planted = {str(place): value for place, value in enumerate(PLANTED)} | {"name": PLANTED[0], "clock": "CLOSE"}
    for kind in KINDS:
        owe(number, kind, params=planted, level=1)
    owe(number, PLANTED[0], params={"clock": PLANTED[1]}, role=PLANTED[0])
    owe(strange, "OPENED", params=planted)
    with LoopbackRobot(now=clock.now) as robot:
        http = HttpClient()
        report = tell(*_robots(robot, clock, http, tmp_path), language=language)
        http.close()
        heard = _heard(robot)

    assert [] == [secret for secret in PLANTED if secret in heard]
    assert len(KINDS) + 2 == report.told
    assert len(KINDS) >= 5
    assert 2 * (len(KINDS) + 1) == heard.count("K1 ") / 2
    assert set(PLANTED).isdisjoint(repr(report).split())


def test_a_text_to_a_customer_never_goes_to_a_group(world, send):
    """A robot of a group is no way for a customer's text: it stays due, and the group reads nothing."""
    number = world.text()
    robot = Robot()
    report = send(robot, accounts=[Account(name="group", adapter=robot, classes=frozenset(MessageClass))])

    assert ([], {"NO_ACCOUNT": 1}) == (robot.calls, report.left)
    assert ("QUEUED", None) == world.state(number)
