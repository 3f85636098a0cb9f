"""The stage of the demo: a sample dealer in a folder, a clock that can be moved, and four vendors on loopback."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from crmcore.cli.state import State
from crmcore.errors import TransientError, UsageError
from crmcore.types.store import Role

if TYPE_CHECKING:
    from crmcore.app import Crm
    from crmcore.config import Config
    from crmcore.hooks import HasSandbox, Sandbox
    from crmcore.sample import Dealer
    from crmcore.sample.limesurvey import LoopbackLimeSurvey
    from crmcore.sample.robot import LoopbackRobot

MINE = "示范店 · the sample dealer"  # the first line of the crm.toml that this command writes
GATEWAY = "gateway"  # the adapter whose sandbox is taken where none is named
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
        sandbox: what takes the texts.
        spoken: set once our texts are recorded: receipts are faster than our own record now and then, and a story has an order.
        clerk / manager / head: the codes of who makes the calls, who mends, and who may say yes to what it costs.
    """

    dealer: Dealer
    folder: Path
    clock: Clock
    crm: Crm
    sandbox: Sandbox
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


def adapter(state: State, name: str) -> type[HasSandbox]:
    """The messaging adapter of that name that brings a vendor along; raises `UsageError` when there is none."""
    from crmcore.hooks import HasSandbox, MessagingAdapter
    from crmcore.hooks.manager import Plugins
    from crmcore.types.customer import Channel

    with contextlib.redirect_stdout(sys.stderr):
        state.plugins = Plugins()  # of the demo: what a crm.toml that happens to lie here disables is another's affair
    mine = {key[1]: cls for key, cls in state.plugins.adapters.items() if key[0] == MessagingAdapter.kind}
    able = {
        key: cls
        for key, cls in mine.items()
        if issubclass(cls, MessagingAdapter) and issubclass(cls, HasSandbox) and Channel.SMS in cls.channels
    }
    if name not in able:
        raise UsageError("CRM-U222" if name in mine else "CRM-U221", name=name, known=", ".join(sorted(able)) or "—")
    return able[name]


def lay_out(state: State, folder: Path, names: Sequence[str]) -> Dealer:
    """A fresh dealer in `folder`; what an earlier demo left there is replaced, anything else is left alone."""
    from crmcore.sample import generate, write

    file = folder / "crm.toml"
    if file.exists() and MINE not in file.read_text("utf-8", errors="replace").split("\n", 1)[0]:
        raise UsageError("CRM-U220", at=str(folder))
    for inputs in ("exports", "waves"):
        shutil.rmtree(folder / inputs, ignore_errors=True)
    for stale in (*folder.glob("crm.db*"), *(folder / name for name in names)):
        stale.unlink(missing_ok=True)
    dealer = generate()
    write(dealer, folder)
    state.path = file
    return dealer


@contextlib.contextmanager
def opened(state: State, dealer: Dealer, folder: Path, name: str, cls: type[HasSandbox]) -> Iterator[Stage]:
    """The dealer's Crm, its receiver and its vendors, talking to each other over HTTP on loopback; ten in the morning."""
    from crmcore.app import Crm
    from crmcore.hooks import SandboxPlan
    from crmcore.sample import limesurvey, robot
    from crmcore.sample.people import CHINA
    from crmcore.sample.voices import WEB_QUESTIONS

    clock = Clock(datetime.combine(dealer.today, datetime.min.time(), CHINA) + timedelta(hours=10))
    secret, spoken = secrets.token_urlsafe(12), threading.Event()
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        cls.sandbox(
            SandboxPlan(
                clock=clock,
                callback_url=f"http://127.0.0.1:{listening.getsockname()[1]}/hooks/{secret}/sms",
                replies={f"+86{dealer.people[each.person].phones[0]}": each.text for each in dealer.answers},
                before_push=lambda: spoken.wait(PATIENCE),
            )
        ) as sms,
        limesurvey.LoopbackLimeSurvey(questions=WEB_QUESTIONS, now=clock.now) as survey,
        robot.LoopbackRobot(now=clock.now) as group,
    ):
        config = _configured(state, name, sms, secret)
        state.config = _pointed_at(
            config, sms=sms.settings, survey=survey.url, robot=group.dingtalk_url, port=listening.getsockname()[1]
        )
        state.crm = Crm(state.config, plugins=state.plugins, clock=clock, lang=state.lang)
        with state.crm, _receiver(state.crm, secret, listening):
            yield Stage(
                dealer=dealer,
                folder=folder,
                clock=clock,
                crm=state.crm,
                sandbox=sms,
                survey=survey,
                robot=group,
                spoken=spoken,
                clerk=_first(dealer, Role.CR_AGENT),
                manager=_first(dealer, Role.SERVICE_MANAGER),
                head=_first(dealer, Role.CR_MANAGER),
            )


def _first(dealer: Dealer, role: Role) -> str:
    return next(one.code for one in dealer.staff if one.role is role)


def _configured(state: State, name: str, sms: Sandbox, secret: str) -> Config:
    """Write crm.toml and read it; of the gateway it shows where a real one listens, of another that it ends with the demo."""
    from crmcore.config import load
    from crmcore.hooks import Secret
    from crmcore.sample import config_toml, limesurvey, robot
    from crmcore.sample.settings import env_of

    text = config_toml(lang=state.lang, messaging=None if name == GATEWAY else (name, sms.settings))
    state.path.write_text(text, encoding="utf-8")
    environ = {
        "CRM_HOOK_SECRET": secret,
        "SURVEY_PASSWORD": limesurvey.PASSWORD,
        "ROBOT_TOKEN": robot.TOKEN,
        "ROBOT_SECRET": robot.SECRET,
    }
    mine = {env_of(field): value.reveal() for field, value in sms.settings.items() if isinstance(value, Secret)}
    return load(state.document, state.plugins, environ=environ | mine)


def _pointed_at(config: Config, *, sms: Mapping[str, Any], survey: str, robot: str, port: int) -> Config:
    """The same configuration with the addresses of this run; the file keeps those where real vendors listen."""
    assert config.serve is not None
    messaging, surveys = dict(config.messaging), dict(config.survey)
    for instances, name, changes in (
        (messaging, "sms", sms),
        (messaging, "team", {"url": robot}),
        (surveys, "web", {"url": survey}),
    ):
        instances[name] = attrs.evolve(instances[name], settings=attrs.evolve(instances[name].settings, **changes))
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
