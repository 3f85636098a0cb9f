"""What the tests of the examples share: the sample dealer on disk, read and planned once, and a copy of it for each test."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import attrs
import pytest

from crmcore import Crm, sample
from crmcore.types.contact import MessageState

SECRET = "s3cret-of-the-hooks"
TEN = datetime.fromisoformat("2026-11-22T10:00+08:00")
ENVIRON = {
    "CRM_HOOK_SECRET": SECRET,
    "SMS_PASSWORD": "…",
    "ROBOT_TOKEN": "…",
    "ROBOT_SECRET": "…",
    "SURVEY_PASSWORD": "…",
}


@attrs.define
class Clock:
    """Stands where the test puts it."""

    at: datetime = TEN

    def now(self) -> datetime:
        return self.at

    def tick(self, **by: float) -> None:
        self.at += timedelta(**by)


@attrs.frozen
class Dealer:
    """A dealer in a folder, whose exports are read and whose contacts are planned.

    Attributes:
        angry: the number of a customer who has something to complain of, and what he will write.
        texted: id and number of a customer to whom a text is due.
    """

    folder: Path
    clock: Clock
    angry: tuple[str, str]
    texted: tuple[str, str]

    @property
    def toml(self) -> Path:
        return self.folder / "crm.toml"

    def crm(self, **handed) -> Crm:
        """One beside that of the application, as a colleague's command line would be."""
        return Crm(self.toml, clock=self.clock, environ=ENVIRON, **handed)


@pytest.fixture(name="planned", scope="session")
def _planned(tmp_path_factory) -> Dealer:
    """The sample dealer, read and planned; its gateway is a port on which nobody listens."""
    folder = tmp_path_factory.mktemp("dealer")
    dealer = sample.generate()
    sample.write(dealer, folder)
    (folder / "crm.toml").write_text(sample.config_toml(gateway_url="http://127.0.0.1:9/cgi-bin/sendsms"), "utf-8")
    complains = next(each for each in dealer.answers if "没修好" in each.text)
    with Crm(folder / "crm.toml", clock=Clock(), environ=ENVIRON) as crm:
        crm.sync()
        crm.plan()
        due = next(
            text
            for number in range(1, 250)
            for text in crm.messages.of(f"C{number}")
            if text.state is MessageState.QUEUED and text.due_at <= Clock().now()
        )
    angry = dealer.people[complains.person].phones[0]
    return Dealer(folder, Clock(), (angry, complains.text), (due.customer_id, due.message.to.removeprefix("+86")))


@pytest.fixture(name="dealer")
def _dealer(planned, tmp_path) -> Dealer:
    """A copy for this test alone, at ten in the morning."""
    shutil.copytree(planned.folder, tmp_path / "dealer")
    return attrs.evolve(planned, folder=tmp_path / "dealer", clock=Clock())


@pytest.fixture(name="mo")
def _mo(dealer):
    """The address at which Kannel pushes a text of a customer."""

    def address(number: str, text: str, *, secret: str = SECRET, instance: str = "sms", id_: str = "1") -> str:
        from urllib.parse import urlencode

        asked = {"from": number, "to": "10690000", "text": text, "coding": "2", "charset": "UTF-8", "id": id_}
        return f"/hooks/{secret}/{instance}/mo?{urlencode({**asked, 'unix': int(dealer.clock.now().timestamp())})}"

    return address
