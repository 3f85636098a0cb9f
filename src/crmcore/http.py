"""The one owner of requests and tenacity: timeout, retry, status -> error; what is said is never the query, which holds passwords.

A *read* may be repeated, so it is: until it succeeds, or fails for good, or the time is over. A *send* is one attempt, and the only
question is what it leaves behind: an answer, the proof that nothing has left (`NotSent`), or a doubt (`TransientError`).
"""

# ruff: noqa: TID251 - this module is the owner that the rule speaks of
from __future__ import annotations

import contextlib
import json as jsonlib
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs

from crmcore.errors import AuthError, NotSent, PermanentError, TransientError

if TYPE_CHECKING:
    import requests
    import tenacity

__all__ = ["HttpClient", "HttpResponse", "Policy"]

_CHUNK = 65_536
# A connection that was idle longer may be closed by the other side in the very moment it is used again: a needless doubt.
_IDLE = 3.0
_TOO_MANY, _SERVER = 429, 500

# codes with words in lang/http.*.toml
UNREACHABLE, UNNAMED, THROTTLED, UNTRUSTED, MALFORMED = "CRM-H101", "CRM-H102", "CRM-H103", "CRM-H104", "CRM-H105"
TIMED_OUT, BROKEN, UNREADABLE, TOO_LARGE = "CRM-H201", "CRM-H202", "CRM-H203", "CRM-H204"
FAILED, FORBIDDEN, REFUSED, MOVED = "CRM-H301", "CRM-H302", "CRM-H303", "CRM-H304"


