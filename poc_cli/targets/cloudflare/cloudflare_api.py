"""Requests to Cloudflare's API: one policy of patience for all of them, ours and those that wrangler makes."""

import email.utils
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import tenacity

from poc_cli import __version__
from poc_cli.errors import TargetError
from poc_cli.targets.cloudflare.credentials import Credentials
from poc_cli.targets.endpoint import certificates, no_tls

FAILURE_SECONDS: Final = 20.0
"""How long a request is tried again that fails on Cloudflare's side: six times, by the waits below."""

REFUSED_SECONDS: Final = 4.0
"""The same where no connection comes about at all: a person watches, and mistakes in addresses are common."""

RATE_LIMIT_SECONDS: Final = 60.0
"""The longest that is waited for a rate limit. The API's own window is five minutes, too long to watch."""

REMOVAL_SECONDS: Final = 60.0
"""Removing is tried longer: what is given up stays on somebody's account."""

NO_ROUTE: Final = frozenset({7000, 7003})
"""What the API says where the path names no account that it knows."""

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is tried again, in seconds, by the way in which it fails."""

    failure: float = FAILURE_SECONDS
    refused: float = REFUSED_SECONDS
    rate_limit: float = RATE_LIMIT_SECONDS

    def at_least(self, seconds: float) -> "Patience":
        """Return the same, but for no way of failing shorter than this."""
        return Patience(*(max(seconds, each) for each in (self.failure, self.refused, self.rate_limit)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API said at last; `tries` counts the attempts."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    tries: int = 1

    @property
    def document(self) -> dict[str, Any]:
        """Return the envelope; an empty one where the body is none, as of a proxy on the way."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Refused(Exception):
    """The API refused a request; `status`, `code` and `message` are its own."""

    def __init__(self, method: str, path: str, answer: Answer) -> None:
        """Take the request and what it was answered."""
        errors = answer.document.get("errors") or [{}]
        first = errors[0] if isinstance(errors[0], dict) else {}
        self.method, self.path, self.status = method, path, answer.status
        self.code = first.get("code") if isinstance(first.get("code"), int) else None
        self.message = str(first.get("message") or f"HTTP status {answer.status}").strip()
        self.retry_after = retry_after(answer.headers)
        self.tries = answer.tries
        super().__init__(f"{method} {path}: {self.status} {self.message} [code: {self.code}]")

    @property
    def is_absence(self) -> bool:
        """Whether it only says that a thing is not there, and not the account itself."""
        return self.status == httpx.codes.NOT_FOUND and self.code not in NO_ROUTE


class Unreachable(TargetError):
    """The API did not answer, however often it was asked."""


class _Again(Exception):
    """An attempt that may go better the next time."""

    def __init__(self, answer: Answer | None, error: httpx.TransportError | None) -> None:
        super().__init__()
        self.answer, self.error = answer, error

    @property
    def asked_to_wait(self) -> float | None:
        return None if self.answer is None else retry_after(self.answer.headers)

    @property
    def is_refused(self) -> bool:
        return isinstance(self.error, httpx.ConnectError | httpx.ConnectTimeout)

    @property
    def is_rate_limit(self) -> bool:
        return self.answer is not None and self.answer.status == _TOO_MANY


@dataclass(slots=True)
class Api:
    """The way to the API; may be used by several threads."""

    base: str
    credentials: Credentials
    say: Callable[[str], None]
    client: httpx.Client
    patience: Patience = field(default_factory=Patience)
    stopped: Callable[[], bool] = lambda: False
    """Whether nobody wants the answers any more; then nothing is tried again."""

    def patient(self, seconds: float) -> "Api":
        """Return the same with at least so much patience, and not to be stopped."""
        return replace(self, patience=self.patience.at_least(seconds), stopped=lambda: False)

    def result(self, method: str, path: str, body: Any = None) -> Any:
        """Return the result of a request. Raises Refused, and Unreachable where there was no answer."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = self.send(method, path, b"" if body is None else json.dumps(body).encode(), headers)
        if not httpx.codes.is_success(answer.status) or answer.document.get("success") is False:
            raise Refused(method, path, answer)
        return answer.document.get("result")

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request until it is answered, or patience is at its end; gives the last answer, good or bad.

        `path` comes after the base. Raises Unreachable if there was none.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            wait=self._wait,
            stop=self._stop,
            before_sleep=self._tell,
            reraise=True,
        )
        tries = 0

        def once() -> Answer:
            nonlocal tries
            tries += 1
            return self._once(method, path, body, headers)

        try:
            return replace(retrying(once), tries=tries)
        except _Again as last:
            if last.answer is not None:
                return replace(last.answer, tries=tries)
            raise Unreachable(*self._no_answer(last.error)) from None

    def _once(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        shown = {"Authorization": f"Bearer {self.credentials.bearer()}", "User-Agent": f"poc/{__version__}"}
        try:
            got = self.client.request(method, self.base + path, content=body, headers={**shown, **headers})
        except httpx.TransportError as error:
            raise _Again(None, error) from None
        answer = Answer(got.status_code, got.headers, got.content)
        if got.status_code == _TOO_MANY or got.status_code >= _SERVER_ERRORS:
            raise _Again(answer, None)
        return answer

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Return the seconds to the next attempt: what Cloudflare asks for, else longer each time, with some chance."""
        asked = _last(state).asked_to_wait
        return (
            asked if asked is not None else tenacity.wait_random_exponential(_FIRST_WAIT, _LONGEST_WAIT, min=0.1)(state)
        )

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        last = _last(state)
        limit = self.patience.failure
        if last.is_refused:
            limit = self.patience.refused
        elif last.is_rate_limit:
            limit = self.patience.rate_limit
        return self.stopped() or (state.seconds_since_start or 0.0) + self._upcoming(state) > limit

    def _upcoming(self, state: tenacity.RetryCallState) -> float:
        return _last(state).asked_to_wait or 0.0

    def _tell(self, state: tenacity.RetryCallState) -> None:
        last = _last(state)
        if last.is_rate_limit:
            self.say(f"Cloudflare asks to wait {state.upcoming_sleep:.0f} s (rate limit)")

    def _no_answer(self, error: httpx.TransportError | None) -> tuple[str, str]:
        what = "it breaks off the connection"
        if isinstance(error, httpx.ConnectError):
            what = "no connection comes about"
        elif isinstance(error, httpx.TimeoutException):
            what = "it does not answer in time"
        detail = f" ({error})" if error is not None and str(error) else ""
        return (
            f"Cloudflare's API at {self.base} cannot be reached: {what}{detail}",
            "check the network and https://www.cloudflarestatus.com, then try again",
        )


def _last(state: tenacity.RetryCallState) -> _Again:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, _Again) else _Again(None, None)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a Retry-After header asks for, None without a good one."""
    text = headers.get("Retry-After") or headers.get("retry-after") or ""
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def client_for(base: str) -> httpx.Client:
    """Return a client; the machine's certificates and proxies are for what is not on this machine."""
    far = urlsplit(base).scheme == "https"
    return httpx.Client(timeout=_TIMEOUT, trust_env=far, verify=certificates() if far else no_tls())
