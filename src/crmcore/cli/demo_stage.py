"""The stage of the demo: a sample dealer in a folder, a clock that can be moved, and four vendors on loopback."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from crmcore.cli.state import State
from crmcore.errors import TransientError, UsageError
from crmcore.types.store import Role

if TYPE_CHECKING:
    from crmcore.app import Crm
    from crmcore.config import Config
    from crmcore.sample import Dealer
    from crmcore.sample.gateway import LoopbackGateway, Script
    from crmcore.sample.limesurvey import LoopbackLimeSurvey
    from crmcore.sample.robot import LoopbackRobot

MINE = "示范店 · the sample dealer"  # the first line of the crm.toml that this command writes
PATIENCE = 20.0  # seconds for the receiver to start


@attrs.define
class Clock:
    """Stands where the story is; only forwards."""

    at: datetime

    def now(self) -> datetime:
        """The instant of the story."""
        return self.at


@attrs.define(kw_only=True)
class Stage:
    """What the acts play with.

    Attributes:
        spoken: set once our texts are recorded: receipts are faster than our own record now and then, and a story has an order.
        clerk / manager / head: the codes of who makes the calls, who mends, and who may say yes to what it costs.
    """

    dealer: Dealer
    folder: Path
    clock: Clock
    crm: Crm
    gateway: LoopbackGateway
    survey: LoopbackLimeSurvey
    robot: LoopbackRobot
    spoken: threading.Event
    clerk: str
    manager: str
    head: str

    def at(self, clock: str) -> datetime:
        """A time of the dealer's day."""
        return self.midnight + timedelta(hours=int(clock[:2]), minutes=int(clock[3:]))

    def go(self, clock: str) -> None:
        """Let it be that time."""
        self.clock.at = self.at(clock)

    @property
    def midnight(self) -> datetime:
        """When the dealer's day began, in his zone."""
        from crmcore.sample.people import CHINA

        return datetime.combine(self.dealer.today, datetime.min.time(), CHINA)


def lay_out(state: State, folder: Path, names: Sequence[str]) -> Dealer:
    """A fresh dealer in `folder`; what an earlier demo left there is replaced, anything else is left alone."""
    from crmcore.sample import config_toml, generate, write

    file = folder / "crm.toml"
    if file.exists() and MINE not in file.read_text("utf-8", errors="replace").split("\n", 1)[0]:
        raise UsageError("CRM-U220", at=str(folder))
    for inputs in ("exports", "waves"):
        shutil.rmtree(folder / inputs, ignore_errors=True)
    for stale in (*folder.glob("crm.db*"), *(folder / name for name in names)):
        stale.unlink(missing_ok=True)
    dealer = generate()
    write(dealer, folder)
    file.write_text(config_toml(lang=state.lang), encoding="utf-8")
    state.path = file
    return dealer


@contextlib.contextmanager
def opened(state: State, dealer: Dealer, folder: Path) -> Iterator[Stage]:
    """The dealer's Crm, its receiver and its vendors, talking to each other over HTTP on loopback; ten in the morning."""
    from crmcore.app import Crm
    from crmcore.config import load
    from crmcore.sample import gateway, limesurvey, robot
    from crmcore.sample.people import CHINA
    from crmcore.sample.voices import WEB_QUESTIONS

    clock = Clock(datetime.combine(dealer.today, datetime.min.time(), CHINA) + timedelta(hours=10))
    secret, spoken = secrets.token_urlsafe(12), threading.Event()

    def push(url: str) -> int:
        spoken.wait(PATIENCE)
        return gateway.http_get(url)

    environ = {
        "SMS_PASSWORD": gateway.PASSWORD,
        "CRM_HOOK_SECRET": secret,
        "SURVEY_PASSWORD": limesurvey.PASSWORD,
        "ROBOT_TOKEN": robot.TOKEN,
        "ROBOT_SECRET": robot.SECRET,
    }
    config = load(state.document, state.plugins, environ=environ)
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        gateway.LoopbackGateway(
            scripts=_scripts(dealer),
            mo_url=f"http://127.0.0.1:{listening.getsockname()[1]}/hooks/{secret}/sms/mo",
            deliver=push,
            now=clock.now,
        ) as sms,
        limesurvey.LoopbackLimeSurvey(questions=WEB_QUESTIONS, now=clock.now) as survey,
        robot.LoopbackRobot(now=clock.now) as group,
    ):
        state.config = _pointed_at(
            config, sms=sms.url, survey=survey.url, robot=group.dingtalk_url, port=listening.getsockname()[1]
        )
        state.crm = Crm.open(state.config, state.plugins, clock, lang=state.lang)
        with state.crm, _receiver(state.crm, secret, listening):
            yield Stage(
                dealer=dealer,
                folder=folder,
                clock=clock,
                crm=state.crm,
                gateway=sms,
                survey=survey,
                robot=group,
                spoken=spoken,
                clerk=_first(dealer, Role.CR_AGENT),
                manager=_first(dealer, Role.SERVICE_MANAGER),
                head=_first(dealer, Role.CR_MANAGER),
            )


def _first(dealer: Dealer, role: Role) -> str:
    return next(one.code for one in dealer.staff if one.role is role)


def _scripts(dealer: Dealer) -> dict[str, Script]:
    """What the customers do who answer: the gateway knows numbers, not people."""
    from crmcore.sample.gateway import Script

    return {dealer.people[answer.person].phones[0]: Script(reply=answer.text) for answer in dealer.answers}


def _pointed_at(config: Config, *, sms: str, survey: str, robot: str, port: int) -> Config:
    """The same configuration with the addresses of this run; the file keeps those of real vendors."""
    assert config.serve is not None
    messaging, surveys = dict(config.messaging), dict(config.survey)
    for instances, name, url in ((messaging, "sms", sms), (messaging, "team", robot), (surveys, "web", survey)):
        instances[name] = attrs.evolve(instances[name], settings=attrs.evolve(instances[name].settings, url=url))
    serve = attrs.evolve(config.serve, public_url=f"http://127.0.0.1:{port}", port=port)
    return attrs.evolve(config, messaging=messaging, survey=surveys, serve=serve)


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