@attrs.frozen(kw_only=True)
class Policy:
    """How long to wait and how often to try; times in seconds.

    Attributes:
        connect: until the other side takes the connection.
        read: between two bytes.
        total: for one call with all its attempts and pauses; no attempt begins after it.
        attempts: of a read; a send has one.
        pause / longest_pause: the first pause is at most `pause`, each next up to twice as long (full jitter).
        max_bytes: the largest body that is read.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 90.0
    attempts: int = 4
    pause: float = 0.5
    longest_pause: float = 20.0
    max_bytes: int = 32 * 1024 * 1024


@attrs.frozen(kw_only=True)
class HttpResponse:
    """An answer that arrived whole.

    Attributes:
        at: host and path of the request; never its query.
        headers: names in lower case.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    at: str

    @property
    def text(self) -> str:
        """The body as UTF-8; what is not UTF-8 becomes U+FFFD."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON; raises `PermanentError` when it is something else."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            raise PermanentError(UNREADABLE, at=self.at) from None

    def raise_for_status(self) -> None:
        """Raise what a status other than 2xx means to a question: `TransientError`, `AuthError` or `PermanentError`."""
        status, at = self.status, self.at
        asked = retry_after(self.headers.get("retry-after"))
        if status in {401, 403, 407}:
            raise AuthError(FORBIDDEN, at=at, status=status)
        if status in {408, 425} or status >= _SERVER:
            raise TransientError(FAILED, at=at, status=status, retry_after=asked)
        if 300 <= status < 400:
            raise PermanentError(MOVED, at=at, status=status, to=place(self.headers.get("location", "")))
        if not 200 <= status < 300:
            raise PermanentError(REFUSED, at=at, status=status)


class HttpClient:
    """A way out over HTTP; one instance serves all threads, each with connections of its own.

    Proxies of the environment are used, nothing else of it (no .netrc). Redirects are not followed: an address that moved belongs
    into the configuration. Certificates are always verified, against `ca` where one is given.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        *,
        user_agent: str = "crmcore",
        ca: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
        transport: requests.adapters.HTTPAdapter | None = None,
    ) -> None:
        """`transport` carries every request instead of the network: the wire of the contract kit."""
        self.policy = policy or Policy()
        self._ca, self._sleep, self._user_agent, self._transport = ca, sleep, user_agent, transport
        self._mine = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()

    def read(self, method: str, url: str, **request: Any) -> HttpResponse:
        """The answer to a question that may be asked again; status 2xx, everything else is raised.

        `request`: params, headers, json, data, auth as requests takes them; `ca`, a file of certificates.
        Raises `TransientError`, `AuthError`, `PermanentError`.
        """
        ends = time.monotonic() + self.policy.total
        return self._retrying(ends)(self._read_once, method, url, ends, request)

    def send(self, method: str, url: str, **request: Any) -> HttpResponse:
        """The answer to something that must not be done twice: one attempt, whatever the status is, except 429.

        Raises `NotSent` when it is proven that nothing was taken: no connection, name not resolved, certificate not trusted,
        malformed request, 429. Raises `TransientError` when the outcome is unknown: no answer, or none that is whole.
        """
        ends = time.monotonic() + self.policy.total
        try:
            return self._exchange(method, url, ends, request)
        except PermanentError as error:  # larger than we read: it was answered, but we cannot know what
            fault = TransientError(error.code, at=error.at, limit=self.policy.max_bytes)
        raise fault

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
        self._mine = threading.local()

    # -------------------------------------------------------------- one exchange

    def _read_once(self, method: str, url: str, ends: float, request: dict[str, Any]) -> HttpResponse:
        answer = self._exchange(method, url, ends, request)
        answer.raise_for_status()
        return answer

    def _exchange(self, method: str, url: str, ends: float, request: dict[str, Any]) -> HttpResponse:
        """One request, one answer. The library's error, which shows the URL, does not even stay as the context of ours."""
        at = place(url)
        import requests.exceptions as failures
        import urllib3.exceptions as causes

        try:
            with _discreet(), self._ask(method, url, ends, request) as raw:
                if raw.status_code == _TOO_MANY:
                    raise NotSent(THROTTLED, at=at, retry_after=retry_after(raw.headers.get("Retry-After")))
                headers = {name.lower(): value for name, value in raw.headers.items()}
                return HttpResponse(status=raw.status_code, headers=headers, body=self._body(raw, ends, at), at=at)
        except (failures.RequestException, causes.HTTPError, OSError, ValueError) as error:
            fault = _fault(error, at)
        raise fault

    def _ask(self, method: str, url: str, ends: float, request: dict[str, Any]) -> requests.Response:
        """Straight to the transport: `Session.send` would look into redirects and read their bodies without a limit."""
        import requests.utils

        session = self._session()
        left = max(0.001, ends - time.monotonic())
        ca = request.get("ca", self._ca)
        arguments = {name: value for name, value in request.items() if name != "ca"}
        prepared = session.prepare_request(requests.Request(method, url, **arguments))
        return session.get_adapter(url).send(
            prepared,
            stream=True,
            timeout=(min(self.policy.connect, left), min(self.policy.read, left)),
            verify=str(ca) if ca else True,
            proxies=requests.utils.get_environ_proxies(url) if self._mine.proxied else None,
        )

    def _body(self, raw: requests.Response, ends: float, at: str) -> bytes:
        """The whole body within the time and the size that it may take, also when it drips."""
        body = bytearray()
        while chunk := raw.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self.policy.max_bytes:
                raise PermanentError(TOO_LARGE, at=at, limit=self.policy.max_bytes)
            if time.monotonic() > ends:
                raise TransientError(TIMED_OUT, at=at)
        return bytes(body)

    def _session(self) -> requests.Session:
        """This thread's session; trust_env costs a quarter of the speed, so the environment is read once."""
        session: requests.Session | None = getattr(self._mine, "session", None)
        now = time.monotonic()
        # a fork inherits a connection on which the parent talks
        if session is None or self._mine.process != os.getpid():
            import urllib.request

            import requests

            session = requests.Session()
            session.trust_env = False
            session.headers["User-Agent"] = self._user_agent
            if self._transport is not None:
                session.mount("https://", self._transport)
                session.mount("http://", self._transport)
            self._mine.proxied = bool(urllib.request.getproxies())
            self._mine.session, self._mine.process = session, os.getpid()
            with self._lock:
                self._sessions.append(session)
        elif now - self._mine.used > _IDLE:
            session.close()
        self._mine.used = now
        return session

    # -------------------------------------------------------------- patience

    def _retrying(self, ends: float) -> tenacity.Retrying:
        import tenacity

        def pause(state: tenacity.RetryCallState) -> float:
            asked = getattr(_error_of(state), "retry_after", None)
            grown = min(self.policy.longest_pause, self.policy.pause * 2.0 ** (state.attempt_number - 1))
            jitter = random.uniform(0, grown)  # noqa: S311 - spreads load, guards nothing
            return jitter if asked is None else asked + min(jitter, 1.0)

        def over(state: tenacity.RetryCallState) -> bool:
            return state.attempt_number >= self.policy.attempts or time.monotonic() + state.upcoming_sleep > ends

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=pause,
            stop=over,
            sleep=self._sleep,
            reraise=True,
        )


