"""Parse the target of the command line (a word or an address) and the headers that authorize requests."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from poc_cli.errors import UsageError, did_you_mean
from poc_cli.targets.target_registry import LOCAL, TARGETS, URL, WORDS, TargetEntry

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
"""Headers that the WebSocket and HTTP libraries set themselves."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A chosen target: `word` is its name, and `url` the address, if any, without a trailing slash."""

    word: str = LOCAL.name
    url: str | None = None

    @property
    def entry(self) -> TargetEntry:
        """Return the target's entry."""
        return TARGETS[self.word]

    @property
    def is_local(self) -> bool:
        """Whether poc runs the worker in a local runtime."""
        return self.entry.starts_runtimes


def destination(text: str) -> Destination:
    """Parse a target. Raises UsageError if it is neither a known word nor an address."""
    if text in WORDS:
        return Destination(text)
    if "://" not in text:
        host = text.partition("/")[0]
        if "." in host or ":" in host or host == "localhost":
            raise UsageError(f'the target "{text}" has no scheme', f"write it as https://{text}")
        raise UsageError(f'there is no target "{text}"', did_you_mean(text, WORDS) or "or give a worker's address")
    return Destination(URL.name, _address(text))


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError(f'the target "{text}" is not a valid address: {error}') from error
    if parts.username is not None or parts.password is not None:
        # The address is not repeated: the part before the @ may be a secret.
        raise UsageError(
            "a target's address must not contain a user or password", "use --token-env NAME for a token in a variable"
        )
    if parts.scheme not in _SCHEMES:
        raise UsageError(
            f'the target "{text}" is not the address of a worker',
            "it must begin with wss://, ws://, https:// or http://",
        )
    if not parts.hostname or any(character.isspace() for character in text):
        raise UsageError(f'the target "{text}" has no host', "write it as https://my-worker.example.workers.dev")
    if parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise UsageError(
            "a target's address must not have a path or a query",
            "put paths into the scenario's clients, and secrets into a variable (--token-env NAME)",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{_SCHEMES[parts.scheme]}://{host}{'' if port is None else f':{port}'}"


def token_headers(name: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the Authorization header with the token in a variable. Raises UsageError if the variable is not set."""
    if name is None:
        return {}
    return {"Authorization": f"Bearer {_value(name, environment, '--token-env')}"}


def given_headers(pairs: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of `Name=VARIABLE` pairs with the variables' values. Raises UsageError."""
    found: dict[str, str] = {}
    for pair in pairs:
        header, equals, name = pair.partition("=")
        if not equals or not name or not header or not all(each.isalnum() or each in "-_" for each in header):
            raise UsageError(f'--header-env "{header}" is not valid', "write it as X-Team=NAME_OF_A_VARIABLE")
        if header.lower() in _FORBIDDEN:
            raise UsageError(f'--header-env: the header "{header}" cannot be set')
        found[header] = _value(name, environment, "--header-env")
    return found


def _value(name: str, environment: Mapping[str, str], option: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
        # The text is not repeated: it may be the secret itself.
        raise UsageError(f"{option} takes the name of a variable", "put the value into a variable and pass its name")
    value = environment.get(name)
    if not value:
        known = [each for each in environment if each.startswith(name[:3])] if len(name) > 2 else []  # noqa: PLR2004
        hint = did_you_mean(name, known) if known else None
        advice = (
            hint
            if hint and hint.startswith("did")
            else f"set it first; {option} takes the name of a variable, not a value"
        )
        raise UsageError(f"{option}: the variable {name} is not set", advice)
    if not value.isascii() or not value.isprintable() or value != value.strip():
        # The value is not repeated: it is a secret.
        raise UsageError(
            f"{option}: the value of {name} is not valid in a header",
            "it contains a line end, leading or trailing whitespace, or non-ASCII characters",
        )
    return value
