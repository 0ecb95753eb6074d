"""Requests to Cloudflare's API, with one retry policy for those of poc and those of wrangler."""

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
"""How long a request is retried that fails on Cloudflare's side: six times with the waits below."""

REFUSED_SECONDS: Final = 4.0
"""The same if no connection can be made: the user is waiting, and mistyped addresses are common."""

RATE_LIMIT_SECONDS: Final = 60.0
"""The longest wait for a rate limit. The API's window is five minutes, too long for a user to wait."""

REMOVAL_SECONDS: Final = 60.0
"""Removals are retried longer, because what is not removed stays on the user's account."""

NO_ROUTE: Final = frozenset({7000, 7003})
"""The API's error codes for an unknown account in the path."""

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How long a request is retried, in seconds, by kind of failure."""

    failure: float = FAILURE_SECONDS
    refused: float = REFUSED_SECONDS
    rate_limit: float = RATE_LIMIT_SECONDS

    def at_least(self, seconds: float) -> "RetryLimits":
        """Return the limits, each at least `seconds`."""
        return RetryLimits(*(max(seconds, each) for each in (self.failure, self.refused, self.rate_limit)))


@dataclass(frozen=True, slots=True)
class Answer:
    """The API's last response; `tries` counts the attempts."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    tries: int = 1

    @property
    def document(self) -> dict[str, Any]:
        """Return the JSON envelope; an empty one if the body is not JSON, as from a proxy."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Refused(Exception):
    """The API refused a request; `status`, `code` and `message` are its own."""

    def __init__(self, method: str, path: str, answer: Answer) -> None:
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
        """Whether the requested thing does not exist, while the account does."""
        return self.status == httpx.codes.NOT_FOUND and self.code not in NO_ROUTE


class Unreachable(TargetError):
    """The API did not respond to any attempt."""


class _Retry(Exception):
    """A failed attempt that is worth retrying."""

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
    """Cloudflare's API; thread-safe."""

    base: str
    credentials: Credentials
    say: Callable[[str], None]
    client: httpx.Client
    retry_limits: RetryLimits = field(default_factory=RetryLimits)
    stopped: Callable[[], bool] = lambda: False
    """Whether the answers are no longer needed; then nothing is retried."""

    def patient(self, seconds: float) -> "Api":
        """Return the same API that retries for at least so many seconds and cannot be stopped."""
        return replace(self, retry_limits=self.retry_limits.at_least(seconds), stopped=lambda: False)

    def result(self, method: str, path: str, body: Any = None) -> Any:
        """Return the result of a request. Raises Refused if it fails, Unreachable if there is no response."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = self.send(method, path, b"" if body is None else json.dumps(body).encode(), headers)
        if not httpx.codes.is_success(answer.status) or answer.document.get("success") is False:
            raise Refused(method, path, answer)
        return answer.document.get("result")

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request, with retries, and return the last answer, whatever its status.

        `path` follows the base URL. Raises Unreachable if there was no answer.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Retry),
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
        except _Retry as last:
            if last.answer is not None:
                return replace(last.answer, tries=tries)
            raise Unreachable(*self._no_answer(last.error)) from None

    def _once(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        shown = {"Authorization": f"Bearer {self.credentials.bearer()}", "User-Agent": f"poc/{__version__}"}
        try:
            got = self.client.request(method, self.base + path, content=body, headers={**shown, **headers})
        except httpx.TransportError as error:
            raise _Retry(None, error) from None
        answer = Answer(got.status_code, got.headers, got.content)
        if got.status_code == _TOO_MANY or got.status_code >= _SERVER_ERRORS:
            raise _Retry(answer, None)
        return answer

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Return the seconds to the next attempt: Retry-After, else exponential backoff with jitter."""
        asked = _last(state).asked_to_wait
        return (
            asked if asked is not None else tenacity.wait_random_exponential(_FIRST_WAIT, _LONGEST_WAIT, min=0.1)(state)
        )

    def _stop(self, state: tenacity.RetryCallState) -> bool:
        last = _last(state)
        limit = self.retry_limits.failure
        if last.is_refused:
            limit = self.retry_limits.refused
        elif last.is_rate_limit:
            limit = self.retry_limits.rate_limit
        return self.stopped() or (state.seconds_since_start or 0.0) + self._upcoming(state) > limit

    def _upcoming(self, state: tenacity.RetryCallState) -> float:
        return _last(state).asked_to_wait or 0.0

    def _tell(self, state: tenacity.RetryCallState) -> None:
        last = _last(state)
        if last.is_rate_limit:
            self.say(f"Cloudflare asks to wait {state.upcoming_sleep:.0f} s (rate limit)")

    def _no_answer(self, error: httpx.TransportError | None) -> tuple[str, str]:
        what = "it closed the connection"
        if isinstance(error, httpx.ConnectError):
            what = "no connection could be made"
        elif isinstance(error, httpx.TimeoutException):
            what = "it did not respond in time"
        detail = f" ({error})" if error is not None and str(error) else ""
        return (
            f"Cloudflare's API at {self.base} cannot be reached: {what}{detail}",
            "check the network and https://www.cloudflarestatus.com, then try again",
        )


def _last(state: tenacity.RetryCallState) -> _Retry:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, _Retry) else _Retry(None, None)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header, None if there is none or it is invalid."""
    text = headers.get("Retry-After") or headers.get("retry-after") or ""
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def client_for(base: str) -> httpx.Client:
    """Return an HTTP client; it uses the machine's certificates and proxies only for https."""
    secure = urlsplit(base).scheme == "https"
    return httpx.Client(timeout=_TIMEOUT, trust_env=secure, verify=certificates() if secure else no_tls())