def _error_of(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3); None when it cannot be read."""
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    from email.utils import parsedate_to_datetime

    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    return None


# ------------------------------------------------------------------ what a failure proves


def _fault(error: Exception, at: str) -> TransientError:
    """`NotSent` only where no byte of the request can have left; a doubt otherwise."""
    chain = tuple(_causes(error))
    for code, kinds in _proofs():
        if any(isinstance(part, kinds) for part in chain):
            return NotSent(code, at=at)
    for code, kinds in _doubts():
        if any(isinstance(part, kinds) for part in chain):
            return TransientError(code, at=at)
    return TransientError(BROKEN, at=at)


def _proofs() -> Iterator[tuple[str, tuple[type[BaseException], ...]]]:
    import ssl

    import requests.exceptions as failures
    import urllib3.exceptions as causes

    yield UNNAMED, (causes.NameResolutionError,)
    # a proxy fails before it forwards: urllib3 says ProxyError only until the tunnel stands
    yield UNREACHABLE, (causes.NewConnectionError, causes.ConnectTimeoutError, causes.ProxyError)
    yield UNTRUSTED, (ssl.SSLCertVerificationError,)  # part of the handshake: nothing was said yet
    yield (
        MALFORMED,
        (
            failures.InvalidURL,
            failures.InvalidSchema,
            failures.MissingSchema,
            failures.InvalidHeader,
            failures.InvalidJSONError,
            UnicodeEncodeError,
        ),
    )


def _doubts() -> Iterator[tuple[str, tuple[type[BaseException], ...]]]:
    import urllib3.exceptions as causes

    yield TIMED_OUT, (causes.ReadTimeoutError, TimeoutError)
    yield UNREADABLE, (causes.DecodeError, causes.IncompleteRead, causes.InvalidChunkLength)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what caused it, and what its arguments carry: requests wraps urllib3, which wraps the socket's error.

    Not the context: that may be an older error, of another call, which the caller is just handling.
    """
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (current.__cause__, getattr(current, "reason", None), *current.args)
        waiting.extend(part for part in inner if isinstance(part, BaseException))


# ------------------------------------------------------------------ what may be said


def place(url: str) -> str:
    """Host, port and path: what an error or a log may show of `url`. User, password, query and fragment stay out."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    return f"{host}{parts.path}"


_quiet = threading.local()


class _NoQuery(logging.Filter):
    """urllib3 logs each URL with its query at DEBUG; ours holds passwords and phone numbers."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(_quiet, "on", False) and isinstance(record.args, tuple):
            record.args = tuple(part.partition("?")[0] if isinstance(part, str) else part for part in record.args)
        return True


_NO_QUERY = _NoQuery()


@contextlib.contextmanager
def _discreet() -> Iterator[None]:
    """While it lasts, urllib3 logs this thread's requests without their query."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logging.getLogger(name).addFilter(_NO_QUERY)  # adding it again changes nothing
    before, _quiet.on = getattr(_quiet, "on", False), True
    try:
        yield
    finally:
        _quiet.on = before
