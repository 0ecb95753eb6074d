"""Where plays are to go on, as a word or an address of the command line says it, and how to be let in there."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from poc_cli.errors import UsageError, did_you_mean

LOCAL: Final = "local"
CLOUDFLARE: Final = "cloudflare"
WORDS: Final = (LOCAL, CLOUDFLARE)

_SCHEMES: Final = {"ws": "http", "wss": "https", "http": "http", "https": "https"}

_FORBIDDEN: Final = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "sec-websocket-key",
        "sec-websocket-version",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that make a request what it is: the WebSocket and HTTP libraries write them."""


@dataclass(frozen=True, slots=True)
class Destination:
    """`word` is local, cloudflare or url; `url` is the address where there is one, without a slash at its end."""

    word: str = LOCAL
    url: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether the worker runs in a runtime of ours."""
        return self.word == LOCAL


def destination(text: str) -> Destination:
    """Return what a word or an address means. Raises UsageError for what is neither."""
    if text in WORDS:
        return Destination(text)
    if "://" not in text:
        host = text.partition("/")[0]
        if "." in host or ":" in host or host == "localhost":
            raise UsageError(f'the target "{text}" has no scheme', f"write it as https://{text}")
        raise UsageError(f'there is no target "{text}"', did_you_mean(text, WORDS) or "or give the address of a worker")
    return Destination("url", _address(text))


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError(f'the target "{text}" is no address: {error}') from error
    if parts.username is not None or parts.password is not None:
        # Not repeated here: what stands before the @ may be a secret.
        raise UsageError("a target's address may hold no user and no password", "name a variable: --token-env NAME")
    if parts.scheme not in _SCHEMES:
        raise UsageError(
            f'the target "{text}" is no address of a worker', "it begins with wss://, ws://, https:// or http://"
        )
    if not parts.hostname or any(character.isspace() for character in text):
        raise UsageError(f'the target "{text}" names no host', "write it as https://my-worker.example.workers.dev")
    if parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise UsageError(
            "a target is the address of a worker alone, without a path or a query",
            "paths belong to the scenario's clients, and secrets into a variable: --token-env NAME",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{_SCHEMES[parts.scheme]}://{host}{'' if port is None else f':{port}'}"


def token_headers(name: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the header that shows the token of a variable. Raises UsageError where the variable holds none."""
    if name is None:
        return {}
    return {"Authorization": f"Bearer {_value(name, environment, '--token-env')}"}


def given_headers(pairs: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that `Name=VARIABLE` means, each with what its variable holds. Raises UsageError."""
    found: dict[str, str] = {}
    for pair in pairs:
        header, equals, name = pair.partition("=")
        if not equals or not name or not header or not all(each.isalnum() or each in "-_" for each in header):
            raise UsageError(f'--header-env "{header}" is no header', "write it as X-Team=NAME_OF_A_VARIABLE")
        if header.lower() in _FORBIDDEN:
            raise UsageError(f'--header-env: the header "{header}" cannot be chosen')
        found[header] = _value(name, environment, "--header-env")
    return found


def _value(name: str, environment: Mapping[str, str], option: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
        # Not repeated here: it may be the secret itself.
        raise UsageError(f"{option} takes the name of a variable", "put the value into a variable and give its name")
    value = environment.get(name)
    if not value:
        known = [each for each in environment if each.startswith(name[:3])] if len(name) > 2 else []  # noqa: PLR2004
        hint = did_you_mean(name, known) if known else None
        advice = (
            hint
            if hint and hint.startswith("did")
            else f"set it first; {option} takes the name of a variable, not its value"
        )
        raise UsageError(f"{option}: the variable {name} is not set", advice)
    if not value.isascii() or not value.isprintable() or value != value.strip():
        # The value itself is not told: it is a secret.
        raise UsageError(
            f"{option}: what {name} holds cannot stand in a header",
            "it has a line end, a blank at an end or letters beyond ASCII",
        )
    return value
