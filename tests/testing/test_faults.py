"""What the faults of the kit do to answers of any form, and what the wire tells of the requests that met them."""

from __future__ import annotations

import pytest
import responses

from crmcore.errors import NotSent, PermanentError, TransientError
from crmcore.http import HttpClient
from crmcore.testing.faults import BY_NAME
from crmcore.testing.outcomes import Met, Stage, fits_read, fits_send
from crmcore.testing.rig import PATIENT
from crmcore.testing.wire import Wire
from crmcore.types.contact import Accepted, Deferred, Rejected, Scope, Unknown

URL = "https://acme.example/"


@pytest.fixture(name="wire")
def _wire():
    """A wire to a vendor who writes something down for each POST, with the answer that a test gives him."""
    wire, written = Wire(), []
    wire.writes = lambda: len(written)

    def answer(request):
        if request.method == "POST":
            written.append(request)
        return 200, {}, wire.said

    with responses.RequestsMock(assert_all_requests_are_fired=False) as rsps:
        for method in ("GET", "POST"):
            rsps.add_callback(method, URL, callback=answer)
        yield wire


def ask(wire, said, method="GET"):
    wire.said = said
    return HttpClient(PATIENT, sleep=lambda _: None, transport=wire).send(method, URL)


def test_half_an_answer_is_half_an_answer_in_every_form(wire):
    """JSON and XML are cut where no reader can miss it; plain text, which has no end, is shorter than it was said to be."""
    wire.break_(BY_NAME["truncated-json"])

    with pytest.raises(PermanentError):
        ask(wire, '{"code": "OK"}').json()
    with pytest.raises(TransientError):
        ask(wire, "OK,2026112200017")

    assert b"<answer><id>7" == ask(wire, "<answer><id>7</id></answer>").body


def test_the_wire_knows_with_which_request_something_was_taken(wire):
    """A login and a logout take nothing."""
    for method in ("GET", "POST", "GET"):
        ask(wire, "OK", method)

    assert [1] == wire.taking


@pytest.mark.parametrize(
    ("outcome", "before", "at", "after"),
    [
        (Unknown(why="X"), True, True, True),
        (Accepted(), False, False, True),
        (Deferred(code="X"), True, False, False),
        (Rejected(code="X", scope=Scope.ACCOUNT), True, False, False),
        (Rejected(code="X"), False, False, False),
        (NotSent("CRM-H101"), True, False, False),
        (None, False, False, False),
    ],
)
def test_what_is_honest_depends_on_whether_it_was_handed_over(outcome, before, at, after):
    """After an HTTP 500: of a login nothing has left, of the text itself nobody knows, and of a logout it has left."""
    fault = BY_NAME["status-500"]

    assert [before, at, after] == [
        fits_send(fault, Met("send", outcome, Accepted(), stage, spare=False), None) for stage in Stage
    ]


def test_what_was_lost_with_a_request_that_did_not_matter_is_nothing():
    """A pull may be as good as ever without its logout; one that lost its last page may not, nor one that ends quietly."""
    fault = BY_NAME["status-500"]

    assert fits_read(fault, Met("pull", ["a row"], ["a row"], Stage.BEFORE, spare=True))
    assert not fits_read(fault, Met("pull", [], ["a row"], Stage.BEFORE, spare=True))
    assert not fits_read(fault, Met("pull", ["a row"], ["a row"], Stage.BEFORE, spare=False))
    assert fits_read(fault, Met("pull", TransientError("CRM-H301"), ["a row"], Stage.BEFORE, spare=False))
    assert not fits_read(fault, Met("pull", ValueError(), ["a row"], Stage.BEFORE, spare=False))
