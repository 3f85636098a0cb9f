"""RemoteControl 2, LimeSurvey's JSON-RPC: one session, and what each of its answers means.

Failure comes as HTTP 200 with a sentence in `result.status`, in `error`, or as an empty body; only our own mistakes make an HTTP 500
with a page. So the words decide. They are those of LimeSurvey 6.4.2, seen on a server or in
application/helpers/remotecontrol/remotecontrol_handle.php, which spells them differently from method to method: case is ignored.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmcore.hooks import AuthError, PermanentError, TransientError
from crmcore_survey_limesurvey.config import CATALOG, LimeSurveyConfig

if TYPE_CHECKING:
    from crmcore.http import HttpClient, HttpResponse

_LOST = "invalid session key"
_LOCKED = "maximum login attempts"
#: There is nothing, and nothing is wrong.
_EMPTY = ("no data, could not get max id", "no response found for token", "no survey participants found")
#: What a sentence contains -> our code, whose fix says what to do.
_MEANINGS = (
    ("no permission", "CRM-L103"),
    ("invalid survey id", "CRM-L104"),
    ("no survey participants table", "CRM-L203"),
    ("survey table does not exist", "CRM-L201"),
    ("language code not found", "CRM-L206"),
)
_OK, _SERVER = 200, 500


class RemoteControl:
    """LimeSurvey as one user sees it.

    The session is opened by the first call that needs it, kept, opened once more when the server has forgotten it, and given back by
    `close`. A refused login is final: three of them lock the address out, even for the right password.
    """

    def __init__(self, config: LimeSurveyConfig, http: HttpClient) -> None:
        self._config, self._http = config, http
        self._session: str | None = None
        self._refused: AuthError | None = None
        self._calls = 0

    def call(self, method: str, *params: object) -> Any:
        """What `method` gives for the survey of the config; None where LimeSurvey says that there is nothing.

        Only for methods that may be repeated: a call that fails on its way is.
        """
        for _ in range(2):
            result = self._exchange(method, (self._login(), self._config.survey_id, *params))
            said = _status(result)
            if said is None or said.casefold() != _LOST:
                return result if said is None else self._meaning(method, said)
            self._session = None
        raise PermanentError("CRM-L105", at=self._config.url_place, catalog=CATALOG)

    def close(self) -> None:
        """Give the session back; a server that cannot be reached lets it expire."""
        if self._session is not None:
            with contextlib.suppress(TransientError, PermanentError):
                self._exchange("release_session_key", (self._session,), once=True)
            self._session = None

    # -------------------------------------------------------------- session

    def _login(self) -> str:
        """The session's key. An attempt is made once: what a second one would be told is known."""
        if self._refused is not None:
            raise self._refused
        if self._session is None:
            config = self._config
            found = self._exchange("get_session_key", (config.username, config.password.reveal()), once=True)
            if not isinstance(found, str):
                code = "CRM-L102" if _LOCKED in (_status(found) or "").casefold() else "CRM-L101"
                self._refused = AuthError(code, at=config.url_place, catalog=CATALOG)
                raise self._refused
            self._session = found
        return self._session

    def _meaning(self, method: str, said: str) -> None:
        words = said.casefold()
        if any(empty in words for empty in _EMPTY):
            return
        place, survey = self._config.url_place, self._config.survey_id
        for part, code in _MEANINGS:
            if part in words:
                raise PermanentError(code, at=place, catalog=CATALOG, survey=survey, language=self._config.language)
        raise PermanentError("CRM-L106", at=place, catalog=CATALOG, method=method, said=_gist(said))

    # -------------------------------------------------------------- one exchange

    def _exchange(self, method: str, params: tuple[object, ...], *, once: bool = False) -> Any:
        """The `result` of one JSON-RPC call; `once`: what must not be tried again by itself."""
        self._calls += 1
        message = {"method": method, "params": params, "id": self._calls}
        answer = self._post(method, {"json": message, "ca": self._config.ca}, once=once)
        try:
            said = json.loads(answer.body)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, Mapping) or "result" not in said:
            raise PermanentError("CRM-L108", at=answer.at, catalog=CATALOG)
        if said.get("error") is not None:
            raise PermanentError(
                "CRM-L106", at=answer.at, catalog=CATALOG, method=method, said=_gist(str(said["error"]))
            )
        return said["result"]

    def _post(self, method: str, request: Mapping[str, object], *, once: bool) -> HttpResponse:
        try:
            if not once:
                return self._http.read("POST", self._config.url, **request)
            answer = self._http.send("POST", self._config.url, **request)
        except TransientError as error:
            if error.params.get("status") != _SERVER:
                raise
            place = error.at
        else:
            if answer.status != _SERVER:
                return _taken(answer)
            place = answer.at
        raise PermanentError("CRM-L107", at=place, catalog=CATALOG, method=method)


def _taken(answer: HttpResponse) -> HttpResponse:
    """An answer to what was tried once; `HttpClient.read` says the same of what may be repeated."""
    status = answer.status
    if status == _OK:
        return answer
    if status in {401, 403, 407}:
        raise AuthError("CRM-H302", at=answer.at, status=status)
    if status > _SERVER or status in {408, 425}:
        raise TransientError("CRM-H301", at=answer.at, status=status)
    raise PermanentError("CRM-H303", at=answer.at, status=status)


def _status(result: object) -> str | None:
    """The sentence that LimeSurvey answers with instead of a result; None when it is a result."""
    said = result.get("status") if isinstance(result, Mapping) else None
    return said if isinstance(said, str) else None


def _gist(said: str) -> str:
    """The beginning of a sentence, up to where it may quote a row: a database error repeats tokens and answers."""
    return re.split(r"[\"'«„“:]", said.removeprefix("Error: "), maxsplit=1)[0].strip()[:100]
