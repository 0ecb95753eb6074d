"""Wait until Cloudflare's edge serves a new deployment, which takes seconds."""

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

import httpx
import tenacity

from poc_cli.errors import TargetError
from poc_cli.targets.endpoint import Endpoint, certificates, endpoint_of, no_tls

DEADLINE_SECONDS: Final = 90.0
"""Cloudflare documents no limit. New names on workers.dev can need up to a minute, also for the certificate."""

IN_A_ROW: Final = 3
_EVERY_SECONDS: Final = 0.15
_TIMEOUT_SECONDS: Final = 10.0
_ROOM: Final = "/room/poc-propagation-"
"""Rooms that no scenario uses; each gets one plain HTTP request and keeps no socket. Each request has another one,
because an object in memory keeps its code where the update is deferred."""

_NOTHING_HERE: Final = re.compile(rb"error code: 1042|There is nothing here yet")
"""The response of workers.dev for a name that it does not know (yet)."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """What to wait for: a version that the worker reports, or any response if it reports none."""

    url: str
    headers: Mapping[str, str]
    version: int | None


def wait(awaited: Awaited, phase: Callable[[str], None], seconds: float = DEADLINE_SECONDS) -> None:
    """Return once it responds. Raises TargetError if it does not in time."""
    started = time.monotonic()
    endpoint = endpoint_of(awaited.url, os.environ)
    secure = endpoint.edge is None and endpoint.url.startswith("https:")
    with httpx.Client(
        timeout=_TIMEOUT_SECONDS, trust_env=False, verify=certificates() if secure else no_tls()
    ) as client:

        def asked() -> str | None:
            """Return why the edge is not ready, None if all responses were right."""
            for _ in range(IN_A_ROW):
                wrong = _wrong(client, endpoint, awaited)
                if wrong is not None:
                    return wrong
            return None

        def tell(state: tenacity.RetryCallState) -> None:
            wrong = state.outcome.result() if state.outcome is not None else ""
            phase(f"waiting for a response, {time.monotonic() - started:.0f} s: {wrong}")

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda wrong: wrong is not None),
            wait=tenacity.wait_exponential(_EVERY_SECONDS, exp_base=1.5, max=2.0),
            stop=tenacity.stop_after_delay(seconds),
            before_sleep=tell,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome is not None else "no response",
        )
        wrong = retrying(asked)
    if wrong is not None:
        raise TargetError(
            f"{awaited.url} is not ready {seconds:g} s after the deployment: {wrong}",
            "try again; a new account may need some minutes for its first Worker",
        )


def _wrong(client: httpx.Client, endpoint: Endpoint, awaited: Awaited) -> str | None:
    version = awaited.version
    url, host = endpoint.request("/" if version is None else _ROOM + token_hex(6))
    body = b"" if version is None else b'{"op":"who"}'
    try:
        got = client.request(
            "GET" if version is None else "POST", url, headers={**awaited.headers, **host}, content=body
        )
    except httpx.TransportError as error:
        return f"no response ({type(error).__name__})"
    if got.status_code == httpx.codes.NOT_FOUND and _NOTHING_HERE.search(got.content):
        return "workers.dev does not know it yet"
    if version is None:
        return f"status {got.status_code} of Cloudflare's edge" if _is_edge_error(got) else None
    if not got.is_success:
        return f"status {got.status_code}"
    try:
        found = got.json().get("version")
    except (ValueError, AttributeError):
        return "a response that is not JSON"
    return None if found == str(version) else f"version {found} instead of {version}"


def _is_edge_error(got: httpx.Response) -> bool:
    """Return whether an error is Cloudflare's own: 520 to 530, which no Worker should return at `/`."""
    return 520 <= got.status_code <= 530  # noqa: PLR2004 - developers.cloudflare.com/support/troubleshooting/http-status-codes
