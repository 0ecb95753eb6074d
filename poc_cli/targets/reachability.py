"""Check whether a worker answers at an address, whether it is poc's own, and explain failures."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from poc_cli.errors import TargetError
from poc_cli.targets.endpoint import Endpoint

if TYPE_CHECKING:
    import httpx

REACHED_WITHIN_SECONDS: Final = 10.0
"""Time limit of the first request, which includes DNS, TLS and the start of the worker."""

_OURS: Final = "not_json"
"""The error of poc's own worker for a request without a body."""

_LONGEST_EXCERPT: Final = 200


@dataclass(frozen=True, slots=True)
class Host:
    """What answered: `is_ours` if it is poc's own worker or speaks its protocol."""

    is_ours: bool


async def host(endpoint: Endpoint, path: str, headers: Mapping[str, str], *, token_from: str | None) -> Host:
    """Check the target once before any play; `token_from` names the source of the token, or None without one.

    Raises TargetError if nothing answers or the token is rejected, because every play would fail for that reason.
    """
    answer = await reached(endpoint, path, headers, REACHED_WITHIN_SECONDS)
    error = _json(answer).get("error")
    if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        _raise_if_unauthorized(endpoint, answer.status_code, str(error), token_from)
    if page := _page(answer):
        raise TargetError(f"no worker answers at {endpoint.url}: {page[0]}", page[1])
    return Host(answer.status_code == HTTPStatus.OK and error == _OURS)


async def reached(endpoint: Endpoint, path: str, headers: Mapping[str, str], within: float) -> "httpx.Response":
    """Return the response to a GET. Raises TargetError with the reason if there is none."""
    import httpx  # takes 0.1 s, and most runs are local

    url, needed = endpoint.request(path)
    try:
        async with endpoint.client(within) as client:
            return await client.get(url, headers={**needed, **headers})
    except httpx.HTTPError as error:
        raise TargetError(*_why(endpoint, error, within)) from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise TargetError(f"{endpoint.url} is not a valid address: {error}") from error


def _why(endpoint: Endpoint, error: Exception, within: float) -> tuple[str, str]:
    import httpx

    causes = [*_causes(error)]
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return f"cannot resolve {endpoint.url}: {cause.strerror}", "check the host name and the network"
        if isinstance(cause, ssl.SSLCertVerificationError):
            text = f"cannot verify the certificate of {endpoint.url}: {cause.verify_message}"
            return text, "check the host name; set SSL_CERT_FILE to use your own certificates"
        if isinstance(cause, ssl.SSLError):
            return f"TLS error at {endpoint.url}: {cause.reason}", "is it http:// rather than https://?"
        if isinstance(cause, ConnectionRefusedError):
            return f"nothing listens at {endpoint.url}", "check the port and whether the worker is running"
    if isinstance(error, httpx.TimeoutException):
        return f"{endpoint.url} did not answer within {within:g} s", "check the address and the network"
    text = next((str(cause) for cause in causes if str(cause)), type(error).__name__)
    return f"cannot reach {endpoint.url}: {text}", "check the address and the network"


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return an error and its causes, nearest first; each address of a host may contribute one."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        if isinstance(error, BaseExceptionGroup):
            return found + [cause for each in error.exceptions for cause in _causes(each)]
        error = error.__cause__ or error.__context__
    return found


def _raise_if_unauthorized(endpoint: Endpoint, status: int, error: str, token_from: str | None) -> None:
    """Raise TargetError if the token is missing or wrong. Other workers may only guard this one path."""
    if token_from is not None:
        message = f"{endpoint.url} rejects the token ({status})"
        raise TargetError(message, f"{token_from} must contain the token that the worker was deployed with")
    if error == "unauthorized":
        message = f"{endpoint.url} requires a token ({status})"
        raise TargetError(message, "name the variable that contains it: --token-env NAME")


def _page(answer: "httpx.Response") -> tuple[str, str] | None:
    """Return reason and advice for an error page of Cloudflare or of a proxy, or None for any other page."""
    body = answer.text[:10_000]
    if "error code: 1101" in body or "Error 1101" in body:
        return "the worker throws an exception (Cloudflare error 1101)", "see its log with wrangler tail"
    if "error code: 1027" in body or "Error 1027" in body:
        return "the daily request limit is used up (Cloudflare error 1027)", "it resets at 0:00 UTC"
    for code in ("1042", "1016", "1033", "530"):
        if f"error code: {code}" in body:
            return f"Cloudflare error {code}", "check the name; poc status lists the deployed workers"
    if answer.status_code == HTTPStatus.NOT_FOUND and "There is nothing here yet" in body:
        return "workers.dev has no worker with this name", "check the name; poc status lists the deployed workers"
    if answer.status_code >= HTTPStatus.BAD_GATEWAY:
        excerpt = " ".join(body.split())[:_LONGEST_EXCERPT]
        return f"status {answer.status_code} {excerpt}".rstrip(), "try again; the worker may be starting or down"
    return None


def _json(answer: "httpx.Response") -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
