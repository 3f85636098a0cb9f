"""What the core makes of the messaging adapter that is begun: many texts in one request, and a doubt that ends by asking."""

from __future__ import annotations

import importlib
import re
import sys
from urllib.parse import urlsplit

import pytest
from tests.flows.making import World

from crmcore.app import Crm
from crmcore.hooks import SandboxPlan, Secret
from crmcore.http import HttpClient
from crmcore.testing.faults import BY_NAME, Fault, Proof
from crmcore.testing.wire import Wire

TEXTS = 12


def _lost(wire, request, kwargs):
    """The vendor has done what was asked, and we do not hear of it."""
    wire.carry(request, **kwargs)
    raise ConnectionResetError


LOST, REFUSED = Fault("lost", Proof.NOTHING, (), _lost), BY_NAME["status-502"]


class Desk:
    """A dealer whose texts go through the begun adapter to its own vendor, over a wire that can be broken."""

    def __init__(self, crm: Crm, world: World, sandbox, wire: Wire) -> None:
        self.crm, self.world, self.sandbox, self.wire = crm, world, sandbox, wire

    def asked(self) -> list[str]:
        """Every request so far, as METHOD /page?query."""
        seen = [(each.method, urlsplit(each.url)) for each in self.wire.travelled]
        return [f"{method} {parts.path}{f'?{parts.query}' if parts.query else ''}" for method, parts in seen]

    def doubt(self, fault: Fault) -> int:
        """A text whose request met `fault`, five minutes ago."""
        number = self.world.text()
        self.wire.break_(fault)
        self.crm.send(yes=True)
        self.wire.break_(None)
        self.world.clock.tick(minutes=5)
        assert "UNKNOWN" == self.world.state(number)[0]
        return number


@pytest.fixture(name="desk")
def _desk(generate, db, clock, monkeypatch):
    made = generate("messaging")
    known = set(sys.modules)
    monkeypatch.syspath_prepend(str(made.folder / "src"))
    cls = importlib.import_module(f"{made.project.package}.adapter").AcmeAdapter
    wire = Wire()
    http = HttpClient(transport=wire)
    with cls.sandbox(SandboxPlan(clock=clock)) as sandbox:
        secrets = {name: value.reveal() for name, value in sandbox.settings.items() if isinstance(value, Secret)}
        told = {name: {"env": name} if name in secrets else value for name, value in sandbox.settings.items()}
        config = {"store": {"code": "S01", "name": "示范店"}, "messaging": {"sms": {"adapter": "acme", **told}}}
        with Crm(config, adapters=[cls], connection=db.engine, clock=clock, environ=secrets, http=http) as crm:
            yield Desk(crm, World(db, clock), sandbox, wire)
    http.close()
    for name in set(sys.modules) - known:
        if name.startswith(made.project.package):
            del sys.modules[name]


def test_many_texts_are_one_request(desk):
    """What is due travels together, and each text is accepted by its own line of the answer."""
    numbers = [desk.world.text() for _ in range(TEXTS)]
    desk.crm.send(yes=True)

    assert ["POST /batches"] == desk.asked()
    assert [f"k{number}" for number in numbers] == [text.reference for text in desk.sandbox.texts]
    assert {"ACCEPTED"} == set(desk.world.states().values())


def test_a_doubt_ends_by_asking(desk):
    """The answer was lost and the text was not: the vendor is asked for our key, has it, and no second one leaves."""
    number = desk.doubt(LOST)
    desk.crm.send(yes=True)

    assert ["POST /batches", f"GET /messages?reference=k{number}"] == desk.asked()
    assert 1 == len(desk.sandbox.texts)
    assert ("DELIVERED", "FOUND_AT_VENDOR") == desk.world.state(number)


def test_what_the_vendor_does_not_have_goes_again(desk):
    """It never came: it is asked for, is not there, and is handed in again with the same key, at once."""
    number = desk.doubt(REFUSED)
    desk.crm.send(yes=True)

    assert ["POST /batches", f"GET /messages?reference=k{number}", "POST /batches"] == desk.asked()
    assert [f"k{number}"] == [text.reference for text in desk.sandbox.texts]
    assert "ACCEPTED" == desk.world.state(number)[0]


def test_a_reference_that_comes_again_is_no_second_text(desk, monkeypatch):
    """A log that lags says "not here" of a text that is: it is handed in again, and the vendor knows its reference."""
    number = desk.doubt(LOST)
    vendor = desk.sandbox.vendor
    answer = vendor.answer

    def lagging(page, asked, said):
        return (200, {"messages": []}) if page == "GET /messages" else answer(page, asked, said)

    monkeypatch.setattr(vendor, "answer", lagging)
    desk.crm.send(yes=True)

    assert 2 == desk.asked().count("POST /batches")
    assert 1 == len(desk.sandbox.texts)
    assert "ACCEPTED" == desk.world.state(number)[0]


def test_after_a_day_two_absences_are_needed(desk):
    """The vendor has forgotten the reference by then: only its log can say that nothing went."""
    number = desk.doubt(REFUSED)
    desk.world.clock.tick(days=1)
    seen = []
    for _ in range(2):
        desk.crm.send(yes=True)
        seen.append((len(desk.sandbox.texts), desk.world.state(number)[0]))
        desk.world.clock.tick(minutes=16)

    assert [(0, "UNKNOWN"), (1, "ACCEPTED")] == seen


def test_receipts_are_asked_for_page_by_page(desk):
    """Without an address to push to, `collect` fetches what became of each text; the next one goes on where it ended."""
    for _ in range(TEXTS):
        desk.world.text()
    desk.crm.send(yes=True)
    first, again = desk.crm.collect(), desk.crm.collect()

    assert {"DELIVERED"} == set(desk.world.states().values())
    assert (TEXTS, 0) == (first.receipts, again.receipts)
    assert [f"GET /receipts?after={place}" for place in ("", "10", "12", "12")] == desk.asked()[1:]


COUNTED = """
import sys
from crmcore.cli import main
from crmcore_messaging_acme.vendor import Vendor
answer = Vendor.answer

def counted(self, page, asked, said):
    print(page, len(said.get("messages", ())), file=sys.stderr)
    return answer(self, page, asked, said)

Vendor.answer = counted
sys.exit(main(["demo", "--messaging", "acme", "--folder", "d"]))
"""


def test_the_demo_goes_through_a_batch(generate, tmp_path):
    """`crmcore demo --messaging acme` hands its texts over together, none alone, and asks for what became of them."""
    done = generate("messaging").run("-c", COUNTED, cwd=tmp_path)
    batches = [int(count) for count in re.findall(r"^POST /batches (\d+)$", done.stderr, re.MULTILINE)]
    (taken,) = re.findall(r"the gateway took (\d+) texts", done.stdout)

    assert 0 == done.returncode, done.stderr
    assert int(taken) == sum(batches)
    assert len(batches) < sum(batches) / 4
    assert "POST /messages" not in done.stderr
    assert "GET /receipts" in done.stderr
