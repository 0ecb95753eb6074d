"""Waits until the edge answers with what was just deployed: Cloudflare takes seconds to carry it everywhere."""

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx
import tenacity

from poc_cli.errors import TargetError
from poc_cli.targets.endpoint import Endpoint, certificates, endpoint_of, no_tls

DEADLINE_SECONDS: Final = 90.0
"""Cloudflare promises no time. New names on workers.dev are known to need up to a minute, for the certificate too."""

IN_A_ROW: Final = 3
_EVERY_SECONDS: Final = 0.15
_TIMEOUT_SECONDS: Final = 10.0
_ROOM: Final = "/room/poc-propagation"
"""A room that no scenario uses; it is asked by plain HTTP and keeps no socket."""

_NOTHING_HERE: Final = re.compile(rb"error code: 1042|There is nothing here yet")
"""What workers.dev answers for a name that it does not know (yet)."""


@dataclass(frozen=True, slots=True)
class Sought:
    """What is waited for: a version that the worker tells, or, where it is a stranger's, any answer of it."""

    url: str
    headers: Mapping[str, str]
    version: int | None


def wait(sought: Sought, phase: Callable[[str], None], seconds: float = DEADLINE_SECONDS) -> None:
    """Return once it answers. Raises TargetError if it does not in time."""
    begun = time.monotonic()
    endpoint = endpoint_of(sought.url, os.environ)
    secure = endpoint.edge is None and endpoint.url.startswith("https:")
    with httpx.Client(
        timeout=_TIMEOUT_SECONDS, trust_env=False, verify=certificates() if secure else no_tls()
    ) as client:

        def asked() -> str | None:
            """Return why the edge is not there yet, None if all answers were right."""
            for _ in range(IN_A_ROW):
                wrong = _wrong(client, endpoint, sought)
                if wrong is not None:
                    return wrong
            return None

        def tell(state: tenacity.RetryCallState) -> None:
            wrong = state.outcome.result() if state.outcome is not None else ""
            phase(f"waiting until it answers, {time.monotonic() - begun:.0f} s: {wrong}")

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda wrong: wrong is not None),
            wait=tenacity.wait_exponential(_EVERY_SECONDS, exp_base=1.5, max=2.0),
            stop=tenacity.stop_after_delay(seconds),
            before_sleep=tell,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome is not None else "no answer",
        )
        wrong = retrying(asked)
    if wrong is not None:
        raise TargetError(
            f"{sought.url} does not answer as it should {seconds:g} s after the deployment: {wrong}",
            "try again; a new account may need some minutes for its first Worker",
        )


def _wrong(client: httpx.Client, endpoint: Endpoint, sought: Sought) -> str | None:
    version = sought.version
    url, host = endpoint.request("/" if version is None else _ROOM)
    body = b"" if version is None else b'{"op":"who"}'
    try:
        got = client.request(
            "GET" if version is None else "POST", url, headers={**sought.headers, **host}, content=body
        )
    except httpx.TransportError as error:
        return f"no answer ({type(error).__name__})"
    if got.status_code == httpx.codes.NOT_FOUND and _NOTHING_HERE.search(got.content):
        return "workers.dev does not know it yet"
    if version is None:
        return f"status {got.status_code} of Cloudflare's edge" if _is_edge_error(got) else None
    if not got.is_success:
        return f"status {got.status_code}"
    try:
        told = got.json().get("version")
    except (ValueError, AttributeError):
        return "an answer that is no JSON"
    return None if told == str(version) else f"version {told} instead of {version}"


def _is_edge_error(got: httpx.Response) -> bool:
    """Return whether an error is Cloudflare's own: 520 to 530, which no Worker should answer on its front page."""
    return 520 <= got.status_code <= 530  # noqa: PLR2004 - developers.cloudflare.com/support/troubleshooting/http-status-codes
