"""An adapter for each test, on a LimeSurvey of loopback or on a wire that says what it is told."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmcore.hooks import Context, Secret
from crmcore.http import HttpClient, HttpResponse, Policy
from crmcore.sample.limesurvey import PASSWORD, USERNAME, LoopbackLimeSurvey
from crmcore_survey_limesurvey.adapter import LimeSurvey
from crmcore_survey_limesurvey.config import LimeSurveyConfig

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
URL = "http://127.0.0.1:9/index.php/admin/remotecontrol"


class Clock:
    def __init__(self, now=NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class Wire:
    """Logs everybody in, and answers the calls after that with what it is given: (status, body), a result, or an exception."""

    def __init__(self, *answers, sessions=("session-key-of-thirty-two-letters",) * 9) -> None:
        self.answers, self.sessions = list(answers), list(sessions)
        self.asked = []

    def read(self, method, url, **request):
        return self._answer("read", request["json"])

    def send(self, method, url, **request):
        return self._answer("send", request["json"])

    @property
    def methods(self):
        return [message["method"] for _, message in self.asked]

    @property
    def params(self):
        """What the last call carried behind its session key."""
        return self.asked[-1][1]["params"][1:]

    def _answer(self, way, message):
        message = json.loads(json.dumps(message))
        self.asked.append((way, message))
        if message["method"] == "release_session_key":
            return _response(200, "OK")
        queue = self.sessions if message["method"] == "get_session_key" else self.answers
        said = queue.pop(0)
        if isinstance(said, Exception):
            raise said
        return _response(*said) if isinstance(said, tuple) else _response(200, said)


def _response(status, said):
    body = said if isinstance(said, bytes) else json.dumps({"id": 1, "result": said, "error": None}).encode()
    return HttpResponse(status=status, headers={}, body=body, at="127.0.0.1:9/index.php/admin/remotecontrol")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(tmp_path: Path, clock):
    """Build an adapter from the fields of its config; `http`, `salt` and the store's `zone` may be given too."""
    made = []

    def build(url=URL, *, http=None, salt=b"", zone="Asia/Shanghai", **config):
        http = http or HttpClient(Policy(connect=1.0, read=2.0, total=5.0, attempts=2), sleep=lambda _seconds: None)
        config = {"username": USERNAME, "password": Secret(PASSWORD), "survey_id": 736971} | config
        context = Context(
            instance="lime", system="lime", folder=tmp_path, http=http, clock=clock, logger=logging.getLogger("test"),
            salt=salt, timezone=zone,
        )  # fmt: skip
        adapter = LimeSurvey(LimeSurveyConfig(url=url, **config), context)
        made.append((adapter, http))
        return adapter

    yield build
    for adapter, http in made:
        adapter.close()
        if isinstance(http, HttpClient):
            http.close()


@pytest.fixture
def lime(clock):
    with LoopbackLimeSurvey(now=clock.now) as lime:
        yield lime


@pytest.fixture
def adapter(make, lime):
    """On the LimeSurvey of loopback."""
    return make(lime.url, survey_id=lime.survey_id)


@pytest.fixture
def wire():
    return Wire


@pytest.fixture(scope="session")
def recorded():
    """What a real LimeSurvey 6.4.2 was heard saying: (method, words of it) -> body; phone replaced."""
    lines = [
        json.loads(line) for line in (Path(__file__).parent / "limesurvey-rc2.jsonl").read_text("utf-8").splitlines()
    ]

    def find(method, words=""):
        found = [line["body"].encode() for line in lines if line["method"] == method and words in line["body"]]
        return 200, found[0]

    return find
