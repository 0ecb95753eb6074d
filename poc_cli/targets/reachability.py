"""Whether anybody answers at an address, whether it is our worker, and in words why not."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from poc_cli.errors import TargetError
from poc_cli.targets.endpoint import Door

if TYPE_CHECKING:
    import httpx

REACHED_WITHIN_SECONDS: Final = 10.0
"""For the first request: the name is looked up, a certificate is checked, and a worker may start."""

_OURS: Final = "not_json"
"""How our worker's room answers a request without a body."""

_LONGEST_TOLD: Final = 200


@dataclass(frozen=True, slots=True)
class Host:
    """Who answered: whether it is a worker that speaks our protocol."""

    is_ours: bool


async def host(door: Door, path: str, headers: Mapping[str, str], *, token_from: str | None) -> Host:
    """Ask once, before anything is played; `token_from` names where the token came from, None without one.

    Raises TargetError where nobody is there, or nobody who would let us in: then every play would fail for one reason.
    """
    answer = await reached(door, path, headers, REACHED_WITHIN_SECONDS)
    error = _json(answer).get("error")
    if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        _raise_if_unwelcome(door, answer.status_code, str(error), token_from)
    if page := _page(answer):
        raise TargetError(f"no Worker answers at {door.url}: {page[0]}", page[1])
    return Host(answer.status_code == HTTPStatus.OK and error == _OURS)


async def reached(door: Door, path: str, headers: Mapping[str, str], within: float) -> "httpx.Response":
    """Return the answer to a GET. Raises TargetError with the reason in words where there is none."""
    import httpx  # 0.1 s, and most runs are on this machine

    url, needed = door.request(path)
    try:
        async with door.client(within) as client:
            return await client.get(url, headers={**needed, **headers})
    except httpx.HTTPError as error:
        raise TargetError(*_why(door, error, within)) from error
    except (httpx.InvalidURL, UnicodeError) as error:
        raise TargetError(f"{door.url} is no address: {error}") from error


def _why(door: Door, error: Exception, within: float) -> tuple[str, str]:
    import httpx

    causes = [*_causes(error)]
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return f"{door.url} cannot be found: {cause.strerror}", "check the name, and the network"
        if isinstance(cause, ssl.SSLCertVerificationError):
            told = f"{door.url} cannot be trusted: {cause.verify_message}"
            return told, "check the name; SSL_CERT_FILE names certificates of your own"
        if isinstance(cause, ssl.SSLError):
            return f"{door.url} does not speak TLS as it should: {cause.reason}", "is it http:// rather than https://?"
        if isinstance(cause, ConnectionRefusedError):
            return f"nobody listens at {door.url}", "check the port, and whether it runs"
    if isinstance(error, httpx.TimeoutException):
        return f"{door.url} did not answer within {within:g} s", "check the address, and the network"
    told = next((str(cause) for cause in causes if str(cause)), type(error).__name__)
    return f"{door.url} cannot be reached: {told}", "check the address, and the network"


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return an error and what lies behind it, the nearest first; of several addresses of a host each has its own."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        if isinstance(error, BaseExceptionGroup):
            return found + [cause for each in error.exceptions for cause in _causes(each)]
        error = error.__cause__ or error.__context__
    return found


def _raise_if_unwelcome(door: Door, status: int, error: str, token_from: str | None) -> None:
    """Raise TargetError where the worker wants a token that we do not have. Others may only guard this one path."""
    if token_from is not None:
        message = f"{door.url} refuses the token ({status})"
        raise TargetError(message, f"{token_from} must hold the token that the worker was given")
    if error == "unauthorized":
        message = f"{door.url} wants a token ({status})"
        raise TargetError(message, "name the variable that holds it: --token-env NAME")


def _page(answer: "httpx.Response") -> tuple[str, str] | None:
    """Return what a page of Cloudflare's own, or of what stands before a worker, says, and what to do about it."""
    body = answer.text[:10_000]
    if "error code: 1101" in body or "Error 1101" in body:
        return "it throws an exception (Cloudflare error 1101)", "see its log: wrangler tail"
    if "error code: 1027" in body or "Error 1027" in body:
        return "it has used up its daily requests (Cloudflare error 1027)", "they are given anew at 0:00 UTC"
    for code in ("1042", "1016", "1033", "530"):
        if f"error code: {code}" in body:
            return f"Cloudflare error {code}", "check the name; poc status lists what is deployed"
    if answer.status_code == HTTPStatus.NOT_FOUND and "There is nothing here yet" in body:
        return "there is nothing here yet", "check the name; poc status lists what is deployed"
    if answer.status_code >= HTTPStatus.BAD_GATEWAY:
        said = " ".join(body.split())[:_LONGEST_TOLD]
        return f"status {answer.status_code} {said}".rstrip(), "try again; it may be starting, or down"
    return None


def _json(answer: "httpx.Response") -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
