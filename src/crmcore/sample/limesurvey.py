"""A small LimeSurvey on loopback that speaks RemoteControl 2: for the demo, and for tests that need no LimeSurvey.

It answers what LimeSurvey 6.4.2 answered, and it has LimeSurvey's habits: failures are sentences inside HTTP 200, three bad logins lock
out the right password too, a token that is there already is an error inside a list that says success, hyphens and spaces vanish from
tokens, and a response has its number when it is begun but is shown when it is finished. So what is wrong here is wrong there.
"""

from __future__ import annotations

import base64
import inspect
import itertools
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from crmcore.sample.loopback import Loopback, Page, machine_clock

USERNAME, PASSWORD = "crm", "crmpw"  # open nothing but this toy
QUESTIONS = ("OVERALL", "ATTITUDE", "RECOMMEND", "REMARK")
PAGE = "/index.php/admin/remotecontrol"

NO_LOGIN = "Invalid user name or password"
LOCKED_OUT = "You have exceeded the number of maximum login attempts. Please wait 10 minutes before trying again."
NO_PERMISSION = "No permission"
NO_SURVEY = "Error: Invalid survey ID"
NO_DATA = "No Data, could not get max id."
NO_TABLE = "No Data, survey table does not exist."
NO_LANGUAGE = "Language code not found for this survey."
NO_PARTICIPANTS = "No survey participants found."
_ATTEMPTS = 3
_QUESTION = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}")
_ATTRIBUTES = ("attribute_1", "attribute_2")
_EXPORT = ("json", "complete", "code", "short")

Filled = Mapping[str, str]


class RefusedError(Exception):
    """The web page would not let this customer answer: unknown, or he has answered already."""


@attrs.define
class Participant:
    """One row of the participants table; `completed` is "N" or the minute."""

    tid: int
    token: str
    language: str = ""
    validuntil: str | None = None
    completed: str = "N"
    firstname: str = attrs.field(default="", repr=False)
    attributes: dict[str, str | None] = attrs.field(factory=dict)


@attrs.define
class _Response:
    id: int
    token: str
    started: str
    finished: str | None = None
    answers: dict[str, str] = attrs.field(factory=dict, repr=False)


class LoopbackLimeSurvey(Loopback):
    """A server with one survey between `with` and its end; nothing of it outlives the process.

    Attributes:
        url: the address for `[survey.<name>] url`.
        survey_id, username, password: what goes beside it.
        properties: of the survey, as get_survey_properties gives them; may be changed.
        participants: whom it was told of, by token, in order.
        calls: the methods that were called, in order.
    """

    def __init__(
        self,
        *,
        survey_id: int = 736971,
        username: str = USERNAME,
        password: str = PASSWORD,
        questions: Sequence[str] = QUESTIONS,
        languages: Sequence[str] = ("zh-Hans",),
        responses: Mapping[str, Filled] | Sequence[Filled] = (),
        now: Callable[[], datetime] | None = None,
        timezone: str = "Asia/Shanghai",
        session: timedelta = timedelta(hours=2),
    ) -> None:
        """Start listening at once.

        `questions` are codes, which LimeSurvey makes of letters and digits only; `responses` is what `respond` fills in, by token or in
        the order of the invitations; `now` is the server's clock, shown in `timezone`; `session` is how long a login lasts.
        """
        if wrong := [code for code in questions if not _QUESTION.fullmatch(code)]:
            raise ValueError(f"LimeSurvey's question codes are letters and digits: {wrong[0]}")
        self.survey_id, self.username, self.password = survey_id, username, password
        self.participants: dict[str, Participant] = {}
        self.calls: list[str] = []
        self.properties: dict[str, str | None] = {
            "active": "Y", "expires": None, "language": languages[0], "additional_languages": " ".join(languages[1:]),
            "anonymized": "N", "datestamp": "Y",
        }  # fmt: skip
        self._questions, self._scripts = tuple(questions), responses
        self._now = now or machine_clock
        self._zone, self._lifetime = ZoneInfo(timezone), session
        self._sessions: dict[str, datetime] = {}
        self._numbers = itertools.count(1)
        self._refused = 0
        self._responses: list[_Response] = []
        self._lock = threading.RLock()
        super().__init__(_Page)
        self.url = f"{self.base}{PAGE}"

    # -------------------------------------------------------------- what customers do

    def begin(self, token: str, at: datetime | None = None) -> int:
        """A customer opens his link and begins: the response has its number from now on, and is not shown yet."""
        with self._lock:
            one = self.participants.get(token)
            if one is None or one.completed != "N":
                raise RefusedError(token)
            mine = next((each for each in self._responses if each.token == token), None)
            if mine is None:
                mine = _Response(len(self._responses) + 1, token, self._local(at or self._now()))
                self._responses.append(mine)
            return mine.id

    def answer(self, token: str, answers: Filled, at: datetime | None = None) -> int:
        """A customer fills in the form and sends it off; the number of the response."""
        if wrong := sorted(set(answers) - set(self._questions)):
            raise ValueError(f"the survey has no question {wrong[0]}")
        with self._lock:
            number = self.begin(token, at)
            mine = self._responses[number - 1]
            mine.answers, mine.finished = dict(answers), self._local(at or self._now())
            self.participants[token].completed = mine.finished[:16]
            return number

    def respond(self, at: datetime | None = None) -> tuple[int, ...]:
        """Everybody who was invited, has a script and has not answered yet fills in the form."""
        with self._lock:
            waiting = [
                (one.token, said)
                for number, one in enumerate(self.participants.values())
                if one.completed == "N" and (said := self._script(number, one.token)) is not None
            ]
            return tuple(self.answer(token, said, at) for token, said in waiting)

    def forget_sessions(self) -> None:
        """Every session ends, as after a restart."""
        self._sessions.clear()

    def _script(self, number: int, token: str) -> Filled | None:
        scripts = self._scripts
        if isinstance(scripts, Mapping):
            return scripts.get(token)
        return scripts[number] if number < len(scripts) else None

    def _local(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"

    # -------------------------------------------------------------- what RemoteControl does

    def take(self, content_type: str, body: bytes) -> tuple[int, str]:
        """Answer one request: status and body, as LimeSurvey's server does."""
        if "application/json" not in content_type:
            return 200, ""
        try:
            asked = json.loads(body)
            method, params, number = asked["method"], asked["params"], asked["id"]
        except (ValueError, TypeError, KeyError):
            return 200, '{"id":null,"result":null,"error":"unable to decode malformed json"}'
        with self._lock:
            self.calls.append(method)
            known = _METHODS.get(method)
            try:
                inspect.signature(known or _none).bind(self, *params)
            except TypeError:
                return 500, "<!DOCTYPE html>\n<html><head><title>500: Internal Server Error</title></head></html>\n"
            result = known(self, *params) if known else None
        if isinstance(result, bytes):  # a file is written into the answer as it is read
            return 200, f'{{"id":{json.dumps(number)}, "result":"{result.decode()}", "error":null}}'
        return 200, json.dumps({"id": number, "result": result, "error": None}, separators=(",", ":"))

    def _get_session_key(self, username: object, password: object, _plugin: str = "Authdb") -> object:
        if self._refused >= _ATTEMPTS:
            return _said(LOCKED_OUT)
        if (username, password) != (self.username, self.password):
            self._refused += 1
            return _said(NO_LOGIN)
        self._refused = 0
        key = f"NwOJcrZAe72PVBxG03GxfPvA~{next(self._numbers):07d}"
        self._sessions[key] = self._now() + self._lifetime
        return key

    def _release_session_key(self, key: str) -> object:
        self._sessions.pop(key, None)
        return "OK"

    def _get_survey_properties(self, key: str, survey: int, wanted: Sequence[str] | None = None) -> object:
        if not self._knows(key):
            return _said("Invalid Session key")  # so spelled here
        if survey != self.survey_id:
            return _said(NO_SURVEY)
        return {name: self.properties[name] for name in wanted or self.properties if name in self.properties}

    def _add_participants(
        self, key: str, survey: int, people: Sequence[Mapping[str, str]], create_token: bool = True
    ) -> object:
        if not self._knows(key):
            return _said("Invalid session key")
        if survey != self.survey_id:
            return _said(NO_SURVEY)
        return [self._add(person, create_token) for person in people]

    def _add(self, person: Mapping[str, str], create_token: bool) -> Mapping[str, object]:
        token = re.sub(r"[^0-9A-Za-z_~]", "", person.get("token", ""))
        if create_token:
            token = f"made{next(self._numbers):011d}"
        errors = {}
        if token in self.participants:
            errors["token"] = [f'Access code "{token}" has already been taken.']
        if (spoken := person.get("language", "")) and spoken not in self._languages:
            errors["language"] = ["Language code is invalid in this survey"]
        if "@" not in person.get("email", "@"):
            errors["email"] = ["Invalid email address."]
        if errors:
            return {**person, "errors": errors}
        one = Participant(len(self.participants) + 1, token, spoken, person.get("validuntil"))
        one.firstname = person.get("firstname", "")
        one.attributes = {name: person.get(name) for name in _ATTRIBUTES}
        self.participants[token] = one
        return {
            "sent": "N", "remindersent": "N", "remindercount": 0, "completed": "N", "usesleft": 1, "emailstatus": "OK",
            "token": token, "language": spoken, "firstname": one.firstname, "lastname": "", "tid": str(one.tid),
            "participant_id": None, "email": None, "blacklisted": None, "validfrom": None, "validuntil": one.validuntil, "mpid": None,
            **one.attributes,
        }  # fmt: skip

    def _list_participants(
        self, key: str, survey: int, start: int = 0, limit: int = 10, unused: bool = False, extra: object = False,
        conditions: Mapping[str, str] | None = None,
    ) -> object:  # fmt: skip
        if not self._knows(key):
            return _said("Invalid Session Key")  # and so here
        if survey != self.survey_id:
            return _said(NO_SURVEY)
        found = [
            one
            for one in self.participants.values()
            if (conditions or {}).get("token", one.token) == one.token and not (unused and one.completed != "N")
        ]
        more = extra if isinstance(extra, list) else []
        rows = [_listed(one, more) for one in found[start : start + limit]]
        return rows or _said(NO_PARTICIPANTS)

    def _export_responses(
        self, key: str, survey: int, kind: str, language: str = "", which: str = "all", heading: str = "code",
        answers: str = "short", first: int | None = None, last: int | None = None,
    ) -> object:  # fmt: skip
        if not self._knows(key):
            return _said("Invalid session key")
        if survey != self.survey_id:
            return _said(NO_PERMISSION)
        if self.properties["active"] != "Y":
            return _said(NO_TABLE)
        if not self._responses:
            return _said(NO_DATA)
        if language and language not in self._languages:
            return _said(NO_LANGUAGE)
        if (kind, which, heading, answers) != _EXPORT:
            raise NotImplementedError((kind, which, heading, answers))
        rows = [
            json.dumps(self._exported(one), separators=(",", ":"))
            for one in self._responses
            if one.finished and (first or 1) <= one.id <= (last or one.id)
        ]
        return base64.b64encode(f'{{"responses": [{",".join(rows)}]}}'.encode())

    def _exported(self, one: _Response) -> Mapping[str, object]:
        return {
            "id": one.id, "submitdate": one.finished, "lastpage": "1", "startlanguage": self.properties["language"], "seed": "1",
            "token": one.token, "startdate": one.started, "datestamp": one.finished,
            **{code: one.answers.get(code, "") for code in self._questions},
        }  # fmt: skip

    @property
    def _languages(self) -> set[str]:
        return {str(self.properties["language"]), *str(self.properties["additional_languages"]).split()}

    def _knows(self, key: str) -> bool:
        now = self._now()
        self._sessions = {each: ends for each, ends in self._sessions.items() if ends > now}
        return key in self._sessions


_METHODS: Mapping[str, Callable[..., Any]] = {
    name: getattr(LoopbackLimeSurvey, f"_{name}")
    for name in (
        *("get_session_key", "release_session_key", "get_survey_properties"),
        *("add_participants", "list_participants", "export_responses"),
    )
}


def _none() -> None:
    """A method that LimeSurvey does not have: no call fits it."""


def _said(words: str) -> Mapping[str, str]:
    return {"status": words}


def _listed(one: Participant, extra: Sequence[str]) -> Mapping[str, object]:
    known = {"language": one.language, "validuntil": one.validuntil, "completed": one.completed, **one.attributes}
    info = {"firstname": one.firstname, "lastname": "", "email": None}
    more = {name: known[name] for name in extra if name in known}
    return {"tid": one.tid, "token": one.token, "participant_info": info, **more}


class _Page(Page):
    def posted(self) -> None:
        """RemoteControl's only page."""
        status, said = 404, ""
        body = self.body()
        if self.path == PAGE:
            status, said = self.server.vendor.take(self.headers.get("Content-Type") or "", body)
        self.answer(status, said.encode(), "application/json" if status == 200 else "text/html; charset=UTF-8")
